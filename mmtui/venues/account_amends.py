"""Amends of one account session: those that wait to leave, and what answers, reports and lists say of them.

An amend leaves once, when no cancel waits, and not when it has grown old; whether it was done is told by its answer, by
a report that shows the new price and size, or by a list of open orders (the engine decides what a list proves).

Rules of this file: nothing raises; an answer that leaves doubt says so.
"""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING

from mmtui.core.effects import AmendOrder
from mmtui.core.events import AmendRejected, Event, OrderAmended, OrderCancelled, OrderUnknown
from mmtui.venues.account_messages import Amend, ChangedOrder, NewOrder, OrderResult, Request
from mmtui.venues.account_orders import OwnOrder
from mmtui.venues.binance.grid import WireError
from mmtui.venues.binance.reports import OrderReport
from mmtui.venues.trading import Meaning

if TYPE_CHECKING:
    from mmtui.venues.account import AccountSession

MS = 1_000_000
#: An amend that could not leave within this is not sent any more: the market has moved on.
MAX_AGE = 1_000 * MS
#: Refusals after which the order stands as it was; after any other one it may have gone.
STANDS: frozenset[Meaning | None] = frozenset(
    {"funds", "filter", "late", "overloaded", "rate", "market closed", "cancel only", "post only", "auth"}
)


class Changes:
    """Of one account session."""

    def __init__(self, session: AccountSession) -> None:
        self._s = session
        self.waiting: dict[int, tuple[int, ChangedOrder]] = {}  # oid -> since when it waits, what it is to be

    # -- what leaves -----------------------------------------------------------------------------------------------

    def send(self, effect: AmendOrder, now: int) -> None:
        """Queue an amend of the engine."""
        s, oid, i = self._s, effect.oid, effect.i
        order = s.orders.live.get(oid)
        if order is None:
            s.out.append(AmendRejected(now, now, i, oid, effect.amend, False, "it is not open here"))
            return
        grid = s.reader.grids[i]
        price, size = grid.price[effect.px], grid.size[effect.sz]
        change = ChangedOrder(
            oid, i, s.ids.of(oid), order.venue_order_id, effect.side, price, size, effect.amend
        )
        self.waiting[oid] = (now, change)

    def began(self, own: OwnOrder, order: NewOrder) -> None:
        """A create has left: what it is at first."""
        own.had[_values(order.price, order.size)] = None

    def drop(self, oid: int, now: int, why: str) -> None:
        """What has not left yet never does."""
        if oid in self.waiting:
            change = self.waiting.pop(oid)[1]
            self._s.out.append(AmendRejected(now, now, change.i, oid, change.amend, True, why))

    def too_old(self, now: int) -> None:
        for oid in [oid for oid, (since, _) in self.waiting.items() if now - since > MAX_AGE]:
            self.drop(oid, now, "too old")

    def due(self) -> int:
        """When the oldest that waits is too old; 0: none waits."""
        return next((since + MAX_AGE + 1 for since, _ in self.waiting.values()), 0)

    def take(self, now: int) -> list[Request]:
        """What leaves now, within the budget of creates."""
        self.too_old(now)
        s, requests = self._s, list[Request]()
        weight, expiry = s.budget.weights["Amend"], s.facts.expiry_ms
        while self.waiting and s.budget.creates(now, 1, len(s.orders.live)):
            oid = next(iter(self.waiting))
            change = self.waiting.pop(oid)[1]
            order = s.orders.live.get(oid)
            if order is None:  # it has ended since
                s.out.append(AmendRejected(now, now, change.i, oid, change.amend, False, "it has ended"))
                continue
            if order.change is not None:  # the engine has learnt what became of the last one
                order.had[_values(order.change.price, order.change.size)] = None
            order.change = change
            s.budget.spend(now, weight, created=1)
            requests.append(Amend(s.flights.next_id(), change, now + expiry * MS if expiry else 0, weight))
        return requests

    # -- what comes ------------------------------------------------------------------------------------------------

    def answered(self, change: ChangedOrder, result: OrderResult, now: int) -> list[Event]:
        """What one answer says of its amend."""
        if not result.ok:
            return [self.refused(change, result, now)]
        s, oid = self._s, change.oid
        own = s.orders.known(oid)
        if own is None:  # long ended and forgotten: a very late answer
            return []
        s.orders.named(own, result.venue_order_id)
        if result.status in ("cancelled", "expired", "rejected"):
            own.change = None
            said, own.said = own.said, True
            s.orders.end(oid)
            return [] if said else [OrderCancelled(now, now, change.i, oid, "by venue (amended)")]
        return self._done(own, change, result.price or change.price, result.size or change.size, now, now)

    def _done(
        self, own: OwnOrder, change: ChangedOrder, price: str, size: str, ts_event: int, now: int
    ) -> list[Event]:
        """The venue has the order at this price and size; news of an amend that was settled before are none."""
        if own.change is None or own.change.amend != change.amend:
            return []
        events: list[Event] = []
        try:
            px, sz = self._s.reader.grids[change.i].read(now, price, size, events)
        except WireError as error:
            return [self._s.reader.damage(now, f"amend of order {change.oid}: {error}"), self.unknown(change, "", now)]
        own.change = None
        own.had[_values(price, size)] = None
        return [*events, OrderAmended(now, ts_event, change.i, change.oid, change.amend, px, sz)]

    def refused(self, change: ChangedOrder, result: OrderResult, now: int) -> Event:
        """It was not done, unless the refusal says that nobody knows."""
        meaning = self._s.facts.meaning(result.code)
        why = f"{meaning or 'refused'}: {result.text} ({result.code})"
        if meaning == "fate unknown" or not result.code:
            return self.unknown(change, result.text or "no result", now)
        return self.not_done(change, why, meaning in STANDS, now)

    def not_done(self, change: ChangedOrder, why: str, stands: bool, now: int) -> Event:
        own = self._s.orders.known(change.oid)
        if own is not None and own.change is not None and own.change.amend == change.amend:
            own.change = None
        return AmendRejected(now, now, change.i, change.oid, change.amend, stands, why)

    def unknown(self, change: ChangedOrder, why: str, now: int) -> Event:
        """The change stays in doubt: lists will be asked about it."""
        return OrderUnknown(now, change.i, change.oid, f"amend: {why or 'an answer that cannot be read'}")

    def told(self, own: OwnOrder, report: OrderReport, now: int) -> list[Event]:
        """A report of the stream shows an order whose amend is in doubt. A price and size that it has had before prove
        nothing: the report may be old."""
        change = own.change
        if change is None:
            return []
        wanted, seen = _values(change.price, change.size), _values(report.price, report.size)
        if seen != wanted or seen in own.had:
            return []
        return self._done(own, change, report.price, report.size, report.ts_event, now)


def _values(price: str, size: str) -> tuple[Decimal, Decimal]:
    """Price and size for comparison; not a number is equal to nothing."""
    try:
        return Decimal(price), Decimal(size)
    except InvalidOperation:
        return Decimal("NaN"), Decimal("NaN")
