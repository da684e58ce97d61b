"""What the trader looks at: screens, instruments, marked orders, the ladder's and the heat map's scales, the filter.

Rules of this file: no Textual; it changes the model's choices alone and sends nothing.
"""

from __future__ import annotations

from time import monotonic

from mmtui.tui.store import Store
from mmtui.view.heat import SPANS, heat_step
from mmtui.view.ladder import other_step
from mmtui.view.levels import adjusting
from mmtui.view.model import SCREENS
from mmtui.view.orders_page import SORTS
from mmtui.view.parameters import listed

#: Keys that move a row, or a page of rows.
ROWS = {"next_instrument": 1, "previous_instrument": -1, "page_down": 10, "page_up": -10}
#: Pages whose rows can be narrowed to those that hold a typed text.
FILTERED = ("orders", "parameters", "log")


class Looking:
    def __init__(self, store: Store) -> None:
        self.store = store
        self.helping = False
        self.gone = False  # to a screen, by a key

    def show(self, at: int) -> None:
        model = self.store.model
        self.gone = True
        model.screen, model.scroll = SCREENS[at % len(SCREENS)], 0
        self.helping = False

    def walk(self, by: int) -> None:
        here = self.store.model.screen
        self.show(SCREENS.index(here) + by if here in SCREENS else min(by, 0))

    def scroll(self, by: int) -> None:
        """So many rows down: another instrument on the desk, another order on its page, else the page scrolls."""
        model = self.store.model
        if model.screen == "parameters" and not self.helping:
            model.param = max(0, min(len(listed(model)) - 1, model.param + by))
            return
        if self.helping or model.screen in ("fills", "log", "risk", "pnl", "venues", "why", "whatif") or abs(by) > 1:
            longest = len(model.fills) - 1 if model.screen == "fills" else max(len(model.log), 60)
            model.scroll = max(0, min(max(0, longest), model.scroll + by))
        elif model.screen == "orders":
            self.mark(by)
        elif model.instruments:
            model.selected = (model.selected + by) % len(model.instruments)

    def venue(self, by: int) -> None:
        model = self.store.model
        family, chosen = model.family(), model.instrument
        if chosen is not None and family:
            after = family[(family.index(chosen) + by) % len(family)]
            model.selected = model.instruments.index(after)

    def mark(self, by: int) -> None:
        """Mark an own order: of the selected instrument on the desk, any on the orders' page."""
        model = self.store.model
        only = None if model.screen == "orders" or model.instrument is None else model.instrument.id
        ids = [o.oid for o in model.orders(only)]
        if not ids:
            model.marked = 0
            self.store.say("no own orders to mark", monotonic())
            return
        at = ids.index(model.marked) + by if model.marked in ids else 0 if by > 0 else -1
        model.marked = ids[at % len(ids)]

    def step(self, by: int) -> None:
        """A coarser or finer price step of what is looked at."""
        model = self.store.model
        (heat_step if model.screen == "heat" else other_step)(model, by)

    def heat_span(self) -> None:
        model = self.store.model
        if model.screen != "heat":
            self.store.say("t works on the heat map", monotonic())
            return
        model.heat_span = SPANS[(SPANS.index(model.heat_span) + 1) % len(SPANS)]

    def cumulative(self) -> None:
        self.store.model.cumulative = not self.store.model.cumulative

    def adjust(self) -> None:
        """Σ over all markets by basis: of the ladder, or of the heat map while it is looked at."""
        model = self.store.model
        if model.screen == "heat":
            model.heat_sum = not model.heat_sum
        else:
            model.adjust = not adjusting(model)

    def net(self) -> None:
        """The ladder's prices as a taker pays and gets them, or as they are quoted."""
        model = self.store.model
        model.net = not model.net
        model.tops.clear()
        said = "prices with the taker fee: what a taker pays and gets" if model.net else "prices as they are quoted"
        self.store.say(said, monotonic(), "hot")

    def sort(self) -> None:
        """The blotters by the next of what they can be sorted by."""
        model = self.store.model
        if model.screen != "orders":
            self.store.say("G sorts the blotters of the page orders", monotonic())
            return
        model.sort, model.scroll = SORTS[(SORTS.index(model.sort) + 1) % len(SORTS)], 0

    def acknowledge(self) -> None:
        """Every alert so far has been seen: the header counts from here."""
        model = self.store.model
        count = len(model.unheard())
        model.heard = max(model.heard, model.items_n, *(item.n for item in model.alerts[-1:]))
        said = f"acknowledged: {count} alert{'s' if count != 1 else ''}" if count else "no alert waits for you"
        self.store.say(said, monotonic(), "hot")
