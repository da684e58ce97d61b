"""Venues through ccxt.pro: what is checked from outside, and a link on an exchange that a test drives."""

from __future__ import annotations

import asyncio
import subprocess
import sys

import pytest
from market_link_kit import Follower

from mmtui.config.errors import ConfigError
from mmtui.config.load import load_config
from mmtui.config.schema import LiveVenue
from mmtui.core.errors import UserError
from mmtui.core.events import BookGap, BookSnapshot, FeedStatus, Trade
from mmtui.core.runner import NEVER
from mmtui.host.golive import links_of
from mmtui.venues.binance.grid import WireError
from mmtui.venues.ccxt_market.book import SECOND, STALE, WRONG_MAX, CcxtBook, listed
from mmtui.venues.ccxt_market.link import CcxtLink, ask_ccxt
from mmtui.venues.ccxt_market.names import CHECKED, CcxtLinks, exchange_of, instrument

BTC = instrument("ccxt-kucoin", "BTC/USDT", "0.1", "0.00001")
MARKET = {
    "spot": True, "active": True, "precision": {"price": 0.1, "amount": 0.00001}, "limits": {"cost": {"min": 1}},
    "maker": 0.0008, "taker": 0.001,
}  # fmt: skip
T0 = 1_767_225_600 * SECOND


def shown(bid, ask, stamp=None, nonce=None):
    return {"bids": [[bid, 1.5], [bid - 0.1, 2.0]], "asks": [[ask, 0.5]], "timestamp": stamp, "nonce": nonce}


def kinds(events):
    return [type(event) for event in events]


# -- names ---------------------------------------------------------------------------------------------------------


def test_an_exchange_that_ccxt_has_streams_of_is_known_by_its_prefix():
    assert exchange_of("ccxt-kucoin") == "kucoin"
    for wrong in ("kucoin", "ccxt-", "ccxt-nosuchplace", "ccxt-../okx", "ccxt-__init__"):
        assert exchange_of(wrong) == ""
    assert CcxtLinks("kucoin").proof == "unverified book"
    assert all(CcxtLinks(name).proof == how and exchange_of(f"ccxt-{name}") for name, how in CHECKED.items())


@pytest.mark.parametrize(
    ("symbol", "kind", "settle"),
    [("BTC/USDT", "spot", "USDT"), ("BTC/USDT:USDT", "linear", "USDT"), ("BTC/USD:BTC", "inverse", "BTC"),
     ("ETH/USDT:USDT-260925", "linear", "USDT")],
)  # fmt: skip
def test_a_unified_symbol_says_what_an_instrument_is(symbol, kind, settle):
    item = instrument("ccxt-kucoin", symbol)
    assert (item.kind, item.settle, item.grid, item.id) == (kind, settle, "inferred", f"ccxt-kucoin:{symbol}")
    assert instrument("ccxt-kucoin", "BTCUSDT") is None


def config(tmp_path, text):
    path = tmp_path / "desk.toml"
    path.write_text(text)
    return path


DESK = '[desk]\nname = "d"\nmode = "paper"\n[[venue]]\nid = "ccxt-kucoin"\n[[instrument]]\nid = "ccxt-kucoin:{}"\n'


def test_a_config_names_such_a_venue_and_wrong_ones_are_one_sentence(tmp_path):
    found = load_config(config(tmp_path, DESK.format("BTC/USDT:USDT")))
    assert found.setup.instruments[0].instrument.kind == "linear"
    assert links_of(found.sources[0]) == CcxtLinks("kucoin")
    for text, what in (
        (DESK.format("BTCUSDT"), "no unified symbol"),
        (DESK.format("BTC/USDT").replace("kucoin", "nosuchplace"), "no known venue"),
        (DESK.format("BTC/USDT").replace("paper", "live"), "ccxt-kucoin has none here"),
    ):
        with pytest.raises(ConfigError, match=what):
            load_config(config(tmp_path, text))
    with pytest.raises(UserError, match="leave rest and ws out"):
        links_of(LiveVenue("ccxt-kucoin", "http://127.0.0.1:1", "ws://127.0.0.1:1"))


