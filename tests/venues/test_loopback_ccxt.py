"""ccxt, unmodified apart from the address, against the loopback exchanges."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest
from loopback_kit import Loopback

ccxt = pytest.importorskip("ccxt")


def at(client: Any, loopback: Loopback) -> Any:
    """The client, with every address of the venue replaced by the loopback's."""
    for name, url in client.urls["api"].items():
        if isinstance(url, str):
            path = url.split("/", 3)[3]
            client.urls["api"][name] = f"{loopback.rest}/{path}"
    return client


def make(kind: str, loopback: Loopback) -> Any:
    pair = {"apiKey": loopback.ready["key"], "secret": loopback.ready["secret"], "enableRateLimit": False}
    return at(getattr(ccxt, kind)(pair), loopback)


@pytest.fixture(scope="module")
def usdm() -> Iterator[Loopback]:
    server = Loopback("binance-usdm", "--seed", "3")
    yield server
    server.close()


@pytest.fixture(scope="module")
def spot() -> Iterator[Loopback]:
    server = Loopback("binance-spot", "--seed", "3")
    yield server
    server.close()


def test_ccxt_trades_usdm_futures(usdm):
    client = make("binanceusdm", usdm)
    markets = client.load_markets()
    symbol = "BTC/USDT:USDT"
    assert markets[symbol]["precision"]["price"] == 0.1
    book = client.fetch_order_book(symbol, 20)
    assert 0 < book["bids"][0][0] < book["asks"][0][0]
    resting = client.create_order(symbol, "limit", "buy", 0.01, book["bids"][0][0] - 500, {"postOnly": True})
    assert resting["status"] == "open"
    assert [order["id"] for order in client.fetch_open_orders(symbol)] == [resting["id"]]
    assert client.cancel_order(resting["id"], symbol)["status"] == "canceled"
    for step in (1, 2, 3):
        client.create_order(symbol, "limit", "sell", 0.01, book["asks"][0][0] + 500 * step)
    assert len(client.fetch_open_orders(symbol)) == 3
    client.cancel_all_orders(symbol)
    assert client.fetch_open_orders(symbol) == []
    taken = client.create_order(symbol, "market", "buy", 0.02)
    assert client.fetch_order(taken["id"], symbol)["status"] == "closed"
    assert sum(trade["amount"] for trade in client.fetch_my_trades(symbol)) == pytest.approx(0.02)
    assert client.fetch_positions([symbol])[0]["contracts"] == 0.02
    assert client.fetch_balance()["USDT"]["total"] < 1_000_000
    client.set_leverage(10, symbol)
    with pytest.raises(ccxt.InvalidOrder, match="-5022"):
        client.create_order(symbol, "limit", "buy", 0.01, book["asks"][0][0] + 50, {"timeInForce": "GTX"})
    with pytest.raises(ccxt.OrderNotFound):
        client.cancel_order("77", symbol)


def test_ccxt_places_batches_and_the_countdown_on_usdm(usdm):
    client = make("binanceusdm", usdm)
    client.load_markets()
    symbol = "ETH/USDT:USDT"
    bid = client.fetch_order_book(symbol)["bids"][0][0]
    orders = [
        {"symbol": symbol, "type": "limit", "side": "buy", "amount": 0.1, "price": round(bid - 10 * k, 2)}
        for k in (1, 2, 3)
    ]
    made = client.create_orders(orders)
    assert [order["status"] for order in made] == ["open"] * 3
    gone = client.cancel_orders([order["id"] for order in made[:2]], symbol)
    assert [order["status"] for order in gone] == ["canceled"] * 2
    answer = client.fapiPrivatePostCountdownCancelAll({"symbol": "ETHUSDT", "countdownTime": 200})
    assert answer == {"symbol": "ETHUSDT", "countdownTime": "200"}
    for _ in range(40):
        if not client.fetch_open_orders(symbol):
            break
        client.sleep(50)
    assert client.fetch_open_orders(symbol) == []


