"""Matching of one instrument: own resting orders and own takes against the displayed market.

Rules of this file: pure and without latency; `now` is the engine's clock; the book is the engine's own, read only, and
shows the state *before* the event that is being handled.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

from mmtui.core.effects import PlaceOrder
from mmtui.core.events import BestQuote, BookDelta, BookSnapshot, GridRefined, Trade
from mmtui.core.market.book import OrderBook
from mmtui.core.market.instrument import Instrument
from mmtui.venues.paper.queue import Level, Resting

#: A marketable order sees so many levels of the other side, as deep as a capture knows.
DEPTH = 1_000
FIRST_DEPTH = 16


class Sink(Protocol):
    """Who hears of matches of resting orders (the venue, which adds latency)."""

    def filled(self, i: int, order: Resting, px: int, sz: int, now: int) -> None: ...

    def expired(self, i: int, order: Resting, reason: str, now: int) -> None: ...


class Matching:
    """Own orders of one instrument at its venue."""

    __slots__ = (
        "best",
        "book",
        "i",
        "instrument",
        "levels",
        "moved",
        "optimistic",
        "orders",
        "position",
        "short",
        "sink",
        "taken",
    )

    def __init__(self, i: int, instrument: Instrument, book: OrderBook, optimistic: bool, sink: Sink) -> None:
        self.i = i
        self.instrument = instrument
        self.book = book
        self.optimistic = optimistic
        self.sink = sink
        self.position = 0  # lots, at this venue
        self.short: int | None = 0 if instrument.hedge_mode else None  # of the short leg; None: one net position
        self.orders: dict[int, Resting] = {}
        self.levels: dict[int, dict[int, Level]] = {1: {}, -1: {}}
        self.best = {1: 0, -1: 0}  # best own price a side, 0: none
        self.moved = False  # a queue place may have changed since the venue looked
        # side of the book -> price -> (lots taken by us, size displayed then)
        self.taken: dict[int, dict[int, tuple[int, int]]] = {1: {}, -1: {}}

    @property
    def busy(self) -> bool:
        return bool(self.orders or self.taken[1] or self.taken[-1])

    # -- what the market does ------------------------------------------------------------------------------------

    def on_snapshot(self, event: BookSnapshot) -> None:
        self.taken[1].clear()
        self.taken[-1].clear()
        bids = {px: sz for px, sz in zip(event.bid_px, event.bid_sz, strict=True) if sz > 0}
        asks = {px: sz for px, sz in zip(event.ask_px, event.ask_sz, strict=True) if sz > 0}
        for side, sizes in ((1, bids), (-1, asks)):
            for px, level in self.levels[side].items():
                if not self._hidden(side, px, event.seq):
                    self._observe(level, sizes.get(px, 0), event.ts_event)
        if event.seq >= self.book.quote_seq:
            self._cross(1, min(asks, default=0), event.ts)
            self._cross(-1, max(bids, default=0), event.ts)

    def on_delta(self, event: BookDelta) -> None:
        self._sizes(1, event.bid_px, event.bid_sz, event)
        self._sizes(-1, event.ask_px, event.ask_sz, event)
        if event.seq >= self.book.quote_seq:
            self._cross_levels(1, event.ask_px, event.ask_sz, event.ts)
            self._cross_levels(-1, event.bid_px, event.bid_sz, event.ts)

    def on_quote(self, event: BestQuote) -> None:
        own, sell, bid, ask = self.best[1], self.best[-1], event.bid_px, event.ask_px
        takes = self.taken[1] or self.taken[-1]
        if bid < ask and not takes and (not own or own < bid) and (not sell or sell > ask):
            return  # behind the touch on both sides: it says nothing about our levels
        if event.seq <= self.book.quote_seq or event.seq <= self.book.seq:
            return
        for side, best, size in ((1, event.bid_px, event.bid_sz), (-1, event.ask_px, event.ask_sz)):
            own = self.best[side]
            if own and (not best or side * own >= side * best):
                for px, level in self.levels[side].items():
                    if px == best:
                        self._observe(level, size, event.ts_event)
                    elif not best or side * px > side * best:
                        self._observe(level, 0, event.ts_event)
            taken = self.taken[side]
            if taken:
                for px in [px for px in taken if not best or side * px >= side * best]:
                    if px != best or size != taken[px][1]:  # the same size again is no refresh
                        del taken[px]
        self._cross(1, event.ask_px, event.ts)
        self._cross(-1, event.bid_px, event.ts)

    def on_trade(self, event: Trade) -> None:
        for side in (1, -1):
            own = self.best[side]
            if not own or side * own < side * event.px:
                continue
            self.moved = True
            levels = self.levels[side]
            for px in sorted((px for px in levels if side * px >= side * event.px), reverse=side > 0):
                level = levels.get(px)
                if level is None:  # its reduce-only orders expired at a better price
                    continue
                if px != event.px:
                    for order in list(level.orders):
                        if event.ts_event >= order.since:
                            self._fill(order, order.left, event.ts)
                elif event.side == -side:
                    for order, size in level.trade(event.sz, event.ts_event):
                        self._fill(order, size, event.ts)

    def rescale(self, event: GridRefined, instrument: Instrument) -> None:
        """A finer tick or lot: everything that is held in the old units is brought to the new."""
        self.instrument = instrument
        self.position *= event.sz_factor
        if self.short is not None:
            self.short *= event.sz_factor
        self.best = {side: px * event.px_factor for side, px in self.best.items()}
        for side in (1, -1):
            levels = self.levels[side]
            for level in levels.values():
                level.rescale(event.px_factor, event.sz_factor)
            self.levels[side] = {px * event.px_factor: level for px, level in levels.items()}
            self.taken[side] = {
                px * event.px_factor: (lots * event.sz_factor, shown * event.sz_factor)
                for px, (lots, shown) in self.taken[side].items()
            }

    # -- what we do ----------------------------------------------------------------------------------------------

    def would_take(self, order: PlaceOrder) -> bool:
        """Whether the order's price reaches displayed size of the other side."""
        levels = self._other_side(order.side, FIRST_DEPTH) or self._other_side(order.side, DEPTH)
        return bool(levels) and order.side * levels[0][0] <= order.side * order.px

    def take(self, order: PlaceOrder, limit: int) -> list[tuple[int, int]]:
        """Walk the displayed levels up to the order's price and `limit` lots: (price, lots); they are depleted."""
        fills: list[tuple[int, int]] = []
        left = min(order.sz, limit)
        taken = self.taken[-order.side]
        for px, available in self._other_side(order.side, DEPTH):
            if left <= 0 or order.side * px > order.side * order.px:
                break
            size = min(left, available)
            left -= size
            before = taken.get(px, (0, 0))[0]
            taken[px] = (before + size, self.book.size_at(-order.side, px))
            fills.append((px, size))
        self._move(order.side, sum(size for _, size in fills), order.reduce_only)
        return fills

    def _move(self, side: int, size: int, reduces: bool) -> None:
        """An order has traded; in hedge mode one that reduces is of the leg opposite its side."""
        self.position += side * size
        if self.short is not None and reduces == (side > 0):
            self.short -= side * size

    def rest(self, order: PlaceOrder, left: int) -> Resting:
        """Join the queue behind what is displayed."""
        shown = self.book.size_at(order.side, order.px)
        level = self.levels[order.side].get(order.px)
        if level is None:
            level = self.levels[order.side][order.px] = Level(shown)
        resting = Resting(
            order.oid, order.side, order.px, order.sz, left, shown, self.book.ts_event, order.reduce_only, order.tif
        )
        level.orders.append(resting)
        self.orders[order.oid] = resting
        self._rank(order.side)
        return resting

    def remove(self, order: Resting) -> None:
        del self.orders[order.oid]
        levels = self.levels[order.side]
        level = levels[order.px]
        level.orders.remove(order)
        if not level.orders:
            del levels[order.px]
            self._rank(order.side)

    def shrink(self, order: Resting, sz: int) -> None:
        """Another whole size, smaller than before, at the place that it has."""
        order.left -= order.sz - sz
        order.sz = sz

    def reducible(self, side: int) -> int:
        """Lots that an order of this side can trade before the position, or the leg that it reduces, passes zero."""
        if self.short is None:
            return max(0, -side * self.position)
        return max(0, self.short if side > 0 else self.position + self.short)

    def leg(self, order: PlaceOrder | Resting) -> int:
        """Of an order in hedge mode: +1 the long leg, -1 the short one."""
        return -order.side if order.reduce_only else order.side

    def expire_reduce_only(self, now: int) -> None:
        """The venue takes out reduce-only orders that have nothing left to reduce."""
        for order in [order for order in self.orders.values() if order.reduce_only]:
            if not self.reducible(order.side):
                self.remove(order)
                self.sink.expired(self.i, order, "reduce-only: nothing left to reduce", now)

    # -- inside --------------------------------------------------------------------------------------------------

    def _other_side(self, side: int, depth: int) -> list[tuple[int, int]]:
        bids, asks = self.book.display(depth)
        levels = asks if side > 0 else bids
        taken = self.taken[-side]
        if not taken:
            return levels
        net = [(px, sz - taken[px][0] if px in taken else sz) for px, sz in levels]
        return [(px, sz) for px, sz in net if sz > 0]

    def _hidden(self, side: int, px: int, seq: int) -> bool:
        """Whether a newer best quote knows more about this price than depth of `seq` does."""
        quote = self.book.quote
        if quote is None or quote.seq <= seq:
            return False
        best = quote.bid_px if side > 0 else quote.ask_px
        return side * px >= side * best if best else True

    def _sizes(self, side: int, prices: list[int], sizes: list[int], event: BookDelta) -> None:
        levels, taken = self.levels[side], self.taken[side]
        for px, level in levels.items():
            if px in prices and not self._hidden(side, px, event.seq):
                self._observe(level, sizes[prices.index(px)], event.ts_event)
        if taken:
            for px in prices:
                taken.pop(px, None)

    def _observe(self, level: Level, size: int, ts_event: int) -> None:
        self.moved = True
        level.observe(size, ts_event, self.optimistic)

    def _rank(self, side: int) -> None:
        levels = self.levels[side]
        self.best[side] = (max(levels) if side > 0 else min(levels)) if levels else 0

    def _cross_levels(self, side: int, prices: list[int], sizes: list[int], now: int) -> None:
        """Changed levels of the other side: does the best that is displayed reach ours?"""
        own = self.best[side]
        if own and prices and side * (min(prices) if side > 0 else max(prices)) <= side * own:
            there = [px for px, size in zip(prices, sizes, strict=True) if size > 0]
            if there:
                self._cross(side, min(there) if side > 0 else max(there), now)

    def _cross(self, side: int, opposite: int, now: int) -> None:
        levels, own = self.levels[side], self.best[side]
        if not opposite or not own or side * own < side * opposite:
            return
        lots, shown = self.taken[-side].get(opposite, (0, 1))
        if lots >= shown:  # what is still displayed there, we have taken already
            return
        # the best own price is hit first, as the venue would
        for px in sorted((px for px in levels if side * px >= side * opposite), reverse=side > 0):
            level = levels.get(px)
            for order in list(level.orders) if level else ():
                self._fill(order, order.left, now)

    def _fill(self, order: Resting, size: int, now: int) -> None:
        if order.oid not in self.orders:
            return
        if order.reduce_only:
            size = min(size, self.reducible(order.side))
        if size > 0:
            order.left -= size
            self._move(order.side, size, order.reduce_only)
            if not order.left:
                self.remove(order)
            self.sink.filled(self.i, order, order.px, size, now)
        self.expire_reduce_only(now)


#: What a market event does; the others say nothing to a matching engine.
HANDLERS: dict[type, Callable[[Matching, Any], None]] = {
    BookDelta: Matching.on_delta,
    BestQuote: Matching.on_quote,
    Trade: Matching.on_trade,
    BookSnapshot: Matching.on_snapshot,
}
