"""The image of an engine: its whole graph of objects as bytes and back, without trusting the bytes.

No pickle: an image can only name classes that the core room itself defines, makes them without calling anything of
theirs, and fills in numbers, texts, containers and each other.  A method is bound by its plain name to such an object;
nothing is ever called.  What cannot be read this way is an ImageError.

Objects of one class stand in columns (an order's 17 attributes are 17 columns of the orders): small, and fast to fill.
    image    msgpack of [root, structs, objects, containers]
    structs  [class, rows as msgspec writes them]           messages, setups: immutable, checked against their types
    objects  [class, attributes, rows, column an attribute] rows: numbers in the class's list
    containers  [kind, row, limit, column, column of values]
    column   [kind, data]: see `_Column`; element of a mixed column: a scalar, or [tag, ...]: see `_Tag`
Rules of this file: knows no class by name; objects keep their identity (what was shared is shared again).
"""

from __future__ import annotations

import sys
from collections import OrderedDict, deque
from collections.abc import Callable, Iterable
from decimal import Decimal, InvalidOperation
from enum import Enum, IntEnum
from functools import cache
from itertools import accumulate
from operator import attrgetter, sub
from types import BuiltinMethodType, FunctionType, MethodDescriptorType, MethodType
from typing import Any

import msgspec

from mmtui.core.engine import Engine
from mmtui.core.errors import SourceError

_SCALARS = frozenset({int, float, str, bytes, bool, type(None)})
_INLINE = (tuple, frozenset, Decimal, Enum, MethodType, BuiltinMethodType, type)
_INT_MIN, _INT_MAX = -(1 << 63), (1 << 64) - 1
#: A column of integers from so many on is stored as differences: instants and ids of orders shrink to a half.
_LONG = 8
_FILL: dict[type, Callable[[Any, Any], None]] = {
    list: list.extend,
    deque: deque.extend,
    set: set.update,
    dict: lambda made, items: made.update(items),
    OrderedDict: lambda made, items: made.update(items),
}
_CONTAINERS = {kind.__name__: kind for kind in _FILL}
#: What reading damaged or made-up bytes may raise.
_WRONG = (
    msgspec.MsgspecError, ValueError, TypeError, KeyError, IndexError, AttributeError, RecursionError, OverflowError,
    InvalidOperation, UnicodeDecodeError, MemoryError,
)  # fmt: skip


class ImageError(SourceError):
    """The object cannot be made an image, or the bytes are none."""


class _Column(IntEnum):
    PLAIN = 0  # scalars
    MEMBERS = 1  # [class, values]: of one enumeration
    REFERENCES = 2  # [class, rows]: objects of one class
    TUPLES = 3  # a column each place of tuples of one length
    MIXED = 4  # elements
    DIFFERENCES = 5  # integers: each as its difference from the one before, the first from 0


class _Tag(IntEnum):
    BIG = 0  # an integer beyond 64 bits, as text
    MEMBER = 1  # class, value
    REFERENCE = 2  # class, row
    TUPLE = 3  # elements
    DECIMAL = 4  # text
    METHOD = 5  # class, row, name
    CLASS = 6  # name
    NAMED = 7  # class, elements
    FROZEN = 8  # elements of a frozenset


@cache
def known_classes() -> dict[str, type]:
    """The classes that an image may name: those which the core room defines, by module and name."""
    found: dict[str, type] = {}
    for name, module in list(sys.modules.items()):
        if name.startswith("mmtui.core."):
            for one in vars(module).values():
                if isinstance(one, type) and one.__module__ == name and not issubclass(one, BaseException):
                    found[_name(one)] = one
    return found


def encode(engine: Engine) -> bytes:
    """The image of an engine, msgpack."""
    return _Encoder().encode(engine)


def decode(data: bytes) -> Engine:
    """The engine of an image. Raises ImageError; nothing of the image's is executed."""
    try:
        made = _Decoder(msgspec.msgpack.decode(data)).root()
    except _WRONG as error:
        raise ImageError(f"not an image of an engine: {type(error).__name__}: {error}") from error
    if type(made) is not Engine:
        raise ImageError(f"not an image of an engine, but of {type(made).__name__}")
    return made


