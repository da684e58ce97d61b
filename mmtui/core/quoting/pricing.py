"""The spread model in force on an instrument: its constants, its calibration, and the words that say which hold.

Rules of this file: the formulas stand in spread.py, the estimator in intensity.py; here is only what they are given.
"""

from __future__ import annotations

from mmtui.core.quoting import spread
from mmtui.core.quoting.intensity import Intensity
from mmtui.core.quoting.params import Quoting


class Pricing:
    """Width and inventory skew by `spread_model`, which is not fixed. bps, seconds, inventory in rungs (spread.py)."""

    __slots__ = ("a", "intensity", "k", "liquidity", "params", "slope", "source")

    def __init__(self, params: Quoting, last: Pricing | None) -> None:
        self.params = params
        self.intensity: Intensity | None = None
        if params.calibrate:
            kept = last.intensity if last is not None else None
            self.intensity = kept or Intensity(params.calibration_window_s)
            self.intensity.window = params.calibration_window_s
        self._take()

    def _use(self, a: float, k: float, source: str) -> None:
        gamma = self.params.risk_aversion
        self.a, self.k, self.source = a, k, source
        self.liquidity = spread.liquidity_width(gamma, k)
        self.slope = spread.glft_slope(gamma, k, a) if self.params.spread_model == "glft" else 0.0

    def observe(self, ts_event: int, side: int, px: int, mid2: int) -> None:
        """A market order by a taker of this side reached `px` (ticks) from the mid `mid2` (half ticks) before it."""
        if self.intensity is not None and mid2 > 0:
            self.intensity.note(ts_event, side, side * (2 * px - mid2) / mid2 * 1e4)

    def calibrate(self, ts: int, tick_bps: float) -> None:
        """Take A and k from the calibration, or the configured ones while it has none."""
        if self.intensity is None:
            return
        before = self.intensity.fitted
        if self.intensity.fit(ts, tick_bps, self.params.calibration_trades) is not before:
            self._take()

    def _take(self) -> None:
        params = self.params
        if self.intensity is None:
            self._use(params.intensity_a, params.intensity_k, "configured")
        elif self.intensity.fitted.why:
            self._use(params.intensity_a, params.intensity_k, f"configured: {self.intensity.fitted.why}")
        else:
            fit = self.intensity.fitted
            self._use(fit.a, fit.k, f"measured beyond {fit.beyond:.2g} bps")

    def quote(self, sigma: float, ts: int, q: float, q_max: float) -> tuple[float, float]:
        """(full width, inventory skew) at an inventory q, both before bounds and operator."""
        params = self.params
        if params.spread_model == "glft":
            return spread.glft(self.slope, sigma, max(-q_max, min(q_max, q)), self.liquidity)
        if params.horizon == "infinite":
            return spread.as_infinite(params.risk_aversion, sigma, params.omega, q_max, q, self.liquidity)
        return spread.as_finite(params.risk_aversion, sigma, spread.time_left(params, ts), q, self.liquidity)

    def words(self) -> str:
        """The half-spread's line in the waterfall: the model, and whose A and k."""
        if self.params.spread_model == "glft":
            return f"half-spread (glft: A {self.a:.3g}/s, k {self.k:.3g}/bp {self.source})"
        return f"half-spread (avellaneda-stoikov: k {self.k:.3g}/bp {self.source})"

    def digest(self) -> tuple[object, ...]:
        return (self.a, self.k, self.intensity.digest() if self.intensity is not None else ())
