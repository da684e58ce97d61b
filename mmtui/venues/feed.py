"""One venue's public feed, sans-IO: frames, snapshots and the state of the connection in; events and requests out.

A book that lost its place asks for a snapshot, one at a time and more and more slowly; the connection is looked after
by connection.py.  A frame that cannot be read is a Damage event.  The messages are Binance's, whose wire code decodes
them.

Rules of this file: no clock, no I/O; nothing raises whatever a venue sends; every loop has a pause that grows.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Generic, TypeVar

import msgspec

from mmtui.core.events import BookGap, Damage, Event, FeedStatus, GridRefined, Heartbeat
from mmtui.core.market.instrument import Instrument
from mmtui.core.runner import NEVER
from mmtui.venues.binance import messages as m
from mmtui.venues.binance.sequence import Sequence
from mmtui.venues.binance.wire import Decoder, Feed, RefinedError, WireError
from mmtui.venues.connection import SECOND, STEADY, Connect, Connection, Disconnect, Ping, pause

#: A snapshot without an answer for so long has failed.
SNAPSHOT_WAIT = 5 * SECOND
#: Pongs without any frame for so long are no sign of life any more.
SILENT = 3 * SECOND
#: A longer frame is not read.
FRAME_MAX = 4 * 1024 * 1024

_SNAPSHOT = msgspec.json.Decoder(m.Snapshot)


class AskSnapshot(msgspec.Struct, frozen=True, tag=True):
    """Ask for the book of an instrument: `snapshot` follows."""

    i: int


FeedRequest = Connect | Disconnect | AskSnapshot | Ping


class Resync:
    """One book's way back into the sequence. Instants in ns."""

    __slots__ = ("asked", "attempts", "due", "good")

    def __init__(self) -> None:
        self.due = NEVER  # when to ask
        self.asked = 0  # a snapshot is on its way since; 0: none
        self.attempts = 0
        self.good = 0  # in sequence since

    def lost(self, now: int) -> None:
        """The book has lost its place; asked for already, or due at a time: that stays."""
        if self.asked or self.due != NEVER:
            return
        if self.good and now - self.good >= STEADY:
            self.attempts = 0
        self.due = now + (pause(self.attempts - 1) if self.attempts else 0)

    def failed(self, now: int) -> None:
        self.asked = 0
        self.due = now + pause(self.attempts)

    def reset(self) -> None:
        """The connection is gone, and with it everything asked for."""
        self.due, self.asked, self.attempts, self.good = NEVER, 0, 0, 0


Request = TypeVar("Request")


class PublicSession(Generic[Request]):
    """What the public sessions of all venues share: the connection, and each book's way back into its sequence."""

    def __init__(self, v: int, connection: Connection, places: Iterable[int]) -> None:
        self.v = v
        self.connection = connection
        self._resyncs = {i: Resync() for i in places}
        self._requests: list[Request] = []

    def _ask(self, i: int) -> Request:
        """The request that brings the book of an instrument."""
        raise NotImplementedError

    def down(self, now: int, why: str) -> list[Event]:
        """The connection is gone, or could not be made."""
        was = self.connection.down(now)
        for resync in self._resyncs.values():
            resync.reset()
        return [FeedStatus(now, self.v, False, why)] if was else []

    def take(self) -> list[Request]:
        """Requests since the last call, in order."""
        requests, self._requests = self._requests, []
        return requests

    def next_ts(self) -> int:
        """When to tick next."""
        ts = self.connection.next_ts()
        if self.connection.connected:
            for resync in self._resyncs.values():
                ts = min(ts, resync.asked + SNAPSHOT_WAIT if resync.asked else resync.due)
        return ts

    def _look(self, now: int) -> None:
        """Ask for the books that are due; an answer that has not come is one that failed."""
        for i, resync in self._resyncs.items():
            if resync.asked and now - resync.asked >= SNAPSHOT_WAIT:
                resync.failed(now)
            if now >= resync.due:
                resync.due, resync.asked = NEVER, now
                resync.attempts += 1
                self._requests.append(self._ask(i))