def _name(cls: type) -> str:
    return f"{cls.__module__.removeprefix('mmtui.core.')}.{cls.__qualname__}"


# -- writing -----------------------------------------------------------------------------------------------------------


class _Encoder:
    """Walks the graph: every object gets a row in its class's list when it is first met, its columns later."""

    def __init__(self) -> None:
        self._places: dict[int, list[Any]] = {}  # id -> [class name, row]
        self._counts: dict[str, int] = {}
        self._waiting: dict[type, list[Any]] = {}
        self._known = known_classes()
        self._structs: list[list[Any]] = []
        self._objects: list[list[Any]] = []
        self._containers: list[list[Any]] = []

    def encode(self, root: object) -> bytes:
        try:
            place = self._place(root)
            self._walk()
            return msgspec.msgpack.encode([place, self._structs, self._objects, self._containers])
        except (OverflowError, TypeError, AttributeError, msgspec.MsgspecError) as error:
            raise ImageError(f"the state cannot be made an image: {error}") from error

    def _walk(self) -> None:
        while self._waiting:
            waiting, self._waiting = self._waiting, {}
            for cls, objects in waiting.items():
                if issubclass(cls, msgspec.Struct):
                    self._structs.append([_name(cls), objects])
                elif cls in _FILL:
                    for one in objects:
                        self._container(cls, one)
                else:
                    self._instances(cls, objects)

    def _place(self, one: Any) -> list[Any]:
        place = self._places.get(id(one))
        if place is None:
            cls = type(one)
            name = cls.__name__ if cls in _FILL else _name(cls)
            if cls not in _FILL and name not in self._known:
                raise ImageError(f"the state cannot be made an image: it holds a {cls.__module__}.{cls.__qualname__}")
            row = self._counts.get(name, 0)
            self._counts[name] = row + 1
            place = self._places[id(one)] = [name, row]
            self._waiting.setdefault(cls, []).append(one)
        return place

    def _container(self, cls: type, one: Any) -> None:
        row = self._places[id(one)][1]
        limit = one.maxlen if cls is deque else None
        if issubclass(cls, dict):
            self._containers.append([cls.__name__, row, limit, self._column(list(one)), self._column(one.values())])
        else:
            items = one if cls is not set else _sorted(one)
            self._containers.append([cls.__name__, row, limit, self._column(items), None])

    def _instances(self, cls: type, objects: list[Any]) -> None:
        alike: dict[tuple[str, ...], list[Any]] = {}
        for one in objects:
            alike.setdefault(_attributes(cls, tuple(getattr(one, "__dict__", ()))), []).append(one)
        for names, group in alike.items():
            rows = [self._places[id(one)][1] for one in group]
            columns = [self._column(list(map(attrgetter(name), group))) for name in names]
            self._objects.append([_name(cls), names, rows, columns])

    def _column(self, values: Iterable[Any]) -> list[Any]:
        values = list(values)
        types = set(map(type, values))
        if types == {int} and len(values) >= _LONG and max(values) - min(values) <= _INT_MAX >> 1 and _fits(values):
            return [_Column.DIFFERENCES, list(map(sub, values, [0, *values]))]
        if types <= _SCALARS and (int not in types or _fits(values)):
            return [_Column.PLAIN, values]
        if len(types) == 1:
            cls = next(iter(types))
            if issubclass(cls, Enum):
                return [_Column.MEMBERS, [_name(cls), [one.value for one in values]]]
            if cls is tuple and len({len(one) for one in values}) == 1 and values[0]:
                return [_Column.TUPLES, [self._column(part) for part in zip(*values, strict=True)]]
            if not self._inline(cls):
                places = [self._place(one) for one in values]
                return [_Column.REFERENCES, [places[0][0], [row for _, row in places]]]
        return [_Column.MIXED, [self._element(one) for one in values]]

    def _inline(self, cls: type) -> bool:
        """Values without an identity of their own: they stand where they are used."""
        return cls in _SCALARS or issubclass(cls, _INLINE)

    def _element(self, value: Any) -> Any:
        cls = type(value)
        if cls is int and not _INT_MIN <= value <= _INT_MAX:
            return [_Tag.BIG, str(value)]
        if cls in _SCALARS:
            return value
        if not self._inline(cls):
            return [_Tag.REFERENCE, *self._place(value)]
        if issubclass(cls, Enum):
            return [_Tag.MEMBER, _name(cls), value.value]
        if cls is tuple:
            return [_Tag.TUPLE, *map(self._element, value)]
        if cls is Decimal:
            return [_Tag.DECIMAL, str(value)]
        if cls is frozenset:
            return [_Tag.FROZEN, *map(self._element, _sorted(set(value)))]
        if cls is MethodType or cls is BuiltinMethodType:
            return [_Tag.METHOD, *self._place(value.__self__), value.__name__]
        if issubclass(cls, type) and _name(value) in self._known:
            return [_Tag.CLASS, _name(value)]
        if _name(cls) in self._known:
            return [_Tag.NAMED, _name(cls), *map(self._element, value)]
        raise ImageError(f"the state cannot be made an image: it holds {value!r}")


