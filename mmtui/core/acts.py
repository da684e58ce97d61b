"""The operator's acts inside the engine: who may, on what, what became of it.

Every act answers with one Result. Escalations (down the state table) are open to anyone at any time; going up needs an
operator and the current state version.  Undo takes back the operator's own last change only.

Rules of this file: one method an act, found by its name; arguments are checked here and nowhere else.
"""

from __future__ import annotations

import json
from collections import deque
from math import isfinite
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from mmtui.core.commands import BY_NAME
from mmtui.core.effects import Result
from mmtui.core.events import Command
from mmtui.core.orders.tracker import Order
from mmtui.core.quoting.params import Quoting
from mmtui.core.quoting.quoter import FOREVER, HOLD_ORDER_NS
from mmtui.core.risk.states import LATCHED, Desk
from mmtui.core.risk.sweep import Sweep

if TYPE_CHECKING:
    from mmtui.core.engine import Engine

SECOND = 1_000_000_000
UNDO_NS = 60 * SECOND
STEPS_PER_S = 10
#: Operator's spread offset is capped at this many base widths; size at this many per cent up and down.
OFFSET_CAP = 3.0
SIZE_MIN, SIZE_MAX = -90.0, 300.0


class Refusal(Exception):
    """An act that is not carried out; its text is the answer."""


def _no_constant(text: str) -> None:
    raise ValueError(text)  # NaN and infinity do not enter


class Change(NamedTuple):
    """What undo would take back: (instrument, field, before, after) each."""

    ts: int
    items: tuple[tuple[int, str, float, float], ...]
    words: str
    states: int  # the engine's lattice version at that moment


