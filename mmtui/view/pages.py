"""The full-size views that are walked with tab: heat map, orders and fills, risk, PnL, venues, why, log.

Rules of this file: rows only, made from the same builders as the desk's panels.
"""

from __future__ import annotations

from mmtui.link.messages import OwnOrder
from mmtui.view import formats as fmt
from mmtui.view.earn import page as earn_page
from mmtui.view.fills import SEVERITY, alert_row, fills
from mmtui.view.heat import heat
from mmtui.view.inventory import delta_row, inventory
from mmtui.view.keys import echo_text
from mmtui.view.ladder import queue_bar
from mmtui.view.model import Model
from mmtui.view.parameters import parameters
from mmtui.view.pnl import pnl
from mmtui.view.risk import gauge_row, venues
from mmtui.view.rows import Row, clean, clip, cut, rule
from mmtui.view.transport import near_marks
from mmtui.view.why import page as why_page


def page(model: Model, cells: int, height: int) -> list[Row]:
    """The rows of the screen that is walked to."""
    return {
        "heat": heat,
        "orders": _blotters,
        "parameters": parameters,
        "log": _alerts,
        "risk": _risk,
        "why": lambda m, c, h: why_page(m, c, h, m.scroll),
        "venues": _venues,
        "pnl": earn_page,
    }[model.screen](model, cells, height)


