"""Tapes of schema 1: chunks of msgpack, tails of single frames. Reading only.

Rules of this file: nothing is written in this form any more; what it reads becomes what schema 2 reads.
"""

from __future__ import annotations

import struct
from zlib import crc32

import msgspec

from mmtui.tape.format import CRC, HASH_BYTES, UNREADABLE, Batches, ChunkHead, Record, chain_hash

CHUNK_MAGIC = b"mmtuich1"
TAIL_MAGIC = b"mmtuitl1"
#: More than this is not a record: a length that says so is damage.
RECORD_MAX = 64 * 1024 * 1024

#: magic, records, first number, first ts, last ts, raw length, packed length
_CHUNK = struct.Struct("<8sIQqqII")
_HASH_END = _CHUNK.size + HASH_BYTES
CHUNK_HEAD = _HASH_END + CRC.size
TAIL_HEAD = struct.Struct("<8sQ")  # magic, first number
_FRAME = struct.Struct("<II")  # length, crc32 of record and number
_RECORD: msgspec.msgpack.Decoder[Record] = msgspec.msgpack.Decoder(Record)
_RECORDS: msgspec.msgpack.Decoder[list[Record]] = msgspec.msgpack.Decoder(list[Record])


def read_chunk_head(data: bytes, offset: int) -> ChunkHead | None:
    """The chunk header in `data` (read at `offset` of the file), None when it is none."""
    if len(data) < CHUNK_HEAD or not data.startswith(CHUNK_MAGIC):
        return None
    if CRC.unpack_from(data, _HASH_END)[0] != crc32(data[:_HASH_END]):
        return None
    _, count, first, first_ts, last_ts, raw, packed = _CHUNK.unpack_from(data)
    return ChunkHead(offset, count, first, first_ts, last_ts, raw, packed, data[_CHUNK.size : _HASH_END], 1)


def chunk_is_whole(previous: bytes, head: bytes, packed: bytes) -> bool:
    return chain_hash(previous, head[: _CHUNK.size], packed) == head[_CHUNK.size : _HASH_END]


def decode(data: bytes) -> list[Record]:
    """The records of a chunk, unpacked."""
    return _RECORDS.decode(data)


def read_frames(data: bytes, offset: int, first: int) -> Batches:
    """Whole records of a tail from `offset` on, numbered from `first`."""
    records: list[Record] = []
    end = len(data)
    while offset + _FRAME.size <= end:
        length, check = _FRAME.unpack_from(data, offset)
        start = offset + _FRAME.size
        if length > RECORD_MAX or start + length > end:
            break
        record = data[start : start + length]
        if crc32(record, (first + len(records)) & 0xFFFFFFFF) != check:
            break
        try:
            records.append(_RECORD.decode(record))
        except UNREADABLE:
            break
        offset = start + length
    return Batches(first, records, offset, 0, len(records), 0)
