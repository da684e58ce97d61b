"""The life of an order: states, facts, and the table of what each fact makes of each state.

Rules of this file: data. A fact that the table does not name changes nothing; a fill is legal in every state.
"""

from __future__ import annotations

from enum import IntEnum


class State(IntEnum):
    """SENT: on its way. LIVE: acknowledged. CANCELLING, AMENDING: a cancel, an amend is on its way. UNKNOWN: fate not
    known, counts as live."""

    SENT = 0
    LIVE = 1
    CANCELLING = 2
    UNKNOWN = 3
    FILLED = 4
    CANCELLED = 5
    REJECTED = 6
    AMENDING = 7


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
    AMEND_SENT = 9
    AMENDED = 10
    AMEND_REJECTED = 11  # not carried out, and the order stands as it was
    AMEND_DOUBTED = 12  # not carried out, and the order may be gone


TERMINAL = frozenset({State.FILLED, State.CANCELLED, State.REJECTED})
#: States in which the venue is known to have the order in its book, and nobody has asked for its end.
RESTING = (State.LIVE, State.AMENDING)

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
    (State.LIVE, Fact.AMEND_SENT): State.AMENDING,
    (State.AMENDING, Fact.AMENDED): State.LIVE,
    (State.AMENDING, Fact.AMEND_REJECTED): State.LIVE,
    (State.AMENDING, Fact.AMEND_DOUBTED): State.UNKNOWN,
    (State.AMENDING, Fact.CANCEL_SENT): State.CANCELLING,
    (State.AMENDING, Fact.CANCELLED): State.CANCELLED,
    (State.AMENDING, Fact.FILLED): State.FILLED,
    (State.AMENDING, Fact.ABSENT): State.CANCELLED,
    (State.AMENDING, Fact.UNKNOWN): State.UNKNOWN,
    (State.AMENDING, Fact.REJECTED): State.REJECTED,
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
    (State.UNKNOWN, Fact.AMENDED): State.LIVE,
    (State.UNKNOWN, Fact.AMEND_REJECTED): State.LIVE,
}


def after(state: State, fact: Fact) -> State:
    """The state that follows; unchanged where the table has no row."""
    return TABLE.get((state, fact), state)
