"""Faults of the network and the conditions of a venue really strike, each shown by what a scripted client sees."""

from __future__ import annotations

import pytest
from sim_kit import BUY, SECOND, SELL, Venue, create_one, strike, told_fills

from mmtui.sim.exchange_acts import MODES
from mmtui.venues.account_messages import ArmDeadMan, Armed, AskPositions, Done, Failed, Refused

# -- 12, 21, 22, 23, 40: the network -----------------------------------------------------------------------------


def test_12_the_private_stream_falls_behind_the_public_one_or_before_it():
    behind = set()
    for seed in range(10):
        one = Venue(rates={12: 1_000_000}, seed=seed, still=False)
        one.rest(one.new(BUY, 0))
        one.run(2_000)
        assert one.world.struck[12]
        behind.add(one.private.channel.late > 0)
    assert behind == {True, False}


def lines(one, seconds=25):
    for _ in range(seconds * 10):
        one.run(100)
        one.public.channel.ping()
        one.private.channel.ping()


def test_21_nothing_comes_and_pings_are_answered():
    one = Venue(rates={21: 1_000_000}, still=False)
    one.run(1_200)
    frames, pongs = len(one.public.frames), one.public.pongs
    one.public.channel.ping()
    one.run(300)
    assert one.world.struck[21] and len(one.public.frames) <= frames + 3 and one.public.pongs == pongs + 1
    assert not one.public.downs


def test_22_a_connection_is_dead_and_nobody_is_told():
    one = Venue(rates={22: 1_000_000}, still=False)
    one.run(3_000)
    before = (len(one.public.frames), len(one.private.frames), one.public.pongs, one.private.pongs)
    one.rest(one.new(BUY, 0))
    lines(one, 5)
    assert (len(one.public.frames), len(one.private.frames), one.public.pongs, one.private.pongs) == before
    assert not one.public.downs and not one.private.downs and one.world.struck[22] >= 2


def test_23_the_venue_says_that_it_closes_and_closes_all_streams():
    one = strike(23, lambda one: one.run(2_500))
    assert one.public.downs and one.private.downs
    assert any(b"serverShutdown" in body for body in one.public.frames)
    assert any(b"serverShutdown" in body for body in one.private.frames)


def test_40_no_way_to_the_venue_for_a_while():
    why = set()
    for seed in range(20):
        one = Venue(rates={40: 1_000_000}, seed=seed)
        one.run(760)
        assert one.public.downs
        why.add(one.public.downs[0])
        ident = one.create(one.new())
        one.net.depth(0, 0, lambda i, body: why.add(body))
        one.run(100)
        assert one.answers[ident] == Failed("network")
    assert why == {"DNS failure", "TLS failure", "address not allowed", "no answer", None}


# -- 25 to 28: conditions ----------------------------------------------------------------------------------------


def test_25_too_many_requests_a_ban_or_403():
    kinds = set()
    for seed in range(20):
        one = Venue(rates={25: 1_000_000}, seed=seed)
        create_one(one)
        assert not one.exchange.orders
        kinds.add(one.answers[1].kind)
    assert kinds == {"429", "418", "403"}


def test_26_kicked_logged_out_or_without_a_listen_key():
    seen = set()
    for seed in range(20):
        one = Venue(rates={26: 1_000_000}, seed=seed)
        one.run(760)
        ident = one.create(one.new())
        one.run(200)
        if any(b"listenKeyExpired" in body for body in one.private.frames):
            seen.add("listenKey")
            one.run(6_000)
        elif isinstance(one.answers[ident], Failed):
            assert one.answers[ident].kind == "auth"
            assert one.exchange.connected(one.private.channel)
            seen.add("auth")
        else:
            seen.add("kicked")
        assert one.private.downs
    assert seen == {"listenKey", "auth", "kicked"}


def test_27_maintenance_takes_only_some_things():
    seen = {}
    for seed in range(40):
        one = Venue(rates={27: 1_000_000}, seed=seed)
        order = one.rest(one.new(BUY, 0))[0]
        one.run(800)
        mode = one.exchange.troubles.conditions._mode
        made = one.create(one.new(BUY, 1, tif="GTC"))
        post = one.create(one.new(BUY, 1))
        gone = one.cancel(one.new(client=order.client_id))
        one.run(200)
        answers = [one.answers[k] for k in (made, post, gone)]
        seen[mode] = tuple(isinstance(a, Done) and a.results[0].ok for a in answers)
    taken = ((False, False, True), (False, True, True), (False, False, True), (False, False, False))
    assert seen == dict(zip(MODES, taken, strict=True))


def test_28_the_tick_the_least_notional_or_the_contract_itself_changes():
    seen = set()
    for seed in range(40):
        one = Venue(rates={28: 1_000_000}, seed=seed)
        order = one.rest(one.new(BUY, 0))[0]
        tick = one.market.instrument.tick
        one.run(1_000)
        results = [one.new(BUY, k, size=10) for k in range(1, 5)]
        one.create(*results)
        one.run(200)
        ok = [result.ok for result in one.answers[2].results]
        if one.market.instrument.tick != tick:
            seen.add("finer tick")
            assert all(ok) and order.open
        elif one.market.silent:
            seen.add("delisted")
            if order.state == "expired":
                seen.add("ended")
            elif not any(ok):
                seen.add("closed")
        if any(ok) and not all(ok):
            seen.add("coarser tick")
    assert {"finer tick", "ended", "coarser tick"} <= seen


