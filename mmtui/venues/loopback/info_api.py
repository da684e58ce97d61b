"""Server time and exchangeInfo.

Rules of this file: read-only.
"""

from __future__ import annotations

from typing import Any

from mmtui.venues.facts import facts_of
from mmtui.venues.loopback.board import Board
from mmtui.venues.loopback.entry import Params
from mmtui.venues.loopback.exchange import Exchange

MS = 1_000_000
_ASSETS = [{"asset": "USDT", "marginAvailable": True, "autoAssetExchange": "0"}]


def ping(exchange: Exchange, params: Params) -> Any:
    return {}


def time(exchange: Exchange, params: Params) -> Any:
    return {"serverTime": exchange.now() // MS}


def status(exchange: Exchange, params: Params) -> Any:
    return {"status": 0, "msg": "normal"}


def empty_info(exchange: Exchange, params: Params) -> Any:
    """Of a market that this exchange does not have."""
    now = exchange.now() // MS
    return {"timezone": "UTC", "serverTime": now, "rateLimits": [], "exchangeFilters": [], "symbols": []}


def exchange_info(exchange: Exchange, params: Params) -> Any:
    rates = facts_of(exchange.market.id).rates
    limits: list[dict[str, Any]] = [
        {"rateLimitType": "REQUEST_WEIGHT", "interval": "MINUTE", "intervalNum": 1, "limit": rates.weight}
    ]
    for count, ms in rates.orders:
        interval, number = ("MINUTE", ms // 60_000) if ms >= 60_000 else ("SECOND", ms // 1_000)
        limits.append({"rateLimitType": "ORDERS", "interval": interval, "intervalNum": number, "limit": count})
    wanted = params.get("symbol", "")
    one = {"spot": _spot, "linear": _futures, "inverse": _inverse}[exchange.market.kind]
    return {
        "timezone": "UTC",
        "serverTime": exchange.now() // MS,
        "rateLimits": limits,
        "exchangeFilters": [],
        "assets": _ASSETS if exchange.market.kind == "linear" else [],
        "symbols": [one(board) for board in exchange.boards if wanted in ("", board.symbol)],
    }


def _filters(board: Board) -> list[dict[str, Any]]:
    item = board.instrument
    return [
        {"filterType": "PRICE_FILTER", "minPrice": item.tick, "maxPrice": "1000000", "tickSize": item.tick},
        {"filterType": "LOT_SIZE", "minQty": item.lot, "maxQty": "9000", "stepSize": item.lot},
    ]


def _decimals(step: str) -> int:
    return len(step.partition(".")[2])


def _spot(board: Board) -> dict[str, Any]:
    item = board.instrument
    return {
        "symbol": board.symbol,
        "status": "TRADING",
        "baseAsset": item.base,
        "baseAssetPrecision": 8,
        "quoteAsset": item.quote,
        "quotePrecision": 8,
        "quoteAssetPrecision": 8,
        "baseCommissionPrecision": 8,
        "quoteCommissionPrecision": 8,
        "orderTypes": ["LIMIT", "LIMIT_MAKER", "MARKET"],
        "icebergAllowed": False,
        "ocoAllowed": False,
        "otoAllowed": False,
        "quoteOrderQtyMarketAllowed": True,
        "allowTrailingStop": False,
        "cancelReplaceAllowed": False,
        "amendAllowed": False,
        "isSpotTradingAllowed": True,
        "isMarginTradingAllowed": False,
        "filters": [
            *_filters(board),
            {
                "filterType": "NOTIONAL", "minNotional": item.min_notional, "applyMinToMarket": True,
                "maxNotional": "9000000", "applyMaxToMarket": False, "avgPriceMins": 5,
            },
            {"filterType": "MAX_NUM_ORDERS", "maxNumOrders": 200},
        ],
        "permissions": [],
        "permissionSets": [["SPOT"]],
        "defaultSelfTradePreventionMode": "EXPIRE_MAKER",
        "allowedSelfTradePreventionModes": ["EXPIRE_TAKER", "EXPIRE_MAKER", "EXPIRE_BOTH"],
    }  # fmt: skip


def _futures(board: Board) -> dict[str, Any]:
    item = board.instrument
    return {
        "symbol": board.symbol,
        "pair": board.symbol,
        "contractType": "PERPETUAL",
        "deliveryDate": 4133404800000,
        "onboardDate": 1569398400000,
        "status": "TRADING",
        "maintMarginPercent": "2.5000",
        "requiredMarginPercent": "5.0000",
        "baseAsset": item.base,
        "quoteAsset": item.quote,
        "marginAsset": item.settle,
        "pricePrecision": _decimals(item.tick),
        "quantityPrecision": _decimals(item.lot),
        "baseAssetPrecision": 8,
        "quotePrecision": 8,
        "underlyingType": "COIN",
        "underlyingSubType": ["PoW"],
        "triggerProtect": "0.0500",
        "liquidationFee": "0.012500",
        "marketTakeBound": "0.05",
        "maxMoveOrderLimit": 10000,
        "filters": [
            *_filters(board),
            {"filterType": "MARKET_LOT_SIZE", "minQty": item.lot, "maxQty": "120", "stepSize": item.lot},
            {"filterType": "MAX_NUM_ORDERS", "limit": 200},
            {"filterType": "MIN_NOTIONAL", "notional": item.min_notional},
            {
                "filterType": "PERCENT_PRICE", "multiplierUp": "1.1500", "multiplierDown": "0.8500",
                "multiplierDecimal": "4",
            },
        ],
        "orderTypes": ["LIMIT", "MARKET"],
        "timeInForce": ["GTC", "IOC", "FOK", "GTX"],
        "permissionSets": ["GRID", "COPY"],
    }  # fmt: skip


def _inverse(board: Board) -> dict[str, Any]:
    """COIN-M: what trades is told by contractStatus; a contract is so many dollars."""
    row = _futures(board)
    row["contractStatus"] = row.pop("status")
    row["filters"] = [one for one in row["filters"] if one["filterType"] != "MIN_NOTIONAL"]
    pair, size = board.symbol.partition("_")[0], int(board.instrument.contract_size)
    return row | {"pair": pair, "contractSize": size, "equalQtyPrecision": 4}
