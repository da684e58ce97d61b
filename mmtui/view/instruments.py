"""The desk's instruments in a table: state, own quotes, position, orders, width and lean, fills, uptime.

Rules of this file: rows only.
"""

from __future__ import annotations

from mmtui.view import formats as fmt
from mmtui.view.header import STATE_ROLES
from mmtui.view.inventory import age_of
from mmtui.view.model import Model
from mmtui.view.rows import Row, Span, clip, rule

_TONE = {"running": "ok", "paused": "warn", "stopped": "dim", "halted": "danger", "killed": "danger"}


def instruments(model: Model, cells: int, height: int) -> list[Row]:
    """A row an instrument; what does not fit stands further right and is cut."""
    rows = [rule("instruments", cells, age_of(model))]
    wide = cells >= 60
    prices = f"{'own bid':>11}{'own ask':>11}" if wide else ""
    head = f" {'':<10}{prices}{'orders':>7}{'fills':>6}{'quoted':>7}{'gaps':>5}{'  state' if wide else ''}"
    rows.append(clip([(head, "dim")], cells))
    chosen = model.instrument
    for item in model.instruments:
        view = model.views.get(item.id)
        if view is None:
            continue
        scale = model.scales[item.id]
        bid = scale.price(view.quote_bid) if view.quote_bid else "none"
        ask = scale.price(view.quote_ask) if view.quote_ask else "none"
        name = f"{model.name(item.id)} {item.base}"
        spans: list[Span] = [
            (f" {name:<10}", "hot" if item is chosen else "text"),
            (f"{bid:>11}" if wide else "", "own" if view.quote_bid else "faint"),
            (f"{ask:>11}" if wide else "", "own" if view.quote_ask else "faint"),
            (f"{view.open_orders:>7}", "text"),
            (f"{view.fills:>6}", "text"),
            (f"{fmt.percent(view.uptime):>7}", "text"),
            (f"{view.gaps:>5}", "warn" if view.gaps else "dim"),
            (f"  {view.state}" if wide else "", _TONE.get(STATE_ROLES.get(view.state, ""), "text")),
        ]
        rows.append(clip(spans, cells))
    return rows[:height]
