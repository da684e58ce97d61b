"""The venue's public messages as typed structs: Advanced Trade, and the older Exchange feed.

Rules of this file: shapes only; decimal texts stay text.
"""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from mmtui.venues.numbers import Id, Seq


class Frame(msgspec.Struct, gc=False):
    """Any frame of Advanced Trade; the Exchange feed's have a type."""

    channel: str = ""
    timestamp: str = ""
    sequence_num: Seq = -1
    events: msgspec.Raw = msgspec.Raw()
    type: str = ""
    message: str = ""
    product_id: str = ""
    pricebook: msgspec.Raw = msgspec.Raw()


class Update(msgspec.Struct, gc=False):
    side: Literal["bid", "offer"]
    price_level: str
    new_quantity: str


class Book(msgspec.Struct, gc=False):
    """An event of l2_data."""

    type: Literal["snapshot", "update"]
    product_id: str
    updates: list[Update]


class PublicTrade(msgspec.Struct, gc=False):
    """`side` is the maker's."""

    trade_id: str
    product_id: str
    price: str
    size: str
    side: Literal["BUY", "SELL"]
    time: str


class Trades(msgspec.Struct, gc=False):
    """An event of market_trades; a snapshot holds trades of the past."""

    type: str
    trades: list[PublicTrade]


class Ticker(msgspec.Struct, gc=False):
    product_id: str
    best_bid: str = ""
    best_bid_quantity: str = ""
    best_ask: str = ""
    best_ask_quantity: str = ""


class Tickers(msgspec.Struct, gc=False):
    """An event of ticker."""

    tickers: list[Ticker]


class RestLevel(msgspec.Struct, gc=False):
    price: str
    size: str


class PriceBook(msgspec.Struct, gc=False):
    """The answer about a product's book."""

    product_id: str
    bids: list[RestLevel]
    asks: list[RestLevel]
    time: str


Levels = list[Annotated[list[str], Meta(min_length=2)]]


class ExchangeSnapshot(msgspec.Struct, gc=False):
    product_id: str
    bids: Levels
    asks: Levels
    time: str = ""


class ExchangeUpdate(msgspec.Struct, gc=False):
    product_id: str
    changes: list[tuple[Literal["buy", "sell"], str, str]]
    time: str


class ExchangeMatch(msgspec.Struct, gc=False):
    """`side` is the maker's."""

    product_id: str
    trade_id: Id
    side: Literal["buy", "sell"]
    price: str
    size: str
    time: str


class ExchangeTicker(msgspec.Struct, gc=False):
    """Sizes of the best prices came in 2022."""

    product_id: str
    best_bid: str
    best_ask: str
    time: str = ""
    best_bid_size: str = ""
    best_ask_size: str = ""