# -- the book, from outside ----------------------------------------------------------------------------------------


def test_a_book_is_whole_steps_and_one_that_is_crossed_is_invalid_until_it_is_not():
    book = CcxtBook(0, BTC)
    (event,) = book.book(T0, shown(60000.1, 60000.2, 1_767_225_599_990))
    assert (event.bid_px, event.bid_sz, event.ask_px, event.ask_sz) == ([600001, 600000], [150000, 200000], [600002], [50000])  # noqa: E501
    assert event.ts_event == 1_767_225_599_990_000_000
    assert kinds(book.book(T0 + 1, shown(60000.3, 60000.2))) == [BookGap]
    assert book.book(T0 + 2, shown(60000.3, 60000.3)) == []  # invalid already
    assert book.next_ts() == T0 + 1 + WRONG_MAX and not book.hopeless(T0 + 2)
    assert kinds(book.book(T0 + 3, shown(60000.3, 60000.4))) == [BookSnapshot]
    assert not book.hopeless(T0 + 10 * SECOND) and book.gaps == 1


@pytest.mark.parametrize(("before", "after"), [((1000, None), (999, None)), ((None, 7), (None, 6))])
def test_a_book_that_steps_back_in_time_or_number_is_invalid(before, after):
    book = CcxtBook(0, BTC)
    book.book(T0, shown(1.0, 1.1, *before))
    (gap,) = book.book(T0 + 1, shown(1.0, 1.1, *after))
    assert gap.why == "it steps back"
    assert book.hopeless(T0 + 1 + WRONG_MAX)


def test_a_book_that_nothing_changes_is_not_believed_for_ever():
    book = CcxtBook(0, BTC)
    book.book(T0, shown(1.0, 1.1))
    assert book.next_ts() == T0 + STALE
    assert book.tick(T0 + STALE - 1) == []
    assert kinds(book.tick(T0 + STALE)) == [BookGap]


@pytest.mark.parametrize(
    "wrong",
    [{}, {"bids": None, "asks": []}, {"bids": [["x", 1]], "asks": []}, {"bids": [[float("nan"), 1.0]], "asks": []},
     {"bids": [[float("inf"), 1.0]], "asks": []}, {"bids": [[1.05, 1.0]], "asks": []}, {"bids": [[]], "asks": []},
     {"bids": [], "asks": [], "timestamp": "soon"}, {"bids": [[-1.0, 1.0]], "asks": []}],
)  # fmt: skip
def test_what_cannot_be_read_is_a_gap_and_never_an_exception(wrong):
    book = CcxtBook(0, BTC)
    book.book(T0, shown(1.0, 1.1))
    assert kinds(book.book(T0 + 1, wrong)) == [BookGap]


def test_trades_are_told_and_what_is_none_is_left_out():
    row = {"price": 60000.1, "amount": 0.02, "side": "sell", "timestamp": 1_767_225_600_000, "id": "42"}
    rows = [row, row | {"price": None}, row | {"side": "?"}, {}, row | {"amount": 0.0}]
    (trade,) = CcxtBook(3, BTC).trades(T0, rows)
    assert (trade.i, trade.trade_id, trade.px, trade.sz, trade.side) == (3, 42, 600001, 2000, -1)


def test_the_grid_is_what_ccxt_lists_in_steps_or_decimals():
    found = listed(BTC, MARKET, 4)
    assert (found.tick, found.lot, found.min_notional, found.maker_bps, found.taker_bps, found.grid) == (
        "0.1", "0.00001", "1", "8", "10", "venue",
    )  # fmt: skip
    swap = MARKET | {"spot": False, "inverse": True, "contractSize": 100, "precision": {"price": 1, "amount": 0}}
    found = listed(BTC, swap, 2)
    assert (found.kind, found.tick, found.lot, found.contract_size) == ("inverse", "0.1", "1", "100")
    for wrong, mode in (({"precision": {}}, 4), ({"precision": {"price": 0.1, "amount": None}}, 4), (MARKET, 3)):
        with pytest.raises(WireError):
            listed(BTC, wrong, mode)


# -- the link ------------------------------------------------------------------------------------------------------


