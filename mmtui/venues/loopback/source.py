"""Where a loopback exchange's prices come from: a synthetic market that never ends, or raw captures played again.

Rules of this file: gives market events in order of time, with our instants; matches nothing, sends nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from math import sqrt
from pathlib import Path
from typing import Protocol

import msgspec

from mmtui.core.errors import UserError
from mmtui.core.events import BookDelta, Event, MarkPrice
from mmtui.core.market.instrument import Instrument
from mmtui.core.rng import Rng
from mmtui.venues.binance import profile
from mmtui.venues.synthetic.scenarios import CYCLES, REGIMES, phase_at
from mmtui.venues.synthetic.venue import Spec, VenueSim

STEP_NS = 10_000_000
DT = 0.01
SECOND = 1_000_000_000
START_PRICE = 60_000.0
FUNDING_NS = 8 * 3600 * SECOND

#: Market and symbol -> how it moves. A tick of 0.2 makes 60,000 read as 3,000.00 where the venue's tick is 0.01.
_SPECS: dict[tuple[str, str], Spec] = {
    ("binance-spot", "BTCUSDT"): Spec("spot", 0.01, 3, 0.65, 0.03, 0.30, 60, 40_000, 3_000, 8.0, 0.0, 0),
    ("binance-spot", "ETHUSDT"): Spec("spot", 0.2, 3, 0.65, 0.06, 0.40, 4, 60_000, 4_000, 6.0, 0.0, 0),
    ("binance-usdm", "BTCUSDT"): Spec("usdm", 0.1, 0, 0.90, 0.012, 0.25, 4, 1_800, 60, 12.0, -2.0, 0),
    ("binance-usdm", "ETHUSDT"): Spec("usdm", 0.2, 0, 0.80, 0.04, 0.30, 3, 12_000, 600, 9.0, -2.0, 0),
    ("binance-coinm", "BTCUSD_PERP"): Spec("coinm", 0.1, 0, 0.80, 0.02, 0.30, 4, 1_100, 40, 8.0, -2.0, 0),
    ("binance-coinm", "ETHUSD_PERP"): Spec("coinm", 0.2, 0, 0.70, 0.05, 0.30, 3, 3_600, 200, 6.0, -2.0, 0),
}


class MarketSource(Protocol):
    """What an exchange needs of a market."""

    instruments: list[Instrument]

    def until(self, now: int) -> list[Event]:
        """Events up to `now` (ns), oldest first."""


class Synthetic:
    """One efficient price a symbol, and a book that follows it."""

    def __init__(self, instruments: list[tuple[Instrument, Spec]], scenario: str, seed: int, now: int) -> None:
        if scenario not in CYCLES:
            raise UserError(f"scenario {scenario!r} is not known; there are: {', '.join(CYCLES)}")
        self.instruments = [instrument for instrument, _ in instruments]
        self._scenario = scenario
        self._rng = Rng(seed, "loopback/price")
        self._sims = [
            VenueSim(spec, i, Rng(seed, f"loopback/{item.symbol}")) for i, (item, spec) in enumerate(instruments)
        ]
        self._prices = [START_PRICE] * len(instruments)
        self._step = 0
        self._start = now

    def until(self, now: int) -> list[Event]:
        out: list[Event] = []
        while self._start + self._step * STEP_NS <= now:
            self._one(self._start + self._step * STEP_NS, out)
            self._step += 1
        return out

    def _one(self, at: int, out: list[Event]) -> None:
        phase, _ = phase_at(self._scenario, self._step * DT)
        sigma = REGIMES[0][0] * phase.volatility * sqrt(DT)
        for i, sim in enumerate(self._sims):
            price = self._prices[i]
            bps = sigma * self._rng.normal() + phase.drift * DT + (START_PRICE / price - 1.0) * 0.02
            price += price * bps / 10_000.0
            if not self._step:
                sim.snapshot(at, price, phase, out)
            price += price * sim.step(at, price, price, phase, DT, out) / 10_000.0
            self._prices[i] = price
            if self.instruments[i].kind != "spot" and self._step % 100 == 0:
                mark = int(price * sim_scale(sim.spec, self.instruments[i]) * 10**8)
                out.append(MarkPrice(at, at, i, mark, mark, 1_000_000, (at // FUNDING_NS + 1) * FUNDING_NS))


def sim_scale(spec: Spec, instrument: Instrument) -> float:
    """The venue's price for a price of the simulation."""
    return float(instrument.tick) / spec.tick


def binance(market: str) -> list[tuple[Instrument, Spec]]:
    """What a loopback exchange of Binance trades, and how it moves."""
    found = []
    for symbol in (symbol for of, symbol in _SPECS if of == market):
        grid = profile.known_grid(market, symbol)
        assert grid is not None
        found.append((profile.instrument(profile.MARKETS[market], symbol, *grid, "table"), _SPECS[market, symbol]))
    return found


class Captures:
    """Raw captures of one market, at the pace at which they were recorded, from now on; over when they end."""

    def __init__(self, market: str, files: list[Path], now: int) -> None:
        from mmtui.venues.capture.source import open_captures

        captures = open_captures(files)
        others = {item.venue for item in captures.instruments} - {market}
        if others:
            raise UserError(f"the captures are of {', '.join(sorted(others))}, and this exchange speaks {market}")
        self.instruments = captures.instruments
        index = {item.id: i for i, item in enumerate(self.instruments)}
        self._events: Iterator[Event] = iter(captures.events(index, {market: 0}))
        self._now = now
        self._pending = next(self._events, None)
        self._shift = now - (self._pending.ts if self._pending is not None else 0)

    def until(self, now: int) -> list[Event]:
        out: list[Event] = []
        while (event := self._pending) is not None and event.ts + self._shift <= now:
            changes = {"ts": event.ts + self._shift}
            if hasattr(event, "ts_event"):
                changes["ts_event"] = event.ts + self._shift
            out.append(msgspec.structs.replace(event, **changes))
            self._pending = next(self._events, None)
        return out


def continues(last: int, delta: BookDelta) -> bool:
    """Whether a delta says anything that a book at `last` does not have."""
    return delta.seq > last
