"""A live link of market data on a loopback server of its venue, both in this process, over real sockets."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import msgspec
from aiohttp import web

from mmtui.core.events import BestQuote, BookDelta, BookGap, BookSnapshot, Event
from mmtui.core.market.book import OrderBook
from mmtui.venues.live.market import MarketLink
from mmtui.venues.live.way import Way
from mmtui.venues.loopback.faults import Faults
from mmtui.venues.loopback.public.server import PublicServer
from mmtui.venues.market_links import MARKET_LINKS


class Follower:
    """The host of one link: keeps what it is told, and the book of the first instrument as the engine would."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self.way = Way()
        self.book = OrderBook()
        self.valid = False
        self.link: MarketLink | None = None

    def now(self) -> int:
        return time.time_ns()

    def look(self) -> None: ...

    def come(self, events: list[Event]) -> None:
        self.events += events
        for event in events:
            if getattr(event, "i", 0) != 0:
                continue
            if isinstance(event, BookSnapshot):
                self.book.snapshot(event)
                self.valid = True
            elif isinstance(event, BookDelta):
                self.book.delta(event)
            elif isinstance(event, BestQuote):
                self.book.best_quote(event)
            elif isinstance(event, BookGap):
                self.valid = False

    def of(self, *kinds: type) -> list[Event]:
        return [event for event in self.events if isinstance(event, kinds)]

    async def until(self, what: Callable[[], object], seconds: float = 8.0) -> None:
        """Let the link run until something is so."""
        deadline = time.monotonic() + seconds
        while not what():
            assert time.monotonic() < deadline, self.events[-5:]
            await asyncio.sleep(0.005)


class Place:
    """A server, and its heartbeat that can be held."""

    def __init__(self, server: PublicServer) -> None:
        self.server = server
        self.held = False

    async def beat(self) -> None:
        while True:
            if not self.held:
                self.server.step()
            await asyncio.sleep(0.005)


@asynccontextmanager
async def linked(venue: str, symbols: int = 1, faults: Faults | None = None) -> AsyncIterator[tuple[Place, Follower]]:
    """A server and a link on it; the link's first instruments of the venue's table."""
    place = Place(PublicServer(venue, "calm", 3, faults or Faults()))
    runner = web.AppRunner(place.server.app(), access_log=None, shutdown_timeout=0.2)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    port = runner.addresses[0][1]
    links = msgspec.structs.replace(
        MARKET_LINKS[venue], rest=f"http://127.0.0.1:{port}", ws=f"ws://127.0.0.1:{port}"
    )
    host = Follower()
    items = [board.instrument for board in place.server.boards][:symbols]
    link = host.link = MarketLink(host, 0, venue, list(enumerate(items)), links)

    async def tick() -> None:
        while True:
            now = host.now()
            if link.next_ts() <= now:
                host.come(link.tick(now))
            await asyncio.sleep(0.002)

    tasks = [asyncio.create_task(place.beat()), asyncio.create_task(tick())]
    link.start()
    try:
        yield place, host
    finally:
        for task in tasks:
            task.cancel()
        await link.close()
        await runner.cleanup()
