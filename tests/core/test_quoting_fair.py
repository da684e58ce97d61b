"""Fair value: every kind, blends, own orders out of the book, basis, and no quotes without a price."""

import pytest
from desk_kit import DAY0, MS, SECOND, Desk, item, resting, setup_of

from mmtui.core.events import GridRefined, MarkPrice, Trade
from mmtui.core.orders.table import State
from mmtui.core.quoting import fair, params_fair
from mmtui.core.quoting.ewma import Ewma
from mmtui.core.quoting.params import Quoting


def desk_of(*items, mode="paper", **quoting):
    items = items or (item("linear", **quoting),)
    return Desk(setup_of(*items, mode=mode))


def quoter(desk, i=0):
    return desk.engine.quoters[i]


def trade(desk, px, side=1, sz=10, i=0):
    ts = desk.now + MS
    desk.event(Trade(ts, ts, i, 1, px, sz, side))


def mark(desk, price, index=0.0, i=0):
    ts = desk.now + MS
    desk.event(MarkPrice(ts, ts, i, round(price * 1e8), round(index * 1e8), 0, 0))


def test_fair_value_last_is_the_last_trade_and_quotes_follow_it():
    desk = desk_of(fair_value="last").running()
    assert quoter(desk).reasons == {1: "no fair value", -1: "no fair value"} and not desk.open()
    trade(desk, 1_000_003)
    desk.wait(100)
    assert quoter(desk).fair == 1_000_003.0 and desk.open(1) and desk.open(-1)
    trade(desk, 999_901)
    assert quoter(desk).fair == 999_901.0  # no book update was needed
    desk.wait(300)
    assert desk.one(1).px == 999_401


def test_fair_value_ewma_with_fair_tau_s_follows_the_mid_slowly():
    desk = desk_of(fair_value="ewma", fair_tau_s=2.0).running()
    desk.quote(1_001_995, 1_002_005)
    moved = desk.now
    desk.wait(2_000, alive=False)
    expected = 1_002_000 - 2_000 * 2.718281828459045 ** -((desk.now - moved) / (2 * SECOND))
    assert quoter(desk).fair == pytest.approx(expected, abs=20)
    assert desk.press("set", fair_tau_s=0.05).ok
    desk.wait(1_000, alive=False)
    assert quoter(desk).fair == pytest.approx(1_002_000, abs=1)


def test_how_often_a_mean_is_noted_changes_nothing():
    seldom, often = Ewma(3.0), Ewma(3.0)
    for one in (seldom, often):
        one.note(DAY0, 100.0)
        one.note(DAY0 + SECOND, 110.0)
    for k in range(1, 50):
        often.note(DAY0 + SECOND + k * 100 * MS, 110.0)
    at = DAY0 + 7 * SECOND
    assert often.at(at) == pytest.approx(seldom.at(at), rel=1e-12) and 100 < often.at(at) < 110


def test_fair_value_mark_and_index_are_the_venues_own():
    desk = desk_of(fair_value="mark").running()
    mark(desk, 100_010.0, 100_020.0)
    desk.wait(100)
    assert quoter(desk).fair == pytest.approx(1_000_100)
    assert desk.press("set", fair_value="index").ok
    assert quoter(desk).fair == pytest.approx(1_000_200)
    mark(desk, 100_010.0, 99_990.0)
    assert quoter(desk).fair == pytest.approx(999_900)


def test_a_price_that_is_gone_leaves_the_side_unquoted():
    desk = desk_of().running()
    assert desk.open()
    assert desk.press("set", fair_value="mark").ok  # no mark has come
    desk.wait(300)
    assert not desk.open() and quoter(desk).reasons[1] == "no fair value" and not quoter(desk).why(1)


