"""Which leg an order is of, in hedge mode: it reduces what is held on the other side before it adds to its own.

An order that reduces (`reduce_only`) is of the leg opposite its side, any other of its own side's: so side and
`reduce_only` say the leg, here, at the venue (Binance: positionSide) and on the tape.  The leg is chosen when the order
is sent.  One that rests keeps its leg and its place in the queue when a fill of the other side has opened a position
meanwhile: so what is locked by quoting is never more than one ladder.

Rules of this file: pure questions to the ledger and the tracker; nobody comes here in net mode.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mmtui.core.events import AccountMove, Fill, LegFill, LegFound, LegMove, OrderFound
from mmtui.core.ledger.account import Account
from mmtui.core.orders.tracker import Tracker

if TYPE_CHECKING:
    from mmtui.core.engine import Engine

#: Why an order that is to reduce may not leave.
NOTHING = "nothing of that leg to reduce"
GROWS = "more than its leg holds"


def told(event: Fill | AccountMove | OrderFound) -> int:
    """The leg that the venue names, 0 in net mode."""
    return event.leg if isinstance(event, LegFill | LegMove | LegFound) else 0


def closing(tracker: Tracker, i: int, side: int) -> int:
    """Lots that open orders of a side may still take off the leg opposite."""
    return sum(o.left for o in tracker.open.values() if o.i == i and o.side == side and o.reduce_only)


def closable(account: Account, tracker: Tracker, i: int, side: int) -> int:
    """Lots that one more order of this side can reduce: what the leg holds, less what open orders reduce already."""
    room = max(0, account.reducible(side) - closing(tracker, i, side))
    return room - room % account.lot_step


def chosen(room: int, lots: int, least: int, reduce_only: bool) -> tuple[bool, int]:
    """Whether an order reduces, and its lots; 0: it may not leave. `room`: see `closable`; least: lots that the venue
    takes.

    What is more than the leg holds is cut: the rest opens with the next order.  A rest of a leg too small to be traded
    alone stays, and the order opens.
    """
    if reduce_only or room >= lots:
        return True, min(room, lots)
    return (True, room) if room >= max(1, least) else (False, lots)


def picked(engine: Engine, i: int, side: int, px: int, lots: int, reduce_only: bool) -> tuple[bool, int]:
    """What is `chosen` for an order that is about to leave."""
    room = closable(engine.accounts[i], engine.tracker, i, side)
    return chosen(room, lots, engine.gate.least(i, px), reduce_only)


def gross(account: Account, tracker: Tracker, i: int) -> int:
    """Lots held on both legs at the worst: legs do not net, and orders that reduce add nothing."""
    assert account.legs is not None
    opening = tracker.buys[i] + tracker.sells[i] - closing(tracker, i, 1) - closing(tracker, i, -1)
    return account.legs.holds(1) + account.legs.holds(-1) + opening
