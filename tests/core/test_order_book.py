"""The order book against the simplest thing that could be right: two dicts and a sort."""

from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mmtui.core.events import BestQuote, BookDelta, BookSnapshot
from mmtui.core.market.book import FILL, HIGH, LOW, OrderBook, Side

sizes = st.integers(0, 9)
levels = st.dictionaries(st.integers(1, 60), sizes, max_size=12)
side_changes = st.tuples(levels, levels)
step = st.one_of(
    st.tuples(st.just("snapshot"), side_changes),
    st.tuples(st.just("delta"), side_changes),
    st.tuples(st.just("rescale"), st.tuples(st.integers(1, 3), st.integers(1, 3))),
)


def snapshot(seq, bids, asks):
    return BookSnapshot(seq, seq, 0, seq, list(bids), list(bids.values()), list(asks), list(asks.values()))


def delta(seq, bids, asks):
    return BookDelta(seq, seq, 0, seq, seq, list(bids), list(bids.values()), list(asks), list(asks.values()))


def merged(book, changes):
    return {px: sz for px, sz in {**book, **changes}.items() if sz}


@given(st.lists(step, max_size=30))
def test_the_book_is_two_dicts_and_a_sort(steps):
    book, bids, asks = OrderBook(), {}, {}
    for seq, (kind, (one, two)) in enumerate(steps, 1):
        if kind == "snapshot":
            book.snapshot(snapshot(seq, one, two))
            bids, asks = merged({}, one), merged({}, two)
        elif kind == "delta":
            book.delta(delta(seq, one, two))
            bids, asks = merged(bids, one), merged(asks, two)
        else:
            book.rescale(one, two)
            bids = {px * one: sz * two for px, sz in bids.items()}
            asks = {px * one: sz * two for px, sz in asks.items()}
        assert book.top(100) == (sorted(bids.items(), reverse=True), sorted(asks.items()))
        assert (book.bid, book.ask) == (max(bids, default=0), min(asks, default=0))
        assert (book.bid_sz, book.ask_sz) == (bids.get(book.bid, 0), asks.get(book.ask, 0))
        for px in range(1, 61):
            assert book.size_at(1, px) == bids.get(px, 0)
            assert book.size_at(-1, px) == asks.get(px, 0)


@settings(max_examples=40)
@given(st.integers(0, 1 << 30))
def test_the_window_is_refilled_from_the_depth_behind_it(seed):
    """Far more levels than the window keeps, removed from the touch inwards and put back anywhere."""
    random = Random(seed)
    book, bids = OrderBook(), {}
    for px in range(1, HIGH + FILL):
        bids[px] = random.randint(1, 9)
    book.snapshot(snapshot(1, bids, {5_000: 1}))
    for seq in range(2, 40):
        best = sorted(bids, reverse=True)
        gone = dict.fromkeys(best[: random.choice([1, LOW, FILL - LOW, FILL + 3])], 0)
        back = {random.randint(1, 2_000): random.randint(1, 9) for _ in range(random.choice([0, 3, HIGH]))}
        book.delta(delta(seq, {**gone, **back}, {}))
        bids = merged(bids, {**gone, **back})
        assert book.bids.top(FILL + 50) == sorted(bids.items(), reverse=True)[: FILL + 50]
        assert book.bid == max(bids, default=0)


def test_a_book_is_valid_only_from_its_snapshot_on():
    book = OrderBook()
    book.delta(delta(1, {10: 1}, {12: 1}))
    assert not book.valid and not book.quotable
    book.snapshot(snapshot(2, {10: 1}, {12: 1}))
    assert book.quotable
    book.invalidate("gap")
    book.delta(delta(3, {11: 1}, {}))
    assert not book.quotable and book.why == "gap"


def quote(seq, bid, ask, sizes=(5, 5)):
    return BestQuote(seq, seq, 0, seq, bid, sizes[0], ask, sizes[1])


