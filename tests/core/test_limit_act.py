"""Limits change while the desk runs: down at once, up with a reason, all or nothing, never by undo."""

import pytest
from desk_kit import Desk, item, setup_of, three

from mmtui.core.ledger.ledger import UNIT

LOWER = {
    "daily_loss": 500.0, "drawdown": 700.0, "order_notional": 900.0, "gross_notional": 5_000.0, "leverage": 0.5,
    "messages_per_s": 10, "max_position": 0.5,
}  # fmt: skip


@pytest.fixture
def desk():
    return Desk(setup_of()).running()


@pytest.mark.parametrize("name", LOWER)
def test_a_limit_is_lowered_at_once_and_raised_with_a_reason_only(desk, name):
    limits = desk.engine.acts.limits
    was = limits.now(name, 0)
    result = desk.press("limit", **{name: LOWER[name]})
    assert result.ok and result.before == f"{was:g}" and result.after == f"{LOWER[name]:g}"
    assert limits.now(name, 0) == pytest.approx(LOWER[name])
    again = int(was) if name == "messages_per_s" else was
    refused = desk.press("limit", **{name: again})
    assert not refused.ok and refused.text == "raising a limit needs a reason"
    assert limits.now(name, 0) == pytest.approx(LOWER[name])
    assert desk.press("limit", reason="risk has agreed", **{name: again}).ok
    assert limits.now(name, 0) == pytest.approx(was)
    assert desk.alerts[-1].code == "limit" and desk.alerts[-1].text.endswith("by ann: risk has agreed")


def test_admins_raise_makes_raising_a_limit_an_admins_act():
    desk = Desk(setup_of(limits={"admins_raise": True})).running()
    assert desk.press("limit", leverage=1.0).ok, "lowering is anybody's"
    refused = desk.press("limit", reason="more", leverage=2.0)
    assert not refused.ok and "only an admin raises a limit" in refused.text
    assert not desk.press("limit", role="admin", leverage=2.0).ok, "an admin says why as well"
    assert desk.press("limit", role="admin", reason="more", leverage=2.0).ok
    assert desk.press("pause", role="admin").ok, "an admin is an operator"


def test_a_stale_screen_lowers_and_does_not_raise(desk):
    seen = desk.engine.version
    desk.press("pause")
    desk.press("start")
    assert desk.press("limit", version=seen, leverage=1.0).ok
    refused = desk.press("limit", version=seen, reason="more", leverage=2.0)
    assert not refused.ok and "look again" in refused.text


@pytest.mark.parametrize(
    ("args", "what"),
    [
        ({}, "give KEY=VALUE"),
        ({"nothing": 1}, "no limit named 'nothing'"),
        ({"leverage": 0}, "above 0"),
        ({"leverage": -1}, "above 0"),
        ({"leverage": 1e9}, "at most 1000"),
        ({"daily_loss": "NaN"}, "is a number"),
        ({"daily_loss": True}, "is a number"),
        ({"messages_per_s": 1.5}, "whole number"),
        ({"leverage": 1.0, "drawdown": -5}, "above 0"),
    ],
)
def test_a_bad_limit_changes_nothing(desk, args, what):
    before = desk.engine.state_hash()
    refused = desk.press("limit", **args)
    assert not refused.ok and what in refused.text
    assert desk.engine.state_hash() == before


def test_an_observer_changes_no_limit(desk):
    assert not desk.press("limit", role="observer", leverage=1.0).ok


def test_desk_limits_take_no_scope_and_position_limits_do():
    desk = Desk(three())
    desk.books()
    refused = desk.press("limit", i=1, leverage=1.0)
    assert not refused.ok and "leave instrument" in refused.text
    assert desk.press("limit", i=1, max_position=0.25).ok
    assert desk.engine.gate.position_limits == [1_000, 250, 500]
    assert desk.engine.quoters[1].limit == 250


def test_a_lowered_position_limit_outlives_a_change_of_parameters(desk):
    desk.press("limit", max_position=0.25)
    desk.press("set", size=0.02)
    assert desk.engine.gate.position_limits == [250]


def test_undo_never_takes_a_limit_back(desk):
    desk.press("spread", bps=1.0)
    desk.press("limit", leverage=1.0)
    assert desk.press("undo").text == "undone: spread"
    assert desk.engine.gate.leverage_cap == 1.0
    assert not desk.press("undo").ok


def test_the_gate_refuses_what_is_beyond_the_lowered_limit():
    desk = Desk(setup_of(item("linear", size=0.02))).running()
    assert desk.open()
    desk.press("limit", order_notional=1_000.0)  # a quote is worth 2,000
    desk.press("cancel")
    desk.wait(100)
    desk.press("start")
    desk.wait(500)
    assert not desk.open() and desk.engine.quoters[0].reasons[1]


def test_a_daily_loss_below_what_is_lost_halts_on_the_next_beat(desk):
    desk.engine.ledger.mark_all(desk.now)
    desk.engine.accounts[0].parts["fees"] -= 600 * UNIT
    assert desk.press("limit", daily_loss=500.0).ok
    desk.timer()
    assert desk.state == "HALTED"


def test_gauges_follow(desk):
    desk.press("limit", leverage=0.5, daily_loss=123.0)
    found = {one.name: one for one in desk.engine.watch.readings(desk.engine)}
    assert "of 0.5x" in found["leverage"].text and "123" in found["loss day"].text


def test_changed_limits_are_part_of_the_state(desk):
    before = desk.engine.state_hash()
    version = desk.engine.version
    desk.press("limit", drawdown=1_000.0)
    assert desk.engine.version == version + 1 and desk.engine.state_hash() != before
