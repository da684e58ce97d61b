"""Own fills that the other side has to close at a profit, and the price that this leaves to a closing quote.

Rules of this file: prices in ticks, sizes in lots, instants on the engine's clock; the quoter moves its ladder by it.
"""

from __future__ import annotations

from collections import deque
from math import fsum

from mmtui.core.quoting import skew
from mmtui.core.quoting.params import Quoting

SECOND = 1_000_000_000
#: Fills that are remembered; beyond it the oldest is forgotten.
MOST = 1_000


class Pongs:
    """What has been opened, by side, and not closed yet; or the last fill of each side."""

    __slots__ = ("away", "fair", "kind", "memory", "open")

    def __init__(self, params: Quoting, last: Pongs | None) -> None:
        self.kind = params.pong
        self.away = params.pong_bps * 1e-4
        self.fair = params.pong_fair
        self.memory = int(params.pong_memory_s * SECOND)  # 0: no end
        same = last is not None and last.single == self.single
        #: side -> (instant, price, lots), oldest first; the last fill alone with last and restart
        self.open: dict[int, deque[tuple[int, float, int]]] = {1: deque(), -1: deque()}
        if last is not None and same:
            self.open = last.open

    @property
    def single(self) -> bool:
        """Only the last fill of a side counts."""
        return self.kind in ("last", "restart")

    def filled(self, side: int, px: int, lots: int, ts: int) -> None:
        """A quote of this side was executed: it closes what the other side has opened, the rest is open."""
        mine, theirs = self.open[side], self.open[-side]
        if self.single:
            mine.clear()
            mine.append((ts, float(px), lots))
            return
        while lots and theirs:
            k = self._next(-side)
            then, price, open_lots = theirs[k]
            closed = min(lots, open_lots)
            lots -= closed
            if closed == open_lots:
                del theirs[k]
            else:
                theirs[k] = (then, price, open_lots - closed)
        if lots:
            mine.append((ts, float(px), lots))
            if len(mine) > MOST:
                mine.popleft()

    def _next(self, side: int) -> int:
        """Place of the fill of a side that is closed next; the first of equals."""
        if self.kind == "average":
            return 0
        sign = side if self.kind == "short" else -side  # purchases: the lowest is the easiest to sell
        fills = self.open[side]
        return min(range(len(fills)), key=lambda k: sign * fills[k][1])

    def bound(self, side: int, fair: float, ts: int) -> float:
        """The price that a quote of this side may not be nearer to the market than; 0.0: any."""
        opened = self.open[-side]
        while self.memory and opened and ts - opened[0][0] >= self.memory:
            opened.popleft()
        if not opened:
            return 0.0
        if self.kind == "average":
            at = fsum(px * lots for _, px, lots in opened) / sum(lots for _, _, lots in opened)
        else:
            then, at, lots = opened[0 if self.single else self._next(-side)]
            if self.kind == "restart" and side * (fair - at) >= self.away * at:  # against what was opened
                at = fair
                opened[0] = (then, at, lots)
        found = at * (1.0 - side * self.away)
        far = fair * (1.0 - side * self.away)
        return side * min(side * found, side * far) if self.fair else found

    def keep(self, want: skew.Sides, fair: float, ts: int, step: int) -> skew.Sides:
        """The ladder with every quote on the profitable side of what it closes."""
        bids, asks = want
        low, high = self.bound(1, fair, ts), self.bound(-1, fair, ts)
        return skew.no_nearer(1, bids, low, step), skew.no_nearer(-1, asks, high, step)

    def rescale(self, px: int, sz: int) -> None:
        """A finer tick or lot."""
        for fills in self.open.values():
            for k, (ts, price, lots) in enumerate(fills):
                fills[k] = (ts, price * px, lots * sz)

    def digest(self) -> tuple[object, ...]:
        return ([*self.open[1]], [*self.open[-1]])
