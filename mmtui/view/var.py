"""What the desk could lose: VaR and ES by horizon, the stress grid, stablecoins, the calendar.

Rules of this file: rows only; the figures are the host's (link/risked.py), what is not known says why.
"""

from __future__ import annotations

from mmtui.link.risked import RiskView
from mmtui.view import formats as fmt
from mmtui.view.model import Model
from mmtui.view.rows import Row, Span, clean, clip, rule
from mmtui.view.tables import Col, table

NA: Span = ("n/a", "faint")


def value_at_risk(model: Model, cells: int) -> list[Row]:
    """VaR and ES, present and worst-case positions."""
    risk = model.frame.risk if model.frame else None
    if risk is None:
        return []
    said: list[Span] = [(clean(risk.known), "dim")]
    rows = [rule(f"value at risk, {risk.confidence:.0%}, {risk.ccy}", cells, said)]
    columns = (
        Col("horizon", 8, left=True), Col("positions", 9, left=True), Col("VaR", 10), Col("ES", 10),
        Col("VaR ewma", 10, keep=1), Col("ES ewma", 10, keep=1), Col("base", 9, keep=2), Col("basis", 9, keep=2),
    )  # fmt: skip
    lines: list[list[Span]] = []
    for one in risk.rows:
        values = (one.var, one.es, one.var_ewma, one.es_ewma, one.var_base, one.var_basis)
        numbers = [(fmt.number(value, 2), "text") if value is not None else NA for value in values]
        lines.append([(f"{one.horizon_s // 60} min", "text"), (one.positions, "dim"), *numbers])
    rows += table(columns, lines, cells)
    why = next((one.why for one in risk.rows if one.why), "")
    return [*rows, clip([(f" {clean(why)}", "dim")], cells)] if why else rows


def stress(model: Model, cells: int) -> list[Row]:
    """Profit of each scenario; the calendar's next event and the stablecoins under it."""
    risk = model.frame.risk if model.frame else None
    if risk is None:
        return []
    columns = (Col("scenario", 22, left=True), Col("now", 12), Col("worst case", 12),
               Col("", max(30, cells - 52), keep=1, left=True))  # fmt: skip
    lines: list[list[Span]] = [
        [(clean(one.name), "text"), _money(one.present), _money(one.worst), (clean(one.note), "dim")]
        for one in risk.stress
    ]
    rows = [rule(f"stress, {risk.ccy}", cells), *table(columns, lines, cells)]
    return [*rows, *_around(risk, cells)]


def _money(value: float) -> Span:
    return fmt.signed(value, 2), fmt.tone(value) if value else "faint"


def _around(risk: RiskView, cells: int) -> list[Row]:
    rows: list[Row] = []
    for peg in risk.pegs:
        text = f"{fmt.bps(peg.bps, 1)} bps against {peg.against}" if peg.bps is not None else "n/a: no book of it here"
        rows.append(clip([(f" {peg.currency} ", "text"), (clean(text), "dim")], cells))
    for event in risk.events:
        when = f"{fmt.clock(event.starts)} to {fmt.clock(event.ends)}"
        role = "warn" if event.active else "dim"
        rows.append(clip([(f" event {clean(event.name)} ", role), (f"{when}: {clean(event.action)}", role)], cells))
    return rows
