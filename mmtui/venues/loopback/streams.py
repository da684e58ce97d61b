"""WebSocket streams of a loopback exchange: market streams raw and combined, user streams, the WebSocket API.

Rules of this file: who gets which message; a slow client is disconnected, never waited for.
"""

from __future__ import annotations

import asyncio
import contextlib
import secrets
from typing import TYPE_CHECKING, Any

import msgspec
from aiohttp import WSMsgType, web

from mmtui.venues.loopback.board import Board, Frame
from mmtui.venues.loopback.codes import Refusal

if TYPE_CHECKING:
    from mmtui.venues.loopback.server import Server

encode = msgspec.json.encode
#: Messages that may wait for one client.
QUEUE_MAX = 20_000
DAY_S = 86_400.0
#: A stream's name without its speed -> the frame that it carries.
KINDS = frozenset({"depth", "trade", "aggTrade", "bookTicker", "markPrice", "forceOrder"})
PARTIAL = {"depth5": 5, "depth10": 10, "depth20": 20}


class Client:
    """One WebSocket."""

    def __init__(self, socket: web.WebSocketResponse, combined: bool) -> None:
        self.socket = socket
        self.combined = combined
        self.streams: dict[str, None] = {}
        self.private: dict[str, int] = {}  # listen key, or "": subscription of the WebSocket API -> its number
        self.queue: asyncio.Queue[bytes | None] = asyncio.Queue(QUEUE_MAX)
        self.born = asyncio.get_running_loop().time()

    def put(self, data: bytes | None) -> None:
        try:
            self.queue.put_nowait(data)
        except asyncio.QueueFull:
            self.streams.clear()
            self.private.clear()
            while not self.queue.empty():
                self.queue.get_nowait()
            self.queue.put_nowait(None)


