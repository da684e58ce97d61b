"""Risk gauges and the venues' health.

Rules of this file: rows only; a gauge that warns says so in a word as well as in colour.
"""

from __future__ import annotations

from mmtui.link.parts import Gauge
from mmtui.view import formats as fmt
from mmtui.view.header import LEVEL_ROLES
from mmtui.view.inventory import age_of
from mmtui.view.model import Model
from mmtui.view.rows import Row, Span, clip, ends, meter, rule

_WORD = {"ok": "", "warn": "WARN", "reduce": "REDUCE ONLY", "act": "LIMIT"}


def risk(model: Model, cells: int, height: int) -> list[Row]:
    """Desk gauges and those of the selected instrument."""
    rows = [rule("risk", cells, age_of(model))]
    chosen = model.instrument
    gauges = model.frame.gauges if model.frame else []
    mine = [g for g in gauges if g.scope == "desk" or (chosen is not None and g.scope == chosen.id)]
    rows += [gauge_row(model, g, cells) for g in mine]
    return rows[:height]


def gauge_row(model: Model, gauge: Gauge, cells: int, scope: bool = False) -> Row:
    """Name, boxes, share, what it is of; the word of its level where it is not ok."""
    role = LEVEL_ROLES.get(gauge.level, "text")
    full, rest = meter(gauge.share, 10 if cells >= 44 else 8)
    name = gauge.name if not scope else f"{gauge.name} · {model.label(gauge.scope)}"
    spans: list[Span] = [
        (f" {name:<{26 if scope else 13}} ", "dim"),
        (full, role if role != "ok" else "text"),
        (rest, "faint"),
        (f" {fmt.percent(gauge.share)} ", "text" if role == "ok" else role),
    ]
    word = _WORD.get(gauge.level, "")
    if word:
        spans.append((f"{word} ", role))
    text = fmt.grouped(gauge.text)
    if sum(len(t) for t, _ in spans) + len(text) <= cells:
        spans.append((text, "dim"))
    if cells >= 90:
        return ends(spans, [(f" {fmt.grouped(gauge.fires_at)} ", "dim")], cells)
    return clip(spans, cells)


def venues(model: Model, cells: int, height: int) -> list[Row]:
    """Each venue: its link, the age of its data, its dead-man switch."""
    rows = [rule("venues", cells, age_of(model))]
    for view in model.frame.venues if model.frame else []:
        state, role = ("ENDED", "warn") if view.ended else ("up", "ok") if view.connected else ("DOWN", "danger")
        spans: list[Span] = [(f" {model.name(view.id):<8}", "text"), (f"{state:<6}", role)]
        spans.append((f"{fmt.calm_age(view.age_ms):>6} ", "dim" if view.age_ms < 2_000 else "danger"))
        dead = view.dead_man if cells >= 56 else view.dead_man.split(" (")[0]
        spans.append((f"  dead man {dead}", "danger" if dead == "UNBOUNDED" else "dim"))
        if cells >= 56:
            spans.append((f"  {view.execution}  {view.orders_s:.0f} msg/s  resyncs {view.resyncs}", "dim"))
            if view.damaged:
                spans.append((f"  damaged {view.damaged}", "warn"))
        rows.append(clip(spans, cells))
    return rows[:height]