def three(**quoting):
    """Spot in EUR, linear in USDT (quoted), inverse in USD, all of BTC; and a market that tells what a EUR is."""
    euro = item("spot", quote=False, instrument_changes={"quote": "EUR", "settle": "EUR"})
    coin = item("inverse", quote=False)
    rate = item("spot", quote=False, instrument_changes={
        "id": "fx:EUR", "venue": "fx", "symbol": "EUR", "base": "EUR", "tick": "0.0001", "lot": "1",
    })  # fmt: skip
    desk = desk_of(item("linear", **quoting), euro, coin, rate)
    desk.book(i=0)
    desk.book(799_995, 800_005, i=1, size=1_000)  # EUR
    desk.book(1_000_995, 1_001_005, i=2, size=50)
    desk.book(12_499, 12_501, i=3)  # 1.25 USDT a EUR
    desk.press("start")
    desk.wait(100)
    return desk


def test_fair_value_other_is_converted_from_another_currency():
    desk = three(fair_value="other", fair_source="cash:BTC")
    assert quoter(desk).fair == pytest.approx(1_000_000, abs=1)
    desk.quote(800_795, 800_805, i=1)
    desk.wait(100)
    assert quoter(desk).fair == pytest.approx(1_001_000, abs=1)


def test_fair_value_consolidated_weighs_every_market_of_the_base_by_size_at_the_touch():
    desk = three(fair_value="consolidated")
    sizes = [20_000 * 0.001, 2_000 * 0.001, 100 * 100 / 100_100.0]  # in BTC
    mids = [1_000_000, 1_000_000, 1_001_000]
    expected = sum(m * s for m, s in zip(mids, sizes, strict=True)) / sum(sizes)
    assert quoter(desk).fair == pytest.approx(expected, abs=1e-3)
    desk.gap(i=0)  # a market that cannot be quoted from does not count
    desk.quote(800_795, 800_805, i=1, sizes=(10_000, 10_000))
    desk.book(i=0)
    desk.wait(2_000)
    assert quoter(desk).fair == pytest.approx((1_000_000 * 20 + 1_001_000 * 20.1) / 40.1, rel=1e-5)


def test_fair_blend_weighs_kinds():
    desk = desk_of(fair_value="blend", fair_blend="mid:0.75, mark:0.25").running()
    assert quoter(desk).reasons[1] == "no fair value"
    mark(desk, 100_004.0)
    assert quoter(desk).fair == pytest.approx(1_000_010)
    assert desk.press("set", fair_blend="mid:1, mark:3").ok  # scaled to a sum of 1
    assert quoter(desk).fair == pytest.approx(1_000_030)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "'' is no NAME:NUMBER"),
        ("micro", "'micro' is no NAME:NUMBER"),
        ("micro:x", "'micro:x' is no NAME:NUMBER"),
        ("micro:inf", "no NAME:NUMBER"),
        ("bid:1", "'bid' is no kind of fair value; there are mid, micro"),
        ("mid:0.5, mid:0.5", "mid stands twice"),
        ("mid:-1", "the weight of mid is -1; give one above 0"),
    ],
)
def test_a_blend_that_is_none_is_refused_in_words(text, words):
    desk = Desk().running()
    result = desk.press("set", fair_value="blend", fair_blend=text)
    assert not result.ok and words in result.text and "like" in result.text
    assert quoter(desk).params.fair_value == "micro"


def test_fair_depth_says_how_deep_weighted_looks():
    desk = desk_of(fair_value="weighted", fair_depth=1).running()
    desk.delta(bids=[(999_994, 90_000)])
    shallow = quoter(desk).fair
    assert shallow == 1_000_000.0
    desk.press("set", fair_depth=2)
    assert quoter(desk).fair > shallow


# -- own orders --------------------------------------------------------------------------------------------------------


