"""The public market: its frames are read by the venue's own wire code and make the book that is true; and its lies."""

from __future__ import annotations

import pytest
from sim_kit import BUY, Venue, instrument

from mmtui.core.events import BestQuote, BookDelta, BookSnapshot, GridRefined, MarkPrice, Trade
from mmtui.sim.market_faults import PublicFeed
from mmtui.venues.binance.wire import Decoder, Feed, WireError

KINDS = [("binance-spot", "spot"), ("binance-usdm", "linear"), ("binance-coinm", "inverse")]


def decoder_of(venue, kind):
    item = instrument(venue, kind)
    feed = Feed(item, 0, 0)
    return Decoder(0, {item.symbol: feed}, feed), feed


def follow(book, event):
    """Apply book events to {+-price: size}."""
    if isinstance(event, BookSnapshot):
        book.clear()
    if isinstance(event, BookSnapshot | BookDelta):
        sides = ((1, event.bid_px, event.bid_sz), (-1, event.ask_px, event.ask_sz))
        for sign, prices, sizes in sides:
            for px, sz in zip(prices, sizes, strict=True):
                book[sign * px] = sz


def truth(market):
    keys = {*market.sizes, *market.own}
    return {key: market.shown(key) for key in keys if market.shown(key)}


@pytest.mark.parametrize(("venue", "kind"), KINDS)
def test_the_wire_code_reads_every_frame_and_has_the_true_book(venue, kind):
    one = Venue(venue, kind=kind, still=False, base=1_000)
    decoder, feed = decoder_of(venue, kind)
    body = one.market.snapshot()
    one.public.frames.clear()
    one.create(one.new(BUY, 1))
    one.run(20_000)
    one.market.silent = True
    one.run(2_000)
    book, kinds = {}, {}
    for event in decoder.decode(1, body):
        follow(book, event)
    for frame in one.public.frames:
        for event in decoder.decode(1, frame):
            kinds[type(event)] = kinds.get(type(event), 0) + 1
            follow(book, event)
    assert feed.sequence.gaps == 0
    assert {key: size for key, size in book.items() if size} == truth(one.market)
    assert kinds[Trade] > 20 and kinds[BestQuote] > 50 and kinds[BookDelta] > 50
    assert (MarkPrice in kinds) == (kind != "spot")


def test_a_book_is_never_crossed_and_the_walk_stays_near_its_start():
    one = Venue(still=False)
    for _ in range(300):
        one.run(200)
        bid, ask = one.market.touch()
        assert bid < ask
        assert abs(bid - one.market.start_px) < one.market.start_px // 20
        assert len(one.market.sizes) == 16


def test_takers_hit_our_orders_after_what_was_before_them():
    one = Venue()
    order = one.rest(one.new(BUY, 0, size=5))[0]
    ahead = order.ahead
    assert ahead == one.market.sizes[order.px]
    one.market.hit(order.px, ahead + 2, -1)
    assert (order.filled, order.left) == (2, 3)
    one.market.hit(order.px, 3, -1)
    assert order.state == "filled" and one.exchange.position(0) == 5


def test_a_finer_tick_is_published_and_refines_the_grid():
    one = Venue(still=False)
    decoder, _ = decoder_of("binance-usdm", "linear")
    one.exchange.refine(0, 5)
    one.run(5_000)
    events = [event for frame in one.public.frames for event in decoder.decode(1, frame)]
    refined = [event for event in events if isinstance(event, GridRefined)]
    assert refined and refined[-1].tick == "0.5"


# -- lies, fault by fault ---------------------------------------------------------------------------------------


def frames_under(n, seed=1, seconds=20, kind="linear", venue="binance-usdm"):
    one = Venue(venue, {n: 40_000}, seed=seed, still=False, kind=kind)
    snapshot = one.market.snapshot()
    one.public.frames.clear()
    one.run(seconds * 1_000)
    assert one.world.struck[n] > 3
    decoder, feed = decoder_of(venue, kind)
    decoder.decode(1, snapshot)
    bad, events = 0, []
    for frame in one.public.frames:
        try:
            events += decoder.decode(1, frame)
        except WireError:
            bad += 1
    return one, feed, bad, events


def test_fault_13_a_lost_update_is_a_gap():
    _, feed, bad, _ = frames_under(13)
    assert feed.sequence.gaps > 0 and not bad


def test_fault_14_duplicates_and_old_updates_change_nothing():
    one, feed, bad, events = frames_under(14)
    assert feed.sequence.gaps == 0 and not bad
    deltas = [frame for frame in one.public.frames if b"depthUpdate" in frame]
    assert len(deltas) > len([event for event in events if isinstance(event, BookDelta)])


def test_fault_15_cannot_strike():
    assert not Venue(rates={15: "high"}).world.draws(15)


@pytest.mark.parametrize("n", [16, 17])
def test_faults_16_and_17_snapshots_are_cut_wrong_or_old(n):
    one = Venue(rates={n: 1_000_000}, still=False)
    fresh, given = [], []
    for _ in range(40):
        one.run(300)
        fresh.append(one.market.snapshot())
        given.append(one.exchange.depth(0))
    assert one.world.struck[n] == 40
    assert sum(a == b for a, b in zip(fresh, given, strict=True)) <= 2
    if n == 17:
        assert set(given) == {given[0]}
    else:
        assert None in given and b"" in given and any(body and body not in fresh for body in given)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_fault_18_a_book_that_cannot_be_is_put_right(seed):
    one, feed, bad, events = frames_under(18, seed=seed)
    assert not bad and feed.sequence.gaps == 0
    book, wrong = {}, 0
    for event in events:
        follow(book, event)
        if isinstance(event, BookDelta):
            bids = [key for key, size in book.items() if key > 0 and size]
            asks = [-key for key, size in book.items() if key < 0 and size]
            wrong += not bids or not asks or max(bids) >= min(asks)
    assert wrong > 0
    one.world.heal()
    one.public.frames.clear()
    one.run(3_000)
    decoder, _ = decoder_of("binance-usdm", "linear")
    decoder.feeds["BTCUSDT"].sequence.last = 0
    for frame in one.public.frames:
        for event in decoder.decode(1, frame):
            follow(book, event)
    one.market.silent = True
    one.public.frames.clear()
    one.run(1_000)
    for frame in one.public.frames:
        for event in decoder.decode(1, frame):
            follow(book, event)
    bids = [key for key, size in book.items() if key > 0 and size]
    asks = [-key for key, size in book.items() if key < 0 and size]
    assert max(bids) < min(asks)


@pytest.mark.parametrize("n", [19, 20, 29])
def test_faults_19_20_29_are_refused_or_harmless_and_never_raise_anything_else(n):
    _, _, bad, events = frames_under(n, seconds=40)
    assert bad > 3 and events


def test_no_fault_no_change():
    one = Venue()
    feed = PublicFeed(one.world, one.exchange.markets)
    assert feed.mangle(0, [("d", b"x"), ("t", b"y")]) == [b"x", b"y"]
