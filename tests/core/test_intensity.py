"""Calibration of A and k: found from simulated trades, and refused, with the reason, where there is nothing to find."""

import math

import pytest
from desk_kit import Desk, item, setup_of
from hypothesis import given
from hypothesis import strategies as st

from mmtui.core.events import Fill, Trade
from mmtui.core.quoting.intensity import BUCKETS, SILENCE_NS, Intensity
from mmtui.core.rng import Rng

SECOND = 10**9


def market(intensity, a, k, count, seed=1, nearest=0.0, tick=0.0, ts=SECOND, distance=None):
    """`count` market orders of both sides, Poisson with `a` a side, distances exponential with k beyond `nearest`."""
    rng = Rng(seed, "trades")
    intensity.advance(ts)
    for _ in range(count):
        ts += 1 + int(-math.log(1 - rng.uniform()) / (2 * a) * 1e9)
        reach = nearest - math.log(1 - rng.uniform()) / k if distance is None else distance(rng)
        if tick:
            reach = nearest + math.floor((reach - nearest) / tick) * tick
        intensity.note(ts, 1 if rng.below(2) else -1, reach)
        intensity.advance(ts)
    return ts


@pytest.mark.parametrize(
    ("a", "k", "nearest"), [(1.0, 0.5, 0.0), (140.0, 0.015, 0.0), (5.0, 3.0, 0.5), (0.2, 40.0, 0.01), (20.0, 0.5, 2.0)]
)
def test_a_and_k_are_recovered_within_5_percent_from_100_000_trades(a, k, nearest):
    """`nearest`: half the market's spread, inside of which nothing trades."""
    intensity = Intensity(1e9)
    ts = market(intensity, a * math.exp(-k * nearest), k, 100_000, nearest=nearest)
    fit = intensity.fit(ts, 0.0, 200)
    assert not fit.why
    assert fit.k == pytest.approx(k, rel=0.05)
    assert fit.a == pytest.approx(a, rel=0.05)


@pytest.mark.parametrize("tick", [0.1, 1.0, 4.0])
def test_a_coarse_tick_does_not_bias_k(tick):
    intensity = Intensity(1e9)
    ts = market(intensity, 1.0, 0.5, 100_000, nearest=tick / 2, tick=tick)
    assert intensity.fit(ts, tick, 200).k == pytest.approx(0.5, rel=0.05)


@given(seed=st.integers(0, 1_000), scale=st.sampled_from((0.01, 1.0, 50.0)))
def test_the_error_is_that_of_the_number_of_trades(seed, scale):
    intensity = Intensity(1e9)
    ts = market(intensity, 2.0, 0.5 / scale, 1_000, seed)
    fit = intensity.fit(ts, 0.0, 200)
    assert not fit.why
    assert fit.k * scale == pytest.approx(0.5, rel=5 / math.sqrt(1_000))
    assert fit.a == pytest.approx(2.0, rel=8 / math.sqrt(1_000))


def test_too_few_trades_are_said():
    intensity = Intensity(600.0)
    ts = market(intensity, 1.0, 0.5, 100)
    assert intensity.fit(ts, 0.0, 200).why == "too few trades (98 of 200)"  # the last of a side may go deeper yet
    assert Intensity(600.0).fit(5 * SECOND, 0.0, 20).why == "too few trades (0 of 20)"


@pytest.mark.parametrize(
    ("distance", "why"),
    [
        (lambda rng: 1.0, "all trades at one distance"),
        (lambda rng: 1.0 + (9.0 if rng.below(2) else 0.0), "off by"),
        (lambda rng: 100.0 + rng.uniform(), "no trades near the mid"),
        (lambda rng: rng.uniform() * 5 + (500.0 if rng.below(20) == 0 else 0.0), "off by"),
        (lambda rng: -1.0, "all trades at one distance"),
    ],
)  # fmt: skip
def test_what_does_not_decay_is_no_fit_and_the_reason_is_said(distance, why):
    intensity = Intensity(1e9)
    ts = market(intensity, 1.0, 1.0, 5_000, distance=distance)
    fit = intensity.fit(ts, 0.0, 200)
    assert fit.why.startswith("bad fit") and why in fit.why
    assert (fit.a, fit.k) == (0.0, 0.0)


def test_where_most_orders_stop_at_the_touch_the_fit_begins_beyond_it():
    intensity = Intensity(1e9)
    ts = market(
        intensity,
        10.0,
        1.0,
        50_000,
        distance=lambda rng: 0.05 if rng.below(5) else 0.05 - 2 * math.log(1 - rng.uniform()),
    )
    fit = intensity.fit(ts, 0.0, 200)
    assert not fit.why and fit.beyond > 0.05
    assert fit.k == pytest.approx(0.5, rel=0.05)
    assert fit.a == pytest.approx(2.0 * math.exp(0.5 * 0.05), rel=0.05)  # a fifth of ten a second


