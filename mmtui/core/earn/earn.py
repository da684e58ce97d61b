"""What is measured beside profit: flow, presence, resilience and obligations of every instrument of a desk.

Rules of this file: fed by the engine with one call a trade, order and beat; nothing of it decides anything.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mmtui.core.earn.flow import SECOND, Flow
from mmtui.core.earn.health import Resilience
from mmtui.core.earn.incentives import Incentives
from mmtui.core.earn.obligations import Obligations
from mmtui.core.events import Trade
from mmtui.core.ledger.account import Account
from mmtui.core.market.book import OrderBook
from mmtui.core.orders.table import RESTING
from mmtui.core.orders.tracker import Order
from mmtui.core.risk.states import Desk
from mmtui.core.setup import DeskSetup

if TYPE_CHECKING:
    from mmtui.core.engine import Engine


class Earn:
    """Measures of a desk."""

    def __init__(self, setup: DeskSetup, books: list[OrderBook], accounts: list[Account]) -> None:
        self.flows = [Flow() for _ in books]
        self.resilience = [{1: Resilience(), -1: Resilience()} for _ in books]
        self.obligations = Obligations(setup.obligations, books, accounts)
        self.incentives = Incentives(self.obligations.meters)
        self.second = 0

    # ------------------------------------------------------------ one call each

    def trade(self, event: Trade) -> None:
        self.flows[event.i].trade(event.ts, event.side, event.sz)

    def sent(self, order: Order) -> None:
        """A new order has left."""
        flow = self.flows[order.i]
        flow.messages += 1
        if order.purpose == "quote":
            flow.placed[order.side] += 1

    def touched(self, order: Order) -> None:
        """A cancel or amend has left."""
        self.flows[order.i].messages += 1

    def filled(self, order: Order, lots: int) -> None:
        """An execution of `lots`, already counted in the order."""
        if order.purpose == "quote" and order.filled == lots:
            self.flows[order.i].filled[order.side] += 1

    def beat(self, engine: Engine) -> None:
        """Presence, sweeps, inventory, obligations: at the engine's beat."""
        ts = engine.ts
        sample = ts // SECOND != self.second
        self.second = ts // SECOND
        for i, flow in enumerate(self.flows):
            book = engine.books[i]
            for side, one in self.resilience[i].items():
                one.beat(ts, book, side, flow.taken[-side], sample)
            flow.taken = [0, 0, 0]
            if sample:
                flow.decay.sample(engine.accounts[i].position - engine.quoters[i].target)
            self._presence(engine, i, flow, ts)
        if self.obligations.meters:
            self.obligations.beat(ts, engine.tracker.open.values())
            self.incentives.beat(engine)

    def _presence(self, engine: Engine, i: int, flow: Flow, ts: int) -> None:
        """The time since the last beat counts as what is there now, as uptime does."""
        span, flow.last = ts - flow.last if flow.last else 0, ts
        quoter, book = engine.quoters[i], engine.books[i]
        if engine.ended or not quoter.enabled or engine.lattice.effective(i) is not Desk.RUNNING:
            return
        flow.total += span
        if not book.quotable:
            return
        for side, best in ((1, book.bid), (-1, book.ask)):
            for order in quoter.slots[side]:
                if order is not None and order.state in RESTING and side * order.px >= side * best:
                    flow.at_best[side] += span
                    break

    # ------------------------------------------------------------ the whole

    def rescale(self, i: int, sz: int) -> None:
        """A finer lot of one instrument."""
        self.flows[i].rescale(sz)
        for one in self.resilience[i].values():
            one.rescale(sz)

    def digest(self) -> tuple[object, ...]:
        swept = [
            (one.base, one.level, one.since, one.count, one.total, one.lost)
            for sides in self.resilience
            for one in sides.values()
        ]
        paid = self.incentives
        rewards = (paid.digest(),) if paid.booked or any(paid.rewards) else ()
        return ([flow.digest() for flow in self.flows], swept, self.obligations.digest(), *rewards)
