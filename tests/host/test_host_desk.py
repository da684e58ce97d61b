"""A desk in this process: acts in the order of the source's clock, and what happens when something breaks."""

from __future__ import annotations

import errno

import pytest

from mmtui.core.errors import SourceError
from mmtui.core.events import Command, HostStarted, SourceEnded
from mmtui.host import latch
from mmtui.host.desk import QUIET_NS
from mmtui.host.life import unclosed
from mmtui.host.pace import Lag, Pace
from mmtui.link.messages import Cmd, Hello
from mmtui.tape import writer
from mmtui.tape.reader import TapeReader

WHO = Hello(protocol=1, role="operator", operator="op1", origin="local")
SECOND = 1_000_000_000


def run_for(desk, seconds):
    """Run the desk for so long on the source's clock."""
    until = desk.runner.now + int(seconds * SECOND)
    while desk.runner.now < until:
        if desk.slice() is None:
            return
        desk.after_slice()


def run_until(desk, seen, seconds=60.0):
    until = desk.runner.now + int(seconds * SECOND)
    while not seen():
        assert desk.runner.now < until, "not seen"
        desk.slice()
        desk.after_slice()


def end_source(desk):
    """The market stops after the event that comes next."""
    desk.source.events = iter([SourceEnded(desk.source.pending.ts, "test")])


def records(state, desk):
    return [event for _, event, _ in TapeReader(state / "sessions" / desk.session).records()]


def test_the_first_event_is_host_started_at_the_instant_of_the_market(open_synthetic, state):
    desk = open_synthetic()
    run_for(desk, 1)
    desk.stop("test")
    first, second, *_ = records(state, desk)
    assert isinstance(first, HostStarted)
    assert first.autostart
    assert first.ts == second.ts


def test_a_slice_without_budget_processes_one_event(open_synthetic):
    desk = open_synthetic()
    before = desk.runner.count
    assert desk.slice(0) == 0.0
    assert desk.runner.count == before + 1


def test_an_act_stands_between_what_was_processed_and_what_comes_next(open_synthetic, state):
    desk = open_synthetic(autostart=False)
    run_for(desk, 2)
    desk.command(Cmd(id="a", action="start"), WHO)
    run_for(desk, 2)
    desk.command(Cmd(id="b", action="skew", args={"bps": -1.0}), WHO)
    run_for(desk, 2)
    desk.stop("test")
    events = records(state, desk)
    assert [event.ts for event in events] == sorted(event.ts for event in events)
    acts = [event for event in events if isinstance(event, Command)]
    assert [(event.id, event.args) for event in acts] == [("a", "{}"), ("b", '{"bps":-1.0}')]
    assert [item.text for item in desk.outbox if item.kind == "result"]


def test_an_act_with_a_number_that_is_none_never_reaches_the_tape(open_synthetic, state):
    desk = open_synthetic()
    run_for(desk, 1)
    desk.command(Cmd(id="a", action="skew", args={"bps": float("nan")}), WHO)
    desk.stop("test")
    assert not [event for event in records(state, desk) if isinstance(event, Command)]
    assert not desk.outbox[-1].ok


def test_when_the_tape_breaks_quotes_stop_and_cancels_still_leave(open_synthetic, monkeypatch):
    desk = open_synthetic()
    run_until(desk, lambda: len(desk.engine.tracker.open) > 4)

    def full(event, effects):
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(desk.tape, "append", full)
    run_until(desk, lambda: desk.engine.lattice.desk.name == "PAUSED")
    run_until(desk, lambda: not desk.engine.tracker.open)
    assert any(item.code == "tape" and item.severity == "danger" for item in desk.outbox)
    desk.command(Cmd(id="again", action="start"), WHO)
    run_for(desk, 2)
    assert not [order for order in desk.engine.tracker.open.values() if order.live_ts]
    desk.command(Cmd(id="kill", action="kill"), WHO)
    run_until(desk, lambda: desk.engine.sweeper.proven())
    assert not desk.engine.tracker.open


def test_on_a_full_disk_the_reserve_is_not_spent_on_quotes(open_synthetic):
    desk = open_synthetic()
    run_until(desk, lambda: len(desk.engine.tracker.open) > 4)
    desk.tape.trouble = "the disk is full"
    run_until(desk, lambda: desk.engine.lattice.desk.name == "PAUSED" and not desk.engine.tracker.open)
    for action in ("start", "resume"):
        desk.command(Cmd(id=action, action=action), WHO)
        assert not desk.outbox[-1].ok and "the disk is full; make room" in desk.outbox[-1].text
    assert desk.engine.lattice.desk.name == "PAUSED"
    desk.command(Cmd(id="flatten", action="flatten"), WHO)
    assert any(item.command == "flatten" for item in desk.outbox)
    desk.command(Cmd(id="kill", action="kill"), WHO)
    run_until(desk, lambda: desk.engine.sweeper.proven())


def test_a_source_that_fails_is_an_end_that_is_said(open_synthetic):
    desk = open_synthetic()
    run_until(desk, lambda: len(desk.engine.tracker.open) > 4)

    def broken():
        raise ValueError("line 7 is nonsense")
        yield

    desk.source.events = broken()
    run_until(desk, lambda: desk.engine.ended)
    assert desk.engine.lattice.desk.name == "PAUSED"
    assert any("line 7 is nonsense" in item.text for item in desk.outbox)


