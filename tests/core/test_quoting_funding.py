"""funding_skew and funding_skew_cap_bps: the quotes lean away from the side that will pay."""

import pytest
from desk_kit import Desk, item, setup_of

from mmtui.core.events import MarkPrice

HOUR = 3_600 * 10**9


def leaning(funding_e10, hours=1, **params):
    desk = Desk(setup_of(item("linear", **params)))
    desk.running()
    desk.event(MarkPrice(desk.now, desk.now, 0, 10**8 * 100_000, 0, funding_e10, desk.now + hours * HOUR))
    desk.wait(200)
    return desk.engine.quoters[0].shift


def test_a_positive_rate_leans_sell_and_a_negative_one_buy():
    assert leaning(10_000_000, funding_skew=1.0) == pytest.approx(-5.0)  # the cap
    assert leaning(4_000_000, funding_skew=1.0) == pytest.approx(-4.0 * 7 / 8, rel=1e-3)
    assert leaning(-4_000_000, funding_skew=1.0) == pytest.approx(4.0 * 7 / 8, rel=1e-3)
    assert leaning(4_000_000, funding_skew=0.5) == pytest.approx(-2.0 * 7 / 8, rel=1e-3)


def test_it_never_passes_its_cap_and_is_off_by_default():
    assert leaning(100_000_000, funding_skew=1.0, funding_skew_cap_bps=3.0) == pytest.approx(-3.0)
    assert leaning(4_000_000) == 0.0


def test_nothing_leans_long_before_a_payment():
    assert leaning(4_000_000, hours=9, funding_skew=1.0) == 0.0
