"""The side journal: what cockpits do beside commanding (attach, look, detach), with a hash chain of its own.

JSON lines: {"n": number, "kind": ..., fields, "hash": blake2b of the hash before and the line without it}.
Rules of this file: watching changes nothing on the tape; a torn last line is cut when the journal is continued.
"""

from __future__ import annotations

import errno
import os
from hashlib import blake2b
from pathlib import Path

import msgspec

from mmtui.tape.format import UNREADABLE, TapeError

NAME = "journal"


class SideJournal:
    """Appends to the journal of a session folder."""

    def __init__(self, directory: Path) -> None:
        self.path = directory / NAME
        self.count, self._chain, self._bytes, _ = _walk(self.path)
        try:
            self._fd = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
            os.ftruncate(self._fd, self._bytes)
        except OSError as error:
            raise TapeError(f"{self.path}: the journal cannot be written: {error.strerror}") from error

    def write(self, kind: str, **fields: object) -> None:
        """One line, in the kernel when this returns."""
        line = {"n": self.count, "kind": kind, **fields}
        digest = _digest(self._chain, line)
        data = msgspec.json.encode({**line, "hash": digest}) + b"\n"
        try:
            if os.write(self._fd, data) < len(data):
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        except OSError as error:
            os.ftruncate(self._fd, self._bytes)  # no torn line before the next one
            raise TapeError(f"{self.path}: the journal cannot be written: {error.strerror}") from error
        self._bytes += len(data)
        self.count += 1
        self._chain = digest

    def close(self) -> None:
        os.close(self._fd)


def check_journal(directory: Path) -> tuple[int, list[str]]:
    """Number of lines that are whole and in the chain, and what is wrong after them, as sentences."""
    count, _, _, wrong = _walk(directory / NAME)
    return count, [wrong] if wrong else []


def read_journal(directory: Path) -> list[dict[str, object]]:
    """The lines that are whole and in the chain."""
    path = directory / NAME
    _, _, whole, _ = _walk(path)
    data = path.read_bytes()[:whole] if whole else b""
    return [msgspec.json.decode(line, type=dict[str, object]) for line in data.splitlines()]


def _digest(previous: str, line: dict[str, object]) -> str:
    data = msgspec.json.encode(line, order="sorted")
    return blake2b(previous.encode() + data, digest_size=16).hexdigest()


def _walk(path: Path) -> tuple[int, str, int, str]:
    """Lines in the chain, hash of the last, bytes that they take, and a sentence if something follows them."""
    count, chain, whole = 0, "", 0
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        return 0, "", 0, ""
    except OSError as error:
        raise TapeError(f"{path}: {error.strerror}") from error
    for text in data.splitlines(keepends=True):
        name = f"{path.parent.name}: {NAME}:{count + 1}"
        if not text.endswith(b"\n"):
            return count, chain, whole, f"{name}: the line is cut"
        try:
            line = msgspec.json.decode(text, type=dict[str, object])
        except UNREADABLE as error:
            return count, chain, whole, f"{name}: {error}"
        digest = line.pop("hash", "")
        if line.get("n") != count or digest != _digest(chain, line):
            return count, chain, whole, f"{name}: the line does not follow from the one before it"
        count, chain, whole = count + 1, str(digest), whole + len(text)
    return count, chain, whole, ""
