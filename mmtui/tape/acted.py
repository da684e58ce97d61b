"""Which records matter at once: what somebody acts on, and what the emergency segment keeps.

Rules of this file: tables of events and effects, and questions about them.
"""

from __future__ import annotations

from collections.abc import Sequence

from mmtui.core.effects import SENT, Adjust, Effect, Latch, Result
from mmtui.core.events import BestQuote, BookDelta, BookSnapshot, Event, Heartbeat, MarkPrice, QueueUpdate, Timer, Trade

#: Effects that somebody acts on: their record is in the kernel before they leave.
ACTED_ON = (*SENT, Latch, Result, Adjust)
_ACTED_ON = frozenset(ACTED_ON)
#: What is left out of the emergency segment unless somebody acts on what it caused.
_LEFT_OUT = frozenset({BestQuote, BookDelta, BookSnapshot, Heartbeat, MarkPrice, QueueUpdate, Timer, Trade})


def acted_on(effects: Sequence[Effect]) -> bool:
    """Whether somebody acts on one of them."""
    return not _ACTED_ON.isdisjoint(map(type, effects))


def reduces_risk(event: Event, effects: Sequence[Effect]) -> bool:
    """Whether a full disk still has room for it: not market data that caused nothing."""
    return type(event) not in _LEFT_OUT or acted_on(effects)
