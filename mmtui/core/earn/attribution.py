"""Attribution of profit: the parts by venue, instrument, purpose, side and level, now or between two instants.

Sums over any grouping are the ledger's own parts to the last integer (units of 10**-27 of the desk's currency), since
lines are exact shares of their account (ledger/lines.py) and an interval is the difference of two of their readings.

Rules of this file: reads the ledger; what it returns is a copy.
"""

from __future__ import annotations

from typing import NamedTuple

from mmtui.core.ledger.account import PARTS
from mmtui.core.ledger.ledger import UNIT, Ledger, money


class Cell(NamedTuple):
    """Where something was earned. Purpose "carry" (side 0): what no fill caused, such as funding and borrow."""

    venue: str
    instrument: str
    purpose: str
    side: int  # +1 purchases, -1 sales, 0 neither
    level: int  # rung of the ladder, 0 is the best


Cells = dict[Cell, dict[str, int]]


def attribution(ledger: Ledger) -> Cells:
    """Every cell that has earned or lost something, at the last marks."""
    out: Cells = {}
    for account in ledger.accounts:
        instrument = account.instrument
        for (purpose, side, level), parts in sorted(account.lines.parts().items()):
            if parts:
                out[Cell(instrument.venue, instrument.id, purpose, side, level)] = parts
    return out


def interval(now: Cells, then: Cells) -> Cells:
    """What was earned between two readings of the same ledger."""
    out: Cells = {}
    for cell, parts in now.items():
        before = then.get(cell, {})
        change = {part: parts.get(part, 0) - before.get(part, 0) for part in PARTS}
        kept = {part: value for part, value in change.items() if value}
        if kept:
            out[cell] = kept
    for cell, before in then.items():
        if cell not in now:
            out[cell] = {part: -value for part, value in before.items()}
    return out


def grouped(cells: Cells, *fields: str) -> dict[tuple[object, ...], dict[str, int]]:
    """Parts summed over everything but the named fields of a cell; each with its `total`."""
    out: dict[tuple[object, ...], dict[str, int]] = {}
    for cell, parts in cells.items():
        row = out.setdefault(tuple(getattr(cell, name) for name in fields), dict.fromkeys(("total", *PARTS), 0))
        for part, value in parts.items():
            row[part] += value
            row["total"] += value
    return out


def in_cents(parts: dict[str, int]) -> dict[str, str]:
    """Parts as text of two decimals that add up to their rounded sum: each is cut or raised by less than a cent.

    What is missing to the sum goes to the parts that were cut the most (the largest remainder, first of equals first).
    """
    cent = UNIT // 100
    total = sum(parts.values())
    wanted = (abs(total) + cent // 2) // cent * (1 if total >= 0 else -1)
    cents = {part: value // cent for part, value in parts.items()}
    missing = wanted - sum(cents.values())
    by_rest = sorted(parts, key=lambda part: parts[part] % cent, reverse=True)
    for part in by_rest[:missing]:
        cents[part] += 1
    return {part: money(value * cent) for part, value in cents.items()}
