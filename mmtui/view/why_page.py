"""The page Why: for each instrument both sides as a waterfall of bars in bps, or the reason in words.

Rules of this file: rows only. Bars of one instrument share a scale; the steps add up to the price (view/why.py).
"""

from __future__ import annotations

from mmtui.core.market.instrument import Instrument
from mmtui.link.parts import InstrumentView
from mmtui.view import formats as fmt
from mmtui.view.inventory import lean_word
from mmtui.view.model import Model
from mmtui.view.rows import Row, Span, bar, clean, clip, rule, scrolled, wrap
from mmtui.view.tables import beside
from mmtui.view.why import meaning, standing, summands, told

_WIDE = 150
_LABEL = 22
_SIDE = 30  # cells of the longest bar, at most
_TONE = {"RUNNING": "ok", "PAUSED": "warn", "STOPPED": "dim", "HALTED": "danger", "KILLED": "danger"}


def page(model: Model, cells: int, height: int) -> list[Row]:
    """Every instrument, the selected one first."""
    rows: list[Row] = []
    chosen = model.instrument
    for item in sorted(model.instruments, key=lambda i: i is not chosen):
        view = model.views.get(item.id)
        if view is not None:
            rows += [*_block(model, item, view, cells), ()]
    return scrolled(rows, model.scroll, cells, height)


def _block(model: Model, item: Instrument, view: InstrumentView, cells: int) -> list[Row]:
    head = rule(item.id, cells, [(view.state, _TONE.get(view.state, "text"))],
                "hot" if item is model.instrument else "title")  # fmt: skip
    rows = [head, _stance(view, cells)]
    half = cells // 2 + 1 if cells >= _WIDE else cells + 2
    asks, bids = (waterfall(model, item, view, side, half - 2) for side in (-1, +1))
    rows += beside(bids, asks, half, cells) if cells >= _WIDE else [*asks, *bids]
    for text in view.protections:
        rows.append(clip([(" protection ", "warn"), (clean(text), "text")], cells))
    quoted = fmt.percent(view.uptime).strip()
    said = f" both sides in the market {quoted} of the time · fair value is the {view.fair_kind} price"
    rows.append(clip([(said, "dim")], cells))
    return rows


def _stance(view: InstrumentView, cells: int) -> Row:
    """Width, lean, and what the operator has changed."""
    moved = (("spread", view.operator_spread_bps), ("skew", view.operator_skew_bps))
    found = [f"{word} {fmt.bps(value)} bps" for word, value in moved if value]
    if view.operator_size_pct:
        found.append(f"size {fmt.bps(view.operator_size_pct, 0)} %")
    modes = [word for word, on in (("WIDE", view.wide), ("REDUCE", view.reduce), ("EXIT NOW", view.exit)) if on]
    owner = f" ({view.offsets_owner})" if view.offsets_owner else ""
    said = f"operator: {' · '.join(found)}{owner}" if found else "no offsets"
    spread = f"{view.spread_bps:.2f} bps (profile {view.base_spread_bps:.2f})" if view.spread_bps else "n/a"
    skew = f"{fmt.bps(view.skew_bps, 2)} bps {lean_word(view.skew_bps)}"
    mode = (f" {' '.join(modes)} ", "warn") if modes else ("", "warn")
    return clip([(f" full spread {spread} · skew {skew} · {said} ", "text"), mode], cells)


def waterfall(model: Model, item: Instrument, view: InstrumentView, side: int, cells: int) -> list[Row]:
    """One side: a row a step with its bps, its bar and the price after it; or why it is not quoted."""
    name, role = ("bid", "bid") if side > 0 else ("ask", "ask")
    reason, steps, ticks = told(view, side)
    if reason or not steps:
        said = reason or "no price yet"
        rows = [clip([(f" {name} ", role), ("not quoted: ", "warn"), (clean(said), "bright")], cells)]
        return rows + [((f"   {line}", "dim"),) for line in (wrap(meaning(said), cells - 4) if meaning(said) else [])]
    scale = model.scales[item.id]
    places = scale.decimals + 1
    parts = summands(steps, places)
    base = parts[0][2] or 1.0
    price = standing(scale, steps, ticks) or "none"
    rows = [clip([(f" {name} ", role), (f"{price}", "own"),
                  (f"   {'step':<{_LABEL - len(price)}}{'bps':>7}{'price after':>15}", "dim")], cells)]  # fmt: skip
    most = max((abs(value) for _, value, _ in parts[1:]), default=0.0)
    wing = max(0, min(_SIDE, (cells - _LABEL - 30) // 2))
    for at, (label, value, after) in enumerate(parts):
        bps = "" if not at else fmt.signed(value / base * 10_000, 2)
        spans: list[Span] = [
            (f"   {label:<{_LABEL + 2}}", "dim"),
            (f"{bps:>8}", "text"),
            (f"{fmt.number(after, places):>15} ", "bright" if not at else "text"),
        ]
        if at and wing >= 4 and most:
            spans += _bar(value / most, wing)
        if "skew" in label and value and not wing:
            spans.append((f" {lean_word(view.skew_bps)}", "hot"))
        rows.append(clip(spans, cells))
    return rows


def _bar(share: float, wing: int) -> list[Span]:
    """From the middle: down to the left in the ask's colour, up to the right in the bid's."""
    left = "█" * round(-share * wing) if share < 0 else ""
    return [(left.rjust(wing), "askbar"), ("│", "rule"), (bar(share, wing).rstrip() if share > 0 else "", "bidbar")]
