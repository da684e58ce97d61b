"""A round of reconciliation at one venue: what has been asked, what is waited for, what is planned.

Rules of this file: state; what is done with it is in reconcile.py.
"""

from __future__ import annotations

#: Lots by which the venue's position differs: of the net, or of the net and the short leg (hedge mode).
Gap = int | tuple[int, int]


def lots_of(gap: Gap) -> int:
    """Lots by which the worse of both differs."""
    return max(map(abs, gap)) if isinstance(gap, tuple) else abs(gap)


class Round:
    """What is under way at one venue."""

    __slots__ = (
        "adopts",
        "asked",
        "attempts",
        "begun",
        "due",
        "fates",
        "known",
        "query",
        "settled",
        "suspects",
        "touched",
        "waits",
        "why",
    )

    def __init__(self) -> None:
        self.adopts = False  # the session's first round: the venue's positions are what it begins with
        self.query = 0  # 0: none under way
        self.why = ""
        self.fates = False  # it ends with the fills: it is to say what became of orders
        self.begun = 0
        self.asked = 0
        self.attempts = 0
        self.due = 0  # instant of the next round, 0: none planned
        self.waits: list[str] = []
        self.touched: list[int] = []  # bookings of each instrument when the positions were asked for
        self.suspects: dict[int, tuple[Gap, int]] = {}  # instrument -> difference in lots, instant of the poll
        self.known = True  # since the start of this life: what happened before it is not outstanding any more
        self.settled = 0  # instant from which lists are conclusive: no create of an earlier life can land any more

    def digest(self) -> tuple[object, ...]:
        now = (self.query, self.known, self.due, sorted(self.suspects.items()))
        return (*now, "fates") if self.fates else now
