"""A paced flood over three real sockets: from the instant at which a frame is sent to the book that has it.

A server in a process of its own sends the frames of a capture to three WebSockets in slices of a millisecond, and notes
when in memory that both share; the product's own client socket, decoder and book read them in one loop, on one core.

Rules of this file: the clock is the machine's monotonic one, which both processes share; frames are read in order, so
the n-th applied is the n-th sent.
"""

from __future__ import annotations

import asyncio
import contextlib
import multiprocessing
import time
from multiprocessing.connection import Connection
from multiprocessing.shared_memory import SharedMemory
from typing import Any

import aiohttp
import numpy as np
from aiohttp import web

from mmtui.bench import material
from mmtui.bench.market import quiet
from mmtui.core.events import BookDelta, BookSnapshot
from mmtui.core.market.book import OrderBook
from mmtui.venues.binance.wire import Decoder, Feed
from mmtui.venues.live.sockets import Socket
from mmtui.venues.live.way import Way

RATE, SOCKETS, SECONDS = 20_000, 3, 4.0
#: The first frames wait for caches and for the snapshot.
WARM = 2_000
SLICE_S = 0.001


def bench_flood() -> dict[str, Any]:
    """Wall µs from sent to applied, at a rate of all sockets together, and the CPU of our process for a frame."""
    path, name = material.capture()
    bodies = material.lines(path)
    instrument = material.opened(path).instruments[0]
    out: dict[str, Any] = {"source": name, "sockets": SOCKETS}
    for rate in (RATE // 4, RATE):
        count = min(len(bodies), int(rate * SECONDS) // SOCKETS)
        with quiet():
            out |= {f"{rate}/s {key}": value for key, value in _flooded(bodies[:count], instrument, rate).items()}
    return out


def _flooded(bodies: list[tuple[int, bytes]], instrument: Any, rate: float) -> dict[str, Any]:
    count = len(bodies)
    memory = SharedMemory(create=True, size=8 * SOCKETS * count)
    ours, theirs = multiprocessing.Pipe()
    context = multiprocessing.get_context("spawn")
    server = context.Process(target=_serve, args=(theirs, memory.name, [body for _, body in bodies], rate), daemon=True)
    try:
        server.start()
        readers = [Reader(bodies, instrument) for _ in range(SOCKETS)]
        began, cpu = time.monotonic(), time.process_time()
        with asyncio.Runner(loop_factory=loop_factory()) as runner:
            runner.run(_read(ours, readers, count))
        took, cpu = time.monotonic() - began, time.process_time() - cpu
        sent: Any = np.ndarray((SOCKETS, count), np.int64, memory.buf).copy()
    finally:
        server.terminate()
        server.join()
        memory.close()
        memory.unlink()
    warm = min(WARM, count // 2)
    late = np.concatenate([(np.array(one.applied) - sent[k])[warm:] for k, one in enumerate(readers)])
    rows = {f"p{share} us": round(float(np.percentile(late, share)) / 1e3, 1) for share in (50, 99, 99.9)}
    return rows | {"reached": round(count * SOCKETS / took), "CPU us a frame": round(cpu / count / SOCKETS * 1e6, 1)}


def loop_factory() -> Any:
    """The loop of a host."""
    try:
        import uvloop
    except ImportError:
        return asyncio.new_event_loop
    return uvloop.new_event_loop


class Reader:
    """The owner of one socket (live.sockets.Owner): every frame into a decoder and a book of its own."""

    def __init__(self, bodies: list[tuple[int, bytes]], instrument: Any) -> None:
        feed = Feed(instrument, 0, 0)
        self._decoder = Decoder(0, {instrument.symbol: feed}, feed)
        self._times = [ts for ts, _ in bodies]
        self._book = OrderBook()
        self.applied: list[int] = []
        self.done = asyncio.Event()

    def opened(self, socket: Socket) -> None: ...

    def ponged(self, socket: Socket) -> None: ...

    def received(self, socket: Socket, data: bytes) -> None:
        for event in self._decoder.decode(self._times[len(self.applied)], data):
            if isinstance(event, BookDelta):
                self._book.delta(event)
            elif isinstance(event, BookSnapshot):
                self._book.snapshot(event)
        self.applied.append(time.monotonic_ns())

    def ended(self, socket: Socket, why: str) -> None:
        self.done.set()


async def _read(pipe: Connection, readers: list[Reader], count: int) -> None:
    port = await asyncio.to_thread(pipe.recv)
    way = Way()

    async def where() -> str | None:
        return f"http://127.0.0.1:{port}/"

    async with aiohttp.ClientSession() as session:
        for reader in readers:
            Socket(session, where, reader, way)
        await asyncio.gather(*(reader.done.wait() for reader in readers))
    if any(len(reader.applied) != count for reader in readers):
        raise RuntimeError("a frame of the flood is missing")


# ---------------------------------------------------------------- the server's process


def _serve(pipe: Connection, shared: str, bodies: list[bytes], rate: float) -> None:
    with contextlib.suppress(KeyboardInterrupt), asyncio.Runner(loop_factory=loop_factory()) as runner:
        runner.run(_server(pipe, shared, [body.decode() for body in bodies], rate))


async def _server(pipe: Connection, shared: str, bodies: list[str], rate: float) -> None:
    memory = SharedMemory(shared)
    sent: Any = np.ndarray((SOCKETS, len(bodies)), np.int64, memory.buf)
    sockets: list[web.WebSocketResponse] = []
    over = asyncio.Event()

    async def join(request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse(compress=False)
        await socket.prepare(request)
        sockets.append(socket)
        if len(sockets) == SOCKETS:
            await _send(sockets, bodies, rate, sent)
            over.set()
        await over.wait()
        return socket

    app = web.Application()
    app.router.add_get("/", join)
    server = web.AppRunner(app)
    await server.setup()
    site = web.TCPSite(server, "127.0.0.1", 0)
    await site.start()
    pipe.send(server.addresses[0][1])
    await over.wait()
    await asyncio.sleep(60.0)  # until the other process has read all, and ends this one


async def _send(sockets: list[web.WebSocketResponse], bodies: list[str], rate: float, sent: Any) -> None:
    began, done = time.monotonic(), 0
    while done < len(bodies):
        due = min(len(bodies), 1 + int((time.monotonic() - began) * rate / SOCKETS))
        for n in range(done, due):
            for k, socket in enumerate(sockets):
                sent[k, n] = time.monotonic_ns()
                await socket.send_str(bodies[n])
        done = due
        await asyncio.sleep(SLICE_S)
    for socket in sockets:
        await socket.close()
