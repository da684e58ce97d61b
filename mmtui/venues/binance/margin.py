"""Margin of a futures account as Binance tells it with its positions: `positionRisk`, maintMargin, liquidationPrice.

https://developers.binance.com/docs/derivatives/usds-margined-futures/trade/rest-api/Position-Information-V3
Rules of this file: pure; what cannot be read is not known, never zero.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple


class Margin(NamedTuple):
    """maintenance: of all positions, in the account's margin asset; distance: share of the mark price to the nearest
    liquidation price, None where no position has one."""

    maintenance: float
    distance: float | None


def margin_of(body: Any) -> Margin | None:
    """Of an answer's rows; None: they do not tell."""
    try:
        rows = [row for row in body if float(row["positionAmt"])]
        kept = math.fsum(float(row["maintMargin"]) for row in rows)
        away = [_away(float(row["markPrice"]), float(row["liquidationPrice"])) for row in rows]
    except (KeyError, TypeError, ValueError):
        return None
    if not math.isfinite(kept):
        return None
    return Margin(kept, min((one for one in away if one is not None), default=None))


def _away(mark: float, liquidation: float) -> float | None:
    """A liquidation price of 0 says that there is none."""
    if not (0.0 < mark < math.inf and 0.0 < liquidation < math.inf):
        return None
    return abs(mark - liquidation) / mark
