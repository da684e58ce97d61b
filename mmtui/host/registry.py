"""Which desks run: one lock file a desk, held by its host for as long as it lives, with what others need to know.

Rules of this file: the lock (flock), not the file's text, says whether a host lives; no engine, no event loop.
"""

from __future__ import annotations

import fcntl
import json
import os
import shutil
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
        while True:
            self.path = desk_dir(name) / LOCK
            self._fd = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            if not _try_lock(self._fd):
                os.close(self._fd)
                raise RunsAlready(name, _who(self.path))
            if _is_at(self._fd, self.path):
                break
            os.close(self._fd)  # a host that left took its folder away in this very moment
        os.ftruncate(self._fd, 0)

    def publish(self, desk: Desk) -> None:
        """Say who holds the lock, once the socket listens."""
        text = json.dumps({**desk._asdict(), "socket": str(desk.socket)}).encode()
        os.ftruncate(self._fd, 0)
        os.pwrite(self._fd, text, 0)

    def release(self, forget: bool = False) -> None:
        """The host has ended. forget: the desk leaves nothing behind (demo, replay)."""
        os.ftruncate(self._fd, 0)
        if forget:
            shutil.rmtree(self.path.parent, ignore_errors=True)
        os.close(self._fd)


class FileLock:
    """A lock by its own: held for as long as this process lives, with its number inside."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        self.taken = _try_lock(self._fd)
        if self.taken:
            os.ftruncate(self._fd, 0)
            os.pwrite(self._fd, str(os.getpid()).encode(), 0)

    def who(self) -> str:
        """Who has it, as words."""
        number = os.pread(self._fd, 20, 0).decode(errors="replace")
        return f" (pid {number})" if number.isdecimal() else ""

    def release(self) -> None:
        os.close(self._fd)


def held(path: Path) -> bool:
    """Some process holds this lock."""
    try:
        fd = os.open(path, os.O_RDWR | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        fcntl.flock(fd, fcntl.LOCK_SH | fcntl.LOCK_NB)
        return False
    except OSError:
        return True
    finally:
        os.close(fd)


def _try_lock(fd: int) -> bool:
    for attempt in range(5):
        if attempt:  # somebody may only be looking (a shared lock, for microseconds)
            time.sleep(0.02)
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return True
        except OSError:
            pass
    return False


def _is_at(fd: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(fd), path.stat())
    except FileNotFoundError:
        return False


def check_name(name: str) -> str:
    """A desk's name is a word, and none of the actions."""
    if name in BY_NAME or name == "status":
        raise UserError(f"desk name {name!r}: a desk cannot be named like an action of `mmtui ctl`")
    if not name or len(name) > 40 or not all(c.isalnum() or c in "-_." for c in name) or name.startswith((".", "-")):
        raise UserError(f"desk name {name!r}: letters, digits, - _ and . only, at most 40")
    return name


def _read(path: Path) -> tuple[bool, Desk | None]:
    """Whether a host holds this lock, and what it has published (None: it is starting)."""
    try:
        fd = os.open(path, os.O_RDWR | os.O_CLOEXEC)
    except OSError:
        return False, None
    try:
        try:
            fcntl.flock(fd, fcntl.LOCK_SH | fcntl.LOCK_NB)
            return False, None
        except OSError:
            pass
        try:
            found = json.loads(os.read(fd, 65536))
            return True, Desk(**{**found, "socket": Path(found["socket"])})
        except (ValueError, TypeError, KeyError):
            return True, None
    finally:
        os.close(fd)


def _who(path: Path) -> str:
    _, desk = _read(path)
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
    return _read(state_dir() / "desks" / name / LOCK)[1]


def lookup_started(name: str, seconds: float = 30.0) -> Desk | None:
    """The desk of this name, if it runs; waits for a host that is just starting."""
    until = time.monotonic() + seconds
    while True:
        held, desk = _read(state_dir() / "desks" / name / LOCK)
        if desk is not None or not held or time.monotonic() > until:
            return desk
        time.sleep(0.02)


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
