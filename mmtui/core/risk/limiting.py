"""Limits that an operator changes while the desk runs: down at once, up only knowingly. Never undone by `undo`.

A limit that is lowered holds from this event on, in the gate, the loss watch and the gauges; raising one is a step up:
it needs the current state version and a reason.  Position limits are those of the instruments in scope, the others the
desk's.  What was changed stands in the state's hash, and lasts as long as the session.

Rules of this file: all or nothing: one bad name or value changes nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import msgspec

from mmtui.core.errors import Refusal
from mmtui.core.events import Command
from mmtui.core.ledger.ledger import UNIT

if TYPE_CHECKING:
    from mmtui.core.engine import Engine

#: Numbers above this are no limits.
MOST = {"leverage": 1_000.0, "messages_per_s": 1_000_000.0}


class Limiting:
    """The act `limit` of the engine that owns it."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.changed: dict[str, float] = {}  # "name" or "max_position instrument" -> what it is now

    def now(self, name: str, i: int = -1) -> float:
        """A limit as it is in force, in the unit of the config."""
        gate, watch = self.engine.gate, self.engine.watch
        if name == "max_position":
            return float(self.engine.accounts[i].grid.lot * self.engine.quoters[i].limit)
        if name == "leverage":
            return gate.leverage_cap
        if name == "messages_per_s":
            return float(gate.per_s)
        return float(getattr(watch if name in ("daily_loss", "drawdown") else gate, name) / UNIT)

    def limit(self, event: Command, args: dict[str, Any], scope: list[int]) -> tuple[str, str, str]:
        """Carry out `limit KEY=VALUE ...`: (text, before, after); Refusal when one of them may not be."""
        wanted: list[tuple[str, int, float, float]] = []
        for name, value in args.items():
            if name not in KEYS:
                raise Refusal(f"there is no limit named {name!r}; there are {', '.join(KEYS)}")
            whole = name == "messages_per_s"
            if type(value) not in ((int,) if whole else (int, float)):
                raise Refusal(f"{name} is a {'whole ' if whole else ''}number")
            if not 0 < value <= MOST.get(name, 1e15):
                raise Refusal(f"{name} is above 0 and at most {MOST.get(name, 1e15):g}")
            if name != "max_position" and (event.i >= 0 or event.v >= 0):
                raise Refusal(f"{name} is the desk's: leave instrument and venue out")
            places = scope if name == "max_position" else [-1]
            wanted += [(name, i, self.now(name, i), float(value)) for i in places]
        if not wanted:
            raise Refusal(f"give KEY=VALUE of {', '.join(KEYS)}")
        if any(after > before for _, _, before, after in wanted):
            self._may_raise(event)
        for name, i, _, after in wanted:
            self._put(name, i, after)
        self.engine.version += 1
        words = [f"{self._label(name, i)} {before:g} → {self.now(name, i):g}" for name, i, before, _ in wanted]
        text = ", ".join(words)
        self.engine.alert("warn", "limit", f"limit {text} by {event.operator}" + _because(event))
        name, i, before, _ = wanted[0]
        return f"limit {text}", f"{before:g}", f"{self.now(name, i):g}"

    def _may_raise(self, event: Command) -> None:
        """Up is a step up: somebody who may (an admin, where the desk asks for one), has seen it, and says why."""
        if self.engine.setup.limits.admins_raise and event.role != "admin":
            raise Refusal("only an admin raises a limit on this desk: `mmtui ctl --admin limit ...`")
        if event.version and event.version < self.engine.lattice_version:
            raise Refusal("the desk's state has changed since you pressed: look again")
        if not event.reason.strip():
            raise Refusal("raising a limit needs a reason")

    def _label(self, name: str, i: int) -> str:
        return f"{name} {self.engine.name(i)}" if i >= 0 else name

    def _put(self, name: str, i: int, value: float) -> None:
        if name == "max_position":
            self._position(i, value)
        else:
            PUT[name](self.engine, value)
        self.changed[self._label(name, i)] = value

    def _position(self, i: int, value: float) -> None:
        quoter = self.engine.quoters[i]
        quoter.setup = msgspec.structs.replace(quoter.setup, max_position=f"{Decimal(repr(value)):f}")
        quoter.derive(quoter.params)
        self.engine.gate.position_limits[i] = quoter.capped()
        self.engine.market.requote(i)

    def digest(self) -> list[tuple[str, float]]:
        return list(self.changed.items())


def _units(value: float) -> int:
    return max(1, int(value * 1e6)) * (UNIT // 10**6)


def _daily_loss(engine: Engine, value: float) -> None:
    engine.watch.daily_loss = _units(value)


def _drawdown(engine: Engine, value: float) -> None:
    engine.watch.drawdown = _units(value)


def _order(engine: Engine, value: float) -> None:
    engine.gate.order_notional = _units(value)


def _gross(engine: Engine, value: float) -> None:
    engine.gate.gross_notional = _units(value)


def _leverage(engine: Engine, value: float) -> None:
    engine.gate.lever(value)


def _messages(engine: Engine, value: float) -> None:
    engine.gate.pace(int(value), engine.setup.limits.cancel_share)


PUT: dict[str, Callable[[Engine, float], None]] = {
    "daily_loss": _daily_loss,
    "drawdown": _drawdown,
    "order_notional": _order,
    "gross_notional": _gross,
    "leverage": _leverage,
    "messages_per_s": _messages,
}
KEYS = ("max_position", *PUT)


def _because(event: Command) -> str:
    return f": {event.reason}" if event.reason.strip() else ""
