"""The width: volatility estimators, the fees' floor, liquidations, latency, the lead's age, risk zones."""

import random
from math import exp, log, sqrt

import pytest
from desk_kit import DAY0, MS, SECOND, Desk, item, setup_of

from mmtui.core.events import BestQuote, Liquidation
from mmtui.core.quoting.params import Quoting
from mmtui.core.quoting.volatility import Parkinson, Realised, Volatility, estimator
from mmtui.core.quoting.zones import Zones


def desk_of(*items, **quoting):
    return Desk(setup_of(*(items or (item("linear", **quoting),)))).running()


def width(desk, i=0):
    return desk.engine.quoters[i].width()


def liquidate(desk, worth, i=0):
    ts = desk.now + MS
    desk.event(Liquidation(ts, ts, i, 1_000_000, round(worth / 100.0), -1))  # 100 USDT a lot


# -- volatility --------------------------------------------------------------------------------------------------------


def walk(one, bps, seconds, steps_s=50, seed=1):
    """A random walk of so many bps a square root of a second."""
    dice, mid, step = random.Random(seed), log(2e9), bps * 1e-4 / sqrt(steps_s)
    for k in range(seconds * steps_s):
        mid += step if dice.random() < 0.5 else -step
        one.note(DAY0 + k * SECOND // steps_s, round(exp(mid)))
    return one


@pytest.mark.parametrize(("kind", "within"), [(Volatility, 0.25), (Realised, 0.1), (Parkinson, 0.2)])
def test_every_estimator_finds_the_volatility_of_a_walk(kind, within):
    for bps in (0.5, 3.0):
        assert walk(kind(60.0), bps, 200).bps(1.0) == pytest.approx(bps, rel=within)
    assert walk(kind(60.0), 2.0, 120).bps(4.0) == pytest.approx(2 * walk(kind(60.0), 2.0, 120).bps(1.0))


@pytest.mark.parametrize("kind", [Realised, Parkinson])
def test_what_is_older_than_the_window_is_forgotten(kind):
    one = walk(kind(10.0), 20.0, 20)
    for k in range(200):
        one.note(DAY0 + 20 * SECOND + k * 100 * MS, 2_000_000_000 + k % 2)
    assert one.bps(1.0) < 0.1


def test_realised_keeps_few_returns_over_a_long_window():
    one = Realised(86_400.0)
    for k in range(5_000):
        one.note(DAY0 + k * 10 * SECOND, 2_000_000 + k % 7)
    assert len(one.moves) <= 601


@pytest.mark.parametrize("kind", ["realised", "parkinson"])
def test_vol_estimator_and_vol_window_s_choose_what_vol_factor_scales(kind):
    desk = desk_of(vol_factor=1.0, vol_window_s=5.0, vol_estimator=kind)
    for k in range(80):
        desk.quote(999_995 + (k % 2) * 100, 1_000_005 + (k % 2) * 100)
        desk.wait(110, alive=False)
    quoter = desk.engine.quoters[0]
    assert type(quoter.volatility).__name__.lower() == kind
    assert width(desk) > 11.0 and width(desk) == 10.0 + quoter.volatility.bps(1.0)


def test_what_an_estimator_has_measured_is_kept_where_it_means_the_same():
    one = walk(Volatility(60.0), 1.0, 5)
    params = Quoting()
    assert estimator(Quoting(vol_window_s=9.0), params, one) is one and one.tau == 9.0
    other = estimator(Quoting(vol_estimator="realised"), params, one)
    assert isinstance(other, Realised)
    realised = Quoting(vol_estimator="realised")
    assert estimator(Quoting(vol_estimator="realised", spread_bps=1.0), realised, other) is other


# -- fees --------------------------------------------------------------------------------------------------------------


def test_fee_floor_and_min_edge_bps_keep_a_round_trip_above_its_cost():
    desk = desk_of(spread_bps=1.0)  # the maker pays 2 bps
    assert width(desk) == 1.0
    assert desk.press("set", fee_floor=True).ok
    assert width(desk) == 4.0
    desk.press("set", min_edge_bps=0.5, max_spread_bps=3.0)
    assert width(desk) == 5.0  # whatever the maximum says
    desk.press("spread", bps=-1.0)
    assert width(desk) == 5.0
    desk.wait(300)
    labels = {line.label: line.value for line in desk.engine.quoters[0].why(1)}
    assert labels["fees"] == pytest.approx(-250, abs=1)
    desk.press("set", min_edge_bps=-2.0)
    assert width(desk) < 1.0


# -- liquidations ------------------------------------------------------------------------------------------------------


def test_a_burst_of_liquidations_adds_liquidation_bps_and_fades_with_liquidation_decay_s():
    desk = desk_of(liquidation_decay_s=2.0, requote_tolerance_bps=1.0)
    liquidate(desk, 200_000)
    assert width(desk) == 10.0
    liquidate(desk, 60_000)  # beyond liquidation_notional within liquidation_window_s
    assert width(desk) == pytest.approx(15.0)
    liquidate(desk, 250_000)
    assert width(desk) == pytest.approx(20.0, abs=0.1)
    desk.wait(2_000)
    assert width(desk) == pytest.approx(10.0 + 10.0 * exp(-1), abs=0.3)
    assert any(line.label == "liquidations" for line in desk.engine.quoters[0].why(1))
    desk.wait(30_000)
    quoter = desk.engine.quoters[0]
    assert width(desk) == 10.0 and quoter.plain and quoter.steps.widening.bursts is None


def test_liquidation_notional_within_liquidation_window_s_is_a_burst():
    desk = desk_of(liquidation_notional=100_000.0, liquidation_window_s=1.0)
    liquidate(desk, 60_000)
    desk.wait(1_500)
    liquidate(desk, 60_000)
    assert width(desk) == 10.0  # too far apart
    liquidate(desk, 60_000)
    assert width(desk) == 15.0


def test_liquidation_after_bps_tightens_once_the_burst_is_exhausted():
    desk = desk_of(liquidation_bps=2.0, liquidation_after_bps=-6.0, liquidation_window_s=1.0, liquidation_decay_s=50.0)
    liquidate(desk, 250_000)
    assert width(desk) == 12.0
    desk.wait(900)
    assert width(desk) > 11.9
    desk.wait(300)
    assert width(desk) == pytest.approx(10.0 + 2.0 - 6.0, abs=0.1)


def test_liquidations_count_for_every_market_of_the_base_and_not_where_they_are_off():
    ether = item("spot", instrument_changes={"id": "cash:ETH", "symbol": "ETH", "base": "ETH"})
    desk = desk_of(item("linear"), item("spot"), item("inverse", liquidation_bps=0.0), ether)
    liquidate(desk, 250_000)
    assert [round(width(desk, i), 2) for i in range(4)] == [15.0, 15.0, 10.0, 10.0]


# -- latency and the lead's age ----------------------------------------------------------------------------------------


def late(desk, ms, times=40):
    for _ in range(times):
        desk.seq += 1
        ts = desk.now + 100 * MS
        desk.event(BestQuote(ts, ts - ms * MS, 0, desk.seq, 999_995, 10_000, 1_000_005, 10_000))


def test_latency_bps_per_ms_beyond_latency_threshold_ms_widens():
    desk = desk_of(latency_bps_per_ms=0.1)
    late(desk, 90)
    assert width(desk) == 10.0
    late(desk, 150)
    assert width(desk) == pytest.approx(15.0, abs=0.3)
    assert desk.press("set", latency_threshold_ms=140.0).ok
    assert width(desk) == pytest.approx(11.0, abs=0.3)


def test_lead_age_bps_per_s_widens_while_the_lead_is_silent():
    follower = item("linear", fair_source="cash:BTC", lead_age_bps_per_s=4.0)
    desk = desk_of(item("spot", quote=False), follower)
    assert width(desk, 1) == pytest.approx(10.0, abs=0.5)
    for _ in range(10):
        desk.wait(100, alive=False)
        desk.quote(999_995, 1_000_005, i=1)
    assert width(desk, 1) == pytest.approx(14.0, abs=0.6)
    assert any(line.label == "stale lead" for line in desk.engine.quoters[1].why(1))


def test_lead_age_bps_per_s_needs_a_lead():
    assert not desk_of().press("set", lead_age_bps_per_s=1.0).ok


# -- risk zones --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["amber", "red"])
def test_a_risk_zone_multiplies_width_size_and_limit(name):
    desk = desk_of()
    factors = {f"{name}_spread": 2.5, f"{name}_size": 0.4, f"{name}_limit": 0.3}
    assert desk.press("set", risk_zone=name, **factors).ok
    quoter = desk.engine.quoters[0]
    assert (width(desk), quoter.zone_size, quoter.zone_limit) == (25.0, 0.4, 0.3)
    desk.wait(300)
    labels = {line.label: line.value for line in quoter.why(-1)}
    assert labels[f"risk zone {name}"] == pytest.approx(750)
    desk.press("set", risk_zone="green")
    assert (width(desk), quoter.zone_size, quoter.zone_limit) == (10.0, 1.0, 1.0)


def test_risk_zone_auto_goes_by_volatility_and_leaves_later_than_it_came():
    zones, seen = Zones("", None), []
    for vol in (9, 10, 29, 30, 25, 23, 9, 7):
        zones.measured("volatility", vol, 10.0, 30.0)
        seen.append(zones.worst()[0])
    assert seen == ["green", "amber", "amber", "red", "red", "amber", "amber", "green"]


def test_amber_vol_bps_and_red_vol_bps_are_watched_on_the_timer():
    desk = desk_of(risk_zone="auto", amber_vol_bps=2.0, red_vol_bps=4.0)
    quoter = desk.engine.quoters[0]
    quoter.volatility.variance = (3e-4) ** 2
    desk.timer()
    assert quoter.zone == "amber" and width(desk) == 15.0
    quoter.volatility.variance = (5e-4) ** 2
    desk.timer()
    assert quoter.zone == "red" and width(desk) == 30.0
    assert desk.press("set", amber_vol_bps=9.0).text.startswith("amber_vol_bps 9 is above red_vol_bps 4")


# -- the operator beside them ------------------------------------------------------------------------------------------


def test_the_operators_offset_is_capped_at_three_base_widths_in_force_also_under_a_model():
    model = {"spread_model": "avellaneda-stoikov", "sigma": "fixed", "sigma_bps": 0.0, "risk_aversion": 0.0}
    desk = desk_of(intensity_k=0.1, **model)  # 2 / k = 20 bps
    quoter = desk.engine.quoters[0]
    assert quoter.base_width() == 20.0
    desk.press("spread", bps=500.0)
    assert quoter.operator.spread_bps == 60.0
    desk.press("skew", bps=-500.0)
    assert quoter.operator.skew_bps == -60.0
    desk.press("reset")
    desk.press("set", risk_zone="amber")
    desk.press("spread", bps=500.0)
    assert quoter.operator.spread_bps == 90.0


def test_a_minimum_above_the_maximum_is_refused():
    result = desk_of().press("set", min_spread_bps=9.0, max_spread_bps=5.0)
    assert result.text == "min_spread_bps 9 is above max_spread_bps 5; give a smaller one"