def test_an_engine_fault_becomes_a_kill_and_the_host_lives(open_synthetic, monkeypatch):
    desk = open_synthetic()
    run_until(desk, lambda: len(desk.engine.tracker.open) > 4)
    process = desk.engine.process

    def faulty(event):
        if type(event).__name__ == "BookDelta":
            raise ZeroDivisionError("planted")
        return process(event)

    monkeypatch.setattr(desk.engine, "process", faulty)
    for _ in range(2000):
        if desk.slice() is None:
            break
    assert "planted" in desk.fault
    assert desk.engine.lattice.desk.name == "KILLED"
    assert any(item.code == "fault" for item in desk.outbox)
    assert desk.status()["state"] == "KILLED"


def test_after_the_source_its_clock_comes_to_rest_and_an_act_wakes_it(open_synthetic, state):
    desk = open_synthetic()
    run_until(desk, lambda: len(desk.engine.tracker.open) > 4)
    end_source(desk)
    while desk.slice() is not None:
        pass
    rested = desk.runner.now
    assert not desk.engine.tracker.open
    assert desk.slice() is None
    assert desk.runner.now == rested
    desk.command(Cmd(id="k", action="kill"), WHO)
    while desk.slice() is not None:
        pass
    assert desk.engine.sweeper.proven()
    assert rested < desk.runner.now < rested + 20 * QUIET_NS


def test_shutdown_is_verified_and_closes_the_tape(open_synthetic, state):
    desk = open_synthetic()
    run_until(desk, lambda: len(desk.engine.tracker.open) > 4)
    desk.command(Cmd(id="s", action="shutdown"), WHO)
    assert desk.stopping
    run_until(desk, lambda: desk.over)
    assert desk.stop("shutdown") is True
    reader = TapeReader(state / "sessions" / desk.session)
    assert reader.closed
    assert reader.state_hash == desk.engine.state_hash()
    assert unclosed("unit") is None


def test_a_crashed_session_is_found_and_goes_on_where_the_tape_ends(open_synthetic, state):
    desk = open_synthetic()
    run_until(desk, lambda: sum(account.fills for account in desk.engine.accounts) > 2, 600)
    desk.tape.flush()
    positions = [account.position for account in desk.engine.accounts]
    market = desk.runner.now
    desk.tape.abandon()
    assert unclosed("unit") is not None
    again = open_synthetic()
    assert again.session == desk.session
    assert [account.position for account in again.engine.accounts] == positions
    assert again.engine.lattice.desk.name == "PAUSED"
    run_until(again, lambda: not again.engine.reconcile.pending() and not again.engine.tracker.open, 600)
    assert again.source.pending.ts >= market
    run_for(again, 5)
    again.stop("test")
    events = records(state, again)
    trades = [(event.i, event.trade_id) for event in events if type(event).__name__ == "Trade"]
    assert len(set(trades)) == len(trades)
    assert [event.epoch for event in events if isinstance(event, HostStarted)] == [1, 2]


def test_a_tape_that_lost_records_brings_no_ledger_back(open_synthetic, state, monkeypatch):
    monkeypatch.setattr(writer, "TAIL_BYTES", 0)  # else the tail would have these records too
    desk = open_synthetic()
    run_for(desk, 60)
    desk.tape.flush()
    desk.tape.abandon()
    tape = state / "sessions" / desk.session / "tape"
    assert tape.stat().st_size > 100  # a chunk has been written
    tape.write_bytes(tape.read_bytes()[:-1])
    with pytest.raises(SourceError, match=r"damaged from record \d+ on, so the desk's positions are not known"):
        open_synthetic()


def test_a_demo_starts_anew_and_keeps_no_latch(open_synthetic):
    latch.save("unit", {"desk": "KILLED: before"})
    desk = open_synthetic(keep=False)
    assert desk.engine.lattice.desk.name == "RUNNING"
    desk.tape.abandon()
    assert open_synthetic(keep=False).session != desk.session


@pytest.mark.parametrize("text", ["", "{", "[]", '"x"'])
def test_a_latch_that_cannot_be_read_means_killed(state, text):
    latch.save("unit", {})
    (state / "desks" / "unit" / latch.FILE).write_text(text)
    assert latch.load("unit")["desk"].startswith("KILLED")


def test_latches_are_set_and_cleared_by_scope(state):
    found = latch.change({}, "desk", "KILLED", "why")
    found = latch.change(found, "instrument:a:B", "HALTED", "limit")
    latch.save("unit", found)
    assert latch.load("unit") == {"desk": "KILLED: why", "instrument:a:B": "HALTED: limit"}
    assert latch.change(found, "desk", "", "") == {"instrument:a:B": "HALTED: limit"}


def test_a_pace_maps_the_sources_clock_both_ways():
    pace = Pace(4.0)
    pace.anchor(1_000 * SECOND, 50 * SECOND)
    assert pace.now(51 * SECOND) == 1_004 * SECOND
    assert pace.seconds_until(1_008 * SECOND, 51 * SECOND) == 1.0
    assert pace.seconds_until(1_000 * SECOND, 51 * SECOND) == 0.0
    assert Pace(0.0).seconds_until(1 << 61, 0) == 0.0


def test_lag_says_what_share_of_events_stayed_within():
    lag = Lag()
    for k in range(1000):
        lag.add(k * 100_000)
    assert lag.quantile_ms(0.5) == 50.0
    assert lag.quantile_ms(0.999) == 99.9
    assert lag.recent_ms() == 99.9
    assert lag.recent_ms() == 0.0
    assert lag.body()["events"] == 1000
