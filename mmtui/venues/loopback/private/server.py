"""A loopback venue with an account: the public side as public/server.py has it, and the signed one beside it.

Our orders rest in the book that is shown, and are matched by the paper venue's queue model.

Rules of this file: bound to 127.0.0.1 by its starter; who hears what is the voices'.
"""

from __future__ import annotations

import asyncio
import traceback
from pathlib import Path
from typing import Any

import msgspec
from aiohttp import web

from mmtui.core.errors import UserError
from mmtui.core.events import BestQuote, BookDelta, Event, Trade
from mmtui.core.market.instrument import Instrument
from mmtui.venues.loopback.board import Board, Frame
from mmtui.venues.loopback.codes import Refusal
from mmtui.venues.loopback.exchange import Exchange
from mmtui.venues.loopback.faults import Faults
from mmtui.venues.loopback.journal import open_journal
from mmtui.venues.loopback.operator import act, page
from mmtui.venues.loopback.private.bybit import BybitAccount
from mmtui.venues.loopback.private.deribit import DeribitAccount
from mmtui.venues.loopback.private.hyperliquid import HyperliquidAccount
from mmtui.venues.loopback.private.kraken import KrakenAccount
from mmtui.venues.loopback.private.kraken_futures import KrakenFuturesAccount
from mmtui.venues.loopback.private.okx import OkxAccount
from mmtui.venues.loopback.private.voice import AccountVoice, Asked, Denied, Keys
from mmtui.venues.loopback.public.server import PublicServer
from mmtui.venues.loopback.public.voice import PublicClient

#: Venue -> how it speaks of an account.
ACCOUNTS: dict[str, type[AccountVoice]] = {
    voice.venue: voice
    for voice in (
        OkxAccount, BybitAccount, DeribitAccount, HyperliquidAccount, KrakenAccount, KrakenFuturesAccount,
    )
}


class Quiet:
    """A market source without events: the server has the market, and moves the exchange."""

    def __init__(self, instruments: list[Instrument]) -> None:
        self.instruments = instruments

    def until(self, now: int) -> list[Event]:
        return []


class AccountServer(PublicServer):
    """One venue on one port."""

    def __init__(
        self, venue: str, scenario: str, seed: int, faults: Faults, keys: Keys, journal: Path | None = None
    ) -> None:
        self.exchange: Exchange | None = None
        super().__init__(venue, scenario, seed, faults)
        items = [board.instrument for board in self.boards]
        self.exchange = exchange = Exchange(venue, Quiet(items), faults, seed)
        for event in self.first:
            exchange.move(event)
        exchange.publish = self._published
        self.account = ACCOUNTS[venue](exchange, self.clients, keys)
        for board, shown in zip(exchange.boards, self.boards, strict=True):
            shown.own = board.own
        if journal is not None:
            open_journal(exchange, journal)

    # -- the market ------------------------------------------------------------------------------------------------

    def step(self) -> None:
        super().step()
        if self.exchange is not None:
            self.exchange.faults = self.faults
            self.exchange.step()

    def _market(self, event: Event) -> None:
        exchange = self.exchange
        if exchange is None:
            self.first.append(event)
            super()._market(event)
            return
        i: int = event.i  # type: ignore[union-attr]  # what has no instrument is not made by this market
        shown, board = self.boards[i], exchange.boards[i]
        if isinstance(event, BookDelta):
            shown.changed = board.take_changed()
        exchange.move(event)
        if isinstance(event, Trade):
            return  # told by `_published`, with our own
        super()._market(event)
        if isinstance(event, BestQuote):
            self._touched(board)

    def _published(self, board: Board, frames: list[Frame]) -> None:
        """What the exchange would show: our trades, and our orders at the touch."""
        for kind, message in frames:
            if kind == "trade":
                ts, side = message["T"] * 1_000_000, -1 if message["m"] else 1
                px, sz = board.ticks[message["p"]], board.lots[message["q"]]
                self.voice.traded(self.boards[board.i], Trade(ts, ts, board.i, message["t"], px, sz, side))
            elif kind == "bookTicker":
                self._touched(board)

    def _touched(self, board: Board) -> None:
        shown, touch = self.boards[board.i], board.touch()
        if touch != shown.touch:
            shown.touch = touch
            self.voice.quoted(shown)

    # -- clients -----------------------------------------------------------------------------------------------------

    def streams_at(self, path: str) -> bool:
        return path == self.account.path or super().streams_at(path)

    def private(self, path: str, body: str) -> bool:
        return self.account.asks(path, body)

    def heard(self, client: PublicClient, text: bytes) -> None:
        if self.account.mine(client, text):
            self.account.heard(client, text)
        else:
            super().heard(client, text)

    def gone(self, client: PublicClient) -> None:
        self.account.gone(client)

    async def answered(self, request: web.Request, body: str) -> web.StreamResponse:
        """A signed call, with what goes wrong around it."""
        if (request.method, request.path) not in self.account.calls:
            return await super().answered(request, body)
        faults, dice = self.faults, self.dice
        if dice.strikes(faults.lost_request):
            return _vanish(request)
        if dice.strikes(faults.error_429):
            return _json({"code": "50011", "retCode": 10006, "msg": "Too Many Requests"}, 429)
        if dice.strikes(faults.error_500):
            return _json({"code": "50026", "retCode": 10016, "msg": "System error"}, 500)
        unknown = dice.strikes(faults.error_503)
        if unknown and dice.share() < 0.5:
            return _unknown()
        status, answer, headers = self._call(request, body)
        if unknown:
            return _unknown()
        if dice.strikes(faults.lost_answer):
            return _vanish(request)
        if faults.delay_ms:
            await asyncio.sleep(faults.delay_ms / 2_000)
        return _json(answer, status, headers)

    def _call(self, request: web.Request, body: str) -> tuple[int, Any, dict[str, str]]:
        account = self.account
        query = request.rel_url.raw_query_string
        asked = Asked(request.method, request.path, query, body, request.headers)
        headers: dict[str, str] = {}
        try:
            account.check(asked, account.exchange.now())
            headers = account.counts(asked)
            params = account.params(asked)
            return 200, account.good(account.calls[request.method, request.path](params)), headers
        except Denied as denied:
            return denied.status, account.bad(denied), headers
        except Refusal as refusal:
            return 200, account.bad(Denied(account.code_of(refusal), refusal.text)), headers
        except Exception:
            traceback.print_exc()
            return 500, account.bad(Denied("50026", "System error")), headers

    # -- the operator's page -----------------------------------------------------------------------------------------

    def told(self) -> dict[str, Any]:
        return super().told() | page(self.account.exchange)

    def _act(self, wanted: dict[str, Any]) -> None:
        super()._act(wanted)
        try:
            act(self.account.exchange, wanted)
        except Refusal as refusal:
            raise UserError(str(refusal.body())) from None


def _vanish(request: web.Request) -> web.Response:
    """The connection ends without a word."""
    if request.transport is not None:
        request.transport.abort()
    return web.Response(status=500)


def _unknown() -> web.Response:
    return web.Response(status=503, body=b"<html>Service Unavailable</html>", content_type="text/html")


def _json(body: Any, status: int = 200, headers: dict[str, str] | None = None) -> web.Response:
    return web.Response(
        body=msgspec.json.encode(body), status=status, headers=headers, content_type="application/json"
    )
