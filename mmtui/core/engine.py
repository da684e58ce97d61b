"""The engine: one pure state machine that composes books, quoting, orders, risk and ledger.

`process(event) -> effects`, in one order, with time as a field of the event.  Handlers of market and order events stand
here; the operator's acts in acts.py, tasks in taskrun.py, kill in risk/sweep.py.

Rules of this file: no clock, no randomness, no I/O; every order leaves through `place`, every cancel through `cancel`.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from decimal import Decimal
from hashlib import blake2b
from typing import Any

import msgspec

from mmtui.core import events as ev
from mmtui.core.acts import Acts
from mmtui.core.effects import Alert, CancelOrder, Effect, Latch, PlaceOrder, QueryOpenOrders, Shutdown, Wake
from mmtui.core.ledger.ledger import Ledger
from mmtui.core.market.book import OrderBook
from mmtui.core.market.instrument import ATOMS
from mmtui.core.orders.table import Fact, State
from mmtui.core.orders.tracker import Order, Tracker
from mmtui.core.quoting.model import fair_value
from mmtui.core.quoting.quoter import Quoter
from mmtui.core.risk.gate import Gate
from mmtui.core.risk.protections import Protections
from mmtui.core.risk.states import LATCHED, Desk, Lattice
from mmtui.core.risk.sweep import Sweeper
from mmtui.core.risk.watch import Watch
from mmtui.core.setup import DeskSetup
from mmtui.core.taskrun import TaskRunner

#: The engine wakes itself on this grid: ages, markouts, minimum lives and retries need no finer one.
BEAT = 100_000_000
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


class Engine:
    """A desk. Public attributes are for reading (frames, reports); only `process` changes them."""

    def __init__(self, setup: DeskSetup) -> None:
        count = len(setup.instruments)
        self.setup = setup
        self.ts = 0
        self.version = 1
        self.lattice_version = 1  # version at the last change of state: older de-escalations are stale
        self.epoch = 0
        self.kill_epoch = 0
        self.ended = False
        self.venue_of = [setup.venues.index(item.instrument.venue) for item in setup.instruments]
        self.books = [OrderBook() for _ in range(count)]
        self.prints: list[deque[tuple[int, int, int, int]]] = [deque(maxlen=64) for _ in range(count)]
        self.marks: list[ev.MarkPrice | None] = [None] * count
        self.funded = [0] * count
        self.damaged: dict[str, int] = {}
        self.ledger = Ledger(setup)
        self.accounts = self.ledger.accounts
        self.tracker = Tracker(count)
        self.quoters = [Quoter(i, item) for i, item in enumerate(setup.instruments)]
        self.lattice = Lattice(len(setup.venues), count, self.venue_of)
        self.gate = Gate(setup, self.ledger, self.tracker, [q.limit for q in self.quoters])
        self.sources = [-1] * count
        self.dependents: list[list[int]] = [[] for _ in range(count)]
        self.protections = Protections(setup, self.books, self.sources)
        self.sweeper = Sweeper(self.tracker, self.venue_of)
        self.watch = Watch(setup)
        self.booked: dict[tuple[int, str, int], None] = {}
        self.alerts: deque[Alert] = deque(maxlen=200)
        self.reject_until = [0] * count
        self.absences: dict[tuple[int, int], set[int]] = {}
        self.asked = [0] * len(setup.venues)  # when a venue was last asked about UNKNOWN orders
        self.out: list[Effect] = []
        self.tasks = TaskRunner(self)
        self.acts = Acts(self)
        self.link_sources()
        self._handlers: dict[type, Callable[[Any], None]] = {
            ev.BestQuote: self._best_quote,
            ev.BookDelta: self._delta,
            ev.Trade: self._trade,
            ev.Timer: self._timer,
            ev.BookSnapshot: self._snapshot,
            ev.BookGap: self._gap,
            ev.MarkPrice: self._mark_price,
            ev.Liquidation: self._alive,
            ev.FeedStatus: self._feed_status,
            ev.SourceEnded: self._source_ended,
            ev.Damage: self._damage,
            ev.GridRefined: self._refined,
            ev.Heartbeat: self._heartbeat,
            ev.OrderAccepted: self._accepted,
            ev.OrderRejected: self._rejected,
            ev.OrderCancelled: self._cancelled,
            ev.CancelRejected: self._cancel_rejected,
            ev.Fill: self._fill,
            ev.OpenOrders: self._open_orders,
            ev.OrderUnknown: self._unknown,
            ev.CancelAllDone: self._cancel_all_done,
            ev.QueueUpdate: self._queue,
            ev.Command: self.acts.command,
            ev.HostStarted: self._started,
            ev.HostStopped: self._stopped,
        }

    def process(self, event: ev.Event) -> list[Effect]:
        """Take one event in; the effects that it causes, in order."""
        self.ts = event.ts
        out: list[Effect] = []
        self.out = out
        self._handlers[event.__class__](event)
        return out

    # ------------------------------------------------------------ market data

    def _best_quote(self, event: ev.BestQuote) -> None:
        i = event.i
        book = self.books[i]
        book.messages += 1
        book.best_quote(event)
        self._moved(i, event.ts, book)

    def _delta(self, event: ev.BookDelta) -> None:
        i = event.i
        book = self.books[i]
        if event.seq > book.high_seq:  # an update that is replayed onto a snapshot was counted when it came
            book.high_seq = event.seq
            book.messages += 1
        book.delta(event)
        self._moved(i, event.ts, book)

    def _snapshot(self, event: ev.BookSnapshot) -> None:
        i = event.i
        book = self.books[i]
        book.messages += 1
        book.snapshot(event)
        self._moved(i, event.ts, book)

    def _trade(self, event: ev.Trade) -> None:
        i = event.i
        self.books[i].messages += 1
        self.prints[i].append((event.ts, event.px, event.sz, event.side))
        self.protections.seen[i] = event.ts

    def _moved(self, i: int, ts: int, book: OrderBook) -> None:
        """The touch of a book may have moved: reference, volatility, quotes."""
        self.protections.seen[i] = ts
        bid, ask = book.bid, book.ask
        quoter = self.quoters[i]
        if not (book.valid and 0 < bid < ask):
            if quoter.active:
                self.trip(i, self.protections.condition(i, ts) or "bad book")
            else:
                self.protections.good_since[i] = 0
            return
        references = self.accounts[i].references
        mid2 = bid + ask
        if not references.mids or references.mids[-1] != mid2:
            references.note(ts, mid2)
            quoter.volatility.note(ts, mid2)
        if quoter.active:
            self._quote(quoter, ts, book)
        elif not self.protections.ready[i] and self.protections.lift(i, ts):
            self.protections.ready[i] = True
            self.activate(i)
        for j in self.dependents[i]:
            follower = self.quoters[j]
            if follower.active and self.books[j].quotable:
                self._quote(follower, ts, self.books[j])

    def _gap(self, event: ev.BookGap) -> None:
        book = self.books[event.i]
        book.gaps += 1
        book.invalidate("gap")
        self.protections.seen[event.i] = event.ts
        text = f"sequence gap: expected {event.expected}, got {event.got} ({event.why})"
        self.alert("warn", "gap", text, event.i)
        if not self.protections.reasons[event.i]:
            self.trip(event.i, "gap")
        else:
            self.protections.again(event.i, "gap")

    def _mark_price(self, event: ev.MarkPrice) -> None:
        self.books[event.i].messages += 1
        last = self.marks[event.i]
        if last is not None and event.next_funding > last.next_funding:
            self._settle(event.i, last)  # the new period came before our timer did
        self.marks[event.i] = event
        self.protections.seen[event.i] = event.ts

    def _alive(self, event: ev.Liquidation) -> None:
        self.books[event.i].messages += 1
        self.protections.seen[event.i] = event.ts

    def _heartbeat(self, event: ev.Heartbeat) -> None:
        for i, v in enumerate(self.venue_of):
            if v == event.v:
                self.protections.seen[i] = event.ts

    def _feed_status(self, event: ev.FeedStatus) -> None:
        self.protections.connected[event.v] = event.connected
        venue = self.setup.venues[event.v]
        if event.connected:
            self.alert("info", "feed", f"{venue} feed up: {event.why}", v=event.v)
            return
        self.alert("warn", "feed", f"{venue} feed down: {event.why}", v=event.v)
        for i, v in enumerate(self.venue_of):
            if v == event.v:
                self.books[i].invalidate("feed down")
                if not self.protections.reasons[i]:
                    self.trip(i, "feed down")
                else:
                    self.protections.again(i, "feed down")

    def _source_ended(self, event: ev.SourceEnded) -> None:
        self.ended = True
        if self.lattice.desk < Desk.PAUSED:
            self.set_state(-1, -1, Desk.PAUSED, "SOURCE ENDED")
        self.alert("warn", "ended", f"SOURCE ENDED: {event.source}")

    def _damage(self, event: ev.Damage) -> None:
        self.damaged[event.source] = event.count
        if event.count <= 3 or event.count % 100 == 0:
            text = f"{event.source}: line {event.line}: {event.what} (damaged so far: {event.count})"
            self.alert("warn", "damage", text)

    def _refined(self, event: ev.GridRefined) -> None:
        """A finer tick or lot: everything that counts in ticks or lots is multiplied, nothing changes its worth."""
        i, px, sz = event.i, event.px_factor, event.sz_factor
        instrument = msgspec.structs.replace(self.accounts[i].instrument, tick=event.tick, lot=event.lot)
        self.books[i].rescale(px, sz)
        self.prints[i] = deque(((t, p * px, q * sz, s) for t, p, q, s in self.prints[i]), maxlen=64)
        self.tracker.rescale(i, px, sz)
        self.accounts[i].rescale(instrument, px, sz)
        self.quoters[i].rescale(self.accounts[i].grid, px, sz)
        self.gate.position_limits[i] = self.quoters[i].limit
        self.gate.baselines[i] *= sz
        self.tasks.rescale(i, px)
        self.ledger.regrid()
        self.version += 1

    # ------------------------------------------------------------ quoting

    def _quote(self, quoter: Quoter, ts: int, book: OrderBook) -> None:
        """The hot path: fair value, prices, and only if they changed the ladder."""
        bid, ask = book.bid, book.ask
        if quoter.micro:
            bid_sz, ask_sz = book.bid_sz, book.ask_sz
            fair = (bid * ask_sz + ask * bid_sz) / (bid_sz + ask_sz)
        else:
            source = self.sources[quoter.i]
            fair = fair_value(book, quoter.params, self._other(quoter.i, source) if source >= 0 else 0.0)
            if fair <= 0:
                return
        # below a small part of the tolerance a move of fair value cannot move an order
        if (
            not quoter.dirty
            and -quoter.deaf < fair - quoter.fair < quoter.deaf
            and bid == quoter.bid
            and ask == quoter.ask
        ):
            return
        if quoter.reprice(bid, ask, fair, self.accounts[quoter.i].position):
            self._ladder(quoter, ts)

    def _other(self, i: int, source: int) -> float:
        """Mid of the fair source in ticks of instrument i; 0.0 when it has none."""
        book = self.books[source]
        return book.mid2() / 2 * float(self.accounts[source].grid.tick) / float(self.accounts[i].grid.tick)

    def _ladder(self, quoter: Quoter, ts: int) -> None:
        """Bring the orders of both sides to the wanted prices and sizes."""
        i = quoter.i
        position = self.accounts[i].position
        quoter.resize(position, ts, 0)
        quoter.dirty = False
        for side in (1, -1):
            want = quoter.want[0] if side > 0 else quoter.want[1]
            sizes = quoter.sizes[side]
            held = quoter.hold[side] > ts
            reason = f"cancelled by {quoter.hold_by[side]}" if held else ""
            waiting = False
            slots = quoter.slots[side]
            for k, order in enumerate(slots):
                px, sz = (want[k], sizes[k]) if k < len(want) and not held else (0, 0)
                if order is not None:
                    keep = quoter.keep(order, px, sz, ts)
                    waiting = waiting or keep is not False
                    if keep is False:
                        self.cancel(order)
                    continue
                if sz <= 0:
                    reason = reason or self._no_size(quoter, side, position)
                elif ts >= self.reject_until[i]:
                    tif = "GTX" if quoter.params.post_only else "GTC"
                    why = self.place(i, side, px, sz, tif, "quote", k)
                    if why:
                        reason = reason or why
                    else:
                        waiting = True
                else:
                    reason = reason or "after a reject"
            quoter.reasons[side] = "" if waiting else reason or "between orders"

    def _no_size(self, quoter: Quoter, side: int, position: int) -> str:
        if quoter.reduce_mode and side * position >= 0:
            return "REDUCE"
        room = quoter.limit - side * position
        return "position limit" if room <= 0 else "size below one lot"

    def requote(self, i: int) -> None:
        """Decide again, whatever the book did: parameters, position, orders or state have changed."""
        quoter, book = self.quoters[i], self.books[i]
        if quoter.active and book.quotable:
            quoter.dirty = True
            self._quote(quoter, self.ts, book)

    def place(
        self, i: int, side: int, px: int, lots: int, tif: str, purpose: str, level: int, reduce_only: bool = False
    ) -> str:
        """The one egress of new orders: "" when it has left, else why it may not."""
        limits = self.setup.limits
        if purpose == "quote":
            major = self.setup.instruments[i].instrument.major
            collar = limits.collar_major_bps if major else limits.collar_other_bps
            reference = self.accounts[i].references.last()
            for other in self.tracker.open.values():
                if other.i == i and other.side == -side and side * px >= side * other.px:
                    return "own order across"
        elif purpose in ("flatten", "close"):
            collar, reference = self.tasks.collar(i)
        else:
            collar, reference = limits.collar_manual_bps, self.accounts[i].references.last()
        state = self.lattice.effective(i)
        why = self.gate.check(i, side, px, lots, purpose, state, self.ts, reference, collar)
        if why:
            return why
        effect = PlaceOrder(i, self.tracker.next_oid, side, px, lots, tif, reduce_only, purpose, level)
        self.tracker.next_oid += 1
        order = self.tracker.add(effect, self.ts)
        if purpose == "quote":
            self.quoters[i].slots[side][level] = order
        self.gate.count(self.venue_of[i], self.ts)
        self.out.append(effect)
        return ""

    def cancel(self, order: Order) -> None:
        """Ask for a cancel; it counts as live until the venue says otherwise. UNKNOWN: once a second."""
        unknown = order.state is State.UNKNOWN and self.ts - order.cancel_ts >= RETRY_UNKNOWN
        if unknown or order.state in (State.SENT, State.LIVE):
            self.tracker.apply(order, Fact.CANCEL_SENT)
            order.cancel_ts = self.ts
            self.gate.count(self.venue_of[order.i], self.ts)
            self.out.append(CancelOrder(order.i, order.oid))

    def pull(self, i: int, side: int = 0) -> None:
        """Cancel the quotes of an instrument, or of one side of it."""
        for order in self.tracker.of(i):
            if order.purpose == "quote" and (not side or order.side == side):
                self.cancel(order)

    # ------------------------------------------------------------ protections and states

    def trip(self, i: int, why: str) -> None:
        """A protection pulls an instrument."""
        ready = self.protections.ready[i]
        too_often = self.protections.trip(i, why, self.ts)
        if ready:
            self.alert("warn", "protection", f"{self.name(i)}: {why}: quotes pulled", i)
        self.activate(i)
        if too_often and self.lattice.instruments[i] < Desk.PAUSED:
            self.set_state(-1, i, Desk.PAUSED, f"{why}: tripped too often")

    def activate(self, i: int) -> None:
        """Recompute whether an instrument may be quoted; pull its quotes when not."""
        quoter = self.quoters[i]
        state = self.lattice.effective(i)
        why = self.protections.reasons[i]
        was = quoter.active
        quoter.active = quoter.enabled and state is Desk.RUNNING and not why
        if quoter.active:
            if not was:
                self.requote(i)
            return
        reason = ("not quoted (config)" if not quoter.enabled else "") or (state.name if state else why)
        quoter.reasons[1] = quoter.reasons[-1] = reason
        quoter.want = ((), ())
        if why or not self.acts.drains(i, state):
            self.pull(i)

    def activate_all(self) -> None:
        for i in range(len(self.quoters)):
            self.activate(i)

    def set_state(self, v: int, i: int, state: Desk, reason: str) -> None:
        """Change the state of one scope; latched states are kept on disk too."""
        before = self.lattice.get(v, i)
        self.lattice.put(v, i, state)
        scope = self.scope(v, i)
        self.lattice.reasons[scope] = reason
        if before is not state:
            if v < 0 and i < 0:
                self.lattice.since = self.ts
            self.version += 1
            self.lattice_version = self.version
        if state in LATCHED:
            self.out.append(Latch(scope, state.name, reason))
        elif before in LATCHED:
            self.out.append(Latch(scope, "", reason))
        if before is not state:
            severity = "danger" if state in LATCHED else "info"
            label = "desk" if scope == "desk" else scope
            self.alert(severity, "state", f"{label} {before.name} -> {state.name}: {reason}", i, v)
        self.activate_all()

    def block(self, v: int, i: int, reason: str) -> None:
        """The first act of a kill: nothing new leaves the scope from here on. No quoting, no view, no arithmetic."""
        before = self.lattice.get(v, i)
        self.lattice.put(v, i, Desk.KILLED)
        scope = self.scope(v, i)
        self.out.append(Latch(scope, "KILLED", reason))
        if before is not Desk.KILLED:
            self.lattice.reasons[scope] = reason
            if scope == "desk":
                self.lattice.since = self.ts
            self.version += 1
            self.lattice_version = self.version
            self.alert("danger", "state", f"{scope} {before.name} -> KILLED: {reason}", i, v)

    def halt(self, i: int, reason: str) -> None:
        """Latch HALTED for an instrument (i >= 0) or the desk."""
        if self.lattice.get(-1, i) < Desk.HALTED:
            self.set_state(-1, i, Desk.HALTED, reason)

    def broken(self, i: int, reason: str) -> None:
        """A break of positions or fills: HALTED, and the one thing that stops a running task by itself."""
        self.halt(i, reason)
        self.tasks.abort(reason, [self.setup.instruments[i].instrument.base])

    def scope(self, v: int, i: int) -> str:
        if i >= 0:
            return f"instrument:{self.setup.instruments[i].instrument.id}"
        return f"venue:{self.setup.venues[v]}" if v >= 0 else "desk"

    def name(self, i: int) -> str:
        return self.setup.instruments[i].instrument.id

    def alert(self, severity: str, code: str, text: str, i: int = -1, v: int = -1) -> None:
        alert = Alert(severity, code, text, i, v)
        self.alerts.append(alert)
        self.out.append(alert)

    def emit(self, effect: Effect) -> None:
        self.out.append(effect)

    # ------------------------------------------------------------ own orders

    def _accepted(self, event: ev.OrderAccepted) -> None:
        order = self.tracker.get(event.oid)
        if order is None:
            return
        self._alive_after_all(order)
        self.tracker.apply(order, Fact.ACCEPTED)
        order.live_ts = event.ts
        order.ahead = event.ahead
        order.venue_order_id = event.venue_order_id

    def _rejected(self, event: ev.OrderRejected) -> None:
        order = self.tracker.get(event.oid)
        if order is None:
            return
        if self.tracker.apply(order, Fact.REJECTED):
            self.reject_until[event.i] = event.ts + REJECT_HOLD
            self._ended(order)
            self.alert("warn", "reject", f"{self.name(event.i)}: order rejected: {event.reason}", event.i)

    def _cancelled(self, event: ev.OrderCancelled) -> None:
        order = self.tracker.get(event.oid)
        if order is None:
            return
        if self.tracker.apply(order, Fact.CANCELLED):
            if event.reason not in ("requested", "ioc"):
                self.alert(
                    "warn", "cancelled", f"{self.name(event.i)}: order {event.oid} cancelled {event.reason}", event.i
                )
            self._ended(order)

    def _cancel_rejected(self, event: ev.CancelRejected) -> None:
        """ "Unknown order" is no proof of absence: ask two endpoints."""
        order = self.tracker.get(event.oid)
        if order is not None and order.open:
            self.tracker.apply(order, Fact.CANCEL_REJECTED)
            if order.state is State.UNKNOWN:
                self.ask(self.venue_of[event.i])

    def _unknown(self, event: ev.OrderUnknown) -> None:
        order = self.tracker.get(event.oid)
        if order is not None and order.open:
            self.tracker.apply(order, Fact.UNKNOWN)
            self.version += 1
            self.alert("danger", "unknown", f"{self.name(event.i)}: order {event.oid} UNKNOWN: {event.why}", event.i)
            self.tasks.abort("an order is UNKNOWN", [self.setup.instruments[event.i].instrument.base])
            self.ask(self.venue_of[event.i])

    def ask(self, v: int) -> None:
        """Query the open orders of a venue by both endpoints."""
        self.sweeper.queries += 1
        query = self.sweeper.queries
        self.asked[v] = self.ts
        self.absences[(v, query)] = set()
        while len(self.absences) > 64:
            del self.absences[next(iter(self.absences))]
        for endpoint in (1, 2):
            self.out.append(QueryOpenOrders(v, query, endpoint))

    def _open_orders(self, event: ev.OpenOrders) -> None:
        for order in self.sweeper.answer(event.v, event.query, event.endpoint, event.oids, event.ts):
            self._ended(order)
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
                    asked = self.venue_of[order.i] == event.v and order.oid not in named
                    unknown = asked and order.state is State.UNKNOWN and order.absence_proves(event.ts)
                    if unknown and self.tracker.apply(order, Fact.ABSENT):
                        self._ended(order)
        self._sweeps()

    def _alive_after_all(self, order: Order) -> None:
        """Absence is weaker evidence than the venue's own word: an order that turns up again is live, and goes."""
        if self.tracker.reopen(order):
            self.alert("danger", "unknown", f"{self.name(order.i)}: order {order.oid} lives after all", order.i)
            self.tracker.apply(order, Fact.SEEN)
            self.cancel(order)

    def _cancel_all_done(self, event: ev.CancelAllDone) -> None:
        self.sweeper.acknowledged(event.v, event.query, event.ts)

    def _queue(self, event: ev.QueueUpdate) -> None:
        for oid, ahead in zip(event.oids, event.ahead, strict=True):
            order = self.tracker.open.get(oid)
            if order is not None:
                order.ahead = ahead

    def _ended(self, order: Order) -> None:
        """An order is proven gone: its rung, its task, its sweep."""
        if order.purpose == "quote":
            self.quoters[order.i].clear_slot(order)
            self.requote(order.i)
        else:
            self.tasks.ended(order)

    def _fill(self, event: ev.Fill) -> None:
        key = (event.i, event.trade_id, event.side)
        if key in self.booked:
            return
        self.booked[key] = None
        if len(self.booked) > FILL_MEMORY:
            del self.booked[next(iter(self.booked))]
        i = event.i
        order = self.tracker.get(event.oid)
        account = self.accounts[i]
        self.ledger.mark(i)
        if not account.rate:
            account.rate = self.ledger.rate(i)
        try:
            fee = fee_atoms(event.fee)
        except (ArithmeticError, ValueError):
            fee = 0
            self.alert(
                "danger", "fill", f"{self.name(i)}: fill {event.trade_id} has an unreadable fee {event.fee!r}", i
            )
        purpose = order.purpose if order is not None else "manual"
        account.fill(event.side, event.px, event.sz, event.ts_event, fee, purpose)
        self.ledger.mark(i)
        if order is None:
            self.broken(i, f"fill {event.trade_id} of an order that is not ours")
            return
        ended = self.tracker.fill(order, event.sz)
        if self.tracker.overfilled(order):
            self.broken(i, f"order {order.oid} overfilled: {order.filled} of {order.sz} lots")
        self.version += 1
        if ended:
            self._ended(order)
        else:
            self.requote(i)

    # ------------------------------------------------------------ time and life

    def _timer(self, event: ev.Timer) -> None:
        ts = event.ts
        self.ledger.mark_all(ts)
        self.watch.losses(self)
        for i in range(len(self.books)):
            self._watch_data(i, ts)
        self._watch_orders(ts)
        self._sweeps()
        self.tasks.step(ts)
        for i, quoter in enumerate(self.quoters):
            self.watch.uptime(self, i, ts)
            if quoter.active:
                self.requote(i)
        self._funding(ts)
        self.out.append(Wake((ts // BEAT + 1) * BEAT))

    def _watch_data(self, i: int, ts: int) -> None:
        protections = self.protections
        if protections.reasons[i]:
            first = not protections.ready[i]
            if protections.lift(i, ts):
                protections.ready[i] = True
                if not first:
                    self.quoters[i].ease_until = ts + protections.ease_ns
                    self.alert("info", "protection", f"{self.name(i)}: data good again, quotes come back", i)
                self.activate(i)
        elif not self.ended:
            why = protections.condition(i, ts)
            if why:
                self.trip(i, why)

    def _watch_orders(self, ts: int) -> None:
        for order in list(self.tracker.open.values()):
            sent = order.cancel_ts if order.state is State.CANCELLING else order.sent_ts
            if order.state in (State.SENT, State.CANCELLING) and ts - sent > SILENCE:
                self._unknown(ev.OrderUnknown(ts, order.i, order.oid, "no answer for 5 s"))
            elif order.state is State.UNKNOWN and ts - self.asked[self.venue_of[order.i]] >= RETRY_UNKNOWN:
                self.ask(self.venue_of[order.i])
            self._unwanted(order)

    def _unwanted(self, order: Order) -> None:
        """A quote that came to light after its instrument had been pulled is pulled too."""
        quoter = self.quoters[order.i]
        if order.purpose != "quote" or quoter.active or order.state not in (State.LIVE, State.UNKNOWN):
            return
        if self.protections.reasons[order.i] or not self.acts.drains(order.i, self.lattice.effective(order.i)):
            self.cancel(order)

    def _sweeps(self) -> None:
        for sweep in self.sweeper.timer(self.ts, self.emit):
            self.version += 1
            self.alert("info", "kill", f"{sweep.kind} of {sweep.scope}: zero open orders, verified")
            if sweep.kind == "shutdown":
                self.out.append(Shutdown(True, "zero open orders, verified"))

    def _funding(self, ts: int) -> None:
        for i, mark in enumerate(self.marks):
            if mark is not None and mark.next_funding <= ts:
                self._settle(i, mark)

    def _settle(self, i: int, mark: ev.MarkPrice) -> None:
        """Pay the funding of the period that ended at `mark.next_funding`, once."""
        if self.funded[i] >= mark.next_funding:
            return
        self.funded[i] = mark.next_funding
        if self.accounts[i].position:
            self.ledger.mark(i)
            self.accounts[i].funding(mark.funding, mark.mark)
            self.alert("info", "funding", f"{self.name(i)}: funding paid", i)

    def _started(self, event: ev.HostStarted) -> None:
        self.epoch = event.epoch
        self.lattice.since = event.ts
        if event.cause == "recovery" and self.lattice.desk < Desk.PAUSED:
            self.set_state(-1, -1, Desk.PAUSED, "restarted after a crash")
        for scope, reason in event.latched.items():
            self.acts.latch(scope, reason)
        self.acts.closing = False
        self.sweeper.forget("shutdown")
        self.tasks.abort("the host was restarted")
        if event.autostart and self.lattice.desk is Desk.PAUSED and event.cause == "start":
            self.set_state(-1, -1, Desk.RUNNING, "autostart")
        self.out.append(Wake((event.ts // BEAT + 1) * BEAT))

    def _stopped(self, event: ev.HostStopped) -> None:
        self.ledger.mark_all(event.ts)

    def link_sources(self) -> None:
        """Who is priced from whom; called again when fair_source changes."""
        self.dependents = [[] for _ in self.quoters]
        for i, quoter in enumerate(self.quoters):
            params = quoter.params
            self.sources[i] = self.setup.index(params.fair_source) if params.fair_value == "other" else -1
            if self.sources[i] >= 0:
                self.dependents[self.sources[i]].append(i)

    # ------------------------------------------------------------ identity

    def state_hash(self) -> str:
        """Hex digest of everything that later decisions depend on."""
        books = [
            (sorted(b.bids.sizes.items()), sorted(b.asks.sizes.items()), b.valid, b.seq, b.quote_seq, b.gaps)
            for b in self.books
        ]
        state = (
            books,
            self.ledger.digest(),
            [order.digest() for order in self.tracker.open.values()],
            self.tracker.next_oid,
            [quoter.digest() for quoter in self.quoters],
            self.lattice.digest(),
            self.protections.digest(),
            self.sweeper.digest(),
            self.tasks.digest(),
            self.version,
        )
        return blake2b(msgspec.msgpack.encode(state), digest_size=16).hexdigest()
