"""The page of orders: own orders in the market, the life of the marked one, and the fills.

Rules of this file: rows only. A typed filter keeps the rows that hold it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

from mmtui.link.messages import Item
from mmtui.link.parts import FillRow, OwnOrder
from mmtui.view import formats as fmt
from mmtui.view.fills import fee, newest_age
from mmtui.view.ladder import queue_bar
from mmtui.view.model import Model
from mmtui.view.rows import Row, Span, clean, clip, plain, rule
from mmtui.view.tables import Col, beside, table

_LIFE = 66
_WIDE = 184


def page(model: Model, cells: int, height: int) -> list[Row]:
    """Orders above, fills below; the marked order's life beside them, or between."""
    orders = model.orders()
    room = max(4, min(len(orders) + 3, height * 3 // 5))
    wide = cells >= _WIDE
    upper = own_orders(model, cells - _LIFE - 2 if wide else cells, room)
    story = life(model, _LIFE if wide else cells, room if wide else 7)
    if wide:
        upper = beside(upper, story, cells - _LIFE, cells)
    elif model.marked and height >= 24:
        upper = [*upper, *story]
    return [*upper, *fills(model, cells, max(2, height - len(upper)))][:height]


def kept(model: Model, text: str) -> bool:
    """Whether a row holds the typed filter."""
    return model.filter.lower() in text.lower()


#: What the blotters can be sorted by, each with what it means for an order and for a fill: the largest first, words
#: from A on, buys before sells; edge: the worst first.
_ORDERS: dict[str, Callable[[Model, OwnOrder], tuple[str, float]]] = {
    "instrument": lambda m, o: (o.instrument, -o.px),
    "side": lambda m, o: ("", -o.side),
    "price": lambda m, o: ("", -float(o.px * m.scales[o.instrument].tick_u)),
    "size": lambda m, o: ("", -m.scales[o.instrument].base_size(o.left, o.px)),
    "age": lambda m, o: ("", -o.age_ms),
}
_FILLS: dict[str, Callable[[Model, FillRow], tuple[str, float]]] = {
    "instrument": lambda m, f: (f.instrument, -f.ts),
    "side": lambda m, f: ("", -f.side),
    "price": lambda m, f: ("", -float(f.px * m.scales[f.instrument].tick_u)),
    "size": lambda m, f: ("", -m.scales[f.instrument].base_size(f.sz, f.px)),
    "edge": lambda m, f: ("", f.edge_bps),
}
#: "": orders by instrument and price, fills the newest first.
SORTS = ("", *dict.fromkeys([*_ORDERS, *_FILLS]))


def _title(model: Model, name: str, count: int, sorts: Iterable[str]) -> str:
    by = f" by {model.sort}" if model.sort in sorts else ""
    return f"{name} · {count}{by}" + (f" with {model.filter!r} (Esc shows all)" if model.filter else "")


def own_orders(model: Model, cells: int, height: int) -> list[Row]:
    """Own open orders: the marked one can be cancelled by its key."""
    columns = (
        Col("", 1), Col("instrument", 25 if cells >= 110 else 13, left=True), Col("side", 4, left=True),
        Col("price", 12), Col("size", 9), Col("left", 9, keep=2), Col("queue", 5, keep=1, left=True),
        Col("ahead", 9, keep=2), Col("in 10 s", 7, keep=1), Col("state", 10, left=True), Col("age", 6),
        Col("purpose", 9, keep=1, left=True),
    )  # fmt: skip
    orders = [o for o in model.orders() if o.instrument in model.scales]
    if (key := _ORDERS.get(model.sort)) is not None:
        orders.sort(key=lambda o: key(model, o))
    made = [(o, _order_line(model, o, cells >= 110)) for o in orders]
    made = [(o, line) for o, line in made if kept(model, " ".join(text for text, _ in line))]
    room = max(1, height - 3)
    ids = [o.oid for o, _ in made]
    top = max(0, min(ids.index(model.marked) - room // 2, len(ids) - room)) if model.marked in ids else 0
    rows = [rule(_title(model, "own orders", len(made), _ORDERS), cells)]
    rows += table(columns, [line for _, line in made[top : top + room]], cells)
    if not made:
        rows.append(((" no own orders in the market" if not model.filter else " none of them", "dim"),))
    else:
        hint: list[Span] = [(" o", "key"), (" marks the next, ", "dim"), ("d", "key"), (" cancels it, ", "dim"),
                            ("F", "key"), (" filters, ", "dim"), ("G", "key"),
                            (" sorts; in 10 s: chance to trade whole", "dim")]  # fmt: skip
        rows.append(clip(hint, cells))
    return rows[:height]


def _order_line(model: Model, order: OwnOrder, wide: bool) -> list[Span]:
    scale = model.scales[order.instrument]
    places = fmt.size_decimals(order.px * scale.tick_u / fmt.UNIT)
    marked = order.oid == model.marked
    side, role = ("BUY", "bid") if order.side > 0 else ("SELL", "ask")
    size, left, ahead = (fmt.number(scale.base_size(n, order.px), places) for n in (order.sz, order.left, order.ahead))
    known = order.ahead >= 0
    return [
        ("❯" if marked else "", "own"),
        (order.instrument if wide else model.label(order.instrument), "own" if marked else "text"),
        (side, role), (scale.price(order.px), "bright"), (size, "text"), (left, "text"),
        (queue_bar(order) if known else "n/a", "own"), (ahead if known else "n/a", "dim"), (chance(order), "dim"),
        (order.state, "danger" if order.state == "UNKNOWN" else "text"), (fmt.age(order.age_ms), "dim"),
        (f"{order.purpose} {order.level + 1}", "dim"),
    ]  # fmt: skip


def chance(order: OwnOrder) -> str:
    """How probably the order trades whole within ten seconds."""
    odds = order.fill_probability
    return "n/a" if odds < 0 else "<1%" if 0 < odds < 0.01 else f"{odds:.0%}"


def life(model: Model, cells: int, height: int) -> list[Row]:
    """The marked order: what has happened to it, and how it stands in its queue."""
    order = next((o for o in model.orders() if o.oid == model.marked), None)
    if not model.marked:
        return [rule("life of an order", cells), ((" o marks one", "dim"),)]
    rows = [rule(f"life of order #{model.marked}", cells)]
    if order is None:
        rows.append(((" it is in the market no more", "dim"),))
    elif order.instrument in model.scales:
        scale = model.scales[order.instrument]
        places = fmt.size_decimals(order.px * scale.tick_u / fmt.UNIT)
        side, role = ("BUY", "bid") if order.side > 0 else ("SELL", "ask")
        traded = order.filled if order.to_px else order.sz - order.left
        done = fmt.number(scale.base_size(traded, order.px), places)
        whole = fmt.number(scale.base_size(order.sz, order.px), places)
        ahead = fmt.number(scale.base_size(order.ahead, order.px), places) if order.ahead >= 0 else "n/a"
        rows.append(clip([(f" {model.label(order.instrument)} ", "text"), (side, role),
                          (f" {whole} {scale.base} @ {scale.price(order.px)}", "bright")], cells))  # fmt: skip
        stands = f" for {fmt.age(order.age_ms)} · traded {done} of {whole} · ahead {ahead} · in 10 s {chance(order)}"
        rows.append(clip([(f" {order.state}", "own"), (stands, "dim")], cells))
        if order.to_px:
            to = fmt.number(scale.base_size(order.to_sz, order.to_px), places)
            wish = f" or by now {to} {scale.base} @ {scale.price(order.to_px)}: counts as the worse of both"
            rows.append(clip([(wish, "danger" if order.state == "UNKNOWN" else "text")], cells))
    events = [item for item in model.order_log if item.text.startswith(f"#{model.marked} ")]
    for item in events[-max(0, height - len(rows)) :] if height > len(rows) else []:
        text = _in_units(model, item)
        rows.append(clip([(f" {fmt.clock(item.ts, millis=True)} ", "dim"), (clean(text), _tone(text))], cells))
    if not events:
        rows.append(((" it was accepted before this cockpit looked", "dim"),))
    return rows[:height]


_TRADE = re.compile(r"(BUY|SELL) ([\d.]+) @")


def _in_units(model: Model, item: Item) -> str:
    """What happened to an order, its size with a unit, its price grouped."""
    scale = model.scales.get(item.instrument)
    unit = "ct" if scale is not None and scale.inverse else scale.base if scale is not None else ""
    return fmt.grouped(_TRADE.sub(rf"\1 \2 {unit} @", item.text.partition(" ")[2]))


def _tone(text: str) -> str:
    return "danger" if " rejected" in text else "dim" if " cancelled" in text else "text"


def fills(model: Model, cells: int, height: int) -> list[Row]:
    """Own fills in columns, newest first: what was traded, its edge and its fee."""
    columns = (
        Col("time (UTC)", 12, left=True), Col("instrument", 25 if cells >= 110 else 13, left=True),
        Col("side", 4, left=True), Col("price", 12), Col("size", 9), Col("edge bps", 8),
        Col("as", 6, keep=1, left=True), Col("fee", 13, keep=1), Col("in", 6, keep=1, left=True),
        Col("purpose", 10, keep=2, left=True),
    )  # fmt: skip
    found = [fill for item in reversed(model.fills) if (fill := item.fill) and fill.instrument in model.scales]
    if (key := _FILLS.get(model.sort)) is not None:
        found.sort(key=lambda fill: key(model, fill))
    made = [_fill_line(model, fill, cells >= 110) for fill in found]
    made = [line for line in made if kept(model, " ".join(text for text, _ in line))]
    top = min(model.scroll, max(0, len(made) - 1))
    rows = [rule(_title(model, "fills", len(made), _FILLS), cells, newest_age(model, model.fills))]
    rows += table(columns, made[top : top + max(0, height - 2)], cells)
    if not made:
        rows.append(((" none yet" if not model.filter else " none of them", "dim"),))
    return rows[:height]


def _fill_line(model: Model, fill: FillRow, wide: bool) -> list[Span]:
    scale = model.scales[fill.instrument]
    places = fmt.size_decimals(fill.px * scale.tick_u / fmt.UNIT)
    side, role = ("BUY", "bid") if fill.side > 0 else ("SELL", "ask")
    size = fmt.number(scale.base_size(fill.sz, fill.px), places)
    cost, _, asset = fee(fill.fee).partition(" ")
    return [
        (fmt.clock(fill.ts, millis=True), "dim"), (fill.instrument if wide else model.label(fill.instrument), "text"),
        (side, role), (scale.price(fill.px), "bright"), (size, "bright"),
        (fmt.bps(fill.edge_bps), fmt.tone(fill.edge_bps)), ("maker" if fill.maker else "taker", "dim"),
        (cost, "dim"), (asset, "dim"), (fill.purpose, "dim"),
    ]  # fmt: skip


def shown(model: Model, rows: list[Row]) -> list[Row]:
    """The rows that hold the typed filter."""
    return [row for row in rows if kept(model, plain(row))]
