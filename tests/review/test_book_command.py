"""`mmtui book` against the truth files beside the shared captures, and its answers to mistakes."""

from __future__ import annotations

import argparse
import importlib.util
import json
import os
import zlib
from pathlib import Path

import pytest

from mmtui.core.errors import UserError
from mmtui.review import book

_spec = importlib.util.spec_from_file_location(
    "captures_made", Path(__file__).parents[1] / "venues" / "captures_made.py"
)
made = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(made)

ROOT = Path(__file__).resolve().parents[2]
CAPTURES = Path(os.environ.get("MMTUI_CAPTURES") or ROOT.parent / "shared" / "data" / "captures")
NAMES = ["cm_btcusd_perp", "cm_ethusd_perp", "spot_btcusdt", "spot_ethusdt", "usdm_btcusdt", "usdm_ethusdt"]
VENUES = {"usdm": "binance-usdm", "spot": "binance-spot", "cm": "binance-coinm", "coinm": "binance-coinm"}


def ask(capsys, *sources, instrument, at, depth=20):
    args = argparse.Namespace(source=[str(s) for s in sources], instrument=instrument, at=at, depth=depth, json=True)
    assert book.run(args) == 0
    out = capsys.readouterr()
    return json.loads(out.out), out.err


def crc(answer, levels):
    parts = []
    for place in range(levels):
        for side in (answer["bids"], answer["asks"]):
            if place < len(side):
                parts += side[place]
    return zlib.crc32(":".join(parts).encode())


@pytest.mark.parametrize("name", NAMES)
def test_the_book_equals_every_checkpoint_and_the_final_book(capsys, name):
    file = CAPTURES / f"{name}_20240808.gz"
    if not file.exists():
        pytest.skip("skipped: no captures")
    truth = json.loads((CAPTURES / "truth" / f"{file.stem}.json").read_text())
    instrument = f"{VENUES[truth['market']]}:{truth['symbol']}"
    checkpoints = truth["checkpoints"]
    at = [",".join(str(point["local_ns"]) for point in checkpoints), str(truth["last_local_ns"]), "1"]
    answers, err = ask(capsys, file, instrument=instrument, at=at)
    assert err == ""
    for answer, point in zip(answers, checkpoints, strict=False):
        assert (answer["at"], answer["seq"], answer["valid"]) == (point["local_ns"], point["u"], True)
        assert (answer["bids"], answer["asks"]) == (point["bids"], point["asks"])
        assert (crc(answer, 20), crc(answer, 5)) == (point["crc20"], point["crc5"])
    final = answers[20]
    assert crc(final, 20) == truth["final"]["crc20"] and final["seq"] == truth["final"]["book"]["u"]
    assert answers[21] == {"instrument": instrument, "at": 1, "seq": 0, "bids": [], "asks": [], "valid": False}


@pytest.fixture
def small(tmp_path):
    return (
        made.Made("spot")
        .depth(6, 10, b=[["99.50000000", "1.50000000"]])
        .snapshot(8)
        .ticker(50, bid="100.5")
        .depth(11, 12, b=[["100.0", "0.000000"]])
        .write(tmp_path / "small")
    )


def test_at_may_be_a_list_and_may_be_repeated_and_keeps_its_order(capsys, small):
    t = made.T0
    answers, _ = ask(capsys, small, instrument="binance-spot:BTCUSDT", at=[f"{t + 9_000_000},{t}", f"{t + 1_500_000}"])
    assert [answer["valid"] for answer in answers] == [True, False, False]
    assert answers[0]["bids"] == [["99.5", "1.5"]] and answers[0]["asks"] == [["101", "5"]]
    assert answers[2]["bids"] == [["99.5", "1.5"]]  # what is known, though no snapshot has come


def test_a_ticker_never_changes_the_depth_book_and_depth_cuts_it(capsys, small):
    answers, _ = ask(capsys, small, instrument="binance-spot:BTCUSDT", at=[str(made.T0 + 3_500_000)], depth=1)
    assert answers[0]["bids"] == [["100", "5"]] and answers[0]["seq"] == 10


def test_damage_is_said_on_standard_error_only(capsys, tmp_path):
    lines = made.Made("spot").snapshot(8).raw(b"garbage").depth(9, 10)
    path = lines.write(tmp_path / "small")
    answers, err = ask(capsys, path, instrument="binance-spot:BTCUSDT", at=["4000000000000000000"])
    assert answers[0]["valid"] and f"{path}:2: " in err


@pytest.mark.parametrize(
    ("change", "wanted"),
    [
        ({"instrument": "binance-usdm:BTCUSDT"}, "there are: binance-spot:BTCUSDT"),
        ({"at": ["soon"]}, "--at 'soon'"),
        ({"at": ["1.5"]}, "--at '1.5'"),
        ({"at": []}, "--at"),
        ({"depth": 0}, "--depth 0"),
        ({"source": ["/nowhere/at-all"]}, "/nowhere/at-all"),
        ({"source": []}, "no source"),
    ],
)
def test_a_mistake_ends_with_one_sentence(small, change, wanted):
    args = {"source": [str(small)], "instrument": "binance-spot:BTCUSDT", "at": ["1"], "depth": 20, "json": True}
    with pytest.raises(UserError) as error:
        book.run(argparse.Namespace(**(args | change)))
    assert wanted in str(error.value) and "\n" not in str(error.value)
    assert error.value.exit_code == (3 if change.get("source") else 2)
