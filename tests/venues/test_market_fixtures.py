"""Real messages of the venues, beside the captures: counts, trades and final books as the truth files have them."""

from __future__ import annotations

import gzip
import json
import zlib
from decimal import Decimal

import pytest
from market_kit import WIRE, decoder, rows

from mmtui.core.events import BookDelta, BookGap, BookSnapshot, Damage
from mmtui.core.market.book import OrderBook
from mmtui.core.market.instrument import Grid

pytestmark = pytest.mark.skipif(not WIRE.is_dir(), reason="skipped: no captures")

FAMILY = {"okx": "okx", "deribit": "deribit", "kraken_futures": "kraken", "coinbase": "coinbase", "bitmex": "bitmex"}


class Book:
    """A book of a reader of the rows."""

    def __init__(self):
        self.sides = {"bids": {}, "asks": {}}

    def apply(self, row):
        for name, side in self.sides.items():
            if row["event"] == "BookSnapshot":
                side.clear()
            for price, size in row[name]:
                if Decimal(size):
                    side[Decimal(price)] = Decimal(size)
                else:
                    side.pop(Decimal(price), None)

    def best(self, name):
        side = self.sides[name]
        price = max(side) if name == "bids" else min(side)
        return [price, side[price]]


def _lines(path):
    return gzip.decompress(path.read_bytes()).splitlines()


def symbol_of(row):
    return row["instrument"].partition(":")[2]


@pytest.mark.parametrize("name", FAMILY)
def test_a_recording_ends_on_the_true_book_without_a_gap(capsys, name):
    truth = json.loads((WIRE / "cryptofeed" / "truth" / f"{name}.json").read_text())["instruments"]
    found = rows(capsys, FAMILY[name], WIRE / "cryptofeed" / f"{name}.ws.gz")
    assert not any(row["event"] in ("BookGap", "Damage") or "refused" in row for row in found)
    books = {symbol: Book() for symbol in truth}
    trades = {symbol: [] for symbol in truth}
    for row in found:
        if row["event"] in ("BookSnapshot", "BookDelta"):
            books[symbol_of(row)].apply(row)
        elif row["event"] == "Trade":
            trades[symbol_of(row)].append(Decimal(row["size"]))
    for symbol, wanted in truth.items():
        book, final = books[symbol], wanted["final"]
        for side in ("bid", "ask"):
            assert book.best(f"{side}s") == [Decimal(text) for text in final[f"best_{side}"]], symbol
            assert len(book.sides[f"{side}s"]) == final[f"n_{side}s"], symbol
        assert len(trades[symbol]) == wanted["trades"]
        assert sum(trades[symbol]) == Decimal(wanted["trade_qty"])


@pytest.mark.parametrize(("name", "venue"), [("gateio", "gate-spot"), ("gateio_futures", "gate-futures")])
def test_updates_of_gate_join_the_book_of_the_rest_interface(name, venue):
    """Frames and answers by their time; the best prices and numbers of levels are those of the truth file."""
    truth = json.loads((WIRE / "cryptofeed" / "truth" / f"{name}.json").read_text())["instruments"]
    machine = decoder(venue, *truth)
    lines = [line for kind in ("ws", "http") for line in _lines(WIRE / "cryptofeed" / f"{name}.{kind}.gz")]
    books = {feed.i: OrderBook() for feed in machine.feeds.values()}
    for line in sorted(lines, key=lambda line: int(line.partition(b" ")[0])):
        stamp, _, body = line.partition(b" ")
        if body.startswith(b"http"):
            address, _, body = body.partition(b" ")
            symbol = address.decode().partition("?")[2].partition("&")[0].partition("=")[2]
            events = machine.resnapshot(int(stamp), symbol, body)
        else:
            events = machine.decode(int(stamp), body)
        for event in events:
            assert not isinstance(event, BookGap | Damage), event
            if isinstance(event, BookSnapshot):
                books[event.i].snapshot(event)
            elif isinstance(event, BookDelta):
                books[event.i].delta(event)
    for symbol, wanted in truth.items():
        feed, final = machine.feeds[symbol], wanted["final"]
        book, grid = books[feed.i], Grid(feed.instrument)
        assert feed.valid and book.valid
        bid, ask = [grid.price_text(book.bids.best()), grid.size_text(book.bids.size(book.bids.best()))], [
            grid.price_text(book.asks.best()), grid.size_text(book.asks.size(book.asks.best()))]  # fmt: skip
        assert (bid, ask) == (final["best_bid"], final["best_ask"])
        assert (len(book.bids.sizes), len(book.asks.sizes)) == (final["n_bids"], final["n_asks"])


