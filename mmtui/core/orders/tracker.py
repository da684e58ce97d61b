"""Own orders: every one that may still be filled, worst cases of the position, late facts about finished ones.

Rules of this file: exposure counts from the moment an order is intended until there is evidence that it is gone.
"""

from __future__ import annotations

from collections import OrderedDict

from mmtui.core.effects import PlaceOrder
from mmtui.core.orders.table import TERMINAL, Fact, State, after

#: A create that was never acknowledged may still land, and an endpoint may list an order late: absence proves nothing
#: before this has passed (ns): request expiry 1 s, clock error 0.5 s, index lag 0.5 s.
LANDING = 2_000_000_000
#: The same of a venue inside the host: nothing takes longer there than its latency.
LANDING_PAPER = 100_000_000
#: Finished orders that late fills may still name.
MEMORY = 5_000


class Amend:
    """A change of an order whose outcome is not proven. `sz` includes what was filled; `ts`: when it left."""

    __slots__ = ("listed", "px", "sz", "ts")

    def __init__(self, px: int, sz: int, ts: int) -> None:
        self.px = px
        self.sz = sz
        self.ts = ts
        self.listed: tuple[int, int] | None = None  # price and size in the list that is being read

    def rescale(self, px: int, sz: int) -> None:
        self.px *= px
        self.sz *= sz
        if self.listed is not None:
            self.listed = (self.listed[0] * px, self.listed[1] * sz)


class Order:
    """One own order. Instants are ns on the engine clock, 0 where it did not happen."""

    __slots__ = (
        "absent",
        "ahead",
        "amend",
        "amends",
        "cancel_ts",
        "done_ts",
        "filled",
        "i",
        "level",
        "live_ts",
        "oid",
        "purpose",
        "px",
        "reduce_only",
        "sent_ts",
        "side",
        "state",
        "sz",
        "tif",
        "venue_order_id",
    )

    def __init__(self, effect: PlaceOrder, ts: int) -> None:
        self.oid = effect.oid
        self.i = effect.i
        self.side = effect.side
        self.px = effect.px
        self.sz = effect.sz
        self.filled = 0
        self.tif = effect.tif
        self.reduce_only = effect.reduce_only
        self.purpose = effect.purpose
        self.level = effect.level
        self.state = State.SENT
        self.sent_ts = ts
        self.live_ts = 0
        self.cancel_ts = 0
        self.done_ts = 0
        self.ahead = -1
        self.absent = False  # ended by absence alone
        self.venue_order_id = ""
        self.amend: Amend | None = None  # on its way, or its outcome is not known: the order is as it was, or like this
        self.amends = 0  # amends ever sent

    @property
    def most(self) -> int:
        """Lots that the order may have been filled with, at the most."""
        return self.sz if self.amend is None else max(self.sz, self.amend.sz)

    @property
    def left(self) -> int:
        """Lots that may still be filled: by the worse of what it was and what it may be by now."""
        amend = self.amend
        most = self.sz if amend is None or amend.sz < self.sz else amend.sz
        return max(0, most - self.filled)

    @property
    def reach(self) -> int:
        """The most aggressive price that it may stand at."""
        if self.amend is None:
            return self.px
        return self.side * max(self.side * self.px, self.side * self.amend.px)

    @property
    def open(self) -> bool:
        return self.state not in TERMINAL

    def digest(self) -> tuple[object, ...]:
        now = (self.oid, self.i, self.side, self.px, self.sz, self.filled, int(self.state), self.purpose, self.level)
        if not self.amends and self.amend is None:
            return now
        return (*now, self.amends, (self.amend.px, self.amend.sz, self.amend.ts) if self.amend is not None else ())


