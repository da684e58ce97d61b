"""Rungs and sizes of a ladder, one test a parameter; and what holds for every ladder."""

from itertools import pairwise

import pytest
from desk_kit import Desk, item, setup_of
from hypothesis import given
from hypothesis import strategies as st

from mmtui.core.quoting import ladder
from mmtui.core.quoting.checks import misfit
from mmtui.core.quoting.params import Quoting


def quoted(**quoting):
    return Desk(setup_of(item("linear", **quoting))).running()


def test_spacing_list_gives_each_rung_its_own_distance():
    desk = quoted(levels=3, spacing="list", spacing_list="1, 5")
    assert [o.px for o in desk.open(1)] == [999_500, 999_400, 999_000]
    assert [o.px for o in desk.open(-1)] == [1_000_500, 1_000_600, 1_001_000]
    desk.press("set", spacing_list="2,4")
    desk.wait(500)
    assert sorted(o.px for o in desk.open(1)) == [999_100, 999_300, 999_500]


def test_size_list_gives_each_rung_its_own_size():
    desk = quoted(levels=3, size_profile="list", size_list="1, 0, 2.5")
    assert [(o.level, o.sz) for o in desk.open(1)] == [(0, 10), (2, 25)]


def test_equity_pct_sizes_the_first_rung_by_equity():
    desk = quoted(levels=2, equity_pct=0.5, size_profile="linear", size_factor=2.0)
    # 0.5 % of 1 000 000 USDT at 100 000.0 is 0.05 BTC, 50 lots
    assert [o.sz for o in desk.open(1)] == [50, 100]
    assert desk.engine.gate.position_limits == [1_000]
    desk.press("set", equity_pct=0)
    desk.wait(500)
    assert [o.sz for o in desk.open(1)] == [10, 20]


def test_equity_pct_counts_profit_and_follows_the_price():
    desk = quoted(equity_pct=0.5)
    desk.press("pause")
    desk.wait(1_100)
    desk.book(499_995, 500_005)
    desk.press("start")
    desk.wait(1_500)
    assert desk.one(1).sz == 100  # half the price: twice the lots
    desk.trade_into(1_000, px=400_000)  # bought 1 BTC 10 000 below: equity is 1 010 000
    desk.wait(1_500)
    assert desk.engine.quoters[0].sizes.unit == pytest.approx(101, abs=1)


def test_a_coin_margined_contract_is_worth_its_dollars():
    desk = Desk(setup_of(item("inverse", equity_pct=0.1))).running()
    assert desk.one(1).sz == 10  # 1000 USDT are ten contracts of 100 USD


@pytest.mark.parametrize(
    ("params", "key", "says"),
    [
        ({"spacing_list": "1;2"}, "spacing_list", "give numbers with commas"),
        ({"spacing": "list", "levels": 3, "spacing_list": "1"}, "spacing_list", "has 1 distances; levels = 3 needs 2"),
        ({"spacing": "list", "levels": 3, "spacing_list": "2, 1"}, "spacing_list", "give growing distances"),
        ({"size_list": "a"}, "size_list", "give numbers with commas"),
        ({"size_profile": "list", "levels": 2, "size_list": "1"}, "size_list", "has 1 sizes; levels = 2 needs 2"),
        ({"size_profile": "list", "size_list": "0"}, "size_list", "not all 0"),
        ({"size_profile": "list", "size_list": "nan"}, "size_list", "give numbers with commas"),
        ({"price_floor": 5, "price_ceiling": 4}, "price_floor", "is not below price_ceiling 4"),
        ({"min_spread_bps": 5, "max_spread_bps": 4}, "min_spread_bps", "5 is above max_spread_bps 4"),
    ],
)
def test_what_does_not_fit_is_one_sentence_and_is_not_set(params, key, says):
    found, why = misfit(Quoting(**params))
    assert found == key and says in why
    desk = Desk()
    before = desk.engine.quoters[0].params
    result = desk.press("set", **params)
    assert not result.ok and result.text == f"{key} {why}"
    assert desk.engine.quoters[0].params == before


shapes = st.fixed_dictionaries(
    {
        "levels": st.integers(1, 20),
        "spacing": st.sampled_from(("linear", "geometric")),
        "spacing_bps": st.floats(0, 100),
        "spacing_factor": st.floats(1, 2),
    }
)


@given(
    shape=shapes, fair=st.floats(1_000, 2_000_000), half=st.floats(0, 300), skew=st.floats(-100, 100),
    tick=st.integers(1, 40), step=st.integers(1, 5), data=st.data(),
)  # fmt: skip
def test_a_ladder_never_crosses_itself_rounds_outwards_and_comes_nearer_only_with_improve(
    shape, fair, half, skew, tick, step, data
):
    offsets = ladder.rungs(Quoting(**shape))
    touch = int(fair) - tick + 1, int(fair) + tick
    model = ladder.prices(fair, half, skew, offsets, *touch, step)
    unit = fair * 1e-4
    bounds = data.draw(st.sampled_from((False, True)))
    out = []
    for side, want in ((1, model[0]), (-1, model[1])):
        for offset, px in zip(offsets, want, strict=True):
            assert side * px <= side * (fair + (skew - side * (half + offset)) * unit) + 1e-6  # rounds outwards
        mode = data.draw(st.sampled_from(("join", "improve", "behind")))
        best = int(fair) - side * data.draw(st.integers(0, 400))
        bound = ladder.nearest(side, fair, 1.0, touch[1] if side > 0 else touch[0], step) if bounds else None
        moved = ladder.by_best(side, want, mode, best, bound, step)
        if bound is None:
            assert all(side * a <= side * b for a, b in zip(moved, want, strict=True)), "only away"
        else:
            assert side * moved[0] <= max(side * want[0], side * bound), "never beyond the floor"
            assert side * bound <= side * fair * (1 - side * 1e-4) + 1e-6
        out.append(moved)
    for side, px in ((1, out[0]), (-1, out[1])):
        assert all(side * a > side * b for a, b in pairwise(px))
        assert all(p % step == 0 for p in px)
    assert model[0][0] < model[1][0]
    assert out[0][0] < touch[1] and out[1][0] > touch[0], "never takes"
