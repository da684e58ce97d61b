"""Raw public frames of Coinbase Advanced Trade -> events.

The rule: every frame's sequence_num is the one before + 1, over all channels of the connection.  Nobody can say which
book a lost frame belonged to, so a gap makes every book invalid, before anything of the frame that shows it.

Rules of this file: sans-IO and pure; `decode` never raises.
"""

from __future__ import annotations

from typing import ClassVar

import msgspec

from mmtui.core.events import Event
from mmtui.venues.coinbase import messages as m
from mmtui.venues.coinbase.public import ADVANCED
from mmtui.venues.market_decoder import MarketDecoder, chunks
from mmtui.venues.market_facts import MarketFacts
from mmtui.venues.market_feed import Feed
from mmtui.venues.numbers import id_of, ns_of_iso

_FRAME = msgspec.json.Decoder(m.Frame)
_BOOKS = msgspec.json.Decoder(list[m.Book])
_TRADES = msgspec.json.Decoder(list[m.Trades])
_TICKERS = msgspec.json.Decoder(list[m.Tickers])
_PRICEBOOK = msgspec.json.Decoder(m.PriceBook)


def _book(feed: Feed, ts: int, stamp: int, seq: int, d: m.Book) -> list[Event]:
    bids = [(update.price_level, update.new_quantity) for update in d.updates if update.side == "bid"]
    asks = [(update.price_level, update.new_quantity) for update in d.updates if update.side == "offer"]
    if d.type == "update":
        return [feed.delta(ts, stamp, seq, seq, bids, asks)]
    event = feed.snapshot(ts, stamp, seq, bids, asks)
    feed.begin(seq)
    return [event]


def _price_book(feed: Feed, ts: int, d: m.PriceBook) -> list[Event]:
    bids, asks = ([(level.price, level.size) for level in side] for side in (d.bids, d.asks))
    event = feed.snapshot(ts, ns_of_iso(d.time), 0, bids, asks)
    feed.begin(0)
    return [event]


def _trade(feed: Feed, ts: int, d: m.PublicTrade) -> list[Event]:
    side = -1 if d.side == "BUY" else 1  # the maker bought: the taker sold
    return feed.next_trade(ts, ns_of_iso(d.time), id_of(d.trade_id), d.price, d.size, side)


def _ticker(feed: Feed, ts: int, stamp: int, seq: int, d: m.Ticker) -> list[Event]:
    if not d.best_bid_quantity or not d.best_ask_quantity:
        return []
    return [feed.quote(ts, stamp, seq, (d.best_bid, d.best_bid_quantity), (d.best_ask, d.best_ask_quantity))]


class Decoder(MarketDecoder):
    """Public frames of one connection."""

    facts: ClassVar[MarketFacts] = ADVANCED

    def __init__(self, v: int, feeds: dict[str, Feed], everything: bool = False) -> None:
        super().__init__(v, feeds, everything)
        self._last = -1  # sequence_num of the last frame

    @classmethod
    def mine(cls, body: bytes, address: str = "") -> bool:
        return b'"channel"' in body or b'"pricebook"' in body

    def reset(self) -> None:
        super().reset()
        self._last = -1

    def _frame(self, ts: int, body: bytes) -> None:
        frame = _FRAME.decode(body)
        if frame.type == "error":
            self._refusal(ts, frame.message)
            return
        if frame.pricebook and self.everything:
            book = _PRICEBOOK.decode(frame.pricebook)
            self._apply(ts, self._feed(book.product_id), _price_book, book)
            return
        seq = frame.sequence_num
        if not frame.channel or seq < 0:
            return
        self._kind = frame.channel[:80]
        if self._last >= 0 and seq != self._last + 1:
            self._lose_all(ts, self._last + 1, seq, "sequence_num is not the one before + 1")
        self._read(ts, frame, seq)
        self._last = seq

    def _read(self, ts: int, frame: m.Frame, seq: int) -> None:
        channel, stamp = frame.channel, ns_of_iso(frame.timestamp)
        if channel == "l2_data":
            for book in _BOOKS.decode(frame.events):
                self._apply(ts, self._feed(book.product_id), _book, stamp, seq, book)
        elif channel == "market_trades":
            for trades in _TRADES.decode(frame.events):
                if trades.type == "update":  # a snapshot is of the past
                    for trade in sorted(trades.trades, key=lambda trade: trade.time):
                        self._apply(ts, self._feed(trade.product_id), _trade, trade)
        elif channel in ("ticker", "ticker_batch"):
            for tickers in _TICKERS.decode(frame.events):
                for ticker in tickers.tickers:
                    self._apply(ts, self._feed(ticker.product_id), _ticker, stamp, seq, ticker)

    # -- what leaves ---------------------------------------------------------------------------------------------

    def subscriptions(self) -> list[bytes]:
        requests = [_request("subscribe", "heartbeats", [])]
        for symbols in chunks(list(self.feeds), ADVANCED.batch):
            names = (ADVANCED.book, ADVANCED.trades, ADVANCED.quotes)
            requests += [_request("subscribe", name, symbols) for name in names]
        return requests

    def resubscribe(self, symbol: str) -> list[bytes]:
        return [_request(kind, ADVANCED.book, [symbol]) for kind in ("unsubscribe", "subscribe")]


def _request(kind: str, channel: str, symbols: list[str]) -> bytes:
    return msgspec.json.encode({"type": kind, "channel": channel, "product_ids": symbols})
