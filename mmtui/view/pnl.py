"""The PnL panel: total, parts that add up to it, a small plot, markouts.

Rules of this file: rows only. Where not all parts fit, the rest stands in one row, so that the sum is still the total.
"""

from __future__ import annotations

from mmtui.link.parts import PnlView
from mmtui.view import formats as fmt
from mmtui.view.inventory import age_of
from mmtui.view.model import Model
from mmtui.view.plots import braille, charted
from mmtui.view.rows import Row, Span, clip, pad, rule

PARTS = (
    "spread", "inventory", "fees", "rebates", "basis", "hedge", "slippage", "funding", "borrow", "incentives", "fx",
)  # fmt: skip
_LABEL = 11
_VALUE = 14
#: Cells from which a plot has a scale.
_SCALED = 24


def pnl(model: Model, cells: int, height: int) -> list[Row]:
    frame = model.frame
    if frame is None:
        return [rule("pnl", cells)]
    view = frame.pnl
    rows = [rule(f"pnl {view.ccy}", cells, age_of(model))]
    body = parts_of(model, view, max(1, height - 2))
    at = min(cells, _LABEL + _VALUE + 2)
    plot = history(view, min(60, cells - at - 1), len(body))
    for (name, value, role), line in zip(body, plot, strict=True):
        spans: list[Span] = [
            (f" {name:<{_LABEL - 1}}", "text" if name == "total" else "dim"),
            (value.rjust(_VALUE), role),
        ]
        rows.append((*pad(clip(spans, cells), at), *line) if line else clip(spans, cells))
    rows.append(last_row(model, view, cells))
    return rows[:height]


def history(view: PnlView, cells: int, rows: int) -> list[Row]:
    """The total over time, with its scale where there is room for one."""
    values = view.history
    if cells < 6 or rows < 1 or len(values) < 2:
        return [()] * rows
    if cells < _SCALED:
        return [((line, "hot"),) for line in braille(values, cells, rows)]
    places = 0 if max(map(abs, values)) >= 1_000 else 2
    lines = charted(values, cells, rows, lambda value: fmt.signed(value, places))
    return [((label, "dim"), (line, "hot")) for label, line in lines]


def parts_of(model: Model, view: PnlView, room: int) -> list[tuple[str, str, str]]:
    """(name, text, role): total first; parts as far as they fit, the rest summed."""
    total = fmt.amount(view.total)
    out = [("total", fmt.signed(total, 2), fmt.tone(total) if total else "text")]
    derivatives = any(i.kind != "spot" for i in model.instruments)
    names = [n for n in PARTS if n in view.parts] + [n for n in view.parts if n not in PARTS]
    fits = names if len(names) < room else names[: max(0, room - 2)]
    for name in fits:
        value = fmt.amount(view.parts[name])
        missing = name == "funding" and not derivatives
        out.append(
            (name, "n/a" if missing else fmt.signed(value, 2), "dim" if missing or not value else fmt.tone(value))
        )
    rest = [fmt.amount(view.parts[n]) for n in names[len(fits) :]]
    if rest and room > 1:
        value = sum(rest)
        out.append((f"{len(rest)} others", fmt.signed(value, 2), fmt.tone(value) if value else "dim"))
    return out[:room]


def last_row(model: Model, view: PnlView, cells: int) -> Row:
    """Markouts of the selected instrument, drawdown, the day's PnL."""
    spans: list[Span] = []
    chosen = model.view()
    if chosen is not None:
        marks = [f"{k} {fmt.bps(v) if v is not None else 'n/a'}" for k, v in chosen.markout_bps.items()]
        unit = "bps " if cells >= 56 else ""
        spans.append((f" markout {unit}" + " ".join(marks), "dim"))
    if cells >= 56:
        spans.append((f"   drawdown {fmt.number(fmt.amount(view.drawdown), 2)}   day {fmt.money(view.day)}", "dim"))
    return clip(spans, cells)
