"""VaR and ES: against the definition, spelled out in plain Python."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mmtui.host import var
from mmtui.host.var import Returns


def brute(losses, confidence):
    worst = sorted(losses, reverse=True)[: max(1, math.ceil(round((1 - confidence) * len(losses), 9)))]
    return max(0.0, worst[-1]), max(0.0, sum(worst) / len(worst))


@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=60), st.sampled_from((0.9, 0.95, 0.99)))
def test_historical_tails_are_the_worst_losses_sorted(profits, confidence):
    found = var.historical(np.array(profits), confidence)
    assert found == pytest.approx(brute([-one for one in profits], confidence), abs=1e-6)
    assert found.es >= found.var - 1e-6


def test_a_normal_tail_is_that_of_the_tables():
    tail = var.normal(4.0)
    assert tail.var == pytest.approx(2 * 2.32635, abs=1e-4)
    assert tail.es == pytest.approx(2 * 2.66521, abs=1e-4)


def test_ewma_halves_the_weight_after_one_horizon():
    weights = var.weights(60, 1_000)
    assert weights.sum() == pytest.approx(1.0)
    assert weights[-61] / weights[-1] == pytest.approx(0.5)
    steady = var.ewma(np.full(500, 3.0), 60)
    assert steady.var == pytest.approx(2.32635 * 3.0 * math.sqrt(60), rel=1e-4)


def walk(seconds, base=(0,), start=1_000):
    """Returns of instruments that move by a known rule."""
    returns = Returns(list(base))
    paths = [[100.0 * (1 + 0.01 * math.sin(k / (7 + 3 * i))) for k in range(seconds)] for i in range(len(base))]
    for k in range(seconds):
        returns.sample(start + k, [path[k] for path in paths])
    return returns, paths


@pytest.mark.parametrize("horizon", [1, 60, 300])
def test_scenarios_are_the_returns_of_the_horizon_newest_last(horizon):
    returns, paths = walk(900, (0, 0))
    known = returns.known(0)
    assert known == 899
    places = returns.scenarios(horizon, known)
    assert places.stop - places.start == 900 - horizon
    for i, path in enumerate(paths):
        exact = [path[k] / path[k - horizon] - 1 for k in range(horizon, 900)]
        assert returns.rings[horizon][i, places] == pytest.approx(exact, abs=1e-7)


def test_the_ring_is_bounded_and_keeps_the_newest():
    returns = Returns([0], keep=50)
    for k in range(200):
        returns.sample(k + 1, [100.0 + k])
    assert returns.known(0) == 50
    newest = returns.rings[1][0, returns.scenarios(1, 50)]
    assert newest == pytest.approx([1 / (99.0 + k) for k in range(150, 200)], rel=1e-4)


def test_missed_seconds_stood_still_and_a_long_hole_forgets():
    returns = Returns([0])
    for second, price in ((10, 100.0), (11, 101.0), (15, 102.0)):
        returns.sample(second, [price])
    assert returns.known(0) == 5
    assert list(returns.rings[1][0, returns.scenarios(1, 5)] > 0) == [True, False, False, False, True]
    returns.sample(15, [200.0])  # the same second again says nothing
    assert returns.known(0) == 5
    returns.sample(15 + var.HOLE_S + 1, [300.0])
    assert returns.known(0) == 0


def test_an_instrument_without_history_moves_with_its_base():
    returns = Returns([0, 0])
    for k in range(100):
        returns.sample(k + 1, [100.0 + k, 0.0 if k < 90 else 50.0])
    assert returns.known(1) == returns.known(0) == 99
    assert returns.stands_in(1) and not returns.stands_in(0)
    places = returns.scenarios(60, 99)
    assert list(returns.rings[60][1, places]) == list(returns.rings[60][0, places])


def test_what_was_never_seen_is_not_known():
    returns = Returns([0])
    for k in range(100):
        returns.sample(k + 1, [0.0])
    assert returns.known(0) == 0


def test_the_worst_case_takes_each_fill_that_loses():
    returns, _ = walk(400, (0, 0))
    places = returns.scenarios(60, 399)
    low, high = np.array([-500.0, 200.0]), np.array([300.0, 200.0])
    moves = [returns.rings[60][i, places].astype(float) for i in (0, 1)]
    exact = [min(-500.0 * a, 300.0 * a) + 200.0 * b for a, b in zip(*moves, strict=True)]
    assert returns.profits(60, places, low, high) == pytest.approx(exact)


def test_base_and_basis_factors_add_up():
    returns, _ = walk(400, (0, 0))
    places = returns.scenarios(60, 399)
    hedged = np.array([1_000.0, -1_000.0])
    base = returns.base_profits(60, places, hedged)
    assert base == pytest.approx(np.zeros(340))  # no delta: what is left is basis
    assert np.abs(returns.profits(60, places, hedged, hedged)).max() > 0.0