class FeedSession(PublicSession[FeedRequest]):
    """The public connection of one venue."""

    def __init__(self, v: int, venue: str, instruments: list[tuple[int, Instrument]]) -> None:
        super().__init__(v, Connection(busy=True), [i for i, _ in instruments])
        self.damaged = 0
        self._source = f"{venue}/market"
        self._feeds = {i: Feed(instrument, i, v) for i, instrument in instruments}
        by_symbol = {feed.instrument.symbol: feed for feed in self._feeds.values()}
        self._decoder = Decoder(v, by_symbol, None)

    # -- what comes ----------------------------------------------------------------------------------------------

    def frame(self, data: bytes, now: int) -> list[Event]:
        """One frame of the connection."""
        self.connection.frame(now)
        return self.aside(data, now)

    def aside(self, data: bytes, now: int) -> list[Event]:
        """One frame of another stream of the same instruments: it says nothing about the life of this connection."""
        if len(data) > FRAME_MAX:
            return [self._damage(now, f"a frame of {len(data)} bytes")]
        try:
            events = self._decoder.decode(now, data)
        except RefinedError as error:
            return [*error.events, self._damage(now, str(error))]
        except WireError as error:
            return [self._damage(now, str(error))]
        for event in events:
            if type(event) is BookGap:
                self._resyncs[event.i].lost(now)
        return events

    def snapshot(self, i: int, data: bytes | None, now: int) -> list[Event]:
        """The answer to AskSnapshot; None: it failed."""
        resync, feed = self._resyncs[i], self._feeds[i]
        if not resync.asked:
            return []  # of an earlier connection
        events: list[Event] = []
        if data is not None:
            try:
                _check(data, feed)
                events = Decoder(self.v, {feed.instrument.symbol: feed}, feed).decode(now, data)
            except RefinedError as error:
                events = [*error.events, self._damage(now, f"snapshot: {error}")]
            except WireError as error:
                events = [self._damage(now, f"snapshot: {error}")]
        if feed.sequence.valid:
            resync.asked, resync.due, resync.good = 0, NEVER, now
        else:
            resync.failed(now)
        return events

    def up(self, now: int) -> list[Event]:
        """The connection is open and subscribed."""
        self.connection.up(now)
        for i, feed in self._feeds.items():
            feed.sequence = Sequence(feed.sequence.futures)
            self._resyncs[i].reset()
            self._resyncs[i].lost(now)
        return [FeedStatus(now, self.v, True, "subscribed")]

    def pong(self, now: int) -> list[Event]:
        """The other end lives; that its data does too is believed for a while only."""
        connection = self.connection
        if not connection.connected:
            return []
        connection.pong(now)
        return [Heartbeat(now, self.v)] if now - connection.heard < SILENT else []

    def refined(self, event: GridRefined) -> None:
        """The account's session has found a finer grid (this feed's own findings may be given back to it too)."""
        feed = self._feeds.get(event.i)
        if feed is not None and (feed.ticks.step, feed.lots.step) != (event.tick, event.lot):
            feed.ticks.refine(event.tick)
            feed.lots.refine(event.lot)
            feed.sequence.rescale(event.px_factor, event.sz_factor)
            feed.instrument = msgspec.structs.replace(feed.instrument, tick=event.tick, lot=event.lot)

    # -- what leaves ---------------------------------------------------------------------------------------------

    def tick(self, now: int) -> list[Event]:
        """What time alone brings; the requests that it makes are taken with `take`."""
        request = self.connection.tick(now)
        if request is not None:
            self._requests.append(request)
            if type(request) is Disconnect:
                return self.down(now, request.why)
        if self.connection.connected:
            self._look(now)
        return []

    def _ask(self, i: int) -> FeedRequest:
        return AskSnapshot(i)

    def _damage(self, now: int, what: str) -> Damage:
        self.damaged += 1
        return Damage(now, self._source, 0, self.damaged, what[:200])


def _check(data: bytes, feed: Feed) -> None:
    """A snapshot that lacks a side, or is none, is refused before it changes anything."""
    try:
        snapshot = _SNAPSHOT.decode(data)
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        raise WireError(f"{type(error).__name__}: {error}"[:160]) from None
    if not snapshot.bids or not snapshot.asks:
        raise WireError("a book without a side")
    if snapshot.symbol and snapshot.symbol != feed.instrument.symbol:
        raise WireError(f"symbol {snapshot.symbol[:40]!r} instead of {feed.instrument.symbol}")
