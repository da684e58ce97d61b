"""The venue's sequence rule of one instrument's depth: what to emit for an update or a snapshot.

Rules of this file: ids and already converted events only.  Binance's procedure, with the buffer that it asks for:

* futures: each `pu` equals the previous `u`; spot: each `U` is the previous `u` + 1 (an overlap loses nothing);
* a snapshot with id L is joined by the first update that is not older: futures U <= L <= u, spot U <= L + 1 <= u;
  updates older than L (futures u < L, spot u <= L) are dropped;
* an update that ends at or before the newest one seen (u <= last u) is a duplicate: dropped, no gap;
* anything else is a gap: the book is invalid until a snapshot joins the updates since the gap.

A snapshot usually comes after updates that are newer than it, so recent updates are kept and replayed on top of it.
"""

from __future__ import annotations

from collections import deque
from typing import TypeVar

import msgspec

from mmtui.core.events import BookDelta, BookGap, BookSnapshot, Event

_Levels = TypeVar("_Levels", BookDelta, BookSnapshot)

#: Updates kept while the book waits for a snapshot, and while it is in sync.
WAITING_MAX, SYNCED_MAX = 32_768, 512


class Sequence:
    """State of one instrument's depth stream."""

    __slots__ = ("_buffer", "_snapshot", "futures", "gaps", "last", "valid")

    def __init__(self, futures: bool) -> None:
        self.futures = futures
        self.last = 0  # final id of the newest update of the stream
        self._snapshot: BookSnapshot | None = None  # one that no update has joined yet
        self.valid = False
        self.gaps = 0
        self._buffer: deque[tuple[int, BookDelta]] = deque()  # (pu, update), without a gap inside

    def update(self, pu: int, delta: BookDelta) -> list[Event]:
        """What a depth update means; an empty list when it is dropped."""
        first, final, last = delta.first_seq, delta.seq, self.last
        if last and final <= last:
            return []
        follows = not last or (pu == last if self.futures else first <= last + 1)
        self.last = final
        if not follows:
            self._buffer.clear()
        self._remember(pu, delta)
        if self._snapshot is not None:
            return self._after_snapshot(self._snapshot, pu, delta, last, follows)
        return [delta] if follows else [self._gap(delta, last, pu), delta]

    def _after_snapshot(
        self, snapshot: BookSnapshot, pu: int, delta: BookDelta, last: int, follows: bool
    ) -> list[Event]:
        """Updates until one joins the snapshot. A gap that it covers is told, and the snapshot given again."""
        at, first, final = snapshot.seq, delta.first_seq, delta.seq
        stale = final < at or (final == at and not self.futures)
        joined = self._joins(at, pu, first) or (last > 0 and follows)
        if not stale:
            self._snapshot = None
            if not joined:
                expected = at if self.futures else at + 1
                why = "the first update does not join the snapshot"
                self.valid = False
                self.gaps += 1
                return [BookGap(delta.ts, delta.i, expected, first, why), delta]
        events: list[Event] = []
        if not follows:
            events = [self._gap(delta, last, pu), msgspec.structs.replace(snapshot, ts=delta.ts)]
            self.valid = True
        return events if stale else [*events, delta]

    def snapshot(self, event: BookSnapshot) -> list[Event]:
        """The snapshot and the newer updates on top of it; an empty list when it cannot be joined with them."""
        at = event.seq
        newest = at if self.futures else at + 1
        newer = [(pu, delta) for pu, delta in self._buffer if delta.seq >= newest]
        if not newer:
            if self.last > at:
                return []  # older than everything that is known
            self.valid, self._snapshot = True, event
            return [event]
        pu, first = newer[0][0], newer[0][1].first_seq
        if not self._joins(at, pu, first) and len(newer) == len(self._buffer):
            return []  # updates between the snapshot and the oldest one kept are missing
        self.valid, self._snapshot = True, None
        return [event, *(_at(delta, event.ts) for _, delta in newer)]

    def rescale(self, px: int, sz: int) -> None:
        """A finer grid: the kept updates follow."""
        self._buffer = deque((pu, _scaled(delta, px, sz)) for pu, delta in self._buffer)
        if self._snapshot is not None:
            self._snapshot = _scaled(self._snapshot, px, sz)

    def _joins(self, at: int, pu: int, first: int) -> bool:
        return first <= at or pu == at if self.futures else first <= at + 1

    def _gap(self, delta: BookDelta, last: int, pu: int) -> BookGap:
        """The rule between two updates is broken."""
        self.valid = False
        self.gaps += 1
        if self.futures:
            return BookGap(delta.ts, delta.i, last, pu, "pu is not the previous u")
        return BookGap(delta.ts, delta.i, last + 1, delta.first_seq, "U is not the previous u + 1")

    def _remember(self, pu: int, delta: BookDelta) -> None:
        buffer = self._buffer
        buffer.append((pu, delta))
        if len(buffer) > (SYNCED_MAX if self.valid else WAITING_MAX):
            buffer.popleft()
            if len(buffer) > SYNCED_MAX and self.valid:
                buffer.popleft()


def _at(d: BookDelta, ts: int) -> BookDelta:
    return BookDelta(ts, d.ts_event, d.i, d.first_seq, d.seq, d.bid_px, d.bid_sz, d.ask_px, d.ask_sz)


def _scaled(d: _Levels, px: int, sz: int) -> _Levels:
    return msgspec.structs.replace(
        d,
        bid_px=[p * px for p in d.bid_px],
        bid_sz=[q * sz for q in d.bid_sz],
        ask_px=[p * px for p in d.ask_px],
        ask_sz=[q * sz for q in d.ask_sz],
    )
