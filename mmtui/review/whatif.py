"""`mmtui whatif`: the engine over recorded or raw market data, as fast as it goes, with paper execution.

The market is decoded once; the pessimistic and the optimistic fill model run side by side on it, each with an engine of
its own.  Rules of this file: gathers sources and parameters, runs, keeps and prints the result; decides nothing.
"""

from __future__ import annotations

import argparse
import gc
import json
import sys
import time
from collections.abc import Callable, Iterable
from hashlib import blake2b
from pathlib import Path
from typing import Any

import msgspec

from mmtui.core.effects import Alert, Effect, Shutdown, Wake
from mmtui.core.events import MARKET, Command, Event, Timer
from mmtui.core.setup import DeskSetup
from mmtui.review.exposure import Exposure
from mmtui.review.outcome import outcome, print_outcome
from mmtui.review.progress import watched
from mmtui.review.request import Request, prepare
from mmtui.venues.paper_desk import LEFT_OUT, PaperDesk

#: Left out of the digest of decisions: texts for people, and wake-ups.
TALK = (Alert, Wake, Shutdown)
#: A digest is kept for every so many events, so that a difference can be placed.
DIGEST_EVERY = 10_000
#: Classes of market events.
KINDS: frozenset[type] = frozenset(MARKET)

Record = Callable[[Event, list[Effect]], None]


class Run:
    """One engine with one fill model over a stream of market events."""

    def __init__(self, setup: DeskSetup, model: str, record: Record | None = None) -> None:
        desk = PaperDesk(setup, model, record or self._digest)
        self.setup, self.engine, self.execution, self.runner = desk.setup, desk.engine, desk.execution, desk.runner
        self.start, self.stop = desk.start, desk.stop
        self.exposure = Exposure(self.engine)
        self.digest = blake2b(digest_size=16)
        self.digests: list[str] = []
        self._encode = msgspec.msgpack.Encoder().encode
        self._count = 0
        self.feed = self.runner.feed

    def _digest(self, event: Event, effects: list[Effect]) -> None:
        self._count += 1
        if event.__class__ is Timer:
            self.exposure.look(event.ts)
        if effects:
            decisions = [effect for effect in effects if not isinstance(effect, TALK)]
            if decisions:
                self.digest.update(self._encode((event.ts, decisions)))
        if self._count % DIGEST_EVERY == 0:
            self.digests.append(self.digest.hexdigest())

    @property
    def hash(self) -> str:
        """Digest of decisions and state: no paths, no ids of the run, no wall time."""
        return blake2b(self.digest.digest() + self.engine.state_hash().encode(), digest_size=16).hexdigest()


def run_events(runs: list[Run], events: Iterable[Event]) -> int:
    """Feed every run; returns the number of market events."""
    count = 0
    started = False
    feeds = [run.feed for run in runs]
    for event in events:
        if not started:
            started = True
            for run in runs:
                run.start(event.ts)
        if event.__class__ in KINDS:
            for feed in feeds:
                feed(event)
        elif isinstance(event, Command) and event.action not in LEFT_OUT:
            for run in runs:
                run.runner.command(event)
        else:
            continue
        count += 1
    for run in runs:
        run.stop()
    return count


def run(args: argparse.Namespace) -> int:
    """The sub-command."""
    if args.sweep:
        from mmtui.review.sweep import run as sweep

        return sweep(args)
    request = prepare(args)
    models = ["pessimistic", "optimistic"] if args.model == "both" else [args.model]
    result = perform(request, models)
    request.finish()
    keep(request, result, getattr(args, "out", None))
    if args.json:
        print(json.dumps(result))
    else:
        print_outcome(result)
    return 0


def perform(request: Request, models: list[str]) -> dict[str, Any]:
    """Run and collect; the first model named is the result, a second one stands beside it."""
    runs = [Run(request.setup, model) for model in models]
    begun = time.perf_counter()
    gc.collect()
    gc.freeze()
    gc.disable()
    try:
        events = run_events(runs, watched(request.events(), request.progress))
    finally:
        gc.enable()
        gc.unfreeze()
    elapsed = time.perf_counter() - begun
    result: dict[str, Any] = {"session": request.session, "events": events, "elapsed_s": round(elapsed, 3)}
    result["hash"] = runs[0].hash
    result["model"] = models[0]
    result.update(outcome(runs[0].engine, runs[0].exposure))
    result["digests"] = runs[0].digests
    for other, model in zip(runs[1:], models[1:], strict=True):
        result[model] = {"hash": other.hash, **outcome(other.engine, other.exposure)}
    return result


def keep(request: Request, result: dict[str, Any], out: str | None) -> None:
    """Write the session: source and sha256, parameters, digests, result; not the market again."""
    from mmtui import __version__
    from mmtui.tape.format import Header
    from mmtui.tape.writer import TapeWriter

    directory = request.directory(out)
    header = Header(
        session=directory.name,
        created_ns=time.time_ns(),
        setup=request.setup,
        source={"kind": "whatif", "sources": request.described(), "model": result["model"]},
        version=__version__,
    )
    TapeWriter(directory, header).close(result["hash"])
    result["session"] = directory.name if out is None else str(directory)
    (directory / "result.json").write_text(json.dumps(result, indent=1) + "\n")


def expand(directory: Path) -> Path:
    """A what-if session as a full one that can be replayed: run again from its sources, into a folder beside it."""
    from mmtui.core.errors import SourceError
    from mmtui.review.request import again
    from mmtui.tape.checkpoint import Keeper
    from mmtui.tape.format import Header
    from mmtui.tape.reader import TapeReader
    from mmtui.tape.writer import TapeWriter

    header = TapeReader(directory).header
    request = again(header)
    target = directory / "replay"
    if (target / "end.json").exists():
        return target
    if target.exists():
        import shutil

        shutil.rmtree(target)
    source = {"kind": "replay of a what-if", "of": header.session}
    made = Header(**{**msgspec.structs.asdict(header), "source": source})
    writer = TapeWriter(target, made)
    one = Run(header.setup, str(header.source.get("model", "pessimistic")))
    states = Keeper(target, made, one.engine)
    digest = one._digest

    def record(event: Event, effects: list[Effect]) -> None:
        digest(event, effects)
        writer.append(event, effects)
        states.see(event)

    one.runner.record = record
    print(f"mmtui: running what-if {header.session} again from its sources", file=sys.stderr)
    run_events([one], watched(request.events(), request.progress))
    writer.close(one.engine.state_hash())
    states.keep()
    if states.trouble:
        print(f"mmtui: {states.trouble}", file=sys.stderr)
    kept = json.loads((directory / "result.json").read_text())
    if one.hash != kept.get("hash"):
        raise SourceError(f"{directory}: running it again gave {one.hash}, recorded was {kept.get('hash')}")
    return target
