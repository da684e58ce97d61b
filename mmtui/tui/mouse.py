"""The mouse: what a click in a panel's row means, and the wheel. Everything that it does has a key as well.

Rules of this file: no Textual; a click only chooses what is looked at, it never sends anything.
"""

from __future__ import annotations

from mmtui.tui.controller import Controller
from mmtui.view.header import alarms, screen_at
from mmtui.view.model import Model
from mmtui.view.rows import Row, plain

#: Rows that one notch of the wheel moves.
NOTCH = 3


def click(controller: Controller, panel: str, rows: list[Row], at: tuple[int, int], cells: int) -> None:
    """A click in the cell (x, y) of a panel that shows these rows."""
    model = controller.store.model
    x, y = at
    if panel == "second" and not alarms(model):
        picked = screen_at(model, cells, x)
        if picked >= 0:
            controller.dismiss()
            controller.look.show(picked)
    elif panel == "ladder":
        model.tops.clear()
    elif panel in ("instruments", "inventory", "page") and 0 <= y < len(rows):
        named = instrument_of(model, plain(rows[y]))
        if named >= 0:
            model.selected = named
        if model.screen == "orders":
            _mark(model, plain(rows[y]))
    controller.store.changed = True


def wheel(controller: Controller, by: int) -> None:
    """The page under the wheel scrolls; the desk has nothing to scroll."""
    model = controller.store.model
    if controller.palette is not None:
        controller.choice = max(0, min(len(controller.found()) - 1, controller.choice + by))
    elif controller.look.helping or model.screen != "desk":
        controller.look.scroll(by if model.screen == "parameters" else by * NOTCH)
    controller.store.changed = True


def instrument_of(model: Model, text: str) -> int:
    """The place of the instrument that a row is about, by the id or the short name it begins with; -1: none."""
    words = text.strip(" ❯─").split()
    if not words:
        return -1
    for at, item in enumerate(model.instruments):
        label = model.label(item.id).split()
        if item.id == words[0] or (label and words[: len(label)] == label):
            return at
    for at, item in enumerate(model.instruments):
        if words[:2] == [model.name(item.id), item.base] or (words[0] == model.name(item.id) and model.assets == 1):
            return at
    return -1


def _mark(model: Model, text: str) -> None:
    """The own order that a row shows becomes the marked one."""
    for order in model.orders():
        scale = model.scales.get(order.instrument)
        side = "BUY" if order.side > 0 else "SELL"
        if scale is None or not (order.instrument in text or model.label(order.instrument) in text):
            continue
        words = text.split()
        if side in words and scale.price(order.px) in words and order.state in words:
            model.marked = order.oid
            return
