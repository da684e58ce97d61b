"""A replay shows what the desk was, wherever one jumps."""

from __future__ import annotations

import time

import pytest

from mmtui.core.engine import Engine
from mmtui.core.events import Fill
from mmtui.host import replay as replay_module
from mmtui.host.replay import Replay, open_replay
from mmtui.link.messages import Cmd, Hello, Transport, View
from mmtui.tape.reader import TapeReader

WHO = Hello(protocol=1, role="operator", operator="op1", origin="local")
SECOND = 1_000_000_000


@pytest.fixture
def session(open_synthetic, state, monkeypatch):
    """A recorded session of 40 s with an act in the middle."""
    monkeypatch.setattr(replay_module, "CHECKPOINT", 500)
    desk = open_synthetic()
    begin = desk.runner.now
    while desk.runner.now < begin + 20 * SECOND:
        desk.slice()
    desk.command(Cmd(id="a", action="skew", args={"bps": -1.0}), WHO)
    while desk.runner.now < begin + 40 * SECOND:
        desk.slice()
    desk.stop("test")
    return state / "sessions" / desk.session


def settle(replay):
    """Run until a jump has arrived and the marks are read."""
    until = time.monotonic() + 30
    while replay.target is not None or replay._scan is not None:
        replay.slice()
        assert time.monotonic() < until


def hash_before(session, index):
    """State of an engine that has seen the records before `index`."""
    reader = TapeReader(session)
    engine = Engine(reader.header.setup)
    for number, event, _ in reader.records():
        if number >= index:
            break
        engine.process(event)
    return engine.state_hash()


def test_jumping_back_and_forth_gives_the_state_of_that_record(session):
    replay = Replay(TapeReader(session), 1.0)
    replay.transport(Transport(op="pause"))
    settle(replay)
    for index in (1800, 30, 1201, 1200, 0, 2500):
        replay.jump(index)
        settle(replay)
        assert replay.index == index
        assert replay._engine.state_hash() == hash_before(session, index)


def test_next_and_prev_go_from_fill_to_fill_and_to_the_key(session):
    reader = TapeReader(session)
    fills = [number for number, event, _ in reader.records() if isinstance(event, Fill)]
    replay = Replay(reader, 1.0)
    replay.transport(Transport(op="pause"))
    settle(replay)
    seen = []
    for _ in fills[:3]:
        replay.transport(Transport(op="next", kind="fill"))
        settle(replay)
        seen.append(replay.index - 1)
    assert seen == fills[:3]
    replay.transport(Transport(op="prev", kind="fill"))
    settle(replay)
    assert replay.index - 1 == fills[1]
    replay.transport(Transport(op="next", kind="key"))
    settle(replay)
    assert replay.last_key == "op1: skew -1"
    marks = replay.frame(View(), 0, []).replay.marks
    assert {mark.kind for mark in marks} >= {"key", "fill"}


def test_step_and_back_are_one_record_each(session):
    replay = Replay(TapeReader(session), 1.0)
    replay.transport(Transport(op="pause"))
    settle(replay)
    replay.jump(700)
    settle(replay)
    replay.transport(Transport(op="step"))
    settle(replay)
    assert replay.index == 701
    replay.transport(Transport(op="back"))
    settle(replay)
    assert replay.index == 700
    assert not replay.playing


def test_seek_shows_the_instant_that_was_asked_for(session):
    reader = TapeReader(session)
    replay = Replay(reader, 1.0)
    replay.transport(Transport(op="pause"))
    settle(replay)
    wanted = reader.start + 25 * SECOND
    replay.transport(Transport(op="seek", at=wanted))
    settle(replay)
    assert replay.index == reader.index_at(wanted + 1)
    assert replay.at == wanted
    replay.transport(Transport(op="seek", at=reader.end + SECOND))
    settle(replay)
    assert replay.at == reader.end


def test_it_plays_to_the_end_and_stands_there(session):
    reader = TapeReader(session)
    replay = Replay(reader, 10_000.0)
    until = time.monotonic() + 30
    while replay.playing:
        replay.slice()
        assert time.monotonic() < until
    assert replay.index == reader.count
    assert replay._engine.state_hash() == reader.state_hash
    assert replay.slice() is None or replay._scan is not None


def test_nothing_is_sent_from_a_replay(session):
    replay = Replay(TapeReader(session), 1.0)
    before = replay._engine.state_hash()
    replay.command(Cmd(id="x", action="kill"), WHO)
    assert replay.outbox[-1].text == "kill: replay: nothing is sent"
    assert not replay.outbox[-1].ok
    assert replay._engine.state_hash() == before
    assert replay.welcome("operator").mode == "REPLAY"


def test_a_session_that_is_not_there_is_a_sentence(state):
    with pytest.raises(Exception, match="no session"):
        open_replay("nothing", 1.0, None)
