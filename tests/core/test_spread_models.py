"""Avellaneda-Stoikov and GLFT: the papers' formulas and a numerical solution, limits, units, and on a desk."""

import math
from itertools import pairwise

import msgspec
import numpy as np
import pytest
from desk_kit import DAY0, SECOND, Desk, item, setup_of
from hypothesis import given
from hypothesis import strategies as st
from random_desk import Walk, desk_setup, read

from mmtui.core.engine import Engine
from mmtui.core.events import Trade
from mmtui.core.quoting import spread
from mmtui.core.quoting.params import Quoting
from mmtui.tape import image

gammas = st.floats(1e-6, 1.0)
ks = st.floats(0.01, 10)
sigmas = st.floats(0.01, 20)
inventories = st.floats(-15, 15)
lefts = st.floats(0.0, 3_600)

AS = {"spread_model": "avellaneda-stoikov", "sigma": "fixed", "sigma_bps": 2.0, "risk_aversion": 0.01, "size_skew": 0.0}
GLFT = {**AS, "spread_model": "glft"}


def sides(width, skew):
    """Distances of bid and ask from fair value."""
    return width / 2 - skew, width / 2 + skew


# -- Avellaneda & Stoikov ----------------------------------------------------------------------------------------------


@given(gamma=gammas, sigma=sigmas, k=ks, left=lefts, q=inventories)
def test_avellaneda_stoikov_is_the_papers_formula(gamma, sigma, k, left, q):
    width, skew = spread.as_finite(gamma, sigma, left, q, spread.liquidity_width(gamma, k))
    assert skew == pytest.approx(-q * gamma * sigma**2 * left)
    assert width == pytest.approx(gamma * sigma**2 * left + 2 / gamma * math.log1p(gamma / k))


def test_avellaneda_stoikov_of_the_papers_parameters():
    width, skew = spread.as_finite(0.1, 2.0, 0.5, 1.0, spread.liquidity_width(0.1, 1.5))
    assert width == pytest.approx(1.4908, abs=1e-4)  # the 1.49 of their table, the mean over the session
    assert skew == pytest.approx(-0.2)


@given(k=ks, sigma=sigmas, left=lefts, q=inventories)
def test_without_risk_aversion_the_width_is_that_of_the_liquidity_and_nothing_leans(k, sigma, left, q):
    for gamma in (0.0, 1e-13 * k):
        width, skew = spread.as_finite(gamma, sigma, left, q, spread.liquidity_width(gamma, k))
        assert width == pytest.approx(2 / k, rel=1e-6, abs=1e-5 * sigma**2 * left)
        assert skew == pytest.approx(0.0, abs=1e-8 * sigma**2 * left)
        assert spread.glft(spread.glft_slope(gamma, k, 1.0), sigma, q, 2 / k) == (2 / k, 0)
    assert spread.as_infinite(0.0, sigma, 0.0, 20.0, q, 2 / k) == (2 / k, 0.0)


@given(k=ks)
def test_the_liquidity_width_tends_to_its_limit(k):
    assert spread.liquidity_width(1e-9 * k, k) == pytest.approx(2 / k, rel=1e-8)
    assert spread.liquidity_width(k, k) == pytest.approx(2 * math.log(2) / k)


@given(gamma=gammas, sigma=sigmas, q_max=st.integers(2, 50), share=st.floats(-0.95, 0.95))
def test_the_infinite_horizon_is_indifferent_at_its_reservation_prices(gamma, sigma, q_max, share):
    q = share * (q_max - 1)
    width, skew = spread.as_infinite(gamma, sigma, 0.0, q_max, q, 0.0)
    omega = 0.5 * gamma**2 * sigma**2 * (q_max + 1) ** 2

    def worth(x, q):  # E of the integral of -exp(-omega t) exp(-gamma (x + q S)), S = 0 now
        return -math.exp(-gamma * x) / (omega - gamma**2 * q**2 * sigma**2 / 2)

    ask, bid = skew + width / 2, skew - width / 2
    assert worth(ask, q - 1) == pytest.approx(worth(0, q), rel=1e-6)  # indifferent to selling one there
    assert worth(-bid, q + 1) == pytest.approx(worth(0, q), rel=1e-6)
    assert spread.as_infinite(gamma, sigma, omega, q_max, q, 0.0) == pytest.approx((width, skew), rel=1e-6)


