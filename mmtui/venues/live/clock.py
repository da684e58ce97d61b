"""How far a venue's clock is from ours, from pairs of request and answer (as NTP does): the quickest pair counts.

Rules of this file: no clock; all instants come in, ns.
"""

from __future__ import annotations

from collections import deque

#: Pairs that are remembered; an old one goes when the clocks may have drifted.
KEPT = 8


class ClockOffset:
    """`offset`: the venue's clock minus ours, 0 within `error`: how wrong that may be; both ns."""

    def __init__(self) -> None:
        self.offset = 0
        self.error = 0
        self.known = False
        self._pairs: deque[tuple[int, int]] = deque(maxlen=KEPT)

    def sample(self, sent: int, received: int, venue: int, step: int) -> None:
        """The venue said `venue` (in steps of `step` ns) in answer to a request."""
        took = max(0, received - sent)
        middle = (sent + received) // 2
        self._pairs.append((took, venue + step // 2 - middle))
        best = min(self._pairs)
        self.error = best[0] // 2 + step // 2
        self.offset = best[1] if abs(best[1]) > self.error else 0  # within the error nothing is known to be off
        self.known = True
