"""Price bands: beyond a ceiling the bids are held, below a floor the asks.

Rules of this file: prices in ticks; the moving band's reference is fair value, taken on the engine's clock.
"""

from __future__ import annotations

from mmtui.core.market.instrument import Grid
from mmtui.core.quoting.params import Quoting

SECOND = 1_000_000_000
#: A held side comes back when fair value is so far inside again.
INSIDE = 1e-4


class Bands:
    """Fixed and moving bands, and the reason that they give each side."""

    __slots__ = ("above", "below", "ceiling", "every", "floor", "reasons", "reference", "taken_ts")

    def __init__(self, params: Quoting, grid: Grid, last: Bands | None) -> None:
        tick = float(grid.tick)
        self.ceiling, self.floor = params.price_ceiling / tick, params.price_floor / tick
        self.above, self.below = params.moving_band_above_pct / 100.0, params.moving_band_below_pct / 100.0
        self.every = int(params.moving_band_s * SECOND)
        self.reference: float = last.reference if last is not None else 0.0
        self.taken_ts: int = last.taken_ts if last is not None else 0
        self.reasons = {1: "", -1: ""}

    def look(self, fair: float, ts: int) -> None:
        """Decide anew at a fair value."""
        if not self.reference or ts - self.taken_ts >= self.every:
            self.reference, self.taken_ts = fair, ts
        high = self.reference * (1.0 + self.above) if self.above else 0.0
        low = self.reference * (1.0 - self.below) if self.below else 0.0
        self.reasons[1] = self._held(1, fair, self.ceiling, high, ("price ceiling", "moving price band: above"))
        self.reasons[-1] = self._held(-1, fair, self.floor, low, ("price floor", "moving price band: below"))

    def _held(self, side: int, fair: float, fixed: float, moving: float, words: tuple[str, str]) -> str:
        """The side that a bound holds: bids beyond the upper ones (side 1), asks beyond the lower ones."""
        for bound, why in ((fixed, words[0]), (moving, words[1])):
            inside = side * bound * INSIDE if self.reasons[side] == why else 0.0
            if bound and side * fair > side * (bound - inside):
                return why
        return ""

    def rescale(self, px: int) -> None:
        self.reference *= px

    def digest(self) -> tuple[object, ...]:
        return (self.reference, self.taken_ts, self.reasons[1], self.reasons[-1])
