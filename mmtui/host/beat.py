"""The page of memory that a live desk's decision loop and its guard share: one file, mapped by both.

The loop counts its turns up here, and nothing else in the host does: a socket that still answers proves nothing.  The
guard counts its own looks up, and raises the fence: creates of a life that is not above it do not leave the host.
Words are 8 bytes, aligned, each written by one side only, so that neither ever waits for the other.

Rules of this file: the layout and who may write what; no decision.
"""

from __future__ import annotations

import contextlib
import mmap
import os
import time
from pathlib import Path
from typing import NamedTuple

from mmtui.config.paths import runtime_dir
from mmtui.core.errors import SourceError

SIZE = 512
_MAGIC = 0x6D6D_7475_6931
_TEXT, _TEXT_MAX = 256, 128
#: Words. The host writes the first six and the text, the guard the others.
MAGIC, LIFE, COUNT, STATE, PID, GREEN, FENCE, GUARD_PID, GUARD_COUNT, GUARD_STATE = range(10)
#: STATE of the loop.
STARTING, BEATING, ENDED = 1, 2, 3
#: GUARD_STATE, as words.
GUARD_WORDS = ("absent", "waiting", "armed", "cancelling", "cancelled, verified zero", "cannot reach its venues")
G_WAITING, G_ARMED, G_FIRED, G_DONE, G_BLIND = range(1, 6)


class Pulse(NamedTuple):
    """What a guard sees of a loop. `session`: the session whose orders are its own, "" while there is none."""

    life: int
    beats: int
    state: int
    session: str


def page_path(name: str) -> Path:
    """Of a desk: in memory where the system has a folder for it, so that no loop waits for a disk."""
    return runtime_dir() / f"{name}.beat"


class Page:
    """One mapping of the file. SourceError: it is not ours, or no page."""

    def __init__(self, path: Path, make: bool) -> None:
        self.path = path
        flags = os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW | (os.O_CREAT if make else 0)
        try:
            fd = os.open(path, flags, 0o600)
        except FileNotFoundError:
            raise
        except OSError as error:
            raise SourceError(f"{path}: {error.strerror or error}") from None
        try:
            facts = os.fstat(fd)
            if facts.st_uid != os.getuid() or facts.st_mode & 0o077:
                raise SourceError(f"{path} is not private to you: remove it")
            if make and facts.st_size != SIZE:
                os.ftruncate(fd, SIZE)
            elif facts.st_size != SIZE:
                raise SourceError(f"{path} is no page of a desk's heartbeat")
            self._map = mmap.mmap(fd, SIZE)
        finally:
            os.close(fd)
        self._bytes = memoryview(self._map)
        self.words = self._bytes[:_TEXT].cast("Q")
        if make:
            self.words[MAGIC] = _MAGIC
        elif self.words[MAGIC] != _MAGIC:
            self.close()
            raise SourceError(f"{path} is no page of a desk's heartbeat")

    def close(self) -> None:
        self.words.release()
        self._bytes.release()
        self._map.close()

    def pulse(self) -> Pulse:
        words = self.words
        text = bytes(self._bytes[_TEXT : _TEXT + _TEXT_MAX]).partition(b"\0")[0]
        return Pulse(words[LIFE], words[COUNT], words[STATE], text.decode(errors="replace"))

    def name_session(self, session: str) -> None:
        """Whose orders the loop's are."""
        text = session.encode()[: _TEXT_MAX - 1]
        self._bytes[_TEXT : _TEXT + _TEXT_MAX] = text.ljust(_TEXT_MAX, b"\0")


class Heart:
    """The loop's side. A life is a number that no earlier life of this desk on this machine had."""

    def __init__(self, name: str, session: str) -> None:
        self.page = Page(page_path(name), make=True)
        self.words = self.page.words
        self.words[STATE] = STARTING
        self.words[PID] = os.getpid()
        self.words[GREEN] = 0
        self.page.name_session(session)
        self.session = session
        self.life = 0
        self._renew()

    def _renew(self) -> None:
        self.life = max(int(time.time()), self.words[LIFE] + 1, self.words[FENCE] + 1)
        self.words[LIFE] = self.life

    def beat(self) -> None:
        """One turn of the decision loop has been made."""
        words = self.words
        words[COUNT] += 1
        if words[STATE] != BEATING:
            words[STATE] = BEATING

    @property
    def fenced(self) -> bool:
        """The guard has cancelled this life's orders: nothing more may be created by it."""
        return self.words[FENCE] >= self.life

    def pulse(self) -> Pulse:
        words = self.words
        return Pulse(words[LIFE], words[COUNT], words[STATE], self.session)

    def above(self, fence: int) -> None:
        """An operator has left KILLED: a new life, above every fence there is."""
        self.words[FENCE] = max(self.words[FENCE], fence)
        self._renew()

    def end(self) -> None:
        """In order, nothing being open: silence means nothing any more."""
        self.words[STATE] = ENDED

    def forget(self) -> None:
        """The page goes with the desk that ended in order."""
        self.end()
        with contextlib.suppress(OSError):
            self.page.path.unlink()
