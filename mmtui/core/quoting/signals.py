"""Signals that move fair value to the reservation price, each with a weight and a cap in bps.

    book imbalance   (bids - asks) / (bids + asks) of the displayed sizes of some levels, in [-1, 1]
    trade flow       signed over total traded size, both exponentially weighted, fading while nothing trades
    momentum         fast less slow exponentially weighted mean of the mid, bps
    premium          the lead's price (with its basis) over the own mid, bps
    funding          away from the side that will pay, growing over the hours before (hedging/funding.py), bps

Rules of this file: one function a signal; what is off is not in the list; what each said last is kept for the
waterfall.
"""

from __future__ import annotations

from collections.abc import Callable

from mmtui.core.hedging.funding import funding_skew_bps
from mmtui.core.maths import exp
from mmtui.core.quoting.ewma import Ewma
from mmtui.core.quoting.fair import NOBODY, Fair, Feeds, Slots, foreign
from mmtui.core.quoting.params import Quoting

#: Nanoseconds of an hour; no funding rate leans farther than this before its weight and cap, bps.
HOUR = 3_600_000_000_000
MOST_BPS = 10_000.0


class Flow:
    """Sums of traded size that fade with a time constant."""

    __slots__ = ("signed", "tau", "total", "ts")

    def __init__(self, tau_s: float) -> None:
        self.tau = tau_s
        self.signed = self.total = 0.0
        self.ts = 0

    def note(self, ts: int, side: int, lots: int) -> None:
        if ts > self.ts:
            fade = exp((self.ts - ts) * 1e-9 / self.tau) if self.ts else 0.0
            self.signed *= fade
            self.total *= fade
            self.ts = ts
        self.signed += side * lots
        self.total += lots

    def at(self, ts: int) -> float:
        """Share in [-1, 1]; it fades with the time since the last trade."""
        if not self.total:
            return 0.0
        return self.signed / self.total * exp(min(0, self.ts - ts) * 1e-9 / self.tau)

    def rescale(self, sz: int) -> None:
        self.signed *= sz
        self.total *= sz

    def digest(self) -> tuple[object, ...]:
        return (self.signed, self.total, self.ts)


class Momentum:
    """Fast and slow mean of the mid."""

    __slots__ = ("fast", "slow")

    def __init__(self, params: Quoting) -> None:
        self.fast = Ewma(params.momentum_fast_s)
        self.slow = Ewma(params.momentum_slow_s)

    def tune(self, params: Quoting) -> None:
        self.fast.tau, self.slow.tau = params.momentum_fast_s, params.momentum_slow_s

    def note(self, ts: int, mid2: int) -> None:
        self.fast.note(ts, float(mid2))
        self.slow.note(ts, float(mid2))

    def bps(self, ts: int) -> float:
        slow = self.slow.at(ts)
        return (self.fast.at(ts) - slow) / slow * 1e4 if slow else 0.0

    def rescale(self, px: int) -> None:
        self.fast.rescale(px)
        self.slow.rescale(px)

    def digest(self) -> tuple[object, ...]:
        return (*self.fast.digest(), *self.slow.digest())


def _imbalance(signals: Signals, feeds: Feeds, fair: Fair, i: int, slots: Slots, ts: int) -> float:
    depth, own = signals.params.imbalance_depth, fair.slots(slots)
    if own is NOBODY:
        buy, sell = feeds.books[i].lots(depth)
    else:
        bids, asks = foreign(feeds.books[i], own, depth)
        buy, sell = sum([lots for _, lots in bids]), sum([lots for _, lots in asks])
    return (buy - sell) / (buy + sell)


def _flow(signals: Signals, feeds: Feeds, fair: Fair, i: int, slots: Slots, ts: int) -> float:
    return signals.flow.at(ts)


def _momentum(signals: Signals, feeds: Feeds, fair: Fair, i: int, slots: Slots, ts: int) -> float:
    return signals.momentum.bps(ts)


def _premium(signals: Signals, feeds: Feeds, fair: Fair, i: int, slots: Slots, ts: int) -> float:
    """0.0 while the lead is not there or stale."""
    mid = feeds.books[i].mid2() / 2
    if fair.lead < 0 or not feeds.fresh(fair.lead, ts):
        return 0.0
    lead = fair.part("other", feeds, i, slots, ts)
    return (lead - mid) / mid * 1e4 if lead > 0.0 else 0.0


def _funding(signals: Signals, feeds: Feeds, fair: Fair, i: int, slots: Slots, ts: int) -> float:
    """Lean away from the side that will pay, bps at a factor of 1."""
    mark = feeds.marks[i]
    if mark is None or not mark.next_funding:
        return 0.0
    hours = (mark.next_funding - ts) / HOUR
    return funding_skew_bps(mark.funding * 1e-10, hours, 1.0, MOST_BPS)


_SIGNALS: dict[str, Callable[[Signals, Feeds, Fair, int, Slots, int], float]] = {
    "book imbalance": _imbalance,
    "trade flow": _flow,
    "momentum": _momentum,
    "premium": _premium,
    "funding": _funding,
}


def weights(params: Quoting) -> list[tuple[str, float, float]]:
    """Name, weight and cap of the signals that are on."""
    table = [
        ("book imbalance", params.imbalance_bps, params.imbalance_cap_bps),
        ("trade flow", params.flow_bps, params.flow_cap_bps),
        ("momentum", params.momentum_weight, params.momentum_cap_bps),
        ("premium", params.premium_weight, params.premium_cap_bps),
        ("funding", params.funding_skew, params.funding_skew_cap_bps),
    ]
    return [row for row in table if row[1]]


class Signals:
    """The signals of one instrument that are on, and what they said last."""

    __slots__ = ("flow", "momentum", "params", "said", "weights")

    def __init__(self, params: Quoting, last: Signals | None) -> None:
        self.params = params
        self.weights = weights(params)
        self.flow: Flow = last.flow if last is not None else Flow(params.flow_tau_s)
        self.flow.tau = params.flow_tau_s
        self.momentum: Momentum = last.momentum if last is not None else Momentum(params)
        self.momentum.tune(params)
        self.said: list[tuple[str, float]] = []  # bps each

    def bps(self, feeds: Feeds, fair: Fair, i: int, slots: Slots, ts: int) -> float:
        """By how much they shift fair value together."""
        total = 0.0
        said = self.said = []
        for name, weight, cap in self.weights:
            shift = weight * _SIGNALS[name](self, feeds, fair, i, slots, ts)
            if not -cap < shift < cap:
                shift = max(-cap, min(cap, shift))
            said.append((name, shift))
            total += shift
        return total

    def digest(self) -> tuple[object, ...]:
        return (self.said, self.flow.digest(), self.momentum.digest())
