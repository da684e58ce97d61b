"""A venue's feed over its whole life: connect, subscribe, lose a book and get it back, be pinged, be cut off."""

from __future__ import annotations

import itertools
import json

import pytest
from market_kit import SYMBOLS, of

from mmtui.core.events import BestQuote, BookDelta, BookGap, BookSnapshot, Damage, FeedStatus, Heartbeat
from mmtui.core.market.book import OrderBook
from mmtui.core.runner import NEVER
from mmtui.venues.connection import Connect, Disconnect, Ping
from mmtui.venues.market_session import MarketSession, Send
from mmtui.venues.market_table import DECODERS, inferred

SECOND = 1_000_000_000
T0 = 1_767_225_600 * SECOND


def session(venue, *symbols):
    names = symbols or SYMBOLS[venue]
    items = [inferred(venue, name, "0.00001", "0.00000001") for name in names]
    made = MarketSession(0, venue, list(enumerate(items)))
    made.tick(T0)
    assert made.take() == [Connect()]
    assert made.up(T0) == [FeedStatus(T0, 0, True, "connected")]
    return made


def okx(action, seq, before, now_ms=5):
    data = {"asks": [["91000.1", "1"]], "bids": [["91000", "1"]], "ts": str(1767225600000 + now_ms)}
    body = {"arg": {"channel": "books", "instId": "BTC-USDT"}, "action": action, "data": [
        {**data, "checksum": 0, "prevSeqId": before, "seqId": seq}]}  # fmt: skip
    return json.dumps(body).encode()


def sent(made):
    frames = [frame for request in made.take() if isinstance(request, Send) for frame in request.frames]
    return [{"op": "ping"} if frame == b"ping" else json.loads(frame) for frame in frames]


@pytest.mark.parametrize("venue", DECODERS)
def test_the_first_thing_that_is_sent_is_the_subscriptions(venue):
    made = session(venue)
    (request,) = made.take()
    assert isinstance(request, Send) and request.frames
    assert made.address().startswith("wss://")


@pytest.mark.parametrize("venue", DECODERS)
def test_any_frames_in_any_state_leave_the_session_alive(venue):
    made = session(venue)
    for n, (_, body) in enumerate(of(venue) * 3):
        now = T0 + n * SECOND
        assert made.frame(body, now)
        made.tick(now)
        made.take()
        assert made.next_ts() > now - SECOND
        if n % 7 == 3:
            made.down(now, "cut")
            made.up(now)
    assert made.next_ts() != NEVER


def test_a_gap_subscribes_the_book_anew_once_and_more_and_more_slowly():
    made = session("okx", "BTC-USDT")
    made.take()
    made.frame(okx("snapshot", 10, -1), T0)
    assert [type(event) for event in made.frame(okx("update", 30, 20), T0 + 1)] == [BookGap, BookDelta]
    made.frame(okx("update", 50, 40), T0 + 2)  # another gap: nothing more is asked
    made.tick(T0 + 3)
    assert [frame["op"] for frame in sent(made)] == ["unsubscribe", "subscribe"]
    made.tick(T0 + SECOND)
    assert sent(made) == []
    asked = []
    for n in range(1, 120):
        now = T0 + n * SECOND
        made.frame(b'{"event":"subscribe","arg":{"channel":"books","instId":"BTC-USDT"}}', now)
        made.tick(now)
        if any(frame["op"] == "subscribe" for frame in sent(made)):
            asked.append(n)
    waits = [b - a for a, b in itertools.pairwise(asked)]
    assert waits == sorted(waits) and waits[0] >= 5 and waits[-1] >= 10
    events = made.frame(okx("snapshot", 60, -1), T0 + 120 * SECOND)
    assert [type(event) for event in events] == [BookSnapshot]
    made.tick(T0 + 130 * SECOND)
    assert [frame for frame in sent(made) if frame["op"] != "ping"] == []


def test_a_venue_that_wants_a_text_as_ping_gets_it_whatever_else_comes():
    made = session("bybit")
    made.take()
    pings = 0
    for n in range(1, 61):
        now = T0 + n * SECOND
        made.frame(b'{"topic":"publicTrade.BTCUSDT","type":"snapshot","ts":1,"data":[]}', now)
        made.tick(now)
        pings += sum(frame == {"op": "ping"} for frame in sent(made))
    assert pings == 3
    assert made.frame(b'{"success":true,"ret_msg":"pong","conn_id":"c","op":"ping"}', now) == [Heartbeat(now, 0)]


