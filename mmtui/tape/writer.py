"""Writing a session's tape: nothing that was acted on is ever lost to a kill -9, at any byte.

Rules of this file: every step leaves files that the reader opens.  A record goes to the tail; when there are enough
they become a chunk, the chunk is written, and only then, now and then, a new tail takes the old one's name.  A host
calls `sync` off the path from tick to order; from then on an old tail is kept until its chunk is on the disk, so that
a loss of power costs the records since the last sync and no others.
"""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from itertools import compress
from pathlib import Path
from zlib import crc32

import msgspec
import zstandard

from mmtui.core.effects import Effect
from mmtui.core.events import Event
from mmtui.tape import columns
from mmtui.tape.acted import acted_on, reduces_risk
from mmtui.tape.files import DISK, Files, Handle, put
from mmtui.tape.format import (
    CHUNK_BYTES,
    EMERGENCY_MAGIC,
    RESERVE_BYTES,
    SCHEMA,
    TAIL_MAGIC,
    Header,
    TapeError,
    chain_start,
    encode_end,
    encode_header,
    pack_batch,
    pack_chunk,
    read_chunk_head,
    tail_head,
)
from mmtui.tape.index import INDEX, IndexWriter
from mmtui.tape.reader import TapeReader
from mmtui.tape.tails import EMERGENCY, RESERVE, TAIL

#: Nothing is buffered longer than this of the events' own time, nor more records than this; a host flushes more often.
BUFFER_NS = 50_000_000
BUFFER_RECORDS = 512
#: While orders follow each other a chunk may become so many times as long.
ROLL_LATE = 4
#: A tail serves many chunks: a new one is begun when it has become so long.
TAIL_BYTES = 1024 * 1024


