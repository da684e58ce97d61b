"""Repeated execution: so many own quotes filled on one side with none on the other, and the instrument is PAUSED.

RTS 6 15(3): an algorithm that executes again and again is switched off until staff switch it on again.  The throttle of
the profile (throttle_fills) holds a side and comes back alone; this one asks an operator.

Rules of this file: counts fills of quotes; a run that reaches its number calls the engine's `set_state`.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from mmtui.core.risk.states import Desk
from mmtui.core.risk.watch import Reading

if TYPE_CHECKING:
    from mmtui.core.engine import Engine

SECOND = 1_000_000_000


class Repeats:
    """The run of fills of each instrument: its side, and the instants of those within the window."""

    def __init__(self, count: int, most: int, window_s: float) -> None:
        self.most = most
        self.window_ns = int(window_s * SECOND)
        self.sides = [0] * count
        self.runs: list[deque[int]] = [deque() for _ in range(count)]

    def filled(self, engine: Engine, i: int, side: int) -> None:
        """A quote was filled."""
        run = self.runs[i]
        if side != self.sides[i]:
            self.sides[i] = side
            run.clear()
        run.append(engine.ts)
        self._forget(i, engine.ts)
        if len(run) < self.most:
            return
        text = f"repeated execution: {self._said(i)}"
        run.clear()
        if engine.lattice.instruments[i] < Desk.PAUSED:
            engine.alert("danger", "repeats", f"{engine.name(i)}: {text}", i)
            engine.set_state(-1, i, Desk.PAUSED, text)

    def reading(self, engine: Engine) -> Reading:
        """The gauge of the instrument with the longest run."""
        for i in range(len(self.runs)):
            self._forget(i, engine.ts)
        i = max(range(len(self.runs)), key=lambda k: len(self.runs[k]))
        fires = f"would PAUSE at {self.most} fills of one side"
        return Reading("repeats", engine.name(i), len(self.runs[i]) / self.most, self._said(i), fires)

    def digest(self) -> list[tuple[int, list[int]]]:
        return [(side, list(run)) for side, run in zip(self.sides, self.runs, strict=True)]

    def _forget(self, i: int, ts: int) -> None:
        run = self.runs[i]
        while run and run[0] <= ts - self.window_ns:
            run.popleft()

    def _said(self, i: int) -> str:
        word = "bought, none sold" if self.sides[i] > 0 else "sold, none bought" if self.sides[i] else "none"
        return f"{len(self.runs[i])} of {self.most} fills in {self.window_ns / SECOND:g} s, {word}"
