"""What-if on the synthetic market: the contract of its JSON, sums that add up, and the same decisions every time."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from decimal import Decimal
from pathlib import Path

import pytest

from mmtui.core.errors import UserError
from mmtui.review.request import open_sources, override, parse_set
from mmtui.review.whatif import Run, run_events

PARTS = (
    "spread",
    "inventory",
    "basis",
    "fees",
    "rebates",
    "funding",
    "borrow",
    "hedge",
    "slippage",
    "incentives",
    "fx",
)
TIGHT = [("spread_bps", 1.0), ("levels", 2), ("skew_bps", 1.0)]


def result(model: str, sets: list[tuple[str, object]] | None = None, seconds: float = 40.0) -> Run:
    request = open_sources(["synthetic:trend:5"], None, seconds, None)
    run = Run(override(request.setup, sets or []), model)
    run_events([run], request.events())
    return run


@pytest.fixture
def places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    return tmp_path


def whatif(*args: str, env: dict[str, str]) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "mmtui", "whatif", *args]
    return subprocess.run(command, capture_output=True, text=True, env={**os.environ, **env}, check=False)


def test_the_json_of_a_whatif_has_the_fields_of_the_contract_and_parts_that_add_up(places: Path) -> None:
    done = whatif("synthetic:trend:5", "--seconds", "40", "--set", "spread_bps=1", "--json", env={})
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)
    assert {"session", "events", "elapsed_s", "hash", "instruments", "pnl_total"} <= said.keys()
    assert sum(one["fills"] for one in said["instruments"].values()) > 0
    for one in said["instruments"].values():
        wanted = {"messages", "gaps", "bid", "ask", "mid", "orders", "fills", "bought", "sold", "position"}
        wanted |= {"max_position", "volume_quote", "pnl", "markout_bps", "uptime"}
        assert wanted <= one.keys()
        assert set(one["pnl"]) == {"ccy", "total", *PARTS}
        assert one["pnl"]["total"] == pytest.approx(sum(one["pnl"][part] for part in PARTS), abs=1e-7)
        assert one["position"] == pytest.approx(one["bought"] - one["sold"])
        assert one["bid"] < one["mid"] < one["ask"]
        assert set(one["markout_bps"]) == {"1s", "5s", "30s"}
    totals = [one["pnl"]["total"] for one in said["instruments"].values()]
    assert said["pnl_total"]["total"] == pytest.approx(sum(totals), abs=1e-7)
    assert said["optimistic"]["instruments"].keys() == said["instruments"].keys()


def test_the_hash_does_not_depend_on_the_process_or_its_hash_seed(places: Path) -> None:
    hashes = set()
    for seed in ("0", "77"):
        done = whatif("synthetic:calm:3", "--seconds", "20", "--json", env={"PYTHONHASHSEED": seed})
        assert done.returncode == 0, done.stderr
        hashes.add(json.loads(done.stdout)["hash"])
    assert len(hashes) == 1


def test_a_whatif_session_verifies_and_notices_another_result(places: Path) -> None:
    done = whatif("synthetic:calm:3", "--seconds", "20", "--json", "--out", str(places / "run"), env={})
    assert done.returncode == 0, done.stderr
    verify = [sys.executable, "-m", "mmtui", "replay", str(places / "run"), "--verify"]
    good = subprocess.run(verify, capture_output=True, text=True, check=False)
    assert good.returncode == 0, good.stderr
    assert json.loads(good.stdout)["equal"] is True
    kept = places / "run" / "result.json"
    said = json.loads(kept.read_text())
    kept.write_text(json.dumps({**said, "hash": "0" * 32}))
    import shutil

    shutil.rmtree(places / "run" / "replay")
    bad = subprocess.run(verify, capture_output=True, text=True, check=False)
    assert bad.returncode == 3
    assert "running it again gave" in bad.stderr
    assert "Traceback" not in bad.stderr


def test_a_wider_spread_fills_less() -> None:
    tight, wide = result("pessimistic", TIGHT), result("pessimistic", [*TIGHT, ("spread_bps", 30.0)])
    assert sum(a.fills for a in tight.engine.accounts) > sum(a.fills for a in wide.engine.accounts)


def test_parts_equal_the_change_of_equity_exactly() -> None:
    run = result("optimistic", TIGHT)
    ledger = run.engine.ledger
    assert sum(account.fills for account in ledger.accounts) > 0
    for i, account in enumerate(ledger.accounts):
        ledger.mark(i)
        if account.instrument.settle == ledger.currency:
            assert account.total() == account.equity() * account.rate


@pytest.mark.parametrize(
    ("sources", "said"),
    [
        (["synthetic:nowhere"], "no scenario 'nowhere'"),
        (["synthetic:calm:x"], "seed is a whole number"),
        (["synthetic:calm", "synthetic:trend"], "a source alone"),
        ([], "no source"),
    ],
)
def test_a_wrong_source_is_one_sentence(sources: list[str], said: str) -> None:
    with pytest.raises(UserError, match=said):
        open_sources(sources, None, None, None)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("spred_bps=1", "there is no such key"),
        ("spread_bps=-1", "--set spread_bps: spread_bps=-1 is not allowed; give a number > 0.0"),
        ("limits.nothing=1", "there is no such key"),
        ("levels=many", "--set levels: levels=many is not allowed; give a whole number"),
    ],
)
def test_a_wrong_parameter_is_one_sentence(text: str, said: str) -> None:
    setup = open_sources(["synthetic:calm"], None, 1, None).setup
    with pytest.raises(UserError, match=said):
        override(setup, [parse_set(text)])


def test_spot_is_given_a_treasury_so_that_asks_can_be_quoted() -> None:
    run = result("pessimistic", TIGHT)
    for i, item in enumerate(run.setup.instruments):
        spot, size = item.instrument.kind == "spot", Decimal(repr(item.quoting.size))
        assert Decimal(item.baseline) == (20 * size if spot else 0)
        assert run.engine.quoters[i].reasons[-1] != "spot balance"
    wide = result("pessimistic", [("spread_bps", 30.0)], seconds=5.0)  # nothing is bought, and the asks are there
    spot = next(i for i, item in enumerate(wide.setup.instruments) if item.instrument.kind == "spot")
    assert not wide.engine.accounts[spot].fills and wide.engine.watch.times[spot].ask > 0
