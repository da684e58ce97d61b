"""Captures as a source: markets told from content, chains, merging, damage, seeding; made by the tests themselves."""

from __future__ import annotations

import gzip
import importlib.util
from pathlib import Path

import pytest
import zstandard

from mmtui.core.errors import SourceError
from mmtui.core.events import (
    BestQuote,
    BookDelta,
    BookGap,
    BookSnapshot,
    Damage,
    FeedStatus,
    GridRefined,
    Heartbeat,
    Liquidation,
    MarkPrice,
    SourceEnded,
    Trade,
)
from mmtui.core.market.book import OrderBook
from mmtui.venues.capture.source import open_captures

_spec = importlib.util.spec_from_file_location("captures_made", Path(__file__).with_name("captures_made.py"))
made = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(made)
Made, T0 = made.Made, made.T0


def read(*paths):
    captures = open_captures(list(paths))
    index = {item.id: place for place, item in enumerate(captures.instruments)}
    venues = {venue: place for place, venue in enumerate(dict.fromkeys(item.venue for item in captures.instruments))}
    return captures, list(captures.events(index, venues))


def of(events, *kinds):
    return [event for event in events if isinstance(event, kinds)]


def book_of(events, i=0):
    book = OrderBook()
    for event in events:
        if getattr(event, "i", i) != i:
            continue
        if isinstance(event, BookSnapshot):
            book.snapshot(event)
        elif isinstance(event, BookDelta):
            book.delta(event)
        elif isinstance(event, BookGap):
            book.invalidate(event.why)
        elif isinstance(event, GridRefined):
            book.rescale(event.px_factor, event.sz_factor)
    return book


def simple(market="usdm", symbol="BTCUSDT"):
    return (
        Made(market, symbol)
        .depth(6, 10, 5, b=[["100.0", "1"]])
        .depth(11, 20, 10, b=[["100.1", "2"]])
        .snapshot(15)
        .ticker(21)
        .depth(21, 30, 20, a=[["100.9", "3"]])
        .trade(1)
    )


@pytest.mark.parametrize(
    ("market", "symbol", "wanted"),
    [
        ("spot", "BTCUSDT", "binance-spot:BTCUSDT"),
        ("usdm", "BTCUSDT", "binance-usdm:BTCUSDT"),
        ("usdm", "ETHUSDT_240927", "binance-usdm:ETHUSDT_240927"),
        ("coinm", "BTCUSD_PERP", "binance-coinm:BTCUSD_PERP"),
        ("coinm", "ETHUSD_240927", "binance-coinm:ETHUSD_240927"),
    ],
)
def test_the_market_is_told_from_the_content_not_the_name(tmp_path, market, symbol, wanted):
    captures, events = read(simple(market, symbol).write(tmp_path / "spot_or_not.txt"))
    assert [item.id for item in captures.instruments] == [wanted]
    book = book_of(events)
    assert book.valid and book.seq == 30
    assert captures.instruments[0].contract_size == {"BTCUSD_PERP": "100", "ETHUSD_240927": "10"}.get(symbol, "1")


def test_the_snapshot_comes_after_newer_updates_and_they_are_replayed(tmp_path):
    captures, events = read(simple().write(tmp_path / "a"))
    tick = int(1 / float(captures.instruments[0].tick))
    book = book_of(events)
    assert book.bids.top(3)[0][0] == 1001 * tick // 10
    assert book.asks.top(1)[0][0] == 1009 * tick // 10
    assert isinstance(events[0], FeedStatus) and isinstance(events[-1], SourceEnded)
    assert [event.ts for event in events] == sorted(event.ts for event in events)


@pytest.mark.parametrize("pack", [bytes, gzip.compress, zstandard.ZstdCompressor().compress])
def test_plain_gzip_and_zstd_give_the_same_events(tmp_path, pack):
    plain = b"\n".join(simple().lines) + b"\n"
    (tmp_path / "plain").write_bytes(plain)
    (tmp_path / "packed").write_bytes(pack(plain))
    captures, packed = read(tmp_path / "packed")
    assert packed[:-1] == read(tmp_path / "plain")[1][:-1]
    assert captures.bytes_read == captures.bytes_total


def test_a_gap_makes_the_book_invalid_until_the_next_snapshot(tmp_path):
    lines = simple().depth(35, 40, 33, b=[["100.2", "1"]]).depth(41, 50, 40)
    captures, events = read(lines.write(tmp_path / "a"))
    assert captures.gaps == {"binance-usdm:BTCUSDT": 1}
    assert not book_of(events).valid and book_of(events).seq == 50
    captures, events = read(lines.snapshot(45).depth(51, 60, 50).write(tmp_path / "b"))
    assert book_of(events).valid and book_of(events).seq == 60
    assert captures.gaps == {"binance-usdm:BTCUSDT": 1}


