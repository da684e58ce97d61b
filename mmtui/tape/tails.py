"""What is not in chunks yet: the tail, tails whose chunk may not have reached the disk, the emergency segment.

Rules of this file: bytes -> records that are whole, in the order of their numbers; what is put together, and what is
said about it, is the reader's business.
"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from mmtui.tape import schema1
from mmtui.tape.files import Files
from mmtui.tape.format import EMERGENCY_MAGIC, TAIL_HEAD, TAIL_MAGIC, Batches, Record, TapeError, read_batches

TAIL = "tail"
RESERVE = "reserve"
EMERGENCY = "emergency"
#: No tape has so many records: a head that says so is damaged.
NUMBER_MAX = 1 << 40


class Tail(NamedTuple):
    """One file of records that are not in chunks yet, or not for long."""

    name: str
    start: int  # number of the first record here; what is before it is in chunks
    records: list[Record]
    cut: int  # bytes after the last whole batch
    used: int  # bytes up to there
    missing: int  # records that the batch there should have had
    damaged: int  # records that are in chunks and are damaged here
    whole: bool  # its first bytes are what was written

    @property
    def end(self) -> int:
        return self.start + len(self.records)

    @property
    def retired(self) -> bool:
        """Its records were made chunks, and nobody has said that these are on the disk."""
        return self.name.startswith(f"{TAIL}.")

    @property
    def emergency(self) -> bool:
        return self.name == RESERVE or self.name.startswith(EMERGENCY)


def load_tails(files: Files, directory: Path) -> list[tuple[str, bytes]]:
    """Names and bytes of every tail of a session; an unused reserve is none."""
    found = []
    for name in files.names(directory):
        kind, _, number = name.partition(".")
        if name in (TAIL, RESERVE) or (kind in (TAIL, EMERGENCY) and number.isdigit()):
            path = directory / name
            try:
                if name != RESERVE or files.read_at(path, 0, len(EMERGENCY_MAGIC)) == EMERGENCY_MAGIC:
                    found.append((name, files.read(path)))
            except FileNotFoundError:  # the writer has just made it a chunk
                continue
            except OSError as error:
                raise TapeError(f"{path}: {error.strerror}") from error
    return found


def first_of(loaded: list[tuple[str, bytes]]) -> int:
    """The first record that any of these tails holds; a very large number when there is none."""
    return min((first for _, data in loaded for first in _firsts(data)), default=1 << 64)


def parse_tails(loaded: list[tuple[str, bytes]], known: int) -> list[Tail]:
    """The tails by their first record; records before number `known` are in chunks. It is also the number that a tail
    with a damaged head begins with. A file that is not even a tail by its first bytes has no records.
    """
    tails = [_parse(name, data, known) for name, data in loaded if data]
    return sorted(tails, key=lambda tail: (tail.start, tail.name != TAIL))


def _firsts(data: bytes) -> list[int]:
    """Numbers that the first record may have, as the head tells; none when it is too short to be one."""
    head = schema1.TAIL_HEAD if data.startswith(schema1.TAIL_MAGIC) else TAIL_HEAD
    if len(data) < head.size:
        return []
    found = dict.fromkeys(head.unpack_from(data)[1:3])
    return [number for number in found if number < NUMBER_MAX] or [0]


def _is_whole(data: bytes) -> bool:
    """The head is what was written, as far as it can tell."""
    if data.startswith(schema1.TAIL_MAGIC):
        return True
    magic, first, again, _ = TAIL_HEAD.unpack_from(data)
    return magic in (TAIL_MAGIC, EMERGENCY_MAGIC) and first == again


def _parse(name: str, data: bytes, known: int) -> Tail:
    firsts = _firsts(data)
    if not firsts:
        return Tail(name, known, [], len(data), 0, 0, 0, False)
    emergency = name == RESERVE or name.startswith(EMERGENCY)
    found = _read(data, firsts[0], 0 if emergency else known)
    for first in (*firsts[1:], known):  # the head is damaged: what follows may tell
        if found.total:
            break
        other = _read(data, first, 0 if emergency else known)
        found = other if other.total else found
    whole = _is_whole(data)
    if not whole and not found.total and len(data) > TAIL_HEAD.size:
        return Tail(name, known, [], len(data), 0, 0, 0, False)
    # what was never written of a reserve is zeros
    rest = len(data) - found.end
    cut = 0 if name == RESERVE and data.endswith(bytes(rest)) else rest
    return Tail(name, found.start, found.records, cut, found.end, found.missing, found.damaged, whole)


def header_check(loaded: list[tuple[str, bytes]]) -> int:
    """crc32 of header.json as the tail tells; -1 when there is none that does."""
    for name, data in loaded:
        if name == TAIL and data.startswith(TAIL_MAGIC) and len(data) >= TAIL_HEAD.size:
            return int(TAIL_HEAD.unpack_from(data)[3])
    return -1


def _read(data: bytes, first: int, known: int) -> Batches:
    if data.startswith(schema1.TAIL_MAGIC):
        return schema1.read_frames(data, schema1.TAIL_HEAD.size, first)
    return read_batches(data, TAIL_HEAD.size, first, known)
