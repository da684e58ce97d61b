"""`mmtui sessions`, `mmtui import` and `mmtui audit verify`."""

from __future__ import annotations

import argparse
import importlib.util
import json
from pathlib import Path

import pytest

from mmtui.core.errors import UserError
from mmtui.core.events import MARKET, HostStarted, HostStopped
from mmtui.review import audit, importer, sessions
from mmtui.review.verify import verify
from mmtui.tape.journal import NAME, SideJournal
from mmtui.tape.reader import TapeReader


def helper(name, path):
    spec = importlib.util.spec_from_file_location(name, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


made = helper("sessions_made", Path(__file__).with_name("sessions_made.py"))
captures = helper("captures_made", Path(__file__).parents[1] / "venues" / "captures_made.py")


@pytest.fixture
def state(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    folder = tmp_path / "state" / "mmtui" / "sessions"
    folder.mkdir(parents=True)
    return folder


def listed(capsys):
    assert sessions.run(argparse.Namespace(json=True)) == 0
    return {row["session"]: row for row in json.loads(capsys.readouterr().out)}


def test_sessions_are_listed_with_what_became_of_them(state, capsys):
    made.record(state / "one", seconds=3)
    made.record(state / "two", seconds=3, close=False)
    (state / "one" / "result.json").write_text('{"pnl_total": {"ccy": "USDT", "total": -12.5}}')
    (state / "broken").mkdir()
    rows = listed(capsys)
    assert [rows[name]["state"] for name in ("one", "two", "broken")] == ["closed", "crashed", "unreadable"]
    one = rows["one"]
    assert (one["desk"], one["mode"], one["source"]) == ("made", "paper", "synthetic")
    assert one["records"] == TapeReader(state / "one").count
    assert 2.9 < one["length_s"] <= 3
    assert one["pnl"] == {"ccy": "USDT", "total": -12.5}
    assert rows["broken"]["damage"]
    assert sessions.run(argparse.Namespace(json=False)) == 0
    text = capsys.readouterr().out
    assert "-12.50 USDT" in text
    assert "crashed" in text
    assert "damage: " in text


def test_no_session_yet_says_how_to_make_one(state, capsys):
    assert sessions.run(argparse.Namespace(json=False)) == 0
    assert "mmtui demo" in capsys.readouterr().out


def test_a_session_is_found_by_name_and_by_path(state):
    made.record(state / "one", seconds=1)
    assert sessions.find_session("one") == sessions.find_session(str(state / "one")) == state / "one"


def capture(path):
    file = captures.Made().snapshot(10).depth(9, 11, 8, b=[("100.0", "4")]).ticker(12)
    for number in range(30):
        file.trade(number).depth(12 + number, 12 + number, 11 + number, a=[("101.0", str(number + 1))])
    return file.raw(b"garbage").write(path)


def bring(capsys, out, *files):
    args = argparse.Namespace(source=[str(file) for file in files], out=str(out), json=True)
    assert importer.run(args) == 0
    return json.loads(capsys.readouterr().out)


def test_a_capture_becomes_a_session_of_market_events_that_verifies(state, tmp_path, capsys):
    result = bring(capsys, "brought", capture(tmp_path / "made.txt"))
    assert result["session"] == "brought"
    events = [event for _, event, _ in TapeReader(state / "brought").records()]
    assert isinstance(events[0], HostStarted) and not events[0].autostart
    assert isinstance(events[-1], HostStopped)
    assert all(isinstance(event, MARKET) for event in events[1:-1])
    assert len(events) == result["events"] + 2 > 60
    assert result["instruments"]["binance-usdm:BTCUSDT"]["gaps"] == 0
    assert verify(state / "brought")["equal"]


def test_import_to_a_path_and_only_to_a_new_one(state, tmp_path, capsys):
    file = capture(tmp_path / "made.txt")
    assert bring(capsys, tmp_path / "there", file)["session"] == str(tmp_path / "there")
    with pytest.raises(UserError, match="is there already; --out names a new session"):
        bring(capsys, tmp_path / "there", file)
    with pytest.raises(UserError, match="only capture files can be imported"):
        bring(capsys, tmp_path / "again", tmp_path / "there")
    with pytest.raises(UserError):
        bring(capsys, tmp_path / "again", tmp_path / "missing.gz")
    assert not (tmp_path / "again").exists()


def test_the_roots_of_all_chains_are_those_that_verify_finds(state, capsys, monkeypatch):
    made.record(state / "one", seconds=3)
    monkeypatch.setattr(audit, "sessions_dir", lambda: state)
    assert audit.run(argparse.Namespace(session=None, verify="roots", json=True)) == 0
    rows = {row["session"]: row for row in json.loads(capsys.readouterr().out)}
    one = audit.audit(state / "one")
    assert rows["one"]["chain"] == one["chain"] and rows["one"]["records"] == one["records"]
    assert audit.run(argparse.Namespace(session=None, verify="roots", json=False)) == 0
    assert one["chain"] in capsys.readouterr().out
    for wrong in ({"session": None, "verify": "verify"}, {"session": "one", "verify": "roots"}):
        with pytest.raises(UserError):
            audit.run(argparse.Namespace(json=False, **wrong))


def audited(capsys, directory):
    code = audit.run(argparse.Namespace(session=str(directory), verify="verify", json=True))
    return code, json.loads(capsys.readouterr().out)


def test_an_untouched_session_passes_the_audit(state, capsys):
    made.record(state / "one", seconds=3)
    journal = SideJournal(state / "one")
    journal.write("attach", at=5)
    journal.close()
    code, result = audited(capsys, state / "one")
    assert (code, result["ok"], result["closed"], result["journal"]) == (0, True, True, 1)
    assert audit.run(argparse.Namespace(session=str(state / "one"), verify="verify", json=False)) == 0
    assert "whole, closed" in capsys.readouterr().out


@pytest.mark.parametrize("file", ["tape", "end.json", NAME])
def test_what_was_changed_afterwards_fails_the_audit(state, capsys, file):
    made.record(state / "one", seconds=3)
    journal = SideJournal(state / "one")
    journal.write("attach", at=5)
    journal.close()
    path = state / "one" / file
    data = bytearray(path.read_bytes())
    place = data.index(b'"chain":"') + 9 if file == "end.json" else len(data) // 2
    data[place] = ord("0") if data[place] != ord("0") else ord("1")
    path.write_bytes(data)
    code, result = audited(capsys, state / "one")
    assert (code, result["ok"]) == (1, False)
    assert result["problems"]


def test_a_torn_tail_is_a_problem_that_is_named(state, capsys):
    made.record(state / "one", seconds=2, close=False)
    with open(state / "one" / "tail", "r+b") as tail:
        tail.truncate(tail.seek(0, 2) - 1)
    code, result = audited(capsys, state / "one")
    assert code == 1
    assert result["problems"][0].startswith("one: tail: cut after record ")
    assert audit.run(argparse.Namespace(session=str(state / "one"), verify="verify", json=False)) == 1
    assert "NOT whole" in capsys.readouterr().out
