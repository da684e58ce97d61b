"""Markouts: what the reference did after each fill, by side and horizon, with how sure that is.

The markout of a fill after h seconds is side x (reference at fill + h - fill price), in bps of the fill price: the edge
that is left when the market has had h seconds to move.  A curve that falls from the edge at once to below zero is
adverse selection.

Two means are kept.  By lots: what the money saw.  By fill: with its standard deviation, from which the interval of 95 %
follows as mean +- 1.96 sd / sqrt(n) (sample deviation, n - 1; the normal approximation: below some thirty fills it is
too narrow, and parts of one order are not independent).

Rules of this file: floats only through + - * / and sqrt, in the order in which horizons fall due.
"""

from __future__ import annotations

from collections import deque
from math import sqrt
from typing import NamedTuple, Protocol

#: Horizons of the curve, seconds.
CURVE = (0.1, 1, 5, 30, 60)
_DUE = tuple(int(seconds * 1_000_000_000) for seconds in CURVE)
#: Half the width of the interval of 95 %, in standard errors.
Z = 1.96


class Point(NamedTuple):
    """One point of a curve: mean over fills in bps, half the width of its interval of 95 %, fills."""

    seconds: float
    mean: float | None  # None: no fill is so old yet
    ci: float | None  # None: fewer than two
    fills: int


class Reference(Protocol):
    """Where the reference of an instant is asked for, half ticks; 0 when nothing is known."""

    def at(self, ts: int) -> int: ...


class Tally:
    """Count, sum and sum of squares of bps; sum of lots x bps, and of lots."""

    __slots__ = ("count", "lots", "squares", "total", "weighted")

    def __init__(self) -> None:
        self.count = self.lots = 0
        self.total = self.squares = self.weighted = 0.0

    def add(self, bps: float, lots: int) -> None:
        self.count += 1
        self.total += bps
        self.squares += bps * bps
        self.weighted += lots * bps
        self.lots += lots

    def joined(self, other: Tally) -> Tally:
        """Both as one."""
        made = Tally()
        made.count, made.lots = self.count + other.count, self.lots + other.lots
        made.total, made.squares = self.total + other.total, self.squares + other.squares
        made.weighted = self.weighted + other.weighted
        return made

    def point(self, seconds: float) -> Point:
        n = self.count
        if n < 2:
            return Point(seconds, self.total if n else None, None, n)
        mean = self.total / n
        spread = max(0.0, self.squares - n * mean * mean) / (n - 1)
        return Point(seconds, mean, Z * sqrt(spread / n), n)


class Markouts:
    """Of one instrument."""

    __slots__ = ("pending", "tallies")

    def __init__(self) -> None:
        self.pending: tuple[deque[tuple[int, int, int, int]], ...] = tuple(deque() for _ in CURVE)
        self.tallies = {side: [Tally() for _ in CURVE] for side in (1, -1)}

    def filled(self, ts: int, side: int, px: int, lots: int) -> None:
        for queue, after in zip(self.pending, _DUE, strict=True):
            queue.append((ts + after, side, px, lots))

    def due(self, ts: int, references: Reference) -> None:
        """Book every markout whose horizon has passed."""
        for k, queue in enumerate(self.pending):
            while queue and queue[0][0] <= ts:
                due, side, px, lots = queue.popleft()
                reference = references.at(due)
                if reference:
                    self.tallies[side][k].add(side * (reference - 2 * px) / (2 * px) * 1e4, lots)

    def weighted(self, k: int) -> float | None:
        """Size-weighted mean in bps at CURVE[k] over both sides; None before the first."""
        both = self.tallies[1][k].joined(self.tallies[-1][k])
        return both.weighted / both.lots if both.lots else None

    def curve(self, side: int = 0) -> list[Point]:
        """The curve of one side (+1 purchases, -1 sales) or of both (0)."""
        if side:
            return [tally.point(s) for tally, s in zip(self.tallies[side], CURVE, strict=True)]
        pairs = zip(self.tallies[1], self.tallies[-1], CURVE, strict=True)
        return [bid.joined(ask).point(seconds) for bid, ask, seconds in pairs]

    def rescale(self, px: int, sz: int) -> None:
        """A finer tick or lot."""
        self.pending = tuple(deque((t, s, p * px, q * sz) for t, s, p, q in queue) for queue in self.pending)
        for tallies in self.tallies.values():
            for tally in tallies:
                tally.weighted *= sz
                tally.lots *= sz

    def digest(self) -> tuple[object, ...]:
        return tuple(
            (tally.count, tally.lots, tally.total, tally.squares, tally.weighted)
            for side in (1, -1)
            for tally in self.tallies[side]
        )
