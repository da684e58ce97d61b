"""The floor that a hedge venue sets: how near a quote may be so that a fill, hedged there at once, still earns enough.

A bid of q at price p that is filled is sold at the hedge instrument's bids: v is the size-weighted mean price that q
gets there, in ticks of the quoted instrument.  It earns (v (1 - taker - slippage) - p (1 + maker)) / p, and an ask
(p (1 - maker) - v (1 + taker + slippage)) / p; fees and results as shares.  Solved for p at the wanted result this is
the floor.  The rungs of a side are hedged one after the other, nearest first, each behind what those before it took.

Rules of this file: pure but for what it remembers of the last floors; prices in ticks, sizes in lots.
"""

from __future__ import annotations

from math import ceil, floor

from mmtui.core.market.instrument import Grid
from mmtui.core.quoting.fair import Feeds, Slots, others
from mmtui.core.quoting.params import Quoting
from mmtui.core.quoting.skew import Sides

BPS = 1e-4
EPSILON = 1e-9
#: Levels of the hedge instrument's book that are looked at.
DEPTH = 50
DRY = "hedge depth"


def filled_at(levels: list[tuple[int, int]], skip: float, lots: float) -> float:
    """Mean price of `lots` taken from a side after `skip` lots of it are gone; 0.0 when it does not hold so many."""
    worth, left = 0.0, lots
    for px, there in levels:
        if skip >= there:
            skip -= there
            continue
        taken = min(left, there - skip)
        worth += taken * px
        left -= taken
        skip = 0.0
        if left <= EPSILON * lots:
            return worth / (lots - left)
    return 0.0


def worst_price(side: int, v: float, maker_bps: float, taker_bps: float, edge_bps: float) -> float:
    """The price nearest to the market at which a fill hedged at v earns `edge_bps` (see the head of this file)."""
    return v * (1.0 - side * taker_bps * BPS) / (1.0 + side * (maker_bps + edge_bps) * BPS)


class Hedged:
    """The floors of one instrument's ladder."""

    __slots__ = ("cancel", "edge", "floors", "leg", "limits", "maker", "reasons", "slippage")

    def __init__(self, params: Quoting, grid: Grid, last: Hedged | None) -> None:
        self.edge, self.cancel = params.hedge_edge_bps, params.hedge_cancel_bps
        self.slippage = params.hedge_slippage_bps
        self.maker = float(grid.instrument.maker_bps)
        self.leg: int = last.leg if last is not None else -1  # MarketSide.link_sources
        #: side -> the nearest price of each rung, and the price at which one that stands goes; 0.0: not enough depth
        self.floors: dict[int, tuple[float, ...]] = {1: (), -1: ()}
        self.limits: dict[int, tuple[float, ...]] = {1: (), -1: ()}
        self.reasons = {1: "", -1: ""}

    def look(self, feeds: Feeds, i: int, sizes: dict[int, tuple[int, ...]], own: Slots) -> bool:
        """Measure the floors for these sizes; True when they have moved. `own`: own orders that the leg's book shows.

        Nothing is known of the leg (no book, no conversion rate): no rung has a floor, and the sides are held.
        """
        before = self.floors[1], self.floors[-1]
        good = self.leg >= 0 and feeds.books[self.leg].quotable and feeds.factor(i, self.leg) > 0.0
        taker = self.slippage + (float(feeds.ledger.accounts[self.leg].instrument.taker_bps) if good else 0.0)
        for side in (1, -1):
            if good:
                prices = self._hedge(feeds, i, side, sizes[side], own)
            else:
                prices = [0.0] * len(sizes[side])
            self.floors[side] = tuple(worst_price(side, v, self.maker, taker, self.edge) for v in prices)
            self.limits[side] = tuple(worst_price(side, v, self.maker, taker, self.cancel) for v in prices)
            self.reasons[side] = "" if any(self.floors[side]) or not any(sizes[side]) else DRY
        return before != (self.floors[1], self.floors[-1])

    def _hedge(self, feeds: Feeds, i: int, side: int, sizes: tuple[int, ...], own: Slots) -> list[float]:
        """The price, in ticks of i, at which the hedge of each rung is done; 0.0 where the book does not hold it."""
        book, factor = feeds.books[self.leg], feeds.factor(i, self.leg)
        bids, asks = book.display(DEPTH)
        levels = others(bids if side > 0 else asks, own[side], DEPTH)
        mine, theirs = feeds.ledger.accounts[i].grid, feeds.ledger.accounts[self.leg].grid
        mid = book.mid2() / 2
        ratio = per_lot(mine, mid * factor) / per_lot(theirs, mid)  # lots of the leg a lot of ours
        out, gone = [], 0.0
        for lots in sizes:
            need = lots * ratio
            price = filled_at(levels, gone, need) if lots else float(levels[0][0]) if levels else 0.0
            out.append(price * factor)
            gone += need
        return out

    def keep(self, want: Sides, step: int) -> Sides:
        """The ladder with no rung nearer than its floor; the rungs that cannot be hedged, and those behind, are out."""
        return self._side(1, want[0], step), self._side(-1, want[1], step)

    def _side(self, side: int, prices: tuple[int, ...], step: int) -> tuple[int, ...]:
        out: list[int] = []
        for px, bound in zip(prices, self.floors[side], strict=False):
            if not bound:
                break
            edge = floor((bound + EPSILON) / step) if side > 0 else ceil((bound - EPSILON) / step)
            px = side * min(side * px, side * edge * step)
            if out:  # no two rungs at one price
                px = side * min(side * px, side * out[-1] - step)
            out.append(px)
        return tuple(out)

    def fails(self, side: int, level: int, px: int) -> bool:
        """Whether an order that stands has to go now: hedged, it would earn less than is allowed."""
        limits = self.limits[side]
        return level < len(limits) and (not limits[level] or side * px > side * limits[level] + EPSILON)

    def digest(self) -> tuple[object, ...]:
        return (self.floors[1], self.floors[-1], self.reasons[1], self.reasons[-1])


def per_lot(grid: Grid, px: float) -> float:
    """Base units of one lot at a price in ticks."""
    size = float(grid.size_base)
    return size / (px * float(grid.tick)) if grid.inverse else size
