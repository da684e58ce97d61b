"""Flatten and close: tasks that run inside a state, slice by slice, and stop at their cap.

Flatten: the net delta of an asset to its target by one leg, the cheapest and deepest; legs that hedge each other stay.
Close all: every leg to its baseline; the net first, then long and short legs in lockstep, so that |net| never passes
its start by more than a slice; the hedge of a leg whose venue is dead is left alone (desk rules, "Flatten and close").

Rules of this file: decides the next slice; the engine's gate lets it out or not.  One slice is outstanding at a time.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from math import ceil, floor
from typing import NamedTuple

from mmtui.core.events import MarkPrice
from mmtui.core.hedging.funding import carry_bps
from mmtui.core.ledger.ledger import Ledger
from mmtui.core.ledger.legs import Leg as Side
from mmtui.core.market.book import OrderBook
from mmtui.core.risk.protections import Protections
from mmtui.core.setup import DeskSetup

SLICE_GAP_NS = 250_000_000
DEPTH_BPS = 10.0
DEPTH_SHARE = 0.10


class Slice(NamedTuple):
    """The next order of a task; px in ticks."""

    i: int
    side: int
    px: int
    lots: int


class Leg(NamedTuple):
    """One instrument's part in a task, or one side of it in hedge mode; deltas in base units."""

    i: int
    delta: Decimal
    live: bool
    loss: float = 0.0  # hedge mode: what the leg has lost from its entry, as a share of notional


class Plan(NamedTuple):
    """What a task would do now, for the operator to see first. Costs in quote units."""

    kind: str
    asset: str
    text: str
    size: Decimal
    legs: tuple[int, ...]
    expected: float
    worst: float


class Task:
    """A running flatten or close of one asset (or of all: asset "")."""

    def __init__(self, kind: str, asset: str, by: str, ts: int, references: dict[int, int]) -> None:
        self.kind = kind
        self.asset = asset
        self.by = by
        self.ts = ts
        self.references = references  # instrument -> mid in half ticks at the press, or when first traded after it
        self.oid = 0  # outstanding slice
        self.last_slice = 0
        self.text = "cancelling own orders"
        self.at_cap = False
        self.extended = False
        self.start = Decimal(0)  # |size| at the start, base units
        self.left = Decimal(0)
        self.sent = 0
        self.leg = -1
        self.resting = False  # the next slice is post-only at the touch

    def digest(self) -> tuple[object, ...]:
        return (self.kind, self.asset, self.oid, self.last_slice, self.at_cap, self.extended, self.sent)


