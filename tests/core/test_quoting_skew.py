"""The lean: curve, dead band, targets; no sale below cost; EXIT NOW."""

import pytest
from desk_kit import Desk, item, resting, setup_of
from hypothesis import given
from hypothesis import strategies as st

from mmtui.core.quoting import skew
from mmtui.core.quoting.fair import touch
from mmtui.core.quoting.params_price import curve


def desk_of(*items, **quoting):
    return Desk(setup_of(*(items or (item("linear", **quoting),)))).running()


def lean(desk, position):
    return desk.engine.quoters[0].lean(position)


# -- curve and dead band -----------------------------------------------------------------------------------------------


def test_skew_curve_replaces_the_straight_skew():
    desk = desk_of(skew_bps=9.0, skew_curve="0:0, 0.5:1, 1:4")
    assert [lean(desk, lots) for lots in (0, 250, 500, 750, 1_000, 5_000)] == [0.0, -0.5, -1.0, -2.5, -4.0, -4.0]
    assert [lean(desk, -lots) for lots in (250, 1_000)] == [0.5, 4.0]
    assert desk.press("set", skew_curve="0.2:3").ok
    assert lean(desk, 100) == pytest.approx(-1.5) and lean(desk, 900) == -3.0  # flat beyond the last point
    assert desk.press("set", skew_curve="").ok
    assert lean(desk, 1_000) == -9.0


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("0.5", "'0.5' is no NAME:NUMBER"),
        ("a:1", "'a' is no share of the limit"),
        ("0.5:1, 0.5:2", "0.5 does not follow 0.5"),
        ("1.5:1", "1.5 is no share of the limit above 0 and up to 1"),
        ("0:1", "0 is no share of the limit above 0"),
        ("nan:1", "nan is no share of the limit"),
        ("0.5:-1", "-1 bps are below 0 or above 5000"),
    ],
)
def test_a_skew_curve_that_is_none_is_refused_in_words(text, words):
    result = Desk().press("set", skew_curve=text)
    assert not result.ok and words in result.text and "like" in result.text


@given(
    points=st.lists(
        st.tuples(st.floats(0.01, 1.0), st.floats(0, 100)), min_size=1, max_size=6, unique_by=lambda p: p[0]
    ),
    load=st.floats(-1, 1),
)  # fmt: skip
def test_a_curve_is_odd_and_stays_between_its_points(points, load):
    text = ", ".join(f"{at!r}:{bps!r}" for at, bps in sorted(points))
    made = curve(text)
    assert skew.on_curve(made, -load) == -skew.on_curve(made, load) or load == 0.0
    assert abs(skew.on_curve(made, load)) <= max(bps for _, bps in points) + 1e-9
    assert skew.on_curve(made, load) * load <= 0.0  # against the inventory


@given(load=st.floats(-1, 1), band=st.floats(0, 0.95))
def test_a_dead_band_leaves_the_ends_where_they_are(load, band):
    assert skew.banded(1.0, band) == pytest.approx(1.0)
    assert skew.banded(-1.0, band) == pytest.approx(-1.0)
    inside = skew.banded(load, band)
    assert inside == 0.0 if abs(load) <= band else 0.0 <= inside * load <= load * load + 1e-12


def test_dead_band_is_where_nothing_leans_with_and_without_a_model():
    desk = desk_of(skew_bps=8.0, dead_band=0.2, size_skew=0.5)
    assert [lean(desk, lots) for lots in (200, 600, 1_000)] == pytest.approx([0.0, -4.0, -8.0])
    desk.trade_into(200)
    desk.wait(300)
    assert desk.one(1).sz == desk.one(-1).sz == 10  # the size leans no more than the price
    model = {"spread_model": "glft", "sigma": "fixed", "sigma_bps": 1.0, "risk_aversion": 0.1}
    assert desk.press("set", **model).ok
    assert lean(desk, 200) == 0.0 > lean(desk, 300)
    assert desk.press("set", dead_band=0.0).ok
    assert lean(desk, 200) < 0.0


# -- targets -----------------------------------------------------------------------------------------------------------


def test_target_kind_equity_with_target_share_is_a_share_of_the_equity():
    desk = desk_of(target_kind="equity", target_share=0.05, skew_bps=10.0)  # of 1,000,000 at 100,000 a BTC
    desk.wait(200)
    quoter = desk.engine.quoters[0]
    assert quoter.target == 500
    assert lean(desk, 500) == 0.0 < lean(desk, 0)
    desk.press("set", target_share=-0.05)
    desk.wait(200)
    assert quoter.target == -500
    desk.press("set", target_kind="absolute")
    assert quoter.target == 0


def test_target_kind_trend_follows_momentum_in_full_from_target_trend_bps_on():
    means = {"momentum_fast_s": 0.1, "momentum_slow_s": 3_600.0}
    desk = desk_of(target_kind="trend", target_share=0.4, target_trend_bps=10.0, **means)
    desk.wait(200)
    quoter = desk.engine.quoters[0]
    assert quoter.target == 0
    desk.quote(1_000_495, 1_000_505)  # 5 bps up: half
    desk.wait(1_000)
    assert quoter.target == pytest.approx(200, abs=3)
    desk.quote(997_995, 998_005)
    desk.wait(2_000)
    assert quoter.target == -400
    desk.press("set", target_trend_bps=200.0)
    desk.wait(200)
    assert -60 < quoter.target < -20


