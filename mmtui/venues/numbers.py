"""Numbers and instants of messages: JSON numbers as their exact text, signed decimals, stamps in several forms.

Rules of this file: no float ever; what is no number or no instant is a WireError.
"""

from __future__ import annotations

import re
from datetime import datetime, timezone
from decimal import Decimal
from typing import Annotated

import msgspec
from msgspec import Meta

from mmtui.core.market.instrument import plain
from mmtui.venues.binance.grid import WireError

#: Milliseconds that fit an int64 as ns; ids that fit one.
Millis = Annotated[int, Meta(ge=0, le=9_000_000_000_000)]
Id = Annotated[int, Meta(ge=0, le=(1 << 62))]
#: Place of a message in a book's sequence.
Seq = Annotated[int, Meta(ge=0, le=(1 << 53))]

_EXPONENT = re.compile(r"-?[0-9]{1,20}(\.[0-9]{1,20})?[eE][+-]?[0-9]{1,2}", re.ASCII)
_SIGNED = re.compile(r"-?[0-9]{1,20}(\.[0-9]{1,40})?", re.ASCII)
_DIGITS = re.compile(r"[0-9]{1,18}", re.ASCII)
_NUMBER = re.compile(r"[0-9]{1,19}", re.ASCII)
_ISO = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?Z", re.ASCII)
#: Marks and rates beyond this are none (times 1e10 they must fit 64 bits).
SCALED_MAX = 1 << 62


def text(raw: msgspec.Raw) -> str:
    """The text of a JSON number, or of a JSON string that holds one: digits as sent, an exponent written out."""
    try:
        found = str(raw, "ascii")
    except UnicodeDecodeError:
        raise WireError("a number with letters") from None
    if found[:1] == '"':
        found = found[1:-1]
    if "e" in found or "E" in found:
        if _EXPONENT.fullmatch(found) is None:
            raise WireError(f"{found[:40]!r} is no number")
        return plain(Decimal(found))
    return found


def scaled(number: str, places: int) -> int:
    """Signed decimal text times 10**places, cut toward zero; "" is 0."""
    if not number:
        return 0
    if _EXPONENT.fullmatch(number) is not None:
        number = plain(Decimal(number))
    if _SIGNED.fullmatch(number) is None:
        raise WireError(f"{number[:40]!r} is no plain decimal number")
    value = int(Decimal(number).scaleb(places))
    if abs(value) > SCALED_MAX:
        raise WireError(f"{number[:40]!r} is no price or rate")
    return value


def ns_of_ms(stamp: str) -> int:
    """Nanoseconds of milliseconds as text ("1597026383085", "1619093553517.921"); "" is 0."""
    if not stamp:
        return 0
    whole, _, part = stamp.partition(".")
    if _DIGITS.fullmatch(whole) is None or (part and _DIGITS.fullmatch(part) is None) or len(whole) > 13:
        raise WireError(f"{stamp[:40]!r} is no time in milliseconds")
    return int(whole) * 1_000_000 + int(part[:6].ljust(6, "0") if part else 0)


def ns_of_iso(stamp: str) -> int:
    """Nanoseconds of "2026-04-07T14:30:00.123456Z"; "" is 0."""
    if not stamp:
        return 0
    match = _ISO.fullmatch(stamp)
    try:
        if match is not None:
            moment = datetime.fromisoformat(match.group(1)).replace(tzinfo=timezone.utc)  # noqa: UP017
            seconds = int(moment.timestamp())
            if 0 <= seconds < 9_000_000_000:
                return seconds * 1_000_000_000 + int((match.group(2) or "").ljust(9, "0"))
    except ValueError:
        pass
    raise WireError(f"{stamp[:40]!r} is no time")


def id_of(name: str) -> int:
    """A trade id as an integer: its digits, else (a UUID, a hash) its first 15 hexadecimal digits."""
    digits = name.rpartition("-")[2] if not name[:1].isdigit() else name
    if _NUMBER.fullmatch(digits) is not None and int(digits) <= 1 << 62:
        return int(digits)
    hexed = re.sub(r"[^0-9a-f]", "", name.lower().removeprefix("0x"))[:15]
    return int(hexed, 16) if hexed else 0
