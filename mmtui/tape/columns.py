"""Records of a chunk as integer columns: half the size of records one by one, and as fast to read as arrays.

A body is a description (msgpack of `Body`) and the bytes of its columns.  `order` names the kind of each record; `ts`
is one column over all records; every kind whose other fields are integers or lists of them has its fields transposed,
sorted by instrument; all other events, and the effects, are msgpack beside them.  A column holds its values, or their
differences, divided by their common divisor where instants are coarse, in the fewest whole bytes that hold them all,
all lowest bytes first: zstd finds much more in that.
Rules of this file: pure; no numpy (the host writes with this); what it cannot hold exactly stays msgpack.
"""

from __future__ import annotations

import sys
from array import array
from collections.abc import Iterable, Iterator, Sequence
from itertools import accumulate, chain, compress, islice, repeat
from math import gcd
from operator import attrgetter, mul, sub
from struct import error as StructError
from struct import pack
from typing import Any, get_args, get_type_hints

import msgspec
from msgspec.structs import astuple

from mmtui.core.effects import Effect
from mmtui.core.events import Event
from mmtui.tape.format import ENCODER, Record

#: The byte above a byte that is the highest of a number: only its sign goes on.
SIGN = bytes(128) + b"\xff" * 128
_FLIP = bytes(range(128, 256)) + bytes(range(128))
#: Scales of instants, and the bits that an instant of 63 bits has after the division.
_SCALES = ((1_000_000, 44), (1_000, 54), (100, 57))
#: Sizes and sides jump: their differences would be longer than they are.
_PLAIN = frozenset({"sz", "side", "bid_sz", "ask_sz", "ahead", "lots"})
#: Instants of venues are whole milliseconds or microseconds.
_COARSE = frozenset({"ts", "ts_event", "next_funding"})


class Column(msgspec.Struct, array_like=True, frozen=True):
    """Values base, base + scale * d0, base + scale * (d0 + d1) ... (delta), or d0, d1 ..., or `count` times base."""

    width: int  # bytes a value; 0: all are the same
    count: int  # of stored values: one less than there are values in a delta column
    delta: bool
    base: int
    scale: int


class Kind(msgspec.Struct, array_like=True, frozen=True):
    """Events of one type: their fields after `ts`, a list field being two columns (lengths, values)."""

    tag: int
    count: int
    lists: list[bool]  # of the fields
    place: int  # of field `i` where rows are sorted by it (it is stored in the order of the tape); -1: they are not
    columns: list[Column]


class Body(msgspec.Struct, array_like=True, frozen=True):
    """What stands in a chunk; the bytes of `ts` and of the kinds' columns follow in this order."""

    order: bytes  # for each record the place of its kind in `kinds`, plus 1; 0: in `others`
    ts: Column
    kinds: list[Kind]
    others: msgspec.Raw  # list of events
    with_effects: list[int]  # places of the records that have effects
    effects: msgspec.Raw  # a list of effects for each of them


class _Layout:
    """How events of one type are transposed."""

    def __init__(self, kind: type) -> None:
        hints = get_type_hints(kind)
        self.kind = kind
        self.tag = int(kind.__struct_config__.tag)  # type: ignore[attr-defined]
        self.names = [name for name in kind.__struct_fields__ if name != "ts"]  # type: ignore[attr-defined]
        self.lists = [hints[name] == list[int] for name in self.names]
        self.columnar = all(hints[name] in (int, list[int]) for name in self.names)
        self.place = self.names.index("i") if "i" in self.names else -1


_LAYOUTS = {kind: _Layout(kind) for kind in get_args(Event)}
_COLUMNAR = {kind: layout for kind, layout in _LAYOUTS.items() if layout.columnar}
_BY_TAG: dict[int, Any] = {layout.tag: kind for kind, layout in _LAYOUTS.items()}
_TS = attrgetter("ts")
_I = attrgetter("i")
_BODY: msgspec.msgpack.Decoder[Body] = msgspec.msgpack.Decoder(Body)
_OTHERS: msgspec.msgpack.Decoder[list[Event]] = msgspec.msgpack.Decoder(list[Event])
_EFFECTS: msgspec.msgpack.Decoder[list[list[Effect]]] = msgspec.msgpack.Decoder(list[list[Effect]])


# ---------------------------------------------------------------- records -> bytes


def encode(events: list[Event], with_effects: list[int], effects: list[Sequence[Effect]]) -> bytes:
    """The body of a chunk, before compression."""
    types = list(map(type, events))
    there = set(types)
    found = [kind for kind in _COLUMNAR if kind in there]
    while True:
        try:
            return _encode(events, types, found, with_effects, effects)
        except StructError:  # an integer of more than 64 bits, or no integer: nothing is transposed
            if not found:
                raise
            found = []


