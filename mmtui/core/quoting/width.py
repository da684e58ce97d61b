"""What widens or tightens the full width beside the operator: fees, liquidations, latency, the lead's age, risk zones.

Rules of this file: bps of full width; one small class or function a cause; what is off is not there.
"""

from __future__ import annotations

from collections import deque
from math import fsum

from mmtui.core.maths import exp
from mmtui.core.quoting.ewma import Ewma
from mmtui.core.quoting.params import Quoting

#: A widening below this is over.
FADED = 0.01
#: Messages' delays are averaged over so many seconds.
LATENCY_TAU_S = 1.0


def floor_bps(params: Quoting, maker_bps: float) -> float:
    """Full width below which a round trip of makers costs more than it earns; 0.0 when told not to care."""
    return max(0.0, 2.0 * (maker_bps + params.min_edge_bps)) if params.fee_floor else 0.0


class Bursts:
    """Liquidations of one base asset: each burst adds to a widening that fades, and its end may take from it."""

    __slots__ = ("due", "last", "level", "recent", "total", "ts")

    def __init__(self) -> None:
        self.recent: deque[tuple[int, float]] = deque()  # instant, worth in desk currency
        self.total = 0.0
        self.level = 0.0  # bps at `ts`
        self.ts = self.last = 0
        self.due = False  # a burst was counted and is not exhausted yet

    def note(self, params: Quoting, ts: int, worth: float) -> None:
        """A liquidation."""
        self.settle(params, ts)
        first = ts - int(params.liquidation_window_s * 1e9)
        self.last = ts
        self.recent.append((ts, worth))
        self.total += worth
        while self.recent and self.recent[0][0] <= first:
            self.total -= self.recent.popleft()[1]
        if self.total >= params.liquidation_notional:
            self.recent.clear()
            self.total = 0.0
            self.due = True
            self._add(params, params.liquidation_bps)

    def settle(self, params: Quoting, ts: int) -> None:
        """Let time pass, and the burst end that is over."""
        self.level, self.ts = self.at(params, ts), max(ts, self.ts)
        if self.due and ts - self.last >= int(params.liquidation_window_s * 1e9):
            self.due = False
            self._add(params, params.liquidation_after_bps)

    def _add(self, params: Quoting, bps: float) -> None:
        most = params.max_spread_bps
        self.level = max(-most, min(most, self.level + bps))

    def at(self, params: Quoting, ts: int) -> float:
        """Widening at `ts`, bps."""
        if not self.level or ts <= self.ts:
            return self.level
        return self.level * exp((self.ts - ts) * 1e-9 / params.liquidation_decay_s)

    def over(self, params: Quoting, ts: int) -> bool:
        """Nothing is left of them."""
        quiet = ts - self.last >= int(params.liquidation_window_s * 1e9)
        return quiet and not self.due and abs(self.at(params, ts)) < FADED

    def digest(self) -> tuple[object, ...]:
        return (list(self.recent), self.total, self.level, self.ts, self.last, self.due)


class Widening:
    """What is added to the width of one instrument, and what each cause added last."""

    __slots__ = ("bursts", "latency", "params", "said")

    def __init__(self, params: Quoting, last: Widening | None) -> None:
        self.params = params
        self.bursts: Bursts | None = last.bursts if last is not None else None
        self.latency: Ewma | None = None  # ms
        if params.latency_bps_per_ms or "latency:" in params.zone_rules:
            kept = last.latency if last is not None else None
            self.latency = kept or Ewma(LATENCY_TAU_S)
        self.said: list[tuple[str, float]] = []

    @property
    def idle(self) -> bool:
        """Nothing of this file is on."""
        return self.bursts is None and self.latency is None and not self.params.lead_age_bps_per_s

    def message(self, ts: int, ts_event: int) -> None:
        """A message of the venue came at `ts`, sent at `ts_event`."""
        if self.latency is not None:
            self.latency.note(ts, (ts - ts_event) * 1e-6)

    def liquidated(self, ts: int, worth: float) -> None:
        """A liquidation in the instrument's base asset."""
        params = self.params
        if params.liquidation_bps or params.liquidation_after_bps:
            self.bursts = self.bursts or Bursts()
            self.bursts.note(params, ts, worth)

    def beat(self, ts: int) -> None:
        """On the timer: bursts end and are forgotten."""
        if self.bursts is not None:
            self.bursts.settle(self.params, ts)
            if self.bursts.over(self.params, ts):
                self.bursts = None

    def bps(self, ts: int, lead_age_s: float) -> float:
        """All of it at `ts`; `lead_age_s`: since the lead last spoke."""
        params = self.params
        said = self.said = []
        if self.bursts is not None:
            said.append(("liquidations", self.bursts.at(params, ts)))
        if self.latency is not None:
            late = max(0.0, self.latency.mean - params.latency_threshold_ms)
            said.append(("venue latency", late * params.latency_bps_per_ms))
        if params.lead_age_bps_per_s:
            said.append(("stale lead", lead_age_s * params.lead_age_bps_per_s))
        return fsum(bps for _, bps in said)

    def digest(self) -> tuple[object, ...]:
        bursts = self.bursts.digest() if self.bursts is not None else ()
        return (bursts, self.latency.digest() if self.latency is not None else (), self.said)


def factors(params: Quoting, zone: str) -> tuple[float, float, float]:
    """Factors of width, size and position limit in a zone."""
    if zone == "amber":
        return params.amber_spread, params.amber_size, params.amber_limit
    if zone == "red":
        return params.red_spread, params.red_size, params.red_limit
    return 1.0, 1.0, 1.0
