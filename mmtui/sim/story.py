"""The story of a seed: a readable log of what happened, newest lines kept for a failure.

Rules of this file: text for people; nothing in a simulation depends on it.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

from mmtui.sim.world import START


class Book:
    """Keeps the last lines, or hands every line on as it comes."""

    def __init__(self, keep: int = 60, tell: Callable[[str], None] | None = None) -> None:
        self.lines: deque[str] = deque(maxlen=keep)
        self.tell = tell

    def say(self, ts: int, who: str, text: str) -> None:
        line = f"{(ts - START) / 1e9:10.3f} s  {who:<9} {text}"
        self.lines.append(line)
        if self.tell is not None:
            self.tell(line)
