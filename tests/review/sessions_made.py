"""Sessions made by the tests: the synthetic market, a real engine and the paper venue, recorded."""

from __future__ import annotations

import json
from itertools import takewhile
from pathlib import Path

import msgspec

from mmtui.config.defaults import default_setup
from mmtui.core.engine import Engine
from mmtui.core.events import Command, HostStarted, HostStopped
from mmtui.core.runner import Runner
from mmtui.tape.format import Header
from mmtui.tape.writer import TapeWriter
from mmtui.venues.paper.venue import PaperVenue
from mmtui.venues.synthetic.market import SyntheticMarket

START = 1_700_000_000 * 10**9


def record(
    directory: Path,
    seconds: float = 20,
    scenario: str = "trend",
    close: bool = True,
    obligations=(),
    start=START,
) -> Runner:
    """A desk that quotes for a while, with one operator's act in the middle."""
    market = SyntheticMarket(5, scenario, start)
    setup = default_setup(market.setup_instruments(), "made", autostart=True)
    setup = msgspec.structs.replace(setup, obligations=list(obligations))
    index = {item.instrument.id: i for i, item in enumerate(setup.instruments)}
    venues = {venue: v for v, venue in enumerate(setup.venues)}
    engine = Engine(setup)
    header = Header(session=directory.name, created_ns=start, setup=setup, source={"kind": "synthetic"})
    tape = TapeWriter(directory, header)
    runner = Runner(engine, PaperVenue(setup, engine.books, 1), tape.append, lambda effect, now: None)
    runner.now = start
    runner.step(HostStarted(start, 1, "start", {}, True))
    end = start + int(seconds * 1e9)
    acted = False
    for event in takewhile(lambda event: event.ts < end, market.events(index, venues)):
        if not acted and event.ts > start + (end - start) // 2:
            acted = True
            bps = json.dumps({"bps": "1.5"})
            runner.command(Command(event.ts, "c1", "ann", "operator", "ctl", 0, "spread", bps))
        runner.feed(event)
    if close:
        runner.step(HostStopped(runner.now, "end of test"))
        tape.close(engine.state_hash())
    else:
        tape.flush()
        tape.abandon()
    return runner
