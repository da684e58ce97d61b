"""The heat map: liquidity of a book over time, trades as bubbles, own quotes as lines, and the volume delta under it.

Time runs to the right; a cell is two price steps high where the terminal has the colours for it (half blocks), one
where it has not (shades).  Rules of this file: rows only, made from heat_history.py; what was not known is left blank.
"""

from __future__ import annotations

from functools import lru_cache
from itertools import accumulate, groupby
from typing import NamedTuple

from mmtui.link.messages import Item
from mmtui.view import formats as fmt
from mmtui.view.formats import Scale
from mmtui.view.heat_history import SECOND, History, Second
from mmtui.view.heat_sum import consolidated
from mmtui.view.levels import steps_for
from mmtui.view.model import Model
from mmtui.view.plots import braille
from mmtui.view.rows import HEAT, Row, Span, clip, ends, pad, rule

#: Seconds that a column may stand for.
SPANS = (1, 2, 5, 15)
_AXIS = 12
_DELTA_ROWS = 3
_SHADES = " ░▒▓█"
_BUBBLES = "·•●"


class Column(NamedTuple):
    """So many seconds as one: levels by row (bids positive, asks negative), trades and own quotes by row."""

    start: int
    good: bool
    levels: dict[int, float]
    trades: dict[int, float]
    own: tuple[int, int]  # rows of the own bid and ask; -1: none
    delta: float


class Frame(NamedTuple):
    """The price axis: row 0 is the highest."""

    top: int  # row number (price // step) of row 0
    rows: int
    step: int  # UNITs


def heat(model: Model, cells: int, height: int) -> list[Row]:
    """The whole page."""
    chosen = model.instrument
    history = model.heat.histories.get(chosen.id) if chosen else None
    if chosen is None or history is None or not history.columns:
        return [((" the heat map begins with the first frames of the desk…", "dim"),)]
    scale = model.scales[chosen.id]
    width = max(8, cells - _AXIS)
    tall = max(3, height - 2 - _DELTA_ROWS)
    fine = 1 if model.shades else 2
    count = width * model.heat_span
    seconds = consolidated(model, history, count) if model.heat_sum else list(history.columns)[-count:]
    if not any(one.good for one in seconds):
        book = model.books.get(chosen.id)
        said = f" no valid book of {chosen.id} in the time that is known: {book.state if book else 'none'}"
        return [rule(f"heat map · {chosen.id}", cells), clip([(said, "warn")], cells)]
    axis = _axis(model, seconds, scale, tall * fine)
    key = (chosen.id, history.stamp, history.columns[-1].start, cells, height, axis, model.heat_span, model.shades,
           model.heat_sum)  # fmt: skip
    if model.heat_rows[0] != key:
        fills = [item for item in model.fills if item.fill is not None and item.fill.instrument == chosen.id]
        model.heat_rows = (key, _rows(seconds, fills, scale, axis, width, tall, model))
    return [_head(model, history, scale, axis, cells), *model.heat_rows[1]][:height]