def _encode(
    events: list[Event], types: list[Any], found: list[Any], with_effects: list[int], effects: list[Sequence[Effect]]
) -> bytes:
    places = {kind: place for place, kind in enumerate(found, 1)}
    order = bytes(map(places.get, types, repeat(0)))
    parts: list[bytes] = [b"", b""]
    ts = _column(list(map(_TS, events)), True, True, parts)
    kinds = [_kind(_COLUMNAR[kind], list(compress(events, _flags(order, places[kind]))), parts) for kind in found]
    others = list(compress(events, _flags(order, 0))) if 0 in order else []
    body = ENCODER.encode(
        Body(
            order,
            ts,
            kinds,
            msgspec.Raw(ENCODER.encode(others)),
            with_effects,
            msgspec.Raw(ENCODER.encode(effects)),
        )
    )
    parts[0] = len(body).to_bytes(4, "little")
    parts[1] = body
    return b"".join(parts)


def _flags(order: bytes, place: int) -> bytes:
    """1 where `order` is `place`."""
    return order.translate(bytes(place) + b"\1" + bytes(255 - place))


def _kind(layout: _Layout, events: list[Any], parts: list[bytes]) -> Kind:
    place, same, width = layout.place, -1, len(layout.names) + 1
    instruments: list[int] = []
    flat: list[Any] = list(chain.from_iterable(map(astuple, events)))
    if place >= 0:
        instruments = flat[place + 1 :: width]
        if instruments.count(instruments[0]) == len(instruments):
            place, same = -1, place
        else:
            events.sort(key=_I)
            flat = list(chain.from_iterable(map(astuple, events)))
    columns: list[Column] = []
    for number, name in enumerate(layout.names):
        if number == same:
            columns.append(Column(0, len(events), False, instruments[0], 1))
            continue
        values: list[Any] = instruments if number == place else flat[number + 1 :: width]
        if layout.lists[number]:
            columns.append(_column(list(map(len, values)), False, False, parts))
            values = list(chain.from_iterable(values))
        columns.append(_column(values, name not in _PLAIN and number != place, name in _COARSE, parts))
    return Kind(layout.tag, len(events), layout.lists, place, columns)


def _column(values: list[int], delta: bool, coarse: bool, parts: list[bytes]) -> Column:
    """Add the planes of a column to `parts`."""
    base, scale = 0, 1
    planes: list[bytes] = []
    delta = delta and bool(values)
    if delta:
        base = values[0]
        planes, scale = _differences(values, coarse)
        if not planes:  # negative or too large for lanes: one by one
            values = list(map(sub, islice(values, 1, None), values))
    if not planes:
        planes = _planes(*_packed(values))
    while len(planes) > 1 and planes[-1] == planes[-2].translate(SIGN):
        planes.pop()
    parts.extend(planes)
    return Column(len(planes), len(planes[0]), delta, base, scale)


def _packed(values: Sequence[int]) -> tuple[bytes, int]:
    """Values in 4 or 8 bytes each."""
    try:
        return pack(f"<{len(values)}i", *values), 4
    except StructError:
        return pack(f"<{len(values)}q", *values), 8


def _planes(data: bytes, size: int) -> list[bytes]:
    return [data[byte::size] for byte in range(size)]


def _differences(values: list[int], coarse: bool) -> tuple[list[bytes], int]:
    """Planes of the differences, and the scale that they were divided by; no planes when a value is negative.

    All lanes of one long integer are subtracted at once: lanes are not negative and half the range is added to each
    difference, so none borrows from the next.
    """
    data, size = _packed(values)
    if not data[size - 1 :: size].isascii():
        return [], 1
    count, bits = len(values) - 1, 8 * size
    lanes = int.from_bytes(data, "little")
    scale = 1
    if coarse and size == 8:
        lanes, scale = _divided(lanes, values)
    low = lanes & ((1 << bits * count) - 1)
    halves = int.from_bytes((bytes(size - 1) + b"\x80") * count, "little")
    planes = _planes(((lanes >> bits) + halves - low).to_bytes(size * count, "little"), size)
    planes[-1] = planes[-1].translate(_FLIP)
    return planes, scale


