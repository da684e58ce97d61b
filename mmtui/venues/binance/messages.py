"""The venue's public messages as typed structs, and what a frame is (depth, ticker, trade, ...) from its first bytes.

Rules of this file: shapes and recognition only; decimal texts stay text, nothing is checked against an instrument.
"""

from __future__ import annotations

import re
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

#: Milliseconds (or microseconds, where a spot stream was asked for them) that fit an int64 as ns; ids that fit one.
Millis = Annotated[int, Meta(ge=0, le=9_000_000_000_000_000)]
Id = Annotated[int, Meta(ge=0, le=(1 << 62))]
Levels = list[tuple[str, str]]


class Depth(msgspec.Struct, gc=False):
    """depthUpdate; `pu` and `T` (when it was matched; `E` is when it was sent) only on futures."""

    e: Literal["depthUpdate"]
    E: Millis
    s: str
    U: Id
    u: Id
    b: Levels
    a: Levels
    pu: Annotated[int, Meta(ge=-1, le=(1 << 62))] = -1
    T: Millis = 0


class Ticker(msgspec.Struct, gc=False):
    """bookTicker; spot has neither `e` nor `E`."""

    u: Id
    s: str
    b: str
    B: str
    a: str
    A: str
    E: Millis = 0
    e: Literal["bookTicker", ""] = ""


class PublicTrade(msgspec.Struct, gc=False):
    """trade; `X` only on futures (MARKET: from the book)."""

    e: Literal["trade"]
    s: str
    t: Id
    p: str
    q: str
    T: Millis
    m: bool
    X: str = "MARKET"


class AggTrade(msgspec.Struct, gc=False):
    """aggTrade: the trades f..l of one taker at one price."""

    e: Literal["aggTrade"]
    s: str
    f: Id
    l: Id  # noqa: E741 - the venue's name
    p: str
    q: str
    T: Millis
    m: bool


class Mark(msgspec.Struct, gc=False):
    """markPriceUpdate; dated contracts have an empty rate."""

    e: Literal["markPriceUpdate"]
    E: Millis
    s: str
    p: str
    i: str = ""
    r: str = ""
    T: Millis = 0


class ForcedOrder(msgspec.Struct, gc=False):
    s: str
    S: Literal["BUY", "SELL"]
    p: str
    q: str
    T: Millis
    ap: str = ""
    z: str = ""


class Forced(msgspec.Struct, gc=False):
    e: Literal["forceOrder"]
    E: Millis
    o: ForcedOrder


class Snapshot(msgspec.Struct, gc=False):
    """The answer of the REST depth call; names its symbol on COIN-M only, has `E` on futures only."""

    lastUpdateId: Id
    bids: Levels
    asks: Levels
    E: Millis = 0
    symbol: str = ""


class Probe(msgspec.Struct, gc=False):
    """The fields by which kind, market and symbol are told. `stream` and `data` are those of a combined frame."""

    stream: str = ""
    data: msgspec.Raw = msgspec.Raw()
    e: str = ""
    s: str = ""
    symbol: str = ""
    lastUpdateId: int = -1
    pu: int = -1
    u: int = -1
    E: int = -1
    B: msgspec.Raw = msgspec.Raw()
    M: bool | None = None
    X: str = ""
    o: msgspec.Raw = msgspec.Raw()


DEPTH, TICKER, TRADE, AGG, MARK, FORCED, SNAPSHOT, OTHER = range(8)

#: name after the symbol in a combined stream -> kind. Partial books (depth5, depth20) are not updates: passed over.
STREAMS: dict[bytes, int] = {
    b"depth": DEPTH,
    b"depth@0ms": DEPTH,
    b"depth@100ms": DEPTH,
    b"depth@250ms": DEPTH,
    b"depth@500ms": DEPTH,
    b"depth@1000ms": DEPTH,
    b"bookTicker": TICKER,
    b"trade": TRADE,
    b"aggTrade": AGG,
    b"markPrice": MARK,
    b"markPrice@1s": MARK,
    b"markPrice@3s": MARK,
    b"forceOrder": FORCED,
}

#: `e` of a bare message -> kind.
EVENTS: dict[str, int] = {
    "depthUpdate": DEPTH,
    "bookTicker": TICKER,
    "trade": TRADE,
    "aggTrade": AGG,
    "markPriceUpdate": MARK,
    "forceOrder": FORCED,
}

PROBE = msgspec.json.Decoder(Probe)


#: Books of the best levels only, which are no updates: btcusdt@depth20@100ms.
PARTIAL = re.compile(r"@depth\d")


def kind_of(probe: Probe) -> int:
    """What a bare message is."""
    if probe.e:
        return EVENTS.get(probe.e, OTHER)
    if probe.lastUpdateId >= 0:
        return SNAPSHOT
    if probe.u >= 0 and probe.s and probe.B:
        return TICKER
    return OTHER