def _axis(model: Model, seconds: list[Second], scale: Scale, rows: int) -> Frame:
    """Prices that show the whole path of the touch, or the trader's own step around the last one."""
    good = [one for one in seconds if one.good]
    if not good:
        return Frame(rows, rows, scale.tick_u)
    low, high = min(one.bid for one in good) * scale.tick_u, max(one.ask for one in good) * scale.tick_u
    last = (good[-1].bid + good[-1].ask) * scale.tick_u // 2
    step = model.steps.get(f"heat {scale.base}", 0)
    if not step:
        need = max((high - low) * 5 // 3, last // 2_500)  # at least 4 bps are shown
        choices = steps_for(scale, last)
        step = next((one for one in choices if one * rows >= need), choices[-1])
    middle = (low + high) // 2 if high - low < step * rows else last
    snap = max(1, rows // 8)  # the picture moves by eighths of its height, not with every tick
    top = (middle // step + rows // 2) // snap * snap + snap // 2
    return Frame(top, rows, step)


def heat_step(model: Model, by: int) -> None:
    """The next coarser (+1) or finer (-1) price step of the heat map."""
    chosen = model.instrument
    history = model.heat.histories.get(chosen.id) if chosen else None
    if chosen is None or history is None or not history.columns or not history.columns[-1].good:
        return
    scale = model.scales[chosen.id]
    last = history.columns[-1]
    choices = steps_for(scale, (last.bid + last.ask) * scale.tick_u // 2)
    now = model.steps.get(f"heat {scale.base}", 0) or _axis(model, list(history.columns), scale, 60).step
    at = min(range(len(choices)), key=lambda k: abs(choices[k] - now))
    model.steps[f"heat {scale.base}"] = choices[max(0, min(len(choices) - 1, at + by))]


# ---------------------------------------------------------------- columns


def _columns(seconds: list[Second], scale: Scale, axis: Frame, span: int) -> list[Column]:
    """Seconds put together: the last book stands for all of them, trades are added."""
    groups = [tuple(group) for _, group in groupby(seconds, key=lambda one: one.start // (span * SECOND))]
    return [*(_over(group, scale, axis) for group in groups[:-1]), *(_column(g, scale, axis) for g in groups[-1:])]


def _column(group: tuple[Second, ...], scale: Scale, axis: Frame) -> Column:
    last = group[-1]
    tick, step, top, rows = scale.tick_u, axis.step, axis.top, axis.rows
    levels: dict[int, float] = {}
    pairs = iter(last.levels)
    for px in pairs:
        size = next(pairs)
        row = top - (px * tick // step if size > 0 else -(-px * tick // step))
        if 0 <= row < rows:
            levels[row] = levels.get(row, 0.0) + size
    trades: dict[int, float] = {}
    for one in group:
        for table, sign in ((one.buys, 1), (one.sells, -1)):
            for px, lots in table.items():
                row = top - px * tick // step
                trades[row] = trades.get(row, 0.0) + sign * lots
    bid = top - last.own_bid * tick // step if last.own_bid else -1
    ask = top + -last.own_ask * tick // step if last.own_ask else -1
    delta = sum(one.bought - one.sold for one in group)
    return Column(last.start, last.good, levels, trades, (bid, ask), float(delta))


#: Columns whose seconds are over change no more.
_over = lru_cache(maxsize=512)(_column)


def _rows(
    seconds: list[Second], fills: list[Item], scale: Scale, axis: Frame, width: int, tall: int, model: Model
) -> list[Row]:
    columns = _columns(seconds, scale, axis, model.heat_span)[-width:]
    sizes = sorted(abs(size) for one in columns[::-3] for size in one.levels.values())  # a third is enough for a scale
    full = sizes[int(len(sizes) * 0.97)] if sizes else 1.0
    prints = sorted(abs(size) for one in columns for size in one.trades.values())
    large = prints[int(len(prints) * 0.9)] if prints else 1.0
    marks = _fill_marks(fills, columns, scale, axis, model.heat_span)
    fine = 1 if model.shades else 2
    grid = [_cells(one, full, large, tall, fine, marks.get(k, {})) for k, one in enumerate(columns)]
    blank = width - len(grid)
    out: list[Row] = []
    touch = _touch(seconds[-1], scale, axis, fine) if seconds else ()
    for row in range(tall):
        spans: list[Span] = [(" " * blank, "text")] if blank else []
        for role, run in groupby((column[row] for column in grid), key=lambda cell: cell[1]):
            spans.append(("".join(text for text, _ in run), role))
        out.append((*spans, *_label(row, tall, fine, axis, scale, touch)))
    out.append(_times(columns, width))
    deltas = list(accumulate(one.delta for one in columns))
    lines = braille(deltas, len(columns), _DELTA_ROWS) if len(deltas) > 1 else [""] * _DELTA_ROWS
    value = scale.base_size(int(deltas[-1]), seconds[-1].bid) if deltas and seconds[-1].bid else 0.0
    for k, line in enumerate(lines):
        text = ("CVD" if not k else f"{fmt.signed(value, 3)}" if k == 1 else scale.base).rjust(_AXIS - 1)
        role = fmt.tone(value) if k == 1 else "dim"
        body = clip([(" " * blank, "text"), (line, "hot")], width)
        out.append((*pad(body, width), (" " + text, role)))
    return out


def _fill_marks(
    fills: list[Item], columns: list[Column], scale: Scale, axis: Frame, span: int
) -> dict[int, dict[int, int]]:
    """Column -> row -> side of own fills."""
    at = {one.start // (span * SECOND): k for k, one in enumerate(columns)}
    out: dict[int, dict[int, int]] = {}
    for item in fills:
        fill = item.fill
        place = at.get(item.ts // (span * SECOND))
        if place is not None and fill is not None:
            out.setdefault(place, {})[axis.top - fill.px * scale.tick_u // axis.step] = fill.side
    return out


def _cells(
    one: Column, full: float, large: float, tall: int, fine: int, fills: dict[int, int]
) -> list[Span]:
    """One column as (character, role) from the top row down."""
    if not one.good:
        return [("┊", "faint")] * tall
    shades = [0] * (tall * fine)
    for row, size in one.levels.items():
        depth = min(HEAT, max(1, round((min(1.0, abs(size) / full)) ** 0.5 * HEAT)))
        shades[row] = depth if size > 0 else HEAT + depth
    if fine == 2:
        out: list[Span] = [
            (" ", "text") if not a and not b else ("▀", f"heat{a}.{b}")
            for a, b in zip(shades[::2], shades[1::2], strict=True)
        ]
    else:
        out = [(_SHADES[(depth - 1) % HEAT + 1] if depth else " ", _side_role(depth)) for depth in shades]
    for row, character in zip(one.own, "▁▔", strict=True):
        if 0 <= row < tall * fine:
            out[row // fine] = ("━" if fine == 1 else character, "own")
    for row, size in one.trades.items():
        if 0 <= row < tall * fine:
            bubble = _BUBBLES[0 if abs(size) < large / 4 else 1 if abs(size) < large else 2]
            out[row // fine] = (bubble, "bid" if size > 0 else "ask")
    for row, side in fills.items():
        if 0 <= row < tall * fine:
            out[row // fine] = ("▲" if side > 0 else "▼", "own")
    return out


def _side_role(depth: int) -> str:
    return "text" if not depth else "bid" if depth <= HEAT else "ask"


# ---------------------------------------------------------------- around the picture


def _touch(last: Second, scale: Scale, axis: Frame, fine: int) -> tuple[tuple[int, str, str], ...]:
    """(row, price, role) of the best bid and ask now."""
    if not last.good:
        return ()
    bid = (axis.top - last.bid * scale.tick_u // axis.step) // fine
    ask = (axis.top + -last.ask * scale.tick_u // axis.step) // fine
    found = [(ask, scale.price(last.ask), "ask"), (bid, scale.price(last.bid), "bid")]
    if ask == bid:
        found[0] = (ask - 1, *found[0][1:])
    return tuple(found)


def _label(
    row: int, tall: int, fine: int, axis: Frame, scale: Scale, touch: tuple[tuple[int, str, str], ...]
) -> tuple[Span, ...]:
    """What stands on the price axis at a row."""
    for at, text, role in touch:
        if at == row:
            return ((f"◂{text.rjust(_AXIS - 1)}", role),)
    near = any(abs(at - row) < 2 for at, _, _ in touch)
    if row % 4 == tall % 4 and not near:
        return ((f" {fmt.price((axis.top - row * fine) * axis.step, scale.decimals):>{_AXIS - 1}}", "dim"),)
    return ((" " * _AXIS, "text"),)


def _times(columns: list[Column], width: int) -> Row:
    """Times of the desk under the picture, every twenty cells."""
    blank = width - len(columns)
    text = [" "] * width
    for k in range(width - 20, blank - 1, -20):
        if k - blank >= 0:
            text[k : k + 9] = ("╵" + fmt.clock(columns[k - blank].start))[:9].ljust(9)
    return (("".join(text)[:width], "dim"), ("now".rjust(8) + "    ", "dim"))


def _head(model: Model, history: History, scale: Scale, axis: Frame, cells: int) -> Row:
    seconds = len(history.columns)
    step = fmt.price(axis.step, scale.decimals)
    wide = cells >= 100
    room = 68 if wide else 62
    named = scale.instrument.id if wide else model.label(scale.instrument.id)
    unit = f" {scale.instrument.quote}" if wide else ""
    named = f"Σ on {named}" if model.heat_sum else named
    left = rule(f"heat map · {named}", cells - room if cells >= 80 else cells)
    book = model.books.get(scale.instrument.id)
    state: list[Span] = [(f"{book.state.upper()} ", "danger")] if book is not None and book.state != "ok" else []
    known = fmt.age(seconds * 1_000)
    right = [*state, (f"{model.heat_span} s a column · {step}{unit} a row · {known} known · ● trades ▲▼ fills", "dim")]
    return ends(left, clip(right, room), cells) if cells >= 80 else left
