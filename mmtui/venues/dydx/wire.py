"""Raw public frames of the dYdX v4 indexer -> events.

The rule: message_id is the one before + 1, over all channels of the connection; a gap makes every book invalid.  Each
node has its own view of the book: it may be crossed, and the engine does not quote from one that is.

Rules of this file: sans-IO and pure; `decode` never raises.
"""

from __future__ import annotations

from typing import ClassVar

import msgspec

from mmtui.core.events import Event
from mmtui.venues.dydx import messages as m
from mmtui.venues.dydx.public import DYDX
from mmtui.venues.market_decoder import MarketDecoder
from mmtui.venues.market_facts import MarketFacts
from mmtui.venues.market_feed import Feed
from mmtui.venues.numbers import id_of, ns_of_iso

_FRAME = msgspec.json.Decoder(m.Frame)
_BOOK = msgspec.json.Decoder(m.Book)
_TRADES = msgspec.json.Decoder(m.Trades)
_MARKETS = msgspec.json.Decoder(m.Markets)
_PARTS = msgspec.json.Decoder(list[msgspec.Raw])
_DATA = frozenset({"subscribed", "channel_data", "channel_batch_data"})


def _levels(side: m.Side) -> list[tuple[str, str]]:
    return [level if isinstance(level, tuple) else (level.price, level.size) for level in side]


def _book(feed: Feed, ts: int, seq: int, whole: bool, d: m.Book) -> list[Event]:
    bids, asks = _levels(d.bids), _levels(d.asks)
    if not whole:
        return [feed.delta(ts, 0, seq, seq, bids, asks)]
    event = feed.snapshot(ts, 0, seq, bids, asks)
    feed.begin(seq)
    return [event]


def _trade(feed: Feed, ts: int, d: m.PublicTrade) -> list[Event]:
    stamp, side = ns_of_iso(d.createdAt), 1 if d.side == "BUY" else -1
    if d.type == "DELEVERAGED":
        return []  # at the bankruptcy price, outside the book
    events = feed.trade(ts, stamp, id_of(d.id), d.price, d.size, side)
    if d.type == "LIQUIDATED":
        events += feed.liquidation(ts, stamp, d.price, d.size, side)
    return events


def _market(feed: Feed, ts: int, d: m.Market) -> list[Event]:
    """The oracle's price is mark and index at once."""
    if d.oraclePrice is None and d.nextFundingRate is None:
        return []
    return feed.marks(ts, ns_of_iso(d.effectiveAt), d.oraclePrice, d.oraclePrice, d.nextFundingRate)


class Decoder(MarketDecoder):
    """Public frames of one connection."""

    facts: ClassVar[MarketFacts] = DYDX

    def __init__(self, v: int, feeds: dict[str, Feed], everything: bool = False) -> None:
        super().__init__(v, feeds, everything)
        self._last = -1  # message_id of the last frame

    def reset(self) -> None:
        super().reset()
        self._last = -1

    def _frame(self, ts: int, body: bytes) -> None:
        frame = _FRAME.decode(body)
        self._kind = f"{frame.channel or frame.type} {frame.id}".strip()[:80] or "frame"
        seq = frame.message_id
        if seq < 0:
            if self.everything and frame.result:
                self._answer(ts, frame.result)
            return
        if self._last >= 0 and seq != self._last + 1:
            self._lose_all(ts, self._last + 1, seq, "message_id is not the one before + 1")
        if frame.type == "error":
            self._refusal(ts, frame.message)
        elif frame.type in _DATA:
            for part in _PARTS.decode(frame.contents) if frame.type == "channel_batch_data" else [frame.contents]:
                self._part(ts, frame, part)
        self._last = seq

    def _answer(self, ts: int, result: msgspec.Raw) -> None:
        """A REST answer in a file: it names no market; trades come newest first."""
        raw, feed = bytes(result), self._feed(self.asked or "UNKNOWN")
        if b'"bids"' in raw and b'"asks"' in raw:
            self._apply(ts, feed, _book, 0, True, _BOOK.decode(raw))
        elif b'"trades"' in raw:
            for trade in reversed(_TRADES.decode(raw).trades):
                self._apply(ts, feed, _trade, trade)

    def _part(self, ts: int, frame: m.Frame, part: msgspec.Raw) -> None:
        whole = frame.type == "subscribed"
        if frame.channel == "v4_orderbook":
            self._apply(ts, self._feed(frame.id), _book, frame.message_id, whole, _BOOK.decode(part))
        elif frame.channel == "v4_trades" and (not whole or self.everything):  # at first come trades of the past
            for trade in _TRADES.decode(part).trades:
                self._apply(ts, self._feed(frame.id), _trade, trade)
        elif frame.channel == "v4_markets":
            markets = _MARKETS.decode(part)
            for group in (markets.markets, markets.trading, markets.oraclePrices):
                for symbol, market in group.items():
                    feed = self.feeds.get(symbol)
                    if feed is not None:  # the channel tells of every market
                        self._apply(ts, feed, _market, market)

    # -- what leaves ---------------------------------------------------------------------------------------------

    def subscriptions(self) -> list[bytes]:
        frames = [_request("subscribe", name, symbol) for symbol in self.feeds for name in (DYDX.book, DYDX.trades)]
        return [*frames, msgspec.json.encode({"type": "subscribe", "channel": DYDX.marks})]

    def resubscribe(self, symbol: str) -> list[bytes]:
        return [_request(kind, DYDX.book, symbol) for kind in ("unsubscribe", "subscribe")]


def _request(kind: str, channel: str, symbol: str) -> bytes:
    return msgspec.json.encode({"type": kind, "channel": channel, "id": symbol})
