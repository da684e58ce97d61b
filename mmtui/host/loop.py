"""The event loop of a host: slices of the stage between sockets and signals, garbage only when it is quiet.

Rules of this file: the only place of the host that knows asyncio's clock; a stage never waits for it.
"""

from __future__ import annotations

import asyncio
import gc
import os
import signal
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from mmtui.host.hub import Hub, Stage
from mmtui.host.people import People
from mmtui.host.server import Server
from mmtui.link.messages import Item

#: Young garbage at most this often, and only before a pause of the source; all of it far less often.
GC_S = 5.0
#: A pause of the source that is long enough for what need not be at once: garbage, a checkpoint.
QUIET_S = 0.003
GC_FULL_S = 600.0
#: The tape's buffer is emptied so often, and before a pause of the source that is as long.
FLUSH_GAP_S = 0.015
SHUTDOWN_S = 5.0
#: With nothing to do a host looks up this often (idle limits, tape buffers).
IDLE_S = 0.25
#: After a fault of its own the loop waits, and after so many it gives up.
FAULT_S = 0.1
FAULTS_MAX = 50


class Runs(Stage, Protocol):
    """A stage with a clock of its own."""

    outbox: list[Item]
    stopping: bool  # a shutdown has begun
    regrid: bool  # the instruments have changed

    def slice(self) -> float | None:
        """Do what is due, briefly; seconds until there is more, None when nothing comes by itself."""

    def after_slice(self) -> None: ...

    def flush(self) -> None:
        """There is a moment: empty buffers."""

    @property
    def over(self) -> bool:
        """The stage has ended in order."""

    async def leave(self) -> None:
        """The loop ends: close what is open."""

    def signalled(self, action: str, name: str) -> None:
        """SIGTERM, SIGINT (shutdown) or SIGUSR1 (kill)."""


def new_loop() -> asyncio.AbstractEventLoop:
    """uvloop where it is there: a third less CPU a message."""
    try:
        import uvloop
    except ImportError:
        return asyncio.new_event_loop()
    return uvloop.new_event_loop()


class HostLoop:
    """Runs one stage behind one socket until it is over."""

    def __init__(self, stage: Runs, socket: Path, idle_limit: float | None, who: People | None = None) -> None:
        self.loop = new_loop()
        self.stage = stage
        self.hub = Hub(stage, self.loop, os.getuid(), who.roles if who else None)
        self.hub.on_change = self.wake
        self.servers = [Server(socket, self.hub)]
        if who is not None and who.shared is not None:  # others reach it; their uid decides
            self.servers.append(Server(who.shared, self.hub, 0o666))
        self.idle_limit = idle_limit  # seconds without a cockpit, after which the stage is shut down
        self.timed_out = False
        self.between: Callable[[bool], None] = lambda busy: None  # between two slices; busy: more is due at once
        self._handle: asyncio.Handle | None = None
        self._leaving: asyncio.TimerHandle | None = None
        self._flushed = 0.0
        self._gc_at = 0.0
        self._gc_full_at = 0.0
        self._signals = 0
        self._faults = 0

    def run(self, ready: Callable[[], None]) -> None:
        """Serve until the stage is over, or a shutdown takes too long; `ready` is called once clients can connect."""
        loop = self.loop
        asyncio.set_event_loop(loop)
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._signalled, "shutdown", number.name)
        loop.add_signal_handler(signal.SIGUSR1, self._signalled, "kill", "SIGUSR1")
        gc.collect()
        gc.freeze()  # what is there now stays: it need never be looked at again
        gc.disable()
        self._gc_full_at = loop.time()
        try:
            self._handle = loop.call_soon(self._tick)
            loop.call_soon(ready)
            loop.run_forever()
        finally:
            self.hub.on_change = lambda: None
            if self._handle is not None:
                self._handle.cancel()
            for server in self.servers:
                server.close()
            self.hub.close("the host has ended")
            loop.run_until_complete(self.stage.leave())
            loop.run_until_complete(asyncio.sleep(0.02))  # the last words leave
            loop.close()

    def wake(self) -> None:
        """Something came from outside: look again now."""
        if self._handle is not None:
            self._handle.cancel()
        self._handle = self.loop.call_soon(self._tick)

    def flush(self) -> None:
        """Send what the stage has said since."""
        outbox = self.stage.outbox
        if outbox:
            items = outbox[:]
            outbox.clear()
            self.hub.publish(items)

    def _tick(self) -> None:
        try:
            delay = self._turn()
        except Exception:  # a fault of the host is a kill that is said; the loop itself goes on
            traceback.print_exc()
            delay = FAULT_S
            self._faults += 1
            if self._faults == 1:
                self.stage.signalled("kill", "fault of the host")
            elif self._faults > FAULTS_MAX:
                self._too_long()
        if delay is None:
            return
        if delay <= 0.0:
            self._handle = self.loop.call_soon(self._tick)
        else:
            self._handle = self.loop.call_later(delay, self._tick)

    def _turn(self) -> float | None:
        """One slice and what follows from it; seconds until the next, None when the stage is over."""
        stage = self.stage
        delay = stage.slice()
        stage.after_slice()
        if stage.regrid:
            stage.regrid = False
            self.hub.welcome_all()
        self.flush()
        if stage.stopping and self._leaving is None:  # it ends in order, or it ends anyway
            self._leaving = self.loop.call_later(SHUTDOWN_S, self._too_long)
        if stage.over:
            self.loop.stop()
            return None
        now = self.loop.time()
        if delay is None or delay >= FLUSH_GAP_S or now - self._flushed >= FLUSH_GAP_S:
            self._flushed = now
            stage.flush()
        if delay is not None and delay <= 0.0:
            self.between(True)
            return 0.0
        delay = IDLE_S if delay is None else min(delay, IDLE_S)
        if delay >= QUIET_S:
            self.between(False)
        self._collect(delay)
        self._check_idle()
        return delay

    def _collect(self, delay: float) -> None:
        now = self.loop.time()
        if delay < QUIET_S or now - self._gc_at < GC_S:
            return
        self._gc_at = now
        if now - self._gc_full_at > GC_FULL_S:
            self._gc_full_at = now
            gc.collect(2)
        else:
            gc.collect(1)

    def _check_idle(self) -> None:
        if self.idle_limit is None or self.hub.cockpits:
            return
        if self.loop.time() - self.hub.last_cockpit > self.idle_limit:
            self.idle_limit = None
            self.stage.signalled("shutdown", "no cockpit")

    def _signalled(self, action: str, name: str) -> None:
        self._signals += 1
        if action == "shutdown" and self._signals > 3:
            self._too_long()  # pressed again and again: now
        self.stage.signalled(action, name)
        self.wake()

    def _too_long(self) -> None:
        self.timed_out = True
        self.loop.stop()
