"""Raw public frames of Bitget (v2 and v3) -> events.

The rule of a book: pseq is the seq before.  Messages without seq (v2) carry the CRC32 of the best 25 levels as the
venue wrote them ("bid:size:ask:size ..."); 0 means none.

Rules of this file: sans-IO and pure; `decode` never raises.
"""

from __future__ import annotations

import zlib
from itertools import zip_longest
from typing import ClassVar

import msgspec

from mmtui.core.events import BookDelta, BookSnapshot, Event
from mmtui.venues.binance.grid import WireError
from mmtui.venues.bitget import messages as m
from mmtui.venues.bitget.public import BITGET
from mmtui.venues.market_decoder import MarketDecoder, chunks
from mmtui.venues.market_facts import MarketFacts
from mmtui.venues.market_feed import Feed
from mmtui.venues.numbers import id_of, ns_of_ms
from mmtui.venues.top_book import TopBook

MS = 1_000_000
CHECKED = 25
_FRAME = msgspec.json.Decoder(m.Frame)
_BOOKS = msgspec.json.Decoder(list[m.Book])
_TRADES_V2 = msgspec.json.Decoder(list[m.TradeV2])
_TRADES_V3 = msgspec.json.Decoder(list[m.TradeV3])
_TICKERS = msgspec.json.Decoder(list[m.Ticker])
_LIQUIDATIONS = msgspec.json.Decoder(list[m.Liquidation])


def checksum(top: TopBook) -> int:
    """Signed CRC32 of the best levels, bid and ask in turn."""
    sides = zip_longest(top.bids.best(CHECKED), top.asks.best(CHECKED))
    crc = zlib.crc32(":".join(word for pair in sides for word in pair if word).encode())
    return crc - (crc >> 31 << 32)


def _keep(top: TopBook, event: BookSnapshot | BookDelta, bids: m.Levels, asks: m.Levels) -> None:
    """The words of the levels, by the ticks that they are; a snapshot has left out those of size 0."""
    for side, prices, sizes, levels in (
        (top.bids, event.bid_px, event.bid_sz, bids),
        (top.asks, event.ask_px, event.ask_sz, asks),
    ):
        if len(prices) == len(levels):
            words = [f"{row[0]}:{row[1]}" if size else "" for row, size in zip(levels, sizes, strict=True)]
            side.apply(prices, words)


def _snapshot(feed: Feed, ts: int, d: m.Book) -> list[Event]:
    bids, asks = d.b or d.bids, d.a or d.asks
    event = feed.snapshot(ts, ns_of_ms(d.ts), max(d.seq, 0), bids, asks)
    feed.begin(d.seq)
    feed.top = None
    if d.seq < 0:
        feed.top = TopBook()
        _keep(feed.top, event, bids, asks)
    return [event]


def _update(feed: Feed, ts: int, d: m.Book) -> list[Event]:
    bids, asks = d.b or d.bids, d.a or d.asks
    delta = feed.delta(ts, ns_of_ms(d.ts), max(d.pseq + 1, 0), max(d.seq, 0), bids, asks)
    if d.seq >= 0:
        return [*feed.link(ts, feed.last, d.pseq, d.seq, "pseq is not the seq before"), delta]
    if feed.top is not None:
        _keep(feed.top, delta, bids, asks)
        found = checksum(feed.top)
        if d.checksum and d.checksum != found:
            return [feed.lose(ts, d.checksum, found, "the checksum is wrong"), delta]
    return [delta]


def _best(feed: Feed, ts: int, d: m.Book) -> list[Event]:
    bids, asks = d.b or d.bids, d.a or d.asks
    bid, ask = (side[0] if side else ("0", "0") for side in (bids, asks))
    return [feed.quote(ts, ns_of_ms(d.ts), d.seq if d.seq >= 0 else max(feed.last, 0), bid, ask)]


def _trade_v2(feed: Feed, ts: int, d: m.TradeV2) -> list[Event]:
    return feed.trade(ts, ns_of_ms(d.ts), id_of(d.tradeId), d.price, d.size, 1 if d.side == "buy" else -1)


