"""The tape on disk: names of files, header, chunks and tails. Bytes <-> values, no file is opened.

A session is a folder:

    header.json   what the session is (schema, setup of the desk, source), readable by people
    tape          chunks: CHUNK header, then zstd of the records as columns (columns.py); hashes are chained
    index         a row for each chunk, so that a long session opens at once (index.py); a cache
    tail          the open chunk: TAIL header, then batches of records as they were flushed
    tail.NUMBER   a tail whose chunk is written and may not have reached the disk yet; NUMBER is its first record
    reserve       allocated space: when the tail cannot be written, what reduces risk is recorded here
    emergency.NUMBER  a reserve that was used, kept by the host that went on after it
    end.json      written at the clean end: number of records, state hash, hash of the last chunk
    journal       what cockpits did beside commanding (journal.py)

A record is an event and the effects that it caused.  Records are numbered from 0; chunks and tails name their first,
so records of a tail that were made a chunk already when the process died are recognised.  A batch is its head and
msgpack of its events and their effects; its checksum covers the number of its first record: none passes for another.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from datetime import UTC, datetime
from hashlib import blake2b
from typing import NamedTuple
from zlib import crc32

import msgspec

from mmtui.core.effects import Effect
from mmtui.core.errors import SourceError
from mmtui.core.events import Event
from mmtui.core.setup import DeskSetup

SCHEMA = 2
#: Schemas that open here; chunks and tails say by their first bytes which they are.
SCHEMAS = (1, 2)
CHUNK_MAGIC = b"mmtuich2"
TAIL_MAGIC = b"mmtuitl2"
EMERGENCY_MAGIC = b"mmtuiem2"
#: Raw bytes of records that make a chunk; the price of finding a record is reading so much.
CHUNK_BYTES = 128 * 1024
RESERVE_BYTES = 16 * 1024 * 1024

HASH_BYTES = 32
CRC = struct.Struct("<I")
#: magic, records, first number, first ts, last ts, raw length, packed length, hash of the chunk before; then the hash
#: of these and the body, then the crc32 of everything before it.
_CHUNK = struct.Struct(f"<8sIQqqII{HASH_BYTES}s")
_HASH_END = _CHUNK.size + HASH_BYTES
CHUNK_HEAD = _HASH_END + CRC.size
#: magic, first number, and again (where one is damaged the first batch tells which), crc32 of header.json
TAIL_HEAD = struct.Struct("<8sQQI")
#: records, bytes of them, crc32 of these two, the bytes and the first number
BATCH = struct.Struct("<III")
_COVERED = struct.Struct("<IIQ")  # records, bytes, number of the first record

Record = tuple[Event, list[Effect]]
ENCODER = msgspec.msgpack.Encoder()
_BATCH: msgspec.msgpack.Decoder[tuple[list[Event], list[list[Effect]]]] = msgspec.msgpack.Decoder(
    tuple[list[Event], list[list[Effect]]]
)

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
    """The clean end of a session. `check` covers the other fields."""

    records: int
    state_hash: str
    chain: str
    check: str = ""


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
    schema: int = SCHEMA

    @property
    def body(self) -> int:
        """Where the packed bytes begin."""
        return self.offset + (CHUNK_HEAD if self.schema > 1 else CHUNK_HEAD - HASH_BYTES)

    @property
    def end(self) -> int:
        return self.body + self.packed


def encode_header(header: Header) -> bytes:
    return msgspec.json.format(msgspec.json.encode(header), indent=2) + b"\n"


def decode_header(data: bytes, name: str) -> Header:
    """Header of a session folder called `name`; errors are sentences."""
    try:
        schema = msgspec.json.decode(data, type=_Schema).schema
        if schema not in SCHEMAS:
            known = " and ".join(map(str, SCHEMAS))
            raise TapeError(f"{name}: header.json: schema {schema} is not known here (this mmtui reads {known})")
        return msgspec.json.decode(data, type=Header)
    except UNREADABLE as error:
        raise TapeError(f"{name}: header.json: {error}") from error


class _Schema(msgspec.Struct):
    schema: int


def chain_start(header: bytes) -> bytes:
    """What the chain of hashes begins with: the session's header."""
    return blake2b(header, digest_size=HASH_BYTES).digest()


def encode_end(records: int, state_hash: str, chain: bytes) -> bytes:
    end = End(records=records, state_hash=state_hash, chain=chain.hex())
    return msgspec.json.encode(msgspec.structs.replace(end, check=_end_check(end))) + b"\n"


def decode_end(data: bytes, schema: int) -> End:
    """The end of a session. Raises what `UNREADABLE` names, or ValueError when it is not what was written."""
    end = msgspec.json.decode(data, type=End)
    if (schema > 1 or end.check) and end.check != _end_check(end):
        raise ValueError("its check does not fit")
    return end


