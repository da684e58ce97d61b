"""How late a venue's market data comes, and how long an own order takes to be accepted: percentiles of the newest.

Feed: our receipt less the venue's own time of the newest message of a book, once a second; the clocks' difference is in
it. Order: sent to accepted, on the engine's clock.  Rules of this file: reads the engine and never changes it.
"""

from __future__ import annotations

from collections import deque

from mmtui.core import events as ev
from mmtui.core.engine import Engine

#: Samples that are kept of each: ten minutes of seconds, so many orders.
KEPT = 600


class Latencies:
    """Samples in ns, by venue."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        venues = len(engine.setup.venues)
        self.feed: list[deque[int]] = [deque(maxlen=KEPT) for _ in range(venues)]
        self.order: list[deque[int]] = [deque(maxlen=KEPT) for _ in range(venues)]
        self._heard = [0] * len(engine.books)
        self._made: dict[int, tuple[int, tuple[float, float] | None, tuple[float, float] | None]] = {}
        self._second = 0

    def second(self, second: int) -> None:
        """Every book that has heard something since the last second gives a sample."""
        self._second = second
        for i, book in enumerate(self.engine.books):
            if book.ts_event and book.ts != self._heard[i]:
                self._heard[i] = book.ts
                self.feed[self.engine.venue_of[i]].append(book.ts - book.ts_event)

    def accepted(self, event: ev.OrderAccepted) -> None:
        """An own order stands at its venue."""
        order = self.engine.tracker.open.get(event.oid)
        if order is not None and order.sent_ts and event.ts >= order.sent_ts:
            self.order[self.engine.venue_of[event.i]].append(event.ts - order.sent_ts)

    def of(self, v: int) -> tuple[tuple[float, float] | None, tuple[float, float] | None]:
        """Median and 99th percentile in ms of a venue's feed and orders, made anew once a second."""
        made = self._made.get(v)
        if made is None or made[0] != self._second:
            made = self._made[v] = (self._second, percentiles(self.feed[v]), percentiles(self.order[v]))
        return made[1:]


def percentiles(samples: deque[int]) -> tuple[float, float] | None:
    """(p50, p99) in ms by nearest rank; None without a sample."""
    if not samples:
        return None
    ranked = sorted(samples)
    p50, p99 = (ranked[min(len(ranked) - 1, len(ranked) * p // 100)] for p in (50, 99))
    return round(p50 / 1e6, 3), round(p99 / 1e6, 3)
