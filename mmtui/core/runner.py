"""The one loop body: market events, execution answers, timers and commands enter the engine in one order of time.

Used as it is by the live host, demo, what-if and tests: live trading differs only in what `execution` is and in who
calls `advance`.  Order: everything that is due at or before an event's instant goes first, timers before answers.
Rules of this file: no clock; `now` only moves forward; an event is recorded before its effects are handed on.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from mmtui.core.effects import SENT, Effect, Wake
from mmtui.core.events import Command, Event, Timer


class Machine(Protocol):
    """The engine, as the runner sees it."""

    def process(self, event: Event) -> list[Effect]: ...


class Execution(Protocol):
    """Who carries orders out in simulated time: the paper venue, or the simulator."""

    def on_market(self, event: Event) -> None:
        """A market event, before the engine (and with it the shared books) has seen it."""

    def send(self, effect: Effect, now: int) -> None:
        """Carry out one of `SENT`, sent at `now`."""

    def next_ts(self) -> int:
        """Instant of the next answer that is due; a very large number when there is none."""

    def pop(self) -> Event:
        """The answer that is due next; its ts is next_ts()."""


NEVER = 1 << 62
_SENT = frozenset(SENT)


class Runner:
    """Merges the sources of events and hands effects on. `record(event, effects)` is the tape."""

    __slots__ = ("engine", "execution", "record", "other", "now", "wake", "count")

    def __init__(
        self,
        engine: Machine,
        execution: Execution,
        record: Callable[[Event, list[Effect]], None],
        other: Callable[[Effect, int], None],
    ) -> None:
        self.engine = engine
        self.execution = execution
        self.record = record
        self.other = other  # effects for the host: Alert, Result, Latch, Shutdown
        self.now = 0
        self.wake = NEVER
        self.count = 0

    def feed(self, event: Event) -> None:
        """A market event: first what is due, then the venue's own matching, then the engine."""
        ts, execution = event.ts, self.execution
        if ts < self.now:
            raise ValueError(f"event of {ts} after {self.now}: sources must be merged in order")
        if ts >= self.wake or ts >= execution.next_ts():
            self.advance(ts)
        self.now = ts
        execution.on_market(event)
        effects = self.engine.process(event)
        self.count += 1
        self.record(event, effects)
        if effects:
            self._hand_on(effects)

    def advance(self, ts: int) -> None:
        """Process every timer and answer that is due at or before `ts`."""
        execution = self.execution
        while True:
            answer = execution.next_ts()
            if self.wake <= ts and self.wake <= answer:
                self.now = max(self.now, self.wake)
                self.wake = NEVER
                self.step(Timer(self.now))
            elif answer <= ts:
                self.now = max(self.now, answer)
                self.step(execution.pop())
            else:
                break
        if ts > self.now:
            self.now = ts

    def command(self, command: Command) -> None:
        """An operator's act, at the instant that it carries (never before now)."""
        self.advance(command.ts)
        self.step(command)

    def step(self, event: Event) -> None:
        """Engine, tape, effects: in this order."""
        effects = self.engine.process(event)
        self.count += 1
        self.record(event, effects)
        if effects:
            self._hand_on(effects)

    def _hand_on(self, effects: list[Effect]) -> None:
        for effect in effects:
            if isinstance(effect, Wake):
                if effect.ts < self.wake:
                    self.wake = effect.ts
            elif type(effect) in _SENT:
                self.execution.send(effect, self.now)
            else:
                self.other(effect, self.now)
