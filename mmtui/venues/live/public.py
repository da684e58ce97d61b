"""The sockets of a public feed: books and trades on one, marks and liquidations on another where the venue has two.

Before a venue closes a connection (24 hours, or its notice) a second pair is opened beside the first; both feed the
book, whose sequence rule drops what comes twice, and then the old pair is closed: no frame is missing.

Rules of this file: carries frames; what they mean is the feed session's.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from mmtui.venues.facts import facts_of
from mmtui.venues.feed import FeedSession
from mmtui.venues.live.sockets import Socket

if TYPE_CHECKING:
    from mmtui.venues.live.venue import VenueLink

#: The new pair is opened so long before the venue's own end, and both run for this long; a failed one is tried again.
BEFORE_S, OVERLAP_S, AGAIN_S = 600.0, 2.0, 30.0
_NOTICE = b'{"e":"serverShutdown"'


class PublicStreams:
    """Of one venue. `urls`: of the books first."""

    def __init__(self, link: VenueLink, feed: FeedSession, urls: list[str]) -> None:
        self.link = link
        self.feed = feed
        self.taken_over = 0  # pairs that have replaced another
        self._urls = urls
        self._pair: list[Socket] = []
        self._next: list[Socket] = []
        self._open: set[Socket] = set()
        self._timer: asyncio.TimerHandle | None = None
        self._life_s = facts_of(link.venue).link.forced_close_s - BEFORE_S

    def connect(self) -> None:
        self._pair = self._sockets()

    def disconnect(self) -> None:
        """Both pairs, without a word."""
        for socket in (*self._pair, *self._next):
            socket.close()
        self._pair, self._next = [], []
        self._open.clear()
        self._plan(0.0, None)

    def ping(self) -> None:
        for socket in self._pair:
            socket.ping()

    def _sockets(self) -> list[Socket]:
        return [Socket(self.link.http.session, _address(url), self, self.link.host.way) for url in self._urls]

    def _plan(self, seconds: float, act: Callable[[], None] | None) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = asyncio.get_running_loop().call_later(seconds, act) if act is not None else None

    def take_over(self) -> None:
        """A second pair beside the first."""
        if self._pair and not self._next:
            self._plan(AGAIN_S, self._give_up)
            self._next = self._sockets()

    def _give_up(self) -> None:
        for socket in self._next:
            socket.close()
        self._next = []
        self.take_over()

    def _swap(self) -> None:
        """The new pair is the pair."""
        old, self._pair, self._next = self._pair, self._next, []
        for socket in old:
            socket.close()
            self._open.discard(socket)
        self.taken_over += 1
        self._plan(self._life_s, self.take_over)

    # -- sockets.Owner -------------------------------------------------------------------------------------------

    def opened(self, socket: Socket) -> None:
        self._open.add(socket)
        if self._pair and socket is self._pair[0]:
            self._plan(self._life_s, self.take_over)
            self.link.host.come(self.feed.up(self.link.host.now()))
        elif self._ready():
            self._plan(OVERLAP_S, self._swap)

    def _ready(self) -> bool:
        return bool(self._next) and self._open.issuperset(self._next)

    def received(self, socket: Socket, data: bytes) -> None:
        now = self.link.host.now()
        if self._pair and socket is self._pair[0]:
            if data.startswith(_NOTICE):
                self.take_over()
            self.link.host.come(self.feed.frame(data, now))
        elif socket in self._pair or (self._next and socket is self._next[0]):
            self.link.host.come(self.feed.aside(data, now))

    def ponged(self, socket: Socket) -> None:
        if self._pair and socket is self._pair[0]:
            self.link.host.come(self.feed.pong(self.link.host.now()))

    def ended(self, socket: Socket, why: str) -> None:
        """Where a new pair stands ready it takes over; else both are opened anew: nothing is missing quietly."""
        self._open.discard(socket)
        if socket in self._next:
            self._plan(AGAIN_S, self._give_up)
        elif socket in self._pair and self._ready():
            self._swap()
        elif socket in self._pair:
            self.disconnect()
            self.link.host.come(self.feed.down(self.link.host.now(), why))


def _address(url: str) -> Callable[[], Awaitable[str | None]]:
    async def where() -> str | None:
        return url

    return where
