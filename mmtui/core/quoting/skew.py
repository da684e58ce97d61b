"""The lean against inventory, its target, and the two prices that inventory itself sets: its cost and the way out.

Rules of this file: pure functions; loads are shares of the position limit in [-1, 1], plus is long of the target.
"""

from __future__ import annotations

from math import ceil, floor

Points = tuple[tuple[float, float], ...]
Sides = tuple[tuple[int, ...], tuple[int, ...]]
EPSILON = 1e-9


def banded(load: float, band: float) -> float:
    """The load beyond a dead band: 0 inside, whole at the limit, straight in between."""
    if -band <= load <= band:
        return 0.0
    return (load - band if load > 0 else load + band) / (1.0 - band)


def on_curve(points: Points, load: float) -> float:
    """Shift in bps against inventory by a custom curve, mirrored when short; flat beyond its last point."""
    size = abs(load)
    before, found = points[0], points[-1][1]
    for at, bps in points[1:]:
        if size <= at:
            found = before[1] + (bps - before[1]) * (size - before[0]) / (at - before[0])
            break
        before = (at, bps)
    return -found if load > 0 else found


def trend_share(momentum_bps: float, full_bps: float) -> float:
    """How much of a trend target holds: the momentum over the one from which it is full, in [-1, 1]."""
    return max(-1.0, min(1.0, momentum_bps / full_bps))


def no_loss(want: Sides, position: int, cost: float, step: int) -> Sides:
    """The ladder with no ask below the cost of a long, no bid above that of a short. `cost`: average entry, ticks."""
    bids, asks = want
    if position > 0:
        return bids, no_nearer(-1, asks, cost, step)
    if position < 0:
        return no_nearer(1, bids, cost, step), asks
    return want


def no_nearer(side: int, prices: tuple[int, ...], bound: float, step: int) -> tuple[int, ...]:
    """A side moved away as a whole, so that its first price is not beyond a bound (ticks; 0.0: none)."""
    if not (prices and bound):
        return prices
    if side < 0:
        return _moved(prices, max(0, ceil((bound - EPSILON) / step) * step - prices[0]))
    return _moved(prices, min(0, floor((bound + EPSILON) / step) * step - prices[0]))


def way_out(want: Sides, position: int, bid: int, ask: int, step: int) -> Sides:
    """Only the side that reduces, its first rung one step better than the touch, or at it where there is no room.

    `bid`, `ask`: the touch of everybody else.  It never crosses, and it never waits behind a price that others quote.
    """
    bids, asks = want
    if position > 0 and asks:
        best = max((ask - 1) // step, bid // step + 1) * step
        return (), _moved(asks, best - asks[0])
    if position < 0 and bids:
        best = min(bid // step + 1, -(-ask // step) - 1) * step
        return _moved(bids, best - bids[0]), ()
    return (), ()


def _moved(prices: tuple[int, ...], by: int) -> tuple[int, ...]:
    return tuple(px + by for px in prices) if by else prices
