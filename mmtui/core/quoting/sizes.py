"""How much each rung of a side offers: profile, operator, easing back, skew by size, room to the limit.

Rules of this file: sizes are lots; knows the quoter that holds it, and neither books nor orders.
"""

from __future__ import annotations

from math import fsum
from typing import TYPE_CHECKING

from mmtui.core.quoting.ladder import EPSILON, shape
from mmtui.core.quoting.params import Quoting

if TYPE_CHECKING:
    from mmtui.core.quoting.quoter import Quoter

#: Share of a limit from which on only the reducing side is quoted.
REDUCE_AT = 0.9
#: A share of equity is measured again after this (ns).
MEASURE_NS = 1_000_000_000


def full(side: int, position: int, limit: int) -> bool:
    """Whether the side would add to a position at 90 % of its limit (desk rules: reduce-only)."""
    return side * position >= REDUCE_AT * limit


def opens(params: Quoting, side: int) -> bool:
    """Whether a side may lead away from the target."""
    return params.ping_at == "both" or params.ping_at == ("bid" if side > 0 else "ask")


class Sizes:
    """Sizes of both sides, made anew only when what they depend on has changed."""

    __slots__ = ("by_equity", "made_for", "measured_ts", "of", "shape", "unit")

    def __init__(self) -> None:
        self.shape: tuple[float, ...] = ()
        self.of: dict[int, tuple[int, ...]] = {1: (), -1: ()}
        self.made_for: tuple[object, ...] = ()  # () after a change of parameters
        self.unit = 0.0  # lots of the first rung
        self.by_equity = False
        self.measured_ts = 0

    def derive(self, params: Quoting, unit: float) -> None:
        """`unit`: lots of `size`."""
        self.shape, self.made_for = shape(params), ()
        self.by_equity = params.equity_pct > 0.0
        self.measured_ts = 0
        if not self.by_equity:
            self.unit = unit

    def measure(self, lots: float, ts: int) -> None:
        """The first rung by its share of equity."""
        self.unit, self.measured_ts = lots, ts

    def resize(self, quoter: Quoter, position: int, ts: int) -> None:
        """Wanted sizes a side: profile, operator, WIDE, easing back, zone, size skew, REDUCE, room to the limit."""
        operator = quoter.operator
        easing = ts < quoter.ease_until
        basis = (
            position, operator.size_pct, operator.wide, easing, quoter.reduce_mode, quoter.guard, self.unit,
            quoter.boost,
        )  # fmt: skip
        if basis == self.made_for:
            return
        self.made_for = basis
        scale = self.unit * (1.0 + operator.size_pct / 100.0)
        if operator.wide:
            scale *= 0.5
        if easing:
            scale *= 0.25
        scale *= quoter.zone_size * quoter.boost
        if quoter.promised_lots and not (operator.wide or easing or quoter.reduce_mode):
            scale = max(scale, quoter.promised_lots / fsum(self.shape))
        limit = quoter.capped()
        ratio = quoter.load(position)
        for side in (1, -1):
            adds = ratio * side > 0
            factor = scale * (1.0 - quoter.params.size_skew * abs(ratio)) if adds else scale
            room = limit - position if side > 0 else limit + position
            if quoter.reduce_mode or quoter.guard or full(side, position, limit):
                room = max(0, -side * position)
            if not opens(quoter.params, side):
                room = max(0, min(room, side * (quoter.target - position)))
            sizes = []
            for multiple in self.shape:
                lots = max(0, min(int(factor * multiple + EPSILON), room))
                lots -= lots % quoter.lot_step
                sizes.append(lots)
                room -= lots
            self.of[side] = tuple(sizes)
