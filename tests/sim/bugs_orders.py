"""Planted bugs of orders that are lost, doubled or believed gone (rows 6-9, 11-17).

Rules of this file: mutations of mmtui for tests; each is a peer's failure, as whole as it was there.
"""

from __future__ import annotations

import msgspec
from bugs import Patch, bug

from mmtui.core.events import OrderCancelled, OrderRejected
from mmtui.core.order_side import OrderSide
from mmtui.core.orders.reconcile import Reconciler
from mmtui.core.orders.table import Fact, State
from mmtui.core.orders.tracker import Tracker
from mmtui.core.risk.sweep import Sweeper
from mmtui.venues.account_answers import Answers
from mmtui.venues.account_messages import Failed

_SILENT = ("timeout", "5xx", "network")


@bug(6, "hummingbot#3374", "a create that timed out is forgotten")
def timeout_untracked() -> list[Patch]:
    def broken(self, event):
        order = self.tracker.get(event.oid)
        if order is not None and order.open:
            self.tracker.apply(order, Fact.REJECTED)
            self.tracker.apply(order, Fact.CANCELLED)
            self.ended(order)

    return [(OrderSide, "unknown", broken)]


@bug(6, "hummingbot#3374", "an order counts against the limits from its ack on, not from its intent")
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


@bug(7, "hummingbot#366", "open orders are lost over a restart")
def restart_forgets_orders() -> list[Patch]:
    real = Reconciler.started

    def broken(self, cause, *rest):
        if cause == "recovery":
            for order in list(self.engine.tracker.open.values()):
                self.engine.tracker.apply(order, Fact.CANCELLED)
                self.engine.orders.ended(order)
        real(self, cause, *rest)

    return [(Reconciler, "started", broken)]


@bug(8, "hummingbot#1664", "a cancel counts as done when its request was accepted")
def cancel_done_on_request() -> list[Patch]:
    real = OrderSide.cancel

    def broken(self, order):
        real(self, order)
        if order.state is State.CANCELLING and order.live_ts:
            self.cancelled(OrderCancelled(self.engine.ts, self.engine.ts, order.i, order.oid, "requested"))

    return [(OrderSide, "cancel", broken)]


@bug(9, "hummingbot#3167", "a cancel that the venue refused is not sent again: orders pile up")
def refused_cancel_is_live() -> list[Patch]:
    real = OrderSide.watch

    def watch(self, ts):
        for order in self.tracker.open.values():
            if order.state is State.CANCELLING:
                order.cancel_ts = ts  # never too old
        real(self, ts)

    return [(OrderSide, "cancel_rejected", lambda self, event: None), (OrderSide, "watch", watch)]


@bug(11, "Krypto#1159", "an order that does not go away at the first cancel stays for hours")
def zombies() -> list[Patch]:
    real = OrderSide.cancel

    def broken(self, order):
        if not order.cancel_ts:
            real(self, order)

    def once(self, ts, emit):
        finished = []
        for sweep in self.sweeps:
            if not sweep.done and all(state.verified for state in sweep.venues.values()):
                sweep.done = True
                finished.append(sweep)
        return finished

    return [(OrderSide, "cancel", broken), (Sweeper, "timer", once)]


@bug(12, "Krypto#699", "ghosts: gone at the venue, alive here for ever; what a list does not name is ignored")
def ghosts() -> list[Patch]:
    def cancel_rejected(self, event):
        order = self.tracker.get(event.oid)
        if order is not None and order.open:
            order.state = State.LIVE

    return [(OrderSide, "cancel_rejected", cancel_rejected), (Tracker, "absence_proves", lambda *_: False),
            (OrderSide, "lost", _lost_unless_unlisted())]  # fmt: skip


def _lost_unless_unlisted():
    real = OrderSide.lost

    def broken(self, order, why):
        if why != "the venue does not list it":
            real(self, order, why)

    return broken


@bug(13, "freqtrade#12681", '"unknown order" from one endpoint proves that an order is gone')
def unknown_order_is_gone() -> list[Patch]:
    def broken(self, event):
        order = self.tracker.get(event.oid)
        if order is not None and order.open and self.tracker.apply(order, Fact.CANCELLED):
            self.ended(order)

    return [(OrderSide, "cancel_rejected", broken)]


@bug(14, "freqtrade#3208", '"unknown order" raises out of the loop')
def unknown_order_raises() -> list[Patch]:
    def broken(self, event):
        raise LookupError("Unknown order sent")

    return [(OrderSide, "cancel_rejected", broken)]


@bug(15, "ccxt#2599", "a create that timed out is sent again")
def create_retried() -> list[Patch]:
    real = Answers._create

    def broken(self, request, flight, answer, now):
        events = real(self, request, flight, answer, now)
        if isinstance(answer, Failed) and answer.kind in _SILENT:
            for order in request.orders:
                self._s.creates[order.oid] = now, order
        return events

    return [(Answers, "_create", broken)]


@bug(16, "reya-python-sdk#55", "a generic retry wraps the post of an order, with a fresh id each time")
def create_retried_with_a_fresh_id() -> list[Patch]:
    real = Answers._create

    def broken(self, request, flight, answer, now):
        events = real(self, request, flight, answer, now)
        if isinstance(answer, Failed) and answer.kind in _SILENT:
            for order in request.orders:
                oid = self._s._highest = self._s._highest + 1
                again = msgspec.structs.replace(order, oid=oid, client_id=self._s.ids.of(oid))
                self._s.creates[oid] = now, again
        return events

    return [(Answers, "_create", broken)]


@bug(17, "nautilus#4958", "an order that was not acknowledged in time is marked REJECTED")
def silence_is_rejection() -> list[Patch]:
    real = OrderSide.unknown

    def broken(self, event):
        order = self.tracker.get(event.oid)
        if order is not None and order.state is State.SENT:
            self.rejected(OrderRejected(event.ts, event.ts, event.i, event.oid, "no answer"))
        else:
            real(self, event)

    return [(OrderSide, "unknown", broken)]
