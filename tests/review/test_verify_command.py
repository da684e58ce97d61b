"""`mmtui replay --verify`: equal means equal, and a difference is named."""

from __future__ import annotations

import argparse
import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from mmtui.core.effects import Alert, PlaceOrder
from mmtui.core.errors import UserError
from mmtui.core.events import Fill
from mmtui.review import verify
from mmtui.tape import writer as writing
from mmtui.tape.format import Header
from mmtui.tape.reader import TapeReader
from mmtui.tape.writer import TapeWriter

_spec = importlib.util.spec_from_file_location("sessions_made", Path(__file__).with_name("sessions_made.py"))
made = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(made)


@pytest.fixture(scope="module")
def session(tmp_path_factory):
    directory = tmp_path_factory.mktemp("verify") / "s"
    made.record(directory)
    return directory


def rewritten(source, target, change, state_hash=None):
    """The session again with `change(index, event, effects) -> (event, effects)` applied to every record."""
    reader = TapeReader(source)
    tape = TapeWriter(target, Header(**msgspec.structs.asdict(reader.header)))
    for record in reader.records():
        tape.append(*change(*record))
    tape.close(state_hash or reader.state_hash)
    return target


def test_a_recorded_session_is_made_again_equally(session, capsys):
    assert verify.run(argparse.Namespace(session=str(session))) == 0
    out = capsys.readouterr()
    result = json.loads(out.out)
    assert out.err == ""
    assert result["equal"] is True
    assert result["first_difference"] is None
    assert result["hash"] == result["recorded_hash"]
    assert result["records"] == TapeReader(session).count > 1000
    orders = [e for _, _, effects in TapeReader(session).records() for e in effects if isinstance(e, PlaceOrder)]
    assert orders  # the desk did quote: there was something to compare


def test_other_processes_with_other_hash_seeds_make_the_same(session):
    code = "import sys, pathlib; from mmtui.review.verify import verify; print(verify(pathlib.Path(sys.argv[1])))"
    results = {
        subprocess.run(
            [sys.executable, "-c", code, str(session)],
            env={**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": os.pathsep.join(sys.path)},
            capture_output=True, text=True, check=True,
        ).stdout
        for seed in ("1", "77")
    }  # fmt: skip
    assert len(results) == 1
    assert "'equal': True" in results.pop()


def test_a_changed_effect_is_found_and_named(session, tmp_path, capsys):
    places = [n for n, _, effects in TapeReader(session).records() if any(isinstance(e, PlaceOrder) for e in effects)]
    chosen = places[3]

    def change(index, event, effects):
        if index == chosen:
            effects = [msgspec.structs.replace(e, px=e.px + 1) if isinstance(e, PlaceOrder) else e for e in effects]
        return event, effects

    directory = rewritten(session, tmp_path / "s", change)
    assert verify.run(argparse.Namespace(session=str(directory))) == 1
    out = capsys.readouterr()
    first = json.loads(out.out)["first_difference"]
    assert (first["index"], first["why"]) == (chosen, "effects")
    assert first["recorded"] != first["made"]
    assert f"record {chosen} " in out.err


def test_a_changed_event_shows_in_what_follows(session, tmp_path):
    def change(index, event, effects):
        if isinstance(event, Fill):
            event = msgspec.structs.replace(event, sz=event.sz + 1)
        return event, effects

    reader = TapeReader(session)
    if not any(isinstance(event, Fill) for _, event, _ in reader.records()):
        pytest.fail("the session has no fill: the test says nothing")
    assert not verify.verify(rewritten(session, tmp_path / "s", change))["equal"]


def test_another_state_hash_is_a_difference(session, tmp_path):
    result = verify.verify(rewritten(session, tmp_path / "s", lambda n, event, effects: (event, effects), "beef"))
    assert (result["equal"], result["differences"]) == (False, 0)
    assert result["first_difference"]["why"] == "state hash"


def test_a_session_of_a_host_that_died_verifies_up_to_its_end(tmp_path):
    made.record(tmp_path / "s", seconds=5, close=False)
    result = verify.verify(tmp_path / "s")
    assert (result["equal"], result["recorded_hash"]) == (True, None)
    with open(tmp_path / "s" / "tail", "r+b") as tail:
        tail.truncate(tail.seek(0, 2) - 3)
    result = verify.verify(tmp_path / "s")
    assert result["equal"]
    assert "cut after record" in result["damage"][0]


def test_lost_records_are_a_difference(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(writing, "CHUNK_BYTES", 4000)
    made.record(tmp_path / "s", seconds=5)
    chunk = TapeReader(tmp_path / "s").chunks[2]
    with open(tmp_path / "s" / "tape", "r+b") as tape:
        tape.seek(chunk.end - 4)
        tape.write(b"\0\0\0\0")
    assert verify.run(argparse.Namespace(session=str(tmp_path / "s"))) == 1
    out = capsys.readouterr()
    first = json.loads(out.out)["first_difference"]
    assert first["why"] == f"records {chunk.first} to {chunk.first + chunk.records - 1} are lost"
    assert "chunk 2 is damaged" in out.err


def test_an_engine_that_fails_on_a_record_is_a_difference():
    class Machine:
        def process(self, event):
            raise ZeroDivisionError("no")

    class Reader:
        def records(self):
            yield 0, Fill(5, 5, 0, 1, "p", 1, 1, 1, True, "0", "B"), [Alert("info", "fill", "x")]

    _, differences, first = verify.compare(Reader(), Machine())
    assert (differences, first["why"]) == (1, "the engine failed: ZeroDivisionError: no")


def test_no_such_session_is_one_sentence(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    with pytest.raises(UserError, match="nowhere: there is no such session"):
        verify.run(argparse.Namespace(session="nowhere"))
