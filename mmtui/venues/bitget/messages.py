"""The venue's public messages as typed structs: v2 and v3 side by side, where their fields differ.

Rules of this file: shapes only; decimal texts stay text.
"""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from mmtui.venues.numbers import Millis, Seq

Levels = list[Annotated[list[str], Meta(min_length=2)]]


class Arg(msgspec.Struct, gc=False):
    """v2: channel and instId; v3: topic and symbol."""

    instType: str = ""
    channel: str = ""
    topic: str = ""
    instId: str = ""
    symbol: str = ""


class Frame(msgspec.Struct, gc=False):
    action: str = ""
    arg: Arg | None = None
    data: msgspec.Raw = msgspec.Raw()
    ts: Millis = 0
    event: str = ""
    msg: str = ""


class Book(msgspec.Struct, gc=False):
    """asks and bids in v2, a and b in v3."""

    ts: str
    asks: Levels = []
    bids: Levels = []
    a: Levels = []
    b: Levels = []
    checksum: int = 0
    seq: Seq = -1
    pseq: Seq = -1


class TradeV2(msgspec.Struct, gc=False):
    ts: str
    price: str
    size: str
    side: Literal["buy", "sell"]
    tradeId: str


class TradeV3(msgspec.Struct, gc=False):
    T: str
    p: str
    v: str
    S: Literal["buy", "sell"]
    i: str


class Ticker(msgspec.Struct, gc=False):
    """Futures have marks, spot has none."""

    markPrice: str | None = None
    indexPrice: str | None = None
    fundingRate: str | None = None
    nextFundingTime: str | None = None
    bidPr: str = ""
    bidSz: str = ""
    askPr: str = ""
    askSz: str = ""
    bid1Price: str = ""
    bid1Size: str = ""
    ask1Price: str = ""
    ask1Size: str = ""


class Liquidation(msgspec.Struct, gc=False):
    """`side` is that of the position: buy, a long one was sold."""

    symbol: str
    side: Literal["buy", "sell"]
    price: str
    amount: str
    ts: str
