"""The parts of the PnL as bars, the total over time, and the markout curves: what stands above and beside the tables.

Rules of this file: rows only; a bar is a share of the largest part, a curve has the scale of its own values.
"""

from __future__ import annotations

from itertools import pairwise

from mmtui.link.earned import EarnView, MarkoutPoint
from mmtui.link.parts import PnlView
from mmtui.view import formats as fmt
from mmtui.view.inventory import age_of
from mmtui.view.model import Model
from mmtui.view.plots import charted
from mmtui.view.pnl import history, last_row, parts_of
from mmtui.view.pnl_history import spark
from mmtui.view.rows import Row, Span, bar, clip, rule
from mmtui.view.tables import beside

_LABEL = 12
_VALUE = 14
_WING = 12
BARS = _LABEL + _VALUE + 2 * _WING + 3
_SPARK = 16
#: Cells of the page from which each part has its line over time.
_LINED = 110
_CURVE_ROWS = 6


def attribution(model: Model, view: PnlView, cells: int, room: int) -> list[Row]:
    """A row a part with its bar, total first; they add up to it."""
    parts = parts_of(model, view, room)
    values = [fmt.amount(text.replace(",", "").replace(fmt.MINUS, "-")) for _, text, _ in parts]
    most = max(map(abs, values), default=0.0)
    rows: list[Row] = []
    for (name, text, role), value in zip(parts, values, strict=True):
        spans: list[Span] = [(f" {name:<{_LABEL - 1}}", "text" if name == "total" else "dim"), (f"{text:>14} ", role)]
        spans += wings(value / most, _WING) if most else []
        if most and cells > BARS + _SPARK:
            spans.append((" " + spark(list(model.part_lines.lines.get(name, ())), _SPARK), "dim"))
        rows.append(clip(spans, cells))
    return rows


def wings(share: float, wing: int) -> list[Span]:
    """From the middle: a loss to the left in the ask's colour, a gain to the right in the bid's."""
    left = "█" * round(-share * wing) if share < 0 else ""
    right = bar(share, wing) if share > 0 else " " * wing
    return [(left.rjust(wing), "askbar"), ("│", "rule"), (right, "bidbar")]


def top(model: Model, view: PnlView, cells: int) -> list[Row]:
    """The head of the page: bars, and where there is room the line over time beside them."""
    room = 12
    at = BARS + (_SPARK + 2 if cells >= _LINED else 0)
    seen = model.part_lines.seconds
    parts = f" · parts: last {fmt.age(seen * 1_000)}" if cells >= _LINED and seen > 1 else ""
    title = rule(f"pnl {view.ccy}{over(view)}{parts}", cells, age_of(model))
    bars = attribution(model, view, at, room)
    line = history(view, cells - at - 2, len(bars))
    return [title, *beside(bars, line, at + 2, cells), last_row(model, view, cells)]


def over(view: PnlView) -> str:
    """How long the line over time goes back."""
    return f" · the line: last {fmt.age(len(view.history) * 1_000)}" if len(view.history) > 1 else ""


def curves(model: Model, cells: int) -> list[Row]:
    """Markout curves of the selected instrument: both sides, own purchases, own sales."""
    frame, chosen = model.frame, model.instrument
    one = next((e for e in frame.earn if chosen is not None and e.id == chosen.id), None) if frame else None
    if one is None or chosen is None:
        return []
    rows = [rule(f"markout curves · {model.label(chosen.id)}, bps by seconds after the fill", cells)]
    return [*rows, *_curves(one, cells)]


def _curves(one: EarnView, cells: int) -> list[Row]:
    rows: list[Row] = []
    named = (("both", "hot", one.markouts), ("bids", "bid", one.markouts_bid), ("asks", "ask", one.markouts_ask))
    for name, role, points in named:
        known = [p for p in points if p.mean is not None]
        if len(known) < 2:
            rows += [((f" {name} ", role), ("no curve yet", "dim")), ()]
            continue
        lines = charted(_between(known), cells - 6, _CURVE_ROWS, lambda value: f"{fmt.bps(value, 2):>7}")
        for at, (label, line) in enumerate(lines):
            rows.append(clip([(f" {name if not at else '':<5}", role), (label, "dim"), (line, role)], cells))
        label, line = lines[0]
        rows.append(clip([(" " * (6 + len(label)), "dim"), (_axis(known, len(line)), "dim")], cells))
    return rows


def _between(points: list[MarkoutPoint], each: int = 24) -> list[float]:
    """The means, joined by straight lines; every step from one horizon to the next is as wide as the others."""
    means = [p.mean or 0.0 for p in points]
    out = [a + (b - a) * k / each for a, b in pairwise(means) for k in range(each)]
    return [*out, means[-1]]


def _axis(points: list[MarkoutPoint], cells: int) -> str:
    """The horizons, each where its point stands."""
    text = [" "] * cells
    for at, point in enumerate(points):
        label = f"{point.seconds:g} s"
        place = round(at * (cells - 1) / (len(points) - 1))
        place = max(0, min(place - len(label) // 2, cells - len(label)))
        text[place : place + len(label)] = label
    return "".join(text)
