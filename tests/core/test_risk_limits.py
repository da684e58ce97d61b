"""Numbers of the pre-trade gate: the defaults of the desk rules, worst cases to the lot, and states by scope."""

import pytest
from desk_kit import DAY0, INVERSE, LINEAR, SECOND, SPOT, Desk, item, setup_of, three

from mmtui.core.effects import PlaceOrder
from mmtui.core.risk.gate import _units
from mmtui.core.risk.states import Desk as State
from mmtui.core.risk.states import Lattice

PX = 1_000_000
MONEY = 10**27  # units of one USDT


def quiet(setup=None):
    desk = Desk(setup or three(), execution="deaf")
    desk.books()
    return desk, desk.engine.gate


def rest(desk, i, side, lots):
    tracker = desk.engine.tracker
    tracker.add(PlaceOrder(i, tracker.next_oid, side, PX, lots, "GTX", False, "quote", 0), desk.now)
    tracker.next_oid += 1


@pytest.mark.parametrize(
    ("limits", "order", "gross"),
    [({}, 100_000, 3_000_000), ({"order_notional": 7.0}, 7, 3_000_000), ({"gross_notional": 9.0}, 100_000, 9)],
)
def test_notional_limits_are_their_own_number_or_a_share_of_equity(limits, order, gross):
    _, gate = quiet(setup_of(limits=limits))
    assert (gate.order_notional, gate.gross_notional) == (order * MONEY, gross * MONEY)


@pytest.mark.parametrize(
    ("per_s", "share", "creates"), [(50, 0.2, 40), (10, 0.5, 5), (1, 0.9, 1), (3, 0.9, 1), (30, 0.25, 22)]
)
def test_creates_get_what_cancels_leave_of_the_rate_and_at_least_one(per_s, share, creates):
    _, gate = quiet(setup_of(limits={"messages_per_s": per_s, "cancel_share": share}))
    assert (gate.per_s, gate.creates_per_s) == (per_s, creates)


