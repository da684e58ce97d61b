"""Exponentially weighted volatility of the mid, in exactly rounded arithmetic.

r_k = (m_k - m_{k-1}) / m_{k-1};  variance per second v <- v + w (r_k^2 / dt_k - v),  w = dt_k / (tau + dt_k):
the rational form of 1 - exp(-dt/tau) (equal to first order), so that every platform makes the same bits.
"""

from __future__ import annotations

from math import sqrt

#: Mids closer together than this are one observation: bursts of the same move are not many moves.
SAMPLE_NS = 100_000_000


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
