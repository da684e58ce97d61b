"""The ledger of one instrument: position, cash, PnL parts, markouts. Integers only.

Money is in atoms (10**-18 of the settlement asset); in the desk's currency it is atoms x rate, where a rate is an
integer in 10**-9: nothing is ever divided, so the parts add up to the change of equity exactly.

Rules of this file: a fill is booked against the reference that was valid before its match; inventory profit is
position x change of the reference, computed on its own.  Reference prices are mids in half ticks.
"""

from __future__ import annotations

from bisect import bisect_right
from typing import NamedTuple

from mmtui.core.ledger.legs import Legs
from mmtui.core.ledger.lines import CARRY, Line, Lines
from mmtui.core.ledger.markouts import CURVE, Markouts
from mmtui.core.market.instrument import Grid, Instrument

#: Scale of a conversion rate: currency units per settlement unit x 10**9.
RATE = 10**9
PARTS = (
    "spread",
    "inventory",
    "basis",
    "fees",
    "rebates",
    "funding",
    "borrow",
    "hedge",
    "slippage",
    "incentives",
    "fx",
)
HORIZONS = (1, 5, 30)  # markouts of the short line, seconds; the whole curve: see markouts.py
_SHORT = tuple(CURVE.index(seconds) for seconds in HORIZONS)
#: Which part the edge of a fill belongs to.
EDGE_PART = {
    "quote": "spread",
    "manual": "spread",
    "flatten": "slippage",
    "close": "slippage",
    "roll": "slippage",
    "hedge": "hedge",
    "external": "slippage",  # of somebody else with our account: a manual trade elsewhere, a liquidation, ADL
}

#: References are looked back at for fills and markouts: older ones than this are dropped, and the oldest beyond a cap.
_LOOK_BACK = 40_000_000_000
_TRIM, _KEEP = 4_096, 65_536


class References:
    """The mid of an instrument over time (half ticks), for fills and markouts that look back."""

    __slots__ = ("mids", "times")

    def __init__(self) -> None:
        self.times: list[int] = []
        self.mids: list[int] = []

    def note(self, ts: int, mid2: int) -> None:
        count = len(self.mids)
        if count >= _TRIM and not count % _TRIM:
            old = max(bisect_right(self.times, ts - _LOOK_BACK) - 1, count - _KEEP)
            if old > 0:  # the last one before the horizon stays: it is what was valid then
                del self.times[:old], self.mids[:old]
        self.times.append(ts)
        self.mids.append(mid2)

    def before(self, ts: int) -> int:
        """Last reference strictly before ts; the first known one when there is none; 0 when nothing is known."""
        if not self.mids:
            return 0
        return self.mids[max(0, bisect_right(self.times, ts - 1) - 1)]

    def at(self, ts: int) -> int:
        """Last reference at or before ts."""
        if not self.mids:
            return 0
        return self.mids[max(0, bisect_right(self.times, ts) - 1)]

    def last(self) -> int:
        return self.mids[-1] if self.mids else 0


class FillParts(NamedTuple):
    """What one fill earned when it was booked, atoms x rate: `edge` in its `part`, inventory since its match, fee."""

    part: str
    edge: int
    inventory: int
    fee: int  # negative: paid

    @property
    def total(self) -> int:
        return self.edge + self.inventory + self.fee


