"""The source's events with the next ones already decoded: in a burst only the engine's own work is left.

Rules of this file: the order is the source's; a source that fails ends, and says why.
"""

from __future__ import annotations

import time
import traceback
from collections import deque
from collections.abc import Callable, Iterator

from mmtui.core.events import Event, SourceEnded
from mmtui.host.pace import Pace

#: Events that are decoded ahead, while the next one is at least so far away.
AHEAD = 4_000
GAP_S = 0.0005


class Ahead:
    """`pending` is the event that comes next, None after the last."""

    def __init__(self, events: Iterator[Event], failed: Callable[[str], None]) -> None:
        self.events = events
        self.pending: Event | None = None
        self.read = 0  # events read from the source, those of earlier lives included
        self._failed = failed
        self._ready: deque[Event] = deque()

    def step(self) -> Event | None:
        """Go on to the next event."""
        self.pending = self._ready.popleft() if self._ready else self._read()
        return self.pending

    def fill(self, pace: Pace, due: int, stop: int) -> float:
        """Decode on until something is due or until `stop` (monotonic ns); seconds until there is more to do."""
        ready = self._ready
        while (delay := pace.seconds_until(due, time.monotonic_ns())) > GAP_S and len(ready) < AHEAD:
            if time.monotonic_ns() >= stop:
                return 0.0
            event = self._read()
            if event is None:
                break
            ready.append(event)
        return delay

    def drop(self) -> None:
        """Nothing more comes: the desk has failed."""
        self.events = iter(())
        self.pending = None
        self._ready.clear()

    @property
    def ahead(self) -> int:
        """Events that have been read and not been handed on."""
        return len(self._ready) + (self.pending is not None)

    def _read(self) -> Event | None:
        try:
            event = next(self.events, None)
            self.read += event is not None
            return event
        except Exception as error:  # a source's fault is the end of the source, said, never the end of the desk
            traceback.print_exc()
            self._failed(f"the source failed: {error}")
            last = self._ready[-1] if self._ready else self.pending
            self.read += 1
            return SourceEnded(last.ts if last is not None else 0, f"failed: {error}")
