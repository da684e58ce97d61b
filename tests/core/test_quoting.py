"""From a book to quotes: rounding, width, skew, sizes, when an order is moved; and every price has its reason."""

from decimal import Decimal
from itertools import pairwise

import pytest
from desk_kit import Desk, item, setup_of
from hypothesis import assume, given
from hypothesis import strategies as st

from mmtui.core.events import BestQuote, BookSnapshot, GridRefined
from mmtui.core.market.book import OrderBook
from mmtui.core.quoting import ladder, model
from mmtui.core.quoting.fair import fair_value
from mmtui.core.quoting.params import REFERENCE, Quoting
from mmtui.core.quoting.volatility import Volatility
from mmtui.core.quoting.waterfall import waterfall

fairs = st.floats(100, 2_000_000)
halves = st.floats(0, 500)
skews = st.floats(-300, 300)
offsets = st.lists(st.floats(0, 50), min_size=1, max_size=5).map(lambda more: (0.0, *sorted(more)))


@given(fair=fairs, half=halves, skew=skews, rungs=offsets, tick=st.integers(1, 50))
def test_a_quote_is_never_closer_than_the_model_says_and_never_takes(fair, half, skew, rungs, tick):
    bid, ask = int(fair) - tick + 1, int(fair) + tick
    assume(bid > 0)
    bids, asks = ladder.prices(fair, half, skew, rungs, bid, ask)
    unit = fair * 1e-4
    for rung, mine_bid, mine_ask in zip(rungs, bids, asks, strict=True):
        assert mine_bid <= fair + (skew - half - rung) * unit + 1e-6
        assert mine_ask >= fair + (skew + half + rung) * unit - 1e-6
    assert bids[0] < ask and asks[0] > bid  # post-only
    assert bids[0] < asks[0]  # own quotes never meet
    assert all(a > b for a, b in pairwise(bids))
    assert all(a < b for a, b in pairwise(asks))


@given(fair=fairs, half=st.floats(1, 500), skew=skews)
def test_rounding_costs_less_than_a_tick(fair, half, skew):
    bids, asks = ladder.prices(fair, half, skew, (0.0,), 1, 1 << 40)
    unit = fair * 1e-4
    assert fair + (skew - half) * unit - bids[0] < 1
    assert asks[0] - (fair + (skew + half) * unit) < 1


@given(
    side=st.sampled_from((1, -1)), fair=fairs, half=halves, inventory=skews, operator=skews,
    clip=st.integers(1, 10**7), mine=st.integers(0, 10**7),
)  # fmt: skip
def test_the_waterfall_adds_up_and_ends_at_the_quote(side, fair, half, inventory, operator, clip, mine):
    shifts = [("inventory skew", inventory), ("operator skew", operator)]
    ends = [("kept post-only", clip), ("held within tolerance", mine)]
    lines = waterfall(side, fair, shifts, [("half-spread", 2 * half)], ends)
    total = 0.0
    for line in lines:
        total += line.value
        assert line.after == pytest.approx(total, rel=1e-9, abs=1e-6)
    if mine:
        assert lines[-1].after == mine


def test_the_waterfall_of_a_desk_ends_at_its_resting_orders():
    desk = Desk(setup_of(item("linear", skew_bps=4.0))).running()
    desk.trade_into(500)
    desk.press("skew", bps=1.0)
    desk.wait(500)
    for side in (1, -1):
        lines = desk.engine.quoters[0].why(side)
        assert [line.label for line in lines[:4]] == ["fair", "inventory skew", "operator skew", "half-spread"]
        assert lines[-1].after == desk.one(side).px


# -- fair value ----------------------------------------------------------------------------------------------------


def book_of(bids, asks):
    book = OrderBook()
    book.snapshot(BookSnapshot(1, 1, 0, 1, *map(list, zip(*bids, strict=True)), *map(list, zip(*asks, strict=True))))
    return book


