"""The dead-man switch of one account: armed, refreshed, read back, and said when it is not as it should be.

Ten seconds refreshed every three where the weight allows it, else 120 s every 30 s; the venue's least and greatest
times bind.  A crash never disarms: only `stand_down`, after the venue has proven that nothing is open, does.

Rules of this file: sans-IO; asks for requests (key, ms), is told what became of them, gives DeadMan events.
"""

from __future__ import annotations

from mmtui.core.events import DeadMan
from mmtui.core.runner import NEVER
from mmtui.venues.trading import TradingFacts

MS = 1_000_000
MINUTE_MS = 60_000
DAY = 86_400 * 1_000_000_000
#: Refreshes may take this share of the weight: one third.
SHARE = 3
SLOW_MS, SLOW_EVERY_MS = 120_000, 30_000
#: A request without an answer, and a refusal, are tried again after this (ns).
RETRY = 1_000 * MS
AGAIN = 30_000 * MS
#: The venue's instant may be off by our clock error and the way there, ns.
SLACK = 5_000 * MS


def plan(facts: TradingFacts, keys: int) -> tuple[int, int]:
    """(ms asked for, ms between refreshes) for so many switches; 0 where the venue has none that is refreshed."""
    dead_man = facts.dead_man
    if dead_man.mechanism == "none":
        return 0, 0
    ms = _allowed(facts, dead_man.window_ms)
    if dead_man.mechanism == "disconnect":
        return ms, 0
    every = ms * 3 // 10
    weight = facts.weight("ArmDeadMan") * keys * MINUTE_MS // every
    if weight * SHARE > facts.rates.weight * MINUTE_MS // facts.rates.window_ms:
        return _allowed(facts, SLOW_MS), SLOW_EVERY_MS
    return ms, every


