"""A tape as arrays: the columns of its chunks, without making an event of any record. For exports and analysis.

Rules of this file: numpy lives here, away from the writer and the host; what is no column comes as events.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from mmtui.core.events import Event
from mmtui.tape import columns
from mmtui.tape.columns import Column, Columns, Kind
from mmtui.tape.format import Record
from mmtui.tape.reader import TapeReader

Array = npt.NDArray[np.int64]


class Events(NamedTuple):
    """All events of one type in a chunk: by instrument, and for each in the order of the tape (`number`).

    fields: every field after `ts`; a field that is a list has its values end to end, and `lengths` says of how many.
    """

    kind: type
    number: Array
    ts: Array
    fields: dict[str, Array]
    lengths: dict[str, Array]


class ChunkArrays(NamedTuple):
    """A chunk: its columnar events by type, and the others with their numbers."""

    first: int
    records: int
    columns: dict[type, Events]
    others: list[tuple[int, Event]]


def chunks(reader: TapeReader, start: int = 0) -> Iterator[ChunkArrays]:
    """Chunks from the one that holds record `start` on, then the tail; a damaged one is passed over and said."""
    for number in range(reader.chunk_of(start) if reader.chunks else 0, len(reader.chunks)):
        chunk = reader.chunks[number]
        body = reader.body(number) if chunk.schema > 1 else None
        if chunk.schema == 1:
            yield _of_records(chunk.first, [(event, found) for _, event, found in _old(reader, number)])
        elif body is not None:
            yield _of_body(chunk.first, body)
    if reader.tail_records:
        yield _of_records(reader.tail_index, reader.tail_records)


def _old(reader: TapeReader, number: int) -> Iterator[tuple[int, Event, list[Any]]]:
    chunk = reader.chunks[number]
    for record in reader.records(chunk.first):
        if record[0] >= chunk.first + chunk.records:
            return
        yield record


def _of_records(first: int, records: list[Record]) -> ChunkArrays:
    """Records that are no columns yet: made into them first."""
    events = [event for event, _ in records]
    if not events:
        return ChunkArrays(first, 0, {}, [])
    return _of_body(first, columns.encode(events, [], []))


def _of_body(first: int, data: bytes) -> ChunkArrays:
    reading = Columns(data)
    body = reading.body
    ts = _values(reading, body.ts)
    order = np.frombuffer(body.order, dtype=np.uint8)
    found: dict[type, Events] = {}
    for place, kind in enumerate(body.kinds, 1):
        numbers = np.flatnonzero(order == place)
        made = _events(reading, kind, numbers + first, ts[numbers])
        found[made.kind] = made
    where = (np.flatnonzero(order == 0) + first).tolist()
    return ChunkArrays(first, len(order), found, list(zip(where, columns.others(body), strict=True)))


def _events(reading: Columns, kind: Kind, number: Array, ts: Array) -> Events:
    made, names = columns.layout(kind.tag)
    described = iter(kind.columns)
    fields: dict[str, Array] = {}
    lengths: dict[str, Array] = {}
    for name, is_list in zip(names, kind.lists, strict=False):
        if is_list:
            lengths[name] = _values(reading, next(described))
        fields[name] = _values(reading, next(described))
    if kind.place >= 0:
        by_instrument = np.argsort(fields["i"], kind="stable")  # the order of the rows in the other fields
        number, ts, fields["i"] = number[by_instrument], ts[by_instrument], fields["i"][by_instrument]
    return Events(made, number, ts, fields, lengths)


def _values(reading: Columns, column: Column) -> Array:
    if not column.width:
        return np.full(column.count, column.base, dtype=np.int64)
    planes = np.frombuffer(reading.raw(column), dtype=np.uint8).reshape(column.width, column.count)
    found: Array = planes[-1].view(np.int8).astype(np.int64)
    for plane in planes[-2::-1]:
        found <<= 8
        found |= plane
    if column.scale != 1:
        found *= column.scale
    if not column.delta:
        return found
    whole = np.empty(column.count + 1, dtype=np.int64)
    whole[0] = column.base
    np.cumsum(found, out=whole[1:])
    whole[1:] += column.base
    return whole

