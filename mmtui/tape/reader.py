"""Reading a session's tape: whole, seeking, and with damage said instead of hidden.

Rules of this file: opening reads the index and the tail, never a whole tape; damage is a sentence in `damage` and
costs only the records that it names.  No body is decoded before its hash fits.  A session that is still being written
opens too.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from pathlib import Path
from zlib import crc32

import zstandard

from mmtui.core.effects import Effect
from mmtui.core.events import Event
from mmtui.tape import columns, schema1
from mmtui.tape.chunks import Found, scan
from mmtui.tape.files import DISK, Files
from mmtui.tape.format import (
    HASH_BYTES,
    UNREADABLE,
    ChunkHead,
    End,
    Record,
    TapeError,
    chain_start,
    chunk_is_whole,
    decode_end,
    decode_header,
    instant,
    previous_hash,
    read_chunk_head,
)
from mmtui.tape.tails import Tail, first_of, header_check, load_tails, parse_tails

#: What decoding a body raises when it is not what its header says.
_BROKEN = (zstandard.ZstdError, ValueError, IndexError, KeyError, TypeError, OverflowError, *UNREADABLE)


class TapeReader:
    """A session folder, opened for reading.

    start, end: ts of the first and last record (0 when there are none); count: number after the last record.
    closed, state_hash: the clean end, if the session had one. damage: sentences; more may come while records are read.
    """

    def __init__(self, directory: Path, files: Files = DISK) -> None:
        self.directory = directory
        self.files = files
        self.damage: list[str] = []
        data = _read_header(files, directory)
        self.header = decode_header(data, str(directory))
        self.header_check = crc32(data)
        self._chain_start = chain_start(data)
        end = self._read_end()
        self.closed = end is not None
        self.state_hash = end.state_hash if end else ""
        self._unpack = zstandard.ZstdDecompressor()
        self._bad: set[int] = set()  # numbers of chunks already complained of
        self._open(end)

    def records(self, start: int = 0) -> Iterator[tuple[int, Event, list[Effect]]]:
        """(number, event, effects) from number `start` on, in order; damaged chunks are passed over and said."""
        for first, records in self.batches(start):
            for index, (event, effects) in enumerate(records, first):
                yield index, event, effects

    def batches(self, start: int = 0) -> Iterator[tuple[int, list[Record]]]:
        """The same in lists: (number of the first, records that follow each other)."""
        if self.chunks and start < self.chunk_records:
            for number in range(self.chunk_of(start), len(self.chunks)):
                first = self.chunks[number].first
                records = self._chunk(number)
                if first < start:
                    records = records[start - first :]
                    first = start
                if records:
                    yield first, records
        first = max(start, self.tail_index)
        if first < self.count:
            yield first, self.tail_records[first - self.tail_index :]

    def index_at(self, ts: int) -> int:
        """Number of the first record at or after `ts`; `count` when there is none."""
        place = bisect_right(self.chunks, ts - 1, key=lambda chunk: chunk.last_ts)
        for number in range(place, len(self.chunks)):
            body = self.body(number)
            if body is not None:
                instants = self._instants(number, body)
                if instants[-1] >= ts:
                    return self.chunks[number].first + bisect_left(instants, ts)
        for index in range(self.tail_index, self.count):
            if self.tail_records[index - self.tail_index][0].ts >= ts:
                return index
        return self.count

    def check(self) -> list[str]:
        """Read everything: every chunk's hash and its place in the chain, every record. The sentences of `damage`."""
        for _ in self.batches():
            pass
        return self.damage

    def body(self, number: int) -> bytes | None:
        """A chunk's body, unpacked, if it is the one that was written; else what is wrong is said."""
        chunk = self.chunks[number]
        try:
            data = self.files.read_at(self.directory / "tape", chunk.offset, chunk.end - chunk.offset)
        except OSError as error:
            raise TapeError(f"{self.directory / 'tape'}: {error.strerror}") from error
        head, packed = data[: chunk.body - chunk.offset], data[chunk.body - chunk.offset :]
        why = self._wrong(number, chunk, head, packed)
        if not why:
            try:
                return self._unpack.decompress(packed, max_output_size=chunk.raw)
            except zstandard.ZstdError as error:
                why = str(error)
        self._bad_chunk(number, why)
        return None

    # -- opening -------------------------------------------------------------------------------------------------

    def _read_end(self) -> End | None:
        try:
            return decode_end(self.files.read(self.directory / "end.json"), self.header.schema)
        except FileNotFoundError:
            return None
        except (OSError, ValueError, *UNREADABLE) as error:
            self.damage.append(f"{self.directory.name}: end.json: {error}")
            return None

    def _open(self, end: End | None) -> None:
        name = self.directory.name
        # Tails are read first: a writer that makes one a chunk meanwhile leaves its records readable in both.
        loaded = load_tails(self.files, self.directory)
        if header_check(loaded) not in (-1, self.header_check):
            self.damage.append(f"{name}: header.json: is not the one that the tail was begun with")
        found: Found = scan(self.files, self.directory)
        self.damage += found.damage
        self.chunks = found.chunks
        self.index_rows = found.rows
        self._measure()
        self.tails = tails = self._prove(loaded, found.gaps)
        self.tail_records: list[Record] = []
        self.tail_index = self.chunk_records
        #: From this record on market events that caused nothing are not on the tape (emergency segment); -1: whole.
        self.partial_from = min((tail.start for tail in tails if tail.emergency and tail.used), default=-1)
        self._join(tails)
        self.count = self.tail_index + len(self.tail_records)
        torn = found.size - self.chunk_bytes
        if torn and not self.tail_records:
            self.damage.append(f"{name}: tape: {torn} bytes after record {self.count - 1} are no chunk: cut")
        if end and end.records != self.count:
            text = f"the session was closed with {end.records} records, the tape has {self.count}"
            self.damage.append(f"{name}: {text}")
        elif end and end.chain != self.chain.hex():
            self.damage.append(f"{name}: the last chunk is not the one that the session was closed with")
        first, last = (self.chunks[0].first_ts, self.chunks[-1].last_ts) if self.chunks else (0, 0)
        if self.tail_records:
            first, last = first if self.chunks else self.tail_records[0][0].ts, self.tail_records[-1][0].ts
        self.start, self.end = first, last

    def _measure(self) -> None:
        last = self.chunks[-1] if self.chunks else None
        self.chunk_bytes = last.end if last else 0  # length of the whole chunks
        self.chunk_records = last.first + last.records if last else 0
        self.chain = last.hash if last else self._chain_start

    def _prove(self, loaded: list[tuple[str, bytes]], gaps: list[int]) -> list[Tail]:
        """The tails. Chunks that are in them too may have been torn by a loss of power: then the tails are believed."""
        expected = self.chunk_records
        shared = bisect_left(self.chunks, first_of(loaded), key=lambda chunk: chunk.first)
        for number in range(shared, len(self.chunks)):
            before = self.chunks[number - 1] if number else None
            place = before.first + before.records if before else 0
            if number not in gaps and self._is_whole(number):
                continue
            tails = parse_tails(loaded, place)
            if any(tail.start <= place < tail.end for tail in tails):
                until = self.chunks[number].first + self.chunks[number].records - 1
                self.damage.append(f"{self.directory.name}: tape: the chunk of records {place} to {until} is damaged:"
                                   " they are taken from the tail")  # fmt: skip
                self.chunks.cut(number)
                self._measure()
                expected = place
            break
        for number in gaps:
            if number < len(self.chunks):
                self._gap(number)
        return parse_tails(loaded, expected)

    def _is_whole(self, number: int) -> bool:
        complaints = len(self.damage)
        whole = self.body(number) is not None
        del self.damage[complaints:]
        self._bad.discard(number)
        return whole

    def _gap(self, number: int) -> None:
        before = self.chunks[number - 1] if number else None
        since, first = (instant(before.last_ts), before.first + before.records) if before else ("the start", 0)
        chunk = self.chunks[number]
        self.damage.append(
            f"{self.directory.name}: tape: chunk {number} is damaged: records {first} to {chunk.first - 1} are lost,"
            f" {since} to {instant(chunk.first_ts)}"
        )

    def _join(self, tails: list[Tail]) -> None:
        """Put the tails behind the chunks, each record once."""
        name = self.directory.name
        interrupted = any(tail.retired for tail in tails)
        for place, tail in enumerate(tails):
            expected = self.tail_index + len(self.tail_records)
            following = place + 1 < len(tails) and tails[place + 1].start <= max(tail.end, expected)
            if tail.start > expected and tail.records:
                if interrupted or self.tail_records:
                    lost = f"records {tail.start} to {tail.end - 1} are lost: they do not follow it"
                    self.damage.append(f"{name}: {tail.name}: cut after record {expected - 1}: {lost}")
                    return
                self.damage.append(f"{name}: tape: records {expected} to {tail.start - 1} are lost, before the tail")
                self.tail_index = expected = tail.start
            if tail.emergency and tail.records:
                self.damage.append(self._emergency(tail))
            self.tail_records += tail.records[expected - tail.start :]
            if tail.damaged:
                what = f"{tail.damaged} of its records before record {tail.start} are damaged; they are in chunks"
                self.damage.append(f"{name}: {tail.name}: {what}")
            if not tail.whole:
                self.damage.append(f"{name}: {tail.name}: its first bytes are damaged: {tail.cut} bytes cut")
            elif (tail.cut or tail.missing) and not following and tail.end >= expected:
                self.damage.append(self._cut(tail))

    def _cut(self, tail: Tail) -> str:
        at = f" ({instant(tail.records[-1][0].ts)})" if tail.records else ""
        more = f", {tail.missing} records that were being written or are damaged" if tail.missing else ""
        return f"{self.directory.name}: {tail.name}: cut after record {tail.end - 1}{at}: {tail.cut} bytes lost{more}"

    def _emergency(self, tail: Tail) -> str:
        since, until = instant(tail.records[0][0].ts), instant(tail.records[-1][0].ts)
        return (
            f"{self.directory.name}: {tail.name}: the tape could not be written from record {tail.start} to"
            f" {tail.end - 1}, {since} to {until}: market events that caused nothing are not on it"
        )

    # -- chunks --------------------------------------------------------------------------------------------------

    def chunk_of(self, record: int) -> int:
        """Place of the chunk that holds a record."""
        return max(bisect_right(self.chunks, record, key=lambda chunk: chunk.first) - 1, 0)

    def _chunk(self, number: int) -> list[Record]:
        body = self.body(number)
        if body is None:
            return []
        chunk = self.chunks[number]
        try:
            records = schema1.decode(body) if chunk.schema == 1 else columns.decode(body)
            if len(records) == chunk.records:
                return records
            why = f"{len(records)} records instead of {chunk.records}"
        except _BROKEN as error:
            why = str(error)
        self._bad_chunk(number, why)
        return []

    def _instants(self, number: int, body: bytes) -> list[int]:
        if self.chunks[number].schema == 1:
            return [event.ts for event, _ in self._chunk(number)] or [-1]
        return columns.instants(body)

    def _wrong(self, number: int, chunk: ChunkHead, head: bytes, packed: bytes) -> str:
        """Why a chunk is not the one that was written; "" when it is."""
        before = self.chunks[number - 1] if number else None
        adjacent = chunk.offset == (before.end if before else 0)
        previous = before.hash if before else bytes(HASH_BYTES) if chunk.schema == 1 else self._chain_start
        made = schema1.read_chunk_head if chunk.schema == 1 else read_chunk_head
        if made(head, chunk.offset) != chunk:
            return "its header does not fit"
        if chunk.schema == 1:
            return "" if not adjacent or schema1.chunk_is_whole(previous, head, packed) else "its hash does not fit"
        if not chunk_is_whole(head, packed):
            return "its hash does not fit"
        return "" if not adjacent or previous_hash(head) == previous else "it does not follow the chunk before it"

    def _bad_chunk(self, number: int, why: str) -> None:
        if number in self._bad:
            return
        self._bad.add(number)
        chunk = self.chunks[number]
        self.damage.append(
            f"{self.directory.name}: tape: chunk {number} is damaged ({why}): records {chunk.first} to"
            f" {chunk.first + chunk.records - 1} are lost, {instant(chunk.first_ts)} to {instant(chunk.last_ts)}"
        )


def _read_header(files: Files, directory: Path) -> bytes:
    if not files.exists(directory):
        raise TapeError(f"{directory}: no such session")
    try:
        return files.read(directory / "header.json")
    except OSError as error:
        raise TapeError(f"{directory}: not a session: header.json: {error.strerror}") from error
