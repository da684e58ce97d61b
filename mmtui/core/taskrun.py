"""Runs flatten, close and roll inside the engine: own orders out first, slice after slice, then an end that is said.

Rules of this file: tasks decide (tasks.py), the engine's gate lets out; a task ends done, at its cap, or aborted.
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from mmtui.core import tasks
from mmtui.core.hedging import roll
from mmtui.core.hedging.hedger import touch
from mmtui.core.market.instrument import plain
from mmtui.core.orders.table import State
from mmtui.core.orders.tracker import Order
from mmtui.core.risk.states import Desk

if TYPE_CHECKING:
    from mmtui.core.engine import Engine


def _left(size: Decimal) -> str:
    """What is left, for people: the net of contracts at a price has 28 digits."""
    return plain(round(size, 8))


class TaskRunner:
    """At most one task an asset."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.running: dict[str, tasks.Task] = {}

    @property
    def desk(self) -> tasks.Desk:
        engine = self.engine
        return tasks.Desk(engine.setup, engine.ledger, engine.books, engine.protections, engine.marks)

    def in_the_way(self, kind: str, asset: str) -> str:
        """Why a task of one asset cannot begin, "" when it can."""
        if asset in self.running:
            return f"{self.running[asset].kind} of {asset} runs already"
        plan = tasks.plan(self.desk, kind, asset)
        if plan is None or not plan.legs:
            return f"{asset}: nothing to {kind}" + (f": {plan.text}" if plan else "")
        return ""

    def begin(self, kind: str, asset: str, by: str) -> str:
        """Start a task of one asset: "" or why not."""
        why = self.in_the_way(kind, asset)
        if why:
            return why
        engine, desk = self.engine, self.desk
        plan = tasks.plan(desk, kind, asset)
        assert plan is not None
        references = {i: engine.books[i].mid2() for i in desk.instruments(asset) if engine.books[i].quotable}
        task = tasks.Task(kind, asset, by, engine.ts, references)
        task.start = task.left = plan.size
        self._start(task, plan)
        return ""

    def begin_roll(self, source: int, to: int, lots: int, passive: bool, by: str) -> str:
        """Start to move lots of one contract to another of its asset: "" or why not."""
        asset = self.engine.setup.instruments[source].instrument.base
        if asset in self.running:
            return f"{self.running[asset].kind} of {asset} runs already"
        desk = self.desk
        plan = roll.plan(desk, source, to, lots)
        task = roll.Roll(desk, asset, by, self.engine.ts, (source, to), lots, passive)
        task.start = task.left = plan.size
        self._start(task, plan)
        return ""

    def _start(self, task: tasks.Task, plan: tasks.Plan) -> None:
        """Own orders out of the way, the instruments PAUSED, and it is said."""
        engine, desk, kind, asset, by = self.engine, self.desk, task.kind, task.asset, task.by
        self.running[asset] = task
        for i in desk.instruments(asset):
            if engine.lattice.effective(i) < Desk.PAUSED:
                engine.set_state(-1, i, Desk.PAUSED, f"{kind} by {by}")
            for order in engine.tracker.of(i):
                engine.orders.cancel(order)
        engine.version += 1
        engine.alert("warn", "task", f"{kind} {asset} by {by}: {plan.text}")

    def abort(self, why: str, assets: list[str] | None = None) -> list[str]:
        """Stop tasks; an outstanding slice is an IOC and ends by itself, or is cancelled."""
        stopped = []
        for asset in list(self.running):
            if assets is None or asset in assets:
                self._end(self.running[asset], why)
                stopped.append(asset)
        return stopped

    def extend(self) -> str:
        """One more press carries tasks at their cap on, once, from the present mid."""
        engine = self.engine
        done = []
        for task in self.running.values():
            if task.at_cap and not task.extended:
                task.extended, task.at_cap = True, False
                task.references = {
                    i: engine.books[i].mid2() for i in self.desk.instruments(task.asset) if engine.books[i].quotable
                }
                done.append(task.asset)
        return ", ".join(done)

    def collar(self, i: int) -> tuple[float, int]:
        """Cap in bps and reference (half ticks) of the task that trades instrument i."""
        desk = self.desk
        for task in self.running.values():
            if i in task.references and i in desk.instruments(task.asset):
                # one tick of grace: the cap itself is rounded to the tick inside next_slice
                reference = task.references[i]
                return desk.cap_bps(i) + 20_000 / reference, reference
        return desk.cap_bps(i), self.engine.accounts[i].references.last()

    def names(self, scope: list[int]) -> str:
        """The tasks that trade instruments of a scope, in words; "" when none runs."""
        bases = {self.engine.setup.instruments[i].instrument.base for i in scope}
        return ", ".join(f"{task.kind} of {task.asset}" for task in self.running.values() if task.asset in bases)

    def rescale(self, i: int, px: int, sz: int) -> None:
        """A finer tick or lot: references are in half ticks."""
        for task in self.running.values():
            if i in task.references:
                task.references[i] *= px
            if isinstance(task, roll.Roll):
                task.rescale(i, sz)

    def ended(self, order: Order) -> None:
        for task in self.running.values():
            if task.oid == order.oid:
                task.oid = 0

    def step(self, ts: int) -> None:
        """The next slice of every task that is due for one."""
        for task in list(self.running.values()):
            if not task.at_cap:
                self._step(task, ts)

    def _step(self, task: tasks.Task, ts: int) -> None:
        engine, desk = self.engine, self.desk
        if ts - task.last_slice < tasks.SLICE_GAP_NS:
            return
        if task.oid:
            order = engine.tracker.open.get(task.oid)
            if order is not None and order.tif == "GTX" and roll.behind(order, touch(engine, order.i, order.side)):
                engine.orders.cancel(order)
            return
        resting = [o for i in desk.instruments(task.asset) for o in engine.tracker.of(i)]
        if resting:
            task.text = f"waiting for {len(resting)} own orders to be gone"
            if any(order.state is State.UNKNOWN for order in resting):
                self._end(task, "an order is UNKNOWN")
                return
            for order in resting:
                engine.orders.cancel(order)
            return
        i, work, why = self._next(task, desk)
        if i < 0:
            self._end(task, why)
            return
        task.references.setdefault(i, engine.books[i].mid2())  # it had no price at the press: the cap counts from now
        slice_ = tasks.next_slice(desk, task, i, work)
        if isinstance(slice_, str):
            if slice_ == "cap":
                task.at_cap = True
                task.text = f"at its slippage cap: {_left(abs(work))} {task.asset} left"
                engine.alert("danger", "task", f"{task.kind} {task.asset} {task.text}")
            else:
                self._end(task, f"done ({slice_})" if slice_ == "dust" else slice_)
            return
        self._send(task, slice_, ts)

    def _next(self, task: tasks.Task, desk: tasks.Desk) -> tuple[int, Decimal, str]:
        if isinstance(task, roll.Roll):
            turn = roll.turn(desk, task)
            task.resting = turn.passive
            return turn.i, turn.work, turn.why
        if task.kind == "flatten":
            net = desk.net(task.asset)
            task.left = abs(net)
            if task.leg < 0 or not desk.live(task.leg):
                task.leg, why = tasks.choose_leg(desk, task.asset, net)
                if task.leg < 0:
                    return -1, net, "done" if why == "less than one lot" else why
            return (task.leg, net, "") if desk.lots(task.leg, net) else (-1, net, "done")
        goals, dead = tasks.close_goals(desk.legs(task.asset))
        task.left = sum((abs(leg.delta) for leg in goals), Decimal(0))
        i, work = tasks.next_close(desk, goals)
        names = ", ".join(desk.setup.instruments[k].instrument.id for k in dead)
        return i, work, f"done, but {names} is dead: left with its hedge" if dead else "done"

    def _send(self, task: tasks.Task, slice_: tasks.Slice, ts: int) -> None:
        engine = self.engine
        kind = engine.setup.instruments[slice_.i].instrument.kind
        reduces = kind != "spot" and slice_.lots <= engine.accounts[slice_.i].reducible(slice_.side)
        oid = engine.tracker.next_oid
        px, tif = (touch(engine, slice_.i, slice_.side), "GTX") if task.resting else (slice_.px, "IOC")
        why = engine.orders.place(slice_.i, slice_.side, px, slice_.lots, tif, task.kind, task.sent, reduces)
        if why:
            self._end(task, why)
            return
        grid = engine.accounts[slice_.i].grid
        word = "buy" if slice_.side > 0 else "sell"
        task.text = f"{word} {grid.size_text(slice_.lots)} on {engine.name(slice_.i)}"
        task.oid, task.last_slice, task.sent = oid, ts, task.sent + 1

    def _end(self, task: tasks.Task, why: str) -> None:
        engine = self.engine
        del self.running[task.asset]
        order = engine.tracker.open.get(task.oid)
        if order is not None and order.tif != "IOC":
            engine.orders.cancel(order)
        engine.version += 1
        severity = "info" if why.startswith("done") else "danger"
        text = _left(task.left)
        left = f", {text} {task.asset} left" if text != "0" else ""
        engine.alert(severity, "task", f"{task.kind} {task.asset}: {why}{left}")

    def digest(self) -> tuple[object, ...]:
        return tuple(task.digest() for task in self.running.values())
