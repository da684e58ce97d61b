"""The ladder's display model: levels of several books, grouped on one price axis.

Rules of this file: exact integer prices (UNIT of formats.py); pure; asks are grouped upwards and bids downwards, so
that a group never looks nearer than its best level is.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from mmtui.core.market.instrument import Instrument
from mmtui.link.parts import BookView, Level, OwnOrder
from mmtui.view.formats import UNIT, Scale, amount
from mmtui.view.model import Model

_NICE = (1, 2, 5)
#: A mid row that leaves this part of the ladder's height makes it recentre; inside, prices stand still.
_CALM = (0.30, 0.70)
#: A public trade stays marked so long.
PRINT_NS = 2_000_000_000


@dataclass(slots=True)
class Column:
    """One venue's levels, or the sum: row -> size in base units, positive asks and bids apart."""

    key: str
    head: str
    bids: dict[int, float] = field(default_factory=dict)
    asks: dict[int, float] = field(default_factory=dict)
    low: int = 0  # rows known: beyond them nothing was sent
    high: int = 0
    prints: dict[int, int] = field(default_factory=dict)  # row -> taker side of the newest trade there
    state: str = "ok"
    age_ms: int = 0
    top: float = 1.0  # size that fills a bar

    def cell(self, row: int) -> tuple[int, float]:
        """(side, size) at a row; side 0: nothing. Asks are +1 here, bids -1, as on the axis."""
        ask = self.asks.get(row, 0.0)
        bid = self.bids.get(row, 0.0)
        if ask and (not bid or ask >= bid):
            return 1, ask
        return (-1, bid) if bid else (0, 0.0)


