"""Guards that watch the market: volatility pause, trend hold, trade burst, one-leg guard."""

import pytest
from desk_kit import MS, SECOND, Desk, item, setup_of
from hypothesis import given
from hypothesis import strategies as st

from mmtui.core.events import Trade
from mmtui.core.quoting.guards import Range

CALM = 10_000_000


def quoted(*more, limits=None, **quoting):
    return Desk(setup_of(item("linear", **quoting), *more, limits={"ease_back_s": 2.0, **(limits or {})})).running()


def move(desk, mid, ms=300, alive=True):
    desk.quote(mid - 5, mid + 5)
    desk.wait(ms, alive)


def held(desk, i=0):
    reasons = desk.engine.quoters[i].reasons
    return {side: reasons[side] for side in (1, -1) if not desk.open(side, i)}


def said(desk):
    return [(alert.severity, alert.text) for alert in desk.alerts if alert.code == "guard"]


VOL = {"vol_pause_bps": 20.0, "vol_pause_s": 2.0, "vol_resume_s": 1.0}


def test_vol_pause_bps_pulls_both_sides_and_comes_back_when_it_is_calm():
    desk = quoted(**VOL)
    move(desk, 1_001_500)
    assert held(desk) == {}
    move(desk, 1_002_500)
    assert held(desk) == {1: "volatility pause", -1: "volatility pause"}
    desk.wait(2_000)
    assert len(held(desk)) == 2  # the range has only now left the window: a second of calm is needed
    desk.wait(1_500)
    assert held(desk) == {}
    assert desk.one(1).sz == 2  # a quarter of ten lots
    desk.wait(2_000)
    desk.press("set", levels=2)
    desk.wait(500)
    assert {o.sz for o in desk.open(1)} == {2, 10}
    assert said(desk) == [
        ("warn", "perp:BTC: volatility pause of both sides: a range of 25 bps in 2 s"),
        ("info", "perp:BTC: volatility pause of both sides lifted: a range of 0 bps in 2 s"),
    ]


def test_vol_pause_s_is_the_time_over_which_the_range_is_measured():
    desk = quoted(**{**VOL, "vol_pause_s": 1.0})
    for mid in (1_001_200, 1_002_400, 1_003_600):
        move(desk, mid, 1_200)
    assert said(desk) == []
    desk.press("set", vol_pause_s=5.0)
    for mid in (1_004_800, 1_006_000):
        move(desk, mid, 1_200)
    assert len(said(desk)) == 1


def test_vol_resume_bps_and_vol_resume_s_say_when_it_is_calm():
    desk = quoted(**{**VOL, "vol_resume_bps": 5.0, "vol_resume_s": 3.0})
    move(desk, 1_002_500, 3_000)
    for k in range(20):
        move(desk, 1_002_500 + 700 * (k % 2), 300)  # 7 bps to and fro: less than tripped it, more than is calm
    assert len(held(desk)) == 2
    desk.wait(4_500)
    assert len(held(desk)) == 2
    desk.wait(1_000)
    assert held(desk) == {}


def test_a_pause_lifts_without_a_message_of_the_market():
    desk = quoted(**VOL, limits={"stale_major_ms": 60_000})
    move(desk, 1_002_500, 300, alive=False)
    assert len(held(desk)) == 2
    desk.wait(4_000, alive=False)
    assert held(desk) == {}


def test_a_guard_that_trips_too_often_pauses_the_instrument():
    desk = quoted(**VOL, limits={"trips_to_pause": 2})
    mid = 1_000_000
    for _ in range(3):
        mid += 3_000
        move(desk, mid, 4_000)
    assert desk.engine.lattice.instruments[0].name == "PAUSED"
    assert any("volatility pause: tripped too often" in alert.text for alert in desk.alerts)
    assert not desk.open()


@pytest.mark.parametrize(("by", "side"), [(1, -1), (-1, 1)])
def test_trend_hold_bps_holds_the_side_that_would_be_run_over(by, side):
    desk = quoted(trend_hold_bps=20.0, trend_window_s=10.0, trend_resume_bps=5.0)
    move(desk, 1_000_000 + by * 2_500)
    assert held(desk) == {side: "trend hold"}
    desk.wait(12_000)
    assert held(desk) == {side: "trend hold"}  # still 8 bps away from its average
    desk.wait(8_000)
    assert held(desk) == {}
    word = "bids" if side > 0 else "asks"
    assert [text.partition(": the mid")[0] for _, text in said(desk)] == [
        f"perp:BTC: trend hold of {word}", f"perp:BTC: trend hold of {word} lifted",
    ]  # fmt: skip
    assert min(o.sz for o in desk.open(side)) > 5 and not desk.engine.protections.trips[0]  # a hold is no trip


def test_trend_window_s_is_how_long_the_average_remembers():
    for window, both in ((2.0, True), (60.0, False)):
        desk = quoted(trend_hold_bps=20.0, trend_window_s=window)
        for k in range(1, 11):
            move(desk, 1_000_000 + k * 300, 1_000)
        assert (held(desk) == {}) is both


def prints(desk, count, lots=1, gap_ms=10):
    for _ in range(count):
        desk.runner.advance(desk.now + gap_ms * MS)
        desk.event(Trade(desk.now, desk.now, 0, 1, 1_000_005, lots, 1))


BURST = {"burst_window_ms": 500, "burst_hold_s": 1.5}