def test_the_past_is_forgotten_and_memory_stays_bounded():
    intensity = Intensity(600.0)
    ts = market(intensity, 10.0, 0.5, 20_000)
    ts = market(intensity, 2.0, 2.0, 20_000, seed=2, ts=ts)  # 5,000 s: eight windows
    fit = intensity.fit(ts, 0.0, 200)
    assert fit.k == pytest.approx(2.0, rel=0.1)
    assert fit.a == pytest.approx(2.0, rel=0.1)
    assert len(intensity.counts) == len(intensity.sums) == len(intensity.least) == BUCKETS
    assert sum(intensity.counts) < 2 * 600 * 4 * 1.2


def test_trades_of_one_instant_and_side_are_one_market_order_at_its_deepest():
    intensity = Intensity(600.0)
    for distance in (1.0, 3.0, 2.0):
        intensity.note(5, 1, distance)
    intensity.note(5, -1, 7.0)
    intensity.note(6, 1, 1.0)
    intensity.note(6, -1, 1.0)
    assert sum(intensity.counts) == 2 and sum(intensity.sums) == 10.0


def test_a_silent_feed_is_no_time_without_trades():
    intensity = Intensity(1e9)
    intensity.advance(SECOND)
    intensity.advance(3_600 * SECOND)
    assert intensity.seconds == SILENCE_NS / SECOND


# -- on a desk ---------------------------------------------------------------------------------------------------------

QUOTING = {"spread_model": "glft", "calibrate": True, "calibration_trades": 50, "sigma": "fixed", "sigma_bps": 2.0}


def trades(desk, count, k=0.4, seed=1):
    """Market orders half a second apart; distances in ticks of 0.01 bps."""
    rng = Rng(seed, "desk")
    for n in range(count):
        desk.wait(500)
        side = 1 if n % 2 else -1
        reach = 5 + int(-math.log(1 - rng.uniform()) / k * 100)
        desk.event(Trade(desk.now, desk.now, 0, seed * 10_000 + n, 1_000_000 + side * reach, 1, side))


def test_the_waterfall_says_whose_a_and_k_are_in_force():
    desk = Desk(setup_of(item("linear", **QUOTING))).running()
    quoter = desk.engine.quoters[0]
    assert quoter.pricing.words().endswith("k 0.5/bp configured: too few trades (0 of 50))")
    assert any("too few trades" in line.label for line in quoter.why(1))
    trades(desk, 300)
    desk.wait(2_000)
    assert quoter.pricing.words().endswith(" bps)")
    assert "measured beyond 0.0" in quoter.pricing.words()
    assert quoter.pricing.k == pytest.approx(0.4, rel=0.25)
    assert quoter.pricing.a == pytest.approx(1.0, rel=0.25)  # two a second, one a side
    assert any("measured" in line.label for line in quoter.why(1))


def test_without_calibrate_the_configured_ones_stay():
    desk = Desk(setup_of(item("linear", **{**QUOTING, "calibrate": False}))).running()
    trades(desk, 100)
    assert desk.engine.quoters[0].pricing.k == 0.5
    assert desk.engine.quoters[0].pricing.words().endswith("configured)")


def test_what_was_measured_stays_when_other_parameters_change_and_goes_with_calibrate():
    desk = Desk(setup_of(item("linear", **QUOTING))).running()
    trades(desk, 100)
    desk.press("set", risk_aversion=0.02)
    assert desk.engine.quoters[0].pricing.words().endswith(" bps)")
    desk.press("set", calibrate=False)
    assert desk.engine.quoters[0].pricing.intensity is None


def test_own_fills_count_where_the_feed_has_not_shown_the_trade():
    desk = Desk(setup_of(item("linear", **QUOTING)), execution="deaf")
    desk.book()
    desk.press("start")
    intensity = desk.engine.quoters[0].pricing.intensity
    for oid in [order.oid for order in desk.open()]:
        desk.accept(oid)
    bid = desk.one(1)
    ts = desk.now + 1_000
    desk.event(Trade(ts, ts, 0, 1, bid.px, 1, -1))
    shown = intensity.pending[-1]
    desk.runner.step(Fill(ts + 5, ts, 0, bid.oid, "t1", 1, bid.px, 1, True, "0", "USDT"))
    assert intensity.pending[-1] == shown and not sum(intensity.counts)
    desk.runner.step(Fill(ts + 9_000, ts + 8_000, 0, bid.oid, "t2", 1, bid.px, 1, True, "0", "USDT"))
    assert intensity.pending[-1][0] == ts + 8_000 and sum(intensity.counts) == 1