class Streams:
    """All clients of one server."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.clients: dict[Client, None] = {}
        self.keys: dict[str, float] = {}  # listen key -> when it ends (loop's clock)

    # -- what goes out -------------------------------------------------------------------------------------------

    def publish(self, board: Board, frames: list[Frame]) -> None:
        """Public frames of a symbol."""
        faults, dice = self.server.exchange.faults, self.server.exchange.dice
        if faults.silent or faults.half_open:
            return
        low = board.symbol.lower()
        for kind, message in frames:
            if kind == "depth" and dice.strikes(faults.gap):
                continue
            body = b""
            for client in list(self.clients):
                for name in client.streams:
                    if name.partition("@")[0] != low:
                        continue
                    wanted = name.split("@")[1]
                    if wanted == kind:
                        body = body or encode(message)
                        client.put(_framed(client, name, body))
                    elif kind == "depth" and wanted in PARTIAL:
                        client.put(_framed(client, name, encode(self._partial(board, PARTIAL[wanted], message))))

    def _partial(self, board: Board, limit: int, message: dict[str, Any]) -> dict[str, Any]:
        """The best levels: spot as in REST, futures as an update."""
        shown = board.snapshot(limit, self.server.exchange.now())
        if not board.futures:
            return {key: shown[key] for key in ("lastUpdateId", "bids", "asks")}
        return {**message, "b": shown["bids"], "a": shown["asks"]}

    def tell(self, message: dict[str, Any]) -> None:
        """A private message."""
        faults = self.server.exchange.faults
        if faults.half_open or faults.silent:
            return
        for client in list(self.clients):
            for key, number in client.private.items():
                if key == "":
                    client.put(encode({"subscriptionId": number, "event": message}))
                elif client.combined:
                    client.put(encode({"stream": key, "data": message}))
                else:
                    client.put(encode(message))

    # -- one client ----------------------------------------------------------------------------------------------

    async def serve(self, request: web.Request) -> web.StreamResponse:
        """A connection on any of the stream paths."""
        faults = self.server.exchange.faults
        if faults.refuse:
            return web.Response(status=503)
        path = request.path
        combined = path.rstrip("/").endswith("/stream") or "/stream/" in path
        names = request.query.get("streams", "")
        rest = path.partition("/ws/")[2] or path.partition("/stream/")[2]
        first = [name for name in (names or rest).split("/") if name]
        if request.query.get("listenKey"):
            first.append(request.query["listenKey"])
        socket = web.WebSocketResponse(autoping=False, compress=False, max_msg_size=1 << 20)
        await socket.prepare(request)
        client = Client(socket, combined)
        for name in first:
            self._subscribe(client, name)
        self.clients[client] = None
        await self._run(client, api=path.startswith("/ws-"))
        return socket

    async def _run(self, client: Client, api: bool) -> None:
        writer = asyncio.create_task(self._write(client))
        try:
            async for message in client.socket:
                faults = self.server.exchange.faults
                if message.type is WSMsgType.PING:
                    if not faults.half_open:
                        await client.socket.pong(message.data)
                elif message.type is WSMsgType.TEXT and not faults.half_open:
                    client.put(self._asked(client, message.data, api))
        finally:
            self.clients.pop(client, None)
            writer.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await writer

    async def _write(self, client: Client) -> None:
        with contextlib.suppress(ConnectionError):
            while (data := await client.queue.get()) is not None:
                delay = self.server.exchange.faults.stream_delay_ms
                if delay:
                    await asyncio.sleep(delay / 1000)
                await client.socket.send_str(data.decode())
            await client.socket.close()

    def _subscribe(self, client: Client, name: str) -> bool:
        if name in self.keys:
            client.private[name] = 0
            return True
        symbol, _, rest = name.partition("@")
        known = symbol.upper() in self.server.exchange.by_symbol
        if known and rest.partition("@")[0] in KINDS | PARTIAL.keys():
            client.streams[name] = None
        return known

    # -- what comes in -------------------------------------------------------------------------------------------

    def _asked(self, client: Client, text: str, api: bool) -> bytes:
        try:
            message = msgspec.json.decode(text)
            assert isinstance(message, dict)
        except (msgspec.DecodeError, AssertionError):
            return encode({"error": {"code": 3, "msg": "Invalid JSON: expected an object"}, "id": None})
        id, method = message.get("id"), str(message.get("method", ""))
        params = message.get("params")
        if api:
            return self._api(client, id, method, params if isinstance(params, dict) else {})
        if method in ("SUBSCRIBE", "UNSUBSCRIBE") and isinstance(params, list):
            for name in params:
                if method == "SUBSCRIBE":
                    self._subscribe(client, str(name))
                else:
                    client.streams.pop(str(name), None)
            return encode({"result": None, "id": id})
        if method == "LIST_SUBSCRIPTIONS":
            return encode({"result": list(client.streams), "id": id})
        return encode({"error": {"code": 2, "msg": f"Invalid request: unknown method {method[:40]}"}, "id": id})

    def _api(self, client: Client, id: object, method: str, params: dict[str, Any]) -> bytes:
        """The WebSocket API: user-data subscriptions here, everything else as the REST call that it is."""
        server = self.server
        try:
            if method == "userDataStream.subscribe.signature":
                server.signed(params)
                number = len(client.private)
                client.private[""] = number
                return encode({"id": id, "status": 200, "result": {"subscriptionId": number}})
            if method == "userDataStream.unsubscribe":
                client.private.pop("", None)
                return encode({"id": id, "status": 200, "result": {}})
            if method in ("userDataStream.start", "userDataStream.ping", "userDataStream.stop"):
                result = server.listen_key(method.rpartition(".")[2], {k: str(v) for k, v in params.items()})
                return encode({"id": id, "status": 200, "result": result})
            return encode({"id": id, "status": 200, "result": server.method(method, params)})
        except Refusal as refusal:
            return encode({"id": id, "status": refusal.status, "error": refusal.body()})

    # -- listen keys, ends ---------------------------------------------------------------------------------------

    def new_key(self, now: float) -> str:
        """One key an account: asking again makes it last longer."""
        for key, ends in self.keys.items():
            if ends > now:
                self.keys[key] = now + 3_600
                return key
        key = secrets.token_hex(32)
        self.keys[key] = now + 3_600
        return key

    def expire(self, now: float) -> None:
        """Keys that nobody kept alive, and connections that are too old."""
        for key in [key for key, ends in self.keys.items() if ends <= now]:
            self.drop_key(key)
        limit = self.server.exchange.faults.close_after_s or DAY_S
        for client in list(self.clients):
            if now - client.born > limit:
                client.put(None)

    def drop_key(self, key: str) -> None:
        """The key has ended: its streams are told, and get nothing more."""
        self.keys.pop(key, None)
        stamp = self.server.exchange.now() // 1_000_000
        for client in list(self.clients):
            if client.private.pop(key, None) is not None:
                client.put(encode({"e": "listenKeyExpired", "E": stamp, "listenKey": key}))

    def drop(self) -> None:
        """Every connection ends now, as when the venue goes down for a moment."""
        for client in list(self.clients):
            transport = client.socket._req.transport if client.socket._req is not None else None
            if transport is not None:
                transport.abort()

    def notice(self, seconds: float) -> None:
        """The venue's notice: who is connected now is disconnected in so many seconds."""
        stamp = self.server.exchange.now() // 1_000_000
        told = list(self.clients)
        for client in told:
            client.put(encode({"e": "serverShutdown", "E": stamp}))
        loop = asyncio.get_running_loop()
        for client in told:
            loop.call_later(seconds, client.put, None)

    def close(self) -> None:
        """In order: the clients are told."""
        stamp = self.server.exchange.now() // 1_000_000
        for client in list(self.clients):
            if not self.server.exchange.futures:
                client.put(encode({"e": "serverShutdown", "E": stamp}))
            client.put(None)

    async def ping(self, now: float) -> None:
        """The venue's own pings; what does not answer is the client's affair here."""
        if self.server.exchange.faults.half_open:
            return
        for client in list(self.clients):
            with contextlib.suppress(ConnectionError):
                await client.socket.ping(str(int(now * 1000)).encode())


def _framed(client: Client, name: str, body: bytes) -> bytes:
    return b'{"stream":"%b","data":%b}' % (name.encode(), body) if client.combined else body
