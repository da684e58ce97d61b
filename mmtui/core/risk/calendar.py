"""The calendar of events (macro releases, unlocks, maintenance): widens or pulls quotes round each, by itself.

Rules of this file: pure; driven by the engine's timer, instants in ns since 1970 (UTC).  A pull is a pulled side of the
gate, so that the reason stands where every other does ("event: NAME"); a widening is added to the base width.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal, NamedTuple

import msgspec
from msgspec import Meta

from mmtui.core.earn.days import day_number
from mmtui.core.quoting.reasons import EVENT

if TYPE_CHECKING:
    from mmtui.core.engine import Engine

SECOND = 1_000_000_000
DAY = 86_400 * SECOND
_Seconds = Annotated[float, Meta(ge=0, le=86_400)]


class CalendarEvent(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """[[event]]: something that is known to come."""

    name: Annotated[str, Meta(pattern="^[A-Za-z0-9][A-Za-z0-9 ._-]{0,39}$")]
    at: str = ""
    every: str = ""
    before_s: _Seconds = 300.0
    after_s: _Seconds = 300.0
    action: Literal["widen", "pull"] = "pull"
    bps: Annotated[float, Meta(gt=0, le=10_000)] = 10.0
    instruments: list[str] = []


#: key -> what it does (config reference).
REFERENCE: dict[str, str] = {
    "name": "the event's name, once in a config; the reason on the screen is `event: NAME`",
    "at": 'when it happens, UTC: "2026-12-10T13:30"; this or every',
    "every": 'at this time of every UTC day: "08:00"; this or at',
    "before_s": "seconds before it from which quotes are widened or pulled",
    "after_s": "seconds after it until which they are",
    "action": "pull: nothing is quoted; widen: quotes are wider by bps",
    "bps": "widen: added to the full width, bps",
    "instruments": "venue:SYMBOL of each market that it concerns; empty: all of the desk",
}


def instant(text: str) -> int:
    """ns since 1970 of "2026-12-10T13:30", UTC. ValueError for anything else."""
    day, mark, time = text.partition("T")
    if not mark:
        raise ValueError(f'"{text}" is no instant; write it as 2026-12-10T13:30')
    return day_number(day) * DAY + minute(time)


def minute(text: str) -> int:
    """ns since midnight of "13:30". ValueError for anything else."""
    hours, mark, minutes = text.partition(":")
    digits = len(hours) == len(minutes) == 2 and (hours + minutes).isascii() and (hours + minutes).isdigit()
    if not (mark and digits and int(hours) < 24 and int(minutes) < 60):
        raise ValueError(f'"{text}" is no time of day; write it as 13:30')
    return (int(hours) * 60 + int(minutes)) * 60 * SECOND


def misplaced(event: CalendarEvent) -> tuple[str, str]:
    """The key of an event that is wrong, and what is wrong with it; ("", "") when nothing is."""
    if bool(event.at) is bool(event.every):
        return "at", "give one of at and every"
    key = "at" if event.at else "every"
    try:
        instant(event.at) if event.at else minute(event.every)
    except ValueError as error:
        return key, str(error)
    return "", ""


class Window(NamedTuple):
    """When an event is in force, both ends included."""

    starts: int
    ends: int


class Calendar:
    """The events of a desk, and which of them are in force."""

    def __init__(self, events: list[CalendarEvent], names: list[str]) -> None:
        self.events = events
        self.places = [[i for i, name in enumerate(names) if not one.instruments or name in one.instruments]
                       for one in events]  # fmt: skip
        self.active = [False] * len(events)

    def window(self, k: int, ts: int) -> Window | None:
        """The window of an event that is open at `ts`, or else its next one; None: there is none any more."""
        event = self.events[k]
        before, after = int(event.before_s * SECOND), int(event.after_s * SECOND)
        if event.at:
            at = instant(event.at)
            return Window(at - before, at + after) if ts <= at + after else None
        at = ts // DAY * DAY - DAY + minute(event.every)
        while ts > at + after:
            at += DAY
        return Window(at - before, at + after)

    def step(self, engine: Engine) -> None:
        """On the timer: what begins, what ends."""
        ts = engine.ts
        for k in range(len(self.events)):
            window = self.window(k, ts)
            on = window is not None and window.starts <= ts
            if on is not self.active[k]:
                self.active[k] = on
                self._switch(engine, k, on)

    def _switch(self, engine: Engine, k: int, on: bool) -> None:
        event = self.events[k]
        reason = f"{EVENT}: {event.name}"
        engine.version += 1
        engine.alert("warn" if on else "info", "event", f"{reason}: {self.words(k) if on else 'over'}")
        for i in self.places[k]:
            if event.action == "widen":
                widths = [one.bps for n, one in enumerate(self.events)
                          if self.active[n] and one.action == "widen" and i in self.places[n]]  # fmt: skip
                engine.quoters[i].event_bps = max(widths, default=0.0)
                engine.market.requote(i)
                continue
            for side in (1, -1):
                if on:
                    engine.gate.pull(engine, i, side, reason, reason)
                else:
                    engine.gate.release(i, side, reason)
            engine.market.requote(i)

    def words(self, k: int) -> str:
        """What an event does."""
        event = self.events[k]
        return f"widen {event.bps:g} bps" if event.action == "widen" else "pull"

    def digest(self) -> list[str]:
        return [one.name for one, on in zip(self.events, self.active, strict=True) if on]
