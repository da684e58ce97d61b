"""`mmtui guard CONFIG`: watches the decision loop of a live desk, and cancels everything when it falls silent.

A process of its own: own keys, own connections (kept warm), own pauses; no engine.  When the loop stands still it
raises the fence, latches KILLED on the disk (beside the sending, which never waits for it), cancels at all venues at
once and asks until each has said zero by two endpoints; then it looks on until the desk is gone or lives anew.

Rules of this file: from a Watch that says LOST to a report; it never gives up by itself.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import os
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

import msgspec

from mmtui.config.load import load_config
from mmtui.config.paths import desk_dir, state_dir
from mmtui.config.schema import DeskConfig
from mmtui.core.errors import UserError
from mmtui.host import latch, leftover
from mmtui.host.beat import (
    FENCE,
    G_ARMED,
    G_BLIND,
    G_DONE,
    G_FIRED,
    G_WAITING,
    GUARD_COUNT,
    GUARD_PID,
    GUARD_STATE,
    Page,
    Pulse,
    page_path,
)
from mmtui.host.guard_listen import RemoteHeard
from mmtui.host.guard_watch import Said, Watch
from mmtui.host.guard_wire import address, load_secret
from mmtui.host.outofband import Canceller, cancel_everywhere, cancellers
from mmtui.host.registry import FileLock, check_name, held

LOOK_S = 0.02
#: The venues are asked so often whether they still answer to the guard's keys.
WARM_S = 10.0
#: After a kill that is verified the venues are asked again so often, as long as the desk's host lives.
AFTER_S = 3.0
#: Whether the desk's host is still there is asked so often.
HOST_S = 0.5
LOCK = "guard.lock"


class Heard(Protocol):
    """Where heartbeats come from. lasting: the desk's next session is watched as well."""

    lasting: bool

    def pulse(self) -> Pulse | None:
        """What was heard last; None: nothing is there."""

    def raise_fence(self, life: int) -> None:
        """No create of lives up to this one any more."""

    def show(self, state: int) -> None:
        """Tell the desk how its guard stands."""

    def gone(self) -> bool:
        """The desk's host has ended, so that nothing more can come."""


class PageHeard:
    """The page that the desk's host has on this machine."""

    lasting = False

    def __init__(self, name: str) -> None:
        self.name = name
        self._path = page_path(name)
        self._page: Page | None = None

    def pulse(self) -> Pulse | None:
        if self._page is None:
            try:
                self._page = Page(self._path, make=False)
            except FileNotFoundError:
                return None
        return self._page.pulse()

    def raise_fence(self, life: int) -> None:
        if self._page is not None:
            words = self._page.words
            words[FENCE] = max(words[FENCE], life)

    def show(self, state: int) -> None:
        if self._page is not None:
            words = self._page.words
            words[GUARD_PID], words[GUARD_STATE] = os.getpid(), state
            words[GUARD_COUNT] += 1

    def gone(self) -> bool:
        return not held(state_dir() / "desks" / self.name / "host.lock")


