"""Inventory-aware against symmetric: few seconds here, the whole of it in `mmtui bench inventory`."""

from __future__ import annotations

import pytest

from mmtui.bench import inventory


def test_both_see_one_market_and_the_aware_one_strays_less() -> None:
    symmetric, aware = inventory.side_by_side("trend", 1, 60)
    assert symmetric["fills"] > 0 and aware["fills"] > 0
    assert aware["deviation"] < symmetric["deviation"]


def test_the_two_differ_in_the_lean_alone() -> None:
    assert {key for key, _ in inventory.SYMMETRIC} == {key for key, _ in inventory.AWARE} == {"skew_bps", "size_skew"}
    assert all(value == 0.0 for _, value in inventory.SYMMETRIC)


def row(deviation: float, spread: float) -> dict[str, float]:
    return {"deviation": deviation, "spread": spread, "pnl": 1.0, "fills": 10}


@pytest.mark.parametrize(
    ("deviation", "spread", "goal"), [(0.5, 0.9, "met"), (0.51, 1.0, "missed"), (0.1, 0.89, "missed")]
)
def test_the_goal_is_half_the_deviation_at_nine_tenths_of_the_capture(
    deviation: float, spread: float, goal: str
) -> None:
    pairs = [(row(2.0, 10.0), row(2.0 * deviation, 10.0 * spread)) for _ in range(10)]
    found = inventory.summary(pairs)
    assert found["goal"] == goal and found["seeds"] == 10
    assert found["deviation_ratio"]["of_means"] == pytest.approx(deviation)
    assert found["spread_ratio"]["standard_error"] == pytest.approx(0.0, abs=1e-9)


def test_the_error_is_that_of_the_ratio_of_two_means() -> None:
    """Against 20,000 draws of the same seeds (bootstrap)."""
    import numpy as np

    rng = np.random.default_rng(3)
    before = rng.uniform(1, 3, 100)
    after = 0.4 * before + rng.uniform(-0.2, 0.2, 100)
    found = inventory.summary([(row(b, b), row(a, a)) for b, a in zip(before, after, strict=True)])
    picks = rng.integers(0, 100, (20_000, 100))
    drawn = after[picks].mean(axis=1) / before[picks].mean(axis=1)
    assert found["deviation_ratio"]["standard_error"] == pytest.approx(drawn.std(), rel=0.1)


def test_a_seed_without_fills_counts_in_the_means_and_has_no_ratio() -> None:
    pairs = [(row(0.0, 0.0), row(0.0, 0.0)), *((row(2.0, 10.0), row(1.0, 10.0)) for _ in range(9))]
    found = inventory.summary(pairs)
    assert found["deviation_ratio"] == pytest.approx(
        {"of_means": 0.5, "standard_error": 0.0, "median_seed": 0.5, "p10": 0.5, "p90": 0.5}, abs=1e-9
    )
    assert found["symmetric"]["deviation"] == pytest.approx(1.8)
