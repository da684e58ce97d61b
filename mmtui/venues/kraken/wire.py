"""Raw public frames of Kraken spot (WebSocket v2) -> events.

There is no sequence: every message of a book carries the CRC32 of the best ten levels a side after it, which is
computed from the numbers as the venue wrote them and compared on every message.  Levels that fall out of the
subscribed depth are not told by the venue; they are removed here.  A snapshot that its checksum disproves is refused.
The ids of the events are a count of our own.

Rules of this file: sans-IO and pure; `decode` never raises.
"""

from __future__ import annotations

import zlib
from typing import ClassVar

import msgspec

from mmtui.core.events import BookDelta, Event
from mmtui.venues.binance.grid import WireError
from mmtui.venues.kraken import messages as m
from mmtui.venues.kraken.public import SPOT
from mmtui.venues.market_decoder import MarketDecoder, chunks
from mmtui.venues.market_facts import MarketFacts
from mmtui.venues.market_feed import Feed
from mmtui.venues.numbers import ns_of_iso, text
from mmtui.venues.top_book import TopBook

#: Levels a side in the checksum.
CHECKED = 10
WHY = "the checksum is wrong"

_FRAME = msgspec.json.Decoder(m.SpotFrame)
_BOOK = msgspec.json.Decoder(list[m.SpotBook])
_TRADES = msgspec.json.Decoder(list[m.SpotTrade])
_TICKER = msgspec.json.Decoder(list[m.SpotTicker])

_Pairs = list[tuple[str, str]]


def checksum(top: TopBook) -> int:
    """CRC32 of "price qty" of the best asks, then bids, without points and leading zeros (the venue's guide)."""
    return zlib.crc32("".join(top.asks.best(CHECKED) + top.bids.best(CHECKED)).encode())


def _word(price: str, size: str) -> str:
    return price.replace(".", "").lstrip("0") + size.replace(".", "").lstrip("0")


def _pairs(levels: list[m.Level]) -> _Pairs:
    return [(text(level.price), text(level.qty)) for level in levels]


def _words(pairs: _Pairs, sizes: list[int]) -> list[str]:
    return [_word(*pair) if size else "" for pair, size in zip(pairs, sizes, strict=True)]


def _cut(top: TopBook, delta: BookDelta, depth: int) -> None:
    """Levels beyond the depth leave with the update that pushed them out."""
    for side, prices, sizes in ((top.bids, delta.bid_px, delta.bid_sz), (top.asks, delta.ask_px, delta.ask_sz)):
        gone = side.cut(depth)
        prices += gone
        sizes += [0] * len(gone)


class Decoder(MarketDecoder):
    """Public frames of Kraken spot."""

    facts: ClassVar[MarketFacts] = SPOT
    book_bytes: ClassVar[bytes | None] = b'"book"'

    @classmethod
    def mine(cls, body: bytes, address: str = "") -> bool:
        return b'"feed"' not in body

    def _frame(self, ts: int, body: bytes) -> None:
        frame = _FRAME.decode(body)
        channel = frame.channel
        self._kind = channel[:80] or "frame"
        if channel == "book":
            if frame.type not in ("snapshot", "update"):
                raise WireError(f"type {frame.type[:40]!r}")
            for book in _BOOK.decode(frame.data):
                self._kind = f"book {book.symbol}"[:80]
                self._apply(ts, self._feed(book.symbol), self._snapshot if frame.type == "snapshot" else _update, book)
        elif channel == "trade" and frame.type == "update":  # the snapshot is of the past
            for trade in _TRADES.decode(frame.data):
                self._apply(ts, self._feed(trade.symbol), _trade, trade)
        elif channel == "ticker":
            for ticker in _TICKER.decode(frame.data):
                self._apply(ts, self._feed(ticker.symbol), _ticker, ticker)
        elif frame.success is False:
            self._refusal(ts, f"{frame.method}: {bytes(frame.error).decode(errors='replace')}")

    def _snapshot(self, feed: Feed, ts: int, d: m.SpotBook) -> list[Event]:
        bids, asks = _pairs(d.bids), _pairs(d.asks)
        seq = max(feed.last, 0) + 1
        event = feed.snapshot(ts, ns_of_iso(d.timestamp), seq, bids, asks)
        top = TopBook()
        for side, pairs, units in ((top.bids, bids, feed.ticks), (top.asks, asks, feed.ticks)):
            side.apply([units[price] for price, _ in pairs], _words(pairs, [feed.lots[size] for _, size in pairs]))
        found = checksum(top)
        if found != d.checksum:
            self.refused.append(event)
            return [feed.lose(ts, d.checksum, found, WHY)]
        feed.begin(seq)
        feed.top = top
        return [event]

    # -- what leaves ---------------------------------------------------------------------------------------------

    def subscriptions(self) -> list[bytes]:
        requests: list[bytes] = []
        for symbols in chunks(list(self.feeds), SPOT.batch):
            requests += [
                _request("subscribe", {"channel": "book", "symbol": symbols, "depth": SPOT.depth}),
                _request("subscribe", {"channel": "trade", "symbol": symbols, "snapshot": False}),
                _request("subscribe", {"channel": "ticker", "symbol": symbols, "event_trigger": "bbo"}),
            ]
        return requests

    def resubscribe(self, symbol: str) -> list[bytes]:
        params = {"channel": "book", "symbol": [symbol], "depth": SPOT.depth}
        return [_request("unsubscribe", params), _request("subscribe", params)]


def _update(feed: Feed, ts: int, d: m.SpotBook) -> list[Event]:
    bids, asks = _pairs(d.bids), _pairs(d.asks)
    seq = max(feed.last, 0) + 1
    delta = feed.delta(ts, ns_of_iso(d.timestamp), seq, seq, bids, asks)
    feed.last, top = seq, feed.top
    if top is None:
        return [delta]  # no snapshot yet: nothing to compare with
    top.bids.apply(delta.bid_px, _words(bids, delta.bid_sz))
    top.asks.apply(delta.ask_px, _words(asks, delta.ask_sz))
    _cut(top, delta, SPOT.depth)
    found = checksum(top)
    return [delta] if found == d.checksum else [feed.lose(ts, d.checksum, found, WHY), delta]


def _trade(feed: Feed, ts: int, d: m.SpotTrade) -> list[Event]:
    side = 1 if d.side == "buy" else -1
    return feed.next_trade(ts, ns_of_iso(d.timestamp), d.trade_id, text(d.price), text(d.qty), side)


def _ticker(feed: Feed, ts: int, d: m.SpotTicker) -> list[Event]:
    """Has no id: never newer than the book."""
    bid, ask = (text(d.bid), text(d.bid_qty)), (text(d.ask), text(d.ask_qty))
    return [feed.quote(ts, ns_of_iso(d.timestamp), max(feed.last, 0), bid, ask)]


def _request(method: str, params: dict[str, object]) -> bytes:
    return msgspec.json.encode({"method": method, "params": params})
