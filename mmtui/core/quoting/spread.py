"""Width and inventory skew by the models of the literature: pure functions of numbers.

Units: the price unit is 1 bp of fair value, an inventory of 1 is the size of the first rung, time is in seconds. So
sigma is in bps a square root of a second, k in 1/bps, A in orders a second and side, gamma in 1/(bps x rung), and
widths and skews come out in bps.
AS: Avellaneda & Stoikov, "High-frequency trading in a limit order book", Quantitative Finance 8 (2008).
GLFT: Gueant, Lehalle & Fernandez-Tapia, "Dealing with the inventory risk: a solution to the market making problem",
Mathematics and Financial Economics 7 (2013).

Rules of this file: one function a formula, with its place in the paper; q > 0 is long of the target; a skew moves both
quotes, plus is up.
"""

from __future__ import annotations

from math import sqrt

from mmtui.core.maths import exp, log1p
from mmtui.core.quoting.params import Quoting

SECOND = 1_000_000_000
DAY = 86_400 * SECOND
#: gamma / k below this is risk-neutral: the limits of the formulas are taken.
NEUTRAL = 1e-12
#: What room an infinite horizon leaves at least, and the log1p's argument that stands for a side that is not quoted.
PAST = 1e-9
NOT_QUOTED = 1e-9 - 1.0


def time_left(params: Quoting, ts: int) -> float:
    """T - t in seconds: to the end of the session that `ts` lies in (sessions are counted from 00:00 UTC)."""
    if params.horizon == "daily":
        return min(params.horizon_s, (DAY - ts % DAY) / SECOND)
    length = int(params.horizon_s * SECOND)
    return (length - ts % length) / SECOND


def liquidity_width(gamma: float, k: float) -> float:
    """Full width that the fill intensity A exp(-k delta) asks for: (2/gamma) ln(1 + gamma/k); 2/k without risk."""
    return 2.0 * log1p(gamma / k) / gamma if gamma > NEUTRAL * k else 2.0 / k


def as_finite(gamma: float, sigma: float, left_s: float, q: float, liquidity: float) -> tuple[float, float]:
    """AS, finite horizon, section 3.2: width gamma sigma^2 (T-t) + liquidity, skew r - s = -q gamma sigma^2 (T-t)."""
    risk = gamma * sigma * sigma * left_s
    return risk + liquidity, -q * risk


def as_infinite(
    gamma: float, sigma: float, omega: float, q_max: float, q: float, liquidity: float
) -> tuple[float, float]:
    """AS, infinite horizon: width and skew from their reservation bid and ask of section 2.3.

    r(bid) = s + (1/gamma) ln(1 - (1 + 2q) z), r(ask) = s - (1/gamma) ln(1 - (1 - 2q) z) with
    z = gamma^2 sigma^2 / (2 omega - gamma^2 q^2 sigma^2), from their value function; the ask is printed there as
    s + (1/gamma) ln(1 + (1 - 2q) z), equal to first order in z, but not the mirror of the bid.  The quotes stand
    (1/gamma) ln(1 + gamma/k) outside, as in the finite case.  omega = 0 takes their choice, which bounds the inventory
    by q_max: omega = gamma^2 sigma^2 (q_max + 1)^2 / 2; there gamma and sigma leave the logarithm.
    """
    variance = gamma * gamma * sigma * sigma
    if not variance:
        return liquidity, 0.0
    room = 2.0 * omega / variance if omega else (q_max + 1.0) * (q_max + 1.0)
    most = max(sqrt(room) - 1.0, 0.0)  # the inventory from which on the side that adds is not quoted
    q = max(-most, min(most, q))
    room = max(room - q * q, PAST)
    ask = -log1p(max((2.0 * q - 1.0) / room, NOT_QUOTED)) / gamma
    bid = log1p(max((-2.0 * q - 1.0) / room, NOT_QUOTED)) / gamma
    return ask - bid + liquidity, (ask + bid) * 0.5


def glft_slope(gamma: float, k: float, a: float) -> float:
    """What a unit of inventory and of sigma moves GLFT's quotes: sqrt(gamma/(2 k A) (1 + gamma/k)^(1 + k/gamma))."""
    if gamma <= NEUTRAL * k:
        return 0.0
    ratio = gamma / k
    return sqrt(gamma / (2.0 * k * a) * exp((1.0 + 1.0 / ratio) * log1p(ratio)))


def glft(slope: float, sigma: float, q: float, liquidity: float) -> tuple[float, float]:
    """GLFT's closed-form approximation far from the end (their section 4, delta of bid and ask at q): width and skew.

    delta(bid) = (1/gamma) ln(1 + gamma/k) + (2q + 1)/2 sigma slope, delta(ask) with (1 - 2q)/2: a width of liquidity +
    sigma slope round a reservation price q sigma slope below fair value.
    """
    step = sigma * slope
    return liquidity + step, -q * step
