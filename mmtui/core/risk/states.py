"""States of desk, venues and instruments: who may go where, and what may leave in each.

Rules of this file: data and pure functions. Protections and tasks are not states (desk rules).
"""

from __future__ import annotations

from enum import IntEnum


class Desk(IntEnum):
    """Going down the table (a greater number) is open to anyone, going up to an operator."""

    RUNNING = 0
    PAUSED = 1
    STOPPED = 2
    HALTED = 3
    KILLED = 4


LATCHED = frozenset({Desk.HALTED, Desk.KILLED})

#: state -> purposes of orders that may leave. Cancels always may; HALTED: a manual order that reduces, too (the gate).
MAY_SEND: dict[Desk, frozenset[str]] = {
    Desk.RUNNING: frozenset({"quote", "manual", "hedge", "flatten", "close", "roll"}),
    Desk.PAUSED: frozenset({"manual", "hedge", "flatten", "close", "roll"}),
    Desk.STOPPED: frozenset({"flatten", "close"}),
    Desk.HALTED: frozenset({"flatten", "close"}),
    Desk.KILLED: frozenset({"flatten", "close"}),
}


class Lattice:
    """State of every scope; the effective state of an instrument is the worst of desk, venue and itself."""

    def __init__(self, venues: int, instruments: int, venue_of: list[int]) -> None:
        self.desk = Desk.PAUSED
        self.venues = [Desk.RUNNING] * venues
        self.instruments = [Desk.RUNNING] * instruments
        self.venue_of = venue_of
        self.reasons: dict[str, str] = {}
        self.since = 0

    def effective(self, i: int) -> Desk:
        return max(self.desk, self.venues[self.venue_of[i]], self.instruments[i])

    def get(self, v: int, i: int) -> Desk:
        """State of one scope itself: instrument (i >= 0), venue (v >= 0) or desk."""
        if i >= 0:
            return self.instruments[i]
        return self.venues[v] if v >= 0 else self.desk

    def put(self, v: int, i: int, state: Desk) -> None:
        if i >= 0:
            self.instruments[i] = state
        elif v >= 0:
            self.venues[v] = state
        else:
            self.desk = state

    def clear_unlatched(self) -> bool:
        """A start of the whole desk starts everything below it that is not latched; whether that changed anything."""
        before = (self.venues, self.instruments)
        self.venues = [s if s in LATCHED else Desk.RUNNING for s in self.venues]
        self.instruments = [s if s in LATCHED else Desk.RUNNING for s in self.instruments]
        return (self.venues, self.instruments) != before

    def digest(self) -> tuple[object, ...]:
        return (int(self.desk), [int(s) for s in self.venues], [int(s) for s in self.instruments])
