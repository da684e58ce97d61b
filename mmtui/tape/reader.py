"""Reading a session's tape: whole, seeking, and with damage said instead of hidden.

Rules of this file: opening reads chunk headers and the tail, never a whole tape; damage is a sentence in `damage` and
costs only the records that it names.  A session that is still being written opens too.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

import msgspec
import zstandard

from mmtui.core.effects import Effect
from mmtui.core.events import Event
from mmtui.tape.format import (
    CHUNK_DECODER,
    CHUNK_HEAD,
    CHUNK_MAGIC,
    DECODER,
    HASH_BYTES,
    TAIL_HEAD,
    TAIL_MAGIC,
    UNREADABLE,
    ChunkHead,
    End,
    Header,
    Record,
    TapeError,
    chunk_is_whole,
    decode_header,
    instant,
    read_chunk_head,
    read_frames,
)


class TapeReader:
    """A session folder, opened for reading.

    start, end: ts of the first and last record (0 when there are none); count: number after the last record.
    closed, state_hash: the clean end, if the session had one. damage: sentences; more may come while records are read.
    """

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.damage: list[str] = []
        self.header = _read_header(directory)
        end = self._read_end()
        self.closed = end is not None
        self.state_hash = end.state_hash if end else ""
        self._unpack = zstandard.ZstdDecompressor()
        self._bad: set[int] = set()  # numbers of chunks already complained of
        self._open(end)

    def records(self, start: int = 0) -> Iterator[tuple[int, Event, list[Effect]]]:
        """(number, event, effects) from number `start` on, in order; damaged chunks are passed over and said."""
        if self.chunks and start < self.chunk_records:
            place = max(bisect_right(self.chunks, start, key=lambda chunk: chunk.first) - 1, 0)
            with open(self.directory / "tape", "rb") as file:
                for number in range(place, len(self.chunks)):
                    chunk = self.chunks[number]
                    for index, (event, effects) in enumerate(self._chunk(file, number), chunk.first):
                        if index >= start:
                            yield index, event, effects
        for index in range(max(start, self.tail_index), self.count):
            event, effects = DECODER.decode(self.tail_records[index - self.tail_index])
            yield index, event, effects

    def index_at(self, ts: int) -> int:
        """Number of the first record at or after `ts`; `count` when there is none."""
        place = bisect_right(self.chunks, ts - 1, key=lambda chunk: chunk.last_ts)
        start = self.chunks[place].first if place < len(self.chunks) else self.tail_index
        for index, event, _ in self.records(start):
            if event.ts >= ts:
                return index
        return self.count

    def check(self) -> list[str]:
        """Read everything: every chunk's hash and its place in the chain, every record. The sentences of `damage`."""
        for _ in self.records():
            pass
        return self.damage

    # -- opening -------------------------------------------------------------------------------------------------

    def _read_end(self) -> End | None:
        path = self.directory / "end.json"
        try:
            return msgspec.json.decode(path.read_bytes(), type=End)
        except FileNotFoundError:
            return None
        except (OSError, *UNREADABLE) as error:
            self.damage.append(f"{self.directory.name}: end.json: {error}")
            return None

    def _open(self, end: End | None) -> None:
        # The tail is read first: a writer that makes it a chunk meanwhile leaves its records readable in both.
        tail = _read_bytes(self.directory / "tail")
        self.chunks: list[ChunkHead] = []
        self.chunk_bytes = 0  # length of the whole chunks
        torn = self._scan()
        last = self.chunks[-1] if self.chunks else None
        self.chunk_records = last.first + last.records if last else 0
        self.chain = last.hash if last else bytes(HASH_BYTES)
        self.tail_records: list[bytes] = []
        self.tail_index = self.chunk_records
        self._read_tail(tail)
        self.count = self.tail_index + len(self.tail_records)
        if torn and not self.tail_records:
            name = self.directory.name
            self.damage.append(f"{name}: tape: {torn} bytes after record {self.count - 1} are no chunk: cut")
        if end and (end.records != self.count or end.chain != self.chain.hex()):
            self.damage.append(
                f"{self.directory.name}: the session was closed with {end.records} records, the tape has {self.count}"
                if end.records != self.count
                else f"{self.directory.name}: the last chunk is not the one that the session was closed with"
            )
        self.tail_first = DECODER.decode(self.tail_records[0])[0].ts if self.tail_records else 0
        self.start = self.chunks[0].first_ts if self.chunks else self.tail_first
        self.end = DECODER.decode(self.tail_records[-1])[0].ts if self.tail_records else (last.last_ts if last else 0)

    def _scan(self) -> int:
        """Find the chunks by their headers; returns the bytes after the last whole one."""
        path = self.directory / "tape"
        if not path.exists():
            return 0
        size = path.stat().st_size
        offset, expected = 0, 0
        with open(path, "rb") as file:
            while offset < size:
                file.seek(offset)
                chunk = read_chunk_head(file.read(CHUNK_HEAD), offset)
                if chunk is None or chunk.first < expected:
                    offset = _next_magic(file, offset + 1, size)
                    continue
                if chunk.end > size:
                    later = _next_magic(file, offset + 1, size)
                    if later >= size:
                        break
                    offset = later
                    continue
                if chunk.first > expected:
                    self._lost(expected, chunk.first - 1, chunk.first_ts)
                self.chunks.append(chunk)
                expected = chunk.first + chunk.records
                offset = self.chunk_bytes = chunk.end
        return size - self.chunk_bytes

    def _lost(self, first: int, last: int, until: int) -> None:
        since = instant(self.chunks[-1].last_ts) if self.chunks else "the start"
        self.damage.append(
            f"{self.directory.name}: tape: chunk {len(self.chunks)} is damaged: records {first} to {last} are lost,"
            f" {since} to {instant(until)}"
        )

    def _read_tail(self, data: bytes) -> None:
        if not data:
            return
        name = self.directory.name
        if len(data) < TAIL_HEAD.size or data[: len(TAIL_MAGIC)] != TAIL_MAGIC:
            self.damage.append(f"{name}: tail: its first bytes are damaged: {len(data)} bytes cut")
            return
        first = TAIL_HEAD.unpack_from(data)[1]
        records, end = read_frames(data, TAIL_HEAD.size, first)
        if not records and end < len(data) and first != self.chunk_records:
            first = self.chunk_records  # the number in the header may be what is damaged
            records, end = read_frames(data, TAIL_HEAD.size, first)
        if end < len(data):
            kept = first + len(records) - 1
            self.damage.append(f"{name}: tail: cut after record {kept}: {len(data) - end} bytes lost")
        if first > self.chunk_records:
            self.damage.append(f"{name}: tape: records {self.chunk_records} to {first - 1} are lost, before the tail")
            self.tail_index = first
        else:
            # a tail that was made a chunk already when the process died
            del records[: self.chunk_records - first]
        for place, record in enumerate(records):
            try:
                DECODER.decode(record)
            except UNREADABLE as error:
                self.damage.append(f"{name}: tail: cut before record {self.tail_index + place}: {error}")
                del records[place:]
                break
        self.tail_records = records

    # -- chunks --------------------------------------------------------------------------------------------------

    def _chunk(self, file: BinaryIO, number: int) -> list[Record]:
        chunk = self.chunks[number]
        file.seek(chunk.offset)
        data = file.read(CHUNK_HEAD + chunk.packed)
        head, packed = data[:CHUNK_HEAD], data[CHUNK_HEAD:]
        why = ""
        previous = self.chunks[number - 1].hash if number else bytes(HASH_BYTES)
        after_gap = chunk.offset != (self.chunks[number - 1].end if number else 0)
        if not after_gap and not chunk_is_whole(previous, head, packed):
            why = "its hash does not fit"
        else:
            try:
                records = CHUNK_DECODER.decode(self._unpack.decompress(packed, max_output_size=chunk.raw))
                if len(records) == chunk.records:
                    return records
                why = f"{len(records)} records instead of {chunk.records}"
            except (zstandard.ZstdError, *UNREADABLE) as error:
                why = str(error)
        if number not in self._bad:
            self._bad.add(number)
            self.damage.append(
                f"{self.directory.name}: tape: chunk {number} is damaged ({why}): records {chunk.first} to"
                f" {chunk.first + chunk.records - 1} are lost, {instant(chunk.first_ts)} to {instant(chunk.last_ts)}"
            )
        return []


def _next_magic(file: BinaryIO, offset: int, size: int) -> int:
    """Where the next thing that looks like a chunk begins, or `size`."""
    while offset < size:
        file.seek(offset)
        block = file.read(1 << 20)
        found = block.find(CHUNK_MAGIC)
        if found >= 0:
            return offset + found
        if len(block) < len(CHUNK_MAGIC):
            break
        offset += len(block) - len(CHUNK_MAGIC) + 1
    return size


def _read_header(directory: Path) -> Header:
    if not directory.is_dir():
        raise TapeError(f"{directory}: no such session")
    try:
        data = (directory / "header.json").read_bytes()
    except OSError as error:
        raise TapeError(f"{directory}: not a session: header.json: {error.strerror}") from error
    return decode_header(data, str(directory))


def _read_bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return b""
    except OSError as error:
        raise TapeError(f"{path}: {error.strerror}") from error
