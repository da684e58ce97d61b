"""Own orders: the one egress of new ones, cancels, and what the venues say about them.

Rules of this file: every order leaves through `place`, every cancel through `cancel` (and the sweeps of a kill); what a
venue says is applied by the order table, never guessed.
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from mmtui.core import events as ev
from mmtui.core.effects import CancelOrder, PlaceOrder, QueryOpenOrders
from mmtui.core.ledger.keys import Keys
from mmtui.core.market.instrument import ATOMS
from mmtui.core.orders.amending import Amends
from mmtui.core.orders.reconcile import LISTED
from mmtui.core.orders.table import RESTING, Fact, State
from mmtui.core.orders.tracker import Order
from mmtui.core.risk.references import doubtful

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


def fee_atoms(text: str) -> int:
    """Decimal text of money in atoms; ArithmeticError or ValueError when it is no sane number."""
    fee = Decimal(text)
    if not abs(fee) < MAX_FEE:  # NaN compares false
        raise ValueError(text)
    return int(fee * ATOMS)


def _since(order: Order) -> int:
    """When the request left that an order waits for the answer to."""
    if order.state is State.CANCELLING:
        return order.cancel_ts
    return order.sent_ts if order.state is State.SENT or order.amend is None else order.amend.ts


class Question:
    """A question about open orders that is under way."""

    __slots__ = ("asked", "named", "needs")

    def __init__(self, asked: int, needs: tuple[str, ...]) -> None:
        self.asked = asked
        self.needs = list(needs)  # parts that are not in yet: endpoint 1, endpoint 2, fills
        self.named: dict[int, None] = {}


class OrderSide:
    """Orders of the engine that owns it."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.tracker = engine.tracker
        self.accounts = engine.accounts
        self.quoters = engine.quoters
        self.booked: list[Keys[tuple[str, int]]] = [Keys() for _ in engine.quoters]
        self.moves: list[Keys[tuple[str, str]]] = [Keys() for _ in engine.setup.venues]
        self.reject_until = [0] * len(engine.quoters)
        self.absences: dict[tuple[int, int], Question] = {}
        self.asked = [0] * len(engine.setup.venues)  # when a venue was last asked about UNKNOWN orders
        self.amends = Amends(engine, self)

    def place(
        self, i: int, side: int, px: int, lots: int, tif: str, purpose: str, level: int, reduce_only: bool = False
    ) -> str:
        """The one egress of new orders: "" when it has left, else why it may not."""
        if self.engine.oid_limit and self.tracker.next_oid >= self.engine.oid_limit:
            return "no order ids reserved"
        if purpose == "quote":
            collar, reference = self.collar(i), self.accounts[i].references.last()
            if self.across(i, side, px):
                return "own order across"
            if doubtful(self.engine, i, px, collar, reference):
                return "references disagree"
        elif purpose in ("flatten", "close", "roll"):
            collar, reference = self.engine.tasks.collar(i)
        elif purpose == "hedge":
            collar, reference = self.engine.hedger.collar(i)
        else:
            collar, reference = self.engine.setup.limits.collar_manual_bps, self.accounts[i].references.last()
        state = self.engine.lattice.effective(i)
        why = self.engine.gate.check(i, side, px, lots, purpose, state, self.engine.ts, reference, collar)
        if why:
            return why
        effect = PlaceOrder(i, self.tracker.next_oid, side, px, lots, tif, reduce_only, purpose, level)
        self.tracker.next_oid += 1
        order = self.tracker.add(effect, self.engine.ts)
        self.engine.earn.sent(order)
        if purpose == "quote":
            self.quoters[i].slots[side][level] = order
        self.engine.gate.count(self.engine.venue_of[i], self.engine.ts)
        self.engine.out.append(effect)
        return ""

    def collar(self, i: int) -> float:
        """The price collar of quotes, bps of the reference."""
        limits, major = self.engine.setup.limits, self.engine.setup.instruments[i].instrument.major
        return limits.collar_major_bps if major else limits.collar_other_bps

    def across(self, i: int, side: int, px: int) -> bool:
        """Whether an own order of the other side may stand where one at this price would meet it."""
        for other in self.tracker.open.values():
            if other.i == i and other.side == -side and side * px >= side * other.reach:
                return True
        return False

    def hold(self, i: int) -> None:
        """After a reject a side waits before it is quoted again."""
        self.reject_until[i] = self.engine.ts + REJECT_HOLD

    def cancel(self, order: Order) -> None:
        """Ask for a cancel; it counts as live until the venue says otherwise. UNKNOWN: once a second."""
        unknown = order.state is State.UNKNOWN and self.engine.ts - order.cancel_ts >= RETRY_UNKNOWN
        if unknown or order.state in (State.SENT, State.LIVE, State.AMENDING):
            self.tracker.apply(order, Fact.CANCEL_SENT)
            order.cancel_ts = self.engine.ts
            self.engine.gate.count(self.engine.venue_of[order.i], self.engine.ts)
            self.engine.earn.touched(order)
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
        if order.absent:  # the venue's own word is stronger than its silence
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
            self.hold(event.i)
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
                self.question(self.engine.venue_of[event.i])

    def unknown(self, event: ev.OrderUnknown) -> None:
        order = self.tracker.get(event.oid)
        if order is not None and order.open:
            self.lost(order, event.why)
            self.question(self.engine.venue_of[event.i])

    def lost(self, order: Order, why: str) -> None:
        """The fate of an order is not known: it counts as live, and tasks of its asset stop."""
        i = order.i
        self.tracker.apply(order, Fact.UNKNOWN)
        self.engine.version += 1
        self.engine.alert("danger", "unknown", f"{self.engine.name(i)}: order {order.oid} UNKNOWN: {why}", i)
        self.engine.tasks.abort("an order is UNKNOWN", [self.engine.setup.instruments[i].instrument.base])

    def doubts(self, v: int) -> bool:
        """Whether the fate of an order of a venue is not known."""
        venue_of = self.engine.venue_of
        return any(o.state is State.UNKNOWN and venue_of[o.i] == v for o in self.tracker.open.values())

    def question(self, v: int) -> None:
        """Something about a venue's orders is to be found out: a live desk looks at the fills as well."""
        if self.engine.reconcile.live:
            self.engine.reconcile.wanted(v)
        else:
            self.ask(v, needs=("1", "2"))

    def ask(self, v: int, needs: tuple[str, ...]) -> int:
        """Query the open orders of a venue by both endpoints; the number of the question."""
        self.engine.sweeper.queries += 1
        query = self.engine.sweeper.queries
        self.asked[v] = self.engine.ts
        self.absences[(v, query)] = Question(self.engine.ts, needs)
        while len(self.absences) > 64:
            del self.absences[next(iter(self.absences))]
        for endpoint in (1, 2):
            self.engine.out.append(QueryOpenOrders(v, query, endpoint))
        return query

    def open_orders(self, event: ev.OpenOrders) -> None:
        for order in self.engine.sweeper.answer(event.v, event.query, event.endpoint, event.oids, event.ts):
            self.ended(order)
        question = self.absences.get((event.v, event.query))
        if question is not None:
            for oid in event.oids:
                question.named[oid] = None
                order_named = self.tracker.get(oid)
                if order_named is not None:
                    self.amends.proven(order_named, question.asked)
                    if order_named.absent or question.asked - order_named.done_ts > LISTED:
                        self._alive_after_all(order_named)
                    self.tracker.apply(order_named, Fact.SEEN)
            self.part(event.v, event.query, str(event.endpoint))
        self.engine.reconcile.answered(event.v, event.query, str(event.endpoint))
        self.engine.sweeps()

    def part(self, v: int, query: int, what: str) -> None:
        """One part of the answer to a question is in; with the last, silence about an order is evidence."""
        question = self.absences.get((v, query))
        if question is None or what not in question.needs:
            return
        question.needs.remove(what)
        if question.needs:
            return
        del self.absences[(v, query)]
        for order in list(self.tracker.open.values()):
            if self.engine.venue_of[order.i] != v or order.oid in question.named:
                continue
            if order.state is State.UNKNOWN and self.tracker.absence_proves(order, question.asked):
                if self.tracker.apply(order, Fact.ABSENT):
                    self.ended(order)
            elif order.state is State.LIVE and question.asked - order.live_ts > LISTED:
                self.lost(order, "the venue does not list it")

    def found(self, event: ev.OrderFound) -> None:
        """An order with an id of ours that is not known here: its record went with a power loss, or it is not ours."""
        known = self.tracker.get(event.oid)
        if known is not None:
            self.amends.listed(known, event)
            return
        engine, i = self.engine, event.i
        if event.oid >= self.tracker.next_oid:
            engine.broken(i, f"order {event.oid} has an id that we never used: another engine trades this account")
            return
        effect = PlaceOrder(i, event.oid, event.side, event.px, event.sz, "GTC", False, "found", 0)
        order = Order(effect, event.ts)
        order.state, order.live_ts, order.venue_order_id = State.LIVE, event.ts, event.venue_order_id
        self.tracker.adopt(order)
        engine.alert("danger", "unknown", f"{engine.name(i)}: order {event.oid} found at the venue: cancelled", i)
        self.cancel(order)

    def _alive_after_all(self, order: Order) -> None:
        """An order that turns up again after it was taken for gone is live, and goes."""
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
        order.done_ts = self.engine.ts
        if order.purpose == "quote":
            self.quoters[order.i].clear_slot(order)
            self.engine.market.requote(order.i)
        else:
            self.engine.tasks.ended(order)
            self.engine.hedger.ended(order)
            self.engine.tickets.ended(order)

    def fill(self, event: ev.Fill) -> None:
        i = event.i
        if not self._new(event):
            return
        order = self.tracker.get(event.oid)
        account = self.accounts[i]
        self.engine.reconcile.booked(event)
        self.engine.ledger.mark(i)
        if not account.rate:
            account.convert(self.engine.ledger.rate(i))
        fee = self.money(i, event.fee, f"fill {event.trade_id}")
        purpose = order.purpose if order is not None else "manual"
        level = order.level if order is not None else 0
        account.fill(event.side, event.px, event.sz, event.ts_event, fee, purpose, level)
        if purpose == "quote":
            self.engine.market.ladders.filled(event)
        pricing = self.quoters[i].pricing
        if pricing is not None and event.maker:  # where the feed has not shown the trade
            pricing.observe(event.ts_event, -event.side, event.px, account.references.before(event.ts_event))
        self.engine.ledger.mark(i)
        if order is None:
            if not 0 < event.oid < self.tracker.next_oid:
                self.engine.broken(i, f"fill {event.trade_id} of an order that is not ours")
            else:  # finished long ago, or its record went with a power loss
                self.engine.alert("danger", "fill", f"{self.engine.name(i)}: late fill of order {event.oid}", i)
                self.engine.market.requote(i)
            return
        ended = self.tracker.fill(order, event.sz)
        self.engine.earn.filled(order, event.sz)
        if event.maker and self.engine.obligations.meters:
            self.engine.earn.incentives.traded(self.engine, event)
        if self.tracker.overfilled(order):
            self.overfilled(order)
        self.engine.version += 1
        if ended:
            self.ended(order)
        else:
            self.engine.market.requote(i)
        if self.engine.hedger.assets:
            self.engine.hedger.filled(i)
        if purpose == "quote" and (repeats := self.engine.repeats) is not None:
            repeats.filled(self.engine, i, event.side)

    def overfilled(self, order: Order) -> None:
        self.engine.broken(order.i, f"order {order.oid} overfilled: {order.filled} of {order.most} lots")

    def _new(self, event: ev.Fill) -> bool:
        """Whether a fill is to be booked: once an instrument and trade id, whatever is sent again."""
        if event.ts_event < self.engine.reconcile.opened:
            return False  # of another session, and in the position that this one began with
        keys, key = self.booked[event.i], (event.trade_id, event.side)
        if keys.first(key, event.ts_event):
            return True
        if not keys.has(key):
            text = f"{self.engine.name(event.i)}: fill {event.trade_id} is older than what is remembered: not booked"
            self.engine.alert("danger", "fill", text, event.i)
        return False

    def money(self, i: int, text: str, what: str) -> int:
        """Decimal text of money in atoms; what cannot be read is said, and counts as nothing."""
        try:
            return fee_atoms(text)
        except (ArithmeticError, ValueError):
            name = self.engine.name(i)
            self.engine.alert("danger", "fill", f"{name}: {what} has an unreadable fee {text!r}", i)
            return 0

    def watch(self, ts: int) -> None:
        for order in list(self.tracker.open.values()):
            if order.state in (State.SENT, State.CANCELLING, State.AMENDING) and ts - _since(order) > SILENCE:
                self.lost(order, "no answer for 5 s")
                self.question(self.engine.venue_of[order.i])
            elif order.state is State.UNKNOWN and ts - self.asked[self.engine.venue_of[order.i]] >= RETRY_UNKNOWN:
                self.question(self.engine.venue_of[order.i])
            self._unwanted(order)

    def _unwanted(self, order: Order) -> None:
        """What came to light after its instrument had been pulled, or after who had sent it had let it go, goes too."""
        if order.state not in RESTING and order.state is not State.UNKNOWN:
            return
        i, engine = order.i, self.engine
        quoter, state = self.quoters[i], engine.lattice.effective(i)
        if order.purpose != "quote":
            unwanted = engine.tickets.unwanted(order, state) or not self._owned(order)
        elif quoter.active:
            stays = quoter.hanging is not None and order in quoter.hanging.orders
            unwanted = order not in quoter.slots[order.side] and not stays
        else:
            unwanted = bool(engine.protections.reasons[i]) or not engine.acts.drains(i, state)
        if unwanted:
            self.cancel(order)

    def _owned(self, order: Order) -> bool:
        """Whether somebody still wants an order that is no quote: a ticket is the operator's, an IOC ends by itself."""
        if order.purpose == "hedge":
            return any(hedge.oid == order.oid for hedge in self.engine.hedger.assets.values())
        if order.purpose == "roll":
            return any(task.oid == order.oid for task in self.engine.tasks.running.values())
        return order.purpose != "found"
