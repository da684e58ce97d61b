"""Sessions that were not recorded live are exported, replayed and opened from checkpoints like any other."""

from __future__ import annotations

import csv
import importlib.util
import json
from pathlib import Path

import pytest

from mmtui.cli import main
from mmtui.core.engine import Engine
from mmtui.tape import checkpoint
from mmtui.tape.checkpoint import Checkpoints
from mmtui.tape.reader import TapeReader
from mmtui.tape.recovery import recover

_SPEC = importlib.util.spec_from_file_location(
    "captures_made", Path(__file__).parents[1] / "venues" / "captures_made.py"
)
captures = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(captures)


@pytest.fixture
def sessions(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setattr(checkpoint, "LOOK", 10)
    monkeypatch.setattr(checkpoint, "WORTH", 50)
    monkeypatch.setattr(checkpoint, "SHARE", 10**9)
    monkeypatch.setattr(checkpoint, "RECORDS", 50)
    folder = tmp_path / "state" / "mmtui" / "sessions"
    folder.mkdir(parents=True)
    return folder


@pytest.fixture
def capture(tmp_path):
    file = captures.Made().snapshot(10).depth(9, 11, 8, b=[("100.0", "4")]).ticker(12)
    for number in range(200):
        size = str(number % 5 + 1)
        file.trade(number).depth(12 + number, 12 + number, 11 + number, a=[("101.0", size)], b=[("99.5", size)])
    return file.write(tmp_path / "made.txt")


def rows(path):
    with open(path, newline="") as file:
        return list(csv.DictReader(file))


def states(folder):
    return [one.place.number for one in Checkpoints(folder, TapeReader(folder).header)]


def replayed(folder):
    reader = TapeReader(folder)
    engine = Engine(reader.header.setup)
    for _, event, _ in reader.records():
        engine.process(event)
    return engine.state_hash()


def test_an_imported_session_exports_verifies_and_has_checkpoints(sessions, capture, tmp_path, capsys):
    assert main(["import", str(capture), "--out", "brought"]) == 0
    assert main(["export", "brought", "--format", "csv", "--out", str(tmp_path / "out")]) == 0
    assert len(rows(tmp_path / "out" / "trades.csv")) == 200
    assert not rows(tmp_path / "out" / "fills.csv")
    book = rows(tmp_path / "out" / "book.csv")
    assert {row["price"] for row in book if row["kind"] == "delta"} == {"100", "101", "99.5"}
    numbers = states(sessions / "brought")
    assert len(numbers) > 3 and numbers[-1] == TapeReader(sessions / "brought").count
    found = recover(sessions / "brought")
    assert found.began == numbers[-1] and found.engine.state_hash() == replayed(sessions / "brought")
    capsys.readouterr()
    assert main(["replay", "brought", "--verify"]) == 0
    assert json.loads(capsys.readouterr().out)["equal"]


def test_a_what_if_is_run_again_from_its_sources_and_then_exported(sessions, tmp_path, capsys):
    assert main(["whatif", "synthetic:calm:7", "--seconds", "20", "--model", "pessimistic", "--out", "run"]) == 0
    capsys.readouterr()
    assert main(["export", "run", "--format", "csv", "--out", str(tmp_path / "out")]) == 0
    said = capsys.readouterr()
    assert "again from its sources" in said.err
    assert rows(tmp_path / "out" / "orders.csv") and rows(tmp_path / "out" / "book.csv")
    again = sessions / "run" / "replay"
    assert states(again)[-1] == TapeReader(again).count
    assert recover(again).engine.state_hash() == replayed(again)


def test_a_what_if_whose_source_has_gone_is_a_sentence(sessions, capture, tmp_path, capsys):
    assert main(["whatif", str(capture), "--model", "pessimistic", "--out", "run"]) == 0
    capture.unlink()
    capsys.readouterr()
    assert main(["export", "run", "--format", "csv", "--out", str(tmp_path / "out")]) in (2, 3)
    said = capsys.readouterr()
    assert "Traceback" not in said.err and capture.name in said.err
    assert not (tmp_path / "out").exists()


def test_a_session_that_is_not_there_is_a_sentence(sessions, tmp_path, capsys):
    assert main(["export", "nothing", "--format", "csv", "--out", str(tmp_path / "out")]) == 3
    assert capsys.readouterr().err.count("\n") == 1