def _divided(lanes: int, values: list[int]) -> tuple[int, int]:
    """The lanes divided by a power of ten that divides them all.

    A lane with a remainder would add 2**64 / scale to the lane below it, which no instant comes near to.
    """
    common = gcd(values[0], values[len(values) // 2], values[-1])
    for scale, low in _SCALES:
        if common % scale == 0:
            divided, rest = divmod(lanes, scale)
            high = ((1 << 64) - (1 << low)).to_bytes(8, "little") * len(values)
            if not rest and not divided & int.from_bytes(high, "little"):
                return divided, scale
    return lanes, 1


# ---------------------------------------------------------------- bytes -> records


class Columns:
    """The body of a chunk, cut into its columns; read in the order in which they were written."""

    def __init__(self, data: bytes) -> None:
        start = 4 + int.from_bytes(data[:4], "little")
        self.body = _BODY.decode(data[4:start])
        self._data = data
        self._offset = start

    def raw(self, column: Column) -> bytes:
        """The bytes of the next column, plane by plane."""
        start = self._offset
        self._offset = start + column.width * column.count
        return self._data[start : self._offset]

    def values(self, column: Column) -> list[int]:
        """The next column."""
        if not column.width:
            return [column.base] * column.count
        data, width, count = self.raw(column), column.width, column.count
        size = 8 if width > 4 else 4 if width > 1 else 1
        if size > 1:
            mixed = bytearray(size * count)
            for byte in range(width):
                plane = data[byte * count : (byte + 1) * count]
                mixed[byte::size] = plane
            for byte in range(width, size):
                plane = plane.translate(SIGN)
                mixed[byte::size] = plane
            data = bytes(mixed)
        packed = array("b" if size == 1 else "i" if size == 4 else "q", data)
        if sys.byteorder == "big":
            packed.byteswap()
        found: Iterable[int] = packed if column.scale == 1 else map(mul, packed, repeat(column.scale))
        return list(accumulate(found, initial=column.base)) if column.delta else list(found)


def decode(data: bytes) -> list[Record]:
    """The records of a body. Raises ValueError (or what msgspec raises) for what is none."""
    columns = Columns(data)
    body = columns.body
    count = len(body.order)
    instants = columns.values(body.ts)
    if len(instants) != count:
        raise ValueError(f"{len(instants)} instants for {count} records")
    sources: list[Iterator[Event]] = [iter(_OTHERS.decode(body.others))]
    for place, kind in enumerate(body.kinds, 1):
        stamps = list(compress(instants, _flags(body.order, place)))
        sources.append(_events(kind, stamps, columns))
    events = list(map(next, map(sources.__getitem__, body.order)))
    if len(events) != count:
        raise ValueError(f"{len(events)} events for {count} records")
    records: list[Record] = [(event, []) for event in events]
    for place, effects in zip(body.with_effects, _EFFECTS.decode(body.effects), strict=True):
        records[place] = (events[place], effects)
    return records


def _events(kind: Kind, stamps: list[int], columns: Columns) -> Iterator[Event]:
    """Events of one kind in their order on the tape."""
    made: Any = _BY_TAG[kind.tag]
    if len(stamps) != kind.count:
        raise ValueError(f"{len(stamps)} instants for {kind.count} events")
    described = iter(kind.columns)
    fields: list[Sequence[Any]] = []
    for is_list in kind.lists:
        values: Sequence[Any] = columns.values(next(described))
        fields.append(_cut(values, columns.values(next(described))) if is_list else values)
    if kind.place < 0:
        return map(made, stamps, *fields)
    instruments = fields[kind.place]
    queues: dict[int, Iterator[int]] = {}
    start = 0
    for i in sorted(set(instruments)):
        end = start + instruments.count(i)
        queues[i] = iter(range(start, end))
        start = end
    rows = list(map(next, map(queues.__getitem__, instruments)))  # where the row of each event is
    for number, column in enumerate(fields):
        if number != kind.place:
            fields[number] = list(map(column.__getitem__, rows))
    return map(made, stamps, *fields)


def _cut(lengths: Sequence[int], values: list[int]) -> list[list[int]]:
    """Lists of these lengths."""
    ends = list(accumulate(lengths, initial=0))
    if ends[-1] != len(values):
        raise ValueError(f"{len(values)} values in lists of {ends[-1]}")
    return list(map(values.__getitem__, map(slice, ends, islice(ends, 1, None))))


def instants(data: bytes) -> list[int]:
    """The ts of every record of a body."""
    columns = Columns(data)
    return columns.values(columns.body.ts)


def others(body: Body) -> list[Event]:
    """The events of a body that are no columns."""
    return _OTHERS.decode(body.others)


def layout(tag: int) -> tuple[type, list[str]]:
    """The type of events with this tag, and its fields after `ts`."""
    kind = _BY_TAG[tag]
    return kind, _LAYOUTS[kind].names
