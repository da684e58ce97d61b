"""Private messages of any venue: finds the objects that speak of orders, fills, balances, positions; reads their words.

A venue's private.py lists the shapes of its objects: the keys by which one is told, and the function that makes
reports of it.  `reports` looks for them at any depth, so that answers, streams and lists need no shapes of their own.

Rules of this file: sans-IO and pure; exact decimal texts; what claims to be a report and cannot be read is a WireError.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Any, TypeVar

import msgspec

from mmtui.core.market.instrument import plain
from mmtui.venues.binance.grid import WireError
from mmtui.venues.binance.reports import Report
from mmtui.venues.numbers import ns_of_iso, ns_of_ms, scaled

Object = dict[str, Any]
#: Keys that an object must have -> what it says; the most telling first.
Shapes = tuple[tuple[frozenset[str], Callable[[Object], list[Report]]], ...]

_DECODER = msgspec.json.Decoder(float_hook=Decimal)
_UNREADABLE = (KeyError, TypeError, ValueError, AttributeError, ArithmeticError, IndexError)


_Found = TypeVar("_Found")
_Shapes = Sequence[tuple[frozenset[str], Callable[[Object], list[_Found]]]]


def reports(body: bytes, shapes: _Shapes[_Found]) -> list[_Found]:
    """Reports of one message, in the order of its objects; [] when there is none. WireError: no JSON, or nonsense."""
    try:
        value = _DECODER.decode(body)
        return within(value, shapes)
    except WireError:
        raise
    except (msgspec.MsgspecError, RecursionError) as error:
        raise WireError(f"no JSON: {error}") from None
    except _UNREADABLE as error:
        raise WireError(f"a message that is not what it says: {str(error)[:80]}") from None


def within(value: Any, shapes: _Shapes[_Found]) -> list[_Found]:
    """Reports of everything in a decoded value."""
    found: list[_Found] = []
    _walk(value, shapes, found)
    return found


def _walk(value: Any, shapes: _Shapes[_Found], found: list[_Found]) -> None:
    if isinstance(value, dict):
        for keys, read in shapes:
            if keys <= value.keys():
                try:
                    found += read(value)
                except WireError as error:
                    raise WireError(f"an object with {', '.join(sorted(keys))}: {error}") from None
                return
        for inner in value.values():
            _walk(inner, shapes, found)
    elif isinstance(value, list):
        for inner in value:
            _walk(inner, shapes, found)


def keys(*names: str) -> frozenset[str]:
    return frozenset(names)


def number(d: Object, *names: str) -> str:
    """Exact decimal text of the first of these that is there; "0" where none is, or it is empty."""
    for name in names:
        value = d.get(name)
        if value is None or value == "":
            continue
        if isinstance(value, bool) or not isinstance(value, str | int | Decimal):
            raise WireError(f"{name} {str(value)[:40]!r} is no number")
        text = plain(value) if isinstance(value, Decimal) and abs(value.adjusted()) < 30 else str(value)
        scaled(text, 0)  # a plain decimal of a sane size, or a WireError
        return plain(Decimal(text))
    return "0"


def word(d: Object, *names: str) -> str:
    """The first of these that is not empty, as text; "" where none is."""
    for name in names:
        value = d.get(name)
        if value not in (None, "") and isinstance(value, str | int):
            return str(value)[:200]
    return ""


def stamp(d: Object, *names: str) -> int:
    """The first of these as ns: milliseconds as number or text, or "2026-01-01T00:00:00.000Z"; 0 where none is."""
    for name in names:
        value = d.get(name)
        if value in (None, "", 0, "0"):
            continue
        if isinstance(value, str) and "T" in value:
            return ns_of_iso(value)
        if isinstance(value, str | int) and not isinstance(value, bool):
            return ns_of_ms(str(value))
        raise WireError(f"{name} {str(value)[:40]!r} is no time")
    return 0


def side(value: object) -> str:
    """"buy" or "sell", however it is written; B is bid, A is ask."""
    found = {"buy": "buy", "sell": "sell", "b": "buy", "a": "sell"}.get(str(value).lower())
    if found is None:
        raise WireError(f"{str(value)[:40]!r} is no side")
    return found


def status(table: Mapping[str, str], value: object) -> str:
    """The desk's word for a venue's order state."""
    found = table.get(str(value))
    if found is None:
        raise WireError(f"{str(value)[:40]!r} is no order state")
    return found


def minus(text: str) -> str:
    """The other sign: fees that a venue writes as what the account gets."""
    return plain(-Decimal(text))


def less(total: str, part: str) -> str:
    return plain(Decimal(total) - Decimal(part))
