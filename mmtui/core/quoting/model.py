"""The steps from fair value to the prices of each side: pure functions, one a step.

Rules of this file: prices are in ticks (floats until the last step rounds outwards: asks up, bids down); bps are of
fair value; every step that moves a price has a line in the waterfall (waterfall.py).
"""

from __future__ import annotations

from mmtui.core.quoting.params import Quoting


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
