"""What all decoders of public frames have in common: feeds by symbol, damage instead of exceptions, a finer grid.

A venue's Decoder reads one connection: `decode(ts, frame)` gives events, in order; `subscriptions()` what to send when
the connection is open; `resubscribe(symbol)` what brings a new snapshot where snapshots come by the channel; `take()`
answers that the venue has asked for; `reset()` forgets the place in every sequence, for a new connection.

Rules of this file: sans-IO and pure; `decode` never raises.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any, ClassVar

import msgspec

from mmtui.core.events import BookSnapshot, Damage, Event, GridRefined, Heartbeat
from mmtui.core.market.instrument import Instrument
from mmtui.venues.binance.grid import OffGrid, WireError
from mmtui.venues.binance.sequence import Sequence
from mmtui.venues.market_facts import MarketFacts
from mmtui.venues.market_feed import Feed

UNREADABLE = (msgspec.MsgspecError, ValueError, RecursionError, OverflowError)
#: A longer frame is not read.
FRAME_MAX = 16 * 1024 * 1024


class MarketDecoder:
    """Frames of one connection. `everything`: of a file, where nobody has subscribed: no channel is unwanted."""

    facts: ClassVar[MarketFacts]
    #: Unreadable frames with these bytes may have been of a book that nothing else would show to be wrong (None: none;
    #: b"": every frame).
    book_bytes: ClassVar[bytes | None] = None

    def __init__(self, v: int, feeds: dict[str, Feed], everything: bool = False) -> None:
        self.v = v
        self.feeds = feeds
        self.everything = everything
        self.asked = ""  # symbol of a REST answer that names none
        self.damaged = 0
        self.refused: list[BookSnapshot] = []  # of the last frame: snapshots that their checksum disproves
        self._out: list[Event] = []
        self._answers: list[bytes] = []
        self._kind = ""  # what the frame being read is

    def decode(self, ts: int, body: bytes) -> list[Event]:
        """Events of one frame received at `ts` (ns); a Heartbeat for one that says nothing to us."""
        out: list[Event] = []
        self._out = out
        self._kind = "frame"
        self.refused = []
        if len(body) > FRAME_MAX:
            self._damage(ts, body, f"{len(body)} bytes are too many")
            return out
        try:
            self._frame(ts, body)
        except WireError as error:
            self._damage(ts, body, str(error))
        except UNREADABLE as error:
            self._damage(ts, body, _reason(error))
        return out or [Heartbeat(ts, self.v)]

    @classmethod
    def mine(cls, body: bytes, address: str = "") -> bool:
        """Whether a message may be of this venue, where a family has several."""
        return True

    def subscriptions(self) -> list[bytes]:
        """Frames that subscribe to everything of every instrument."""
        raise NotImplementedError

    def resubscribe(self, symbol: str) -> list[bytes]:
        """Frames after which the venue sends the book of a symbol anew; [] where a REST answer is needed."""
        return []

    def take(self) -> list[bytes]:
        """Answers that the venue has asked for since the last call."""
        answers, self._answers = self._answers, []
        return answers

    def valid(self, symbol: str) -> bool:
        """Whether the book of a symbol is known to be the venue's."""
        return self.feeds[symbol].valid

    def reset(self) -> None:
        """The connection is a new one."""
        for feed in self.feeds.values():
            feed.last, feed.valid, feed.top = -1, False, None
            feed.quoted.clear()
            if feed.sequence is not None:
                feed.sequence = Sequence(futures=False)
        self._answers.clear()

    def refined(self, event: GridRefined) -> None:
        """The account's session has found a finer grid (this decoder's own findings may be given back to it too)."""
        for feed in self.feeds.values():
            if feed.i == event.i and (feed.ticks.step, feed.lots.step) != (event.tick, event.lot):
                feed.regrid(event.tick, event.lot, event.px_factor, event.sz_factor)

    # -- for the venues ------------------------------------------------------------------------------------------

    def _frame(self, ts: int, body: bytes) -> None:
        """Read one frame; events are added by `_apply`."""
        raise NotImplementedError

    def _feed(self, symbol: str) -> Feed:
        feed = self.feeds.get(symbol)
        if feed is None:
            raise WireError(f"symbol {symbol[:40]!r} was not asked for")
        return feed

    def _apply(self, ts: int, feed: Feed, method: Callable[..., list[Event]], *args: Any) -> None:
        """Events of a method of the venue, on a grid that is made finer where it must be."""
        while True:
            try:
                self._out += method(feed, ts, *args)
            except OffGrid as off:
                self._out.append(feed.refine(ts, off))
                continue
            return

    def _refusal(self, ts: int, what: str) -> None:
        """The venue refuses what we have asked for: as bad as damage, except in a file, where we have asked nothing."""
        if not self.everything:
            self._damage(ts, b"", f"the venue refuses: {what}")

    def _lose_all(self, ts: int, expected: int, got: int, why: str) -> None:
        """Every book of this connection is invalid."""
        self._out += [feed.lose(ts, expected, got, why) for feed in self.feeds.values() if feed.valid]

    def _damage(self, ts: int, body: bytes, what: str) -> None:
        if self.book_bytes is not None and body and self.book_bytes in body[:4096]:
            self._lose_all(ts, -1, -1, "a frame of a book cannot be read")
        self.damaged += 1
        text = f"{self._kind}: {what}"
        self._out.append(Damage(ts, f"{self.facts.id}/market", 0, self.damaged, text[:200]))


def feeds_of(instruments: Iterable[tuple[int, Instrument]]) -> dict[str, Feed]:
    """A feed for each (place in the session's table, instrument), by the venue's symbol."""
    return {instrument.symbol: Feed(instrument, i) for i, instrument in instruments}


def chunks(items: list[Any], count: int) -> Iterator[list[Any]]:
    """At most `count` at a time."""
    for at in range(0, len(items), count):
        yield items[at : at + count]


def _reason(error: Exception) -> str:
    if isinstance(error, msgspec.ValidationError):
        return f"not the message that it says it is: {error}"
    if isinstance(error, msgspec.DecodeError):
        return f"no JSON: {error}"
    return f"unreadable: {type(error).__name__}"
