"""Hedge mode at a desk: every order is of a leg, reduces before it opens, and both legs are closed and found."""

from __future__ import annotations

import msgspec
import pytest
from desk_kit import DAY0, MS, Desk, item, setup_of
from live_desk import Account, live
from random_desk import Walk, desk_setup

from mmtui.core.effects import Adjust, PlaceOrder
from mmtui.core.events import AccountStatus, LegFill, LegFound, LegMove, LegPositions, MarkPrice, Trade
from mmtui.core.orders.legs import GROWS, NOTHING, chosen
from mmtui.core.orders.reconcile import APART
from mmtui.tape import image

WIDE = {"drawdown": 1e6, "daily_loss": 1e6, "gross_notional": 1e9, "leverage": 1_000.0}


def hedged(**changes):
    return item("linear", instrument_changes={"hedge_mode": True, **changes.pop("instrument_changes", {})}, **changes)


def legs(desk, i=0):
    both = desk.engine.accounts[i].legs
    return both.long.lots, both.short.lots


def hold(desk, long, short, i=0, px=1_000_000):
    """Bring the legs of an instrument to this, at the venue as well."""
    for leg, lots, have in ((1, long, legs(desk, i)[0]), (-1, short, legs(desk, i)[1])):
        if lots != have:
            side = leg if lots > have else -leg
            desk.trades += 1
            tracker, size = desk.engine.tracker, abs(lots - have)
            effect = PlaceOrder(i, tracker.next_oid, side, px, size, "GTC", side != leg, "quote", 99)
            tracker.next_oid += 1
            tracker.add(effect, desk.now)
            told = (desk.now, desk.now, i, effect.oid, f"h{desk.trades}", side, px, size, True, "0", "USDT")
            desk.step(LegFill(*told, leg))
    if hasattr(desk.venue, "restore"):
        desk.venue.restore(*desk.engine.ledger.held())
    assert legs(desk, i) == (long, short)


def tradable(setup=None, **book):
    """Good books, PAUSED."""
    desk = Desk(setup or setup_of(hedged(), limits=WIDE))
    for i in range(len(desk.setup.instruments)):
        desk.book(i=i, **book)
    return desk