def test_a_snapshot_in_mid_file_while_in_sync_changes_nothing(tmp_path):
    lines = simple()
    lines.snapshot(25, bids=[["100.1", "2"], ["100.0", "5"]], asks=[["101.0", "5"]])
    with_it = book_of(read(lines.depth(31, 40, 30, b=[["99.0", "1"]]).write(tmp_path / "b"))[1])
    without = book_of(read(simple().depth(31, 40, 30, b=[["99.0", "1"]]).write(tmp_path / "a"))[1])
    assert with_it.valid and with_it.top(20) == without.top(20)


def test_a_capture_without_snapshot_continues_the_earlier_one(tmp_path):
    one = simple().write(tmp_path / "one")
    two = Made(t0=T0 + 10**9).depth(31, 40, 30, b=[["100.3", "7"]]).trade(1).trade(2).write(tmp_path / "two")
    captures, events = read(one, two)
    book = book_of(events)
    assert book.valid and book.seq == 40 and captures.gaps == {"binance-usdm:BTCUSDT": 0}
    assert [trade.trade_id for trade in of(events, Trade)] == [1, 2]
    assert not book_of(read(two)[1]).valid


def test_a_second_file_that_does_not_follow_is_a_gap(tmp_path):
    one = simple().write(tmp_path / "one")
    two = Made(t0=T0 + 10**9).depth(131, 140, 130).write(tmp_path / "two")
    captures, events = read(one, two)
    assert not book_of(events).valid and captures.gaps == {"binance-usdm:BTCUSDT": 1}


def test_a_capture_of_snapshots_alone_seeds_the_one_that_names_the_symbol(tmp_path):
    seed = Made().snapshot(15).write(tmp_path / "seed")
    rest = Made(t0=T0 + 10**9).depth(11, 20, 10).depth(21, 30, 20).write(tmp_path / "rest")
    book = book_of(read(seed, rest)[1])
    assert book.valid and book.seq == 30


def test_without_any_snapshot_the_book_grows_and_stays_invalid(tmp_path):
    book = book_of(read(Made().depth(6, 10, 5, b=[["100.0", "1"]]).write(tmp_path / "a"))[1])
    assert not book.valid and len(book.bids.top(5)) == 1


def test_files_merge_by_the_running_maximum_of_their_times(tmp_path):
    usdm, spot = simple(), simple("spot")
    back = usdm.lines[-1]
    usdm.lines[-1] = str(T0).encode() + back[19:]  # a step back in time keeps its place
    captures, events = read(usdm.write(tmp_path / "a"), spot.write(tmp_path / "b"))
    assert [event.ts for event in events] == sorted(event.ts for event in events)
    trades = of(events, Trade)
    assert {trade.i for trade in trades} == {0, 1}
    assert of([e for e in events if getattr(e, "i", -1) == 0], BookDelta, Trade)[-1] == trades[0]
    assert len(captures.instruments) == 2


def test_damaged_lines_are_skipped_counted_and_said(tmp_path):
    lines = simple()
    good = len(of(read(lines.write(tmp_path / "good"))[1], BookDelta, BookSnapshot, BestQuote, Trade))
    lines.lines[1:1] = [b"garbage", b"\xff\xfe\x00", b"", b'1723161255001500000 {"stream":"btcusdt@trade","data":{"e":']
    lines.raw(lines.lines[-1][:60])
    captures, events = read(lines.write(tmp_path / "bad", end=b""))
    damage = of(events, Damage)
    assert [event.line for event in damage] == [2, 3, 5, 11]
    assert [event.count for event in damage] == [1, 2, 3, 4]
    assert captures.damage == {tmp_path / "bad": 4}
    assert captures.damage_notes[0].startswith(f"{tmp_path / 'bad'}:2: ")
    assert len(of(events, BookDelta, BookSnapshot, BestQuote, Trade)) == good


def test_an_endless_line_is_one_damaged_line(tmp_path):
    lines = simple()
    lines.lines.insert(1, b"x" * 9_000_000)
    captures, events = read(lines.write(tmp_path / "a"))
    assert captures.damage[tmp_path / "a"] == 1 and book_of(events).valid


