"""The venue's public messages as typed structs.

Rules of this file: shapes only; numbers stay the text that they are.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from mmtui.venues.numbers import Millis, Seq


class Params(msgspec.Struct, gc=False):
    channel: str = ""
    data: msgspec.Raw = msgspec.Raw()
    type: str = ""  # of a heartbeat


class Frame(msgspec.Struct, gc=False):
    """A notification, or the answer to a request."""

    method: str = ""
    params: Params | None = None
    error: msgspec.Raw = msgspec.Raw()
    result: msgspec.Raw = msgspec.Raw()


Change = tuple[Literal["new", "change", "delete"], msgspec.Raw, msgspec.Raw]


class Book(msgspec.Struct, gc=False):
    """book.X.raw and book.X.100ms."""

    instrument_name: str
    timestamp: Millis
    change_id: Seq
    bids: list[Change]
    asks: list[Change]
    type: Literal["snapshot", "change"]
    prev_change_id: Seq | None = None


class RestBook(msgspec.Struct, gc=False):
    """The answer of public/get_order_book."""

    instrument_name: str
    timestamp: Millis
    change_id: Seq
    bids: list[tuple[msgspec.Raw, msgspec.Raw]]
    asks: list[tuple[msgspec.Raw, msgspec.Raw]]


class PublicTrade(msgspec.Struct, gc=False):
    """`liquidation`: whose side was forced: M maker, T taker, MT both."""

    instrument_name: str
    timestamp: Millis
    trade_id: str
    direction: Literal["buy", "sell"]
    price: msgspec.Raw
    amount: msgspec.Raw
    liquidation: Literal["M", "T", "MT", ""] = ""
    block_trade_id: str = ""


class RestTrades(msgspec.Struct, gc=False):
    """The answer of public/get_last_trades_by_instrument."""

    trades: list[PublicTrade]


class Ticker(msgspec.Struct, gc=False):
    """ticker and quote (which has no mark): null for an empty side."""

    instrument_name: str
    timestamp: Millis
    best_bid_price: msgspec.Raw
    best_bid_amount: msgspec.Raw
    best_ask_price: msgspec.Raw
    best_ask_amount: msgspec.Raw
    mark_price: msgspec.Raw = msgspec.Raw()
    index_price: msgspec.Raw = msgspec.Raw()
    current_funding: msgspec.Raw = msgspec.Raw()
