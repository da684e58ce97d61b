"""A whole desk on the paper venue in simulated time: what a what-if runs, however it is looked at.

Rules of this file: no clock, no I/O; events in, `record(event, effects)` out.
"""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from mmtui.core.effects import Effect
from mmtui.core.engine import Engine
from mmtui.core.events import Event, HostStarted, HostStopped
from mmtui.core.runner import Runner
from mmtui.core.setup import DeskSetup
from mmtui.venues.paper.venue import PaperVenue

#: Recorded acts that a what-if leaves out: they belong to what happened, not to the parameters.
LEFT_OUT = frozenset(
    ("start", "stop", "pause", "resume", "flatten", "close", "ticket", "roll", "abort", "extend", "kill", "shutdown")
)


class PaperDesk:
    """An engine, its execution and the runner between them; `model` is the fill model."""

    def __init__(self, setup: DeskSetup, model: str, record: Callable[[Event, list[Effect]], None]) -> None:
        paper = msgspec.structs.replace(setup.paper, model=model)
        self.setup = msgspec.structs.replace(setup, paper=paper, autostart=True)
        self.engine = Engine(self.setup)
        self.execution = PaperVenue(self.setup, self.engine.books, self.setup.seed)
        self.runner = Runner(self.engine, self.execution, record, _ignore)

    def start(self, ts: int) -> None:
        self.runner.now = ts
        self.runner.step(HostStarted(ts, 1, "start", {}, True))

    def stop(self) -> None:
        self.runner.step(HostStopped(self.runner.now, "end of what-if"))


def _ignore(effect: Effect, now: int) -> None:
    """Alerts and answers of a what-if are in its result, nobody listens."""
