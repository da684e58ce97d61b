"""What a report of the private stream means: the venue's word about own orders, executions and the account.

Rules of this file: pure; a report that is not about our orders changes nothing here, or is booked under its cause.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from mmtui.core.events import Damage, Event, Fill, GridRefined, OrderAccepted, OrderCancelled, OrderRejected
from mmtui.venues.account_answers import cancelled_why
from mmtui.venues.account_messages import OpenRow
from mmtui.venues.binance.grid import OffGrid, WireError
from mmtui.venues.binance.reports import BalanceReport, FillReport, OrderReport, Report

if TYPE_CHECKING:
    from mmtui.venues.account import AccountSession

#: Ledger entries are asked for from so long before the report that announced one (ns).
OVERLAP = 60_000_000_000


class Reports:
    """Of one account session."""

    def __init__(self, session: AccountSession) -> None:
        self._s = session
        self._handlers: dict[type, Callable[[Any, int], list[Event]]] = {
            OrderReport: self._order,
            FillReport: self._fill,
            BalanceReport: self._balance,
        }
        self._statuses: dict[str, Callable[[OrderReport, int, int, int], list[Event]]] = {
            "new": self._alive,
            "partially_filled": self._alive,
            "filled": self._filled,
            "cancelled": self._cancelled,
            "expired": self._cancelled,
            "rejected": self._rejected,
        }

    def take(self, report: Report, now: int) -> list[Event]:
        """Events of one report."""
        handler = self._handlers.get(type(report))
        return handler(report, now) if handler else []

    def _order(self, report: OrderReport, now: int) -> list[Event]:
        s = self._s
        oid = s.ids.parse(report.client_id)
        i = s.reader.place(report.instrument)
        handler = self._statuses.get(report.status)
        return handler(report, i, oid, now) if oid is not None and i >= 0 and handler else []

    def _alive(self, report: OrderReport, i: int, oid: int, now: int) -> list[Event]:
        s = self._s
        events: list[Event] = []
        order = s.orders.known(oid)
        if order is None:
            side = 1 if report.side == "buy" else -1
            row = OpenRow(
                report.client_id,
                report.venue_order_id,
                i,
                side,
                report.price,
                report.size,
                report.filled,
                report.ts_event,
                report.leg,
            )
            events = s.reader.found(now, row, oid)
            if type(events[-1]) is Damage:
                return events
            order = s.orders.adopt(i, oid, now)
        s.orders.named(order, report.venue_order_id)
        events += s.changes.told(order, report, now)
        if order.accepted:
            return events
        order.accepted = True
        return [*events, OrderAccepted(now, report.ts_event, i, oid, report.venue_order_id)]

    def _filled(self, report: OrderReport, i: int, oid: int, now: int) -> list[Event]:
        """Its executions end it in the engine; here it only must be seen that they come."""
        order = self._s.orders.known(oid)
        if order is not None:
            self._s.orders.named(order, report.venue_order_id)
        return self._end(report, i, oid, now)

    def _cancelled(self, report: OrderReport, i: int, oid: int, now: int) -> list[Event]:
        order = self._s.orders.known(oid)
        events = self._end(report, i, oid, now)
        tif, asked = (order.tif, order.asked) if order is not None else ("", True)
        if order is not None:
            if order.said:
                return events
            order.said = True
        return [*events, OrderCancelled(now, report.ts_event, i, oid, cancelled_why(tif, asked, report.reason))]

    def _rejected(self, report: OrderReport, i: int, oid: int, now: int) -> list[Event]:
        self._s.orders.end(oid)
        return [OrderRejected(now, report.ts_event, i, oid, report.reason or "rejected")]

    def _end(self, report: OrderReport, i: int, oid: int, now: int) -> list[Event]:
        """The order is gone: forget it, and remember how much of it was filled."""
        s = self._s
        order = s.orders.known(oid)
        s.orders.end(oid)
        s.cancels.pop(oid, None)
        if order is None:
            return []
        try:
            lots = s.reader.grids[i].lots[report.filled]
        except OffGrid:
            return []  # its executions refine the grid
        except WireError as error:
            s.recheck(max(1, report.ts_event - OVERLAP))
            return [s.reader.damage(now, f"order {oid}: filled {error}")]
        s.orders.count(order, lots, now, report.ts_event)
        return []

    def _fill(self, report: FillReport, now: int) -> list[Event]:
        events = self._s.fill(report, now)
        if events and type(events[-1]) is Damage:
            self._s.recheck(max(1, report.ts_event - OVERLAP))
        return events

    def _balance(self, report: BalanceReport, now: int) -> list[Event]:
        """Money moved for another reason than a trade: the ledger knows why, and under which number."""
        if report.change and report.reason not in ("", "order"):
            self._s.questions.ask("AskLedger", 0, 0, max(0, report.ts_event - OVERLAP))
        return []


def fill_events(session: AccountSession, report: FillReport, now: int) -> list[Event]:
    """An execution: of our order by its client id, else by the venue's id of the order, else of nobody's."""
    oid = session.ids.parse(report.client_id)
    if oid is None and not report.client_id:
        oid = session.orders.by_venue_id(report.venue_order_id)
    events = session.reader.fill(now, report, oid)
    for event in events:
        if isinstance(event, Fill):
            session.orders.filled(event.oid, event.trade_id, event.sz)
        elif type(event) is GridRefined:
            session.orders.rescale(event.i, event.sz_factor)
    return events
