"""What can go wrong round a desk on live venues: its loop stands still, the machine's clock steps, its disk fills up.

Each is measured all the time, shown as a gauge with the number at which it acts, warns first and then pauses the desk,
once until it is well again, with what was measured as the reason.

Rules of this file: measures and says; the desk carries it out. Clocks and the disk come in, so that tests have theirs.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from mmtui.core.risk.limits import Limits
from mmtui.core.risk.watch import ACT, Reading

MS = 1_000_000
SECOND = 1_000 * MS
#: A loop that turns in order may rest for so long between two turns.
REST_NS = 20 * MS
CLOCK_EVERY, DISK_EVERY = SECOND, 10 * SECOND
#: The worst turn and step are shown for so long.
SHOWN_NS = 60 * SECOND
#: Share of each limit from which on it warns: 1 s of 5, 250 ms of 2,500, 500 MB where 100 pause.
WARNS = {"loop lag": 0.2, "clock step": 0.1, "disk": 0.2}


class Finding(NamedTuple):
    """Something is wrong. `pauses`: the desk goes to PAUSED for it."""

    name: str
    text: str
    pauses: bool


class Measure:
    """One measured thing: the worst of late, and whether it has been said."""

    def __init__(self, name: str, limit: float) -> None:
        self.name = name
        self.limit = limit
        self.share = 0.0
        self.text = ""
        self.until = 0
        self.said = 0  # 1: warned, 2: paused

    def note(self, share: float, text: str, now: int, shown: int) -> Finding | None:
        """A measurement; what there is to say about it, once until it is well again."""
        if now >= self.until or share >= self.share:
            self.share, self.text, self.until = share, text, now + shown
        level = 2 if share >= ACT else 1 if share >= WARNS[self.name] else 0
        before, self.said = self.said, level
        return Finding(self.name, f"{self.name}: {text}", level == 2) if level > before else None


class Surroundings:
    """Looked at once a turn of the loop."""

    def __init__(
        self,
        limits: Limits,
        folder: Path,
        wall: Callable[[], int] = time.time_ns,
        free: Callable[[Path], int] = lambda folder: shutil.disk_usage(folder).free,
    ) -> None:
        self.folder = folder
        self._wall = wall
        self._free = free
        self._turned = self._clocked = self._disked = self._offset = 0
        wanted = {"loop lag": limits.loop_lag_ms, "clock step": limits.clock_step_ms, "disk": limits.disk_free_mb}
        self.measures = {name: Measure(name, limit) for name, limit in wanted.items() if limit}

    def look(self, mono: int) -> list[Finding]:
        """What is wrong at this turn; `mono`: the monotonic clock, ns."""
        found = []
        if (lag := self.measures.get("loop lag")) is not None and self._turned:
            ms = max(0, mono - self._turned - REST_NS) / MS
            text = f"the loop stood still for {ms:,.0f} ms, limit {lag.limit:,} ms"
            found.append(lag.note(ms / lag.limit, text, mono, SHOWN_NS))
        self._turned = mono
        if (clock := self.measures.get("clock step")) is not None and mono - self._clocked >= CLOCK_EVERY:
            offset = self._wall() - mono
            ms = (offset - self._offset) / MS if self._clocked else 0.0
            self._clocked, self._offset = mono, offset
            text = f"this machine's clock stepped by {ms:+,.0f} ms, limit {clock.limit:,} ms"
            found.append(clock.note(abs(ms) / clock.limit, text, mono, SHOWN_NS))
        if (disk := self.measures.get("disk")) is not None and (not self._disked or mono - self._disked >= DISK_EVERY):
            self._disked = mono
            found.append(self._disk(disk, mono))
        return [one for one in found if one is not None]

    def _disk(self, disk: Measure, mono: int) -> Finding | None:
        try:
            left = self._free(self.folder) / 1e6
        except OSError as error:
            return Finding("disk", f"disk: {self.folder} cannot be asked for its space: {error.strerror}", False)
        text = f"{left:,.0f} MB free where the tape is, limit {disk.limit:,} MB"
        return disk.note(disk.limit / max(left, 1e-9), text, mono, 0)

    def readings(self) -> list[Reading]:
        """Gauges, with the number at which each would act."""
        units = {"loop lag": "ms", "clock step": "ms", "disk": "MB"}
        return [
            Reading(name, "host", one.share, one.text or "not measured yet",
                    f"would PAUSE at {one.limit:,} {units[name]}")
            for name, one in self.measures.items()
        ]  # fmt: skip
