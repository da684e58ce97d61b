"""The table of the captures: on a short capture of the synthetic market, and what it says without captures."""

from __future__ import annotations

import pytest

from mmtui.bench import captures, material
from mmtui.core.ledger.markouts import Point


def test_without_captures_it_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MMTUI_CAPTURES", raising=False)
    assert captures.bench_captures()["skipped"].startswith("no captures")
    monkeypatch.setenv("MMTUI_CAPTURES", "/nowhere")
    assert captures.bench_captures()["skipped"].startswith("no captures")


def test_a_market_has_four_rows_whose_parts_add_up(monkeypatch: pytest.MonkeyPatch, tmp_path: object) -> None:
    monkeypatch.setattr(material, "MADE_S", 20)
    monkeypatch.setattr(material.tempfile, "gettempdir", lambda: str(tmp_path))
    rows = captures.market(material.made())
    assert [(row["quotes"], row["model"]) for row in rows] == [
        ("symmetric", "pessimistic"), ("symmetric", "optimistic"), ("aware", "pessimistic"), ("aware", "optimistic"),
    ]  # fmt: skip
    assert sum(row["fills"] for row in rows) > 0
    for row in rows:
        parts = row["spread"] + row["inventory"] + row["fees"] + row["rest"]
        assert parts == pytest.approx(row["total"], abs=1e-9)


def test_the_table_says_mean_interval_and_count() -> None:
    row = {
        "market": "v:S", "quotes": "aware", "model": "optimistic", "fills": 3, "spread": 1.0, "inventory": -2.0,
        "fees": -0.5, "rest": -1e-15, "total": -1.5, "deviation": 1.25,
        "markouts": [Point(1, 0.5, 0.25, 3), Point(5, -1.0, None, 1), Point(30, None, None, 0)],
    }  # fmt: skip
    head, rule, line = captures.table([row]).splitlines()
    assert head.count("|") == rule.count("|") == line.count("|") == len(captures.HEAD) + 1
    assert line == (
        "| v:S | aware | optimistic | 3 | +1.00 | -2.00 | -0.50 | 0.00 | -1.50 | 1.25 "
        "| +0.50 ± 0.25 (3) | -1.00 (1) | none |"
    )
