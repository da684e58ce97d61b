"""The references of a quote's price collar beside its own book: last trade and mark price.

A book that one bad feed has moved away does not move the collar with it: the price must be inside of the collar of the
book's mid (core.risk.gate), and of the median of all that is known.

Rules of this file: pure; what is not fresh does not count.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mmtui.core.engine import Engine

#: A last trade and a mark say for so long what the price is (ns).
FRESH = 10_000_000_000


def doubtful(engine: Engine, i: int, px: int, collar: float, reference2: int) -> bool:
    """Whether a price is outside of `collar` (bps) round the median of mid, last trade and mark; the mean of two."""
    prints, mark, least = engine.prints[i], engine.marks[i], engine.ts - FRESH
    known = [float(reference2)]
    if prints and prints[-1][0] >= least:
        known.append(2.0 * prints[-1][1])
    if mark is not None and mark.ts >= least:
        known.append(2e-8 * mark.mark / float(engine.accounts[i].grid.tick))
    if len(known) == 1:
        return False
    known.sort()
    median = known[1] if len(known) == 3 else 0.5 * (known[0] + known[1])
    return not abs(2 * px - median) * 10_000 <= collar * median
