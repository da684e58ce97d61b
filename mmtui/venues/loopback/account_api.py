"""Calls about the account: balances, positions, income, fees, settings, permissions of the key.

Rules of this file: texts in, JSON out; what a client needs to load its markets is answered, however plainly.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from mmtui.core.market.instrument import plain
from mmtui.venues.loopback import forms, forms_account
from mmtui.venues.loopback.codes import Refusal
from mmtui.venues.loopback.entry import Params, board_of, number
from mmtui.venues.loopback.exchange import Exchange

MS = 1_000_000


def empty_list(exchange: Exchange, params: Params) -> Any:
    return []


def done(exchange: Exchange, params: Params) -> Any:
    return {"code": 200, "msg": "success"}


def spot_account(exchange: Exchange, params: Params) -> Any:
    return forms_account.spot_account(exchange, exchange.now())


def futures_account(exchange: Exchange, params: Params) -> Any:
    return forms_account.futures_account(exchange, exchange.now())


def futures_balance(exchange: Exchange, params: Params) -> Any:
    return forms_account.futures_balances(exchange, exchange.now())


def positions(exchange: Exchange, params: Params) -> Any:
    """Of every symbol, or of one; in hedge mode a row for each leg. COIN-M tells no maintenance margin here."""
    only = board_of(exchange, params).i if params.get("symbol") else -1
    held = [(i, position) for i, position in exchange.wallet.held() if only in (-1, i)]
    rows = [forms_account.position_risk(exchange, i, position) for i, position in held]
    untold = {"maintMargin"} if exchange.market.kind == "inverse" else set()
    return [{name: value for name, value in row.items() if name not in untold} for row in rows]


def open_positions(exchange: Exchange, params: Params) -> Any:
    """The newer call names only symbols with a position."""
    return [row for row in positions(exchange, params) if Decimal(row["positionAmt"])]


def income(exchange: Exchange, params: Params) -> Any:
    limit = min(number(params, "limit", 100), 1_000)
    start, end, kind = number(params, "startTime"), number(params, "endTime"), params.get("incomeType", "")
    rows = [entry for entry in exchange.ledger if entry.ts // MS >= start and kind in ("", entry.kind)]
    if end:
        rows = [entry for entry in rows if entry.ts // MS <= end]
    return [forms.income(entry) for entry in (rows[:limit] if start else rows[-limit:])]


def _rates(exchange: Exchange) -> tuple[str, str]:
    market = exchange.market
    return plain(Decimal(market.maker_bps) / 10_000), plain(Decimal(market.taker_bps) / 10_000)


def commission(exchange: Exchange, params: Params) -> Any:
    maker, taker = _rates(exchange)
    symbol = board_of(exchange, params).symbol
    return {"symbol": symbol, "makerCommissionRate": maker, "takerCommissionRate": taker}


def spot_commission(exchange: Exchange, params: Params) -> Any:
    maker, taker = _rates(exchange)
    zero = {"maker": "0", "taker": "0", "buyer": "0", "seller": "0"}
    standard = {"maker": maker, "taker": taker, "buyer": "0", "seller": "0"}
    return {
        "symbol": board_of(exchange, params).symbol,
        "standardCommission": standard,
        "specialCommission": zero,
        "taxCommission": zero,
        "discount": {"enabledForAccount": False, "enabledForSymbol": False, "discountAsset": "BNB", "discount": "0"},
    }


def trade_fee(exchange: Exchange, params: Params) -> Any:
    maker, taker = _rates(exchange)
    return [
        {"symbol": board.symbol, "makerCommission": maker, "takerCommission": taker}
        for board in exchange.boards
        if params.get("symbol", board.symbol) == board.symbol
    ]


def brackets(exchange: Exchange, params: Params) -> Any:
    one = {
        "bracket": 1, "initialLeverage": 125, "notionalCap": 50_000_000, "notionalFloor": 0,
        "maintMarginRatio": 0.004, "cum": 0.0,
    }  # fmt: skip
    return [{"symbol": board.symbol, "notionalCoef": 1.0, "brackets": [one]} for board in exchange.boards]


def account_config(exchange: Exchange, params: Params) -> Any:
    return {
        "feeTier": 0, "canTrade": True, "canDeposit": True, "canWithdraw": True,
        "dualSidePosition": exchange.wallet.dual,
        "updateTime": 0, "multiAssetsMargin": False, "tradeGroupId": -1,
    }  # fmt: skip


def symbol_config(exchange: Exchange, params: Params) -> Any:
    return [
        {
            "symbol": board.symbol, "marginType": "CROSSED", "isAutoAddMargin": False,
            "leverage": exchange.wallet.positions[board.i].leverage, "maxNotionalValue": "100000000",
        }
        for board in exchange.boards
        if params.get("symbol", board.symbol) == board.symbol
    ]  # fmt: skip


def leverage(exchange: Exchange, params: Params) -> Any:
    board, wanted = board_of(exchange, params), number(params, "leverage")
    if not 1 <= wanted <= 125:
        raise Refusal(-1102, "leverage")
    exchange.wallet.positions[board.i].leverage = wanted
    return {"leverage": wanted, "maxNotionalValue": "100000000", "symbol": board.symbol}


def position_mode(exchange: Exchange, params: Params) -> Any:
    return {"dualSidePosition": exchange.wallet.dual}


def change_position_mode(exchange: Exchange, params: Params) -> Any:
    """One-way positions or two legs; not while something is held or open."""
    dual = params.get("dualSidePosition", "").lower() == "true"
    if dual == exchange.wallet.dual:
        raise Refusal(-4059)
    if exchange.open_orders():
        raise Refusal(-4067)
    if any(position.lots for _, position in exchange.wallet.held()):
        raise Refusal(-4068)
    exchange.switch(dual)
    return {"code": 200, "msg": "success"}


def single_asset(exchange: Exchange, params: Params) -> Any:
    return {"multiAssetsMargin": False}


def restrictions(exchange: Exchange, params: Params) -> Any:
    """What the key may do: trade, and no more."""
    return {
        "ipRestrict": True, "createTime": 1_600_000_000_000, "enableReading": True,
        "enableWithdrawals": exchange.withdrawals, "enableInternalTransfer": False, "enableMargin": False,
        "enableFutures": exchange.futures, "permitsUniversalTransfer": False, "enableVanillaOptions": False,
        "enableFixApiTrade": False, "enableFixReadOnly": False, "enableSpotAndMarginTrading": not exchange.futures,
        "enablePortfolioMarginTrading": False,
    }  # fmt: skip


def coins(exchange: Exchange, params: Params) -> Any:
    """Every asset of the account, with the one network of a loopback exchange."""
    rows = []
    for asset in exchange.wallet.balances:
        network = {
            "network": asset, "coin": asset, "name": asset, "isDefault": True, "depositEnable": False,
            "withdrawEnable": False, "withdrawFee": "0", "withdrawMin": "0", "withdrawMax": "0",
            "withdrawIntegerMultiple": "0.00000001", "minConfirm": 1, "unLockConfirm": 0,
        }  # fmt: skip
        rows.append(
            {
                "coin": asset, "name": asset, "free": plain(exchange.wallet.free(asset)), "locked": "0",
                "freeze": "0", "withdrawing": "0", "ipoing": "0", "ipoable": "0", "storage": "0", "trading": True,
                "isLegalMoney": False, "depositAllEnable": False, "withdrawAllEnable": False,
                "networkList": [network],
            }
        )  # fmt: skip
    return rows