def test_a_venue_without_a_text_is_pinged_by_the_socket_and_given_up_when_it_answers_nothing():
    made = session("deribit")
    made.take()
    made.tick(T0 + 2 * SECOND)
    assert Ping() in made.take()
    events = made.tick(T0 + 6 * SECOND)
    assert [type(event) for event in events] == [FeedStatus] and not events[0].connected
    assert isinstance(made.take()[0], Disconnect)


def test_a_venue_that_asks_is_answered():
    made = session("deribit")
    made.take()
    made.frame(b'{"jsonrpc":"2.0","method":"heartbeat","params":{"type":"test_request"}}', T0 + 1)
    assert [frame["method"] for frame in sent(made)] == ["public/test"]


def test_a_snapshot_that_its_checksum_disproves_is_asked_for_again():
    made = session("kraken-spot")
    made.take()
    body = (
        b'{"channel":"book","type":"snapshot","data":[{"symbol":"BTC/USD","bids":[{"price":1.0,"qty":1.0}],'
        b'"asks":[{"price":2.0,"qty":1.0}],"checksum":1,"timestamp":"2026-01-01T00:00:00.000000Z"}]}'
    )
    assert [type(event) for event in made.frame(body, T0 + 1)] == [BookGap]
    made.tick(T0 + SECOND)
    assert [frame["method"] for frame in sent(made)] == ["unsubscribe", "subscribe"]


def test_damage_is_an_event_and_is_counted():
    made = session("coinbase")
    assert [type(event) for event in made.frame(b"{", T0)] == [Damage]
    assert made.damaged == 1


def test_each_kind_of_instrument_has_its_address_where_the_venue_wants_that():
    assert session("bybit", "BTCUSD").address().endswith("/inverse")
    assert session("bybit", "BTCUSDT").address().endswith("/linear")


def coinbase(number, price, channel="l2_data"):
    """A book of one level a side, or a best quote, around a price."""
    bid, ask = f"{price}.00", f"{price}.10"
    if channel == "ticker":
        event = {"type": "update", "tickers": [{"product_id": "BTC-USD", "best_bid": bid, "best_bid_quantity": "1",
                                                 "best_ask": ask, "best_ask_quantity": "1"}]}  # fmt: skip
    else:
        event = {"type": "snapshot", "product_id": "BTC-USD", "updates": [
            {"side": name, "price_level": at, "new_quantity": "1"} for name, at in (("bid", bid), ("offer", ask))]}  # fmt: skip  # noqa: E501
    body = {"channel": channel, "timestamp": "2026-01-01T00:00:00Z", "sequence_num": number, "events": [event]}
    return json.dumps(body).encode()


def follow(book, events):
    for event in events:
        if isinstance(event, BookSnapshot):
            book.snapshot(event)
        elif isinstance(event, BookDelta):
            book.delta(event)
        elif isinstance(event, BestQuote):
            book.best_quote(event)
    return book.bid // 100_000


def test_a_quote_of_an_earlier_connection_never_leads_the_book_of_a_later_one():
    """The venue counts from 0 on each connection: told as it is, the old quote would be the newer for ever."""
    made, book = session("coinbase"), OrderBook()
    follow(book, made.frame(coinbase(0, 91000), T0))
    made.frame(coinbase(5000, 91000), T0)
    assert follow(book, made.frame(coinbase(5001, 91001, "ticker"), T0)) == 91001
    made.down(T0 + 1, "cut")
    made.up(T0 + 2)
    assert follow(book, made.frame(coinbase(0, 92000), T0 + 3)) == 92000
    assert follow(book, made.frame(coinbase(1, 92001, "ticker"), T0 + 3)) == 92001
    assert follow(book, made.frame(coinbase(2, 92002), T0 + 3)) == 92002


def test_ids_that_step_back_at_a_maintenance_leave_neither_book_nor_quote_behind():
    made, book = session("okx", "BTC-USDT"), OrderBook()

    def quote(seq, price):
        data = {"asks": [[f"{price}.1", "1"]], "bids": [[f"{price}", "1"]], "ts": "1767225600000", "seqId": seq}
        return json.dumps({"arg": {"channel": "bbo-tbt", "instId": "BTC-USDT"}, "data": [data]}).encode()

    follow(book, made.frame(okx("snapshot", 1000, -1), T0))
    assert follow(book, made.frame(quote(1005, 91001), T0)) == 91001
    follow(book, made.frame(okx("update", 1010, 1000), T0))
    assert follow(book, made.frame(okx("update", 3, 1010), T0)) == 91000  # the venue began anew
    assert follow(book, made.frame(quote(5, 91002), T0)) == 91002
    assert follow(book, made.frame(quote(1011, 80000), T0)) == 91002  # late, of the time before
    assert follow(book, made.frame(okx("update", 7, 3), T0)) == 91000
