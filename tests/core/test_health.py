"""Liquidity health: depth as far as the book is known, the rule, resilience; and the flow of orders and trades."""

import math

import pytest
from desk_kit import DAY0, MS, SECOND, Desk, item, setup_of
from hypothesis import given
from hypothesis import strategies as st

from mmtui.core.earn.flow import SAMPLES, SLOT, Decay, Recent
from mmtui.core.earn.health import NOTHING, Resilience, depth_lots, health, verdict
from mmtui.core.earn.queueing import fill_probability, lots_before, poisson_tail
from mmtui.core.events import BookSnapshot, Trade
from mmtui.core.market.book import OrderBook

MID = 1_000_000  # ticks of 0.1; a lot is worth 100 USDT


def book_of(levels, size=100, gap=1_000, touch=50):
    book = OrderBook()
    bids, asks = [MID - touch - k * gap for k in range(levels)], [MID + touch + k * gap for k in range(levels)]
    book.snapshot(BookSnapshot(DAY0, DAY0, 0, 1, bids, [size] * levels, asks, [size] * levels))
    return book


def grid_of(desk=None):
    return (desk or Desk(setup_of(item("linear")))).engine.accounts[0].grid


def test_depth_is_said_as_far_as_the_book_is_known():
    found = health(book_of(6), grid_of(), [])  # to 5,050 ticks: 0.505 %
    assert found.known_pct == pytest.approx(0.505)
    assert [(one.pct, one.known) for one in found.depths] == [(0.1, True), (1.0, False), (2.0, False)]
    assert found.depths[0].bid == found.depths[0].ask == 10_000  # one level of 100 lots at 100
    assert found.depths[1].bid == found.depths[2].bid == 60_000  # what is known, marked as such
    assert found.spread_pct == pytest.approx(0.01)
    assert (found.healthy, found.why) == (None, "known to ±0.51 % only, 120,000 there")


@pytest.mark.parametrize(
    ("total", "complete", "spread", "healthy"),
    [(500_001, True, 0.29, True), (500_000, True, 0.29, False), (500_001, True, 0.3, False),
     (500_001, False, 0.29, True), (500_000, False, 0.29, None), (10**9, False, 0.3, False)],
)  # fmt: skip
def test_the_rule_of_a_healthy_market(total, complete, spread, healthy):
    found, why = verdict(total, complete, 0.25, spread)
    assert found is healthy
    assert bool(why) is (healthy is not True)


def test_a_deep_book_is_healthy_and_a_thin_one_is_not():
    assert health(book_of(30, size=300), grid_of(), []).healthy is True
    thin = health(book_of(30), grid_of(), [])
    assert (thin.healthy, thin.why) == (False, "depth 200,000 within ±1 % is not more than 500,000")
    assert health(book_of(30, size=10**6, touch=1_500), grid_of(), []).why == "spread 0.300 % is not under 0.3 %"


def test_without_a_book_nothing_is_said():
    assert health(OrderBook(), grid_of(), []) == NOTHING
    assert NOTHING.healthy is None


def test_the_own_share_counts_live_orders_within_one_percent():
    desk = Desk(setup_of(item("linear", size=0.1))).running(levels=300, gap=50, size=10)
    found = health(desk.engine.books[0], grid_of(desk), desk.open())
    assert found.own_share == pytest.approx(200 / (2 * 200 * 10))


@given(
    prices=st.dictionaries(st.integers(1, 3_000), st.integers(1, 99), min_size=1, max_size=900),
    bound=st.integers(0, 3_100),
)
def test_depth_is_the_sum_of_the_levels_whatever_window_is_kept_sorted(prices, bound):
    book = OrderBook()
    book.snapshot(BookSnapshot(DAY0, DAY0, 0, 1, list(prices), list(prices.values()), [4_000], [1]))
    assert depth_lots(book.bids, bound) == sum(size for px, size in prices.items() if px >= bound)
    book.snapshot(BookSnapshot(DAY0, DAY0, 0, 1, [0], [1], list(prices), list(prices.values())))
    assert depth_lots(book.asks, bound) == sum(size for px, size in prices.items() if px <= bound)


# -- resilience --------------------------------------------------------------------------------------------------------


def swept(taken, after, back_ms):
    """A side of 1,000 lots; `taken` trade, `after` are left, until so long after."""
    one = Resilience()
    full, left = book_of(1, size=1_000), book_of(1, size=after)
    one.beat(DAY0, full, 1, 0, True)
    one.beat(DAY0 + 100 * MS, left, 1, taken, False)
    for k in range(2, 900):
        one.beat(DAY0 + k * 100 * MS, full if k * 100 >= 100 + back_ms else left, 1, 0, k % 10 == 0)
    return one


@pytest.mark.parametrize(("taken", "after", "count"), [(101, 899, 1), (100, 900, 0), (900, 100, 1), (0, 100, 0)])
def test_only_more_than_a_tenth_of_the_depth_is_a_sweep(taken, after, count):
    assert swept(taken, after, 2_000).count == count


def test_resilience_is_the_time_until_nine_tenths_are_back():
    one = swept(500, 899, 2_300)
    assert (one.seconds(), one.last, one.lost) == (2.3, 2_300 * MS, 0)
    assert swept(500, 900, 2_300).seconds() == 0.1  # nine tenths are there at the next beat
    assert swept(500, 899, 10**9).lost == 1
    assert swept(500, 899, 10**9).seconds() is None


