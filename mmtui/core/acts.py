"""The operator's acts inside the engine: who may, on what, what became of it.

Every act answers with one Result. Escalations (down the state table) are open to anyone at any time; going up needs an
operator and the current state version.  Undo takes back the operator's own last change only.

Rules of this file: one method an act, found by its name; arguments are checked here and nowhere else.
"""

from __future__ import annotations

import json
from collections import deque
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import msgspec

from mmtui.core.adjust import Adjust, in_scope, number
from mmtui.core.commands import BY_NAME
from mmtui.core.effects import Result
from mmtui.core.errors import Refusal
from mmtui.core.events import Command
from mmtui.core.hedging.hands import Hands
from mmtui.core.ledger.ledger import UNIT
from mmtui.core.orders.tracker import Order
from mmtui.core.quoting.quoter import FOREVER, HOLD_ORDER_NS
from mmtui.core.risk.limiting import Limiting
from mmtui.core.risk.states import LATCHED, Desk
from mmtui.core.risk.sweep import Sweep

if TYPE_CHECKING:
    from mmtui.core.engine import Engine

#: Roles that act; an observer only looks.
ACTING = frozenset({"operator", "admin"})


def _no_constant(text: str) -> None:
    raise ValueError(text)  # NaN and infinity do not enter


class Acts:
    """Carries out commands on the engine that owns it."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.draining: set[int] = set()  # instruments whose orders conclude by themselves under STOPPED
        self.seen: deque[str] = deque(maxlen=1_000)
        self.adjust = Adjust(engine)
        self.hands = Hands(engine)
        self.limits = Limiting(engine)
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
            handler = getattr(self, f"_do_{event.action}", None) or getattr(self.adjust, event.action, None)
            handler = handler or getattr(self.hands, event.action)
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
        if event.role not in ACTING and not (event.action == "kill" and engine.setup.limits.observers_may_kill):
            raise Refusal(f"an observer may not {event.action}")
        if not act.escalates and event.version and event.version < self.engine.lattice_version:
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
        if pending := engine.reconcile.pending():
            raise Refusal(f"{pending}: wait for it")
        if not self._quotes(event):
            raise Refusal("nothing in scope is quoted (config)")
        running = engine.tasks.names(in_scope(self.engine, event))
        if running:
            raise Refusal(f"{running} runs: abort it first")
        self.draining.difference_update(in_scope(self.engine, event))
        for i in in_scope(self.engine, event):
            engine.quoters[i].hold = {1: 0, -1: 0}
        if event.i < 0 and event.v < 0 and engine.lattice.clear_unlatched():
            engine.version += 1
            engine.lattice_version = engine.version
        engine.set_state(event.v, event.i, Desk.RUNNING, f"start by {event.operator}")
        worst = max(engine.lattice.effective(i) for i in in_scope(self.engine, event))
        note = f" (but {worst.name} above it)" if worst is not Desk.RUNNING and event.i >= 0 else ""
        return f"{self._scope_name(event)} {state.name} → RUNNING{note}", state.name, "RUNNING"

    def _quotes(self, event: Command) -> bool:
        return any(self.engine.quoters[i].enabled for i in in_scope(self.engine, event))

    def _lower(self, event: Command, state: Desk, word: str) -> tuple[str, str, str]:
        engine = self.engine
        before = engine.lattice.get(event.v, event.i)
        if before >= state:
            return f"{self._scope_name(event)} is {before.name} already", before.name, before.name
        engine.set_state(event.v, event.i, state, f"{word} by {event.operator}")
        return f"{self._scope_name(event)} {before.name} → {state.name}", before.name, state.name

    def _do_stop(self, event: Command, args: dict[str, Any]) -> tuple[str, str, str]:
        engine, scope = self.engine, in_scope(self.engine, event)
        if not args.get("drain"):
            self.draining.difference_update(scope)
            bases = [engine.setup.instruments[i].instrument.base for i in scope]
            engine.tasks.abort(f"stop by {event.operator}", bases)
            text, before, after = self._lower(event, Desk.STOPPED, "stop")
            engine.activate_all()  # a drain that was under way ends here
            engine.tickets.state_changed()
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
            if pending := engine.reconcile.pending():
                raise Refusal(f"{pending}: wait for it")
            if engine.tracker.unknown():
                raise Refusal(f"{engine.tracker.unknown()} orders are UNKNOWN")
            bad = [engine.name(i) for i in in_scope(self.engine, event) if not engine.books[i].quotable]
            if bad and not engine.ended:
                raise Refusal(f"books are not in sync: {', '.join(bad)}")
        if event.v < 0 and event.i < 0:
            engine.watch.accept(engine)
        engine.set_state(event.v, event.i, Desk.PAUSED, f"resume by {event.operator}: {event.reason}")
        return f"{self._scope_name(event)} {state.name} → PAUSED", state.name, "PAUSED"

    def _do_kill(self, event: Command, args: dict[str, Any]) -> tuple[str, str, str]:
        """Block first (the state), then cancel, then verify: nothing may stand before these lines."""
        engine = self.engine
        if "profile" in args:
            return self._kill_strategy(event, str(args["profile"]))
        before = engine.lattice.get(event.v, event.i)
        by = event.operator + (f" over {event.origin}" if event.origin else "")
        engine.block(event.v, event.i, f"kill by {by}")
        scope = in_scope(self.engine, event)
        self.draining.difference_update(scope)
        cause = str(args.get("cause", "")) or event.reason or "kill"
        sweep = self._sweep("kill", by, cause, event.v, event.i)
        assets = sorted({engine.setup.instruments[i].instrument.base for i in scope})
        engine.tasks.abort(f"kill by {by}", assets)
        engine.activate_all()
        count = sum(state.cancels for state in sweep.venues.values())
        return f"KILLED {self._scope_name(event)}: {count} orders being cancelled", before.name, "KILLED"

    def _kill_strategy(self, event: Command, profile: str) -> tuple[str, str, str]:
        """Every instrument that a profile quotes now, each by a kill of its own: all are blocked, then cancelled."""
        engine = self.engine
        mine = [i for i in in_scope(engine, event) if self.adjust.parameters.now(i)[1] == profile]
        if not mine:
            raise Refusal(f"no instrument in scope is quoted by the profile {profile!r}")
        for i in mine:
            engine.block(-1, i, f"kill of {profile} by {event.operator}")
        done = [self._do_kill(msgspec.structs.replace(event, v=-1, i=i), {}) for i in mine]
        return "; ".join(text for text, _, _ in done), "", "KILLED"

    def _sweep(self, kind: str, by: str, cause: str, v: int, i: int) -> Sweep:
        """Cancel everything in scope and ask until the venues say zero."""
        engine = self.engine
        venues = [engine.venue_of[i]] if i >= 0 else [v] if v >= 0 else list(range(len(engine.setup.venues)))
        name = engine.scope(v, i).partition(":")[2] or "desk"
        sweep = Sweep(kind, by, cause, name, venues, i, engine.ts)
        engine.sweeper.begin(sweep, engine.ts, engine.emit)
        return sweep

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
        if state is Desk.KILLED:  # what earlier lives left at the venues goes too, and is proven gone
            self._sweep("kill", "an earlier life", why or reason, v, i)

    def _do_shutdown(self, event: Command, args: dict[str, Any]) -> tuple[str, str, str]:
        engine = self.engine
        before = engine.lattice.desk
        engine.tasks.abort(f"shutdown by {event.operator}")
        if before < Desk.STOPPED:
            engine.set_state(-1, -1, Desk.STOPPED, f"shutdown by {event.operator}")
        if not self.closing:
            self.closing = True
            self._sweep("shutdown", event.operator, event.origin, -1, -1)
        return "shutting down: cancelling and verifying zero", before.name, engine.lattice.desk.name

    # ------------------------------------------------------------ orders and tasks

    def _do_cancel(self, event: Command, args: dict[str, Any]) -> tuple[str, str, str]:
        engine = self.engine
        if "order" in args:
            oid = int(number(args, "order"))
            order = engine.tracker.open.get(oid)
            if order is None:
                raise Refusal(f"order {oid} is not open")
            if order.purpose == "quote":
                self._hold(order.i, order.side, event.ts + HOLD_ORDER_NS, event.operator)
            engine.orders.cancel(order)
            more = ", its side comes back in 5 s" if order.purpose == "quote" else ""
            return f"cancelling order {oid}{more}", "", ""
        side = {"buy": 1, "sell": -1, "": 0}.get(str(args.get("side", "")))
        if side is None:
            raise Refusal("side is buy or sell")
        orders: list[Order] = []
        for i in in_scope(self.engine, event):
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
        in_the_way = [engine.tasks.in_the_way(kind, asset) for asset in assets]
        if all(in_the_way):  # a refused act changes nothing
            raise Refusal("; ".join(in_the_way))
        if assets == every and engine.lattice.desk < Desk.PAUSED:
            engine.set_state(-1, -1, Desk.PAUSED, f"{kind} by {event.operator}")
        begun = [asset for asset in assets if not engine.tasks.begin(kind, asset, event.operator)]
        return f"{kind} of {', '.join(begun)} begun", "", ""

    def _do_incentive(self, event: Command, args: dict[str, Any]) -> tuple[str, str, str]:
        """A programme's own count has come, or an estimate was wrong."""
        amount = number(args, "amount")
        if event.i < 0:
            raise Refusal("an incentive is of one instrument: name it")
        if not event.reason.strip():
            raise Refusal("an incentive by hand needs a reason")
        if not 0.0 < abs(amount) < 1e9:
            raise Refusal("give an amount other than 0, below 1e9")
        engine = self.engine
        if not engine.earn.incentives.book(engine, event.i, int(Decimal(repr(amount)) * UNIT)):
            raise Refusal("its settlement asset has no rate yet")
        engine.version += 1
        text = f"{engine.name(event.i)}: incentive of {amount:+.2f} {engine.setup.currency}"
        engine.alert("info", "incentive", f"{text} by {event.operator}: {event.reason}", event.i)
        return text, "", ""

    def _do_limit(self, event: Command, args: dict[str, Any]) -> tuple[str, str, str]:
        return self.limits.limit(event, args, in_scope(self.engine, event))

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