def test_fair_values():
    book = book_of([(100, 30), (98, 10)], [(104, 10), (105, 30)])
    assert fair_value(book, Quoting(fair_value="mid"), 0) == 102
    assert fair_value(book, Quoting(fair_value="micro"), 0) == 103  # more bids than asks: nearer to the ask
    assert fair_value(book, Quoting(fair_value="other"), 77.5) == 77.5
    assert fair_value(book, Quoting(fair_value="weighted", fair_depth=2), 0) == (99.5 + 104.75) / 2


@given(
    bids=st.dictionaries(st.integers(1, 100), st.integers(1, 99), min_size=1, max_size=8),
    asks=st.dictionaries(st.integers(101, 200), st.integers(1, 99), min_size=1, max_size=8),
    kind=st.sampled_from(("mid", "micro", "weighted")), quoted=st.booleans(),
)  # fmt: skip
def test_fair_value_lies_inside_what_it_is_made_of(bids, asks, kind, quoted):
    book = book_of(list(bids.items()), list(asks.items()))
    if quoted:
        book.best_quote(BestQuote(2, 2, 0, 9, max(bids), 1, min(asks), 1))
    fair = fair_value(book, Quoting(fair_value=kind, fair_depth=3), 0)
    low, high = (min(bids), max(asks)) if kind == "weighted" else (max(bids), min(asks))
    assert low <= fair <= high


def test_priced_from_another_venue_the_quotes_follow_it():
    lead = item("spot", quote=False)
    follower = item("linear", fair_value="other", fair_source="cash:BTC")
    desk = Desk(setup_of(lead, follower))
    desk.running()
    assert (desk.one(1, 1).px, desk.one(-1, 1).px) == (999_500, 1_000_500)
    desk.quote(1_000_195, 1_000_205, i=0)
    desk.wait(100)
    assert (desk.one(1, 1).px, desk.one(-1, 1).px) == (999_699, 1_000_701)  # own book did not move


# -- width ---------------------------------------------------------------------------------------------------------


def test_spread_is_the_full_width_and_the_offset_adds_half_a_side():
    desk = Desk().running()
    assert desk.one(-1).px - desk.one(1).px == 1_000  # 10 bps of 1 000 000 ticks
    desk.press("spread", bps=2.0)
    desk.wait(500)
    assert (desk.one(1).px, desk.one(-1).px) == (999_400, 1_000_600)


def operator(**changes):
    one = model.Operator()
    for name, value in changes.items():
        setattr(one, name, value)
    return one


def test_wide_doubles_the_width_volatility_and_offset_included():
    assert model.full_width(Quoting(), operator(spread_bps=1.0), 16.0) == 17
    assert model.full_width(Quoting(), operator(spread_bps=1.0, wide=True), 16.0) == 34
    desk = Desk(setup_of(item("linear", vol_factor=2.0))).running()
    desk.engine.quoters[0].volatility.variance = (3e-4) ** 2  # 3 bps a square root of a second
    assert desk.engine.quoters[0].width() == 16


@pytest.mark.parametrize(("offset", "width"), [(-9.0, 4.0), (500.0, 50.0)])
def test_the_width_keeps_its_bounds(offset, width):
    params = Quoting(spread_bps=10, min_spread_bps=4, max_spread_bps=50)
    assert model.full_width(params, operator(spread_bps=offset), params.spread_bps) == width


def test_wide_doubles_the_width_and_halves_the_size_and_again_undoes_it():
    desk = Desk().running()
    desk.press("wide")
    desk.wait(500)
    assert (desk.one(1).px, desk.one(-1).px, desk.one(1).sz) == (999_000, 1_001_000, 5)
    desk.press("wide")
    desk.wait(500)
    assert (desk.one(1).px, desk.one(-1).px, desk.one(1).sz) == (999_500, 1_000_500, 10)


