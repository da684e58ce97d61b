"""How far a desk's inventory strayed during a run: sampled once a second of the market's own time.

Rules of this file: reads an engine, changes nothing.
"""

from __future__ import annotations

from math import sqrt

from mmtui.core.engine import Engine
from mmtui.core.ledger.ledger import UNIT
from mmtui.core.risk.states import Desk

SECOND = 1_000_000_000


class Exposure:
    """Means and standard deviations of the position: base units an instrument, currency for the desk.

    Seconds in which the desk does not run yet are not counted.
    """

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.seconds = 0
        self._due = 0
        count = len(engine.accounts)
        self._lots = [0] * count
        self._squares = [0] * count
        self._worth = self._worth_squares = 0.0

    def look(self, ts: int) -> None:
        """A sample, if one is due."""
        if ts < self._due:
            return
        self._due = ts - ts % SECOND + SECOND
        engine = self.engine
        if engine.lattice.desk is not Desk.RUNNING:
            return
        self.seconds += 1
        worth = 0
        for i, account in enumerate(engine.accounts):
            lots = account.position
            if lots:
                self._lots[i] += lots
                self._squares[i] += lots * lots
                one = account.grid.notional_atoms(account.references.last(), abs(lots)) * engine.ledger.quote_rate(i)
                worth += one if lots > 0 else -one
        value = worth / UNIT
        self._worth += value
        self._worth_squares += value * value

    def position(self, i: int) -> tuple[float, float]:
        """(mean, standard deviation) of an instrument's position, in its units."""
        if not self.seconds:
            return 0.0, 0.0
        lot = float(self.engine.accounts[i].grid.lot)
        mean = self._lots[i] / self.seconds
        return mean * lot, sqrt(max(0.0, self._squares[i] / self.seconds - mean * mean)) * lot

    def worth(self) -> tuple[float, float]:
        """(mean, standard deviation) of the desk's net inventory in currency."""
        if not self.seconds:
            return 0.0, 0.0
        mean = self._worth / self.seconds
        return mean, sqrt(max(0.0, self._worth_squares / self.seconds - mean * mean))
