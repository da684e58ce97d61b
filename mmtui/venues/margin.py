"""Margin of an account as a venue tells it with its positions: what they need, and how far a liquidation is.

Read from the answers that reconciliation asks for anyway, so it costs no request.  Figures of a whole account are left
out: Bybit's accountMMRate and Binance's /account stand in answers that it does not ask for, OKX's balance (mgnRatio,
totalEq) in one that only a desk with spot markets asks for.

Rules of this file: pure; what cannot be read is not known, never zero.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any, NamedTuple

#: What an answer that is none of the venue's raises while it is read.
_UNREADABLE = (KeyError, IndexError, TypeError, ValueError, ArithmeticError, AttributeError)


class Margin(NamedTuple):
    """maintenance: of all positions, in dollars (a dollar coin counts as one), None where the venue does not tell it;
    distance: share of the mark price to the nearest liquidation price, None where no position has one."""

    maintenance: float | None
    distance: float | None


class Held(NamedTuple):
    """A position in the venue's words. liquidation "" or 0: it has none; maintenance None: not told; in_coin: the
    maintenance margin is in the coin that the mark price is of."""

    mark: Any
    liquidation: Any
    maintenance: Any
    in_coin: bool = False


def margin_of(held: Iterable[Held]) -> Margin | None:
    """Of every position with a size; read as it is walked. None: they do not tell."""
    kept: list[float] = []
    away: list[float] = []
    told = True
    try:
        for one in held:
            mark, liquidation = float(one.mark), 0.0 if one.liquidation == "" else float(one.liquidation)
            if one.maintenance is None:
                told = False
            else:
                kept.append(float(one.maintenance) * (mark if one.in_coin else 1.0))
            if not (0.0 < mark < math.inf and math.isfinite(liquidation)):
                return None
            if liquidation > 0.0:
                away.append(abs(mark - liquidation) / mark)
        maintenance = math.fsum(kept)
    except _UNREADABLE:
        return None
    if not math.isfinite(maintenance):
        return None
    return Margin(maintenance if told else None, min(away, default=None))
