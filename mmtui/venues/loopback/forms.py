"""The venue's JSON for orders, executions, balances and positions: REST answers and user-stream messages.

Rules of this file: from records to dicts, by the venue's documentation; nothing is decided here.
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

from mmtui.core.market.instrument import plain
from mmtui.venues.loopback.board import Board
from mmtui.venues.loopback.records import ZERO, Entry, Execution, Order

if TYPE_CHECKING:
    from mmtui.venues.loopback.exchange import Exchange
    from mmtui.venues.loopback.wallet import Position

MS = 1_000_000
Form = dict[str, Any]


def side_of(order: Order) -> str:
    return "BUY" if order.side > 0 else "SELL"


def tif_of(order: Order) -> str:
    """LIMIT_MAKER and MARKET have none; spot says GTC."""
    return order.tif or "GTC"


def average(board: Board, order: Order) -> str:
    if not order.filled:
        return "0"
    return plain((order.quote / (board.lot * order.filled)).quantize(Decimal("1e-8")))


# ---------------------------------------------------------------- REST: orders and executions


def spot_order(board: Board, order: Order) -> Form:
    """GET order, openOrders, allOrders."""
    return {
        "symbol": board.symbol,
        "orderId": order.id,
        "orderListId": -1,
        "clientOrderId": order.client,
        "price": board.px(order.px),
        "origQty": board.sz(order.sz),
        "executedQty": board.sz(order.filled),
        "origQuoteOrderQty": "0",
        "cummulativeQuoteQty": plain(order.quote),
        "status": order.status,
        "timeInForce": tif_of(order),
        "type": order.kind,
        "side": side_of(order),
        "stopPrice": "0",
        "icebergQty": "0",
        "time": order.created // MS,
        "updateTime": order.updated // MS,
        "isWorking": True,
        "workingTime": order.created // MS,
        "selfTradePreventionMode": "EXPIRE_MAKER",
    }


def spot_placed(board: Board, order: Order, made: list[Execution], how: str) -> Form:
    """POST order: newOrderRespType ACK, RESULT or FULL."""
    body: Form = {
        "symbol": board.symbol,
        "orderId": order.id,
        "orderListId": -1,
        "clientOrderId": order.client,
        "transactTime": order.created // MS,
    }
    if how == "ACK":
        return body
    body |= {key: value for key, value in spot_order(board, order).items() if key not in _NOT_PLACED}
    if how == "FULL":
        body["fills"] = [
            {
                "price": board.px(one.px),
                "qty": board.sz(one.sz),
                "commission": plain(one.fee),
                "commissionAsset": one.asset,
                "tradeId": one.id,
            }
            for one in made
        ]
    return body


_NOT_PLACED = frozenset({"stopPrice", "icebergQty", "time", "updateTime", "isWorking"})


def spot_amended(board: Board, order: Order, execution: int) -> Form:
    """The answer to an amend that keeps the place in the queue."""
    return {
        "transactTime": order.updated // MS,
        "executionId": execution,
        "amendedOrder": {
            "symbol": board.symbol,
            "orderId": order.id,
            "orderListId": -1,
            "origClientOrderId": order.client,
            "clientOrderId": order.client,
            "price": board.px(order.px),
            "qty": board.sz(order.sz),
            "executedQty": board.sz(order.filled),
            "preventedQty": "0",
            "quoteOrderQty": "0",
            "cumulativeQuoteQty": plain(order.quote),
            "status": order.status,
            "timeInForce": tif_of(order),
            "workingFloor": "EXCHANGE",
            "side": side_of(order),
            "selfTradePreventionMode": "EXPIRE_MAKER",
        },
    }


def spot_cancelled(board: Board, order: Order, client: str) -> Form:
    """DELETE order: the order's own id is origClientOrderId."""
    body = {key: value for key, value in spot_order(board, order).items() if key not in _NOT_PLACED}
    del body["workingTime"]
    return body | {"origClientOrderId": order.client, "clientOrderId": client, "transactTime": order.updated // MS}


def futures_order(board: Board, order: Order) -> Form:
    return {
        "orderId": order.id,
        "symbol": board.symbol,
        "status": order.status,
        "clientOrderId": order.client,
        "price": board.px(order.px),
        "avgPrice": average(board, order),
        "origQty": board.sz(order.sz),
        "executedQty": board.sz(order.filled),
        "cumQty": board.sz(order.filled),
        "cumQuote": plain(order.quote),
        "timeInForce": tif_of(order),
        "type": order.kind,
        "reduceOnly": order.reduce_only,
        "closePosition": False,
        "side": side_of(order),
        "positionSide": order.leg,
        "stopPrice": "0",
        "workingType": "CONTRACT_PRICE",
        "priceProtect": False,
        "origType": order.kind,
        "priceMatch": "NONE",
        "selfTradePreventionMode": "EXPIRE_MAKER",
        "goodTillDate": 0,
        "time": order.created // MS,
        "updateTime": order.updated // MS,
    }


def trade(board: Board, one: Execution) -> Form:
    """myTrades and userTrades."""
    body: Form = {
        "symbol": board.symbol,
        "id": one.id,
        "orderId": one.order.id,
        "price": board.px(one.px),
        "qty": board.sz(one.sz),
        "quoteQty": plain(board.tick * one.px * board.lot * one.sz),
        "commission": plain(one.fee),
        "commissionAsset": one.asset,
        "time": one.ts // MS,
    }
    buyer = one.side > 0
    if board.futures:
        more: Form = {"side": "BUY" if buyer else "SELL", "buyer": buyer, "maker": one.maker}
        more["positionSide"] = one.order.leg
        return body | more | {"realizedPnl": plain(one.realised)}
    return body | {"orderListId": -1, "isBuyer": buyer, "isMaker": one.maker, "isBestMatch": True}


def income(entry: Entry) -> Form:
    return {
        "symbol": entry.symbol,
        "incomeType": entry.kind,
        "income": plain(entry.amount),
        "asset": entry.asset,
        "time": entry.ts // MS,
        "info": entry.kind,
        "tranId": entry.id,
        "tradeId": "",
    }


# ---------------------------------------------------------------- user streams


def execution_report(board: Board, order: Order, now: int, one: Execution | None) -> Form:
    """Spot."""
    stamp = now // MS
    return {
        "e": "executionReport",
        "E": stamp,
        "s": board.symbol,
        "c": order.client,
        "S": side_of(order),
        "o": order.kind,
        "f": tif_of(order),
        "q": board.sz(order.sz),
        "p": board.px(order.px),
        "P": "0",
        "F": "0",
        "g": -1,
        "C": order.client if order.status == "CANCELED" else "",
        "x": "TRADE" if one else order.change or order.status,
        "X": order.status,
        "r": "NONE",
        "i": order.id,
        "l": board.sz(one.sz) if one else "0",
        "z": board.sz(order.filled),
        "L": board.px(one.px) if one else "0",
        "n": plain(one.fee) if one else "0",
        "N": one.asset if one else None,
        "T": stamp,
        "t": one.id if one else -1,
        "v": 0,
        "I": order.id * 2,
        "w": order.open,
        "m": one.maker if one else False,
        "M": False,
        "O": order.created // MS,
        "Z": plain(order.quote),
        "Y": plain(board.tick * one.px * board.lot * one.sz) if one else "0",
        "Q": "0",
        "W": order.created // MS,
        "V": "EXPIRE_MAKER",
    }


def order_trade_update(board: Board, order: Order, now: int, one: Execution | None) -> Form:
    """Futures."""
    stamp = now // MS
    body: Form = {
        "s": board.symbol,
        "c": order.client,
        "S": side_of(order),
        "o": order.kind,
        "f": tif_of(order),
        "q": board.sz(order.sz),
        "p": board.px(order.px),
        "ap": average(board, order),
        "sp": "0",
        "x": "TRADE" if one else order.change or order.status,
        "X": order.status,
        "i": order.id,
        "l": board.sz(one.sz) if one else "0",
        "z": board.sz(order.filled),
        "L": board.px(one.px) if one else "0",
        "N": one.asset if one else board.instrument.settle,
        "n": plain(one.fee) if one else "0",
        "T": stamp,
        "t": one.id if one else 0,
        "b": "0",
        "a": "0",
        "m": one.maker if one else False,
        "R": order.reduce_only,
        "wt": "CONTRACT_PRICE",
        "ot": order.kind,
        "ps": order.leg,
        "cp": False,
        "rp": plain(one.realised) if one else "0",
        "pP": False,
        "si": 0,
        "ss": 0,
        "V": "EXPIRE_MAKER",
        "pm": "NONE",
        "gtd": 0,
    }
    return {"e": "ORDER_TRADE_UPDATE", "T": stamp, "E": stamp, "o": body}


def account_position(exchange: Exchange, assets: tuple[str, ...], now: int) -> Form:
    """Spot: outboundAccountPosition."""
    wallet = exchange.wallet
    rows = [{"a": a, "f": plain(wallet.free(a)), "l": plain(wallet.locked.get(a, ZERO))} for a in assets]
    return {"e": "outboundAccountPosition", "E": now // MS, "u": now // MS, "B": rows}


def balance_update(asset: str, amount: Decimal, now: int) -> Form:
    """Spot: a deposit, a withdrawal or a transfer."""
    return {"e": "balanceUpdate", "E": now // MS, "a": asset, "d": plain(amount), "T": now // MS}


def account_update(
    exchange: Exchange, why: str, asset: str, changed: list[tuple[int, Position]], now: int, change: Decimal = ZERO
) -> Form:
    """Futures: ACCOUNT_UPDATE with the wallet of an asset and the positions that changed."""
    wallet = exchange.wallet
    total = plain(wallet.balances.get(asset, ZERO))
    balances = [{"a": asset, "wb": total, "cw": total, "bc": plain(change)}]
    positions = [
        {
            "s": exchange.boards[i].symbol,
            "pa": signed(exchange.boards[i], position.lots),
            "ep": entry_text(position),
            "bep": entry_text(position),
            "cr": "0",
            "up": plain(wallet.unrealised(i, position)),
            "mt": "cross",
            "iw": "0",
            "ps": position.side,
        }
        for i, position in changed
    ]
    return {
        "e": "ACCOUNT_UPDATE", "E": now // MS, "T": now // MS, "a": {"m": why, "B": balances, "P": positions},
    }  # fmt: skip


def signed(board: Board, lots: int) -> str:
    return f"-{board.sz(-lots)}" if lots < 0 else board.sz(lots)


def entry_text(position: Position) -> str:
    return plain(position.entry.quantize(Decimal("1e-8")))


def entered(board: Board, order: Order, by: str) -> dict[str, Any]:
    """An order for the journal."""
    return {
        "id": order.id, "client": order.client, "symbol": board.symbol, "side": order.side, "type": order.kind,
        "tif": order.tif, "px": order.px, "limit": order.limit, "sz": order.sz, "reduces": order.reduce_only,
        "leg": order.leg, "by": by, "ts": order.created,
    }  # fmt: skip


def executed(one: Execution) -> dict[str, Any]:
    """An execution for the journal."""
    return {
        "id": one.id, "order": one.order.id, "side": one.side, "px": one.px, "sz": one.sz, "maker": one.maker,
        "fee": str(one.fee), "asset": one.asset, "ts": one.ts,
    }  # fmt: skip
