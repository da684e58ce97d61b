"""The venue's public messages (v4) as typed structs.

A level is an array of spot, an object of futures.

Rules of this file: shapes only; numbers and decimal texts stay text.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from mmtui.venues.numbers import Id, Millis, Seq


class Frame(msgspec.Struct, gc=False):
    """Any frame; the book of the REST interface has no channel but an id."""

    channel: str = ""
    event: str = ""
    result: msgspec.Raw = msgspec.Raw()
    error: msgspec.Raw = msgspec.Raw()
    symbol: str = ""
    time_ms: Millis = 0
    id: msgspec.Raw = msgspec.Raw()
    bids: msgspec.Raw = msgspec.Raw()


class Level(msgspec.Struct, gc=False):
    p: str
    s: msgspec.Raw


Side = list[tuple[str, str] | Level]


class Update(msgspec.Struct, gc=False):
    """order_book_update, and obu (where `s` reads ob.BTC_USDT.400, and a full message has no U)."""

    t: Millis
    s: str
    u: Seq
    U: Seq = 0
    b: Side = []
    a: Side = []
    full: bool = False


class Book(msgspec.Struct, gc=False):
    """The book of the REST interface, asked for with its id. `update` is in seconds of futures."""

    id: Seq
    bids: Side
    asks: Side
    update: msgspec.Raw = msgspec.Raw()


class Ticker(msgspec.Struct, gc=False):
    """book_ticker."""

    t: Millis
    u: Seq
    s: str
    b: str
    B: msgspec.Raw
    a: str
    A: msgspec.Raw


class SpotTrade(msgspec.Struct, gc=False):
    id: Id
    create_time_ms: msgspec.Raw
    side: Literal["buy", "sell"]
    currency_pair: str
    amount: str
    price: str


class FuturesTrade(msgspec.Struct, gc=False):
    """Size below 0: the taker sold. Internal: insurance fund or ADL, outside the book."""

    id: Id
    create_time_ms: msgspec.Raw
    contract: str
    size: msgspec.Raw
    price: str
    is_internal: bool = False


class FuturesTicker(msgspec.Struct, gc=False):
    contract: str
    mark_price: str = ""
    index_price: str = ""
    funding_rate: str = ""


class Liquidation(msgspec.Struct, gc=False):
    """Size below 0: the order sold."""

    contract: str
    price: msgspec.Raw
    size: msgspec.Raw
    time_ms: msgspec.Raw
