"""ccxt.pro, unmodified apart from the address, on the loopback servers of public streams: the same book, the trades."""

from __future__ import annotations

import asyncio
import importlib
import json
from urllib.parse import urlsplit

import pytest
from aiohttp import web
from market_link_kit import Follower

from mmtui.core.events import Trade
from mmtui.venues.ccxt_market.link import CcxtLink, ask_ccxt
from mmtui.venues.ccxt_market.names import CcxtLinks, instrument
from mmtui.venues.loopback.faults import Faults
from mmtui.venues.loopback.public.server import PublicServer

#: Venue -> its name there, and the unified symbol of the server's first instrument.
CLIENTS = {
    "okx": ("okx", "BTC/USDT"),
    "bybit": ("bybit", "BTC/USDT:USDT"),
    "deribit": ("deribit", "BTC/USD:BTC"),
    "kraken-spot": ("kraken", "BTC/USD"),
    "kraken-futures": ("krakenfutures", "BTC/USD:USD"),
    "coinbase": ("coinbase", "BTC/USD"),
}


def here(urls, port):
    """The same paths at this machine."""
    if isinstance(urls, dict):
        return {name: here(one, port) for name, one in urls.items()}
    if isinstance(urls, str) and "://" in urls:
        parts = urlsplit(urls)
        scheme = "ws" if parts.scheme in ("ws", "wss") else "http"
        return f"{scheme}://127.0.0.1:{port}{parts.path}"
    return urls


def client(name, port):
    made = getattr(importlib.import_module(f"ccxt.pro.{name}"), name)({"newUpdates": True})
    made.has["fetchCurrencies"] = False  # balances need it, books do not
    api = json.loads(json.dumps(made.urls["api"]).replace("{hostname}", "venue"))
    made.urls = {**made.urls, "api": here(api, port)}
    return made


@pytest.mark.parametrize("venue", CLIENTS)
async def test_ccxt_has_the_servers_book_and_its_trades(venue):
    server = PublicServer(venue, "calm", 3, Faults())
    runner = web.AppRunner(server.app(), access_log=None, shutdown_timeout=0.2)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    name, symbol = CLIENTS[venue]
    exchange = client(name, runner.addresses[0][1])
    heart = asyncio.create_task(server.run())
    try:
        await asyncio.wait_for(exchange.load_markets(), 10)
        for _ in range(8):
            await asyncio.wait_for(exchange.watch_order_book(symbol), 10)
        trades = await asyncio.wait_for(exchange.watch_trades(symbol), 10)
        assert trades[-1]["side"] in ("buy", "sell") and trades[-1]["price"] > 50_000
        heart.cancel()
        await asyncio.sleep(0.2)
        book = exchange.orderbooks[symbol]
        for side, theirs in zip((book["bids"], book["asks"]), server.boards[0].levels(10), strict=True):
            shown = [(price, size) for price, size, *_ in side[:10]]
            assert shown == [(float(price), float(size)) for price, size in theirs]
    finally:
        heart.cancel()
        await exchange.close()
        await runner.cleanup()


async def test_a_link_through_ccxt_has_the_servers_book_in_ticks_and_lots():
    server = PublicServer("okx", "calm", 3, Faults())
    runner = web.AppRunner(server.app(), access_log=None, shutdown_timeout=0.2)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    port = runner.addresses[0][1]
    heart = asyncio.create_task(server.run())
    links = CcxtLinks("okx")
    report = await ask_ccxt("ccxt-okx", links, [instrument("ccxt-okx", "BTC/USDT")], lambda name: client(name, port))
    item = report.found["BTC/USDT"]
    listed = server.boards[0].instrument
    assert (item.kind, item.tick, item.lot) == ("spot", listed.tick, listed.lot)
    host = Follower()
    link = CcxtLink(host, 0, "ccxt-okx", [(0, item)], links, lambda name: client(name, port))
    link.start()
    try:
        await host.until(lambda: host.valid and host.of(Trade), 20.0)
        heart.cancel()
        await asyncio.sleep(0.2)
        board = server.boards[0]
        for side, theirs in ((host.book.bids, board.levels(10)[0]), (host.book.asks, board.levels(10)[1])):
            assert [(board.px(price), board.sz(size)) for price, size in side.top(10)] == theirs
    finally:
        await link.close()
        heart.cancel()
        await runner.cleanup()
