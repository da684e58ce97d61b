"""The paper's simulation through the engine's quoting step: few paths here, the whole of it in `mmtui bench`."""

from __future__ import annotations

import pytest

from mmtui.bench import stoikov


def test_the_quotes_of_the_simulation_are_those_of_the_paper() -> None:
    one = stoikov.quoter(
        {"spread_model": "avellaneda-stoikov", "risk_aversion": 0.1 * stoikov.BPS, "intensity_k": 1.5 * stoikov.BPS,
         "sigma": "fixed", "sigma_bps": 2.0 / stoikov.BPS, "horizon_s": 1.0}
    )  # fmt: skip
    one.reprice(1, 1 << 40, 100.0 / stoikov.TICK, 2, 500_000_000)  # t = 0.5, q = 2: r = 99.6, width 1.4908
    assert one.want[0][0] * stoikov.TICK == pytest.approx(99.6 - 1.4908 / 2, abs=2e-4)
    assert one.want[1][0] * stoikov.TICK == pytest.approx(99.6 + 1.4908 / 2, abs=2e-4)


def test_few_paths_lie_where_the_paper_lies(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stoikov, "PATHS", 100)
    monkeypatch.setattr(stoikov, "GAMMAS", (0.1,))
    inventory, symmetric = stoikov.bench_avellaneda_stoikov()["rows"]
    assert (inventory["gamma"], inventory["strategy"], symmetric["strategy"]) == (0.1, "inventory", "symmetric")
    assert inventory["spread"] == pytest.approx(1.49, abs=0.01)
    assert inventory["profit"] == pytest.approx(65, abs=3)
    assert inventory["std_final_q"] == pytest.approx(2.9, abs=0.7)
    assert symmetric["profit"] == pytest.approx(68, abs=5)
    assert symmetric["std_profit"] > 1.4 * inventory["std_profit"]
