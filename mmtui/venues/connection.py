"""One connection to a venue as its client sees it, sans-IO: when to open it, whether it lives, when to give it up.

Attempts come after pauses that double; a connection without frames is pinged; one that answers nothing is half-open,
and one that answers pings but sends no data where data must come is frozen: both are opened anew.

Rules of this file: no clock, no I/O; every loop has a pause that grows.
"""

from __future__ import annotations

import msgspec

from mmtui.core.runner import NEVER

MS = 1_000_000
SECOND = 1_000 * MS
#: Pauses before the next attempt, doubling (ns).
PAUSE, PAUSE_MAX = 250 * MS, 8 * SECOND
#: An attempt without an answer for so long has failed.
CONNECT_WAIT = 10 * SECOND
#: A connection without frames is pinged so often.
PING = SECOND
#: Neither frame nor pong for so long: half-open. Pongs but no frames: frozen.
HALF_OPEN, FROZEN = 5 * SECOND, 10 * SECOND
#: What has held for so long was no flicker: pauses begin from the shortest again.
STEADY = 30 * SECOND


class Connect(msgspec.Struct, frozen=True, tag=True):
    """Open the connection and subscribe, or log in: `up` or `down` follows."""


class Disconnect(msgspec.Struct, frozen=True, tag=True):
    """Close the connection; nothing follows."""

    why: str


class Ping(msgspec.Struct, frozen=True, tag=True):
    """`pong` follows, if anybody is there."""


def pause(attempts: int) -> int:
    """How long to wait before the next attempt, after so many in vain."""
    return min(PAUSE << min(attempts, 16), PAUSE_MAX)


class Connection:
    """State of one connection. busy: data must come by itself, so that its absence means something."""

    __slots__ = ("_alive", "_asked", "_attempts", "_busy", "_due", "_ping_due", "_since", "connected", "heard")

    def __init__(self, busy: bool) -> None:
        self.connected = False
        self.heard = 0  # last frame
        self._busy = busy
        self._alive = 0  # last frame or pong
        self._asked = 0  # an attempt is under way since; 0: none
        self._due = 0  # when to connect
        self._attempts = 0
        self._since = 0
        self._ping_due = NEVER

    def frame(self, now: int) -> None:
        self.heard = self._alive = now

    def pong(self, now: int) -> None:
        self._alive = now

    def up(self, now: int) -> None:
        self.connected = True
        self._asked, self._due = 0, NEVER
        self._since = self.heard = self._alive = now
        self._ping_due = now + PING

    def down(self, now: int) -> bool:
        """It is gone, or could not be made; True when there was one."""
        was = self.connected
        if was and now - self._since >= STEADY:
            self._attempts = 0
        self.connected = False
        self._asked = 0
        self._due = now + pause(self._attempts)
        self._attempts += 1
        self._ping_due = NEVER
        return was

    def tick(self, now: int) -> Connect | Disconnect | Ping | None:
        """What is to be done; after a Disconnect the caller says `down`."""
        if self.connected:
            if now - self._alive >= HALF_OPEN:
                return Disconnect(f"no answer for {HALF_OPEN // SECOND} s")
            if self._busy and now - self.heard >= FROZEN:
                return Disconnect(f"no data for {FROZEN // SECOND} s")
            if now >= self._ping_due:
                self._ping_due = max(now, self.heard) + PING
                return Ping() if now - self.heard >= PING else None
        elif self._asked:
            if now - self._asked >= CONNECT_WAIT:
                return Disconnect("it cannot be opened")
        elif now >= self._due:
            self._asked = now
            return Connect()
        return None

    def next_ts(self) -> int:
        """When to tick next."""
        if self.connected:
            ts = min(self._ping_due, self._alive + HALF_OPEN)
            return min(ts, self.heard + FROZEN) if self._busy else ts
        return self._asked + CONNECT_WAIT if self._asked else self._due
