"""What stands in the bar above the keys: the question that is asked, or the palette.

Rules of this file: rows only; where they are put is app.py's.
"""

from __future__ import annotations

from mmtui.tui.controller import Controller
from mmtui.view.confirm import ask_rows, palette_rows
from mmtui.view.model import Model
from mmtui.view.rows import Row

_PALETTE_ROWS = 11


def dock_rows(controller: Controller, model: Model, width: int, height: int) -> tuple[list[Row], bool]:
    """Rows of the bar (none: there is none), and whether text is typed below them."""
    if controller.palette is not None:
        tall = min(_PALETTE_ROWS, max(3, height - 6))
        rows = palette_rows(controller.found(), controller.choice, width, tall)
        return rows + [()] * (tall - len(rows)), True
    if controller.asking is not None:
        ask = controller.asking.ask
        return ask_rows(model, ask, width), ask.typed
    return [], False
