"""Raw public frames of the older Coinbase Exchange feed -> events.

Its level2 has no sequence and no checksum: nothing proves a book beyond the order of TCP, so a frame that cannot be
read is a gap of every book of the connection.  The ids of the events are a count of our own.

Rules of this file: sans-IO and pure; `decode` never raises.
"""

from __future__ import annotations

from typing import ClassVar

import msgspec

from mmtui.core.events import Event
from mmtui.venues.coinbase import messages as m
from mmtui.venues.coinbase.public import EXCHANGE
from mmtui.venues.market_decoder import MarketDecoder
from mmtui.venues.market_facts import MarketFacts
from mmtui.venues.market_feed import Feed
from mmtui.venues.numbers import ns_of_iso

_FRAME = msgspec.json.Decoder(m.Frame)
_SNAPSHOT = msgspec.json.Decoder(m.ExchangeSnapshot)
_UPDATE = msgspec.json.Decoder(m.ExchangeUpdate)
_MATCH = msgspec.json.Decoder(m.ExchangeMatch)
_TICKER = msgspec.json.Decoder(m.ExchangeTicker)


def _snapshot(feed: Feed, ts: int, d: m.ExchangeSnapshot) -> list[Event]:
    seq = max(feed.last, 0) + 1
    event = feed.snapshot(ts, ns_of_iso(d.time), seq, d.bids, d.asks)
    feed.begin(seq)
    return [event]


def _update(feed: Feed, ts: int, d: m.ExchangeUpdate) -> list[Event]:
    bids = [(price, size) for side, price, size in d.changes if side == "buy"]
    asks = [(price, size) for side, price, size in d.changes if side == "sell"]
    seq = max(feed.last, 0) + 1
    delta = feed.delta(ts, ns_of_iso(d.time), seq, seq, bids, asks)
    feed.last = seq
    return [delta]


def _match(feed: Feed, ts: int, d: m.ExchangeMatch) -> list[Event]:
    side = -1 if d.side == "buy" else 1  # the maker bought: the taker sold
    return feed.next_trade(ts, ns_of_iso(d.time), d.trade_id, d.price, d.size, side)


def _ticker(feed: Feed, ts: int, d: m.ExchangeTicker) -> list[Event]:
    if not d.best_bid_size or not d.best_ask_size:
        return []
    bid, ask = (d.best_bid, d.best_bid_size), (d.best_ask, d.best_ask_size)
    return [feed.quote(ts, ns_of_iso(d.time), max(feed.last, 0), bid, ask)]


class Decoder(MarketDecoder):
    """Public frames of one connection."""

    facts: ClassVar[MarketFacts] = EXCHANGE
    book_bytes: ClassVar[bytes | None] = b""  # every frame that cannot be read

    @classmethod
    def mine(cls, body: bytes, address: str = "") -> bool:
        return b'"channel"' not in body and b'"pricebook"' not in body

    def _frame(self, ts: int, body: bytes) -> None:
        frame = _FRAME.decode(body)
        kind = frame.type
        self._kind = f"{kind} {frame.product_id}".strip()[:80] or "frame"
        if kind == "error":
            self._refusal(ts, frame.message)
        elif kind == "l2update":
            update = _UPDATE.decode(body)
            self._apply(ts, self._feed(update.product_id), _update, update)
        elif kind == "snapshot":
            snapshot = _SNAPSHOT.decode(body)
            self._apply(ts, self._feed(snapshot.product_id), _snapshot, snapshot)
        elif kind == "match":  # last_match is of the past
            match = _MATCH.decode(body)
            self._apply(ts, self._feed(match.product_id), _match, match)
        elif kind == "ticker":
            ticker = _TICKER.decode(body)
            self._apply(ts, self._feed(ticker.product_id), _ticker, ticker)

    # -- what leaves ---------------------------------------------------------------------------------------------

    def subscriptions(self) -> list[bytes]:
        return [_request("subscribe", [EXCHANGE.book, EXCHANGE.trades, EXCHANGE.quotes], list(self.feeds))]

    def resubscribe(self, symbol: str) -> list[bytes]:
        return [_request(kind, [EXCHANGE.book], [symbol]) for kind in ("unsubscribe", "subscribe")]


def _request(kind: str, channels: list[str], symbols: list[str]) -> bytes:
    return msgspec.json.encode({"type": kind, "channels": channels, "product_ids": symbols})
