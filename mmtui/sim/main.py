"""`mmtui sim`: many seeds over several processes, or one seed with its story.

Every seed is run twice, in two processes with different hash seeds, and both must leave the same bytes on the
simulated disk; `--once` leaves the second out.  Rules of this file: arguments, processes, and what is printed.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from selectors import EVENT_READ, DefaultSelector
from typing import Any

import msgspec

from mmtui.core.errors import UserError
from mmtui.sim.faults import FAULTS
from mmtui.sim.run import Outcome, run_seed
from mmtui.sim.shrink import shrink
from mmtui.sim.story import Book

#: A (fault, order state) cell that is reachable must be reached so often in a long run ...
CELL_LEAST = 100
#: ... which is one of at least so many seeds.
LONG_RUN = 10_000


class Tally:
    """What the seeds add up to."""

    def __init__(self) -> None:
        self.seeds = self.records = self.events = self.lives = 0
        self.simulated = 0.0
        self.converged: list[int] = []
        self.cells: dict[str, int] = {}
        self.breaches: list[Outcome] = []
        self.differ: list[int] = []

    def add(self, outcome: Outcome) -> None:
        self.seeds += 1
        self.records += outcome.records
        self.events += outcome.events
        self.lives += outcome.lives
        self.simulated += outcome.seconds
        if outcome.converged_ms >= 0:
            self.converged.append(outcome.converged_ms)
        if outcome.breach:
            self.breaches.append(outcome)
        for cell, count in outcome.cells.items():
            self.cells[cell] = self.cells.get(cell, 0) + count

    def thin(self) -> list[str]:
        """Reachable cells that were reached too seldom."""
        wanted = [f"{n} {state}" for n, fault in FAULTS.items() for state in fault.reach]
        return [cell for cell in wanted if self.cells.get(cell, 0) < CELL_LEAST]


def run(args: argparse.Namespace) -> int:
    """The `mmtui sim` command."""
    if args.seed is not None:
        return one(args.seed, args.shrink, args.json)
    if args.shrink:
        raise UserError("sim: --shrink goes with --seed")
    count = 100 if args.seeds is None else args.seeds
    return seeds(count, args.first, args.jobs if args.jobs is not None else os.cpu_count() or 1, args.once, args.json)


def seeds(count: int, first: int, jobs: int, once: bool, as_json: bool) -> int:
    """Run `count` seeds from `first` on; 0 when no invariant broke and every second run was the same."""
    if count < 1 or jobs < 1 or first < 0:
        raise UserError("sim: --seeds and --jobs are at least 1, --from is not negative")
    begun = time.monotonic()
    tally, hashes = Tally(), dict[int, str]()
    plan = _plan(count, first, jobs, once)
    with contextlib.ExitStack() as stack:
        workers = [stack.enter_context(_worker(args, hash_seed)) for args, hash_seed in plan]
        for outcome in _outcomes(workers):
            if outcome.seed in hashes:
                if hashes.pop(outcome.seed) != outcome.hash:
                    tally.differ.append(outcome.seed)
            else:
                tally.add(outcome)
                if not once:
                    hashes[outcome.seed] = outcome.hash
                if outcome.breach:
                    _say_breach(outcome)
            _progress(tally, count, begun)
        for worker in workers:
            worker.wait()
    cpu = _children_cpu()
    if sys.stderr.isatty():
        print(file=sys.stderr)
    unpaired = sorted(hashes)
    missing = count - tally.seeds
    body = _body(tally, count, first, cpu, time.monotonic() - begun, 1 if once else 2)
    thin = tally.thin() if count >= LONG_RUN else []
    if as_json:
        sys.stdout.buffer.write(msgspec.json.encode({**body, "thin_cells": thin}) + b"\n")
    else:
        _print(body, thin)
    for seed in (*tally.differ, *unpaired):
        print(f"seed {seed}: two processes left different tapes", file=sys.stderr)
    if missing:
        print(f"{missing} seeds were not run: a worker died", file=sys.stderr)
    return 1 if tally.breaches or tally.differ or unpaired or missing or thin else 0


def one(seed: int, shrunk: bool, as_json: bool) -> int:
    """One seed with its story on standard output."""
    tell = None if as_json or shrunk else print
    book = Book(tell=tell)
    outcome = run_seed(seed, book)
    if shrunk and outcome.breach:
        skip, best = shrink(outcome, lambda text: print(text, file=sys.stderr))
        book = Book(tell=None if as_json else print)
        outcome = run_seed(seed, book, skip)
        kept = [(n, FAULTS[n].name) for _, n, _, _ in best.script]
        print(f"needed: {', '.join(f'{n} {name}' for n, name in kept) or 'no fault at all'}", file=sys.stderr)
    if as_json:
        outcome.lines = list(book.lines)
        sys.stdout.buffer.write(msgspec.json.encode(outcome) + b"\n")
    if outcome.breach:
        print(f"seed {seed}, commit {commit()}: {outcome.breach}: {outcome.text}", file=sys.stderr)
        return 1
    if not as_json:
        said = f"seed {seed}: every invariant held over {outcome.records} records, {outcome.lives} lives"
        print(f"{said} and {outcome.seconds:.1f} simulated seconds; hash {outcome.hash}")
        if shrunk:
            print("nothing to shrink", file=sys.stderr)
    return 0


# ---------------------------------------------------------------- processes


def _plan(count: int, first: int, jobs: int, once: bool) -> list[tuple[tuple[int, int, int], str]]:
    """(first, step, count) and hash seed of every worker: both runs of a seed are in different processes."""
    rounds = ("1",) if once else ("1", "2")
    share = max(1, jobs // len(rounds))
    out = []
    for hash_seed in rounds:
        for k in range(min(share, count)):
            out.append(((first + k, share, len(range(k, count, share))), hash_seed))
    return out


@contextlib.contextmanager
def _worker(args: tuple[int, int, int], hash_seed: str) -> Iterator[subprocess.Popen[bytes]]:
    environment = {**os.environ, "PYTHONHASHSEED": hash_seed}
    command = [sys.executable, "-m", "mmtui.sim.worker", *map(str, args)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, env=environment)
    try:
        yield process
    finally:
        process.kill()
        process.wait()
        if process.stdout is not None:
            process.stdout.close()


def _outcomes(workers: list[subprocess.Popen[bytes]]) -> Iterator[Outcome]:
    """Lines of all workers as they come."""
    decoder = msgspec.json.Decoder(Outcome)
    with DefaultSelector() as selector:
        for worker in workers:
            assert worker.stdout is not None
            selector.register(worker.stdout, EVENT_READ, bytearray())
        while selector.get_map():
            for key, _ in selector.select():
                data = os.read(key.fd, 1 << 16)
                if not data:
                    selector.unregister(key.fileobj)
                    continue
                key.data.extend(data)
                *lines, rest = bytes(key.data).split(b"\n")
                key.data[:] = rest
                yield from map(decoder.decode, lines)


def _children_cpu() -> float:
    times = os.times()
    return times.children_user + times.children_system


# ---------------------------------------------------------------- what is printed


def commit() -> str:
    """The commit of the code that runs, or its version where it is not a work tree."""
    from mmtui import __version__

    here = Path(__file__).resolve().parents[2]
    command = ["git", "-C", str(here), "rev-parse", "--short", "HEAD"]
    with contextlib.suppress(OSError):
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode == 0 and (here / ".git").exists():
            return done.stdout.strip()
    return f"version {__version__}"


def _say_breach(outcome: Outcome) -> None:
    print(f"\nseed {outcome.seed}, commit {commit()}: {outcome.breach}: {outcome.text}", file=sys.stderr)
    if outcome.breach != "simulator":
        again = run_seed(outcome.seed, Book(keep=25))
        for line in again.lines:
            print(f"    {line}", file=sys.stderr)
    print(f"    again: mmtui sim --seed {outcome.seed}", file=sys.stderr)


def _progress(tally: Tally, count: int, begun: float) -> None:
    if sys.stderr.isatty():
        passed = time.monotonic() - begun
        text = f"{tally.seeds} of {count} seeds, {tally.records:,} records, {len(tally.breaches)} breaches"
        print(f"\r{text}, {passed:.0f} s", end="", file=sys.stderr, flush=True)


def _body(tally: Tally, count: int, first: int, cpu: float, wall: float, runs: int) -> dict[str, Any]:
    converged = sorted(tally.converged)
    rate, pace = (count * runs / cpu if cpu else 0.0 for count in (tally.records, tally.events))
    return {
        "seeds": tally.seeds,
        "from": first,
        "runs_each": runs,
        "records": tally.records,
        "events": tally.events,
        "lives": tally.lives,
        "restarts": tally.lives - tally.seeds,
        "simulated_s": round(tally.simulated, 1),
        "wall_s": round(wall, 1),
        "cpu_s": round(cpu, 1),
        "records_per_cpu_s": round(rate),
        "events_per_cpu_s": round(pace),
        "breaches": [{"seed": o.seed, "invariant": o.breach, "text": o.text} for o in tally.breaches],
        "differ": tally.differ,
        "converged_ms": {
            "p50": converged[len(converged) // 2] if converged else -1,
            "max": converged[-1] if converged else -1,
        },
        "cells": dict(sorted(tally.cells.items(), key=lambda item: (int(item[0].split()[0]), item[0]))),
    }


def _print(body: dict[str, Any], thin: list[str]) -> None:
    said = f"{body['seeds']} seeds from {body['from']}, each in {body['runs_each']} process(es)"
    print(f"{said}: {len(body['breaches'])} breaches, {len(body['differ'])} tapes that differ")
    said = f"{body['events']:,} events, {body['records']:,} records, {body['restarts']:,} restarts"
    print(f"{said}, {body['simulated_s']:,.0f} simulated seconds,")
    said = f"{body['events_per_cpu_s']:,} events and {body['records_per_cpu_s']:,} records a second of one core"
    print(f"{said}, {body['wall_s']:.0f} s of time")
    print(f"converged after healing: p50 {body['converged_ms']['p50']} ms, max {body['converged_ms']['max']} ms")
    hits: dict[int, int] = {}
    for cell, count in body["cells"].items():
        number = int(cell.split()[0])
        hits[number] = hits.get(number, 0) + count
    print("faults struck: " + ", ".join(f"{n} {hits[n]:,}" for n in sorted(hits)))
    if thin:
        print(f"reached less than {CELL_LEAST} times: {', '.join(thin)}")
