"""One symbol of a loopback exchange: its book, the queue of our orders in it, and the public messages about both.

What is published is the market's depth with our own resting orders in it, as on a real venue.

Rules of this file: integers inside, the venue's texts outside; no account, no socket.
"""

from __future__ import annotations

from collections import deque
from decimal import Decimal
from typing import Any

import msgspec

from mmtui.core.events import (
    BestQuote,
    BookDelta,
    BookSnapshot,
    Event,
    GridRefined,
    Liquidation,
    MarkPrice,
    Trade,
)
from mmtui.core.market.book import OrderBook
from mmtui.core.market.instrument import Instrument, plain
from mmtui.venues.binance.grid import Units
from mmtui.venues.loopback.source import continues
from mmtui.venues.paper.matching import HANDLERS, Matching, Sink

MS = 1_000_000
KEPT = 1_000
Frame = tuple[str, dict[str, Any]]  # name of the stream without its symbol, message


class Board:
    """A symbol. `apply` gives the frames that a market event causes."""

    def __init__(self, i: int, instrument: Instrument, sink: Sink) -> None:
        self.i = i
        self.instrument = instrument
        self.symbol = instrument.symbol
        self.futures = instrument.kind != "spot"
        self.settle = instrument.settle
        self.contract = Decimal(instrument.contract_size)
        self.book = OrderBook()
        self.matching = Matching(i, instrument, self.book, False, sink)
        self.ticks, self.lots = Units(instrument.tick), Units(instrument.lot)
        self.tick, self.lot = Decimal(instrument.tick), Decimal(instrument.lot)
        self.trades: deque[dict[str, Any]] = deque(maxlen=KEPT)
        self.mark = 0.0
        self.next_funding = 0
        self.funding = 0
        self.last = 0  # price of the last trade, ticks
        self._own: dict[tuple[int, int], int] = {}  # side, price -> lots of ours that are shown
        self._changed: dict[tuple[int, int], None] = {}  # ... changed since the last depth frame
        self._seq = 0  # final id of the last depth frame
        self._touch = (0, 0, 0, 0)
        self._trade = 0

    # -- texts ---------------------------------------------------------------------------------------------------

    def px(self, ticks: int) -> str:
        return plain(self.tick * ticks)

    def sz(self, lots: int) -> str:
        return plain(self.lot * lots)

    @property
    def mark_text(self) -> str:
        return plain(Decimal(repr(round(self.mark, 8)))) if self.mark else self.px((self.book.bid + self.book.ask) // 2)

    def size(self, lots: int) -> Decimal:
        """So many lots in base, of an inverse contract in quote."""
        return self.lot * lots * self.contract

    def liquidation_text(self, price: Decimal, none: str) -> str:
        """A liquidation price on the grid; `none` where there is none."""
        return plain((price / self.tick).quantize(Decimal(1)) * self.tick) if price else none

    def worth(self, price: Decimal, lots: int) -> Decimal:
        """So many lots at a price: in quote, of an inverse contract in its coin."""
        size = self.size(lots)
        return size / price if self.instrument.kind == "inverse" else size * price

    def gain(self, entry: Decimal, price: Decimal, lots: int) -> Decimal:
        """What a position (plus: long) has won since its entry, in what it is settled in."""
        won = self.worth(price, lots) - self.worth(entry, lots)
        return -won if self.instrument.kind == "inverse" else won

    # -- the market moves ----------------------------------------------------------------------------------------

    def apply(self, event: Event) -> list[Frame]:
        """One event: our orders first, then the book, then what is published."""
        kind = type(event)
        handler = HANDLERS.get(kind)
        if handler is not None:
            handler(self.matching, event)
        if isinstance(event, BookSnapshot):
            self.book.snapshot(event)
            self._seq = event.seq
        elif isinstance(event, BookDelta):
            if not continues(self.book.seq, event):
                return []
            self.book.delta(event)
            return [*self._depth(event), *self._quote(event.ts)]
        elif isinstance(event, BestQuote):
            self.book.best_quote(event)
            return self._quote(event.ts)
        elif isinstance(event, Trade):
            return self.traded(event.px, event.sz, event.side, event.ts)
        elif isinstance(event, MarkPrice):
            self.mark, self.funding, self.next_funding = event.mark / 1e8, event.funding, event.next_funding
            return [("markPrice", self._marked(event.ts))]
        elif isinstance(event, Liquidation):
            return [("forceOrder", self._forced(event))]
        elif isinstance(event, GridRefined):
            self._refine(event)
        return []

    def _refine(self, event: GridRefined) -> None:
        self.instrument = msgspec.structs.replace(self.instrument, tick=event.tick, lot=event.lot)
        self.book.rescale(event.px_factor, event.sz_factor)
        self.matching.rescale(event, self.instrument)
        self.ticks.refine(event.tick)
        self.lots.refine(event.lot)
        self.tick, self.lot = Decimal(event.tick), Decimal(event.lot)
        self._own = {
            (side, px * event.px_factor): lots * event.sz_factor for (side, px), lots in self._own.items()
        }

    def shows(self, side: int, px: int, lots: int, now: int) -> list[Frame]:
        """Our own resting size at a price changes by so many lots."""
        key = (side, px)
        self._own[key] = self._own.get(key, 0) + lots
        if self._own[key] <= 0:
            del self._own[key]
        self._changed[key] = None
        return self._quote(now)

    @property
    def own(self) -> dict[tuple[int, int], int]:
        """Side and price -> lots of ours that are shown there."""
        return self._own

    def take_changed(self) -> list[tuple[int, int]]:
        """Sides and prices at which they have changed since the last depth frame, which is about to be made."""
        return list(self._changed)

    def _size(self, side: int, px: int) -> int:
        return (self.book.bids if side > 0 else self.book.asks).size(px) + self._own.get((side, px), 0)

    # -- what is published ---------------------------------------------------------------------------------------

    def _depth(self, event: BookDelta) -> list[Frame]:
        changes: dict[int, dict[int, None]] = {1: dict.fromkeys(event.bid_px), -1: dict.fromkeys(event.ask_px)}
        for side, px in self._changed:
            changes[side][px] = None
        self._changed.clear()
        message: dict[str, Any] = {
            "e": "depthUpdate",
            "E": event.ts // MS,
            "s": self.symbol,
            "U": self._seq + 1,
            "u": event.seq,
            "b": [[self.px(px), self.sz(self._size(1, px))] for px in changes[1]],
            "a": [[self.px(px), self.sz(self._size(-1, px))] for px in changes[-1]],
        }
        if self.futures:
            message |= {"T": event.ts // MS, "pu": self._seq, "ps": self.symbol}
        self._seq = event.seq
        return [("depth", message)]

    def touch(self) -> tuple[int, int, int, int]:
        """Best bid and ask with their sizes, our own orders included."""
        bid, ask = self.book.bid, self.book.ask
        bids = [px for side, px in self._own if side > 0]
        asks = [px for side, px in self._own if side < 0]
        best_bid = max([bid, *bids])
        best_ask = min([ask, *asks]) if ask else min(asks, default=0)
        bid_sz = (self.book.bid_sz if best_bid == bid else 0) + self._own.get((1, best_bid), 0)
        ask_sz = (self.book.ask_sz if best_ask == ask else 0) + self._own.get((-1, best_ask), 0)
        return best_bid, bid_sz, best_ask, ask_sz

    def _quote(self, now: int) -> list[Frame]:
        touch = self.touch()
        if touch == self._touch:
            return []
        self._touch = touch
        return [("bookTicker", self.ticker(now))]

    def ticker(self, now: int) -> dict[str, Any]:
        """The best bid and ask as the stream tells them."""
        bid, bid_sz, ask, ask_sz = self._touch
        message: dict[str, Any] = {
            "u": max(self.book.seq, self.book.quote_seq),
            "s": self.symbol,
            "b": self.px(bid),
            "B": self.sz(bid_sz),
            "a": self.px(ask),
            "A": self.sz(ask_sz),
        }
        if self.futures:
            message = {"e": "bookTicker", **message, "T": now // MS, "E": now // MS}
        return message

    def traded(self, px: int, sz: int, side: int, now: int) -> list[Frame]:
        """A public trade; side is the taker's."""
        self._trade += 1
        self.last = px
        number, stamp = self._trade, now // MS
        base = {"E": stamp, "s": self.symbol, "p": self.px(px), "q": self.sz(sz), "T": stamp, "m": side < 0}
        self.trades.append(
            {
                "id": number,
                "price": base["p"],
                "qty": base["q"],
                "quoteQty": plain(self.tick * px * self.lot * sz),
                "time": stamp,
                "isBuyerMaker": side < 0,
                "isBestMatch": True,
            }
        )
        more: dict[str, Any] = {"X": "MARKET"} if self.futures else {"M": True}
        aggregated: dict[str, Any] = {} if self.futures else {"M": True}
        return [
            ("trade", {"e": "trade", **base, "t": number, **more}),
            ("aggTrade", {"e": "aggTrade", **base, "a": number, "f": number, "l": number, **aggregated}),
        ]

    def _marked(self, now: int) -> dict[str, Any]:
        return {
            "e": "markPriceUpdate",
            "E": now // MS,
            "s": self.symbol,
            "p": self.mark_text,
            "ap": self.mark_text,
            "i": self.mark_text,
            "P": self.mark_text,
            "r": plain(Decimal(self.funding).scaleb(-10)),
            "T": self.next_funding // MS,
        }

    def _forced(self, event: Liquidation) -> dict[str, Any]:
        stamp = event.ts // MS
        px, sz = self.px(event.px), self.sz(event.sz)
        order = {
            "s": self.symbol, "S": "BUY" if event.side > 0 else "SELL", "o": "LIMIT", "f": "IOC", "q": sz, "p": px,
            "ap": px, "X": "FILLED", "l": sz, "z": sz, "T": stamp,
        }  # fmt: skip
        return {"e": "forceOrder", "E": stamp, "o": order}

    def snapshot(self, limit: int, now: int) -> dict[str, Any]:
        """The answer of the REST depth call: the depth as of the last frame."""
        body: dict[str, Any] = {"lastUpdateId": self._seq}
        if self.futures:
            body |= {"E": now // MS, "T": now // MS}
        for name, side, column in (("bids", 1, self.book.bids), ("asks", -1, self.book.asks)):
            levels = {px: self._size(side, px) for px, _ in column.top(limit + 8)}
            levels |= {px: self._size(side, px) for own, px in self._own if own == side}
            prices = sorted(levels, reverse=side > 0)[:limit]
            body[name] = [[self.px(px), self.sz(levels[px])] for px in prices]
        return body
