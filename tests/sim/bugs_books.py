"""Planted bugs of books and feeds (rows 26-31).

Rules of this file: mutations of mmtui for tests; each is a peer's failure, as whole as it was there.
"""

from __future__ import annotations

from bugs import Patch, bug

from mmtui.core.market_side import MarketSide
from mmtui.core.risk.protections import Protections
from mmtui.sim.desk_streams import Feeds
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


@bug(29, "ccxt#17733", "a book without its sequence asks for a snapshot with every update and every failure: a storm")
def resync_storm() -> list[Patch]:
    real, real_frame = FeedSession.frame, Feeds.frame

    def frame(self, data, now):
        events = real(self, data, now)
        for event in events:
            resync = self._resyncs.get(getattr(event, "i", -1))
            if resync is not None and not self._feeds[event.i].sequence.valid:
                resync.due, resync.asked = now, 0
        return events

    def failed(self, now):
        self.due, self.asked = now, 0

    def heard(self, stream, data):
        real_frame(self, stream, data)
        self._plan()

    return [(FeedSession, "frame", frame), (Resync, "failed", failed), (Feeds, "frame", heard)]


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
    real_moved = MarketSide._moved

    def moved(self, i, ts, ts_event, book):
        if not (book.valid and book.crossed and self.quoters[i].active):
            real_moved(self, i, ts, ts_event, book)
            return
        quoter = self.quoters[i]
        self.protections.seen[i] = ts
        fair = (book.bid + book.ask) / 2
        quoter.dirty = True
        if quoter.reprice(book.bid, book.ask, fair, self.accounts[i].position, ts):
            self._ladder(quoter, ts)

    real = Protections.condition

    def condition(self, i, ts):
        why = real(self, i, ts)
        return "" if why == "crossed book" else why

    return [(MarketSide, "_moved", moved), (Protections, "condition", condition)]
