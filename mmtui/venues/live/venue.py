"""One venue as the live host drives it: public feed, account session, calls and sockets.

The sessions decide (venues/feed.py, venues/account.py); here their requests become bytes and what comes becomes their
input.  The venue's instants are brought to our clock where the account is concerned.

Rules of this file: everything runs on the host's loop; whatever is learnt goes to `host.come`, at once and in order.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Mapping
from typing import Any, Protocol

from mmtui.core.events import Event, GridRefined
from mmtui.core.market.instrument import Instrument
from mmtui.venues.account import AccountSession
from mmtui.venues.account_messages import Amend, Answer, AskFills, AskLedger, Create, Failed, Refused, Request
from mmtui.venues.binance.links import Links, market_path, public_path
from mmtui.venues.binance.margin import Margin
from mmtui.venues.binance.rest import BinanceRest
from mmtui.venues.binance.rest_calls import Call, Reply, step
from mmtui.venues.connection import Connect, Disconnect, Ping
from mmtui.venues.facts import facts_of
from mmtui.venues.feed import AskSnapshot, FeedRequest, FeedSession
from mmtui.venues.live.http import Http
from mmtui.venues.live.private import PrivateStream
from mmtui.venues.live.public import PublicStreams
from mmtui.venues.live.shift import answer_shifted, since_shifted
from mmtui.venues.live.signing import Credential

#: What becomes of a create or an amend that was queued when all was cancelled in its place: it was never sent.
FENCED = Refused("fenced", "the guard has killed this desk: nothing is created")


class Host(Protocol):
    """Who drives a venue."""

    def now(self) -> int:
        """The engine's clock, ns."""

    def come(self, events: list[Event]) -> None:
        """Events in order; what they cause leaves before this returns."""

    def look(self) -> None:
        """Something is due earlier than it was."""


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
        self.session: AccountSession | None = None
        self.private: PrivateStream | None = None
        self._symbols = {i: item.symbol for i, item in instruments}
        listed = [item for _, item in instruments]
        paths = [public_path(links, listed), market_path(links, listed)]
        self.public = PublicStreams(self, self.feed, [f"{links.ws}{path}" for path in paths if path])
        self._tasks: set[asyncio.Task[None]] = set()
        self._pair = pair
        self._rest = BinanceRest(venue, instruments)
        self.fenced: Callable[[], bool] | None = None  # whether creates may not leave any more
        if pair is not None:
            self.session = AccountSession(facts_of(venue), v, instruments, tag, (pair.key,), pair.mask)
            self.private = PrivateStream(self, self.session, self._rest)
            pair.watch(self._signer)
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
        if self.private is not None:
            self.private.close()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.sleep(0)
        await self.http.close()

    @property
    def signs(self) -> bool:
        """Whether requests of the account can be signed now."""
        return self._pair is not None and self._pair.alive

    def _signer(self, there: bool) -> None:
        """Signatures have stopped: quotes are pulled, and creates stop, until they are there again."""
        if not there and self.private is not None:
            self.private.unsigned()

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
        if self.session is not None and self.private is not None:
            ts = min(ts, self.session.next_ts(), self.private.next_ts())
        return ts

    def tick(self, now: int) -> list[Event]:
        """What time alone brings."""
        events: list[Event] = []
        if self.feed.next_ts() <= now:
            events += self.feed.tick(now)
            self._carry_out(self.feed.take())
        if self.session is not None and self.private is not None:
            if self.private.next_ts() <= now:
                events += self.private.tick(now)
            if self.session.next_ts() <= now:
                events += self.session.tick(now)
        return events

    @property
    def margin(self) -> Margin | None:
        """What the account's positions need, as the venue told last."""
        return self._rest.ask.margin

    def refined(self, event: GridRefined) -> None:
        """Somebody has found a finer grid."""
        self.feed.refined(event)
        if self.session is not None:
            self.session.refined(event)

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
        if self.session is not None:
            used, limit = self.session.budget.gauge(now)
            body |= {"account": self.session.connected, "weight": used, "weight_limit": limit}
        return body

    # -- requests of the account -----------------------------------------------------------------------------------

    def pump(self, now: int) -> list[Event]:
        """What waits leaves; what became known by that."""
        session = self.session
        if session is None:
            return []
        for request in session.take(now):
            self.spawn(self._talk(request, session.fence))
        return session.tick(now) if session.out else []

    async def _talk(self, request: Request, fence: int) -> None:
        """A request's whole conversation, and its answer into the session. fence: of the session when it was taken."""
        assert self.session is not None
        try:
            answer = await self._converse(request, fence) if self._passes(request) else FENCED
        except (asyncio.CancelledError, GeneratorExit):
            raise
        except PermissionError:  # refused before anything was sent
            answer = Failed("auth")
        except Exception:  # a fault of ours is no evidence about an order
            answer = Failed("network")
        shifted = answer_shifted(answer, self.http.clock.offset)
        self.host.come(self.session.answer(request.id, shifted, self.host.now()))

    def _passes(self, request: Request) -> bool:
        """The one egress: the last look before a create or amend is signed (its expiry bounds what comes after)."""
        return self.fenced is None or not isinstance(request, Create | Amend) or not self.fenced()

    async def _converse(self, request: Request, fence: int) -> Answer:
        if isinstance(request, AskFills | AskLedger):
            request = since_shifted(request, self.http.clock.offset)
        talk = self._rest.talk(request)
        calls, answer = step(talk, None)
        while answer is None:
            calls, answer = step(talk, await self._calls(calls, request, fence))
        return answer

    async def _calls(self, calls: list[Call], request: Request, fence: int) -> list[Reply]:
        expires = request.expires
        if isinstance(request, Create | Amend):
            session = self.session
            assert session is not None and len(calls) == 1
            return [await self.http.signed(calls[0], expires, lambda: session.fence == fence and self._passes(request))]
        if len(calls) == 1:
            return [await self.http.signed(calls[0], expires)]
        return list(await asyncio.gather(*(self.http.signed(call, expires) for call in calls)))

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
