"""Every fault of the exchange and the network really strikes, each shown by what a scripted client sees."""

from __future__ import annotations

import pytest
from sim_kit import BUY, MS, SECOND, SELL, Venue, strike

from mmtui.sim.exchange_acts import MODES
from mmtui.venues.account_messages import ArmDeadMan, Armed, AskPositions, Done, Failed, Refused
from mmtui.venues.binance.grid import WireError
from mmtui.venues.binance.private import decode_text


def told_fills(one):
    """Fills that the stream told, with what could not be read left out."""
    found = []
    for body in one.private.frames:
        try:
            found += [report for report in decode_text(body) or [] if hasattr(report, "trade_id")]
        except WireError:
            found.append(None)
    return found


def create_one(one):
    one.create(one.new(BUY, 0), expires=one.world.now + SECOND)
    one.run(6_000)


def only(one):
    return next(iter(one.exchange.orders.values()))


# -- 1 to 3: creates ---------------------------------------------------------------------------------------------


def test_1_the_order_lives_and_its_answer_is_lost_or_says_nothing():
    kinds = set()
    for seed in range(30):
        one = Venue(rates={1: 1_000_000}, seed=seed)
        create_one(one)
        assert only(one).open and one.world.struck[1] == 1
        answer = one.answers.get(1)
        kinds.add(type(answer).__name__ + getattr(answer, "kind", ""))
        if isinstance(answer, Done):
            assert one.answered[1] > one.world.now - 6_000 * MS + 500 * MS
    assert kinds == {"NoneType", "Failedtimeout", "Failed5xx", "Failednetwork", "Done"}


def test_2_the_request_never_arrives():
    one = strike(2, create_one)
    assert not one.exchange.orders and not isinstance(one.answers.get(1), Done)


def test_3_the_create_lands_after_a_cancel_that_was_sent_later_or_is_refused_as_too_late():
    landed = refused = 0
    for seed in range(30):
        one = Venue(rates={3: 1_000_000}, seed=seed)
        order = one.new(BUY, 0)
        one.create(order, expires=one.world.now + SECOND)
        one.run(60)
        one.cancel(order)
        one.run(3_000)
        if one.exchange.orders:
            landed += only(one).open
            assert only(one).created < one.world.now - 3_060 * MS + 1_000 * MS + 60 * MS
        else:
            refused += one.facts.meaning(one.answers[1].code) == "late"
    assert landed > 10 and refused > 0


# -- 4 to 7, 20: fills -------------------------------------------------------------------------------------------


def hit_one(one):
    order = one.rest(one.new(BUY, 0, size=30))[0]
    one.exchange.hit(order, 4)
    one.run(3_000)


def test_4_a_fill_is_told_twice():
    one = strike(4, hit_one)
    ids = [fill.trade_id for fill in told_fills(one)]
    assert len(ids) == 2 and len(set(ids)) == 1
    assert one.exchange.position(0) == 4


def test_5_a_fill_is_told_before_any_ack():
    one = strike(5, create_one)
    first = next(decode_text(body) for body in one.private.frames)
    assert first[0].status in ("partially_filled", "filled") and one.exchange.fills
    at = one.exchange.fills[0].ts
    assert one.answered[1] - at > 200 * MS


def cancel_one(one):
    order = one.rest(one.new(BUY, 0, size=30))[0]
    one.cancel(one.new(client=order.client_id))
    one.run(3_000)


def test_6_an_execution_from_before_the_cancel_is_told_after_it():
    late = 0
    for seed in range(10):
        one = Venue(rates={6: 1_000_000}, seed=seed)
        cancel_one(one)
        order = only(one)
        kinds = [type(report).__name__ for body in one.private.frames for report in decode_text(body)]
        assert order.state == "cancelled" and one.answers[2].results[0].ok
        if order.filled:
            late += 1
            cancelled = one.states().index("cancelled")
            assert one.states()[cancelled + 1] == "partially_filled"
            assert "FillReport" in kinds
    assert late > 5


def test_6_a_cancel_that_proves_nothing_may_be_acked_though_all_was_filled():
    states = set()
    for seed in range(12):
        one = Venue("kraken-futures", {6: 1_000_000}, seed=seed)
        cancel_one(one)
        assert one.answers[2].results[0].ok
        states.add(only(one).state)
    assert states == {"filled", "cancelled"}


def test_7_orders_are_hit_while_the_cancel_everything_arrives():
    def act(one):
        one.rest(one.new(BUY, 0, size=30), one.new(SELL, 1, size=30))
        one.cancel_all()
        one.run(2_000)

    one = strike(7, act)
    assert one.world.struck[7] == 2 and len(one.exchange.fills) == 2
    assert not one.exchange.open_ours()


def test_8_unknown_order_though_it_lives():
    one = strike(8, cancel_one)
    assert only(one).open
    assert one.facts.meaning(one.answers[2].results[0].code) == "unknown order"


def test_8_a_cancel_that_proves_nothing_is_acked_and_never_effective():
    one = strike(8, cancel_one, venue="kraken-futures")
    assert only(one).open and one.answers[2].results[0].ok


def test_9_unknown_order_because_it_was_filled_and_the_fill_comes_late():
    one = strike(9, cancel_one)
    assert only(one).state == "filled"
    assert one.facts.meaning(one.answers[2].results[0].code) == "unknown order"
    assert len(told_fills(one)) == 1


def test_10_the_cancel_is_done_and_its_answer_lost():
    for act in (cancel_one, lambda one: (one.rest(one.new()), one.cancel_all(), one.run(3_000))):
        one = strike(10, act)
        assert not one.exchange.open_ours()
        early = [one.answered[k] for k, a in one.answers.items() if k == 2 and isinstance(a, Done)]
        assert not early or early[0] > one.world.now - 2_600 * MS


def test_11_a_batch_is_done_in_part_or_not_answered():
    parts, unanswered, cancels = 0, 0, 0
    for seed in range(30):
        one = Venue(rates={11: 1_000_000}, seed=seed)
        orders = [one.new(BUY, k) for k in range(4)]
        one.create(*orders)
        one.run(6_000)
        there = len(one.exchange.open_ours())
        if isinstance(one.answers.get(1), Done):
            parts += 0 < there < 4
            told = sum(result.ok for result in one.answers[1].results)
            assert told <= there, "what is told as placed is there; what is told as unknown may be"
        else:
            unanswered += 1
        one.cancel(*orders)
        one.run(3_000)
        cancels += 0 < len(one.exchange.open_ours()) < there
    assert parts > 5 and unanswered > 2 and cancels > 5


def test_11_needs_a_batch():
    one = Venue(rates={11: 1_000_000})
    create_one(one)
    assert not one.world.struck[11]


def test_20_a_price_that_is_no_number_in_the_stream_or_in_the_positions():
    one = strike(20, hit_one)
    assert None in told_fills(one)
    assert any(row.size in ("NaN", "inf", "1e400", "", "-NaN") for row in one.positions())


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
