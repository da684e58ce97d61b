"""The operator's acts and the states: who may go where, what answers, what is taken back."""

import json

import pytest
from desk_kit import DAY0, Desk, setup_of, three

from mmtui.core.commands import ACTS
from mmtui.core.effects import CancelOrder, Latch, Shutdown
from mmtui.core.events import Command, HostStarted, OrderUnknown, SourceEnded

UP = ("start", "resume")
LATCH_REASON = {"reason": "checked with ops"}


def in_state(state, setup=None):
    desk = Desk(setup or three())
    desk.running()
    if state == "PAUSED":
        desk.press("pause")
    elif state == "STOPPED":
        desk.press("stop")
    elif state == "HALTED":
        desk.halt()
    elif state == "KILLED":
        desk.press("kill")
    desk.wait(1_500)
    assert desk.state == state
    return desk


@pytest.mark.parametrize(
    ("state", "act", "then", "ok"),
    [
        ("RUNNING", "start", "RUNNING", True),
        ("RUNNING", "pause", "PAUSED", True),
        ("RUNNING", "stop", "STOPPED", True),
        ("RUNNING", "kill", "KILLED", True),
        ("PAUSED", "start", "RUNNING", True),
        ("PAUSED", "resume", "RUNNING", True),
        ("PAUSED", "pause", "PAUSED", True),
        ("PAUSED", "stop", "STOPPED", True),
        ("STOPPED", "pause", "STOPPED", True),
        ("STOPPED", "start", "RUNNING", True),
        ("STOPPED", "resume", "STOPPED", False),
        ("HALTED", "start", "HALTED", False),
        ("HALTED", "pause", "HALTED", True),
        ("HALTED", "stop", "HALTED", True),
        ("HALTED", "resume", "PAUSED", True),
        ("HALTED", "kill", "KILLED", True),
        ("KILLED", "start", "KILLED", False),
        ("KILLED", "pause", "KILLED", True),
        ("KILLED", "stop", "KILLED", True),
        ("KILLED", "kill", "KILLED", True),
        ("KILLED", "resume", "PAUSED", True),
    ],
)
def test_the_table_of_states(state, act, then, ok):
    desk = in_state(state)
    result = desk.press(act, **LATCH_REASON)
    assert (result.ok, desk.state) == (ok, then), result.text
    assert desk.press(act, **LATCH_REASON).ok or not ok or act == "resume"  # idempotent, no toggling
    if act != "resume":
        assert desk.state == then


@pytest.mark.parametrize("state", ["HALTED", "KILLED"])
@pytest.mark.parametrize("reason", ["", "  "])
def test_out_of_a_latched_state_only_with_a_reason(state, reason):
    desk = in_state(state)
    assert not desk.press("resume", reason=reason).ok
    assert desk.state == state


def test_resume_from_a_kill_waits_for_books_in_sync():
    desk = in_state("KILLED")
    desk.gap(1)
    result = desk.press("resume", **LATCH_REASON)
    assert not result.ok and "perp:BTC" in result.text


@pytest.mark.parametrize("scope", ["desk", "venue", "instrument"])
def test_the_worst_of_desk_venue_and_instrument_holds(scope):
    desk = in_state("RUNNING")
    where = {"desk": {}, "venue": {"v": 1}, "instrument": {"i": 1}}[scope]
    desk.press("pause", **where)
    desk.wait(500)
    assert {o.i for o in desk.open()} == (set() if scope == "desk" else {0, 2})
    desk.press("start", **where)
    desk.wait(500)
    assert {o.i for o in desk.open()} == {0, 1, 2}


def test_starting_an_instrument_of_a_paused_desk_says_so():
    desk = in_state("PAUSED")
    assert "PAUSED above it" in desk.press("start", i=1).text
    assert not desk.open()


def test_a_start_of_the_desk_does_not_clear_what_is_latched_below():
    desk = in_state("RUNNING")
    desk.halt(1, "break")
    desk.press("pause", i=0)
    desk.press("start")
    desk.wait(500)
    assert [s.name for s in desk.engine.lattice.instruments] == ["RUNNING", "HALTED", "RUNNING"]
    assert {o.i for o in desk.open()} == {0, 2}