def _trade_v3(feed: Feed, ts: int, d: m.TradeV3) -> list[Event]:
    return feed.trade(ts, ns_of_ms(d.T), id_of(d.i), d.p, d.v, 1 if d.S == "buy" else -1)


def _ticker(feed: Feed, ts: int, stamp: int, d: m.Ticker) -> list[Event]:
    """Has no id: never newer than the book."""
    events: list[Event] = []
    bid, ask = (d.bid1Price or d.bidPr, d.bid1Size or d.bidSz), (d.ask1Price or d.askPr, d.ask1Size or d.askSz)
    if all((*bid, *ask)):
        events = [feed.quote(ts, stamp, max(feed.last, 0), bid, ask)]
    if d.markPrice:
        due = ns_of_ms(d.nextFundingTime) if d.nextFundingTime and d.nextFundingTime != "0" else None
        events += feed.marks(ts, stamp, d.markPrice, d.indexPrice, d.fundingRate, due)
    return events


def _liquidation(feed: Feed, ts: int, d: m.Liquidation) -> list[Event]:
    return feed.liquidation(ts, ns_of_ms(d.ts), d.price, d.amount, -1 if d.side == "buy" else 1)


class Decoder(MarketDecoder):
    """Public frames of Bitget."""

    facts: ClassVar[MarketFacts] = BITGET
    book_bytes: ClassVar[bytes | None] = b'"books"'

    def _frame(self, ts: int, body: bytes) -> None:
        if body == b"pong":
            return
        frame = _FRAME.decode(body)
        if frame.event == "error":
            self._refusal(ts, frame.msg)
        elif frame.arg is not None and frame.data and not frame.event:
            channel, symbol = frame.arg.channel or frame.arg.topic, frame.arg.instId or frame.arg.symbol
            self._kind = f"{channel} {symbol}".strip()[:80]
            self._channel(ts, channel, symbol, frame)

    def _channel(self, ts: int, channel: str, symbol: str, frame: m.Frame) -> None:
        whole = frame.action == "snapshot"
        if channel == "books1":
            for book in _BOOKS.decode(frame.data):
                self._apply(ts, self._feed(symbol), _best, book)
        elif channel == "books" or (channel in ("books5", "books15", "books50") and self.everything):
            if frame.action not in ("snapshot", "update"):
                raise WireError(f"action {frame.action[:40]!r}")
            for book in _BOOKS.decode(frame.data):
                self._apply(ts, self._feed(symbol), _snapshot if whole else _update, book)
        elif channel == "trade" and not whole:  # the snapshot is of the past
            for trade in _TRADES_V2.decode(frame.data):
                self._apply(ts, self._feed(symbol), _trade_v2, trade)
        elif channel == "publicTrade" and not whole:
            for deal in _TRADES_V3.decode(frame.data):
                self._apply(ts, self._feed(symbol), _trade_v3, deal)
        elif channel == "ticker":
            for ticker in _TICKERS.decode(frame.data):
                self._apply(ts, self._feed(symbol), _ticker, frame.ts * MS, ticker)
        elif channel == "liquidation":
            for forced in _LIQUIDATIONS.decode(frame.data):
                feed = self.feeds.get(forced.symbol)
                if feed is not None:  # the channel tells of every symbol
                    self._apply(ts, feed, _liquidation, forced)

    # -- what leaves ---------------------------------------------------------------------------------------------

    def subscriptions(self) -> list[bytes]:
        args = [
            {"instType": _type(feed), "topic": name, "symbol": symbol}
            for symbol, feed in self.feeds.items()
            for name in (BITGET.book, BITGET.quotes, BITGET.trades, BITGET.marks)
        ]
        return [_request("subscribe", part) for part in chunks(args, BITGET.batch)]

    def resubscribe(self, symbol: str) -> list[bytes]:
        args = [{"instType": _type(self.feeds[symbol]), "topic": BITGET.book, "symbol": symbol}]
        return [_request("unsubscribe", args), _request("subscribe", args)]


def _type(feed: Feed) -> str:
    item = feed.instrument
    return {"spot": "spot", "inverse": "coin-futures"}.get(item.kind, f"{item.quote.lower()}-futures")


def _request(op: str, args: list[dict[str, str]]) -> bytes:
    return msgspec.json.encode({"op": op, "args": args})
