"""Which desks run: one lock file a desk, held by its host for as long as it lives, with what others need to know.

Rules of this file: the lock (flock), not the file's text, says whether a host lives; no engine, no event loop.
"""

from __future__ import annotations

import fcntl
import json
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from mmtui.config.paths import desk_dir, state_dir
from mmtui.core.commands import BY_NAME
from mmtui.core.errors import UserError

LOCK = "host.lock"


class Desk(NamedTuple):
    """A desk that runs."""

    name: str
    mode: str
    pid: int
    socket: Path
    session: str


class RunsAlready(UserError):
    """A second host of one desk."""

    def __init__(self, name: str, who: str) -> None:
        self.name = name
        super().__init__(
            f"desk {name!r} runs already{who}: `mmtui attach {name}` opens it, `mmtui ctl {name} shutdown` ends it"
        )


class DeskLock:
    """Held by a host from before its first event until after its last."""

    def __init__(self, name: str) -> None:
        self.path = desk_dir(name) / LOCK
        self._fd = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        for attempt in range(5):
            try:
                fcntl.flock(self._fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except OSError:
                if attempt < 4:  # somebody may only be looking (a shared lock, for microseconds)
                    time.sleep(0.02)
        else:
            os.close(self._fd)
            raise RunsAlready(name, _who(self.path))
        os.ftruncate(self._fd, 0)

    def publish(self, desk: Desk) -> None:
        """Say who holds the lock, once the socket listens."""
        text = json.dumps({**desk._asdict(), "socket": str(desk.socket)}).encode()
        os.ftruncate(self._fd, 0)
        os.pwrite(self._fd, text, 0)

    def release(self) -> None:
        os.ftruncate(self._fd, 0)
        os.close(self._fd)


def check_name(name: str) -> str:
    """A desk's name is a word, and none of the actions."""
    if name in BY_NAME or name == "status":
        raise UserError(f"desk name {name!r}: a desk cannot be named like an action of `mmtui ctl`")
    if not name or len(name) > 40 or not all(c.isalnum() or c in "-_." for c in name) or name.startswith((".", "-")):
        raise UserError(f"desk name {name!r}: letters, digits, - _ and . only, at most 40")
    return name


def _read(path: Path) -> Desk | None:
    """The desk whose host holds this lock; None when nobody does."""
    try:
        fd = os.open(path, os.O_RDWR | os.O_CLOEXEC)
    except OSError:
        return None
    try:
        try:
            fcntl.flock(fd, fcntl.LOCK_SH | fcntl.LOCK_NB)
            return None
        except OSError:
            pass
        try:
            found = json.loads(os.read(fd, 65536))
            return Desk(**{**found, "socket": Path(found["socket"])})
        except (ValueError, TypeError, KeyError):
            return None  # starting: it has not published yet
    finally:
        os.close(fd)


def _who(path: Path) -> str:
    desk = _read(path)
    return f" (pid {desk.pid})" if desk else ""


def desk_names() -> Iterator[str]:
    """Every desk of this user that has ever had a host, running or not."""
    root = state_dir() / "desks"
    if root.is_dir():
        for path in sorted(root.iterdir()):
            if (path / LOCK).exists():
                yield path.name


def lookup(name: str) -> Desk | None:
    """The desk of this name, if it runs."""
    return _read(state_dir() / "desks" / name / LOCK)


def running() -> list[Desk]:
    """Every desk of this user that runs, by name."""
    return [desk for name in desk_names() if (desk := lookup(name)) is not None]


def find(name: str | None, replays: bool = False) -> Desk:
    """The desk meant by NAME, or the only one that runs. Raises UserError with the list otherwise."""
    desks = running()
    if name is not None:
        for desk in desks:
            if desk.name == name:
                return desk
        others = ", ".join(desk.name for desk in desks) or "none"
        raise UserError(f"no desk {name!r} runs (running: {others})")
    if not replays:
        desks = [desk for desk in desks if desk.mode != "REPLAY"]
    if not desks:
        raise UserError("no desk runs: `mmtui demo` or `mmtui run CONFIG` starts one")
    if len(desks) > 1:
        raise UserError(f"{len(desks)} desks run, name one: {', '.join(desk.name for desk in desks)}")
    return desks[0]
