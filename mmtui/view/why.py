"""Why the quotes stand where they stand: for each side the sum that makes the price, or the reason for not quoting.

Rules of this file: rows only. Values shown are differences of the rounded running prices, so that every row adds up.
"""

from __future__ import annotations

from mmtui.core.market.instrument import Instrument
from mmtui.core.quoting.reasons import REASONS, word_of
from mmtui.link.parts import InstrumentView, Step
from mmtui.view import formats as fmt
from mmtui.view.formats import Scale
from mmtui.view.inventory import lean_word
from mmtui.view.model import Model
from mmtui.view.rows import Row, Span, clip, rule, width


def why(model: Model, cells: int, height: int = 2) -> list[Row]:
    """Ask and bid of the selected instrument, a row each."""
    chosen, view = model.instrument, model.view()
    if chosen is None or view is None:
        return []
    full = cells >= 100 and all(width(side_row(model, chosen, view, side, 999, True)) <= cells for side in (-1, +1))
    rows = [side_row(model, chosen, view, side, cells, full) for side in (-1, +1)]
    if height > 2:
        rows.insert(0, rule("why", cells))
    return rows[:height]


def told(view: InstrumentView, side: int) -> tuple[str, list[Step], int]:
    """Of one side: why it is not quoted ("": it is), the steps of its price, the price in ticks."""
    if side > 0:
        return view.reason_bid, view.why_bid, view.quote_bid
    return view.reason_ask, view.why_ask, view.quote_ask


def side_row(model: Model, item: Instrument, view: InstrumentView, side: int, cells: int, full: bool) -> Row:
    """One side's sum, its labels whole or short."""
    name, role = ("bid", "bid") if side > 0 else ("ask", "ask")
    reason, steps, ticks = told(view, side)
    if reason or not steps:
        said = reason or "no price yet"
        sentence = f"  {meaning(said)}".rstrip()
        room = len(f" {name} not quoting: {said}{sentence}") <= cells
        return clip(
            [(f" {name} ", role), ("not quoting: ", "warn"), (said, "text"), (sentence if room else "", "dim")], cells
        )
    head: list[Span] = [(f" {name} ", role), (standing(model.scales[item.id], steps, ticks), "own")]
    spans = [*head, *_sum(model, item, view, steps, full)]
    if width(tuple(spans)) > cells:  # the sum is to add up: the word goes first, it stands by the keys as well
        spans = [span for span in spans if span[1] != "hot"]
    return clip(spans, cells)


def standing(scale: Scale, steps: list[Step], ticks: int) -> str:
    """The price that the steps end at: of the order that stands, which may be held a little off the wanted one."""
    return scale.price(round(steps[-1].after * fmt.UNIT / scale.tick_u)) if ticks else ""


def _sum(model: Model, item: Instrument, view: InstrumentView, steps: list[Step], full: bool) -> list[Span]:
    """The steps that make a price."""
    spans: list[Span] = []
    places = model.scales[item.id].decimals + 1
    for at, (label, value, _) in enumerate(summands(steps, places)):
        joint = " = " if not at else " · " if full else " "
        text = fmt.number(value, places) if not at else fmt.signed(value, places)
        word = lean_word(view.skew_bps)
        lean = f" {word}" if "skew" in label and value and word != "even" else ""
        spans += [(joint, "faint"), ((label if full else _short(label)) + " ", "dim"), (text, "text"), (lean, "hot")]
    return spans


def meaning(reason: str) -> str:
    """The sentence of a reason; "" for one that the list does not have."""
    return REASONS.get(word_of(reason), "")


_SHORTER = (
    ("inventory skew", "skew"),
    ("half-spread", "half"),
    ("half spread", "half"),
    ("held within tolerance", "held"),
    ("operator", "op"),
    ("up to tick", "tick"),
    ("down to tick", "tick"),
)


def _short(label: str) -> str:
    """The label where the row is narrow."""
    text = label.split(" (")[0]
    for long, short in _SHORTER:
        text = text.replace(long, short)
    return text


def summands(steps: list[Step], places: int) -> list[tuple[str, float, float]]:
    """(label, value, running price), rounded so that the values add up to the last price."""
    out: list[tuple[str, float, float]] = []
    before = 0.0
    for step in steps:
        after = round(step.after, places)
        value = round(after - before, places)
        if value or not out:
            out.append((step.label, value, after))
        before = after
    return out