class Fake:
    """An exchange of ccxt.pro as a test drives it: what is put in a queue is what is watched next."""

    precisionMode = 4

    def __init__(self):
        self.markets = {"BTC/USDT": MARKET, "OLD/USDT": MARKET | {"active": False}, "ODD/USDT": {"precision": {}}}
        self.books, self.rows = asyncio.Queue(), asyncio.Queue()
        self.closed = False

    async def load_markets(self):
        return self.markets

    async def watch_order_book(self, symbol):
        return await self._next(self.books)

    async def watch_trades(self, symbol):
        return await self._next(self.rows)

    async def _next(self, queue):
        found = await queue.get()
        if isinstance(found, Exception):
            raise found
        return found

    async def close(self):
        self.closed = True


async def linked(made):
    """A link whose exchanges are kept in `made`, and its host."""

    def maker(name):
        made.append(Fake())
        return made[-1]

    host = Follower()
    link = CcxtLink(host, 0, "ccxt-kucoin", [(0, BTC)], CcxtLinks("kucoin"), maker)
    link.start()
    await host.until(lambda: made)
    return link, host


async def test_a_link_tells_books_and_trades_and_says_what_proves_them():
    made = []
    link, host = await linked(made)
    made[0].books.put_nowait(shown(60000.1, 60000.2))
    await host.until(lambda: host.valid)
    made[0].rows.put_nowait([{"price": 60000.1, "amount": 0.1, "side": "buy", "id": "1", "timestamp": None}])
    await host.until(lambda: host.of(Trade))
    (status,) = host.of(FeedStatus)
    assert status.connected and "unverified book" in status.why
    assert link.body(host.now()) == {"feed": True, "book": "unverified book", "failures": 0}
    await link.close()
    assert made[0].closed


async def test_a_fault_of_ccxt_ends_the_connection_and_a_new_one_is_made():
    made = []
    link, host = await linked(made)
    made[0].books.put_nowait(shown(1.0, 1.1))
    await host.until(lambda: host.valid)
    made[0].books.put_nowait(RuntimeError("wss://secret.example/key=abc"))
    await host.until(lambda: len(made) == 2)
    assert made[0].closed
    down = host.of(FeedStatus)[1]
    assert not down.connected and down.why == "RuntimeError"
    made[1].books.put_nowait(shown(2.0, 2.1))
    await host.until(lambda: len(host.of(BookSnapshot)) == 2)
    assert [event.connected for event in host.of(FeedStatus)] == [True, False, True]
    await link.close()


async def test_a_book_that_stays_wrong_is_asked_for_on_a_new_connection():
    made = []
    link, host = await linked(made)
    made[0].books.put_nowait(shown(1.0, 1.1))
    await host.until(lambda: host.valid)
    made[0].books.put_nowait(shown(1.2, 1.1))
    await host.until(lambda: host.of(BookGap))
    assert link.next_ts() < NEVER
    link.tick(host.now() + WRONG_MAX)  # as if it had been so long
    await host.until(lambda: len(made) == 2)
    await link.close()


async def test_before_a_desk_runs_the_markets_are_asked_for():
    odd = instrument("ccxt-kucoin", "ODD/USDT")
    old = instrument("ccxt-kucoin", "OLD/USDT")
    report = await ask_ccxt("ccxt-kucoin", CcxtLinks("kucoin"), [BTC, old], lambda name: Fake())
    assert report.reached and set(report.found) == {"BTC/USDT"}
    report = await ask_ccxt("ccxt-kucoin", CcxtLinks("kucoin"), [odd], lambda name: Fake())
    assert "does not say its tick" in report.why

    class Dead(Fake):
        async def load_markets(self):
            raise TimeoutError("https://secret")

    report = await ask_ccxt("ccxt-kucoin", CcxtLinks("kucoin"), [BTC], lambda name: Dead())
    assert not report.reached and report.why == "ccxt cannot list its markets: TimeoutError"


def test_ccxt_is_not_imported_before_it_is_needed():

    code = "import sys, mmtui.host.golive, mmtui.host.live; print('ccxt' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
