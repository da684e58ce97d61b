"""Following the best price of others: join, improve, behind; dust, own orders, the profit floor; price bands."""

import pytest
from desk_kit import MS, Desk, item, setup_of
from live_desk import live, up

from mmtui.core.quoting.ladder import best_of_others, biggest_of_others


def quoted(bids=(999_300, 999_100), asks=(1_000_700, 1_000_900), **quoting):
    """The model's price is 999 500 and 1 000 500 (10 bps); others stand where a test says, behind a thin touch."""
    desk = Desk(setup_of(item("linear", **quoting)))
    desk.book(999_990, 1_000_010, size=1, levels=1)
    desk.delta([(px, 500) for px in bids], [(px, 500) for px in asks])
    desk.press("start")
    desk.wait(300)
    return desk


def pair(desk):
    return desk.one(1).px, desk.one(-1).px


@pytest.mark.parametrize(
    ("mode", "prices"),
    [
        ("off", (999_500, 1_000_500)),
        ("join", (999_300, 1_000_700)),
        ("improve", (999_301, 1_000_699)),
        ("behind", (999_299, 1_000_701)),
    ],
)
def test_best_price_moves_quotes_to_the_best_of_others_where_that_is_farther(mode, prices):
    desk = quoted(best_price=mode, best_depth=0.01)  # the touch of one lot is dust
    assert pair(desk) == prices


def test_best_price_never_moves_a_quote_nearer_than_the_model():
    desk = quoted(best_price="join")  # others stand at 999 990, nearer than the model's price
    assert pair(desk) == (999_500, 1_000_500)


def test_improve_goes_nearer_but_not_through_the_profit_floor():
    desk = quoted(best_price="improve", best_depth=0.01, bids=(999_600,), asks=(1_000_900,), improve=True)
    assert pair(desk) == (999_601, 1_000_899)
    desk.quote(999_990, 1_000_010)  # 10 000 lots at the touch: nothing is dust
    desk.wait(300)
    assert pair(desk) == (999_800, 1_000_200)  # the maker fee of 2 bps on either side of fair value
    desk.press("set", min_spread_bps=8.0)
    desk.wait(300)
    assert pair(desk) == (999_600, 1_000_400)


def test_best_price_ask_goes_its_own_way():
    desk = quoted(best_price="off", best_price_ask="join", best_depth=0.01)
    assert pair(desk) == (999_500, 1_000_700)
    desk.press("set", best_price="join", best_price_ask="off")
    desk.wait(300)
    assert pair(desk) == (999_300, 1_000_500)


def test_best_depth_counts_from_the_touch():
    desk = quoted(best_price="join", best_depth=0.01)
    assert pair(desk)[0] == 999_300
    desk.press("set", best_depth=0.501)  # 1 + 500 lots are passed over
    desk.wait(300)
    assert pair(desk)[0] == 999_100
    desk.press("set", best_depth=10.0)  # nobody stands so deep: the model's price
    desk.wait(300)
    assert pair(desk)[0] == 999_500


def test_further_rungs_go_with_the_first():
    desk = quoted(best_price="join", best_depth=0.01, levels=2, spacing_bps=1.0)
    assert [o.px for o in desk.open(1)] == [999_300, 999_200]


def test_the_quotes_follow_the_best_when_only_others_moved():
    desk = quoted(best_price="join", best_depth=0.01)
    desk.delta(bids=[(999_300, 0), (999_200, 50)])
    desk.wait(200)
    assert pair(desk) == (999_200, 1_000_700)


def test_own_orders_are_not_the_best():
    levels = [(100, 10), (99, 30), (98, 5)]
    assert best_of_others(levels, {}, 0) == 100
    assert best_of_others(levels, {100: 10}, 0) == 99
    assert best_of_others(levels, {100: 10, 99: 30}, 0) == 98
    assert best_of_others(levels, {100: 9}, 1) == 99
    assert best_of_others([], {}, 0) == 0


def test_a_live_desk_does_not_outbid_itself():
    desk, _ = up(live(item("linear", best_price="improve", fair_value="mid")))
    for order in desk.open():
        desk.accept(order.oid)
    desk.book(999_400, 1_000_600)
    for order in desk.open():
        desk.cancelled(order.oid)
    assert pair(desk) == (999_401, 1_000_599)
    for order in desk.open():
        desk.accept(order.oid)
    desk.quote(999_401, 1_000_599, sizes=(10, 10))  # the venue shows our ten lots as its best
    before = desk.mark
    desk.wait(2_000)
    assert not desk.cancels(before) and pair(desk) == (999_401, 1_000_599)
    desk.quote(999_401, 1_000_599, sizes=(25, 10))  # somebody joined the bid
    desk.wait(100)
    assert [effect.oid for effect in desk.cancels(before)] == [desk.one(1).oid]