def market(desk, ms=20_000, size=100):
    for _ in range(ms // 100):
        desk.runner.advance(desk.now + 100 * MS)
        for i in range(len(desk.setup.instruments)):
            desk.book(i=i, size=size)
        if not desk.engine.tasks.running:
            return


# ---------------------------------------------------------------- which leg


@pytest.mark.parametrize(
    ("room", "lots", "least", "asked", "result"),
    [
        (0, 10, 1, False, (False, 10)),  # nothing to reduce: it opens
        (10, 10, 1, False, (True, 10)),
        (25, 10, 1, False, (True, 10)),
        (4, 10, 1, False, (True, 4)),  # what is there; the rest opens with the next order
        (4, 10, 5, False, (False, 10)),  # too small to be traded alone
        (4, 10, 5, True, (True, 4)),
        (0, 10, 1, True, (True, 0)),
    ],
)
def test_an_order_reduces_what_is_there_before_it_opens(room, lots, least, asked, result):
    assert chosen(room, lots, least, asked) == result


def test_quotes_reduce_the_leg_opposite_rung_by_rung_and_then_open():
    desk = tradable(setup_of(hedged(levels=3), limits=WIDE))
    hold(desk, 0, 15)
    desk.press("start")
    desk.wait(300)
    bids = [(order.sz, order.reduce_only) for order in desk.open(1)]
    asks = [(order.sz, order.reduce_only) for order in desk.open(-1)]
    assert bids == [(10, True), (5, True), (10, False)]
    assert all(not reduces for _, reduces in asks)


def test_a_net_desk_sends_what_it_always_sent():
    one, other = Desk(setup_of(item("linear"))).running(), tradable()
    other.press("start")
    other.wait(100)
    assert [order.reduce_only for order in one.open()] == [False, False]
    assert [(o.side, o.px, o.sz) for o in one.open()] == [(o.side, o.px, o.sz) for o in other.open()]


def test_nothing_to_reduce_is_a_reason():
    desk = tradable()
    assert desk.engine.orders.place(0, 1, 999_000, 10, "GTC", "manual", 0, True) == NOTHING


def test_fills_of_both_sides_are_booked_by_the_leg_of_their_order():
    desk = tradable()
    place = desk.engine.orders.place
    desk.engine.out = []
    for side, px in ((1, 1_000_005), (-1, 999_995), (-1, 999_995), (1, 1_000_005)):
        assert place(0, side, px, 10, "IOC", "manual", 0) == ""
        desk.venue.send(desk.engine.out[-1], desk.now)
        desk.wait(100)
    assert [e.leg for e in desk.events if isinstance(e, LegFill)] == [1, 1, -1, -1]
    assert legs(desk) == (0, 0)


def test_quotes_that_rest_keep_their_leg_and_lock_no_more_than_a_ladder():
    desk = tradable(setup_of(hedged(levels=2, skew_bps=0.0), limits=WIDE))
    desk.press("start")
    desk.wait(300)
    for side in (1, -1, 1, -1, 1, -1):
        for order in desk.open(side):
            ts = desk.now + MS
            desk.event(Trade(ts, ts, 0, 1, order.px, 20_000, -side))
        desk.wait(300)
        assert desk.engine.accounts[0].legs.locked <= 20
    assert desk.engine.accounts[0].fills >= 8 and desk.engine.accounts[0].legs.locked == 0


def test_a_quote_that_reduces_does_not_grow_beyond_its_leg():
    desk = tradable()
    hold(desk, 0, 4)
    desk.engine.out = []
    assert desk.engine.orders.place(0, 1, 999_990, 10, "GTX", "manual", 0) == ""
    order = desk.open(1)[0]
    assert order.reduce_only and order.sz == 4
    assert desk.engine.orders.amends.ask(order, 999_990, 5) == GROWS
    assert desk.engine.orders.amends.ask(order, 999_991, 4) == ""


# ---------------------------------------------------------------- risk


def test_gross_counts_both_legs_and_delta_their_difference():
    desk = tradable()
    hold(desk, 50, 30)
    engine = desk.engine
    one = engine.accounts[0].grid.notional_atoms(2 * 1_000_000, 1) * engine.ledger.quote_rate(0)
    assert engine.gate.gross() == engine.gate.contracts(0) == 80 * one
    assert str(engine.tasks.desk.net("BTC")) == "0.020"
    assert str(engine.tasks.desk.locked("BTC")) == "0.030"
    assert engine.watch.readings(engine)[0].text.startswith("0.02 of")


@pytest.mark.parametrize("limit", ["gross_notional", "leverage"])
def test_orders_that_reduce_a_leg_are_never_blocked_by_gross(limit):
    limits = {**WIDE, limit: 3_000.0 if limit == "gross_notional" else 0.003}
    desk = tradable(setup_of(hedged(), limits=limits))
    hold(desk, 50, 30)
    engine = desk.engine
    engine.out = []
    assert engine.orders.place(0, 1, 999_990, 10, "GTX", "manual", 0) == ""  # closes short: the net rises to 3
    assert desk.open(1)[-1].reduce_only
    why = "gross notional limit" if limit == "gross_notional" else "leverage limit"
    assert engine.orders.place(0, 1, 999_990, 21, "GTX", "manual", 0) == ""  # cut to the 20 that are left of the leg
    assert engine.orders.place(0, 1, 999_990, 10, "GTX", "manual", 0) == why


def test_the_position_limit_is_of_the_net():
    desk = tradable(setup_of(hedged(max_position="0.03"), limits=WIDE))
    hold(desk, 40, 20)
    desk.engine.out = []
    assert desk.engine.orders.place(0, 1, 999_990, 10, "GTX", "manual", 0) == ""
    assert desk.engine.orders.place(0, 1, 999_990, 10, "GTX", "manual", 0) == "position limit"


# ---------------------------------------------------------------- flatten and close


def test_a_flatten_leaves_what_is_locked():
    desk = tradable(size=100)
    hold(desk, 90, 40)
    assert desk.press("flatten").ok
    market(desk)
    assert legs(desk) == (40, 40)
    assert all(e.reduce_only for e in desk.places(purpose="flatten"))


@pytest.mark.parametrize(("long", "short"), [(90, 40), (40, 90), (50, 50), (0, 35)])
def test_a_close_brings_both_legs_home_in_lockstep_and_only_reduces(long, short):
    desk = tradable(size=100)
    hold(desk, long, short)
    nets = []
    desk.after = lambda event, effects: nets.append(abs(desk.position()))
    assert desk.press("close").ok
    market(desk)
    assert legs(desk) == (0, 0)
    sent = desk.places(purpose="close")
    assert sent and all(e.reduce_only for e in sent)
    assert max(nets) <= abs(long - short) + max(e.sz for e in sent)
    assert not [e for e in desk.alerts if "rejected" in e.text]


@pytest.mark.parametrize(("rate", "first"), [(10**6, -1), (-(10**6), 1), (0, -1)])
def test_the_expensive_leg_is_reduced_first(rate, first):
    """By funding: longs pay a positive rate, so the long leg is sold first; where it is even, by the loss."""
    desk = tradable(setup_of(hedged(), limits={**WIDE, "leg_order": "cost"}), size=100)
    hold(desk, 30, 0, px=1_000_900)  # bought dear: this leg has lost
    hold(desk, 30, 30, px=1_000_000)
    desk.event(MarkPrice(desk.now + MS, desk.now, 0, 10**13, 10**13, rate, desk.now + 10**13))
    assert desk.press("close").ok
    market(desk)
    assert desk.places(purpose="close")[0].side == first
    assert legs(desk) == (0, 0)


def test_by_size_the_larger_leg_is_first():
    desk = tradable(size=100)
    hold(desk, 30, 0, px=1_000_900)
    hold(desk, 30, 31)
    desk.press("close")
    market(desk)
    assert desk.places(purpose="close")[0].side == 1


# ---------------------------------------------------------------- tickets


def test_a_ticket_reduces_a_leg_whatever_the_net_is():
    desk = tradable()
    hold(desk, 50, 20)
    result = desk.press("ticket", side="buy", size="0.02", price="market", type="ioc", reduce_only=True, i=0)
    assert result.ok, result.text
    desk.wait(200)
    assert legs(desk) == (50, 0)
    refused = desk.press("ticket", side="buy", size="0.02", price="market", type="ioc", reduce_only=True, i=0)
    assert "0.05 long and 0 short" in refused.text


# ---------------------------------------------------------------- what the venue says


def up(long=0, short=0):
    desk = Desk(live(hedged(), limits=WIDE, reconcile_s=1.0), execution="deaf")
    account = Account(desk)
    desk.step(AccountStatus(desk.now, 0, True, "login"))
    poll(desk, account, long, short)
    desk.book()
    return desk, account


def poll(desk, account, long, short):
    account.orders()
    account.history()
    desk.step(LegPositions(desk.now, 0, account.query, [0], [long - short], [short]))


def test_a_session_begins_with_both_legs_of_the_account():
    desk, _ = up(70, 30)
    assert legs(desk) == (70, 30) and desk.position() == 40
    assert "0.07 long and 0.03 short adopted" in desk.alerts[-1].text + desk.alerts[-2].text


def test_a_difference_of_what_is_locked_is_a_break():
    """A manual trade that closed both legs by as much leaves the net where it was."""
    desk, account = up(70, 30)
    for _ in range(2):
        desk.wait(APART // MS + 200)
        poll(desk, account, 60, 20)
    assert legs(desk) == (60, 20) and desk.position() == 40
    (break_,) = desk.all(Adjust)[1:]
    assert "holds 0.06 long and 0.02 short, we know of 0.07 long and 0.03 short" in break_.why
    assert desk.engine.lattice.instruments[0].name == "HALTED"


def test_a_liquidation_is_booked_on_its_leg():
    desk, _ = up(70, 30)
    desk.step(LegMove(desk.now, desk.now, 0, 0, "LIQUIDATION", "r1", 30, 1_000_000, "-1", "USDT", leg=-1))
    assert legs(desk) == (70, 0)


def test_an_order_that_is_found_reduces_the_leg_that_the_venue_names():
    desk, _ = up(70, 30)
    for oid, leg, reduces in ((1, -1, True), (2, 1, False)):
        desk.engine.tracker.next_oid = oid + 1
        desk.step(LegFound(desk.now, desk.now, 0, oid, 1, 999_000, 10, 0, f"v{oid}", leg))
        assert desk.engine.tracker.open[oid].reduce_only is reduces
    assert desk.engine.gate.gross() == 110 * desk.engine.gate.worth(0) // 110


# ---------------------------------------------------------------- a whole life


def random_life(seed):
    setup = desk_setup(seed)
    items = [
        msgspec.structs.replace(one, instrument=msgspec.structs.replace(one.instrument, hedge_mode=True))
        if one.instrument.kind != "spot" else one
        for one in setup.instruments
    ]  # fmt: skip
    return Desk(msgspec.structs.replace(setup, instruments=items), seed=seed)


@pytest.mark.parametrize("seed", range(4))
def test_engine_and_venue_hold_the_same_legs_over_a_random_life(seed):
    desk = random_life(seed)
    desk.running()
    walk = Walk(desk, seed, faults=False)

    def look(event, effects):
        for i in (1, 2):
            both = desk.engine.accounts[i].legs
            assert both.long.lots >= 0 and both.short.lots >= 0, f"seed {seed}: {event}"
            assert both.long.lots - both.short.lots == desk.position(i)

    desk.after = look
    for _ in range(600):
        walk.step()
    desk.press("kill")
    desk.wait(2_000)
    assert not desk.open()
    for i in (1, 2):
        market = desk.venue._markets[i]
        assert (market.position + market.short, market.short) == legs(desk, i)
    assert any(isinstance(event, LegFill) for event in desk.events)
    again = image.decode(image.encode(desk.engine))
    assert again.state_hash() == desk.engine.state_hash()
    assert [one.legs is None for one in again.accounts] == [True, False, False]


def test_the_same_life_has_the_same_hash():
    hashes = []
    for _ in range(2):
        desk = random_life(5)
        desk.running()
        walk = Walk(desk, 5)
        for _ in range(300):
            walk.step()
        hashes.append(desk.engine.state_hash())
    assert hashes[0] == hashes[1] and desk.now > DAY0
