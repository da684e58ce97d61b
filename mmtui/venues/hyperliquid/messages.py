"""The venue's public messages as typed structs.

Rules of this file: shapes only; decimal texts stay text.
"""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from mmtui.venues.numbers import Id, Millis


class Frame(msgspec.Struct, gc=False):
    """A frame of a channel; a bare answer of the info endpoint has the fields of a book or of a trade instead."""

    channel: str = ""
    data: msgspec.Raw = msgspec.Raw()
    coin: str = ""
    levels: msgspec.Raw = msgspec.Raw()
    tid: Id = -1


class Level(msgspec.Struct, gc=False):
    px: str
    sz: str


class Book(msgspec.Struct, gc=False):
    """l2Book: bids, asks."""

    coin: str
    time: Millis
    levels: Annotated[list[list[Level]], Meta(min_length=2, max_length=2)]


class Best(msgspec.Struct, gc=False):
    """bbo: bid, ask; null for an empty side."""

    coin: str
    time: Millis
    bbo: Annotated[list[Level | None], Meta(min_length=2, max_length=2)]


class PublicTrade(msgspec.Struct, gc=False):
    """trades; the taker bought (B) or sold (A)."""

    coin: str
    side: Literal["A", "B"]
    px: str
    sz: str
    time: Millis
    tid: Id


class Context(msgspec.Struct, gc=False):
    """State of a perpetual (a spot pair has neither oracle nor funding)."""

    markPx: str | None = None
    oraclePx: str | None = None
    funding: str | None = None


class ActiveContext(msgspec.Struct, gc=False):
    coin: str
    ctx: Context
