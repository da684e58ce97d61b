"""When a heartbeat counts as lost: the guard's one decision, as a machine of looks.

Time counts as silence only while the guard itself was looking: after a machine that slept, or a guard that was starved,
the loop gets its chance first.  What was never heard cannot fall silent, and what ended in order may be.

Rules of this file: sans-IO; instants of one monotonic clock, ns.
"""

from __future__ import annotations

from enum import Enum

from mmtui.host.beat import BEATING, ENDED, Pulse

#: Between two looks at most this much counts as silence, ns.
STEP_MAX = 60_000_000


class Said(Enum):
    """What a look brings."""

    ARMED = "armed"
    LOST = "lost"
    OVER = "over"


class Watch:
    """Of one desk. fence: lives up to this one have been cancelled already."""

    def __init__(self, silence_ns: int, fence: int = 0) -> None:
        self.silence_ns = silence_ns
        self.fence = fence
        self.armed = False
        self.quiet = 0  # ns since the last beat, as far as we were looking
        self.session = ""  # of the last beat
        self._last: tuple[int, int] | None = None
        self._looked = -1

    def look(self, now: int, pulse: Pulse | None) -> Said | None:
        """One look at what the loop has counted (None: there is nothing to look at)."""
        passed = min(now - self._looked, STEP_MAX) if self._looked >= 0 else 0
        self._looked = now
        if pulse is not None and pulse.state == ENDED:
            over, self.armed, self._last = self.armed, False, None
            return Said.OVER if over else None
        beats = pulse is not None and pulse.state == BEATING and self._moved(pulse)
        if beats:
            assert pulse is not None
            self.quiet = 0
            if pulse.life > self.fence:
                self.session = pulse.session or self.session
                if not self.armed:
                    self.armed = True
                    return Said.ARMED
            return None
        if not self.armed:
            return None
        self.quiet += passed
        if self.quiet < self.silence_ns:
            return None
        self.armed = False
        life = pulse.life if pulse is not None else 0
        self.fence = max(self.fence, life, self._last[0] if self._last else 0)
        return Said.LOST

    def _moved(self, pulse: Pulse) -> bool:
        """The count is another than at the last look; the first one that is seen is not heard yet."""
        mark = (pulse.life, pulse.beats)
        before, self._last = self._last, mark
        return before is not None and before != mark
