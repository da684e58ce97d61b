"""A disk in memory with the faults of a real one (30, 31): the same `Files` that the tape writes to.

What a process has written is in the page cache: it survives the process, not a loss of power.  A sync puts a file's
bytes on the platter, a sync of the folder its names; after a power loss a file has what was synced and, of what came
after, any prefix (a torn page may be in it).  Two processes' views are one and the same.

Rules of this file: no real file, no time passes here; errors are OSError as the kernel would give them.
"""

from __future__ import annotations

import errno
import os
import sys
from functools import lru_cache
from pathlib import Path

from mmtui.sim.demands import Crashed
from mmtui.sim.world import ALL_ORDERS, MS, World

PAGE = 512


@lru_cache(maxsize=4)
def _zeros(count: int) -> bytes:
    """What a reserve holds that nobody wrote to."""
    return bytes(count)


class _File:
    """Bytes as they are in the cache, and how far they are on the platter. What follows `data` up to `length` is 0."""

    __slots__ = ("allocated", "data", "length", "old", "synced")

    def __init__(self) -> None:
        self.data = bytearray()
        self.length = 0
        self.synced = 0  # bytes on the platter
        self.old: bytes | None = None  # what stood in these bytes, once something of them was written over
        self.allocated = 0  # space that is there already: writing there needs none

    def put(self, place: int, data: bytes | bytearray) -> None:
        """Write at a place."""
        self._touch(place)
        self._fill(place)
        self.data[place : place + len(data)] = data
        self.length = max(self.length, len(self.data))

    def cut(self, size: int) -> None:
        """Make it so long."""
        self._touch(size)
        del self.data[size:]
        self.length = size

    def read(self, start: int, end: int) -> bytes:
        end = min(end, self.length)
        found = bytes(self.data[start:end])
        missing = end - start - len(found)
        if missing <= 0:
            return found
        return found + bytes(missing) if found else _zeros(missing)

    def sync(self) -> None:
        self.synced, self.old = self.length, None

    def lose(self, bits: int) -> None:
        """The power fails: what was synced stays, then comes a prefix of the rest, perhaps with a torn page."""
        if self.old is not None:  # written over: each page is the old one or the new one
            size = max(len(self.data), len(self.old))
            now, old = bytes(self.data).ljust(size, b"\0"), self.old.ljust(size, b"\0")
            pages = range(0, size, PAGE)
            mixed = [(now if bits >> (k % 60) & 1 else old)[at : at + PAGE] for k, at in enumerate(pages)]
            self.data = bytearray(b"".join(mixed))
            self.length = max(self.length, self.synced)
        else:
            kept = (bits >> 8) % (self.length - self.synced + 1) if bits & 3 else 0
            self.cut(self.synced + kept)
            if kept > 8 and bits & 4:  # the size is there, the bytes of the last page are not
                torn = min(kept, PAGE)
                del self.data[max(0, self.length - torn) :]
        self.sync()

    def _touch(self, place: int) -> None:
        """What is at `place` and after it is about to change."""
        if place < self.synced and self.old is None:
            self.old = bytes(self.data[: self.synced])

    def _fill(self, place: int) -> None:
        if place > len(self.data):
            self.data.extend(bytes(place - len(self.data)))


class _SimHandle:
    """An open file: appends at its end, or writes over from the first byte."""

    __slots__ = ("_at", "_disk", "_file", "_closed")

    def __init__(self, disk: SimDisk, file: _File, at: int) -> None:
        self._disk = disk
        self._file = file
        self._at = at  # -1: always at the end
        self._closed = False

    def write(self, data: bytes | bytearray) -> None:
        self._disk.write(self._file, self._at, data)
        if self._at >= 0:
            self._at += len(data)

    def truncate(self, size: int) -> None:
        self._file.cut(size)
        if self._at >= 0:
            self._at = size

    def sync(self) -> None:
        if not self._closed:
            self._disk.sync_file(self._file)

    def close(self) -> None:
        self._closed = True


