"""Where a position breaks even, and where its venue would liquidate it: lines of the ladder, facts of the risk page.

Rules of this file: pure; prices in UNITs of formats.py; what is not known is not drawn.
"""

from __future__ import annotations

from typing import NamedTuple

from mmtui.core.market.instrument import Instrument
from mmtui.view import formats as fmt
from mmtui.view.formats import UNIT
from mmtui.view.levels import mid_units
from mmtui.view.model import Model


class Line(NamedTuple):
    """A price of one instrument's position. `side`: +1 the position is long, -1 short."""

    instrument: str
    word: str  # breakeven | liquidation
    units: int
    side: int
    role: str


def breakeven(model: Model, item: Instrument) -> Line | None:
    """The price at which closing as maker leaves nothing: average entry, moved by the maker fees of both ways."""
    view = model.views.get(item.id)
    average = fmt.amount(view.avg_price) if view is not None and view.avg_price else 0.0
    if view is None or not view.position_lots or average <= 0:
        return None
    side = 1 if view.position_lots > 0 else -1
    fees = 2 * fmt.amount(item.maker_bps or "0") / 10_000
    return Line(item.id, "breakeven", round(average * (1 + side * fees) * UNIT), side, "hot")


def liquidation(model: Model, item: Instrument) -> Line | None:
    """The venue's nearest liquidation price, where the venue has one position and has told how far it is."""
    frame, view = model.frame, model.views.get(item.id)
    risk = next((one for one in frame.risk.venues if one.venue == item.venue), None) if frame and frame.risk else None
    if view is None or not view.position_lots or risk is None or risk.liquidation_pct is None:
        return None
    held = [i for i in model.instruments if i.venue == item.venue and model.views[i.id].position_lots]
    mid = mid_units(model.books.get(item.id), model.scales[item.id])
    if len(held) != 1 or not mid:
        return None
    side = 1 if view.position_lots > 0 else -1
    return Line(item.id, "liquidation", round(mid * (1 - side * risk.liquidation_pct / 100)), side, "danger")


def lines(model: Model) -> list[Line]:
    """Of the selected asset's markets; the selected market's first."""
    family = sorted(model.family(), key=lambda item: item is not model.instrument)
    found = [make(model, item) for item in family if item.id in model.views for make in (breakeven, liquidation)]
    return [line for line in found if line is not None]


def row_of(line: Line, step: int) -> int:
    """The ladder's row, rounded to the worse side: a breakeven away from the entry, a liquidation nearer."""
    up = line.side > 0
    return -(-line.units // step) if up else line.units // step