@given(gamma=gammas, sigma=sigmas, q=st.floats(-100, 100), omega=st.sampled_from((0.0, 1e-9, 1.0)))
def test_the_infinite_horizon_is_a_number_past_its_bounds_too(gamma, sigma, q, omega):
    width, skew = spread.as_infinite(gamma, sigma, omega, 5.0, q, 1.0)
    assert math.isfinite(width) and math.isfinite(skew)
    assert skew * q <= 0


# -- Gueant, Lehalle & Fernandez-Tapia ---------------------------------------------------------------------------------


@given(gamma=gammas, sigma=sigmas, k=ks, a=st.floats(0.01, 100), q=inventories)
def test_glft_is_the_papers_closed_form(gamma, sigma, k, a, q):
    bid, ask = sides(*spread.glft(spread.glft_slope(gamma, k, a), sigma, q, spread.liquidity_width(gamma, k)))
    root = math.sqrt(sigma**2 * gamma / (2 * k * a) * math.exp((1 + k / gamma) * math.log1p(gamma / k)))
    near = math.log1p(gamma / k) / gamma
    assert bid == pytest.approx(near + (2 * q + 1) / 2 * root, rel=1e-9, abs=1e-9 * (near + root))
    assert ask == pytest.approx(near - (2 * q - 1) / 2 * root, rel=1e-9, abs=1e-9 * (near + root))


def ode(gamma, sigma, k, a, q_max, seconds):
    """delta of bid and ask by q from v' = M v, v(T) = 1, with the eigenvalues of M (their theorem 1)."""
    q = np.arange(-q_max, q_max + 1)
    eta = a * (1 + gamma / k) ** -(1 + k / gamma)
    matrix = np.diag(k / 2 * gamma * sigma**2 * q**2.0) - eta * (np.eye(len(q), k=1) + np.eye(len(q), k=-1))
    values, vectors = np.linalg.eigh(matrix)
    v = vectors @ (np.exp(-(values - values[0]) * seconds) * (vectors.T @ np.ones(len(q))))
    near = math.log1p(gamma / k) / gamma
    bid = {int(x): math.log(v[n] / v[n + 1]) / k + near for n, x in enumerate(q[:-1])}
    ask = {int(x): math.log(v[n + 1] / v[n]) / k + near for n, x in enumerate(q[1:])}
    return bid, ask


@pytest.mark.parametrize(
    ("gamma", "sigma", "k", "a"),
    [(0.01, 0.3, 0.3, 0.9), (0.01, 0.3, 0.3, 2.0), (0.05, 0.3, 0.3, 0.9), (0.01, 1.0, 0.5, 1.0)],
)
def test_glft_agrees_with_the_numerical_solution_of_its_equations(gamma, sigma, k, a):
    """Far from the end and from the bound; the approximation is one of small inventories (their figures 5 to 8)."""
    bids, asks = ode(gamma, sigma, k, a, 30, 3_600)
    slope, liquidity = spread.glft_slope(gamma, k, a), spread.liquidity_width(gamma, k)
    for q in range(-5, 6):
        bid, ask = sides(*spread.glft(slope, sigma, q, liquidity))
        assert bid == pytest.approx(bids[q], rel=0.03)
        assert ask == pytest.approx(asks[q], rel=0.03)


# -- both --------------------------------------------------------------------------------------------------------------


