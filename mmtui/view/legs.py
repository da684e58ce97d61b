"""Hedge mode: the long and the short leg of each contract, what is held on both sides at once, what each has earned.

Rules of this file: rows only; a desk in net mode has none of them.
"""

from __future__ import annotations

from mmtui.link.parts import InstrumentView
from mmtui.view import formats as fmt
from mmtui.view.model import Model
from mmtui.view.rows import Row, Span, rule
from mmtui.view.tables import Col, table

_NAMES = ("long", "short")


def rows(model: Model, cells: int) -> list[Row]:
    """Two lines a contract; [] where no account is in hedge mode."""
    columns = (
        Col("instrument", 14, left=True),
        Col("leg", 6, left=True),
        Col("held", 12),
        Col("locked", 9, keep=1),
        Col("average entry", 14, keep=2),
        Col("PnL", 12),
    )
    lines: list[list[Span]] = []
    for item in model.instruments:
        view = model.views.get(item.id)
        if view is None or not view.legs:
            continue
        places = 0 if item.kind == "inverse" else 3
        for name, leg in zip(_NAMES, view.legs, strict=True):
            held = fmt.amount(leg.size)
            entry = fmt.number(fmt.amount(leg.avg_price), model.scales[item.id].decimals + 1) if leg.avg_price else ""
            label = model.label(item.id) if name == "long" else ""
            lines.append(
                [
                    (label, "hot" if item is model.instrument else "text"),
                    (name, "text" if held else "dim"),
                    (fmt.number(held, places), "bright" if held else "dim"),
                    (fmt.number(locked(view), places) if name == "long" else "", "text"),
                    (entry or "flat", "dim"),
                    (fmt.signed(fmt.amount(leg.pnl), 2), fmt.tone(fmt.amount(leg.pnl))),
                ]
            )
    if not lines:
        return []
    return [(), rule("legs · hedge mode; locked: long and short at once", cells), *table(columns, lines, cells)]


def locked(view: InstrumentView) -> float:
    """What one contract holds long and short at once."""
    return min((fmt.amount(leg.size) for leg in view.legs), default=0.0)


def words(view: InstrumentView, places: int) -> str:
    """Both legs in a few cells; "" in net mode."""
    if not view.legs:
        return ""
    long, short = (fmt.number(fmt.amount(leg.size), places) for leg in view.legs)
    return f" L {long} S {short}"
