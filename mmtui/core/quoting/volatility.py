"""Volatility of the mid, in exactly rounded arithmetic: three estimators of the variance of returns a second.

Exponentially weighted: r_k = (m_k - m_{k-1}) / m_{k-1};  variance per second v <- v + w (r_k^2 / dt_k - v),
w = dt_k / (tau + dt_k): the rational form of 1 - exp(-dt/tau) (equal to first order), the same bits everywhere.
Realised: the sum of r_k^2 over the sum of dt_k of the last window.
Parkinson, "The extreme value method for estimating the variance of the rate of return", Journal of Business 53 (1980):
the mean of ln(high/low)^2 / (4 ln 2) over the parts of the window, a second of their length.

Rules of this file: one class an estimator, alike in `note`, `bps`, `variance`; bounded memory.
"""

from __future__ import annotations

from collections import deque
from math import fsum, sqrt

from mmtui.core.maths import log
from mmtui.core.quoting.params import Quoting

#: Mids closer together than this are one observation: bursts of the same move are not many moves.
SAMPLE_NS = 100_000_000
#: Returns that the realised estimator keeps at most, and parts of Parkinson's window.
SAMPLES, PARTS = 600, 20
FOUR_LN2 = 2.772588722239781


class Volatility:
    """Variance of returns a second, sampled at most every 100 ms."""

    __slots__ = ("last_mid", "last_ts", "tau", "variance")

    def __init__(self, window_s: float) -> None:
        self.tau = window_s
        self.variance = 0.0
        self.last_mid = 0
        self.last_ts = 0

    def note(self, ts: int, mid2: int) -> None:
        if ts - self.last_ts < SAMPLE_NS:
            return
        if self.last_mid:
            dt = (ts - self.last_ts) * 1e-9
            move = (mid2 - self.last_mid) / self.last_mid
            self.variance += (dt / (self.tau + dt)) * (move * move / dt - self.variance)
        self.last_mid, self.last_ts = mid2, ts

    def bps(self, horizon_s: float) -> float:
        """Standard deviation over a horizon, bps."""
        return sqrt(self.variance * horizon_s) * 1e4

    def rescale(self, px: int) -> None:
        self.last_mid *= px

    def digest(self) -> tuple[object, ...]:
        return (self.last_mid, self.last_ts)


class Realised:
    """Sum of squared returns of the last window, sampled so that at most 600 are kept."""

    __slots__ = ("last_mid", "last_ts", "moves", "sample", "seconds", "squares", "variance", "window")

    def __init__(self, window_s: float) -> None:
        self.window = int(window_s * 1e9)
        self.sample = max(SAMPLE_NS, self.window // SAMPLES)
        self.moves: deque[tuple[int, float, float]] = deque()  # instant, squared return, seconds
        self.squares = self.seconds = 0.0
        self.variance = 0.0
        self.last_mid = 0
        self.last_ts = 0

    def note(self, ts: int, mid2: int) -> None:
        if ts - self.last_ts < self.sample:
            return
        if self.last_mid:
            move = (mid2 - self.last_mid) / self.last_mid
            self.moves.append((ts, move * move, (ts - self.last_ts) * 1e-9))
            while len(self.moves) > 1 and self.moves[0][0] <= ts - self.window:
                self.moves.popleft()
            self.squares = fsum(square for _, square, _ in self.moves)
            self.seconds = fsum(seconds for _, _, seconds in self.moves)
            self.variance = self.squares / self.seconds
        self.last_mid, self.last_ts = mid2, ts

    def bps(self, horizon_s: float) -> float:
        return sqrt(self.variance * horizon_s) * 1e4

    def rescale(self, px: int) -> None:
        self.last_mid *= px

    def digest(self) -> tuple[object, ...]:
        return (self.last_mid, self.last_ts, len(self.moves), self.squares, self.seconds)


class Parkinson:
    """From high and low of the parts of the window; a part begins at the last mid of the one before."""

    __slots__ = ("begun", "high", "last_mid", "length", "low", "ranges", "variance")

    def __init__(self, window_s: float) -> None:
        self.length = int(window_s * 1e9) // PARTS
        self.ranges: deque[float] = deque(maxlen=PARTS)  # ln(high/low)^2
        self.begun = self.high = self.low = self.last_mid = 0
        self.variance = 0.0

    def note(self, ts: int, mid2: int) -> None:
        if not self.last_mid:
            self.begun, self.high, self.low = ts, mid2, mid2
        elif ts - self.begun >= self.length:
            size = log(self.high / self.low)
            self.ranges.append(size * size)
            parts = (ts - self.begun) // self.length
            self.ranges.extend([0.0] * min(parts - 1, PARTS))
            self.begun += parts * self.length
            self.high = self.low = self.last_mid
            self.variance = fsum(self.ranges) / (len(self.ranges) * FOUR_LN2 * self.length * 1e-9)
        self.high, self.low = max(self.high, mid2), min(self.low, mid2)
        self.last_mid = mid2

    def bps(self, horizon_s: float) -> float:
        return sqrt(self.variance * horizon_s) * 1e4

    def rescale(self, px: int) -> None:
        self.high *= px
        self.low *= px
        self.last_mid *= px

    def digest(self) -> tuple[object, ...]:
        return (self.begun, self.high, self.low, self.last_mid, list(self.ranges))


Estimator = Volatility | Realised | Parkinson
_ESTIMATORS: dict[str, type[Volatility] | type[Realised] | type[Parkinson]] = {
    "ewma": Volatility,
    "realised": Realised,
    "parkinson": Parkinson,
}


def estimator(params: Quoting, before: Quoting, last: Estimator | None) -> Estimator:
    """What `params` ask for; what `last` has measured under `before` is kept where it means the same."""
    if last is not None and params.vol_estimator == before.vol_estimator:
        if params.vol_window_s == before.vol_window_s:
            return last
        if isinstance(last, Volatility):
            last.tau = params.vol_window_s
            return last
    return _ESTIMATORS[params.vol_estimator](params.vol_window_s)
