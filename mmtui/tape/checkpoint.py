"""Checkpoints of a session: the engine's state every so often, so that nobody must begin at the first record.

Two files stand beside the tape. They are a cache: everything that they say can be made again from the tape, and a
checkpoint is passed over when it was written by other code than this (fingerprint), for another session, beyond the
tape's end, or when the state that it gives does not have the hash that it names.

    checkpoints        bodies: zstd of the engine's image (image.py) and of what the host adds, bytes of its own affair
    checkpoints.index  a head a body, written after it: place, fingerprint, hash, where the body is, crc32 of body, head

Rules of this file: a head without its whole body is none, and ends the list; nothing that a file says is executed.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from functools import cache
from hashlib import blake2b
from pathlib import Path
from typing import NamedTuple
from zlib import crc32

import msgspec
import zstandard

import mmtui.core
from mmtui import __version__
from mmtui.core.engine import Engine
from mmtui.core.errors import SourceError
from mmtui.core.events import MARKET, Event
from mmtui.tape import image
from mmtui.tape.files import DISK, Files
from mmtui.tape.format import Header, TapeError

NAME = "checkpoints"
INDEX = "checkpoints.index"
MAGIC = b"mmtuicp1"
_MARKET = frozenset(MARKET)
#: A checkpoint is due after so many records or so much time; not before rolling forward costs more than loading, and
#: never for more than so many bytes a record since the last, whatever the state has grown to.
RECORDS = 50_000
SPAN_NS = 30_000_000_000
WORTH = 2_000
SHARE = 10
#: A tape that is made as fast as it goes looks so often (records) whether one is due.
LOOK = 1_000
#: More than this is no state: a length that says so is damage.
BODY_MAX = 256 * 1024 * 1024

#: magic, records before it, ts of the last, market events, life, fingerprint, state hash, offset, lengths of the image,
#: the body and the packed body, crc32 of that
_HEAD = struct.Struct("<8sQqQI16s16sQIIII")
_CRC = struct.Struct("<I")
HEAD_BYTES = _HEAD.size + _CRC.size


class Place(NamedTuple):
    """Where in the session a state belongs."""

    number: int  # records before it
    ts: int  # of the last of them
    market: int  # market events among them
    epoch: int  # life of the host


class Checkpoint(NamedTuple):
    """A state on the disk, as its head tells."""

    place: Place
    fingerprint: bytes
    state: bytes  # hash
    offset: int  # of the body
    image: int  # bytes of the image in the raw body
    raw: int
    packed: int
    check: int

    @property
    def end(self) -> int:
        return self.offset + self.packed


class Loaded(NamedTuple):
    """A state that can go on: the engine before record `place.number`, and what the host added."""

    place: Place
    engine: Engine
    extra: bytes


@cache
def _code() -> bytes:
    """Digest of the core room's sources, and of what makes images of its state."""
    digest = blake2b(f"{__version__}/".encode(), digest_size=16)
    room = Path(mmtui.core.__file__ or "").parent
    for path in (*sorted(room.rglob("*.py")), Path(image.__file__)):
        digest.update(path.name.encode() + b"\0" + path.read_bytes())
    return digest.digest()


def fingerprint(header: Header) -> bytes:
    """Of this code and of one session: a state is used where both are the same."""
    session = msgspec.msgpack.encode((header.session, header.created_ns, header.setup))
    return blake2b(_code() + session, digest_size=16).digest()


