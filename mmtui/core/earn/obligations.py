"""The meter of obligations: what has been earned today, what the rest of the day must hold, and why not now.

At every snapshot of a programme (every `snapshot_s` seconds from 00:00 UTC) the own *live* orders in the market are
looked at: an order whose cancel is under way, or whose fate is not known, counts for nothing.  An instrument holds when
the own best bid and ask are at most `max_spread_bps` apart and either side is worth `min_depth` of quote currency
within `within_bps` of mid; a snapshot holds when the share `coverage` of the instruments does.  A snapshot that nobody
took (the desk was not running) does not hold: that is how the venue sees it.

Rules of this file: counts in integers; reads books and orders, changes neither.
"""

from __future__ import annotations

from collections.abc import Collection
from decimal import ROUND_CEILING, Decimal
from typing import NamedTuple

from mmtui.core.earn.days import day_number
from mmtui.core.earn.programme import Obligation
from mmtui.core.ledger.account import Account
from mmtui.core.market.book import OrderBook
from mmtui.core.market.instrument import ATOMS, Grid
from mmtui.core.orders.table import RESTING
from mmtui.core.orders.tracker import Order

SECOND = 1_000_000_000
DAY_S = 86_400
#: Days of history that a meter keeps.
HISTORY = 62


class Day(NamedTuple):
    """One day of a programme: snapshots in all, those that were looked at, those that held."""

    day: int  # days since 1970
    total: int
    taken: int
    held: int
    by_instrument: tuple[int, ...]  # snapshots in which each held, in the programme's order


class Reading(NamedTuple):
    """A meter now. Shares are of the day's snapshots, 0..1."""

    name: str
    active: bool  # today belongs to the programme
    inside: bool
    why: str  # why it is not inside now; "" when it is
    held: int
    taken: int
    elapsed: int  # snapshots of the day that have passed, looked at or not
    total: int
    required: int
    rest: float  # share of the rest of the day that must hold; above 1: it cannot be earned any more

    @property
    def earned(self) -> float:
        """Share of the snapshots so far that held."""
        return self.held / self.elapsed if self.elapsed else 0.0


def shortfall(terms: Obligation, depth: int, book: OrderBook, grid: Grid, orders: list[Order]) -> str:
    """Why the orders of one instrument do not hold; "" when they do. `depth`: min_depth in atoms of quote currency."""
    mid2 = book.mid2() if book.valid else 0
    if not mid2:
        return "no valid book"
    sides = {side: [o for o in orders if o.side == side and o.state in RESTING] for side in (1, -1)}
    bids, asks = sides[1], sides[-1]
    best_bid = max((order.px for order in bids), default=0)
    best_ask = min((order.px for order in asks), default=0)
    if terms.both_sides:
        if not best_bid or not best_ask:
            return "no bid" if best_ask else "no ask" if best_bid else "no quotes"
        wide = 2e4 * (best_ask - best_bid) / mid2
        if wide > terms.max_spread_bps:
            return f"spread {wide:.1f} of {terms.max_spread_bps:g} bps"
        return _thin(terms, depth, mid2, grid, 1, bids) or _thin(terms, depth, mid2, grid, -1, asks)
    why = "no quotes"
    for side, own, best in ((1, bids, best_bid), (-1, asks, best_ask)):
        if own:
            wide = 2e4 * side * (mid2 - 2 * best) / mid2
            if wide > terms.max_spread_bps:
                why = f"spread {wide:.1f} of {terms.max_spread_bps:g} bps"
                continue
            why = _thin(terms, depth, mid2, grid, side, own)
            if not why:
                return ""
    return why


def _thin(terms: Obligation, depth: int, mid2: int, grid: Grid, side: int, own: list[Order]) -> str:
    """Why the orders of one side are not deep enough; "" when they are."""
    most = terms.within_bps * 1e-4 * mid2
    there = sum(grid.notional_atoms(2 * o.px, o.left) for o in own if side * (mid2 - 2 * o.px) <= most)
    if there >= depth:
        return ""
    name = "bid" if side > 0 else "ask"
    return f"{name} depth {there // ATOMS:,} of {depth // ATOMS:,} within {terms.within_bps:g} bps"


def _of(share: float, count: int) -> int:
    """A share of a count, rounded up."""
    return int((Decimal(repr(share)) * count).to_integral_value(ROUND_CEILING))


