"""Fills and alerts: the newest first.

Rules of this file: rows only.
"""

from __future__ import annotations

from mmtui.link.messages import Item
from mmtui.link.parts import FillRow
from mmtui.view import formats as fmt
from mmtui.view.model import Model
from mmtui.view.rows import Row, Span, clean, clip, rule

SEVERITY = {"info": "text", "warn": "warn", "danger": "danger"}


def fills(model: Model, cells: int, height: int, start: int = 0, wide: bool = False) -> list[Row]:
    """Own fills: time, venue, side, size at price, edge."""
    edge = " · edge in bps" if cells >= 42 and not (wide or cells >= 74) else ""
    title = f"fills · {len(model.fills)}{edge}" if model.fills else "fills"
    rows = [rule(title, cells, newest_age(model, model.fills))]
    newest = list(reversed(model.fills))[start : start + height - 1]
    if not newest:
        rows.append(((" none yet", "dim"),))
    rows += [fill_row(model, item, cells, wide or cells >= 74) for item in newest]
    return rows[:height]


def fill_row(model: Model, item: Item, cells: int, wide: bool = False) -> Row:
    fill = item.fill
    if fill is None or fill.instrument not in model.scales:
        return clip([(f" {fmt.clock(item.ts)} ", "dim"), (clean(item.text), "text")], cells)
    scale = model.scales[fill.instrument]
    several = model.assets > 1
    tight = several and cells < 52
    side, role = ("BUY  ", "bid") if fill.side > 0 else ("SELL ", "ask")
    spans: list[Span] = [
        (f" {fmt.clock(fill.ts, millis=cells >= 52)} ", "dim"),
        (f"{model.label(fill.instrument):<{10 if several else 6}}", "text"),
        (side[:1] + " " if tight else side, role),
        (f"{_size(model, fill):>7}", "bright"),
        ("@" if tight else " @ ", "dim"),
        (f"{scale.price(fill.px):>9}", "bright"),
    ]
    if cells >= 42:
        spans.append((f" {fmt.bps(fill.edge_bps):>5}", fmt.tone(fill.edge_bps)))
    if wide:
        liquidity = "maker" if fill.maker else "taker"
        spans.append((f" bps  {liquidity}  fee {fee(fill.fee)}  {fill.purpose}", "dim"))
    return clip(spans, cells)


def _size(model: Model, fill: FillRow) -> str:
    scale = model.scales[fill.instrument]
    size = scale.base_size(fill.sz, fill.px)
    return fmt.number(size, fmt.size_decimals(fill.px * scale.tick_u / fmt.UNIT))


def alerts(model: Model, cells: int, height: int, start: int = 0) -> list[Row]:
    """What the engine had to say, newest first."""
    bad = sum(1 for item in model.alerts if item.severity != "info")
    rows = [rule(f"alerts · {bad} to look at" if bad else "alerts", cells, newest_age(model, model.alerts))]
    newest = list(reversed(model.alerts))[start : start + height - 1]
    if not newest:
        rows.append(((" none", "dim"),))
    rows += [alert_row(model, item, cells) for item in newest]
    return rows[:height]


def alert_row(model: Model, item: Item, cells: int) -> Row:
    """An alert in one row: where it is narrow, instruments and venues by their short names."""
    role = SEVERITY.get(item.severity, "text")
    mark = {"warn": "! ", "danger": "‼ "}.get(item.severity, "  ")
    text = clean(item.text)
    if len(text) > cells - 12:
        for name in sorted(model.names, key=len, reverse=True):
            text = text.replace(name, model.name(name))
    return clip([(f" {fmt.clock(item.ts)} ", "dim"), (mark, role), (text, role)], cells)


def newest(model: Model, cells: int) -> Row:
    """The newest fill or alert, for screens without the panels."""
    found = [*model.fills[-1:], *model.alerts[-1:]]
    if not found:
        return ((" no fills, no alerts yet", "dim"),)
    item = max(found, key=lambda i: i.n)
    return fill_row(model, item, cells) if item.kind == "fill" else alert_row(model, item, cells)


def newest_age(model: Model, items: list[Item]) -> list[Span]:
    """How long ago the newest one came, by the desk's clock."""
    if not items or model.frame is None:
        return []
    gone = max(0, model.frame.ts - items[-1].ts) // 1_000_000_000
    return [(f"{fmt.age(gone * 1_000)} ago" if gone else "now", "dim")]


def fee(text: str) -> str:
    """"0.000009999933333778 BTC" -> "0.00001000 BTC": eight decimals are what a venue itself tells."""
    value, _, asset = text.partition(" ")
    return f"{float(value):.8f} {asset}"
