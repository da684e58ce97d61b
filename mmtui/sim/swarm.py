"""What one seed is about: its faults and their rates, its venues and instruments, the desk's parameters, its length.

Rules of this file: everything is drawn from the seed's own streams; integers, and decimals from tables; no seed is
like the other, and a quiet one is drawn now and then.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from mmtui.core.hedging.params import Hedge
from mmtui.core.market.instrument import Instrument, Kind
from mmtui.core.quoting.params import Quoting
from mmtui.core.risk.limits import Limits
from mmtui.core.rng import Rng
from mmtui.core.setup import DeskSetup, InstrumentSetup
from mmtui.sim.exchange_faults import LATEST_NS
from mmtui.sim.faults import FAULTS
from mmtui.sim.world import MS
from mmtui.venues.facts import TRADING, facts_of

#: What a venue of the simulator trades; a venue that is not named trades linear contracts.
KINDS: dict[str, Kind] = {
    "binance-spot": "spot",
    "binance-coinm": "inverse",
    "kraken-spot": "spot",
    "deribit": "inverse",
    "coinbase": "spot",
}

#: Venues whose accounts of contracts can be in hedge mode, and whose drivers name the leg of an order.
LEGGED = ("binance-usdm", "binance-coinm")

#: symbol, base, tick, lot, contract size, start in ticks, size in lots, baseline in lots.
_SPOT = (
    ("BTCUSDT", "BTC", "2.5", "0.001", "1", 24_000, 10, 5_000),
    ("ETHUSDT", "ETH", "0.5", "0.01", "1", 6_000, 20, 9_000),
)
_LINEAR = tuple((*row[:7], 0) for row in _SPOT)
_INVERSE = (
    ("BTCUSD_PERP", "BTC", "2.5", "1", "100", 24_000, 10, 0),
    ("ETHUSD_PERP", "ETH", "0.5", "1", "10", 6_000, 40, 0),
)
_ROWS = {"spot": _SPOT, "linear": _LINEAR, "inverse": _INVERSE}

#: Beside its expiry a create may land later by our clock error and the waiting at our side, ms.
LANDING_SLACK_MS = 2_000


class Plan(msgspec.Struct, kw_only=True):
    """A seed, drawn. `starts`, `paces` (ms between steps of the market) and `bases` (spot balance) by instrument."""

    seed: int
    rates: dict[int, int]  # fault -> strikes a million opportunities
    setup: DeskSetup
    starts: list[int]
    paces: list[int]
    bases: list[int]
    seconds: int  # of the phase with faults
    busy_ms: int  # operators press so often


def draw(seed: int) -> Plan:
    """Everything about a seed."""
    rng = Rng(seed, "swarm/desk")
    venues = _venues(rng)
    flows = Rng(seed, "swarm/flow")
    instruments: list[InstrumentSetup] = []
    starts, paces, bases = [], [], []
    for venue in venues:
        rows = _ROWS[KINDS.get(venue, "linear")]
        for row in rows[: 1 + (rng.below(4) == 0)]:
            instruments.append(_flowing(flows, _instrument(rng, venue, row)))
            starts.append(row[5])
            bases.append(row[7])
            paces.append((30, 60, 120, 240)[rng.below(4)])
    _price(Rng(seed, "swarm/price"), instruments)
    _amending(Rng(seed, "swarm/amend"), instruments)
    _pairing(Rng(seed, "swarm/pairs"), instruments)
    _legging(Rng(seed, "swarm/legs"), instruments)
    setup = DeskSetup(
        name="sim",
        mode="live",
        currency="USDT",
        equity=("10000000", "1000000", "200000")[rng.below(3)],
        instruments=instruments,
        venues=venues,
        limits=_limits(rng),
        seed=seed & 0xFFFFFFFF,
        landing_ms=[landing_ms(venue) for venue in venues],
        reconcile_s=(5.0, 10.0, 30.0)[rng.below(3)],
        amends={venue: how for venue in venues if (how := facts_of(venue).amend) is not None},
        hedges=_hedges(Rng(seed, "swarm/hedge"), instruments),
    )
    kind = rng.below(40)
    return Plan(
        seed=seed,
        rates=_rates(Rng(seed, "swarm/faults")),
        setup=setup,
        starts=starts,
        paces=paces,
        bases=bases,
        seconds=(150 if kind == 0 else 40 if kind < 5 else 6 + rng.below(14)),
        busy_ms=(400, 1_000, 2_500, 6_000)[rng.below(4)],
    )


def _hedges(rng: Rng, instruments: list[InstrumentSetup]) -> dict[str, Hedge]:
    """In a quarter of the seeds a hedger of every asset that has a contract."""
    if rng.below(4):
        return {}
    found: dict[str, Hedge] = {}
    for item in instruments:
        one = item.instrument
        if one.kind != "spot":
            size = item.quoting.size * (1 / 600 if one.kind == "inverse" else 1)
            found[one.base] = Hedge(
                band=size * (1 + rng.below(6)) / 2, passive_s=(0.0, 0.5, 3.0)[rng.below(3)], retry_s=1.0, cap_bps=40.0
            )
    return found


def landing_ms(venue: str) -> int:
    """How late a create of this venue may land after it was sent, and be listed."""
    facts = facts_of(venue)
    return (facts.expiry_ms or LATEST_NS // MS) + facts.lag.open_ms + LANDING_SLACK_MS


def _venues(rng: Rng) -> list[str]:
    known = list(TRADING)
    count = (1, 1, 1, 1, 2, 2, 3)[rng.below(7)]
    chosen: list[str] = []
    while len(chosen) < count:
        venue = known[rng.below(len(known))]
        if venue not in chosen:
            chosen.append(venue)
    return chosen


def _instrument(rng: Rng, venue: str, row: tuple[str, str, str, str, str, int, int, int]) -> InstrumentSetup:
    symbol, base, tick, lot, contract, _, lots, baseline = row
    kind = KINDS.get(venue, "linear")
    instrument = Instrument(
        id=f"{venue}:{symbol}",
        venue=venue,
        symbol=symbol,
        kind=kind,
        base=base,
        quote="USD" if kind == "inverse" else "USDT",
        settle=base if kind == "inverse" else "USDT",
        tick=tick,
        lot=lot,
        contract_size=contract,
        min_notional="0" if kind == "inverse" else "5",
        maker_bps="2",
        taker_bps="5",
        simulated=True,
    )
    size = lots * (1 + rng.below(4)) * float(lot)
    quoting = Quoting(
        spread_bps=(2.0, 4.0, 8.0, 15.0)[rng.below(4)],
        levels=(1, 1, 2, 3, 5)[rng.below(5)],
        spacing_bps=(1.0, 2.0, 4.0)[rng.below(3)],
        size=size,
        skew_bps=(0.0, 2.0, 6.0)[rng.below(3)],
        requote_tolerance_bps=(0.0, 0.2, 1.0)[rng.below(3)],
        min_life_ms=(0, 50, 250)[rng.below(3)],
    )
    return InstrumentSetup(
        instrument=instrument,
        quoting=quoting,
        max_position=("0", "0", f"{size * 4:g}")[rng.below(3)],
        baseline=f"{baseline * float(lot):g}",
    )


def _price(rng: Rng, instruments: list[InstrumentSetup]) -> None:
    """Two seeds of three price by more than the plain steps."""
    ids = [item.instrument.id for item in instruments]
    for i, item in enumerate(instruments):
        if rng.below(3) == 0:
            continue
        lead = ids[(i + 1) % len(ids)] if len(ids) > 1 else ""
        kinds = ("micro", "mid", "weighted", "last", "ewma", "consolidated", "blend")
        zones: tuple[Literal["green", "amber", "red", "auto"], ...] = ("green", "green", "amber", "auto")
        quoting = msgspec.structs.replace(
            item.quoting,
            fair_value=kinds[rng.below(len(kinds))],
            fair_blend="micro:2, ewma:1",
            fair_source=lead,
            fair_filter_own=rng.below(4) > 0,
            basis=("none", "learned")[rng.below(2)],
            imbalance_bps=(0.0, 1.0, -1.0)[rng.below(3)],
            flow_bps=(0.0, 1.0)[rng.below(2)],
            momentum_weight=(0.0, 0.3)[rng.below(2)],
            premium_weight=(0.0, 0.2)[rng.below(2)] if lead else 0.0,
            vol_factor=(0.0, 0.5)[rng.below(2)],
            vol_estimator=("ewma", "realised", "parkinson")[rng.below(3)],
            fee_floor=rng.below(2) == 0,
            liquidation_notional=1_000.0,
            latency_bps_per_ms=(0.0, 0.01)[rng.below(2)],
            lead_age_bps_per_s=(0.0, 1.0)[rng.below(2)] if lead else 0.0,
            risk_zone=zones[rng.below(4)],
            skew_curve=("", "0.5:1, 1:6")[rng.below(2)],
            dead_band=(0.0, 0.1)[rng.below(2)],
            target_kind=("absolute", "absolute", "trend")[rng.below(3)],
            target_share=0.3,
            cost_floor=rng.below(5) == 0,
        )
        instruments[i] = msgspec.structs.replace(item, quoting=quoting)


def _amending(rng: Rng, instruments: list[InstrumentSetup]) -> None:
    """A third of the seeds changes its quotes in place, by one kind or by both."""
    if rng.below(3):
        return
    kinds: tuple[Literal["keep", "always"], ...] = ("keep", "always", "always")
    for i, item in enumerate(instruments):
        quoting = msgspec.structs.replace(item.quoting, amend=kinds[rng.below(3)])
        instruments[i] = msgspec.structs.replace(item, quoting=quoting)


def _pairing(rng: Rng, instruments: list[InstrumentSetup]) -> None:
    """A third of the seeds closes what it opened at a price of its own, lets orders stay, or is bounded by a zone."""
    if rng.below(3):
        return
    ids = [item.instrument.id for item in instruments]
    for i, item in enumerate(instruments):
        other = ids[(i + 1) % len(ids)]
        kinds: list[dict[str, float | str | bool]] = [
            {"pong": ("last", "restart", "short", "average", "long")[rng.below(5)], "pong_bps": 2.0,
             "pong_memory_s": (0.0, 5.0)[rng.below(2)]},
            {"hanging": True, "hanging_cancel_bps": (10.0, 60.0)[rng.below(2)],
             "hanging_age_s": (1.0, 5.0)[rng.below(2)]},
            {"wide_market": 0.5, "wide_market_size": 2.0, "wide_market_fills": 2.0},
            {"best_price": ("biggest", "inverse-join", "inverse-top")[rng.below(3)], "improve": rng.below(2) == 0},
            {"risk_zone": "auto", "zone_rules": "inventory:0.4/0.8, loss:0.1/0.5, spread:10/40, age:0.5/2"},
        ]  # fmt: skip
        if other != item.instrument.id:
            kinds += [
                {"hedge_floor": True, "leg": other, "hedge_edge_bps": -30.0, "hedge_cancel_bps": -35.0},
                {"burst_lead": ("too", "only")[rng.below(2)], "fair_source": other, "burst_trades": 5},
            ]
        quoting = msgspec.structs.replace(item.quoting, **kinds[rng.below(len(kinds))])
        instruments[i] = msgspec.structs.replace(item, quoting=quoting)


def _legging(rng: Rng, instruments: list[InstrumentSetup]) -> None:
    """In half of the seeds the accounts of venues that have the mode hold a long and a short leg of each contract."""
    if rng.below(2):
        return
    for i, item in enumerate(instruments):
        if item.instrument.venue in LEGGED:
            instruments[i] = msgspec.structs.replace(
                item, instrument=msgspec.structs.replace(item.instrument, hedge_mode=True)
            )


def _flowing(rng: Rng, item: InstrumentSetup) -> InstrumentSetup:
    """An instrument with more parameters of ladder, flow and guards: none in half of the cases."""
    return msgspec.structs.replace(item, quoting=msgspec.structs.replace(item.quoting, **_flow(rng)))


def _flow(rng: Rng) -> dict[str, float | str | bool]:
    """A few parameters that make orders come and go; none that keeps a side out for good."""
    kinds: tuple[dict[str, float | str | bool], ...] = (
        {"best_price": ("join", "improve", "behind")[rng.below(3)], "improve": rng.below(2) == 0},
        {"max_order_age_s": (1.0, 3.0)[rng.below(2)]},
        {"queue_value_bps": (1.0, 5.0)[rng.below(2)]},
        {"cooldown_ms": (100, 500)[rng.below(2)], "cooldown_sides": ("filled", "both")[rng.below(2)]},
        {"max_fills": 2 + rng.below(4), "max_fills_s": 1.0},
        {"ping_pong": True},
        {"moving_band_above_pct": 0.1, "moving_band_below_pct": 0.1, "moving_band_s": 2.0},
        {"vol_pause_bps": (10.0, 40.0)[rng.below(2)], "vol_pause_s": 1.0, "vol_resume_s": 0.5},
        {"trend_hold_bps": (5.0, 20.0)[rng.below(2)], "trend_window_s": 5.0},
        {"toxic_bps": 1.0, "toxic_fills": 3, "toxic_horizon_s": 0.5, "toxic_hold_s": 1.0},
        {"toxic_bps": 1.0, "toxic_fills": 3, "toxic_horizon_s": 0.5, "toxic_hold_s": 1.0, "toxic_action": "widen"},
        {"burst_trades": 3 + rng.below(5), "burst_hold_s": 0.5},
        {"throttle_fills": 2, "throttle_window_s": 1.0, "throttle_hold_s": 1.0},
        {"equity_pct": 0.01},
    )
    chosen: dict[str, float | str | bool] = {}
    for _ in range(rng.below(2) * (1 + rng.below(3))):
        chosen |= kinds[rng.below(len(kinds))]
    return chosen


def _limits(rng: Rng) -> Limits:
    """Mostly roomy ones; sometimes so tight that they act."""
    if rng.below(5):
        return Limits(
            daily_loss=1e6, drawdown=1e6, order_notional=1e6, gross_notional=1e8, trips_to_pause=1_000_000,
            ease_back_s=(0.0, 0.5, 2.0)[rng.below(3)], messages_per_s=(20, 50, 200)[rng.below(3)],
        )  # fmt: skip
    return Limits(ease_back_s=1.0, trips_to_pause=(3, 1_000_000)[rng.below(2)])


def _rates(rng: Rng) -> dict[int, int]:
    """A tenth of the seeds has no fault, two tenths have one at its highest rate, the others up to ten."""
    faults = [fault for fault in FAULTS.values() if fault.low]
    kind = rng.below(10)
    if kind == 0:
        return {}
    if kind < 3:
        fault = faults[rng.below(len(faults))]
        return {fault.n: fault.high}
    rates: dict[int, int] = {}
    for _ in range(1 + rng.below(10)):
        fault = faults[rng.below(len(faults))]
        rates[fault.n] = fault.low << rng.below(fault.doublings + 1)
    return dict(sorted(rates.items()))
