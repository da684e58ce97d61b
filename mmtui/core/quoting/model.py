"""The steps from fair value to the prices of each side: pure functions, one a step.

Rules of this file: prices are in ticks (floats until the last step rounds outwards: asks up, bids down); bps are of
fair value; every step that moves a price has a line in the waterfall (waterfall.py).
"""

from __future__ import annotations

from math import ceil, floor

from mmtui.core.quoting.params import Quoting

#: Guards floor and ceil against a sum that is a hair beyond a whole tick.
EPSILON = 1e-9


class Operator:
    """What the operator has set by keys, beside the profile."""

    __slots__ = ("exit", "owner", "set_ts", "size_pct", "skew_bps", "spread_bps", "wide")

    def __init__(self) -> None:
        self.spread_bps = 0.0
        self.skew_bps = 0.0
        self.size_pct = 0.0
        self.wide = False
        self.exit = False  # EXIT NOW: out of the inventory by the best prices that do not cross
        self.owner = ""
        self.set_ts = 0

    def digest(self) -> tuple[object, ...]:
        return (self.spread_bps, self.skew_bps, self.size_pct, self.wide)


def full_width(params: Quoting, operator: Operator, base_bps: float, floor_bps: float = 0.0) -> float:
    """Full width in bps: the base + operator, doubled by WIDE, inside its bounds, and never below the fees' floor."""
    width = base_bps + operator.spread_bps
    if operator.wide:
        width *= 2
    width = min(max(width, params.min_spread_bps), params.max_spread_bps)
    return width if width >= floor_bps else floor_bps


def inventory_skew(params: Quoting, ratio: float) -> float:
    """Shift in bps against inventory; ratio is (position - target) / limit in [-1, 1]. Long leans to sell: negative."""
    return -params.skew_bps * ratio


def rungs(params: Quoting) -> tuple[float, ...]:
    """Distance of each rung from the first, bps."""
    out, distance, step = [], 0.0, params.spacing_bps
    for _ in range(params.levels):
        out.append(distance)
        distance += step
        if params.spacing == "geometric":
            step *= params.spacing_factor
    return tuple(out)


def shape(params: Quoting) -> tuple[float, ...]:
    """Size of each rung as a multiple of the first."""
    factor = params.size_factor
    if params.size_profile == "linear":
        return tuple(1.0 + n * (factor - 1.0) for n in range(params.levels))
    if params.size_profile == "exponential":
        out = [1.0]
        for _ in range(params.levels - 1):
            out.append(out[-1] * factor)
        return tuple(out)
    return (1.0,) * params.levels


def prices(
    fair: float, half_bps: float, skew_bps: float, offsets: tuple[float, ...], bid: int, ask: int, step: int = 1
) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Ticks of the bids and asks, nearest first, rounded outwards and never through the touch (post-only).

    `step`: ticks between prices that an order may have (more than one where the book is finer than orders may be).
    """
    unit = fair * 1e-4
    centre = fair + skew_bps * unit
    top_bid, top_ask = ask - 1, bid + 1
    bids, asks = [], []
    last_bid, last_ask = top_bid + 1, top_ask - 1
    for offset in offsets:
        distance = (half_bps + offset) * unit
        last_bid = min(floor(centre - distance + EPSILON), last_bid - 1)
        last_ask = max(ceil(centre + distance - EPSILON), last_ask + 1)
        bids.append(last_bid)
        asks.append(last_ask)
    if step > 1:
        bids, asks = _on_step(bids, step, -1), _on_step(asks, step, 1)
    if asks[0] <= bids[0]:  # no width left: own quotes never meet
        asks = [max(px, bids[0] + (1 + k) * step) for k, px in enumerate(asks)]
    return tuple(bids), tuple(asks)


def _on_step(prices_: list[int], step: int, outwards: int) -> list[int]:
    """Prices moved outwards to multiples of step, no two the same."""
    out: list[int] = []
    for px in prices_:
        px += outwards * (outwards * -px % step)
        if out:
            px = outwards * max(outwards * px, outwards * out[-1] + step)
        out.append(px)
    return out