def test_volatility_is_that_of_the_moves_a_second():
    volatility, mid = Volatility(1.0), 2_000_000
    for k in range(200):
        mid = 2_000_000 if k % 2 else 2_002_000
        volatility.note((k + 1) * 10**9, mid)
    assert volatility.bps(1.0) == pytest.approx(10, rel=0.01)  # 10 bps every second
    assert volatility.bps(4.0) == pytest.approx(20, rel=0.01)


# -- skew and size -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("position", "sign"), [(500, -1), (-500, 1)])
def test_long_leans_to_sell_and_short_leans_to_buy(position, sign):
    desk = Desk(setup_of(item("linear", skew_bps=4.0, size_skew=0.0))).running()
    desk.trade_into(position)
    desk.wait(500)
    assert desk.one(1).px == 999_500 + sign * 200  # half the limit: 2 of 4 bps
    assert desk.one(-1).px == 1_000_500 + sign * 200


def test_skew_is_measured_from_the_target():
    desk = Desk(setup_of(item("linear", skew_bps=4.0, target="0.5"))).running()
    assert desk.one(1).px == 999_500 + 200  # short of its target: leans to buy
    desk.trade_into(500)
    desk.wait(500)
    assert desk.one(1).px == 999_500


def test_the_operators_skew_moves_both_quotes_up_for_plus():
    desk = Desk().running()
    result = desk.press("skew", bps=1.0)
    assert "LEAN BUY" in result.after
    desk.wait(500)
    assert (desk.one(1).px, desk.one(-1).px) == (999_600, 1_000_600)
    assert "LEAN SELL" in desk.press("skew", bps=-2.0).after


def test_the_side_that_adds_shrinks_and_the_other_does_not():
    desk = Desk(setup_of(item("linear", size=0.1, size_skew=0.5))).running()
    desk.trade_into(600)
    desk.wait(500)
    desk.quote(1_000_095, 1_000_105)
    desk.wait(500)
    assert (desk.one(1).sz, desk.one(-1).sz) == (70, 100)


def test_reduce_quotes_only_what_reduces_and_no_more_than_there_is():
    desk = Desk(setup_of(item("linear", size=0.1))).running()
    desk.trade_into(30)
    desk.press("reduce")
    desk.wait(500)
    assert not desk.open(1)
    assert desk.engine.quoters[0].reasons[1] == "REDUCE"
    assert desk.one(-1).sz == 30
    desk.press("reduce")
    desk.wait(500)
    assert desk.open(1) and desk.open(-1)


def test_at_the_limit_only_the_other_side_is_quoted():
    desk = Desk(setup_of(item("linear", max_position="0.05"))).running()
    desk.trade_into(50)
    desk.wait(500)
    assert not desk.open(1) and desk.open(-1)
    assert desk.engine.quoters[0].reasons[1] == "position limit"


@pytest.mark.parametrize("size", [0.001, 0.003, 0.006, 0.007, 0.057, 0.29, 0.3, 0.7, 1.1, 2.3])
def test_a_configured_size_is_that_many_lots_exactly(size):
    setup = setup_of(item("linear", size=size, max_position=str(size * 2), baseline="0.3"))
    quoter = Desk(setup).engine.quoters[0]
    quoter.sizes.resize(quoter, 0, 0)
    assert quoter.sizes.of[1] == (int(Decimal(str(size)) / Decimal("0.001")),)
    assert quoter.limit == int(Decimal(str(size * 2)) / Decimal("0.001"))


def test_levels_spacing_and_profile():
    params = Quoting(
        levels=4, spacing_bps=2, spacing="geometric", spacing_factor=2, size_profile="exponential", size_factor=2
    )
    assert ladder.rungs(params) == (0, 2, 6, 14)
    assert ladder.shape(params) == (1, 2, 4, 8)
    assert ladder.rungs(Quoting(levels=3, spacing_bps=2)) == (0, 2, 4)
    assert ladder.shape(Quoting(levels=3, size_profile="linear", size_factor=1.5)) == (1, 1.5, 2)
    assert ladder.shape(Quoting(levels=3)) == (1, 1, 1)


