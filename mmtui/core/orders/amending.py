"""Amends: quotes that are changed in place, and what became of them.

From the moment it leaves until its outcome is proven, an order counts against every limit as the worse of what it was
and what it may be.  Proof is the venue's answer, its stream, or a list of open orders that was asked for when no amend
could land any more; an amend is never sent again because nothing was heard of it.

Rules of this file: every amend leaves through `ask`; one at a time an order.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mmtui.core import events as ev
from mmtui.core.effects import AmendOrder
from mmtui.core.orders import legs
from mmtui.core.orders.table import Fact, State
from mmtui.core.orders.tracker import Order
from mmtui.core.risk.references import doubtful

if TYPE_CHECKING:
    from mmtui.core.engine import Engine
    from mmtui.core.order_side import OrderSide


class Amends:
    """Of the orders of the engine that owns it."""

    def __init__(self, engine: Engine, orders: OrderSide) -> None:
        self.engine = engine
        self.orders = orders
        self.tracker = engine.tracker

    # ------------------------------------------------------------ what leaves

    def instead(self, order: Order, px: int, lots: int, band: float, moves: bool, grows: bool) -> bool:
        """Change a quote that would be cancelled; False where that cannot be done, or nothing of it has changed.

        `px`, `lots`: what is wanted there; `band`: the tolerance in ticks, in which it stays at its price.
        """
        near = -band <= order.px - px <= band
        if order.state is not State.LIVE or (order.left <= lots if near else not moves):
            return False
        if self.engine.ts < self.orders.reject_until[order.i]:  # the venue has just refused one
            return False
        return not self.ask(order, order.px if near else px, lots if grows else min(order.left, lots))

    def ask(self, order: Order, px: int, left: int) -> str:
        """The one egress of amends: "" when it has left, else why it may not. `left`: lots that are to be left."""
        engine, i = self.engine, order.i
        if self.orders.across(i, order.side, px):
            return "own order across"
        account = engine.accounts[i]
        more = left - order.left if account.legs is not None and order.reduce_only else 0
        if more > 0 and more > legs.closable(account, self.tracker, i, order.side):
            return legs.GROWS
        reference = account.references.last()
        state, collar = engine.lattice.effective(i), self.orders.collar(i)
        if px != order.px and doubtful(engine, i, px, collar, reference):
            return "references disagree"
        why = engine.gate.amends(order, px, left, state, engine.ts, reference, collar)
        if why:
            return why
        self.tracker.amend(order, px, order.filled + left, engine.ts)
        order.amends += 1
        self.tracker.apply(order, Fact.AMEND_SENT)
        engine.gate.count(engine.venue_of[i], engine.ts)
        engine.earn.touched(order)
        engine.emit(AmendOrder(i, order.oid, order.side, px, order.filled + left, order.amends))
        return ""

    # ------------------------------------------------------------ what comes

    def amended(self, event: ev.OrderAmended) -> None:
        """The venue's word on the newest amend of an order; news of an older one are no news."""
        order = self.tracker.get(event.oid)
        if order is None or event.amend != order.amends or event.px <= 0 or event.sz <= 0:
            return
        if order.amend is None and (event.px, event.sz) == (order.px, order.sz):
            return
        moved, grew = event.px != order.px, event.sz > order.sz
        self.tracker.apply(order, Fact.AMENDED)
        if moved:
            order.live_ts = event.ts  # it has a new place, and a new age
        if event.ahead >= 0:
            order.ahead = event.ahead
        elif moved or grew:
            order.ahead = -1
        self._settle(order, event.px, event.sz)

    def rejected(self, event: ev.AmendRejected) -> None:
        """It was not carried out: the order is as it was, if it is there at all."""
        order = self.tracker.get(event.oid)
        if order is None or order.amend is None or event.amend != order.amends:
            return
        engine, i = self.engine, event.i
        if event.stands:
            self.tracker.apply(order, Fact.AMEND_REJECTED)
            self.orders.hold(i)
            engine.alert("warn", "reject", f"{engine.name(i)}: amend rejected: {event.reason}", i)
        else:
            self.tracker.apply(order, Fact.AMEND_DOUBTED)
        self._settle(order, order.px, order.sz)
        if order.state is State.UNKNOWN:
            self.orders.question(engine.venue_of[i])

    def listed(self, order: Order, event: ev.OrderFound) -> None:
        """A list that is being read has a known order at a price and size."""
        seen = (event.px, event.sz)
        if order.amend is not None:
            order.amend.listed = seen
        elif order.open and seen != (order.px, order.sz):  # the record of an amend went with a power loss
            self.tracker.amend(order, *seen, event.ts)
            self.orders.lost(order, "the venue has it at another price or size")
            self.orders.question(self.engine.venue_of[order.i])

    def proven(self, order: Order, asked: int) -> None:
        """A list that was asked for at `asked` names the order: what it says of one in doubt, when it is conclusive."""
        amend = order.amend
        if amend is None or amend.listed is None:
            return
        seen, amend.listed = amend.listed, None
        if asked - amend.ts > self.tracker.landing(order):
            if seen[0] != order.px or seen[1] > order.sz:
                order.ahead = -1
            if order.state is State.AMENDING:
                self.tracker.apply(order, Fact.AMENDED)
            self._settle(order, *seen)

    def _settle(self, order: Order, px: int, sz: int) -> None:
        if self.tracker.settle(order, px, sz):
            self.orders.ended(order)
        elif order.open and order.purpose == "quote":
            self.engine.market.requote(order.i)
        self.engine.version += 1
        if self.tracker.overfilled(order):
            self.orders.overfilled(order)
