"""The ways into the private streams: Binance's listen key (futures) and signed subscription (spot), and every Trader's
login.

Rules of this file: asks for what is needed and reads what is said of the connection; no socket.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import msgspec

from mmtui.venues.account_messages import LedgerRow
from mmtui.venues.binance.grid import WireError
from mmtui.venues.binance.private import decode_text
from mmtui.venues.binance.reports import BalanceReport, OrderReport, Report
from mmtui.venues.binance.rest import BinanceRest
from mmtui.venues.binance.rest_calls import Call
from mmtui.venues.live.http import Http
from mmtui.venues.live.trade_http import TradeHttp
from mmtui.venues.trader import NOTHING, Said

#: A listen key lasts an hour.
KEEP_S = 1_200.0
_ENDINGS = frozenset({"listenKeyExpired", "eventStreamTerminated", "serverShutdown"})
_SUBSCRIBE = "private"
ANSWER = Said("answer")
_OVER = Said("over", "ended by the venue")


class _Message(msgspec.Struct):
    """What tells a message of the connection itself from one of the account."""

    e: str = ""
    id: str | int | None = None
    status: int = 0
    event: msgspec.Raw = msgspec.Raw()


_READ = msgspec.json.Decoder(_Message)


class BinanceEntrance:
    """By listen key, or by signature on the WebSocket API where there is one."""

    ping = b""

    def __init__(self, http: Http, rest: BinanceRest, spawn: Callable[[Coroutine[Any, Any, None]], None]) -> None:
        self._http = http
        self._rest = rest
        self._spawn = spawn
        self._links = http.links
        self._signature = bool(http.links.api_ws)
        self._keep: asyncio.TimerHandle | None = None

    def close(self) -> None:
        if self._keep is not None:
            self._keep.cancel()
            self._keep = None

    async def where(self) -> str | None:
        links = self._links
        if self._signature:
            return f"{links.api_ws}{links.private}"
        reply = await self._http.keyed(Call("POST", links.key, {}))
        try:
            key = msgspec.json.decode(reply.body)["listenKey"] if reply.status == 200 else None
        except (msgspec.MsgspecError, KeyError, TypeError):
            key = None
        if not isinstance(key, str) or not key.isalnum():
            return None
        self._keep_alive()
        return f"{links.ws}{links.private}{key}"

    def _keep_alive(self) -> None:
        self.close()
        self._keep = asyncio.get_running_loop().call_later(KEEP_S, self._kept)

    def _kept(self) -> None:
        async def keep() -> None:
            await self._http.keyed(Call("PUT", self._links.key, {}))

        self._spawn(keep())
        self._keep_alive()

    def entered(self, say: Callable[[bytes], None]) -> None:
        """Every call is REST."""

    async def greeting(self) -> list[bytes]:
        return [await self._http.subscription(_SUBSCRIBE)] if self._signature else []

    def said(self, data: bytes) -> tuple[Said, list[bytes]]:
        try:
            message = _READ.decode(data)
        except msgspec.MsgspecError:
            return NOTHING, []
        if message.id == _SUBSCRIBE:
            return Said("up") if message.status == 200 else Said("over", "the subscription was refused"), []
        return _OVER if (message.e or _kind(message.event)) in _ENDINGS else NOTHING, []

    async def answer(self, challenge: str) -> list[bytes]:
        return []

    def told(self, data: bytes) -> list[Report]:
        if not data.lstrip().startswith(b"{"):
            raise WireError("no JSON object")
        reports = decode_text(data) or []
        for report in reports:
            self._notice(report)
        return reports

    def _notice(self, report: Report) -> None:
        """What later questions need: the ids of orders, and transfers that no list would tell."""
        ask = self._rest.ask
        if isinstance(report, OrderReport):
            ask.named(report.venue_order_id, report.client_id)
        elif isinstance(report, BalanceReport) and self._signature and report.change:
            asset, change = report.asset, report.change
            ref, place = f"{asset}/{report.ts_event}/{change}", ask.base(asset)
            ask.moved(LedgerRow(ref, report.ts_event, place, "TRANSFER", change, "0", change, asset))


def _kind(event: msgspec.Raw) -> str:
    try:
        return msgspec.json.decode(event, type=_Message).e if event else ""
    except msgspec.MsgspecError:
        return ""


class TradeEntrance:
    """A Trader's: log in, subscribe, and be whole when so much is acknowledged."""

    def __init__(self, http: TradeHttp) -> None:
        self._http = http
        self._trader = http.trader
        self.ping = http.trader.ping
        self._heard = 0
        self._ticket: list[bytes] = []

    def close(self) -> None:
        self._heard = 0
        self._http.carried.closed()

    def entered(self, say: Callable[[bytes], None]) -> None:
        self._http.carried.say = say

    async def where(self) -> str | None:
        call = self._trader.ticket()
        if call is not None:
            self._ticket = self._trader.admitted(await self._http.signed(call))
            if not self._ticket:
                return None
        return self._http.links.stream(self._trader.private)

    async def greeting(self) -> list[bytes]:
        return self._ticket or self._http.hello() or await self._http.entering()

    async def answer(self, challenge: str) -> list[bytes]:
        return await self._http.entering(challenge)

    def said(self, data: bytes) -> tuple[Said, list[bytes]]:
        carried = self._http.carried
        if carried.waiting and carried.answered(self._trader.answers(data), data):
            return ANSWER, []
        said = self._trader.said(data)
        if said.kind == "asked":
            return said, [self._trader.alive]
        if said.kind == "in":
            return said, self._trader.subscribing()
        if said.kind == "heard":
            self._heard += 1
            return Said("up") if self._heard == self._trader.heard else said, []
        return said, []

    def told(self, data: bytes) -> list[Report]:
        return self._trader.told(data)
