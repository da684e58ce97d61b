"""The REST calls of a loopback exchange, as a table: method and path -> weight, who may ask, what answers.

Rules of this file: one function a call, from texts to JSON; access, faults and sockets are the server's.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Literal, NamedTuple

from mmtui.venues.loopback import account_api, info_api, market_api, order_api
from mmtui.venues.loopback.exchange import Exchange

Params = Mapping[str, str]
Handler = Callable[[Exchange, Params], Any]


class Call(NamedTuple):
    """One call. "key": the API key is enough; "signed": key and signature."""

    weight: int
    access: Literal["open", "key", "signed"]
    handler: Handler
    orders: int = 0  # counts as so many orders (-1: as many as the batch has)


_SPOT: dict[tuple[str, str], Call] = {
    ("GET", "/api/v3/ping"): Call(1, "open", info_api.ping),
    ("GET", "/api/v3/time"): Call(1, "open", info_api.time),
    ("GET", "/api/v3/exchangeInfo"): Call(20, "open", info_api.exchange_info),
    ("GET", "/api/v3/depth"): Call(5, "open", market_api.depth),
    ("GET", "/api/v3/trades"): Call(25, "open", market_api.trades),
    ("GET", "/api/v3/aggTrades"): Call(4, "open", market_api.agg_trades),
    ("GET", "/api/v3/ticker/bookTicker"): Call(2, "open", market_api.book_ticker),
    ("GET", "/api/v3/ticker/price"): Call(2, "open", market_api.price),
    ("GET", "/api/v3/ticker/24hr"): Call(2, "open", market_api.day),
    ("GET", "/api/v3/klines"): Call(2, "open", market_api.klines),
    ("POST", "/api/v3/order"): Call(1, "signed", order_api.spot_place, 1),
    ("POST", "/api/v3/order/test"): Call(1, "signed", order_api.test),
    ("DELETE", "/api/v3/order"): Call(1, "signed", order_api.spot_cancel),
    ("PUT", "/api/v3/order/amend/keepPriority"): Call(4, "signed", order_api.spot_amend),
    ("GET", "/api/v3/order"): Call(4, "signed", order_api.query),
    ("GET", "/api/v3/openOrders"): Call(6, "signed", order_api.open_orders),
    ("DELETE", "/api/v3/openOrders"): Call(1, "signed", order_api.spot_cancel_all),
    ("GET", "/api/v3/allOrders"): Call(20, "signed", order_api.all_orders),
    ("GET", "/api/v3/myTrades"): Call(20, "signed", order_api.trades),
    ("GET", "/api/v3/account"): Call(20, "signed", account_api.spot_account),
    ("GET", "/api/v3/account/commission"): Call(20, "signed", account_api.spot_commission),
    ("GET", "/api/v3/rateLimit/order"): Call(40, "signed", account_api.empty_list),
    ("GET", "/sapi/v1/asset/tradeFee"): Call(1, "signed", account_api.trade_fee),
    ("GET", "/fapi/v1/exchangeInfo"): Call(1, "open", info_api.empty_info),
    ("GET", "/dapi/v1/exchangeInfo"): Call(1, "open", info_api.empty_info),
}

_USDM: dict[tuple[str, str], Call] = {
    ("GET", "/fapi/v1/ping"): Call(1, "open", info_api.ping),
    ("GET", "/fapi/v1/time"): Call(1, "open", info_api.time),
    ("GET", "/fapi/v1/exchangeInfo"): Call(1, "open", info_api.exchange_info),
    ("GET", "/fapi/v1/depth"): Call(5, "open", market_api.depth),
    ("GET", "/fapi/v1/trades"): Call(5, "open", market_api.trades),
    ("GET", "/fapi/v1/aggTrades"): Call(20, "open", market_api.agg_trades),
    ("GET", "/fapi/v1/ticker/bookTicker"): Call(2, "open", market_api.book_ticker),
    ("GET", "/fapi/v1/ticker/price"): Call(1, "open", market_api.price),
    ("GET", "/fapi/v2/ticker/price"): Call(1, "open", market_api.price),
    ("GET", "/fapi/v1/ticker/24hr"): Call(1, "open", market_api.day),
    ("GET", "/fapi/v1/klines"): Call(1, "open", market_api.klines),
    ("GET", "/fapi/v1/premiumIndex"): Call(1, "open", market_api.premium),
    ("POST", "/fapi/v1/order"): Call(0, "signed", order_api.futures_place, 1),
    ("POST", "/fapi/v1/order/test"): Call(0, "signed", order_api.test),
    ("PUT", "/fapi/v1/order"): Call(1, "signed", order_api.futures_modify, 1),
    ("DELETE", "/fapi/v1/order"): Call(1, "signed", order_api.futures_cancel),
    ("GET", "/fapi/v1/order"): Call(1, "signed", order_api.query),
    ("GET", "/fapi/v1/openOrder"): Call(1, "signed", order_api.query_open),
    ("POST", "/fapi/v1/batchOrders"): Call(5, "signed", order_api.futures_batch, -1),
    ("DELETE", "/fapi/v1/batchOrders"): Call(1, "signed", order_api.futures_cancel_batch),
    ("GET", "/fapi/v1/openOrders"): Call(1, "signed", order_api.open_orders),
    ("DELETE", "/fapi/v1/allOpenOrders"): Call(1, "signed", order_api.futures_cancel_all),
    ("GET", "/fapi/v1/allOrders"): Call(5, "signed", order_api.all_orders),
    ("GET", "/fapi/v1/userTrades"): Call(5, "signed", order_api.trades),
    ("POST", "/fapi/v1/countdownCancelAll"): Call(10, "signed", order_api.countdown),
    ("GET", "/fapi/v1/openAlgoOrders"): Call(1, "signed", account_api.empty_list),
    ("DELETE", "/fapi/v1/algoOpenOrders"): Call(1, "signed", account_api.done),
    ("GET", "/fapi/v2/account"): Call(5, "signed", account_api.futures_account),
    ("GET", "/fapi/v3/account"): Call(5, "signed", account_api.futures_account),
    ("GET", "/fapi/v2/balance"): Call(5, "signed", account_api.futures_balance),
    ("GET", "/fapi/v3/balance"): Call(5, "signed", account_api.futures_balance),
    ("GET", "/fapi/v2/positionRisk"): Call(5, "signed", account_api.positions),
    ("GET", "/fapi/v3/positionRisk"): Call(5, "signed", account_api.open_positions),
    ("GET", "/fapi/v1/income"): Call(30, "signed", account_api.income),
    ("GET", "/fapi/v1/commissionRate"): Call(20, "signed", account_api.commission),
    ("GET", "/fapi/v1/leverageBracket"): Call(1, "signed", account_api.brackets),
    ("GET", "/fapi/v1/accountConfig"): Call(5, "signed", account_api.account_config),
    ("GET", "/fapi/v1/symbolConfig"): Call(5, "signed", account_api.symbol_config),
    ("POST", "/fapi/v1/leverage"): Call(1, "signed", account_api.leverage),
    ("POST", "/fapi/v1/marginType"): Call(1, "signed", account_api.done),
    ("GET", "/fapi/v1/positionSide/dual"): Call(30, "signed", account_api.position_mode),
    ("POST", "/fapi/v1/positionSide/dual"): Call(1, "signed", account_api.change_position_mode),
    ("GET", "/fapi/v1/multiAssetsMargin"): Call(30, "signed", account_api.single_asset),
    ("GET", "/api/v3/exchangeInfo"): Call(1, "open", info_api.empty_info),
    ("GET", "/dapi/v1/exchangeInfo"): Call(1, "open", info_api.empty_info),
}

#: As USDS-M, all in version 1, with the weights of trading.COINM.
_COINM: dict[tuple[str, str], Call] = {
    ("GET", "/dapi/v1/ping"): Call(1, "open", info_api.ping),
    ("GET", "/dapi/v1/time"): Call(1, "open", info_api.time),
    ("GET", "/dapi/v1/exchangeInfo"): Call(1, "open", info_api.exchange_info),
    ("GET", "/dapi/v1/depth"): Call(5, "open", market_api.depth),
    ("GET", "/dapi/v1/trades"): Call(5, "open", market_api.trades),
    ("GET", "/dapi/v1/aggTrades"): Call(20, "open", market_api.agg_trades),
    ("GET", "/dapi/v1/premiumIndex"): Call(10, "open", market_api.premium),
    ("POST", "/dapi/v1/order"): Call(0, "signed", order_api.futures_place, 1),
    ("PUT", "/dapi/v1/order"): Call(1, "signed", order_api.futures_modify, 1),
    ("DELETE", "/dapi/v1/order"): Call(1, "signed", order_api.futures_cancel),
    ("GET", "/dapi/v1/order"): Call(1, "signed", order_api.query),
    ("GET", "/dapi/v1/openOrder"): Call(1, "signed", order_api.query_open),
    ("POST", "/dapi/v1/batchOrders"): Call(5, "signed", order_api.futures_batch, -1),
    ("DELETE", "/dapi/v1/batchOrders"): Call(1, "signed", order_api.futures_cancel_batch),
    ("GET", "/dapi/v1/openOrders"): Call(1, "signed", order_api.open_orders),
    ("DELETE", "/dapi/v1/allOpenOrders"): Call(1, "signed", order_api.futures_cancel_all),
    ("GET", "/dapi/v1/allOrders"): Call(20, "signed", order_api.all_orders),
    ("GET", "/dapi/v1/userTrades"): Call(20, "signed", order_api.trades),
    ("POST", "/dapi/v1/countdownCancelAll"): Call(10, "signed", order_api.countdown),
    ("GET", "/dapi/v1/account"): Call(5, "signed", account_api.futures_account),
    ("GET", "/dapi/v1/balance"): Call(1, "signed", account_api.futures_balance),
    ("GET", "/dapi/v1/positionRisk"): Call(1, "signed", account_api.positions),
    ("GET", "/dapi/v1/income"): Call(20, "signed", account_api.income),
    ("GET", "/dapi/v1/commissionRate"): Call(20, "signed", account_api.commission),
    ("GET", "/dapi/v1/leverageBracket"): Call(1, "signed", account_api.brackets),
    ("GET", "/dapi/v2/leverageBracket"): Call(1, "signed", account_api.brackets),
    ("POST", "/dapi/v1/leverage"): Call(1, "signed", account_api.leverage),
    ("GET", "/dapi/v1/positionSide/dual"): Call(30, "signed", account_api.position_mode),
    ("GET", "/api/v3/exchangeInfo"): Call(1, "open", info_api.empty_info),
    ("GET", "/fapi/v1/exchangeInfo"): Call(1, "open", info_api.empty_info),
}

_ALL: dict[tuple[str, str], Call] = {
    ("GET", "/sapi/v1/account/apiRestrictions"): Call(1, "signed", account_api.restrictions),
    ("GET", "/sapi/v1/system/status"): Call(1, "open", info_api.status),
    ("GET", "/sapi/v1/capital/config/getall"): Call(10, "signed", account_api.coins),
    ("GET", "/sapi/v1/margin/allPairs"): Call(1, "key", account_api.empty_list),
    ("GET", "/sapi/v1/margin/isolated/allPairs"): Call(1, "key", account_api.empty_list),
}

#: Protocol -> its calls.
CALLS: dict[str, dict[tuple[str, str], Call]] = {
    "binance-spot": {**_SPOT, **_ALL},
    "binance-usdm": {**_USDM, **_ALL},
    "binance-coinm": {**_COINM, **_ALL},
}

#: WebSocket-API method -> the REST call that it is.
METHODS: dict[str, dict[str, tuple[str, str]]] = {
    "binance-spot": {
        "ping": ("GET", "/api/v3/ping"),
        "time": ("GET", "/api/v3/time"),
        "exchangeInfo": ("GET", "/api/v3/exchangeInfo"),
        "depth": ("GET", "/api/v3/depth"),
        "ticker.book": ("GET", "/api/v3/ticker/bookTicker"),
        "ticker.price": ("GET", "/api/v3/ticker/price"),
        "trades.recent": ("GET", "/api/v3/trades"),
        "order.place": ("POST", "/api/v3/order"),
        "order.test": ("POST", "/api/v3/order/test"),
        "order.cancel": ("DELETE", "/api/v3/order"),
        "order.amend.keepPriority": ("PUT", "/api/v3/order/amend/keepPriority"),
        "order.status": ("GET", "/api/v3/order"),
        "openOrders.status": ("GET", "/api/v3/openOrders"),
        "openOrders.cancelAll": ("DELETE", "/api/v3/openOrders"),
        "allOrders": ("GET", "/api/v3/allOrders"),
        "myTrades": ("GET", "/api/v3/myTrades"),
        "account.status": ("GET", "/api/v3/account"),
    },
    "binance-usdm": {
        "ping": ("GET", "/fapi/v1/ping"),
        "time": ("GET", "/fapi/v1/time"),
        "depth": ("GET", "/fapi/v1/depth"),
        "ticker.book": ("GET", "/fapi/v1/ticker/bookTicker"),
        "ticker.price": ("GET", "/fapi/v1/ticker/price"),
        "order.place": ("POST", "/fapi/v1/order"),
        "order.modify": ("PUT", "/fapi/v1/order"),
        "order.cancel": ("DELETE", "/fapi/v1/order"),
        "order.status": ("GET", "/fapi/v1/order"),
        "account.position": ("GET", "/fapi/v3/positionRisk"),
        "v2/account.position": ("GET", "/fapi/v3/positionRisk"),
        "account.balance": ("GET", "/fapi/v3/balance"),
        "v2/account.balance": ("GET", "/fapi/v3/balance"),
        "account.status": ("GET", "/fapi/v3/account"),
        "v2/account.status": ("GET", "/fapi/v3/account"),
    },
    "binance-coinm": {
        "ping": ("GET", "/dapi/v1/ping"),
        "time": ("GET", "/dapi/v1/time"),
        "order.place": ("POST", "/dapi/v1/order"),
        "order.modify": ("PUT", "/dapi/v1/order"),
        "order.cancel": ("DELETE", "/dapi/v1/order"),
        "order.status": ("GET", "/dapi/v1/order"),
        "account.position": ("GET", "/dapi/v1/positionRisk"),
        "account.balance": ("GET", "/dapi/v1/balance"),
        "account.status": ("GET", "/dapi/v1/account"),
    },
}