def test_latched_states_are_kept_and_cleared_on_disk():
    desk = in_state("RUNNING")
    desk.halt(1, "break")
    desk.timer()
    desk.press("kill", v=0)
    desk.wait(1_000)
    desk.press("resume", v=0, **LATCH_REASON)
    latches = [(e.scope, e.state) for e in desk.all(Latch)]
    assert latches == [("instrument:perp:BTC", "HALTED"), ("venue:cash", "KILLED"), ("venue:cash", "")]


@pytest.mark.parametrize("name", ["KILLED", "HALTED"])
@pytest.mark.parametrize("scope", ["desk", "venue:perp", "instrument:perp:BTC"])
def test_a_latched_state_survives_a_restart_and_autostart(name, scope):
    desk = Desk(three(), start=False)
    desk.step(HostStarted(DAY0, 2, "start", {scope: f"{name}: loss"}, True))
    desk.books()
    desk.wait(500)
    assert desk.engine.lattice.effective(1).name == name
    assert {o.i for o in desk.open()} == (set() if scope == "desk" else {0, 2})
    assert desk.engine.lattice.reasons[scope] == "loss"


def test_a_latch_on_disk_never_lowers_a_state():
    desk = in_state("KILLED")
    desk.step(HostStarted(desk.now, 2, "recovery", {"desk": "HALTED: loss"}))
    assert desk.state == "KILLED"


@pytest.mark.parametrize(("before", "then"), [("RUNNING", "PAUSED"), ("STOPPED", "STOPPED"), ("KILLED", "KILLED")])
def test_recovery_lands_paused_or_lower(before, then):
    desk = in_state(before)
    desk.step(HostStarted(desk.now, 2, "recovery", {}, True))
    assert desk.state == then
    place = desk.mark
    desk.wait(500)
    assert not desk.places(place)


def test_a_shutdown_does_not_outlive_its_host():
    desk = Desk(setup_of(), execution="deaf")
    desk.book()
    desk.press("shutdown")
    desk.step(HostStarted(desk.now, 2, "recovery", {}))
    place = desk.mark
    desk.wait(2_000)
    assert not desk.all(Shutdown, place) and not desk.cancels(place)
    assert desk.press("shutdown").ok and desk.cancels(place)


def test_the_end_of_the_source_pauses_and_says_so():
    desk = in_state("RUNNING")
    desk.event(SourceEnded(desk.now, "x.gz"))
    desk.wait(500)
    assert desk.state == "PAUSED" and not desk.open()
    assert "SOURCE ENDED" in desk.press("start").text


# -- stop ----------------------------------------------------------------------------------------------------------


def test_a_drain_lets_open_orders_conclude_and_places_none():
    desk = Desk().running()
    orders = {o.oid for o in desk.open()}
    place = desk.mark
    desk.press("stop", drain=True)
    desk.wait(2_000)
    assert {o.oid for o in desk.open()} == orders and not desk.places(place)
    desk.quote(999_480, 999_490)  # through our bid
    desk.wait(500)
    assert desk.position() == 10 and len(desk.open()) == 1 and not desk.places(place)


@pytest.mark.parametrize("then", ["stop", "kill", "gap"])
def test_a_drain_ends_with_a_stop_a_kill_or_bad_data(then):
    desk = Desk().running()
    desk.press("stop", drain=True)
    desk.gap() if then == "gap" else desk.press(then)
    desk.wait(500)
    assert not desk.open()


def test_shutdown_cancels_verifies_zero_and_ends():
    desk = Desk().running()
    desk.press("shutdown")
    desk.wait(500)
    assert not desk.open() and desk.state == "STOPPED"
    assert [e.ok for e in desk.all(Shutdown)] == [True]


# -- who and when --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("act", [act.name for act in ACTS if act.name != "kill"])
def test_an_observer_may_only_look(act):
    desk = Desk().running()
    before = desk.engine.state_hash()
    assert not desk.press(act, role="observer", bps=1.0, reason="x").ok
    assert desk.engine.state_hash() == before


