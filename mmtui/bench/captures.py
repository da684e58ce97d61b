"""Six recorded markets, quoted with and without a lean against inventory, with both models of fills.

The same parameters everywhere, those of inventory.py at the width below; each market is decoded once for its four
engines.  Six minutes of six markets say how the parts of the profit come about, and prove nothing more.

Rules of this file: runs, and a table in Markdown; nothing is timed, so the result is the same on every machine.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from mmtui.bench.inventory import AWARE, SYMMETRIC
from mmtui.bench.market import quiet
from mmtui.core.ledger.ledger import UNIT
from mmtui.core.ledger.markouts import Point
from mmtui.review.request import desk, override, places
from mmtui.review.whatif import Run, run_events
from mmtui.venues.capture.source import open_captures

FILES = (
    "spot_btcusdt_20240808.gz",
    "spot_ethusdt_20240808.gz",
    "usdm_btcusdt_20240808.gz",
    "usdm_ethusdt_20240808.gz",
    "cm_btcusd_perp_20240808.gz",
    "cm_ethusd_perp_20240808.gz",
)
COMMON: tuple[tuple[str, object], ...] = (("spread_bps", 3.0),)
QUOTES = (("symmetric", SYMMETRIC), ("aware", AWARE))
MODELS = ("pessimistic", "optimistic")
#: Parts of the profit with a column of their own; the rest stands together.
SHOWN = ("spread", "inventory", "fees")
HORIZONS = (1, 5, 30)
HEAD = ("market", "quotes", "fill model", "fills", *SHOWN, "rest", "total", "inventory sd",
        *(f"markout {h} s" for h in HORIZONS))  # fmt: skip


def bench_captures() -> dict[str, Any]:
    """A row a market, kind of quotes and fill model; `table`: the same in Markdown."""
    folder = Path(os.environ.get("MMTUI_CAPTURES", ""))
    paths = [folder / name for name in FILES]
    if not os.environ.get("MMTUI_CAPTURES") or not all(path.is_file() for path in paths):
        return {"skipped": "no captures: MMTUI_CAPTURES names no folder with the six files"}
    rows = []
    for path in paths:
        with quiet():
            rows += market(path)
    return {"rows": rows, "table": "\n" + table(rows)}


def market(path: Path) -> list[dict[str, Any]]:
    """The four engines of one capture."""
    source = open_captures([path])
    common = override(desk(source.instruments, source.price_hint, 1), list(COMMON))
    kinds = [(quotes, model, list(more)) for quotes, more in QUOTES for model in MODELS]
    runs = [Run(override(common, more), model) for _, model, more in kinds]
    run_events(runs, source.events(*places(common)))
    name = source.instruments[0].id
    return [
        {"market": name, "quotes": quotes, "model": model, **figures(run)}
        for (quotes, model, _), run in zip(kinds, runs, strict=True)
    ]


def figures(run: Run) -> dict[str, Any]:
    """Parts of the profit in the desk's currency, deviation in sizes, markouts with the half of their 95 % interval."""
    account, item = run.engine.accounts[0], run.setup.instruments[0]
    parts = {name: value / UNIT for name, value in account.parts.items()}
    shown = {name: parts[name] for name in SHOWN}
    total = sum(account.parts.values()) / UNIT
    points = {point.seconds: point for point in account.markouts.curve()}
    return {
        "fills": account.fills,
        **shown,
        "rest": total - sum(shown.values()),
        "total": total,
        "deviation": run.exposure.position(0)[1] / item.quoting.size,
        "markouts": [points[h] for h in HORIZONS],
    }


def table(rows: list[dict[str, Any]]) -> str:
    """Markdown: money in the desk's currency, inventory in sizes, markouts in bps."""
    lines: list[tuple[str, ...]] = [HEAD, ("---",) * 3 + ("---:",) * (len(HEAD) - 3)]
    for row in rows:
        money = [_money(row[name]) for name in (*SHOWN, "rest", "total")]
        marks = [_mark(point) for point in row["markouts"]]
        names = row["market"], row["quotes"], row["model"]
        lines.append((*names, str(row["fills"]), *money, f"{row['deviation']:.2f}", *marks))
    return "".join(f"| {' | '.join(cells)} |\n" for cells in lines)


def _money(value: float) -> str:
    text = f"{value:+.2f}"
    return "0.00" if text in ("+0.00", "-0.00") else text


def _mark(point: Point) -> str:
    if point.mean is None:
        return "none"
    half = f" ± {point.ci:.2f}" if point.ci is not None else ""
    return f"{point.mean:+.2f}{half} ({point.fills})"
