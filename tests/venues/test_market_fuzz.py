"""Frames that are cut, garbled, reordered or made up, for every venue: no exception leaves, no number is nonsense."""

from __future__ import annotations

import json
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from market_kit import decoder, of

from mmtui.core.events import BookDelta, BookGap, BookSnapshot, Damage, GridRefined
from mmtui.core.market.book import OrderBook
from mmtui.venues.market_table import DECODERS

VENUES = list(DECODERS)
FRAMES = {venue: of(venue) for venue in VENUES}
ODD = [None, True, -1, 0, 1 << 70, -0.0, 1e308, "", "NaN", "Infinity", "-1", "1e5", "1E-400", "٣", "0x1", "9" * 40, [],
       {}, [[]], [None], {"price": 1}, "2026-13-45T00:00:00Z", "\ud800"]  # fmt: skip
RAW = [b"NaN", b"Infinity", b"-0", b"1e999999999", b"1e-999999999", b'"NaN"', b"1.0.0", b"0" * 60]


def feed(machine, frames):
    """All events, after a look at every number; books follow as the engine's would."""
    books = {one.i: OrderBook() for one in machine.feeds.values()}
    found = []
    for ts, body in frames:
        events = machine.decode(ts, body)
        assert events
        found += events
        for event in events:
            for name in ("bid_px", "bid_sz", "ask_px", "ask_sz", "px", "sz", "seq", "first_seq", "trade_id"):
                value = getattr(event, name, 0)
                values = value if isinstance(value, list) else [value]
                assert all(type(v) is int and 0 <= v < 1 << 63 for v in values), (name, event)
            for name in ("mark", "index", "funding", "next_funding", "ts_event", "expected", "got"):
                assert -(1 << 63) <= getattr(event, name, 0) < 1 << 63
            if isinstance(event, BookSnapshot):
                books[event.i].snapshot(event)
            elif isinstance(event, BookDelta):
                books[event.i].delta(event)
            elif isinstance(event, BookGap):
                books[event.i].invalidate(event.why)
            elif isinstance(event, GridRefined):
                books[event.i].rescale(event.px_factor, event.sz_factor)
            elif isinstance(event, Damage):
                assert event.source == f"{machine.facts.id}/market" and 0 < len(event.what) <= 200
    for one in machine.feeds.values():
        assert books[one.i].valid == one.valid
    return found


def mutated(rng, value):
    """A JSON value with one thing in it wrong."""
    if isinstance(value, dict) and value and rng.random() < 0.9:
        key = rng.choice(list(value))
        act = rng.randrange(8)
        rest = {name: item for name, item in value.items() if name != key}
        if act == 0:
            return rest
        if act == 1:
            return {**rest, key: rng.choice(ODD)}
        return {**value, key: mutated(rng, value[key])}
    if isinstance(value, list) and value and rng.random() < 0.9:
        place = rng.randrange(len(value))
        act = rng.randrange(6)
        if act == 0:
            return value[:place] + value[place + 1 :]
        if act == 1:
            return value + value[place:]
        return [*value[:place], mutated(rng, value[place]), *value[place + 1 :]]
    return rng.choice(ODD)


@pytest.mark.parametrize("venue", VENUES)
def test_frames_with_one_thing_wrong(venue):
    rng = random.Random(7)
    for _ in range(150):
        frames = []
        for ts, body in FRAMES[venue]:
            if rng.random() < 0.3 and body[:1] == b"{":
                body = json.dumps(mutated(rng, json.loads(body))).encode()
            frames.append((ts, body))
        feed(decoder(venue), frames)


@pytest.mark.parametrize("venue", VENUES)
def test_frames_that_are_lost_doubled_or_in_another_order(venue):
    rng = random.Random(11)
    for _ in range(60):
        frames = [frame for frame in FRAMES[venue] * 2 if rng.random() < 0.8]
        if rng.random() < 0.5:
            rng.shuffle(frames)
        feed(decoder(venue), frames)


@pytest.mark.parametrize("venue", VENUES)
def test_every_cut_of_a_frame(venue):
    machine = decoder(venue)
    for ts, body in FRAMES[venue]:
        feed(machine, [(ts, body[:length]) for length in range(0, len(body), 3)])


@pytest.mark.parametrize("venue", VENUES)
def test_numbers_that_are_none(venue):
    """Each number of each frame in turn."""
    for ts, body in FRAMES[venue]:
        text = body.decode()
        starts = [at for at in range(1, len(text)) if text[at].isdigit() and text[at - 1] in ':["-,']
        for at in starts[::3]:
            end = at
            while end < len(text) and text[end] in "0123456789.eE-":
                end += 1
            for raw in RAW:
                feed(decoder(venue), [*FRAMES[venue][:2], (ts, (text[:at] + raw.decode() + text[end:]).encode())])


@settings(max_examples=120, deadline=None)
@given(st.sampled_from(VENUES), st.lists(st.tuples(st.integers(0, 400), st.binary(max_size=4)), max_size=5), st.data())
def test_garbled_bytes(venue, cuts, data):
    ts, body = data.draw(st.sampled_from(FRAMES[venue]))
    for place, piece in cuts:
        body = body[:place] + piece + body[place + len(piece) :]
    feed(decoder(venue), [*FRAMES[venue][:3], (ts, body), *FRAMES[venue][3:]])


names = st.sampled_from(["arg", "channel", "topic", "data", "type", "feed", "event", "params", "method", "levels",
                         "coin", "events", "sequence_num", "instId", "action", "asks", "bids", "product_id", "result",
                         "table", "contents", "id", "message_id"])  # fmt: skip
anything = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=8) | st.just("book"),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(names | st.text(max_size=4), inner, max_size=5),
    max_leaves=12,
)


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(VENUES), anything)
def test_any_json(venue, value):
    feed(decoder(venue), [(1, json.dumps(value).encode())])


@pytest.mark.parametrize("venue", VENUES)
def test_deep_huge_and_doubled(venue):
    machine = decoder(venue)
    ts, body = FRAMES[venue][1]
    twice = body[:-1] + b"," + body[1:]  # every key of the frame twice
    deep = b'{"data":' * 50_000
    huge = body.replace(b"[", b"[" + b"0," * 100_000, 1)
    feed(machine, [(ts, twice), (ts, deep), (ts, b"[" * 100_000), (ts, huge), (ts, b" " * (17 << 20)), (ts, b""),
                   (ts, b"\xff\xfe"), (ts, b"\x00" * 100)])  # fmt: skip


@pytest.mark.parametrize("venue", VENUES)
def test_the_same_frames_give_the_same_events(venue):
    assert feed(decoder(venue), FRAMES[venue]) == feed(decoder(venue), FRAMES[venue])
