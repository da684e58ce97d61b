"""The source's clock, paced by ours: real time, x N, or as fast as it goes; and how far the loop is behind it.

Rules of this file: monotonic nanoseconds come in as arguments; nothing here reaches the tape.
"""

from __future__ import annotations

from mmtui.core.runner import NEVER

_BUCKETS = 4096
_BUCKET_NS = 100_000


class Pace:
    """Instants of the source for instants of this machine. speed 0: everything is always due."""

    __slots__ = ("speed", "_ts", "_mono")

    def __init__(self, speed: float) -> None:
        self.speed = speed
        self._ts = 0
        self._mono = 0

    def anchor(self, ts: int, mono: int) -> None:
        """From here on: the source's `ts` is our `mono`."""
        self._ts = ts
        self._mono = mono

    def now(self, mono: int) -> int:
        """The source's clock."""
        if self.speed == 1.0:
            return self._ts + mono - self._mono
        return self._ts + int((mono - self._mono) * self.speed) if self.speed else NEVER

    def seconds_until(self, ts: int, mono: int) -> float:
        """How long to sleep until `ts` is due."""
        if not self.speed:
            return 0.0
        return max(0.0, (ts - self.now(mono)) / self.speed / 1e9)


class Lag:
    """Distribution of the loop's lag behind the source's clock, by 0.1 ms, and its worst of late."""

    __slots__ = ("buckets", "count", "worst", "_recent")

    def __init__(self) -> None:
        self.buckets = [0] * (_BUCKETS + 1)
        self.count = 0
        self.worst = 0
        self._recent = 0

    def add(self, lag_ns: int) -> None:
        self.count += 1
        if lag_ns > self._recent:
            self._recent = lag_ns
            if lag_ns > self.worst:
                self.worst = lag_ns
        bucket = lag_ns // _BUCKET_NS if lag_ns > 0 else 0
        self.buckets[bucket if bucket < _BUCKETS else _BUCKETS] += 1

    def recent_ms(self) -> float:
        """The worst since this was last asked."""
        recent, self._recent = self._recent, 0
        return recent / 1e6

    def quantile_ms(self, q: float) -> float:
        """The lag (ms, to 0.1 above) that a share q of all events stayed within."""
        wanted = q * self.count
        seen = 0
        for bucket, count in enumerate(self.buckets):
            seen += count
            if count and seen >= wanted:
                return (bucket + 1) * _BUCKET_NS / 1e6
        return 0.0

    def body(self) -> dict[str, float | int]:
        """For `ctl status --json` and the journal."""
        return {
            "events": self.count,
            "p50_ms": self.quantile_ms(0.5),
            "p99_ms": self.quantile_ms(0.99),
            "p999_ms": self.quantile_ms(0.999),
            "max_ms": round(self.worst / 1e6, 3),
        }