def test_books_of_okx_have_the_checksums_that_it_still_sent_in_2022(capsys):
    """The messages of that year: every row makes the book whose checksum (best 25, signed) the message carries."""
    path = WIRE / "cryptofeed" / "okx.ws.gz"
    sums = {}
    for number, line in enumerate(_lines(path), 1):
        message = json.loads(line.partition(b" ")[2])
        if message.get("arg", {}).get("channel") == "books" and "data" in message:
            sums[number] = message["data"][0]["checksum"]
    book, checked = Book(), 0
    for row in rows(capsys, "okx", path):
        if row["event"] not in ("BookSnapshot", "BookDelta"):
            continue
        book.apply(row)
        sides = [sorted(book.sides["bids"], reverse=True)[:25], sorted(book.sides["asks"])[:25]]
        words = []
        for bid, ask in zip(*sides, strict=True):
            for price, side in ((bid, "bids"), (ask, "asks")):
                words.append(f"{price}:{book.sides[side][price].normalize():f}")
        crc = zlib.crc32(":".join(words).encode())
        assert crc - (crc >> 31 << 32) == sums[row["line"]]
        checked += 1
    assert checked == len(sums) == 98


#: Messages of one kind each: file -> the events that the venue's document calls for.
SINGLE = {
    "okx/ws_books_snapshot": ["BookSnapshot"],
    "okx/ws_books_update": ["BookDelta"],
    "okx/ws_bbo_tbt": ["BestQuote"],
    "okx/ws_trades": ["Trade"],
    "okx/ws_funding_rate": ["MarkPrice"],
    "bybit/ws_orderbook_snapshot": ["BookSnapshot"],
    "bybit/ws_orderbook_delta": ["BookDelta"],
    "bybit/ws_public_trade": ["Trade"],
    "bybit/ws_ticker_linear": ["BestQuote", "MarkPrice"],
    "bybit/http_get_orderbook": ["BookSnapshot"],
    "hyperliquid/ws_book_data": ["BookSnapshot"],
    "hyperliquid/http_l2_book_btc": ["BookSnapshot"],
    "hyperliquid/http_recent_trades_btc": ["Trade"] * 3,
    "deribit/ws_book_snapshot": ["BookSnapshot"],
    "deribit/ws_book_delta": ["BookDelta"],
    "deribit/ws_quote": ["BestQuote"],
    "deribit/ws_trades": ["Trade"] * 2,
    "deribit/http_get_order_book": ["BookSnapshot"],
    "deribit/http_get_last_trades": ["Trade"] * 10,
    "kraken/ws_book_snapshot": ["BookGap", "BookSnapshot"],  # its checksum is not that of its three levels
    "kraken/ws_book_update": ["BookDelta"],
    "kraken/ws_trade_update": ["Trade"] * 2,
    "kraken/ws_futures_book_snapshot": ["BookSnapshot"],
    "kraken/ws_futures_book_snapshot_with_zero_qty": ["BookSnapshot"],
    "kraken/ws_futures_book_delta": ["BookDelta"],
    "kraken/ws_futures_trade": ["Trade"],
    "kraken/ws_futures_ticker": ["BestQuote", "MarkPrice"],
    "coinbase/ws_l2_data_snapshot": ["BookSnapshot"],
    "coinbase/ws_l2_data_update": ["BookDelta"],
    "coinbase/ws_market_trades": ["Trade"] * 2,
    "coinbase/ws_ticker": ["BestQuote"],
    "coinbase/http_product_book": ["BookSnapshot"],
    "dydx/ws_orderbook_subscribed": ["BookSnapshot"],
    "dydx/ws_orderbook_update": ["BookDelta"],
    "dydx/ws_trades_subscribed": ["Trade"],
    "dydx/ws_markets_update": ["MarkPrice"] * 2,
    "dydx/ws_markets_status_update": ["MarkPrice"] * 2,
    "bitmex/ws_orderbook_l2": ["BookDelta"],
    "bitmex/ws_orderbook_10": ["BookSnapshot"],
    "bitmex/ws_quote": ["BestQuote"],
    "bitmex/ws_trade": ["Trade"],
    "bitmex/ws_instrument": ["MarkPrice"],
    "bitmex/ws_funding_rate": ["MarkPrice"],
    "bitmex/ws_liquidation": ["Liquidation"],
}


