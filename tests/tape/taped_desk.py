"""A desk on the synthetic market with operators' acts, as records: what the tests of checkpoints and exports write."""

from __future__ import annotations

import json
from functools import cache
from itertools import takewhile
from pathlib import Path

from mmtui.config.defaults import default_setup
from mmtui.core.effects import Effect
from mmtui.core.engine import Engine
from mmtui.core.events import Command, Event, HostStarted, HostStopped
from mmtui.core.runner import Runner
from mmtui.core.setup import DeskSetup
from mmtui.tape.format import Header
from mmtui.tape.writer import TapeWriter
from mmtui.venues.paper.venue import PaperVenue
from mmtui.venues.synthetic.market import SyntheticMarket

START = 1_700_000_000 * 10**9
SECOND = 10**9
ACTS = (
    ("spread", {"bps": 1.5}), ("skew", {"bps": -1.0}), ("set", {"levels": 3}), ("pause", {}), ("resume", {}),
    ("size", {"pct": 20}), ("flatten", {}), ("start", {}), ("wide", {}), ("kill", {}), ("resume", {}), ("start", {}),
)  # fmt: skip


@cache
def desk_records(seconds: float = 20, scenario: str = "trend") -> tuple[DeskSetup, list[tuple[Event, list[Effect]]]]:
    """The setup and the records of one session, its end included; not to be changed."""
    market = SyntheticMarket(5, scenario, START)
    setup = default_setup(market.setup_instruments(), "made", autostart=True)
    index = {item.instrument.id: i for i, item in enumerate(setup.instruments)}
    venues = {venue: v for v, venue in enumerate(setup.venues)}
    engine = Engine(setup)
    records: list[tuple[Event, list[Effect]]] = []
    runner = Runner(
        engine,
        PaperVenue(setup, engine.books, 1),
        lambda event, effects: records.append((event, effects)),
        lambda effect, now: None,
    )
    runner.now = START
    runner.step(HostStarted(START, 1, "start", {}, True))
    end = START + int(seconds * SECOND)
    step = (end - START) // (len(ACTS) + 1)
    acts = iter(enumerate(ACTS))
    due = START + step
    for event in takewhile(lambda event: event.ts < end, market.events(index, venues)):
        if event.ts >= due:
            due += step
            for k, (action, args) in acts:
                text = json.dumps(args)
                runner.command(Command(event.ts, f"c{k}", "ann", "operator", "ctl", 0, action, text, reason="because"))
                break
        runner.feed(event)
    runner.step(HostStopped(runner.now, "end of test"))
    return setup, records


def header_of(setup: DeskSetup, name: str = "made") -> Header:
    return Header(session=name, created_ns=START, setup=setup, source={"kind": "synthetic"})


def write_tape(directory: Path, count: int | None = None, close: bool = False, **made: object) -> TapeWriter:
    """The first `count` records of `desk_records(**made)` as a session; its writer, after flush or close."""
    setup, records = desk_records(**made)
    tape = TapeWriter(directory, header_of(setup, directory.name))
    engine = Engine(setup)
    for event, effects in records[:count]:
        tape.append(event, effects)
        if close:
            engine.process(event)
    if close:
        tape.close(engine.state_hash())
    else:
        tape.flush()
        tape.abandon()
    return tape
