"""The synthetic market: one efficient price, three venues that follow it with lead and lag, scenarios on top.

Rules of this file: the seed and the start decide every event (core.rng, exactly rounded arithmetic, no clock).
Steps are 10 ms; in each, the venues act in their own slots, so that events are in order of time.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from math import sqrt

from mmtui.core.errors import UserError
from mmtui.core.events import Event, FeedStatus, Heartbeat, MarkPrice
from mmtui.core.market.instrument import Instrument
from mmtui.core.rng import Rng
from mmtui.venues.synthetic.scenarios import IN_TURN, REGIMES, SCENARIOS, Phase, phase_at
from mmtui.venues.synthetic.venue import Spec, VenueSim

__all__ = ["SCENARIOS", "SyntheticMarket"]

STEP_NS = 10_000_000
DT = 0.01
SLOT_NS = 3_300_000
START_PRICE = 60_000.0
FUNDING_NS = 8 * 3600 * 10**9
SECOND = 10**9

_INSTRUMENTS = (
    Instrument(
        id="sim-spot:BTCUSDT", venue="sim-spot", symbol="BTCUSDT", kind="spot", base="BTC", quote="USDT", settle="USDT",
        tick="0.01", lot="0.00001", min_notional="5", maker_bps="10", taker_bps="10", simulated=True,
    ),
    Instrument(
        id="sim-usdm:BTCUSDT", venue="sim-usdm", symbol="BTCUSDT", kind="linear", base="BTC", quote="USDT",
        settle="USDT", tick="0.1", lot="0.001", min_notional="100", maker_bps="2", taker_bps="4", simulated=True,
    ),
    Instrument(
        id="sim-coinm:BTCUSD_PERP", venue="sim-coinm", symbol="BTCUSD_PERP", kind="inverse", base="BTC", quote="USD",
        settle="BTC", tick="0.1", lot="1", contract_size="100", maker_bps="2", taker_bps="5", simulated=True,
    ),
)  # fmt: skip

_SPECS = (
    Spec("sim-spot", 0.01, 3, 0.65, 0.03, 0.30, 60, 40_000, 3_000, 8.0, 0.0, 3_000_000),
    Spec("sim-usdm", 0.1, 0, 0.90, 0.012, 0.25, 4, 1_800, 60, 12.0, -2.0, 2_000_000),
    Spec("sim-coinm", 0.1, 6, 0.50, 0.06, 0.35, 6, 1_500, 60, 4.0, 3.0, 4_000_000),
)


class SyntheticMarket:
    """`events(index, venues)` is endless; the same seed, scenario and start give the same events."""

    def __init__(self, seed: int, scenario: str, start_ns: int) -> None:
        if scenario not in SCENARIOS:
            raise UserError(f"scenario {scenario!r} is not known; there are: {', '.join(SCENARIOS)}")
        self.seed = seed
        self.scenario = scenario
        self.start_ns = start_ns

    def setup_instruments(self) -> list[Instrument]:
        return list(_INSTRUMENTS)

    def events(self, index: dict[str, int], venues: dict[str, int]) -> Iterator[Event]:
        """Events of the instruments in `index` (id -> i), with `venues` (id -> v), in order of time."""
        return _Run(self, index, venues).events()


class _Run:
    """One pass over the market: all state of the generator."""

    def __init__(self, market: SyntheticMarket, index: dict[str, int], venues: dict[str, int]) -> None:
        seed = market.seed
        self.scenario = market.scenario
        self.start = market.start_ns
        self.rng = Rng(seed, "synthetic/price")
        self.slots = Rng(seed, "synthetic/slots")
        self.sims = [
            VenueSim(spec, index.get(item.id, -1), Rng(seed, f"synthetic/{spec.venue}"))
            for spec, item in zip(_SPECS, _INSTRUMENTS, strict=True)
        ]
        self.vs = [venues.get(spec.venue, -1) for spec in _SPECS]
        self.price = START_PRICE
        self.before = START_PRICE  # price at the end of the last phase that left the market alone
        self.past = deque([START_PRICE] * 8, maxlen=8)  # newest last
        self.basis = [spec.basis_bps for spec in _SPECS]
        self.regime = 0
        self.up = [False] * len(_SPECS)
        self.second = [-1] * len(_SPECS)  # last second with a heartbeat

    def events(self) -> Iterator[Event]:
        out: list[Event] = []
        number = 0
        while True:
            phase, cycle = phase_at(self.scenario, number * DT)
            self._move_price(phase, number)
            hit = IN_TURN[cycle % len(IN_TURN)] if phase.down or phase.silent else -1
            at = self.start + number * STEP_NS
            for k in range(len(self.sims)):
                now = at + k * SLOT_NS + self.slots.below(SLOT_NS)
                self._venue(k, now, phase, hit == k, out)
                if out and self.vs[k] >= 0 and self.sims[k].i >= 0:
                    yield from out
                out.clear()
            number += 1

    def _move_price(self, phase: Phase, number: int) -> None:
        rng = self.rng
        if number % 100 == 0:
            self._each_second()
        sigma = REGIMES[self.regime][0] * phase.volatility * sqrt(DT)
        bps = sigma * rng.normal() + phase.drift * DT
        if phase.recover:
            bps += (self.before / self.price - 1.0) * 10_000.0 * phase.recover * DT
        elif not phase.drift:
            self.before = self.price
        bps += (START_PRICE / self.price - 1.0) * 0.02  # it never walks away for good
        self.price += self.price * bps / 10_000.0
        self.past.append(self.price)

    def _each_second(self) -> None:
        if self.rng.uniform() * REGIMES[self.regime][1] < 1.0:
            self.regime = (self.regime + 1 + self.rng.below(2)) % 3 if self.scenario != "calm" else 1 - self.regime
        for k, spec in enumerate(_SPECS):
            self.basis[k] += 0.02 * (spec.basis_bps - self.basis[k]) + 0.06 * self.rng.normal()

    def _venue(self, k: int, now: int, phase: Phase, hit: bool, out: list[Event]) -> None:
        sim, v = self.sims[k], self.vs[k]
        if hit:
            if phase.down and self.up[k]:
                self.up[k] = False
                out.append(FeedStatus(now, v, False, "connection lost (simulated)"))
            return
        factor = 1.0 + self.basis[k] / 10_000.0
        fair, lead = self.past[-1 - sim.spec.lag] * factor, self.price * factor
        if not self.up[k]:
            self.up[k] = True
            out.append(FeedStatus(now, v, True, "simulated"))
            sim.snapshot(now, fair, phase, out)
        self.price += self.price * sim.step(now, fair, lead, phase, DT, out) / 10_000.0
        second = (now - self.start) // SECOND
        if second != self.second[k]:
            self.second[k] = second
            out.append(Heartbeat(now, v))
            if _INSTRUMENTS[k].kind != "spot":
                out.append(self._mark(sim, now, fair))

    def _mark(self, sim: VenueSim, now: int, fair: float) -> MarkPrice:
        index = self.past[-1 - _SPECS[0].lag]
        funding = int((fair / index - 1.0) * 0.1 * 10**10) + 1_000_000
        following = (now // FUNDING_NS + 1) * FUNDING_NS
        there = now - sim.spec.delay_ns
        return MarkPrice(now, there, sim.i, int(fair * 10**8), int(index * 10**8), funding, following)
