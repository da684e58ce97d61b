"""Own orders: the one egress of new ones, cancels, and what the venues say about them.

Rules of this file: every order leaves through `place`, every cancel through `cancel` (and the sweeps of a kill); what a
venue says is applied by the order table, never guessed.
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from mmtui.core import events as ev
from mmtui.core.effects import CancelOrder, PlaceOrder, QueryOpenOrders
from mmtui.core.market.instrument import ATOMS
from mmtui.core.orders.table import Fact, State
from mmtui.core.orders.tracker import Order

if TYPE_CHECKING:
    from mmtui.core.engine import Engine

#: A request without an answer for so long is UNKNOWN.
SILENCE = 5_000_000_000
#: A side waits so long after a reject before it is quoted again.
REJECT_HOLD = 250_000_000
#: Cancels of, and questions about, orders whose fate is not known are repeated after this.
RETRY_UNKNOWN = 1_000_000_000
#: No fee of one fill is greater (in its asset): such a text is damage.
MAX_FEE = Decimal(10**9)
#: Keys of booked fills that are remembered, so that none is booked twice.
FILL_MEMORY = 100_000


def fee_atoms(text: str) -> int:
    """Decimal text of money in atoms; ArithmeticError or ValueError when it is no sane number."""
    fee = Decimal(text)
    if not abs(fee) < MAX_FEE:  # NaN compares false
        raise ValueError(text)
    return int(fee * ATOMS)


class OrderSide:
    """Orders of the engine that owns it."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.tracker = engine.tracker
        self.accounts = engine.accounts
        self.quoters = engine.quoters
        self.booked: dict[tuple[int, str, int], None] = {}
        self.reject_until = [0] * len(engine.quoters)
        self.absences: dict[tuple[int, int], set[int]] = {}
        self.asked = [0] * len(engine.setup.venues)  # when a venue was last asked about UNKNOWN orders

    def place(
        self, i: int, side: int, px: int, lots: int, tif: str, purpose: str, level: int, reduce_only: bool = False
    ) -> str:
        """The one egress of new orders: "" when it has left, else why it may not."""
        limits = self.engine.setup.limits
        if purpose == "quote":
            major = self.engine.setup.instruments[i].instrument.major
            collar = limits.collar_major_bps if major else limits.collar_other_bps
            reference = self.accounts[i].references.last()
            for other in self.tracker.open.values():
                if other.i == i and other.side == -side and side * px >= side * other.px:
                    return "own order across"
        elif purpose in ("flatten", "close"):
            collar, reference = self.engine.tasks.collar(i)
        else:
            collar, reference = limits.collar_manual_bps, self.accounts[i].references.last()
        state = self.engine.lattice.effective(i)
        why = self.engine.gate.check(i, side, px, lots, purpose, state, self.engine.ts, reference, collar)
        if why:
            return why
        effect = PlaceOrder(i, self.tracker.next_oid, side, px, lots, tif, reduce_only, purpose, level)
        self.tracker.next_oid += 1
        order = self.tracker.add(effect, self.engine.ts)
        if purpose == "quote":
            self.quoters[i].slots[side][level] = order
        self.engine.gate.count(self.engine.venue_of[i], self.engine.ts)
        self.engine.out.append(effect)
        return ""

    def cancel(self, order: Order) -> None:
        """Ask for a cancel; it counts as live until the venue says otherwise. UNKNOWN: once a second."""
        unknown = order.state is State.UNKNOWN and self.engine.ts - order.cancel_ts >= RETRY_UNKNOWN
        if unknown or order.state in (State.SENT, State.LIVE):
            self.tracker.apply(order, Fact.CANCEL_SENT)
            order.cancel_ts = self.engine.ts
            self.engine.gate.count(self.engine.venue_of[order.i], self.engine.ts)
            self.engine.out.append(CancelOrder(order.i, order.oid))

    def pull(self, i: int) -> None:
        """Cancel the quotes of an instrument."""
        for order in self.tracker.of(i):
            if order.purpose == "quote":
                self.cancel(order)

    def accepted(self, event: ev.OrderAccepted) -> None:
        order = self.tracker.get(event.oid)
        if order is None:
            return
        self._alive_after_all(order)
        self.tracker.apply(order, Fact.ACCEPTED)
        order.live_ts = event.ts
        order.ahead = event.ahead
        order.venue_order_id = event.venue_order_id

    def rejected(self, event: ev.OrderRejected) -> None:
        order = self.tracker.get(event.oid)
        if order is None:
            return
        if self.tracker.apply(order, Fact.REJECTED):
            self.reject_until[event.i] = event.ts + REJECT_HOLD
            self.ended(order)
            self.engine.alert("warn", "reject", f"{self.engine.name(event.i)}: order rejected: {event.reason}", event.i)

    def cancelled(self, event: ev.OrderCancelled) -> None:
        order = self.tracker.get(event.oid)
        if order is None:
            return
        if self.tracker.apply(order, Fact.CANCELLED):
            if event.reason not in ("requested", "ioc"):
                self.engine.alert(
                    "warn",
                    "cancelled",
                    f"{self.engine.name(event.i)}: order {event.oid} cancelled {event.reason}",
                    event.i,
                )
            self.ended(order)

    def cancel_rejected(self, event: ev.CancelRejected) -> None:
        """ "Unknown order" is no proof of absence: ask two endpoints."""
        order = self.tracker.get(event.oid)
        if order is not None and order.open:
            self.tracker.apply(order, Fact.CANCEL_REJECTED)
            if order.state is State.UNKNOWN:
                self.ask(self.engine.venue_of[event.i])

    def unknown(self, event: ev.OrderUnknown) -> None:
        order = self.tracker.get(event.oid)
        if order is not None and order.open:
            self.tracker.apply(order, Fact.UNKNOWN)
            self.engine.version += 1
            self.engine.alert(
                "danger", "unknown", f"{self.engine.name(event.i)}: order {event.oid} UNKNOWN: {event.why}", event.i
            )
            self.engine.tasks.abort("an order is UNKNOWN", [self.engine.setup.instruments[event.i].instrument.base])
            self.ask(self.engine.venue_of[event.i])

    def ask(self, v: int) -> None:
        """Query the open orders of a venue by both endpoints."""
        self.engine.sweeper.queries += 1
        query = self.engine.sweeper.queries
        self.asked[v] = self.engine.ts
        self.absences[(v, query)] = set()
        while len(self.absences) > 64:
            del self.absences[next(iter(self.absences))]
        for endpoint in (1, 2):
            self.engine.out.append(QueryOpenOrders(v, query, endpoint))

    def open_orders(self, event: ev.OpenOrders) -> None:
        for order in self.engine.sweeper.answer(event.v, event.query, event.endpoint, event.oids, event.ts):
            self.ended(order)
        said = self.absences.get((event.v, event.query))
        if said is not None:
            said.add(event.endpoint)
            named = set(event.oids)
            for oid in event.oids:
                order_named = self.tracker.get(oid)
                if order_named is not None:
                    self._alive_after_all(order_named)
                    self.tracker.apply(order_named, Fact.SEEN)
            if said >= {1, 2}:
                del self.absences[(event.v, event.query)]
                for order in list(self.tracker.open.values()):
                    asked = self.engine.venue_of[order.i] == event.v and order.oid not in named
                    unknown = asked and order.state is State.UNKNOWN and order.absence_proves(event.ts)
                    if unknown and self.tracker.apply(order, Fact.ABSENT):
                        self.ended(order)
        self.engine.sweeps()

    def _alive_after_all(self, order: Order) -> None:
        """Absence is weaker evidence than the venue's own word: an order that turns up again is live, and goes."""
        if self.tracker.reopen(order):
            self.engine.alert(
                "danger", "unknown", f"{self.engine.name(order.i)}: order {order.oid} lives after all", order.i
            )
            self.tracker.apply(order, Fact.SEEN)
            self.cancel(order)

    def cancel_all_done(self, event: ev.CancelAllDone) -> None:
        self.engine.sweeper.acknowledged(event.v, event.query, event.ts)

    def queue(self, event: ev.QueueUpdate) -> None:
        for oid, ahead in zip(event.oids, event.ahead, strict=True):
            order = self.tracker.open.get(oid)
            if order is not None:
                order.ahead = ahead

    def ended(self, order: Order) -> None:
        """An order is proven gone: its rung, its task, its sweep."""
        if order.purpose == "quote":
            self.quoters[order.i].clear_slot(order)
            self.engine.market.requote(order.i)
        else:
            self.engine.tasks.ended(order)

    def fill(self, event: ev.Fill) -> None:
        key = (event.i, event.trade_id, event.side)
        if key in self.booked:
            return
        self.booked[key] = None
        if len(self.booked) > FILL_MEMORY:
            del self.booked[next(iter(self.booked))]
        i = event.i
        order = self.tracker.get(event.oid)
        account = self.accounts[i]
        self.engine.ledger.mark(i)
        if not account.rate:
            account.rate = self.engine.ledger.rate(i)
        try:
            fee = fee_atoms(event.fee)
        except (ArithmeticError, ValueError):
            fee = 0
            self.engine.alert(
                "danger", "fill", f"{self.engine.name(i)}: fill {event.trade_id} has an unreadable fee {event.fee!r}", i
            )
        purpose = order.purpose if order is not None else "manual"
        account.fill(event.side, event.px, event.sz, event.ts_event, fee, purpose)
        self.engine.ledger.mark(i)
        if order is None:
            self.engine.broken(i, f"fill {event.trade_id} of an order that is not ours")
            return
        ended = self.tracker.fill(order, event.sz)
        if self.tracker.overfilled(order):
            self.engine.broken(i, f"order {order.oid} overfilled: {order.filled} of {order.sz} lots")
        self.engine.version += 1
        if ended:
            self.ended(order)
        else:
            self.engine.market.requote(i)

    def watch(self, ts: int) -> None:
        for order in list(self.tracker.open.values()):
            sent = order.cancel_ts if order.state is State.CANCELLING else order.sent_ts
            if order.state in (State.SENT, State.CANCELLING) and ts - sent > SILENCE:
                self.unknown(ev.OrderUnknown(ts, order.i, order.oid, "no answer for 5 s"))
            elif order.state is State.UNKNOWN and ts - self.asked[self.engine.venue_of[order.i]] >= RETRY_UNKNOWN:
                self.ask(self.engine.venue_of[order.i])
            self._unwanted(order)

    def _unwanted(self, order: Order) -> None:
        """A quote that came to light after its instrument had been pulled is pulled too."""
        quoter = self.quoters[order.i]
        if order.purpose != "quote" or quoter.active or order.state not in (State.LIVE, State.UNKNOWN):
            return
        if self.engine.protections.reasons[order.i] or not self.engine.acts.drains(
            order.i, self.engine.lattice.effective(order.i)
        ):
            self.cancel(order)
