"""One WebSocket as a client: opened, read and closed by a task of its own; its owner is told what happens.

Rules of this file: carries bytes; pings are answered here, everything else is the owner's.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from typing import Protocol

import aiohttp
from aiohttp import WSMsgType
from yarl import URL

from mmtui.venues.live.way import FRAMES, Way

#: No message of a venue is longer.
MESSAGE_MAX = 16 * 1024 * 1024
CLOSE_S = 1.0


class Owner(Protocol):
    """Who is told. A socket that was closed by its owner tells nothing more."""

    def opened(self, socket: Socket) -> None: ...

    def received(self, socket: Socket, data: bytes) -> None: ...

    def ponged(self, socket: Socket) -> None: ...

    def ended(self, socket: Socket, why: str) -> None: ...


class Socket:
    """A connection, or the attempt. `where` finds the address, which may take a call of its own; None: it failed.

    way: of market data, which lets others go first; None: what comes here waits for nobody.
    """

    def __init__(
        self,
        session: aiohttp.ClientSession,
        where: Callable[[], Awaitable[str | None]],
        owner: Owner,
        way: Way | None = None,
    ) -> None:
        self._session = session
        self._where = where
        self._owner = owner
        self._way = way
        self._socket: aiohttp.ClientWebSocketResponse | None = None
        self._sending: set[asyncio.Task[None]] = set()
        self.over = False
        self._task = asyncio.get_running_loop().create_task(self._run())

    def ping(self) -> None:
        if self._socket is not None:
            self._send(self._socket.ping())

    def say(self, data: bytes) -> None:
        """Send a text message."""
        if self._socket is not None:
            self._send(self._socket.send_str(data.decode()))

    def close(self) -> None:
        self.over = True
        self._task.cancel()

    def _send(self, sending: Awaitable[None]) -> None:
        async def send() -> None:
            with contextlib.suppress(ConnectionError, RuntimeError):
                await sending

        task = asyncio.get_running_loop().create_task(send())
        self._sending.add(task)
        task.add_done_callback(self._sending.discard)

    async def _run(self) -> None:
        why = "closed by the venue"
        try:
            address = await self._where()
            if address is None:
                why = "it cannot be opened"
                return
            async with self._session.ws_connect(
                URL(address, encoded=True),
                autoping=False,
                max_msg_size=MESSAGE_MAX,
                timeout=aiohttp.ClientWSTimeout(ws_close=CLOSE_S),
            ) as socket:
                self._socket = socket
                self._owner.opened(self)
                await self._read(socket)
        except (aiohttp.ClientError, OSError, TimeoutError, ValueError) as error:
            why = f"{type(error).__name__}"  # its text may hold the address
        finally:
            self._socket = None
            if not self.over:
                self.over = True
                self._owner.ended(self, why)

    async def _read(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        received, ponged, way = self._owner.received, self._owner.ponged, self._way
        frames = 0
        while True:
            frames += 1
            if way is not None and frames >= FRAMES:
                frames = 0
                await way.turn()
            message = await socket.receive()
            kind = message.type
            if kind is WSMsgType.TEXT:
                received(self, message.data.encode())
            elif kind is WSMsgType.BINARY:
                received(self, message.data)
            elif kind is WSMsgType.PING:
                await socket.pong(message.data)
                ponged(self)
            elif kind is WSMsgType.PONG:
                ponged(self)
            else:
                return