def _blotters(model: Model, cells: int, height: int) -> list[Row]:
    """Own open orders, and under them the fills."""
    upper = _orders(model, cells, max(5, min(len(model.orders()) + 4, height * 3 // 5)))
    return [*upper, *fills(model, cells, max(2, height - len(upper)), model.scroll, wide=True)][:height]


def _orders(model: Model, cells: int, height: int) -> list[Row]:
    """Own open orders: the marked one can be cancelled by its key."""
    orders = model.orders()
    wide = cells >= 124
    name = 27 if wide else 12
    rows: list[Row] = [rule(f"own orders · {len(orders)}", cells)]
    more = f"{'left':>11}  {'queue':<6}{'ahead':>11}{'in 10 s':>9}" if wide else f"  {'queue':<6}"
    head = f"   {'instrument':<{name}}{'side':<6}{'price':>12}{'size':>11}{more}  {'state':<11}{'age':>6}  purpose"
    rows.append(clip([(head, "dim")], cells))
    ids = [order.oid for order in orders]
    room = max(1, height - 4)
    top = max(0, min(ids.index(model.marked) - room // 2, len(ids) - room)) if model.marked in ids else 0
    for order in orders[top : top + room]:
        if order.instrument in model.scales:
            rows.append(_order_row(model, order, cells, name, wide))
    if not orders:
        rows.append(((" no own orders in the market", "faint"),))
    else:
        rows += [
            (),
            clip(
                [(" o", "key"), (" marks the next order, ", "dim"), ("d", "key"), (" cancels the marked one", "dim")],
                cells,
            ),
        ]
    return rows[:height]


def _order_row(model: Model, order: OwnOrder, cells: int, name: int, wide: bool) -> Row:
    scale = model.scales[order.instrument]
    places = fmt.size_decimals(order.px * scale.tick_u / fmt.UNIT)
    marked = order.oid == model.marked
    side, role = ("BUY", "bid") if order.side > 0 else ("SELL", "ask")
    size, left, ahead = (fmt.number(scale.base_size(n, order.px), places) for n in (order.sz, order.left, order.ahead))
    known = order.ahead >= 0
    label = cut(order.instrument if wide else model.label(order.instrument), name - 1)
    spans = [
        (f" {'❯' if marked else ' '} {label:<{name}}", "own" if marked else "text"),
        (f"{side:<6}", role),
        (f"{scale.price(order.px):>12}", "bright"),
        (f"{size:>11}" + (f"{left:>11}" if wide else ""), "text"),
        (f"  {queue_bar(order) if known else 'n/a':<6}", "own"),
        (f"{ahead if known else 'n/a':>11}{_chance(order):>9}" if wide else "", "dim"),
        (f"  {order.state:<11}", "danger" if order.state == "UNKNOWN" else "text"),
        (f"{fmt.age(order.age_ms):>6}  {order.purpose} {order.level + 1}", "dim"),
    ]
    return clip(spans, cells)


def _chance(order: OwnOrder) -> str:
    """How probably the order trades whole within ten seconds."""
    chance = order.fill_probability
    return "n/a" if chance < 0 else "<1%" if 0 < chance < 0.01 else f"{chance:.0%}"


def _alerts(model: Model, cells: int, height: int) -> list[Row]:
    """Alerts, then everything of the lossless lane: states, commands, keys."""
    upper = max(3, height // 2)
    rows: list[Row] = [rule("alerts", cells)]
    newest = list(reversed(model.alerts))[model.scroll : model.scroll + upper - 2]
    rows += [alert_row(item, cells) for item in newest] or [((" none", "faint"),)]
    rows.append(rule("log: states, commands, keys", cells))
    if not model.log:
        rows.append(((" nothing yet", "faint"),))
    for item in list(reversed(model.log))[model.scroll : model.scroll + max(0, height - len(rows))]:
        role = SEVERITY.get(item.severity, "text") if item.ok else "danger"
        rows.append(
            clip(
                [(f" {fmt.clock(item.ts, millis=True)} ", "dim"), (f"{item.kind:<7}", "dim"), (clean(item.text), role)],
                cells,
            )
        )
    return rows[:height]


def _risk(model: Model, cells: int, height: int) -> list[Row]:
    """Every gauge with what fires it; delta of every asset; inventory and PnL."""
    frame = model.frame
    rows: list[Row] = [rule("gauges: warn at 70 %, reduce only at 90 %, act at 100 %", cells)]
    if frame is not None:
        rows += [gauge_row(model, gauge, cells, scope=True) for gauge in frame.gauges]
        rows += [(), rule("net delta", cells), *(delta_row(asset, cells) for asset in frame.assets), ()]
        rows += [*inventory(model, min(cells, 76), 12), (), *pnl(model, cells, 14)]
    return rows[model.scroll : model.scroll + height]


def _venues(model: Model, cells: int, height: int) -> list[Row]:
    """Venues, their books, the host, the last commands."""
    frame = model.frame
    rows = venues(model, cells, height)
    rows.append(())
    rows.append(rule("books", cells))
    for item in model.instruments:
        book, view = model.books.get(item.id), model.views.get(item.id)
        state = book.state if book else "no book"
        rows.append(
            clip(
                [
                    (f" {item.id:<26}", "text"),
                    (f"{state:<13}", "ok" if state == "ok" else "danger"),
                    (f"{fmt.calm_age(book.age_ms) if book else 'n/a':>6}", "dim"),
                    (f" {view.messages:>11,} messages {view.gaps:>3} gaps" if view else "", "dim"),
                    (f"  tick {item.tick} lot {item.lot} ({item.grid})", "dim"),
                    (f"  fees {item.maker_bps}/{item.taker_bps} bps", "dim"),
                ],
                cells,
            )
        )
    if frame is not None:
        rows += [(), rule("host", cells)]
        who = ", ".join(clean(o) for o in frame.operators) or "n/a"
        rows.append(
            clip(
                [(f" loop lag {frame.loop_lag_ms:.1f} ms · cockpits {frame.cockpits} · operators {who}", "text")], cells
            )
        )
        if model.welcome:
            rows.append(clip([(f" session {model.welcome.session}", "dim")], cells))
        if frame.replay is not None:
            rows += [(), rule("marks near here", cells), *near_marks(frame.replay, cells, 12)]
    if model.echoes:
        rows += [(), rule("last commands from here", cells)]
        for echo in reversed(model.echoes[-8:]):
            text, role = echo_text(echo)
            rows.append(clip([(" " + clean(text), role)], cells))
    return rows[model.scroll : model.scroll + height]