class TapeWriter:
    """Appends records to a session folder. `trouble` is a sentence once the disk was full or broken."""

    def __init__(self, directory: Path, header: Header, files: Files = DISK) -> None:
        try:
            files.make_folder(directory)
            if files.exists(directory / "header.json"):
                raise TapeError(f"{directory}: a session is there already")
            data = encode_header(header)
            put(files, directory / "header.json", data)
            files.reserve(directory / RESERVE, RESERVE_BYTES)
            self._begin(directory, files, 0, chain_start(data), crc32(data))
            self._install_tail(tail_head(TAIL_MAGIC, 0, self._header), 0)
        except OSError as error:
            raise _error(directory, error) from error

    @classmethod
    def resume(cls, directory: Path, files: Files = DISK, reader: TapeReader | None = None) -> TapeWriter:
        """Continue a session whose host died: a torn end is cut, nothing whole is lost.

        reader: of the tape as it is now, where there is one already.
        """
        reader = reader or TapeReader(directory, files)
        if reader.closed:
            raise TapeError(f"{directory}: the session was closed, it cannot be continued")
        writer = cls.__new__(cls)
        try:
            if reader.header.schema != SCHEMA:  # it goes on in the present form
                header = msgspec.structs.replace(reader.header, schema=SCHEMA)
                put(files, directory / "header.json", encode_header(header))
                reader = TapeReader(directory, files)
            if files.exists(directory / "tape"):
                files.truncate(directory / "tape", reader.chunk_bytes)
            writer._begin(directory, files, reader.tail_index, reader.chain, reader.header_check)
            writer._index.go_on(reader.chunks, reader.index_rows)
            writer._keep_tail(reader)
        except OSError as error:
            raise _error(directory, error) from error
        return writer

    def _begin(self, directory: Path, files: Files, count: int, chain: bytes, header: int) -> None:
        self.directory = directory
        self.files = files
        self.trouble = ""
        self._chain = chain
        self._header = header  # crc32 of header.json
        self._flushed = count  # records that are in the tail or in chunks
        self._events: list[Event] = []  # of the open chunk, flushed
        self._caused: list[Sequence[Effect]] = []  # by them
        self._raw = 0  # their bytes
        self._new: list[Event] = []  # not flushed yet
        self._new_caused: list[Sequence[Effect]] = []
        self._since = 0  # ts of the first of these
        self._roll_at = CHUNK_BYTES
        self._pack = zstandard.ZstdCompressor(level=1)
        self._tape = files.append(directory / "tape")
        self._tape_bytes = files.size(directory / "tape")
        self._index = IndexWriter(files, directory / INDEX)
        self._tail: Handle | None = None
        self._tail_path: Path | None = None
        self._tail_first = self._tail_bytes = 0
        self._emergency = False
        self._durable = False  # somebody syncs: old tails are kept until their chunk is on the disk
        self._retired: list[Path] = []
        self._writes = 0  # changes of files so far
        self._synced = 0  # of these, on the disk

    # -- appending -----------------------------------------------------------------------------------------------

    def append(self, event: Event, effects: list[Effect]) -> None:
        """Record an event and what it caused. Returns after write(2) when somebody acts on an effect.

        Otherwise buffered for at most 50 ms of the events' own time or 512 records; an idle host calls `flush`.
        Raises TapeError when the record could not be written: then its effects must not leave.
        """
        new = self._new
        if not new:
            self._since = event.ts
        new.append(event)
        self._new_caused.append(list(effects) if effects else ())
        if event.ts - self._since >= BUFFER_NS or len(new) >= BUFFER_RECORDS:
            self.flush()
        elif effects and acted_on(effects):
            if self._raw < ROLL_LATE * self._roll_at and not self._emergency:
                self._write_tail()  # an order waits: a chunk can be made later
            else:
                self.flush()

    @property
    def count(self) -> int:
        """Records so far, the buffered ones too."""
        return self._flushed + len(self._new)

    def flush(self) -> None:
        """Hand everything to the kernel; a long tail becomes a chunk."""
        if self._new:
            if self._emergency:
                self._leave_out()
            self._write_tail()
        if self._raw >= self._roll_at and not self._emergency:
            self._roll()

    def sync(self) -> bool:
        """What was flushed survives a loss of power when this returns; False: nothing was new. Any thread may call it.

        An error goes to `trouble`.
        """
        if self._synced == self._writes:
            return False
        try:
            if not self._durable:
                self._sync_names()
            while True:
                writes, tail, retired = self._writes, self._tail, self._retired[:]
                self._tape.sync()
                if tail is not None:
                    tail.sync()
                if self._tail is tail:
                    break
            if retired or not self._durable:
                self.files.sync_folder(self.directory)
            for path in retired:
                self.files.unlink(path)
                self._retired.remove(path)
        except OSError as error:
            self.trouble = str(_error(self.directory, error))
            return True
        self._durable = True
        self._synced = writes
        return True

    def _sync_names(self) -> None:
        """Once: the header, and that there is such a session."""
        header = self.files.over(self.directory / "header.json")
        try:
            header.sync()
        finally:
            header.close()
        self.files.sync_folder(self.directory.parent)

    def close(self, state_hash: str) -> None:
        """The clean end: everything in chunks, and the state hash for `--verify`."""
        try:
            self.flush()
            if self._events:
                self._roll_at = 0
                self._roll()
            if self._durable:
                self.sync()
            if not self._events:
                self._clear()
            end = encode_end(self.count, state_hash, self._chain)
            put(self.files, self.directory / "end.json", end, sync=self._durable)
        except OSError as error:
            raise _error(self.directory, error) from error
        finally:
            self.abandon()

    def abandon(self) -> None:
        """Let go of the files without a clean end, as a crash would."""
        self._index.close()
        for handle in (self._tape, self._tail):
            if handle is not None:
                handle.close()
        self._tail = None

    # -- the tail ------------------------------------------------------------------------------------------------

    def _write_tail(self) -> None:
        """Records that are not flushed, as one batch."""
        lost: TapeError | None = None
        try:
            data = pack_batch(self._new, self._new_caused, self._flushed)
        except (OverflowError, TypeError, ValueError):
            lost = self._drop()
            data = pack_batch(self._new, self._new_caused, self._flushed)
        if self._new:
            try:
                self._extend_tail(data)
            except OSError as error:
                if self._emergency:
                    raise _error(self.directory, error) from error
                self._to_emergency(data, self._flushed, error)
            self._flushed += len(self._new)
            self._raw += len(data)
            self._events += self._new
            self._caused += self._new_caused
            self._new.clear()
            self._new_caused.clear()
            self._writes += 1
        if lost is not None:
            self.trouble = str(lost)
            raise lost

    def _drop(self) -> TapeError:
        """Take out what cannot be encoded; the others are kept."""
        why = TapeError(f"{self.directory}: a record cannot be encoded")
        place = 0
        while place < len(self._new):
            try:
                pack_batch(self._new[place : place + 1], self._new_caused[place : place + 1], 0)
                place += 1
            except (OverflowError, TypeError, ValueError) as error:
                why = TapeError(f"{self.directory}: a record of {self._new[place].ts} cannot be encoded: {error}")
                del self._new[place], self._new_caused[place]
        return why

    def _extend_tail(self, data: bytes) -> None:
        tail = self._tail
        if tail is None:
            raise OSError(0, "it is closed")
        try:
            tail.write(data)
        except OSError:
            with contextlib.suppress(OSError):  # nothing torn before what comes next
                tail.truncate(self._tail_bytes)
            raise
        self._tail_bytes += len(data)

    def _to_emergency(self, data: bytes, first: int, error: OSError) -> None:
        """The tail cannot be written: go on in space that is allocated already."""
        head = tail_head(EMERGENCY_MAGIC, first, self._header)
        try:
            handle = self.files.over(self.directory / RESERVE)
            try:
                handle.write(head + data)
            except OSError:
                handle.close()
                raise
        except OSError as again:
            raise _error(self.directory, error) from again
        if self._tail is not None:
            self._tail.close()
        self._tail, self._tail_bytes, self._tail_first, self._emergency = handle, len(head) + len(data), first, True
        where = f"the reserve ({RESERVE_BYTES >> 20} MiB)"
        self.trouble = f"{_error(self.directory, error)}; what reduces risk is recorded in {where}"

    def _leave_out(self) -> None:
        """The reserve is for what reduces risk."""
        kept = [reduces_risk(event, effects) for event, effects in zip(self._new, self._new_caused, strict=True)]
        self._new[:] = compress(self._new, kept)
        self._new_caused[:] = compress(self._new_caused, kept)

    def _install_tail(self, data: bytes, first: int, sync: bool = False) -> None:
        """A new tail takes the old one's name; the old one keeps another until its chunk is on the disk."""
        temporary, target = self.directory / f"{TAIL}.new", self.directory / TAIL
        handle = self.files.append(temporary, fresh=True)
        try:
            handle.write(data)
            if sync:
                handle.sync()
            if self._durable and self._tail_path == target:
                self._tail_path = self.directory / f"{TAIL}.{self._tail_first}"
                self.files.replace(target, self._tail_path)
            self.files.replace(temporary, target)
        except OSError:
            handle.close()
            raise
        if self._tail is not None:
            self._tail.close()
        if self._tail_path is not None and self._tail_path != target:
            self._retired.append(self._tail_path)
        self._tail, self._tail_path, self._tail_first, self._tail_bytes = handle, target, first, len(data)
        self._writes += 1

    # -- chunks --------------------------------------------------------------------------------------------------

    def _roll(self) -> None:
        """The records of the tail become a chunk, then a new tail begins."""
        events, caused = self._events, self._caused
        places = list(compress(range(len(events)), caused))
        body = columns.encode(events, places, [caused[place] for place in places])
        packed = self._pack.compress(body)
        first = self._flushed - len(events)
        chunk = pack_chunk(self._chain, len(events), first, events[0].ts, events[-1].ts, len(body), packed)
        try:
            self._tape.write(chunk)
        except OSError as error:
            with contextlib.suppress(OSError):
                self._tape.truncate(self._tape_bytes)
            self.trouble = str(_error(self.directory, error))
            self._roll_at = self._raw + CHUNK_BYTES  # the tail keeps everything; try again later
            return
        head = read_chunk_head(chunk, self._tape_bytes)
        if head is not None:
            self._chain = head.hash
            self._index.add(head)
        self._tape_bytes += len(chunk)
        self._writes += 1
        self._events, self._caused = [], []
        self._raw = 0
        self._roll_at = CHUNK_BYTES
        if self._tail_bytes < TAIL_BYTES:
            return
        try:
            self._install_tail(tail_head(TAIL_MAGIC, self._flushed, self._header), self._flushed)
        except OSError as error:
            # the old tail goes on: its first records are in the chunk too, which the reader knows by their numbers
            self.trouble = str(_error(self.directory, error))

    # -- going on after a crash ----------------------------------------------------------------------------------

    def _keep_tail(self, reader: TapeReader) -> None:
        """The whole records of the old tails in one new one, on the disk before the old ones go."""
        first = reader.tail_index
        self._events = [event for event, _ in reader.tail_records]
        self._caused = [effects for _, effects in reader.tail_records]
        self._flushed += len(self._events)
        data = tail_head(TAIL_MAGIC, first, self._header)
        if self._events:
            data += pack_batch(self._events, self._caused, first)
        self._raw = len(data)
        self._install_tail(data, first, sync=True)
        self.files.sync_folder(self.directory)
        for tail in reader.tails:
            if tail.retired:
                self.files.unlink(self.directory / tail.name)
            elif tail.name == RESERVE:
                self._keep_reserve(tail.start, tail.used)
        if not self.files.exists(self.directory / RESERVE):
            self.files.reserve(self.directory / RESERVE, RESERVE_BYTES)

    def _keep_reserve(self, first: int, used: int) -> None:
        """A reserve that was used stays as evidence of what is not on the tape."""
        self.files.truncate(self.directory / RESERVE, used)
        self.files.replace(self.directory / RESERVE, self.directory / f"{EMERGENCY}.{first}")

    def _clear(self) -> None:
        """After a clean end everything is in chunks."""
        if self._emergency:
            self._keep_reserve(self._tail_first, self._tail_bytes)
        for path in (self.directory / TAIL, self.directory / RESERVE, *self._retired):
            if self.files.exists(path):
                self.files.unlink(path)


def _error(directory: Path, error: OSError) -> TapeError:
    return TapeError(f"{directory}: the tape cannot be written: {error.strerror}")
