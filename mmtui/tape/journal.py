"""The side journal: what cockpits do beside commanding (attach, look, detach), with a hash chain of its own.

JSON lines: {"n": number, "kind": ..., fields, "hash": blake2b of the hash before and the line without it}.
Rules of this file: watching changes nothing on the tape; a torn last line is cut when the journal is continued.
"""

from __future__ import annotations

import contextlib
from hashlib import blake2b
from pathlib import Path

import msgspec

from mmtui.tape.files import DISK, Files
from mmtui.tape.format import UNREADABLE, TapeError

NAME = "journal"


class SideJournal:
    """Appends to the journal of a session folder."""

    def __init__(self, directory: Path, files: Files = DISK) -> None:
        self.path = directory / NAME
        self.count, self._chain, self._bytes, _ = _walk(files, self.path)
        try:
            self._file = files.append(self.path)
            self._file.truncate(self._bytes)
        except OSError as error:
            raise TapeError(f"{self.path}: the journal cannot be written: {error.strerror}") from error

    def write(self, kind: str, **fields: object) -> None:
        """One line, in the kernel when this returns."""
        line = {"n": self.count, "kind": kind, **fields}
        digest = _digest(self._chain, line)
        data = msgspec.json.encode({**line, "hash": digest}) + b"\n"
        try:
            self._file.write(data)
        except OSError as error:
            with contextlib.suppress(OSError):
                self._file.truncate(self._bytes)  # no torn line before the next one
            raise TapeError(f"{self.path}: the journal cannot be written: {error.strerror}") from error
        self._bytes += len(data)
        self.count += 1
        self._chain = digest

    def close(self) -> None:
        self._file.close()


def check_journal(directory: Path, files: Files = DISK) -> tuple[int, list[str]]:
    """Number of lines that are whole and in the chain, and what is wrong after them, as sentences."""
    count, _, _, wrong = _walk(files, directory / NAME)
    return count, [wrong] if wrong else []


def read_journal(directory: Path, files: Files = DISK) -> list[dict[str, object]]:
    """The lines that are whole and in the chain."""
    path = directory / NAME
    _, _, whole, _ = _walk(files, path)
    data = files.read(path)[:whole] if whole else b""
    return [msgspec.json.decode(line, type=dict[str, object]) for line in data.splitlines()]


def _digest(previous: str, line: dict[str, object]) -> str:
    data = msgspec.json.encode(line, order="sorted")
    return blake2b(previous.encode() + data, digest_size=16).hexdigest()


def _walk(files: Files, path: Path) -> tuple[int, str, int, str]:
    """Lines in the chain, hash of the last, bytes that they take, and a sentence if something follows them."""
    count, chain, whole = 0, "", 0
    try:
        data = files.read(path)
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
