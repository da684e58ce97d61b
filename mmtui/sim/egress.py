"""What must hold when an order leaves or is amended, and what the watcher's shadow of an amended order is.

An order whose amend is not settled counts as the larger of both; what it is settled to, the venue must have.

Rules of this file: reads the desk and the venues; changes the watcher's shadows only; a breach ends the seed.
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from mmtui.core.effects import AmendOrder, PlaceOrder
from mmtui.core.engine import Engine
from mmtui.core.orders.table import State
from mmtui.core.orders.tracker import Order
from mmtui.sim import purposes
from mmtui.sim.demands import MAY, Shadow
from mmtui.venues.account import AccountSession
from mmtui.venues.account_messages import Amend

if TYPE_CHECKING:
    from mmtui.sim.watcher import Watcher

#: A create or amend that has waited for so long is not sent any more.
OLD = 1_200_000_000


def exposed(watcher: Watcher, engine: Engine, order: Shadow, oid: int) -> None:
    """I3: position and everything that may still be filled on that side, against the limit."""
    i, side = order.i, order.side
    open_lots = sum(o.left for o in watcher.open.values() if o.i == i and o.side == side)
    worst = side * watcher.position[i] + open_lots
    limit = max(engine.gate.position_limits[i], watcher.limits[i])  # a zone may have lowered it after the order
    if worst > limit and worst > 0:
        watcher.fail("I3", f"order {oid} takes the worst case to {worst} lots of {limit}")


def closes(watcher: Watcher, order: Shadow, oid: int) -> None:
    """I3 in hedge mode: orders that reduce never take more off a leg than it holds."""
    i, side = order.i, order.side
    leg = watcher.shorts[i] if side > 0 else watcher.position[i] + watcher.shorts[i]
    lots = sum(o.left for o in watcher.open.values() if o.i == i and o.side == side and o.closes)
    if lots > leg:
        watcher.fail("I3", f"order {oid} takes what is to be closed to {lots} lots of {leg}")


def book_is_good(watcher: Watcher, engine: Engine, i: int, ts: int) -> None:
    """I8, from the events alone, and the book as the engine has it."""
    v, book = watcher.venue_of[i], engine.books[i]
    why = ""
    if not watcher.valid[i]:
        why = "unsynced or gapped"
    elif not watcher.feed[v]:
        why = "down"
    elif watcher.blind[v]:
        why = "without its account stream"
    elif ts - watcher.seen[i] > watcher.stale[i]:
        why = f"silent for {(ts - watcher.seen[i]) // 1_000_000} ms"
    elif not 0 < book.bid < book.ask:
        why = "crossed or one-sided"
    if why:
        watcher.fail("I8", f"a quote leaves for {engine.name(i)}, whose book is {why}")


def uncrossed(watcher: Watcher, engine: Engine, i: int, side: int, px: int, oid: int) -> None:
    """I9: no own order of the other side may stand where this one would meet it."""
    for other, shadow in watcher.open.items():
        if shadow.i == i and shadow.side == -side:
            resting = engine.tracker.open.get(other)
            if resting is not None and side * px >= side * resting.reach:
                watcher.fail("I9", f"order {oid} crosses our order {other}")


# -- amends ------------------------------------------------------------------------------------------------------------


def decided(watcher: Watcher, engine: Engine, effect: AmendOrder, ts: int) -> None:
    """An amend leaves the engine: one at a time, of an order that is there, as a quote may leave."""
    oid, i = effect.oid, effect.i
    order, shadow = engine.tracker.open.get(oid), watcher.open.get(oid)
    if order is None or shadow is None or shadow.state not in (State.LIVE, State.UNKNOWN, State.AMENDING):
        watcher.fail("I2", f"amend {effect.amend} of order {oid}, which does not rest")
        return
    settle(watcher, engine, order)
    if effect.amend <= shadow.amends:
        watcher.fail("I1", f"amend {effect.amend} of order {oid} after {shadow.amends}")
    if shadow.wish:
        watcher.fail("I1", f"amend {effect.amend} of order {oid} leaves, and the one before is not settled")
    if effect.px <= 0 or effect.sz <= shadow.filled:
        watcher.fail("I3", f"order {oid} is to have {effect.sz} lots at {effect.px}, {shadow.filled} are filled")
    before = watcher.effective[i]
    if shadow.purpose not in MAY[before] and shadow.purpose not in MAY[engine.lattice.effective(i)]:
        watcher.fail("I2", f"a {shadow.purpose} order is amended in {engine.lattice.effective(i).name}")
    smaller = effect.px == order.px and effect.sz <= shadow.sz
    shadow.amends, shadow.wish, shadow.wished = effect.amend, effect.sz, ts
    watcher.wishes[oid] = None
    if smaller:
        return
    exposed(watcher, engine, shadow, oid)
    if shadow.closes and engine.accounts[i].legs is not None:
        closes(watcher, shadow, oid)
    book_is_good(watcher, engine, i, ts)
    uncrossed(watcher, engine, i, effect.side, effect.px, oid)
    left = effect.sz - shadow.filled
    purposes.leaves(
        watcher,
        engine,
        PlaceOrder(i, oid, effect.side, effect.px, left, order.tif, order.reduce_only, shadow.purpose, shadow.level),
    )


def left(watcher: Watcher, session: AccountSession, request: Amend, now: int) -> None:
    """An amend leaves a session: no old one, none while a cancel waits, none of an order that is to go."""
    change = request.order
    if session.cancels or session.everything.waiting:
        watcher.fail("I15", f"an amend leaves while {len(session.cancels) or 'all'} cancels wait")
    shadow = watcher.orders.get(change.oid)
    if shadow is None or change.amend > shadow.amends:  # nobody watched it being decided
        return
    if change.amend <= shadow.went:
        watcher.fail("I1", f"amend {change.amend} of order {change.oid} leaves after {shadow.went}")
    shadow.went = change.amend
    if now - shadow.wished > OLD:
        late = (now - shadow.wished) // 1_000_000
        watcher.fail("I2", f"an amend of order {change.oid} leaves {late} ms after it was decided")
    if shadow.state is State.CANCELLING:
        watcher.fail("I2", f"an amend of order {change.oid} leaves when it is {shadow.state.name}")


def settled(watcher: Watcher, engine: Engine) -> None:
    """After a record, before its effects: amends that the desk takes for settled."""
    for oid in list(watcher.wishes):
        order = engine.tracker.get(oid)
        if oid not in watcher.open:  # it has ended, as large as it may have been
            del watcher.wishes[oid]
        elif order is not None and (order.amend is None or order.amends > watcher.orders[oid].amends):
            settle(watcher, engine, order)


def settle(watcher: Watcher, engine: Engine, order: Order) -> None:
    """I4: an order is settled at the price and size that the venue has."""
    shadow = watcher.orders[order.oid]
    if order.oid in watcher.wishes:
        del watcher.wishes[order.oid]
        there = watcher.truth.terms(watcher.venue_of[order.i], order.oid)
        here = Decimal(engine.accounts[order.i].grid.instrument.tick) * order.px, order.sz
        if there is not None and there != here and not watcher.blurred:
            watcher.fail("I4", f"order {order.oid} is taken to have {here[1]} lots at {here[0]}, and the venue has "
                         f"{there[1]} at {there[0]}")  # fmt: skip
        shadow.sz, shadow.wish = order.sz, 0
