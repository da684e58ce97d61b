"""The peers' failures as mutations of mmtui: each is switched on for a while, and the simulator must find it.

`row` is the number in the list of how other trading systems failed.  `planted(name)` patches the running process and
takes the patch back; nothing in the package knows of it.

    python tests/sim/planted.py [NAME ...] [--seeds 400]      the table of the README: in how many seeds each is found
"""

from __future__ import annotations

import contextlib
import sys
import time
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import msgspec

from mmtui.core import order_side
from mmtui.core.acts import Acts
from mmtui.core.effects import CancelAll, PlaceOrder
from mmtui.core.engine import Engine
from mmtui.core.events import AccountStatus, Fill, HostStarted, OrderCancelled, OrderRejected
from mmtui.core.ledger.keys import Keys
from mmtui.core.market.book import OrderBook
from mmtui.core.market_side import MarketSide
from mmtui.core.order_side import OrderSide
from mmtui.core.orders import table
from mmtui.core.orders.reconcile import Reconciler
from mmtui.core.orders.table import Fact, State
from mmtui.core.orders.tracker import Tracker
from mmtui.core.risk import gate
from mmtui.core.risk.protections import Protections
from mmtui.core.risk.states import Desk
from mmtui.core.risk.sweep import Sweeper
from mmtui.sim.run import run_seed
from mmtui.venues import account as session_module
from mmtui.venues.account import AccountSession
from mmtui.venues.account_answers import Answers
from mmtui.venues.account_messages import Create, Failed

Patch = tuple[Any, str, Any]


class Bug(NamedTuple):
    """One planted bug. `found_by`: invariants that may find it."""

    row: int
    name: str
    what: str
    patches: Callable[[], list[Patch]]


BUGS: list[Bug] = []


def bug(row: int, what: str) -> Callable[[Callable[[], list[Patch]]], Callable[[], list[Patch]]]:
    def register(patches: Callable[[], list[Patch]]) -> Callable[[], list[Patch]]:
        BUGS.append(Bug(row, patches.__name__, what, patches))
        return patches

    return register


def row_of(owner: dict[Any, Any], key: Any, value: Any) -> Patch:
    """A patch of one entry of a table."""
    return (owner, key, value)


@contextlib.contextmanager
def planted(name: str) -> Iterator[Bug]:
    """The bug is in, until the end of the block."""
    chosen = next(one for one in BUGS if one.name == name)
    undo: list[Callable[[], None]] = []
    try:
        for owner, key, value in chosen.patches():
            if isinstance(owner, dict):
                had, old = key in owner, owner.get(key)
                owner[key] = value
                undo.append(lambda o=owner, k=key, h=had, v=old: o.__setitem__(k, v) if h else o.pop(k))
            else:
                old = owner.__dict__[key]
                setattr(owner, key, value)
                undo.append(lambda o=owner, k=key, v=old: setattr(o, k, v))
        yield chosen
    finally:
        for act in reversed(undo):
            act()


# ---------------------------------------------------------------- kill and stop


@bug(1, "the kill path raises where an order has a state that nobody thought of")
def kill_raises_on_unknown() -> list[Patch]:
    real = Sweeper._cancel

    def broken(self, sweep, state, ts, emit):
        if any(order.state is State.UNKNOWN for order in self.orders(sweep, state.v)):
            raise AttributeError("'Order' object has no attribute 'exchange_order_id'")
        real(self, sweep, state, ts, emit)

    return [(Sweeper, "_cancel", broken)]


@bug(4, "orders are created after stop: the gate does not ask for the state")
def orders_after_stop() -> list[Patch]:
    every = frozenset({"quote", "manual", "hedge", "flatten", "close"})
    real = Engine.activate

    def broken(self, i):
        state = self.lattice.effective(i)
        if state in (Desk.PAUSED, Desk.STOPPED) and self.quoters[i].active and not self.protections.reasons[i]:
            self.orders.pull(i)
            return
        real(self, i)

    return [(gate, "MAY_SEND", dict.fromkeys(Desk, every)), (Engine, "activate", broken)]


