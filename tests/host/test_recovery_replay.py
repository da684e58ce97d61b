"""A replay that jumps by the session's checkpoints shows what one that has played every record shows."""

from __future__ import annotations

import os
import random
import time

import pytest

from mmtui.host import replay as replay_module
from mmtui.host.replay import Replay
from mmtui.host.snapshot import Snapshots, pack_shown
from mmtui.link.messages import Cmd, Hello, Transport
from mmtui.tape import checkpoint
from mmtui.tape.checkpoint import NAME
from mmtui.tape.reader import TapeReader

WHO = Hello(protocol=1, role="operator", operator="op1", origin="local")
SECOND = 1_000_000_000


@pytest.fixture
def session(open_synthetic, state, monkeypatch):
    """60 s with four acts, a checkpoint every 800 records."""
    monkeypatch.setattr(checkpoint, "WORTH", 100)
    monkeypatch.setattr(checkpoint, "SHARE", 10_000)
    monkeypatch.setattr(checkpoint, "RECORDS", 800)
    monkeypatch.setattr(replay_module, "ROLL", 100)
    desk = open_synthetic()
    snapshots = Snapshots(desk)
    begin = desk.runner.now
    for number in range(1, 6):
        while desk.runner.now < begin + 12 * number * SECOND:
            desk.slice(0)  # one event
            snapshots.look()
            while snapshots.child:
                snapshots._reap(os.WNOHANG)
        desk.command(Cmd(id=f"k{number}", action="skew", args={"bps": -0.5}), WHO)
    desk.stop("test")
    snapshots.finish()
    return state / "sessions" / desk.session


def opened(session, index):
    """A replay that has gone to record `index`, and how many records it processed for that."""
    replay = Replay(TapeReader(session), 1.0)
    replay.transport(Transport(op="pause"))
    replay._scan = None
    replay.jump(index)
    begun = replay.index
    until = time.monotonic() + 30
    while replay.target is not None:
        replay.slice()
        assert time.monotonic() < until
    return replay, index - begun


def test_any_instant_opens_from_the_nearest_checkpoint(session):
    count = TapeReader(session).count
    dice = random.Random(2)
    places = [dice.randrange(count) for _ in range(6)] + [count]
    seen = {}
    for index in places:
        replay, rolled = opened(session, index)
        assert rolled <= 1_000
        seen[index] = (replay._engine.state_hash(), pack_shown(replay._frames), replay.at, replay.last_key)
    (session / NAME).unlink()
    for index in places:
        replay, rolled = opened(session, index)
        assert rolled == index
        assert seen[index] == (replay._engine.state_hash(), pack_shown(replay._frames), replay.at, replay.last_key)


def test_jumps_go_through_states_of_the_disk_and_of_this_replay(session, monkeypatch):
    monkeypatch.setattr(replay_module, "CHECKPOINT", 300)
    count = TapeReader(session).count
    replay, _ = opened(session, 0)
    for index in (count - 5, 1_000, 1_001, 1_900, 40, count):
        replay.jump(index)
        while replay.target is not None:
            replay.slice()
        assert replay.index == index
        assert replay._engine.state_hash() == opened(session, index)[0]._engine.state_hash()


def test_checkpoints_that_are_no_use_are_passed_over(session):
    count = TapeReader(session).count
    replay, _ = opened(session, count)
    data = bytearray((session / NAME).read_bytes())
    for place in range(200, len(data), 997):
        data[place] ^= 1
    (session / NAME).write_bytes(data)
    again, _ = opened(session, count)
    assert again._engine.state_hash() == replay._engine.state_hash()
