"""The private stream of one Binance account: by listen key (futures) or by signature on the WebSocket API (spot).

Rules of this file: connects, keeps alive, decodes; what a report means is the account session's.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import msgspec

from mmtui.core.events import Event
from mmtui.venues.account import AccountSession
from mmtui.venues.account_messages import LedgerRow
from mmtui.venues.binance.grid import WireError
from mmtui.venues.binance.private import decode_text
from mmtui.venues.binance.reports import BalanceReport, OrderReport, Report
from mmtui.venues.binance.rest import BinanceRest
from mmtui.venues.binance.rest_calls import Call
from mmtui.venues.connection import Connect, Connection, Disconnect, Ping
from mmtui.venues.live.shift import report_shifted
from mmtui.venues.live.signing import UNSIGNED, Unsigned
from mmtui.venues.live.sockets import Socket

if TYPE_CHECKING:
    from mmtui.venues.live.venue import VenueLink

#: A listen key lasts an hour.
KEEP_S = 1_200.0
_ENDINGS = frozenset({"listenKeyExpired", "eventStreamTerminated", "serverShutdown"})
_SUBSCRIBE = "private"


class _Said(msgspec.Struct):
    """What tells a message of the connection itself from one of the account."""

    e: str = ""
    id: str | int | None = None
    status: int = 0
    event: msgspec.Raw = msgspec.Raw()


_READ = msgspec.json.Decoder(_Said)


class PrivateStream:
    """Of one account."""

    def __init__(self, link: VenueLink, session: AccountSession, rest: BinanceRest) -> None:
        self.link = link
        self.session = session
        self.connection = Connection(busy=False)
        self._rest = rest
        self._socket: Socket | None = None
        self._keep: asyncio.TimerHandle | None = None
        self._signature = bool(link.links.api_ws)

    def close(self) -> None:
        if self._keep is not None:
            self._keep.cancel()
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    # -- time ----------------------------------------------------------------------------------------------------

    def next_ts(self) -> int:
        return self.connection.next_ts()

    def tick(self, now: int) -> list[Event]:
        request = self.connection.tick(now)
        if isinstance(request, Connect):
            self._socket = Socket(self.link.http.session, self._where, self)
        elif isinstance(request, Ping):
            if self._socket is not None:
                self._socket.ping()
        elif isinstance(request, Disconnect):
            self.close()
            return self._gone(now, request.why)
        return []

    async def _where(self) -> str | None:
        """The address; what it needs is asked for first."""
        link = self.link
        if not link.signs:
            return None
        if not link.http.clock.known and not await link.http.settle():
            return None
        if self._signature:
            return f"{link.links.api_ws}{link.links.private}"
        reply = await link.http.keyed(Call("POST", link.links.key, {}))
        try:
            key = msgspec.json.decode(reply.body)["listenKey"] if reply.status == 200 else None
        except (msgspec.MsgspecError, KeyError, TypeError):
            key = None
        if not isinstance(key, str) or not key.isalnum():
            return None
        self._keep_alive()
        return f"{link.links.ws}{link.links.private}{key}"

    def _keep_alive(self) -> None:
        if self._keep is not None:
            self._keep.cancel()
        self._keep = asyncio.get_running_loop().call_later(KEEP_S, self._kept)

    def _kept(self) -> None:
        async def keep() -> None:
            await self.link.http.keyed(Call("PUT", self.link.links.key, {}))

        self.link.spawn(keep())
        self._keep_alive()

    # -- sockets.Owner -------------------------------------------------------------------------------------------

    def opened(self, socket: Socket) -> None:
        if socket is not self._socket:
            return
        if self._signature:
            self.link.spawn(self._subscribe(socket))
        else:
            self._up()

    async def _subscribe(self, socket: Socket) -> None:
        try:
            message = await self.link.http.subscription(_SUBSCRIBE)
        except Unsigned:
            if socket is self._socket:
                self._lost(UNSIGNED)
            return
        if socket is self._socket:
            socket.say(message)

    def unsigned(self) -> None:
        """Nobody can sign: without that nothing here is of use."""
        if self._socket is not None:
            self._lost(UNSIGNED)

    def _up(self) -> None:
        now = self.link.host.now()
        self.connection.up(now)
        self.link.host.come(self.session.stream_up(now))

    def received(self, socket: Socket, data: bytes) -> None:
        if socket is not self._socket:
            return
        now = self.link.host.now()
        self.connection.frame(now)
        try:
            said = _READ.decode(data)
        except msgspec.MsgspecError:
            self.link.host.come(self.session.unreadable("no JSON object", now))
            return
        if said.id == _SUBSCRIBE:
            if said.status == 200:
                self._up()
            else:
                self._lost("the subscription was refused")
            return
        if (said.e or _kind(said.event)) in _ENDINGS:
            self._lost("ended by the venue")
            return
        self.link.host.come(self._reports(data, now))

    def _reports(self, data: bytes, now: int) -> list[Event]:
        try:
            reports = decode_text(data) or []
        except WireError as error:
            return self.session.unreadable(str(error), now)
        events: list[Event] = []
        for report in reports:
            self._notice(report)
            events += self.session.report(report_shifted(report, self.link.http.clock.offset), now)
        return events

    def _notice(self, report: Report) -> None:
        """What later questions need: the ids of orders, and transfers that no list would tell."""
        if isinstance(report, OrderReport):
            self._rest.ask.named(report.venue_order_id, report.client_id)
        elif isinstance(report, BalanceReport) and self._signature and report.change:
            asset, change = report.asset, report.change
            ref, place = f"{asset}/{report.ts_event}/{change}", self._rest.ask.base(asset)
            self._rest.ask.moved(LedgerRow(ref, report.ts_event, place, "TRANSFER", change, "0", change, asset))

    def ponged(self, socket: Socket) -> None:
        if socket is self._socket:
            self.connection.pong(self.link.host.now())

    def ended(self, socket: Socket, why: str) -> None:
        if socket is self._socket:
            self._lost(why)

    def _lost(self, why: str) -> None:
        self.close()
        self.link.host.come(self._gone(self.link.host.now(), why))
        self.link.host.look()

    def _gone(self, now: int, why: str) -> list[Event]:
        return self.session.stream_down(now, why) if self.connection.down(now) else []


def _kind(event: msgspec.Raw) -> str:
    try:
        return msgspec.json.decode(event, type=_Said).e if event else ""
    except msgspec.MsgspecError:
        return ""
