"""Orders of a stretch of tape without its market: what was recorded has left, not what an engine would send now.

An emergency segment leaves out market events that caused nothing (tape/acted.py), so an engine that takes its records
in again sees older books and may send another order, another size, or none.  The venue had the recorded one.
Rules of this file: only where a tape says that it is partial; the fills and answers that follow meet the right orders.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from mmtui.core.effects import Effect, PlaceOrder

if TYPE_CHECKING:
    from mmtui.core.engine import Engine


def follow(engine: Engine, made: Sequence[Effect], recorded: Sequence[Effect]) -> None:
    """After an event: take back the orders of `made` that are not in `recorded`, and add those that are only there."""
    ours = [effect for effect in made if isinstance(effect, PlaceOrder)]
    theirs = [effect for effect in recorded if isinstance(effect, PlaceOrder)]
    if ours == theirs:
        return
    tracker = engine.tracker
    for effect in ours:
        if effect not in theirs:
            order = tracker.get(effect.oid)
            if order is not None:
                tracker.forget(order)
                engine.quoters[order.i].clear_slot(order)
    for effect in theirs:
        if effect not in ours:
            tracker.add(effect, engine.ts)
    if ours:
        tracker.next_oid = min(effect.oid for effect in ours)
    if theirs:
        tracker.next_oid = max(effect.oid for effect in theirs) + 1