class Guard:
    """Of one desk. `tell` takes what happened, one JSON object each; `say` a line for people."""

    def __init__(
        self, name: str, heard: Heard, work: list[Canceller], silence_ns: int, tell: Callable[[dict[str, Any]], None],
        fence: int = 0,
    ) -> None:  # fmt: skip
        self.name = name
        self.heard = heard
        self.work = work
        self.watch = Watch(silence_ns, fence)
        self.tell = tell
        self.stopped = False
        self.green = False  # every venue answers to our keys
        self._state = G_WAITING
        self._kill: asyncio.Task[None] | None = None
        self._why = ""
        self._told: set[str] = set()  # venues whose zero was told
        self._met = False  # the desk's host was there
        self._asked = 0.0

    async def run(self) -> None:
        """Until the desk has ended in order, or is gone and proven, or somebody ends the guard."""
        folder = state_dir() / "desks" / self.name
        warm = asyncio.ensure_future(self._keep_warm())
        try:
            while not self.stopped:
                said = self.watch.look(time.monotonic_ns(), self.heard.pulse())
                if said is Said.ARMED:
                    self._armed()
                elif said is Said.LOST:
                    self._lost()
                elif said is Said.OVER:
                    self.tell({"event": "over", "desk": self.name})
                    self._state = G_WAITING
                    if not self.heard.lasting:
                        return
                self.heard.show(self._shown())
                if self._alone(folder):
                    return
                await asyncio.sleep(LOOK_S)
        finally:
            warm.cancel()
            if self._kill is not None:
                self._kill.cancel()
            self.heard.show(0)
            await asyncio.gather(*(one.http.close() for one in self.work))

    def say(self, text: str) -> None:
        print(f"mmtui: guard of {self.name!r}: {text}", file=sys.stderr, flush=True)

    def _shown(self) -> int:
        return G_BLIND if self._state in (G_WAITING, G_ARMED) and not self.green else self._state

    def _alone(self, folder: Path) -> bool:
        """Nothing is watched, nothing is under way, and the host that was there has gone; or the desk itself has."""
        now = time.monotonic()
        if now - self._asked < HOST_S:
            return False
        self._asked = now
        if not folder.is_dir():
            self.say(f"{folder} has gone: there is no such desk any more")
            return True
        gone = self.heard.gone()
        self._met = self._met or not gone
        return gone and self._met and not self.watch.armed and self._state in (G_WAITING, G_DONE)

    def _armed(self) -> None:
        if self._kill is not None:  # it lives anew, by an operator's word: what was cancelled is told and over
            self._kill.cancel()
            self._kill = None
        self._state = G_ARMED
        self.tell({"event": "armed", "desk": self.name, "session": self.watch.session})

    def _lost(self) -> None:
        """Block, then cancel: the fence is raised before anything is sent; the disk is written beside."""
        who = "remote guard" if self.heard.lasting else "guard"
        self._why = f"{who}: no turn of the decision loop for {self.watch.quiet / 1e9:.2f} s"
        self.heard.raise_fence(self.watch.fence)
        self._state = G_FIRED
        self.say(f"{self._why}: cancelling everything")
        self._kill = asyncio.ensure_future(self._cancel(self.watch.session, self.watch.quiet))

    async def _cancel(self, session: str, quiet: int) -> None:
        began = time.monotonic()
        self._told.clear()
        at = time.time_ns()
        saved = asyncio.get_running_loop().run_in_executor(None, self._latch)
        # the last create may have left when the loop was last seen, and land until its expiry
        late = max((one.facts.expiry_ms or 10_000) + one.facts.lag.open_ms for one in self.work)
        settled = began - quiet / 1e9 + late / 1e3
        reporting = asyncio.ensure_future(self._report(at))
        try:
            await cancel_everywhere(self.work, session[-4:], self.say, settled)
        finally:
            reporting.cancel()
        with contextlib.suppress(OSError):
            await saved
        self._state = G_DONE
        self._tell_zeros(at)
        self._write(at)
        self.tell({"event": "zero", "desk": self.name, "why": self._why, "at": at, "venues": self._rows()})
        self.say("every venue has said zero by two endpoints")
        await self._stay(session)

    async def _stay(self, session: str) -> None:
        """Late orders of a loop that may come back: looked for as long as its host lives."""
        while True:
            await asyncio.sleep(AFTER_S)
            if not all(await asyncio.gather(*(one.look() for one in self.work))):
                self._state = G_FIRED
                self.say("orders are open again, or a venue does not answer: cancelling")
                await cancel_everywhere(self.work, session[-4:], self.say)
                self._state = G_DONE

    def _latch(self) -> None:
        latch.save(self.name, latch.change(latch.load(self.name), "desk", "KILLED", self._why))

    async def _report(self, at: int) -> None:
        """As each venue says zero it is told, and stands in the report at once."""
        while True:
            self._tell_zeros(at)
            await asyncio.sleep(LOOK_S)

    def _tell_zeros(self, at: int) -> None:
        for one in self.work:
            if one.verified and one.venue not in self._told:
                self._told.add(one.venue)
                self._write(at)
                self.tell({"event": "venue zero", "desk": self.name, "venue": one.venue, **one.row()})

    def _rows(self) -> dict[str, dict[str, Any]]:
        return {one.venue: one.row() for one in self.work}

    def _write(self, at: int) -> None:
        """For the desk, when it lives again: what was done in its place."""
        body = {"at": at, "why": self._why, "session": self.watch.session, "venues": self._rows()}
        with contextlib.suppress(OSError):
            leftover.guard_did(self.name, body)

    async def _keep_warm(self) -> None:
        """Connections, clocks and keys are tried before they are needed."""
        was = True
        while True:
            if self._state in (G_WAITING, G_ARMED):
                found = await asyncio.gather(*(one.warm() for one in self.work))
                self.green = all(found)
                if self.green is not was:
                    was = self.green
                    failed = [one for one, ok in zip(self.work, found, strict=True) if not ok]
                    bad = [f"{one.venue}: {one.trouble or 'no answer'}" for one in failed]
                    self.say("every venue answers" if was else f"NOT able to cancel: {'; '.join(bad)}")
            await asyncio.sleep(WARM_S if self.green else 1.0)


def run(args: argparse.Namespace) -> int:
    """The sub-command. 0: the desk ended in order, or is gone with zero open orders proven."""
    os.umask(0o077)
    config = load_config(args.config)
    name = check_name(args.name or config.setup.name)
    config = msgspec.structs.replace(config, setup=msgspec.structs.replace(config.setup, name=name))
    work = cancellers(config, str(args.config))
    lock = FileLock(desk_dir(name) / LOCK)
    if not lock.taken:
        raise UserError(f"desk {name!r}: a guard watches it already{lock.who()}")
    secret = b""
    if args.listen:
        address(args.listen)
        secret = load_secret(config.guard.secret, Path(config.path).resolve().parent)
    try:
        return asyncio.run(_watch(config, work, args.listen, secret))
    finally:
        lock.release()


async def _watch(config: DeskConfig, work: list[Canceller], listen: str, secret: bytes) -> int:
    name, keys = config.setup.name, config.guard
    silence_s = keys.remote_silence_s if listen else keys.silence_s
    remote: RemoteHeard | None = None
    heard: Heard = PageHeard(name)
    if listen:
        heard = remote = RemoteHeard(name, secret, int(silence_s * 1e3), _say)
        host, port = address(listen)
        listen = f"{host}:{await remote.listen(host, port)}"
    guard = Guard(name, heard, work, int(silence_s * 1e9), _tell, remote.fence if remote is not None else 0)
    loop = asyncio.get_running_loop()
    signal.signal(signal.SIGHUP, signal.SIG_IGN)

    def stop() -> None:
        guard.stopped = True

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop)
    _tell({"ready": True, "name": name, "silence_s": silence_s, "listen": listen or None})
    try:
        await guard.run()
    finally:
        if remote is not None:
            remote.close()
    return 0


def _say(text: str) -> None:
    print(f"mmtui: guard: {text}", file=sys.stderr, flush=True)


def _tell(body: dict[str, Any]) -> None:
    with contextlib.suppress(BrokenPipeError):
        print(json.dumps(body), flush=True)