# -- cost --------------------------------------------------------------------------------------------------------------


def test_cost_floor_sells_nothing_below_the_cost_of_a_long_and_buys_nothing_above_that_of_a_short():
    desk = desk_of(cost_floor=True)
    desk.trade_into(100, px=1_001_000)
    desk.wait(300)
    assert (desk.one(1).px, desk.one(-1).px) == (999_500, 1_001_000)
    lines = desk.engine.quoters[0].why(-1)
    assert lines[-1].label == "inventory cost" and sum(line.value for line in lines) == pytest.approx(1_001_000)
    desk.trade_into(-100, px=998_000)
    desk.wait(300)
    assert (desk.one(1).px, desk.one(-1).px) == (998_000, 1_000_500)
    assert desk.press("set", cost_floor=False).ok
    desk.wait(300)
    assert desk.one(1).px == 999_500


@given(position=st.integers(-5, 5), cost=st.floats(900, 1_100), step=st.integers(1, 9))
def test_the_cost_only_ever_moves_a_side_away_and_onto_its_step(position, cost, step):
    want = ((99 * step, 98 * step), (101 * step, 103 * step))
    bids, asks = skew.no_loss(want, position, cost, step)
    assert bids[0] <= want[0][0] and asks[0] >= want[1][0]
    assert bids[0] - bids[1] == step and asks[1] - asks[0] == 2 * step
    assert all(px % step == 0 for px in (*bids, *asks))
    if position > 0:
        assert asks[0] >= cost - 1e-6 and bids == want[0]
    if position < 0:
        assert bids[0] <= cost + 1e-6 and asks == want[1]


# -- EXIT NOW ----------------------------------------------------------------------------------------------------------


def test_exit_quotes_only_the_side_that_reduces_at_the_best_price_that_does_not_cross():
    desk = desk_of()
    desk.trade_into(15)
    result = desk.press("exit")
    assert result.ok and (result.before, result.after) == ("False", "True")
    desk.wait(300)
    quoter = desk.engine.quoters[0]
    assert not desk.open(1) and desk.one(-1).px == 1_000_004 and desk.one(-1).sz == 10  # a tick inside the touch
    assert quoter.reasons == {1: "EXIT NOW", -1: ""} and not quoter.why(1)
    lines = quoter.why(-1)
    assert lines[-1].label == "EXIT NOW" and sum(line.value for line in lines) == pytest.approx(1_000_004)
    desk.quote(1_000_003, 1_000_004)  # no room inside: it joins
    desk.wait(300)
    assert desk.one(-1).px == 1_000_004
    desk.trade_into(5)
    desk.wait(300)
    assert desk.one(-1).sz == 5  # no more than the position
    desk.trade_into(0)
    desk.wait(300)
    assert not desk.open() and quoter.reasons == {1: "EXIT NOW", -1: "EXIT NOW"}
    assert desk.press("exit").text == "EXIT NOW off"
    desk.wait(300)
    assert desk.one(1).px and desk.one(-1).px


def test_exit_waits_for_no_flow_control():
    desk = desk_of(cooldown_ms=60_000, sides="bid")
    desk.trade_into(15)
    desk.press("exit")
    desk.wait(300)
    assert desk.one(-1).px == 1_000_004


def test_exit_of_a_short_buys_and_passes_the_cost_over():
    desk = desk_of(cost_floor=True)
    desk.trade_into(-10, px=990_000)
    desk.press("exit")
    desk.wait(300)
    assert desk.one(1).px == 999_996 and not desk.open(-1)


def test_exit_does_not_chase_its_own_order_on_a_live_book():
    book = Desk()
    book.book(100, 110, size=10)
    book.delta(asks=[(109, 5)])
    bid, _, ask, _ = touch(book.engine.books[0], {1: [], -1: [resting(-1, 109, 5)]})
    assert skew.way_out(((90,), (120,)), 7, bid, ask, 1) == ((), (109,))


@given(
    position=st.integers(-3, 3), bid=st.integers(1, 1_000), gap=st.integers(1, 60), step=st.integers(1, 9),
)  # fmt: skip
def test_the_way_out_never_crosses_and_reduces(position, bid, gap, step):
    ask = bid + gap
    want = ((bid // step * step - step,), (ask // step * step + 2 * step,))
    bids, asks = skew.way_out(want, position, bid, ask, step)
    assert all(px < ask and px % step == 0 for px in bids)
    assert all(px > bid and px % step == 0 for px in asks)
    assert bool(bids) == (position < 0) and bool(asks) == (position > 0)
    if step == 1 and gap > 1:
        assert bids in ((), (bid + 1,)) and asks in ((), (ask - 1,))


def test_anyone_may_go_down_but_an_old_screen_may_not_end_it():
    desk = desk_of()
    version = desk.engine.version
    assert desk.press("exit", version=version).ok
    desk.press("pause")
    assert "look again" in desk.press("exit", version=version).text
    assert desk.engine.quoters[0].operator.exit
