"""The venue's public messages as typed structs.

Rules of this file: shapes only; decimal texts stay text.
"""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from mmtui.venues.numbers import Seq

Levels = list[Annotated[list[str], Meta(min_length=2)]]  # price, size, (nothing), orders


class Arg(msgspec.Struct, gc=False):
    channel: str = ""
    instId: str = ""


class Frame(msgspec.Struct, gc=False):
    """Any frame: data of a channel, or the answer to a request."""

    arg: Arg | None = None
    action: str = ""
    data: msgspec.Raw = msgspec.Raw()
    event: str = ""
    code: str = ""
    msg: str = ""


class Book(msgspec.Struct, gc=False):
    """books, books-l2-tbt, books50-l2-tbt; books5 and bbo-tbt without the ids of before."""

    asks: Levels
    bids: Levels
    ts: str
    seqId: Seq = -1
    prevSeqId: Annotated[int, Meta(ge=-1, le=(1 << 53))] = -1  # -1: a snapshot


class PublicTrade(msgspec.Struct, gc=False):
    """trades (all of one taker at one price), trades-all."""

    instId: str
    tradeId: str
    px: str
    sz: str
    side: Literal["buy", "sell"]
    ts: str


class Ticker(msgspec.Struct, gc=False):
    bidPx: str
    bidSz: str
    askPx: str
    askSz: str
    ts: str


class Mark(msgspec.Struct, gc=False):
    markPx: str
    ts: str


class Index(msgspec.Struct, gc=False):
    idxPx: str
    ts: str


class Funding(msgspec.Struct, gc=False):
    fundingRate: str
    fundingTime: str
    ts: str = ""


class Bankruptcy(msgspec.Struct, gc=False):
    """One liquidation; `side` is that of the order."""

    side: Literal["buy", "sell"]
    sz: str
    bkPx: str
    ts: str


class Liquidations(msgspec.Struct, gc=False):
    instId: str
    details: list[Bankruptcy]
