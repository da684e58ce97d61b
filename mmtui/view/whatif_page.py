"""The what-if beside a replay: recorded, as it was and what if, side by side at the present instant.

"As it was" is the recorded desk again on the paper venue: the fair twin of "what if", which differs from it in the
parameters alone.  Rules of this file: rows only.
"""

from __future__ import annotations

from itertools import zip_longest

from mmtui.link.replayed import RunRow, WhatifView
from mmtui.view import formats as fmt
from mmtui.view.model import Model
from mmtui.view.rows import Row, Span, bar, clean, clip, cut, rule, scrolled, wrap
from mmtui.view.tables import beside

#: Cells of the labels and of each column; in a narrow page, so that the change stays.
_WIDE, _NARROW = (20, 20), (16, 16)
#: Cells from which half of the page holds an instrument.
_PAIR = 86
#: Parts that stand there even when they are zero.
_ALWAYS = ("total", "spread", "inventory", "fees")


def page(model: Model, cells: int, height: int) -> list[Row]:
    """Figures of the desk, then of each instrument, the selected one first; the first difference above them."""
    replay = model.frame.replay if model.frame else None
    found = replay.whatif if replay is not None else None
    if found is None:
        said = "none runs: w asks for one, such as spread_bps=8, and runs it over this session from its first record"
        return [rule("what-if", cells), *(((f" {line}", "dim"),) for line in wrap(said, cells - 2))][:height]
    rows = [_title(found, cells), *_news(found, cells)]
    if found.runs:
        rows += [(), _heads(found, cells), *_pnl(model, found, cells)]
        how = " as it was, what if: flat at the first record, on paper, pessimistic fills"
        rows.append(clip([(how, "dim")], cells))
        rows += _instruments(model, found, cells)
    return scrolled(rows, model.scroll, cells, height)


def _instruments(model: Model, found: WhatifView, cells: int) -> list[Row]:
    """The selected instrument first; two beside each other where there is room."""
    chosen = model.instrument
    ids = [row.id for row in found.runs[0].rows]
    order = sorted(range(len(ids)), key=lambda k: chosen is None or ids[k] != chosen.id)
    half = cells // 2
    room = half - 2 if half >= _PAIR else cells
    blocks = [[(), *_instrument(model, [run.rows[k] for run in found.runs], room)] for k in order]
    if room == cells:
        return [row for block in blocks for row in block]
    none: list[Row] = []
    pairs = zip_longest(blocks[::2], blocks[1::2], fillvalue=none)
    return [row for left, right in pairs for row in beside(left, right, half, cells)]


def _title(found: WhatifView, cells: int) -> Row:
    done = found.progress >= 1.0
    right: list[Span] = [("whole session", "ok")] if done else [
        (f"{bar(found.progress, 10)}▏", "hot"), (f"{found.progress:>4.0%} run", "text")
    ]
    return rule(clean(f"what-if {found.what}"), cells, right, "hot")


def _news(found: WhatifView, cells: int) -> list[Row]:
    """What is wrong, or where the decisions part."""
    if found.wrong:
        return [((f" {line}", "danger"),) for line in wrap(clean(found.wrong), cells - 2)]
    if not found.first:
        said = "no decision differs" if found.progress >= 1.0 else "no decision differs so far"
        return [((f" {said}", "dim"),)]
    return [
        clip([(" ≠ first decision that differs ", "danger"), (fmt.clock(found.first, millis=True), "bright"),
              ("  j goes there", "dim")], cells),
        clip([("   as it was  ", "dim"), (_decided(found.was), "text")], cells),
        clip([("   what if    ", "dim"), (_decided(found.then), "own")], cells),
    ]  # fmt: skip


def _decided(text: str) -> str:
    """The orders of a decision; those after the first without their instrument where it is the same."""
    orders = clean(text).split(", ")
    id_ = orders[0].partition(" ")[0] + " "
    return fmt.grouped(", ".join([orders[0], *(one.removeprefix(id_) for one in orders[1:])]))


def _columns(cells: int) -> tuple[int, int]:
    return _WIDE if cells >= 100 else _NARROW


def _heads(found: WhatifView, cells: int) -> Row:
    label, cell = _columns(cells)
    when = f" at {fmt.clock(found.at)}" if found.at else ""
    spans: list[Span] = [(when.ljust(label), "dim")]
    spans += [(run.name.rjust(cell), "title") for run in found.runs]
    if len(found.runs) == 1:
        spans.append(("   the runs are not here yet", "warn"))
    elif cells >= label + 4 * cell:
        spans.append(("change".rjust(cell), "title"))
    return clip(spans, cells)


def _pnl(model: Model, found: WhatifView, cells: int) -> list[Row]:
    ccy = model.frame.pnl.ccy if model.frame else ""
    rows = []
    for part in found.runs[0].pnl:
        texts = [run.pnl[part] for run in found.runs]
        if part in _ALWAYS or any(fmt.amount(text) for text in texts):
            name = f" PnL {part}" + (f" {ccy}" if part == "total" else "")
            rows.append(_money(name, texts, cells))
    return rows


def _money(name: str, texts: list[str], cells: int) -> Row:
    values = [fmt.amount(text) for text in texts]
    label, cell = _columns(cells)
    spans: list[Span] = [(name.ljust(label), "dim")]
    spans += [(fmt.signed(value, 2).rjust(cell), fmt.tone(value)) for value in values]
    if len(values) == 3 and cells >= label + 4 * cell:
        spans.append((fmt.signed(values[2] - values[1], 2).rjust(cell), fmt.tone(values[2] - values[1])))
    return clip(spans, cells)


def _instrument(model: Model, runs: list[RunRow], cells: int) -> list[Row]:
    same = len(runs) < 3
    label, cell = _columns(cells)
    ccy = model.frame.pnl.ccy if model.frame else ""
    item = next((i for i in model.instruments if i.id == runs[0].id), None)
    unit = "" if item is None else " ct" if item.kind == "inverse" else f" {item.base}"
    first = runs[0]
    rows = [rule(first.id, cells, (), "hot" if model.instrument and model.instrument.id == first.id else "title")]
    quotes = (
        (" bid", [_quote(r.bid, r.bid_size, r.reason_bid) for r in runs]),
        (" ask", [_quote(r.ask, r.ask_size, r.reason_ask) for r in runs]),
        (f" position{unit}", [fmt.grouped(r.position).replace("-", fmt.MINUS) for r in runs]),
        (" orders sent", [f"{r.orders:,}" for r in runs]),
        (" fills", [f"{r.fills:,}" for r in runs]),
    )
    for name, texts in quotes:
        spans: list[Span] = [(name.ljust(label), "dim")]
        for k, text in enumerate(texts):
            differs = not same and k == 2 and text != texts[1]
            spans.append((f" {cut(clean(text), cell - 1):>{cell - 1}}", "own" if differs else "text"))
        rows.append(clip(spans, cells))
    return [*rows, _money(f" PnL {ccy}", [r.pnl for r in runs], cells)]


def _quote(price: str, size: str, reason: str) -> str:
    return f"{fmt.grouped(price)} ×{size}" if price else reason or "none"
