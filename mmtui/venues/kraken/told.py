"""What Kraken's messages leave out of an order: instrument, client id, size, as they were told or sent before.

A message about an order that changes or ends has often its number alone; a report needs more.

Rules of this file: pure; the newest orders are remembered, none is made up.
"""

from __future__ import annotations

from msgspec.structs import replace

from mmtui.venues.account_messages import NewOrder
from mmtui.venues.binance.reports import FillReport, OrderReport, Report

KEPT = 20_000
_ENDED = frozenset({"filled", "cancelled", "expired", "rejected"})


class LastTold:
    """Orders of one account, by the venue's id and, until that is known, by ours."""

    def __init__(self) -> None:
        self._told: dict[str, OrderReport] = {}
        self._sent: dict[str, OrderReport] = {}
        self._clients: dict[str, str] = {}  # the venue's id of an order -> ours, "": it has none

    def sent(self, order: NewOrder, instrument: str) -> None:
        """An order leaves."""
        side = "buy" if order.side > 0 else "sell"
        self._keep(self._sent, order.client_id, OrderReport(
            instrument, 0, "", order.client_id, "pending", side, "limit", order.tif, order.price, order.size, "0",
            order.reduce_only,
        ))  # fmt: skip

    def whole(self, reports: list[Report]) -> list[Report]:
        """The reports, with what had been told before."""
        found: list[Report] = []
        for one in reports:
            if isinstance(one, OrderReport):
                one = self._order(one)
            elif isinstance(one, FillReport):
                one = self._fill(one)
            found.append(one)
        return found

    def unknown(self, ids: list[str]) -> list[str]:
        """Those of the venue's ids whose orders are not known."""
        return [id for id in dict.fromkeys(ids) if id and id not in self._clients]

    def named(self, id: str, client_id: str) -> None:
        """An order's two ids."""
        self._clients[id] = client_id
        if len(self._clients) > KEPT:
            del self._clients[next(iter(self._clients))]

    def fills(self, fills: list[FillReport]) -> list[FillReport]:
        """Executions, with the client ids of their orders."""
        return [self._fill(one) for one in fills]

    def _before(self, report: OrderReport) -> OrderReport | None:
        return self._told.get(report.venue_order_id) or self._sent.get(report.client_id)

    def _order(self, report: OrderReport) -> OrderReport:
        before = self._before(report)
        if before is not None:
            told = {
                name: getattr(report, name) or getattr(before, name)
                for name in ("instrument", "client_id", "venue_order_id", "side", "type", "tif", "ts_event")
            }
            told |= {
                name: getattr(before, name) if getattr(report, name) == "0" else getattr(report, name)
                for name in ("price", "size", "filled", "average")
            }
            report = replace(report, **told, reduce_only=report.reduce_only or before.reduce_only)
            if report.status == "filled":
                report = replace(report, filled=report.size)
            elif report.status == "rejected" and (before.status != "pending" or report.filled != "0"):
                report = replace(report, status="cancelled")  # it had stood, or traded
        if report.venue_order_id and report.client_id:
            self.named(report.venue_order_id, report.client_id)
        if report.status not in _ENDED and report.venue_order_id:
            self._keep(self._told, report.venue_order_id, report)
        return report

    def _fill(self, report: FillReport) -> FillReport:
        known = report.client_id or self._clients.get(report.venue_order_id, "")
        return replace(report, client_id=known) if known else report

    @staticmethod
    def _keep(orders: dict[str, OrderReport], id: str, report: OrderReport) -> None:
        orders[id] = report
        if len(orders) > KEPT:
            del orders[next(iter(orders))]