def test_the_waterfall_has_a_line_for_it():
    desk = quoted(best_price="join", best_depth=0.01)
    for side, line in ((1, ("best price (join)", -200.0, 999_300.0)), (-1, ("best price (join)", 200.0, 1_000_700.0))):
        assert line in desk.engine.quoters[0].why(side)


# -- bands -----------------------------------------------------------------------------------------------------------


def reasons(desk):
    return desk.engine.quoters[0].reasons


def move(desk, mid, ms=300):
    desk.quote(mid - 5, mid + 5)
    desk.wait(ms)


def test_price_ceiling_holds_the_bids_above_it():
    desk = Desk(setup_of(item("linear", price_ceiling=100_100.0))).running()
    assert desk.open(1) and desk.open(-1)
    move(desk, 1_001_010)
    assert not desk.open(1) and desk.open(-1) and reasons(desk)[1] == "price ceiling"
    move(desk, 1_000_950)  # not a whole bp inside
    assert not desk.open(1)
    move(desk, 1_000_890)
    assert desk.open(1)


def test_price_floor_holds_the_asks_below_it():
    desk = Desk(setup_of(item("linear", price_floor=99_900.0))).running()
    move(desk, 998_990)
    assert desk.open(1) and not desk.open(-1) and reasons(desk)[-1] == "price floor"


@pytest.mark.parametrize(
    ("key", "mid", "held", "why"),
    [
        ("moving_band_above_pct", 1_010_100, 1, "moving price band: above"),
        ("moving_band_below_pct", 989_900, -1, "moving price band: below"),
    ],
)
def test_moving_bands_hold_a_side_beyond_their_reference(key, mid, held, why):
    desk = Desk(setup_of(item("linear", **{key: 1.0}))).running()
    move(desk, mid)
    assert not desk.open(held) and desk.open(-held) and reasons(desk)[held] == why


def test_moving_band_s_takes_the_reference_anew():
    desk = Desk(setup_of(item("linear", moving_band_above_pct=1.0, moving_band_s=5.0))).running()
    move(desk, 1_010_100, 1_000)
    assert not desk.open(1)
    desk.wait(5_000)  # no message of the market is needed
    assert desk.open(1)
    assert desk.engine.quoters[0].flow.bands.reference == pytest.approx(1_010_100, rel=1e-6)
    assert desk.now % MS == 0


# -- the biggest order, and the inverse modes --------------------------------------------------------------------------


def test_biggest_of_others_leaves_own_lots_out():
    levels = [(100, 10), (99, 30), (98, 30), (97, 5)]
    assert biggest_of_others(levels, {}) == 99
    assert biggest_of_others(levels, {99: 1}) == 98
    assert biggest_of_others([], {}) == 0


def test_best_price_biggest_stands_a_tick_before_the_biggest_order():
    desk = quoted(best_price="biggest")
    desk.delta(bids=[(999_000, 900)], asks=[(1_000_800, 900)])
    desk.wait(200)
    assert pair(desk) == (999_001, 1_000_799)
    desk.delta(bids=[(999_600, 5_000)])  # nearer than the model's price: only with improve
    desk.wait(200)
    assert pair(desk)[0] == 999_500
    desk.press("set", improve=True)
    desk.wait(200)
    assert pair(desk)[0] == 999_601


@pytest.mark.parametrize(("mode", "nearer"), [("inverse-join", 0), ("inverse-top", 1)])
def test_the_inverse_modes_quote_at_the_touch_only_while_it_is_narrower_than_the_own_width(mode, nearer):
    desk = quoted(best_price=mode, best_depth=0.01, improve=True, bids=(999_700,), asks=(1_000_300,))
    assert pair(desk) == (999_700 + nearer, 1_000_300 - nearer)  # others 6 bps apart, own width 10
    desk.delta(bids=[(999_700, 0), (999_300, 500)], asks=[(1_000_300, 0), (1_000_700, 500)])
    desk.wait(200)
    assert not desk.open() and set(reasons(desk).values()) == {"market wider than the quotes"}
    desk.delta(bids=[(999_700, 500)], asks=[(1_000_300, 500)])
    desk.wait(200)
    assert pair(desk) == (999_700 + nearer, 1_000_300 - nearer)


def test_an_inverse_mode_of_one_side_holds_that_side_alone():
    desk = quoted(best_price="off", best_price_ask="inverse-join", best_depth=0.01)  # others 14 bps apart
    assert desk.one(1).px == 999_500 and not desk.open(-1)


def test_best_depth_with_behind_stands_right_after_so_much_of_the_book():
    desk = quoted(best_price="behind", best_depth=0.5)
    assert pair(desk) == (999_299, 1_000_701)  # 1 + 500 lots are more than 500
    desk.press("set", best_depth=0.501)
    desk.wait(200)
    assert pair(desk) == (999_099, 1_000_901)
