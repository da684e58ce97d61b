"""The cockpit's end of the socket, for asyncio. `mmtui.link.blocking` is the same without a loop, for ctl.

Rules of this file: it connects, says Hello, and carries messages; what they mean is the cockpit's business.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from mmtui.link.codec import LinkError, cockpit_decoder, encode
from mmtui.link.messages import Hello, ToCockpit, ToHost

_CHUNK = 1 << 18


class Connection:
    """One connection to a host. Iteration gives every message, Welcome first, and ends when the host has gone."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self._decoder = cockpit_decoder()
        self._ready: deque[ToCockpit] = deque()

    async def send(self, message: ToHost) -> None:
        """Send one message. Raises LinkError when the host has gone."""
        try:
            self._writer.write(encode(message))
            await self._writer.drain()
        except (OSError, RuntimeError) as error:
            raise LinkError(f"the host has gone ({error})") from None

    def __aiter__(self) -> AsyncIterator[ToCockpit]:
        return self

    async def __anext__(self) -> ToCockpit:
        while not self._ready:
            try:
                data = await self._reader.read(_CHUNK)
            except OSError:
                data = b""
            if not data:
                raise StopAsyncIteration
            self._ready.extend(self._decoder.feed(data))
        return self._ready.popleft()

    async def close(self) -> None:
        """Leave; a second call does nothing."""
        self._writer.close()
        with suppress(OSError):  # the host closed first
            await self._writer.wait_closed()


async def open_connection(path: Path, hello: Hello) -> Connection:
    """Connect and say Hello. Raises LinkError when nobody listens at `path`."""
    try:
        reader, writer = await asyncio.open_unix_connection(str(path), limit=_CHUNK)
    except (OSError, ValueError) as error:
        raise LinkError(f"no host listens at {path} ({error})") from None
    connection = Connection(reader, writer)
    await connection.send(hello)
    return connection


@asynccontextmanager
async def connect(path: Path, hello: Hello) -> AsyncIterator[Connection]:
    """`async with connect(path, hello) as connection:` closes it on the way out."""
    connection = await open_connection(path, hello)
    try:
        yield connection
    finally:
        await connection.close()