def test_the_newer_of_depth_and_best_quote_leads_by_update_id():
    book = OrderBook()
    book.snapshot(snapshot(10, {100: 1}, {110: 1}))
    book.best_quote(quote(9, 90, 120))  # older than the depth
    assert (book.bid, book.ask) == (100, 110)
    book.best_quote(quote(12, 102, 108))
    assert (book.bid, book.ask, book.bid_sz) == (102, 108, 5)
    book.best_quote(quote(11, 95, 115))  # overtaken by a newer one
    book.delta(delta(11, {101: 3}, {}))  # older than the quote
    assert (book.bid, book.ask) == (102, 108)
    book.delta(delta(13, {102: 2}, {}))
    assert (book.bid, book.bid_sz, book.ask) == (102, 2, 110)


def test_a_best_quote_never_touches_the_depth_book():
    book = OrderBook()
    book.snapshot(snapshot(1, {100: 1, 99: 1}, {110: 1}))
    book.best_quote(quote(5, 99, 108))
    assert book.top(5) == ([(100, 1), (99, 1)], [(110, 1)])
    assert book.display(5) == ([(99, 5)], [(108, 5), (110, 1)])
    assert book.size_at(1, 100) == 0  # what the quote proves gone is not displayed


@pytest.mark.parametrize(("sizes", "bid", "ask"), [((0, 5), 0, 110), ((5, 0), 100, 0), ((0, 0), 0, 0)])
def test_a_best_quote_without_size_is_an_empty_side(sizes, bid, ask):
    book = OrderBook()
    book.snapshot(snapshot(1, {99: 1}, {111: 1}))
    book.best_quote(quote(2, 100, 110, sizes))
    assert (book.bid, book.ask) == (bid, ask)
    assert not book.quotable
    assert book.mid2() == 0


@pytest.mark.parametrize(("bid", "ask", "crossed"), [(100, 101, False), (100, 100, True), (101, 100, True)])
def test_locked_and_crossed_books_are_not_quotable(bid, ask, crossed):
    book = OrderBook()
    book.snapshot(snapshot(1, {bid: 1}, {ask: 1}))
    assert book.crossed is crossed
    assert book.quotable is not crossed


def test_rescaling_keeps_the_best_quote_ahead_of_the_depth():
    book = OrderBook()
    book.snapshot(snapshot(1, {100: 1}, {110: 1}))
    book.best_quote(quote(2, 101, 109))
    book.rescale(10, 100)
    assert (book.bid, book.bid_sz, book.ask) == (1010, 500, 1090)
    assert book.display(1) == ([(1010, 500)], [(1090, 500)])


@given(
    sign=st.sampled_from((1, -1)),
    prices=st.lists(st.integers(1, 2_000), max_size=60, unique=True),
    px=st.integers(1, 2_000),
    away=st.one_of(st.none(), st.integers(-15, 15)),
    count=st.sampled_from((0, 1, 2, 5, 20, 1_000)),
)
def test_a_best_quote_stands_before_the_levels_that_it_leaves(sign, prices, px, away, count):
    """Of the `count` + 8 best levels those that the quote does not prove gone; the sum of sizes is that of the list."""
    side = Side(sign)
    side.load(prices, [1 + price % 7 for price in prices])
    if prices and away is not None:
        px = max(1, side.best() + away)
    left = [(p, q) for p, q in side.top(count + 8) if sign * p < sign * px]
    assert side.behind(px, 3, count) == [(px, 3), *left][:count]
    assert side.lots(px, 3, count) == sum(q for _, q in side.behind(px, 3, count))


@given(levels, levels, st.integers(0, 3), st.integers(0, 3), st.integers(1, 4))
def test_displayed_size_is_the_sum_over_the_displayed_levels(bids, asks, bid_sz, ask_sz, count):
    book = OrderBook()
    book.snapshot(snapshot(1, bids, asks))
    for seq in (2, 1):  # a best quote that leads the depth, and depth that has caught up
        book.best_quote(BestQuote(seq, seq, 0, seq, 30, bid_sz, 31, ask_sz))
        if seq == 1:
            book.delta(delta(3, {}, {}))
        buys, sells = book.display(count)
        assert book.lots(count) == (sum(q for _, q in buys), sum(q for _, q in sells))
