"""Instruments as the venues list them, against their own answers."""

from __future__ import annotations

import json
import random

import pytest
from market_kit import WIRE
from test_market_fuzz import mutated

from mmtui.core.market.instrument import Grid
from mmtui.venues.binance.grid import WireError
from mmtui.venues.listings import ADDRESSES, SHAPES, listed

ANSWERS = {
    "okx": {"code": "0", "data": [
        {"instId": "BTC-USDT", "instType": "SPOT", "baseCcy": "BTC", "quoteCcy": "USDT", "tickSz": "0.1",
         "lotSz": "0.00000001", "state": "live"},
        {"instId": "BTC-USDT-SWAP", "instType": "SWAP", "uly": "BTC-USDT", "ctType": "linear", "ctVal": "0.01",
         "ctMult": "1", "settleCcy": "USDT", "tickSz": "0.1", "lotSz": "0.01", "state": "live"},
        {"instId": "BTC-USD-SWAP", "instType": "SWAP", "uly": "BTC-USD", "ctType": "inverse", "ctVal": "100",
         "ctMult": "1", "settleCcy": "BTC", "tickSz": "0.1", "lotSz": "1", "state": "live"},
        {"instId": "OLD-USDT", "instType": "SPOT", "tickSz": "0.1", "lotSz": "1", "state": "suspend"}]},
    "bybit": {"retCode": 0, "result": {"list": [
        {"symbol": "BTCUSDT", "contractType": "LinearPerpetual", "status": "Trading", "baseCoin": "BTC",
         "quoteCoin": "USDT", "settleCoin": "USDT", "priceFilter": {"tickSize": "0.10"},
         "lotSizeFilter": {"qtyStep": "0.001", "minNotionalValue": "5"}}]}},
    "bybit-spot": {"retCode": 0, "result": {"category": "spot", "list": [
        {"symbol": "BTCUSDT", "status": "Trading", "baseCoin": "BTC", "quoteCoin": "USDT", "innovation": "0",
         "priceFilter": {"tickSize": "0.1"}, "lotSizeFilter": {"basePrecision": "0.000001", "minOrderAmt": "5"}}]}},
    "deribit": {"result": [
        {"instrument_name": "BTC-PERPETUAL", "kind": "future", "instrument_type": "reversed", "is_active": True,
         "tick_size": 0.5, "min_trade_amount": 10.0, "base_currency": "BTC", "quote_currency": "USD",
         "settlement_currency": "BTC"}]},
    "kraken-spot": {"channel": "instrument", "data": {"pairs": [
        {"symbol": "BTC/USD", "base": "BTC", "quote": "USD", "status": "online", "price_increment": 0.1,
         "qty_increment": 1e-8, "cost_min": "0.5"}]}},
    "kraken-futures": {"instruments": [
        {"symbol": "PF_XBTUSD", "type": "flexible_futures", "tickSize": 1, "contractSize": 1, "tradeable": True,
         "contractValueTradePrecision": 4, "base": "BTC", "quote": "USD"}]},
    "coinbase": {"products": [
        {"product_id": "BTC-USD", "status": "online", "product_type": "SPOT", "base_currency_id": "BTC",
         "quote_currency_id": "USD", "price_increment": "0.01", "quote_increment": "0.01",
         "base_increment": "0.00000001", "quote_min_size": "1"}]},
    "hyperliquid": {"universe": [{"name": "BTC", "szDecimals": 5, "maxLeverage": 40}]},
    "gate-spot": [{"id": "BTC_USDT", "base": "BTC", "quote": "USDT", "min_quote_amount": "3", "amount_precision": 6,
                   "precision": 1, "trade_status": "tradable"}],
    "gate-futures": [{"name": "BTC_USDT", "type": "direct", "order_price_round": "0.1", "quanto_multiplier": "0.0001",
                      "in_delisting": False}],
    "dydx": {"markets": {"BTC-USD": {"ticker": "BTC-USD", "status": "ACTIVE", "tickSize": "1", "stepSize": "0.0001"}}},
    "bitmex": [
        {"symbol": "XBTUSD", "state": "Open", "typ": "FFWCSX", "underlying": "XBT", "quoteCurrency": "USD",
         "lotSize": 100, "tickSize": 0.1, "isQuanto": False, "isInverse": True},
        {"symbol": "XBTUSDT", "state": "Open", "typ": "FFWCSX", "underlying": "XBT", "quoteCurrency": "USDT",
         "lotSize": 100, "tickSize": 0.1, "isQuanto": False, "isInverse": False,
         "underlyingToPositionMultiplier": 1000000}],
    "bitget": {"data": [
        {"symbol": "BTCUSDT", "baseCoin": "BTC", "quoteCoin": "USDT", "status": "online", "priceMultiplier": "0.1",
         "quantityMultiplier": "0.0001", "minOrderAmount": "5"},
        {"symbol": "BTCUSD", "baseCoin": "BTC", "quoteCoin": "USD", "status": "online", "priceMultiplier": "0.1",
         "quantityMultiplier": "0.0001", "minOrderAmount": "5"}]},
}  # fmt: skip