def test_a_ladder_stands_in_the_market_as_configured():
    desk = Desk(setup_of(item("linear", levels=3, spacing_bps=2.0))).running()
    assert sorted(o.px for o in desk.open(1)) == [999_100, 999_300, 999_500]
    assert sorted(o.px for o in desk.open(-1)) == [1_000_500, 1_000_700, 1_000_900]
    desk.press("set", levels=1)
    desk.wait(500)
    assert [o.px for o in desk.open(1)] == [999_500]


def test_a_limit_below_one_lot_quotes_nothing_and_breaks_nothing():
    desk = Desk(setup_of(item("linear", max_position="0.0005"))).running()
    assert not desk.open()
    assert all(desk.engine.quoters[0].reasons.values())


# -- when an order is moved ------------------------------------------------------------------------------------------


def test_within_its_tolerance_an_order_is_left_where_it_is():
    desk = Desk(setup_of(item("linear", requote_tolerance_bps=1.0))).running()
    before = {o.oid for o in desk.open()}
    desk.quote(1_000_085, 1_000_095)  # 0.9 bps up
    desk.wait(500)
    assert {o.oid for o in desk.open()} == before
    desk.quote(1_000_145, 1_000_155)
    desk.wait(500)
    assert not {o.oid for o in desk.open()} & before


def test_a_young_order_is_not_moved_but_a_protection_pulls_it():
    desk = Desk(setup_of(item("linear", min_life_ms=5_000))).running()
    before = {o.oid for o in desk.open()}
    desk.quote(1_000_195, 1_000_205)
    desk.wait(1_000)
    assert {o.oid for o in desk.open()} == before
    desk.gap()
    desk.wait(100)
    assert not desk.open()


def test_one_order_a_rung_the_next_when_the_last_is_proven_gone():
    desk = Desk(execution="deaf")
    desk.book()
    desk.press("start")
    for order in desk.open():
        desk.accept(order.oid)
    before = desk.mark
    desk.quote(1_000_195, 1_000_205)
    assert len(desk.cancels(before)) == 2 and not desk.places(before)
    desk.cancelled(desk.one(1).oid)
    assert [e.side for e in desk.places(before)] == [1]


def test_quotes_are_post_only():
    desk = Desk().running()
    assert {e.tif for e in desk.places()} == {"GTX"}
    desk.press("set", spread_bps=0.00001)
    desk.wait(500)
    assert desk.one(1).px < 1_000_005 and desk.one(-1).px > 999_995


def test_every_side_without_a_quote_has_a_reason():
    desk = Desk(setup_of(item("linear"), item("spot", quote=False)))
    seen = []

    def check(event, effects):
        for quoter in desk.engine.quoters:
            for side in (1, -1):
                if not any(quoter.slots[side]):
                    assert quoter.reasons[side], (event, side)
                    seen.append(quoter.reasons[side])

    desk.after = check
    desk.running()
    desk.press("cancel", side="buy")
    desk.wait(300)
    desk.gap()
    desk.wait(500)
    desk.press("kill")
    desk.wait(500)
    assert {"cancelled by ann", "gap", "KILLED", "PAUSED", "not quoted (config)"} <= set(seen)


def test_a_finer_grid_moves_no_quote():
    desk = Desk().running()
    desk.event(GridRefined(desk.now, 0, "0.01", "0.0001", 10, 10))
    desk.wait(500)
    assert (desk.one(1).px, desk.one(-1).px, desk.one(1).sz) == (9_995_000, 10_005_000, 100)
    assert desk.engine.gate.position_limits == [10_000]


def test_every_parameter_stands_in_the_reference():
    assert set(REFERENCE) == set(Quoting.__struct_fields__)