def due(last: Place | None, weight: int, number: int, ts: int) -> bool:
    """Whether a state after `number` records, the last at `ts`, is worth keeping.

    last: the one before, if any, which weighed so many bytes.
    """
    if last is None:
        return number >= WORTH
    since = number - last.number
    return since >= max(WORTH, weight // SHARE) and (since >= RECORDS or ts - last.ts >= SPAN_NS)


def encode_state(place: Place, mark: bytes, offset: int, engine: Engine, extra: bytes) -> tuple[bytes, bytes]:
    """Head and body of a state whose body stands at `offset`; `mark` is the fingerprint."""
    picture = image.encode(engine)
    body = picture + extra
    packed = zstandard.ZstdCompressor(level=1).compress(body)
    state = bytes.fromhex(engine.state_hash())
    one = Checkpoint(place, mark, state, offset, len(picture), len(body), len(packed), crc32(packed))
    return encode_head(one), packed


def encode_head(one: Checkpoint) -> bytes:
    head = _HEAD.pack(MAGIC, *one.place, *one[1:])
    return head + _CRC.pack(crc32(head))


def read_head(data: bytes, start: int) -> Checkpoint | None:
    """The head at `start` of the index, None when it is none."""
    head = data[start : start + _HEAD.size]
    if len(data) < start + HEAD_BYTES or _CRC.unpack_from(data, start + _HEAD.size)[0] != crc32(head):
        return None
    magic, number, ts, market, epoch, mark, state, offset, picture, raw, packed, check = _HEAD.unpack(head)
    if magic != MAGIC or raw > BODY_MAX or picture > raw:
        return None
    return Checkpoint(Place(number, ts, market, epoch), mark, state, offset, picture, raw, packed, check)


class Checkpoints:
    """Those of a session folder, the whole ones, in the order of their records."""

    def __init__(self, directory: Path, header: Header, files: Files = DISK) -> None:
        self.path = directory / NAME
        self.index = directory / INDEX
        self.files = files
        self.mark = fingerprint(header)
        self.found: list[Checkpoint] = []
        self._scan()

    def __iter__(self) -> Iterator[Checkpoint]:
        """The usable ones, in order."""
        return (one for one in self.found if one.fingerprint == self.mark)

    def load(self, number: int) -> Loaded | None:
        """The last state that is not after record `number`; an unreadable one is passed over."""
        for one in reversed(self.found):
            if one.place.number <= number and one.fingerprint == self.mark:
                loaded = self._load(one)
                if loaded is not None:
                    return loaded
        return None

    def carried(self) -> Loaded | None:
        """The state before record 0, whatever code wrote it (part.py); the hash that it names is still asked for."""
        first = self.found[0] if self.found else None
        return self._load(first) if first is not None and not first.place.number else None

    def nearest(self, number: int) -> int:
        """Number of the last usable state that is not after record `number`; -1 when there is none."""
        return max((one.place.number for one in self if one.place.number <= number), default=-1)

    def _scan(self) -> None:
        try:
            data = self.files.read(self.index)
            size = self.files.size(self.path)
        except OSError:
            return  # a cache that cannot be read is none
        last = -1
        for start in range(0, len(data), HEAD_BYTES):
            one = read_head(data, start)
            if one is None or one.end > size or one.place.number <= last:
                break
            last = one.place.number
            self.found.append(one)

    def _load(self, one: Checkpoint) -> Loaded | None:
        try:
            packed = self.files.read_at(self.path, one.offset, one.packed)
            if len(packed) != one.packed or crc32(packed) != one.check:
                return None
            body = zstandard.ZstdDecompressor().decompress(packed, max_output_size=one.raw)
            if len(body) != one.raw:
                return None
            engine = image.decode(body[: one.image])
            same = engine.state_hash() == one.state.hex()
        except Exception:  # whatever a made-up state makes of the hash: it is not used
            return None
        return Loaded(one.place, engine, body[one.image :]) if same else None


class CheckpointWriter:
    """Appends to the checkpoints of a session. `last` is the place of the last one."""

    def __init__(self, directory: Path, header: Header, records: int = 0, files: Files = DISK) -> None:
        """records: of the tape that is continued; what stands beyond them belongs to records that were lost: cut."""
        known = Checkpoints(directory, header, files)
        kept = [one for one in known.found if one.place.number <= records]
        self.path, self.index = known.path, known.index
        self.files = files
        self.mark = known.mark
        self.count = len(kept)
        self.end = kept[-1].end if kept else 0  # of the bodies
        self.last: Place | None = kept[-1].place if kept else None
        self.weight = kept[-1].packed if kept else 0  # bytes of the last
        self._cut()

    def _cut(self) -> None:
        """What is not kept is gone for good before the tape goes on: no loss of power may bring it back."""
        try:
            if not self.files.exists(self.index) or self.files.size(self.index) == self.count * HEAD_BYTES:
                return
            handle = self.files.append(self.index)
            try:
                handle.truncate(self.count * HEAD_BYTES)
                handle.sync()
            finally:
                handle.close()
        except OSError as error:
            raise TapeError(f"{self.index}: the checkpoints cannot be cut: {error.strerror}") from error

    def write(self, place: Place, engine: Engine, extra: bytes = b"") -> None:
        """Append a state. Raises TapeError when it cannot be written: nothing but time is lost."""
        head, body = encode_state(place, self.mark, self.end, engine, extra)
        try:
            self._append(self.path, self.end, body)
            self._append(self.index, self.count * HEAD_BYTES, head)
        except OSError as error:
            raise TapeError(f"{self.path}: the checkpoint cannot be written: {error.strerror}") from error
        self.wrote(place)

    def _append(self, path: Path, end: int, data: bytes) -> None:
        """After the first `end` bytes; what a failed write has left there is cut."""
        handle = self.files.append(path)
        try:
            handle.truncate(end)
            handle.write(data)
        finally:
            handle.close()

    def wrote(self, place: Place) -> None:
        """A state has been appended, here or by a child of this process."""
        end = self.files.size(self.path)
        self.last, self.weight, self.end = place, end - self.end, end
        self.count += 1


class Keeper:
    """The checkpoints of a tape that this process makes as fast as it goes: `see` follows every append.

    trouble: a sentence once a state could not be written; then there are no more, and nothing else is lost.
    """

    def __init__(self, directory: Path, header: Header, engine: Engine, files: Files = DISK) -> None:
        self.trouble = ""
        self._writer = CheckpointWriter(directory, header, 0, files)
        self._engine = engine
        self._records = 0
        self._market = 0

    def see(self, event: Event) -> None:
        """A record has been appended."""
        self._records += 1
        self._market += type(event) in _MARKET
        if not self._records % LOOK and due(self._writer.last, self._writer.weight, self._records, event.ts):
            self.keep()

    def keep(self) -> None:
        """Write the state as it is now, if it has not been written."""
        engine, last = self._engine, self._writer.last
        if self.trouble or (last is not None and last.number == self._records):
            return
        try:
            self._writer.write(Place(self._records, engine.ts, self._market, engine.epoch), engine)
        except SourceError as error:
            self.trouble = str(error)
