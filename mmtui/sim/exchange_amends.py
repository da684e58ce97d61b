"""Orders changed in place at one venue: checked, refused, cancelled, or at their new price and size.

Rules of this file: the venue's rules of TradingFacts; executions and ends are the exchange's.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from mmtui.sim.exchange_orders import SimOrder
from mmtui.venues.account_messages import Amend, Answer, ChangedOrder, Done, OldOrder, OrderResult, Refused
from mmtui.venues.binance.grid import OffGrid, WireError

if TYPE_CHECKING:
    from mmtui.sim.exchange import Exchange


class OrderAmends:
    """Of one exchange."""

    __slots__ = ("_exchange", "twice")

    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange
        self.twice: list[str] = []  # orders of which one amend arrived twice

    def amend(self, request: Amend, one: Callable[[ChangedOrder], OrderResult]) -> Answer:
        """Carry an amend out, by `one`."""
        exchange = self._exchange
        if request.expires and exchange.clock() > request.expires:
            return Refused(exchange.facts.code("late"), "too late")
        return Done([one(request.order)])

    def find(self, change: ChangedOrder) -> SimOrder | None:
        old = OldOrder(change.oid, change.i, change.client_id, change.venue_order_id)
        return self._exchange.find(old)

    def change(self, change: ChangedOrder) -> OrderResult:
        """One order: what becomes of it."""
        exchange = self._exchange
        order = self.find(change)
        if order is None:
            return exchange.refusal("unknown order")
        if change.amend in order.amends:
            self.twice.append(order.client_id)
        order.amends[change.amend] = None
        wrong, px, sz = self._checked(order, change)
        if wrong is not None:
            return wrong
        if sz <= order.filled:
            exchange.end(order, "cancelled", "amended")
            return OrderResult(True, order.venue_id, status="cancelled")
        return self._enter(order, px, sz)

    def _checked(self, order: SimOrder, change: ChangedOrder) -> tuple[OrderResult | None, int, int]:
        exchange, i = self._exchange, order.i
        how = exchange.facts.amend
        closed = exchange.troubles.closed_to(i, order.tif == "GTX")
        if how is None or closed:
            return exchange.refusal(closed or "filter"), 0, 0
        try:
            px, sz = exchange.tick_units[i][change.price], exchange.lot_units[i][change.size]
        except (OffGrid, WireError):
            return exchange.refusal("filter", "off the grid"), 0, 0
        fits = px > 0 and sz > 0 and exchange.troubles.fits(i, px, max(1, sz - order.filled))
        if not fits or (px != order.px and not how.price) or (sz > order.sz and not how.up):
            return exchange.refusal("filter"), 0, 0
        if order.leg and order.reduce_only and sz - order.filled > abs(exchange.positions[i].of(order.leg)):
            return exchange.refusal("filter", "reduce-only"), 0, 0
        return None, px, sz

    def _enter(self, order: SimOrder, px: int, sz: int) -> OrderResult:
        exchange = self._exchange
        how, market = exchange.facts.amend, exchange.markets[order.i]
        assert how is not None
        bid, ask = market.touch()
        crosses = px != order.px and (px >= ask if order.side > 0 else px <= bid)
        if crosses and order.tif == "GTX":
            if exchange.facts.post_only == "reprice":
                px, crosses = ask - 1 if order.side > 0 else bid + 1, False
            elif how.cancels:
                exchange.end(order, "expired", "post only")
                return exchange.refusal("would take")
            else:
                return exchange.refusal("would take")
        keeps = how.keeps and px == order.px and sz <= order.sz
        ahead = order.ahead
        if not keeps:
            market.leave(order)
        order.left += sz - order.sz
        order.px, order.sz = px, sz
        exchange.report([exchange.wires[order.i].order(order, exchange.clock())])
        if crosses:
            exchange.entry.take(order)
        if order.open and not keeps:
            market.join(order)
        elif keeps:
            order.ahead = ahead
            market.touched(order)
        exchange.tell(market)
        status = "filled" if order.state == "filled" else "new" if order.open else order.state
        price, size = market.px[px].decode(), market.sz[sz].decode()
        return OrderResult(True, order.venue_id, status=status, price=price, size=size)