@bug(5, "a restart takes up what the desk did before: RUNNING again by itself")
def restart_runs() -> list[Patch]:
    real = Engine._started

    def broken(self, event):
        real(self, event)
        if event.cause == "recovery" and self.lattice.desk is Desk.PAUSED:
            self.set_state(-1, -1, Desk.RUNNING, "restored")

    return [(Engine, "_started", broken)]


@bug(10, "pulling quotes cancels everything at the venue, other people's orders too")
def pull_cancels_everybody() -> list[Patch]:
    real = AccountSession._cancel_all

    def broken(self, effect, now):
        self.everything.seen({})
        real(self, effect, now)

    def pull(self, i):
        self.engine.out.append(CancelAll(self.engine.venue_of[i], 0, i))

    return [(OrderSide, "pull", pull), (AccountSession, "_cancel_all", broken)]


@bug(25, "a kill counts as proven when the venue says zero, whatever is still on its way there")
def kill_ignores_late_creates() -> list[Patch]:
    real = Sweeper.answer

    def broken(self, v, query, endpoint, oids, ts):
        gone = real(self, v, query, endpoint, oids, ts)
        for sweep in self.sweeps:
            state = sweep.venues.get(v)
            if state is not None and query in state.answers and state.answers[query][1] >= {1, 2}:
                state.verified = state.verified or ts
        return gone

    return [(Sweeper, "answer", broken)]


@bug(36, "requests that waited are sent in one burst when the process goes on")
def stale_intents_fire() -> list[Patch]:
    return [(session_module, "MAX_AGE", 10**15), (AccountSession, "_too_old", lambda self, now: None)]


# ---------------------------------------------------------------- orders that are lost


@bug(6, "a create that timed out is forgotten")
def timeout_untracked() -> list[Patch]:
    def broken(self, event):
        order = self.tracker.get(event.oid)
        if order is not None and order.open:
            self.tracker.apply(order, Fact.REJECTED)
            self.tracker.apply(order, Fact.CANCELLED)
            self.ended(order)

    return [(OrderSide, "unknown", broken)]


@bug(7, "open orders are lost over a restart")
def restart_forgets_orders() -> list[Patch]:
    real = Reconciler.started

    def broken(self, cause, *rest):
        if cause == "recovery":
            for order in list(self.engine.tracker.open.values()):
                self.engine.tracker.apply(order, Fact.CANCELLED)
                self.engine.orders.ended(order)
        real(self, cause, *rest)

    return [(Reconciler, "started", broken)]


@bug(8, "a cancel counts as done when its request was accepted")
def cancel_done_on_request() -> list[Patch]:
    real = OrderSide.cancel

    def broken(self, order):
        real(self, order)
        if order.state is State.CANCELLING and order.live_ts:
            self.cancelled(OrderCancelled(self.engine.ts, self.engine.ts, order.i, order.oid, "requested"))

    return [(OrderSide, "cancel", broken)]


@bug(9, "a cancel that the venue refused is not sent again: orders pile up")
def refused_cancel_is_live() -> list[Patch]:
    def broken(self, event):
        return None

    real = OrderSide.watch

    def watch(self, ts):
        for order in self.tracker.open.values():
            if order.state is State.CANCELLING:
                order.cancel_ts = ts  # never too old
        real(self, ts)

    return [(OrderSide, "cancel_rejected", broken), (OrderSide, "watch", watch)]


@bug(11, "an order that does not go away at the first cancel stays for hours")
def zombies() -> list[Patch]:
    real = OrderSide.cancel

    def broken(self, order):
        if not order.cancel_ts:
            real(self, order)

    return [(OrderSide, "cancel", broken), (Sweeper, "timer", _sweep_once)]


def _sweep_once(self, ts, emit):
    finished = []
    for sweep in self.sweeps:
        if not sweep.done and all(state.verified for state in sweep.venues.values()):
            sweep.done = True
            finished.append(sweep)
    return finished


@bug(12, "ghosts: gone at the venue, live here for ever")
def ghosts() -> list[Patch]:
    real = OrderSide.lost

    def broken(self, order, why):
        if why != "the venue does not list it":
            real(self, order, why)

    return [(OrderSide, "lost", broken)]