@pytest.mark.parametrize("name", SINGLE)
def test_a_single_message_is_the_events_that_it_says(capsys, name):
    family = name.partition("/")[0]
    found = rows(capsys, family, WIRE / "nautilus" / f"{name}.json")
    assert [row["event"] for row in found] == SINGLE[name]


@pytest.mark.parametrize("family", ["okx", "bybit", "hyperliquid", "deribit", "kraken", "coinbase", "dydx", "bitmex"])
def test_every_message_of_a_venue_is_read_or_passed_over(capsys, family):
    paths = sorted((WIRE / "nautilus" / family).glob("*.json"))
    assert paths
    for path in paths:
        assert not any(row["event"] == "Damage" for row in rows(capsys, family, path)), path.name


def test_sides_levels_and_marks_of_single_messages(capsys):
    def one(name):
        return rows(capsys, name.partition("/")[0], WIRE / "nautilus" / f"{name}.json")

    assert [row["side"] for row in one("coinbase/ws_market_trades")] == ["sell", "buy"]  # the file has the maker's
    assert [row["side"] for row in one("kraken/ws_trade_update")] == ["buy", "sell"]
    assert one("kraken/ws_futures_book_snapshot_with_zero_qty")[0]["bids"] == [["34892.5", "6385"], ["34891.5", "100"]]
    assert one("deribit/ws_book_delta")[0]["asks"] == [["42501", "0"], ["42501.5", "700"]]
    assert one("okx/ws_books_update")[0]["seq"] == 123457
    mark = one("kraken/ws_futures_ticker")[1]
    assert (mark["mark"], mark["index"], mark["funding"]) == ("21979.68641534", "21984.54", "-0.0000013803")
    ticker = one("bybit/ws_ticker_linear")
    assert ticker[0]["bid"] == ["17215.5", "84.489"]
    assert (ticker[1]["mark"], ticker[1]["funding"]) == ("17217.33", "-0.000212")


#: A collection's own words for what each message says -> the events of ours that say it.
TYPES = {"trade": "Trade", "book_ticker": "BestQuote", "liquidation": "Liquidation", "derivative_ticker": "MarkPrice"}


COLLECTIONS = [("okex", "okx"), ("okex-futures", "okx"), ("bybit", "bybit"), ("gate-io", "gate"),
               ("bitget-futures", "bitget")]  # fmt: skip


@pytest.mark.parametrize(("name", "family"), COLLECTIONS)
def test_messages_with_somebody_elses_reading_of_them(capsys, name, family):
    path = WIRE / "tardis" / f"{name}.jsonl"
    found = {}
    for row in rows(capsys, family, path):
        found.setdefault(row["line"], []).append(row)
    for number, line in enumerate(path.read_text().splitlines(), 1):
        for theirs in json.loads(line)["normalized"]:
            kind = TYPES.get(theirs["type"])
            ours = [row for row in found[number] if row["event"] == kind]
            if theirs["type"] == "trade":
                got = [(symbol_of(row), Decimal(row["price"]), Decimal(row["size"]), row["side"]) for row in ours]
                price, size = Decimal(str(theirs["price"])), Decimal(str(theirs["amount"]))
                assert (theirs["symbol"], price, size, theirs["side"]) in got
            elif theirs["type"] == "liquidation" and not json.loads(line)["message"].get("arg", {}).get("generated"):
                got = [(symbol_of(row), row["side"], Decimal(row["price"])) for row in ours]
                assert (theirs["symbol"], theirs["side"], Decimal(str(theirs["price"]))) in got
            elif theirs["type"] == "book_change":
                (book,) = [row for row in found[number] if row["event"] in ("BookSnapshot", "BookDelta")]
                assert (book["event"] == "BookSnapshot") == theirs["isSnapshot"]
                for side in ("bids", "asks"):
                    wanted = [(Decimal(str(level["price"])), Decimal(str(level["amount"]))) for level in theirs[side]]
                    assert [(Decimal(price), Decimal(size)) for price, size in book[side]] == wanted