@pytest.mark.parametrize("allowed", [True, False])
def test_an_observer_may_kill_if_the_config_lets(allowed):
    desk = Desk(setup_of(limits={"observers_may_kill": allowed}))
    assert desk.press("kill", role="observer").ok is allowed
    assert desk.state == ("KILLED" if allowed else "PAUSED")


@pytest.mark.parametrize(
    "act", [act for act in ACTS if act.name not in ("undo", "abort", "extend", "flatten", "close", "roll")]
)
def test_only_what_goes_down_may_rest_on_an_old_view(act):
    desk = Desk()
    desk.book()
    seen = desk.engine.version
    desk.press("start")
    args = {"bps": 1.0} if act.name in ("spread", "skew") else {"pct": 5} if act.name == "size" else {}
    args = {"levels": 2} if act.name == "set" else {"name": "default"} if act.name == "profile" else args
    args = {"i": 0, "side": "buy", "size": 0.01, "price": 99_990} if act.name == "ticket" else args
    args = {"leverage": 1.0} if act.name == "limit" else args
    args = {"i": 0, "amount": 1.0, "reason": "x"} if act.name == "incentive" else args
    result = desk.press(act.name, version=seen, **args)
    assert result.ok is act.escalates, result.text
    assert desk.press(act.name, **args).ok or act.name in UP


def test_reduce_may_be_taken_back_only_with_the_present_view():
    desk = Desk().running()
    seen = desk.engine.version
    desk.press("pause")
    desk.press("start")
    assert desk.press("reduce", version=seen - 1).ok
    assert not desk.press("reduce", version=seen - 1).ok
    assert desk.engine.quoters[0].reduce_mode


def test_a_command_is_applied_once():
    desk = Desk().running()
    assert desk.press("spread", bps=1.0, cid="same").ok
    assert desk.press("spread", bps=1.0, cid="same") is None
    assert desk.engine.quoters[0].operator.spread_bps == 1.0


def test_starting_what_runs_changes_no_state():
    desk = Desk().running()
    version = desk.engine.version
    desk.press("start")
    assert desk.engine.version == version


@pytest.mark.parametrize(
    "event",
    [
        {"action": "nonsense"}, {"args": "[1]"}, {"args": "{"}, {"args": "[" * 100_000}, {"i": 5}, {"i": -2}, {"v": 9},
        {"args": '{"bps": NaN}'}, {"args": '{"bps": 1e999}'}, {"args": '{"bps": true}'}, {"args": '{"bps": "x"}'},
        {"action": "set", "args": '{"size": 1e999}'}, {"action": "set", "args": '{"size": "inf"}'},
        {"action": "set", "args": '{"size": NaN}'}, {"action": "set", "args": '{"size": -1}'},
        {"action": "set", "args": '{"size": 1e308}'},
        {"action": "set", "args": '{"nothing": 1}'}, {"action": "set", "args": "{}"},
        {"action": "set", "args": '{"fair_value": "other", "fair_source": "no:WHERE"}'},
        {"action": "cancel", "args": '{"order": 99}'}, {"action": "cancel", "args": '{"side": "up"}'},
        {"action": "flatten", "args": '{"asset": "DOGE"}'}, {"action": "abort"}, {"action": "extend"},
        {"action": "undo"}, {"action": "__init__"},
    ],
)  # fmt: skip
def test_a_bad_command_is_one_clear_refusal_and_changes_nothing(event):
    desk = Desk().running()
    before = desk.engine.state_hash()
    fields = {"action": "spread", "args": json.dumps({"bps": 1.0}), "i": -1, "v": -1, **event}
    desk.step(
        Command(
            desk.now, "bad", "ann", "operator", "local", 0, fields["action"], fields["args"], fields["i"], fields["v"]
        )
    )
    (result,) = [r for r in desk.results if r.command == "bad"]
    assert not result.ok and result.text and "\n" not in result.text
    assert desk.engine.state_hash() == before


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"levels": 100}, "levels=100 is not allowed; give a whole number <= 20"),
        ({"spread_bps": "abc"}, "spread_bps=abc is not allowed; give a number"),
        ({"size": 0}, "size=0 is not allowed; give a number > 0.0"),
        ({"post_only": "maybe"}, "post_only=maybe is not allowed; give true or false"),
        ({"fair_value": "x"}, "fair_value=x is not allowed: invalid enum value 'x'"),
    ],
)
def test_a_parameter_that_cannot_be_is_refused_in_words(change, words):
    assert Desk().running().press("set", **change).text == words