class Desk(NamedTuple):
    """What tasks read."""

    setup: DeskSetup
    ledger: Ledger
    books: list[OrderBook]
    protections: Protections
    marks: Sequence[MarkPrice | None] = ()

    def instruments(self, asset: str) -> list[int]:
        return [i for i, item in enumerate(self.setup.instruments) if not asset or item.instrument.base == asset]

    def assets(self) -> list[str]:
        seen: dict[str, None] = {}
        for item in self.setup.instruments:
            seen.setdefault(item.instrument.base)
        return list(seen)

    def cap_bps(self, i: int) -> float:
        limits = self.setup.limits
        return (
            limits.flatten_cap_major_bps if self.setup.instruments[i].instrument.major else limits.flatten_cap_other_bps
        )

    def live(self, i: int) -> bool:
        """The leg can be traded: its book is good and its feed is not down or stale."""
        return (
            self.books[i].quotable
            and self.protections.connected[self.protections.venue_of[i]]
            and (self.protections.reasons[i] in ("", "lead venue"))
        )

    def legs(self, asset: str) -> list[Leg]:
        out = []
        for i in self.instruments(asset):
            live, both = self.live(i), self.ledger.accounts[i].legs
            if both is None:
                out.append(Leg(i, self.ledger.delta(i, self.books), live))
                continue
            for leg in (both.long, both.short):
                out.append(Leg(i, self.base(i, leg.sign * leg.lots), live, self.loss(i, leg)))
        return out

    def base(self, i: int, lots: int) -> Decimal:
        """Lots of an instrument in base units at its mid."""
        account = self.ledger.accounts[i]
        return account.grid.base_lots(lots, self.books[i].mid2() or account.references.last())

    def loss(self, i: int, leg: Side) -> float:
        """What a leg of hedge mode has lost from its average entry, as a share of it (limits.leg_order)."""
        entry, mid2 = leg.average(), self.books[i].mid2()
        if self.setup.limits.leg_order == "size" or not entry or not mid2:
            return 0.0
        return leg.sign * (entry - mid2 / 2) / entry

    def locked(self, asset: str) -> Decimal:
        """Base units that are held long and short at once: what a close would trade without moving delta."""
        deltas = [leg.delta for leg in self.legs(asset)]
        long, short = (sum((abs(d) for d in deltas if (d > 0) is up and d), Decimal(0)) for up in (True, False))
        return min(long, short)

    def target(self, asset: str) -> Decimal:
        return sum(
            (
                Decimal(self.setup.instruments[i].target)
                for i in self.instruments(asset)
                if self.setup.instruments[i].instrument.kind != "inverse"
            ),
            Decimal(0),
        )

    def net(self, asset: str) -> Decimal:
        """Net delta of an asset less its target."""
        return self.ledger.asset_delta(asset, self.books) - self.target(asset)

    def lots(self, i: int, base: Decimal) -> int:
        """Whole lots in |base| units of base, rounded down: a task never passes its goal."""
        size = self.ledger.accounts[i].grid.base_lots(1, self.books[i].mid2())
        lots = int(abs(base) / size) if size else 0
        return lots - lots % self.ledger.accounts[i].lot_step

    def depth(self, i: int, side: int) -> int:
        """Lots on the side that a taker of `side` meets, within 10 bps of the touch."""
        book = self.books[i]
        asks = side > 0
        touch = book.ask if asks else book.bid
        reach = touch * DEPTH_BPS * 1e-4
        levels = (book.asks if asks else book.bids).top(200)
        return sum(q for p, q in levels if abs(p - touch) <= reach)

    def carry(self, i: int, side: int) -> float:
        """Funding that trading on `side` costs until the next payment, as a share of notional (limits.leg_order)."""
        if self.setup.limits.leg_order == "size" or not self.marks:
            return 0.0
        mark = self.marks[i]
        return carry_bps(mark.funding, side) * 1e-4 if mark is not None else 0.0

    def cost(self, i: int, side: int, lots: int) -> float:
        """Expected cost in quote units of taking `lots` now: to the mid, by the levels displayed, plus the fee."""
        account = self.ledger.accounts[i]
        book, grid = self.books[i], account.grid
        levels = (book.asks if side > 0 else book.bids).top(200)
        mid, left, cost = book.mid2() / 2, lots, 0.0
        for price, size in levels:
            take = min(left, size)
            cost += abs(price - mid) * take
            left -= take
            if left <= 0:
                break
        if left > 0 and levels:
            cost += abs(levels[-1][0] - mid) * left
        unit = grid.notional_atoms(2, 1) / 1e18 if not grid.inverse else float(grid.size_base) / mid
        fee = float(account.instrument.taker_bps) * 1e-4
        notional = grid.notional_atoms(book.mid2(), lots) / 1e18
        return cost * unit + notional * fee

    def worst(self, i: int, lots: int) -> float:
        account = self.ledger.accounts[i]
        notional = account.grid.notional_atoms(self.books[i].mid2(), lots) / 1e18
        return notional * (self.cap_bps(i) + float(account.instrument.taker_bps)) * 1e-4


def choose_leg(desk: Desk, asset: str, net: Decimal) -> tuple[int, str]:
    """The cheapest live leg for a flatten, deepest first among equals; (-1, why) when there is none."""
    side = -1 if net > 0 else 1
    best, best_key, why = -1, (0.0, False, 0), "no live book"
    for leg in desk.legs(asset):
        if not leg.live:
            continue
        lots = desk.lots(leg.i, net)
        if lots <= 0:
            why = "less than one lot"
            continue
        held = spot_room(desk, leg.i, side)
        if held is not None and held < lots:
            why = "spot balance"
            continue
        account = desk.ledger.accounts[leg.i]
        share = desk.cost(leg.i, side, lots) / max(
            1e-9, account.grid.notional_atoms(desk.books[leg.i].mid2(), lots) / 1e18
        )
        share += desk.carry(leg.i, side)
        key = (share, not account.reducible(side), -desk.depth(leg.i, side))  # as cheap: what lowers the gross
        if best < 0 or key < best_key:
            best, best_key = leg.i, key
    return best, why


def spot_room(desk: Desk, i: int, side: int) -> int | None:
    """Lots of spot that a task may sell: what is above the baseline; None where there is no such bound."""
    if desk.setup.instruments[i].instrument.kind != "spot" or side > 0:
        return None
    return max(0, desk.ledger.accounts[i].position)


def close_goals(legs: list[Leg]) -> tuple[list[Leg], list[int]]:
    """The live legs with what may be closed of each (signed delta), and the dead ones, left with their hedge."""
    dead = [leg for leg in legs if not leg.live and leg.delta]
    keep = sum((leg.delta for leg in dead), Decimal(0))
    goals: list[Leg] = []
    for leg in legs:
        if not leg.live or not leg.delta:
            continue
        work = leg.delta
        if keep and (leg.delta > 0) != (keep > 0):
            held = min(abs(leg.delta), abs(keep))
            keep += held if keep < 0 else -held
            work = leg.delta - held if leg.delta > 0 else leg.delta + held
        if work:
            goals.append(leg._replace(delta=work))
    return goals, list(dict.fromkeys(leg.i for leg in dead))


