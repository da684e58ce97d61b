"""What a fill is paired with: the price of the closing side, sides that only close, orders that stay, wide markets."""

from __future__ import annotations

import pytest
from desk_kit import MS, SECOND, Desk, item, setup_of
from hypothesis import given
from hypothesis import strategies as st

from mmtui.core.events import Trade
from mmtui.core.orders.table import State
from mmtui.core.quoting.params import Quoting
from mmtui.core.quoting.pongs import Pongs
from mmtui.tape import image


def desk_of(**quoting):
    return Desk(setup_of(item("linear", **quoting))).running()


def pair(desk):
    return desk.one(1).px, desk.one(-1).px


def move(desk, mid, ms=300):
    desk.quote(mid - 5, mid + 5)
    desk.wait(ms)


def take(desk, side):
    """A taker of the market takes our first order of a side in whole."""
    px = side * max(side * o.px for o in desk.open(side))
    ts = desk.now + MS
    desk.event(Trade(ts, ts, 0, 1, px, 10, -side))
    desk.wait(300)


# -- the price of the closing side -------------------------------------------------------------------------------------


def test_pong_last_keeps_pong_bps_from_the_last_fill_of_the_other_side():
    desk = desk_of(pong="last", pong_bps=20.0)
    desk.trade_into(10, px=1_000_000)
    move(desk, 1_000_000)
    assert pair(desk) == (999_500, 1_002_000)  # no sale within 20 bps of the purchase
    assert ("pong", 1_500.0, 1_002_000.0) in desk.engine.quoters[0].why(-1)
    move(desk, 1_004_000)
    assert pair(desk)[1] == 1_004_502  # fair value is beyond it: the model's price
    assert desk.press("set", pong_bps=60.0).ok
    desk.wait(300)
    assert pair(desk)[1] == 1_006_000
    desk.press("set", pong="off")
    desk.wait(300)
    assert pair(desk)[1] == 1_004_502


def test_pong_restart_gives_the_loss_up_when_fair_value_went_the_wrong_way():
    desk = desk_of(pong="restart", pong_bps=20.0, ping_at="none")
    desk.trade_into(10, px=1_000_000)
    move(desk, 998_500)
    assert desk.one(-1).px == 1_002_000
    move(desk, 997_000)  # 30 bps below the purchase: from here on fair value counts
    assert desk.one(-1).px == 998_994
    held = desk_of(pong="last", pong_bps=20.0, ping_at="none")
    held.trade_into(10, px=1_000_000)
    move(held, 997_000)
    assert held.one(-1).px == 1_002_000


@pytest.mark.parametrize(("kind", "price"), [("short", 1_001_000), ("average", 1_002_500), ("long", 1_003_000)])
def test_pong_short_average_and_long_choose_among_what_is_open(kind, price):
    pongs = Pongs(Quoting(pong=kind, pong_bps=0.0), None)
    pongs.filled(1, 1_001_000, 10, 0)
    pongs.filled(1, 1_003_000, 30, 0)
    assert pongs.bound(-1, 1.0, 0) == price and pongs.bound(1, 1.0, 0) == 0.0
    pongs.filled(-1, 1_004_000, 10, 0)  # closes ten of them
    assert pongs.bound(-1, 1.0, 0) == 1_003_000
    pongs.filled(-1, 1_004_000, 40, 0)  # closes the rest, and opens ten sales
    assert pongs.bound(-1, 1.0, 0) == 0.0 and pongs.bound(1, 1.0, 0) == 1_004_000


@given(
    kind=st.sampled_from(("short", "average", "long")),
    fills=st.lists(st.tuples(st.sampled_from((1, -1)), st.integers(900, 1_100), st.integers(1, 50)), max_size=30),
)  # fmt: skip
def test_what_is_open_is_the_net_of_the_fills_on_one_side(kind, fills):
    pongs = Pongs(Quoting(pong=kind), None)
    net = 0
    for side, px, lots in fills:
        pongs.filled(side, px, lots, 0)
        net += side * lots
    opened = {side: sum(lots for _, _, lots in pongs.open[side]) for side in (1, -1)}
    assert opened[1] - opened[-1] == net and not (opened[1] and opened[-1])


def test_pong_fair_keeps_the_distance_from_fair_value_too():
    desk = desk_of(pong="last", pong_bps=20.0, pong_fair=True)
    desk.trade_into(10, px=1_000_000)
    move(desk, 1_003_000)
    assert pair(desk)[1] == 1_005_006
    desk.press("set", pong_fair=False)
    desk.wait(300)
    assert pair(desk)[1] == 1_003_502


def test_pong_memory_s_forgets():
    desk = desk_of(pong="last", pong_bps=20.0, pong_memory_s=3.0)
    desk.trade_into(10, px=1_000_000)
    desk.wait(1_000)
    assert pair(desk)[1] == 1_002_000
    desk.wait(3_000)
    assert pair(desk)[1] == 1_000_500


