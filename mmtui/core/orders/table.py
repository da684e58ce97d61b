"""The life of an order: states, facts, and the table of what each fact makes of each state.

Rules of this file: data. A fact that the table does not name changes nothing; a fill is legal in every state.
"""

from __future__ import annotations

from enum import IntEnum


class State(IntEnum):
    """SENT: on its way. LIVE: acknowledged. CANCELLING: cancel on its way. UNKNOWN: fate not known, counts as live."""

    SENT = 0
    LIVE = 1
    CANCELLING = 2
    UNKNOWN = 3
    FILLED = 4
    CANCELLED = 5
    REJECTED = 6


class Fact(IntEnum):
    ACCEPTED = 0
    REJECTED = 1
    CANCEL_SENT = 2
    CANCELLED = 3
    CANCEL_REJECTED = 4
    FILLED = 5  # nothing left
    UNKNOWN = 6
    SEEN = 7  # named by a query of open orders
    ABSENT = 8  # absent from two independent queries


TERMINAL = frozenset({State.FILLED, State.CANCELLED, State.REJECTED})

#: (state, fact) -> state. CANCEL_REJECTED proves nothing ("unknown order" on one endpoint is no proof of absence):
#: the order becomes UNKNOWN until a query or a stream says more.
TABLE: dict[tuple[State, Fact], State] = {
    (State.SENT, Fact.ACCEPTED): State.LIVE,
    (State.SENT, Fact.REJECTED): State.REJECTED,
    (State.SENT, Fact.CANCEL_SENT): State.CANCELLING,
    (State.SENT, Fact.CANCELLED): State.CANCELLED,
    (State.SENT, Fact.FILLED): State.FILLED,
    (State.SENT, Fact.UNKNOWN): State.UNKNOWN,
    (State.SENT, Fact.SEEN): State.LIVE,
    (State.LIVE, Fact.CANCEL_SENT): State.CANCELLING,
    (State.LIVE, Fact.CANCELLED): State.CANCELLED,
    (State.LIVE, Fact.FILLED): State.FILLED,
    (State.LIVE, Fact.ABSENT): State.CANCELLED,
    (State.LIVE, Fact.UNKNOWN): State.UNKNOWN,
    (State.LIVE, Fact.REJECTED): State.REJECTED,
    (State.CANCELLING, Fact.CANCELLED): State.CANCELLED,
    (State.CANCELLING, Fact.REJECTED): State.REJECTED,
    (State.CANCELLING, Fact.FILLED): State.FILLED,
    (State.CANCELLING, Fact.CANCEL_REJECTED): State.UNKNOWN,
    (State.CANCELLING, Fact.UNKNOWN): State.UNKNOWN,
    (State.CANCELLING, Fact.ABSENT): State.CANCELLED,
    (State.UNKNOWN, Fact.ACCEPTED): State.LIVE,
    (State.UNKNOWN, Fact.REJECTED): State.REJECTED,
    (State.UNKNOWN, Fact.CANCELLED): State.CANCELLED,
    (State.UNKNOWN, Fact.FILLED): State.FILLED,
    (State.UNKNOWN, Fact.SEEN): State.LIVE,
    (State.UNKNOWN, Fact.ABSENT): State.CANCELLED,
    (State.UNKNOWN, Fact.CANCEL_SENT): State.UNKNOWN,
}


def after(state: State, fact: Fact) -> State:
    """The state that follows; unchanged where the table has no row."""
    return TABLE.get((state, fact), state)