def test_ccxt_trades_coin_margined_contracts():
    server = Loopback("binance-coinm", "--seed", "3")
    try:
        client = make("binancecoinm", server)
        markets = client.load_markets()
        symbol = "BTC/USD:BTC"
        assert markets[symbol]["inverse"] and markets[symbol]["contractSize"] == 100
        book = client.fetch_order_book(symbol, 20)
        resting = client.create_order(symbol, "limit", "buy", 5, book["bids"][0][0] - 500, {"postOnly": True})
        assert [order["id"] for order in client.fetch_open_orders(symbol)] == [resting["id"]]
        assert client.cancel_order(resting["id"], symbol)["status"] == "canceled"
        client.create_order(symbol, "market", "buy", 30)
        assert sum(trade["amount"] for trade in client.fetch_my_trades(symbol)) == pytest.approx(30)
        assert client.fetch_positions([symbol])[0]["contracts"] == 30
        assert 19.99 < client.fetch_balance()["BTC"]["total"] < 20
        with pytest.raises(ccxt.ExchangeError, match="-5022"):
            client.create_order(symbol, "limit", "buy", 5, book["asks"][0][0] + 50, {"timeInForce": "GTX"})
        answer = client.dapiPrivatePostCountdownCancelAll({"symbol": "BTCUSD_PERP", "countdownTime": 200})
        assert answer == {"symbol": "BTCUSD_PERP", "countdownTime": "200"}
    finally:
        server.close()


def test_ccxt_trades_spot(spot):
    client = make("binance", spot)
    markets = client.load_markets()
    symbol = "BTC/USDT"
    assert markets[symbol]["precision"]["amount"] == 0.00001
    before = client.fetch_balance()
    book = client.fetch_order_book(symbol)
    resting = client.create_order(symbol, "limit", "buy", 0.01, book["bids"][0][0] - 500, {"postOnly": True})
    assert client.fetch_balance()["USDT"]["used"] > 0
    assert client.fetch_open_orders(symbol)[0]["id"] == resting["id"]
    client.cancel_all_orders(symbol)
    assert client.fetch_open_orders(symbol) == []
    client.create_order(symbol, "market", "sell", 0.01)
    after = client.fetch_balance()
    assert after["BTC"]["total"] == pytest.approx(before["BTC"]["total"] - 0.01)
    trade = client.fetch_my_trades(symbol)[-1]
    assert (trade["side"], trade["takerOrMaker"]) == ("sell", "taker")
    with pytest.raises(ccxt.InsufficientFunds):
        client.create_order(symbol, "limit", "buy", 100.0, book["bids"][0][0])
    with pytest.raises(ccxt.BadRequest, match="NOTIONAL"):
        client.create_order(symbol, "limit", "buy", 0.00001, book["bids"][0][0])


def test_a_wrong_secret_and_an_old_stamp_are_the_venues_own_errors(usdm):
    client = make("binanceusdm", usdm)
    client.secret = "wrong"
    with pytest.raises(ccxt.AuthenticationError, match="-1022"):
        client.fapiPrivateV3GetBalance()
    client = make("binanceusdm", usdm)
    client.options["timeDifference"] = 60_000
    with pytest.raises(ccxt.InvalidNonce, match="-1021"):
        client.fapiPrivateV3GetBalance()


async def test_ccxt_pro_follows_the_book_and_its_own_orders(usdm):
    import ccxt.pro as pro

    pair = {"apiKey": usdm.ready["key"], "secret": usdm.ready["secret"]}
    client = at(pro.binanceusdm(pair), usdm)
    for name in ("linear", "spot", "inverse"):
        client.urls["api"]["ws"][name] = f"{usdm.ws}/ws"
    try:
        symbol = "BTC/USDT:USDT"
        await client.load_markets()
        for _ in range(5):
            book = await asyncio.wait_for(client.watch_order_book(symbol), 10)
        assert 0 < book["bids"][0][0] < book["asks"][0][0]
        watching = asyncio.create_task(client.watch_orders(symbol))
        while not usdm.admin()["streams"] > 1:
            await asyncio.sleep(0.05)
        made = await client.create_order(symbol, "limit", "buy", 0.01, round(book["bids"][0][0] - 700, 1))
        seen = await asyncio.wait_for(watching, 10)
        assert seen[0]["id"] == made["id"]
    finally:
        await client.close()
