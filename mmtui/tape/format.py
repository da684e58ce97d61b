"""The tape on disk: names of files, header, chunks and frames. Bytes <-> values, no file is opened.

A session is a folder:

    header.json   what the session is (schema, setup of the desk, source), readable by people
    tape          chunks: CHUNK header, then zstd of a msgpack array of records; hashes are chained
    tail          the open chunk: TAIL header, then frames (length, crc32 of record and number, record)
    end.json      written at the clean end: number of records, state hash, hash of the last chunk
    journal       what cockpits did beside commanding (journal.py)
    reserve       space that is given back when the disk is full, so that what reduces risk is still recorded

A record is msgpack of [event, effects].  Records are numbered from 0; chunks and tail name their first, so a tail
that was already made into a chunk when the process died is recognised.
"""

from __future__ import annotations

import struct
from datetime import UTC, datetime
from hashlib import blake2b
from typing import NamedTuple
from zlib import crc32

import msgspec

from mmtui.core.effects import Effect
from mmtui.core.errors import SourceError
from mmtui.core.events import Event
from mmtui.core.setup import DeskSetup

SCHEMA = 1
CHUNK_MAGIC = b"mmtuich1"
TAIL_MAGIC = b"mmtuitl1"
#: Raw bytes of records that make a chunk; the price of finding a record is reading so much.
CHUNK_BYTES = 128 * 1024
#: More than this is not a record: a length that says so is damage.
RECORD_MAX = 64 * 1024 * 1024
RESERVE_BYTES = 1024 * 1024

#: magic, records, first number, first ts, last ts, raw length, packed length
_CHUNK = struct.Struct("<8sIQqqII")
HASH_BYTES = 32
_CRC = struct.Struct("<I")  # of everything in the header before it
_HASH_END = _CHUNK.size + HASH_BYTES
CHUNK_HEAD = _HASH_END + _CRC.size
TAIL_HEAD = struct.Struct("<8sQ")
FRAME = struct.Struct("<II")  # length, crc32

Record = tuple[Event, list[Effect]]
ENCODER = msgspec.msgpack.Encoder()
DECODER: msgspec.msgpack.Decoder[Record] = msgspec.msgpack.Decoder(Record)
CHUNK_DECODER: msgspec.msgpack.Decoder[list[Record]] = msgspec.msgpack.Decoder(list[Record])


#: What decoding damaged text or msgpack raises.
UNREADABLE = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)


class TapeError(SourceError):
    """The tape cannot be written or read."""


class Header(msgspec.Struct, frozen=True, kw_only=True):
    """What a session is. `source` says where the market came from: {"kind": "capture" | "synthetic" | "whatif" ...}."""

    schema: int = SCHEMA
    session: str
    created_ns: int
    setup: DeskSetup
    source: dict[str, object] = {}
    version: str = ""  # of mmtui


class End(msgspec.Struct, frozen=True, kw_only=True):
    """The clean end of a session."""

    records: int
    state_hash: str
    chain: str


class ChunkHead(NamedTuple):
    """A chunk's place and content, as its header tells."""

    offset: int  # of the header in the file
    records: int
    first: int
    first_ts: int
    last_ts: int
    raw: int
    packed: int
    hash: bytes

    @property
    def end(self) -> int:
        return self.offset + CHUNK_HEAD + self.packed


def encode_header(header: Header) -> bytes:
    return msgspec.json.format(msgspec.json.encode(header), indent=2) + b"\n"


def decode_header(data: bytes, name: str) -> Header:
    """Header of a session folder called `name`; errors are sentences."""
    try:
        schema = msgspec.json.decode(data, type=_Schema).schema
        if schema != SCHEMA:
            raise TapeError(f"{name}: header.json: schema {schema} is not known here (this mmtui reads {SCHEMA})")
        return msgspec.json.decode(data, type=Header)
    except UNREADABLE as error:
        raise TapeError(f"{name}: header.json: {error}") from error


class _Schema(msgspec.Struct):
    schema: int


def pack_chunk(previous: bytes, count: int, first: int, first_ts: int, last_ts: int, raw: int, packed: bytes) -> bytes:
    """Header and body of a chunk; its hash covers the hash before it: none can be changed or taken out alone."""
    head = _CHUNK.pack(CHUNK_MAGIC, count, first, first_ts, last_ts, raw, len(packed))
    head += chain_hash(previous, head, packed)
    return head + _CRC.pack(crc32(head)) + packed


def chain_hash(previous: bytes, head: bytes, packed: bytes) -> bytes:
    digest = blake2b(previous, digest_size=HASH_BYTES)
    digest.update(head)
    digest.update(packed)
    return digest.digest()


def read_chunk_head(data: bytes, offset: int) -> ChunkHead | None:
    """The chunk header in `data` (read at `offset` of the file), None when it is none."""
    if len(data) < CHUNK_HEAD:
        return None
    magic, count, first, first_ts, last_ts, raw, packed = _CHUNK.unpack_from(data)
    if magic != CHUNK_MAGIC or _CRC.unpack_from(data, _HASH_END)[0] != crc32(data[:_HASH_END]):
        return None
    return ChunkHead(offset, count, first, first_ts, last_ts, raw, packed, data[_CHUNK.size : _HASH_END])


def chunk_hash(chunk: bytes) -> bytes:
    """The hash that the next chunk begins with."""
    return chunk[_CHUNK.size : _HASH_END]


def chunk_is_whole(previous: bytes, head: bytes, packed: bytes) -> bool:
    return chain_hash(previous, head[: _CHUNK.size], packed) == head[_CHUNK.size : _HASH_END]


def array_head(count: int) -> bytes:
    """msgpack head of an array: records that were encoded one by one become one array."""
    return b"\xdd" + count.to_bytes(4, "big")


def frame(record: bytes, number: int) -> bytes:
    return frame_head(record, number) + record


def frame_head(record: bytes, number: int) -> bytes:
    """Length and checksum of a record; the checksum covers its number too, so that no record passes for another."""
    return FRAME.pack(len(record), crc32(record, number & 0xFFFFFFFF))


def read_frames(data: bytes, offset: int, first: int) -> tuple[list[bytes], int]:
    """Whole records of a tail from `offset` on, numbered from `first`; and where the first byte that is none stands."""
    records: list[bytes] = []
    end = len(data)
    while offset + FRAME.size <= end:
        length, check = FRAME.unpack_from(data, offset)
        start = offset + FRAME.size
        if length > RECORD_MAX or start + length > end:
            break
        record = data[start : start + length]
        if crc32(record, (first + len(records)) & 0xFFFFFFFF) != check:
            break
        records.append(record)
        offset = start + length
    return records, offset


def new_session(name: str, now_ns: int) -> str:
    """NAME-YYYYMMDDTHHMMSS-xxxx, UTC."""
    stamp = datetime.fromtimestamp(now_ns // 10**9, tz=UTC).strftime("%Y%m%dT%H%M%S")
    return f"{name}-{stamp}-{blake2b(f'{name}/{now_ns}'.encode(), digest_size=2).hexdigest()}"


def instant(ns: int) -> str:
    """An instant for people: 2024-08-08 00:00:12.345 UTC."""
    whole = datetime.fromtimestamp(ns // 10**9, tz=UTC).strftime("%Y-%m-%d %H:%M:%S")
    return f"{whole}.{ns % 10**9 // 10**6:03d} UTC"
