"""The ladder: one price axis, a column a venue, their sum, and the desk's own orders in their price row.

Rules of this file: rows only; what a level or a group is stands in levels.py.
"""

from __future__ import annotations

from functools import lru_cache

from mmtui.core.market.instrument import Instrument
from mmtui.core.risk.limits import STALE_WARN_MS
from mmtui.link.parts import BookView, OwnOrder
from mmtui.view import formats as fmt
from mmtui.view.entry import Line, lines, row_of
from mmtui.view.formats import UNIT
from mmtui.view.levels import (
    Column,
    auto_step,
    column,
    cumulate,
    mid_units,
    order_row,
    place,
    scale_bars,
    steps_for,
    sum_column,
    taker,
)
from mmtui.view.model import Model
from mmtui.view.rows import BLANK, FADE, Row, Span, bar, clip, cut, ends, flow, meter, width

_MIN_COLUMN = 12
_OWN_WITH_AGE = 25
_BAD = {
    "gap": "GAP", "crossed": "CROSSED", "stale": "STALE", "no snapshot": "NO SNAPSHOT",
    "ended": "ENDED", "down": "DOWN", "empty": "EMPTY",
}  # fmt: skip
_IN_FLIGHT = {
    "INTENT": "sending", "SENT": "sent", "AMENDING": "amending", "CANCELLING": "cancelling", "UNKNOWN": "UNKNOWN",
}  # fmt: skip


