"""Own orders as one account session knows them: what it has sent, what has ended, which executions it was told of.

This is no second tracker: the engine decides what an order is.  The session needs to know what a cancel-all covers,
what cancelling everything costs, and whether the fills that it was told of add up to what the venue says was filled.

Rules of this file: every container has a cap.
"""

from __future__ import annotations

from collections import OrderedDict
from decimal import Decimal

from mmtui.venues.account_messages import ChangedOrder

#: Ended orders that late reports may still name, ids of the venue that fills may name, fills that are looked for.
ENDED_MAX, VENUE_IDS_MAX, DOUBTS_MAX = 5_000, 20_000, 1_000
#: A fill may come so much later than the report that counts it (ns).
PATIENCE = 500_000_000
#: An order of this age that the venue does not list cannot land any more (ns).
FORGOTTEN = 120_000_000_000


class OwnOrder:
    """One order that may be open at the venue. Sizes in lots."""

    __slots__ = (
        "accepted", "asked", "booked", "change", "complete", "had", "i", "oid", "said", "since", "tif", "trades",
        "venue_order_id",
    )  # fmt: skip

    def __init__(self, i: int, oid: int, tif: str, complete: bool, since: int) -> None:
        self.i = i
        self.oid = oid
        self.tif = tif
        self.complete = complete  # everything about it was heard: it was sent in this life
        self.since = since
        self.accepted = False
        self.asked = False  # its cancel was asked for
        self.said = False  # its end was told to the engine, and no list has named it since
        self.venue_order_id = ""
        self.change: ChangedOrder | None = None  # an amend that has left, and whose outcome is not known
        self.had: dict[tuple[Decimal, Decimal], None] = {}  # prices and sizes that it has had
        self.booked = 0
        self.trades: dict[str, None] = {}


class OwnOrders:
    """The orders of one session."""

    __slots__ = ("_doubts", "_venue_ids", "ended", "live")

    def __init__(self) -> None:
        self.live: dict[int, OwnOrder] = {}
        self.ended: OrderedDict[int, OwnOrder] = OrderedDict()
        self._venue_ids: OrderedDict[str, int] = OrderedDict()
        self._doubts: dict[int, tuple[int, int, int]] = {}  # oid -> lots filled, when told, venue's instant

    def sent(self, i: int, oid: int, tif: str, now: int) -> OwnOrder:
        order = self.live[oid] = OwnOrder(i, oid, tif, True, now)
        return order

    def known(self, oid: int) -> OwnOrder | None:
        return self.live.get(oid) or self.ended.get(oid)

    def adopt(self, i: int, oid: int, now: int) -> OwnOrder:
        """An order of an earlier life."""
        order = self.live[oid] = OwnOrder(i, oid, "", False, now)
        return order

    def unlisted(self, named: dict[int, None], now: int) -> None:
        """Orders that a list of open orders does not name, long after they were sent, are not counted any more."""
        for oid in [oid for oid, order in self.live.items() if oid not in named and now - order.since > FORGOTTEN]:
            self.end(oid)

    def named(self, order: OwnOrder, venue_order_id: str) -> None:
        """The venue has told its own id of the order."""
        if venue_order_id and order.venue_order_id != venue_order_id:
            order.venue_order_id = venue_order_id
            self._venue_ids[venue_order_id] = order.oid
            if len(self._venue_ids) > VENUE_IDS_MAX:
                self._venue_ids.popitem(last=False)

    def by_venue_id(self, venue_order_id: str) -> int | None:
        return self._venue_ids.get(venue_order_id)

    def end(self, oid: int) -> OwnOrder | None:
        """The venue says that the order is gone; None when that was known, or it never was."""
        order = self.live.pop(oid, None)
        if order is not None:
            self.ended[oid] = order
            if len(self.ended) > ENDED_MAX:
                self.ended.popitem(last=False)
        return order

    # -- do the fills add up -----------------------------------------------------------------------------------

    def filled(self, oid: int, trade_id: str, lots: int) -> None:
        """A fill has been handed to the engine."""
        order = self.known(oid)
        if order is None or trade_id in order.trades:
            return
        order.trades[trade_id] = None
        order.booked += lots
        doubt = self._doubts.get(oid)
        if doubt is not None and order.booked >= doubt[0]:
            del self._doubts[oid]

    def count(self, order: OwnOrder, lots: int, now: int, ts_event: int) -> None:
        """The venue says that so much of an order that has ended was filled."""
        if order.complete and lots > order.booked and len(self._doubts) < DOUBTS_MAX:
            self._doubts.setdefault(order.oid, (lots, now, ts_event))

    def doubted_at(self) -> int:
        """When the oldest difference becomes a question, 0: there is none."""
        return next((told + PATIENCE for _, told, _ in self._doubts.values()), 0)

    def missing(self, now: int) -> int:
        """The venue's instant since which fills are missing, 0: none. Each difference is asked about once."""
        late = [oid for oid, (_, told, _) in self._doubts.items() if now - told >= PATIENCE]
        since = min((self._doubts[oid][2] for oid in late), default=0)
        for oid in late:
            del self._doubts[oid]
        return since

    def rescale(self, i: int, sz: int) -> None:
        """A finer lot of one instrument."""
        for order in (*self.live.values(), *self.ended.values()):
            if order.i == i:
                order.booked *= sz
                doubt = self._doubts.get(order.oid)
                if doubt is not None:
                    self._doubts[order.oid] = (doubt[0] * sz, doubt[1], doubt[2])
