"""Protections of a strategy: what holds a side because of the market or of the own fills, and when it comes back.

Volatility pause, trend hold, toxic flow, trade burst, one-leg guard, repeated executions.  Each says once when it
trips and once when it lifts.  Rules of this file: measures and decides on the engine's clock (a sample at least every
100 ms); mids in half ticks, sizes in lots; telling, counting and pulling are ladder_side.py's.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from math import fsum
from typing import NamedTuple

from mmtui.core.ledger.account import References
from mmtui.core.market.instrument import Grid
from mmtui.core.quoting.ladder import EPSILON
from mmtui.core.quoting.params import Quoting

SECOND = 1_000_000_000
VOLATILITY, TREND, TOXIC = "volatility pause", "trend hold", "toxic flow"
BURST, LEG, REPEATED = "trade burst", "one-leg guard", "repeated executions"
#: The average of the trend hold is carried on at most so often.
SAMPLE_NS = 100_000_000
#: The leg must have been good for so long.
LEG_GOOD_NS = SECOND
SIDES = {1: "bids", -1: "asks", 0: "both sides"}


class Change(NamedTuple):
    """A guard has tripped (on) or lifted."""

    name: str
    side: int  # 0: both
    on: bool
    pulls: bool  # it is a protection of the desk rules: counted, and quotes come back at a quarter of the size
    text: str


class Verdict(NamedTuple):
    """What a guard says now: bad trips it, good lifts it; between the two it stays as it is."""

    name: str
    side: int
    bad: bool
    good: bool
    pulls: bool


class Range:
    """Highest and lowest mid of a span of time."""

    __slots__ = ("highs", "lows", "span")

    def __init__(self, span: int) -> None:
        self.span = span
        self.highs: deque[tuple[int, int]] = deque()  # (ts, mid), falling
        self.lows: deque[tuple[int, int]] = deque()  # rising

    def note(self, ts: int, mid2: int) -> None:
        for kept, sign in ((self.highs, 1), (self.lows, -1)):
            while kept and sign * kept[-1][1] <= sign * mid2:
                kept.pop()
            kept.append((ts, mid2))
            while kept[0][0] < ts - self.span:
                kept.popleft()

    def bps(self) -> float:
        return (self.highs[0][1] - self.lows[0][1]) / self.lows[0][1] * 1e4 if self.lows else 0.0


class Guards:
    """The guards of one quoter."""

    def __init__(self, params: Quoting, grid: Grid, last: Guards | None) -> None:
        self.params = params
        self.volume = int(params.burst_volume / float(grid.lot) + EPSILON)
        self.leg = -2  # place of the leg in the table of instruments; -2: not looked up
        if last is None:
            self.range = Range(0)
            self.mean = 0.0  # average mid of the trend hold
            self.off = 0.0  # the mid's distance from it, bps
            self.mean_ts = 0
            self.due: deque[tuple[int, int, int, int]] = deque()  # own fills: (markout due, side, px, lots)
            self.marks: dict[int, deque[tuple[float, int]]] = {1: deque(), -1: deque()}  # (markout bps, lots)
            self.prints: deque[tuple[int, int]] = deque()  # market trades: (ts, lots)
            self.printed = 0  # lots of them
            self.fills: dict[int, deque[int]] = {1: deque(), -1: deque()}
            self.tripped: dict[tuple[str, int], int] = {}  # (name, side) -> since when
            self.calm = 0  # since when the range has been below its bound; 0: it is not
            self.leg_good = 0  # since when the leg has been good; 0: it is not
            self.leg_seen = False  # it has been good once: what came before was the start, not a trip
        else:
            self._continue(last)
        self.range.span = int(params.vol_pause_s * SECOND)
        self.marks = {side: deque(self.marks[side], params.toxic_fills) for side in (1, -1)}
        self.reasons = {1: "", -1: ""}
        self.widen_bps = 0.0
        self._settle()

    def _continue(self, last: Guards) -> None:
        """What has been measured stands, whatever parameter has changed."""
        self.range, self.mean, self.off, self.mean_ts = last.range, last.mean, last.off, last.mean_ts
        self.due, self.marks, self.fills, self.tripped = last.due, last.marks, last.fills, last.tripped
        self.prints, self.printed = last.prints, last.printed
        self.calm, self.leg_good, self.leg_seen = last.calm, last.leg_good, last.leg_seen

    @staticmethod
    def made(params: Quoting, grid: Grid, last: Guards | None) -> Guards | None:
        """Guards that continue the last ones; None where none is on."""
        on = (
            params.vol_pause_bps, params.trend_hold_bps, params.toxic_bps, params.burst_trades, params.burst_volume,
            params.leg, params.throttle_fills,
        )  # fmt: skip
        return Guards(params, grid, last) if any(on) else None

    # ------------------------------------------------------------ measuring

    def sample(self, ts: int, mid2: int, references: References) -> None:
        """The market as it is now, quoted or not; `mid2` is 0 while there is none."""
        params = self.params
        if mid2 and params.vol_pause_bps:
            self.range.note(ts, mid2)
        if mid2 and params.trend_hold_bps:
            if not self.mean_ts:
                self.mean, self.mean_ts = float(mid2), ts
            elif ts - self.mean_ts >= SAMPLE_NS:
                dt = (ts - self.mean_ts) / SECOND
                self.mean += dt / (params.trend_window_s + dt) * (mid2 - self.mean)
                self.mean_ts = ts
            self.off = (mid2 - self.mean) / self.mean * 1e4
        while self.due and self.due[0][0] <= ts:
            due, side, px, lots = self.due.popleft()
            reference = references.at(due)
            if reference:
                self.marks[side].append((side * (reference - 2 * px) / (2 * px) * 1e4, lots))

    def trade(self, ts: int, lots: int) -> bool:
        """A trade of the market; True when it is a burst that pulls."""
        if not (self.params.burst_trades or self.volume):
            return False
        self.prints.append((ts, lots))
        self.printed += lots
        return self._bursts(ts) and (BURST, 0) not in self.tripped

    def _bursts(self, ts: int) -> bool:
        prints, least = self.prints, ts - self.params.burst_window_ms * 1_000_000
        while prints and prints[0][0] <= least:
            self.printed -= prints.popleft()[1]
        count = self.params.burst_trades
        return bool(count and len(prints) >= count) or bool(self.volume and self.printed >= self.volume)

    def filled(self, side: int, px: int, lots: int, ts: int) -> None:
        """A quote was executed."""
        if self.params.toxic_bps:
            self.due.append((ts + int(self.params.toxic_horizon_s * SECOND), side, px, lots))
        if self.params.throttle_fills:
            self.fills[side].append(ts)

    # ------------------------------------------------------------ deciding

    def look(self, ts: int, leg_why: str) -> list[Change]:
        """Decide anew. `leg_why`: what is wrong with the leg ("": nothing). What has just tripped or lifted."""
        changes = []
        for name, side, bad, good, pulls in self._verdicts(ts, leg_why):
            key = (name, side)
            if key not in self.tripped:
                if bad:
                    self.tripped[key] = ts
                    changes.append(Change(name, side, True, pulls, self._text(name, side, leg_why)))
            elif good and not bad:
                del self.tripped[key]
                changes.append(Change(name, side, False, pulls, self._text(name, side, leg_why)))
                self._forget(name, side)
        if changes:
            self._settle()
        return changes

    def _verdicts(self, ts: int, leg_why: str) -> Iterator[Verdict]:
        params = self.params
        if params.vol_pause_bps or (VOLATILITY, 0) in self.tripped:
            yield self._volatility(ts)
        if params.leg or (LEG, 0) in self.tripped:
            yield self._leg(ts, leg_why)
        if params.burst_trades or self.volume or (BURST, 0) in self.tripped:
            over = self._over(BURST, 0, ts, params.burst_hold_s)
            yield Verdict(BURST, 0, self._bursts(ts), over, True)
        for side in (1, -1):
            if params.trend_hold_bps or (TREND, side) in self.tripped:
                yield self._trend(side)
            if params.toxic_bps or (TOXIC, side) in self.tripped:
                yield self._toxic(side, ts)
            if params.throttle_fills or (REPEATED, side) in self.tripped:
                yield self._repeated(side, ts)

    def _over(self, name: str, side: int, ts: int, hold_s: float) -> bool:
        """Whether a guard has held long enough."""
        since = self.tripped.get((name, side))
        return since is not None and ts - since >= hold_s * SECOND

    def _volatility(self, ts: int) -> Verdict:
        params, moved = self.params, self.range.bps()
        stop = params.vol_pause_bps
        if moved >= (params.vol_resume_bps or stop * 0.5) and stop:
            self.calm = 0
        elif not self.calm:
            self.calm = ts
        good = self.calm > 0 and ts - self.calm >= params.vol_resume_s * SECOND
        return Verdict(VOLATILITY, 0, bool(stop) and moved > stop, good, True)

    def _leg(self, ts: int, why: str) -> Verdict:
        if why:
            self.leg_good = 0
        elif not self.leg_good:
            self.leg_good = ts
        good = not why and (not self.leg_seen or ts - self.leg_good >= LEG_GOOD_NS)
        pulls, self.leg_seen = self.leg_seen, self.leg_seen or not why
        return Verdict(LEG, 0, bool(why), good, pulls)

    def _trend(self, side: int) -> Verdict:
        """The bids are run over in a fall, the asks in a rise."""
        params, against = self.params, -side * self.off
        stop = params.trend_hold_bps
        good = not stop or against < (params.trend_resume_bps or stop * 0.5)
        return Verdict(TREND, side, bool(stop) and against >= stop, good, False)

    def _toxic(self, side: int, ts: int) -> Verdict:
        params = self.params
        judged = bool(params.toxic_bps) and len(self.marks[side]) >= params.toxic_fills
        bad = judged and self._markout(side) < -params.toxic_bps
        over = self._over(TOXIC, side, ts, params.toxic_hold_s)
        return Verdict(TOXIC, side, bad and not over, over, params.toxic_action == "pause")

    def _markout(self, side: int) -> float:
        """Mean markout of the last own fills of a side by size, bps."""
        marks = self.marks[side]
        return fsum(bps * lots for bps, lots in marks) / (sum(lots for _, lots in marks) or 1)

    def _repeated(self, side: int, ts: int) -> Verdict:
        params, fills = self.params, self.fills[side]
        while fills and fills[0] <= ts - params.throttle_window_s * SECOND:
            fills.popleft()
        bad = 0 < params.throttle_fills <= len(fills)
        over = self._over(REPEATED, side, ts, params.throttle_hold_s)
        return Verdict(REPEATED, side, bad and not over, over, False)

    def _text(self, name: str, side: int, leg_why: str) -> str:
        """What a guard that trips or lifts has measured."""
        params = self.params
        if name == VOLATILITY:
            return f"a range of {self.range.bps():.3g} bps in {params.vol_pause_s:g} s"
        if name == LEG:
            return f"{params.leg} {leg_why or 'is good again'}".strip()
        if name == BURST:
            return f"{len(self.prints)} trades within {params.burst_window_ms} ms"
        if name == TREND:
            return f"the mid is {self.off:+.3g} bps from its average"
        if name == TOXIC:
            return f"markout {self._markout(side):+.3g} bps of the last {len(self.marks[side])} fills"
        return f"{len(self.fills[side])} fills within {params.throttle_window_s:g} s"

    def _forget(self, name: str, side: int) -> None:
        """What caused a hold does not cause the next one."""
        if name == TOXIC:
            self.marks[side].clear()
        elif name == REPEATED:
            self.fills[side].clear()

    def _settle(self) -> None:
        """The reason of each side, and the widening, from what has tripped."""
        widens = self.params.toxic_action == "widen"
        self.reasons = {1: "", -1: ""}
        self.widen_bps = 0.0
        for name, side in self.tripped:
            if name == TOXIC and widens:
                self.widen_bps = self.params.toxic_widen_bps
                continue
            for one in (side,) if side else (1, -1):
                self.reasons[one] = self.reasons[one] or name

    def rescale(self, px: int, sz: int) -> None:
        """A finer tick or lot."""
        for kept in (self.range.highs, self.range.lows):
            for k, (ts, mid2) in enumerate(kept):
                kept[k] = (ts, mid2 * px)
        self.mean *= px
        self.due = deque((ts, side, price * px, lots * sz) for ts, side, price, lots in self.due)
        self.marks = {
            side: deque(((bps, lots * sz) for bps, lots in marks), marks.maxlen) for side, marks in self.marks.items()
        }
        self.prints = deque((ts, lots * sz) for ts, lots in self.prints)
        self.printed *= sz

    def digest(self) -> tuple[object, ...]:
        return (
            [[*self.range.highs], [*self.range.lows], self.mean, self.mean_ts, self.off],
            [[*self.due], [*self.marks[1]], [*self.marks[-1]]],
            [[*self.prints], [*self.fills[1]], [*self.fills[-1]]],
            [(name, side, since) for (name, side), since in self.tripped.items()],
            [self.calm, self.leg_good, self.leg_seen],
        )
