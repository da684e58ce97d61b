"""Planted bugs of books and feeds (rows 26-31).

Rules of this file: mutations of mmtui for tests; each is a peer's failure, as whole as it was there.
"""

from __future__ import annotations

from bugs import Patch, bug

from mmtui.core.events import BookDelta
from mmtui.core.market_side import MarketSide
from mmtui.core.risk.protections import Protections
from mmtui.venues.binance.sequence import Sequence
from mmtui.venues.connection import SECOND, Connection, Disconnect
from mmtui.venues.feed import FeedSession, Resync


@bug(26, "condor#198", "the connector closes its own connection every few seconds, and begins anew")
def closes_its_own_connection() -> list[Patch]:
    real = Connection.tick

    def tick(self, now):
        if self.connected and now - self._since > 4 * SECOND:
            return Disconnect("keep-alive")
        return real(self, now)

    return [(Connection, "tick", tick)]


@bug(26, "condor#198", "after a reconnect nothing is quoted any more, and nothing says so")
def stalls_after_a_reconnect() -> list[Patch]:
    real = Protections.lift

    def broken(self, i, ts):
        return not self.ready[i] and real(self, i, ts)

    return [(Protections, "lift", broken)]


@bug(27, "ccxt#15130", "a book that lost its sequence never recovers")
def no_resync() -> list[Patch]:
    real = Resync.lost

    def broken(self, now):
        if not self.good:
            real(self, now)

    return [(Resync, "lost", broken)]


@bug(28, "ccxt#19717", "a frozen book is quoted from")
def frozen_is_live() -> list[Patch]:
    real = Protections.condition

    def broken(self, i, ts):
        why = real(self, i, ts)
        return "" if why == "stale feed" else why

    return [(Protections, "condition", broken)]


@bug(29, "ccxt#17733", "every update of a book without its sequence asks for a snapshot: a storm")
def resync_storm() -> list[Patch]:
    real = FeedSession.frame

    def frame(self, data, now):
        events = real(self, data, now)
        for event in events:
            if isinstance(event, BookDelta) and not self._feeds[event.i].sequence.valid:
                self._resyncs[event.i].due = now
        return events

    return [(FeedSession, "frame", frame)]


@bug(30, "gocryptotrader#2255", "a gap is noticed, and the book stays valid")
def gap_stays_valid() -> list[Patch]:
    def broken(self, event):
        self.books[event.i].gaps += 1

    return [(MarketSide, "gap", broken)]


@bug(30, "gocryptotrader#2255", "a snapshot of another moment is taken for the book")
def any_snapshot_will_do() -> list[Patch]:
    def broken(self, event):
        self.valid, self._snapshot = True, None
        self.last = event.seq
        self._buffer.clear()
        return [event]

    return [(Sequence, "snapshot", broken)]


@bug(31, "cryptofeed#232", "a crossed book is quoted from")
def crossed_is_good() -> list[Patch]:
    def moved(self, i, ts, book):
        self.protections.seen[i] = ts
        if book.valid and book.bid and book.ask and self.quoters[i].active:
            quoter = self.quoters[i]
            quoter.dirty = True
            low, high = min(book.bid, book.ask - 1), max(book.ask, book.bid + 1)
            if quoter.reprice(low, high, (low + high) / 2, self.accounts[i].position):
                self._ladder(quoter, ts)

    real = Protections.condition

    def condition(self, i, ts):
        why = real(self, i, ts)
        return "" if why == "crossed book" else why

    return [(MarketSide, "_moved", moved), (Protections, "condition", condition)]
