"""Who drives a desk: the operator whose act that was no escalation is the newest, for a lease of five minutes.

It hinders nobody: at three in the morning whoever is there must be able to act.  It is said to everyone, and another
hand at the wheel is said when it happens.

Rules of this file: no clock of its own, no sockets.
"""

from __future__ import annotations

#: After so long without an act nobody drives.
LEASE_S = 300.0


class Wheel:
    """Of one desk; times are the loop's, s."""

    def __init__(self) -> None:
        self._hand = ""
        self._until = 0.0

    def driver(self, now: float) -> str:
        """Name and place of who drives; "" when nobody does."""
        return self._hand if now < self._until else ""

    def take(self, hand: str, now: float) -> str:
        """An act of `hand`: the lease is his, anew. Who had it until now and is somebody else; "" where nobody is."""
        before = self.driver(now)
        self._hand, self._until = hand, now + LEASE_S
        return before if before != hand else ""