def test_burst_trades_pull_at_once_and_for_burst_hold_s():
    desk = quoted(burst_trades=5, **BURST)
    before = desk.mark
    prints(desk, 4)
    assert not desk.cancels(before)
    prints(desk, 1)
    assert len(desk.cancels(before)) == 2  # with the trade itself, not with the next beat
    desk.wait(1_000)
    assert held(desk) == {1: "trade burst", -1: "trade burst"}
    desk.wait(1_000)
    assert held(desk) == {}
    assert next(text for _, text in said(desk)) == "perp:BTC: trade burst of both sides: 5 trades within 500 ms"


def test_burst_window_ms_forgets_what_is_older():
    desk = quoted(burst_trades=5, **BURST)
    prints(desk, 20, gap_ms=150)
    assert held(desk) == {} and said(desk) == []


def test_burst_volume_counts_size():
    desk = quoted(burst_volume=0.5, **BURST)
    prints(desk, 4, lots=120)
    assert held(desk) == {}
    prints(desk, 1, lots=20)
    desk.wait(100)
    assert held(desk) == {1: "trade burst", -1: "trade burst"}


def test_burst_lead_counts_the_trades_of_the_lead():
    coin = item("inverse", quote=False)  # contracts of 100 dollars: a thousandth of a bitcoin, one lot of ours
    desk = quoted(coin, leg="coin:BTC", burst_volume=0.5, burst_lead="only", **BURST)
    desk.wait(1_500)
    prints(desk, 1, lots=900)
    desk.wait(200)
    assert held(desk) == {}
    ts, before = desk.now + MS, desk.mark
    desk.event(Trade(ts, ts, 1, 1, 1_000_005, 499, 1))
    assert not desk.cancels(before)
    desk.event(Trade(ts, ts, 1, 2, 1_000_005, 1, 1))
    assert len(desk.cancels(before)) == 2  # with the trade itself
    desk.wait(3_000)
    assert desk.press("set", i=0, burst_lead="off").ok
    before = desk.mark
    desk.event(Trade(desk.now + MS, desk.now + MS, 1, 3, 1_000_005, 900, 1))
    assert not desk.cancels(before)
    desk.press("set", i=0, burst_lead="too", burst_trades=2, burst_volume=0.0)
    prints(desk, 1)
    desk.event(Trade(desk.now, desk.now, 1, 4, 1_000_005, 1, 1))
    assert len(desk.cancels(before)) == 2
    result = quoted().press("set", burst_lead="too")
    assert not result.ok and "without a lead" in result.text


def two(**quoting):
    return quoted(item("spot", quote=False), leg="cash:BTC", **quoting)


def test_leg_holds_both_sides_while_the_hedge_cannot_be_traded():
    desk = two()
    assert held(desk) == {}
    desk.gap(1)
    desk.wait(300)
    assert held(desk) == {1: "one-leg guard", -1: "one-leg guard"}
    desk.book(i=1)
    desk.wait(700)
    assert len(held(desk)) == 2
    desk.wait(600)
    assert held(desk) == {}
    assert [text for severity, text in said(desk) if severity == "warn"][-1].endswith("cash:BTC gap")


def test_leg_is_not_quotable_while_it_is_halted():
    desk = two()
    desk.halt(1)
    desk.wait(300)
    assert len(held(desk)) == 2 and said(desk)[-1][1].endswith("cash:BTC HALTED")


def test_a_leg_that_has_not_come_yet_is_no_trip():
    desk = Desk(setup_of(item("linear", leg="cash:BTC"), item("spot", quote=False)))
    desk.book(i=0)
    desk.press("start")
    desk.wait(300)
    assert held(desk) == {1: "one-leg guard", -1: "one-leg guard"}
    desk.book(i=1)
    desk.wait(300)
    assert held(desk) == {} and desk.one(1).sz == 10
    assert not desk.engine.protections.trips[0]


@pytest.mark.parametrize("leg", ["nowhere:BTC", "perp:BTC"])
def test_a_leg_must_be_another_instrument(leg):
    result = Desk().press("set", leg=leg)
    assert not result.ok and result.text == f"leg {leg!r} is no other instrument of this desk"


@given(
    moves=st.lists(st.tuples(st.integers(1, 400), st.integers(-50, 50)), min_size=1, max_size=60),
    span=st.integers(50, 3_000),
)
def test_the_range_is_that_of_the_samples_of_its_span(moves, span):
    one, ts, mid, seen = Range(span), 0, CALM, []
    for after, step in moves:
        ts, mid = ts + after, mid + step
        one.note(ts, mid)
        seen.append((ts, mid))
        inside = [m for t, m in seen if t >= ts - span]
        assert one.bps() == pytest.approx((max(inside) - min(inside)) / min(inside) * 1e4)


@pytest.mark.parametrize(
    ("params", "says"),
    [
        ({"vol_pause_bps": 5, "vol_resume_bps": 6}, "vol_resume_bps 6 is above vol_pause_bps 5"),
        ({"trend_hold_bps": 5, "trend_resume_bps": 6}, "trend_resume_bps 6 is above trend_hold_bps 5"),
        ({"toxic_bps": 1, "toxic_action": "widen", "toxic_widen_bps": 0}, "toxic_widen_bps is 0 while toxic_action"),
    ],
)
def test_numbers_of_a_guard_fit_together(params, says):
    result = Desk().press("set", **params)
    assert not result.ok and result.text.startswith(says)


def test_samples_are_taken_while_paused_and_nothing_is_said():
    desk = quoted(**VOL)
    desk.press("pause")
    move(desk, 1_002_500, 500)
    assert said(desk) == []
    desk.press("start")
    desk.wait(100)
    assert len(held(desk)) == 2 and len(said(desk)) == 1
    assert desk.now % SECOND >= 0
