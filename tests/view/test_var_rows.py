"""VaR, stress, pegs and events as rows."""

import pytest

from mmtui.link.risked import EventView, Peg, RiskView, StressRow, VarRow, VenueRisk
from mmtui.view.risk_page import page, switches
from mmtui.view.rows import plain, width
from mmtui.view.var import stress, value_at_risk


@pytest.fixture
def risky(model):
    model.frame.risk = RiskView(
        ccy="USDT",
        confidence=0.99,
        known_s=400,
        known="6 min known",
        rows=[
            VarRow(horizon_s=60, positions="present", var=12.5, es=20.0, var_ewma=11.0, es_ewma=15.0),
            VarRow(horizon_s=1_800, positions="worst", why="n/a: 400 s of 3,600 s known"),
        ],
        stress=[
            StressRow(name="-5 %", present=-310.25, worst=-900.0),
            StressRow(name="+5 %", present=310.25, worst=0.0),
        ],
        pegs=[Peg(currency="USDC", bps=-12.0, against="USDT"), Peg(currency="FDUSD")],
        events=[EventView(name="CPI", action="pull", active=True, starts=10**18, ends=10**18 + 10**9, instruments=[])],
    )
    return model


@pytest.mark.parametrize("cells", [60, 80, 120])
def test_every_figure_is_there_and_what_is_not_known_says_why(risky, cells):
    rows = [*value_at_risk(risky, cells), *stress(risky, cells)]
    assert all(width(row) <= cells for row in rows)
    text = "\n".join(plain(row) for row in rows)
    for part in ("99%", "6 min known", "12.50", "20.00", "n/a: 400 s", "−310.25", "+310.25", "USDC", "event CPI"):
        assert part in text


def test_the_page_of_risk_has_them(risky):
    text = "\n".join(plain(row) for row in page(risky, 200, 60))
    assert "value at risk" in text and "stress" in text


def test_a_host_that_says_nothing_of_it_has_no_rows(model):
    model.frame.risk = None
    assert value_at_risk(model, 80) == stress(model, 80) == []


def test_margin_and_the_distance_to_a_liquidation_are_said_or_n_a(model):
    ids = [venue.id for venue in model.frame.venues]
    risks = [VenueRisk(venue=ids[0], gross=1.0, net=1.0, margin=12.5, liquidation_pct=30.25),
             VenueRisk(venue=ids[1], gross=1.0, net=1.0, liquidation_pct=5.0)]  # fmt: skip
    model.frame.risk = RiskView(ccy="USDT", confidence=0.99, known_s=0, known="", venues=risks)
    lines = [plain(row).split() for row in switches(model, 120)[2:]]
    assert "12.50" in lines[0] and "30.2%" in lines[0] and "n/a" not in lines[0][4:]
    assert lines[1].count("n/a") == lines[0].count("n/a") + 1 and "5.0%" in lines[1]
    assert lines[2].count("n/a") == lines[0].count("n/a") + 2
    assert all(width(row) <= 60 for row in switches(model, 60))