class Meter:
    """Of one programme on one desk."""

    def __init__(self, terms: Obligation, names: list[str]) -> None:
        self.terms = terms
        self.places = [i for i, name in enumerate(names) if not terms.instruments or name in terms.instruments]
        self.missing = [name for name in terms.instruments if name not in names]
        asked = len(self.places) + len(self.missing)
        self.needed = _of(terms.coverage, asked)  # instruments that must hold
        self.depth = int(Decimal(repr(terms.min_depth)) * ATOMS)
        self.first = day_number(terms.from_day) if terms.from_day else 0
        self.last = day_number(terms.to_day) if terms.to_day else 1 << 40
        self.total = -(-DAY_S // terms.snapshot_s)  # snapshots a day
        self.required = _of(terms.share_of_time, self.total)
        self.day = self.slot = -1
        self.taken = self.held = 0
        self.each = [0] * len(self.places)
        self.inside, self.why = False, "not measured yet"
        self.days: list[Day] = []  # those before today, oldest first

    def active(self, day: int) -> bool:
        return self.first <= day <= self.last

    def due(self, ts: int) -> bool:
        """Whether a snapshot is to be taken now: the day and the snapshot in it are noted."""
        second = ts // SECOND
        day = second // DAY_S
        slot = second % DAY_S // self.terms.snapshot_s
        if (day, slot) == (self.day, self.slot):
            return False
        if day != self.day:
            self._close()
            self.day = day
        self.slot = slot
        return self.active(day)

    def _close(self) -> None:
        if self.taken:
            self.days.append(self.today())
            del self.days[:-HISTORY]
        self.taken = self.held = 0
        self.each = [0] * len(self.places)

    def today(self) -> Day:
        return Day(self.day, self.total, self.taken, self.held, tuple(self.each))

    def snapshot(self, books: list[OrderBook], grids: list[Grid], orders: Collection[Order]) -> None:
        """Look at the market and count."""
        own: dict[int, list[Order]] = {i: [] for i in self.places}
        for order in orders:
            if order.i in own:
                own[order.i].append(order)
        reasons = []
        for k, i in enumerate(self.places):
            why = shortfall(self.terms, self.depth, books[i], grids[i], own[i])
            if why:
                reasons.append(f"{grids[i].instrument.id}: {why}")
            else:
                self.each[k] += 1
        held = len(self.places) - len(reasons)
        reasons += [f"{name}: not on this desk" for name in self.missing]
        self.inside = held >= self.needed and bool(self.places)
        self.why = "" if self.inside else "; ".join(reasons)
        self.taken += 1
        self.held += self.inside

    def reading(self, ts: int) -> Reading:
        """The meter at an instant."""
        second = ts // SECOND
        day = second // DAY_S
        fresh = day == self.day
        held, taken = (self.held, self.taken) if fresh else (0, 0)
        elapsed = second % DAY_S // self.terms.snapshot_s + 1
        left = self.total - elapsed
        short = max(0, self.required - held)
        rest = short / left if left else (0.0 if not short else 2.0)
        return Reading(
            self.terms.name, self.active(day), self.inside and fresh, self.why, held, taken, elapsed, self.total,
            self.required, rest,
        )  # fmt: skip

    def digest(self) -> tuple[object, ...]:
        return (self.day, self.slot, self.taken, self.held, self.each, self.inside, len(self.days))


class Obligations:
    """Every programme of a desk, and what quotes must keep to stay inside those that say `keep`."""

    def __init__(self, terms: list[Obligation], books: list[OrderBook], accounts: list[Account]) -> None:
        self.books, self.accounts = books, accounts
        names = [account.instrument.id for account in accounts]
        self.meters = [Meter(one, names) for one in terms]
        self.keepers: list[list[Meter]] = [
            [meter for meter in self.meters if meter.terms.keep and i in meter.places] for i in range(len(names))
        ]
        self.day = -1  # of the last beat

    def beat(self, ts: int, orders: Collection[Order]) -> None:
        """Take the snapshots that are due of the own open orders."""
        self.day = ts // SECOND // DAY_S
        for meter in self.meters:
            if meter.due(ts):
                meter.snapshot(self.books, [account.grid for account in self.accounts], orders)

    def max_width_bps(self, i: int) -> float:
        """Greatest full width that keeps instrument i inside, bps of mid; 0.0: nothing asks for one.

        Both quotes must stand within `within_bps` of mid too, so that a width of twice that is the most.
        """
        terms = [meter.terms for meter in self.keepers[i] if meter.active(self.day)]
        return min((min(one.max_spread_bps, 2 * one.within_bps) for one in terms), default=0.0)

    def min_size(self, i: int) -> int:
        """Least lots a side, over all levels within reach, that keep instrument i inside; 0: nothing asks for any.

        Counted at the lowest price that still counts, so that bids below mid are worth enough.
        """
        if not self.keepers[i]:
            return 0
        mid2 = self.books[i].mid2() or self.accounts[i].references.last()
        grid, most = self.accounts[i].grid, 0
        for meter in self.keepers[i]:
            if mid2 > 0 and meter.active(self.day) and meter.depth:
                worst = int(mid2 * max(0.0, 1.0 - meter.terms.within_bps * 1e-4)) or 1
                most = max(most, -(-meter.depth // grid.notional_atoms(worst, 1)))
        return most

    def digest(self) -> tuple[object, ...]:
        return tuple(meter.digest() for meter in self.meters)
