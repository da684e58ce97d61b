"""What an order must look like to be taken: parameters, filters, funds, duplicate ids, with the venue's own refusals.

Rules of this file: a dict of texts in; an Order that the exchange has taken, or a Refusal, out.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal

from mmtui.venues.binance.grid import OffGrid, Units, WireError
from mmtui.venues.loopback.board import Board
from mmtui.venues.loopback.codes import Refusal
from mmtui.venues.loopback.exchange import Exchange, crosses_book
from mmtui.venues.loopback.records import Execution, Order

Params = Mapping[str, str]
_CLIENT = re.compile(r"[.A-Z:/a-z0-9_-]{1,36}")
_TIFS = frozenset({"GTC", "IOC", "FOK"})
#: A limit price may be so far from the mark: spot x 5, futures x 1.15.
FAR_SPOT, FAR_FUTURES = Decimal(5), Decimal("1.15")


def need(params: Params, name: str) -> str:
    value = params.get(name, "")
    if not value:
        raise Refusal(-1102, name)
    return value


def number(params: Params, name: str, default: int = 0) -> int:
    """A whole number."""
    text = params.get(name, "")
    if not text:
        return default
    if not text.isdecimal() or len(text) > 18:
        raise Refusal(-1100, name)
    return int(text)


def board_of(exchange: Exchange, params: Params) -> Board:
    board = exchange.by_symbol.get(need(params, "symbol"))
    if board is None:
        raise Refusal(-1121)
    return board


def place(exchange: Exchange, params: Params) -> tuple[Order, list[Execution]]:
    """Check an order and take it."""
    try:
        order = read_order(exchange, params)
    except Refusal as refusal:
        client = params.get("newClientOrderId", "")
        exchange.note("refused", {"client": client, "code": refusal.code, "ts": exchange.now()})
        raise
    return order, exchange.enter(order)


def read_order(exchange: Exchange, params: Params) -> Order:
    """An order that may be entered."""
    board = board_of(exchange, params)
    side = {"BUY": 1, "SELL": -1}.get(need(params, "side"))
    if side is None:
        raise Refusal(-1117)
    kind, tif = _kind(exchange, params)
    client = params.get("newClientOrderId", "")
    if client and _CLIENT.fullmatch(client) is None:
        raise Refusal(-1100, "newClientOrderId")
    known = exchange.by_client.get(client)
    if known is not None and (known.open or exchange.unique_ids):
        raise Refusal(-4116) if exchange.futures else Refusal(-2010, "Duplicate order sent.")
    px = 0 if kind == "MARKET" else _price(exchange, board, need(params, "price"))
    sz = _size(exchange, board, params, side)
    leg, reduce_only = _leg(exchange, params, side)
    id = exchange.next_id()
    order = Order(id, client or f"web_{id}", board.i, side, kind, tif, px, sz, reduce_only, exchange.now(), leg)
    order.limit = px or _worst(board, side)
    _filters(exchange, board, order)
    return order


def _leg(exchange: Exchange, params: Params, side: int) -> tuple[str, bool]:
    """positionSide, and whether the order reduces: in hedge mode the leg says so, without reduceOnly beside it."""
    leg, reduces = params.get("positionSide", "BOTH"), params.get("reduceOnly", "").lower()
    if not exchange.futures:
        return "BOTH", False
    if exchange.wallet.dual != (leg in ("LONG", "SHORT")):
        raise Refusal(-4061)
    if not exchange.wallet.dual:
        return "BOTH", reduces == "true"
    if reduces:
        raise Refusal(-1106, "reduceonly")
    return leg, (side > 0) != (leg == "LONG")


def _kind(exchange: Exchange, params: Params) -> tuple[str, str]:
    """Type and time in force."""
    kind, tif = need(params, "type"), params.get("timeInForce", "")
    if kind == "MARKET":
        return kind, ""
    if kind == "LIMIT_MAKER" and not exchange.futures:
        return kind, ""
    if kind != "LIMIT":
        raise Refusal(-1116)
    if not tif:
        raise Refusal(-1102, "timeInForce")
    if tif not in _TIFS and not (exchange.futures and tif in ("GTX", "GTD")):
        raise Refusal(-1115)
    return kind, "GTC" if tif == "GTD" else tif


def _steps(exchange: Exchange, units: Units, text: str, name: str) -> int:
    try:
        steps = units[text]
    except OffGrid:
        if exchange.futures and name == "price":
            raise Refusal(-4014) from None
        if exchange.futures:
            raise Refusal(-1111) from None
        raise Refusal(-1013, "PRICE_FILTER" if name == "price" else "LOT_SIZE") from None
    except WireError:
        raise Refusal(-1100, name) from None
    if not steps:
        if exchange.futures:
            raise Refusal(-4003)
        raise Refusal(-1013, "PRICE_FILTER" if name == "price" else "LOT_SIZE")
    return steps


def _price(exchange: Exchange, board: Board, text: str) -> int:
    px = _steps(exchange, board.ticks, text, "price")
    middle = (board.book.bid + board.book.ask) // 2
    far = FAR_FUTURES if exchange.futures else FAR_SPOT
    if middle and px > middle * far:
        if exchange.futures:
            raise Refusal(-4016, board.px(int(middle * far)))
        raise Refusal(-1013, "PERCENT_PRICE_BY_SIDE")
    return px


def _size(exchange: Exchange, board: Board, params: Params, side: int) -> int:
    """Lots; of a spot market order perhaps by the money that it may spend."""
    money = params.get("quoteOrderQty", "")
    if money and not exchange.futures and not params.get("quantity"):
        try:
            price = board.tick * (board.book.ask if side > 0 else board.book.bid)
            lots = int(Decimal(money) / price / board.lot)
        except ArithmeticError:
            raise Refusal(-1100, "quoteOrderQty") from None
        if lots <= 0:
            raise Refusal(-1013, "NOTIONAL")
        return lots
    return _steps(exchange, board.lots, need(params, "quantity"), "quantity")


def size_of(exchange: Exchange, board: Board, text: str) -> int:
    """Lots of a size alone."""
    return _steps(exchange, board.lots, text, "quantity")


def _worst(board: Board, side: int) -> int:
    """A market order trades up to 5 % away."""
    return board.book.ask * 105 // 100 if side > 0 else board.book.bid * 95 // 100


def _filters(exchange: Exchange, board: Board, order: Order) -> None:
    """Notional, reduce-only, post-only, fill-or-kill, funds."""
    notional = board.tick * order.limit * board.lot * order.sz
    least = Decimal(board.instrument.min_notional)
    if notional < least and not order.reduce_only:
        raise Refusal(-4164, board.instrument.min_notional) if exchange.futures else Refusal(-1013, "NOTIONAL")
    position = exchange.wallet.of(order).lots
    if order.reduce_only and order.sz > max(0, -order.side * position):
        raise Refusal(-2022)
    crosses = crosses_book(board, order)
    if crosses and order.tif == "GTX" and not exchange.cancels_takers:
        raise Refusal(-5022)
    if crosses and order.kind == "LIMIT_MAKER":
        raise Refusal(-2010, "Order would immediately match and take.")
    if order.tif == "FOK" and _there(board, order) < order.sz:
        order.limit = 0 if order.side > 0 else 1 << 60  # nothing trades at that price: it expires
    if not exchange.wallet.affords(order):
        if exchange.futures:
            raise Refusal(-2019)
        raise Refusal(-2010, "Account has insufficient balance for requested action.")


def _there(board: Board, order: Order) -> int:
    """Lots of the other side up to the order's price."""
    bids, asks = board.book.display(500)
    levels = asks if order.side > 0 else bids
    return sum(size for px, size in levels if order.side * px <= order.side * order.limit)


def find(exchange: Exchange, params: Params, code: int) -> Order:
    """The order that a cancel or a query names."""
    board = board_of(exchange, params)
    client = params.get("origClientOrderId", "")
    id = number(params, "orderId")
    if not id and not client:
        raise Refusal(-1102, "orderId")
    order = exchange.orders.get(id) if id else exchange.by_client.get(client)
    if order is None or order.i != board.i:
        raise Refusal(code)
    return order