@bug(13, "\"unknown order\" from one endpoint proves that an order is gone")
def unknown_order_is_gone() -> list[Patch]:
    def broken(self, event):
        order = self.tracker.get(event.oid)
        if order is not None and order.open and self.tracker.apply(order, Fact.CANCELLED):
            self.ended(order)

    return [(OrderSide, "cancel_rejected", broken)]


@bug(14, "\"unknown order\" raises out of the loop")
def unknown_order_raises() -> list[Patch]:
    def broken(self, event):
        raise LookupError("Unknown order sent")

    return [(OrderSide, "cancel_rejected", broken)]


@bug(15, "a create that timed out is sent again")
def create_retried() -> list[Patch]:
    real = Answers._create

    def broken(self, request, flight, answer, now):
        events = real(self, request, flight, answer, now)
        if isinstance(answer, Failed) and answer.kind in ("timeout", "5xx", "network"):
            for order in request.orders:
                self._s.creates[order.oid] = now, order
        return events

    return [(Answers, "_create", broken)]


@bug(16, "a generic retry wraps the post of an order, with a fresh id each time")
def create_retried_with_a_fresh_id() -> list[Patch]:
    real = Answers._create

    def broken(self, request, flight, answer, now):
        events = real(self, request, flight, answer, now)
        if isinstance(answer, Failed) and answer.kind in ("timeout", "5xx", "network"):
            for order in request.orders:
                oid = self._s._highest = self._s._highest + 1
                again = msgspec.structs.replace(order, oid=oid, client_id=self._s.ids.of(oid))
                self._s.creates[oid] = now, again
        return events

    return [(Answers, "_create", broken)]


@bug(17, "an order that was not acknowledged in time is marked REJECTED")
def silence_is_rejection() -> list[Patch]:
    real = OrderSide.unknown

    def broken(self, event):
        order = self.tracker.get(event.oid)
        if order is not None and order.state is State.SENT:
            self.rejected(OrderRejected(event.ts, event.ts, event.i, event.oid, "no answer"))
        else:
            real(self, event)

    return [(OrderSide, "unknown", broken)]


# ---------------------------------------------------------------- fills and positions


