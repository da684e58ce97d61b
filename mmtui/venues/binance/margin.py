"""Margin of a futures account as Binance tells it with its positions: `positionRisk`, of USDM and of COIN-M.

https://developers.binance.com/docs/derivatives/usds-margined-futures/trade/rest-api/Position-Information-V3 has
maintMargin and liquidationPrice (0: none); COIN-M's /dapi/v1/positionRisk has liquidationPrice alone: there the
maintenance margin (of each coin's wallet, in /dapi/v1/account) is not told, since reconciliation does not ask for it.

Rules of this file: pure; what cannot be read is not known, never zero.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from mmtui.venues.margin import Held


def held(body: Any) -> Iterator[Held]:
    """The positions of an answer's rows, of the whole market."""
    for row in body:
        if float(row["positionAmt"]):
            yield Held(row["markPrice"], row["liquidationPrice"], row.get("maintMargin"))
