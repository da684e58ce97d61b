"""The guards of a live desk: who cancels if its host hangs, and whether they are there.

Rules of this file: rows only; a desk without guards (paper, demo, replay) has none of them.
"""

from __future__ import annotations

from mmtui.link.guarded import GuardView
from mmtui.view import formats as fmt
from mmtui.view.model import Model
from mmtui.view.rows import Row, Span, clean, clip, rule

ROLES = {"ok": "ok", "warn": "warn", "danger": "danger"}
_WORDS = 26


def rows(model: Model, cells: int) -> list[Row]:
    """A row a guard, under a rule of their own; [] where there is none."""
    found = model.frame.guards if model.frame else []
    if not found:
        return []
    head = rule("guards · cancel everything if this host hangs or dies", cells)
    return [(), head, *(_row(one, cells) for one in found)]


def _row(one: GuardView, cells: int) -> Row:
    seen = f"{fmt.calm_age(one.seen_ms)} ago" if one.seen_ms >= 0 else "never heard"
    spans: list[Span] = [
        (f" {one.name:<13}", "text"),
        (f"{clean(one.state):<{_WORDS if cells >= 80 else 8}} ", ROLES.get(one.level, "text")),
        (f"{seen:<12}", "dim"),
        (clean(one.text), "dim" if one.level == "ok" else "text"),
    ]
    return clip(spans, cells)


def alarms(model: Model) -> list[tuple[str, str]]:
    """(text, role) for the second row of the screen."""
    out = []
    for one in model.frame.guards if model.frame else []:
        if one.level == "danger":
            out.append((f"{one.name.upper()} {one.state.upper()}: {clean(one.text)}", "alarm"))
        elif one.state == "off":
            out.append((f"NO GUARD: {clean(one.text)}", "caution"))
    return out