class Account:
    """Position and profit of one instrument."""

    def __init__(self, instrument: Instrument) -> None:
        self.instrument = instrument
        self.grid = Grid(instrument)
        self.tick_step = self.lot_step = 1  # prices and sizes of orders are multiples of these (see rescale)
        self.position = 0  # lots; on spot: above the baseline
        self.cash = 0  # atoms of the settlement asset paid and received for the position
        self.settled = 0  # atoms of profit realised into the settlement asset besides cash: fees, rebates, funding
        self.parts = dict.fromkeys(PARTS, 0)  # atoms x rate
        self.references = References()
        self.mark2 = 0  # reference of the last mark, half ticks
        self.rate = 0  # rate of the last mark
        self.common = 0  # atoms of one lot at the asset's common reference, at the last mark
        self.bought = self.sold = 0  # lots
        self.fills = 0
        self.max_position = 0
        self.volume = 0  # quote atoms
        self.cost = 0  # sum of entry values (atoms) of the open position, for the average price
        self.entry_ticks = 0  # sum of ticks x lots of the open position (signed)
        self.markouts = Markouts()
        self.lines = Lines()
        self.legs = Legs() if instrument.hedge_mode else None  # None: one net position
        self.latest: FillParts | None = None  # of the last fill

    # ------------------------------------------------------------ marks

    def mark(self, mid2: int, rate: int, common: int) -> None:
        """Carry inventory, basis and fx to a new reference and rate. `common`: see Ledger.common_value."""
        if mid2 <= 0 or rate <= 0:
            return
        self.convert(rate)
        if not self.mark2:
            self._priced(mid2)
        elif mid2 != self.mark2 or common != self.common:
            change = self.grid.value(mid2) - self.grid.value(self.mark2)
            shared = common - self.common if self.common and common else change
            self.parts["inventory"] += self.position * shared * rate
            self.parts["basis"] += self.position * (change - shared) * rate
            self.lines.marked(shared, change - shared, rate)
        self.mark2, self.common = mid2, common

    def convert(self, rate: int) -> None:
        """The rate from here on; from none as well: what was earned before the first one is worth something now."""
        if rate != self.rate:
            self.parts["fx"] += self.equity() * (rate - self.rate)
            self.lines.rated(rate, self.grid.value(self.mark2) if self.mark2 else 0)
            self.rate = rate

    def _priced(self, mid2: int) -> None:
        """The first reference: what is held already came at this price."""
        self.mark2 = mid2
        if self.position:
            self.cash -= self.position * self.grid.value(mid2)
            self.entry_ticks = self.position * (mid2 // 2)
            self.lines.priced(self.grid.value(mid2))
        if self.legs is not None:
            self.legs.priced(mid2 // 2, self.grid.value(mid2))

    def equity(self) -> int:
        """Profit so far at the last mark, atoms of the settlement asset."""
        return self.cash + self.settled + (self.position * self.grid.value(self.mark2) if self.mark2 else 0)

    def total(self) -> int:
        """Sum of the parts, atoms x rate."""
        return sum(self.parts.values())

    # ------------------------------------------------------------ fills and cash

    def fill(
        self, side: int, px: int, lots: int, ts: int, fee: int, purpose: str, level: int = 0, leg: int = 0
    ) -> float:
        """Book a fill (after `mark`); fee in atoms of settlement, positive when paid; leg: of hedge mode, +1 long,
        -1 short. Returns its edge in bps."""
        grid, rate = self.grid, self.rate
        reference = self.references.before(ts) or self.mark2 or 2 * px
        if not self.mark2:
            self._priced(reference)
        line = self.lines.at((purpose, side, level))
        paid = grid.value(2 * px)
        signed = side * lots
        part = EDGE_PART.get(purpose, "spread")
        edge = signed * (grid.value(reference) - paid) * rate
        # between the match and this moment the reference went on: that is inventory of the new lots
        moved = signed * (grid.value(self.mark2) - grid.value(reference)) * rate
        for name, value in ((part, edge), ("inventory", moved)):
            self.parts[name] += value
            line.add(name, value)
        self.latest = FillParts(part, edge, moved, -fee * rate)
        self.cash -= signed * paid
        line.money -= signed * paid
        line.position += signed
        self._average(signed, px)
        self.position += signed
        self.max_position = max(self.max_position, abs(self.position))
        if side > 0:
            self.bought += lots
        else:
            self.sold += lots
        self.fills += 1
        self.volume += grid.notional_atoms(2 * px, lots)
        self.pay("fees" if fee > 0 else "rebates", -fee, line)
        if self.legs is not None:
            self.legs.fill(side, leg, px, lots, -signed * paid - fee)
        self.markouts.filled(ts, side, px, lots)
        return side * (reference - 2 * px) / (2 * px) * 1e4

    def transfer(self, lots: int, short: int = 0) -> None:
        """Lots that came or went without a price (after `mark`): valued at the mark, so that no part changes.

        short: of hedge mode, change of the short leg; the long one changes by lots + short.
        """
        if not self.mark2 and self.references.last():
            self._priced(self.references.last())
        line = self.lines.at(CARRY)
        if self.mark2:  # else the first mark will be its price
            worth = lots * self.grid.value(self.mark2)
            self.cash -= worth
            line.money -= worth
            self._average(lots, self.mark2 // 2)
        line.position += lots
        self.position += lots
        self.max_position = max(self.max_position, abs(self.position))
        if self.legs is not None:
            self.legs.transfer(
                lots + short, short, self.mark2 // 2, self.grid.value(self.mark2) if self.mark2 else 0
            )

    def pay(self, part: str, atoms: int, line: Line | None = None) -> None:
        """Money in (+) or out (-) that is not the price of a fill: fees, rebates, funding, borrow, incentives."""
        if line is None and self.legs is not None:
            self.legs.carry += atoms
        line = line or self.lines.at(CARRY)
        self.settled += atoms
        self.parts[part] += atoms * self.rate
        line.money += atoms
        line.add(part, atoms * self.rate)

    def funding(self, rate_e10: int, mark_e8: int) -> int:
        """Funding of the open position: longs pay a positive rate. Returns atoms received."""
        grid = self.grid
        if not self.position:
            return 0
        p2 = int(mark_e8 * 2 / (grid.tick * 10**8)) if mark_e8 else self.mark2
        if p2 <= 0:
            return 0
        worth = abs(grid.value(p2)) * self.position
        atoms = -worth * rate_e10 // 10**10
        self.pay("funding", atoms)
        return atoms

    def _average(self, signed: int, px: int) -> None:
        position = self.position
        if position == 0 or (position > 0) == (signed > 0):
            self.entry_ticks += signed * px
        elif signed == -position:
            self.entry_ticks = 0
        elif abs(signed) < abs(position):
            self.entry_ticks -= self.entry_ticks * abs(signed) // abs(position)
        else:
            self.entry_ticks = (position + signed) * px

    def reducible(self, side: int) -> int:
        """Lots of what is held that orders of this side can take off."""
        return max(0, -side * self.position) if self.legs is None else self.legs.holds(-side)

    def held_text(self, more: int = 0, short: int = 0) -> str:
        """What is held, for people: the net, or both legs where there are any; `more` lots, and `short` of them in the
        short leg."""
        text = self.grid.size_text
        if self.legs is None:
            return text(self.position + more)
        long = self.legs.long.lots + more + short
        return f"{text(long)} long and {text(self.legs.short.lots + short)} short"

    def average(self) -> float:
        """Average entry in ticks of the open position; 0.0 when flat."""
        return self.entry_ticks / self.position if self.position else 0.0

    # ------------------------------------------------------------ markouts

    def markouts_due(self, ts: int) -> None:
        """Book every markout whose horizon has passed."""
        self.markouts.due(ts, self.references)

    def markout(self, k: int) -> float | None:
        """Size-weighted markout in bps at HORIZONS[k]; None before the first."""
        return self.markouts.weighted(_SHORT[k])

    def rescale(self, instrument: Instrument, px: int, sz: int) -> None:
        """A finer tick or lot: the same position in the new units."""
        worth = self.grid.value(self.mark2) if self.mark2 else 0
        self.instrument, self.grid = instrument, Grid(instrument)
        if instrument.grid != "inferred":  # the venue shows finer levels than it takes orders
            self.tick_step *= px
            self.lot_step *= sz
        self.position *= sz
        self.bought *= sz
        self.sold *= sz
        self.max_position *= sz
        self.entry_ticks *= px * sz
        if self.legs is not None:
            self.legs.rescale(px, sz)
        self.mark2 *= px
        self.common //= sz
        finer = self.grid.value(self.mark2) if self.mark2 else 0
        # inverse values are rounded once a price: the new rounding is inventory too
        self.parts["inventory"] += (self.position * finer - self.position // sz * worth) * self.rate
        self.lines.regridded(sz, worth, finer)
        self.references.mids = [mid * px for mid in self.references.mids]
        self.markouts.rescale(px, sz)

    def digest(self) -> tuple[object, ...]:
        both = () if self.legs is None else (self.legs.digest(),)
        return (
            self.position,
            str(self.cash),
            str(self.settled),
            [str(self.parts[part]) for part in PARTS],
            self.mark2,
            str(self.rate),
            self.bought,
            self.sold,
            self.fills,
            self.markouts.digest(),
            *both,
        )