def test_own_size_is_taken_out_and_a_level_of_our_own_is_passed_over():
    desk = Desk()
    desk.book(100, 102, size=10, levels=3)
    book = desk.engine.books[0]
    assert fair.touch(book, {1: [], -1: []}) == (100, 10, 102, 10)
    assert fair.touch(book, {1: [resting(1, 100, 4)], -1: [None]}) == (100, 6, 102, 10)
    assert fair.touch(book, {1: [resting(1, 100, 10)], -1: []}) == (99, 10, 102, 10)
    assert fair.touch(book, {1: [resting(1, 100, 4, State.SENT)], -1: []}) == (100, 10, 102, 10)  # not there yet
    all_mine = {1: [resting(1, px, 10) for px in (100, 99, 98)], -1: []}
    assert fair.touch(book, all_mine)[0] == 100  # nobody else is there


def live_desk(**quoting):
    """A desk whose own bid of 10 lots is the best of the book, alone."""
    setup = setup_of(item("linear", fair_value="mid", **quoting))
    desk = Desk(setup)
    desk.running()
    live = fair.Fair(setup.instruments[0].quoting, True, None)
    desk.quote(desk.one(1).px + 0, 1_000_005, sizes=(10, 10_000))
    return desk, live


@pytest.mark.parametrize(("filters", "mid"), [(True, (999_000 + 1_000_005) / 2), (False, (999_500 + 1_000_005) / 2)])
def test_fair_filter_own_takes_own_orders_out_on_a_live_desk(filters, mid):
    desk, live = live_desk(fair_filter_own=filters)
    desk.delta(bids=[(px, 0) for px in range(999_976, 999_996)] + [(999_500, 10), (999_000, 500)])
    assert desk.one(1).px == 999_500
    assert live.value(desk.engine.market.feeds, 0, quoter(desk).slots, desk.now) == mid


def test_only_a_live_desk_looks_for_its_orders_in_the_book():
    for mode, plain in (("paper", True), ("live", False)):
        desk = Desk(setup_of(mode=mode), start=False)
        assert quoter(desk).plain is plain
        quoter(desk).derive(Quoting(fair_filter_own=False))
        assert quoter(desk).plain


# -- basis -------------------------------------------------------------------------------------------------------------


def test_basis_fixed_adds_basis_bps_to_the_leads_price():
    follower = item("linear", fair_value="other", fair_source="cash:BTC", basis="fixed", basis_bps=20.0)
    desk = desk_of(item("spot", quote=False), follower).running()
    assert quoter(desk, 1).fair == pytest.approx(1_002_000)


def test_basis_learned_finds_the_mean_difference_within_basis_tau_s():
    follower = item("linear", fair_value="other", fair_source="cash:BTC", basis="learned", basis_tau_s=1.0)
    desk = desk_of(item("spot", quote=False), follower).running()
    for k in range(100):  # the perpetual stands 30 bps above spot
        desk.quote(1_002_994 + k % 2, 1_003_006, i=1)
        desk.wait(100)
    assert quoter(desk, 1).fair == pytest.approx(1_003_000, abs=20)
    desk.quote(1_000_995, 1_001_005, i=0)  # spot leads
    desk.wait(50, alive=False)
    assert quoter(desk, 1).fair == pytest.approx(1_004_003, abs=60)


def test_a_lead_that_is_needed_has_to_be_an_instrument_of_the_desk():
    desk = desk_of(item("spot", quote=False), item("linear")).running()
    for change in ({"fair_value": "other"}, {"fair_value": "blend", "fair_blend": "other:1"}):
        result = desk.press("set", i=1, **change)
        assert result.text == "fair_source '' is no instrument of this desk"


def test_a_finer_grid_moves_no_mean():
    desk = desk_of(fair_value="ewma").running()
    desk.quote(1_001_995, 1_002_005)
    before = quoter(desk).steps.fair.mean.at(desk.now)
    desk.event(GridRefined(desk.now, 0, "0.01", "0.0001", 10, 10))
    assert quoter(desk).steps.fair.mean.at(desk.now) == pytest.approx(10 * before)


def test_every_kind_of_a_blend_is_a_kind_of_fair_value():
    assert set(fair._KINDS) == set(params_fair.KINDS)
