"""ccxt, unmodified apart from the address, trades on the loopback accounts of OKX, Bybit and Kraken."""

from __future__ import annotations

import asyncio
import contextlib
import importlib
import json
from collections.abc import Iterator
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import pytest
from loopback_kit import Loopback

ccxt = pytest.importorskip("ccxt")


class Client(NamedTuple):
    """How ccxt names a venue, and the server's market in both their words."""

    name: str
    unified: str
    symbol: str
    tick: float
    money: str = "USDT"
    rejects: str = ""  # what it makes of the refusal of a post-only order that would take; "": it is taken, and over
    spot: bool = False


CLIENTS = {
    "okx": Client("okx", "BTC/USDT:USDT", "BTC-USDT-SWAP", 0.1),
    "bybit": Client("bybit", "BTC/USDT:USDT", "BTCUSDT", 0.1),
    "kraken-futures": Client("krakenfutures", "BTC/USD:USD", "PF_XBTUSD", 1.0, "USD", "OrderImmediatelyFillable"),
    "kraken-spot": Client("kraken", "BTC/USD", "BTC/USD", 0.1, "USD", "ExchangeError", True),
}


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
    name = CLIENTS[venue].name if venue in CLIENTS else venue
    kind = getattr(importlib.import_module(f"ccxt.pro.{name}" if pro else "ccxt"), name)
    made = kind({
        "apiKey": server.ready["key"], "secret": server.ready["secret"], "enableRateLimit": False,
        "password": server.ready.get("passphrase", ""), "options": {"defaultType": "swap"},
    })  # fmt: skip
    made.has["fetchCurrencies"] = False
    api = json.loads(json.dumps(made.urls["api"]).replace("{hostname}", "venue"))
    made.urls = {**made.urls, "api": here(api, server.port)}
    return made


@pytest.fixture(params=sorted(CLIENTS))
def server(request) -> Iterator[Loopback]:
    made = Loopback(request.param, "--seed", "3")
    yield made
    made.close()


def touch(server: Loopback, symbol: str) -> tuple[float, float]:
    bids, asks = server.admin()["books"][symbol]
    return float(bids[0][0]), float(asks[0][0])


def test_ccxt_places_finds_and_cancels_orders_and_sees_its_trades(server):
    one, (_, swap, symbol, tick, money, rejects, spot) = client(server.protocol, server), CLIENTS[server.protocol]
    assert one.load_markets()[swap]["precision"]["price"] == tick
    bid, ask = touch(server, symbol)
    made = one.create_order(swap, "limit", "buy", 0.5, round(bid - 500, 1), {"postOnly": True})
    assert [order["id"] for order in one.fetch_open_orders(swap)] == [made["id"]]
    assert server.admin()["open_orders"][0]["size"] == "0.5"
    one.cancel_order(made["id"], swap)
    assert one.fetch_open_orders(swap) == []
    with pytest.raises(ccxt.OrderNotFound):
        one.cancel_order(made["id"], swap)
    one.create_order(swap, "market", "buy", 0.3)
    assert sum(trade["amount"] for trade in one.fetch_my_trades(swap)) == pytest.approx(0.3)
    if spot:
        assert one.fetch_balance()["BTC"]["total"] == pytest.approx(20.3)
    else:
        assert one.fetch_positions([swap])[0]["contracts"] == pytest.approx(0.3)
    assert 0 < one.fetch_balance()[money]["total"] < 1_000_000
    # post-only that would take: accepted and cancelled, or refused
    with pytest.raises(getattr(ccxt, rejects)) if rejects else contextlib.nullcontext():
        one.create_order(swap, "limit", "buy", 0.5, round(ask + 50, 1), {"postOnly": True})
    assert one.fetch_open_orders(swap) == []


def test_ccxt_cancels_in_batches_or_all_and_sets_the_dead_man_switch(server):
    one, (venue, swap, symbol, *_) = client(server.protocol, server), CLIENTS[server.protocol]
    one.load_markets()
    bid, _ = touch(server, symbol)
    orders = [
        {"symbol": swap, "type": "limit", "side": "buy", "amount": 0.5, "price": round(bid - 500 - k, 1)}
        for k in range(3)
    ]
    made = one.create_orders(orders)
    assert len(one.fetch_open_orders(swap)) == 3
    if venue != "bybit":
        one.cancel_orders([order["id"] for order in made], swap)
        assert one.fetch_open_orders(swap) == []
        one.cancel_all_orders_after(20_000)
        assert symbol in server.admin()["switches"]
        one.cancel_all_orders_after(0)
        assert server.admin()["switches"] == {}
    if venue != "okx":
        one.create_orders(orders)
        one.cancel_all_orders(swap)
        assert one.fetch_open_orders(swap) == []


def test_a_wrong_secret_is_the_venues_own_error(server):
    one = client(server.protocol, server)
    one.load_markets()
    one.secret = "wrongsecret4"  # base64, where it must be
    with pytest.raises(ccxt.ExchangeError) as refused:
        one.fetch_balance()
    assert isinstance(refused.value, ccxt.AuthenticationError) or "EAPI:Invalid signature" in str(refused.value)


async def test_ccxt_pro_follows_its_own_orders(server):
    one, (_, swap, symbol, *_) = client(server.protocol, server, pro=True), CLIENTS[server.protocol]
    try:
        await one.load_markets()
        watching = asyncio.create_task(one.watch_orders(swap))
        for _ in range(200):
            if any(topic[0] in ("orders", "order", "open_orders", "executions") for topic in server.admin()["topics"]):
                break
            await asyncio.sleep(0.05)
        bid, _ = touch(server, symbol)
        made = await one.create_order(swap, "limit", "buy", 0.5, round(bid - 700, 1))
        seen = await asyncio.wait_for(watching, 10)
        assert seen[0]["id"] == made["id"]
    finally:
        await one.close()
