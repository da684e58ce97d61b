"""A desk that comes back from its checkpoints is the desk that comes back from its first record."""

from __future__ import annotations

import os
import signal
import time
from itertools import pairwise

import pytest

from mmtui.core.engine import Engine
from mmtui.core.events import MARKET
from mmtui.host import snapshot
from mmtui.host.frames import FrameBuilder
from mmtui.host.snapshot import Snapshots, follow, pack_shown, restored
from mmtui.link.messages import Cmd, Hello
from mmtui.tape import checkpoint
from mmtui.tape.checkpoint import INDEX, NAME, Checkpoints
from mmtui.tape.reader import TapeReader
from mmtui.tape.recovery import recover

WHO = Hello(protocol=1, role="operator", operator="op1", origin="local")
SECOND = 1_000_000_000


@pytest.fixture(autouse=True)
def often(monkeypatch):
    """Checkpoints every 1,000 records."""
    monkeypatch.setattr(checkpoint, "WORTH", 100)
    monkeypatch.setattr(checkpoint, "SHARE", 10_000)
    monkeypatch.setattr(checkpoint, "RECORDS", 1_000)
    monkeypatch.setattr(snapshot, "BUSY_RECORDS", 2_000)


def run_for(desk, seconds, snapshots=None):
    until = desk.runner.now + int(seconds * SECOND)
    while desk.runner.now < until:
        desk.slice()
        desk.after_slice()
        if snapshots is not None:
            snapshots.look()


def ended(snapshots):
    until = time.monotonic() + 20
    while snapshots.child:
        snapshots._reap(os.WNOHANG)
        assert time.monotonic() < until


def states(state, desk):
    path = state / "sessions" / desk.session
    return Checkpoints(path, TapeReader(path).header)


def replayed(state, desk, count):
    """Engine and entries of a replay of `count` records from the first one."""
    reader = TapeReader(state / "sessions" / desk.session)
    engine = Engine(reader.header.setup)
    frames = FrameBuilder(engine)
    see = follow(frames)
    market = 0
    for index, event, effects in reader.records():
        if index == count:
            break
        engine.process(event)
        see(event, effects)
        market += isinstance(event, MARKET)
    return engine, frames, market


def test_a_child_writes_what_the_desk_is(open_synthetic, state):
    desk = open_synthetic()
    snapshots = Snapshots(desk)
    run_for(desk, 20)
    desk.command(Cmd(id="a", action="skew", args={"bps": -1.0}), WHO)
    snapshots.look()
    assert snapshots.child
    ended(snapshots)
    (one,) = states(state, desk)
    loaded = states(state, desk).load(10**9)
    desk.tape.flush()
    engine, frames, market = replayed(state, desk, one.place.number)
    assert loaded.engine.state_hash() == engine.state_hash()
    assert (loaded.place.market, loaded.place.epoch, loaded.place.ts) == (market, 1, engine.ts)
    assert pack_shown(restored(loaded.engine, loaded.extra)) == pack_shown(frames)
    desk.stop("test")


def test_there_is_one_child_at_a_time_and_none_is_left(open_synthetic, state, monkeypatch):
    children = []
    fork = os.fork

    def forked():
        pid = fork()
        if pid:
            children.append(pid)
        return pid

    monkeypatch.setattr(os, "fork", forked)
    desk = open_synthetic()
    snapshots = Snapshots(desk)
    run_for(desk, 30)
    snapshots.look()
    child = snapshots.child
    run_for(desk, 30)
    os.kill(child, 0)
    ended(snapshots)
    run_for(desk, 60, snapshots)
    desk.stop("test")
    snapshots.finish()
    assert not snapshots.child
    assert len(children) > 2
    for pid in children:  # every one was reaped
        with pytest.raises(ChildProcessError):
            os.waitpid(pid, os.WNOHANG)
    numbers = [one.place.number for one in states(state, desk)]
    assert numbers[-1] == desk.tape.count
    assert len(numbers) > 2 and all(b - a >= 1_000 for a, b in pairwise(numbers[:-1]))


def test_a_child_that_is_killed_costs_nothing_but_its_checkpoint(open_synthetic, state, capfd):
    desk = open_synthetic()
    snapshots = Snapshots(desk)
    run_for(desk, 20)
    snapshots._writer.write = lambda *args: time.sleep(60)
    snapshots.look()
    os.kill(snapshots.child, signal.SIGKILL)
    ended(snapshots)
    assert "checkpoint could not be written" in capfd.readouterr().err
    del snapshots._writer.write
    run_for(desk, 20)
    snapshots.look()
    ended(snapshots)
    assert len(list(states(state, desk))) == 1
    desk.stop("test")


