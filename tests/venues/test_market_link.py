"""Live links of market data over real sockets: each venue's own protocol, spoken by its loopback server."""

from __future__ import annotations

import asyncio

import pytest
from market_link_kit import linked

from mmtui.core.events import BestQuote, BookDelta, BookGap, BookSnapshot, Damage, FeedStatus, MarkPrice, Trade
from mmtui.venues import connection
from mmtui.venues.live.public import BEFORE_S
from mmtui.venues.loopback.faults import Faults
from mmtui.venues.loopback.public.server import VOICES
from mmtui.venues.market_links import MARKET_LINKS
from mmtui.venues.market_table import MARKET_FACTS

#: Venues whose books have a sequence or a checksum; the others' messages are whole books, or name level ids.
PROVEN = [venue for venue in VOICES if venue not in ("hyperliquid", "bitmex")]


def test_every_venue_that_a_config_may_name_has_a_server_here():
    assert list(VOICES) == list(MARKET_LINKS)


@pytest.mark.parametrize("venue", VOICES)
async def test_the_book_is_the_venues_level_by_level(venue):
    async with linked(venue) as (place, host):
        await host.until(lambda: len(host.of(BookSnapshot, BookDelta)) > 6 and host.of(Trade))
        await host.until(lambda: host.of(BestQuote) or not MARKET_FACTS[venue].quotes)
        place.held = True
        board = place.server.boards[0]
        if venue == "hyperliquid":  # tells its book twice a second
            place.server.voice.publish(("l2Book", board.symbol), place.server.voice._book(board))
        await asyncio.sleep(0.15)
        bids, asks = board.levels(20)
        for side, theirs in ((host.book.bids, bids), (host.book.asks, asks)):
            assert [(board.px(price), board.sz(size)) for price, size in side.top(20)] == theirs
        assert host.valid and not host.of(BookGap, Damage)
        for event in host.of(BookDelta, BestQuote, Trade):
            if event.ts_event or venue != "dydx":  # its book has no stamp
                assert 0 <= event.ts - event.ts_event < 5_000_000_000  # both stamps: receipt, and the venue's
        if board.instrument.kind != "spot":
            place.held = False
            await host.until(lambda: host.of(MarkPrice))


@pytest.mark.parametrize("venue", PROVEN)
async def test_a_lost_frame_invalidates_the_book_before_anything_of_the_next_and_is_healed_once(venue):
    async with linked(venue) as (place, host):
        await host.until(lambda: host.valid and host.of(BookDelta))
        before = len(host.of(BookSnapshot))
        host.events.clear()
        place.server._act({"miss": place.server.boards[0].symbol})
        await host.until(lambda: host.of(BookGap))
        gap = host.events.index(host.of(BookGap)[0])
        assert not any(isinstance(event, BookSnapshot) for event in host.events[:gap])
        await host.until(lambda: host.valid and host.of(BookSnapshot))
        await asyncio.sleep(0.4)
        assert len(host.of(BookGap)) == 1
        assert len(host.of(BookSnapshot)) == 1 and before == 1  # one resync, and nothing else was asked
        assert not host.of(FeedStatus)  # the connection stays
        place.held = True
        await asyncio.sleep(0.1)
        board = place.server.boards[0]
        assert [(board.px(price), board.sz(size)) for price, size in host.book.bids.top(10)] == board.levels(10)[0]


async def test_a_gap_of_one_book_leaves_the_other_alone_where_each_has_its_sequence():
    async with linked("okx", 2) as (place, host):
        await host.until(lambda: {event.i for event in host.of(BookDelta)} == {0, 1})
        place.server._act({"miss": place.server.boards[1].symbol})
        await host.until(lambda: len(host.of(BookSnapshot)) == 3)
        assert [event.i for event in host.of(BookGap)] == [1]
        assert host.of(BookSnapshot)[-1].i == 1


async def test_a_gap_on_a_connection_that_is_counted_as_a_whole_takes_every_book():
    async with linked("coinbase", 2) as (place, host):
        await host.until(lambda: {event.i for event in host.of(BookDelta)} == {0, 1})
        place.server._act({"miss": place.server.boards[1].symbol})
        await host.until(lambda: len(host.of(BookSnapshot)) == 4)
        assert sorted(event.i for event in host.of(BookGap)) == [0, 1]


async def test_a_wrong_checksum_is_a_gap_and_a_wrong_snapshot_is_asked_for_again():
    async with linked("kraken-spot") as (place, host):
        symbol = place.server.boards[0].symbol
        await host.until(lambda: host.valid and host.of(BookDelta))
        place.server._act({"spoil": symbol})
        await host.until(lambda: host.of(BookGap))
        await host.until(lambda: host.valid)
        host.events.clear()
        place.held = True
        place.server._act({"spoil": symbol, "drop": True})  # the next book frame is the snapshot of the new connection
        await host.until(lambda: host.of(BookGap))
        place.held = False
        await host.until(lambda: host.of(BookSnapshot) and host.valid)
        assert "checksum" in host.of(BookGap)[0].why


async def test_a_level_id_that_does_not_fit_shows_that_a_frame_is_missing():
    async with linked("bitmex") as (place, host):
        await host.until(lambda: host.valid and host.of(BookDelta))
        voice, board = place.server.voice, place.server.boards[0]
        place.held = True
        host.events.clear()
        row = voice._row(board, "Buy", board.px(1), "100")
        voice.publish(("orderBookL2", board.symbol), voice._body("orderBookL2", "update", [row]))
        await host.until(lambda: host.of(BookGap) and host.valid)
        assert len(host.of(BookSnapshot)) == 1


