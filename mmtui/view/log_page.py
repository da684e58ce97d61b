"""The page of alerts and log: what waits to be acknowledged, then states, commands, keys and the desk's own figures.

Rules of this file: rows only. A typed filter keeps the rows that hold it.
"""

from __future__ import annotations

from mmtui.link.messages import Item
from mmtui.view import formats as fmt
from mmtui.view.fills import SEVERITY
from mmtui.view.model import Model
from mmtui.view.orders_page import shown
from mmtui.view.rows import Row, clean, clip, rule
from mmtui.view.tables import beside

_WIDE = 150
_KINDS = {"result": "answer", "key": "key", "state": "state", "note": "note"}


def page(model: Model, cells: int, height: int) -> list[Row]:
    """Side by side where there is room, else alerts above the log."""
    if cells >= _WIDE:
        half = cells // 2 + 1
        return beside(alerts(model, half - 2, height), log(model, cells - half, height), half, cells)
    waiting = len(model.alerts) + 2
    upper = max(3, min(waiting, height // 2))
    return [*alerts(model, cells, upper), *log(model, cells, height - upper)]


def alerts(model: Model, cells: int, height: int) -> list[Row]:
    """Newest first; those that nobody here has acknowledged are marked."""
    count = len(model.unheard())
    title = f"alerts · {count} to acknowledge (h)" if count else "alerts"
    rows = [rule(_with_filter(model, title), cells)]
    lines = shown(model, [_alert(model, item, cells) for item in reversed(model.alerts)])
    rows += lines[model.scroll : model.scroll + max(0, height - 1)]
    if not lines:
        rows.append(((" none", "dim"),))
    return rows[:height]


def _alert(model: Model, item: Item, cells: int) -> Row:
    role = SEVERITY.get(item.severity, "text")
    mark = {"warn": "! ", "danger": "‼ "}.get(item.severity, "  ")
    heard = item.n <= model.heard or item.severity == "info"
    return clip(
        [
            ("   " if heard else " ● ", role),
            (f"{fmt.clock(item.ts, millis=True)} ", "dim"),
            (mark, role if not heard else "dim"),
            (clean(item.text), role if not heard or item.severity == "info" else "dim"),
        ],
        cells,
    )


def log(model: Model, cells: int, height: int) -> list[Row]:
    """Everything else of the lossless lane: states, commands, keys."""
    rows = [rule(_with_filter(model, "log · states, keys and their answers; F filters"), cells)]
    made: list[Row] = []
    for item in reversed(model.log):
        role = SEVERITY.get(item.severity, "text") if item.ok else "danger"
        kind = _KINDS.get(item.kind, item.kind)
        text = clean(item.text).replace(" -> ", " → ")
        made.append(clip([(f" {fmt.clock(item.ts, millis=True)} ", "dim"), (f"{kind:<7}", "dim"), (text, role)], cells))
    made = shown(model, made)
    rows += made[model.scroll : model.scroll + max(0, height - 1)]
    if not made:
        rows.append(((" nothing yet" if not model.filter else " none of them", "dim"),))
    return rows[:height]


def _with_filter(model: Model, title: str) -> str:
    return f"{title} · with {model.filter!r} (Esc shows all)" if model.filter else title
