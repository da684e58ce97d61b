"""What really is and happened at the simulated venues, as the watcher asks for it.

Rules of this file: reads the exchanges; what it remembers is how far it has read.
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mmtui.sim.exchange import Exchange

#: Executions of a venue that are remembered in runs of days.
KEPT = 5_000


class Truth:
    """Of all venues of one desk."""

    def __init__(self, exchanges: list[Exchange]) -> None:
        self.exchanges = exchanges
        #: Trade id -> signed lots, and the leg in hedge mode.
        self._fills: list[dict[str, tuple[int, int]]] = [{} for _ in exchanges]
        self._read = [0] * len(exchanges)  # fills of each venue that are in there
        self._hits = [0] * len(exchanges)

    def open_at(self, v: int) -> dict[int, None]:
        """Ids of our orders that a venue has open now."""
        return {order.oid: None for order in self.exchanges[v].open.values() if order.ours}

    def terms(self, v: int, oid: int) -> tuple[Decimal, int] | None:
        """Price and whole size of an order of ours that a venue has open now; None when it has none."""
        exchange = self.exchanges[v]
        for one in exchange.open.values():
            if one.ours and one.oid == oid:
                return Decimal(exchange.markets[one.i].instrument.tick) * one.px, one.sz
        return None

    def fill(self, v: int, trade_id: str) -> tuple[int, int] | None:
        """Signed lots of an execution at a venue, and its leg in hedge mode; None when there was none."""
        known, exchange = self._fills[v], self.exchanges[v]
        for fill in exchange.fills[max(0, self._read[v] - exchange.forgotten) :]:
            known[fill.trade_id] = fill.side * fill.sz, fill.leg
        self._read[v] = exchange.forgotten + len(exchange.fills)
        return known.get(trade_id)

    def new_hits(self, v: int) -> list[str]:
        """Orders of others that a request of the desk has cancelled since the last time this was asked."""
        hits = self.exchanges[v].foreign_hit
        seen, self._hits[v] = self._hits[v], len(hits)
        return hits[seen:]

    def forget(self, before: int) -> None:
        """For runs of days: let go of what can hardly be named again."""
        for v, exchange in enumerate(self.exchanges):
            self.fill(v, "")
            exchange.forget(before)
            for trade_id in list(self._fills[v])[:-KEPT]:
                del self._fills[v][trade_id]