class Tracker:
    """All orders of the desk, and for each instrument what is open on either side."""

    def __init__(self, venue_of: list[int], landing_of: list[int]) -> None:
        instruments = len(venue_of)
        self.venue_of = venue_of
        self.landing_of = landing_of  # ns, by venue
        self.open: dict[int, Order] = {}  # oid -> order, in order of sending
        self.done: OrderedDict[int, Order] = OrderedDict()
        self.buys = [0] * instruments  # open lots, UNKNOWN included
        self.sells = [0] * instruments
        self.count = [0] * instruments  # open orders
        self.sent = [0] * instruments  # orders ever sent
        self.next_oid = 1

    def add(self, effect: PlaceOrder, ts: int) -> Order:
        order = Order(effect, ts)
        self.adopt(order)
        self.sent[order.i] += 1
        return order

    def forget(self, order: Order) -> None:
        """An order that never was."""
        if self.open.pop(order.oid, None) is not None:
            self._expose(order, -order.left)
            self.count[order.i] -= 1
        self.done.pop(order.oid, None)
        self.sent[order.i] -= 1

    def get(self, oid: int) -> Order | None:
        return self.open.get(oid) or self.done.get(oid)

    def adopt(self, order: Order) -> None:
        """An order counts from here on: one that is sent, one that a venue named, one that turned up again."""
        self.open[order.oid] = order
        self._expose(order, order.left)
        self.count[order.i] += 1

    def absence_proves(self, order: Order, asked: int) -> bool:
        """Whether two endpoints that were asked at `asked` and do not name the order prove that it is gone."""
        since = order.live_ts or order.sent_ts
        if order.amend is not None:
            since = max(since, order.amend.ts)
        return asked - since > self.landing(order)

    def landing(self, order: Order) -> int:
        """A request about this order may land, and be listed, so much later (ns)."""
        return self.landing_of[self.venue_of[order.i]]

    def amend(self, order: Order, px: int, sz: int, ts: int) -> None:
        """It may have this price and size from now on: until that is proven either way it counts as the worse."""
        before = order.left
        order.amend = Amend(px, sz, ts)
        if order.open:
            self._expose(order, order.left - before)

    def settle(self, order: Order, px: int, sz: int) -> bool:
        """Price and size are proven; True when the order has just ended (nothing of it is left)."""
        before = order.left
        order.px, order.sz, order.amend = px, sz, None
        if order.open:
            self._expose(order, order.left - before)
            if order.left == 0:
                return self.apply(order, Fact.FILLED)
        return False

    def apply(self, order: Order, fact: Fact) -> bool:
        """Apply a fact; True when the order has just ended. One that is seen, but may have changed, stays in doubt."""
        if fact is Fact.SEEN and order.amend is not None:
            return False
        was_open = order.open
        order.state = after(order.state, fact)
        if was_open and not order.open:
            order.absent = fact is Fact.ABSENT
            self._expose(order, -order.left)
            self.count[order.i] -= 1
            del self.open[order.oid]
            self.done[order.oid] = order
            if len(self.done) > MEMORY:
                self.done.popitem(last=False)
            return True
        return False

    def reopen(self, order: Order) -> bool:
        """An order that was taken for gone has been seen at the venue: UNKNOWN, and it counts again."""
        if order.open or order.left == 0:
            return False
        order.absent, order.state = False, State.UNKNOWN
        self.done.pop(order.oid, None)
        self.adopt(order)
        return True

    def fill(self, order: Order, lots: int) -> bool:
        """Book an execution, legal in every state; True when the order has just ended."""
        before = order.left
        order.filled += lots
        if order.open:
            self._expose(order, order.left - before)
            if order.left == 0:
                return self.apply(order, Fact.FILLED)
        return False

    def overfilled(self, order: Order) -> bool:
        return order.filled > order.most

    def unknown(self, i: int = -1) -> int:
        """Open orders whose fate is not known, of one instrument or of all."""
        return sum(1 for o in self.open.values() if o.state is State.UNKNOWN and (i < 0 or o.i == i))

    def of(self, i: int) -> list[Order]:
        return [order for order in self.open.values() if order.i == i]

    def rescale(self, i: int, px: int, sz: int) -> None:
        """A finer tick or lot of one instrument."""
        for order in (*self.open.values(), *self.done.values()):
            if order.i == i:
                order.px *= px
                order.sz *= sz
                order.filled *= sz
                if order.amend is not None:
                    order.amend.rescale(px, sz)
                if order.ahead > 0:
                    order.ahead *= sz
        self.buys[i] *= sz
        self.sells[i] *= sz

    def _expose(self, order: Order, lots: int) -> None:
        if order.side > 0:
            self.buys[order.i] += lots
        else:
            self.sells[order.i] += lots
