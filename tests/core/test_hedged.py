"""Quoting against a hedge venue: no nearer than a fill, hedged there at once, earns what it is to earn."""

from __future__ import annotations

import pytest
from desk_kit import Desk, item, setup_of
from hypothesis import given
from hypothesis import strategies as st

from mmtui.core.quoting.hedged import filled_at, worst_price

LEVELS = [(100, 10), (99, 20), (97, 5)]


@pytest.mark.parametrize(
    ("skip", "lots", "price"),
    [
        (0, 5, 100.0), (0, 10, 100.0), (0, 20, 99.5), (0, 35, (1_000 + 1_980 + 485) / 35), (0, 36, 0.0),
        (10, 20, 99.0), (10, 25, (1_980 + 485) / 25), (5, 10, 99.5), (35, 1, 0.0),
    ],
)  # fmt: skip
def test_the_mean_price_of_a_depth(skip, lots, price):
    assert filled_at(LEVELS, skip, lots) == pytest.approx(price)


@given(
    side=st.sampled_from((1, -1)), v=st.floats(1, 1e6), maker=st.floats(-5, 20), taker=st.floats(0, 20),
    edge=st.floats(-50, 50),
)  # fmt: skip
def test_a_fill_at_the_floor_hedged_at_v_earns_the_edge_after_both_fees(side, v, maker, taker, edge):
    p = worst_price(side, v, maker, taker, edge)
    earned = side * (v * (1 - side * taker * 1e-4) - p * (1 + side * maker * 1e-4)) / p * 1e4
    assert earned == pytest.approx(edge, abs=1e-6)


def desk_of(leg_book=(999_995, 1_000_005), leg=None, size=10_000, gap=1, **quoting):
    """A perpetual (maker 2 bps) that is hedged at spot (taker 4 bps); the model alone quotes 999 500 and 1 000 500."""
    mine = {"leg": "cash:BTC", "hedge_floor": True, **quoting}
    desk = Desk(setup_of(leg or item("spot", quote=False), item("linear", **mine)))
    desk.book(*leg_book, size=size, gap=gap)
    desk.book(i=1)
    desk.press("start")
    desk.wait(1_500)
    return desk


def pair(desk):
    return [o.px for o in desk.open(1, 1)], sorted(o.px for o in desk.open(-1, 1))


@pytest.mark.parametrize(
    ("changes", "bid", "ask"),
    [
        ({"hedge_edge_bps": -5.0}, 999_500, 1_000_500),  # the model's own prices are far enough
        ({}, 999_395, 1_000_606),  # 999 995 (1 - 4 bps) / (1 + 2 bps)
        ({"hedge_edge_bps": 3.0}, 999_095, 1_000_906),
        ({"hedge_slippage_bps": 2.0}, 999_195, 1_000_806),
        ({"leg_book": (998_995, 1_001_005)}, 998_395, 1_001_606),  # the leg's spread is paid
        ({"leg_book": (1_000_995, 1_001_005)}, 999_500, 1_001_606),  # the leg is above: only the asks are bound
    ],
)
def test_hedge_floor_keeps_hedge_edge_bps_after_both_fees_and_hedge_slippage_bps(changes, bid, ask):
    changes = {"hedge_cancel_bps": changes.get("hedge_edge_bps", 0.0), **changes}
    desk = desk_of(**changes)
    assert pair(desk) == ([bid], [ask])
    quoter = desk.engine.quoters[1]
    for side, px, model in ((1, bid, 999_500), (-1, ask, 1_000_500)):
        if px != model:
            assert (f"hedged at {'cash:BTC'}", float(px - model), float(px)) in quoter.why(side)


def test_the_depth_of_the_leg_for_the_orders_size_counts_and_each_rung_stands_behind_the_one_before():
    desk = desk_of(size=15, gap=1_000, levels=2, spacing_bps=0.1)  # leg's bids 999 995, 998 995, ... of 15 lots
    # first rung: 10 lots at 999 995; second: 5 at 999 995 and 5 at 998 995
    assert pair(desk)[0] == [999_395, 998_895]


def test_a_rung_that_cannot_be_hedged_is_not_quoted_and_the_side_says_so():
    desk = desk_of(size=1, levels=1)  # 20 levels of one lot hold our ten
    assert len(desk.open(i=1)) == 2
    desk.book(size=1, levels=5)
    desk.wait(300)
    assert not desk.open(i=1)
    assert set(desk.engine.quoters[1].reasons.values()) == {"hedge depth"}
    desk.book()
    desk.wait(300)
    assert len(desk.open(i=1)) == 2


def test_hedge_cancel_bps_takes_an_order_out_at_once_whatever_tolerance_and_least_life_say():
    slow = {"min_life_ms": 600_000, "requote_tolerance_bps": 50.0}
    desk = desk_of(hedge_edge_bps=2.0, hedge_cancel_bps=0.0, **slow)
    (bid,) = pair(desk)[0]
    assert bid == 999_195
    desk.quote(999_895, 999_905)  # a hedged fill earns 1 bp now
    desk.wait(300)
    assert pair(desk)[0] == [bid]
    desk.quote(999_795, 999_805)  # 0 bps: at the bound
    desk.wait(300)
    assert pair(desk)[0] == [bid]
    desk.quote(999_695, 999_705)
    desk.wait(300)
    assert pair(desk)[0] == [998_895]


def test_the_floor_follows_every_message_of_the_leg():
    desk = desk_of()
    before = desk.mark
    desk.quote(998_995, 999_005)
    assert desk.cancels(before)  # not on the beat: with the message
    desk.wait(200)
    assert pair(desk)[0] == [998_395]


def test_the_legs_currency_and_contracts_are_converted():
    leg = item("inverse", quote=False)  # contracts of 100 dollars, coin-margined
    desk = desk_of(leg=leg, size=10)  # ten contracts are 1 000 dollars: 0.01 BTC at 100 000
    desk.press("set", i=1, leg="coin:BTC")
    desk.wait(1_500)
    assert pair(desk) == ([999_395], [1_000_606])
    desk.book(size=10, levels=1)  # exactly ours, and the first level does not hold more
    desk.wait(300)
    assert pair(desk)[0] == [999_395]


def test_exit_now_passes_the_floor_over():
    desk = desk_of(hedge_edge_bps=50.0)
    desk.trade_into(10, i=1)
    desk.press("exit", i=1)
    desk.wait(300)
    assert pair(desk)[1] == [1_000_004]


def test_hedge_floor_needs_a_leg_and_a_cancel_bound_below_its_edge():
    desk = desk_of()
    assert "hedge_floor needs a leg" in desk.press("set", i=1, leg="").text
    assert "is above hedge_edge_bps" in desk.press("set", i=1, hedge_cancel_bps=1.0).text


def test_the_whole_replays_exactly():
    desk = desk_of(levels=3, hanging=True)
    assert desk.open(i=1)
    for k in range(15):
        desk.quote(999_995 + 37 * (-1) ** k * k, 1_000_005 + 40 * (-1) ** k * k, i=k % 2)
        desk.wait(150)
    again = type(desk.engine)(desk.setup)
    for event, effects in zip(desk.events, desk.effects, strict=True):
        assert again.process(event) == effects
    assert again.state_hash() == desk.engine.state_hash()
