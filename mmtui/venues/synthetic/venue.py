"""One synthetic venue: a book that follows a fair price, takers that come in clusters, and the events that it sends.

Rules of this file: the only chance is the venue's own Rng stream; exactly rounded arithmetic only (+ - * /, floor).
The touch is told at once (BestQuote), depth in batches that cover the same ids, trades at the touch before the
quote that they leave: a follower of the events has exactly this book after every batch.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from math import ceil, floor
from typing import NamedTuple

from mmtui.core.events import BestQuote, BookDelta, BookSnapshot, Event, Liquidation, Trade
from mmtui.core.rng import Rng
from mmtui.venues.synthetic.scenarios import Phase

LEVELS = 40
BATCH_NS = 100_000_000
#: Self-exciting trades (Hawkes 1971): each adds so many trades a second, of which a step leaves this share; a trade
#: causes EXCITE x 0.01 s / (1 - CALM_DOWN) = 0.6 others on average.
EXCITE = 1.8
CALM_DOWN = 0.97
#: Sweeps a second: makers step back, a taker runs through the levels left, up to so many bps deep; part of it stays.
SWEEPS = 0.09
SWEEP_BPS = (1.0, 5.0)


class Spec(NamedTuple):
    """What sets one venue apart. Prices in ticks, sizes in lots, times in steps of the market."""

    venue: str
    tick: float
    lag: int  # steps behind the lead
    busy: float  # share of steps in which its makers move
    half_bps: float  # usual half-spread
    hold_bps: float  # how far fair value moves before the touch follows
    gap: int  # mean distance of levels, ticks
    size: int  # usual size of a level
    clip: int  # usual size of a trade
    rate: float  # trades a second when nothing excites them
    basis_bps: float  # of fair value, in the long run
    delay_ns: int  # from the venue's clock to ours


class Ladder:
    """One side. Keys are price x sign, ascending: the best is the last."""

    __slots__ = ("changed", "keys", "rng", "sign", "sizes", "spec")

    def __init__(self, sign: int, spec: Spec, rng: Rng) -> None:
        self.sign = sign
        self.spec = spec
        self.rng = rng
        self.keys: list[int] = []
        self.sizes: dict[int, int] = {}
        self.changed: dict[int, int] = {}  # price -> size, since the last batch

    def best(self) -> tuple[int, int]:
        key = self.keys[-1]
        return self.sign * key, self.sizes[key]

    def put(self, key: int, size: int) -> None:
        if size > 0:
            if key not in self.sizes:
                insort(self.keys, key)
            self.sizes[key] = size
        elif self.sizes.pop(key, 0):
            del self.keys[bisect_left(self.keys, key)]
        self.changed[self.sign * key] = size

    def follow(self, target: int, liquidity: float) -> None:
        """Make `target` (a price) the best, keep LEVELS levels behind it."""
        top = self.sign * target
        while self.keys and self.keys[-1] > top:
            self.put(self.keys[-1], 0)
        inner = self.keys[-1] if self.keys else top
        if inner < top:
            key = top
            for _ in range(6):  # new levels between the new best and the old one
                self.put(key, self.size_for(top - key, liquidity))
                key -= self.gap(0)
                if key <= inner:
                    break
        elif top not in self.sizes:
            self.put(top, self.size_for(0, liquidity))
        while len(self.keys) < LEVELS:
            key = self.keys[0] - self.gap(len(self.keys))
            if key * self.sign <= 0:
                break
            self.put(key, self.size_for(top - key, liquidity))
        while len(self.keys) > LEVELS + 20:
            self.put(self.keys[0], 0)

    def churn(self, liquidity: float) -> None:
        """One of the near levels changes its size."""
        near = min(5, len(self.keys))
        key = self.keys[-1 - self.rng.below(near)]
        self.put(key, max(1, (self.sizes[key] + self.size_for(self.keys[-1] - key, liquidity)) // 2))

    def gap(self, depth: int) -> int:
        """Distance to the next level, growing with the number of levels before it."""
        return 1 + self.rng.below(2 * self.spec.gap * (8 + depth) // 8)

    def size_for(self, distance: int, liquidity: float) -> int:
        """Sizes grow away from the touch; one in sixteen is big."""
        draw = self.rng.bits()
        size = self.spec.size * liquidity * (0.2 + (draw >> 32) / (1 << 32))
        size *= 1.0 + min(distance, 20 * self.spec.gap) / (8.0 * self.spec.gap)
        return max(1, int(size * 5.0 if not draw & 15 else size))


class VenueSim:
    """A venue of one instrument; `step` appends its events to a list."""

    def __init__(self, spec: Spec, i: int, rng: Rng) -> None:
        self.spec = spec
        self.i = i
        self.rng = rng
        self.bids = Ladder(+1, spec, rng)
        self.asks = Ladder(-1, spec, rng)
        self.seq = 1
        self.batch_seq = 1
        self.batch_ts = 0
        self.trades = 0
        self.heat = 0.0  # excitation: trades a second above the usual
        self.anchor = 0.0  # fair value, in ticks, at which the touch was set
        self.spread = 0.0  # phase's factor at that moment
        self.bid = self.ask = 0
        self.told = (0, 0, 0, 0)

    def step(self, now: int, fair: float, lead: float, phase: Phase, dt: float, out: list[Event]) -> float:
        """One step: makers, then takers, then a batch if it is time. Returns the takers' signed impact, bps."""
        rng = self.rng
        if rng.uniform() < self.spec.busy:
            self._makers(fair, phase)
            self._tell_touch(now, out)
        impact = 0.0
        self.heat *= CALM_DOWN
        if rng.uniform() < (self.spec.rate + self.heat) * dt:
            impact = self._takers(now, lead, phase, out)
            self._tell_touch(now, out)
        if rng.uniform() < SWEEPS * phase.volatility * dt:
            impact += self._sweep(now, phase, out)
            self._tell_touch(now, out)
        if now - self.batch_ts >= BATCH_NS:
            self._tell_depth(now, out)
        return impact

    def snapshot(self, now: int, fair: float, phase: Phase, out: list[Event]) -> None:
        """The whole book, after a (re)connect."""
        self.anchor = 0.0
        self._makers(fair, phase)
        self.seq += 1
        bids = [(key, self.bids.sizes[key]) for key in reversed(self.bids.keys)]
        asks = [(-key, self.asks.sizes[key]) for key in reversed(self.asks.keys)]
        self.bids.changed.clear()
        self.asks.changed.clear()
        self.batch_seq, self.batch_ts = self.seq, now
        there = now - self.spec.delay_ns
        columns = ([p for p, _ in bids], [s for _, s in bids], [p for p, _ in asks], [s for _, s in asks])
        out.append(BookSnapshot(now, there, self.i, self.seq, *columns))
        self.told = (*self.bids.best(), *self.asks.best())

    def _makers(self, fair: float, phase: Phase) -> None:
        spec, rng = self.spec, self.rng
        mid = fair / spec.tick
        if abs(mid - self.anchor) * 10_000.0 > spec.hold_bps * mid or phase.spread != self.spread:
            half = mid * spec.half_bps * phase.spread * (0.4 + 1.2 * rng.uniform()) / 10_000.0
            self.anchor, self.spread = mid, phase.spread
            self.bid = floor(mid - half)
            self.ask = max(self.bid + 1, ceil(mid + half))
            # the side that is left behind goes first: the book is never crossed
            self.bids.follow(self.bid, phase.liquidity)
            self.asks.follow(self.ask, phase.liquidity)
        elif rng.below(4) == 0:  # what takers took comes back after a while
            self.bids.follow(self.bid, phase.liquidity)
            self.asks.follow(self.ask, phase.liquidity)
        else:
            (self.bids if rng.below(2) else self.asks).churn(phase.liquidity)

    def _takers(self, now: int, lead: float, phase: Phase, out: list[Event]) -> float:
        spec, rng = self.spec, self.rng
        self.heat = min(self.heat + EXCITE, 60.0)
        mid = (self.bids.best()[0] + self.asks.best()[0]) * 0.5
        edge = (lead / spec.tick - mid) / mid * 10_000.0  # bps that the lead is ahead of this venue
        lean = min(max(0.15 * edge + phase.flow, -0.45), 0.45)
        side = 1 if rng.uniform() < 0.5 + lean else -1
        ladder = self.asks if side > 0 else self.bids
        left = max(1, int(spec.clip * 0.25 / (0.03 + rng.uniform())))  # many small, few big
        there = now - spec.delay_ns
        forced = phase.drift < -50.0 and side < 0 and rng.below(3) == 0
        if forced:
            out.append(Liquidation(now, there, self.i, ladder.best()[0], left, side))
        total = 0
        for _ in range(4):
            if len(ladder.keys) <= LEVELS // 2:
                break
            key = ladder.keys[-1]
            shown = ladder.sizes[key]
            size = min(left, shown)
            ladder.put(key, shown - size)
            self.trades += 1
            out.append(Trade(now, there, self.i, self.trades, ladder.sign * key, size, side))
            left -= size
            total += size
            if not left:
                break
        return side * min(0.3, 0.02 * total / spec.clip)

    def _sweep(self, now: int, phase: Phase, out: list[Event]) -> float:
        rng = self.rng
        side = 1 if rng.uniform() < 0.5 + phase.flow else -1
        ladder = self.asks if side > 0 else self.bids
        low, high = SWEEP_BPS
        reach = low + (high - low) * rng.uniform()
        touch = ladder.best()[0]
        last = ladder.sign * touch - int(touch * reach / 10_000.0)  # key of the last level that is reached
        reached = [key for key in ladder.keys[LEVELS // 2 :] if key >= last]
        for key in reached:
            ladder.put(key, max(1, ladder.sizes[key] // 10))
        self._tell_touch(now, out)
        for key in reversed(reached):
            self.trades += 1
            size = ladder.sizes[key]
            out.append(Trade(now, now - self.spec.delay_ns, self.i, self.trades, ladder.sign * key, size, side))
            ladder.put(key, 0)
        return side * reach * 0.7 * rng.uniform()

    def _tell_touch(self, now: int, out: list[Event]) -> None:
        touch = (*self.bids.best(), *self.asks.best())
        if touch != self.told:
            self.told = touch
            self.seq += 1
            out.append(BestQuote(now, now - self.spec.delay_ns, self.i, self.seq, *touch))

    def _tell_depth(self, now: int, out: list[Event]) -> None:
        bids, asks = self.bids.changed, self.asks.changed
        if not bids and not asks:
            return
        self.seq += 1
        columns = (list(bids), list(bids.values()), list(asks), list(asks.values()))
        out.append(BookDelta(now, now - self.spec.delay_ns, self.i, self.batch_seq + 1, self.seq, *columns))
        self.batch_seq, self.batch_ts = self.seq, now
        bids.clear()
        asks.clear()
