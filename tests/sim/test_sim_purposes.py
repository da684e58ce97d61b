"""What the watcher demands of hedges, tasks, tickets and held sides: each demand is broken once, and said."""

from types import SimpleNamespace

import pytest
from desk_kit import MS, SECOND, Desk, item, setup_of

from mmtui.core.effects import PlaceOrder
from mmtui.core.hedging.params import Hedge
from mmtui.core.orders.table import Fact, State
from mmtui.sim import purposes
from mmtui.sim.demands import Breach, Shadow
from mmtui.sim.watcher import Watcher

BUY, SELL = 1, -1


def watched(position=0, **quoting):
    """A desk of one contract with a hedger, and the notes that a watcher has of it."""
    setup = setup_of(item("linear", **quoting), hedges={"BTC": Hedge(band=0.05, on=False)}, limits={"ease_back_s": 0.0})
    desk = Desk(setup, "deaf")
    desk.book()
    if position:
        desk.trade_into(position)
    assert desk.press("start").ok
    notes = SimpleNamespace(open={}, position=[position], traded={}, ts=desk.now, resting={})
    return desk, notes


def order(desk, notes, purpose, side=BUY, sz=10, px=999_995, tif="GTX", **fields):
    """One that is out: in the tracker and in the watcher's shadow."""
    tracker = desk.engine.tracker
    effect = PlaceOrder(0, tracker.next_oid, side, px, sz, tif, False, purpose, 0)
    tracker.next_oid += 1
    made = tracker.add(effect, desk.now)
    notes.open[effect.oid] = Shadow(effect, desk.now)
    return effect, made


def leaves(desk, notes, effect):
    purposes.leaves(notes, desk.engine, effect)


def test_the_notes_are_those_of_the_watcher():
    desk, notes = watched()
    world = SimpleNamespace(struck=[])
    assert vars(notes).keys() <= vars(Watcher(world, desk.setup, [])).keys()


@pytest.mark.parametrize(
    ("position", "side", "sz", "says"),
    [
        (100, SELL, 100, ""),
        (-100, BUY, 40, ""),
        (100, SELL, 103, "sells 0.103 BTC at a delta of 0.1"),
        (100, BUY, 1, "buys 0.001 BTC at a delta of 0.1"),
        (0, SELL, 1, "at a delta of 0"),
    ],
)
@pytest.mark.parametrize("purpose", ["hedge", "flatten"])
def test_a_hedge_or_flatten_does_not_turn_delta(purpose, position, side, sz, says):
    desk, notes = watched(position)
    effect, _ = order(desk, notes, purpose, side, sz, tif="IOC")
    if not says:
        return leaves(desk, notes, effect)
    with pytest.raises(Breach, match=says):
        leaves(desk, notes, effect)


@pytest.mark.parametrize("how", ["task", "hedge", "UNKNOWN"])
def test_a_hedge_is_alone(how):
    desk, notes = watched(100)
    if how == "task":
        assert desk.press("flatten").ok
    elif how == "hedge":
        order(desk, notes, "hedge", SELL)
    else:
        _, other = order(desk, notes, "quote", SELL)
        desk.engine.tracker.apply(other, Fact.UNKNOWN)
    effect, _ = order(desk, notes, "hedge", SELL)
    with pytest.raises(Breach, match={"task": "a flatten of BTC runs", "hedge": "hedge .* is open"}.get(how, how)):
        leaves(desk, notes, effect)


@pytest.mark.parametrize("purpose", ["flatten", "close", "roll"])
def test_a_slice_leaves_after_own_orders(purpose):
    desk, notes = watched(100)
    order(desk, notes, "quote", BUY)
    effect, _ = order(desk, notes, purpose, SELL, tif="IOC")
    with pytest.raises(Breach, match=r"while quote .* of BTC is open"):
        leaves(desk, notes, effect)


