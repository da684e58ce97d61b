"""Liquidity health of a market: depth around mid, spread, resilience, own share, and one rule for healthy or not.

Healthy: more than 500,000 of quote currency within +-1 % of mid (both sides together), at a spread under 0.3 %.
A book is known only as far as its feed shows it: depth within 2 % of a book known to +-0.25 % is not a number, and
whether such a market is healthy is not known unless what is known already suffices.

Resilience: a sweep takes more than a tenth of the depth within 10 bps of a side (the sum of the trades of one beat of
the engine against the depth a second before at most); the time until that depth is back at nine tenths of what it was
is its resilience, measured on the beat, and given up after a minute.

Rules of this file: `Resilience` is fed on the engine's beat, never by a message; `health` is for whoever looks.
"""

from __future__ import annotations

from math import ceil
from typing import NamedTuple

from mmtui.core.market.book import OrderBook, Side
from mmtui.core.market.instrument import ATOMS, Grid
from mmtui.core.orders.table import RESTING
from mmtui.core.orders.tracker import Order

SECOND = 1_000_000_000
#: Depth is said within these distances of mid, %.
WITHIN = (0.1, 1.0, 2.0)
#: The rule of a healthy market: quote currency within +-1 %, and spread in %.
HEALTHY_DEPTH, HEALTHY_SPREAD = 500_000.0, 0.3
_RULE = WITHIN.index(1.0)
#: A sweep takes more than this share of the depth within so many bps; it has recovered at that share; given up after.
SWEPT, BACK, NEAR_BPS, GIVE_UP = 0.1, 0.9, 10.0, 60 * SECOND


def depth_lots(side: Side, bound: float) -> int:
    """Lots of a side at prices up to `bound` (ticks): at or above it for bids, at or below it for asks."""
    edge = ceil(side.sign * bound)
    keys, sizes = side.keys, side.sizes
    if keys and keys[0] >= edge and len(keys) < len(sizes):  # the sorted window does not reach so far
        return sum([size for key, size in sizes.items() if key >= edge])  # a list: half the time of a generator
    total = 0
    for key in reversed(keys):
        if key < edge:
            break
        total += sizes[key]
    return total


class Resilience:
    """Of one side of one market."""

    __slots__ = ("base", "count", "last", "level", "lost", "since", "total")

    def __init__(self) -> None:
        self.base = 0  # lots within NEAR_BPS when last looked at in peace
        self.level = self.since = 0  # of the sweep that is waited for; since 0: none
        self.count = self.total = self.last = 0  # recoveries, ns in all, ns of the last
        self.lost = 0  # sweeps given up

    def beat(self, ts: int, book: OrderBook, side: int, taken: int, sample: bool) -> None:
        """`taken`: lots that takers took of this side since the last beat; `sample`: a second has passed."""
        if not self.since:
            if taken > SWEPT * self.base > 0:
                self.level, self.since = self.base, ts
            elif sample:
                self.base = self._near(book, side)
            return
        if self._near(book, side) >= BACK * self.level:
            self.last = ts - self.since
            self.total += self.last
            self.count += 1
        elif ts - self.since < GIVE_UP:
            return
        else:
            self.lost += 1
        self.since = 0

    def _near(self, book: OrderBook, side: int) -> int:
        mid2 = book.mid2() if book.valid else 0
        bound = mid2 / 2 * (1.0 - side * NEAR_BPS * 1e-4)
        return depth_lots(book.bids if side > 0 else book.asks, bound) if mid2 else 0

    def seconds(self) -> float | None:
        """Mean time to recover; None before the first."""
        return self.total / self.count / SECOND if self.count else None

    def rescale(self, sz: int) -> None:
        self.base *= sz
        self.level *= sz


class Depth(NamedTuple):
    """Quote currency within `pct` % of mid; of what is known, when `known` is False."""

    pct: float
    bid: float
    ask: float
    known: bool


class Health(NamedTuple):
    """A market's health now."""

    spread_pct: float | None
    depths: tuple[Depth, ...]
    known_pct: float  # how far from mid the book is known, the nearer side, %
    own_share: float  # own live lots within +-1 % / displayed lots there, 0..1; on paper own ones are not displayed
    healthy: bool | None  # None: not known
    why: str  # what is missing; "" when healthy


NOTHING = Health(None, (), 0.0, 0.0, None, "no valid book")


def health(book: OrderBook, grid: Grid, own: list[Order]) -> Health:
    """Of the book as it stands; `own`: own open orders of the instrument."""
    mid2 = book.mid2() if book.valid else 0
    if not mid2 or not book.bids.sizes or not book.asks.sizes:
        return NOTHING
    mid = mid2 / 2
    worth = grid.notional_atoms(mid2, 1) / ATOMS  # quote currency a lot, at mid
    low, high = min(book.bids.sizes), -min(book.asks.sizes)
    known = min(mid - low, high - mid) / mid * 100
    depths = []
    for pct in WITHIN:
        bid, ask = (depth_lots(side, mid * (1 - side.sign * pct / 100)) for side in (book.bids, book.asks))
        depths.append(Depth(pct, bid * worth, ask * worth, known >= pct))
    spread = (book.ask - book.bid) / mid * 100
    one = depths[_RULE]
    mine = sum(o.left for o in own if o.state in RESTING and abs(o.px - mid) <= mid * one.pct / 100) * worth
    total = one.bid + one.ask
    healthy, why = verdict(total, one.known, known, spread)
    return Health(spread, tuple(depths), known, min(1.0, mine / total) if total else 0.0, healthy, why)


def verdict(total: float, complete: bool, known: float, spread: float) -> tuple[bool | None, str]:
    """Healthy or not by the rule, and what is missing. None: the book is not known far enough to say."""
    if spread >= HEALTHY_SPREAD:
        return False, f"spread {spread:.3f} % is not under {HEALTHY_SPREAD} %"
    if total > HEALTHY_DEPTH:
        return True, ""
    if complete:
        return False, f"depth {total:,.0f} within ±1 % is not more than {HEALTHY_DEPTH:,.0f}"
    return None, f"known to ±{known:.2g} % only, {total:,.0f} there"
