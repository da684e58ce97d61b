"""Calls about orders: place, cancel, amend, batches, cancel-all, countdown, queries, executions.

Rules of this file: texts in, JSON out; what an order may be is entry.py's, what happens to it the exchange's.
"""

from __future__ import annotations

from typing import Any

import msgspec

from mmtui.venues.loopback import forms
from mmtui.venues.loopback.codes import Refusal
from mmtui.venues.loopback.entry import (
    Params,
    board_of,
    find,
    need,
    number,
    place,
    read_order,
    size_of,
)
from mmtui.venues.loopback.exchange import Exchange, crosses_book
from mmtui.venues.loopback.records import Order

MS = 1_000_000
BATCH_CREATE, BATCH_CANCEL = 5, 10


def form(exchange: Exchange, order: Order) -> dict[str, Any]:
    """An order as queries show it."""
    return (forms.futures_order if exchange.futures else forms.spot_order)(exchange.boards[order.i], order)


# ---------------------------------------------------------------- spot


def spot_place(exchange: Exchange, params: Params) -> Any:
    order, made = place(exchange, params)
    how = params.get("newOrderRespType", "ACK" if order.kind == "LIMIT_MAKER" else "FULL")
    return forms.spot_placed(exchange.boards[order.i], order, made, how)


def spot_cancel(exchange: Exchange, params: Params) -> Any:
    order = find(exchange, params, -2011)
    if not order.open:
        raise Refusal(-2011)
    exchange.cancel(order)
    return forms.spot_cancelled(exchange.boards[order.i], order, params.get("newClientOrderId", f"web_{order.id}"))


def spot_amend(exchange: Exchange, params: Params) -> Any:
    """A smaller whole size, at the place that the order has; its client id stays only where it is given again."""
    order = find(exchange, params, -2013)
    if not order.open or order.resting is None:
        raise Refusal(-2013)
    sz = size_of(exchange, exchange.boards[order.i], need(params, "newQty"))
    if not order.filled < sz < order.sz:
        raise Refusal(-1013, "LOT_SIZE")
    client = params.get("newClientOrderId", "")
    if client != order.client:
        exchange.rename(order, client)
    exchange.amend(order, order.px, sz, "REPLACED")
    return forms.spot_amended(exchange.boards[order.i], order, exchange.next_id())


def spot_cancel_all(exchange: Exchange, params: Params) -> Any:
    """An account without open orders is an error, as on the venue."""
    board = board_of(exchange, params)
    orders = exchange.cancel_all(board.i)
    if not orders:
        raise Refusal(-2011)
    return [forms.spot_cancelled(board, order, f"web_{order.id}") for order in orders]


# ---------------------------------------------------------------- futures


def futures_place(exchange: Exchange, params: Params) -> Any:
    order, _ = place(exchange, params)
    return forms.futures_order(exchange.boards[order.i], order)


def futures_cancel(exchange: Exchange, params: Params) -> Any:
    order = find(exchange, params, -2011)
    if not order.open:
        raise Refusal(-2011)
    exchange.cancel(order)
    return form(exchange, order)


def futures_modify(exchange: Exchange, params: Params) -> Any:
    """Price and whole size of a resting order. One that is filled so far already is cancelled, and so is a post-only
    one that would trade."""
    order = find(exchange, params, -2013)
    if not order.open or order.resting is None:
        raise Refusal(-2013)
    need(params, "price")
    need(params, "quantity")
    side, leg = forms.side_of(order), order.leg
    text = {**params, "side": side, "positionSide": leg, "type": "LIMIT", "timeInForce": order.tif}
    try:
        wanted = read_order(exchange, {key: value for key, value in text.items() if key != "newClientOrderId"})
    except Refusal as refusal:
        if refusal.code == -5022:
            exchange.cancel(order)
        raise
    if crosses_book(exchange.boards[order.i], wanted):
        raise Refusal(-5022)
    if wanted.sz <= order.filled:
        exchange.cancel(order)
    else:
        exchange.amend(order, wanted.px, wanted.sz, "AMENDMENT")
    return form(exchange, order)


