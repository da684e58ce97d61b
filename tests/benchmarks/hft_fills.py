"""The same orders on the same capture at our paper venue and at hftbacktest: fills compared one by one.

    python tests/benchmarks/hft_fills.py CAPTURE... [--set KEY=VALUE] [--list] [--json]

The orders are a fixed list (fixed_quoter.py), latency is constant and the same, queue models stand beside their like
(pessimistic: risk-averse; optimistic: proportional).  An order whose fills differ in instant or size is put down to the
smallest set of hftbacktest's rules (hft_rules.py) which, in the place of ours, makes its fills equal; the table counts
those sets, and `unexplained` what no set makes equal.  The exit code is 1 when there is any.

Rules of this file: runs, compares, prints.
"""

from __future__ import annotations

import argparse
import json
import sys
from itertools import combinations
from pathlib import Path
from typing import Any

from fixed_quoter import Action, Fills, carried_out, schedule
from hft_rules import RULES, seen, theirs

from mmtui.core.events import BestQuote, BookDelta, BookSnapshot, Event, Trade
from mmtui.core.setup import DeskSetup
from mmtui.review.request import desk, limited, override, parse_set, places
from mmtui.venues.capture.source import open_captures

MODELS = ("pessimistic", "optimistic")
#: Rules that say nothing about a pessimistic queue: there decreases never move us up in part.
OPTIMISTIC_ONLY = ("credit", "whole")
MARKET = (BookDelta, BookSnapshot, BestQuote, Trade)
NOT_THERE = "skipped: hftbacktest and numba are not installed (pip install hftbacktest numba)"

ByOrder = dict[int, list[tuple[int, int]]]


def by_order(fills: Fills) -> ByOrder:
    """Order -> (instant, lots) of its fills."""
    found: ByOrder = {}
    for (oid, ts), lots in sorted(fills.items()):
        found.setdefault(oid, []).append((ts, lots))
    return found


def counts(ours: Fills, other: Fills) -> dict[str, int]:
    """Fills: equal in order, instant and lots; the same but for lots; on one side only."""
    both = ours.keys() & other.keys()
    equal = sum(ours[key] == other[key] for key in both)
    return {
        "ours": len(ours),
        "theirs": len(other),
        "equal": equal,
        "other size": len(both) - equal,
        "ours only": len(ours) - len(both),
        "theirs only": len(other) - len(both),
    }


def explained(setup: DeskSetup, model: str, events: list[Event], actions: list[Action], other: Fills) -> dict[str, Any]:
    """Ours against theirs, as the market was recorded and without best quotes, and a cause for every order."""
    wanted = by_order(other)
    names = [name for name in RULES if model == "optimistic" or name not in OPTIMISTIC_ONLY]

    def under(rules: tuple[str, ...]) -> Fills:
        with theirs(frozenset(rules)):
            return carried_out(setup, model, seen(events, frozenset(rules)), actions)[0]

    base = under(())
    mine = by_order(base)
    open_orders = sorted(oid for oid in mine.keys() | wanted.keys() if mine.get(oid) != wanted.get(oid))
    causes: dict[int, tuple[str, ...]] = {}
    alike: dict[str, int] = {}
    for size in range(1, len(names) + 1):
        for rules in combinations(names, size):
            if len(causes) == len(open_orders) and alike:
                break
            fills = under(rules)
            if rules == ("quotes",):
                alike = counts(fills, other)
            found = by_order(fills)
            for oid in open_orders:
                if oid not in causes and found.get(oid) == wanted.get(oid):
                    causes[oid] = rules
    table: dict[str, int] = {}
    for oid in open_orders:
        key = " + ".join(causes.get(oid, ("unexplained",)))
        table[key] = table.get(key, 0) + 1
    differences = [
        {"order": oid, "ours": mine.get(oid, []), "theirs": wanted.get(oid, []), "cause": list(causes.get(oid, ()))}
        for oid in open_orders
    ]
    return {
        "orders": sum(one.place for one in actions),
        "as recorded": counts(base, other),
        "depth and trades only": alike,
        "orders that differ": len(open_orders),
        "causes": dict(sorted(table.items(), key=lambda item: -item[1])),
        "unexplained": len(open_orders) - len(causes),
        "differences": differences,
    }


def compare(path: Path, sets: list[tuple[str, object]], seconds: float | None) -> dict[str, Any]:
    """One capture of one instrument, both models."""
    import hft_desk

    captures = open_captures([path])
    setup = override(desk(captures.instruments, captures.price_hint, 1), sets)
    instrument = setup.instruments[0].instrument
    everything = list(limited(captures.events(*places(setup)), seconds))
    actions = schedule(setup, everything)
    events = [event for event in everything if isinstance(event, MARKET)]
    rows = hft_desk.rows_of(instrument, events)
    found = {}
    for model in MODELS:
        other, _ = hft_desk.carried_out(rows, instrument, setup.paper, model, actions)
        found[model] = explained(setup, model, events, actions, other)
    return found


def show(name: str, found: dict[str, Any], every: bool) -> None:
    for model, one in found.items():
        print(f"{name}, {model}: {one['orders']} orders")
        for market in ("as recorded", "depth and trades only"):
            print(f"  {market:<22} " + ", ".join(f"{key} {value}" for key, value in one[market].items()))
        for cause, orders in one["causes"].items():
            words = "; ".join(RULES.get(rule, rule) for rule in cause.split(" + "))
            print(f"  {orders:>5} orders: {cause} ({words})")
        for item in one["differences"] if every else ():
            cause = " + ".join(item["cause"]) or "unexplained"
            print(f"    order {item['order']}: ours {item['ours']}, theirs {item['theirs']}: {cause}")


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("captures", nargs="+", type=Path)
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="a quoting parameter")
    parser.add_argument("--seconds", type=float, help="only the first so many seconds")
    parser.add_argument("--list", action="store_true", help="every order that differs")
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args(arguments)
    try:
        import hftbacktest  # noqa: F401
        import numba  # noqa: F401
    except ImportError:
        print(NOT_THERE)
        return 0
    sets = [parse_set(text) for text in args.set]
    results = {}
    for path in args.captures:
        results[path.name] = compare(path, sets, args.seconds)
        if not args.json:
            show(path.name, results[path.name], args.list)
            sys.stdout.flush()
    if args.json:
        print(json.dumps(results))
    return int(any(one["unexplained"] for found in results.values() for one in found.values()))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
