"""The operator's adjustments: spread, skew, size, WIDE, REDUCE, parameters, and undo of the own last change.

Rules of this file: changes what the quoters hold of the operator, and nothing of states or orders.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Any, NamedTuple

from mmtui.core.errors import Refusal
from mmtui.core.events import Command
from mmtui.core.parameters import Parameters, Swap, differences

if TYPE_CHECKING:
    from mmtui.core.engine import Engine

SECOND = 1_000_000_000
UNDO_NS = 60 * SECOND
STEPS_PER_S = 10
#: Operator's spread offset is capped at this many base widths; size at this many per cent up and down.
OFFSET_CAP = 3.0
SIZE_MIN, SIZE_MAX = -90.0, 300.0


class Change(NamedTuple):
    """What undo would take back: (instrument, field, before, after) each."""

    ts: int
    items: tuple[tuple[int, str, float, float], ...]
    words: str
    states: int  # the engine's lattice version at that moment
    swaps: tuple[Swap, ...] = ()


def in_scope(engine: Engine, event: Command) -> list[int]:
    if event.i >= 0:
        return [event.i]
    return [i for i, v in enumerate(engine.venue_of) if event.v < 0 or v == event.v]


def number(args: dict[str, Any], key: str) -> float:
    value = args.get(key)
    if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) < 1e12:
        raise Refusal(f"{key} is a number")
    return float(value)


class Adjust:
    """Adjustments on the engine that owns it; each answers (text, before, after) or refuses."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.parameters = Parameters(engine)
        self.changes: dict[str, Change] = {}
        self.steps: dict[str, deque[int]] = {}

    def spread(self, event: Command, args: dict[str, Any]) -> tuple[str, str, str]:
        step = number(args, "bps")
        self._throttle(event)
        items = []
        for i in in_scope(self.engine, event):
            quoter = self.engine.quoters[i]
            base = quoter.base_width()
            old = quoter.operator.spread_bps
            new = max(-base, min(OFFSET_CAP * base, old + step))
            items.append((i, "spread_bps", old, new))
        return self._change(event, items, "spread")

    def skew(self, event: Command, args: dict[str, Any]) -> tuple[str, str, str]:
        step = number(args, "bps")
        self._throttle(event)
        items = []
        for i in in_scope(self.engine, event):
            quoter = self.engine.quoters[i]
            cap = OFFSET_CAP * quoter.base_width()
            old = quoter.operator.skew_bps
            items.append((i, "skew_bps", old, max(-cap, min(cap, old + step))))
        return self._change(event, items, "skew")

    def size(self, event: Command, args: dict[str, Any]) -> tuple[str, str, str]:
        step = number(args, "pct")
        self._throttle(event)
        items = []
        for i in in_scope(self.engine, event):
            old = self.engine.quoters[i].operator.size_pct
            items.append((i, "size_pct", old, max(SIZE_MIN, min(SIZE_MAX, old + step))))
        return self._change(event, items, "size")

    def reset(self, event: Command, args: dict[str, Any]) -> tuple[str, str, str]:
        items: list[tuple[int, str, float, float]] = []
        for i in in_scope(self.engine, event):
            operator = self.engine.quoters[i].operator
            items.extend((i, f, getattr(operator, f), 0.0) for f in ("spread_bps", "skew_bps", "size_pct"))
        _, before, after = self._change(event, items, "reset")
        return "operator's spread, skew and size back to none", before, after

    def _change(self, event: Command, items: list[tuple[int, str, float, float]], word: str) -> tuple[str, str, str]:
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
        for i in dict.fromkeys(item[0] for item in moved):
            engine.market.requote(i)
        i, field, old, new = moved[0]
        after = self._in_force(i, field)
        self.changes[event.operator] = Change(event.ts, tuple(moved), word, engine.lattice_version)
        count = len({item[0] for item in moved})
        more = f" on {count} instruments" if count > 1 else ""
        return f"{word} {new - old:+.4g} → {after}{more}", first, after

    def _in_force(self, i: int, field: str) -> str:
        quoter = self.engine.quoters[i]
        if field == "spread_bps":
            fixed = quoter.pricing is None and quoter.plain
            return f"{quoter.base_width() + quoter.operator.spread_bps if fixed else quoter.width():.4g} bps"
        if field == "skew_bps":
            value = quoter.operator.skew_bps
            lean = " LEAN BUY" if value > 0 else " LEAN SELL" if value < 0 else ""
            return f"{value:+.4g} bps{lean}"
        return f"{100 + quoter.operator.size_pct:.4g} %"

    def undo(self, event: Command, args: dict[str, Any]) -> tuple[str, str, str]:
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
        if any(self.parameters.now(swap.i) != (swap.after, swap.profile) for swap in change.swaps):
            raise Refusal("somebody has changed it since")
        self.parameters.put(event, [swap.back() for swap in change.swaps])
        for i, field, before, _ in change.items:
            setattr(engine.quoters[i].operator, field, before)
            engine.market.requote(i)
        del self.changes[event.operator]
        engine.version += 1
        return f"undone: {change.words}", "", ""

    def wide(self, event: Command, args: dict[str, Any]) -> tuple[str, str, str]:
        engine = self.engine
        scope = in_scope(self.engine, event)
        on = not all(engine.quoters[i].operator.wide for i in scope)
        for i in scope:
            engine.quoters[i].operator.wide = on
            engine.market.requote(i)
        engine.version += 1
        return "WIDE: twice the width, half the size" if on else "WIDE off", str(not on), str(on)

    def reduce(self, event: Command, args: dict[str, Any]) -> tuple[str, str, str]:
        engine = self.engine
        scope = in_scope(self.engine, event)
        on = not all(engine.quoters[i].reduce for i in scope)
        if not on and event.version and event.version < self.engine.lattice_version:
            raise Refusal("the desk's state has changed since you pressed: look again")
        for i in scope:
            engine.quoters[i].reduce = on
            engine.market.requote(i)
        engine.version += 1
        return "REDUCE: only the side that reduces" if on else "REDUCE off", str(not on), str(on)

    def exit(self, event: Command, args: dict[str, Any]) -> tuple[str, str, str]:
        """EXIT NOW: out of the inventory by the best prices that do not cross; again to undo."""
        engine = self.engine
        scope = in_scope(self.engine, event)
        on = not all(engine.quoters[i].operator.exit for i in scope)
        if not on and event.version and event.version < self.engine.lattice_version:
            raise Refusal("the desk's state has changed since you pressed: look again")
        for i in scope:
            quoter = engine.quoters[i]
            quoter.operator.exit = on
            quoter.refresh()
            engine.market.requote(i)
        engine.version += 1
        words = "EXIT NOW: only the side that reduces, at the best price that does not cross"
        return words if on else "EXIT NOW off", str(not on), str(on)

    def set(self, event: Command, args: dict[str, Any]) -> tuple[str, str, str]:
        """Quoting parameters by name; a bad name or value changes nothing."""
        return self._swap(event, *self.parameters.set(in_scope(self.engine, event), args))

    def profile(self, event: Command, args: dict[str, Any]) -> tuple[str, str, str]:
        """Another profile of the config."""
        return self._swap(event, *self.parameters.use(in_scope(self.engine, event), args))

    def revert(self, event: Command, args: dict[str, Any]) -> tuple[str, str, str]:
        """Parameters as the profile in force has them."""
        return self._swap(event, *self.parameters.revert(in_scope(self.engine, event), args))

    def _swap(self, event: Command, text: str, swaps: list[Swap]) -> tuple[str, str, str]:
        moved = tuple(swap for swap in swaps if swap.before != swap.after or swap.profile != swap.was)
        if not moved:
            return f"{text}: so it is already", "", ""
        before, after = differences(moved[0])
        self.parameters.put(event, moved)
        self.changes[event.operator] = Change(event.ts, (), text, self.engine.lattice_version, moved)
        more = f" on {len(moved)} instruments" if len(moved) > 1 else ""
        return f"{text}{more}", before, after

    def _throttle(self, event: Command) -> None:
        """At most ten steps a second are taken."""
        steps = self.steps.setdefault(event.operator, deque(maxlen=STEPS_PER_S))
        if len(steps) == STEPS_PER_S and event.ts - steps[0] < SECOND:
            raise Refusal("at most ten steps a second")
        steps.append(event.ts)
