"""The JSON of Kraken's spot account: orders, trades, ledger and balances, in answers and in channels.

Rules of this file: from records to dicts, by the venue's documentation; nothing is decided here.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from mmtui.core.market.instrument import Instrument, plain
from mmtui.venues.loopback import forms
from mmtui.venues.loopback.board import Board
from mmtui.venues.loopback.public.kraken import iso
from mmtui.venues.loopback.public.voice import raw
from mmtui.venues.loopback.records import Entry, Execution, Order

__all__ = ["added", "asset", "balance", "ledger_row", "number", "open_row", "over", "pair", "raw", "told", "trade_id",
           "trade_row", "traded", "txid"]  # fmt: skip

Body = dict[str, Any]
_ASSETS = {"BTC": "XXBT", "ETH": "XETH", "DOGE": "XXDG", "USD": "ZUSD", "EUR": "ZEUR"}
_STATUS = {"NEW": "new", "PARTIALLY_FILLED": "partially_filled", "FILLED": "filled"}


def txid(id: int) -> str:
    """The venue's number of an order."""
    digits = f"{id:016d}"
    return f"O{digits[:5]}-{digits[5:10]}-{digits[10:]}"


def trade_id(id: int) -> str:
    return txid(id).replace("O", "T", 1)


def number(text: str) -> int:
    """The number behind a txid; 0: it is none."""
    digits = text[1:].replace("-", "")
    return int(digits) if len(digits) == 16 and digits.isdecimal() else 0


def asset(name: str) -> str:
    return _ASSETS.get(name, name)


def pair(item: Instrument) -> str:
    """The pair's id."""
    return f"{asset(item.base)}{asset(item.quote)}"


def _side(order: Order) -> str:
    return "buy" if order.side > 0 else "sell"


def _kind(order: Order) -> str:
    return "limit" if order.px else "market"


def _altname(board: Board) -> str:
    coins = {"BTC": "XBT", "DOGE": "XDG"}
    item = board.instrument
    return f"{coins.get(item.base, item.base)}{item.quote}"


# ---------------------------------------------------------------- answers


def _words(board: Board, order: Order) -> str:
    limit = f"limit {board.px(order.px)}" if order.px else "market"
    return f"{_side(order)} {board.sz(order.sz)} {_altname(board)} @ {limit}"


def added(board: Board, order: Order) -> Body:
    return {"descr": {"order": _words(board, order)}, "txid": [txid(order.id)]}


def open_row(board: Board, order: Order) -> Body:
    size, price = board.sz(order.sz), board.px(order.px)
    descr = {"pair": _altname(board), "type": _side(order), "ordertype": _kind(order), "price": price, "price2": "0",
             "leverage": "none", "order": _words(board, order), "close": ""}  # fmt: skip
    return {
        "refid": None, "userref": None, "cl_ord_id": order.client, "status": "open",
        "opentm": raw(plain(Decimal(order.created).scaleb(-9))), "starttm": 0, "expiretm": 0, "descr": descr,
        "vol": size, "vol_exec": board.sz(order.filled), "cost": plain(order.quote), "fee": "0",
        "price": forms.average(board, order), "stopprice": "0", "limitprice": "0", "misc": "",
        "oflags": "post,fciq" if order.tif == "GTX" else "fciq",
    }  # fmt: skip


def trade_row(board: Board, one: Execution) -> Body:
    price = board.tick * one.px
    fee = one.fee * price if one.asset == board.instrument.base else one.fee
    return {
        "ordertxid": txid(one.order.id), "postxid": "TKH2SE-M7IF5-CFI7LT", "pair": pair(board.instrument),
        "time": raw(plain(Decimal(one.ts).scaleb(-9))), "type": _side(one.order), "ordertype": _kind(one.order),
        "price": board.px(one.px), "cost": plain(board.worth(price, one.sz)), "fee": plain(fee),
        "vol": board.sz(one.sz), "margin": "0", "leverage": "0", "misc": "", "trade_id": one.id, "maker": one.maker,
    }  # fmt: skip


def ledger_row(one: Entry) -> Body:
    kind = "trade" if one.kind != "TRANSFER" else "deposit" if one.amount > 0 else "withdrawal"
    return {"refid": txid(one.id), "time": raw(plain(Decimal(one.ts).scaleb(-9))), "type": kind, "subtype": "",
            "aclass": "currency", "asset": asset(one.asset), "amount": plain(one.amount), "fee": "0",
            "balance": "0"}  # fmt: skip


# ---------------------------------------------------------------- channels


def told(board: Board, order: Order, kind: str) -> Body:
    """Channel executions: a whole order."""
    return {
        "order_id": txid(order.id), "cl_ord_id": order.client, "symbol": board.symbol, "side": _side(order),
        "order_type": _kind(order), "time_in_force": order.tif if order.tif in ("GTC", "IOC") else "GTC",
        "post_only": order.tif == "GTX", "limit_price": raw(board.px(order.px)), "order_qty": raw(board.sz(order.sz)),
        "cum_qty": raw(board.sz(order.filled)), "cum_cost": raw(plain(order.quote)),
        "avg_price": raw(forms.average(board, order)), "exec_type": kind, "order_status": _STATUS[order.status],
        "timestamp": iso(order.updated),
    }  # fmt: skip


def traded(board: Board, order: Order, one: Execution) -> Body:
    return told(board, order, "trade") | {
        "exec_id": trade_id(one.id), "trade_id": one.id, "last_qty": raw(board.sz(one.sz)),
        "last_price": raw(board.px(one.px)), "liquidity_ind": "m" if one.maker else "t",
        "fees": [{"asset": one.asset, "qty": raw(plain(one.fee))}],
    }  # fmt: skip


def over(order: Order, kind: str) -> Body:
    """... and one that is over, by its ids."""
    reason = {"countdown": "Dead man's switch", "post-only": "Post only order"}.get(order.reason, "User requested")
    return {"order_id": txid(order.id), "cl_ord_id": order.client, "exec_type": kind, "order_status": kind,
            "reason": reason, "timestamp": iso(order.updated)}  # fmt: skip


def balance(name: str, size: Decimal) -> Body:
    return {"asset": name, "asset_class": "currency", "balance": raw(plain(size))}
