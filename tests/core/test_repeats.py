"""Repeated execution asks an operator; the largest order; the collar's other references; a strategy's kill; gauges."""

from __future__ import annotations

import pytest
from desk_kit import DAY0, MS, Desk, item, setup_of, three

from mmtui.core.events import MarkPrice, Trade
from mmtui.core.risk.limits import CONFIGURED, Limits
from mmtui.core.risk.states import Desk as State

PX = 1_000_000


def eaten(desk, times, side=1):
    """Quotes of one side are filled, one after the other."""
    for _ in range(times):
        if not desk.open(side):
            desk.wait(300)
        order = desk.one(side)
        desk.fill(order.oid, order.left, side=side, trade=f"t{desk.now}-{order.oid}")
        desk.wait(50)


def limited(**limits):
    return Desk(setup_of(item(max_position="100"), limits={"drawdown": 1e9, "daily_loss": 1e9, **limits})).running()


def test_so_many_fills_of_one_side_pause_the_instrument_until_an_operator_starts_it():
    desk = limited(repeated_fills=5, repeated_s=60.0)
    eaten(desk, 4)
    assert desk.engine.lattice.instruments[0] is State.RUNNING
    reading = next(one for one in desk.engine.watch.readings(desk.engine) if one.name == "repeats")
    assert reading.share == pytest.approx(0.8) and reading.level == "warn"
    assert reading.text == "4 of 5 fills in 60 s, bought, none sold"
    assert reading.fires_at == "would PAUSE at 5 fills of one side"
    eaten(desk, 1)
    assert desk.engine.lattice.instruments[0] is State.PAUSED
    assert any(one.code == "repeats" and "5 of 5 fills in 60 s, bought, none sold" in one.text for one in desk.alerts)
    desk.wait(70_000)
    assert desk.engine.lattice.instruments[0] is State.PAUSED, "it does not come back alone"
    assert desk.press("start", i=0).ok
    assert desk.engine.lattice.instruments[0] is State.RUNNING


def test_a_fill_of_the_other_side_or_time_ends_the_run():
    desk = limited(repeated_fills=5, repeated_s=60.0)
    eaten(desk, 4)
    eaten(desk, 1, side=-1)
    eaten(desk, 4)
    assert desk.engine.lattice.instruments[0] is State.RUNNING
    desk = limited(repeated_fills=5, repeated_s=1.0)
    for _ in range(8):
        eaten(desk, 1)
        desk.wait(400)
    assert desk.engine.lattice.instruments[0] is State.RUNNING


def test_a_desk_of_a_config_has_it_and_one_that_was_recorded_before_has_not():
    assert Limits().repeated_fills == 0 and CONFIGURED["repeated_fills"] == 200
    assert Desk(setup_of()).engine.repeats is None


def test_an_order_larger_than_max_order_does_not_leave_unless_it_reduces():
    import msgspec

    one = msgspec.structs.replace(item(max_position="10"), max_order="0.05")
    desk = Desk(setup_of(one)).running()
    gate, state = desk.engine.gate, State.RUNNING

    def ask(side, lots):
        return gate.check(0, side, PX, lots, "manual", state, DAY0, 2 * PX, 100.0)

    assert (ask(1, 50), ask(1, 51)) == ("", "order size limit")
    assert gate.room(0, 1, PX) <= 50
    desk.press("pause")
    desk.wait(500)
    desk.trade_into(500)
    assert ask(-1, 500) == "", "an order that reduces is never trapped"
    assert ask(1, 51) == "order size limit"


@pytest.mark.parametrize(
    ("trade", "mark", "leaves"),
    [
        (None, None, True),
        (PX, None, True),
        (PX, PX, True),
        (PX * 1.03, None, False),  # of two the mean
        (PX * 1.03, PX * 1.03, False),  # two of three say that the book is wrong
        (PX * 1.03, PX, True),  # one of three is wrong: the median
    ],
)
def test_a_quote_is_inside_of_the_collar_of_the_median_of_mid_last_and_mark(trade, mark, leaves):
    desk = Desk(setup_of(item()))
    desk.books()
    if trade:
        desk.event(Trade(desk.now + MS, desk.now, 0, 1, int(trade), 1, 1))
    if mark:
        desk.event(MarkPrice(desk.now + MS, desk.now, 0, int(mark * 0.1 * 1e8), 0, 0, 0))
    desk.press("start")
    desk.wait(300)
    assert bool(desk.places(purpose="quote")) is leaves
    if not leaves:
        assert "references disagree" in desk.engine.quoters[0].reasons.values()
    else:
        desk.wait(11_000)  # what is old does not count
        assert desk.open()


def test_a_strategys_kill_kills_what_its_profile_quotes_and_nothing_else():
    import msgspec

    setup = three()
    items = [msgspec.structs.replace(one, profile=name) for one, name in zip(setup.instruments, "aba", strict=True)]
    desk = Desk(msgspec.structs.replace(setup, instruments=items)).running()
    desk.wait(500)
    result = desk.press("kill", profile="a", reason="drill")
    assert result.ok, result.text
    desk.wait(1_000)
    assert [state.name for state in desk.engine.lattice.instruments] == ["KILLED", "RUNNING", "KILLED"]
    assert not desk.open(i=0) and not desk.open(i=2) and desk.open(i=1)
    assert desk.engine.sweeper.proven() and desk.state == "RUNNING"
    refused = desk.press("kill", profile="c")
    assert not refused.ok and "no instrument in scope is quoted by the profile 'c'" in refused.text


def test_the_gauges_say_how_old_the_data_is_and_when_quotes_would_be_pulled():
    desk = Desk(setup_of()).running()
    reading = next(one for one in desk.engine.watch.readings(desk.engine) if one.name == "data age")
    assert reading.fires_at.startswith("would pull quotes at ") and 0.0 <= reading.share < 1.0


def test_the_gauge_of_a_position_break_says_what_is_unexplained():
    import msgspec

    desk = Desk(msgspec.structs.replace(setup_of(), reconcile_s=10.0))
    readings = {one.name: one for one in desk.engine.watch.readings(desk.engine)}
    assert readings["break"].fires_at == "would HALT above 1 lot in two polls 6 s apart"
    assert readings["break"].share == 0.0
    desk.engine.reconcile.rounds[0].suspects[0] = (-7, desk.now)
    readings = {one.name: one for one in desk.engine.watch.readings(desk.engine)}
    assert readings["break"].level == "reduce" and readings["break"].text.startswith("7 lots unexplained")