def steps_for(scale: Scale, mid_u: int) -> list[int]:
    """The price steps that a trader may choose: 1-2-5 multiples of the tick up to about 1 % of the price."""
    out: list[int] = []
    power = 1
    while len(out) < 40:
        for nice in _NICE:
            step = scale.tick_u * nice * power
            if out and step > max(scale.tick_u, mid_u // 100):
                return out
            out.append(step)
        power *= 10
    return out


def auto_step(scale: Scale, mid_u: int, rows: int, reach_u: int) -> int:
    """The smallest step whose rows reach 2 bps and the desk's own best quotes on each side."""
    need = max(mid_u // 5_000, reach_u + reach_u // 4)
    half = max(1, rows // 2 - 1)
    choices = steps_for(scale, mid_u)
    return next((step for step in choices if step * half >= need), choices[-1])


def mid_units(book: BookView | None, scale: Scale) -> int:
    """Mid of the shown book in UNITs; 0 when a side is missing."""
    if book is None or not book.bids or not book.asks:
        return 0
    return (book.bids[0].px + book.asks[0].px) * scale.tick_u // 2


#: Rows that a column is made for: all.
EVERYWHERE = (-(1 << 62), 1 << 62)


def column(
    key: str,
    head: str,
    book: BookView | None,
    scale: Scale,
    step: int,
    now_ns: int,
    shift: int = 0,
    rows: tuple[int, int] = EVERYWHERE,
    fee: float = 0.0,
) -> Column:
    """One book on the axis, from row to row.

    `shift` (UNITs) is added to its prices: the basis, when it is summed with others. `fee`: the taker's share of the
    price, which makes asks dearer and bids cheaper, each side by that of its best price.
    """
    out = Column(key, head)
    if book is None:
        out.state = "down"
        return out
    out.state, out.age_ms = book.state, book.age_ms
    tick, inverse = scale.tick_u, scale.inverse
    lot = scale.lot
    first, last = rows
    unit = lot * UNIT if inverse else lot
    dearer = shift + round(book.asks[0].px * tick * fee) if book.asks else shift
    cheaper = shift - round(book.bids[0].px * tick * fee) if book.bids else shift
    if book.asks:
        out.high = _sum_up(out.asks, book.asks, -1, tick, -dearer, step, unit, inverse, -last)
    if book.bids:
        out.low = _sum_up(out.bids, book.bids, 1, tick, cheaper, step, unit, inverse, first)
    for item in reversed(book.prints):  # newest last, so that it wins
        if now_ns - item.ts <= PRINT_NS:
            units = item.px * tick + (dearer if item.side > 0 else cheaper)
            out.prints[-(-units // step) if item.side > 0 else units // step] = item.side
    return out


def _sum_up(
    into: dict[int, float], levels: list[Level], sign: int, tick: int, shift: int, step: int, unit: float,
    inverse: bool, end: int,
) -> int:
    """Sizes by row, best level first, to the row `end`; the last row that was looked at.

    `sign` -1 (asks): rows, shift and end are counted downwards, so that rounding outwards is a floor for both sides.
    """  # fmt: skip
    each = sign * tick
    at, total = 0, 0.0
    begun = False
    for level in levels:
        px = level.px
        row = (px * each + shift) // step
        if row != at or not begun:
            if begun:
                into[sign * at] = into.get(sign * at, 0.0) + total
            at, total = row, 0.0
            if row < end:
                return sign * row
            begun = True
        total += unit * level.sz / (px * tick) if inverse else unit * level.sz
    if begun:
        into[sign * at] = into.get(sign * at, 0.0) + total
    return sign * at


def cumulate(col: Column) -> None:
    """Sizes from the touch outwards, in place."""
    total = 0.0
    for row in sorted(col.asks):
        total += col.asks[row]
        col.asks[row] = total
    total = 0.0
    for row in sorted(col.bids, reverse=True):
        total += col.bids[row]
        col.bids[row] = total


def nice_top(value: float) -> float:
    """The next 1-2-5 number: bars keep their scale while sizes move a little."""
    if value <= 0:
        return 1.0
    power = 1.0
    while power > value:
        power /= 10
    while power * 10 <= value:
        power *= 10
    return next(power * nice for nice in (1, 2, 5, 10) if power * nice >= value)


def scale_bars(col: Column, first: int, last: int) -> None:
    """Give a column its bar scale from the rows on screen."""
    sizes = [s for r, s in col.asks.items() if first <= r <= last] + [
        s for r, s in col.bids.items() if first <= r <= last
    ]
    col.top = nice_top(max(sizes, default=0.0))


def sum_column(
    model: Model, step: int, selected: str, now_ns: int, rows: tuple[int, int] = EVERYWHERE, made: Sequence[Column] = ()
) -> Column:
    """Σ over the markets of the selected one's kind and quote; with `adjust`, over all, moved by their basis to it.

    `made`: columns of single books on the same rows, to be taken as they are.
    """
    chosen = next(i for i in model.family() if i.id == selected)
    alike = [i for i in model.family() if i.kind == chosen.kind and i.quote == chosen.quote]
    adjust = adjusting(model)
    members = model.family() if adjust else alike
    head = "Σ basis-adj" if adjust else f"Σ {chosen.quote.lower()} {chosen.kind}"
    total = Column("Σ", head)
    home = mid_units(model.books.get(selected), model.scales[selected])
    lows: list[int] = []
    highs: list[int] = []
    for item in members:
        book = model.books.get(item.id)
        if book is None or not book.valid:
            continue
        mid = mid_units(book, model.scales[item.id])
        if adjust and not (mid and home):
            continue
        shift = home - mid if adjust else 0
        ready = next((col for col in made if col.key == item.id and not shift), None)
        one = ready or column(item.id, "", book, model.scales[item.id], step, now_ns, shift, rows, taker(model, item))
        for mine, theirs in ((total.asks, one.asks), (total.bids, one.bids)):
            for row, size in theirs.items():
                mine[row] = mine.get(row, 0.0) + size
        if one.asks and one.bids:
            lows.append(one.low)
            highs.append(one.high)
        total.age_ms = max(total.age_ms, book.age_ms)
    total.low, total.high = max(lows, default=0), min(highs, default=0)
    total.state = "ok" if lows else "empty"
    return total


def adjusting(model: Model) -> bool:
    """Whether Σ takes in other kinds and quotes: as the trader chose, else only where there is nothing else to add."""
    if model.adjust is not None:
        return model.adjust
    chosen = model.instrument
    family = model.family()
    return chosen is not None and len(family) > 1 and sum(
        1 for i in family if i.kind == chosen.kind and i.quote == chosen.quote
    ) == 1  # fmt: skip


def taker(model: Model, item: Instrument) -> float:
    """The taker fee that moves a market's prices in the ladder, as a share of the price; 0 while it is off."""
    return amount(item.taker_bps or "0") / 10_000 if model.net else 0.0


def order_row(order: OwnOrder, scale: Scale, step: int, fee: float = 0.0) -> int:
    """The row in which an own order stands: sells upwards, buys downwards, with the levels of its price."""
    units = order.px * scale.tick_u
    units -= order.side * round(units * fee)
    return units // step if order.side > 0 else -(-units // step)


def place(model: Model, base: str, step: int, rows: int, mid_row: int) -> int:
    """The top row's index on the axis: as it was, unless the middle has left the calm part or the shape changed."""
    centred = mid_row + rows // 2
    kept = model.tops.get(base)
    top = centred
    if kept is not None and kept[0] == step and kept[1] == rows:
        at = kept[2] - mid_row
        if _CALM[0] * rows <= at <= _CALM[1] * rows:
            top = kept[2]
    model.tops[base] = (step, rows, top)
    return top
