"""One venue's public feed, sans-IO: frames, snapshots and the state of the connection in; events and requests out.

A book that lost its place asks for a snapshot, one at a time and more and more slowly; a connection that says nothing
is pinged, and one that does not answer, or answers pings and nothing else, is opened anew.  A frame that cannot be read
is a Damage event.  The messages are Binance's, whose wire code decodes them.

Rules of this file: no clock, no I/O; nothing raises whatever a venue sends; every loop has a pause that grows.
"""

from __future__ import annotations

import msgspec

from mmtui.core.events import BookGap, Damage, Event, FeedStatus, GridRefined, Heartbeat
from mmtui.core.market.instrument import Instrument
from mmtui.core.runner import NEVER
from mmtui.venues.binance import messages as m
from mmtui.venues.binance.sequence import Sequence
from mmtui.venues.binance.wire import Decoder, Feed, RefinedError, WireError

MS = 1_000_000
SECOND = 1_000 * MS
#: Pauses before the next attempt, doubling (ns).
PAUSE, PAUSE_MAX = 250 * MS, 8 * SECOND
#: An attempt to connect, or a snapshot, without an answer for so long has failed.
CONNECT_WAIT, SNAPSHOT_WAIT = 10 * SECOND, 5 * SECOND
#: A connection without frames is pinged so often.
PING = SECOND
#: Neither frame nor pong: half-open. Pongs but no frames: no sign of life any more after SILENT, frozen after FROZEN.
HALF_OPEN, SILENT, FROZEN = 5 * SECOND, 3 * SECOND, 10 * SECOND
#: What has held for so long was no flicker: pauses begin from the shortest again.
STEADY = 30 * SECOND
#: A longer frame is not read.
FRAME_MAX = 4 * 1024 * 1024

_SNAPSHOT = msgspec.json.Decoder(m.Snapshot)


class Connect(msgspec.Struct, frozen=True, tag=True):
    """Open the connection and subscribe: `up` or `down` follows."""


class Disconnect(msgspec.Struct, frozen=True, tag=True):
    """Close the connection; nothing follows."""

    why: str


class AskSnapshot(msgspec.Struct, frozen=True, tag=True):
    """Ask for the book of an instrument: `snapshot` follows."""

    i: int


class Ping(msgspec.Struct, frozen=True, tag=True):
    """`pong` follows, if anybody is there."""


FeedRequest = Connect | Disconnect | AskSnapshot | Ping


def pause(attempts: int) -> int:
    """How long to wait before the next attempt, after so many in vain."""
    return min(PAUSE << min(attempts, 16), PAUSE_MAX)


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


class FeedSession:
    """The public connection of one venue."""

    def __init__(self, v: int, venue: str, instruments: list[tuple[int, Instrument]]) -> None:
        self.v = v
        self.connected = False
        self.damaged = 0
        self._source = f"{venue}/market"
        self._feeds = {i: Feed(instrument, i, v) for i, instrument in instruments}
        by_symbol = {feed.instrument.symbol: feed for feed in self._feeds.values()}
        self._decoder = Decoder(v, by_symbol, None)
        self._resyncs = {i: Resync() for i in self._feeds}
        self._requests: list[FeedRequest] = []
        self._connect_due = 0  # when to connect; NEVER while connected
        self._connect_asked = 0
        self._attempts = 0
        self._up_since = 0
        self._heard = 0  # last frame
        self._alive = 0  # last frame or pong
        self._ping_due = NEVER

    # -- what comes ----------------------------------------------------------------------------------------------

    def frame(self, data: bytes, now: int) -> list[Event]:
        """One frame of the connection."""
        self._heard = self._alive = now
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
                events = Decoder(self.v, {}, feed).decode(now, data)
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
        self.connected = True
        self._connect_asked, self._connect_due = 0, NEVER
        self._up_since = self._heard = self._alive = now
        self._ping_due = now + PING
        for i, feed in self._feeds.items():
            feed.sequence = Sequence(feed.sequence.futures)
            self._resyncs[i].reset()
            self._resyncs[i].lost(now)
        return [FeedStatus(now, self.v, True, "subscribed")]

    def down(self, now: int, why: str) -> list[Event]:
        """The connection is gone, or could not be made."""
        was = self.connected
        self.connected = False
        if was and now - self._up_since >= STEADY:
            self._attempts = 0
        self._connect_asked = 0
        self._connect_due = now + pause(self._attempts)
        self._attempts += 1
        self._ping_due = NEVER
        for resync in self._resyncs.values():
            resync.reset()
        return [FeedStatus(now, self.v, False, why)] if was else []

    def pong(self, now: int) -> list[Event]:
        """The other end lives; that its data does too is believed for a while only."""
        if not self.connected:
            return []
        self._alive = now
        return [Heartbeat(now, self.v)] if now - self._heard < SILENT else []

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
        if self.connected:
            why = ""
            if now - self._alive >= HALF_OPEN:
                why = f"no answer for {HALF_OPEN // SECOND} s"
            elif now - self._heard >= FROZEN:
                why = f"no data for {FROZEN // SECOND} s"
            if why:
                self._requests.append(Disconnect(why))
                return self.down(now, why)
            if now >= self._ping_due:
                self._ping(now)
            for i, resync in self._resyncs.items():
                self._resync(i, resync, now)
        elif self._connect_asked:
            if now - self._connect_asked >= CONNECT_WAIT:
                self._requests.append(Disconnect("it cannot be opened"))
                return self.down(now, "it cannot be opened")
        elif now >= self._connect_due:
            self._connect_asked = now
            self._requests.append(Connect())
        return []

    def _ping(self, now: int) -> None:
        """Only where nothing comes by itself."""
        quiet_at = self._heard + PING
        if now >= quiet_at:
            self._requests.append(Ping())
            self._ping_due = now + PING
        else:
            self._ping_due = quiet_at

    def _resync(self, i: int, resync: Resync, now: int) -> None:
        if resync.asked and now - resync.asked >= SNAPSHOT_WAIT:
            resync.failed(now)
        if now >= resync.due:
            resync.due, resync.asked = NEVER, now
            resync.attempts += 1
            self._requests.append(AskSnapshot(i))

    def take(self) -> list[FeedRequest]:
        """Requests since the last call, in order."""
        requests, self._requests = self._requests, []
        return requests

    def next_ts(self) -> int:
        """When to tick next."""
        if not self.connected:
            return self._connect_asked + CONNECT_WAIT if self._connect_asked else self._connect_due
        ts = min(self._ping_due, self._alive + HALF_OPEN, self._heard + FROZEN)
        for resync in self._resyncs.values():
            ts = min(ts, resync.asked + SNAPSHOT_WAIT if resync.asked else resync.due)
        return ts

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
