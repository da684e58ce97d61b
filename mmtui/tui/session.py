"""The cockpit's line to the host: connect, listen, come back after a loss, send.

Rules of this file: no Textual; everything heard goes to the store.
"""

from __future__ import annotations

import asyncio
import getpass
import os
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager, suppress
from time import monotonic
from typing import Protocol

from mmtui.link.codec import LinkError
from mmtui.link.messages import Cmd, Heard, Hello, ParamsRequest, ToCockpit, ToHost, Transport, View
from mmtui.tui.store import Store

#: Levels a side that are asked for: enough for a grouped ladder on a tall screen.
DEPTH = 200
_RETRY_S = (0.05, 0.1, 0.2, 0.3, 0.5)


class Line(Protocol):
    """What the cockpit needs of link.client.Connection."""

    async def send(self, message: ToHost) -> None: ...
    def __aiter__(self) -> Line: ...
    async def __anext__(self) -> ToCockpit: ...


Connector = Callable[[Hello], AbstractAsyncContextManager[Line]]


class Session:
    """One desk, over as many connections as it takes."""

    def __init__(self, store: Store, connect: Connector, hello: Hello, fps: float) -> None:
        self.store = store
        self._connect = connect
        self._hello = hello
        self._view = View(fps=fps, depth=DEPTH, near=[])
        self._line: Line | None = None
        self._owed: list[Cmd] = []  # kills pressed while there was no host
        self._tasks: set[asyncio.Task[None]] = set()

    async def run(self, ended: Callable[[str], None]) -> None:
        """Listen for ever; `ended` is called when the host refuses us."""
        tries = 0
        while True:
            why = "the host closed the connection"
            try:
                async with self._connect(self._hello) as line:
                    await line.send(self._view)
                    self._line = line
                    await self._pay(line)
                    async for message in line:
                        tries = 0
                        self.store.apply(message, monotonic())
                        if self.store.refused:
                            ended(self.store.refused)
                            return
                        if self.store.hole:
                            why = "a hole in what the host said: asking for all of it again"
                            break
                        await asyncio.sleep(0)
            except LinkError as error:
                why = str(error)
            except (OSError, EOFError) as error:
                why = f"{type(error).__name__}: {error}"
            self._line = None
            self.store.lost(why, monotonic())
            await asyncio.sleep(_RETRY_S[min(tries, len(_RETRY_S) - 1)])
            tries += 1

    async def _pay(self, line: Line) -> None:
        """Send the kills that are owed, with their own ids: the engine takes each once."""
        while self._owed:
            await line.send(self._owed[0])
            self._owed.pop(0)

    def frames(self, fps: float) -> None:
        """Ask for another frame rate."""
        self._ask(View(fps=fps, depth=DEPTH, near=self._view.near))

    def look(self, books: list[str]) -> None:
        """Ask for whole books of these in every frame; the others come so once a second."""
        if books != self._view.near:
            self._ask(View(fps=self._view.fps, depth=DEPTH, near=books))

    def _ask(self, view: View) -> None:
        self._view = view
        self.send(view)

    @property
    def up(self) -> bool:
        return self._line is not None

    def send(self, message: Cmd | Transport | View | ParamsRequest | Heard) -> bool:
        """Hand a message to the line now; False when there is none (a kill is kept and sent on return)."""
        line = self._line
        if line is None:
            if isinstance(message, Cmd) and message.action == "kill":
                self._owed.append(message)
            return False
        task = asyncio.get_running_loop().create_task(self._send(line, message))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return True

    async def _send(self, line: Line, message: Cmd | Transport | View | ParamsRequest | Heard) -> None:
        try:
            await line.send(message)
        except LinkError as error:
            if isinstance(message, Cmd) and message.action == "kill":
                self._owed.append(message)
            self.store.lost(str(error), monotonic())

    async def drained(self) -> None:
        """Everything handed over has been sent."""
        with suppress(asyncio.TimeoutError):
            await asyncio.wait_for(asyncio.gather(*self._tasks, return_exceptions=True), 1.0)


def operator_name() -> str:
    """Who sits at this terminal."""
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return str(os.getuid())


def origin() -> str:
    """Where from: local, or the address of an SSH client."""
    ssh = os.environ.get("SSH_CONNECTION", "").split()
    return f"ssh {ssh[0]}" if ssh else "local"
