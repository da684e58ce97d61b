"""Private messages of Kraken -> reports: spot (executions, balances, REST) and futures (open_orders, fills, REST).

Rules of this file: shapes and their words only.
"""

from __future__ import annotations

import re
from decimal import Decimal

from mmtui.core.market.instrument import plain
from mmtui.venues.binance.reports import (
    BalanceReport,
    FillReport,
    OrderReport,
    PositionReport,
    Report,
    TriggerReport,
)
from mmtui.venues.private_words import Object, Shapes, keys, minus, number, side, stamp, status, within, word

_NUMBER = re.compile(r"-?[0-9]+(\.[0-9]+)?", re.ASCII)

SPOT, FUTURES = "kraken-spot", "kraken-futures"
SPOT_STATUS = {
    "pending_new": "pending",
    "new": "new",
    "partially_filled": "partially_filled",
    "filled": "filled",
    "canceled": "cancelled",
    "expired": "expired",
    "rejected": "rejected",
}
FUTURES_STATUS = {
    "placed": "new",
    "untouched": "new",
    "partiallyFilled": "partially_filled",
    "filled": "filled",
    "cancelled": "cancelled",
    "edited": "new",
    "notFound": "rejected",
    "insufficientAvailableFunds": "rejected",
    "postWouldExecute": "rejected",
}


def _sum(*texts: str) -> str:
    return plain(sum((Decimal(text) for text in texts), Decimal(0)))


def _execution(d: Object) -> list[Report]:
    """Spot, channel executions: the order, and its fill where the message is of a trade."""
    name, when = f"{SPOT}:{d['symbol']}" if "symbol" in d else "", stamp(d, "timestamp")
    kind = word(d, "order_type")
    order = OrderReport(
        name, when, word(d, "order_id"), word(d, "cl_ord_id"), status(SPOT_STATUS, d["order_status"]),
        side(d["side"]) if "side" in d else "", kind, word(d, "time_in_force") or "GTC", number(d, "limit_price"),
        number(d, "order_qty"), number(d, "cum_qty"), d.get("reduce_only") is True, number(d, "avg_price"),
        word(d, "reason"),
    )  # fmt: skip
    if d["exec_type"] != "trade":
        return [order]
    fees = d.get("fees") or [{}]
    fill = FillReport(
        name, when, order.venue_order_id, order.client_id, word(d, "exec_id", "trade_id"), order.side,
        number(d, "last_price"), number(d, "last_qty"), d.get("liquidity_ind") == "m", number(fees[0], "qty"),
        word(fees[0], "asset"),
    )  # fmt: skip
    return [order, fill]


def _history(d: Object) -> list[Report]:
    """Spot, REST trades history; times are seconds."""
    when = int(Decimal(number(d, "time")).scaleb(9))
    return [
        FillReport(
            f"{SPOT}:{word(d, 'pair')}", when, word(d, "ordertxid"), word(d, "cl_ord_id"), word(d, "trade_id"),
            side(d["type"]), number(d, "price"), number(d, "vol"), d.get("maker") is True, number(d, "fee"), "",
        )
    ]  # fmt: skip


def _added(d: Object) -> list[Report]:
    """Spot, the answer to add_order: its ids."""
    return [OrderReport("", 0, word(d, "order_id"), word(d, "cl_ord_id"), "pending", "", "", "", "0", "0", "0")]


def _rest_added(d: Object) -> list[Report]:
    pair, way = word(d["descr"], "pair"), d["descr"].get("type")
    name = f"{SPOT}:{pair}" if pair else ""
    kind = word(d["descr"], "ordertype")
    return [
        OrderReport(
            name, 0, str(txid), "", "pending", side(way) if way else "", kind, "GTC", number(d["descr"], "price"), "0",
            "0",
        )
        for txid in d["txid"]
    ]  # fmt: skip


def _spot_balance(d: Object) -> list[Report]:
    """Spot, channel balances: totals an asset."""
    kind = word(d, "type")
    change = (number(d, "amount"), kind) if kind not in ("", "trade") else ("", "")
    return [BalanceReport(SPOT, stamp(d, "timestamp"), word(d, "asset"), "", "", number(d, "balance"), *change)]


def _product(symbol: str) -> str:
    """Some answers write symbols in small letters."""
    return f"{FUTURES}:{symbol.upper()}"


def _futures_order(d: Object) -> list[Report]:
    """open_orders: qty is what is open; direction 0 is buy."""
    size, filled = number(d, "qty"), number(d, "filled")
    state = "new" if filled == "0" else "partially_filled" if size != "0" else "filled"
    name, when = _product(d["instrument"]), stamp(d, "last_update_time", "time")
    way = {0: "buy", 1: "sell"}[d["direction"]]
    if number(d, "stop_price") != "0":
        ids = word(d, "order_id"), word(d, "cli_ord_id")
        return [TriggerReport(name, when, *ids, "pending", way, word(d, "type"), size, number(d, "stop_price"))]
    return [
        OrderReport(
            name, when, word(d, "order_id"), word(d, "cli_ord_id"), state, way, word(d, "type"), "GTC",
            number(d, "limit_price"), _sum(size, filled), filled, d.get("reduce_only") is True,
        )
    ]  # fmt: skip