async def test_what_nobody_can_read_is_damage_and_the_book_goes_on():
    async with linked("okx") as (place, host):
        await host.until(lambda: host.valid)
        place.server._act({"garbage_now": True})
        await host.until(lambda: host.of(Damage))
        seen = len(host.of(BookDelta))
        await host.until(lambda: len(host.of(BookDelta)) > seen + 2)
        assert host.valid and host.link.feed.damaged == 1


@pytest.mark.parametrize("venue", VOICES)
async def test_a_connection_that_ends_is_made_again_and_subscribed_whole(venue):
    async with linked(venue) as (place, host):
        await host.until(lambda: host.valid and host.of(Trade))
        topics = [*next(iter(place.server.clients)).topics]
        host.events.clear()
        place.server._act({"drop": True})
        await host.until(lambda: len(host.of(FeedStatus)) == 2)
        assert [event.connected for event in host.of(FeedStatus)] == [False, True]
        await host.until(lambda: host.of(BookSnapshot) and host.of(Trade))
        assert [*next(iter(place.server.clients)).topics] == topics
        assert not host.of(BookGap)


@pytest.mark.parametrize("venue", ["okx", "bybit", "hyperliquid", "kraken-spot", "deribit"])
async def test_pings_are_sent_in_the_venues_own_form_and_answered(venue, monkeypatch):
    monkeypatch.setattr(connection, "PING", 100_000_000)
    async with linked(venue) as (place, host):
        await host.until(lambda: host.valid)
        place.server.faults = Faults(silent=True)
        await host.until(lambda: host.link.ping_ms > 0)
        assert not host.of(Damage)
        assert bool(MARKET_FACTS[venue].pong) == (venue != "deribit")


async def test_a_connection_that_answers_nothing_is_half_open_and_made_anew(monkeypatch):
    monkeypatch.setattr(connection, "PING", 100_000_000)
    monkeypatch.setattr(connection, "HALF_OPEN", 400_000_000)
    async with linked("bybit") as (place, host):
        await host.until(lambda: host.valid)
        place.server.faults = Faults(half_open=True)
        await host.until(lambda: any(not event.connected for event in host.of(FeedStatus)))
        place.server.faults = Faults()
        host.events.clear()
        await host.until(lambda: host.of(BookSnapshot))


async def test_a_notice_of_the_venue_is_met_with_a_second_connection_and_nothing_is_missing_or_told_twice():
    async with linked("okx", 2) as (place, host):
        await host.until(lambda: {event.i for event in host.of(BookDelta)} == {0, 1} and host.of(Trade))
        status = len(host.of(FeedStatus))
        place.server._act({"notice": 1.0})
        await host.until(lambda: host.link.taken_over == 1)
        await host.until(lambda: len(place.server.clients) == 1)  # the old one is gone
        seen = len(host.of(Trade))
        await host.until(lambda: len(host.of(Trade)) > seen + 5)
        assert len(host.of(FeedStatus)) == status and not host.of(BookGap, Damage) and host.valid
        for i in (0, 1):
            ids = [event.trade_id for event in host.of(Trade) if event.i == i]
            assert ids == list(range(ids[0], ids[0] + len(ids)))
            seqs = [event.seq for event in host.of(BookDelta, BookSnapshot) if event.i == i]
            assert seqs == sorted(seqs)
        place.held = True
        await asyncio.sleep(0.1)
        board = place.server.boards[0]
        assert [(board.px(price), board.sz(size)) for price, size in host.book.asks.top(10)] == board.levels(10)[1]


async def test_a_connection_that_grows_too_old_for_the_venue_is_replaced_before():
    async with linked("bitget") as (_, host):
        await host.until(lambda: host.valid)
        link, life_s = host.link, MARKET_FACTS["bitget"].life_s
        left = link._timer.when() - asyncio.get_running_loop().time()
        assert life_s - BEFORE_S - 10 < left <= life_s - BEFORE_S
        link._plan(0.0, link.take_over)
        await host.until(lambda: link.taken_over == 1)
        assert link._timer.when() - asyncio.get_running_loop().time() > 80_000  # and so on, once a day
        assert host.valid and not host.of(BookGap)


async def test_a_second_connection_that_cannot_be_made_leaves_the_first_alone():
    async with linked("okx") as (place, host):
        await host.until(lambda: host.valid)
        place.server.faults = Faults(refuse=True)
        host.link.take_over()
        await host.until(lambda: host.link._handover is None)
        seen = len(host.of(BookDelta))
        await host.until(lambda: len(host.of(BookDelta)) > seen + 2)
        assert host.valid and host.link.taken_over == 0
        place.server._act({"drop": True})  # without a successor the end is an end
        await host.until(lambda: any(not event.connected for event in host.of(FeedStatus)))


async def test_the_venue_asks_whether_we_live_and_is_answered():
    async with linked("deribit") as (place, host):
        await host.until(lambda: host.valid)
        client = next(iter(place.server.clients))
        assert client.beat_s == 30
        client.heard_at -= 35  # nothing was said for so long
        asked = client.heard_at
        await host.until(lambda: client.heard_at > asked + 30)
        assert client in place.server.clients


async def test_the_venues_clock_is_measured_where_it_tells_it():
    async with linked("okx", faults=Faults(skew_ms=400.0)) as (_, host):
        await host.until(lambda: host.link.http.clock.known)
        body = host.link.body(host.now())
        assert 300 < body["clock_offset_ms"] < 500
        assert body["answer_ms"] > 0 and body["feed"] in (True, False)
