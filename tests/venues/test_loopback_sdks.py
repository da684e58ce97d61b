"""python-binance and the venue's own SDKs, unmodified apart from the address, against the loopback exchanges."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from loopback_kit import Loopback

SYMBOL = "BTCUSDT"


@pytest.fixture(scope="module")
def usdm() -> Iterator[Loopback]:
    server = Loopback("binance-usdm", "--seed", "4")
    yield server
    server.close()


@pytest.fixture(scope="module")
def spot() -> Iterator[Loopback]:
    server = Loopback("binance-spot", "--seed", "4")
    yield server
    server.close()


def python_binance(spot, usdm, server):
    """The client with its addresses replaced; its own requests, signatures and parsing."""
    module = pytest.importorskip("binance.client", reason="skipped: python-binance is not installed")
    client = module.Client(server.ready["key"], server.ready["secret"], ping=False)
    client.API_URL = f"{spot.rest}/api"
    client.FUTURES_URL = f"{usdm.rest}/fapi"
    return client


def test_python_binance_trades_spot(spot, usdm):
    client = python_binance(spot, usdm, spot)
    assert client.get_symbol_info(SYMBOL)["filters"][0]["tickSize"] == "0.01"
    book = client.get_order_book(symbol=SYMBOL, limit=5)
    price = f"{float(book['bids'][0][0]) - 400:.2f}"
    made = client.create_order(symbol=SYMBOL, side="BUY", type="LIMIT_MAKER", quantity="0.01", price=price)
    assert [order["orderId"] for order in client.get_open_orders(symbol=SYMBOL)] == [made["orderId"]]
    assert client.cancel_order(symbol=SYMBOL, orderId=made["orderId"])["status"] == "CANCELED"
    sold = client.order_market_sell(symbol=SYMBOL, quantity="0.01")
    assert sold["status"] == "FILLED"
    assert client.get_my_trades(symbol=SYMBOL)[-1]["orderId"] == sold["orderId"]
    assert {row["asset"] for row in client.get_account()["balances"]} >= {"BTC", "USDT"}


def test_python_binance_trades_usdm(spot, usdm):
    client = python_binance(spot, usdm, usdm)
    book = client.futures_order_book(symbol=SYMBOL, limit=5)
    price = f"{float(book['bids'][0][0]) - 400:.1f}"
    order = {"symbol": SYMBOL, "side": "BUY", "type": "LIMIT", "timeInForce": "GTX", "quantity": "0.01"}
    made = client.futures_create_order(**order, price=price)
    assert made["status"] == "NEW"
    assert client.futures_get_order(symbol=SYMBOL, orderId=made["orderId"])["status"] == "NEW"
    client.futures_cancel_all_open_orders(symbol=SYMBOL)
    assert client.futures_get_open_orders(symbol=SYMBOL) == []
    client.futures_create_order(symbol=SYMBOL, side="BUY", type="MARKET", quantity="0.02")
    assert float(client.futures_position_information(symbol=SYMBOL)[0]["positionAmt"]) == 0.02
    assert client.futures_account_balance()[0]["asset"] == "USDT"
    assert client.futures_countdown_cancel_all(symbol=SYMBOL, countdownTime=0)["countdownTime"] == "0"
    assert client.futures_income_history()


def test_the_official_spot_sdk_trades(spot):
    sdk = pytest.importorskip("binance_sdk_spot.spot", reason="skipped: binance-sdk-spot is not installed")
    made = sdk.ConfigurationRestAPI(
        api_key=spot.ready["key"], api_secret=spot.ready["secret"], base_path=spot.rest
    )
    client = sdk.Spot(config_rest_api=made).rest_api
    assert client.time().data().server_time > 1_700_000_000_000
    book = client.depth(symbol=SYMBOL, limit=5).data()
    price = round(float(book.bids[0][0]) - 400, 2)
    order = client.new_order(symbol=SYMBOL, side="BUY", type="LIMIT", time_in_force="GTC", quantity=0.01, price=price)
    id = order.data().order_id
    assert [one.order_id for one in client.get_open_orders(symbol=SYMBOL).data()] == [id]
    assert client.delete_order(symbol=SYMBOL, order_id=id).data().status == "CANCELED"
    assert client.get_account().data().can_trade is True
    assert order.rate_limits


def test_the_official_usdm_sdk_trades(usdm):
    name = "binance_sdk_derivatives_trading_usds_futures.derivatives_trading_usds_futures"
    sdk = pytest.importorskip(name, reason="skipped: the official USDS-M SDK is not installed")
    made = sdk.ConfigurationRestAPI(
        api_key=usdm.ready["key"], api_secret=usdm.ready["secret"], base_path=usdm.rest
    )
    client = sdk.DerivativesTradingUsdsFutures(config_rest_api=made).rest_api
    book = client.order_book(symbol=SYMBOL, limit=5).data()
    price = round(float(book.bids[0][0]) - 400, 1)
    order = client.new_order(symbol=SYMBOL, side="BUY", type="LIMIT", time_in_force="GTC", quantity=0.01, price=price)
    id = order.data().order_id
    assert [one.order_id for one in client.current_all_open_orders(symbol=SYMBOL).data()] == [id]
    assert client.cancel_order(symbol=SYMBOL, order_id=id).data().status == "CANCELED"
    assert client.futures_account_balance_v3().data()[0].asset == "USDT"