def _allowed(facts: TradingFacts, ms: int) -> int:
    """Within the venue's limits, in its steps, never shorter than asked for unless the venue's greatest is."""
    dead_man = facts.dead_man
    ms = min(max(ms, dead_man.min_ms), dead_man.max_ms)
    return min(-(-ms // dead_man.step_ms) * dead_man.step_ms, dead_man.max_ms)


class DeadManKeeper:
    """Of one account session; `keys` are the instruments (one switch each) or [-1]."""

    def __init__(self, facts: TradingFacts, v: int, instruments: list[int]) -> None:
        dead_man = facts.dead_man
        self.v = v
        self.mechanism = dead_man.mechanism
        self.keys = instruments if dead_man.scope == "symbol" else [-1]
        self.ms, self.every_ms = plan(facts, len(self.keys))
        self.state = ""  # as it was said last
        self._per_day = dead_man.per_day
        self._day = 0
        self._fired = 0
        self._standing_down = False
        self._due = dict.fromkeys(self.keys, NEVER)
        self._until = dict.fromkeys(self.keys, 0)  # instants at which the venue would cancel; 0: not armed
        self._good = dict.fromkeys(self.keys, 0)  # when the newest refresh that was taken had been sent
        self._out = dict.fromkeys(self.keys, False)
        self._next = -1  # the answer of next_ts, -1: to be computed

    # -- requests ------------------------------------------------------------------------------------------------

    def next_ts(self) -> int:
        """When something is to be asked for or said."""
        if self._next >= 0:
            return self._next
        ts = NEVER
        for key in self.keys:
            if not self._out[key]:
                ts = min(ts, self._due[key])
            if self._until[key] and self.mechanism != "disconnect":
                ts = min(ts, self._until[key], self._late_at(key) if self.state == "armed" else NEVER)
        self._next = ts
        return ts

    def wants(self, now: int) -> list[tuple[int, int]]:
        """(instrument or -1, ms) of switches that are to be armed now; ms is 0 when the desk stands down."""
        ms = 0 if self._standing_down else self.ms
        return [(key, ms) for key in self.keys if self._due[key] <= now and not self._out[key]]

    def sent(self, key: int) -> None:
        self._out[key] = True
        self._due[key] = NEVER
        self._next = -1

    def armed(self, key: int, trigger: int, sent: int, ms: int, now: int) -> list[DeadMan]:
        """The venue has answered: it would cancel at `trigger` (0: never)."""
        self._next = -1
        self._out[key] = False
        if ms == 0:
            self._until[key] = trigger
            return self._say(now, "off") if not any(self._until.values()) else []
        if self.mechanism == "disconnect":
            self._until[key] = NEVER
            return self._say(now, "armed")
        self._due[key] = now if self._standing_down else sent + self.every_ms * MS
        if not now <= trigger <= sent + ms * MS + SLACK:
            return self._say(now, "refused")  # it is not armed as we asked for
        self._until[key], self._good[key] = trigger, sent
        return self._say(now, "armed") if all(self._until.values()) else []

    def failed(self, key: int, refused: bool, now: int) -> list[DeadMan]:
        """No answer (asked again soon), or a refusal (said, and asked again later where it is not armed yet)."""
        self._next = -1
        self._out[key] = False
        armed = 0 < self._until[key] < NEVER
        self._due[key] = now + (RETRY if armed or not refused else AGAIN)
        if not refused:
            return []
        return self._say(now, "refused") if self._until[key] else self._say(now, "unavailable")

    # -- life ----------------------------------------------------------------------------------------------------

    def up(self, now: int) -> list[DeadMan]:
        """The private stream is up: arm."""
        self._next = -1
        if self.mechanism == "none":
            return self._say(now, "unavailable")
        if self._spent(now):
            self._due = dict.fromkeys(self.keys, (now // DAY + 1) * DAY)
            return self._say(now, "unavailable")
        for key in self.keys:
            if self.mechanism == "disconnect" or not self._until[key]:
                self._due[key] = now
        return []

    def down(self, now: int) -> list[DeadMan]:
        """The private stream is down: what guards a connection has fired, or will."""
        self._next = -1
        if self.mechanism != "disconnect" or not any(self._until.values()):
            return []
        self._until = dict.fromkeys(self.keys, 0)
        return self._say(now, "fired")

    def stand_down(self, now: int) -> None:
        """Nothing is open, the venue has proven it: disarm."""
        self._next = -1
        if self.mechanism in ("countdown", "schedule"):
            self._standing_down = True
            self._due = dict.fromkeys(self.keys, now)

    def tick(self, now: int) -> list[DeadMan]:
        """What became late, or has fired because we did not come in time."""
        self._next = -1
        if self.mechanism == "disconnect":
            return []
        fired = [key for key in self.keys if 0 < self._until[key] <= now]
        if fired:
            self._today(now)
            self._fired += 1
            spent = self._spent(now)
            for key in fired:
                self._until[key] = 0
                if not self._out[key] and not self._standing_down:
                    self._due[key] = (now // DAY + 1) * DAY if spent else now
            events = self._say(now, "fired")
            return [*events, *self._say(now, "unavailable")] if spent else events
        if self.state == "armed" and any(self._until[key] and now >= self._late_at(key) for key in self.keys):
            return self._say(now, "refused")
        return []

    def _late_at(self, key: int) -> int:
        """A refresh should have been taken by then: a third of the time late."""
        return self._good[key] + (self.every_ms + self.ms // 3) * MS

    def _spent(self, now: int) -> bool:
        """The day's quota of firings is used up."""
        self._today(now)
        return 0 < self._per_day <= self._fired

    def _today(self, now: int) -> None:
        if now // DAY != self._day:
            self._day, self._fired = now // DAY, 0

    def _say(self, now: int, state: str) -> list[DeadMan]:
        self.state = state
        until = min(self._until.values()) if self.keys else 0
        return [DeadMan(now, self.v, state, 0 if until == NEVER else until)]