def test_a_ladder_keeps_the_distance_with_every_rung_and_exit_passes_it_over():
    desk = desk_of(pong="last", pong_bps=20.0, levels=3, spacing_bps=2.0)
    desk.trade_into(10, px=1_000_000)
    desk.wait(300)
    assert sorted(o.px for o in desk.open(-1)) == [1_002_000, 1_002_200, 1_002_400]
    desk.press("exit")
    desk.wait(300)
    assert min(o.px for o in desk.open(-1)) < 1_000_500


# -- sides that only close ---------------------------------------------------------------------------------------------


def test_ping_at_bid_lets_the_asks_only_close():
    desk = desk_of(ping_at="bid")
    assert len(desk.open(1)) == 1 and not desk.open(-1)
    assert desk.engine.quoters[0].reasons[-1] == "only closes"
    desk.trade_into(4)
    desk.wait(300)
    assert desk.one(-1).left == 4 and desk.one(1).left == 10
    desk.press("set", ping_at="none")
    desk.wait(300)
    assert not desk.open(1) and desk.one(-1).left == 4
    desk.trade_into(2)
    desk.wait(300)
    assert desk.one(-1).left == 2  # never more than there is


# -- orders that stay --------------------------------------------------------------------------------------------------


def test_hanging_leaves_the_order_opposite_where_it_stands_and_quotes_a_new_pair():
    desk = desk_of(hanging=True)
    old = desk.one(-1)
    take(desk, 1)
    move(desk, 999_000)
    asks = sorted(o.px for o in desk.open(-1))
    assert old.state is State.LIVE and asks == [999_500, 1_000_500]
    assert desk.one(1).px == 998_500
    take(desk, -1)  # the nearest of them: its own partner stays, too
    assert sorted(o.px for o in desk.open(1))[0] == 998_500 and old in desk.open(-1)
    again = image.decode(image.encode(desk.engine))
    assert again.state_hash() == desk.engine.state_hash()
    ts = desk.now + MS
    desk.event(Trade(ts, ts, 0, 1, old.px, 30, 1))
    desk.wait(300)
    assert not old.open and old not in desk.engine.quoters[0].hanging.orders


def test_hanging_cancel_bps_and_hanging_age_s_end_it():
    desk = desk_of(hanging=True, hanging_cancel_bps=40.0, hanging_age_s=5.0)
    old = desk.one(-1)
    take(desk, 1)
    desk.wait(3_000)
    assert old.state is State.LIVE
    desk.wait(2_500)
    assert not old.open
    old = desk.one(-1)
    take(desk, 1)
    move(desk, 996_000)
    assert not old.open


@pytest.mark.parametrize("act", ["reduce", "pause", "exit", "kill"])
def test_what_pulls_the_quotes_takes_the_orders_that_stay_as_well(act):
    desk = desk_of(hanging=True)
    old = desk.one(-1)
    take(desk, 1)
    assert old.open
    desk.press(act)
    desk.wait(300)
    assert not old.open


def test_hanging_turned_off_takes_them_out():
    desk = desk_of(hanging=True)
    old = desk.one(-1)
    take(desk, 1)
    desk.press("set", hanging=False)
    desk.wait(300)
    assert not old.open and len(desk.open()) == 2
    desk.press("set", levels=2)
    assert desk.engine.quoters[0].hanging is None


# -- wide markets ------------------------------------------------------------------------------------------------------


def test_wide_market_size_grows_the_sizes_while_others_stand_far_apart():
    desk = desk_of(wide_market=3.0, wide_market_size=2.0)
    assert desk.one(1).left == 10
    desk.book(998_000, 1_002_000)  # 40 bps, own width 10
    desk.wait(300)
    assert desk.engine.quoters[0].boost == 2.0 and desk.engine.quoters[0].sizes.of[1] == (20,)
    desk.book()
    desk.wait(300)
    assert desk.engine.quoters[0].sizes.of[1] == (10,)


def test_wide_market_fills_lets_a_side_be_filled_more_often():
    desk = desk_of(wide_market=3.0, wide_market_fills=2.0, max_fills=1, max_fills_s=600.0)
    desk.trade_into(10)
    desk.wait(300)
    assert desk.engine.quoters[0].reasons[1] == "fills in the window"
    desk.book(998_000, 1_002_000)
    desk.wait(300)
    assert desk.engine.quoters[0].reasons[1] == ""
    desk.trade_into(20)
    desk.wait(300)
    assert desk.engine.quoters[0].reasons[1] == "fills in the window"


def test_a_minute_with_everything_on_replays_exactly():
    on = {"pong": "average", "hanging": True, "ping_at": "bid", "wide_market": 1.0, "wide_market_size": 2.0}
    desk = desk_of(**on, best_price="inverse-top", improve=True, levels=2)
    for k in range(20):
        move(desk, 1_000_000 + (-1) ** k * 40 * k, ms=200)
        if desk.open(1):
            take(desk, 1)
    again = type(desk.engine)(desk.setup)
    for event, effects in zip(desk.events, desk.effects, strict=True):
        assert again.process(event) == effects
    assert again.state_hash() == desk.engine.state_hash() and desk.now > 4 * SECOND > MS
