"""One venue of market_links as the live host drives it: a socket for its market data, its clock, and its account.

The session of the feed decides (venues/market_session.py); here its requests become bytes and what comes becomes its
input.  The account is account_link.py's; a desk that does not trade has none.
Before the venue closes the connection (its notice, or its age) a second one takes over: handover.py.

Rules of this file: everything runs on the host's loop; whatever is learnt goes to `host.come`, at once and in order.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from mmtui.core.events import Event, GridRefined
from mmtui.core.market.instrument import Instrument
from mmtui.venues.account import AccountSession
from mmtui.venues.connection import Connect, Disconnect, Ping
from mmtui.venues.live.account_link import AccountLink, Host
from mmtui.venues.live.entrances import TradeEntrance
from mmtui.venues.live.handover import Handover
from mmtui.venues.live.market_http import MarketHttp
from mmtui.venues.live.paced import Paced
from mmtui.venues.live.public import AGAIN_S, BEFORE_S
from mmtui.venues.live.signing import Credential
from mmtui.venues.live.sockets import Socket
from mmtui.venues.live.trade_http import TradeHttp
from mmtui.venues.margin import Margin
from mmtui.venues.market_links import MarketLinks
from mmtui.venues.market_session import MarketRequest, MarketSession, Send
from mmtui.venues.traders import TRADERS


class MarketLink:
    """Of one venue. pair: keys of an account that trades; None: market data only."""

    def __init__(
        self, host: Host, v: int, venue: str, instruments: list[tuple[int, Instrument]], links: MarketLinks,
        pair: Credential | None = None, tag: str = "",
    ) -> None:  # fmt: skip
        self.host = host
        self.v = v
        self.venue = venue
        self.http = MarketHttp(links, host.now)
        self.feed = MarketSession(v, venue, instruments)
        self.account: AccountLink | None = None
        self._trade: TradeHttp | None = None
        self.ping_ms = 0.0  # of the newest ping that was answered
        self._url = links.stream(self.feed.address())
        self._socket: Socket | None = None
        self._line: Paced | None = None
        self._pinged = 0  # a ping is under way since; 0: none
        self._places = [i for i, _ in instruments]
        self._handover: Handover | None = None
        self._timer: asyncio.TimerHandle | None = None
        self.taken_over = 0  # connections that have replaced another
        self._task: asyncio.Task[None] | None = None
        if pair is not None:
            trader = TRADERS[venue](instruments)
            self._trade = http = TradeHttp(trader, self.http, pair, host.now)
            self.account = AccountLink(host, v, venue, instruments, http, trader, TradeEntrance(http), pair, tag)
            http.counted = self._counted

    @property
    def session(self) -> AccountSession | None:
        """The account's; None: market data only."""
        return self.account.session if self.account is not None else None

    def _counted(self, counts: dict[int, int]) -> None:
        """Orders that the venue has counted."""
        if self.account is not None:
            self.account.session.budget.told(self.host.now(), 0, counts)

    # -- life ----------------------------------------------------------------------------------------------------

    def start(self) -> None:
        """The loop runs."""
        self._task = asyncio.get_running_loop().create_task(self.http.keep_time())

    async def close(self) -> None:
        """The connection ends; nothing is told any more."""
        self._disconnect()
        if self.account is not None:
            self.account.close()
        if self._task is not None:
            self._task.cancel()
        await asyncio.sleep(0)
        await (self._trade or self.http).close()

    # -- time ----------------------------------------------------------------------------------------------------

    def next_ts(self) -> int:
        """When to tick."""
        ts = self.feed.next_ts()
        if self.account is not None:
            ts = min(ts, self.account.next_ts())
        return ts if self._handover is None else min(ts, self._handover.feed.next_ts())

    def tick(self, now: int) -> list[Event]:
        """What time alone brings."""
        events: list[Event] = []
        if self.feed.next_ts() <= now:
            events = self.feed.tick(now)
            self._carry_out(self.feed.take())
        handover = self._handover
        if handover is not None and handover.feed.next_ts() <= now:
            handover.feed.tick(now)
            self._second(handover)
        return events if self.account is None else events + self.account.tick(now)

    def pump(self, now: int) -> list[Event]:
        """What waits leaves; what became known by that."""
        return self.account.pump(now) if self.account is not None else []

    @property
    def margin(self) -> Margin | None:
        """What the account's positions need, as the venue told last."""
        return self._trade.trader.margin if self._trade is not None else None

    def refined(self, event: GridRefined) -> None:
        """Somebody has found a finer grid."""
        self.feed.refined(event)
        if self._handover is not None:
            self._handover.feed.refined(event)
        if self.account is not None:
            self.account.refined(event)

    def body(self, now: int) -> dict[str, Any]:
        """For `ctl status --json`: clock and latency."""
        clock = self.http.clock
        body = {
            "clock_offset_ms": round(clock.offset / 1e6, 3) if clock.known else None,
            "clock_error_ms": round(clock.error / 1e6, 3) if clock.known else None,
            "answer_ms": round(self.http.took_ms, 3),
            "ping_ms": round(self.ping_ms, 3) if self.ping_ms else None,
            "feed": self.feed.connection.connected,
            "damaged": self.feed.damaged,
            "taken_over": self.taken_over,
        }
        return body if self.account is None else body | self.account.body(now)

    # -- the session's requests ----------------------------------------------------------------------------------

    def _carry_out(self, requests: list[MarketRequest]) -> None:
        for request in requests:
            if isinstance(request, Send):
                self._send(request.frames)
            elif isinstance(request, Connect):
                self._socket = Socket(self.http.session, _address(self._url), self, self.host.way)
                self._line = Paced(self._socket, self.feed.per_s)
            elif isinstance(request, Ping):
                self._ping()
            elif isinstance(request, Disconnect):
                self._disconnect()

    def _send(self, frames: list[bytes]) -> None:
        if self._line is not None:
            if frames == [self.feed.ping_text]:
                self._pinged = self._pinged or self.host.now()
            self._line.say(frames)

    def _ping(self) -> None:
        if self._socket is not None:
            self._pinged = self._pinged or self.host.now()
            self._socket.ping()

    def _disconnect(self) -> None:
        if self._socket is not None:
            self._socket.close()
        self._socket = self._line = None
        self._pinged = 0
        self._give_up()
        self._plan(0.0, None)

    # -- the second connection -----------------------------------------------------------------------------------

    def _plan(self, seconds: float, act: Callable[[], None] | None) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = asyncio.get_running_loop().call_later(seconds, act) if act is not None else None

    def take_over(self) -> None:
        """A second connection beside the first; one that has not every book in time is tried anew."""
        if self._socket is None:
            return
        self._give_up()
        feed = self.feed.successor()
        feed.tick(self.host.now())  # it asks for the connection that is made here
        feed.take()
        socket = Socket(self.http.session, _address(self._url), self, self.host.way)
        self._handover = Handover(feed, socket, self._places)
        self._plan(AGAIN_S, self.take_over)

    def _give_up(self) -> None:
        if self._handover is not None:
            self._handover.socket.close()
        self._handover = None

    def _second(self, handover: Handover) -> None:
        """Requests of the second connection."""
        for request in handover.feed.take():
            if isinstance(request, Send):
                handover.line.say(request.frames)
            elif isinstance(request, Ping):
                handover.socket.ping()
            elif isinstance(request, Disconnect):
                self._give_up()
                return

    def _moved(self, handover: Handover) -> None:
        """The second connection is the connection."""
        if self._socket is not None:
            self._socket.close()
        self._socket, self._line, self.feed = handover.socket, handover.line, handover.feed
        self._handover, self._pinged = None, 0
        self.taken_over += 1
        self._lasts()

    def _lasts(self) -> None:
        """The next take-over, where the venue closes what is old."""
        life_s = self.feed.life_s
        self._plan(life_s - BEFORE_S if life_s else 0.0, self.take_over if life_s else None)

    # -- sockets.Owner -------------------------------------------------------------------------------------------

    def opened(self, socket: Socket) -> None:
        if socket is self._socket:
            self._lasts()
            self.host.come(self.feed.up(self.host.now()))
            self._carry_out(self.feed.take())
        elif (handover := self._handover) is not None and socket is handover.socket:
            handover.feed.up(self.host.now())
            self._second(handover)

    def received(self, socket: Socket, data: bytes) -> None:
        if socket is self._socket:
            now = self.host.now()
            if self._pinged and self.feed.is_pong(data):
                self._answered(now)
            events = self.feed.frame(data, now)
            self.host.come(events if self._handover is None else self._handover.old(events))
            self._carry_out(self.feed.take())
            if self._handover is None and self.feed.announces(data):
                self.take_over()
        elif (handover := self._handover) is not None and socket is handover.socket:
            self.host.come(handover.new(handover.feed.frame(data, self.host.now())))
            self._second(handover)
            if handover.complete:
                self._moved(handover)

    def ponged(self, socket: Socket) -> None:
        if socket is self._socket:
            now = self.host.now()
            self._answered(now)
            self.host.come(self.feed.pong(now))
        elif (handover := self._handover) is not None and socket is handover.socket:
            handover.feed.pong(self.host.now())

    def _answered(self, now: int) -> None:
        if self._pinged:
            self.ping_ms = (now - self._pinged) / 1e6
            self._pinged = 0

    def ended(self, socket: Socket, why: str) -> None:
        if socket is self._socket:
            self._disconnect()
            self.host.come(self.feed.down(self.host.now(), why))
        elif self._handover is not None and socket is self._handover.socket:
            self._handover = None  # tried anew by the timer


def _address(url: str) -> Callable[[], Awaitable[str | None]]:
    async def where() -> str | None:
        return url

    return where
