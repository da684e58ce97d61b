"""What orders of a purpose must keep beside the state of the desk: hedges, tasks, tickets, the way out, guards.

Checked when an order leaves, and once a simulated second while it rests: what may not leave may not stay either.

Rules of this file: reads the watcher's shadow and the engine, changes only the watcher's notes; a breach is raised.
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from mmtui.core.effects import PlaceOrder
from mmtui.core.engine import Engine
from mmtui.core.orders.table import RESTING, State
from mmtui.core.orders.tracker import Order
from mmtui.core.quoting.sizes import REDUCE_AT
from mmtui.core.risk.states import Desk
from mmtui.sim.demands import MAY, REDUCING, Breach

if TYPE_CHECKING:
    from mmtui.sim.watcher import Watcher

TASKS = ("flatten", "close", "roll")
#: An order that may not rest is cancelled again and again; so long nobody has tried (ns).
IDLE = 2_500_000_000
LOOKS = 3


def leaves(watcher: Watcher, engine: Engine, effect: PlaceOrder) -> None:
    """An order leaves; it stands in the watcher's shadow already."""
    i, purpose = effect.i, effect.purpose
    asset = engine.setup.instruments[i].instrument.base
    if purpose == "quote":
        _quote(watcher, engine, effect)
    elif purpose == "manual":
        _collar(engine, effect, engine.setup.limits.collar_manual_bps)
    elif purpose == "hedge" or purpose in TASKS:
        _alone(watcher, engine, effect, asset)
        if purpose in ("hedge", "flatten"):
            _smaller(engine, effect, asset)


def _quote(watcher: Watcher, engine: Engine, effect: PlaceOrder) -> None:
    i, side = effect.i, effect.side
    quoter, position = engine.quoters[i], watcher.position[i]
    limits, major = engine.setup.limits, engine.setup.instruments[i].instrument.major
    _collar(engine, effect, limits.collar_major_bps if major else limits.collar_other_bps)
    why = "EXIT NOW" if quoter.operator.exit else "REDUCE" if quoter.reduce else engine.watch.guard
    if why and not 0 < effect.sz <= -side * position:
        raise Breach("I2", f"quote {effect.oid} of {effect.sz} lots leaves in {why} at a position of {position}")
    if side * position >= REDUCE_AT * engine.gate.position_limits[i]:
        raise Breach("I3", f"quote {effect.oid} adds to {position} lots, 90 % of the limit")
    if quoter.guards is not None and quoter.guards.reasons[side]:
        raise Breach("I2", f"quote {effect.oid} leaves on a side that is held: {quoter.guards.reasons[side]}")
    held, order = engine.gate.held(i, side), engine.tracker.open.get(effect.oid)
    if held and order is not None and order.state is State.SENT:  # else it goes with the event that sent it
        raise Breach("I2", f"quote {effect.oid} leaves on a side that is pulled: {held}")
    since = watcher.traded.get((i, side), 0)
    if quoter.params.cooldown_sides == "both":
        since = max(since, watcher.traded.get((i, -side), 0))
    if watcher.ts - since < quoter.params.cooldown_ms * 1_000_000 and not quoter.operator.exit:
        raise Breach("I2", f"quote {effect.oid} leaves {(watcher.ts - since) // 1_000_000} ms after a fill")


def _collar(engine: Engine, effect: PlaceOrder, bps: float) -> None:
    reference = engine.accounts[effect.i].references.last()
    if abs(2 * effect.px - reference) * 10_000 > bps * reference:
        raise Breach("I3", f"{effect.purpose} {effect.oid} at {effect.px}, {bps:g} bps and more from {reference / 2}")


def _alone(watcher: Watcher, engine: Engine, effect: PlaceOrder, asset: str) -> None:
    """One order of a hedge at a time, none while a task runs; slices after own orders; none beside an UNKNOWN one."""
    task, purpose = engine.tasks.running.get(asset), effect.purpose
    if purpose == "hedge" and task is not None:
        raise Breach("I2", f"hedge {effect.oid} leaves while a {task.kind} of {asset} runs")
    for oid, other in watcher.open.items():
        if oid == effect.oid or engine.setup.instruments[other.i].instrument.base != asset:
            continue
        order = engine.tracker.open.get(oid)
        if order is not None and order.state is State.UNKNOWN:
            raise Breach("I2", f"{purpose} {effect.oid} leaves while order {oid} of {asset} is UNKNOWN")
        if purpose in TASKS or other.purpose == "hedge":
            raise Breach("I2", f"{purpose} {effect.oid} leaves while {other.purpose} {oid} of {asset} is open")


def _smaller(engine: Engine, effect: PlaceOrder, asset: str) -> None:
    """A hedge or a flatten never turns delta: no more than what is off target, by one lot and a part of the price."""
    net = engine.tasks.desk.net(asset)
    grid = engine.accounts[effect.i].grid
    size = grid.base_lots(effect.sz, 2 * effect.px)
    most = abs(net) * Decimal("1.01") + grid.base_lots(1, 2 * effect.px)
    if effect.side * net >= 0 or size > most:
        word = "buys" if effect.side > 0 else "sells"
        raise Breach("I3", f"{effect.purpose} {effect.oid} {word} {size} {asset} at a delta of {net}")


def rest(watcher: Watcher, engine: Engine) -> None:
    """I2 of orders that rest: one that may not stand there goes, however often its cancel is refused."""
    looks = watcher.resting
    wrong: dict[int, tuple[int, int]] = {}
    for oid in watcher.open:
        order = engine.tracker.open.get(oid)
        if order is None or order.state not in RESTING or _may_rest(watcher, engine, order):
            continue
        since, seen = looks.get(oid, (engine.ts, 0))
        wrong[oid] = since, seen + 1
        if seen + 1 >= LOOKS and engine.ts - max(since, order.cancel_ts) > IDLE:
            state = engine.lattice.effective(order.i)
            why = engine.protections.reasons[order.i] or state.name
            raise Breach("I2", f"{order.purpose} {oid} rests on {engine.name(order.i)} in {why}, and nobody cancels it")
    watcher.resting = wrong


def _may_rest(watcher: Watcher, engine: Engine, order: Order) -> bool:
    i, purpose, state = order.i, order.purpose, engine.lattice.effective(order.i)
    if state is Desk.KILLED and not engine.sweeper.proven():
        return True  # a kill cancels again and again
    pulled = purpose == "quote" and bool(engine.protections.reasons[i])
    if engine.acts.drains(i, state) and purpose != "hedge":
        return not pulled
    if state is Desk.HALTED and purpose in REDUCING:
        mine = [one for one in watcher.open.values() if one.i == i and one.side == order.side]
        whole = order.side * watcher.position[i] + sum(one.left for one in mine)
        return order.reduce_only or whole <= 0
    asset = engine.setup.instruments[i].instrument.base
    if purpose == "roll" and asset not in engine.tasks.running:
        return False
    return purpose in MAY[state] and not pulled
