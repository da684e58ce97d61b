"""The saver of thin lines: how much the terminal takes, and how often and how richly it is painted for that.

A terminal that keeps the writer waiting for more than half of a second gets the next lower level at once; one that has
been easy for ten seconds the next higher one, and where that was too much, only after twice as long.

Rules of this file: no Textual, no clock: counters and instants are given.
"""

from __future__ import annotations

from typing import NamedTuple

#: Looks so often.
LOOK_S = 1.0
#: The writer's share of waiting at which a level is too high, and below which a higher one may be tried.
BUSY, EASY = 0.5, 0.1
CALM_S = 10.0
CALM_MAX_S = 160.0


class Level(NamedTuple):
    """What is painted: frames a second, with all panels, in all colours."""

    fps: float
    panels: bool = True
    colours: bool = True


#: From the best: the first is only a ceiling, what the trader chose stands below it.
LEVELS = (Level(30.0), Level(5.0), Level(2.0), Level(1.0, panels=False, colours=False))


class Saver:
    """`level` is a place in LEVELS; `rate` the bytes a second that the terminal took of late."""

    def __init__(self, fps: float) -> None:
        self.fps = fps  # that the trader chose
        self.level = 0
        self.rate = 0.0
        self._at = 0.0
        self._bytes = 0
        self._busy = 0.0
        self._easy_since = 0.0
        self._calm = CALM_S
        self._tried = -CALM_MAX_S  # when a higher level was tried last

    @property
    def now(self) -> Level:
        return LEVELS[self.level]

    @property
    def frames(self) -> float:
        """Frames a second to ask of the host."""
        return min(self.fps, self.now.fps)

    def look(self, now: float, written: int, busy: float) -> bool:
        """Counters of the writer so far: bytes, seconds that it waited. True when the level has changed."""
        span = now - self._at
        if span < LOOK_S:
            return False
        share = (busy - self._busy) / span
        first = not self._at
        self.rate = 0.0 if first else (written - self._bytes) / span
        self._at, self._bytes, self._busy = now, written, busy
        if first:
            self._easy_since = now
            return False
        if share > EASY:
            self._easy_since = now
        if share > BUSY and self.level < len(LEVELS) - 1:
            if now - self._tried < CALM_S:  # the higher level was too much
                self._calm = min(CALM_MAX_S, 2 * self._calm)
            self.level += 1
            self._easy_since = now
            return True
        if self.level and now - self._easy_since >= self._calm:
            self.level -= 1
            self._easy_since = self._tried = now
            return True
        if not self.level and now - self._easy_since >= CALM_MAX_S:
            self._calm = CALM_S
        return False

    def words(self) -> str:
        """For the header: what goes over the line, and what has been done about it."""
        rate = f"{self.rate / 1000:.1f} KB/s"
        less = "" if self.now.panels else ", fewer panels and colours"
        return f"line {rate} · {self.frames:g} fps{less}" if self.level else f"line {rate}"
