"""The venue's public messages as typed structs.

Rules of this file: shapes only; numbers stay the text that they are.
"""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from mmtui.venues.numbers import Id

NOTHING = msgspec.Raw(b"null")


class Frame(msgspec.Struct, gc=False):
    """Rows of a table, or the answer to a request."""

    table: str = ""
    action: str = ""
    data: msgspec.Raw = msgspec.Raw()
    error: msgspec.Raw = msgspec.Raw()


class Row(msgspec.Struct, gc=False):
    """orderBookL2: a price may be missing in updates and deletes."""

    symbol: str
    id: Id
    side: Literal["Buy", "Sell"]
    size: msgspec.Raw = NOTHING
    price: msgspec.Raw = NOTHING
    timestamp: str = ""


class Ten(msgspec.Struct, gc=False):
    """orderBook10: the best ten levels a side."""

    symbol: str
    bids: list[Annotated[list[msgspec.Raw], Meta(min_length=2)]]
    asks: list[Annotated[list[msgspec.Raw], Meta(min_length=2)]]
    timestamp: str


class Quote(msgspec.Struct, gc=False):
    symbol: str
    timestamp: str
    bidPrice: msgspec.Raw = NOTHING
    bidSize: msgspec.Raw = NOTHING
    askPrice: msgspec.Raw = NOTHING
    askSize: msgspec.Raw = NOTHING


class PublicTrade(msgspec.Struct, gc=False):
    """`side` is the taker's."""

    symbol: str
    timestamp: str
    side: Literal["Buy", "Sell"]
    size: msgspec.Raw
    price: msgspec.Raw
    trdMatchID: str


class Marks(msgspec.Struct, gc=False):
    """instrument and funding: only what has changed."""

    symbol: str
    timestamp: str = ""
    markPrice: msgspec.Raw = NOTHING
    indexPrice: msgspec.Raw = NOTHING
    fundingRate: msgspec.Raw = NOTHING
    fundingTimestamp: str | None = None


class Liquidation(msgspec.Struct, gc=False):
    """`side` is the order's."""

    symbol: str
    side: Literal["Buy", "Sell"]
    price: msgspec.Raw
    leavesQty: msgspec.Raw
