"""`mmtui doctor` prints every table that decides, and says what is wrong with a machine."""

from __future__ import annotations

import argparse
from pathlib import Path

import msgspec
import pytest

from mmtui.bench import BENCHMARKS, doctor
from mmtui.bench import run as bench
from mmtui.config.paths import data_dir
from mmtui.core.commands import ACTS
from mmtui.core.errors import UserError
from mmtui.core.quoting.params import Quoting
from mmtui.core.risk.limits import Limits
from mmtui.core.risk.triggers import triggers


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    return tmp_path


def test_every_parameter_act_and_trigger_is_printed(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    doctor.run(argparse.Namespace(config=None))
    said = capsys.readouterr().out
    for name in (
        *(field.name for field in msgspec.structs.fields(Quoting)),
        *(act.name for act in ACTS),
        *(one.name for one in triggers(Limits())),
        "KILLED",
        "UNKNOWN",
        "pessimistic",
    ):
        assert name in said, name


def test_the_numbers_of_the_config_are_those_that_are_printed(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    config = home / "desk.toml"
    config.write_text(
        '[desk]\nname = "d"\n[[venue]]\nid = "sim-usdm"\nsource = "synthetic:calm"\n'
        '[[instrument]]\nid = "sim-usdm:BTCUSDT"\n[limits]\nstale_major_ms = 1234\ndaily_loss = 777.0\n'
    )
    doctor.run(argparse.Namespace(config=config))
    said = capsys.readouterr().out
    assert "1234 ms majors" in said
    assert "777, UTC day" in said
    assert "sim-usdm:BTCUSDT" in said


def test_too_little_space_is_a_sentence_and_the_answer_no(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(doctor, "SPACE", 1 << 62)
    assert doctor.run(argparse.Namespace(config=None)) == 1
    assert "GiB free" in capsys.readouterr().err


def test_an_unknown_benchmark_is_one_sentence_with_the_list() -> None:
    with pytest.raises(UserError, match=f"there are {', '.join(BENCHMARKS)}"):
        bench(argparse.Namespace(name="nothing", json=True))


def test_the_kill_benchmark_creates_nothing_after_the_kill() -> None:
    from mmtui.bench.kill import measure

    found = measure(60, 2)
    assert found["orders"] == 60
    assert found["creates_after"] == 0
    assert found["open_after"] == 0


def test_the_made_capture_is_read_as_a_capture(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    from mmtui.bench import material

    monkeypatch.setattr(material, "MADE_S", 5)
    monkeypatch.setattr(material.tempfile, "gettempdir", lambda: str(tmp_path))
    captures = material.opened(material.made())
    setup = material.desk_of(captures)
    events = list(captures.events({setup.instruments[0].instrument.id: 0}, {setup.venues[0]: 0}))
    assert [item.id for item in captures.instruments] == ["binance-usdm:BTCUSDT"]
    assert len(events) > 50
    assert not captures.damage[captures.files[0]]
    assert captures.gaps == {"binance-usdm:BTCUSDT": 0}


def test_the_obligations_of_a_config_are_printed(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = (data_dir("sample_configs") / "minimal.toml").read_text()
    at = text.index("# [[obligation]]")
    asked = "\n".join(line.removeprefix("# ") for line in text[at:].splitlines())
    path = home / "obliged.toml"
    path.write_text(text[:at] + asked)
    doctor.run(argparse.Namespace(config=path))
    out = capsys.readouterr().out
    wanted = "20 bps, 5,000 a side within 50 bps; 90% of the snapshots, one every 60 s"
    assert wanted in out and "2026-11-01 to ..." in out and "kept inside" in out
