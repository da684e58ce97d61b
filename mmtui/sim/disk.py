"""A disk in memory with the faults of a real one (30, 31): the same `Files` that the tape writes to.

What a process has written is in the page cache: it survives the process, not a loss of power.  A sync puts a file's
bytes on the platter, a sync of the folder its names; after a power loss a file has what was synced and, of what came
after, any prefix (a torn page may be in it).  Two processes' views are one and the same.

Rules of this file: no real file, no time passes here; errors are OSError as the kernel would give them.
"""

from __future__ import annotations

import errno
import os
from pathlib import Path

from mmtui.sim.world import ALL_ORDERS, MS, World

PAGE = 512


class Crashed(BaseException):
    """The process died inside a write: nothing of it runs on. Whoever runs the host catches it, nobody else."""


class _File:
    """Bytes as they are in the cache, and how far they are on the platter."""

    __slots__ = ("data", "old", "reserved", "synced")

    def __init__(self) -> None:
        self.data = bytearray()
        self.synced = 0  # bytes on the platter
        self.old: bytes | None = None  # these bytes, once something of them was written over
        self.reserved = 0  # space that is allocated: writing there needs none

    def touch(self, place: int) -> None:
        """What is at `place` and after it is about to change."""
        if place < self.synced and self.old is None:
            self.old = bytes(self.data[: self.synced])

    def sync(self) -> None:
        self.synced, self.old = len(self.data), None


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
        self._disk.truncate_file(self._file, size)
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
        self.written = 0
        self.armed = False  # a process runs that a crash in a write would kill
        world.on_heal(self._heal)

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
        place = len(file.data) if at < 0 else at
        if trouble == errno.ENOSPC and place + len(data) <= max(file.reserved, len(file.data)):
            trouble = 0  # the space is there already
        if trouble:
            some = min(self._room, len(data)) if self._room > 0 else 0
            self._put(file, place, data[:some])
            self._room -= some
            raise OSError(trouble, os.strerror(trouble))
        if self._fails[1] and self.armed and self._world.strikes(31, ALL_ORDERS):
            self._put(file, place, data[: self._world.dice(31).below(len(data) + 1)])
            raise Crashed
        self._put(file, place, data)

    def _put(self, file: _File, place: int, data: bytes | bytearray) -> None:
        file.touch(place)
        file.data[place : place + len(data)] = data
        self.written += len(data)

    def truncate_file(self, file: _File, size: int) -> None:
        if size < len(file.data):
            file.touch(size)
            del file.data[size:]
        else:
            file.data.extend(bytes(size - len(file.data)))

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
            self._lose(file, dice.bits())
        self._names = dict(self._files)

    def _lose(self, file: _File, bits: int) -> None:
        """What the platter has of a file: the synced bytes, then a prefix, then perhaps a torn page."""
        if file.old is not None:  # written over: each page is the old one or the new one
            now, old = bytes(file.data), file.old
            pages = range(0, max(len(now), len(old)), PAGE)
            mixed = [(now if bits >> (k % 60) & 1 else old)[at : at + PAGE] for k, at in enumerate(pages)]
            file.data = bytearray(b"".join(mixed))
        else:
            more = len(file.data) - file.synced
            kept = (bits >> 8) % (more + 1) if bits & 3 else 0
            del file.data[file.synced + kept :]
            if kept > 8 and bits & 4:  # the size is there, the bytes of the last page are not
                torn = min(kept, PAGE)
                file.data[-torn:] = bytes(torn)
        file.sync()

    def flip(self, name: str, bit: int) -> None:
        """One bit of a file is another one now, on the platter too."""
        file = self._files[name]
        file.data[bit // 8] ^= 1 << bit % 8
        file.sync()

    def contents(self) -> list[tuple[str, bytes]]:
        """Every file, by name."""
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
            self.truncate_file(file, 0)
        return _SimHandle(self, file, -1)

    def over(self, path: Path) -> _SimHandle:
        return _SimHandle(self, self._file(path), 0)

    def reserve(self, path: Path, size: int) -> None:
        handle = self.append(path, fresh=True)
        handle.write(bytes(size))
        self._file(path).reserved = size

    def read(self, path: Path) -> bytes:
        return bytes(self._file(path).data)

    def read_at(self, path: Path, offset: int, length: int) -> bytes:
        return bytes(self._file(path).data[offset : offset + length])

    def size(self, path: Path) -> int:
        return len(self._file(path).data)

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
        self.truncate_file(self._file(path), size)

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
