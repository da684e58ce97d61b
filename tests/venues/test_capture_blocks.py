"""A capture read in blocks of lines, and a decoder that remembers the names of streams: nothing else changes by it."""

from __future__ import annotations

import gzip
import itertools

import pytest

from mmtui.core.events import BestQuote, Heartbeat, Trade
from mmtui.venues.binance import profile
from mmtui.venues.binance import wire as w
from mmtui.venues.binance.wire import Decoder, Feed, WireError
from mmtui.venues.capture.reader import LineReader

TICKER = b'{"stream":"btcusdt@bookTicker","data":{"e":"bookTicker","u":%d,"s":"BTCUSDT","b":"10.1","B":"1","a":"10.2","A":"2","E":5}}'  # noqa: E501
TRADE = b'{"stream":"btcusdt@trade","data":{"e":"trade","s":"BTCUSDT","t":%d,"p":"10.1","q":"1","T":5,"m":true}}'
FORCED = b'{"stream":"btcusdt@forceOrder","data":{"e":"forceOrder","E":5,"o":{"s":"BTCUSDT","S":"BUY","p":"10.1","q":"1","T":5}}}'  # noqa: E501


@pytest.fixture
def decoder():
    feed = Feed(profile.instrument(profile.USDM, "BTCUSDT", "0.1", "0.001", "table"), 0, 0)
    return Decoder(0, {"BTCUSDT": feed}, feed)


def test_blocks_hold_every_line_once_and_know_the_one_after_them(tmp_path, monkeypatch):
    monkeypatch.setattr("mmtui.venues.capture.reader.CHUNK", 50)
    path = tmp_path / "lines.gz"
    lines = [b"x" * (k % 37) + str(k).encode() for k in range(900)]
    path.write_bytes(gzip.compress(b"\n".join(lines)))
    blocks = list(LineReader(path).blocks())
    assert len(blocks) > 2
    assert [line for _, block, _ in blocks for line in block] == lines
    for (first, block, after), (next_first, next_block, _) in itertools.pairwise(blocks):
        assert next_first == first + len(block) and after == next_block[0]
    assert blocks[-1][2] is None
    assert list(LineReader(path)) == list(enumerate(lines, 1))


def test_a_known_stream_is_read_as_the_first_time(decoder):
    for number in (1, 2, 3):
        assert type(decoder.decode(1, TICKER % number)[0]) is BestQuote
        assert type(decoder.decode(1, TRADE % number)[0]) is Trade
    assert type(decoder.decode(1, TICKER % 3)[0]) is Heartbeat


def test_a_message_of_another_kind_in_a_known_stream_is_refused_both_times(decoder):
    wrong = (TRADE % 9).replace(b"btcusdt@trade", b"btcusdt@bookTicker")
    for _ in range(2):
        with pytest.raises(WireError):
            decoder.decode(1, wrong)
        assert type(decoder.decode(1, TICKER % 7)[0]) in (BestQuote, Heartbeat)


def test_forced_orders_are_found_by_their_inner_symbol_each_time(decoder):
    kinds = [type(decoder.decode(1, FORCED)[0]).__name__ for _ in range(2)]
    assert kinds == ["Liquidation", "Liquidation"]


def test_names_of_streams_are_bounded(decoder, monkeypatch):
    monkeypatch.setattr(w, "STREAMS_MAX", 2)
    for name in (b"btcusdt@bookTicker", b"b@bookTicker", b"c@bookTicker", b"d@bookTicker"):
        decoder.decode(1, (TICKER % 1).replace(b"btcusdt@bookTicker", name))
    assert len(decoder._streams) == 2


def test_a_price_of_nothing_is_refused_the_first_time_and_after(decoder):
    depth = (
        b'{"stream":"btcusdt@depth@0ms","data":{"e":"depthUpdate","E":5,"s":"BTCUSDT","U":%d,"u":%d,"pu":%d,'
        b'"b":[["%s","1"]],"a":[]}}'
    )
    for _ in range(2):
        with pytest.raises(WireError, match="price of 0"):
            decoder.decode(1, depth % (1, 2, 0, b"0.0"))
    assert decoder.decode(1, depth % (1, 2, 0, b"10.1"))


def test_depth_has_the_instant_at_which_it_was_matched_as_trades_have(decoder):
    depth = b'{"stream":"btcusdt@depth@0ms","data":{"e":"depthUpdate","E":9,%b"s":"BTCUSDT","U":%d,"u":%d,"pu":%d,"b":[],"a":[]}}'  # noqa: E501
    assert decoder.decode(1, depth % (b'"T":7,', 1, 2, 0))[0].ts_event == 7_000_000
    assert decoder.decode(1, depth % (b"", 3, 4, 2))[0].ts_event == 9_000_000
