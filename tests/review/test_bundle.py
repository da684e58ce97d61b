"""`mmtui bundle`: a part that opens by itself, is proved like a session, and never carries a secret."""

from __future__ import annotations

import argparse
import importlib.util
import json
import zipfile
from pathlib import Path

import pytest

from mmtui.cli import main
from mmtui.core.errors import SourceError, UserError
from mmtui.core.events import Command, Fill, HostStarted
from mmtui.host.replay import open_replay
from mmtui.review import bundle, bundle_file
from mmtui.review.book import books_at
from mmtui.review.inputs import open_inputs
from mmtui.review.sessions import find_session
from mmtui.review.verify import verify
from mmtui.tape.journal import SideJournal, read_journal
from mmtui.tape.reader import TapeReader

_spec = importlib.util.spec_from_file_location("sessions_made", Path(__file__).with_name("sessions_made.py"))
made = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(made)

SECOND = 10**9
MIDDLE = made.START + 10 * SECOND
CANARY = "c4nary-of-the-desk-7f3a"


@pytest.fixture(scope="module")
def session(tmp_path_factory):
    directory = tmp_path_factory.mktemp("bundle") / "shift"
    made.record(directory)
    journal = SideJournal(directory)
    for at in (1, 9, 19):
        journal.write("attach", ts=made.START + at * SECOND, operator=f"op{at}")
    journal.close()
    return directory


