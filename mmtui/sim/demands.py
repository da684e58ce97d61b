"""What the watcher demands: the desk rules as tables of their own, apart from the engine's.

Rules of this file: data, small pure functions, and two exceptions: a broken demand, and the end of a process.
"""

from __future__ import annotations

from mmtui.core import events as ev
from mmtui.core.effects import PlaceOrder
from mmtui.core.engine import Engine
from mmtui.core.orders.table import State
from mmtui.core.risk.states import Desk

#: What may leave in which state (desk rules), apart from the engine's own table; HALTED: REDUCING that reduce, too.
MAY = {
    Desk.RUNNING: ("quote", "manual", "hedge", "flatten", "close", "roll"),
    Desk.PAUSED: ("manual", "hedge", "flatten", "close", "roll"),
    Desk.STOPPED: ("flatten", "close"),
    Desk.HALTED: ("flatten", "close"),
    Desk.KILLED: ("flatten", "close"),
}
REDUCING = ("manual", "roll")
#: Where an order can be after one record (which may find that it lives, and amend it), by where it was. A finished one
#: comes back only as one that was seen again.
_ENDS = (State.FILLED, State.CANCELLED, State.REJECTED)
_BACK = (State.UNKNOWN, State.LIVE, State.CANCELLING)
PATHS: dict[State, tuple[State, ...]] = {
    State.SENT: (State.SENT, State.LIVE, State.AMENDING, State.CANCELLING, State.UNKNOWN, *_ENDS),
    State.LIVE: (State.LIVE, State.CANCELLING, State.AMENDING, State.UNKNOWN, *_ENDS),
    State.AMENDING: (State.AMENDING, State.LIVE, State.CANCELLING, State.UNKNOWN, *_ENDS),
    State.CANCELLING: (State.CANCELLING, State.UNKNOWN, *_ENDS),
    State.UNKNOWN: (State.UNKNOWN, State.LIVE, State.AMENDING, State.CANCELLING, *_ENDS),
    State.FILLED: (State.FILLED,),
    State.CANCELLED: (State.CANCELLED, State.FILLED, *_BACK),
    State.REJECTED: (State.REJECTED, State.FILLED, *_BACK),
}


class Breach(Exception):
    """An invariant does not hold. `name` is its number, `text` a sentence."""

    def __init__(self, name: str, text: str) -> None:
        super().__init__(f"{name}: {text}")
        self.name = name
        self.text = text


class Crashed(BaseException):
    """The process died inside a write: nothing of it runs on. Whoever runs the host catches it, nobody else."""


class Shadow:
    """One own order, as the records tell it."""

    __slots__ = (
        "amends", "closes", "filled", "i", "level", "purpose", "sent", "side", "since", "state", "sz", "went", "wish",
        "wished",
    )  # fmt: skip

    def __init__(self, effect: PlaceOrder, ts: int) -> None:
        self.sent = ts
        self.since = ts  # when it came to its state
        self.i = effect.i
        self.side = effect.side
        self.sz = effect.sz
        self.purpose = effect.purpose
        self.level = effect.level
        self.closes = effect.reduce_only
        self.amends = 0
        self.went = 0  # the newest amend that has left the session
        self.wish = 0  # whole size of an amend that is not settled; 0: there is none
        self.wished = 0  # when it was decided
        self.filled = 0
        self.state = State.SENT


    @property
    def left(self) -> int:
        """Lots that may still be filled, by the worse of what it was and what it may be."""
        return max(0, max(self.sz, self.wish) - self.filled)


def held(engine: Engine, i: int) -> tuple[int, int]:
    """Lots of an instrument as the desk has them, net and (in hedge mode) of the short leg."""
    account = engine.accounts[i]
    return account.position, account.legs.short.lots if account.legs is not None else 0


def lots_text(lots: tuple[int, int]) -> str:
    """Net and short leg, for a sentence."""
    return f"{lots[0]} lots ({lots[1]} short)" if lots[1] else f"{lots[0]} lots"


def may_lower(event: ev.Event, before: Desk) -> bool:
    """Up the table: an operator's start or resume, out of a latched state only a resume with a reason."""
    if isinstance(event, ev.HostStarted):
        return event.autostart and before is Desk.PAUSED
    if not isinstance(event, ev.Command) or event.role != "operator":
        return False
    if before >= Desk.HALTED:
        return event.action == "resume" and bool(event.reason.strip())
    return event.action in ("start", "resume", "undo")
