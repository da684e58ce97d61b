"""Protections: pull the quotes of an instrument while its book cannot be trusted, and let them come back alone.

They are not states and ask nobody (desk rules).  They come back after a second of good data, at a quarter of the size
for `ease_back_s`; more than `trips_to_pause` trips in `trips_window_s` pause the instrument.

Rules of this file: reads books; its verdict is a reason or "".
"""

from __future__ import annotations

from collections import deque

from mmtui.core.market.book import OrderBook
from mmtui.core.setup import DeskSetup

SECOND = 1_000_000_000
#: Good data must have lasted so long before quotes come back.
HYSTERESIS = SECOND
#: A lead venue (fair_source) is pulled on earlier than the venue itself.
LEAD_STALE = SECOND


class Protections:
    """One verdict an instrument, with what is needed to lift it again."""

    def __init__(self, setup: DeskSetup, books: list[OrderBook], sources: list[int]) -> None:
        limits = setup.limits
        count = len(setup.instruments)
        self.books = books
        self.sources = sources  # instrument whose mid is the fair value, -1: own book
        self.venue_of = [setup.venues.index(item.instrument.venue) for item in setup.instruments]
        self.stale_after = [
            (limits.stale_major_ms if item.instrument.major else limits.stale_other_ms) * 1_000_000
            for item in setup.instruments
        ]
        self.ease_ns = int(limits.ease_back_s * SECOND)
        self.window_ns = int(limits.trips_window_s * SECOND)
        self.trips_to_pause = limits.trips_to_pause
        self.seen = [0] * count  # last message about the instrument, or last sign of life of its venue
        self.connected = [True] * len(setup.venues)
        self.blind = [""] * len(setup.venues)  # why the account at a venue is not known now (Reconciler)
        self.reasons = ["no snapshot"] * count
        self.ready = [False] * count  # has been good once: what came before was the start, not a trip
        self.good_since = [0] * count
        self.trips: list[deque[int]] = [deque() for _ in range(count)]

    def condition(self, i: int, ts: int) -> str:
        """What is wrong with the data of an instrument now; "" when nothing is."""
        book = self.books[i]
        v = self.venue_of[i]
        if not self.connected[v]:
            return "feed down"
        if self.blind[v]:
            return self.blind[v]
        if not book.valid:
            return book.why
        if not 0 < book.bid < book.ask:
            return "crossed book" if book.crossed else "one-sided book"
        if ts - self.seen[i] > self.stale_after[i]:
            return "stale feed"
        lead = self.sources[i]
        if lead >= 0 and (not self.books[lead].quotable or ts - self.seen[lead] > LEAD_STALE):
            return "lead venue"
        return ""

    def trip(self, i: int, why: str, ts: int) -> bool:
        """Note a protection; True when the instrument has tripped too often and is to be paused."""
        self.reasons[i] = why
        self.good_since[i] = 0
        return self.count(i, ts)

    def count(self, i: int, ts: int) -> bool:
        """Note a trip, of a guard of the strategy as well; True when there were too many."""
        trips = self.trips[i]
        trips.append(ts)
        while trips and trips[0] < ts - self.window_ns:
            trips.popleft()
        return len(trips) > self.trips_to_pause

    def again(self, i: int, why: str) -> None:
        """Bad data while tripped already: the wait for good data begins anew."""
        self.reasons[i], self.good_since[i] = why, 0

    def lift(self, i: int, ts: int) -> bool:
        """Called by the timer while tripped: True when the protection has just been lifted."""
        why = self.condition(i, ts)
        if why:
            self.reasons[i], self.good_since[i] = why, 0
            return False
        if not self.good_since[i]:
            self.good_since[i] = ts
        if self.ready[i] and ts - self.good_since[i] < HYSTERESIS:
            return False
        self.reasons[i] = ""
        return True

    def digest(self) -> tuple[object, ...]:
        return (self.reasons, self.ready)