def test_a_gzip_file_cut_in_the_middle_gives_all_that_is_left_and_says_so(tmp_path):
    lines = simple()
    for number in range(2, 3000):
        lines.trade(number, price=f"{100 + number % 7}.5")
    whole = gzip.compress(b"\n".join(lines.lines) + b"\n")
    (tmp_path / "cut.gz").write_bytes(whole[: len(whole) // 2])
    captures, events = read(tmp_path / "cut.gz")
    assert len(of(events, Trade)) > 500
    assert "ends in the middle" in of(events, Damage)[-1].what
    assert captures.bytes_read == captures.bytes_total
    (tmp_path / "broken.gz").write_bytes(whole[:-8] + b"\x00" * 8)
    events = read(tmp_path / "broken.gz")[1]
    assert "damaged" in of(events, Damage)[-1].what and len(of(events, Trade)) == 2999


def test_a_receive_time_hours_ahead_of_its_neighbours_is_damage(tmp_path):
    lines = simple()
    lines.lines[2] = b"9" + lines.lines[2][1:]
    lines.lines[3] = b"2" + lines.lines[3][1:]
    captures, events = read(lines.write(tmp_path / "a"))
    assert captures.damage[tmp_path / "a"] == 2
    assert events[-1].ts < T0 + 10**9


def test_a_finer_tick_refines_the_grid_without_loss(tmp_path):
    lines = Made().depth(6, 10, 5, b=[["100.0", "1"]]).snapshot(8).depth(11, 20, 10, b=[["99.75", "0.0005"]])
    _, events = read(lines.write(tmp_path / "a"))
    refined = of(events, GridRefined)
    assert [(event.tick, event.lot, event.px_factor, event.sz_factor) for event in refined] == [
        ("0.01", "0.001", 10, 1),
        ("0.01", "0.0001", 1, 10),
    ]
    book = book_of(events)
    assert book.bids.top(2) == [(10000, 10000), (9975, 5)]
    assert events.index(refined[0]) < events.index(of(events, BookDelta)[-1])


def test_tiny_prices_and_huge_sizes_are_exact(tmp_path):
    lines = (
        Made("spot", "SHIBUSDT")
        .snapshot(10, bids=[["0.00001378", "12345678901.00"]], asks=[["0.00001379", "2.00"]])
        .depth(11, 12, b=[["0.00001377", "7.00"]])
    )
    captures, events = read(lines.write(tmp_path / "a"))
    assert (captures.instruments[0].tick, captures.instruments[0].lot) == ("0.00000001", "1")
    assert book_of(events).bids.top(2) == [(1378, 12345678901), (1377, 7)]


def test_an_unknown_symbol_gets_its_grid_from_the_decimals_seen(tmp_path):
    lines = Made("spot", "XYZUSDT").snapshot(10, bids=[["1.2340", "10.50"]], asks=[["1.2350", "1.00"]])
    captures, _ = read(lines.depth(11, 12).write(tmp_path / "a"))
    item = captures.instruments[0]
    assert (item.tick, item.lot, item.grid, item.base, item.quote) == ("0.001", "0.1", "inferred", "XYZ", "USDT")


def test_other_streams_are_used_or_passed_over(tmp_path):
    lines = simple()
    lines.stream("markPrice@1s", {"e": "markPriceUpdate", "E": 1, "s": "BTCUSDT", "p": "100.12345678", "i": "100.5",
                                  "P": "1", "r": "-0.00012345", "T": 1723161600000})  # fmt: skip
    lines.stream("forceOrder", {"e": "forceOrder", "E": 1, "o": {"s": "BTCUSDT", "S": "SELL", "q": "0.014", "p": "99.0",
                                                                 "T": 5, "X": "FILLED"}})  # fmt: skip
    lines.stream("kline_1m", {"e": "kline", "E": 1, "s": "BTCUSDT", "k": {}})
    lines.stream("depth20@100ms", {"e": "depthUpdate", "E": 1, "s": "BTCUSDT", "U": 91, "u": 92, "pu": 90, "b": [],
                                   "a": []})  # fmt: skip
    lines.stream("depth5", {"lastUpdateId": 99, "bids": [["1.0", "1"]], "asks": []})
    lines.stream("aggTrade", {"e": "aggTrade", "E": 1, "s": "BTCUSDT", "a": 1, "f": 2, "l": 3, "p": "100.5", "q": "1",
                              "T": 5, "m": True})  # fmt: skip
    lines.add({"stream": "!ticker@arr", "data": [{"e": "24hrTicker"}]}).add({"result": None, "id": 1})
    captures, events = read(lines.write(tmp_path / "a"))
    assert captures.damage[tmp_path / "a"] == 0
    mark = of(events, MarkPrice)[0]
    assert (mark.mark, mark.index, mark.funding) == (10012345678, 10050000000, -1234500)
    assert of(events, Liquidation)[0].side == -1
    assert len(of(events, Heartbeat)) == 6
    assert book_of(events).valid and book_of(events).seq == 30
    assert len(of(events, Trade)) == 1  # single trades come: the aggregate would count twice


def test_aggregated_trades_serve_where_no_single_ones_come(tmp_path):
    lines = Made().depth(6, 10, 5)
    for first, last in ((1, 3), (4, 4), (4, 4)):
        lines.stream("aggTrade", {"e": "aggTrade", "E": 1, "s": "BTCUSDT", "a": 1, "f": first, "l": last, "p": "100.5",
                                  "q": "1", "T": 5, "m": True})  # fmt: skip
    trades = of(read(lines.write(tmp_path / "a"))[1], Trade)
    assert [(trade.trade_id, trade.side) for trade in trades] == [(3, -1), (4, -1)]


def test_bare_messages_are_read_like_combined_ones(tmp_path):
    import json

    combined = simple()
    bare = Made()
    for line in combined.lines:
        body = json.loads(line[20:])
        bare.raw(line[:20] + json.dumps(body.get("data", body)).encode())
    assert read(bare.write(tmp_path / "b"))[1][:-1] == read(combined.write(tmp_path / "a"))[1][:-1]


def test_tickers_and_trades_are_ordered_by_their_ids(tmp_path):
    lines = Made().ticker(5).ticker(7).ticker(6).ticker(7).trade(1).trade(3).trade(2).trade(4, X="INSURANCE_FUND")
    events = read(lines.write(tmp_path / "a"))[1]
    assert [event.seq for event in of(events, BestQuote)] == [5, 7]
    assert [event.trade_id for event in of(events, Trade)] == [1, 3]


def test_todays_extra_fields_change_nothing(tmp_path):
    lines = Made()
    lines.stream("depth@0ms", {"e": "depthUpdate", "E": 2, "T": 1, "s": "BTCUSDT", "ps": "BTCUSDT", "st": 1, "U": 6,
                               "u": 10, "pu": 5, "b": [["100.0", "1"]], "a": []})  # fmt: skip
    assert len(of(read(lines.snapshot(8).write(tmp_path / "a"))[1], BookDelta)) == 2


@pytest.mark.parametrize("bad", ["NaN", "Infinity", "-1", "1e5", "", "1.2.3", "0x10", "9" * 30, "1." + "1" * 17, "١"])
def test_numbers_that_are_none_are_damage_and_change_nothing(tmp_path, bad):
    lines = simple().depth(31, 40, 30, b=[[bad, "1"]]).depth(31, 40, 30, b=[["99.0", bad]]).trade(9, price=bad)
    captures, events = read(lines.ticker(99, bid=bad).depth(31, 50, 30).write(tmp_path / "a"))
    assert captures.damage[tmp_path / "a"] == 4
    assert book_of(events).valid and book_of(events).seq == 50


def test_a_damaged_symbol_makes_no_second_instrument(tmp_path):
    lines = Made().depth(6, 10, 5)
    for number in range(60):
        lines.trade(number)
    lines.raw(lines.lines[-1].replace(b'"s":"BTCUSDT"', b'"s":"BTCUSDX"'))
    lines.raw(lines.lines[-2][:20] + b'{"e":"trade","E":1,"T":1,"s":"BTCUSDY","t":99,"p":"1","q":"1","m":true}')
    captures, events = read(lines.snapshot(8).write(tmp_path / "a"))
    assert [item.id for item in captures.instruments] == ["binance-usdm:BTCUSDT"]
    assert captures.damage[tmp_path / "a"] == 2 and book_of(events).valid


def test_two_symbols_in_one_file_are_two_instruments(tmp_path):
    lines, other = simple("coinm", "BTCUSD_PERP"), simple("coinm", "ETHUSD_PERP")
    lines.lines += other.lines
    captures, events = read(lines.write(tmp_path / "a"))
    assert [item.id for item in captures.instruments] == ["binance-coinm:BTCUSD_PERP", "binance-coinm:ETHUSD_PERP"]
    assert book_of(events, 0).valid and book_of(events, 1).valid and captures.damage[tmp_path / "a"] == 0


def test_files_of_one_instrument_in_the_wrong_order_are_read_as_given_and_that_is_said(tmp_path):
    one = simple().write(tmp_path / "one")
    two = Made(t0=T0 + 10**9).depth(31, 40, 30).write(tmp_path / "two")
    assert open_captures([one, two]).warnings == []
    assert "begins before two" in open_captures([two, one]).warnings[0]


def test_files_that_are_no_capture_are_named(tmp_path):
    (tmp_path / "empty").write_bytes(b"")
    (tmp_path / "text").write_bytes(b"hello\nworld\n")
    for name in ("missing", "empty", "text"):
        with pytest.raises(SourceError, match=name):
            open_captures([tmp_path / name])
    with pytest.raises(SourceError):
        open_captures([tmp_path])
    with pytest.raises(SourceError):
        open_captures([])


def test_instruments_that_are_not_wanted_are_left_out(tmp_path):
    captures = open_captures([simple().write(tmp_path / "a"), simple("spot").write(tmp_path / "b")])
    events = list(captures.events({"binance-spot:BTCUSDT": 0}, {"binance-spot": 0}))
    assert {getattr(event, "i", 0) for event in events} == {0}
    assert len(of(events, Trade)) == 1
