"""`mmtui import`: raw captures become a session that can be replayed, looked at and used as a source.

Rules of this file: market events only, in their order, between the start and the end of a host's life; the effects are
those of a desk that was never started, so that the session verifies like any other.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path
from typing import Any

import msgspec

from mmtui.config.paths import sessions_dir
from mmtui.core.engine import Engine
from mmtui.core.errors import UserError
from mmtui.core.events import MARKET, Event, HostStarted, HostStopped
from mmtui.review.progress import watched
from mmtui.review.request import Request, open_sources
from mmtui.tape.checkpoint import Keeper
from mmtui.tape.format import Header, instant
from mmtui.tape.writer import TapeWriter


def run(args: argparse.Namespace) -> int:
    """The sub-command."""
    sources = list(args.source)
    for name in sources:
        if Path(name).is_dir() or name.startswith("synthetic:"):
            raise UserError(f"{name}: only capture files can be imported")
    directory = target(args.out)
    request = open_sources(sources, None, None, None)
    result = import_session(request, directory)
    request.finish()
    if args.json:
        print(json.dumps(result))
    else:
        span = f"{instant(result['start_ns'])} to {instant(result['end_ns'])}"
        print(f"{result['events']:,} market events, {span}, {result['bytes'] / 1e6:,.1f} MB")
        print(f"session {result['session']}")
    return 0


def target(out: str) -> Path:
    """A name stands under the sessions of this user, a path where it says; it must not be there yet."""
    path = Path(out).expanduser()
    directory = sessions_dir() / out if path.name == out else path
    if directory.exists() and (not directory.is_dir() or any(directory.iterdir())):
        raise UserError(f"{out}: is there already; --out names a new session")
    return directory


def import_session(request: Request, directory: Path) -> dict[str, Any]:
    """Write the session; what was written, for JSON."""
    from mmtui import __version__

    setup = msgspec.structs.replace(request.setup, name="import", autostart=False)
    header = Header(
        session=directory.name,
        created_ns=time.time_ns(),
        setup=setup,
        source={"kind": "import", "sources": request.sources},
        version=__version__,
    )
    engine = Engine(setup)
    tape = TapeWriter(directory, header)
    states = Keeper(directory, header, engine)

    def record(event: Event) -> None:
        tape.append(event, engine.process(event))
        states.see(event)

    count = start = last = 0
    for event in watched(request.events(), request.progress):
        if not isinstance(event, MARKET):
            continue
        if not count:
            start = event.ts
            record(HostStarted(event.ts, 1, "start", {}, False))
        record(event)
        count, last = count + 1, event.ts
    if count:
        record(HostStopped(last, "imported"))
    tape.close(engine.state_hash())
    states.keep()
    if states.trouble:
        print(f"mmtui: {states.trouble}", file=sys.stderr)
    return {
        "session": str(directory) if directory.parent != sessions_dir() else directory.name,
        "events": count,
        "start_ns": start,
        "end_ns": last,
        "bytes": (directory / "tape").stat().st_size,
        "instruments": {
            item.instrument.id: {"messages": book.messages, "gaps": book.gaps}
            for item, book in zip(setup.instruments, engine.books, strict=True)
        },
    }
