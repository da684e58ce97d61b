"""Where each panel stands for a size of the terminal, and which rows it shows there.

Rules of this file: places and builders; pure. Sizes below 76×20 show the few rows that matter, below 40×10 a sentence.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from mmtui.view import formats as fmt
from mmtui.view.fills import alerts, fills, newest
from mmtui.view.header import FRAME_STALE_MS, worst_gauge
from mmtui.view.instruments import instruments
from mmtui.view.inventory import inventory, summary
from mmtui.view.ladder import ladder
from mmtui.view.model import Model
from mmtui.view.pages import page
from mmtui.view.pnl import pnl
from mmtui.view.risk import risk, venues
from mmtui.view.rows import Row, clip, fade
from mmtui.view.transport import transport
from mmtui.view.trip import WIDE, trip
from mmtui.view.why import why

SMALLEST = (40, 10)


class Place(NamedTuple):
    name: str
    x: int
    y: int
    w: int
    h: int


def places(model: Model, w: int, h: int, overlay: bool = False) -> list[Place]:
    """Panels from row 2 to the row above the keys; header, second row and keys stand at fixed places."""
    if w < SMALLEST[0] or h < SMALLEST[1]:
        return [Place("sentence", 0, 0, w, h)]
    tall = keys_height(w, h)
    out = [Place("header", 0, 0, w, 1), Place("second", 0, 1, w, 1), Place("keys", 0, h - tall, w, tall)]
    top, bottom = 2, h - tall
    if model.replaying:
        bottom -= 1
        out.append(Place("transport", 0, bottom, w, 1))
    room = bottom - top
    if overlay:
        return [*out, Place("help", 0, top, w, room)]
    if model.screen != "desk":
        return [*out, Place("page", 0, top, w, room)]
    if w < 76 or room < 15:
        return [*out, Place("tiny", 0, top, w, room)]
    if w < 110 or room < 26 or model.thin:
        return [*out, *_narrow(model, w, top, room)]
    return [*out, *_wide(model, w, top, room)]


def keys_height(w: int, h: int) -> int:
    """Echo row and key row; two key rows where there is room for them and need of them."""
    return 3 if h >= 24 and w < 190 else 2


def _narrow(model: Model, w: int, top: int, room: int) -> list[Place]:
    """Ladder over the full width, then a few rows: inventory, why, the newest; a trip card takes those rows."""
    if _tripped(model):
        card = min(room - 8, 4 + len(model.frame.trip.rows) if model.frame and model.frame.trip else 4)
        return [Place("ladder", 0, top, w, room - card), Place("trip", 0, top + room - card, w, card)]
    base = top + room - 4
    return [
        Place("ladder", 0, top, w, room - 4),
        Place("summary", 0, base, w, 1),
        Place("why", 0, base + 1, w, 2),
        Place("newest", 0, base + 3, w, 1),
    ]


def _wide(model: Model, w: int, top: int, room: int) -> list[Place]:
    """Main column: ladder, why, fills beside alerts. Side column: inventory, PnL, risk, venues."""
    side = 36 if w < 150 else min(72, w * 36 // 100)
    main = w - side - 1
    lower = max(6, min(12, room // 4))
    ladder_h = room - lower - 2
    half = max(46, main * 55 // 100)
    x = main + 1
    legs = len(model.family())
    inv = 3 + legs
    left = room - inv
    gauge_rows = 1 + sum(
        1 for g in (model.frame.gauges if model.frame else []) if g.scope == "desk" or _is_chosen(model, g.scope)
    )
    venue_rows = 1 + (len(model.frame.venues) if model.frame else 3)
    money = max(7, min(14, left - gauge_rows - venue_rows))
    health = max(3, min(gauge_rows + 1, left - money - venue_rows))
    table = len(model.instruments) + 2
    spare = left - money - health - venue_rows
    out = [
        Place("ladder", 0, top, main, ladder_h),
        Place("why", 0, top + ladder_h, main, 2),
        Place("fills", 0, top + ladder_h + 2, half, lower),
        Place("alerts", half + 1, top + ladder_h + 2, main - half - 1, lower),
    ]
    if _tripped(model):
        lines = 6 + len(model.venues) * (1 if side >= WIDE else 4)
        card = min(lines, room - inv)
        rest = room - inv - card
        out += [Place("trip", x, top, side, card), Place("inventory", x, top + card, side, inv)]
        return [*out, Place("risk", x, top + card + inv, side, rest)] if rest else out
    y = top + inv + money + health
    feeds = venue_rows + 1 if spare > table else max(0, room - inv - money - health)
    out += [
        Place("inventory", x, top, side, inv),
        Place("pnl", x, top + inv, side, money),
        Place("risk", x, top + inv + money, side, health),
        Place("venues", x, y, side, feeds),
    ]
    if spare > table:
        out.append(Place("instruments", x, y + feeds, side, room - inv - money - health - feeds))
    return out


def _is_chosen(model: Model, scope: str) -> bool:
    return model.instrument is not None and model.instrument.id == scope


def _tripped(model: Model) -> bool:
    return model.frame is not None and model.frame.trip is not None and model.frame.state == "KILLED"


def tiny(model: Model, cells: int, height: int) -> list[Row]:
    """What matters most, a row each: delta, money, the market and own quotes, the worst gauge, why, the newest."""
    frame, chosen, view = model.frame, model.instrument, model.view()
    if frame is None or chosen is None:
        return [((" waiting for the desk…", "dim"),)]
    rows: list[Row] = []
    asset = next((a for a in frame.assets if a.asset == chosen.base), None)
    total = fmt.amount(frame.pnl.total)
    delta = fmt.money(asset.delta, 3) if asset else "n/a"
    rows.append(
        clip(
            [
                (" Δ ", "dim"),
                (f"{delta} {chosen.base}", "bright"),
                ("  PnL ", "dim"),
                (fmt.signed(total, 2), fmt.tone(total)),
                (f" {frame.pnl.ccy}", "dim"),
            ],
            cells,
        )
    )
    if height >= 13:
        rows += ladder(model, cells, height - 5)
    else:
        book, scale = model.books.get(chosen.id), model.scales[chosen.id]
        if book is not None and book.bids and book.asks:
            rows.append(
                clip(
                    [
                        (f" {model.name(chosen.id)} ", "hot"),
                        (scale.price(book.bids[0].px), "bid"),
                        (" / ", "dim"),
                        (scale.price(book.asks[0].px), "ask"),
                        (f"  {book.state}" if book.state != "ok" else "", "danger"),
                    ],
                    cells,
                )
            )
        if view is not None:
            bid = scale.price(view.quote_bid) if view.quote_bid else "none"
            ask = scale.price(view.quote_ask) if view.quote_ask else "none"
            rows.append(
                clip(
                    [
                        (" own ", "dim"),
                        (bid, "own"),
                        (" / ", "dim"),
                        (ask, "own"),
                        (f"  {view.open_orders} orders", "dim"),
                    ],
                    cells,
                )
            )
    worst = worst_gauge(frame)
    if worst is not None:
        rows.append(
            clip(
                [
                    (" worst gauge ", "dim"),
                    (f"{worst.name} {fmt.percent(worst.share).strip()}", "text" if worst.level == "ok" else "danger"),
                ],
                cells,
            )
        )
    rows += why(model, cells, 2)
    rows.append(newest(model, cells))
    return rows[:height]


_Builder = Callable[[Model, int, int], list[Row]]

PANELS: dict[str, _Builder] = {
    "ladder": ladder,
    "inventory": inventory,
    "pnl": pnl,
    "risk": risk,
    "venues": venues,
    "instruments": instruments,
    "fills": fills,
    "alerts": alerts,
    "why": why,
    "page": page,
    "tiny": tiny,
    "summary": lambda m, w, h: [summary(m, w)],
    "newest": lambda m, w, h: [newest(m, w)],
    "trip": lambda m, w, h: trip(m, m.frame.trip, w, h) if m.frame and m.frame.trip else [],
    "transport": lambda m, w, h: [transport(m.frame.replay, w, m.bookmarks)] if m.frame and m.frame.replay else [],
}


def panel(model: Model, name: str, w: int, h: int) -> list[Row]:
    """Rows of one panel, a step paler when the host has gone silent."""
    rows = PANELS[name](model, w, h)
    old = model.link == "lost" or model.frame_age_ms() > FRAME_STALE_MS
    return fade(rows) if old and name != "transport" else rows
