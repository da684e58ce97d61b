"""The index of a tape: a row of fixed size for each chunk, so that a session of a day opens in milliseconds.

A row ends in the crc32 of all bytes of the file before it: one checksum proves all rows.
Rules of this file: a cache; what it says is believed only if its last row is the chunk that stands there on the tape.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from pathlib import Path
from typing import overload
from zlib import crc32

from mmtui.tape.files import Files, Handle, put
from mmtui.tape.format import CRC, HASH_BYTES, ChunkHead

INDEX = "index"
#: offset, first number, first ts, last ts, records, raw, packed, schema, hash
_ROW = struct.Struct(f"<QQqqIIII{HASH_BYTES}s")
ROW = _ROW.size + CRC.size


class IndexWriter:
    """Adds rows to the index of a session. A cache: where it cannot be written it is left behind."""

    def __init__(self, files: Files, path: Path) -> None:
        self._files = files
        self._path = path
        self._handle: Handle | None = files.append(path)
        self._check = 0  # crc32 of all rows so far

    def add(self, chunk: ChunkHead) -> None:
        if self._handle is not None:
            try:
                self._handle.write(self._row(chunk))
            except OSError:
                self.close()

    def go_on(self, chunks: Chunks, rows: int) -> None:
        """After a crash: the index of exactly these chunks; `rows` of them are in the file and right (-1: none)."""
        if rows == len(chunks):
            self._files.truncate(self._path, rows * ROW)
            self._check = crc32(self._files.read(self._path))
            return
        self.close()
        self._check = 0
        put(self._files, self._path, b"".join(map(self._row, chunks)))
        self._handle = self._files.append(self._path)

    def close(self) -> None:
        if self._handle is not None:
            self._handle.close()
        self._handle = None

    def _row(self, chunk: ChunkHead) -> bytes:
        place, count = (chunk.offset, chunk.first, chunk.first_ts, chunk.last_ts), (chunk.records, chunk.raw)
        body = _ROW.pack(*place, *count, chunk.packed, chunk.schema, chunk.hash)
        self._check = crc32(body, self._check)
        row = body + CRC.pack(self._check)
        self._check = crc32(row[-CRC.size :], self._check)
        return row


class Chunks(Sequence[ChunkHead]):
    """The chunks of a tape: those of the index, looked at one by one when they are asked for, and those found since."""

    def __init__(self, index: bytes = b"") -> None:
        self._index = index
        self._rows = len(index) // ROW
        self._more: list[ChunkHead] = []

    @property
    def whole(self) -> bool:
        """The checksum of the index fits."""
        size = self._rows * ROW
        if not size:
            return True
        rows = memoryview(self._index)[: size - CRC.size]
        return bool(CRC.unpack_from(self._index, size - CRC.size)[0] == crc32(rows))

    def append(self, chunk: ChunkHead) -> None:
        self._more.append(chunk)

    def cut(self, length: int) -> None:
        """Forget all but the first `length`."""
        del self._more[max(0, length - self._rows) :]
        self._rows = min(self._rows, length)

    def __len__(self) -> int:
        return self._rows + len(self._more)

    @overload
    def __getitem__(self, place: int) -> ChunkHead: ...
    @overload
    def __getitem__(self, place: slice) -> list[ChunkHead]: ...
    def __getitem__(self, place: int | slice) -> ChunkHead | list[ChunkHead]:
        if isinstance(place, slice):
            return [self[k] for k in range(*place.indices(len(self)))]
        if place < 0:
            place += len(self)
        if not 0 <= place < len(self):
            raise IndexError(place)
        if place >= self._rows:
            return self._more[place - self._rows]
        offset, first, first_ts, last_ts, records, raw, packed, schema, digest = _ROW.unpack_from(
            self._index, place * ROW
        )
        return ChunkHead(offset, records, first, first_ts, last_ts, raw, packed, digest, schema)
