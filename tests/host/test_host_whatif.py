"""A what-if beside a replay: the same desk twice, once with other parameters, told at the present instant."""

from __future__ import annotations

import time

import pytest

from mmtui.core.events import MARKET
from mmtui.host.replay import Replay
from mmtui.link.messages import Cmd, Hello, Transport, View
from mmtui.tape.reader import TapeReader
from mmtui.venues.paper_desk import PaperDesk

WHO = Hello(protocol=1, role="operator", operator="op1", origin="local")
SECOND = 1_000_000_000
USDM = "sim-usdm:BTCUSDT"


@pytest.fixture
def session(open_synthetic, state):
    """A recorded session of 12 s; the operator sets a parameter in the middle."""
    desk = open_synthetic()
    begin = desk.runner.now
    while desk.runner.now < begin + 6 * SECOND:
        desk.slice()
    desk.command(Cmd(id="a", action="set", args={"spread_bps": 7.0}, instrument=USDM), WHO)
    while desk.runner.now < begin + 12 * SECOND:
        desk.slice()
    desk.stop("test")
    return state / "sessions" / desk.session


def replay_with(session, **args):
    instrument = args.pop("instrument", "")
    replay = Replay(TapeReader(session), 1.0)
    replay.transport(Transport(op="pause"))
    replay.transport(Transport(op="whatif", args=args, instrument=instrument))
    until = time.monotonic() + 60
    while replay._whatif is not None and not replay._whatif.done:
        replay.slice()
        assert time.monotonic() < until
    return replay


def seen(replay):
    return replay.frame(View(fps=10.0, depth=20), 1, []).replay


def at(replay, ts):
    replay.transport(Transport(op="seek", at=ts))
    while replay.target is not None:
        replay.slice()
    return seen(replay).whatif


def quotes(view):
    return {run.name: {row.id: (row.bid, row.ask) for row in run.rows} for run in view.runs}


def test_both_runs_stand_beside_the_record_at_the_present_instant(session):
    replay = replay_with(session, spread_bps="12", instrument=USDM)
    end = replay.reader.end
    view = at(replay, end - SECOND)
    assert [run.name for run in view.runs] == ["recorded", "as it was", "what if"]
    assert view.what == f"spread_bps=12 on {USDM}" and view.progress == 1.0 and not view.wrong
    assert view.at <= end - SECOND
    said = quotes(view)
    assert said["as it was"] != said["what if"]
    assert said["as it was"][USDM] != said["what if"][USDM]
    early = at(replay, replay.reader.start + 3 * SECOND)
    assert early.at < view.at and early.runs[1] != view.runs[1]


def test_the_first_decision_that_differs_is_named_and_marked(session):
    replay = replay_with(session, spread_bps="12", instrument=USDM)
    view = seen(replay)
    assert replay.reader.start <= view.whatif.first <= replay.reader.end
    assert view.whatif.was.startswith(USDM) and view.whatif.then.startswith(USDM)
    assert view.whatif.was != view.whatif.then
    assert [(mark.ts, mark.kind) for mark in view.marks if mark.kind == "whatif"] == [(view.whatif.first, "whatif")]


def test_the_same_parameters_change_nothing(session):
    replay = replay_with(session, cooldown_ms="0")
    view = seen(replay).whatif
    was, then = view.runs[1], view.runs[2]
    assert view.first == 0 and was.rows == then.rows and was.pnl == then.pnl


def test_a_recorded_change_does_not_take_the_what_if_back(session):
    replay = replay_with(session, spread_bps="12", instrument=USDM)
    then = replay._whatif._then.desk.engine
    i = then.setup.index(USDM)
    assert then.quoters[i].params.spread_bps == 12.0
    was = replay._whatif._was.desk.engine
    assert was.quoters[i].params.spread_bps == 7.0


def test_as_it_was_is_the_desk_again_on_paper(session):
    """Its figures are those of a desk that is fed the same market and acts by hand."""
    replay = replay_with(session, spread_bps="12", instrument=USDM)
    reader = TapeReader(session)
    desk = PaperDesk(reader.header.setup, "pessimistic", lambda event, effects: None)
    desk.start(reader.start)
    for _, event, _ in reader.records():
        if isinstance(event, MARKET):
            desk.runner.feed(event)
        elif getattr(event, "action", "") == "set":
            desk.runner.command(event)
    assert replay._whatif._was.desk.engine.state_hash() == desk.engine.state_hash()


def test_a_parameter_that_cannot_be_is_one_sentence(session):
    replay = replay_with(session, sprad_bps="12")
    assert "no quoting parameter 'sprad_bps'" in seen(replay).whatif.wrong
    replay.transport(Transport(op="whatif", args={"spread_bps": "1"}, instrument="no:such"))
    assert seen(replay).whatif.wrong == "no instrument 'no:such' in this session"
    replay.transport(Transport(op="whatif"))
    assert seen(replay).whatif is None


def test_the_replay_itself_is_not_touched(session):
    plain = Replay(TapeReader(session), 1.0)
    plain.jump(TapeReader(session).count)
    while plain.target is not None:
        plain.slice()
    beside = replay_with(session, spread_bps="12")
    at(beside, beside.reader.end)
    assert beside._engine.state_hash() == plain._engine.state_hash()
