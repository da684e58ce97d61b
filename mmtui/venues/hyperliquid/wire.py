"""Raw public frames of Hyperliquid -> events.

There is no sequence: every l2Book message is the whole book as of a block.  The block's time is the id of books and
best quotes, so that they can be merged; what is older than the last book is passed over.

Rules of this file: sans-IO and pure; `decode` never raises.
"""

from __future__ import annotations

from typing import ClassVar

import msgspec

from mmtui.core.events import Event
from mmtui.venues.hyperliquid import messages as m
from mmtui.venues.hyperliquid.public import HYPERLIQUID
from mmtui.venues.market_decoder import MarketDecoder
from mmtui.venues.market_facts import MarketFacts
from mmtui.venues.market_feed import Feed

MS = 1_000_000
HOUR = 3_600_000_000_000
_FRAME = msgspec.json.Decoder(m.Frame)
_BOOK = msgspec.json.Decoder(m.Book)
_BEST = msgspec.json.Decoder(m.Best)
_TRADES = msgspec.json.Decoder(list[m.PublicTrade])
_TRADE = msgspec.json.Decoder(m.PublicTrade)
_CONTEXT = msgspec.json.Decoder(m.ActiveContext)


def _book(feed: Feed, ts: int, d: m.Book) -> list[Event]:
    if d.time < feed.last:
        return []
    bids, asks = ([(level.px, level.sz) for level in side] for side in d.levels)
    event = feed.snapshot(ts, d.time * MS, d.time, bids, asks)
    feed.begin(d.time)
    return [event]


def _best(feed: Feed, ts: int, d: m.Best) -> list[Event]:
    bid, ask = (("0", "0") if level is None else (level.px, level.sz) for level in d.bbo)
    return [feed.quote(ts, d.time * MS, d.time, bid, ask)]


def _trade(feed: Feed, ts: int, d: m.PublicTrade) -> list[Event]:
    """Ids do not ascend: they are hashes."""
    return feed.trade(ts, d.time * MS, d.tid, d.px, d.sz, 1 if d.side == "B" else -1)


def _context(feed: Feed, ts: int, d: m.Context) -> list[Event]:
    """Funding is of the current hour and paid at its end."""
    due = 0 if d.funding is None else (ts // HOUR + 1) * HOUR
    return feed.marks(ts, 0, d.markPx, d.oraclePx, d.funding, due)


class Decoder(MarketDecoder):
    """Public frames of Hyperliquid."""

    facts: ClassVar[MarketFacts] = HYPERLIQUID

    def _frame(self, ts: int, body: bytes) -> None:
        frame = _FRAME.decode(body)
        channel = frame.channel
        self._kind = channel[:80] or "frame"
        if channel == "l2Book" or (not channel and frame.coin and frame.levels):
            book = _BOOK.decode(frame.data if channel else body)
            self._kind = f"l2Book {book.coin}"[:80]
            self._apply(ts, self._feed(book.coin), _book, book)
        elif channel == "bbo":
            best = _BEST.decode(frame.data)
            self._apply(ts, self._feed(best.coin), _best, best)
        elif channel == "trades":
            for trade in _TRADES.decode(frame.data):
                self._apply(ts, self._feed(trade.coin), _trade, trade)
        elif channel in ("activeAssetCtx", "activeSpotAssetCtx"):
            active = _CONTEXT.decode(frame.data)
            self._apply(ts, self._feed(active.coin), _context, active.ctx)
        elif not channel and frame.coin and frame.tid >= 0 and self.everything and b'"closedPnl"' not in body:
            self._apply(ts, self._feed(frame.coin), _trade, _TRADE.decode(body))
        elif channel == "error":
            self._refusal(ts, bytes(frame.data).decode(errors="replace"))

    # -- what leaves ---------------------------------------------------------------------------------------------

    def subscriptions(self) -> list[bytes]:
        names = (HYPERLIQUID.book, HYPERLIQUID.quotes, HYPERLIQUID.trades, HYPERLIQUID.marks)
        return [_request("subscribe", name, symbol) for symbol in self.feeds for name in names]

    def resubscribe(self, symbol: str) -> list[bytes]:
        return [_request(method, HYPERLIQUID.book, symbol) for method in ("unsubscribe", "subscribe")]


def _request(method: str, name: str, coin: str) -> bytes:
    return msgspec.json.encode({"method": method, "subscription": {"type": name, "coin": coin}})
