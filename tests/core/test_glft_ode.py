"""GLFT's quotes against a numerical solution of the paper's equations, by a solver of stiff differential equations.

Their proposition 3: with v(q, T) = 1 and v'(q) = (k gamma sigma^2 / 2) q^2 v(q) - eta (v(q - 1) + v(q + 1)), where
eta = A (1 + gamma/k)^-(1 + k/gamma), the best bid stands ln(v(q) / v(q + 1)) / k + ln(1 + gamma/k) / gamma below the
mid.  Solved here for u = ln v, which neither overflows nor vanishes, backwards in time from T.
"""

from __future__ import annotations

import math

import numpy as np
import pytest

from mmtui.core.quoting import spread

integrate = pytest.importorskip("scipy.integrate", reason="scipy (the extra `test`) is not installed")

BOUND = 25


def solved(gamma, sigma, k, a, seconds):
    """Distances (bid by q, ask by q) so many seconds before T."""
    q = np.arange(-BOUND, BOUND + 1)
    alpha, eta = k / 2 * gamma * sigma**2, a * (1 + gamma / k) ** -(1 + k / gamma)

    def slope(_, u):
        up, down = np.exp(u[1:] - u[:-1]), np.exp(u[:-1] - u[1:])
        return -alpha * q**2.0 + eta * (np.append(up, 0.0) + np.append(0.0, down))

    u = integrate.solve_ivp(slope, (0.0, seconds), np.zeros(len(q)), "LSODA", rtol=1e-9, atol=1e-10).y[:, -1]
    near = math.log1p(gamma / k) / gamma
    bids = {int(at): (u[n] - u[n + 1]) / k + near for n, at in enumerate(q[:-1])}
    asks = {int(at): (u[n + 1] - u[n]) / k + near for n, at in enumerate(q[1:])}
    return bids, asks


def ours(gamma, sigma, k, a, q):
    width, skew = spread.glft(spread.glft_slope(gamma, k, a), sigma, q, spread.liquidity_width(gamma, k))
    return width / 2 - skew, width / 2 + skew


@pytest.mark.parametrize(
    ("gamma", "sigma", "k", "a"),
    [(0.01, 0.3, 0.3, 0.9), (0.01, 0.3, 0.3, 2.0), (0.05, 0.3, 0.3, 0.9), (0.01, 1.0, 0.5, 1.0)],
)
def test_the_closed_form_agrees_with_the_equations_far_from_the_end(gamma, sigma, k, a):
    bids, asks = solved(gamma, sigma, k, a, 3_600.0)
    for q in range(-5, 6):
        bid, ask = ours(gamma, sigma, k, a, q)
        assert bid == pytest.approx(bids[q], rel=0.03)
        assert ask == pytest.approx(asks[q], rel=0.03)


def test_the_equations_themselves_tend_to_quotes_that_time_does_not_change():
    early, late = (solved(0.01, 0.3, 0.3, 0.9, seconds)[0] for seconds in (1_800.0, 3_600.0))
    assert all(early[q] == pytest.approx(late[q], rel=1e-6) for q in range(-5, 6))


def test_at_the_end_what_is_left_is_the_width_of_the_liquidity():
    bids, asks = solved(0.01, 0.3, 0.3, 0.9, 1e-6)
    half = spread.liquidity_width(0.01, 0.3) / 2
    assert all(bids[q] == pytest.approx(half, rel=1e-5) == pytest.approx(asks[q], rel=1e-5) for q in range(-5, 6))


def test_the_closed_form_is_one_of_small_inventories_and_says_where_it_ends():
    """Far from zero the approximation asks for more than the equations do: its error grows with the inventory."""
    gamma, sigma, k, a = 0.05, 0.3, 0.3, 0.9
    bids, _ = solved(gamma, sigma, k, a, 3_600.0)
    errors = [abs(ours(gamma, sigma, k, a, q)[0] / bids[q] - 1) for q in (0, 5, 15)]
    assert errors[0] < errors[1] < errors[2]
