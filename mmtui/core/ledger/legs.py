"""The two legs of an instrument in hedge mode: a long and a short position of one account, held at once.

Each leg has the prices and fees of its own fills, so that what both earned, and what no fill caused, is the account's
equity to the last atom.  A buy moves the long leg up or the short leg down, a sale the other way; which of them a fill
belongs to is the venue's word (Binance: positionSide of the order).  What is held on both sides at once is *locked*: it
has no delta, and ties up margin.

Rules of this file: integers only; one leg knows nothing of the other.
"""

from __future__ import annotations


class Leg:
    """One side of an instrument. sign: +1 long, -1 short; `lots` are below zero only while a report is late."""

    __slots__ = ("entry_ticks", "lots", "money", "sign")

    def __init__(self, sign: int) -> None:
        self.sign = sign
        self.lots = 0
        self.entry_ticks = 0  # ticks x lots of what is open
        self.money = 0  # atoms paid and received: prices of fills, fees, rebates

    def profit(self, worth: int) -> int:
        """Atoms earned so far, where a lot long is worth `worth`."""
        return self.money + self.sign * self.lots * worth

    def average(self) -> float:
        """Average entry in ticks; 0.0 when nothing is held."""
        return self.entry_ticks / self.lots if self.lots > 0 else 0.0

    def move(self, lots: int, px: int, money: int) -> None:
        """So many lots more (or fewer) at px ticks."""
        before = self.lots
        if before <= 0 or lots >= 0:
            self.entry_ticks += lots * px
        else:
            self.entry_ticks -= self.entry_ticks * min(-lots, before) // before
        self.lots += lots
        self.money += money
        if self.lots <= 0:
            self.entry_ticks = self.lots * px


class Legs:
    """Both legs, and what no fill caused (funding, transfers of money)."""

    __slots__ = ("carry", "long", "short")

    def __init__(self) -> None:
        self.long = Leg(1)
        self.short = Leg(-1)
        self.carry = 0  # atoms

    def of(self, sign: int) -> Leg:
        return self.long if sign > 0 else self.short

    def holds(self, sign: int) -> int:
        """Lots of one leg that can be reduced."""
        return max(0, self.of(sign).lots)

    @property
    def locked(self) -> int:
        """Lots that are held long and short at once."""
        return min(self.holds(1), self.holds(-1))

    def fill(self, side: int, leg: int, px: int, lots: int, money: int) -> None:
        """A fill of a leg; 0: the venue did not tell which, and it reduces first, as our orders do."""
        one = self.of(leg or (-side if self.holds(-side) >= lots else side))
        one.move(lots if one.sign == side else -lots, px, money)

    def transfer(self, long: int, short: int, px: int, worth: int) -> None:
        """Lots of each leg that came or went without a price, a lot worth `worth` atoms."""
        for leg, lots in ((self.long, long), (self.short, short)):
            if lots:
                leg.move(lots, px, -leg.sign * lots * worth)

    def priced(self, px: int, worth: int) -> None:
        """What is held already came at the first reference."""
        for leg in (self.long, self.short):
            leg.money -= leg.sign * leg.lots * worth
            leg.entry_ticks = leg.lots * px

    def rescale(self, px: int, sz: int) -> None:
        for leg in (self.long, self.short):
            leg.lots *= sz
            leg.entry_ticks *= px * sz

    def digest(self) -> tuple[object, ...]:
        return (*((leg.lots, leg.entry_ticks, str(leg.money)) for leg in (self.long, self.short)), str(self.carry))
