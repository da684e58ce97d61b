"""The simulation of Avellaneda & Stoikov (2008, section 3.3), quoted by the engine's own quoting step.

A mid of 100 moves by +-sigma sqrt(dt); a quote at the distance delta is filled with the probability A exp(-k delta) dt;
the inventory strategy is spread_model = avellaneda-stoikov, the symmetric one spread_model = fixed at the former's mean
width without skew.  There is no other order in that market, so the touch is out of the way.

Rules of this file: prices and fills of the paper's market; what is quoted comes from `Quoter.reprice` alone.
"""

from __future__ import annotations

from math import exp, sqrt
from typing import Any

import numpy as np

from mmtui.core.market.instrument import Instrument
from mmtui.core.quoting.params import Quoting
from mmtui.core.quoting.quoter import Quoter
from mmtui.core.setup import InstrumentSetup

PATHS = 2_000
START, SIGMA, K, A = 100.0, 2.0, 1.5, 140.0
STEPS, DT = 200, 0.005
DT_NS = 5_000_000
GAMMAS = (0.1, 0.01, 0.5)
TICK = 0.0001
BPS = START * 1e-4  # price units a bp of the starting mid
SEED = 2008


def bench_avellaneda_stoikov() -> dict[str, Any]:
    """Mean and deviation of profit and final inventory over 2,000 paths a row."""
    rows = []
    for gamma in GAMMAS:
        model = {
            "spread_model": "avellaneda-stoikov",
            "risk_aversion": gamma * BPS,
            "intensity_k": K * BPS,
            "sigma": "fixed",
            "sigma_bps": SIGMA / BPS,
            "horizon_s": STEPS * DT,
        }
        inventory = simulate(PATHS, model)
        symmetric = simulate(PATHS, {"spread_bps": inventory["spread"] / BPS, "skew_bps": 0.0})
        rows += [
            {"gamma": gamma, "strategy": strategy} | {key: round(value, 4) for key, value in found.items()}
            for strategy, found in (("inventory", inventory), ("symmetric", symmetric))
        ]
    return {"rows": rows, "paths": PATHS}


def quoter(quoting: dict[str, Any]) -> Quoter:
    """The engine's quoter of a market with the paper's prices and a size of 1."""
    instrument = Instrument(
        id="paper:S", venue="paper", symbol="S", kind="linear", base="S", quote="USD", settle="USD",
        tick=str(TICK), lot="1",
    )  # fmt: skip
    params = Quoting(size=1.0, fair_value="mid", max_spread_bps=5_000.0, **quoting)
    return Quoter(0, InstrumentSetup(instrument=instrument, quoting=params, max_position="1000000"))


def simulate(paths: int, quoting: dict[str, Any]) -> dict[str, float]:
    """Run a strategy over so many paths of the paper's market."""
    one = quoter(quoting)
    rng = np.random.default_rng(SEED)
    widths, profits, finals = 0.0, [], []
    step = SIGMA * sqrt(DT)
    for _ in range(paths):
        moves = np.where(rng.random(STEPS) < 0.5, -step, step).tolist()
        draws = rng.random((STEPS, 2)).tolist()
        mid, cash, held = START, 0.0, 0
        for n in range(STEPS):
            one.reprice(1, 1 << 40, mid / TICK, held, n * DT_NS)
            (bid_ticks, *_), (ask_ticks, *_) = one.want
            bid, ask = bid_ticks * TICK, ask_ticks * TICK
            widths += ask - bid
            sells, buys = draws[n]
            if buys < A * exp(-K * (ask - mid)) * DT:
                held -= 1
                cash += ask
            if sells < A * exp(-K * (mid - bid)) * DT:
                held += 1
                cash -= bid
            mid += moves[n]
        profits.append(cash + held * mid)
        finals.append(held)
    return {
        "spread": widths / (paths * STEPS),
        "profit": float(np.mean(profits)),
        "std_profit": float(np.std(profits)),
        "final_q": float(np.mean(finals)),
        "std_final_q": float(np.std(finals)),
    }
