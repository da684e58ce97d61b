"""The venue's public messages as typed structs: spot (v2) and futures (v1).

Rules of this file: shapes only; numbers stay the text that they are, trailing zeros and all: checksums need them.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from mmtui.venues.numbers import Id, Millis, Seq


class SpotFrame(msgspec.Struct, gc=False):
    """Data of a channel, or the answer to a request."""

    channel: str = ""
    type: str = ""
    data: msgspec.Raw = msgspec.Raw()
    method: str = ""
    success: bool | None = None
    error: msgspec.Raw = msgspec.Raw()


class Level(msgspec.Struct, gc=False):
    """A level of either product."""

    price: msgspec.Raw
    qty: msgspec.Raw


class SpotBook(msgspec.Struct, gc=False):
    symbol: str
    bids: list[Level]
    asks: list[Level]
    checksum: int
    timestamp: str = ""


class SpotTrade(msgspec.Struct, gc=False):
    symbol: str
    side: Literal["buy", "sell"]
    price: msgspec.Raw
    qty: msgspec.Raw
    trade_id: Id
    timestamp: str


class SpotTicker(msgspec.Struct, gc=False):
    symbol: str
    bid: msgspec.Raw
    bid_qty: msgspec.Raw
    ask: msgspec.Raw
    ask_qty: msgspec.Raw
    timestamp: str = ""


class FuturesFrame(msgspec.Struct, gc=False):
    """Any frame of the futures."""

    feed: str = ""
    event: str = ""
    message: str = ""


class FuturesSnapshot(msgspec.Struct, gc=False):
    product_id: str
    timestamp: Millis
    seq: Seq
    bids: list[Level]
    asks: list[Level]


class FuturesBook(msgspec.Struct, gc=False):
    """One level a message."""

    product_id: str
    side: Literal["buy", "sell"]
    seq: Seq
    price: msgspec.Raw
    qty: msgspec.Raw
    timestamp: Millis


class FuturesTrade(msgspec.Struct, gc=False):
    product_id: str
    side: Literal["buy", "sell"]
    type: str  # fill, liquidation, assignment, termination, block
    seq: Id
    time: Millis
    qty: msgspec.Raw
    price: msgspec.Raw


class FuturesTicker(msgspec.Struct, gc=False):
    product_id: str
    time: Millis
    bid: msgspec.Raw = msgspec.Raw()
    bid_size: msgspec.Raw = msgspec.Raw()
    ask: msgspec.Raw = msgspec.Raw()
    ask_size: msgspec.Raw = msgspec.Raw()
    markPrice: msgspec.Raw = msgspec.Raw()
    index: msgspec.Raw = msgspec.Raw()
    relative_funding_rate: msgspec.Raw = msgspec.Raw()
    next_funding_rate_time: Millis = 0