@bug(18, "a restart invents fills that make the desk flat")
def synthetic_fills() -> list[Patch]:
    real = Engine._started

    def broken(self, event):
        real(self, event)
        if event.cause == "recovery":
            for i, account in enumerate(self.accounts):
                if account.position:
                    side = -1 if account.position > 0 else 1
                    px = max(1, account.references.last() // 2)
                    oid = max(1, self.tracker.next_oid - 1)
                    name = f"synthetic-{event.epoch}-{i}"
                    self.orders.fill(
                        Fill(event.ts, event.ts, i, oid, name, side, px, abs(account.position), True, "0", "USDT")
                    )

    return [(Engine, "_started", broken)]


@bug(19, "fills that a restart replays are booked again")
def fills_after_restart_again() -> list[Patch]:
    real = Engine._started

    def broken(self, event):
        real(self, event)
        if event.cause == "recovery":
            self.orders.booked = [Keys() for _ in self.quoters]

    return [(Engine, "_started", broken)]


@bug(20, "a position that history does not explain is never reconciled")
def positions_never_compared() -> list[Patch]:
    def broken(self, event):
        one = self.rounds[event.v]
        if event.query == one.query and one.waits == ["positions"]:
            one.query, one.waits = 0, []
            self._known(event.v)

    def move(self, event):
        self.newest[event.v] = max(self.newest[event.v], event.ts_event)

    return [(Reconciler, "positions", broken), (Reconciler, "move", move)]


@bug(21, "a restart sends orders before an operator has armed it")
def restart_orders() -> list[Patch]:
    real = Reconciler._known

    def broken(self, v):
        real(self, v)
        engine = self.engine
        if engine.epoch > 1:
            for i, quoter in enumerate(engine.quoters):
                book = engine.books[i]
                if engine.venue_of[i] == v and book.bid > 100 and quoter.active is False:
                    oid = engine.tracker.next_oid
                    effect = PlaceOrder(i, oid, 1, book.bid - 50, 5, "GTX", False, "quote", 0)
                    engine.tracker.next_oid += 1
                    engine.tracker.add(effect, engine.ts)
                    engine.out.append(effect)

    return [(Reconciler, "_known", broken)]


@bug(22, "a fill that comes after its order has ended is suppressed")
def late_fill_suppressed() -> list[Patch]:
    real = OrderSide.fill

    def broken(self, event):
        order = self.tracker.get(event.oid)
        if order is None or order.open:
            real(self, event)

    return [(OrderSide, "fill", broken)]


@bug(23, "a fill before the ack is taken for a mistake")
def fill_before_ack_dropped() -> list[Patch]:
    real = OrderSide.fill

    def broken(self, event):
        order = self.tracker.get(event.oid)
        if order is None or order.state is not State.SENT:
            real(self, event)

    return [(OrderSide, "fill", broken)]


@bug(23, "an order that is filled beyond its size is clamped")
def overfill_clamped() -> list[Patch]:
    real = Tracker.fill

    def broken(self, order, lots):
        return real(self, order, min(lots, order.left))

    return [(Tracker, "fill", broken)]


@bug(24, "an execution without a trade id gets a random one, and is booked twice")
def random_trade_ids() -> list[Patch]:
    real = OrderSide.fill
    numbers = iter(range(10**9))

    def broken(self, event):
        real(self, msgspec.structs.replace(event, trade_id=f"{event.trade_id}-{next(numbers)}"))

    return [(OrderSide, "fill", broken)]


@bug(24, "what happened while the private stream was down is never asked for")
def no_catch_up() -> list[Patch]:
    real = Reconciler.account_status

    def broken(self, event: AccountStatus):
        if not event.connected:
            real(self, event)
            return
        self.blind[event.v] = ""
        self.rounds[event.v].known = True

    return [(Reconciler, "account_status", broken), (Reconciler, "watch", lambda self, ts: None)]


# ---------------------------------------------------------------- books


@bug(27, "a book that lost its sequence never recovers")
def no_resync() -> list[Patch]:
    from mmtui.venues.feed import Resync

    real = Resync.lost

    def broken(self, now):
        if not self.good:
            real(self, now)

    return [(Resync, "lost", broken)]


@bug(29, "every update of a book without its sequence asks for a snapshot: a storm")
def resync_storm() -> list[Patch]:
    from mmtui.venues.feed import Resync

    def broken(self, now):
        self.due, self.asked = now, 0

    return [(Resync, "lost", broken)]


@bug(28, "a frozen book is quoted from")
def frozen_is_live() -> list[Patch]:
    real = Protections.condition

    def broken(self, i, ts):
        why = real(self, i, ts)
        return "" if why == "stale feed" else why

    return [(Protections, "condition", broken)]


@bug(30, "a gap is noticed, and the book stays valid")
def gap_stays_valid() -> list[Patch]:
    def broken(self, event):
        self.books[event.i].gaps += 1

    return [(MarketSide, "gap", broken)]


@bug(31, "a crossed book is quoted from")
def crossed_is_good() -> list[Patch]:
    def moved(self, i, ts, book):
        self.protections.seen[i] = ts
        if book.valid and book.bid and book.ask and self.quoters[i].active:
            quoter = self.quoters[i]
            quoter.dirty = True
            low, high = min(book.bid, book.ask - 1), max(book.ask, book.bid + 1)
            if quoter.reprice(low, high, (low + high) / 2, self.accounts[i].position):
                self._ladder(quoter, ts)

    real = Protections.condition

    def condition(self, i, ts):
        why = real(self, i, ts)
        return "" if why == "crossed book" else why

    return [(MarketSide, "_moved", moved), (Protections, "condition", condition)]


@bug(32, "a number that is none enters the books as 0")
def not_a_number_is_zero() -> list[Patch]:
    from mmtui.venues.account_reader import Reader

    real = Reader.fill

    def broken(self, now, report, oid):
        events = real(self, now, report, oid)
        if oid is not None and events and type(events[-1]).__name__ == "Damage":
            i = self.place(report.instrument)
            side = 1 if report.side == "buy" else -1
            return [Fill(now, now, i, oid, report.trade_id, side, 0, 0, True, "0", "USDT")]
        return events

    return [(Reader, "fill", broken)]


# ---------------------------------------------------------------- time and loops


@bug(33, "with a wrong clock there are no cancels either: they expire on the way")
def cancels_expire() -> list[Patch]:
    return [(AccountSession, "_expires", lambda self, now: now + 1)]


@bug(38, "the decision loop stops while everything else goes on")
def loop_stops() -> list[Patch]:
    real = Engine._timer

    def broken(self, event):
        real(self, event)
        if self.tracker.unknown():
            self.out = [effect for effect in self.out if type(effect).__name__ != "Wake"]
            self._handlers[type(event)] = lambda event: None

    return [(Engine, "_timer", broken)]


# ---------------------------------------------------------------- more of our own kind


@bug(4, "an act of an operator is carried out once for every copy that arrives")
def commands_twice() -> list[Patch]:
    real = Acts.command

    def broken(self, event):
        self.seen.clear()
        real(self, event)

    from mmtui.sim.desk import SimDesk

    patches: list[Patch] = [(Acts, "command", broken)]
    if hasattr(SimDesk, "_is_new"):
        patches.append((SimDesk, "_is_new", lambda self, cmd: True))
    return patches


@bug(6, "an order counts from its ack on, not from its intent")
def exposure_from_ack() -> list[Patch]:
    real_add, real_accept = Tracker.add, OrderSide.accepted

    def add(self, effect, ts):
        order = real_add(self, effect, ts)
        self._expose(order, -order.left)
        return order

    def accepted(self, event):
        order = self.tracker.open.get(event.oid)
        if order is not None and order.state in (State.SENT, State.CANCELLING) and not order.live_ts:
            self.tracker._expose(order, order.left)
        real_accept(self, event)

    return [(Tracker, "add", add), (OrderSide, "accepted", accepted)]


@bug(30, "a snapshot of another moment is taken for the book")
def any_snapshot_will_do() -> list[Patch]:
    from mmtui.venues.binance.sequence import Sequence

    def broken(self, event):
        self.valid, self._snapshot = True, None
        self.last = event.seq
        self._buffer.clear()
        return [event]

    return [(Sequence, "snapshot", broken)]


def hunt(name: str, seeds: int, first: int = 1) -> tuple[int, str, str]:
    """First seed (from `first` on, counted from 1) in which a bug is found, its invariant and what it said; 0: none."""
    with planted(name):
        for k in range(seeds):
            try:
                outcome = run_seed(first + k)
            except Exception as error:  # a planted exception, out of the loop
                return k + 1, "exception", f"{type(error).__name__}: {error}"
            if outcome.breach:
                return k + 1, outcome.breach, outcome.text
    return 0, "", ""


def main(argv: list[str]) -> int:
    limit = 400
    if "--seeds" in argv:
        place = argv.index("--seeds")
        limit = int(argv[place + 1])
        del argv[place : place + 2]
    missed = 0
    needed = []
    print("| row | planted | found by | seeds |\n|---|---|---|---|")
    for one in sorted(BUGS):
        if argv and one.name not in argv:
            continue
        begun = time.monotonic()
        seeds, invariant, text = hunt(one.name, limit)
        missed += not seeds
        needed.append(seeds or limit)
        print(f"| {one.row} | {one.what} | {invariant or 'NOT FOUND'} | {seeds or f'> {limit}'} |", flush=True)
        print(f"    {one.name}: {time.monotonic() - begun:.1f} s: {text[:140]}", file=sys.stderr)
    needed.sort()
    print(f"\n{len(needed) - missed} of {len(needed)} found, median {needed[len(needed) // 2]} seeds")
    return 1 if missed else 0


if __name__ == "__main__":
    assert OrderBook and HostStarted and Create and table and order_side
    sys.exit(main(sys.argv[1:]))
