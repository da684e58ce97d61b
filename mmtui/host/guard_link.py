"""The desk's end of the heartbeat to a second host: beats out, acknowledgements in, and the lease that they give.

The guard over there cancels when it has heard nothing for its silence; so here nothing is created any more once six
tenths of that have passed since the newest beat that was acknowledged: whatever the network does, the desk stops before
the guard begins.

Rules of this file: everything happens on the host's loop and nothing waits; a beat that cannot be sent at once is not.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import time
from typing import cast

from mmtui.core.errors import SourceError
from mmtui.host.beat import G_BLIND, GUARD_WORDS, STARTING, Heart
from mmtui.host.guard_wire import NONCE, Ack, Beat, Channel, WireFault, address

#: Beats a silence, at most one every MIN_S; and how soon a connection is tried again (s).
BEATS, MIN_S, AGAIN_S = 12, 0.05, 1.0
#: Share of the guard's silence for which an acknowledged beat lets the desk create orders.
LEASE = 0.6
PROBE_S = 3.0
NS = 1_000_000_000


class RemoteLink(asyncio.Protocol):
    """To one guard. Instants are ns of the monotonic clock."""

    def __init__(self, name: str, where: str, secret: bytes, silence_s: float) -> None:
        self.where = where
        self.silence = int(silence_s * NS)  # the guard's own, once it has told
        self.fence = 0
        self.state = 0
        self.acked = 0  # when the newest acknowledged beat was sent
        self.trouble = "not reached yet"
        self._name = name
        self._secret = secret
        self._sent = 0
        self._tried = 0
        self._channel: Channel | None = None
        self._transport: asyncio.Transport | None = None
        self._connecting: asyncio.Task[None] | None = None

    # -- what the desk asks ----------------------------------------------------------------------------------------

    def leased(self, now: int) -> bool:
        """Orders may be created."""
        return bool(self.acked) and now - self.acked < self.silence * LEASE

    def cancelled_by_now(self, now: int) -> bool:
        """It had heard us, and then nothing for its whole silence: it has cancelled, or will at once."""
        return bool(self.acked) and now - self.acked >= self.silence

    def green(self, now: int) -> bool:
        return self.leased(now) and self.state != G_BLIND

    def words(self) -> str:
        return GUARD_WORDS[self.state] if 0 <= self.state < len(GUARD_WORDS) else "unknown"

    # -- every turn of the loop --------------------------------------------------------------------------------------

    def turn(self, heart: Heart, now: int) -> None:
        """Say that a turn was made, when it is time to."""
        if self._transport is None:
            if self._connecting is None and now - self._tried > AGAIN_S * NS:
                self._tried = now
                self._connecting = asyncio.get_running_loop().create_task(self._connect())
            return
        if self._channel is not None and self._channel.late(time.monotonic()):
            self._drop("does not answer")
            return
        if now - self._sent >= max(self.silence // BEATS, int(MIN_S * NS)):
            self._say(heart.pulse(), now)

    def bye(self, heart: Heart, now: int) -> None:
        """The last beat: the desk has ended in order."""
        self._say(heart.pulse(), now)

    def again(self) -> None:
        """A new life: what was acknowledged to the old one lets this one do nothing."""
        self.acked = 0

    def close(self) -> None:
        if self._connecting is not None:
            self._connecting.cancel()
        if self._transport is not None:
            self._transport.close()

    def _say(self, pulse: tuple[int, int, int, str], now: int) -> None:
        channel, transport = self._channel, self._transport
        if channel is None or transport is None or not channel.ready or transport.get_write_buffer_size():
            return
        self._sent = now
        life, beats, state, session = pulse
        transport.write(channel.seal(Beat(self._name, session, life, beats, state, now)))

    async def _connect(self) -> None:
        host, port = address(self.where)
        try:
            async with asyncio.timeout(PROBE_S):
                await asyncio.get_running_loop().create_connection(lambda: self, host, port)
        except (OSError, TimeoutError):
            self.trouble = "cannot be reached"
        finally:
            self._connecting = None

    # -- asyncio.Protocol --------------------------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)  # uvloop's is one by its methods only
        self._channel = Channel(self._secret, guard=False, nonce=os.urandom(NONCE))
        self._channel.open(time.monotonic())
        self._transport.write(self._channel.greeting())

    def data_received(self, data: bytes) -> None:
        assert self._channel is not None
        try:
            for ack in self._channel.feed(data, Ack, time.monotonic()):
                self.acked = max(self.acked, min(ack.sent, self._sent))
                self.fence, self.state = max(self.fence, ack.fence), ack.state
                self.silence = max(ack.silence_ms, 100) * (NS // 1_000)
                self.trouble = ""
        except WireFault as fault:
            self._drop(f"is not believed: {fault}")

    def connection_lost(self, exc: Exception | None) -> None:
        self._transport = self._channel = None
        self.trouble = self.trouble or "has closed the connection (is it another secret, or another desk's guard?)"

    def _drop(self, why: str) -> None:
        self.trouble = why
        if self._transport is not None:
            self._transport.abort()


def probe(name: str, where: str, secret: bytes, silence_s: float) -> str:
    """Ask the guard at `where` once, before a desk runs: "" when it is green, else what is wrong, as a sentence."""

    async def ask() -> str:
        link = RemoteLink(name, where, secret, silence_s)
        await link._connect()
        until = time.monotonic() + PROBE_S
        try:
            while time.monotonic() < until and not link.acked:
                now = time.monotonic_ns()
                if not link._sent:
                    link._say((0, 0, STARTING, ""), now)
                if link._transport is None:
                    break
                await asyncio.sleep(0.02)
        finally:
            link.close()
        if not link.acked:
            return f"the remote guard at {where} {link.trouble or 'does not answer'}"
        return "" if link.state != G_BLIND else f"the remote guard at {where} {GUARD_WORDS[G_BLIND]}"

    with contextlib.suppress(OSError, SourceError):
        return asyncio.run(ask())
    return f"the remote guard at {where} cannot be reached"
