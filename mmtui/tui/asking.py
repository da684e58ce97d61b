"""The docked bar's rules: when Enter counts, when the question closes itself, how often a step key is taken.

Rules of this file: no Textual; instants are given.  Numbers are those of the desk rules.
"""

from __future__ import annotations

from collections import deque
from typing import Protocol

from mmtui.view.model import Ask

#: Enter counts this long after the bar has been written out, and not after that.
NOT_BEFORE_S = 0.3
OPEN_S = 5.0
#: Steps of spread, skew and size taken in a second.
STEPS_S = 10


class Screen(Protocol):
    """What the controller asks of the app."""

    def leave(self) -> None: ...
    def next_theme(self) -> None: ...
    def frames(self, fps: float) -> None: ...
    def meter(self) -> None: ...
    def default_layout(self) -> None: ...
    def open_typed(self, kind: str, hint: str) -> None: ...
    def close_typed(self) -> None: ...


class Asking:
    """One open question."""

    def __init__(self, ask: Ask) -> None:
        self.ask = ask
        self.mark: int | None = None  # of the driver, behind the bar's first painting

    def painted(self, mark: int) -> None:
        """The bar has been handed to the terminal."""
        if self.mark is None:
            self.mark = mark

    def written(self, now: float) -> None:
        """The terminal has taken the bar: the times begin."""
        if not self.ask.ready:
            self.ask.ready = now + NOT_BEFORE_S
            self.ask.until = now + OPEN_S

    def enter(self, now: float) -> str:
        """yes | early | late. An early Enter starts the wait again, so that a held key or a burst never confirms."""
        if not self.ask.ready:
            return "early"
        if now >= self.ask.until:
            return "late"
        if now < self.ask.ready:
            self.ask.ready = now + NOT_BEFORE_S
            return "early"
        return "yes"

    def over(self, now: float) -> bool:
        return not self.ask.typed and bool(self.ask.until) and now >= self.ask.until


class Pace:
    """At most STEPS_S steps in any second."""

    def __init__(self) -> None:
        self._taken: deque[float] = deque()

    def take(self, now: float) -> bool:
        while self._taken and now - self._taken[0] >= 1.0:
            self._taken.popleft()
        if len(self._taken) >= STEPS_S:
            return False
        self._taken.append(now)
        return True
