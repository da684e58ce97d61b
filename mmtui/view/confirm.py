"""The docked bar: what will happen, and when Enter counts; the lists above a typed line.

Rules of this file: rows only; the times are those of the desk rules and are kept by tui/asking.py.
"""

from __future__ import annotations

from collections.abc import Sequence

from mmtui.link.parts import PlanView
from mmtui.view import formats as fmt
from mmtui.view.model import Ask, Model
from mmtui.view.parameters import previews
from mmtui.view.rows import Row, clean, clip, ends, wrap


def ask_rows(model: Model, ask: Ask, cells: int) -> list[Row]:
    """Title with what Enter does, then what will happen."""
    if ask.typed:
        hint = ask.hint or "Enter sends it, Esc leaves"
        role = "caution"
    elif not ask.ready or model.now < ask.ready:
        hint, role = "wait…", "caution"
    else:
        left = max(0, int(ask.until - model.now) + 1)
        hint, role = f"Enter does it ({left} s) · Esc leaves", "caution"
    rows = [ends([(f" {ask.title} ", role)], [(f" {hint} ", role)], cells)]
    for at, line in enumerate(ask.lines):
        rows += [((" " + part, "bright" if not at else "text"),) for part in wrap(clean(line), cells - 2)]
    return rows + previews(model, cells) if ask.action == "edit" else rows


def plan_lines(plan: PlanView) -> list[str]:
    """What a flatten, close or hedge would do now, and what it may cost."""
    on = " on " + ", ".join(plan.venues) if plan.venues and " on " not in plan.text else ""
    ends = "" if plan.kind == "hedge" else " · ends PAUSED"
    cost = f"size {plan.size} · expected cost {plan.expected_cost} · worst {plan.worst_cost} {plan.ccy}{ends}"
    return [fmt.grouped(plan.text) + on, fmt.grouped(cost)]


def palette_rows(found: Sequence[tuple[str, str, str]], at: int, cells: int, height: int) -> list[Row]:
    """(keys, name, help) of what matches; the chosen row is marked."""
    rows = [ends([(" palette ", "caution")], [(" ↑ ↓ choose · Enter does it · Esc leaves ", "caution")], cells)]
    room = max(1, height - 1)
    first = max(0, min(at - room // 2, len(found) - room))
    wide, signs = (24, 10) if cells >= 100 else (20, 8)
    for n, (keys, name, text) in enumerate(found[first : first + room], first):
        picked = n == at
        rows.append(
            clip(
                [
                    (" ❯ " if picked else "   ", "hot"),
                    (f"{name:<{wide}}", "hot" if picked else "text"),
                    (f"{keys:<{signs}}", "key"),
                    (text, "text" if picked else "dim"),
                ],
                cells,
            )
        )
    if not found:
        rows.append(((" nothing has that name", "dim"),))
    return rows