def test_a_child_that_hangs_is_ended_with_the_desk(open_synthetic, state, monkeypatch):
    monkeypatch.setattr(snapshot, "WAIT_S", 0.1)
    desk = open_synthetic()
    snapshots = Snapshots(desk)
    run_for(desk, 20)
    write = snapshots._writer.write
    snapshots._writer.write = lambda *args: time.sleep(60)
    snapshots.look()
    snapshots._writer.write = write
    desk.stop("test")
    snapshots.finish()
    assert not snapshots.child
    assert [one.place.number for one in states(state, desk)] == [desk.tape.count]


def test_a_desk_that_is_never_quiet_pays_for_the_fork_in_the_end(open_synthetic, state):
    desk = open_synthetic()
    snapshots = Snapshots(desk)
    while desk.tape.count < 1_900:
        desk.slice(0)
        snapshots.look(busy=True)
    assert not snapshots.child
    while desk.tape.count < 2_000:
        desk.slice(0)
    snapshots.look(busy=True)
    assert snapshots.child
    ended(snapshots)
    desk.stop("test")


def test_a_crashed_desk_comes_back_from_its_last_checkpoint(open_synthetic, state):
    desk = open_synthetic()
    snapshots = Snapshots(desk)
    run_for(desk, 60, snapshots)
    ended(snapshots)
    desk.command(Cmd(id="a", action="skew", args={"bps": -1.0}), WHO)
    run_for(desk, 3)
    desk.tape.flush()
    before, count = desk.engine.state_hash(), desk.tape.count
    shown = pack_shown(desk.frames)
    source = desk.source.pending
    kept = [*states(state, desk)]
    desk.tape.abandon()

    found = recover(state / "sessions" / desk.session)
    assert 0 < found.began == kept[-1].place.number
    assert (found.records, found.engine.state_hash()) == (count, before)

    again = open_synthetic()
    assert again.source.pending == source
    assert again.tape.count >= count
    assert pack_shown(again.frames)[:1] == shown[:1] and again.frames.n > 0
    earlier = [item for item in again.frames.snapshot().items if item.n <= desk.frames.n]
    assert earlier[-1].text == desk.frames.snapshot().items[-1].text
    snapshots = Snapshots(again)
    run_for(again, 20, snapshots)
    again.stop("test")
    snapshots.finish()
    engine, frames, market = replayed(state, again, again.tape.count)
    last = states(state, again).load(10**9)
    assert last.place == (again.tape.count, engine.ts, market, 2)
    assert last.engine.state_hash() == engine.state_hash()
    assert last.extra == pack_shown(frames)


def test_a_checkpoint_of_records_that_the_crash_took_is_cut(open_synthetic, state):
    desk = open_synthetic()
    run_for(desk, 20)
    desk.tape.flush()
    snapshots = Snapshots(desk)
    snapshots.look()
    ended(snapshots)
    kept = [one.place.number for one in states(state, desk)]
    desk.tape.abandon()
    path = state / "sessions" / desk.session
    tail = path / "tail"
    os.truncate(tail, tail.stat().st_size - 400)  # a loss of power
    assert recover(path).records < kept[-1]
    again = open_synthetic()
    assert not list(states(state, again))
    again.stop("test")
    assert (path / INDEX).stat().st_size == 0


def test_a_desk_with_a_fault_keeps_no_state(open_synthetic, state):
    desk = open_synthetic()
    snapshots = Snapshots(desk)
    run_for(desk, 20)
    desk.fault = "broken"
    snapshots.look()
    assert not snapshots.child
    desk.stop("test")
    snapshots.finish()
    assert not list(states(state, desk))


def test_a_fault_of_checkpoints_is_no_fault_of_the_desk(open_synthetic, state, capfd):
    desk = open_synthetic()
    snapshots = Snapshots(desk)
    run_for(desk, 20)
    snapshots.look()
    while snapshots.child:
        (state / "sessions" / desk.session / NAME).unlink(missing_ok=True)
        snapshots.look()
    run_for(desk, 20, snapshots)
    assert not desk.fault
    desk.stop("test")
    snapshots.finish()