def _fits(values: list[Any]) -> bool:
    whole = [one for one in values if type(one) is int]
    return bool(min(whole) >= _INT_MIN and max(whole) <= _INT_MAX)


def _sorted(one: set[Any]) -> list[Any]:
    """In one order whatever the hash seed: the same state is the same image."""
    try:
        return sorted(one)
    except TypeError:
        return sorted(one, key=repr)


@cache
def _attributes(cls: type, own: tuple[str, ...]) -> tuple[str, ...]:
    """Names of an object's attributes, in one order whether its class is compiled or not: the same state is the same
    image. `own`: those that stand in its dictionary."""
    return tuple(sorted({*own, *(name for base in cls.__mro__ for name in _slots(base) if name != "__dict__")}))


def _slots(cls: type) -> tuple[str, ...]:
    """Of a class of ours, or of one that mypyc has compiled."""
    slots = cls.__dict__.get("__mypyc_attrs__", cls.__dict__.get("__slots__", ()))
    return (slots,) if isinstance(slots, str) else tuple(slots)


# -- reading -----------------------------------------------------------------------------------------------------------


class _Decoder:
    """Makes every object empty, then fills them: whoever points at whom, the object is there."""

    def __init__(self, image: Any) -> None:
        self._known = known_classes()
        self._made: dict[str, list[Any]] = {}
        place, structs, objects, containers = image
        self._root = place
        for name, rows in structs:
            cls = self._class(name, msgspec.Struct)
            self._made.setdefault(name, []).extend(msgspec.convert(rows, list[cls]))  # type: ignore[valid-type]
        self._blank(objects)
        for name, row, limit, _, _ in containers:
            kind = _CONTAINERS[name]
            rows = self._made.setdefault(name, [])
            _in_order(row, len(rows))
            rows.append(deque(maxlen=limit) if kind is deque else kind())
        self._fill_objects(objects)
        self._fill_containers(containers)

    def root(self) -> Any:
        return self._at(*self._root)

    def _blank(self, objects: list[Any]) -> None:
        rows: dict[str, list[int]] = {}
        for name, _, numbers, _ in objects:
            rows.setdefault(name, []).extend(numbers)
        for name, numbers in rows.items():
            cls = self._class(name, object)
            if issubclass(cls, msgspec.Struct | tuple | Enum):
                raise ImageError(f"{name} is not made in this way")
            if sorted(numbers) != list(range(len(numbers))):
                raise ImageError(f"objects of {name} are missing")
            self._made[name] = [_blank(cls) for _ in numbers]

    def _fill_objects(self, objects: list[Any]) -> None:
        for name, names, rows, columns in objects:
            cls, made = self._known[name], self._made[name]
            targets = [made[row] for row in rows]
            values = [list(self._column(column)) for column in columns]
            if len(names) != len(values) or any(len(column) != len(targets) for column in values):
                raise ImageError(f"{name}: not a value of each attribute for each object")
            if names and sorted(names) == sorted(_slots(cls)):
                _filler(tuple(names))(targets, values)
                continue
            for attribute, column in zip(names, values, strict=True):
                if attribute.startswith("__") or not attribute.isidentifier():
                    raise ImageError(f"{name} has no attribute {attribute!r}")
                for target, value in zip(targets, column, strict=True):
                    object.__setattr__(target, attribute, value)

    def _fill_containers(self, containers: list[Any]) -> None:
        for name, row, _, column, values in containers:
            kind = _CONTAINERS[name]
            items = self._column(column)
            if issubclass(kind, dict):
                _FILL[kind](self._made[name][row], zip(items, self._column(values), strict=True))
            else:
                _FILL[kind](self._made[name][row], items)

    def _column(self, column: Any) -> Iterable[Any]:
        kind, data = column
        if kind == _Column.PLAIN:
            return data  # type: ignore[no-any-return]
        if kind == _Column.DIFFERENCES:
            if not set(map(type, data)) <= {int}:
                raise ImageError("differences that are no integers")
            return accumulate(data)
        if kind == _Column.MEMBERS:
            cls = self._class(data[0], Enum)
            members = {member.value: member for member in cls}  # type: ignore[attr-defined]
            return [members[value] for value in data[1]]
        if kind == _Column.REFERENCES:
            made = self._made[data[0]]
            return [made[row] for row in data[1]]
        if kind == _Column.TUPLES:
            return list(zip(*map(self._column, data), strict=True))
        if kind == _Column.MIXED:
            return [self._element(one) for one in data]
        raise ImageError(f"there is no column of kind {kind!r}")

    def _element(self, one: Any) -> Any:
        if type(one) is not list:
            return one
        tag, *rest = one
        if tag == _Tag.REFERENCE:
            return self._at(*rest)
        if tag == _Tag.TUPLE:
            return tuple(map(self._element, rest))
        if tag == _Tag.BIG:
            return int(rest[0])
        if tag == _Tag.DECIMAL:
            return Decimal(rest[0])
        if tag == _Tag.MEMBER:
            return self._class(rest[0], Enum)(rest[1])
        if tag == _Tag.FROZEN:
            return frozenset(map(self._element, rest))
        if tag == _Tag.METHOD:
            return self._method(*rest)
        if tag == _Tag.CLASS:
            return self._class(rest[0], object)
        if tag == _Tag.NAMED:
            return tuple.__new__(self._class(rest[0], tuple), map(self._element, rest[1:]))
        raise ImageError(f"there is no element of tag {tag!r}")

    def _method(self, name: str, row: int, method: str) -> Any:
        """A method of an object of ours, by the name that its class gives to a plain function."""
        one = self._at(name, row)
        for base in type(one).__mro__:
            function = base.__dict__.get(method)
            plain = isinstance(function, FunctionType | MethodDescriptorType)
            if plain and not method.startswith("__") and _name(base) in self._known:
                return function.__get__(one)  # type: ignore[union-attr]
        raise ImageError(f"{name} has no method {method!r}")

    def _at(self, name: str, row: int) -> Any:
        if row < 0:
            raise ImageError(f"there is no {name} {row}")
        return self._made[name][row]

    def _class(self, name: str, base: type) -> type:
        cls = self._known.get(name)
        if cls is None or not issubclass(cls, base):
            raise ImageError(f"{name!r} is not a class that an image may name here")
        return cls


def _blank(cls: type) -> Any:
    """An object without attributes; a compiled class has a maker of its own, which calls nothing of the class's."""
    return cls.__new__(cls) if hasattr(cls, "__mypyc_attrs__") else object.__new__(cls)  # type: ignore[call-overload]


@cache
def _filler(names: tuple[str, ...]) -> Callable[[list[Any], list[list[Any]]], None]:
    """Fills objects of a class with these slots, ten times as fast as setattr: written for them, as dataclasses do."""
    values = "".join(f", v{k}" for k in range(len(names)))
    lines = "".join(f"        one.{name} = v{k}\n" for k, name in enumerate(names))
    made: dict[str, Any] = {}
    exec(f"def fill(targets, columns):\n    for one{values} in zip(targets, *columns):\n{lines}", made)
    return made["fill"]  # type: ignore[no-any-return]


def _in_order(row: int, expected: int) -> None:
    if row != expected:
        raise ImageError(f"container {row} stands at the place of {expected}")
