"""Limits that act by themselves: reduce-only at 90 %, HALTED at 100 %, and how a desk comes back from there."""

import pytest
from desk_kit import DAY0, MS, SECOND, Desk, item, setup_of

from mmtui.core.events import HostStarted

LATCH_REASON = {"reason": "checked with ops"}
FAR = {"daily_loss": 1e6, "drawdown": 1e6}


@pytest.mark.parametrize(("limits", "word"), [({"daily_loss": 5.0}, "daily loss"), ({"drawdown": 5.0}, "drawdown")])
def test_a_loss_halts_the_desk_and_it_can_be_resumed_from(limits, word):
    desk = Desk(setup_of(item("linear"), limits={"daily_loss": 1e6, "drawdown": 1e6, **limits})).running()
    desk.trade_into(1_000)
    desk.book(999_935, 999_945)
    desk.wait(200)
    assert desk.state == "HALTED" and word in desk.engine.lattice.reasons["desk"]
    assert not desk.open()
    assert desk.press("resume", **LATCH_REASON).ok
    desk.wait(500)
    assert desk.state == "PAUSED"  # the loss is accepted, not found again a beat later
    desk.press("start")
    desk.book(999_875, 999_885)
    desk.wait(200)
    assert desk.state == "HALTED"


def test_midnight_clears_no_halt():
    desk = Desk(setup_of(item("linear"), limits={"daily_loss": 5.0}), start=False)
    desk.runner.now = DAY0 + 86_400 * SECOND - 5 * SECOND
    desk.step(HostStarted(desk.now, 1, "start", {}))
    desk.running()
    desk.trade_into(1_000)
    desk.book(999_935, 999_945)
    desk.wait(200)
    desk.book(999_935, 999_945, ts=DAY0 + 86_400 * SECOND + MS)
    desk.wait(500)
    assert desk.state == "HALTED"


@pytest.mark.parametrize("which", ["daily_loss", "drawdown"])
def test_from_ninety_per_cent_of_a_loss_limit_on_only_what_reduces_is_quoted(which):
    desk = Desk(setup_of(item("linear", max_position="10"), limits={**FAR, which: 10.0})).running()
    desk.trade_into(1_000, px=1_000_000)
    desk.press("set", size=0.1)
    for bid, quoted in ((999_925, {1, -1}), (999_902, {-1}), (999_922, {-1}), (999_945, {1, -1})):
        desk.book(bid, bid + 10)
        desk.wait(400)
        assert {o.side for o in desk.open()} == quoted, bid
    assert desk.state == "RUNNING"
    assert next(a.text for a in desk.alerts if a.code == "limit").startswith("REDUCE: ")


def test_at_ninety_per_cent_of_the_position_limit_the_side_that_adds_is_gone():
    desk = Desk(setup_of(item("linear", max_position="0.1", size=0.02))).running()
    desk.trade_into(-89)
    desk.wait(300)
    assert {o.side for o in desk.open()} == {1, -1}
    desk.trade_into(-90)
    desk.wait(300)
    assert {o.side for o in desk.open()} == {1}
    assert desk.engine.quoters[0].reasons[-1] == "position at 90 % of its limit"


@pytest.mark.parametrize("limits", [{"daily_loss": 1e-9}, {"drawdown": 1e-9}])
def test_the_smallest_limit_is_a_limit_and_no_division_by_zero(limits):
    desk = Desk(setup_of(item("linear"), limits=limits)).running()
    desk.trade_into(10)
    desk.book(999_900, 999_910)
    desk.wait(300)
    assert desk.state == "HALTED"
