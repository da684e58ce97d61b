"""An exponentially weighted mean in continuous time of a value that holds until the next one.

m(t) = x + (m(t0) - x) exp(-(t - t0) / tau) while the value is x: how often it is noted changes nothing.
Rules of this file: exactly this; exp is the core's own.
"""

from __future__ import annotations

from mmtui.core.maths import exp


class Ewma:
    """Mean with a time constant in seconds; instants in ns. 0.0 before the first value."""

    __slots__ = ("last", "mean", "tau", "ts")

    def __init__(self, tau_s: float) -> None:
        self.tau = tau_s
        self.mean = self.last = 0.0
        self.ts = 0

    def note(self, ts: int, value: float) -> None:
        """The value from `ts` on; the first one is the mean."""
        if not self.ts:
            self.mean = value
        elif ts > self.ts:
            self.mean = self.at(ts)
        self.last, self.ts = value, max(ts, self.ts)

    def at(self, ts: int) -> float:
        """The mean at `ts`, not before the last value."""
        gone = (ts - self.ts) * 1e-9
        if gone <= 0.0 or self.mean == self.last:
            return self.mean
        return self.last + (self.mean - self.last) * exp(-gone / self.tau)

    def rescale(self, factor: int) -> None:
        self.mean *= factor
        self.last *= factor

    def digest(self) -> tuple[object, ...]:
        return (self.mean, self.last, self.ts)
