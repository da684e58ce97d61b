"""What leaning against inventory is worth: the same quotes with and without it, on the same synthetic market.

Half of the seeds are of the scenario calm, half of trend.  Both engines see one decoding of the market side by side and
trade on paper with pessimistic fills; all that differs are skew_bps and size_skew.  Inventory deviation is the standard
deviation of the position, sampled once a second (review/exposure.py); spread capture is the part `spread` of the PnL.

Rules of this file: runs and adds up; nothing is timed, so the result is the same on every machine.
"""

from __future__ import annotations

from collections.abc import Iterator
from math import sqrt
from statistics import fmean, median, stdev
from typing import Any

from mmtui.bench.market import quiet
from mmtui.core.events import Event
from mmtui.core.ledger.ledger import UNIT
from mmtui.core.setup import DeskSetup
from mmtui.review.request import START_NS, desk, override, places
from mmtui.review.whatif import Run, run_events
from mmtui.venues.synthetic.market import SyntheticMarket

SEEDS, SECONDS = 100, 180
SCENARIOS = ("calm", "trend")
#: The contract that is quoted: the futures venue, whose market leads.
INSTRUMENT = "sim-usdm:BTCUSDT"
#: Of both: a width above the maker fees of a round trip (4 bps).
COMMON: tuple[tuple[str, object], ...] = (("spread_bps", 5.0),)
SYMMETRIC: tuple[tuple[str, object], ...] = (("skew_bps", 0.0), ("size_skew", 0.0))
#: Of the full limit of 20 sizes, so 2.5 bps for each size held: one fill, and the way back stands at fair value.
AWARE: tuple[tuple[str, object], ...] = (("skew_bps", 50.0), ("size_skew", 1.0))
#: What is to be reached: at most so much of the deviation at no less of the capture.
GOAL = (0.5, 0.9)


def bench_inventory() -> dict[str, Any]:
    """Inventory deviation and spread capture, aware over symmetric: of all seeds together, and over the seeds."""
    pairs = []
    for seed in range(1, SEEDS + 1):
        with quiet():
            pairs.append(side_by_side(SCENARIOS[seed % len(SCENARIOS)], seed, SECONDS))
    return summary(pairs)


def side_by_side(scenario: str, seed: int, seconds: float) -> tuple[dict[str, float], dict[str, float]]:
    """Figures of the symmetric and of the inventory-aware engine over one seed of the market."""
    market = SyntheticMarket(seed, scenario, START_NS)
    instruments = [item for item in market.setup_instruments() if item.id == INSTRUMENT]
    common = override(desk(instruments, {}, seed), list(COMMON))
    runs = [Run(override(common, list(more)), "pessimistic") for more in (SYMMETRIC, AWARE)]
    run_events(runs, _events(market, common, START_NS + int(seconds * 1e9)))
    first, second = (figures(one) for one in runs)
    return first, second


def _events(market: SyntheticMarket, setup: DeskSetup, end: int) -> Iterator[Event]:
    for event in market.events(*places(setup)):
        if event.ts > end:
            return
        yield event


def figures(run: Run) -> dict[str, float]:
    """Deviation in base units, spread capture and PnL in the desk's currency, fills."""
    account = run.engine.accounts[0]
    return {
        "deviation": run.exposure.position(0)[1],
        "spread": account.parts["spread"] / UNIT,
        "pnl": sum(account.parts.values()) / UNIT,
        "fills": account.fills,
    }


def summary(pairs: list[tuple[dict[str, float], dict[str, float]]]) -> dict[str, Any]:
    """Ratios of the means over all seeds with their standard error, and the middle of the seeds' own ratios."""
    out: dict[str, Any] = {"seeds": len(pairs), "seconds_a_seed": SECONDS}
    for key in ("deviation", "spread"):
        before, after = ([pair[k][key] for pair in pairs] for k in (0, 1))
        known = sorted(b / a for a, b in zip(before, after, strict=True) if a > 0)
        out[f"{key}_ratio"] = {"of_means": round(fmean(after) / fmean(before), 4)} | {
            "standard_error": round(_ratio_error(before, after), 4),
            "median_seed": round(median(known), 3),
            "p10": round(known[len(known) // 10], 3),
            "p90": round(known[-1 - len(known) // 10], 3),
        }
    for k, name in enumerate(("symmetric", "aware")):
        out[name] = {key: round(fmean(pair[k][key] for pair in pairs), 4) for key in pairs[0][0]}
    ratios = out["deviation_ratio"]["of_means"], out["spread_ratio"]["of_means"]
    out["goal"] = "met" if ratios[0] <= GOAL[0] and ratios[1] >= GOAL[1] else "missed"
    return out


def _ratio_error(before: list[float], after: list[float]) -> float:
    """Standard error of mean(after) / mean(before) by linearisation (delta method), seeds being independent."""
    if len(before) < 2:
        return 0.0
    ratio = fmean(after) / fmean(before)
    rest = [b - ratio * a for a, b in zip(before, after, strict=True)]
    return stdev(rest) / sqrt(len(rest)) / fmean(before)
