"""Parameters in one number each: what is read of a quoting desk before and after one of them is set."""

from __future__ import annotations

import pytest
from desk_kit import Desk, item, setup_of

MODEL = {"sigma": "fixed", "sigma_bps": 2.0, "risk_aversion": 0.01, "horizon": "daily", "horizon_s": 30.0}
AS = {**MODEL, "spread_model": "avellaneda-stoikov"}
GLFT = {**MODEL, "spread_model": "glft"}
FOREVER = {**AS, "horizon": "infinite"}
SCALED = {"vol_factor": 1.0}


def width(desk):
    return desk.engine.quoters[0].width()


def lean(desk):
    """How far a long of five sizes moves the quotes down, bps."""
    return -desk.engine.quoters[0].lean(50)


def memory(desk):
    return desk.engine.quoters[0].pricing.intensity.window


@pytest.mark.parametrize(
    ("key", "around", "values", "reading", "way"),
    [
        ("risk_aversion", AS, (0.01, 0.02), width, "up"),
        ("risk_aversion", AS, (0.01, 0.02), lean, "up"),
        ("intensity_k", AS, (0.5, 1.0), width, "down"),
        ("intensity_k", GLFT, (0.5, 1.0), width, "down"),
        ("intensity_a", GLFT, (1.0, 4.0), width, "down"),
        ("intensity_a", GLFT, (1.0, 4.0), lean, "down"),
        ("sigma_bps", AS, (2.0, 4.0), width, "up"),
        ("sigma_bps", GLFT, (2.0, 4.0), lean, "up"),
        ("sigma", AS, ("fixed", "measured"), width, "down"),  # nothing has moved yet: measured is none
        ("horizon_s", AS, (30.0, 60.0), width, "up"),
        ("horizon_s", AS, (30.0, 60.0), lean, "up"),
        ("horizon", {**AS, "horizon_s": 3_600.0}, ("daily", "infinite"), width, "down"),
        ("omega", FOREVER, (1.0, 2.0), lean, "down"),
        ("calibration_window_s", {**GLFT, "calibrate": True}, (600.0, 60.0), memory, "down"),
        ("vol_horizon_s", SCALED, (1.0, 4.0), width, "up"),
        ("vol_factor", SCALED, (1.0, 2.0), width, "up"),
        ("spread_bps", {}, (10.0, 12.0), width, "up"),
        ("min_spread_bps", {}, (0.0, 15.0), width, "up"),
        ("max_spread_bps", {}, (500.0, 5.0), width, "down"),
        ("skew_bps", {}, (1.0, 5.0), lean, "up"),
        ("dead_band", {"skew_bps": 5.0}, (0.0, 0.04), lean, "down"),
    ],
)
def test_a_parameter_moves_what_it_says(key, around, values, reading, way):
    desk = Desk(setup_of(item("linear", **{**around, key: values[0]}))).running()
    quoter = desk.engine.quoters[0]
    if around is SCALED:
        quoter.volatility.variance = (3e-4) ** 2  # 3 bps a root second
    before = reading(desk)
    assert desk.press("set", **{key: values[1]}).ok
    after = reading(desk)
    assert after > before if way == "up" else after < before
    assert desk.press("undo").ok
    assert reading(desk) == before


def test_volatility_over_a_longer_horizon_grows_with_the_root_of_time():
    desk = Desk(setup_of(item("linear", vol_factor=1.0, spread_bps=10.0))).running()
    desk.engine.quoters[0].volatility.variance = (3e-4) ** 2
    assert width(desk) == pytest.approx(13.0)
    desk.press("set", vol_horizon_s=4.0)
    assert width(desk) == pytest.approx(16.0)


def test_trend_resume_bps_says_where_the_trend_hold_ends():
    ended = []
    for resume in (2.0, 15.0):
        desk = Desk(setup_of(item("linear", trend_hold_bps=20.0, trend_window_s=10.0, trend_resume_bps=resume)))
        desk.running()
        desk.quote(1_002_495, 1_002_505)
        desk.wait(300)
        assert not desk.open(-1)
        seconds = 0
        while not desk.open(-1) and seconds < 60:
            desk.quote(1_002_495, 1_002_505)
            desk.wait(1_000)
            seconds += 1
        ended.append(seconds)
    assert ended[1] < ended[0] < 60


def test_toxic_fills_are_judged_together():
    """Two bad fills are judged where two are asked for, and not where three are."""
    judged = []
    for fills in (2, 3):
        toxic = {"toxic_bps": 2.0, "toxic_fills": fills, "toxic_horizon_s": 1.0, "toxic_hold_s": 4.0}
        desk = Desk(setup_of(item("linear", **toxic, size_skew=0.0))).running()
        for _ in range(2):
            mid = desk.engine.books[0].mid2() // 2
            desk.fill(max(desk.open(1), key=lambda order: order.px).oid, 1, mid)
            desk.quote(mid - 405, mid - 395)
            desk.wait(1_200)
        judged.append(not desk.open(1))
    assert judged == [True, False]
