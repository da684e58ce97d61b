"""A desk's end of its signer: starts the process, asks it for signatures, notices its death and goes on with its twin.

A signer that dies or hangs is replaced by its twin, which is asked again what waits (a signature may be made twice),
and makes a new twin.  When both are gone nothing can be signed: whoever watches is told, and a new signer is started
from the same sources until one stands.

Rules of this file: no secret passes here; only the API keys, which go into every request.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import select
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from mmtui.core.errors import UserError
from mmtui.host.signer_line import Line, ready, start
from mmtui.venues.account_secrets import TEXT_MAX
from mmtui.venues.live.signer_wire import Done, Fork, Held, Mask, Masked, Reply, Sign, encode
from mmtui.venues.live.signing import UNSIGNED, Signed, Unsigned

#: A signer without an answer for so long is taken for dead.
HANG_S = 0.5
#: A mask is waited for so long; a text that could not be masked is not shown.
MASK_S = 0.25
WITHHELD = "(the venue's words are withheld: no signer to mask them)"
MASKS_MAX = 256
#: A new twin is asked for at most so often; a new signer is started after pauses that double.
TWIN_S, PAUSE_S, PAUSE_MAX_S = 1.0, 0.5, 8.0


class SignerClient:
    """Of one process that signs. Its sockets are closed by `close`, and at the latest with the process."""

    def __init__(self, wanted: dict[str, str], base: Path) -> None:
        """Start it. UserError: what keeps it from holding these keys."""
        self._wanted, self._base = wanted, base
        self.alive = False
        self.watchers: list[Callable[[bool], None]] = []
        self._loop: asyncio.AbstractEventLoop | None = None
        self._watchdog: asyncio.TimerHandle | None = None
        self._n = 0
        self._waiting: dict[int, tuple[asyncio.Future[Signed], bytes, float]] = {}
        self._masks = {UNSIGNED: UNSIGNED}  # our own words need no signer
        self._masked: dict[int, str] = {}
        self._closed = False
        self._restarting: asyncio.Task[None] | None = None
        self._process, self.line, self.keys = start(wanted, base)
        self.twin: Line | None = None
        self._new_twin()
        self.alive = True

    def close(self) -> None:
        """The signer and its twin end by this."""
        self._closed = True
        self.alive = False
        self._detach()
        if self._restarting is not None:
            self._restarting.cancel()
        for line in (self.line, self.twin):
            if line is not None:
                line.close()
        self._drop()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(1.0)

    # -- questions -----------------------------------------------------------------------------------------------

    async def sign(self, market: str, method: str, path: str, fields: Mapping[str, str]) -> Signed:
        """PermissionError: the signer's refusal; Unsigned: there is none."""
        if not self.alive:
            raise Unsigned
        loop = asyncio.get_running_loop()
        self._attach(loop)
        self._n += 1
        frame = encode(Sign(self._n, market, method, path, list(fields.items())))
        future: asyncio.Future[Signed] = loop.create_future()
        self._waiting[self._n] = (future, frame, time.monotonic())
        if not self.line.out:
            loop.call_soon(self._write, b"")  # with all that is asked for in this turn of the loop
        self.line.out += frame
        return await future

    def mask(self, text: str) -> str:
        """A venue's words without key and secret."""
        text = text[:TEXT_MAX]
        known = self._masks.get(text)
        if known is not None:
            return known
        if not self.alive:
            return WITHHELD
        self._n += 1
        n = self._n
        self._write(encode(Mask(n, text)))
        line, until = self.line, time.monotonic() + MASK_S
        while n not in self._masked:
            if self.line is not line or not self.alive:
                return WITHHELD
            left = until - time.monotonic()
            if left <= 0:
                self._end()
                return WITHHELD
            select.select([line.sock], [line.sock] if line.out else [], [], left)
            self._flush()
            if self.line is line:
                self._readable()
        clean = self._masked.pop(n)
        self._masked.clear()  # of questions that were given up
        if len(self._masks) >= MASKS_MAX:
            self._masks = {UNSIGNED: UNSIGNED}
        self._masks[text] = clean
        return clean

    # -- the lines -----------------------------------------------------------------------------------------------

    def _attach(self, loop: asyncio.AbstractEventLoop) -> None:
        """Read on this loop from now on."""
        if self._loop is loop:
            return
        self._detach()
        self._loop = loop
        loop.add_reader(self.line.sock, self._readable)
        if self.twin is not None:
            loop.add_reader(self.twin.sock, self._twin_readable)

    def _detach(self) -> None:
        loop, self._loop = self._loop, None
        if self._watchdog is not None:
            self._watchdog.cancel()
            self._watchdog = None
        if loop is None or loop.is_closed():
            return
        for line in (self.line, self.twin):
            if line is not None and line.sock.fileno() >= 0:
                loop.remove_reader(line.sock)
                loop.remove_writer(line.sock)

    def _write(self, frame: bytes) -> None:
        try:
            done = self.line.write(frame)
        except OSError:
            self._lost()
            return
        if self._loop is not None:
            if not done:
                self._loop.add_writer(self.line.sock, self._flush)
            if self._watchdog is None:
                self._watchdog = self._loop.call_later(HANG_S, self._look)

    def _flush(self) -> None:
        line = self.line
        try:
            done = line.write(b"")
        except OSError:
            self._lost()
            return
        if done and self._loop is not None:
            self._loop.remove_writer(line.sock)

    def _readable(self) -> None:
        if not self.alive:
            return
        found = self.line.read()
        if found is None:
            self._lost()
            return
        for one in found:
            self._take(one)

    def _take(self, one: Reply) -> None:
        if isinstance(one, Masked):
            self._masked[one.n] = one.text
        elif isinstance(one, Held):
            self.line.pid = one.pid
        else:
            future, _, _ = self._waiting.pop(one.n, (None, b"", 0.0))
            if future is None or future.done():
                return
            if isinstance(one, Done):
                future.set_result(Signed(one.payload, one.signature))
            else:
                future.set_exception(PermissionError(one.why))

    # -- death and twins -----------------------------------------------------------------------------------------

    def _look(self) -> None:
        """A signer that answers nothing is ended, and its twin takes over."""
        self._watchdog = None
        if not self._waiting or self._loop is None:
            return
        oldest = next(iter(self._waiting.values()))[2]
        late = time.monotonic() - oldest
        if late >= HANG_S and not ready(self.line.sock):
            self._end()
            return
        self._watchdog = self._loop.call_later(max(0.05, HANG_S - late), self._look)

    def _end(self) -> None:
        """Of a signer that hangs."""
        with contextlib.suppress(ProcessLookupError, PermissionError):
            if self.line.pid:
                os.kill(self.line.pid, signal.SIGKILL)
        self._lost()

    def _lost(self) -> None:
        """The signer is gone: its twin is asked what waits, or nobody can sign."""
        loop = self._loop
        if self._closed or not self.alive:
            return
        self._detach()
        self.line.close()
        self._process.poll()
        twin, self.twin = self.twin, None
        if twin is None:
            self.alive = False
            self._drop()
            self._told(False)
            if loop is not None and self._restarting is None:
                self._restarting = loop.create_task(self._restart())
            return
        self.line = twin
        for one in twin.read() or ():
            self._take(one)
        self._new_twin()
        if loop is not None:
            self._attach(loop)
        for _, frame, _ in list(self._waiting.values()):
            self._write(frame)

    def _drop(self) -> None:
        waiting, self._waiting = self._waiting, {}
        for future, _, _ in waiting.values():
            if not future.done():
                future.set_exception(Unsigned())

    def _told(self, there: bool) -> None:
        for watcher in self.watchers:
            watcher(there)

    def _new_twin(self) -> None:
        """Ask the signer for one; it says that it is there when it is needed."""
        ours, theirs = socket.socketpair()
        ours.setblocking(False)
        frame = encode(Fork())
        try:
            sent = socket.send_fds(self.line.sock, [frame], [theirs.fileno()])
            self.line.out += frame[sent:]
        except OSError:
            ours.close()
            return
        finally:
            theirs.close()
        self.twin = Line(ours)
        if self._loop is not None:
            self._loop.add_reader(ours, self._twin_readable)

    def _twin_readable(self) -> None:
        twin, loop = self.twin, self._loop
        if twin is None or loop is None:
            return
        found = twin.read()
        for one in found or ():
            if isinstance(one, Held):
                twin.pid = one.pid
        if found is None:
            loop.remove_reader(twin.sock)
            twin.close()
            self.twin = None
            loop.call_later(TWIN_S, self._replace)

    def _replace(self) -> None:
        if self.twin is None and self.alive and not self.line.out:
            self._new_twin()

    async def _restart(self) -> None:
        """A new signer from the same sources, again and again."""
        pause = PAUSE_S
        try:
            while not self._closed:
                try:
                    made = await asyncio.to_thread(start, self._wanted, self._base)
                except (UserError, OSError):
                    await asyncio.sleep(pause)
                    pause = min(pause * 2, PAUSE_MAX_S)
                    continue
                self._process, self.line, self.keys = made
                self.alive = True
                self._new_twin()
                self._attach(asyncio.get_running_loop())
                self._told(True)
                return
        finally:
            self._restarting = None


class HeldKey:
    """signing.Credential of one market, held by a signer process."""

    __slots__ = ("_market", "client", "key", "open", "passphrase")

    def __init__(self, client: SignerClient, market: str) -> None:
        self.client = client
        self._market = market
        self.key, self.open, self.passphrase = client.keys[market]

    def __repr__(self) -> str:
        return "HeldKey(***)"

    async def sign(self, market: str, method: str, path: str, fields: Mapping[str, str]) -> Signed:
        return await self.client.sign(self._market, method, path, fields)

    def mask(self, text: str) -> str:
        return self.client.mask(text)

    def watch(self, changed: Callable[[bool], None]) -> None:
        self.client.watchers.append(changed)

    @property
    def alive(self) -> bool:
        return self.client.alive


def hold(wanted: dict[str, str], base: Path) -> dict[str, HeldKey]:
    """Start a signer for these keys (market -> source). UserError: its sentence."""
    if not wanted:
        return {}
    client = SignerClient(wanted, base)
    return {market: HeldKey(client, market) for market in wanted}
