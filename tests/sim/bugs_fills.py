"""Planted bugs of fills, positions and the private stream (rows 18-20, 22-24, 32, 40).

Rules of this file: mutations of mmtui for tests; each is a peer's failure, as whole as it was there.
"""

from __future__ import annotations

import msgspec
from bugs import Patch, bug

from mmtui.core.engine import Engine
from mmtui.core.events import Damage, Fill
from mmtui.core.ledger.keys import Keys
from mmtui.core.order_side import OrderSide
from mmtui.core.orders.reconcile import Reconciler
from mmtui.core.orders.table import State
from mmtui.core.orders.tracker import Tracker
from mmtui.core.runner import NEVER
from mmtui.sim.exchange import Exchange
from mmtui.venues.account import AccountSession
from mmtui.venues.account_reader import Reader
from mmtui.venues.account_secrets import Redactor
from mmtui.venues.binance import private
from mmtui.venues.binance.grid import WireError
from mmtui.venues.connection import Connection


@bug(18, "nautilus#4736", "a restart invents fills that make the desk flat")
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


@bug(19, "nautilus#3046", "fills that a restart replays are booked again")
def fills_after_restart_again() -> list[Patch]:
    real = Engine._started

    def broken(self, event):
        real(self, event)
        if event.cause == "recovery":
            self.orders.booked = [Keys() for _ in self.quoters]

    return [(Engine, "_started", broken)]


@bug(20, "nautilus#3104", "a position that history does not explain is never reconciled")
def positions_never_compared() -> list[Patch]:
    def broken(self, event):
        one = self.rounds[event.v]
        if event.query == one.query and one.waits == ["positions"]:
            one.query, one.waits = 0, []
            self._known(event.v)

    def move(self, event):
        self.newest[event.v] = max(self.newest[event.v], event.ts_event)

    return [(Reconciler, "positions", broken), (Reconciler, "move", move)]


@bug(22, "nautilus PR#4991", "a fill that comes after its order has ended is suppressed")
def late_fill_suppressed() -> list[Patch]:
    real = OrderSide.fill

    def broken(self, event):
        order = self.tracker.get(event.oid)
        if order is None or order.open:
            real(self, event)

    return [(OrderSide, "fill", broken)]


@bug(23, "nautilus#3827", "a fill before the ack is taken for a mistake")
def fill_before_ack_dropped() -> list[Patch]:
    real = OrderSide.fill

    def broken(self, event):
        order = self.tracker.get(event.oid)
        if order is None or order.state is not State.SENT:
            real(self, event)

    return [(OrderSide, "fill", broken)]


def _venue_overfills() -> list[Patch]:
    """As where a modify is two legs, and both are executed: the last execution is sometimes one lot too large."""

    def executed(self, resting, lots):
        self.book(resting, resting.px, lots + (resting.ours and lots == resting.left and self._trades % 3 == 0), True)

    return [(Exchange, "executed", executed)]


@bug(23, "nautilus#3972", "an order that is filled beyond its size is clamped", _venue_overfills)
def overfill_clamped() -> list[Patch]:
    real = Tracker.fill

    def broken(self, order, lots):
        return real(self, order, min(lots, order.left))

    return [(Tracker, "fill", broken)]


@bug(24, "nautilus (OKX)", "an execution without a trade id gets a random one, and is booked twice")
def random_trade_ids() -> list[Patch]:
    real = OrderSide.fill
    numbers = iter(range(10**9))

    def broken(self, event):
        real(self, msgspec.structs.replace(event, trade_id=f"{event.trade_id}-{next(numbers)}"))

    return [(OrderSide, "fill", broken)]


@bug(24, "nautilus#3820", "what happened while the private stream was down is never asked for")
def no_catch_up() -> list[Patch]:
    real = Reconciler.account_status

    def broken(self, event):
        if not event.connected:
            real(self, event)
            return
        self.blind[event.v] = ""
        self.rounds[event.v].known = True

    return [(Reconciler, "account_status", broken), (Reconciler, "watch", lambda self, ts: None)]


@bug(24, "nautilus (Binance)", "an error of the old connection's last message keeps the new one from being made")
def reconnect_blocked() -> list[Patch]:
    real = Connection.down

    def broken(self, now):
        was = real(self, now)
        if was:
            self._due = NEVER
        return was

    return [(Connection, "down", broken)]


@bug(24, "nautilus (Deribit)", "a cancel that falls into the gap of a reconnect is lost")
def cancel_lost_in_the_gap() -> list[Patch]:
    real_cancel, real_watch = AccountSession.cancel, OrderSide.watch

    def cancel(self, i, oid, now):
        if self.connected or oid in self.creates:
            real_cancel(self, i, oid, now)

    def watch(self, ts):
        for order in self.tracker.open.values():
            if order.state is State.CANCELLING:
                order.cancel_ts = ts  # the desk believes that it has left
        real_watch(self, ts)

    return [(AccountSession, "cancel", cancel), (OrderSide, "watch", watch)]


@bug(32, "hummingbot#7098", "a number that is none enters the books as 0")
def not_a_number_is_zero() -> list[Patch]:
    real, real_text = Reader.fill, private._text

    def text(value):
        try:
            return real_text(value)
        except WireError:
            return "0"

    def broken(self, now, report, oid):
        events = real(self, now, report, oid)
        if oid is not None and events and isinstance(events[-1], Damage):
            i = self.place(report.instrument)
            side = 1 if report.side == "buy" else -1
            return [Fill(now, now, i, oid, report.trade_id, side, 0, 0, True, "0", "USDT")]
        return events

    return [(Reader, "fill", broken), (private, "_text", text)]


@bug(40, "openalgo#1855", "what a venue says goes to tape and alerts as it is, with the key that it echoes")
def secrets_echoed() -> list[Patch]:
    return [(Redactor, "events", lambda self, events: events)]