class SimDisk:
    """All files of one machine. `crash` is called by whoever ends the process."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._files: dict[str, _File] = {}
        self._folders: dict[str, None] = {}
        self._names: dict[str, _File] = {}  # what a power loss leaves: names as of the last sync of their folders
        self._fails = [world.draws(n) for n in (30, 31)]
        self._trouble = 0  # errno that every write meets
        self._until = 0
        self._room = -1  # bytes left, -1: enough
        self.armed = False  # a process runs that a crash in a write would kill
        world.on_heal(self._heal)

    def held(self) -> int:
        """Bytes of memory that the files take."""
        return sum(sys.getsizeof(file.data) for file in self._files.values())

    # -- faults ------------------------------------------------------------------------------------------------

    def _heal(self) -> None:
        self._trouble, self._until, self._room = 0, 0, -1
        self._fails = [False, False]

    def _draw(self) -> int:
        """Faults 30 and 31 at one write or sync: an errno, or 0."""
        world = self._world
        if self._fails[0] and world.now >= self._until and world.strikes(30, ALL_ORDERS):
            dice = world.dice(30)
            kind = dice.below(4)
            self._until = world.now + (1, 200 + dice.below(4_800))[dice.below(2)] * MS
            self._trouble = (errno.ENOSPC, errno.EIO, errno.EROFS, errno.ENOSPC)[kind]
            self._room = dice.below(600) if kind == 3 else -1
        if world.now < self._until:
            return self._trouble
        self._room = -1
        return 0

    def write(self, file: _File, at: int, data: bytes | bytearray) -> None:
        """Write at the end (at = -1) or over what is there."""
        trouble = self._draw() if self._fails[0] else 0
        place = file.length if at < 0 else at
        if trouble == errno.ENOSPC and place + len(data) <= max(file.allocated, file.length):
            trouble = 0  # the space is there already
        if trouble:
            some = min(self._room, len(data)) if self._room > 0 else 0
            file.put(place, data[:some])
            self._room -= some
            raise OSError(trouble, os.strerror(trouble))
        if self._fails[1] and self.armed and self._world.strikes(31, ALL_ORDERS):
            file.put(place, data[: self._world.dice(31).below(len(data) + 1)])
            raise Crashed
        file.put(place, data)

    def sync_file(self, file: _File) -> None:
        """Fault 30, too: an error, or a sync that says it is done and is not."""
        if self._fails[0]:
            trouble = self._draw()
            if trouble and trouble != errno.ENOSPC:
                raise OSError(trouble, os.strerror(trouble))
            if self._world.strikes(30, ALL_ORDERS):
                return
        file.sync()

    def crash(self, power_loss: bool) -> None:
        """The process is gone; with the power, what was not synced is gone too, but for what chance left."""
        self.armed = False
        if not power_loss:
            return
        dice = self._world.dice(31)
        self._files = dict(self._names)
        for _, file in sorted(self._files.items()):
            file.lose(dice.bits())
        self._names = dict(self._files)

    def flip(self, name: str, bit: int) -> None:
        """One bit of a file is another one now, on the platter too."""
        file = self._files[name]
        file.put(bit // 8, bytes([file.read(bit // 8, bit // 8 + 1)[0] ^ 1 << bit % 8]))
        file.sync()

    def contents(self) -> list[tuple[str, bytes]]:
        """Every file, by name, without the zeros at its end that nobody wrote."""
        return [(name, bytes(file.data)) for name, file in sorted(self._files.items())]

    # -- Files -------------------------------------------------------------------------------------------------

    def _file(self, path: Path) -> _File:
        file = self._files.get(str(path))
        if file is None:
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), str(path))
        return file

    def append(self, path: Path, fresh: bool = False) -> _SimHandle:
        name = str(path)
        file = self._files.get(name)
        if file is None:
            if str(path.parent) not in self._folders:
                raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), name)
            trouble = self._draw() if self._fails[0] else 0
            if trouble == errno.EROFS:
                raise OSError(trouble, os.strerror(trouble))
            file = self._files[name] = _File()
        elif fresh:
            file.cut(0)
        return _SimHandle(self, file, -1)

    def over(self, path: Path) -> _SimHandle:
        return _SimHandle(self, self._file(path), 0)

    def reserve(self, path: Path, size: int) -> None:
        self.append(path, fresh=True)
        trouble = self._draw() if self._fails[0] else 0
        if trouble:
            raise OSError(trouble, os.strerror(trouble))
        file = self._file(path)
        file.length = file.allocated = size

    def read(self, path: Path) -> bytes:
        file = self._file(path)
        return file.read(0, file.length)

    def read_at(self, path: Path, offset: int, length: int) -> bytes:
        return self._file(path).read(offset, offset + length)

    def size(self, path: Path) -> int:
        return self._file(path).length

    def exists(self, path: Path) -> bool:
        return str(path) in self._files or str(path) in self._folders

    def names(self, folder: Path) -> list[str]:
        if str(folder) not in self._folders:
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), str(folder))
        head = f"{folder}/"
        found = {name[len(head) :].partition("/")[0]: None for name in (*self._files, *self._folders)
                 if name.startswith(head)}  # fmt: skip
        return sorted(found)

    def make_folder(self, path: Path) -> None:
        for folder in (path, *path.parents):
            self._folders[str(folder)] = None

    def truncate(self, path: Path, size: int) -> None:
        self._file(path).cut(size)

    def replace(self, source: Path, target: Path) -> None:
        self._files[str(target)] = self._file(source)
        del self._files[str(source)]

    def unlink(self, path: Path) -> None:
        self._file(path)
        del self._files[str(path)]

    def remove_folder(self, path: Path) -> None:
        head = f"{path}/"
        self._files = {name: file for name, file in self._files.items() if not name.startswith(head)}
        self._folders = {
            name: None for name in self._folders if name != str(path) and not name.startswith(head)
        }

    def sync_folder(self, path: Path) -> None:
        """Names as they are now survive a power loss (the bytes of a file only as far as they were synced)."""
        head = f"{path}/"
        if self._fails[0]:
            trouble = self._draw()
            if trouble and trouble != errno.ENOSPC:
                raise OSError(trouble, os.strerror(trouble))
        kept = {name: file for name, file in self._names.items() if not _directly(name, head)}
        kept.update({name: file for name, file in self._files.items() if _directly(name, head)})
        self._names = kept


def _directly(name: str, head: str) -> bool:
    return name.startswith(head) and "/" not in name[len(head) :]
