"""Writing a session's tape: nothing that was acted on is ever lost to a kill -9, at any byte.

Rules of this file: every step leaves files that the reader opens.  A record goes to the tail; when the tail is long
enough it is compressed into a chunk, the chunk is written, and only then a new tail takes the old one's name.
"""

from __future__ import annotations

import errno
import os
from pathlib import Path

import msgspec
import zstandard

from mmtui.core.effects import SENT, Adjust, Effect, Latch, Result
from mmtui.core.events import Event
from mmtui.tape.format import (
    CHUNK_BYTES,
    ENCODER,
    HASH_BYTES,
    RESERVE_BYTES,
    TAIL_HEAD,
    TAIL_MAGIC,
    End,
    Header,
    TapeError,
    array_head,
    chunk_hash,
    encode_header,
    frame,
    frame_head,
    pack_chunk,
)
from mmtui.tape.reader import TapeReader

#: Effects that somebody acts on: their record is in the kernel before they leave.
ACTED_ON = (*SENT, Latch, Result, Adjust)
BUFFER_NS = 50_000_000
BUFFER_BYTES = 64 * 1024


class TapeWriter:
    """Appends records to a session folder. `trouble` is a sentence once the disk was full and the reserve is in use."""

    def __init__(self, directory: Path, header: Header) -> None:
        try:
            directory.mkdir(mode=0o700, parents=True, exist_ok=True)
            if (directory / "header.json").exists():
                raise TapeError(f"{directory}: a session is there already")
            _replace(directory / "header.json", encode_header(header))
            _reserve(directory / "reserve")
        except OSError as error:
            raise TapeError(f"{directory}: the tape cannot be written: {error.strerror}") from error
        self._begin(directory, 0, bytes(HASH_BYTES))
        self._new_tail()

    @classmethod
    def resume(cls, directory: Path) -> TapeWriter:
        """Continue a session whose host died: a torn end is cut, nothing whole is lost."""
        reader = TapeReader(directory)
        if reader.closed:
            raise TapeError(f"{directory}: the session was closed, it cannot be continued")
        writer = cls.__new__(cls)
        try:
            if (directory / "tape").exists():
                os.truncate(directory / "tape", reader.chunk_bytes)
            if not (directory / "reserve").exists():
                _reserve(directory / "reserve")
        except OSError as error:
            raise TapeError(f"{directory}: the tape cannot be written: {error.strerror}") from error
        writer._begin(directory, reader.tail_index, reader.chain)
        writer._keep_tail(reader.tail_records, reader.tail_first)
        return writer

    def _begin(self, directory: Path, count: int, chain: bytes) -> None:
        self.directory = directory
        self.count = count  # records so far, the buffered ones too
        self.trouble = ""
        self._chain = chain
        self._pending = bytearray()  # framed, not written
        self._since = 0  # ts of the first pending record
        self._parts: list[bytes] = []  # records of the open chunk
        self._raw = 0
        self._roll_at = CHUNK_BYTES
        self._first_ts = 0
        self._last_ts = 0
        self._pack = zstandard.ZstdCompressor(level=1)
        self._encode = ENCODER.encode
        self._tail_bytes = 0
        self._tail = -1
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND
        self._tape = os.open(directory / "tape", flags, 0o600)
        self._tape_bytes = os.fstat(self._tape).st_size

    # -- appending -----------------------------------------------------------------------------------------------

    def append(self, event: Event, effects: list[Effect]) -> None:
        """Record an event and what it caused. Returns after write(2) when somebody acts on an effect.

        Otherwise buffered for at most 50 ms of the events' own time or 64 KiB; an idle host calls `flush`.
        Raises TapeError when the record could not be written: then its effects must not leave.
        """
        record = self._encode((event, effects))
        pending = self._pending
        if not pending:
            self._since = event.ts
        pending += frame_head(record, self.count)
        pending += record
        if not self._parts:
            self._first_ts = event.ts
        self._parts.append(record)
        self._raw += len(record)
        self._last_ts = event.ts
        self.count += 1
        if len(pending) >= BUFFER_BYTES or event.ts - self._since >= BUFFER_NS:
            self.flush()
        elif effects:
            for effect in effects:
                if isinstance(effect, ACTED_ON):
                    self.flush()
                    break

    def flush(self) -> None:
        """Hand everything to the kernel; a long tail becomes a chunk."""
        if self._pending:
            self._write_tail()
        if self._raw >= self._roll_at:
            self._roll()

    def close(self, state_hash: str) -> None:
        """The clean end: everything in chunks, and the state hash for `--verify`."""
        self.flush()
        if self._parts:
            self._roll_at = 0
            self._roll()
        end = End(records=self.count, state_hash=state_hash, chain=self._chain.hex())
        try:
            if not self._parts:
                os.unlink(self.directory / "tail")
            _replace(self.directory / "end.json", msgspec.json.encode(end) + b"\n")
            (self.directory / "reserve").unlink(missing_ok=True)
        except OSError as error:
            raise self._error(error) from error
        finally:
            self.abandon()

    def abandon(self) -> None:
        """Let go of the files without a clean end, as a crash would."""
        for fd in (self._tape, self._tail):
            if fd >= 0:
                os.close(fd)
        self._tape = self._tail = -1

    # -- inside --------------------------------------------------------------------------------------------------

    def _write_tail(self) -> None:
        try:
            _write(self._tail, self._pending)
        except OSError as error:
            os.ftruncate(self._tail, self._tail_bytes)  # no torn frame before the next one
            if error.errno not in (errno.ENOSPC, errno.EDQUOT) or not self._free_reserve():
                raise self._error(error) from error
            try:
                _write(self._tail, self._pending)
            except OSError as again:
                os.ftruncate(self._tail, self._tail_bytes)
                raise self._error(again) from again
        self._tail_bytes += len(self._pending)
        self._pending.clear()

    def _roll(self) -> None:
        raw = array_head(len(self._parts)) + b"".join(self._parts)
        packed = self._pack.compress(raw)
        first = self.count - len(self._parts)
        chunk = pack_chunk(self._chain, len(self._parts), first, self._first_ts, self._last_ts, len(raw), packed)
        try:
            _write(self._tape, chunk)
        except OSError as error:
            os.ftruncate(self._tape, self._tape_bytes)
            self.trouble = str(self._error(error))
            self._roll_at = self._raw + CHUNK_BYTES  # the tail keeps everything; try again later
            return
        self._tape_bytes += len(chunk)
        self._chain = chunk_hash(chunk)
        self._parts.clear()
        self._raw = 0
        self._roll_at = CHUNK_BYTES
        try:
            self._new_tail()
        except TapeError as error:
            # the old tail goes on: its first records are in the chunk too, which the reader knows by their numbers
            self.trouble = str(error)

    def _new_tail(self) -> None:
        self._install_tail(TAIL_HEAD.pack(TAIL_MAGIC, self.count - len(self._parts)))

    def _keep_tail(self, records: list[bytes], first_ts: int) -> None:
        """After a crash: the whole records of the old tail, written anew."""
        self._parts = records
        self._raw = sum(map(len, records))
        self.count += len(records)
        self._first_ts = self._last_ts = first_ts
        if records:
            self._last_ts = msgspec.msgpack.decode(records[-1])[0][1]
        first = self.count - len(records)
        frames = (frame(record, first + place) for place, record in enumerate(records))
        self._install_tail(TAIL_HEAD.pack(TAIL_MAGIC, first) + b"".join(frames))

    def _install_tail(self, data: bytes) -> None:
        temporary = self.directory / "tail.new"
        tail = -1
        try:
            tail = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_APPEND, 0o600)
            _write(tail, data)
            os.replace(temporary, self.directory / "tail")
        except OSError as error:
            if tail >= 0:
                os.close(tail)
            raise self._error(error) from error
        if self._tail >= 0:
            os.close(self._tail)
        self._tail = tail
        self._tail_bytes = len(data)

    def _free_reserve(self) -> bool:
        """The disk is full: give the reserve back to it, so that what reduces risk can still be recorded."""
        try:
            os.unlink(self.directory / "reserve")
        except OSError:
            return False
        size = RESERVE_BYTES >> 20
        self.trouble = f"{self.directory}: the disk is full; the tape goes on in its reserve ({size} MiB)"
        return True

    def _error(self, error: OSError) -> TapeError:
        return TapeError(f"{self.directory}: the tape cannot be written: {error.strerror}")


def _write(fd: int, data: bytes | bytearray) -> None:
    view = memoryview(data)
    try:
        while view:
            view = view[os.write(fd, view) :]
    finally:
        view.release()


def _replace(path: Path, data: bytes) -> None:
    """The file is the old one or the new one, never half of it."""
    temporary = path.with_name(path.name + ".new")
    fd = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        _write(fd, data)
    finally:
        os.close(fd)
    os.replace(temporary, path)


def _reserve(path: Path) -> None:
    fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        _write(fd, bytes(RESERVE_BYTES))
    finally:
        os.close(fd)
