"""Raw public frames of Bybit (v5) -> events.

The rule of a book: u is the u before + 1; a snapshot, and u = 1 whatever its type, replaces the book.  The cross
sequence `seq` is the id of the events: it orders books of every depth and tickers of a symbol among each other.

Rules of this file: sans-IO and pure; `decode` never raises.
"""

from __future__ import annotations

from typing import ClassVar

import msgspec

from mmtui.core.events import Event
from mmtui.venues.binance.grid import WireError
from mmtui.venues.bybit import messages as m
from mmtui.venues.bybit.public import BYBIT, SPOT
from mmtui.venues.market_decoder import MarketDecoder, chunks
from mmtui.venues.market_facts import MarketFacts
from mmtui.venues.market_feed import Feed
from mmtui.venues.numbers import id_of, ns_of_ms

MS = 1_000_000
_FRAME = msgspec.json.Decoder(m.Frame)
_BOOK = msgspec.json.Decoder(m.Book)
_TRADES = msgspec.json.Decoder(list[m.PublicTrade])
_TICKER = msgspec.json.Decoder(m.Ticker)
_FORCED = msgspec.json.Decoder(list[m.Forced])
_REST_TRADES = msgspec.json.Decoder(m.RestTrades)
_ANSWER = msgspec.json.Decoder(m.Answer)

#: Fields of a ticker that make a best quote.
_BEST = ("bid1Price", "bid1Size", "ask1Price", "ask1Size")


def _id(d: m.Book) -> int:
    return d.seq if d.seq >= 0 else max(d.u, 0)


def _snapshot(feed: Feed, ts: int, stamp: int, d: m.Book) -> list[Event]:
    event = feed.snapshot(ts, stamp, _id(d), d.b, d.a)
    feed.begin(d.u)
    return [event]


def _update(feed: Feed, ts: int, stamp: int, d: m.Book) -> list[Event]:
    seq = _id(d)
    delta = feed.delta(ts, stamp, seq, seq, d.b, d.a)
    return [*feed.link(ts, feed.last + 1, d.u, d.u, "u is not the u before + 1"), delta]


def _best(feed: Feed, ts: int, stamp: int, whole: bool, d: m.Book) -> list[Event]:
    """orderbook.1 beside a deeper book: told as a snapshot, then as changes of one or both sides."""
    forget = whole or d.u == 1
    known = {name: value for name, value in feed.quoted.items() if not forget or name in _BEST}
    for side, levels in (("b", d.b), ("a", d.a)):
        for price, size, *_ in levels:
            if feed.lots[size]:
                known[side], known[side + "q"] = price, size
            elif known.get(side) == price:
                known[side], known[side + "q"] = "0", "0"
    events: list[Event] = []
    if "b" in known and "a" in known:
        events = [feed.quote(ts, stamp, _id(d), (known["b"], known["bq"]), (known["a"], known["aq"]))]
    feed.quoted = known
    return events


def _ticker(feed: Feed, ts: int, stamp: int, seq: int, whole: bool, d: m.Ticker) -> list[Event]:
    known = {} if whole else {name: feed.quoted[name] for name in _BEST if name in feed.quoted}
    told = {name: value for name in _BEST if (value := getattr(d, name)) is not None}
    known |= told
    events: list[Event] = []
    if told and len(known) == len(_BEST):
        bid, ask = (known["bid1Price"], known["bid1Size"]), (known["ask1Price"], known["ask1Size"])
        events = [feed.quote(ts, stamp, seq, (bid[0] or "0", bid[1] or "0"), (ask[0] or "0", ask[1] or "0"))]
    funding = None if d.nextFundingTime is None else ns_of_ms(d.nextFundingTime)
    if d.markPrice is not None or d.indexPrice is not None or d.fundingRate is not None or funding is not None:
        events += feed.marks(ts, stamp, d.markPrice, d.indexPrice, d.fundingRate, funding)
    feed.quoted |= known
    return events


def _trade(feed: Feed, ts: int, d: m.PublicTrade) -> list[Event]:
    if d.BT:
        return []
    return feed.trade(ts, d.T * MS, id_of(d.i), d.p, d.v, 1 if d.S == "Buy" else -1)