@pytest.fixture
def state(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    return tmp_path


def bundled(session, folder, around=MIDDLE, minutes=5 / 60):
    out = folder / "b.zip"
    result = bundle.make(session, str(around), minutes, out)
    return out, result


def test_another_person_opens_and_proves_the_part(session, state, capsys):
    out, result = bundled(session, state)
    assert main(["replay", str(out), "--verify"]) == 0
    proof = json.loads(capsys.readouterr().out)
    assert proof["equal"] is True
    assert proof["records"] == result["records"] > 100
    assert proof["hash"] == proof["recorded_hash"]
    whole = TapeReader(session)
    part = TapeReader(find_session(str(out)))
    first = int(part.header.source["first"])
    assert first == whole.index_at(MIDDLE - 5 * SECOND) > 0
    assert [record[1:] for record in part.records()] == [
        record[1:] for record in whole.records() if first <= record[0] < first + part.count
    ]
    assert not any(isinstance(event, HostStarted) for _, event, _ in part.records())


def test_the_replay_of_a_bundle_stands_where_the_session_stood(session, state):
    out, _ = bundled(session, state)
    part = find_session(str(out))
    replay = open_replay(str(part), 1.0, None)
    replay.jump(TapeReader(part).count)
    while replay.target is not None:
        replay.slice()
    first = int(TapeReader(part).header.source["first"])
    whole = open_replay(str(session), 1.0, None)
    whole.jump(first + TapeReader(part).count)
    while whole.target is not None:
        whole.slice()
    assert replay._engine.state_hash() == whole._engine.state_hash()


def test_a_changed_effect_in_a_bundle_is_found(session, state, tmp_path):
    out, _ = bundled(session, state)
    copy = tmp_path / "changed.zip"
    with zipfile.ZipFile(out) as old, zipfile.ZipFile(copy, "w") as new:
        for info in old.infolist():
            data = old.read(info)
            new.writestr(info.filename, data[:-1] + bytes([data[-1] ^ 1]) if info.filename == "session/tape" else data)
    with pytest.raises(SourceError, match="session/tape is not the one that the manifest names"):
        find_session(str(copy))


def test_the_summary_tells_the_desk_at_the_instant(session, state):
    out, result = bundled(session, state, MIDDLE + SECOND)
    with zipfile.ZipFile(out) as file:
        text = file.read("summary.md").decode()
        manifest = json.loads(file.read("manifest.json"))
    records = list(TapeReader(session).records(manifest["first"]))[: result["records"]]
    fills = sum(isinstance(event, Fill) for _, event, _ in records)
    assert f"## Fills ({fills:,})" in text
    assert sum(isinstance(event, Command) for _, event, _ in records) == 1
    assert "ann (operator, ctl) | spread" in text
    assert "| desk" in text and "RUNNING" in text
    assert "half-spread" in text or "spread" in text.split("### Why")[1]
    assert "the engine makes every effect again" in text
    assert manifest["mmtui"]["bundled"] and manifest["chunks_of_the_session"] and manifest["effects_made_again"]


def test_the_side_journal_of_that_time_travels_and_no_other(session, state):
    out, _ = bundled(session, state)
    assert [line["operator"] for line in read_journal(find_session(str(out)))] == ["op9"]


def test_no_canary_of_this_user_is_in_any_member(session, state, monkeypatch):
    monkeypatch.setenv("DESK_KEY", CANARY)
    monkeypatch.setenv("DESK_SECRET", CANARY[::-1])
    (state / "keys.toml").write_text(f'key = "{CANARY}"\nsecret = "{CANARY}"\n')
    out, _ = bundled(session, state)
    part = find_session(str(out))
    texts = [json.dumps([str(event), str(effects)]) for _, event, effects in TapeReader(part).records()]
    with zipfile.ZipFile(out) as file:
        texts += [file.read(name).decode("latin-1") for name in file.namelist()]
    assert not [text for text in texts if CANARY in text or CANARY[::-1] in text]


def test_a_secret_on_the_tape_stops_the_bundle(session, state, monkeypatch):
    monkeypatch.setenv("SOME_TOKEN", "ann-made-that-up")
    bundled(session, state)  # nothing of it is there
    monkeypatch.setenv("SOME_TOKEN", "operator")  # a word of the recorded act
    with pytest.raises(SourceError, match=r"the value of \$SOME_TOKEN stands in record \d+: nothing was written"):
        bundle.make(session, str(MIDDLE), 1, state / "other.zip")
    assert not (state / "other.zip").exists()


def test_a_secret_in_the_journal_stops_the_bundle(tmp_path, state, monkeypatch):
    made.record(tmp_path / "s", seconds=2)
    journal = SideJournal(tmp_path / "s")
    journal.write("fault", what=f"refused {CANARY}")
    journal.close()
    monkeypatch.setenv("HOOK_WEBHOOK_URL", CANARY)
    with pytest.raises(SourceError, match="HOOK_WEBHOOK_URL"):
        bundle.make(tmp_path / "s", str(made.START + SECOND), 1, state / "other.zip")


def test_the_book_and_a_what_if_begin_in_the_middle(session, state):
    out, _ = bundled(session, state)
    whole, part = open_inputs([str(session)]), open_inputs([str(out)])
    instrument = whole.instruments[0]
    at = [MIDDLE - 4 * SECOND, MIDDLE]
    assert books_at(part, part.find(instrument.id), at, 50) == books_at(whole, instrument, at, 50)
    assert main(["whatif", str(out), "--set", "spread_bps=9", "--model", "pessimistic", "--json"]) == 0


def test_reports_and_audits_take_a_bundle(session, state, capsys):
    out, _ = bundled(session, state)
    assert main(["audit", "verify", str(out)]) == 0
    assert main(["report", str(out)]) == 0
    assert "shift-part-" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("text", "ns"),
    [
        ("22:13:25", made.START + 5 * SECOND),
        ("2023-11-14T22:13:25.5", made.START + 5 * SECOND + SECOND // 2),
        ("2023-11-14 22:13:25 UTC", made.START + 5 * SECOND),
        (str(MIDDLE), MIDDLE),
    ],
)
def test_instants(session, text, ns):
    assert bundle.parse_instant(text, TapeReader(session)) == ns


def test_mistakes_are_one_sentence(session, state, capsys):
    for argv, said in (
        (["--around", "noon"], "--around 'noon': is no instant"),
        (["--around", "1"], "the session runs from"),
        (["--around", str(MIDDLE), "--minutes", "0"], "--minutes 0: a number above 0"),
        (["--around", str(MIDDLE), "--out", str(session / "tape")], "is there already"),
    ):
        assert main(["bundle", str(session), *argv]) == 2
        assert said in capsys.readouterr().err


def test_a_file_that_is_no_bundle_is_not_opened(state, capsys):
    (state / "x.zip").write_bytes(b"PK nothing")
    assert main(["replay", str(state / "x.zip"), "--verify"]) == 3
    assert "is no session and no bundle" in capsys.readouterr().err
    with zipfile.ZipFile(state / "y.zip", "w") as file:
        file.writestr("manifest.json", "{}")
        file.writestr("session/header.json", "{}")
        file.writestr("../../evil", "x")
    assert main(["replay", str(state / "y.zip"), "--verify"]) == 3
    assert "what no bundle holds" in capsys.readouterr().err
    assert not list(state.rglob("evil"))


def test_a_state_that_cannot_be_used_is_said(session, state):
    out, _ = bundled(session, state)
    part = find_session(str(out))
    data = bytearray((part / "checkpoints").read_bytes())
    data[len(data) // 2] ^= 1
    (part / "checkpoints").write_bytes(bytes(data))
    with pytest.raises(UserError, match="the state that it begins from cannot be used"):
        verify(part)


def test_a_bundle_of_a_bundle(session, state):
    out, _ = bundled(session, state)
    part = find_session(str(out))
    result = bundle.make(part, str(MIDDLE), 1 / 60, state / "smaller.zip")
    assert 0 < result["records"] < TapeReader(part).count
    assert verify(bundle_file.unpack(state / "smaller.zip"))["equal"]


def test_the_command_says_how_to_open_it(session, state, capsys):
    args = argparse.Namespace(session=str(session), around=str(MIDDLE), minutes=0.1, out=state / "c.zip", json=False)
    assert bundle.run(args) == 0
    assert f"mmtui replay {state / 'c.zip'}" in capsys.readouterr().out