@pytest.mark.parametrize("act", ["exit", "reduce"])
def test_the_way_out_only_reduces(act):
    desk, notes = watched(10)
    assert desk.press(act).ok
    good, _ = order(desk, notes, "quote", SELL, 10)
    leaves(desk, notes, good)
    for side, sz in ((BUY, 1), (SELL, 11)):
        bad, _ = order(desk, notes, "quote", side, sz)
        with pytest.raises(Breach, match=r"leaves in (EXIT NOW|REDUCE) at a position of 10"):
            leaves(desk, notes, bad)


def test_at_90_percent_of_the_limit_no_quote_adds():
    desk, notes = watched(900)
    effect, _ = order(desk, notes, "quote", BUY)
    with pytest.raises(Breach, match="90 % of the limit"):
        leaves(desk, notes, effect)


def test_a_side_that_is_held_or_pulled_is_not_quoted():
    desk, notes = watched(throttle_fills=2)
    effect, _ = order(desk, notes, "quote", BUY)
    leaves(desk, notes, effect)
    desk.engine.quoters[0].guards.reasons[BUY] = "repeated executions"
    with pytest.raises(Breach, match="held: repeated executions"):
        leaves(desk, notes, effect)
    desk.engine.quoters[0].guards.reasons[BUY] = ""
    desk.engine.gate.pulled[0, BUY, "hedge"] = "hedge failed"
    with pytest.raises(Breach, match="pulled: hedge failed"):
        leaves(desk, notes, effect)


@pytest.mark.parametrize(
    ("sides", "filled", "held"), [("filled", BUY, True), ("filled", SELL, False), ("both", SELL, True)]
)
def test_a_cooldown_lasts(sides, filled, held):
    desk, notes = watched(cooldown_ms=100, cooldown_sides=sides)
    effect, _ = order(desk, notes, "quote", BUY)
    notes.traded[0, filled] = notes.ts - 100 * MS
    leaves(desk, notes, effect)
    notes.traded[0, filled] = notes.ts - 99 * MS
    if held:
        with pytest.raises(Breach, match="99 ms after a fill"):
            leaves(desk, notes, effect)
    else:
        leaves(desk, notes, effect)


@pytest.mark.parametrize("purpose", ["manual", "quote"])
def test_nothing_leaves_beyond_its_collar(purpose):
    desk, notes = watched()
    effect, _ = order(desk, notes, purpose, px=960_000)
    with pytest.raises(Breach, match="bps and more from"):
        leaves(desk, notes, effect)


def looks(desk, notes, times=4):
    for _ in range(times):
        purposes.rest(notes, desk.engine)
        desk.engine.ts += SECOND


@pytest.mark.parametrize(
    ("purpose", "state", "position", "may"),
    [
        ("quote", "RUNNING", 0, True),
        ("quote", "PAUSED", 0, False),
        ("manual", "PAUSED", 0, True),
        ("manual", "STOPPED", -100, False),
        ("manual", "HALTED", -100, True),
        ("manual", "HALTED", -9, False),
        ("hedge", "PAUSED", 0, True),
        ("hedge", "HALTED", -100, False),
        ("roll", "PAUSED", 0, False),  # whose task has ended
        ("found", "RUNNING", 0, False),
    ],
)
def test_what_may_not_leave_may_not_rest(purpose, state, position, may):
    desk, notes = watched()
    _, one = order(desk, notes, purpose)
    desk.engine.tracker.apply(one, Fact.ACCEPTED)
    notes.position = [position]
    if state == "HALTED":
        desk.halt()
    elif state != "RUNNING":
        desk.press({"PAUSED": "pause", "STOPPED": "stop"}[state])
    one.state = State.LIVE  # its cancel, if there was one, has come to nothing
    if may:
        return looks(desk, notes)
    with pytest.raises(Breach, match=f"{purpose} {one.oid} rests on perp:BTC in {state}, and nobody cancels it"):
        looks(desk, notes)


def test_one_that_is_cancelled_again_and_again_is_the_venues_fault():
    desk, notes = watched()
    _, one = order(desk, notes, "quote")
    desk.press("pause")
    for _ in range(6):
        one.state, one.cancel_ts = State.LIVE, desk.engine.ts
        looks(desk, notes, 1)
