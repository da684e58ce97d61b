"""Flatten and close: slice by slice, never past the goal, with a cap, and what is left is said."""

import itertools
import re
from decimal import Decimal

import pytest
from desk_kit import INVERSE, LINEAR, MS, SPOT, Desk, item, setup_of, three
from hypothesis import given, settings
from hypothesis import strategies as st

from mmtui.core.events import FeedStatus, GridRefined, HostStarted, OrderUnknown


def market(desk, ms=5_000, bid=999_995, ask=1_000_005, size=100, skip=(), until_idle=False):
    """A market that refreshes all its levels every 100 ms."""
    for _ in range(ms // 100):
        desk.runner.advance(desk.now + 100 * MS)
        for i in range(len(desk.setup.instruments)):
            if i not in skip:
                desk.book(bid, ask, i, size)
        if until_idle and not desk.engine.tasks.running:
            return


def holding(*positions, setup=None, state="RUNNING", size=100):
    """A desk with positions, and what every slice did to it on record."""
    desk = Desk(setup or three(limits={"drawdown": 1e6, "daily_loss": 1e6}))
    desk.running(size=size)
    for i, position in enumerate(positions):
        if position:
            desk.trade_into(position, i)
    if state != "RUNNING":
        desk.halt() if state == "HALTED" else desk.press({"KILLED": "kill", "STOPPED": "stop"}[state])
        market(desk, 500, size=size)
    desk.track = []
    desk.start_positions = [a.position for a in desk.engine.accounts]
    desk.since = desk.mark

    def watch(event, effects):
        desk.track.append([a.position for a in desk.engine.accounts])
        for effect in effects:
            if getattr(effect, "purpose", "") in ("flatten", "close"):
                resting = [o for o in desk.engine.tracker.open.values() if o.purpose == "quote"]
                assert not resting, "own resting orders are gone first"

    desk.after = watch
    return desk


def slices(desk, i=None):
    return [e for e in desk.places(desk.since) if e.purpose != "quote" and (i is None or e.i == i)]


def base(lots):
    return Decimal(lots) / 1_000  # a contract of 100 USD at 100 000 is 0.001 BTC, like a lot of the others


def assert_never_flipped(desk):
    for positions in desk.track:
        for now, start in zip(positions, desk.start_positions, strict=True):
            assert now * start >= 0 and abs(now) <= abs(start)


def last_task_alert(desk):
    return [a.text for a in desk.alerts if a.code == "task"][-1]


def test_flatten_brings_the_net_to_zero_in_slices_and_ends_paused():
    desk = holding(0, 1_000)
    assert desk.press("flatten").ok
    market(desk, until_idle=True)
    assert desk.position(LINEAR) == 0
    assert all(e.sz <= 200 and e.tif == "IOC" and e.side == -1 for e in slices(desk))  # 10 % of 20 x 100
    assert_never_flipped(desk)
    market(desk, 1_000)
    assert desk.state == "PAUSED" and not desk.open()
    assert last_task_alert(desk).startswith("flatten BTC: done")


@pytest.mark.parametrize("act", ["flatten", "close"])
def test_slices_are_a_quarter_of_a_second_apart(act):
    desk = holding(0, -1_000)
    sent = []
    watch = desk.after

    def note(event, effects):
        watch(event, effects)
        sent.extend(event.ts for e in effects if getattr(e, "purpose", "") == act)

    desk.after = note
    desk.press(act)
    market(desk, until_idle=True)
    assert len(sent) >= 5 and desk.position(LINEAR) == 0
    assert min(b - a for a, b in itertools.pairwise(sent)) >= 250 * MS


def test_legs_that_hedge_each_other_stay_in_a_flatten():
    desk = holding(1_000, -1_000)
    assert not desk.press("flatten").ok
    desk.engine.accounts[LINEAR].position = -700
    desk.start_positions = [1_000, -700, 0]
    assert desk.press("flatten").ok
    market(desk, until_idle=True)
    net = desk.position(SPOT) + desk.position(LINEAR) + desk.position(INVERSE)
    assert net == 0
    assert len({e.i for e in slices(desk)}) == 1


def test_flatten_trades_the_cheapest_leg():
    cheap = item("linear", instrument_changes={"taker_bps": "0.5"})
    desk = holding(500, 0, 0, setup=setup_of(item("spot"), cheap, item("inverse")))
    desk.press("flatten")
    market(desk, until_idle=True)
    assert {e.i for e in slices(desk)} == {LINEAR}
    assert [desk.position(i) for i in range(3)] == [500, -500, 0]


def test_what_a_flatten_leaves_is_said_in_eight_decimals_at_most():
    desk = holding(0, 0, -137)
    desk.press("flatten")
    market(desk, until_idle=True)
    assert "done, 0." in last_task_alert(desk)
    assert not re.search(r"\.\d{9}", last_task_alert(desk))


def test_flatten_goes_to_the_target():
    desk = holding(1_000, setup=setup_of(item("linear", target="0.3")))
    desk.press("flatten")
    market(desk, until_idle=True)
    assert desk.position() == 300


@given(
    positions=st.tuples(st.integers(-900, 900), st.integers(-900, 900), st.integers(-400, 400)),
    size=st.sampled_from((5, 40, 300)),
)  # fmt: skip
@settings(max_examples=25, deadline=None)
def test_close_brings_every_leg_home_and_the_net_never_past_its_start_by_more_than_a_slice(positions, size):
    desk = holding(*positions, setup=three(limits={"drawdown": 1e6, "daily_loss": 1e6}), size=size)
    start = abs(base(sum(desk.start_positions)))
    if not any(desk.start_positions):
        return
    assert desk.press("close").ok
    market(desk, 200_000, size=size, until_idle=True)
    assert_never_flipped(desk)
    slice_ = max(base(e.sz) for e in slices(desk))
    assert slice_ <= base(2 * size)
    for now in desk.track:
        assert abs(base(sum(now))) <= start + slice_ + Decimal("0.001")
    assert [desk.position(i) for i in range(3)] == [0, 0, 0]
    assert desk.state == "PAUSED"


@given(positions=st.tuples(st.integers(-900, 900), st.integers(-900, 900), st.integers(-400, 400)))
@settings(max_examples=15, deadline=None)
def test_a_flatten_never_passes_zero_net(positions):
    desk = holding(*positions)
    net = [base(sum(desk.start_positions))]
    if desk.press("flatten").ok:
        market(desk, 60_000, until_idle=True)
    net += [base(sum(now)) for now in desk.track]
    assert all(abs(after) <= abs(before) + Decimal("0.002") for before, after in itertools.pairwise(net))
    assert abs(net[-1]) <= Decimal("0.002")


def test_a_close_takes_the_net_out_first_and_exactly():
    desk = holding(1_000, -900)
    desk.press("close")
    market(desk, 300)
    assert [(e.i, e.side, e.sz) for e in slices(desk)][:1] == [(SPOT, -1, 100)]


def test_spot_is_sold_down_to_its_baseline_only():
    desk = holding(300, setup=setup_of(item("spot", baseline="5")))
    desk.press("close")
    market(desk, until_idle=True)
    assert desk.position() == 0


def test_the_treasury_is_not_sold_to_hedge_a_perp():
    """Spot would be the cheapest leg; but what it holds is the baseline."""
    free = item("spot", baseline="100", instrument_changes={"taker_bps": "0"})
    desk = holding(0, 500, setup=setup_of(free, item("linear")))
    desk.press("flatten")
    market(desk, until_idle=True)
    assert [desk.position(i) for i in range(2)] == [0, 0]


def test_below_the_baseline_a_close_buys_back():
    desk = holding(-300, setup=setup_of(item("spot", baseline="5")))
    desk.press("close")
    market(desk, until_idle=True)
    assert desk.position() == 0 and {e.side for e in slices(desk)} == {1}


@pytest.mark.parametrize("act", ["flatten", "close"])
def test_at_the_cap_it_stops_says_what_is_left_and_is_extended_once(act):
    desk = holding(0, 2_000)
    desk.press(act)
    market(desk, 600)
    market(desk, 400, bid=996_000, ask=996_010)
    left = desk.position(LINEAR)
    assert 0 < left < 2_000
    market(desk, 3_000, bid=996_000, ask=996_010)  # 40 bps below the press
    assert desk.position(LINEAR) == left
    assert "slippage cap" in last_task_alert(desk) and f"{left / 1000:g}" in last_task_alert(desk)
    assert all(e.px >= 997_000 for e in slices(desk))
    assert desk.press("extend").ok
    market(desk, 800, bid=996_000, ask=996_010)
    assert 0 < desk.position(LINEAR) < left
    market(desk, 3_000, bid=992_000, ask=992_010)
    assert not desk.press("extend").ok
    assert desk.press("abort").ok


def test_a_dead_leg_is_named_and_its_hedge_is_left_alone():
    desk = holding(1_000, -600)
    desk.event(FeedStatus(desk.now, 1, False, "closed"))
    assert desk.press("close").ok
    market(desk, 8_000, skip=(LINEAR,), until_idle=True)
    assert [desk.position(i) for i in range(2)] == [600, -600]
    assert "perp:BTC is dead" in last_task_alert(desk)


@pytest.mark.parametrize("state", ["HALTED", "KILLED", "STOPPED"])
@pytest.mark.parametrize("act", ["flatten", "close"])
def test_from_a_latched_state_an_operator_flattens_and_it_stays_latched(state, act):
    desk = holding(0, 1_000, state=state)
    assert desk.press(act).ok
    market(desk, until_idle=True)
    assert desk.position(LINEAR) == 0 and desk.state == state
    assert not [e for e in desk.places(desk.since) if e.purpose == "quote"]


@pytest.mark.parametrize("how", ["abort", "kill", "stop", "restart"])
def test_a_task_is_stopped_by(how):
    desk = holding(0, 5_000)
    desk.press("flatten")
    market(desk, 800)
    if how == "restart":
        desk.step(HostStarted(desk.now, 2, "recovery", {}))
    else:
        assert desk.press(how).ok
    market(desk, 200)
    left, place = desk.position(LINEAR), desk.mark
    market(desk, 2_000)
    assert desk.position(LINEAR) == left > 0 and not desk.places(place)
    assert not desk.engine.tasks.running


@pytest.mark.parametrize("how", ["gap elsewhere", "daily loss", "pause", "halt"])
def test_a_running_task_is_not_stopped_by(how):
    desk = holding(0, 2_000)
    desk.press("flatten")
    market(desk, 800)
    if how == "gap elsewhere":
        desk.gap(SPOT)
    elif how == "halt" or how == "daily loss":
        desk.halt(LINEAR if how == "halt" else -1)
    else:
        desk.press("pause")
    market(desk, 8_000, until_idle=True)
    assert desk.position(LINEAR) == 0


@pytest.mark.parametrize("how", ["overfill", "foreign fill", "unknown"])
def test_a_break_of_its_instrument_stops_a_task(how):
    desk = holding(0, 5_000)
    desk.press("flatten")
    market(desk, 800)
    done = next(iter(desk.engine.tracker.done.values()))
    if how == "overfill":
        desk.fill(done.oid, done.sz + 1)
    elif how == "foreign fill":
        desk.fill(424_242, 1, px=1_000_000, i=LINEAR)
    else:
        rest = desk.engine.tracker.open or desk.press("start")
        assert rest is not None
        while not desk.open():
            market(desk, 100)
        desk.step(OrderUnknown(desk.now, LINEAR, desk.open()[0].oid, "timeout"))
    assert not desk.engine.tasks.running


def test_an_outstanding_slice_is_waited_for():
    desk = Desk(setup_of(item("linear")), execution="deaf")
    desk.book()
    desk.trade_into(1_000)
    desk.press("flatten")
    for _ in range(20):
        desk.wait(200)
        assert len(desk.open()) == 1
    assert len(slices_of(desk)) == 1


def slices_of(desk):
    return [e for e in desk.places() if e.purpose in ("flatten", "close")]


def test_quoting_cannot_be_started_into_a_running_task():
    desk = holding(0, 5_000)
    desk.press("flatten")
    market(desk, 500)
    assert "flatten of BTC runs" in desk.press("start").text
    assert not desk.press("resume").ok
    assert not desk.press("close").ok
    desk.press("abort")
    assert desk.press("start").ok


@pytest.mark.parametrize("limits", [{"messages_per_s": 1}, {"order_notional": 1.0}, {"gross_notional": 1.0}])
def test_no_limit_traps_a_flatten(limits):
    desk = Desk(setup_of(item("linear"), limits=limits))
    desk.book(size=100)
    desk.trade_into(1_000)
    desk.press("flatten")
    market(desk, until_idle=True)
    assert desk.position() == 0


def test_a_slice_never_leaves_less_than_the_venue_takes():
    small = item("linear", instrument_changes={"min_notional": "3000"})  # 30 lots
    desk = holding(425, setup=setup_of(small))
    desk.press("close")
    market(desk, until_idle=True)
    assert desk.position() == 0
    assert all(30 <= e.sz <= 200 for e in slices(desk))


def test_a_finer_grid_does_not_disturb_a_task():
    desk = holding(1_000, setup=setup_of(item("linear")))
    desk.press("close")
    market(desk, 600)
    desk.event(GridRefined(desk.now, 0, "0.01", "0.0001", 10, 10))
    market(desk, 8_000, bid=9_999_950, ask=10_000_050, size=1_000, until_idle=True)
    assert desk.position() == 0


@pytest.mark.parametrize("act", ["flatten", "close"])
def test_a_refused_task_changes_no_state(act):
    """Eight cockpits, seed 1: with nothing to do the desk was paused, and the act refused."""
    desk = holding()
    before = desk.engine.version
    result = desk.press(act)
    assert not result.ok and "nothing to" in result.text
    assert desk.state == "RUNNING" and desk.engine.version == before and desk.open()
