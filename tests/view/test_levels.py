"""Grouping of levels on one axis."""

from hypothesis import given
from hypothesis import strategies as st

from mmtui.link.parts import BookView, Level
from mmtui.view.formats import UNIT, Scale
from mmtui.view.levels import adjusting, auto_step, column, cumulate, nice_top, order_row, place, steps_for, sum_column


def book(bids, asks):
    return BookView(
        id="x",
        valid=True,
        state="ok",
        age_ms=1,
        seq=1,
        prints=[],
        bids=[Level(*b) for b in bids],
        asks=[Level(*a) for a in asks],
    )


def test_asks_group_upwards_and_bids_downwards(model):
    scale = model.scales["sim-usdm:BTCUSDT"]
    col = column("x", "x", book([(616_600, 50), (616_595, 10)], [(616_601, 20), (616_611, 30)]), scale, UNIT, 0)
    assert {row: round(size, 3) for row, size in col.asks.items()} == {61_661: 0.02, 61_662: 0.03}
    assert {row: round(size, 3) for row, size in col.bids.items()} == {61_660: 0.05, 61_659: 0.01}


@given(st.lists(st.tuples(st.integers(1, 10**7), st.integers(1, 10**6)), max_size=40), st.integers(1, 500))
def test_grouping_loses_no_size(levels, factor):
    from fakeframes import INSTRUMENTS

    scale = Scale(INSTRUMENTS[1])
    col = column("x", "x", book(levels, levels), scale, scale.tick_u * factor, 0)
    total = sum(size for _, size in levels) * scale.lot
    assert abs(sum(col.bids.values()) - total) < 1e-6 * max(1, total)
    assert abs(sum(col.asks.values()) - total) < 1e-6 * max(1, total)
    for row in col.asks:
        assert any(-(-px // factor) == row for px, _ in levels)


def test_own_orders_stand_in_the_row_of_their_level(model):
    scale = model.scales["sim-usdm:BTCUSDT"]
    for order in model.frame.orders:
        levels = [(order.px, 7)]
        col = column(
            "x", "x", book(levels if order.side > 0 else [], levels if order.side < 0 else []), scale, 2 * UNIT, 0
        )
        assert order_row(order, scale, 2 * UNIT) in (col.bids if order.side > 0 else col.asks)


def test_inverse_sizes_are_in_base(model):
    scale = model.scales["sim-coinm:BTCUSD_PERP"]
    col = column("x", "x", book([(500_000, 500)], []), scale, UNIT, 0)
    assert col.bids == {50_000: 1.0}  # 500 contracts of 100 USD at 50,000


def test_the_sum_keeps_to_one_kind_and_quote_unless_adjusted(model):
    chosen = "sim-usdm:BTCUSDT"
    model.adjust = False
    alone = sum_column(model, UNIT, chosen, 0)
    assert alone.head == "Σ usdt linear"
    one = column(chosen, "", model.books[chosen], model.scales[chosen], UNIT, 0)
    assert alone.bids == one.bids
    model.adjust = True
    every = sum_column(model, UNIT, chosen, 0)
    assert every.head == "Σ basis-adj"
    assert sum(every.bids.values()) > sum(one.bids.values())


def test_only_a_lone_market_is_adjusted_by_itself(model):
    assert adjusting(model)
    model.adjust = False
    assert not adjusting(model)


def test_an_invalid_book_is_not_summed(model):
    model.adjust = True
    chosen = "sim-usdm:BTCUSDT"
    before = sum(sum_column(model, UNIT, chosen, 0).bids.values())
    model.books["sim-spot:BTCUSDT"].valid = False
    assert sum(sum_column(model, UNIT, chosen, 0).bids.values()) < before


def test_cumulated_sizes_grow_outwards(model):
    chosen = "sim-usdm:BTCUSDT"
    col = column(chosen, "", model.books[chosen], model.scales[chosen], UNIT, 0)
    cumulate(col)
    asks = [col.asks[row] for row in sorted(col.asks)]
    bids = [col.bids[row] for row in sorted(col.bids, reverse=True)]
    assert asks == sorted(asks)
    assert bids == sorted(bids)


def test_prices_stand_still_until_the_middle_leaves_the_calm_part(model):
    assert place(model, "BTC", 5, 20, 1_000) == 1_010
    assert place(model, "BTC", 5, 20, 1_003) == 1_010
    assert place(model, "BTC", 5, 20, 1_006) == 1_016, "recentred"
    assert place(model, "BTC", 10, 20, 500) == 510, "another step recentres"


def test_steps_are_nice_multiples_of_the_tick(model):
    scale = model.scales["sim-usdm:BTCUSDT"]
    mid = 61_660 * UNIT
    steps = steps_for(scale, mid)
    assert steps[:4] == [UNIT // 10, UNIT // 5, UNIT // 2, UNIT]
    assert steps == sorted(steps)
    step = auto_step(scale, mid, 24, 20 * UNIT)
    assert step * 11 >= 20 * UNIT


def test_bar_scales_are_round():
    assert [nice_top(v) for v in (0.0, 0.7, 1.0, 3.0, 12.0)] == [1.0, 1.0, 1.0, 5.0, 20.0]