def test_the_desk_sees_a_sweep_of_its_market():
    desk = Desk(setup_of(item("linear")))
    desk.book()
    desk.wait(2_000)
    desk.event(Trade(desk.now, desk.now, 0, 1, MID + 5, 30_000, 1))
    desk.delta(asks=[(MID + 5 + k, 0) for k in range(6)])
    desk.wait(1_500)
    desk.delta(asks=[(MID + 5 + k, 10_000) for k in range(6)])
    desk.wait(200)
    ask, bid = desk.engine.earn.resilience[0][-1], desk.engine.earn.resilience[0][1]
    assert ask.count == 1 and bid.count == 0
    assert ask.seconds() == pytest.approx(1.5, abs=0.21)


# -- flow --------------------------------------------------------------------------------------------------------------


def test_orders_fills_and_messages_are_counted_by_side():
    desk = Desk(setup_of(item("linear", levels=2))).running()
    flow = desk.engine.earn.flows[0]
    assert (flow.placed[1], flow.placed[-1], flow.messages) == (2, 2, 4)
    first = next(order for order in desk.open(1) if order.level == 0)
    desk.fill(first.oid, 1)
    desk.fill(first.oid, 1)  # the same order again
    assert (flow.filled[1], flow.filled[-1]) == (1, 0)
    assert (flow.fill_ratio(1), flow.fill_ratio(-1), flow.fill_ratio()) == (0.5, 0.0, 0.25)
    sent, cancels = len(desk.places()), len(desk.cancels())
    desk.press("cancel")
    assert flow.messages == len(desk.places()) + len(desk.cancels()) > sent + cancels


def test_presence_counts_the_time_at_the_best_price():
    desk = Desk(setup_of(item("linear", spread_bps=0.1))).running()  # 10 ticks: at the touch
    desk.wait(2_000)
    flow = desk.engine.earn.flows[0]
    assert flow.presence(1) > 0.9 and flow.presence(-1) > 0.9
    wide = Desk(setup_of(item("linear", spread_bps=10.0))).running()
    wide.wait(2_000)
    assert wide.engine.earn.flows[0].total > SECOND
    assert wide.engine.earn.flows[0].presence(1) == 0.0
    total = flow.total
    desk.press("pause")
    desk.wait(1_000)
    assert flow.total - total <= 100 * MS


def test_the_recent_rate_forgets_after_a_minute():
    recent = Recent()
    for k in range(120):
        recent.add(DAY0 + k * SECOND, 1 if k % 3 else -1, 3)
    now = DAY0 + 119 * SECOND
    rate, mean = recent.rate(now, 1)
    assert mean == 3.0
    assert rate == pytest.approx(40 / 60, rel=0.05)
    assert recent.rate(now, -1)[0] == pytest.approx(20 / 60, rel=0.05)
    assert recent.rate(now + 6 * SLOT, 1) == (0.0, 0.0)


@pytest.mark.parametrize("phi", [0.5, 0.9, 0.99])
def test_half_life_is_that_of_an_exponential_decay(phi):
    decay = Decay()
    for k in range(SAMPLES + 1):
        decay.sample(int(10**12 * phi**k * 10**18))
    assert decay.half_life() == pytest.approx(math.log(0.5) / math.log(phi), rel=1e-4)


@pytest.mark.parametrize("path", [[5] * 100, [1, -1] * 50, [0] * 100, range(1, 100), [5, 4]])
def test_inventory_that_does_not_come_back_has_no_half_life(path):
    decay = Decay()
    for deviation in path:
        decay.sample(deviation)
    assert decay.half_life() is None


@given(n=st.integers(0, 60), expected=st.floats(0.01, 40))
def test_the_tail_of_poisson_is_the_textbooks(n, expected):
    below = sum(math.exp(-expected) * expected**k / math.factorial(k) for k in range(n))
    assert poisson_tail(n, expected) == pytest.approx(max(0.0, 1 - below), abs=1e-9)


@pytest.mark.parametrize(
    ("n", "expected", "p"), [(1, 0.0, 0.0), (0, 0.0, 1.0), (10, 5_000.0, 1.0), (9_000, 5_000.0, 0.0)]
)
def test_the_tail_holds_at_its_ends(n, expected, p):
    assert poisson_tail(n, expected) == pytest.approx(p, abs=1e-6)


def test_fill_probability_falls_with_what_is_ahead_and_rises_with_what_trades():
    desk = Desk(setup_of(item("linear", spread_bps=0.1, levels=2))).running(size=10)
    recent, book = Recent(), desk.engine.books[0]
    best, behind = sorted(desk.open(1), key=lambda order: order.level)
    best.ahead = 20
    behind.ahead = -1
    assert lots_before(book, best) == 20
    assert lots_before(book, behind) >= 10 + book.size_at(1, behind.px)
    now = desk.now
    assert fill_probability(book, best, recent, now) == 0.0
    seen = []
    for _ in range(3):
        for _ in range(20):
            recent.add(now, -1, 10)
        seen.append(fill_probability(book, best, recent, now))
    assert 0 < seen[0] < seen[1] < seen[2] <= 1
    assert fill_probability(book, behind, recent, now) < seen[2]
    best.ahead = 0
    assert fill_probability(book, best, recent, now) > seen[2]
    sell = desk.open(-1)[0]
    assert fill_probability(book, sell, recent, now) == 0.0, "sellers do not take asks"