@given(gamma=gammas, sigma=sigmas, k=ks, a=st.floats(0.01, 100), q=st.floats(-15, 14), left=st.floats(0.1, 600))
def test_a_longer_inventory_leans_to_sell(gamma, sigma, k, a, q, left):
    liquidity, slope = spread.liquidity_width(gamma, k), spread.glft_slope(gamma, k, a)
    for model in (
        lambda q: spread.as_finite(gamma, sigma, left, q, liquidity),
        lambda q: spread.as_infinite(gamma, sigma, 0.0, 20.0, q, liquidity),
        lambda q: spread.glft(slope, sigma, q, liquidity),
    ):
        assert model(q + 1)[1] < model(q)[1]
        assert model(0.0)[1] == pytest.approx(0.0, abs=1e-12 / gamma)
        assert model(-q)[1] == pytest.approx(-model(q)[1], rel=1e-6, abs=1e-6 / gamma)  # symmetric


@given(scale=st.floats(0.01, 1_000), gamma=gammas, sigma=sigmas, k=ks, q=inventories)
def test_the_price_unit_does_not_matter(scale, gamma, sigma, k, q):
    """Prices in another unit: sigma scales up, gamma and k down, widths and skews scale up."""
    other = gamma / scale, sigma * scale, k / scale
    one = spread.as_finite(gamma, sigma, 60.0, q, spread.liquidity_width(gamma, k))
    two = spread.as_finite(other[0], other[1], 60.0, q, spread.liquidity_width(other[0], other[2]))
    assert two == pytest.approx([scale * x for x in one])
    one = spread.glft(spread.glft_slope(gamma, k, 1.0), sigma, q, 0.0)
    two = spread.glft(spread.glft_slope(other[0], other[2], 1.0), other[1], q, 0.0)
    assert two == pytest.approx([scale * x for x in one])


# -- time --------------------------------------------------------------------------------------------------------------


def test_time_left_of_a_rolling_and_of_a_daily_session():
    rolling = Quoting(horizon="rolling", horizon_s=60.0)
    assert [spread.time_left(rolling, DAY0 + s * SECOND) for s in (0, 1, 59, 60)] == [60, 59, 1, 60]
    daily = Quoting(horizon="daily", horizon_s=3_600.0)
    assert [spread.time_left(daily, DAY0 + s * SECOND) for s in (0, 82_000, 86_390)] == [3_600, 3_600, 10]


# -- on a desk ---------------------------------------------------------------------------------------------------------


def test_the_desk_quotes_what_the_model_says():
    desk = Desk(setup_of(item("linear", **AS, horizon="daily", horizon_s=20.0))).running()
    width = 0.01 * 4 * 20 + 2 / 0.01 * math.log1p(0.02)  # bps; a tick is 0.01 bps
    assert desk.one(-1).px - desk.one(1).px == pytest.approx(100 * width, abs=2)
    desk.trade_into(20)  # two quoted sizes
    desk.wait(500)
    assert desk.one(1).px == pytest.approx(1_000_000 + 100 * (-2 * 0.8 - width / 2), abs=1)
    assert desk.one(-1).px == pytest.approx(1_000_000 + 100 * (-2 * 0.8 + width / 2), abs=1)


def test_the_width_of_a_session_shrinks_to_its_end():
    desk = Desk(setup_of(item("linear", **AS, horizon_s=20.0))).running()
    seen = []
    for _ in range(15):
        desk.wait(1_000)
        seen.append(desk.engine.quoters[0].width())
    falls = [a - b for a, b in pairwise(seen) if a > b]
    assert len(falls) >= 13 and falls[0] == pytest.approx(0.04, rel=0.01)  # gamma sigma^2 a second


