"""The server of a loopback venue's public side: its stream, its REST questions, and what goes wrong.

`/loopback` shows (GET) and changes (POST) what goes wrong: the faults of faults.py, and acts, each once: `miss` and
`spoil` a symbol's next book frame, `garbage_now` to everyone, `drop` every connection, `notice` (seconds): whoever is
connected is told, where the venue tells it, and dropped after that.

Rules of this file: bound to 127.0.0.1 by its starter; who hears what is the voice's.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
import traceback
from typing import Any
from urllib.parse import urlsplit

import msgspec
from aiohttp import WSMsgType, web

from mmtui.core.errors import UserError
from mmtui.core.events import BestQuote, BookDelta, BookSnapshot, Event, MarkPrice, Trade
from mmtui.venues.loopback.faults import Dice, Faults, read_faults
from mmtui.venues.loopback.public.bitget import BitgetVoice
from mmtui.venues.loopback.public.bitmex import BitmexVoice
from mmtui.venues.loopback.public.board import PublicBoard, moves
from mmtui.venues.loopback.public.bybit import BybitSpotVoice, BybitVoice
from mmtui.venues.loopback.public.coinbase import CoinbaseVoice
from mmtui.venues.loopback.public.deribit import DeribitVoice
from mmtui.venues.loopback.public.dydx import DydxVoice
from mmtui.venues.loopback.public.gate import GateFuturesVoice, GateVoice
from mmtui.venues.loopback.public.hyperliquid import HyperliquidVoice
from mmtui.venues.loopback.public.kraken import KrakenVoice
from mmtui.venues.loopback.public.kraken_futures import KrakenFuturesVoice
from mmtui.venues.loopback.public.okx import OkxVoice
from mmtui.venues.loopback.public.voice import PublicClient, Voice
from mmtui.venues.loopback.source import Synthetic
from mmtui.venues.market_links import MARKET_LINKS
from mmtui.venues.market_table import MARKET_FACTS
from mmtui.venues.resolve import live

STEP_S = 0.005
SECOND_NS = 1_000_000_000
#: What no client can read.
GARBAGE = b'{"data":[{"bids":'

#: Venue -> how it speaks.
VOICES: dict[str, type[Voice]] = {
    voice.venue: voice
    for voice in (
        OkxVoice, BybitVoice, BybitSpotVoice, HyperliquidVoice, DeribitVoice, KrakenVoice, KrakenFuturesVoice,
        CoinbaseVoice, GateVoice, GateFuturesVoice, DydxVoice, BitmexVoice, BitgetVoice,
    )
}  # fmt: skip


def traded_at(venue: str) -> list[Any]:
    """Instruments of a loopback venue: those of its table."""
    found = [live(venue, symbol) for symbol in MARKET_LINKS[venue].grids]
    return [item for item in found if item is not None]


class PublicServer:
    """One venue on one port."""

    def __init__(self, venue: str, scenario: str, seed: int, faults: Faults) -> None:
        items = traded_at(venue)
        self.faults = faults
        self.dice = Dice(seed)
        self.clients: dict[PublicClient, None] = {}
        self.boards = [PublicBoard(item) for item in items]
        self.voice = VOICES[venue](self.boards, self.clients, self.now)
        self.voice.muffled, self.voice.spoiled = self._muffled, self._spoiled
        self.connections = 0
        self._pong = MARKET_FACTS[venue].pong.encode()
        self._links = MARKET_LINKS[venue]
        self._lists = {urlsplit(question.url).path for question in self._links.lists}
        self._missed: dict[str, None] = {}
        self._spoilt: dict[str, None] = {}
        self.first: list[Event] = []  # of the market, for whoever needs them from the beginning
        self._source = Synthetic([(item, moves(item)) for item in items], scenario, seed, time.time_ns())
        self._second = 0
        self.step()

    def now(self) -> int:
        """The venue's clock, ns."""
        return time.time_ns() + int(self.faults.skew_ms * 1e6)

    def app(self) -> web.Application:
        app = web.Application(client_max_size=1 << 20)
        app.router.add_route("*", "/loopback", self._operator)
        app.router.add_route("*", "/{path:.*}", self._any)
        return app

    async def run(self) -> None:
        """The market's heartbeat, until cancelled."""
        while True:
            try:
                self.step()
            except Exception:
                traceback.print_exc()
            await asyncio.sleep(STEP_S)

    # -- the market ------------------------------------------------------------------------------------------------

    def step(self) -> None:
        """Everything that has happened since the last step."""
        now = time.time_ns()
        for event in self._source.until(now):
            self._market(event)
        if now - self._second >= SECOND_NS:
            self._second = now
            for client in list(self.clients):
                age = now / 1e9 - client.born
                if self.faults.close_after_s and age > self.faults.close_after_s:
                    client.put(None)
                self.voice.second(client)

    def _market(self, event: Event) -> None:
        voice = self.voice
        if isinstance(event, BookSnapshot):
            self.boards[event.i].snapshot(event)
        elif isinstance(event, BookDelta):
            board = self.boards[event.i]
            voice.booked(board, *board.delta(event))
        elif isinstance(event, BestQuote):
            board = self.boards[event.i]
            board.touch = (event.bid_px, event.bid_sz, event.ask_px, event.ask_sz)
            board.quote_seq = event.seq
            voice.quoted(board)
        elif isinstance(event, Trade):
            voice.traded(self.boards[event.i], event)
        elif isinstance(event, MarkPrice):
            board = self.boards[event.i]
            board.mark = board.index = f"{event.mark / 1e8:.8f}"
            board.next_funding = event.next_funding // 1_000_000
            voice.marked(board)

    def _muffled(self, symbol: str) -> bool:
        if symbol in self._missed and any(client.topics for client in self.clients):
            del self._missed[symbol]
            return True
        return self.dice.strikes(self.faults.gap)

    def _spoiled(self, symbol: str) -> bool:
        if symbol in self._spoilt:
            del self._spoilt[symbol]
            return True
        return self.dice.strikes(self.faults.checksum)

    # -- clients -----------------------------------------------------------------------------------------------------

    async def _any(self, request: web.Request) -> web.StreamResponse:
        """The stream, or a question."""
        if self.faults.refuse:
            return web.Response(status=503)
        if request.headers.get("Upgrade", "").lower() == "websocket":
            return await self._stream(request) if self.streams_at(request.path) else web.Response(status=404)
        if self.faults.delay_ms:
            await asyncio.sleep(self.faults.delay_ms / 1_000)
        clock = self._links.clock
        body = (await request.read()).decode(errors="replace")
        if clock is not None and (request.path, body) == (urlsplit(clock.ask.url).path, clock.ask.body):
            return _json(self.voice.clock())
        if request.path in self._lists and not self.private(request.path, body):
            return _json(self.voice.listing(request.path, dict(request.query)))
        return await self.answered(request, body)

    async def answered(self, request: web.Request, body: str) -> web.StreamResponse:
        """A call that is neither clock nor listing."""
        return web.Response(status=404)

    def private(self, path: str, body: str) -> bool:
        """Whether a call on a public path is an account's."""
        return False

    def streams_at(self, path: str) -> bool:
        """Whether a stream has this path."""
        return path in self.voice.paths

    def heard(self, client: PublicClient, text: bytes) -> None:
        """A message of a client."""
        self.voice.heard(client, text)

    def gone(self, client: PublicClient) -> None:
        """A client has disconnected."""

    async def _stream(self, request: web.Request) -> web.StreamResponse:
        socket = web.WebSocketResponse(autoping=False, compress=False, max_msg_size=1 << 20)
        await socket.prepare(request)
        client = PublicClient(time.time(), request.path)
        self.connections += 1
        self.voice.greeted(client)
        self.clients[client] = None
        writer = asyncio.create_task(self._write(client, socket))
        try:
            async for message in socket:
                if self.faults.half_open:
                    continue
                if message.type is WSMsgType.PING:
                    await socket.pong(message.data)
                elif message.type is WSMsgType.TEXT:
                    self.heard(client, message.data.encode())
        finally:
            self.clients.pop(client, None)
            self.gone(client)
            writer.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await writer
        return socket

    async def _write(self, client: PublicClient, socket: web.WebSocketResponse) -> None:
        with contextlib.suppress(ConnectionError):
            while (data := await client.queue.get()) is not None:
                faults = self.faults
                if faults.half_open or (faults.silent and not (self._pong and data.startswith(self._pong))):
                    continue
                if faults.stream_delay_ms:
                    await asyncio.sleep(faults.stream_delay_ms / 1_000)
                await socket.send_str(data.decode())
                if self.dice.strikes(faults.garbage):
                    await socket.send_str(GARBAGE.decode())
            await socket.close()

    def close(self) -> None:
        for client in list(self.clients):
            client.put(None)

    # -- the operator's page -----------------------------------------------------------------------------------------

    async def _operator(self, request: web.Request) -> web.StreamResponse:
        if request.method == "POST":
            try:
                wanted = msgspec.json.decode(await request.read(), type=dict[str, Any])
                self._act(wanted)
                self.faults = read_faults(self.faults, wanted)
            except (msgspec.MsgspecError, UserError, KeyError, ArithmeticError) as error:
                return _json({"error": str(error)}, 400)
        return _json(self.told())

    def told(self) -> dict[str, Any]:
        """What the page shows."""
        return {
            "faults": msgspec.to_builtins(self.faults),
            "streams": len(self.clients),
            "connections": self.connections,
            "topics": [[*topic] for client in self.clients for topic in client.topics],
            "books": {board.symbol: board.levels(5) for board in self.boards},
            "waiting": [*self._missed, *self._spoilt],
        }

    def _act(self, wanted: dict[str, Any]) -> None:
        """Acts, taken out of what is asked for; the rest are faults."""
        for name, waiting in (("miss", self._missed), ("spoil", self._spoilt)):
            if symbol := wanted.pop(name, ""):
                waiting[self.voice.boards[symbol].symbol] = None
        if wanted.pop("garbage_now", False):
            for client in self.clients:
                client.put(GARBAGE)
        if wanted.pop("drop", False):
            self.close()
        if seconds := wanted.pop("notice", 0):
            for client in list(self.clients):
                if self.voice.notice:
                    client.put(self.voice.notice)
                asyncio.get_running_loop().call_later(float(seconds), client.put, None)


def _json(body: Any, status: int = 200) -> web.Response:
    return web.Response(body=msgspec.json.encode(body), status=status, content_type="application/json")
