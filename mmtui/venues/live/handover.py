"""A second connection of a market session, opened before the venue closes the first, until it has every book.

Each instrument goes over when its first snapshot has come on the new connection: before that the old one tells of it,
after that the new one.  Trades are told by whoever has them first, by their ascending ids.  So no frame is missing, and
no book is invalid on the way.

Rules of this file: which events pass; the sockets are opened and closed by its owner.
"""

from __future__ import annotations

from mmtui.core.events import BookSnapshot, Event, FeedStatus, GridRefined, Trade
from mmtui.venues.live.paced import Paced
from mmtui.venues.live.sockets import Socket
from mmtui.venues.market_session import MarketSession


class Handover:
    """`places`: the session's instruments."""

    def __init__(self, feed: MarketSession, socket: Socket, places: list[int]) -> None:
        self.feed = feed
        self.socket = socket
        self.line = Paced(socket, feed.per_s)
        self._waiting = dict.fromkeys(places)
        self._traded: dict[int, int] = {}  # greatest trade id that was told since the new connection was opened

    @property
    def complete(self) -> bool:
        """Every instrument has gone over."""
        return not self._waiting

    def old(self, events: list[Event]) -> list[Event]:
        """What of the old connection is still told."""
        return [event for event in events if self._told(event, getattr(event, "i", -1), old=True)]

    def new(self, events: list[Event]) -> list[Event]:
        """What of the new connection is told already."""
        told = []
        for event in events:
            if type(event) is BookSnapshot:
                self._waiting.pop(event.i, None)
            if type(event) is not FeedStatus and self._told(event, getattr(event, "i", -1), old=False):
                told.append(event)
        return told

    def _told(self, event: Event, i: int, old: bool) -> bool:
        if isinstance(event, Trade):
            first = event.trade_id > self._traded.get(i, -1)
            self._traded[i] = max(event.trade_id, self._traded.get(i, -1))
            return first
        return isinstance(event, GridRefined) or i < 0 or (i in self._waiting) == old