# -- offsets and undo ----------------------------------------------------------------------------------------------


def test_offsets_are_capped_at_three_base_widths():
    desk = Desk().running()
    assert desk.press("spread", bps=1_000.0).ok
    desk.press("skew", bps=-1_000.0)
    operator = desk.engine.quoters[0].operator
    assert (operator.spread_bps, operator.skew_bps) == (30.0, -30.0)
    assert "at its bound" in desk.press("spread", bps=1.0).text


def test_at_most_ten_steps_a_second_are_taken():
    desk = Desk().running()
    taken = [desk.press("spread", bps=0.1).ok for _ in range(15)]
    assert taken == [True] * 10 + [False] * 5
    assert desk.press("spread", operator="bob", bps=0.1).ok
    desk.wait(1_000)
    assert desk.press("spread", bps=0.1).ok


def test_reset_takes_every_offset_back_and_undo_brings_them_again():
    desk = Desk().running()
    desk.press("spread", bps=1.0)
    desk.press("skew", bps=1.0)
    desk.press("size", pct=50)
    operator = desk.engine.quoters[0].operator
    assert desk.press("reset").ok
    assert operator.digest() == (0.0, 0.0, 0.0, False)
    assert desk.press("undo").ok
    assert operator.digest() == (1.0, 1.0, 50.0, False)


def test_undo_takes_back_ones_own_last_change_only():
    desk = Desk(three()).running()
    desk.press("spread", bps=1.0, i=0)
    desk.press("spread", bps=2.0, i=1, operator="bob")
    assert desk.press("undo").ok
    assert [q.operator.spread_bps for q in desk.engine.quoters] == [0.0, 2.0, 0.0]
    assert not desk.press("undo").ok


@pytest.mark.parametrize("what", ["too old", "changed since", "state changed", "instrument state changed"])
def test_undo_is_refused_when(what):
    desk = Desk().running()
    desk.press("spread", bps=1.0)
    if what == "too old":
        desk.wait(61_000)
    elif what == "changed since":
        desk.press("spread", bps=1.0, operator="bob")
    elif what == "state changed":
        desk.press("pause")
    else:
        desk.press("pause", i=0)
    expected = desk.engine.quoters[0].operator.spread_bps
    assert not desk.press("undo").ok
    assert desk.engine.quoters[0].operator.spread_bps == expected


# -- cancel --------------------------------------------------------------------------------------------------------


def test_a_cancelled_order_leaves_its_side_out_for_five_seconds():
    desk = Desk().running()
    assert desk.press("cancel", order=desk.one(1).oid).ok
    desk.wait(4_500)
    assert not desk.open(1) and desk.open(-1)
    desk.wait(1_000)
    assert desk.open(1)


def test_a_cancelled_side_stays_out_until_a_start():
    desk = Desk().running()
    desk.press("cancel", side="sell")
    desk.wait(20_000)
    assert desk.open(1) and not desk.open(-1)
    desk.press("start")
    desk.wait(500)
    assert desk.open(-1)


def test_a_cancel_of_an_unknown_order_is_sent():
    desk = Desk(execution="deaf")
    desk.book()
    desk.press("start")
    oid = desk.one(1).oid
    desk.step(OrderUnknown(desk.now, 0, oid, "timeout"))
    place = desk.mark
    desk.press("cancel", order=oid)
    assert desk.all(CancelOrder, place) == [CancelOrder(0, oid)]