def _rest_trade(feed: Feed, ts: int, d: m.RestTrade) -> list[Event]:
    if d.isBlockTrade:
        return []
    side = 1 if d.side == "Buy" else -1
    return feed.trade(ts, ns_of_ms(d.time), id_of(d.execId), d.price, d.size, side)


def _forced(feed: Feed, ts: int, d: m.Forced) -> list[Event]:
    return feed.liquidation(ts, d.T * MS, d.p, d.v, -1 if d.S == "Buy" else 1)


class Decoder(MarketDecoder):
    """Public frames of Bybit: one connection a kind of instrument."""

    facts: ClassVar[MarketFacts] = BYBIT

    def _frame(self, ts: int, body: bytes) -> None:
        frame = _FRAME.decode(body)
        if not frame.topic:
            if frame.success is False:
                self._refusal(ts, f"{frame.op}: {frame.ret_msg}")
            elif self.everything and body.startswith(b"{") and b'"retCode"' in body:
                self._answer(ts, body)
            return
        self._kind = frame.topic[:80]
        name, _, rest = frame.topic.partition(".")
        if name == "orderbook":
            depth, _, symbol = rest.partition(".")
            self._book(ts, depth, frame, self._feed(symbol))
        elif name in ("publicTrade", "trade"):
            for trade in _TRADES.decode(frame.data):
                self._apply(ts, self._feed(trade.s), _trade, trade)
        elif name == "tickers":
            ticker = _TICKER.decode(frame.data)
            feed = self._feed(ticker.symbol)
            self._apply(ts, feed, _ticker, frame.ts * MS, frame.cs, frame.type == "snapshot", ticker)
        elif name == "allLiquidation":
            for forced in _FORCED.decode(frame.data):
                self._apply(ts, self._feed(forced.s), _forced, forced)

    def _book(self, ts: int, depth: str, frame: m.Frame, feed: Feed) -> None:
        book = _BOOK.decode(frame.data)
        if frame.type not in ("snapshot", "delta"):
            raise WireError(f"type {frame.type[:40]!r}")
        if book.s != feed.instrument.symbol:
            raise WireError(f"a book of {book.s[:40]!r}")
        whole, stamp = frame.type == "snapshot", (frame.cts or frame.ts) * MS
        if self.everything or f"orderbook.{depth}" == BYBIT.book:
            self._apply(ts, feed, _snapshot if whole or book.u == 1 else _update, stamp, book)
        elif depth == "1":
            self._apply(ts, feed, _best, stamp, whole, book)

    def _answer(self, ts: int, body: bytes) -> None:
        """A REST answer in a file: a book, or trades, newest first."""
        answer = _ANSWER.decode(body)
        result = bytes(answer.result)
        if answer.retCode == 0 and b'"isBlockTrade"' in result:
            self._kind = "REST recent-trade"
            for trade in reversed(_REST_TRADES.decode(result).rows):
                self._apply(ts, self._feed(trade.symbol), _rest_trade, trade)
        elif answer.retCode == 0 and b'"u"' in result and b'"b"' in result:
            self._kind = "REST orderbook"
            book = _BOOK.decode(answer.result)
            self._apply(ts, self._feed(book.s), _snapshot, book.ts * MS, book)

    # -- what leaves ---------------------------------------------------------------------------------------------

    def subscriptions(self) -> list[bytes]:
        args: list[str] = []
        for symbol, feed in self.feeds.items():
            names = [BYBIT.book, BYBIT.quotes, BYBIT.trades]
            if feed.instrument.kind != "spot":
                names += [BYBIT.marks, BYBIT.liquidations]
            args += [f"{name}.{symbol}" for name in names]
        return [_request("subscribe", part) for part in chunks(args, BYBIT.batch)]

    def resubscribe(self, symbol: str) -> list[bytes]:
        args = [f"{BYBIT.book}.{symbol}"]
        return [_request("unsubscribe", args), _request("subscribe", args)]


class SpotDecoder(Decoder):
    """... of the spot stream, whose symbols are those of contracts too."""

    facts: ClassVar[MarketFacts] = SPOT


def _request(op: str, args: list[str]) -> bytes:
    return msgspec.json.encode({"op": op, "args": args})
