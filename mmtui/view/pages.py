"""The full-size views that are walked with tab.

Rules of this file: which builder makes which page, and nothing else.
"""

from __future__ import annotations

from collections.abc import Callable

from mmtui.view import log_page, orders_page, risk_page, venues_page, whatif_page, why_page
from mmtui.view.earn import page as earn_page
from mmtui.view.heat import heat
from mmtui.view.model import Model
from mmtui.view.parameters import parameters
from mmtui.view.rows import Row

PAGES: dict[str, Callable[[Model, int, int], list[Row]]] = {
    "heat": heat,
    "orders": orders_page.page,
    "risk": risk_page.page,
    "pnl": earn_page,
    "venues": venues_page.page,
    "parameters": parameters,
    "why": why_page.page,
    "log": log_page.page,
    "whatif": whatif_page.page,
}


def page(model: Model, cells: int, height: int) -> list[Row]:
    """The rows of the screen that is walked to."""
    return PAGES[model.screen](model, cells, height)
