"""One capture, one maker, three engines: our what-if, NautilusTrader and hftbacktest, interleaved, process CPU time.

    python tests/benchmarks/whatif_peers.py CAPTURE [--nautilus PYTHON] [--rounds N] [--json]

What each figure includes:

* ours: everything from the compressed lines of the file on: inflating, JSON, the venue's sequence rules, books, the
  whole engine (protections, quoting, limits, ledger, timers), orders with latency and jitter, queue-aware fills,
  exposure, the digest of all decisions.  One fill model.  Pure Python.
* ours, decoded: the same from events that were decoded before and are not timed, as the peers' are.
* NautilusTrader: BacktestEngine.run() on objects that were made before and are not timed: matching with its own book,
  queue positions, latency, cache, portfolio, and a maker in Python that decides on every best quote and depth message.
* hftbacktest: its rows made before and not timed (no best quotes in them): two books, latency, risk-averse queue, a
  maker compiled by numba (compiled before, not timed) that decides on every depth and trade message.

A message is a line of the capture for all three.  Rules of this file: prepares, runs, prints; what is run stands in
nautilus_desk.py, hft_maker.py and the product.
"""

from __future__ import annotations

import argparse
import gc
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable
from decimal import Decimal
from pathlib import Path
from statistics import median
from typing import Any

import msgspec
import numpy as np

from mmtui.core.events import BestQuote, BookDelta, BookSnapshot, Event, Trade
from mmtui.core.market.instrument import Instrument
from mmtui.core.setup import DeskSetup
from mmtui.review.request import desk, places
from mmtui.review.whatif import Run, run_events
from mmtui.venues.capture.source import Captures, open_captures

HERE = Path(__file__).parent
DELTA, SNAPSHOT, QUOTE, TRADE = range(4)


class Worker:
    """A peer in a process of its own; a round begins with a line."""

    def __init__(self, command: list[str]) -> None:
        self.name = " ".join(Path(word).name for word in command[:3])
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        if not self._said().get("ready"):
            raise RuntimeError(f"{self.name} did not get ready")

    def _said(self) -> dict[str, Any]:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            if line.startswith("{"):
                found: dict[str, Any] = json.loads(line)
                return found
        return {}

    def round(self) -> dict[str, Any]:
        assert self.process.stdin is not None
        self.process.stdin.write("go\n")
        self.process.stdin.flush()
        found = self._said()
        if not found:
            raise RuntimeError(f"{self.name} ended in the middle of a round")
        return found

    def close(self) -> None:
        self.process.communicate()


def opened(path: Path) -> tuple[Captures, DeskSetup]:
    captures = open_captures([path])
    return captures, desk(captures.instruments, captures.price_hint, 1)


def ours(path: Path, *, decoded: bool) -> dict[str, Any]:
    """One what-if from the file, or from the events of it."""
    captures, setup = opened(path)
    one = Run(setup, "pessimistic")
    events: Iterable[Event] = captures.events(*places(setup))
    if decoded:
        events = list(events)
    gc.collect()
    gc.freeze()
    gc.disable()
    begun = time.process_time()
    run_events([one], events)
    took = time.process_time() - begun
    gc.enable()
    gc.unfreeze()
    account = one.engine.accounts[0]
    return {"seconds": took, "orders": one.engine.tracker.next_oid - 1, "fills": account.fills, "hash": one.hash}


def columns(events: list[Event], instrument: Instrument, size: str, path: Path) -> None:
    """The market for another interpreter: whole ticks and lots, levels of all messages in one array."""
    rows: list[tuple[int, int, int, int, int, int]] = []
    levels: list[tuple[int, int, int]] = []
    spans = [0]
    for event in events:
        if isinstance(event, BookDelta | BookSnapshot):
            rows.append((DELTA if isinstance(event, BookDelta) else SNAPSHOT, event.ts, 0, 0, 0, 0))
            levels += [(1, px, sz) for px, sz in zip(event.bid_px, event.bid_sz, strict=True)]
            levels += [(-1, px, sz) for px, sz in zip(event.ask_px, event.ask_sz, strict=True)]
        elif isinstance(event, BestQuote):
            rows.append((QUOTE, event.ts, event.bid_px, event.bid_sz, event.ask_px, event.ask_sz))
        elif isinstance(event, Trade):
            rows.append((TRADE, event.ts, event.px, event.sz, event.side, event.trade_id))
        else:
            continue
        spans.append(len(levels))
    head = {
        "tick": instrument.tick,
        "lot": instrument.lot,
        "px_places": -int(Decimal(instrument.tick).as_tuple().exponent),
        "sz_places": -int(Decimal(instrument.lot).as_tuple().exponent),
        "size": size,
    }
    np.savez(
        path,
        head=json.dumps(head),
        events=np.array(rows, np.int64),
        spans=np.array(spans, np.int64),
        levels=np.array(levels, np.int64),
    )