def test_money_is_exact_to_the_millionth():
    assert _units(0.1) == MONEY // 10
    assert _units(1234.567891) == 1_234_567_891 * (MONEY // 1_000_000)
    assert _units(0.0000004) == 0


def test_baselines_are_in_lots_and_only_spot_is_bound_by_its_balance():
    _, gate = quiet(setup_of(item("spot", baseline="0.5"), item("linear"), item("inverse")))
    assert (gate.baselines, gate.spot, gate.venue_of) == ([500, 0, 0], [True, False, False], [0, 1, 2])
    for i, why in ((SPOT, "spot balance"), (LINEAR, ""), (INVERSE, "")):
        assert gate.check(i, -1, PX, 501 if i == SPOT else 400, "flatten", State.PAUSED, DAY0, 2 * PX, 100.0) == why
    assert gate.check(SPOT, -1, PX, 500, "flatten", State.PAUSED, DAY0, 2 * PX, 100.0) == ""
    assert gate.check(SPOT, 1, PX, 501, "flatten", State.PAUSED, DAY0, 2 * PX, 100.0) == ""  # a purchase needs none


@pytest.mark.parametrize(("side", "others"), [(1, -1), (-1, 1)])
def test_what_reduces_counts_the_open_orders_of_its_side_to_the_lot(side, others):
    desk, gate = quiet()
    desk.engine.accounts[LINEAR].position = -side * 100
    rest(desk, LINEAR, side, 30)
    rest(desk, LINEAR, others, 500)  # of the other side: it cannot make this one worse
    assert gate.reduces(LINEAR, side, 70) and not gate.reduces(LINEAR, side, 71)
    assert not gate.reduces(LINEAR, others, 1)


@pytest.mark.parametrize("side", [1, -1])
def test_the_worst_case_is_the_limit_to_the_lot(side):
    desk, gate = quiet(setup_of(item("linear", max_position="0.1")))
    desk.engine.accounts[0].position = side * 20
    rest(desk, 0, side, 30)
    rest(desk, 0, -side, 7)

    def ask(lots):
        return gate.check(0, side, PX, lots, "quote", State.RUNNING, DAY0, 2 * PX, 100.0)

    assert (ask(50), ask(51)) == ("", "position limit")


@pytest.mark.parametrize("purpose", ["flatten", "close"])
def test_what_a_task_trades_is_stopped_by_no_position_money_or_message_limit(purpose):
    """The hedge of a position may be on an instrument on which nothing is held yet."""
    _, gate = quiet(setup_of(item("linear", max_position="0.001"), limits={"order_notional": 1.0, "messages_per_s": 1}))
    for _ in range(9):
        gate.count(0, DAY0)
    assert gate.check(0, 1, PX, 500, purpose, State.KILLED, DAY0, 2 * PX, 100.0) == ""
    assert gate.check(0, 1, PX, 500, "manual", State.RUNNING, DAY0, 2 * PX, 100.0) == "position limit"


def test_what_is_off_the_venues_grid_does_not_leave():
    desk, gate = quiet()
    account = desk.engine.accounts[LINEAR]
    account.tick_step, account.lot_step = 10, 5

    def ask(px, lots):
        return gate.check(LINEAR, 1, px, lots, "quote", State.RUNNING, DAY0, 2 * PX, 100.0)

    assert ask(PX, 10) == ""
    assert ask(PX - 1, 10) == ask(PX, 11) == "off the tick or lot"


@pytest.mark.parametrize(("px", "why"), [(1, "price collar 100 bps"), (0, "no size")])
def test_the_least_price_and_the_least_reference_are_one_tick(px, why):
    _, gate = quiet()
    assert gate.check(LINEAR, 1, px, 1, "quote", State.RUNNING, DAY0, 2 * PX, 100.0) == why
    assert gate.check(LINEAR, 1, 1, 1, "quote", State.RUNNING, DAY0, 1, 10_000.0) == ""


def test_gross_is_the_larger_side_of_every_instrument_at_its_own_price_and_rate():
    desk, gate = quiet()
    assert gate.gross() == 0
    for i, position, buys, sells, worth in (
        (LINEAR, 20, 30, 10, 5_000),  # long 50 lots of 0.001 BTC at 100 000
        (LINEAR, 20, 0, 90, 8_000),  # and short 80 when all 100 are sold
        (INVERSE, -10, 5, 30, 4_000),  # 40 contracts of 100 USD
    ):
        before = gate.gross()
        desk.engine.accounts[i].position = position
        rest(desk, i, 1, buys) if buys else None
        rest(desk, i, -1, sells) if sells else None
        if i == LINEAR:
            assert gate.gross() == worth * MONEY
        else:
            assert gate.gross() == before + worth * MONEY


@pytest.mark.parametrize(("per_s", "left"), [(5, 4), (10, 8)])
def test_the_rate_is_of_the_last_second_and_of_one_venue(per_s, left):
    _, gate = quiet(three(limits={"messages_per_s": per_s}))
    for _ in range(left):
        gate.count(1, DAY0)

    def ask(i, ts):
        return gate.check(i, 1, PX, 1, "quote", State.RUNNING, ts, 2 * PX, 100.0)

    assert ask(LINEAR, DAY0) == ask(LINEAR, DAY0 + SECOND - 1) == "message rate"
    assert ask(SPOT, DAY0) == ask(INVERSE, DAY0) == ask(LINEAR, DAY0 + SECOND) == ""


# ---------------------------------------------------------------- states


def test_a_desk_begins_paused_with_nothing_latched_below():
    lattice = Lattice(2, 3, [0, 1, 1])
    assert lattice.digest() == (1, [0, 0], [0, 0, 0])
    assert (lattice.reasons, lattice.since) == ({}, 0)


@pytest.mark.parametrize(("v", "i"), [(-1, -1), (0, -1), (1, -1), (-1, 0), (-1, 2), (0, 0)])
def test_a_state_is_kept_for_its_scope_alone(v, i):
    lattice = Lattice(2, 3, [0, 1, 1])
    lattice.put(v, i, State.HALTED)
    scopes = [(-1, -1), (0, -1), (1, -1), (-1, 0), (-1, 1), (-1, 2)]
    here = (-1, i) if i >= 0 else (v, i)
    assert [lattice.get(*scope) is State.HALTED for scope in scopes] == [scope == here for scope in scopes]
    assert lattice.get(v, i) is State.HALTED
    held = [max(lattice.effective(k), State.PAUSED) is State.HALTED for k in range(3)]
    assert held == [here in ((-1, -1), (-1, k), (lattice.venue_of[k], -1)) for k in range(3)]


def test_a_start_of_the_desk_clears_below_it_what_is_not_latched():
    lattice = Lattice(3, 3, [0, 1, 2])
    assert not lattice.clear_unlatched()
    lattice.venues[:] = [State.PAUSED, State.KILLED, State.STOPPED]
    lattice.instruments[:] = [State.HALTED, State.PAUSED, State.RUNNING]
    assert lattice.clear_unlatched()
    assert lattice.venues == [State.RUNNING, State.KILLED, State.RUNNING]
    assert lattice.instruments == [State.HALTED, State.RUNNING, State.RUNNING]
    assert not lattice.clear_unlatched()
    lattice.venues[0] = State.PAUSED  # of one kind alone it is a change too
    assert lattice.clear_unlatched()