def _end_check(end: End) -> str:
    return blake2b(f"{end.records}/{end.state_hash}/{end.chain}".encode(), digest_size=8).hexdigest()


def tail_head(magic: bytes, first: int, header: int) -> bytes:
    """First bytes of a tail; `header` is the crc32 of header.json."""
    return TAIL_HEAD.pack(magic, first, first, header)


def pack_chunk(previous: bytes, count: int, first: int, first_ts: int, last_ts: int, raw: int, packed: bytes) -> bytes:
    """Header and body of a chunk; its hash covers the hash before it: none can be changed or taken out alone."""
    head = _CHUNK.pack(CHUNK_MAGIC, count, first, first_ts, last_ts, raw, len(packed), previous)
    head += chain_hash(previous, head, packed)
    return head + CRC.pack(crc32(head)) + packed


def chain_hash(previous: bytes, head: bytes, packed: bytes) -> bytes:
    digest = blake2b(previous, digest_size=HASH_BYTES)
    digest.update(head)
    digest.update(packed)
    return digest.digest()


def read_chunk_head(data: bytes, offset: int) -> ChunkHead | None:
    """The chunk header in `data` (read at `offset` of the file), None when it is none."""
    if len(data) < CHUNK_HEAD or not data.startswith(CHUNK_MAGIC):
        return None
    if CRC.unpack_from(data, _HASH_END)[0] != crc32(data[:_HASH_END]):
        return None
    _, count, first, first_ts, last_ts, raw, packed, _ = _CHUNK.unpack_from(data)
    return ChunkHead(offset, count, first, first_ts, last_ts, raw, packed, data[_CHUNK.size : _HASH_END])


def previous_hash(head: bytes) -> bytes:
    """The hash of the chunk before, as a chunk's header tells."""
    return head[_CHUNK.size - HASH_BYTES : _CHUNK.size]


def chunk_is_whole(head: bytes, packed: bytes) -> bool:
    """The body is the one that the header was made for."""
    return chain_hash(previous_hash(head), head[: _CHUNK.size], packed) == head[_CHUNK.size : _HASH_END]


def pack_batch(events: Sequence[Event], effects: Sequence[Sequence[Effect]], first: int) -> bytes:
    """Records as they are flushed to a tail together; `first` is the number of the first."""
    data = ENCODER.encode((events, effects))
    check = crc32(data, crc32(_COVERED.pack(len(events), len(data), first)))
    return BATCH.pack(len(events), len(data), check) + data


class Batches(NamedTuple):
    """What a tail holds."""

    start: int  # number of the first record here
    records: list[Record]
    end: int  # where the first byte stands that is no whole batch
    missing: int  # records that the batch there says it has
    total: int  # records, those before `start` too
    damaged: int  # of those before `start`


def read_batches(data: bytes, offset: int, first: int, known: int = 0) -> Batches:
    """Whole batches from `offset` on, numbered from `first`; those wholly before `known` are checked and left out."""
    records: list[Record] = []
    start = number = first
    missing = damaged = 0
    while offset + BATCH.size <= len(data):
        count, size, check = BATCH.unpack_from(data, offset)
        body = data[offset + BATCH.size : offset + BATCH.size + size]
        if not count:
            break
        covered = _COVERED.pack(count, size, number)
        whole = len(body) == size and crc32(body, crc32(covered)) == check
        if number + count <= known and len(body) == size:
            damaged += 0 if whole else count  # the next one tells whether this head was right
            start = number + count
        elif whole:
            try:
                events, effects = _BATCH.decode(body)
            except UNREADABLE:
                missing = count
                break
            if not len(events) == len(effects) == count:  # made by somebody who knows the checksum
                missing = count
                break
            records += zip(events, effects, strict=True)
        else:
            missing = count if count <= size else 0
            break
        number += count
        offset += BATCH.size + size
    total = number - first if records or number - first > damaged else 0
    return Batches(start, records, offset, missing, total, damaged)


def new_session(name: str, now_ns: int) -> str:
    """NAME-YYYYMMDDTHHMMSS-xxxx, UTC."""
    stamp = datetime.fromtimestamp(now_ns // 10**9, tz=UTC).strftime("%Y%m%dT%H%M%S")
    return f"{name}-{stamp}-{blake2b(f'{name}/{now_ns}'.encode(), digest_size=2).hexdigest()}"


def instant(ns: int) -> str:
    """An instant for people: 2024-08-08 00:00:12.345 UTC."""
    whole = datetime.fromtimestamp(ns // 10**9, tz=UTC).strftime("%Y-%m-%d %H:%M:%S")
    return f"{whole}.{ns % 10**9 // 10**6:03d} UTC"
