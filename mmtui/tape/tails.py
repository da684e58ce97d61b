"""What is not in chunks yet: the tail, tails whose chunk may not have reached the disk, the emergency segment.

Rules of this file: bytes -> records that are whole, in the order of their numbers; what is put together, and what is
said about it, is the reader's business.
"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from mmtui.tape import schema1
from mmtui.tape.files import Files
from mmtui.tape.format import EMERGENCY_MAGIC, TAIL_HEAD, TAIL_MAGIC, TapeError, read_batches

TAIL = "tail"
RESERVE = "reserve"
EMERGENCY = "emergency"
_MAGICS = (TAIL_MAGIC, EMERGENCY_MAGIC, schema1.TAIL_MAGIC)


class Tail(NamedTuple):
    """One file of records that are not in chunks yet."""

    name: str
    first: int
    records: list[bytes]
    cut: int  # bytes after the last whole record
    used: int  # bytes up to there
    missing: int  # records that the batch there should have had

    @property
    def end(self) -> int:
        return self.first + len(self.records)

    @property
    def retired(self) -> bool:
        """Its records were made a chunk, and nobody has said that the chunk is on the disk."""
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


def parse_tails(loaded: list[tuple[str, bytes]], expected: int) -> list[Tail]:
    """The tails by their first record. `expected`: the number that a tail with a damaged head begins with.

    A file that is not even a tail by its first bytes has no records.
    """
    tails = [_parse(name, data, expected) for name, data in loaded if data]
    return sorted(tails, key=lambda tail: (tail.first, tail.name != TAIL))


def _parse(name: str, data: bytes, expected: int) -> Tail:
    if len(data) < TAIL_HEAD.size or data[: len(TAIL_MAGIC)] not in _MAGICS:
        return Tail(name, expected, [], len(data), 0, 0)
    read = schema1.read_frames if data.startswith(schema1.TAIL_MAGIC) else read_batches
    first = TAIL_HEAD.unpack_from(data)[1]
    records, end, missing = read(data, TAIL_HEAD.size, first)
    if not records and end < len(data) and first != expected:
        first = expected  # the number in the header may be what is damaged
        records, end, missing = read(data, TAIL_HEAD.size, first)
    # what was never written of a reserve is zeros
    cut = 0 if name == RESERVE and not data[end:].strip(b"\0") else len(data) - end
    return Tail(name, first, records, cut, end, missing)
