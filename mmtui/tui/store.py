"""The cockpit's state changes here and nowhere else: messages of the host in, the model of view/model.py kept.

Rules of this file: no Textual, no clock (`now` is given); a hole in the lossless lane is said, never papered over.
"""

from __future__ import annotations

from mmtui.link.messages import Frame, Item, Params, Refused, Snapshot, ToCockpit, Welcome
from mmtui.view.model import Echo, Model, Notice
from mmtui.view.pnl_history import PartLines

KEPT = 500
_NOTICE_S = 5.0
#: Items that come by the dozen a second while orders move: the next frame's paint shows them.
AWAITS_FRAME = ("order", "fill")


class Store:
    """Applies messages to the model; `changed` asks for a paint, `hole` for a new connection."""

    def __init__(self, observe: bool, operator: str) -> None:
        self.model = Model(observe=observe, operator=operator)
        self.changed = True
        self.hole = False
        self.refused = ""
        self.dangers: list[Item] = []  # alerts and states (halts, kills) since the bell was last rung

    def apply(self, message: ToCockpit, now: float) -> None:
        """One message of the host. What a frame will show a moment later asks for no paint of its own."""
        if not (isinstance(message, Item) and message.kind in AWAITS_FRAME):
            self.changed = True
        if isinstance(message, Frame):
            first = self.model.frame is None
            self.model.framed(message, now)
            if first:
                self._select()
            self._prove(message)
        elif isinstance(message, Item):
            self._item(message, now)
        elif isinstance(message, Snapshot):
            self._snapshot(message, now)
        elif isinstance(message, Welcome):
            self._welcome(message, now)
        elif isinstance(message, Params):
            self.model.params = message
        elif isinstance(message, Refused):
            self.refused = message.why

    def lost(self, why: str, now: float) -> None:
        """The connection ended."""
        model = self.model
        if model.link != "lost":
            model.link, model.link_since, model.link_why = "lost", now, why
        for echo in model.echoes:
            if echo.state == "requested":
                echo.state = "lost"
        self.changed = True

    def sent(self, echo: Echo) -> None:
        """A command was handed to the line."""
        self.model.echoes = [*self.model.echoes[-31:], echo]
        self.model.notice = None
        self.changed = True

    def say(self, text: str, now: float, role: str = "warn") -> None:
        """A sentence above the keys."""
        self.model.notice = Notice(text, role, now + _NOTICE_S)
        self.changed = True

    def _welcome(self, welcome: Welcome, now: float) -> None:
        model = self.model
        another = model.welcome is not None and model.welcome.session != welcome.session
        model.welcomed(welcome)
        model.link, model.link_since, model.link_why = "up", now, ""
        if another:
            model.fills, model.alerts, model.log, model.order_log = [], [], [], []
            model.heat.clear()
            model.part_lines = PartLines()
            model.heard = 0
        model.items_n = 0
        self.hole = False

    def _snapshot(self, snapshot: Snapshot, now: float) -> None:
        model = self.model
        model.fills, model.alerts, model.log, model.order_log = [], [], [], []
        for item in sorted(snapshot.items, key=lambda i: i.n):
            self._keep(item, now)
        model.items_n = snapshot.n
        self.hole = False

    def _item(self, item: Item, now: float) -> None:
        model = self.model
        if model.items_n and item.n <= model.items_n:
            return  # told by the snapshot already
        if model.items_n and item.n != model.items_n + 1:
            self.hole = True
            return
        model.items_n = item.n
        if item.kind in ("alert", "state") and item.severity == "danger":
            self.dangers.append(item)
        self._keep(item, now)

    def _keep(self, item: Item, now: float) -> None:
        model = self.model
        if item.kind == "fill":
            _push(model.fills, item)
        elif item.kind == "alert":
            _push(model.alerts, item)
        elif item.kind == "result":
            self._result(item, now)
            _push(model.log, item)
        else:
            _push(model.order_log if item.kind == "order" else model.log, item)

    def _result(self, item: Item, now: float) -> None:
        for echo in reversed(self.model.echoes):
            if echo.id == item.command:
                if echo.state in ("requested", "lost"):
                    echo.state = "done" if item.ok else "refused"
                    echo.text, echo.version = item.text, item.version
                    echo.ms = (now - echo.sent) * 1_000
                return

    def _select(self) -> None:
        """Begin on a market that is quoted, else on the first linear one."""
        model = self.model
        ids = {o.instrument for o in (model.frame.orders if model.frame else [])}
        ranked = sorted(
            range(len(model.instruments)),
            key=lambda n: (model.instruments[n].id not in ids, model.instruments[n].kind != "linear", n),
        )
        model.selected = ranked[0] if ranked else 0

    def _prove(self, frame: Frame) -> None:
        """A kill is proven when every venue has said zero; then its echo says so."""
        if frame.trip is not None and frame.trip.proven:
            for echo in self.model.echoes:
                if echo.action == "kill" and echo.state == "done":
                    echo.state = "proven"


def _push(items: list[Item], item: Item) -> None:
    items.append(item)
    if len(items) > KEPT:
        del items[: len(items) - KEPT]
