"""One market of Binance as the live host drives it: public feed, calls and sockets, and its account.

The session of the feed decides (venues/feed.py); here its requests become bytes and what comes becomes its input.  The
account is account_link.py's.

Rules of this file: everything runs on the host's loop; whatever is learnt goes to `host.come`, at once and in order.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Mapping
from typing import Any

from mmtui.core.events import Event, GridRefined
from mmtui.core.market.instrument import Instrument
from mmtui.venues.account import AccountSession
from mmtui.venues.binance.links import Links, market_path, public_path
from mmtui.venues.binance.rest import BinanceRest
from mmtui.venues.connection import Connect, Disconnect, Ping
from mmtui.venues.feed import AskSnapshot, FeedRequest, FeedSession
from mmtui.venues.live.account_link import AccountLink, Host
from mmtui.venues.live.entrances import BinanceEntrance
from mmtui.venues.live.http import Http
from mmtui.venues.live.public import PublicStreams
from mmtui.venues.live.signing import Credential
from mmtui.venues.margin import Margin


class VenueLink:
    """Of one venue. pair: keys of an account that trades; None: market data only."""

    def __init__(
        self, host: Host, v: int, venue: str, instruments: list[tuple[int, Instrument]], links: Links,
        pair: Credential | None, tag: str,
    ) -> None:  # fmt: skip
        self.host = host
        self.v = v
        self.venue = venue
        self.links = links
        self.http = Http(venue, links, pair, host.now)
        self.feed = FeedSession(v, venue, instruments)
        self._symbols = {i: item.symbol for i, item in instruments}
        listed = [item for _, item in instruments]
        paths = [public_path(links, listed), market_path(links, listed)]
        self.public = PublicStreams(self, self.feed, [f"{links.ws}{path}" for path in paths if path])
        self._tasks: set[asyncio.Task[None]] = set()
        self.account: AccountLink | None = None
        self._rest = BinanceRest(venue, instruments)
        if pair is not None:
            entrance = BinanceEntrance(self.http, self._rest, self.spawn)
            self.account = AccountLink(host, v, venue, instruments, self.http, self._rest, entrance, pair, tag)
            self.http.told = self._told

    # -- life ----------------------------------------------------------------------------------------------------

    def start(self) -> None:
        """The loop runs."""
        self.spawn(self.http.keep_time())

    def spawn(self, work: Coroutine[Any, Any, None]) -> None:
        """A task that is ended with the link."""
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def close(self) -> None:
        """Every connection ends; nothing is told any more."""
        self.public.disconnect()
        if self.account is not None:
            self.account.close()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.sleep(0)
        await self.http.close()

    @property
    def session(self) -> AccountSession | None:
        """The account's; None: market data only."""
        return self.account.session if self.account is not None else None

    def _told(self, headers: Mapping[str, str]) -> None:
        """Rate headers of an answer."""
        if self.session is not None:
            weight = headers.get("X-MBX-USED-WEIGHT-1M", "")
            counts = {
                ms: int(headers[name])
                for name, ms in (("X-MBX-ORDER-COUNT-10S", 10_000), ("X-MBX-ORDER-COUNT-1M", 60_000))
                if headers.get(name, "").isdecimal()
            }
            if weight.isdecimal():
                self.session.budget.told(self.host.now(), int(weight), counts)

    # -- time ----------------------------------------------------------------------------------------------------

    def next_ts(self) -> int:
        """When to tick."""
        ts = self.feed.next_ts()
        return ts if self.account is None else min(ts, self.account.next_ts())

    def tick(self, now: int) -> list[Event]:
        """What time alone brings."""
        events: list[Event] = []
        if self.feed.next_ts() <= now:
            events += self.feed.tick(now)
            self._carry_out(self.feed.take())
        return events if self.account is None else events + self.account.tick(now)

    def pump(self, now: int) -> list[Event]:
        """What waits leaves; what became known by that."""
        return self.account.pump(now) if self.account is not None else []

    @property
    def margin(self) -> Margin | None:
        """What the account's positions need, as the venue told last."""
        return self._rest.ask.margin

    def refined(self, event: GridRefined) -> None:
        """Somebody has found a finer grid."""
        self.feed.refined(event)
        if self.account is not None:
            self.account.refined(event)

    def body(self, now: int) -> dict[str, Any]:
        """For `ctl status --json`: clock, latency, rate budget."""
        clock = self.http.clock
        body: dict[str, Any] = {
            "clock_offset_ms": round(clock.offset / 1e6, 3) if clock.known else None,
            "clock_error_ms": round(clock.error / 1e6, 3) if clock.known else None,
            "answer_ms": round(self.http.took_ms, 3),
            "feed": self.feed.connection.connected,
            "taken_over": self.public.taken_over,
        }
        return body if self.account is None else body | self.account.body(now)

    # -- the public feed -------------------------------------------------------------------------------------------

    def _carry_out(self, requests: list[FeedRequest]) -> None:
        for request in requests:
            if isinstance(request, AskSnapshot):
                self.spawn(self._snapshot(request.i))
            elif isinstance(request, Connect):
                self.public.connect()
            elif isinstance(request, Ping):
                self.public.ping()
            elif isinstance(request, Disconnect):
                self.public.disconnect()

    async def _snapshot(self, i: int) -> None:
        params = {"symbol": self._symbols[i], "limit": str(self.links.depth_limit)}
        reply = await self.http.public(self.links.depth, params)
        now = self.host.now()
        self.host.come(self.feed.snapshot(i, reply.body if reply.status == 200 else None, now))