# -- 36 to 39 ----------------------------------------------------------------------------------------------------


def test_36_a_second_engine_trades_the_account_under_ids_of_its_own():
    one = Venue(rates={36: 1_000_000}, still=False)
    one.run(20_000)
    exchange = one.exchange
    assert len(exchange.orders) > 10 and not exchange.open_ours()
    assert all(client.startswith("mmq9-") for client in exchange.orders)
    assert exchange.fills and exchange.position(0) == exchange.external(0)
    assert {fill.client_id for fill in one.fills()} <= set(exchange.orders)


def test_37_hands_on_the_account():
    seen = set()
    for seed in range(60):
        one = Venue(rates={37: 1_000_000}, seed=seed, still=False)
        order = one.rest(one.new(BUY, 3, size=9))[0]
        one.rest(one.new(BUY, -1, size=7, tif="IOC"))
        one.run(5_000)
        exchange = one.exchange
        if order.state == "cancelled":
            seen.add("foreign cancel")
        seen |= {fill.kind for fill in exchange.fills if fill.external}
        seen |= {row.cause for row in one.ledger()}
        assert exchange.position(0) - exchange.external(0) == sum(
            fill.side * fill.sz for fill in exchange.fills if not fill.external
        )
        told = [fill.kind for fill in told_fills(one)]
        assert set(told) >= {fill.kind for fill in exchange.fills if fill.ts < one.world.now - SECOND}
    assert seen == {"foreign cancel", "trade", "liquidation", "adl", "TRANSFER", "FUNDING"}


def test_37_a_spot_transfer_moves_the_balance_and_stands_in_the_ledger():
    def act(one):
        one.run(8_000)

    for seed in range(40):
        one = Venue("binance-spot", {37: 1_000_000}, seed=seed, kind="spot", base=5_000)
        act(one)
        moved = [row for row in one.ledger() if row.cause == "TRANSFER"]
        fills = sum(fill.side * fill.sz for fill in one.exchange.fills)
        lots = sum(round(float(row.size) / 0.001) for row in moved)
        assert one.exchange.position(0) == lots + fills == one.exchange.external(0)
        if moved:
            return
    raise AssertionError("never a transfer")


def test_38_positions_and_fills_are_as_they_were():
    one = Venue(rates={38: 1_000_000})
    order = one.rest(one.new(BUY, 0))[0]
    assert not one.positions()
    one.exchange.hit(order, 3)
    stale = 0
    for _ in range(10):
        one.run(700)
        stale += not one.positions() or not one.fills()
    assert one.world.struck[38] and stale
    one.world.heal()
    one.run(3_000)
    assert one.positions() and one.fills()


def test_39_the_switch_fires_is_not_refreshed_or_has_no_quota():
    seen = set()
    for seed in range(30):
        one = Venue(rates={39: 0}, seed=seed)
        order = one.rest(one.new())[0]
        one.ask(ArmDeadMan, 60_000, 0)
        one.run(300)
        one.world._limits[39] = 1 << 64
        one.exchange.troubles._on[39] = True
        ident = one.ask(ArmDeadMan, 60_000, 0)
        one.run(1_000)
        answer = one.answers.get(ident)
        if answer is None:
            seen.add("lost")
        elif isinstance(answer, Refused):
            seen.add("quota")
        elif isinstance(answer, Armed) and not order.open:
            seen.add("fired")
    assert seen == {"lost", "quota", "fired"}


# -- healing -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("n", [12, 21, 22, 23, 25, 26, 27, 28, 38, 39, 40])
def test_everything_works_again_at_once_when_all_heals(n):
    for seed in range(8):
        one = Venue(rates={n: 1_000_000}, seed=seed, still=False)
        one.run(1_500)
        one.create(one.new(BUY, 0))
        one.run(1_500)
        one.world.heal()
        one.run(2_000)
        again = [type(one.public)(one.net, 0, kind) for kind in ("public", "private")]
        one.run(300)
        assert all(line.ups for line in again)
        ident = one.create(one.new(BUY, 4, size=20))
        one.run(500)
        assert one.answers[ident].results[0].ok, (seed, one.answers[ident])
        assert len(again[0].frames) > 3 and again[1].frames
        assert one.exchange.depth(0) == one.market.snapshot()


@pytest.mark.parametrize("n", [n for n in range(1, 43) if n not in (15, 24, 30, 31, 32, 33, 34, 35, 41, 42)])
def test_each_fault_of_the_exchange_market_and_network_is_counted(n):
    one = Venue(rates={n: 400_000}, still=False)
    one.world.order_state = lambda oid: "LIVE"
    one.world.open_states = lambda: ["LIVE"]
    for k in range(40):
        one.create(one.new(BUY, 2), one.new(SELL, 2))
        one.ask(ArmDeadMan, 5_000, 0)
        one.net.depth(0, 0, lambda i, body: None)
        one.ask(AskPositions)
        one.run(300)
        ours = one.exchange.open_ours()[:2]
        if ours:
            one.cancel(*[one.new(client=order.client_id) for order in ours])
        if k % 5 == 4:
            one.cancel_all()
    assert one.world.struck[n] > 0
    assert sum(count for (m, _), count in one.world.cells.items() if m == n) >= one.world.struck[n]
