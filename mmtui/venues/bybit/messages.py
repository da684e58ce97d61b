"""The venue's public messages (v5) as typed structs.

Rules of this file: shapes only; decimal texts stay text.
"""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from mmtui.venues.numbers import Millis, Seq

Levels = list[Annotated[list[str], Meta(min_length=2)]]


class Frame(msgspec.Struct, gc=False):
    """Any frame: data of a topic, or the answer to a request."""

    topic: str = ""
    type: str = ""
    ts: Millis = 0
    data: msgspec.Raw = msgspec.Raw()
    cs: Seq = 0
    cts: Millis = 0
    success: bool | None = None
    ret_msg: str = ""
    op: str = ""


class Book(msgspec.Struct, gc=False):
    """orderbook.N; also the answer of the REST call."""

    s: str
    b: Levels
    a: Levels
    u: Seq
    seq: Seq = -1
    ts: Millis = 0


class Answer(msgspec.Struct, gc=False):
    """A REST answer; the book's has its fields in `result`."""

    retCode: int
    result: msgspec.Raw = msgspec.Raw()


class PublicTrade(msgspec.Struct, gc=False):
    """publicTrade; BT: a block trade, outside the book."""

    T: Millis
    s: str
    S: Literal["Buy", "Sell"]
    v: str
    p: str
    i: str
    BT: bool = False


class RestTrade(msgspec.Struct, gc=False):
    symbol: str
    execId: str
    price: str
    size: str
    side: Literal["Buy", "Sell"]
    time: str
    isBlockTrade: bool = False


class RestTrades(msgspec.Struct, gc=False):
    """`result` of the recent trades."""

    rows: list[RestTrade] = msgspec.field(name="list")


class Ticker(msgspec.Struct, gc=False):
    """tickers: a delta holds only what has changed (None: not told)."""

    symbol: str
    markPrice: str | None = None
    indexPrice: str | None = None
    fundingRate: str | None = None
    nextFundingTime: str | None = None
    bid1Price: str | None = None
    bid1Size: str | None = None
    ask1Price: str | None = None
    ask1Size: str | None = None


class Forced(msgspec.Struct, gc=False):
    """allLiquidation; S is the side of the position: Buy, a long one was sold."""

    T: Millis
    s: str
    S: Literal["Buy", "Sell"]
    v: str
    p: str
