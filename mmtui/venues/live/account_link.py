"""One venue's account as the live host drives it: the session's requests become signed calls, what comes its input.

The session decides (venues/account.py); the venue's words are its rest code's or its Trader's.  The venue's instants
are brought to our clock here.

Rules of this file: everything runs on the host's loop; whatever is learnt goes to `host.come`, at once and in order.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, Protocol

import aiohttp

from mmtui.core.events import Event, GridRefined
from mmtui.core.market.instrument import Instrument
from mmtui.venues.account import AccountSession
from mmtui.venues.account_messages import (
    Amend,
    Answer,
    AskFills,
    AskLedger,
    CancelEverything,
    Create,
    Failed,
    Refused,
    Request,
)
from mmtui.venues.binance.rest_calls import Call, Conversation, Reply, step
from mmtui.venues.facts import facts_of
from mmtui.venues.live.clock import ClockOffset
from mmtui.venues.live.private import Entrance, PrivateStream
from mmtui.venues.live.shift import answer_shifted, since_shifted
from mmtui.venues.live.signing import Credential
from mmtui.venues.live.way import Way

#: What becomes of a create or an amend that was queued when all was cancelled in its place: it was never sent.
FENCED = Refused("fenced", "the guard has killed this desk: nothing is created")


class Host(Protocol):
    """Who drives a venue. `way`: to whom its market data gives way."""

    way: Way

    def now(self) -> int:
        """The engine's clock, ns."""

    def come(self, events: list[Event]) -> None:
        """Events in order; what they cause leaves before this returns."""

    def look(self) -> None:
        """Something is due earlier than it was."""


class SignedCalls(Protocol):
    """Who signs and sends (live.http, live.trade_http)."""

    clock: ClockOffset

    @property
    def session(self) -> aiohttp.ClientSession: ...

    async def settle(self) -> bool:
        """Know the venue's clock."""

    async def signed(self, call: Call, expires: int = 0, still: Callable[[], bool] | None = None) -> Reply:
        """A call that the list allows; PermissionError: it does not."""


class Talker(Protocol):
    """Whose conversations a request is carried out by."""

    def talk(self, request: Request) -> Conversation: ...


class AccountLink:
    """Of one venue. `tag`: the desk session's part of client ids."""

    def __init__(
        self, host: Host, v: int, venue: str, instruments: list[tuple[int, Instrument]], http: SignedCalls,
        rest: Talker, entrance: Entrance, pair: Credential, tag: str,
    ) -> None:  # fmt: skip
        self.host = host
        self.http = http
        self.session = AccountSession(facts_of(venue), v, instruments, tag, (pair.key,), pair.mask)
        self.private = PrivateStream(self, entrance)
        self.fenced: Callable[[], bool] | None = None  # whether creates may not leave any more
        self._rest = rest
        self._pair = pair
        self._tasks: set[asyncio.Task[None]] = set()
        self._over = False
        pair.watch(self._signer)

    # -- life ----------------------------------------------------------------------------------------------------

    def spawn(self, work: Coroutine[Any, Any, None]) -> None:
        """A task that is ended with the link."""
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def close(self) -> None:
        """Nothing is told any more."""
        self._over = True
        self.private.close()
        for task in list(self._tasks):
            task.cancel()

    @property
    def signs(self) -> bool:
        """Whether requests can be signed now."""
        return self._pair.alive

    def _signer(self, there: bool) -> None:
        """Signatures have stopped: quotes are pulled, and creates stop, until they are there again."""
        if not there:
            self.private.unsigned()

    def body(self, now: int) -> dict[str, Any]:
        """For `ctl status --json`: whether the account is there, and its rate budget."""
        used, limit = self.session.budget.gauge(now)
        return {"account": self.session.connected, "weight": used, "weight_limit": limit}

    # -- time ----------------------------------------------------------------------------------------------------

    def next_ts(self) -> int:
        """When to tick."""
        return min(self.session.next_ts(), self.private.next_ts())

    def tick(self, now: int) -> list[Event]:
        """What time alone brings."""
        events: list[Event] = []
        if self.private.next_ts() <= now:
            events += self.private.tick(now)
        if self.session.next_ts() <= now:
            events += self.session.tick(now)
        return events

    def refined(self, event: GridRefined) -> None:
        """Somebody has found a finer grid."""
        self.session.refined(event)

    # -- requests ------------------------------------------------------------------------------------------------

    def pump(self, now: int) -> list[Event]:
        """What waits leaves, cancel-alls before all else of every venue's; what became known by that."""
        session = self.session
        requests, fence = session.take(now), session.fence
        first: list[Request] = [one for one in requests if isinstance(one, CancelEverything)]
        if first:
            self.host.way.clear()
            requests = [one for one in requests if not isinstance(one, CancelEverything)]
            asyncio.get_running_loop().call_soon(self._begin, requests, fence)
        self._begin(first or requests, fence)
        return session.tick(now) if session.out else []

    def _begin(self, requests: list[Request], fence: int) -> None:
        for request in () if self._over else requests:
            self.spawn(self._talk(request, fence))

    async def _talk(self, request: Request, fence: int) -> None:
        """A request's whole conversation, and its answer into the session. fence: of the session when it was taken."""
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
            assert len(calls) == 1
            return [await self.http.signed(calls[0], expires, lambda: session.fence == fence and self._passes(request))]
        if len(calls) == 1:
            return [await self.http.signed(calls[0], expires)]
        return list(await asyncio.gather(*(self.http.signed(call, expires) for call in calls)))
