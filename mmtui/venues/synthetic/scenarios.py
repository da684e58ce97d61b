"""Scenarios: what happens to the synthetic market when, as a table.

Rules of this file: data, and the look-up of the phase that is on. Times are seconds within a cycle that repeats.
"""

from __future__ import annotations

from typing import NamedTuple

SCENARIOS: dict[str, str] = {
    "calm": "quiet two-way trading, small moves, tight spreads",
    "trend": "30 s up, 30 s down, flow leaning with the move: inventory builds against a maker",
    "flash-crash": "after 25 s, then every 75 s: 2.5 % down in 2 s in a thin book, back within half a minute",
    "venue-outage": "after 20 s, then every 45 s: one venue in turn loses its connection for 8 s",
    "stale-feed": "after 20 s, then every 45 s: one venue in turn falls silent for 7 s, still connected",
}


class Phase(NamedTuple):
    """What the market is made to do for a while."""

    until: float  # s of the cycle
    drift: float = 0.0  # bps/s of the efficient price
    flow: float = 0.0  # lean of the takers' side, -0.4 .. 0.4
    volatility: float = 1.0  # times the regime's
    liquidity: float = 1.0  # times the usual sizes
    spread: float = 1.0  # times the usual widths
    recover: float = 0.0  # share of the distance to the price before the phases that is made good a second
    silent: bool = False  # one venue in turn says nothing, still connected
    down: bool = False  # one venue in turn has no connection


#: A cycle of phases; the last one's end is the cycle's length.
CYCLES: dict[str, tuple[Phase, ...]] = {
    "calm": (Phase(60.0, volatility=0.6),),
    "trend": (
        Phase(30.0, drift=1.2, flow=0.12, volatility=0.9),
        Phase(60.0, drift=-1.2, flow=-0.12, volatility=0.9),
    ),
    "flash-crash": (
        Phase(25.0),
        Phase(27.0, drift=-125.0, flow=-0.35, volatility=3.0, liquidity=0.2, spread=8.0),
        Phase(31.0, volatility=3.0, liquidity=0.3, spread=6.0, recover=0.15),
        Phase(57.0, volatility=1.5, liquidity=0.7, spread=2.0, recover=0.12),
        Phase(75.0),
    ),
    "venue-outage": (Phase(20.0), Phase(28.0, down=True), Phase(45.0)),
    "stale-feed": (Phase(20.0), Phase(27.0, silent=True), Phase(45.0)),
}

#: Which venue is hit, cycle after cycle: the lead first.
IN_TURN = (1, 0, 2)

#: Volatility regimes, bps a root second, and how long one lasts on average, s.
REGIMES = ((0.35, 40.0), (0.9, 40.0), (2.2, 12.0))


def phase_at(scenario: str, seconds: float) -> tuple[Phase, int]:
    """The phase that is on, and the number of the cycle."""
    phases = CYCLES[scenario]
    length = phases[-1].until
    cycle = int(seconds // length)
    place = seconds - cycle * length
    for phase in phases:
        if place < phase.until:
            return phase, cycle
    return phases[-1], cycle