def ladder(model: Model, cells: int, height: int) -> list[Row]:
    """The whole panel: a head, price rows, the middle row among them."""
    chosen = model.instrument
    if chosen is None or model.frame is None or height < 4:
        return [(("waiting for the first frame of the desk…", "dim"),)]
    scale = model.scales[chosen.id]
    mid = _reference(model, chosen)
    if not mid:
        return _without_price(model, chosen, cells)
    rows = height - 2
    step = step_of(model, chosen, mid, rows)
    shape = _Shape(model, chosen, cells, mid)
    shape.axis = step_decimals(step, scale.decimals)
    top = place(model, chosen.base, step, rows, mid // step)
    columns = _columns(model, shape.shown, chosen, step, (top - rows, top))
    for col in columns:
        if model.cumulative:
            cumulate(col)
        scale_bars(col, top - rows, top)
    own, drawn = _own(model, shape.shown, step), _drawn(model, shape.shown, step)
    above = sum(len(v) for k, v in own.items() if k > top)
    below = sum(len(v) for k, v in own.items() if k <= top - rows)
    out = [_head(model, columns, shape, chosen, step, above)]
    labels = [fmt.price(row * step, shape.axis) for row in (top, top - rows + 1)]
    prefix = _common(labels)
    for row in range(top, top - rows, -1):
        if row == mid // step and row != top:
            out.append(_middle(model, chosen, mid, cells))
        out.append(_line(columns, own.get(row, []), row, step, shape, prefix, model, drawn.get(row)))
    far = [line for row, line in drawn.items() if line.word == "liquidation" and not top - rows < row <= top]
    edge = [*((_far(model, far[0]),) if far else ()), *((f" ▼ {below} below ",) if below else ())]
    if edge:
        out[-1] = ends(out[-1], [(text, "danger" if "liq" in text else "own") for text in edge], cells)
    return out[:height]


def _far(model: Model, line: Line) -> str:
    """A liquidation price that is not among the rows."""
    price = fmt.price(line.units, model.scales[line.instrument].decimals)
    return f" {'▼' if line.side > 0 else '▲'} liq {model.name(line.instrument)} {price} "


def step_of(model: Model, chosen: Instrument, mid: int, rows: int) -> int:
    """The price step in force: the trader's, else one that shows the desk's own quotes; kept until it is changed."""
    key = _step_key(model, chosen)
    kept = model.steps.get(key)
    if kept:
        return kept
    scale = model.scales[chosen.id]
    view = model.views.get(chosen.id)
    reach = int(mid * view.spread_bps / 20_000) if view else 0
    step = auto_step(scale, mid, rows, reach + int(mid * max(taker(model, item) for item in model.family())))
    if view and view.spread_bps:
        model.steps[key] = step
    return step


def _step_key(model: Model, chosen: Instrument) -> str:
    """Prices that hold a fee lie further apart: they have a step of their own."""
    return f"net {chosen.base}" if model.net else chosen.base


def step_decimals(step: int, most: int) -> int:
    """Decimals that show every multiple of a price step exactly."""
    return next((places for places in range(most) if not step * 10**places % UNIT), most)


def other_step(model: Model, by: int) -> None:
    """The next coarser (+1) or finer (-1) price step."""
    chosen = model.instrument
    mid = _reference(model, chosen) if chosen else 0
    if chosen is None or not mid:
        return
    choices = steps_for(model.scales[chosen.id], mid)
    key = _step_key(model, chosen)
    now = model.steps.get(key) or model.tops.get(chosen.base, (choices[0], 0, 0))[0]
    at = min(range(len(choices)), key=lambda i: abs(choices[i] - now))
    model.steps[key] = choices[max(0, min(len(choices) - 1, at + by))]


class _Shape:
    """Widths of the ladder's columns for this many cells; venues that do not fit are counted."""

    def __init__(self, model: Model, chosen: Instrument, cells: int, mid: int) -> None:
        scale = model.scales[chosen.id]
        self.cells = cells
        self.axis = scale.decimals  # decimals of the prices on the axis
        self.price = len(fmt.price(mid, scale.decimals)) + 3
        self.mine = 30 if cells >= 120 else 23 if cells >= 100 else 20 if cells >= 76 else 16 if cells >= 60 else 0
        room = cells - self.price - self.mine
        family = sorted(model.family(), key=lambda i: i.id != chosen.id)
        fits = max(1, room // _MIN_COLUMN - 1)
        if self.mine >= 20:  # a row's own order with its age, where the columns can do without
            least = (min(fits, len(family)) + 1) * _MIN_COLUMN
            self.mine = max(self.mine, min(_OWN_WITH_AGE, cells - self.price - least))
            room = cells - self.price - self.mine
        kept = {i.id for i in family[:fits]}
        self.shown = [i for i in model.family() if i.id in kept]
        self.hidden = len(family) - len(self.shown)
        self.column = min(26, room // (len(self.shown) + 1))
        self.mine += room - self.column * (len(self.shown) + 1)
        self.sizes = fmt.size_decimals(mid / UNIT)
        self.number = min(self.sizes + 5, self.column - 2)
        self.bar = self.column - self.number - 1
        self.known, self.unknown = (((" " * (self.column - 2) + sign + " ", "faint"),) for sign in " ·")


def _columns(
    model: Model, shown: list[Instrument], chosen: Instrument, step: int, rows: tuple[int, int]
) -> list[Column]:
    ts = model.frame.ts if model.frame else 0
    out = [
        column(i.id, model.name(i.id), model.books.get(i.id), model.scales[i.id], step, ts, 0, rows, taker(model, i))
        for i in shown
    ]
    return [*out, sum_column(model, step, chosen.id, ts, rows, out)]


def _own(model: Model, shown: list[Instrument], step: int) -> dict[int, list[OwnOrder]]:
    out: dict[int, list[OwnOrder]] = {}
    fees = {i.id: taker(model, i) for i in shown}
    for order in model.orders():
        if order.instrument in fees:
            row = order_row(order, model.scales[order.instrument], step, fees[order.instrument])
            out.setdefault(row, []).append(order)
    return out


def _drawn(model: Model, shown: list[Instrument], step: int) -> dict[int, Line]:
    """The line of a price row: the first of those that fall together; none beside prices that hold a fee."""
    ids = {i.id for i in shown}
    found = [] if model.net else [line for line in lines(model) if line.instrument in ids]
    return {row_of(line, step): line for line in reversed(found)}


def column_state(book: BookView | None) -> tuple[str, str]:
    """What a column's head says beside the name, and its role."""
    if book is None:
        return "DOWN", "danger"
    if book.state == "stale":
        return f"STALE {fmt.age(book.age_ms)}", "danger"
    word = _BAD.get(book.state)
    if word:
        return word, "danger"
    return fmt.calm_age(book.age_ms), "dim" if book.age_ms < STALE_WARN_MS else "warn"


def _head(model: Model, columns: list[Column], shape: _Shape, chosen: Instrument, step: int, above: int) -> Row:
    spans: list[Span] = []
    for col in columns:
        if col.key == "Σ":
            name = col.head if len(col.head) <= shape.column - 2 else col.head.replace("-adj", "")
            spans.append((cut(name, shape.column - 2).rjust(shape.column - 1) + " ", "head"))
            continue
        word, role = column_state(model.books.get(col.key))
        if shape.column < len(col.head) + len(word) + 2:
            word = word.replace("NO SNAPSHOT", "NO SNAP")
        name = cut(col.head, max(3, shape.column - len(word) - 2))
        gap = shape.column - 1 - len(name) - 1 - len(word)
        picked = col.key == chosen.id
        spans.append((" " * max(0, gap), "text"))
        spans.append((name, "hot" if picked else "head"))
        spans.append((" ", "text"))
        spans.append((cut(word, shape.column - 2 - len(name)) + " ", role))
    axis = "net fee" if model.net else "price"
    spans.append((("cum" if model.cumulative else axis).rjust(shape.price - 1) + " ", "head"))
    tail = f" ▲ {above} above" if above else ""
    info = f"step {fmt.price(step, shape.axis)}"
    if shape.mine >= 12:
        room = shape.mine - len(tail) - 1
        hidden = f" +{shape.hidden} venues" if shape.hidden else ""
        longer = f"{info}  {chosen.base}{hidden}"
        spans.append(((longer if len(longer) <= room else cut(info, room)).ljust(room), "dim"))
        spans.append((tail, "own"))
    return clip(spans, shape.cells)


def _line(
    columns: list[Column], own: list[OwnOrder], row: int, step: int, shape: _Shape, prefix: int, model: Model,
    drawn: Line | None,
) -> Row:  # fmt: skip
    spans: list[Span] = []
    for col in columns:
        spans.extend(_cell(col, row, shape))
    text = fmt.price(row * step, shape.axis)
    lead = " " * (shape.price - 2 - len(text)) if len(text) < shape.price - 2 else ""
    same = min(prefix, len(text))
    strong = "own" if own else "bright"
    spans.append((lead + text[:same], "own" if own else "dim"))
    spans.append((text[same:] + "  ", strong))
    mine = _mine(own, shape, model) if own and shape.mine else []
    if drawn is not None and shape.mine:
        mine += _marked(drawn, shape.mine - 1 - width(tuple(mine)), model)
    return (*spans, *mine)


def _marked(line: Line, room: int, model: Model) -> list[Span]:
    """A breakeven or a liquidation in its price row, in as many words as there is room for."""
    name = model.name(line.instrument)
    texts = (f" ┄ {line.word} {name} ", f" ┄ {line.word[:3]} {name} ", f" ┄{line.word[:3]}", "┄")
    text = next((text for text in texts if len(text) <= room), "")
    return [(text + "┄" * (room - len(text) if text.endswith(" ") else 0), line.role)] if text else []


def _cell(col: Column, row: int, shape: _Shape) -> tuple[Span, ...]:
    side, size = col.cell(row)
    if not side:
        bad = col.state not in ("ok", "stale", "crossed", "ended")
        return shape.known if bad or col.low <= row <= col.high else shape.unknown
    return _level(
        side, size, col.top, col.state == "ok", col.prints.get(row, 0), (shape.column, shape.bar, shape.sizes)
    )


@lru_cache(maxsize=4096)  # most levels are as they were a frame ago
def _level(
    side: int, size: float, top: float, fresh: bool, print_side: int, widths: tuple[int, int, int]
) -> tuple[Span, ...]:
    """Bar, size and the mark of the newest trade; `widths` are the column's, its bar's and the decimals."""
    column, bar_cells, decimals = widths
    role = "ask" if side > 0 else "bid"
    pale = "" if fresh else FADE
    spans: list[Span] = []
    if bar_cells > 1:
        spans.append((" " + bar(size / top, bar_cells - 1), role + "bar" + pale))
    number = column - 1 - (bar_cells if bar_cells > 1 else 0)
    spans += [(text, kind + pale) for text, kind in fmt.size_spans(size, decimals, number, role)]
    spans.append(("▴", "bid") if print_side == 1 else ("▾", "ask") if print_side == -1 else (" ", "text"))
    return tuple(spans)


def _mine(own: list[OwnOrder], shape: _Shape, model: Model) -> list[Span]:
    """Own orders of one row: side, venue, size, and how much of the queue is still ahead."""
    spans: list[Span] = []
    room = shape.mine - 1
    for at, order in enumerate(own):
        scale = model.scales[order.instrument]
        size = fmt.number(scale.base_size(order.left, order.px), shape.sizes)
        mark = "❯" if order.oid == model.marked else " "
        arrow = "B" if order.side > 0 else "S"
        text = f"{mark}{arrow} {model.name(order.instrument)} {size}"
        tail: list[Span] = []
        word = _IN_FLIGHT.get(order.state)
        if word:
            tail = [(" " + word, "danger" if order.state == "UNKNOWN" else "own" + FADE)]
        elif order.ahead >= 0:
            tail = [(" " + queue_bar(order), "own")]
        age = (f" {fmt.whole_age(order.age_ms)}", "dim")
        if at and len(text) > room:
            more = f" +{len(own) - at}"
            spans.append((more if len(more) <= room else "", "own"))
            break
        spans.append((cut(text, room), "own"))
        room -= min(len(text), room)
        if width(tuple(tail)) <= room:
            spans.extend(tail)
            room -= width(tuple(tail))
        if order.age_ms >= 0 and width((age,)) <= room:
            spans.append(age)
            room -= width((age,))
    return spans


def queue_bar(order: OwnOrder) -> str:
    """Four cells: the share of the queue (ahead of us and our own) that is still ahead."""
    if order.ahead == 0:
        return "next"
    share = order.ahead / (order.ahead + order.left)
    return "▕" + bar(share, 3).replace(" ", "▁")


def imbalance(book: BookView, levels: int = 5) -> float:
    """(bids - asks) / (bids + asks) over the best levels, -1..1."""
    bid = sum(level.sz for level in book.bids[:levels])
    ask = sum(level.sz for level in book.asks[:levels])
    return (bid - ask) / (bid + ask) if bid + ask else 0.0


def _middle(model: Model, chosen: Instrument, mid: int, cells: int) -> Row:
    book = model.books.get(chosen.id)
    scale = model.scales[chosen.id]
    if book is None or not book.bids or not book.asks:
        return clip([("─" * cells, "rule")], cells)
    gap = (book.asks[0].px - book.bids[0].px) * scale.tick_u
    lean = imbalance(book)
    full, rest = meter((lean + 1) / 2, 5)
    spans: list[Span] = [
        ("── ", "rule"),
        ("mid ", "dim"),
        (fmt.price(mid, scale.decimals + 1), "bright"),
        (" ── ", "rule"),
        ("spread ", "dim"),
        (fmt.price(gap, scale.decimals), "text" if gap > 0 else "danger"),
        (f" = {gap / mid * 10_000:.2f} bps", "dim"),
        (" ── ", "rule"),
    ]
    if cells >= 70:
        spans += [
            ("imbalance ", "dim"),
            (f"{fmt.signed(lean, 1):>4} ", "text"),
            (full, "bid"),
            (rest, "ask"),
            (" ", "rule"),
        ]
    spans.append(("─" * cells, "rule"))
    return flow(spans, cells)


def _reference(model: Model, chosen: Instrument) -> int:
    """Mid of the selected book, else of a sibling, else its fair value: the ladder stands without one feed."""
    mid = mid_units(model.books.get(chosen.id), model.scales[chosen.id])
    if mid:
        return mid
    for item in model.family():
        mid = mid_units(model.books.get(item.id), model.scales[item.id])
        if mid:
            return mid
    view = model.views.get(chosen.id)
    return int(view.fair * UNIT) if view else 0


def _without_price(model: Model, chosen: Instrument, cells: int) -> list[Row]:
    out: list[Row] = []
    for item in model.family():
        word, role = column_state(model.books.get(item.id))
        out.append(clip([(f" {item.id} ", "hot" if item is chosen else "text"), (word, role)], cells))
    return [*out, BLANK, ((" no price yet: the ladder starts with the first valid book", "dim"),)]


def _common(labels: list[str]) -> int:
    """Length of the prefix that all prices on screen share (the axis is monotonic, so two ends suffice)."""
    first, last = labels
    if len(first) != len(last):
        return 0
    return next((i for i, (a, b) in enumerate(zip(first, last, strict=True)) if a != b), len(first))
