"""`mmtui whatif --sweep KEY=A..B:N`: the same market under many parameters, on all cores.

Every process decodes the market once and runs several settings on it side by side.  A setting's line can be pasted:
`mmtui whatif` with it gives the same hash.  Rules of this file: settings, processes, the table and the chart; a run is
whatif.py's.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import shlex
import sys
from collections.abc import Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from itertools import product
from multiprocessing import get_context
from typing import Any

from mmtui.core.errors import UserError
from mmtui.review.charts import Series, chart
from mmtui.review.outcome import outcome
from mmtui.review.request import override, prepare

#: Settings of one sweep.
MOST = 2_000
#: Settings that one process runs on one pass over the market.
TOGETHER = 8

Setting = tuple[tuple[str, object], ...]


def parse_sweep(text: str) -> tuple[str, list[object]]:
    """`key=1..5:9` is nine values from 1 to 5, `key=a,b,c` is those; a name and its values."""
    key, found, values = text.partition("=")
    if not found or not key or not values:
        raise UserError(f"--sweep {text}: KEY=A..B:N or KEY=V,V,... is wanted")
    if ".." not in values:
        return key, [_value(one) for one in values.split(",")]
    first, _, rest = values.partition("..")
    last, _, count = rest.partition(":")
    try:
        low, high, n = float(first), float(last), int(count)
    except ValueError:
        raise UserError(f"--sweep {text}: KEY=A..B:N is wanted, with numbers A and B and a count N") from None
    if not 2 <= n <= MOST or not math.isfinite(low) or not math.isfinite(high):
        raise UserError(f"--sweep {text}: N is from 2 to {MOST}, A and B are finite")
    steps = [low + (high - low) * k / (n - 1) for k in range(n)]
    if first.lstrip("-").isdecimal() and last.lstrip("-").isdecimal() and (high - low) % (n - 1) == 0:
        return key, [int(one) for one in steps]
    return key, [float(f"{one:.12g}") for one in steps]


def _value(text: str) -> object:
    try:
        return json.loads(text)
    except ValueError:
        return text


def settings(sweeps: Sequence[str]) -> list[Setting]:
    """Every combination of the axes."""
    axes = [parse_sweep(text) for text in sweeps]
    names = [name for name, _ in axes]
    if len(set(names)) < len(names):
        raise UserError("--sweep: a key is swept twice")
    if math.prod(len(values) for _, values in axes) > MOST:
        raise UserError(f"--sweep: more than {MOST} settings")
    return [tuple(zip(names, values, strict=True)) for values in product(*(values for _, values in axes))]


def run(args: argparse.Namespace) -> int:
    """The sweep of a `mmtui whatif` command line."""
    found = settings(args.sweep)
    if args.out:
        raise UserError("--out names one run; a sweep keeps none (run the line of the setting that you want)")
    model = "pessimistic" if args.model == "both" else args.model
    request = prepare(args)
    for one in found:
        override(request.setup, list(one))  # what cannot be is said before anything runs
    rows = list(rows_of(args, found, model))
    ccy = request.setup.currency
    mark_frontier(rows)
    if args.json:
        print(json.dumps({"ccy": ccy, "model": model, "sweep": rows}))
    else:
        _print(rows, ccy, model, [name for name, _ in found[0]])
    return 0


def rows_of(args: argparse.Namespace, found: list[Setting], model: str) -> Iterable[dict[str, Any]]:
    jobs = min(args.jobs or os.cpu_count() or 1, len(found))
    size = min(TOGETHER, math.ceil(len(found) / jobs))
    parts = [found[k : k + size] for k in range(0, len(found), size)]
    line = command(args)
    done = 0
    with ProcessPoolExecutor(jobs, mp_context=get_context("spawn")) as pool:
        for part in pool.map(passes, [args] * len(parts), parts, [model] * len(parts)):
            done += len(part)
            if sys.stderr.isatty():
                print(f"\r{done} of {len(found)} settings", end="", file=sys.stderr, flush=True)
            for row in part:
                row["again"] = f"{line} --model {model} {' '.join(_word(row['set'], key) for key in row['set'])}"
                yield row
    if sys.stderr.isatty():
        print(file=sys.stderr)


def _word(values: dict[str, object], key: str) -> str:
    value = values[key]
    return "--set " + shlex.quote(f"{key}={value if isinstance(value, str) else json.dumps(value)}")


def command(args: argparse.Namespace) -> str:
    """The command line without its sweep."""
    words = ["mmtui", "whatif", *args.source]
    for name in ("config", "seed", "seconds"):
        if getattr(args, name, None) is not None:
            words += [f"--{name}", str(getattr(args, name))]
    for text in args.set:
        words += ["--set", text]
    return " ".join(map(shlex.quote, words))


def passes(args: argparse.Namespace, part: list[Setting], model: str) -> list[dict[str, Any]]:
    """Some settings over one decoding of the market. Runs in a process of its own."""
    import gc

    from mmtui.review.whatif import Run, run_events

    request = prepare(args)
    runs = [Run(override(request.setup, list(one)), model) for one in part]
    gc.collect()
    gc.freeze()
    gc.disable()
    run_events(runs, request.events())
    request.finish()
    return [{"set": dict(one), "hash": run.hash, **figures(run)} for one, run in zip(part, runs, strict=True)]


def figures(run: Any) -> dict[str, Any]:
    """What a row of the table says of a run; markouts weighted by fills, uptime the mean over instruments."""
    result = outcome(run.engine, run.exposure)
    items = list(result["instruments"].values())
    fills = sum(one["fills"] for one in items)
    markouts: dict[str, float | None] = {}
    for name in items[0]["markout_bps"]:
        known = [(one["markout_bps"][name], one["fills"]) for one in items if one["markout_bps"][name] is not None]
        weight = sum(count for _, count in known)
        markouts[name] = sum(value * count for value, count in known) / weight if weight else None
    return {
        "pnl": result["pnl_total"]["total"],
        "spread": sum(one["pnl"]["spread"] for one in items),
        "inventory_deviation": result["inventory"]["deviation"],
        "markout_bps": markouts,
        "fills": fills,
        "orders": sum(one["orders"] for one in items),
        "uptime": sum(one["uptime"]["two_sided"] for one in items) / len(items),
    }


def mark_frontier(rows: list[dict[str, Any]]) -> None:
    """`frontier`: no other setting earns as much with less inventory deviation, or more with no more of it."""
    best = -math.inf
    for row in sorted(rows, key=lambda one: (one["inventory_deviation"], -one["pnl"])):
        row["frontier"] = row["pnl"] > best
        best = max(best, row["pnl"])


def _print(rows: list[dict[str, Any]], ccy: str, model: str, keys: list[str]) -> None:
    horizon = next((name for name in ("5s", *rows[0]["markout_bps"]) if name in rows[0]["markout_bps"]), "")
    head = [*keys, f"pnl {ccy}", "spread", f"inventory sd {ccy}", f"markout {horizon} bps", "fills", "uptime", ""]
    table = [head]
    for row in rows:
        markout = row["markout_bps"].get(horizon)
        table.append(
            [
                *(str(row["set"][key]) for key in keys),
                f"{row['pnl']:+,.2f}",
                f"{row['spread']:+,.2f}",
                f"{row['inventory_deviation']:,.2f}",
                "-" if markout is None else f"{markout:+.2f}",
                f"{row['fills']:,}",
                f"{row['uptime']:.1%}",
                "frontier" if row["frontier"] else "",
            ]
        )
    widths = [max(len(row[k]) for row in table) for k in range(len(head))]
    for cells in table:
        print("  ".join(cell.rjust(width) for cell, width in zip(cells, widths, strict=True)).rstrip())
    points = [(row["inventory_deviation"], row["pnl"]) for row in rows]
    edge = sorted((row["inventory_deviation"], row["pnl"]) for row in rows if row["frontier"])
    drawn = [Series("settings", points, "dot"), Series("efficient frontier", edge, "x")]
    print(chart(drawn, f"{len(rows)} settings, {model} fills", f"inventory deviation {ccy}", f"pnl {ccy}"))
    if len(keys) == 1 and all(isinstance(row["set"][keys[0]], int | float) for row in rows):
        line = [(float(row["set"][keys[0]]), row["pnl"]) for row in rows]
        print(chart([Series("", line, joined=True)], f"pnl by {keys[0]}", keys[0], f"pnl {ccy}"))
    best = max(rows, key=lambda one: float(one["pnl"]))
    print(f"most pnl: {best['again']}\n          hash {best['hash']}")
