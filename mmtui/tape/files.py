"""The disk, as the tape sees it: every file of a session, the latch and the reserved ids go through `Files`.

`DISK` is the real one; the simulator has one in memory, with faults, for the very same code.  Errors are OSError
(FileNotFoundError where a file is not there), nothing else.  What is written survives the process at once, and a loss
of power after `sync` (its bytes) and `sync_folder` (its name).
Rules of this file: no knowledge of what is in a file; nothing is buffered here.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from threading import Lock
from typing import Protocol


class Handle(Protocol):
    """A file open for writing, at its end (or at its start: `Files.over`)."""

    def write(self, data: bytes | bytearray) -> None:
        """Everything is written, or OSError: then some of it may stand in the file."""

    def truncate(self, size: int) -> None:
        """Cut the file to `size` bytes; what is written next follows there."""

    def sync(self) -> None:
        """Returns when the bytes survive a loss of power. May run in another thread than write and close."""

    def close(self) -> None: ...


class Files(Protocol):
    """What can be done to files and folders."""

    def append(self, path: Path, fresh: bool = False) -> Handle:
        """Open for appending, made if it is not there; fresh: emptied first."""

    def over(self, path: Path) -> Handle:
        """Open a file that is there, for writing over it from its first byte; its size stays."""

    def reserve(self, path: Path, size: int) -> None:
        """A file of `size` zero bytes whose space is allocated: writing over it needs no further space."""

    def read(self, path: Path) -> bytes: ...

    def read_at(self, path: Path, offset: int, length: int) -> bytes:
        """Up to `length` bytes from `offset` on; fewer at the end of the file."""

    def size(self, path: Path) -> int: ...

    def exists(self, path: Path) -> bool:
        """A file or folder of this name is there."""

    def names(self, folder: Path) -> list[str]:
        """Names in a folder, in order."""

    def make_folder(self, path: Path) -> None:
        """With its parents; no error when it is there."""

    def truncate(self, path: Path, size: int) -> None: ...

    def replace(self, source: Path, target: Path) -> None:
        """Rename; whoever looks sees the old target or the new one."""

    def unlink(self, path: Path) -> None: ...

    def remove_folder(self, path: Path) -> None:
        """With everything in it."""

    def sync_folder(self, path: Path) -> None:
        """Returns when the names in the folder survive a loss of power."""


def put(files: Files, path: Path, data: bytes, sync: bool = False, mark: str = "") -> None:
    """Write a whole file: whoever looks sees the old one or the new one, never half. sync: on the disk on return.

    `mark` keeps apart what two processes write at once.
    """
    temporary = path.with_name(f"{path.name}.new{mark}")
    handle = files.append(temporary, fresh=True)
    try:
        handle.write(data)
        if sync:
            handle.sync()
    finally:
        handle.close()
    files.replace(temporary, path)
    if sync:
        files.sync_folder(path.parent)


class _DiskHandle:
    """One descriptor. A close while another thread syncs waits for nobody: the one who syncs closes then."""

    __slots__ = ("_fd", "_lock", "_syncing", "_closed")

    def __init__(self, fd: int) -> None:
        self._fd = fd
        self._lock = Lock()
        self._syncing = 0
        self._closed = False

    def write(self, data: bytes | bytearray) -> None:
        done = os.write(self._fd, data)
        if done < len(data):
            _write_all(self._fd, bytes(data[done:]))

    def truncate(self, size: int) -> None:
        os.ftruncate(self._fd, size)
        os.lseek(self._fd, size, os.SEEK_SET)

    def sync(self) -> None:
        if not self._enter():
            return
        try:
            _datasync(self._fd)
        finally:
            with self._lock:
                self._syncing -= 1
                last = self._closed and not self._syncing
            if last:
                os.close(self._fd)

    def _enter(self) -> bool:
        with self._lock:
            if self._closed:
                return False
            self._syncing += 1
            return True

    def close(self) -> None:
        with self._lock:
            if self._closed:
                return
            self._closed = True
            busy = self._syncing > 0
        if not busy:
            os.close(self._fd)


class _Disk:
    """The real files; private to their owner."""

    def append(self, path: Path, fresh: bool = False) -> Handle:
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC | (os.O_TRUNC if fresh else 0)
        return _DiskHandle(os.open(path, flags, 0o600))

    def over(self, path: Path) -> Handle:
        return _DiskHandle(os.open(path, os.O_WRONLY | os.O_CLOEXEC))

    def reserve(self, path: Path, size: int) -> None:
        fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
        try:
            if hasattr(os, "posix_fallocate"):
                os.posix_fallocate(fd, 0, size)
            else:  # macOS
                _write_all(fd, bytes(size))
        finally:
            os.close(fd)

    def read(self, path: Path) -> bytes:
        return path.read_bytes()

    def read_at(self, path: Path, offset: int, length: int) -> bytes:
        fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        try:
            return os.pread(fd, length, offset)
        finally:
            os.close(fd)

    def size(self, path: Path) -> int:
        return path.stat().st_size

    def exists(self, path: Path) -> bool:
        return path.exists()

    def names(self, folder: Path) -> list[str]:
        return sorted(os.listdir(folder))

    def make_folder(self, path: Path) -> None:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)

    def truncate(self, path: Path, size: int) -> None:
        os.truncate(path, size)

    def replace(self, source: Path, target: Path) -> None:
        os.replace(source, target)

    def unlink(self, path: Path) -> None:
        path.unlink()

    def remove_folder(self, path: Path) -> None:
        shutil.rmtree(path)

    def sync_folder(self, path: Path) -> None:
        fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        try:
            os.fsync(fd)
        finally:
            os.close(fd)


def _write_all(fd: int, data: bytes) -> None:
    while data:
        data = data[os.write(fd, data) :]


def _datasync(fd: int) -> None:
    if hasattr(os, "fdatasync"):
        os.fdatasync(fd)
    else:  # macOS
        os.fsync(fd)


DISK: Files = _Disk()
