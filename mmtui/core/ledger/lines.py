"""What each side and level earned: the parts of an account by the orders that its fills came from, exact.

A line is (purpose, side, level): the ladder's rung, a hedge, a flatten.  Every part of profit is linear in the position
and the money of its line, so that each line carries its own position from its fills on, marked to market at the same
references and rates as the account: sums over lines are the account's parts, to the last integer.  A line of bids
thus holds what its purchases are worth now against what they cost, and a line of asks the same of its sales; in their
sum the inventory that both made cancels out.  What no fill caused (funding, borrow, incentives, transfers, opening
positions) stands in the line CARRY.

A mark costs four additions whatever the number of lines: running sums of what one lot earned are kept here, and a line
takes its share when it changes or is read.

Rules of this file: integers in atoms x rate; knows nothing of books, orders or time.
"""

from __future__ import annotations

Key = tuple[str, int, int]  # purpose, side, level

#: The line of what no fill caused.
CARRY: Key = ("carry", 0, 0)


class Line:
    """One line: its position and money, its parts up to the last time that it was brought up to date."""

    __slots__ = ("basis", "fx", "inventory", "money", "parts", "position", "rate")

    def __init__(self) -> None:
        self.position = 0  # lots from its own fills
        self.money = 0  # atoms paid and received: prices of fills, fees, rebates, funding
        self.parts: dict[str, int] = {}  # atoms x rate, those that are not zero
        self.inventory = self.basis = self.fx = self.rate = 0  # the running sums when it was last brought up to date

    def add(self, part: str, value: int) -> None:
        if value:
            self.parts[part] = self.parts.get(part, 0) + value


class Lines:
    """All lines of one account, and what one lot has earned since the beginning."""

    __slots__ = ("basis", "fx", "inventory", "lines", "rate")

    def __init__(self) -> None:
        self.lines: dict[Key, Line] = {}
        self.inventory = self.basis = self.fx = 0  # of one lot: atoms x rate
        self.rate = 0

    def at(self, key: Key) -> Line:
        """The line, brought up to date; made when it is not there."""
        line = self.lines.get(key)
        if line is None:
            line = self.lines[key] = Line()
        self._settle(line)
        return line

    def marked(self, shared: int, basis: int, rate: int) -> None:
        """One lot gained `shared` atoms with the asset's common reference and `basis` atoms beyond it."""
        self.inventory += shared * rate
        self.basis += basis * rate

    def rated(self, rate: int, worth: int) -> None:
        """The conversion rate is `rate` from here on; one lot was worth so many atoms then."""
        self.fx += worth * (rate - self.rate)
        self.rate = rate

    def priced(self, worth: int) -> None:
        """Lots that were there before the first reference: it is their price, `worth` atoms a lot."""
        for line in self.lines.values():
            self._settle(line)
            line.money -= line.position * worth

    def regridded(self, lots: int, before: int, after: int) -> None:
        """A lot has become `lots` lots, worth `before` and each `after` atoms: what rounding gave is inventory."""
        for line in self.lines.values():
            self._settle(line)
            line.add("inventory", line.position * (lots * after - before) * self.rate)
            line.position *= lots

    def parts(self) -> dict[Key, dict[str, int]]:
        """Parts of every line at the last mark, atoms x rate; those that are zero are left out. Changes nothing."""
        out = {}
        for key, line in self.lines.items():
            found = dict(line.parts)
            for part, value in self._due(line):
                found[part] = found.get(part, 0) + value
            out[key] = {part: value for part, value in found.items() if value}
        return out

    def _settle(self, line: Line) -> None:
        for part, value in self._due(line):
            line.add(part, value)
        line.inventory, line.basis, line.fx, line.rate = self.inventory, self.basis, self.fx, self.rate

    def _due(self, line: Line) -> tuple[tuple[str, int], ...]:
        """What a line has earned since it was last brought up to date."""
        position = line.position
        return (
            ("inventory", position * (self.inventory - line.inventory)),
            ("basis", position * (self.basis - line.basis)),
            ("fx", position * (self.fx - line.fx) + line.money * (self.rate - line.rate)),
        )
