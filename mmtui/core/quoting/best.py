"""The best price of others on each side, as a quoter follows it.

Rules of this file: keeps what must be remembered from pass to pass; the arithmetic stands in ladder.py.
"""

from __future__ import annotations

from mmtui.core.market.book import OrderBook
from mmtui.core.market.instrument import Grid
from mmtui.core.orders.tracker import Order
from mmtui.core.quoting import ladder
from mmtui.core.quoting.params import Quoting

#: Levels a side that are looked at for the best of others.
DEPTH = 20
#: A live book may show an own order so much later than the venue's answer: until then what was known holds.
SETTLE_NS = 500_000_000
#: Modes that quote only in a narrow market, and why they do not in a wide one.
INVERSE = ("inverse-join", "inverse-top")
WIDE = "market wider than the quotes"

Ladder = tuple[tuple[int, ...], tuple[int, ...]]


class Best:
    """Best-price mode of both sides."""

    __slots__ = ("dust", "floor_bps", "improve", "inverse", "last", "modes", "moved", "reasons")

    def __init__(self, params: Quoting, grid: Grid, last: Best | None) -> None:
        ask = params.best_price if params.best_price_ask == "same" else params.best_price_ask
        self.modes = {1: params.best_price, -1: ask}
        self.inverse = any(mode in INVERSE for mode in self.modes.values())
        self.dust = int(params.best_depth / float(grid.lot) + ladder.EPSILON)
        self.improve = params.improve
        self.floor_bps = max(float(grid.instrument.maker_bps), params.min_spread_bps * 0.5)
        self.last: dict[int, int] = dict(last.last) if last is not None else {1: 0, -1: 0}
        self.moved = {1: 0, -1: 0}  # ticks by which the first rung was moved
        self.reasons = {1: "", -1: ""}

    def find(self, book: OrderBook, own: dict[int, list[Order]] | None, ts: int) -> None:
        """Look at the book. `own`: own orders by side where the book shows them; None where it does not (paper)."""
        bids, asks = book.display(DEPTH)
        for side, levels in ((1, bids), (-1, asks)):
            shown: dict[int, int] = {}  # own lots that the book shows
            young: dict[int, int] = {}  # and with those of which that is not known yet
            for order in own[side] if own is not None else ():
                young[order.px] = young.get(order.px, 0) + order.left
                if order.live_ts and ts - order.live_ts >= SETTLE_NS:
                    shown[order.px] = shown.get(order.px, 0) + order.left
            best = self._best(side, levels, shown)
            if shown == young or best == self._best(side, levels, young):
                self.last[side] = best

    def _best(self, side: int, levels: list[tuple[int, int]], own: dict[int, int]) -> int:
        if self.modes[side] == "biggest":
            return ladder.biggest_of_others(levels, own)
        return ladder.best_of_others(levels, own, self.dust)

    def place(self, want: Ladder, fair: float, book: OrderBook, step: int) -> Ladder:
        """The model's ladder with each side moved by the best of others; own quotes never meet."""
        sides = []
        if self.inverse:
            self._narrow(want)
        for side, prices in ((1, want[0]), (-1, want[1])):
            mode, best = self.modes[side], self.last[side]
            if mode == "off" or not best or not prices:
                sides.append(prices)
                continue
            touch = book.ask if side > 0 else book.bid
            bound = ladder.nearest(side, fair, self.floor_bps, touch, step) if self.improve else None
            sides.append(ladder.by_best(side, prices, mode, best, bound, step))
        bids, asks = sides
        if bids and asks and asks[0] <= bids[0]:
            bids, asks = want
        self.moved[1] = bids[0] - want[0][0] if bids else 0
        self.moved[-1] = asks[0] - want[1][0] if asks else 0
        return bids, asks

    def _narrow(self, want: Ladder) -> None:
        """The inverse modes quote only while the market is no wider than the own width."""
        (bids, asks), apart = want, self.last[-1] - self.last[1]
        wide = bool(bids and asks) and (not self.last[1] or not self.last[-1] or apart > asks[0] - bids[0])
        for side in (1, -1):
            self.reasons[side] = WIDE if wide and self.modes[side] in INVERSE else ""

    def rescale(self, px: int) -> None:
        self.last = {side: price * px for side, price in self.last.items()}

    def digest(self) -> tuple[object, ...]:
        return (self.last[1], self.last[-1])
