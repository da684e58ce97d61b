"""Orders coming in at one venue: checked, taken, matched at once where they cross, and put into the book.

Rules of this file: the venue's rules of TradingFacts; executions and ends are the exchange's.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from mmtui.sim.exchange_orders import SimOrder
from mmtui.sim.world import MS
from mmtui.venues.account_messages import Answer, Create, Done, NewOrder, OrderResult, Refused
from mmtui.venues.binance.grid import OffGrid, WireError

if TYPE_CHECKING:
    from mmtui.sim.exchange import Exchange


class OrderEntry:
    """Of one exchange."""

    __slots__ = ("_exchange", "_numbers")

    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange
        self._numbers = 0

    def create(self, request: Create, place: Callable[[NewOrder], OrderResult]) -> Answer:
        """Carry a create out, order by order, each by `place`."""
        exchange = self._exchange
        if request.expires and exchange.clock() > request.expires:
            return Refused(exchange.facts.code("late"), "too late")
        if len(request.orders) > exchange.facts.batch_create:
            return Refused(exchange.facts.code("filter"), "too many orders in one request")
        return Done([place(new) for new in request.orders])

    def place(self, new: NewOrder, ours: bool = True) -> OrderResult:
        """One order: checked, taken, matched, and what is left rests."""
        exchange = self._exchange
        known = exchange.orders.get(new.client_id)
        if known is not None:
            known.creates += 1
            facts = exchange.facts
            again = facts.duplicate == "accepts" or (facts.id_rule == "reusable" and not known.open)
            if not again:
                if facts.duplicate == "returns first":
                    return OrderResult(True, known.venue_id, status=_said(known))
                return exchange.refusal("duplicate id")
        order, why = self._checked(new, ours)
        if order is None:
            if known is None:
                order = SimOrder(new.client_id, new.oid, new.i, new.side, 0, 0, new.tif, new.reduce_only, ours)
                order.state = "rejected"
                exchange.orders[new.client_id] = order
            return why
        self._numbers += 1
        order.venue_id = str(self._numbers)
        order.created = exchange.world.now
        # a second order under an id that exists has a key of its own here; `creates` is counted at the first
        exchange.orders[new.client_id if known is None else f"{new.client_id}#{order.venue_id}"] = order
        return self._enter(order)

    def _checked(self, new: NewOrder, ours: bool) -> tuple[SimOrder | None, OrderResult]:
        exchange = self._exchange
        facts, i = exchange.facts, new.i
        good = OrderResult(True)
        if len(new.client_id) > facts.id_max or i not in exchange.markets:
            return None, exchange.refusal("filter")
        closed = exchange.troubles.closed_to(i, new.tif == "GTX")
        if closed:
            return None, exchange.refusal(closed)
        try:
            px, sz = exchange.tick_units[i][new.price], exchange.lot_units[i][new.size]
        except (OffGrid, WireError):
            return None, exchange.refusal("filter", "off the grid")
        if px <= 0 or sz <= 0 or not exchange.troubles.fits(i, px, sz):
            return None, exchange.refusal("filter")
        legs = exchange.markets[i].instrument.hedge_mode
        order = SimOrder(new.client_id, new.oid, i, new.side, px, sz, new.tif, new.reduce_only, ours, legs)
        if new.reduce_only and exchange.markets[i].futures and self._reduces(order) < sz:
            return None, exchange.refusal("filter", "reduce-only")
        return order, good

    def _reduces(self, order: SimOrder) -> int:
        """Lots by which the position, or the leg of the order, can still be reduced on this side."""
        return max(0, -self._exchange.positions[order.i].of(order.leg) * order.side)

    def _enter(self, order: SimOrder) -> OrderResult:
        exchange = self._exchange
        market = exchange.markets[order.i]
        bid, ask = market.touch()
        crosses = order.px >= ask if order.side > 0 else order.px <= bid
        if order.tif == "GTX" and crosses:
            how = exchange.facts.post_only
            if how == "reject":
                order.state = "rejected"
                order.ended = exchange.world.now
                return exchange.refusal("would take")
            if how == "cancel":
                exchange.end(order, "expired", "post only")
                return OrderResult(True, order.venue_id, status="new")
            order.px = ask - 1 if order.side > 0 else bid + 1
            crosses = False
        order.state = "open"
        exchange.open[order.venue_id] = order
        if not exchange.troubles.eager:
            exchange.report([exchange.wires[order.i].order(order, exchange.clock())])
        if crosses:
            self.take(order)
        if order.open:
            if order.tif == "IOC":
                exchange.end(order, "expired", "ioc")
            else:
                market.join(order)
                if exchange.facts.silent_expiry_ms:
                    exchange.world.after(exchange.facts.silent_expiry_ms * MS, exchange.silent_end, order)
        exchange.tell(market)
        return OrderResult(True, order.venue_id, status=_said(order))

    def take(self, order: SimOrder) -> None:
        """Trade at once what crosses; the taker ends where it would meet an order of its own account."""
        exchange = self._exchange
        market = exchange.markets[order.i]
        while order.left > 0:
            bid, ask = market.touch()
            px = ask if order.side > 0 else bid
            if (px - order.px) * order.side > 0:
                return
            own = market.own.get(-order.side * px)
            if own:
                maker = own[0]
                assert isinstance(maker, SimOrder)
                if order.ours and maker.ours:
                    exchange.crossed_own.append((order.client_id, maker.client_id))
                exchange.end(order, "expired", "self-trade prevention")
                return
            got = market.hit(-order.side * px, order.left, order.side)
            if order.tif == "GTX":
                exchange.taker_postonly.append(order.client_id)
            exchange.book(order, px, got, False)


def _said(order: SimOrder) -> str:
    """State of an order as an answer names it."""
    return {"open": "new", "pending": "new"}.get(order.state, order.state)
