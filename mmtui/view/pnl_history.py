"""The parts of the PnL over time, as this cockpit has seen them: a value a second, since it looks.

Rules of this file: pure; a clock that goes back, or far on, begins anew (a seek in a replay).
"""

from __future__ import annotations

from collections import deque

from mmtui.link.parts import PnlView
from mmtui.view.formats import amount
from mmtui.view.plots import resample

SECOND = 1_000_000_000
KEPT = 900
JUMP_S = 120
_BLOCKS = "▁▂▃▄▅▆▇█"


class PartLines:
    """Lines of all parts, as long as each other."""

    __slots__ = ("lines", "second")

    def __init__(self) -> None:
        self.lines: dict[str, deque[float]] = {}
        self.second = 0

    def frame(self, ts: int, view: PnlView) -> None:
        """The newest value stands for its second."""
        second = ts // SECOND
        if not 0 <= second - self.second <= JUMP_S:
            self.lines.clear()
        for name, text in view.parts.items():
            line = self.lines.setdefault(name, deque(maxlen=KEPT))
            if line and second == self.second:
                line[-1] = amount(text)
            else:
                line.append(amount(text))
        self.second = second

    @property
    def seconds(self) -> int:
        """How many seconds the lines hold."""
        return max(map(len, self.lines.values()), default=0)


def spark(values: list[float], cells: int) -> str:
    """A line one row high, by its own scale; blank where nothing has changed."""
    low, high = min(values, default=0.0), max(values, default=0.0)
    if len(values) < 2 or low == high or cells < 1:
        return " " * max(0, cells)
    return "".join(_BLOCKS[round((value - low) / (high - low) * 7)] for value in resample(values, cells))
