"""Frames of every venue, written by its document, and the events that a reader of the document expects of them."""

from __future__ import annotations

import json

import msgspec
import pytest
from market_kit import GOLDEN, decoder, of, rows

from mmtui.core.events import BookDelta, BookGap, BookSnapshot, Damage, GridRefined, Liquidation
from mmtui.core.market.book import OrderBook
from mmtui.venues.market_decoder import feeds_of
from mmtui.venues.market_table import DECODERS, inferred
from mmtui.venues.numbers import id_of

FAMILIES = sorted(path.stem for path in GOLDEN.glob("*.frames"))


@pytest.mark.parametrize("family", FAMILIES)
def test_the_command_prints_the_golden_rows(capsys, family):
    found = rows(capsys, family, GOLDEN / f"{family}.frames")
    wanted = [json.loads(line) for line in (GOLDEN / f"{family}.rows").read_text().splitlines()]
    assert found == wanted


def test_there_is_a_golden_file_of_every_family():
    assert {cls.facts.family for cls in DECODERS.values()} <= set(FAMILIES)


@pytest.mark.parametrize("venue", DECODERS)
def test_a_session_has_the_same_books_as_the_command(venue):
    machine = decoder(venue)
    books = {feed.i: OrderBook() for feed in machine.feeds.values()}
    seen = set()
    for ts, body in of(venue):
        for event in machine.decode(ts, body):
            seen.add(type(event))
            assert not isinstance(event, GridRefined)
            if isinstance(event, BookSnapshot):
                books[event.i].snapshot(event)
            elif isinstance(event, BookDelta):
                books[event.i].delta(event)
            elif isinstance(event, BookGap):
                books[event.i].invalidate(event.why)
            elif isinstance(event, Damage):
                assert event.source == f"{venue}/market" and event.what
    assert seen & {BookSnapshot, BookDelta}
    for symbol, feed in machine.feeds.items():
        assert books[feed.i].valid == machine.valid(symbol)


@pytest.mark.parametrize("venue", DECODERS)
def test_a_connection_that_is_opened_anew_knows_no_place(venue):
    machine = decoder(venue)
    for ts, body in of(venue):
        machine.decode(ts, body)
    machine.reset()
    assert not any(machine.valid(symbol) for symbol in machine.feeds)
    first = [event for ts, body in of(venue)[:3] for event in machine.decode(ts, body)]
    assert not any(isinstance(event, BookGap) for event in first)


def test_deribit_is_answered_when_it_asks_whether_we_live():
    machine = decoder("deribit")
    machine.decode(1, b'{"jsonrpc":"2.0","method":"heartbeat","params":{"type":"test_request"}}')
    assert [json.loads(frame)["method"] for frame in machine.take()] == ["public/test"]
    assert machine.take() == []


@pytest.mark.parametrize("venue", DECODERS)
def test_subscriptions_are_json_and_name_every_instrument(venue):
    machine = decoder(venue)
    sent = b"".join(machine.subscriptions()).decode()
    for frame in machine.subscriptions():
        assert isinstance(json.loads(frame), dict)
    for symbol in machine.feeds:
        assert symbol in sent
        again = machine.resubscribe(symbol)
        assert (again == []) == (machine.facts.snapshot == "rest")
        for frame in again:
            assert symbol in json.dumps(json.loads(frame))


def test_a_forced_order_between_two_ticks_does_not_make_the_grid_finer():
    """Its bankruptcy price need not be one at which the venue takes orders."""
    body = (
        b'{"topic":"allLiquidation.BTCUSDT","type":"snapshot","ts":1767225600088,'
        b'"data":[{"T":1767225600080,"s":"BTCUSDT","S":"Buy","v":"0.0205","p":"90950.123456"}]}'
    )
    known = msgspec.structs.replace(inferred("bybit", "BTCUSDT", "0.1", "0.001"), grid="venue")
    machine = DECODERS["bybit"](0, feeds_of([(0, known)]))
    assert machine.decode(1, body) == [Liquidation(1, 1767225600080000000, 0, 909501, 20, -1)]
    guessed = msgspec.structs.replace(known, grid="inferred")
    events = DECODERS["bybit"](0, feeds_of([(0, guessed)])).decode(1, body)
    assert [type(event) for event in events] == [GridRefined, GridRefined, Liquidation]


def test_long_numeric_ids_stay_what_they_are_and_others_are_stable():
    assert id_of("1432912492051054592") == 1432912492051054592
    assert id_of("ETH-284830839") == 284830839
    assert id_of("0a1b2c3d-0000-5000-8000-000000000001") == 0x0A1B2C3D0000500
    assert id_of("") == 0