def workers(path: Path, nautilus: str | None, folder: Path) -> tuple[dict[str, Worker], list[str]]:
    """The peers that are there, and a sentence for each that is not."""
    captures, setup = opened(path)
    item = setup.instruments[0]
    events = list(captures.events(*places(setup)))
    found: dict[str, Worker] = {}
    skipped = []
    if nautilus and subprocess.run([nautilus, "-c", "import nautilus_trader"], capture_output=True).returncode == 0:
        columns(events, item.instrument, repr(item.quoting.size), folder / "market.npz")
        found["nautilus"] = Worker([nautilus, "-Wignore", str(HERE / "nautilus_desk.py"), str(folder / "market.npz")])
    else:
        skipped.append("skipped: nautilus_trader is not installed (name its interpreter: --nautilus PYTHON)")
    try:
        import hft_desk
    except ImportError:
        skipped.append("skipped: hftbacktest and numba are not installed (pip install hftbacktest numba)")
        return found, skipped
    np.save(folder / "rows.npy", hft_desk.rows_of(item.instrument, events))
    lots = int(Decimal(repr(item.quoting.size)) / Decimal(item.instrument.lot))
    head = {"instrument": msgspec.structs.asdict(item.instrument), "lots": lots}
    found["hftbacktest"] = Worker(
        [sys.executable, str(HERE / "hft_maker.py"), str(folder / "rows.npy"), json.dumps(head)]
    )
    return found, skipped


def measure(path: Path, peers: dict[str, Worker], rounds: int) -> dict[str, Any]:
    captures, setup = opened(path)
    messages = sum(isinstance(one, BookDelta | BestQuote | Trade) for one in captures.events(*places(setup)))
    taken: dict[str, list[dict[str, Any]]] = {"ours": [], "ours, decoded": [], **{name: [] for name in peers}}
    for _ in range(rounds):
        taken["ours"].append(ours(path, decoded=False))
        taken["ours, decoded"].append(ours(path, decoded=True))
        for name, worker in peers.items():
            taken[name].append(worker.round())
    result: dict[str, Any] = {"source": path.name, "messages": messages, "rounds": rounds}
    for name, said in taken.items():
        micros = [one["seconds"] / messages * 1e6 for one in said]
        result[name] = {
            "us_per_message": [round(median(micros), 2), round(min(micros), 2), round(max(micros), 2)],
            **{key: value for key, value in said[0].items() if key != "seconds"},
        }
        if name in peers:
            for key, mine in (("times_ours", "ours"), ("times_ours_decoded", "ours, decoded")):
                ratios = [b["seconds"] / a["seconds"] for a, b in zip(taken[mine], said, strict=True)]
                result[name][key] = [round(median(ratios), 3), round(min(ratios), 3), round(max(ratios), 3)]
    return result


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("capture", type=Path)
    parser.add_argument("--nautilus", metavar="PYTHON", help="an interpreter that has nautilus_trader")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as folder:
        peers, skipped = workers(args.capture, args.nautilus, Path(folder))
        try:
            result = measure(args.capture, peers, args.rounds)
        finally:
            for worker in peers.values():
                worker.close()
    if args.json:
        print(json.dumps({**result, "skipped": skipped}))
        return 0
    print(f"{result['source']}: {result['messages']} messages, {result['rounds']} rounds, median [best .. worst]")
    for name in ("ours", "ours, decoded", *peers):
        one = result[name]
        middle, best, worst = one["us_per_message"]
        done = f"{one['orders']} orders, {one['fills']} fills"
        print(f"  {name:<14} {middle:8.2f} us a message [{best:.2f} .. {worst:.2f}], {done}")
        for key, words in (("times_ours", "our time"), ("times_ours_decoded", "our time, decoded")):
            if key in one:
                middle, low, high = one[key]
                print(f"  {'':<14} {middle:8.3f} times {words} [{low:.3f} .. {high:.3f}]")
    for sentence in skipped:
        print(f"  {sentence}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
