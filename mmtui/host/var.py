"""Value at risk and expected shortfall of positions x the instruments' own returns; never of the desk's past profit.

Historical: the empirical distribution of overlapping returns of the horizon (Jorion, Value at Risk, 3rd ed., ch. 10);
VaR is the k-th largest loss of n, k = ceil((1 - confidence) n), and ES the mean of those k (Acerbi and Tasche 2002).
EWMA: second moment of the 1 s profits of today's positions, weights lambda**age (RiskMetrics Technical Document 1996,
eq. 5.3, zero mean), with the horizon as half-life, times the root of the horizon, normal tails.

Rules of this file: numpy, pure; no engine, no clock.  Shapes: (instruments,) of exposures in currency, (instruments,
seconds) of returns; results in the exposures' currency, a loss is positive.
"""

from __future__ import annotations

import math
import os
from functools import lru_cache
from statistics import NormalDist
from typing import NamedTuple

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # no thread pool beside the loop: nothing here multiplies matrices

import numpy as np
import numpy.typing as npt

from mmtui.link.risked import HORIZONS

Floats = npt.NDArray[np.float64]

#: Seconds of returns that are kept.
KEEP = 7_200
#: A longer hole in time than this forgets the returns: nothing is known of what happened in it.
HOLE_S = 60
CONFIDENCE = 0.99


class Tail(NamedTuple):
    var: float
    es: float


def historical(profits: Floats, confidence: float = CONFIDENCE) -> Tail:
    """VaR and ES of an empirical distribution of profits; never below zero."""
    k = max(1, math.ceil(round((1.0 - confidence) * len(profits), 9)))
    worst = np.partition(profits, k - 1)[:k]
    return Tail(max(0.0, -float(worst.max())), max(0.0, -float(worst.mean())))


def normal(variance: float, confidence: float = CONFIDENCE) -> Tail:
    """VaR and ES of a normal distribution of zero mean."""
    sigma, standard = math.sqrt(variance), NormalDist()
    z = standard.inv_cdf(confidence)
    return Tail(z * sigma, standard.pdf(z) / (1.0 - confidence) * sigma)


class Returns:
    """Returns of every instrument, sampled once a second, in bounded rings.

    `base[i]` is the instrument whose return is i's base factor (itself, or the spot market of its asset); while i has
    no history of its own it moves with its base.
    """

    def __init__(self, base: list[int], keep: int = KEEP) -> None:
        count = len(base)
        self.base = base
        self.keep = keep
        self.mids = np.zeros((count, max(HORIZONS) + 1))
        #: twice as long, every return written twice: the newest ones always lie side by side
        self.rings = {h: np.zeros((count, 2 * keep), np.float32) for h in (1, *HORIZONS)}
        self.forget()

    def forget(self) -> None:
        """Begin anew."""
        self.seconds = 0  # samples taken
        self.last = 0  # the second of the last one
        self.first = [0] * len(self.base)  # sample at which an instrument was first seen, from 1; 0: never

    def sample(self, second: int, mids: list[float]) -> None:
        """Prices of all instruments at a second of the clock; 0.0 where none is known. Missed seconds stood still."""
        gap = second - self.last
        if self.last and gap <= 0:
            if gap < -1:
                self.forget()
            else:
                return
        if self.last and gap > HOLE_S:
            self.forget()
        missed = gap - 1 if self.last else 0
        row = np.array(mids)
        size = self.mids.shape[1]
        for _ in range(missed):
            self._put(self.mids[:, self.seconds % size].copy())
        held = self.mids[:, self.seconds % size]
        self._put(np.where(row > 0.0, row, held) if self.seconds else row)
        self.last = second

    def _put(self, row: Floats) -> None:
        self.seconds += 1
        n, size = self.seconds, self.mids.shape[1]
        self.mids[:, n % size] = row
        for i in np.flatnonzero(row > 0.0):
            if not self.first[i]:
                self.first[i] = n
        for horizon, ring in self.rings.items():
            if n <= horizon:
                continue
            before = self.mids[:, (n - horizon) % size]
            known = (before > 0.0) & (row > 0.0)
            moved = np.where(known, row / np.where(known, before, 1.0) - 1.0, 0.0)
            k = n % self.keep
            ring[:, k] = ring[:, k + self.keep] = np.where(known, moved, moved[self.base])

    def known(self, i: int) -> int:
        """Seconds of returns of one instrument, its base's where those are more."""
        firsts = [one for one in (self.first[i], self.first[self.base[i]]) if one]
        return min(self.seconds - min(firsts), self.keep) if firsts else 0

    def stands_in(self, i: int) -> bool:
        """Whether part of an instrument's history is its base's."""
        mine, other = self.first[i], self.first[self.base[i]]
        return bool(other) and (not mine or other < mine)

    def scenarios(self, horizon: int, seconds: int) -> slice:
        """Place in the ring of a horizon of the newest returns inside `seconds` of history, newest last."""
        count = min(max(0, seconds - horizon + 1), self.keep)
        end = self.seconds % self.keep + self.keep + 1
        return slice(end - count, end)

    # ------------------------------------------------------------ profits of scenarios

    def profits(self, horizon: int, places: slice, low: Floats, high: Floats) -> Floats:
        """Profit of each scenario, each instrument at whichever of two exposures loses more; equal ones: present."""
        out = np.zeros(places.stop - places.start)
        ring = self.rings[horizon]
        for i in np.flatnonzero((low != 0.0) | (high != 0.0)):
            moved = ring[i, places].astype(np.float64)
            out += moved * low[i] if low[i] == high[i] else np.minimum(moved * low[i], moved * high[i])
        return out

    def base_profits(self, horizon: int, places: slice, exposure: Floats) -> Floats:
        """Profit of each scenario by the base factors alone; what is missing to `profits` is the basis factors'."""
        whole = np.zeros_like(exposure)
        np.add.at(whole, self.base, exposure)
        return self.profits(horizon, places, whole, whole)


@lru_cache(len(HORIZONS))
def weights(horizon: int, count: int) -> Floats:
    """EWMA weights of 1 s returns, newest last; the horizon is the half-life. Sum 1."""
    out: Floats = 0.5 ** (np.arange(count)[::-1] / horizon)
    out /= out.sum()
    return out


def ewma(profits: Floats, horizon: int, confidence: float = CONFIDENCE) -> Tail:
    """VaR and ES of a horizon from 1 s profits, newest last."""
    second = float((weights(horizon, len(profits)) * profits * profits).sum())
    return normal(second * horizon, confidence)
