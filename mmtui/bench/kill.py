"""Benchmark of the kill path: from the command to the last cancel handed out, with the tape written in between.

Rules of this file: the product's own engine, paper venues and tape; the wall clock around one call.
"""

from __future__ import annotations

import pickle
import tempfile
import time
from pathlib import Path
from typing import Any

from mmtui.core.effects import CancelAll, CancelOrder, Effect, PlaceOrder
from mmtui.core.engine import Engine
from mmtui.core.events import BestQuote, BookSnapshot, Command, Event, HostStarted
from mmtui.core.market.instrument import Instrument
from mmtui.core.quoting.params import Quoting
from mmtui.core.risk.limits import Limits
from mmtui.core.runner import Runner
from mmtui.core.setup import DeskSetup, InstrumentSetup
from mmtui.tape.format import Header
from mmtui.tape.writer import TapeWriter
from mmtui.venues.paper.venue import PaperVenue

PRESSES = 60
VENUES = 4
SECOND = 1_000_000_000
START = 1_700_000_000 * SECOND
#: Market messages after each kill: 10,000 a second for half a second.
AFTER = 5_000


def bench_kill() -> dict[str, Any]:
    """200 open quotes on four venues, 60 presses; creates_after counts orders that left after the kill."""
    return measure(200, PRESSES)


def desk(orders: int) -> DeskSetup:
    """Instruments enough for so many quotes, 20 rungs a side, over four venues."""
    count = -(-orders // 40)
    items = []
    for k in range(count):
        instrument = Instrument(
            id=f"bench-{k % VENUES}:C{k}USDT",
            venue=f"bench-{k % VENUES}",
            symbol=f"C{k}USDT",
            kind="linear",
            base=f"C{k}",
            quote="USDT",
            settle="USDT",
            tick="0.1",
            lot="0.001",
        )
        levels = min(20, (orders - 40 * k) // 2)
        items.append(InstrumentSetup(instrument=instrument, quoting=Quoting(levels=levels, size=0.001)))
    return DeskSetup(
        name="bench",
        mode="paper",
        currency="USDT",
        equity="10000000",
        instruments=items,
        venues=[f"bench-{v}" for v in range(min(VENUES, count))],
        limits=Limits(messages_per_s=10_000),
        autostart=True,
    )


def prepared(setup: DeskSetup) -> bytes:
    """A desk with all its quotes live, pickled: every press starts from the same one."""
    engine = Engine(setup)
    runner = Runner(engine, PaperVenue(setup, engine.books, 1), _drop, _ignore)
    runner.now = START
    runner.step(HostStarted(START, 1, "start", {}, True))
    for i in range(len(setup.instruments)):
        levels = (
            [600_000 - 10 * k for k in range(50)],
            [1_000] * 50,
            [600_010 + 10 * k for k in range(50)],
            [1_000] * 50,
        )
        runner.feed(BookSnapshot(START + 1 + i, START, i, 1, *levels))
    runner.advance(START + SECOND)
    runner.record = _drop
    return pickle.dumps((engine, runner.execution, runner.now, runner.wake))


def measure(orders: int, presses: int) -> dict[str, Any]:
    setup = desk(orders)
    image = prepared(setup)
    times: list[float] = []
    created = open_before = open_after = 0
    with tempfile.TemporaryDirectory() as folder:
        for press in range(presses):
            engine, execution, now, wake = pickle.loads(image)
            header = Header(session=f"bench-{press}", created_ns=0, setup=setup)
            writer = TapeWriter(Path(folder) / str(press), header)
            late = Counter()
            runner = Runner(engine, execution, writer.append, _ignore)
            runner.now, runner.wake = now, wake
            open_before = len(engine.tracker.open)
            command = Command(now, f"k{press}", "bench", "operator", "bench", 0, "kill", "{}")
            begun = time.perf_counter()
            runner.command(command)
            times.append((time.perf_counter() - begun) * 1e3)
            runner.record = late.record
            for k in range(AFTER):
                i = k % len(setup.instruments)
                seq = 2 + k
                runner.feed(BestQuote(now + k * 100_000, now, i, seq, 600_000 + k % 7, 500, 600_010 + k % 7, 500))
            created += late.creates
            open_after = max(open_after, len(engine.tracker.open))
            writer.close(engine.state_hash())
    times.sort()
    return {
        "presses": presses,
        "orders": open_before,
        "venues": len(setup.venues),
        "p50_ms": round(times[len(times) // 2], 3),
        "p99_ms": round(times[min(len(times) - 1, int(len(times) * 0.99))], 3),
        "creates_after": created,
        "open_after": open_after,
    }


class Counter:
    """Counts what leaves after a kill."""

    def __init__(self) -> None:
        self.creates = 0
        self.cancels = 0

    def record(self, event: Event, effects: list[Effect]) -> None:
        for effect in effects:
            self.creates += isinstance(effect, PlaceOrder)
            self.cancels += isinstance(effect, CancelOrder | CancelAll)


def _drop(event: Event, effects: list[Effect]) -> None:
    """No tape while the desk is prepared."""


def _ignore(effect: Effect, now: int) -> None:
    """Nobody listens to alerts here."""