def futures_batch(exchange: Exchange, params: Params) -> Any:
    """Up to five orders; each has a result of its own."""
    rows = _list(params, "batchOrders", BATCH_CREATE)
    answers: list[Any] = []
    for row in rows:
        if not isinstance(row, dict):
            raise Refusal(-1100, "batchOrders")
        texts = {str(key): _text(value) for key, value in row.items()}
        try:
            answers.append(futures_place(exchange, texts))
        except Refusal as refusal:
            answers.append(refusal.body())
    return answers


def _text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _list(params: Params, name: str, most: int) -> list[Any]:
    try:
        rows = msgspec.json.decode(need(params, name))
    except msgspec.DecodeError:
        raise Refusal(-1100, name) from None
    if not isinstance(rows, list) or not 0 < len(rows) <= most:
        raise Refusal(-1102, name)
    return rows


def futures_cancel_batch(exchange: Exchange, params: Params) -> Any:
    """Up to ten orders of one symbol. The venue takes the names of the lists in any case, and ccxt relies on that."""
    names = {name.lower(): name for name in ("origClientOrderIdList", "orderIdList")}
    params = {names.get(key.lower(), key): value for key, value in params.items()}
    board_of(exchange, params)
    name = "origClientOrderIdList" if params.get("origClientOrderIdList") else "orderIdList"
    key = "origClientOrderId" if name == "origClientOrderIdList" else "orderId"
    answers: list[Any] = []
    for one in _list(params, name, BATCH_CANCEL):
        try:
            answers.append(futures_cancel(exchange, {"symbol": params["symbol"], key: str(one)}))
        except Refusal as refusal:
            answers.append(refusal.body())
    return answers


def futures_cancel_all(exchange: Exchange, params: Params) -> Any:
    exchange.cancel_all(board_of(exchange, params).i)
    return {"code": 200, "msg": "The operation of cancel all open order is done."}


def countdown(exchange: Exchange, params: Params) -> Any:
    """The dead-man switch of a symbol; 0 turns it off."""
    board = board_of(exchange, params)
    need(params, "countdownTime")
    ms = number(params, "countdownTime")
    if ms:
        exchange.switches[board.i] = exchange.now() + ms * MS
    else:
        exchange.switches.pop(board.i, None)
    return {"symbol": board.symbol, "countdownTime": str(ms)}


# ---------------------------------------------------------------- queries


def test(exchange: Exchange, params: Params) -> Any:
    read_order(exchange, params)
    return {}


def query(exchange: Exchange, params: Params) -> Any:
    return form(exchange, find(exchange, params, -2013))


def query_open(exchange: Exchange, params: Params) -> Any:
    order = find(exchange, params, -2013)
    if not order.open:
        raise Refusal(-2013)
    return form(exchange, order)


def open_orders(exchange: Exchange, params: Params) -> Any:
    i = board_of(exchange, params).i if params.get("symbol") else -1
    return [form(exchange, order) for order in exchange.open_orders(i)]


def all_orders(exchange: Exchange, params: Params) -> Any:
    """Oldest first: those from an id or an instant on, else the newest."""
    board = board_of(exchange, params)
    limit = min(number(params, "limit", 500), 100 if exchange.market.kind == "inverse" else 1_000)
    first, start, end = number(params, "orderId"), number(params, "startTime"), number(params, "endTime")
    orders = [order for order in exchange.orders.values() if order.i == board.i and order.id >= first]
    if start:
        orders = [order for order in orders if order.created // MS >= start]
    if end:
        orders = [order for order in orders if order.created // MS <= end]
    chosen = orders[:limit] if first or start else orders[-limit:]
    return [form(exchange, order) for order in chosen]


def trades(exchange: Exchange, params: Params) -> Any:
    """The account's executions, oldest first."""
    board = board_of(exchange, params)
    limit = min(number(params, "limit", 500), 1_000)
    first, start, end = number(params, "fromId"), number(params, "startTime"), number(params, "endTime")
    of = number(params, "orderId")
    rows = [one for one in exchange.executions if one.i == board.i and one.id >= first]
    if start:
        rows = [one for one in rows if one.ts // MS >= start]
    if end:
        rows = [one for one in rows if one.ts // MS <= end]
    if of:
        rows = [one for one in rows if one.order.id == of]
    chosen = rows[:limit] if first or start else rows[-limit:]
    return [forms.trade(board, one) for one in chosen]
