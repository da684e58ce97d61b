"""Frames of every venue, written by its document, and the events that a reader of the document expects of them."""

from __future__ import annotations

import json

import pytest
from market_kit import GOLDEN, decoder, of, rows

from mmtui.core.events import BookDelta, BookGap, BookSnapshot, Damage, GridRefined
from mmtui.core.market.book import OrderBook
from mmtui.venues.market_table import DECODERS

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
