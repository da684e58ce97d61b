"""One venue's public feed whose snapshots come by the channel, sans-IO: frames in; events, frames and requests out.

The twin of feed.py for the venues of market_table: a book that lost its place is subscribed anew, one request in
flight a book and more and more slowly; the connection is looked after by connection.py; venues that want a text as
ping get it in time, whatever else is sent.

Rules of this file: no clock, no I/O; nothing raises whatever a venue sends; every loop has a pause that grows.
"""

from __future__ import annotations

import msgspec

from mmtui.core.events import BookGap, BookSnapshot, Event, FeedStatus, GridRefined, Heartbeat
from mmtui.core.market.instrument import Instrument
from mmtui.core.runner import NEVER
from mmtui.venues.connection import SECOND, Connect, Connection, Disconnect, Ping
from mmtui.venues.feed import SILENT, PublicSession
from mmtui.venues.market_decoder import feeds_of
from mmtui.venues.market_table import LIVE_DECODERS


class Send(msgspec.Struct, frozen=True, tag=True):
    """Send these text frames, in order."""

    frames: list[bytes]


MarketRequest = Connect | Disconnect | Ping | Send


class MarketSession(PublicSession[MarketRequest]):
    """The public connection of one venue; KeyError for one without native wire code."""

    def __init__(self, v: int, venue: str, instruments: list[tuple[int, Instrument]]) -> None:
        self.venue = venue
        self._decoder = LIVE_DECODERS[venue](v, feeds_of(instruments))
        self._facts = self._decoder.facts
        self.ping_text = self._facts.ping.encode()
        self._pong = self._facts.pong.encode()
        self._notice = self._facts.notice.encode()
        self._symbols = {i: instrument.symbol for i, instrument in instruments}
        super().__init__(v, Connection(busy=self._facts.steady), self._symbols)
        self._ping_due = NEVER

    @property
    def damaged(self) -> int:
        """Frames that could not be read."""
        return self._decoder.damaged

    def address(self) -> str:
        """Where to connect: the venue's, of the kind of these instruments where it has one a kind."""
        kinds = {feed.instrument.kind for feed in self._decoder.feeds.values()}
        return next((url for kind, url in self._facts.urls if kind in kinds), self._facts.urls[0][1])

    @property
    def life_s(self) -> int:
        """Age at which the venue closes a connection; 0: it does not."""
        return self._facts.life_s

    @property
    def per_s(self) -> int:
        """Messages of ours that the venue takes in a second; 0: as many as there are."""
        return self._facts.per_s

    def announces(self, data: bytes) -> bool:
        """Whether a frame says that the venue will close the connection soon."""
        return bool(self._notice) and self._notice in data[:512]

    def successor(self) -> MarketSession:
        """A session for a second connection to the same: the ids of its events go on from this one's."""
        feeds = self._decoder.feeds
        made = MarketSession(self.v, self.venue, [(feed.i, feed.instrument) for feed in feeds.values()])
        for symbol, feed in made._decoder.feeds.items():
            feed.follow(feeds[symbol])
        return made

    # -- what comes ----------------------------------------------------------------------------------------------

    def frame(self, data: bytes, now: int) -> list[Event]:
        """One frame of the connection."""
        if self.is_pong(data):
            return self.pong(now)
        self.connection.frame(now)
        events = self._decoder.decode(now, data)
        for event in events:
            if type(event) is BookGap:
                self._resyncs[event.i].lost(now)
            elif type(event) is BookSnapshot:
                self._found(event.i, now)
        for refused in self._decoder.refused:
            self._resyncs[refused.i].failed(now)
        answers = self._decoder.take()
        if answers:
            self._requests.append(Send(answers))
        return events

    def is_pong(self, data: bytes) -> bool:
        """Whether a frame answers a ping that was a text."""
        return bool(self._pong) and data.startswith(self._pong)

    def up(self, now: int) -> list[Event]:
        """The connection is open; the subscriptions are the next request."""
        self.connection.up(now)
        self._decoder.reset()
        self._ping_due = now + self._facts.ping_s * SECOND if self._facts.ping else NEVER
        for resync in self._resyncs.values():
            resync.reset()
            resync.asked = now  # a subscription begins with a snapshot
        self._requests.append(Send(self._decoder.subscriptions()))
        return [FeedStatus(now, self.v, True, "connected")]

    def down(self, now: int, why: str) -> list[Event]:
        """The connection is gone, or could not be made."""
        self._decoder.reset()
        self._ping_due = NEVER
        return super().down(now, why)

    def pong(self, now: int) -> list[Event]:
        """The other end lives; that its data does too is believed for a while only, where data must come."""
        connection = self.connection
        if not connection.connected:
            return []
        connection.pong(now)
        alive = not self._facts.steady or now - connection.heard < SILENT
        return [Heartbeat(now, self.v)] if alive else []

    def refined(self, event: GridRefined) -> None:
        """The account's session has found a finer grid (this feed's own findings may be given back to it too)."""
        self._decoder.refined(event)

    # -- what leaves ---------------------------------------------------------------------------------------------

    def tick(self, now: int) -> list[Event]:
        """What time alone brings; the requests that it makes are taken with `take`."""
        request = self.connection.tick(now)
        if type(request) is Disconnect:
            self._requests.append(request)
            return self.down(now, request.why)
        if type(request) is Ping and self._facts.ping:
            self._ping_due = now
        elif request is not None:
            self._requests.append(request)
        if self.connection.connected:
            if now >= self._ping_due:
                self._ping_due = now + self._facts.ping_s * SECOND
                self._requests.append(Send([self.ping_text]))
            self._look(now)
        return []

    def _ask(self, i: int) -> MarketRequest:
        return Send(self._decoder.resubscribe(self._symbols[i]))

    def _found(self, i: int, now: int) -> None:
        """A snapshot has come, asked for or not."""
        resync = self._resyncs[i]
        if resync.asked or resync.due != NEVER or not resync.good:
            resync.asked, resync.due, resync.good = 0, NEVER, now

    def next_ts(self) -> int:
        """When to tick next."""
        ts = super().next_ts()
        return min(ts, self._ping_due) if self.connection.connected else ts
