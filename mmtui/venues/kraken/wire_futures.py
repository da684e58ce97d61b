"""Raw public frames of Kraken Futures (WebSocket v1) -> events.

The rule of a book: seq is the seq before + 1, for each product; a book_snapshot replaces the book.

Rules of this file: sans-IO and pure; `decode` never raises.
"""

from __future__ import annotations

from typing import ClassVar

import msgspec

from mmtui.core.events import Event
from mmtui.venues.kraken import messages as m
from mmtui.venues.kraken.public import FUTURES
from mmtui.venues.market_decoder import MarketDecoder, chunks
from mmtui.venues.market_facts import MarketFacts
from mmtui.venues.market_feed import Feed
from mmtui.venues.numbers import text

MS = 1_000_000
_FRAME = msgspec.json.Decoder(m.FuturesFrame)
_BOOK = msgspec.json.Decoder(m.FuturesBook)
_SNAPSHOT = msgspec.json.Decoder(m.FuturesSnapshot)
_TRADE = msgspec.json.Decoder(m.FuturesTrade)
_TICKER = msgspec.json.Decoder(m.FuturesTicker)


def _book(feed: Feed, ts: int, d: m.FuturesBook) -> list[Event]:
    level = [(text(d.price), text(d.qty))]
    bids, asks = (level, []) if d.side == "buy" else ([], level)
    delta = feed.delta(ts, d.timestamp * MS, d.seq, d.seq, bids, asks)
    return [*feed.link(ts, feed.last + 1, d.seq, d.seq, "seq is not the seq before + 1"), delta]


def _snapshot(feed: Feed, ts: int, d: m.FuturesSnapshot) -> list[Event]:
    bids, asks = ([(text(level.price), text(level.qty)) for level in side] for side in (d.bids, d.asks))
    event = feed.snapshot(ts, d.timestamp * MS, d.seq, bids, asks)
    feed.begin(d.seq)
    return [event]


def _trade(feed: Feed, ts: int, d: m.FuturesTrade) -> list[Event]:
    """Blocks are agreed outside the book. Ids are those of the feed: a trade's own is a UUID."""
    if d.type == "block" or d.seq <= feed.trade_id:
        return []
    stamp, price, size, side = d.time * MS, text(d.price), text(d.qty), 1 if d.side == "buy" else -1
    events = feed.next_trade(ts, stamp, d.seq, price, size, side)
    if d.type == "liquidation":
        events += feed.liquidation(ts, stamp, price, size, side)
    return events


def _ticker(feed: Feed, ts: int, d: m.FuturesTicker) -> list[Event]:
    """Has no id: never newer than the book."""
    stamp = d.time * MS
    events: list[Event] = []
    if d.bid_size and d.ask_size:
        bid, ask = (text(d.bid), text(d.bid_size)), (text(d.ask), text(d.ask_size))
        events = [feed.quote(ts, stamp, max(feed.last, 0), bid, ask)]
    if d.markPrice:
        rate = text(d.relative_funding_rate) if d.relative_funding_rate else None
        due = d.next_funding_rate_time * MS if rate is not None else None
        events += feed.marks(ts, stamp, text(d.markPrice), text(d.index) if d.index else None, rate, due)
    return events


class Decoder(MarketDecoder):
    """Public frames of Kraken Futures."""

    facts: ClassVar[MarketFacts] = FUTURES

    @classmethod
    def mine(cls, body: bytes, address: str = "") -> bool:
        return b'"feed"' in body

    def _frame(self, ts: int, body: bytes) -> None:
        frame = _FRAME.decode(body)
        self._kind = frame.feed[:80] or "frame"
        if frame.event in ("error", "alert"):
            self._refusal(ts, frame.message)
        elif frame.event:
            return
        elif frame.feed == "book":
            book = _BOOK.decode(body)
            self._apply(ts, self._feed(book.product_id), _book, book)
        elif frame.feed == "book_snapshot":
            snapshot = _SNAPSHOT.decode(body)
            self._apply(ts, self._feed(snapshot.product_id), _snapshot, snapshot)
        elif frame.feed == "trade":  # trade_snapshot is of the past
            trade = _TRADE.decode(body)
            self._apply(ts, self._feed(trade.product_id), _trade, trade)
        elif frame.feed == "ticker":
            ticker = _TICKER.decode(body)
            self._apply(ts, self._feed(ticker.product_id), _ticker, ticker)

    # -- what leaves ---------------------------------------------------------------------------------------------

    def subscriptions(self) -> list[bytes]:
        names = (FUTURES.book, FUTURES.trades, FUTURES.quotes)
        groups = list(chunks(list(self.feeds), FUTURES.batch))
        return [_request("subscribe", name, symbols) for symbols in groups for name in names]

    def resubscribe(self, symbol: str) -> list[bytes]:
        return [_request(event, FUTURES.book, [symbol]) for event in ("unsubscribe", "subscribe")]


def _request(event: str, feed: str, symbols: list[str]) -> bytes:
    return msgspec.json.encode({"event": event, "feed": feed, "product_ids": symbols})
