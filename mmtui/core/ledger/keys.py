"""Keys of what has been booked, so that nothing is booked twice: fills by instrument and trade id, moves by their ref.

A bounded memory that never forgets: what is older than the oldest remembered key of its place counts as booked, since
a truly missing fill shows as a difference of positions, which reconciliation finds.
Rules of this file: remembers keys; books nothing.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Hashable
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)

#: Keys that are remembered for one place (instrument or venue).
CAP = 50_000


class Keys(Generic[K]):
    """Keys of one place, in the order of booking, with the venue's instants."""

    __slots__ = ("floor", "known", "order")

    def __init__(self) -> None:
        self.known: set[K] = set()
        self.order: deque[tuple[int, K]] = deque()
        self.floor = -1  # no key that was forgotten is newer than this

    def first(self, key: K, ts_event: int) -> bool:
        """Whether a key is new; it is remembered from here on."""
        if key in self.known or ts_event <= self.floor:
            return False
        self.known.add(key)
        self.order.append((ts_event, key))
        if len(self.order) > CAP:
            ts, old = self.order.popleft()
            self.known.discard(old)
            self.floor = max(self.floor, ts)
        return True

    def has(self, key: K) -> bool:
        return key in self.known