def _futures_cancel(d: Object) -> list[Report]:
    """open_orders: an order is gone, filled or not; the whole order comes where it is known."""
    reason = word(d, "reason")
    state = "filled" if reason == "full_fill" else "rejected" if "would" in reason else "cancelled"
    if isinstance(d.get("order"), dict):
        (order,) = _futures_order(d["order"])
        if isinstance(order, OrderReport):
            return [
                OrderReport(
                    order.instrument, order.ts_event, order.venue_order_id, order.client_id, state, order.side,
                    order.type, order.tif, order.price, order.size, order.filled, order.reduce_only, reason=reason,
                )
            ]  # fmt: skip
        return [order]
    ids = word(d, "order_id"), word(d, "cli_ord_id")
    return [OrderReport("", 0, *ids, state, "", "", "", "0", "0", "0", reason=reason)]


def _futures_change(d: Object) -> list[Report]:
    return _futures_cancel(d) if d["is_cancel"] is True else _futures_order(d["order"])


def _futures_open(d: Object) -> list[Report]:
    """REST open orders."""
    name, when = _product(d["symbol"]), stamp(d, "lastUpdateTime", "receivedTime")
    ids = word(d, "order_id"), word(d, "cliOrdId", "cli_ord_id")
    filled, left, kind = number(d, "filledSize"), number(d, "unfilledSize"), word(d, "orderType")
    way = side(d["side"])
    if number(d, "stopPrice") != "0":
        return [TriggerReport(name, when, *ids, "pending", way, kind, left, number(d, "stopPrice"))]
    return [
        OrderReport(
            name, when, *ids, status(FUTURES_STATUS, d["status"]), way, kind, "GTC", number(d, "limitPrice"),
            _sum(filled, left), filled, d.get("reduceOnly") is True,
        )
    ]  # fmt: skip


def _futures_sent(d: Object) -> list[Report]:
    """The answer to placing or cancelling."""
    state = FUTURES_STATUS.get(word(d, "status"), "rejected")
    ids = word(d, "order_id"), word(d, "cli_ord_id", "cliOrdId")
    reason = word(d, "status") if state == "rejected" else ""
    return [OrderReport("", stamp(d, "receivedTime"), *ids, state, "", "", "", "0", "0", "0", reason=reason)]


def _futures_event(d: Object) -> list[Report]:
    filled = number(d, "filled")
    return [
        OrderReport(
            _product(d["symbol"]), stamp(d, "lastUpdateTimestamp", "timestamp"), word(d, "orderId"),
            word(d, "cliOrdId"), "new" if filled == "0" else "partially_filled", side(d["side"]), word(d, "type"),
            "GTC", number(d, "limitPrice"), number(d, "quantity"), filled, d.get("reduceOnly") is True,
        )
    ]  # fmt: skip


def _futures_fill(d: Object) -> list[Report]:
    name = _product(word(d, "instrument", "symbol"))
    way = side(d["side"]) if "side" in d else "buy" if d["buy"] is True else "sell"
    how = word(d, "fill_type", "fillType")
    return [
        FillReport(
            name, stamp(d, "time", "fillTime"), word(d, "order_id"), word(d, "cli_ord_id", "cliOrdId"),
            word(d, "fill_id"), way, number(d, "price"), number(d, "qty", "size"), how == "maker",
            number(d, "fee_paid") if "fee_paid" in d else "", word(d, "fee_currency"),
            {"liquidation": "liquidation", "assignor": "adl", "assignee": "adl"}.get(how, "trade"),
        )
    ]  # fmt: skip


def _futures_position(d: Object) -> list[Report]:
    size = number(d, "size")
    size = minus(size) if d["side"] == "short" else size
    name = _product(d["symbol"])
    return [PositionReport(name, stamp(d, "fillTime"), size, number(d, "price"), number(d, "unrealizedPnl"))]


def _futures_held(d: Object) -> list[Report]:
    """Feed open_positions."""
    return [
        PositionReport(
            _product(d["instrument"]), 0, number(d, "balance"), number(d, "entry_price"), number(d, "pnl"), "both",
            number(d, "mark_price"), number(d, "liquidation_threshold"),
        )
    ]  # fmt: skip


def _spot_answer(d: Object) -> list[Report]:
    """A REST answer of spot: balances are a plain table of assets."""
    result = d["result"]
    if isinstance(result, dict) and result and all(_NUMBER.fullmatch(str(value)) for value in result.values()):
        totals = {asset: value for asset, value in result.items() if isinstance(value, str)}
        return [BalanceReport(SPOT, 0, asset, "", "", number(totals, asset)) for asset in totals]
    return within(result, SHAPES[1:])


SHAPES: Shapes = (
    (keys("error", "result"), _spot_answer),
    (keys("exec_type", "order_id", "order_status"), _execution),
    (keys("ordertxid", "pair", "vol"), _history),
    (keys("descr", "txid"), _rest_added),
    (keys("asset", "balance"), _spot_balance),
    (keys("feed", "is_cancel", "reason"), _futures_change),
    (keys("instrument", "qty", "filled", "direction"), _futures_order),
    (keys("fill_id", "order_id", "price"), _futures_fill),
    (keys("order_id", "orderType", "unfilledSize"), _futures_open),
    (keys("orderId", "symbol", "quantity", "filled"), _futures_event),
    (keys("order_id", "status"), _futures_sent),
    (keys("symbol", "side", "size", "unrealizedFunding"), _futures_position),
    (keys("instrument", "balance", "entry_price"), _futures_held),
    (keys("order_id", "cl_ord_id"), _added),
)
