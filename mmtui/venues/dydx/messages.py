"""The indexer's public messages as typed structs.

Rules of this file: shapes only; decimal texts stay text.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from mmtui.venues.numbers import Seq


class Frame(msgspec.Struct, gc=False):
    """type: connected, subscribed (contents: everything), channel_data, channel_batch_data (a list of contents)."""

    type: str = ""
    message_id: Seq = -1
    channel: str = ""
    id: str = ""
    contents: msgspec.Raw = msgspec.Raw()
    message: str = ""
    result: msgspec.Raw = msgspec.Raw()


class Level(msgspec.Struct, gc=False):
    price: str
    size: str


Side = list[tuple[str, str] | Level]


class Book(msgspec.Struct, gc=False):
    bids: Side = []
    asks: Side = []


class PublicTrade(msgspec.Struct, gc=False):
    """`side` is the taker's; type LIQUIDATED or DELEVERAGED for forced ones."""

    id: str
    side: Literal["BUY", "SELL"]
    size: str
    price: str
    createdAt: str
    type: str = ""


class Trades(msgspec.Struct, gc=False):
    trades: list[PublicTrade]


class Market(msgspec.Struct, gc=False):
    oraclePrice: str | None = None
    nextFundingRate: str | None = None
    effectiveAt: str = ""


class Markets(msgspec.Struct, gc=False):
    """Everything in `markets`, changes in `trading` and `oraclePrices`."""

    markets: dict[str, Market] = {}
    trading: dict[str, Market] = {}
    oraclePrices: dict[str, Market] = {}
