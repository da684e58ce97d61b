"""Frames that are cut, garbled or made up: a WireError or events, never another exception, and never a broken state."""

from __future__ import annotations

import contextlib
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mmtui.core.events import BookDelta, BookSnapshot
from mmtui.core.market.book import OrderBook
from mmtui.venues.binance import profile
from mmtui.venues.binance.grid import OffGrid, Units, WireError, finer, step_text
from mmtui.venues.binance.wire import Decoder, Feed, RefinedError, identify

FRAMES = [
    b'{"stream":"btcusdt@depth@0ms","data":{"e":"depthUpdate","E":1723161256299,"T":1723161256298,"s":"BTCUSDT",'
    b'"U":6,"u":10,"pu":5,"b":[["58710.20","0.014"],["61496.50","0.000"]],"a":[["61800.3","1"]]}}',
    b'{"stream":"btcusdt@bookTicker","data":{"e":"bookTicker","u":9,"s":"BTCUSDT","b":"61800.20","B":"2.507",'
    b'"a":"61800.30","A":"2.510","T":1723161256313,"E":1723161256313}}',
    b'{"stream":"btcusdt@trade","data":{"e":"trade","E":1723161256322,"T":1723161256322,"s":"BTCUSDT","t":7,'
    b'"p":"61800.30","q":"0.006","X":"MARKET","m":false}}',
    b'{"lastUpdateId":8,"E":1723161256501,"T":1723161256493,"bids":[["61800.20","2.909"]],"asks":[["61800.3","1"]]}',
    b'{"stream":"btcusdt@markPrice","data":{"e":"markPriceUpdate","E":1,"s":"BTCUSDT","p":"1.0","i":"1","r":"0.1","T":1}}',
    b'{"stream":"btcusdt@forceOrder","data":{"e":"forceOrder","E":1,"o":{"s":"BTCUSDT","S":"BUY","p":"1.0","q":"1","T":1}}}',
    b'{"stream":"btcusdt@aggTrade","data":{"e":"aggTrade","E":1,"s":"BTCUSDT","f":1,"l":2,"p":"1.0","q":"1","T":1,"m":true}}',
]


def decoder():
    feed = Feed(profile.instrument(profile.USDM, "BTCUSDT", "0.1", "0.001", "table"), 0, 0)
    return Decoder(0, {"BTCUSDT": feed}, feed)


def decode(machine, frame):
    try:
        return machine.decode(1, frame)
    except RefinedError as error:
        return error.events
    except WireError:
        return []


@pytest.mark.parametrize("frame", FRAMES)
def test_every_cut_of_a_frame_is_refused_and_changes_nothing(frame):
    machine = decoder()
    for length in range(len(frame)):
        with pytest.raises(WireError):
            machine.decode(1, frame[:length])
    assert machine.decode(1, frame)


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(FRAMES), st.lists(st.tuples(st.integers(0, 250), st.binary(max_size=3)), max_size=6))
def test_garbled_frames_never_raise_anything_else(frame, cuts):
    for place, data in cuts:
        frame = frame[:place] + data + frame[place + len(data) :]
    machine = decoder()
    events = decode(machine, frame) + decode(machine, FRAMES[0]) + decode(machine, FRAMES[3])
    book = OrderBook()
    for event in events:
        for name in ("bid_px", "bid_sz", "ask_px", "ask_sz", "px", "sz"):
            value = getattr(event, name, 0)
            assert all(isinstance(v, int) and v >= 0 for v in (value if isinstance(value, list) else [value]))
        if isinstance(event, BookDelta):
            book.delta(event)
        elif isinstance(event, BookSnapshot):
            book.snapshot(event)
    with contextlib.suppress(WireError):
        identify(frame)


@settings(max_examples=200, deadline=None)
@given(st.recursive(st.none() | st.booleans() | st.floats() | st.integers() | st.text(), lambda inner: st.lists(inner)
                    | st.dictionaries(st.sampled_from(["e", "s", "data", "stream", "u", "b", "lastUpdateId", "bids"]) | st.text(), inner)))  # fmt: skip  # noqa: E501
def test_any_json_is_passed_over_or_refused(value):
    decode(decoder(), json.dumps(value).encode())


def test_deeply_nested_json_is_refused():
    with pytest.raises(WireError):
        decoder().decode(1, b"[" * 100_000)


@given(st.integers(0, 10**12), st.sampled_from(["0.1", "0.01", "0.25", "0.5", "1", "5", "0.00001"]), st.integers(0, 4))
def test_texts_become_units_exactly(number, step, zeros):
    units = Units(step)
    whole, _, frac = step.partition(".")
    text = step_text(number * int(whole + frac), len(frac))
    text = text + ("" if "." in text or not zeros else ".") + "0" * zeros if zeros else text
    assert units[text] == number and units[text] == number


@given(st.integers(1, 10**6), st.integers(0, 6), st.integers(1, 10**6), st.integers(0, 6))
def test_a_refined_step_divides_the_old_one_and_holds_the_text(number, decimals, value, places):
    step, text = step_text(number, decimals), step_text(value, places)
    new, factor = finer(step, text)
    assert Units(new)[step] == factor and Units(new)[text] > 0


def test_a_text_finer_than_the_step_is_off_the_grid():
    for step, text in (("0.1", "1.25"), ("0.25", "1.30"), ("5", "7"), ("1", "0.50000000")):
        units = Units(step)
        with pytest.raises(OffGrid):
            units[text]
        units[step]
        with pytest.raises(OffGrid):
            units[text]
