"""ccxt, unmodified apart from the address, trades on the loopback accounts of OKX and Bybit."""

from __future__ import annotations

import asyncio
import importlib
import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest
from loopback_kit import Loopback

ccxt = pytest.importorskip("ccxt")

SWAP = "BTC/USDT:USDT"


def here(urls: Any, port: int) -> Any:
    """The same paths at this machine."""
    if isinstance(urls, dict):
        return {name: here(one, port) for name, one in urls.items()}
    if isinstance(urls, str) and "://" in urls:
        parts = urlsplit(urls)
        scheme = "ws" if parts.scheme in ("ws", "wss") else "http"
        return f"{scheme}://127.0.0.1:{port}{parts.path}"
    return urls


def client(venue: str, server: Loopback, pro: bool = False) -> Any:
    kind = getattr(importlib.import_module(f"ccxt.pro.{venue}" if pro else "ccxt"), venue)
    made = kind({
        "apiKey": server.ready["key"], "secret": server.ready["secret"], "enableRateLimit": False,
        "password": server.ready.get("passphrase", ""), "options": {"defaultType": "swap"},
    })  # fmt: skip
    made.has["fetchCurrencies"] = False
    api = json.loads(json.dumps(made.urls["api"]).replace("{hostname}", "venue"))
    made.urls = {**made.urls, "api": here(api, server.port)}
    return made


@pytest.fixture(params=["okx", "bybit"])
def server(request) -> Iterator[Loopback]:
    made = Loopback(request.param, "--seed", "3")
    yield made
    made.close()


def touch(server: Loopback, symbol: str) -> tuple[float, float]:
    bids, asks = server.admin()["books"][symbol]
    return float(bids[0][0]), float(asks[0][0])


def test_ccxt_places_finds_and_cancels_orders_and_sees_its_trades(server):
    venue = server.protocol
    one, symbol = client(venue, server), {"okx": "BTC-USDT-SWAP", "bybit": "BTCUSDT"}[venue]
    assert one.load_markets()[SWAP]["precision"]["price"] == 0.1
    bid, ask = touch(server, symbol)
    made = one.create_order(SWAP, "limit", "buy", 0.5, round(bid - 500, 1), {"postOnly": True})
    assert [order["id"] for order in one.fetch_open_orders(SWAP)] == [made["id"]]
    assert server.admin()["open_orders"][0]["size"] == "0.5"
    one.cancel_order(made["id"], SWAP)
    assert one.fetch_open_orders(SWAP) == []
    with pytest.raises(ccxt.OrderNotFound):
        one.cancel_order(made["id"], SWAP)
    one.create_order(SWAP, "market", "buy", 0.3)
    assert sum(trade["amount"] for trade in one.fetch_my_trades(SWAP)) == pytest.approx(0.3)
    assert one.fetch_positions([SWAP])[0]["contracts"] == pytest.approx(0.3)
    assert 0 < one.fetch_balance()["USDT"]["total"] < 1_000_000
    # post-only that would take: accepted and cancelled, at both venues
    one.create_order(SWAP, "limit", "buy", 0.5, round(ask + 50, 1), {"postOnly": True})
    assert one.fetch_open_orders(SWAP) == []


def test_ccxt_cancels_in_batches_or_all_and_sets_the_dead_man_switch(server):
    venue = server.protocol
    one, symbol = client(venue, server), {"okx": "BTC-USDT-SWAP", "bybit": "BTCUSDT"}[venue]
    one.load_markets()
    bid, _ = touch(server, symbol)
    orders = [
        {"symbol": SWAP, "type": "limit", "side": "buy", "amount": 0.5, "price": round(bid - 500 - k, 1)}
        for k in range(3)
    ]
    made = one.create_orders(orders)
    assert len(one.fetch_open_orders(SWAP)) == 3
    if venue == "okx":
        one.cancel_orders([order["id"] for order in made], SWAP)
        assert one.fetch_open_orders(SWAP) == []
        one.cancel_all_orders_after(20_000)
        assert "BTC-USDT-SWAP" in server.admin()["switches"]
        one.cancel_all_orders_after(0)
        assert server.admin()["switches"] == {}
    else:
        one.cancel_all_orders(SWAP)
        assert one.fetch_open_orders(SWAP) == []


def test_a_wrong_secret_is_the_venues_own_error(server):
    one = client(server.protocol, server)
    one.load_markets()
    one.secret = "wrong"
    with pytest.raises(ccxt.AuthenticationError):
        one.fetch_balance()


async def test_ccxt_pro_follows_its_own_orders(server):
    venue = server.protocol
    one, symbol = client(venue, server, pro=True), {"okx": "BTC-USDT-SWAP", "bybit": "BTCUSDT"}[venue]
    try:
        await one.load_markets()
        watching = asyncio.create_task(one.watch_orders(SWAP))
        for _ in range(200):
            if any(topic[0] in ("orders", "order") for topic in server.admin()["topics"]):
                break
            await asyncio.sleep(0.05)
        bid, _ = touch(server, symbol)
        made = await one.create_order(SWAP, "limit", "buy", 0.5, round(bid - 700, 1))
        seen = await asyncio.wait_for(watching, 10)
        assert seen[0]["id"] == made["id"]
    finally:
        await one.close()