def next_close(desk: Desk, goals: list[Leg]) -> tuple[int, Decimal]:
    """The leg to work next and how much of it: the side of the net first, then the larger leg; (-1, 0): none left."""
    workable = [leg for leg in goals if desk.lots(leg.i, leg.delta) > 0]
    if not workable:
        return -1, Decimal(0)
    net = sum((leg.delta for leg in goals), Decimal(0))
    same = [leg for leg in workable if (leg.delta > 0) == (net > 0)]
    if desk.setup.limits.leg_order == "cost" and all(not desk.lots(leg.i, net) for leg in workable):
        same = []  # nothing is open on balance: the dearest of all legs goes first, the others in lockstep

    def first(leg: Leg) -> tuple[float, float, Decimal, int]:
        keeping = -desk.carry(leg.i, -1 if leg.delta > 0 else 1)  # what it costs until the next funding
        return keeping, leg.loss, abs(leg.delta), -leg.i

    best = max(same or workable, key=first)
    work = best.delta
    if same and len(workable) > len(same) and abs(net) < abs(work) and desk.lots(best.i, net) > 0:
        work = net  # take the net out first; the rest goes in lockstep
    return best.i, work


def next_slice(desk: Desk, task: Task, i: int, work: Decimal) -> Slice | str:
    """An IOC of at most 10 % of the depth within 10 bps, or why there is none ("cap" ends the task)."""
    return slice_of(desk, i, work, task.references[i], desk.cap_bps(i))


def slice_of(
    desk: Desk, i: int, work: Decimal, reference: int, cap_bps: float, share: float = DEPTH_SHARE
) -> Slice | str:
    """An IOC against `work` (signed delta) of at most `share` of the depth, its price at the cap from `reference`
    (half ticks); or why there is none: dust, cap, spot balance."""
    side = -1 if work > 0 else 1
    book = desk.books[i]
    remaining = desk.lots(i, work)
    reach = cap_bps * 1e-4 * reference / 2
    account = desk.ledger.accounts[i]
    step = account.tick_step
    px = ceil((reference / 2 - reach) / step) * step if side < 0 else floor((reference / 2 + reach) / step) * step
    minimum = min_lots(desk, i, px)
    if remaining < max(1, minimum):
        return "dust"
    lots = min(remaining, max(1, minimum, int(desk.depth(i, side) * share)))
    if 0 < remaining - lots < minimum:  # what is left would be too small to trade
        lots = remaining - minimum if remaining >= 2 * minimum else remaining
    if (side < 0 and book.bid < px) or (side > 0 and book.ask > px):
        return "cap"
    room = spot_room(desk, i, side)
    lots -= lots % account.lot_step
    if room is not None:
        lots = min(lots, room - room % account.lot_step)
        if lots <= 0:
            return "spot balance"
    return Slice(i, side, px, lots)


def min_lots(desk: Desk, i: int, px: int) -> int:
    """The least that the venue takes at this price."""
    account = desk.ledger.accounts[i]
    need = float(account.instrument.min_notional)
    one = account.grid.notional_atoms(2 * px, 1) / 1e18
    lots = ceil(need / one) if need > 0 and one > 0 else 1
    return lots + -lots % account.lot_step


def plan(desk: Desk, kind: str, asset: str) -> Plan | None:
    """What a flatten or close of an asset would do now; None when there is nothing to do."""
    if kind == "flatten":
        net = desk.net(asset)
        i, why = choose_leg(desk, asset, net)
        if i < 0:
            return None if why in ("less than one lot",) or not net else Plan(kind, asset, why, abs(net), (), 0.0, 0.0)
        lots = desk.lots(i, net)
        side = -1 if net > 0 else 1
        word = "sell" if side < 0 else "buy"
        venue = desk.setup.instruments[i].instrument.venue
        size = desk.ledger.accounts[i].grid.base_lots(lots, desk.books[i].mid2())
        text = f"{word} {short(size)} {asset} on {venue}"
        return Plan(kind, asset, text, size, (i,), desk.cost(i, side, lots), desk.worst(i, lots))
    goals, dead = close_goals(desk.legs(asset))
    if not goals:
        return None
    expected = worst = 0.0
    words = []
    for leg in goals:
        i, work = leg.i, leg.delta
        lots = desk.lots(i, work)
        if not lots:
            continue
        side = -1 if work > 0 else 1
        expected += desk.cost(i, side, lots)
        worst += desk.worst(i, lots)
        instrument = desk.setup.instruments[i].instrument
        words.append(f"{'sell' if side < 0 else 'buy'} {short(abs(work))} {instrument.base} on {instrument.venue}")
    for i in dead:
        words.append(f"{desk.setup.instruments[i].instrument.venue} is dead: left with its hedge")
    if not expected and not worst:
        return None
    size = sum((abs(leg.delta) for leg in goals), Decimal(0))
    return Plan(kind, asset, ", ".join(words), size, tuple(dict.fromkeys(leg.i for leg in goals)), expected, worst)


def short(value: Decimal) -> str:
    """Base units for people."""
    return format(value.quantize(Decimal("0.00001")).normalize(), "f")