@pytest.mark.parametrize("quoting", [AS, GLFT, {**AS, "horizon": "infinite"}])
def test_bounds_offsets_and_wide_hold_for_the_models_too(quoting):
    desk = Desk(setup_of(item("linear", **quoting, min_spread_bps=8.0, max_spread_bps=30.0))).running()
    assert desk.one(-1).px - desk.one(1).px == pytest.approx(800, abs=100) or quoting is AS
    desk.press("spread", bps=40.0)
    desk.press("wide")
    desk.trade_into(180)
    desk.wait(1_000)
    quoter = desk.engine.quoters[0]
    assert quoter.width() == 30.0
    assert -15.0 <= quoter.lean(180) < 0
    assert quoter.lean(10**9) >= -15.0


@pytest.mark.parametrize(("quoting", "name"), [(AS, "avellaneda-stoikov: k 0.5"), (GLFT, "glft: A 1/s, k 0.5")])
def test_the_waterfall_names_the_reservation_price_and_the_model(quoting, name):
    desk = Desk(setup_of(item("linear", **quoting, horizon="daily", horizon_s=10.0))).running()
    desk.trade_into(30)
    desk.wait(500)
    lines = desk.engine.quoters[0].why(1)
    assert [line.label for line in lines[:2]] == ["fair", "reservation price (skew)"]
    assert lines[1].value < 0 and lines[1].after < 1_000_000
    assert name in lines[2].label and "configured" in lines[2].label
    assert lines[-1].after == desk.one(1).px


def test_models_are_set_live_and_fixed_brings_the_old_quotes_back():
    desk = Desk().running()
    before = desk.one(1).px, desk.one(-1).px
    desk.press("set", **GLFT)
    desk.wait(500)
    assert (desk.one(1).px, desk.one(-1).px) != before
    assert "is not allowed" in desk.press("set", spread_model="gltf").text
    assert "is not allowed" in desk.press("set", risk_aversion=-1.0).text
    desk.press("set", spread_model="fixed")
    desk.wait(500)
    assert (desk.one(1).px, desk.one(-1).px) == before


def test_measured_volatility_widens():
    quoting = {**GLFT, "sigma": "measured", "vol_window_s": 5.0}
    desk = Desk(setup_of(item("linear", **quoting))).running()
    calm = desk.engine.quoters[0].width()
    for n in range(20):
        desk.quote(1_000_000 + 800 * (n % 2), 1_000_010 + 800 * (n % 2))
        desk.wait(300)
    assert desk.engine.quoters[0].width() > calm + 0.5


def test_a_model_with_its_calibration_survives_a_checkpoint():
    desk = Desk(setup_of(item("linear", **GLFT, calibrate=True))).running()
    for n in range(5):
        desk.event(Trade(desk.now, desk.now, 0, n, 999_990 - 20 * n, 1, -1))
        desk.wait(10)
    again = image.decode(image.encode(desk.engine))
    assert again.state_hash() == desk.engine.state_hash()
    assert again.quoters[0].pricing.intensity.counts == desk.engine.quoters[0].pricing.intensity.counts


@pytest.mark.parametrize(
    "quoting", [AS, {**AS, "horizon": "infinite"}, {**GLFT, "calibrate": True, "sigma": "measured"}]
)
def test_a_random_life_with_a_model_is_the_same_again_and_from_a_checkpoint(quoting):
    setup = desk_setup()
    more = {**quoting, "calibration_trades": 20}
    replace = msgspec.structs.replace
    items = [replace(one, quoting=replace(one.quoting, **more)) for one in setup.instruments]
    desk = Desk(replace(setup, instruments=items), seed=5)
    desk.after = lambda event, effects: read(desk)
    desk.books()
    desk.press("start")
    walk = Walk(desk, 5)
    for _ in range(400):
        walk.step()
    engine, half = Engine(desk.setup), len(desk.events) // 2
    effects = [engine.process(event) for event in desk.events[:half]]
    other = image.decode(image.encode(engine))
    effects += [engine.process(event) for event in desk.events[half:]]
    assert effects == desk.effects
    assert [other.process(event) for event in desk.events[half:]] == desk.effects[half:]
    assert engine.state_hash() == other.state_hash() == desk.engine.state_hash()
