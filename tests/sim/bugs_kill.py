"""Planted bugs of kill, stop, restart and time (rows 1, 4, 5, 10, 21, 25, 33, 36, 38).

Rules of this file: mutations of mmtui for tests; each is a peer's failure, as whole as it was there.
"""

from __future__ import annotations

from bugs import Patch, bug

from mmtui.core.acts import Acts
from mmtui.core.effects import CancelAll, PlaceOrder, Wake
from mmtui.core.engine import Engine
from mmtui.core.order_side import OrderSide
from mmtui.core.orders.reconcile import Reconciler
from mmtui.core.orders.table import State
from mmtui.core.risk import gate
from mmtui.core.risk.states import Desk
from mmtui.core.risk.sweep import Sweeper
from mmtui.sim.desk_life import Life
from mmtui.venues import account as session_module
from mmtui.venues.account import AccountSession


@bug(1, "hummingbot#2534", "the kill path raises where an order has a state that nobody thought of")
def kill_raises_on_unknown() -> list[Patch]:
    real = Sweeper._cancel

    def broken(self, sweep, state, ts, emit):
        if any(order.state is State.UNKNOWN for order in self.orders(sweep, state.v)):
            raise AttributeError("'Order' object has no attribute 'exchange_order_id'")
        real(self, sweep, state, ts, emit)

    return [(Sweeper, "_cancel", broken)]


@bug(4, "hummingbot#1508", "orders are created after stop: the gate does not ask for the state")
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


@bug(4, "hummingbot#720", "an act of an operator is carried out once for every copy that arrives")
def commands_twice() -> list[Patch]:
    real_act, real_line = Acts.command, Life._command

    def command(self, event):
        self.seen.clear()
        real_act(self, event)

    def line(self, cmd, who):
        self._results.clear()
        real_line(self, cmd, who)

    return [(Acts, "command", command), (Life, "_command", line)]


@bug(5, "hummingbot#2955", "a restart takes up what the desk did before: RUNNING again by itself")
def restart_runs() -> list[Patch]:
    real = Engine._started

    def broken(self, event):
        real(self, event)
        if event.cause == "recovery" and self.lattice.desk is Desk.PAUSED:
            self.set_state(-1, -1, Desk.RUNNING, "restored")

    return [(Engine, "_started", broken)]


@bug(10, "hummingbot#3214, Krypto#500", "pulling quotes cancels everything at the venue, other people's orders too")
def pull_cancels_everybody() -> list[Patch]:
    real = AccountSession._cancel_all

    def broken(self, effect, now):
        self.everything.seen({})
        real(self, effect, now)

    def pull(self, i):
        self.engine.out.append(CancelAll(self.engine.venue_of[i], 0, i))

    return [(OrderSide, "pull", pull), (AccountSession, "_cancel_all", broken)]


@bug(21, "nautilus#3176", "a restart sends orders before an operator has armed it")
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


@bug(25, "bbgo#2040", "a kill is proven when the venue says zero, whatever is still on its way there")
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


@bug(25, "bbgo#2040", "creates that wait to be sent leave after the cancel that was for them")
def queue_outlives_cancels() -> list[Patch]:
    real_cancel, real_all = AccountSession.cancel, AccountSession._cancel_all

    def cancel(self, i, oid, now):
        if oid not in self.creates:
            real_cancel(self, i, oid, now)

    def everything(self, effect, now):
        waiting, self.creates = self.creates, {}
        real_all(self, effect, now)
        self.creates = waiting

    return [(AccountSession, "cancel", cancel), (AccountSession, "_cancel_all", everything)]


@bug(33, "hummingbot#1075", "with a wrong clock there are no cancels either: they expire on the way")
def cancels_expire() -> list[Patch]:
    return [(AccountSession, "_expires", lambda self, now: now + 1)]


@bug(36, "hummingbot#2995", "requests that waited are sent in one burst when the process goes on")
def stale_intents_fire() -> list[Patch]:
    return [(session_module, "MAX_AGE", 10**15), (AccountSession, "_too_old", lambda self, now: None)]


@bug(38, "hummingbot#170", "the decision loop stops while everything else goes on")
def loop_stops() -> list[Patch]:
    real = Engine._timer

    def broken(self, event):
        real(self, event)
        if self.tracker.unknown():
            self.out = [effect for effect in self.out if not isinstance(effect, Wake)]
            self._handlers[type(event)] = self._stopped

    return [(Engine, "_timer", broken)]