WANTED = {
    "okx": [("BTC-USDT", "spot", "0.1", "0.00000001", "1", "USDT"),
            ("BTC-USDT-SWAP", "linear", "0.1", "0.01", "0.01", "USDT"),
            ("BTC-USD-SWAP", "inverse", "0.1", "1", "100", "BTC")],
    "bybit": [("BTCUSDT", "linear", "0.1", "0.001", "1", "USDT")],
    "bybit-spot": [("BTCUSDT", "spot", "0.1", "0.000001", "1", "USDT")],
    "deribit": [("BTC-PERPETUAL", "inverse", "0.5", "10", "1", "BTC")],
    "kraken-spot": [("BTC/USD", "spot", "0.1", "0.00000001", "1", "USD")],
    "kraken-futures": [("PF_XBTUSD", "linear", "1", "0.0001", "1", "USD")],
    "coinbase": [("BTC-USD", "spot", "0.01", "0.00000001", "1", "USD")],
    "hyperliquid": [("BTC", "linear", "0.1", "0.00001", "1", "USDC")],
    "gate-spot": [("BTC_USDT", "spot", "0.1", "0.000001", "1", "USDT")],
    "gate-futures": [("BTC_USDT", "linear", "0.1", "1", "0.0001", "USDT")],
    "dydx": [("BTC-USD", "linear", "1", "0.0001", "1", "USDC")],
    "bitmex": [("XBTUSD", "inverse", "0.1", "100", "1", "BTC"),
               ("XBTUSDT", "linear", "0.1", "100", "0.000001", "USDT")],
    "bitget": [("BTCUSDT", "linear", "0.1", "0.0001", "1", "USDT")],
}  # fmt: skip


@pytest.mark.parametrize("venue", SHAPES)
def test_an_answer_becomes_instruments_that_the_engine_can_count_in(venue):
    found = listed(venue, json.dumps(ANSWERS[venue]).encode())
    told = [(item.symbol, item.kind, item.tick, item.lot, item.contract_size, item.settle) for item in found]
    assert told == WANTED[venue]
    for item in found:
        Grid(item)
        assert item.grid == "venue" and item.major and item.id == f"{venue}:{item.symbol}"
    assert ADDRESSES[venue]


@pytest.mark.parametrize("venue", SHAPES)
def test_an_answer_that_is_wrong_is_refused_or_left_out(venue):
    rng = random.Random(5)
    for _ in range(300):
        body = json.dumps(mutated(rng, ANSWERS[venue])).encode()
        try:
            found = listed(venue, body)
        except WireError:
            continue
        assert all(float(item.tick) > 0 and float(item.lot) > 0 for item in found)


FILES = {
    "okx/http_get_instruments_swap": ("okx", "BTC-USD-SWAP", "inverse", "0.1", "1", "100"),
    "bybit/http_get_instruments_linear_symbol_type": ("bybit", "TSLAUSDT", "linear", "0.01", "0.001", "1"),
    "bybit/http_get_instruments_spot_xstocks": ("bybit", "AAPLUSDT", "spot", "0.01", "0.0001", "1"),
    "kraken/http_asset_pairs": ("kraken-spot", "BTC/USDT", "spot", "0.1", "0.00000001", "1"),
    "kraken/http_futures_instruments": ("kraken-futures", "PI_XBTUSD", "inverse", "0.5", "1", "1"),
    "coinbase/http_products": ("coinbase", "BTC-USD", "spot", "0.01", "0.00000001", "1"),
    "hyperliquid/http_all_perp_metas_non_usdc_collateral": ("hyperliquid", "BTC", "linear", "0.1", "0.00001", "1"),
}


@pytest.mark.skipif(not WIRE.is_dir(), reason="skipped: no captures")
@pytest.mark.parametrize("name", FILES)
def test_answers_of_the_venues_beside_the_captures(name):
    venue, *wanted = FILES[name]
    item = listed(venue, (WIRE / "nautilus" / f"{name}.json").read_bytes())[0]
    assert [item.symbol, item.kind, item.tick, item.lot, item.contract_size] == wanted