class Acts:
    """Carries out commands on the engine that owns it."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.draining: set[int] = set()  # instruments whose orders conclude by themselves under STOPPED
        self.seen: deque[str] = deque(maxlen=1_000)
        self.changes: dict[str, Change] = {}
        self.steps: dict[str, deque[int]] = {}
        self.closing = False

    def command(self, event: Command) -> None:
        """Carry out one act and answer it."""
        engine = self.engine
        if event.id in self.seen:
            return
        self.seen.append(event.id)
        before = after = ""
        try:
            args = self._allowed(event)
            handler = getattr(self, f"_do_{event.action}")
            text, before, after = handler(event, args)
            ok = True
        except Refusal as refusal:
            ok, text = False, str(refusal)
        engine.emit(Result(event.id, ok, text, engine.version, before, after))

    def _allowed(self, event: Command) -> dict[str, Any]:
        act = BY_NAME.get(event.action)
        engine = self.engine
        if act is None:
            raise Refusal(f"there is no act named {event.action!r}")
        if event.role != "operator" and not (event.action == "kill" and engine.setup.limits.observers_may_kill):
            raise Refusal(f"an observer may not {event.action}")
        if not act.escalates and event.version and event.version < self._floor():
            raise Refusal("the desk's state has changed since you pressed: look again")
        if not (-1 <= event.i < len(engine.quoters) and -1 <= event.v < len(engine.setup.venues)):
            raise Refusal("there is no such instrument or venue on this desk")
        try:
            args = json.loads(event.args or "{}", parse_constant=_no_constant)
        except (ValueError, RecursionError):
            raise Refusal("arguments are not JSON") from None
        if not isinstance(args, dict):
            raise Refusal("arguments are not a table")
        return args

    def _floor(self) -> int:
        """Oldest state version on which a de-escalation may rest: that of the last change of state."""
        return self.engine.lattice_version

    def _scope(self, event: Command) -> list[int]:
        engine = self.engine
        if event.i >= 0:
            return [event.i]
        return [i for i, v in enumerate(engine.venue_of) if event.v < 0 or v == event.v]

    def _scope_name(self, event: Command) -> str:
        return self.engine.scope(event.v, event.i).partition(":")[2] or "desk"

    # ------------------------------------------------------------ states

    def _do_start(self, event: Command, args: dict[str, Any]) -> tuple[str, str, str]:
        engine = self.engine
        state = engine.lattice.get(event.v, event.i)
        if state in LATCHED:
            raise Refusal(f"{self._scope_name(event)} is {state.name}: resume it with a reason first")
        if engine.ended:
            raise Refusal("SOURCE ENDED: there is no market to quote in")
        if not self._quotes(event):
            raise Refusal("nothing in scope is quoted (config)")
        running = engine.tasks.names(self._scope(event))
        if running:
            raise Refusal(f"{running} runs: abort it first")
        self.draining.difference_update(self._scope(event))
        for i in self._scope(event):
            engine.quoters[i].hold = {1: 0, -1: 0}
        if event.i < 0 and event.v < 0:
            engine.lattice.clear_unlatched()
        engine.set_state(event.v, event.i, Desk.RUNNING, f"start by {event.operator}")
        worst = max(engine.lattice.effective(i) for i in self._scope(event))
        note = f" (but {worst.name} above it)" if worst is not Desk.RUNNING and event.i >= 0 else ""
        return f"{self._scope_name(event)} {state.name} → RUNNING{note}", state.name, "RUNNING"

    def _quotes(self, event: Command) -> bool:
        return any(self.engine.quoters[i].enabled for i in self._scope(event))

    def _lower(self, event: Command, state: Desk, word: str) -> tuple[str, str, str]:
        engine = self.engine
        before = engine.lattice.get(event.v, event.i)
        if before >= state:
            return f"{self._scope_name(event)} is {before.name} already", before.name, before.name
        engine.set_state(event.v, event.i, state, f"{word} by {event.operator}")
        return f"{self._scope_name(event)} {before.name} → {state.name}", before.name, state.name

    def _do_stop(self, event: Command, args: dict[str, Any]) -> tuple[str, str, str]:
        engine, scope = self.engine, self._scope(event)
        if not args.get("drain"):
            self.draining.difference_update(scope)
            bases = [engine.setup.instruments[i].instrument.base for i in scope]
            engine.tasks.abort(f"stop by {event.operator}", bases)
            text, before, after = self._lower(event, Desk.STOPPED, "stop")
            engine.activate_all()  # a drain that was under way ends here
            return text, before, after
        self.draining.update(i for i in scope if engine.lattice.effective(i) < Desk.STOPPED)
        text, before, after = self._lower(event, Desk.STOPPED, "drain")
        return text + (", open orders conclude" if self.draining else ""), before, after

    def drains(self, i: int, state: Desk) -> bool:
        """Whether the open quotes of an instrument are left to conclude."""
        return state is Desk.STOPPED and i in self.draining

    def _do_pause(self, event: Command, args: dict[str, Any]) -> tuple[str, str, str]:
        return self._lower(event, Desk.PAUSED, "pause")

    def _do_resume(self, event: Command, args: dict[str, Any]) -> tuple[str, str, str]:
        engine = self.engine
        state = engine.lattice.get(event.v, event.i)
        if state not in LATCHED:
            if state is Desk.STOPPED:
                raise Refusal("STOPPED: start it")
            return self._do_start(event, args)
        if not event.reason.strip():
            raise Refusal(f"resume from {state.name} needs a reason")
        if state is Desk.KILLED:
            if not engine.sweeper.proven():
                raise Refusal("the kill is not proven yet: orders may be open")
            if engine.tracker.unknown():
                raise Refusal(f"{engine.tracker.unknown()} orders are UNKNOWN")
            bad = [engine.name(i) for i in self._scope(event) if not engine.books[i].quotable]
            if bad and not engine.ended:
                raise Refusal(f"books are not in sync: {', '.join(bad)}")
        if event.v < 0 and event.i < 0:
            engine.watch.accept(engine)
        engine.set_state(event.v, event.i, Desk.PAUSED, f"resume by {event.operator}: {event.reason}")
        return f"{self._scope_name(event)} {state.name} → PAUSED", state.name, "PAUSED"

    def _do_kill(self, event: Command, args: dict[str, Any]) -> tuple[str, str, str]:
        """Block first (the state), then cancel, then verify: nothing may stand before these lines."""
        engine = self.engine
        before = engine.lattice.get(event.v, event.i)
        by = event.operator + (f" over {event.origin}" if event.origin else "")
        self.draining.clear()
        engine.kill_epoch += 1
        engine.block(event.v, event.i, f"kill by {by}")
        scope = self._scope(event)
        venues = sorted({engine.venue_of[i] for i in scope}) if event.v < 0 else [event.v]
        if event.v < 0 and event.i < 0:
            venues = list(range(len(engine.setup.venues)))
        cause = str(args.get("cause", "")) or event.reason or "kill"
        sweep = Sweep("kill", by, cause, self._scope_name(event), venues, event.i, event.ts)
        engine.sweeper.begin(sweep, event.ts, engine.emit)
        assets = sorted({engine.setup.instruments[i].instrument.base for i in scope})
        engine.tasks.abort(f"kill by {by}", assets)
        engine.activate_all()
        count = sum(state.cancels for state in sweep.venues.values())
        return f"KILLED {self._scope_name(event)}: {count} orders being cancelled", before.name, "KILLED"

    def latch(self, scope: str, reason: str) -> None:
        """A latched state that survived the last life of the host; `reason` begins with the state's name."""
        engine = self.engine
        name, _, why = reason.partition(": ")
        state = Desk[name] if name in ("KILLED", "HALTED") else Desk.KILLED
        kind, _, ident = scope.partition(":")
        v = engine.setup.venues.index(ident) if kind == "venue" and ident in engine.setup.venues else -1
        i = engine.setup.index(ident) if kind == "instrument" else -1
        if (kind == "venue" and v < 0) or (kind == "instrument" and i < 0):
            return
        if engine.lattice.get(v, i) < state:
            engine.set_state(v, i, state, why or reason)

    def _do_shutdown(self, event: Command, args: dict[str, Any]) -> tuple[str, str, str]:
        engine = self.engine
        before = engine.lattice.desk
        engine.tasks.abort(f"shutdown by {event.operator}")
        if before < Desk.STOPPED:
            engine.set_state(-1, -1, Desk.STOPPED, f"shutdown by {event.operator}")
        if not self.closing:
            self.closing = True
            venues = list(range(len(engine.setup.venues)))
            sweep = Sweep("shutdown", event.operator, event.origin, "desk", venues, -1, event.ts)
            engine.sweeper.begin(sweep, event.ts, engine.emit)
        return "shutting down: cancelling and verifying zero", before.name, engine.lattice.desk.name

    # ------------------------------------------------------------ spread, skew, size

    def _do_spread(self, event: Command, args: dict[str, Any]) -> tuple[str, str, str]:
        step = self._number(args, "bps")
        self._throttle(event)
        items = []
        for i in self._scope(event):
            quoter = self.engine.quoters[i]
            cap = OFFSET_CAP * quoter.params.spread_bps
            old = quoter.operator.spread_bps
            new = max(-quoter.params.spread_bps, min(cap, old + step))
            items.append((i, "spread_bps", old, new))
        return self._change(event, items, "spread", "bps")

    def _do_skew(self, event: Command, args: dict[str, Any]) -> tuple[str, str, str]:
        step = self._number(args, "bps")
        self._throttle(event)
        items = []
        for i in self._scope(event):
            quoter = self.engine.quoters[i]
            cap = OFFSET_CAP * quoter.params.spread_bps
            old = quoter.operator.skew_bps
            items.append((i, "skew_bps", old, max(-cap, min(cap, old + step))))
        return self._change(event, items, "skew", "bps")

    def _do_size(self, event: Command, args: dict[str, Any]) -> tuple[str, str, str]:
        step = self._number(args, "pct")
        self._throttle(event)
        items = []
        for i in self._scope(event):
            old = self.engine.quoters[i].operator.size_pct
            items.append((i, "size_pct", old, max(SIZE_MIN, min(SIZE_MAX, old + step))))
        return self._change(event, items, "size", "%")

    def _do_reset(self, event: Command, args: dict[str, Any]) -> tuple[str, str, str]:
        items: list[tuple[int, str, float, float]] = []
        for i in self._scope(event):
            operator = self.engine.quoters[i].operator
            items.extend((i, f, getattr(operator, f), 0.0) for f in ("spread_bps", "skew_bps", "size_pct"))
        text, before, after = self._change(event, items, "reset", "bps")
        del text
        return "operator's spread, skew and size back to none", before, after

    def _change(
        self, event: Command, items: list[tuple[int, str, float, float]], word: str, unit: str
    ) -> tuple[str, str, str]:
        """Apply changes of operator's offsets and remember them for undo."""
        engine = self.engine
        moved = [item for item in items if item[2] != item[3]]
        if not moved:
            i, field, old, _ = items[0]
            return f"{word} stays {self._in_force(i, field)}: at its bound", f"{old:g}", f"{old:g}"
        first = self._in_force(moved[0][0], moved[0][1])
        for i, field, _, new in moved:
            operator = engine.quoters[i].operator
            setattr(operator, field, new)
            operator.owner, operator.set_ts = event.operator, event.ts
        engine.version += 1
        for i in {item[0] for item in moved}:
            engine.market.requote(i)
        i, field, old, new = moved[0]
        after = self._in_force(i, field)
        self.changes[event.operator] = Change(event.ts, tuple(moved), word, engine.lattice_version)
        more = f" on {len({m[0] for m in moved})} instruments" if len({m[0] for m in moved}) > 1 else ""
        return f"{word} {new - old:+.4g} → {after} {unit}{more}", first, after

    def _in_force(self, i: int, field: str) -> str:
        quoter = self.engine.quoters[i]
        if field == "spread_bps":
            return f"{quoter.params.spread_bps + quoter.operator.spread_bps:.4g}"
        if field == "skew_bps":
            value = quoter.operator.skew_bps
            lean = " LEAN BUY" if value > 0 else " LEAN SELL" if value < 0 else ""
            return f"{value:+.4g}{lean}"
        return f"{100 + quoter.operator.size_pct:.4g}"

    def _do_undo(self, event: Command, args: dict[str, Any]) -> tuple[str, str, str]:
        engine = self.engine
        change = self.changes.get(event.operator)
        if change is None:
            raise Refusal("nothing of yours to undo")
        if event.ts - change.ts > UNDO_NS:
            raise Refusal("your last change is more than 60 s old")
        if change.states != engine.lattice_version:
            raise Refusal("the state has changed since your last change")
        for i, field, _, after in change.items:
            if getattr(engine.quoters[i].operator, field) != after:
                raise Refusal("somebody has changed it since")
        for i, field, before, _ in change.items:
            setattr(engine.quoters[i].operator, field, before)
            engine.market.requote(i)
        del self.changes[event.operator]
        engine.version += 1
        return f"undone: {change.words}", "", ""

    def _do_wide(self, event: Command, args: dict[str, Any]) -> tuple[str, str, str]:
        engine = self.engine
        scope = self._scope(event)
        on = not all(engine.quoters[i].operator.wide for i in scope)
        for i in scope:
            engine.quoters[i].operator.wide = on
            engine.market.requote(i)
        engine.version += 1
        return "WIDE: twice the width, half the size" if on else "WIDE off", str(not on), str(on)

    def _do_reduce(self, event: Command, args: dict[str, Any]) -> tuple[str, str, str]:
        engine = self.engine
        scope = self._scope(event)
        on = not all(engine.quoters[i].reduce_mode for i in scope)
        if not on and event.version and event.version < self._floor():
            raise Refusal("the desk's state has changed since you pressed: look again")
        for i in scope:
            engine.quoters[i].reduce_mode = on
            engine.market.requote(i)
        engine.version += 1
        return "REDUCE: only the side that reduces" if on else "REDUCE off", str(not on), str(on)

    def _do_set(self, event: Command, args: dict[str, Any]) -> tuple[str, str, str]:
        """Quoting parameters by name; a bad name or value changes nothing."""
        engine = self.engine
        if not args:
            raise Refusal("set needs KEY=VALUE")
        new: list[tuple[int, Quoting]] = []
        for i in self._scope(event):
            table = msgspec.to_builtins(engine.quoters[i].params)
            unknown = [key for key in args if key not in table]
            if unknown:
                raise Refusal(f"no quoting parameter {unknown[0]!r}; there are {', '.join(table)}")
            table.update(args)
            try:
                params = msgspec.convert(table, Quoting, strict=False)
            except msgspec.ValidationError as error:
                raise Refusal(f"{error}") from None
            if not all(isfinite(value) for value in msgspec.structs.astuple(params) if isinstance(value, float)):
                raise Refusal("a number must be finite")
            if params.fair_value == "other" and engine.setup.index(params.fair_source) < 0:
                raise Refusal(f"fair_source {params.fair_source!r} is no instrument of this desk")
            new.append((i, params))
        before = json.dumps({k: msgspec.to_builtins(engine.quoters[new[0][0]].params)[k] for k in args}, sort_keys=True)
        for i, params in new:
            engine.quoters[i].derive(params)
            engine.gate.position_limits[i] = engine.quoters[i].limit
            engine.market.link_sources()
            engine.market.requote(i)
        engine.version += 1
        after = json.dumps(args, sort_keys=True)
        return f"set {', '.join(f'{k}={v}' for k, v in args.items())}", before, after

    # ------------------------------------------------------------ orders and tasks

    def _do_cancel(self, event: Command, args: dict[str, Any]) -> tuple[str, str, str]:
        engine = self.engine
        if "order" in args:
            oid = int(self._number(args, "order"))
            order = engine.tracker.open.get(oid)
            if order is None:
                raise Refusal(f"order {oid} is not open")
            if order.purpose == "quote":
                self._hold(order.i, order.side, event.ts + HOLD_ORDER_NS, event.operator)
            engine.orders.cancel(order)
            return f"cancelling order {oid}, its side comes back in 5 s", "", ""
        side = {"buy": 1, "sell": -1, "": 0}.get(str(args.get("side", "")))
        if side is None:
            raise Refusal("side is buy or sell")
        orders: list[Order] = []
        for i in self._scope(event):
            for one in (side,) if side else (1, -1):
                self._hold(i, one, FOREVER, event.operator)
            orders.extend(o for o in engine.tracker.of(i) if not side or o.side == side)
        for order in orders:
            engine.orders.cancel(order)
        engine.version += 1
        word = {1: "bids", -1: "asks", 0: "orders"}[side]
        return f"cancelling {len(orders)} {word} of {self._scope_name(event)}; start quotes them again", "", ""

    def _hold(self, i: int, side: int, until: int, who: str) -> None:
        quoter = self.engine.quoters[i]
        quoter.hold[side] = max(quoter.hold[side], until)
        quoter.hold_by[side] = who

    def _do_flatten(self, event: Command, args: dict[str, Any]) -> tuple[str, str, str]:
        return self._task(event, args, "flatten")

    def _do_close(self, event: Command, args: dict[str, Any]) -> tuple[str, str, str]:
        return self._task(event, args, "close")

    def _task(self, event: Command, args: dict[str, Any], kind: str) -> tuple[str, str, str]:
        engine = self.engine
        every = engine.tasks.desk.assets()
        wanted = str(args.get("asset", ""))
        if event.i >= 0 and not wanted:
            wanted = engine.setup.instruments[event.i].instrument.base
        if wanted and wanted not in every:
            raise Refusal(f"no asset {wanted!r} on this desk; there are {', '.join(every)}")
        assets = [wanted] if wanted else every
        if assets == every and engine.lattice.desk < Desk.PAUSED:
            engine.set_state(-1, -1, Desk.PAUSED, f"{kind} by {event.operator}")
        begun: list[str] = []
        refused: list[str] = []
        for asset in assets:
            why = engine.tasks.begin(kind, asset, event.operator)
            (refused if why else begun).append(why or asset)
        if not begun:
            raise Refusal("; ".join(refused))
        return f"{kind} of {', '.join(begun)} begun", "", ""

    def _do_abort(self, event: Command, args: dict[str, Any]) -> tuple[str, str, str]:
        stopped = self.engine.tasks.abort(f"aborted by {event.operator}")
        if not stopped:
            raise Refusal("no task runs")
        return f"aborted: {', '.join(stopped)}", "", ""

    def _do_extend(self, event: Command, args: dict[str, Any]) -> tuple[str, str, str]:
        done = self.engine.tasks.extend()
        if not done:
            raise Refusal("no task stands at its cap, or it was extended once already")
        return f"cap extended once for {done}", "", ""

    # ------------------------------------------------------------ arguments

    def _number(self, args: dict[str, Any], key: str) -> float:
        value = args.get(key)
        if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) < 1e12:
            raise Refusal(f"{key} is a number")
        return float(value)

    def _throttle(self, event: Command) -> None:
        """At most ten steps a second are taken."""
        steps = self.steps.setdefault(event.operator, deque(maxlen=STEPS_PER_S))
        if len(steps) == STEPS_PER_S and event.ts - steps[0] < SECOND:
            raise Refusal("at most ten steps a second")
        steps.append(event.ts)
