"""The engine: one pure state machine that composes books, quoting, orders, risk and ledger.

`process(event) -> effects`, in one order, with time as a field of the event.  Market events and quoting stand in
market_side.py, own orders in order_side.py, the acts in acts.py, tasks in taskrun.py, kill in risk/sweep.py.

Rules of this file: no clock, no randomness, no I/O; every order leaves through `place`, every cancel through `cancel`.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from hashlib import blake2b
from typing import Any

import msgspec

from mmtui.core import events as ev
from mmtui.core.acts import Acts
from mmtui.core.earn.earn import Earn
from mmtui.core.effects import Alert, Effect, Latch, Shutdown, Wake
from mmtui.core.hedging.hedger import Hedger
from mmtui.core.hedging.ticket import Tickets
from mmtui.core.ledger.ledger import Ledger
from mmtui.core.market.book import OrderBook
from mmtui.core.market_side import MarketSide
from mmtui.core.order_side import OrderSide
from mmtui.core.orders.reconcile import Reconciler
from mmtui.core.orders.tracker import LANDING, LANDING_PAPER, Tracker
from mmtui.core.quoting.quoter import Quoter
from mmtui.core.risk.calendar import Calendar
from mmtui.core.risk.gate import Gate
from mmtui.core.risk.protections import Protections
from mmtui.core.risk.repeats import Repeats
from mmtui.core.risk.states import LATCHED, Desk, Lattice
from mmtui.core.risk.sweep import Sweeper
from mmtui.core.risk.watch import Watch
from mmtui.core.setup import DeskSetup
from mmtui.core.taskrun import TaskRunner

#: The engine wakes itself on this grid: ages, markouts, minimum lives and retries need no finer one.
BEAT = 100_000_000


class Engine:
    """A desk. Public attributes are for reading (frames, reports); only `process` changes them."""

    def __init__(self, setup: DeskSetup) -> None:
        count = len(setup.instruments)
        self.setup = setup
        self.ts = 0
        self.version = 1
        self.lattice_version = 1  # version at the last change of state: older de-escalations are stale
        self.epoch = 0
        self.ended = False
        self.oid_limit = 0  # ids below this are reserved on disk; 0: no limit
        self.dead_man: list[ev.DeadMan | None] = [None] * len(setup.venues)
        self.venue_of = [setup.venues.index(item.instrument.venue) for item in setup.instruments]
        self.books = [OrderBook() for _ in range(count)]
        self.prints: list[deque[tuple[int, int, int, int]]] = [deque(maxlen=64) for _ in range(count)]
        self.marks: list[ev.MarkPrice | None] = [None] * count
        self.funded = [0] * count
        self.damaged: dict[str, int] = {}
        self.ledger = Ledger(setup)
        self.accounts = self.ledger.accounts
        landing = LANDING if setup.mode == "live" else LANDING_PAPER
        default = [landing] * len(setup.venues)
        self.tracker = Tracker(self.venue_of, [ms * 1_000_000 for ms in setup.landing_ms] or default)
        self.quoters = [
            Quoter(i, item, setup.mode == "live", setup.amends.get(item.instrument.venue))
            for i, item in enumerate(setup.instruments)
        ]
        self.lattice = Lattice(len(setup.venues), count, self.venue_of)
        self.gate = Gate(setup, self.ledger, self.tracker, [q.capped() for q in self.quoters])
        self.sources = [-1] * count
        self.protections = Protections(setup, self.books, self.sources)
        self.sweeper = Sweeper(self.tracker, self.venue_of)
        self.watch = Watch(setup)
        limits = setup.limits
        self.repeats = Repeats(count, limits.repeated_fills, limits.repeated_s) if limits.repeated_fills else None
        names = [item.instrument.id for item in setup.instruments]
        self.calendar = Calendar(setup.events, names) if setup.events else None
        self.earn = Earn(setup, self.books, self.accounts)
        self.obligations = self.earn.obligations
        self.out: list[Effect] = []
        self.orders = OrderSide(self)
        self.reconcile = Reconciler(self)
        self.protections.blind = self.reconcile.blind
        self.market = MarketSide(self)
        self.tasks = TaskRunner(self)
        self.hedger = Hedger(self)
        self.tickets = Tickets(self)
        self.acts = Acts(self)
        self._handlers: dict[type, Callable[[Any], None]] = {
            ev.BestQuote: self.market.best_quote,
            ev.BookDelta: self.market.delta,
            ev.Trade: self.market.trade,
            ev.Timer: self._timer,
            ev.BookSnapshot: self.market.snapshot,
            ev.BookGap: self.market.gap,
            ev.MarkPrice: self.market.mark_price,
            ev.Liquidation: self.market.liquidation,
            ev.FeedStatus: self.market.feed_status,
            ev.SourceEnded: self.market.source_ended,
            ev.Damage: self.market.damage,
            ev.GridRefined: self.market.refined,
            ev.Heartbeat: self.market.heartbeat,
            ev.OrderAccepted: self.orders.accepted,
            ev.OrderRejected: self.orders.rejected,
            ev.OrderCancelled: self.orders.cancelled,
            ev.CancelRejected: self.orders.cancel_rejected,
            ev.Fill: self.orders.fill,
            ev.LegFill: self.orders.fill,
            ev.OpenOrders: self.orders.open_orders,
            ev.OrderUnknown: self.orders.unknown,
            ev.CancelAllDone: self.orders.cancel_all_done,
            ev.QueueUpdate: self.orders.queue,
            ev.AccountMove: self.reconcile.move,
            ev.LegMove: self.reconcile.move,
            ev.Positions: self.reconcile.positions,
            ev.LegPositions: self.reconcile.positions,
            ev.AccountAnswer: self.reconcile.account_answer,
            ev.AccountStatus: self.reconcile.account_status,
            ev.OrderFound: self.orders.found,
            ev.LegFound: self.orders.found,
            ev.OrderAmended: self.orders.amends.amended,
            ev.AmendRejected: self.orders.amends.rejected,
            ev.DeadMan: self._dead_man,
            ev.Command: self.acts.command,
            ev.HostStarted: self._started,
            ev.HostStopped: self._stopped,
            ev.IdsReserved: self._reserved,
        }

    def process(self, event: ev.Event) -> list[Effect]:
        """Take one event in; the effects that it causes, in order."""
        self.ts = event.ts
        out: list[Effect] = []
        self.out = out
        self._handlers[event.__class__](event)
        return out

    # ------------------------------------------------------------ protections and states

    def trip(self, i: int, why: str) -> None:
        """A protection pulls an instrument (that was good: one that never was has none to pull)."""
        too_often = self.protections.trip(i, why, self.ts)
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
                self.market.requote(i)
            return
        reason = ("not quoted (config)" if not quoter.enabled else "") or (state.name if state else why)
        quoter.reasons[1] = quoter.reasons[-1] = reason
        quoter.want = ((), ())
        if why or not self.acts.drains(i, state):
            self.orders.pull(i)

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
        self.tickets.state_changed()

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
        base = self.setup.instruments[i].instrument.base
        self.tasks.abort(reason, [base])
        self.hedger.stop(base, reason)

    def scope(self, v: int, i: int) -> str:
        if i >= 0:
            return f"instrument:{self.setup.instruments[i].instrument.id}"
        return f"venue:{self.setup.venues[v]}" if v >= 0 else "desk"

    def name(self, i: int) -> str:
        return self.setup.instruments[i].instrument.id

    def alert(self, severity: str, code: str, text: str, i: int = -1, v: int = -1) -> None:
        alert = Alert(severity, code, text, i, v)
        self.out.append(alert)

    def emit(self, effect: Effect) -> None:
        self.out.append(effect)

    # ------------------------------------------------------------ time and life

    def _timer(self, event: ev.Timer) -> None:
        ts = event.ts
        self.ledger.mark_all(ts)
        self.watch.losses(self)
        for i in range(len(self.books)):
            self._watch_data(i, ts)
        self.orders.watch(ts)
        self.reconcile.watch(ts)
        self.sweeps()
        self.tasks.step(ts)
        self.hedger.step(ts)
        self.tickets.step(ts)
        if self.calendar is not None:
            self.calendar.step(self)
        for i, quoter in enumerate(self.quoters):
            self.watch.uptime(self, i, ts)
            self.market.beat(quoter, ts)
            if quoter.guards is not None:
                self.market.ladders.sample(i, quoter.guards, ts)
            if quoter.active:
                self.market.requote(i)
        self.earn.beat(self)
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

    def sweeps(self) -> None:
        for sweep in self.sweeper.timer(self.ts, self.emit):
            self.version += 1
            self.alert("info", "kill", f"{sweep.kind} of {sweep.scope}: zero open orders, verified")
            if sweep.kind == "shutdown":
                self.out.append(Shutdown(True, "zero open orders, verified"))

    def _funding(self, ts: int) -> None:
        for i, mark in enumerate(self.marks):
            if mark is not None and mark.next_funding <= ts:
                self.settle(i, mark)

    def settle(self, i: int, mark: ev.MarkPrice) -> None:
        """Pay the funding of the period that ended at `mark.next_funding`, once."""
        if self.funded[i] >= mark.next_funding:
            return
        self.funded[i] = mark.next_funding
        if self.accounts[i].position and not self.reconcile.live:  # a live desk books what the venue's ledger says
            self.ledger.mark(i)
            self.accounts[i].funding(mark.funding, mark.mark)
            self.alert("info", "funding", f"{self.name(i)}: funding paid", i)

    def _started(self, event: ev.HostStarted) -> None:
        self.epoch = event.epoch
        self.lattice.since = event.ts
        fresh = event.cause == "recovery" and event.first_oid > self.tracker.next_oid
        self.tracker.next_oid = max(self.tracker.next_oid, event.first_oid)
        self.oid_limit = event.oid_limit
        if event.cause == "recovery" and self.lattice.desk <= Desk.PAUSED:
            self.set_state(-1, -1, Desk.PAUSED, "restarted after a crash")
        for scope, reason in event.latched.items():
            self.acts.latch(scope, reason)
        self.acts.closing = False
        self.sweeper.forget("shutdown")
        self.reconcile.started(event.cause, event.ts, event.last or event.ts, fresh)
        self.tasks.abort("the host was restarted")
        self.hedger.started()
        self.tickets.forget("the host was restarted")
        if event.autostart and self.lattice.desk is Desk.PAUSED and event.cause == "start":
            self.set_state(-1, -1, Desk.RUNNING, "autostart")
        self.out.append(Wake((event.ts // BEAT + 1) * BEAT))

    def _reserved(self, event: ev.IdsReserved) -> None:
        self.oid_limit = event.limit

    def _dead_man(self, event: ev.DeadMan) -> None:
        """What a venue's dead-man switch would do, for the screen; one that has fired or is refused is said."""
        before = self.dead_man[event.v]
        self.dead_man[event.v] = event
        if event.state in ("fired", "refused") and (before is None or before.state != event.state):
            self.alert("danger", "deadman", f"{self.setup.venues[event.v]}: dead-man switch {event.state}", v=event.v)

    def _stopped(self, event: ev.HostStopped) -> None:
        self.ledger.mark_all(event.ts)

    # ------------------------------------------------------------ identity

    def _manual(self) -> list[object]:
        """State of hedges, tickets and pulled sides, as far as there is any: a tape without them keeps its hash."""
        pulled = [(*key, why) for key, why in self.gate.pulled.items()]
        hands = (("hedges", self.hedger.digest()), ("tickets", self.tickets.digest()), ("pulled", pulled))
        events = self.calendar.digest() if self.calendar is not None else []
        repeats = self.repeats.digest() if self.repeats is not None else []
        parts = (*hands, ("limits", self.acts.limits.digest()), ("events", events), ("repeats", repeats))
        return [part for part in parts if part[1]]

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
            self.reconcile.digest(),
            self.earn.digest(),
            self.version,
            *self._manual(),
        )
        return blake2b(msgspec.msgpack.encode(state), digest_size=16).hexdigest()
