"""The guard on a second host: hears a desk's heartbeat over TCP, by the shared secret, and answers with its fence.

Whoever does not prove the secret in time is let go; of those who do, the newest connection is the desk's.  The fence is
kept on the disk: a guard that is started again still refuses the lives that it cancelled.

Rules of this file: guard.Heard over asyncio; what is said to people names addresses, never bytes.
"""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Callable
from typing import cast

from mmtui.core.errors import SourceError
from mmtui.host import leftover
from mmtui.host.beat import G_WAITING, Pulse
from mmtui.host.guard_wire import NONCE, Ack, Beat, Channel, WireFault

#: Connections that have not proven themselves, at once.
UNPROVEN = 8
CHECK_S = 0.25
#: Refusals are said at most this often (s).
SAY_S = 1.0


class RemoteHeard:
    """Of one desk (guard.Heard)."""

    lasting = True  # the next session of the desk is heard as well

    def __init__(self, name: str, secret: bytes, silence_ms: int, say: Callable[[str], None]) -> None:
        self.name = name
        self.silence_ms = silence_ms
        self.fence = leftover.guard_fence(name)
        self.state = G_WAITING
        self._secret = secret
        self._say = say
        self._said = 0.0
        self._beat: Beat | None = None
        self._all: dict[_Connection, None] = {}  # the oldest first
        self._desk: _Connection | None = None
        self._server: asyncio.Server | None = None
        self._check: asyncio.TimerHandle | None = None

    async def listen(self, host: str, port: int) -> int:
        """Listen; the port that was bound."""
        loop = asyncio.get_running_loop()
        try:
            self._server = await loop.create_server(lambda: _Connection(self, self._secret), host, port, backlog=16)
        except OSError as error:
            raise SourceError(f"{host}:{port}: cannot listen ({error.strerror or error})") from None
        self._check = loop.call_later(CHECK_S, self._look)
        bound: int = self._server.sockets[0].getsockname()[1]
        return bound

    def close(self) -> None:
        if self._check is not None:
            self._check.cancel()
        if self._server is not None:
            self._server.close()
        for one in list(self._all):
            one.end()

    # -- guard.Heard -----------------------------------------------------------------------------------------------

    def pulse(self) -> Pulse | None:
        beat = self._beat
        return Pulse(beat.life, beat.beats, beat.state, beat.session) if beat is not None else None

    def raise_fence(self, life: int) -> None:
        self.fence = max(self.fence, life)
        leftover.keep_guard_fence(self.name, self.fence)
        if self._desk is not None:
            self._desk.answer(0)

    def show(self, state: int) -> None:
        self.state = state

    def gone(self) -> bool:
        """Nobody here can know: the fence and the venues stay looked after."""
        return False

    # -- connections -----------------------------------------------------------------------------------------------

    def joined(self, one: _Connection) -> None:
        """A new connection; of too many that prove nothing the oldest goes, so that a flood keeps nobody out."""
        unproven = [other for other in self._all if not other.channel.proven]
        if len(unproven) >= UNPROVEN:
            self.refused(unproven[0].where, "too many connections that prove nothing")
            unproven[0].end()
        self._all[one] = None

    def left(self, one: _Connection) -> None:
        self._all.pop(one, None)
        if self._desk is one:
            self._desk = None

    def heard(self, one: _Connection, beat: Beat) -> None:
        """A beat that the secret proves."""
        if beat.desk != self.name:
            self.refused(one.where, f"the heartbeat of another desk, {beat.desk[:40]!r}")
            one.end()
            return
        if not beat.life:  # somebody asks whether the guard is here, before a desk runs
            one.answer(beat.sent)
            return
        if self._desk is not one:
            before, self._desk = self._desk, one
            if before is not None:
                before.end()
        if self._beat is None or beat.life >= self._beat.life:
            self._beat = beat
        one.answer(beat.sent)

    def refused(self, where: str, why: str) -> None:
        now = time.monotonic()
        if now - self._said > SAY_S:
            self._said = now
            self._say(f"{where}: refused: {why}")

    def _look(self) -> None:
        """Those who are too slow go."""
        now = time.monotonic()
        for one in [one for one in self._all if one.channel.late(now)]:
            self.refused(one.where, "too slow")
            one.end()
        self._check = asyncio.get_running_loop().call_later(CHECK_S, self._look)


class _Connection(asyncio.Protocol):
    """One client."""

    def __init__(self, owner: RemoteHeard, secret: bytes) -> None:
        self.channel = Channel(secret, guard=True, nonce=os.urandom(NONCE))
        self.where = "?"
        self._owner = owner
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        peer = transport.get_extra_info("peername")
        self.where = f"{peer[0]}:{peer[1]}" if peer else "?"
        self._transport = cast(asyncio.Transport, transport)  # uvloop's is one by its methods only
        self._owner.joined(self)
        self.channel.open(time.monotonic())
        self._transport.write(self.channel.greeting())

    def data_received(self, data: bytes) -> None:
        try:
            for beat in self.channel.feed(data, Beat, time.monotonic()):
                self._owner.heard(self, beat)
        except WireFault as fault:
            self._owner.refused(self.where, str(fault))
            self.end()

    def connection_lost(self, exc: Exception | None) -> None:
        self._owner.left(self)

    def answer(self, sent: int) -> None:
        """An Ack, unless the other end does not read."""
        transport, owner = self._transport, self._owner
        if transport is not None and not transport.is_closing() and not transport.get_write_buffer_size():
            transport.write(self.channel.seal(Ack(sent, owner.fence, owner.state, owner.silence_ms)))

    def end(self) -> None:
        self._owner.left(self)
        if self._transport is not None:
            self._transport.abort()
