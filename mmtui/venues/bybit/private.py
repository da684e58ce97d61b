"""Private messages of Bybit (v5) -> reports: topics order, execution, position, wallet, and REST answers.

Rules of this file: shapes and their words only.
"""

from __future__ import annotations

from mmtui.venues.binance.reports import (
    BalanceReport,
    FillReport,
    OrderReport,
    PositionReport,
    Report,
    TriggerReport,
)
from mmtui.venues.private_words import Object, Shapes, keys, less, minus, number, side, stamp, status, word

STATUS = {
    "New": "new",
    "Created": "pending",
    "PartiallyFilled": "partially_filled",
    "Filled": "filled",
    "Cancelled": "cancelled",
    "PartiallyFilledCanceled": "cancelled",
    "Deactivated": "cancelled",
    "Rejected": "rejected",
    "Untriggered": "pending",
    "Triggered": "filled",
}
TIF = {"PostOnly": "GTX"}
#: execType -> kind of the fill.
KINDS = {"BustTrade": "liquidation", "AdlTrade": "adl", "Delivery": "settlement", "Settle": "settlement"}


def _order(d: Object) -> list[Report]:
    """An order that waits for its trigger is told as such."""
    name, when = f"bybit:{d['symbol']}", stamp(d, "updatedTime", "createdTime")
    reason = word(d, "rejectReason")
    reason = "" if reason == "EC_NoError" else reason
    if d["orderStatus"] == "Untriggered":
        return [
            TriggerReport(
                name, when, word(d, "orderId"), word(d, "orderLinkId"), "pending", side(d["side"]),
                (word(d, "stopOrderType") or word(d, "orderType")).lower(), number(d, "qty"), number(d, "triggerPrice"),
                reason,
            )
        ]  # fmt: skip
    return [
        OrderReport(
            name, when, word(d, "orderId"), word(d, "orderLinkId"), status(STATUS, d["orderStatus"]), side(d["side"]),
            word(d, "orderType").lower(), TIF.get(word(d, "timeInForce"), word(d, "timeInForce")), number(d, "price"),
            number(d, "qty"), number(d, "cumExecQty"), d.get("reduceOnly") is True, number(d, "avgPrice"), reason,
        )
    ]  # fmt: skip


def _execution(d: Object) -> list[Report]:
    """Funding is told as an execution too: it is no fill."""
    if d.get("execType") == "Funding":
        return []
    return [
        FillReport(
            f"bybit:{d['symbol']}", stamp(d, "execTime"), word(d, "orderId"), word(d, "orderLinkId"),
            word(d, "execId"), side(d["side"]), number(d, "execPrice"), number(d, "execQty"), d.get("isMaker") is True,
            number(d, "execFee") if "execFee" in d else "", word(d, "feeCurrency"),
            KINDS.get(word(d, "execType"), "trade"),
        )
    ]  # fmt: skip


def _answer(d: Object) -> list[Report]:
    """The answer to order.create, order.amend, order.cancel: the request was taken, or why not."""
    data, done = d.get("data") or {}, d["retCode"] == 0
    state, reason = ("pending", "") if done else ("rejected", f"{d['retCode']} {word(d, 'retMsg')}")
    order, client = word(data, "orderId"), word(data, "orderLinkId")
    return [OrderReport("", 0, order, client, state, "", "", "", "0", "0", "0", reason=reason)]


def _position(d: Object) -> list[Report]:
    size = number(d, "size")
    way = {0: "both", 1: "long", 2: "short"}.get(d.get("positionIdx", 0), "both")
    return [
        PositionReport(
            f"bybit:{d['symbol']}", stamp(d, "updatedTime"), minus(size) if d["side"] == "Sell" else size,
            number(d, "entryPrice", "avgPrice"), number(d, "unrealisedPnl"), way, number(d, "markPrice"),
            number(d, "liqPrice"), number(d, "leverage"),
        )
    ]  # fmt: skip


def _balance(d: Object) -> list[Report]:
    total, locked = number(d, "walletBalance"), number(d, "locked", "totalOrderIM")
    return [BalanceReport("bybit", 0, word(d, "coin"), less(total, locked), locked, total)]


SHAPES: Shapes = (
    (keys("orderId", "orderStatus", "symbol"), _order),
    (keys("execId", "execPrice", "orderId", "symbol"), _execution),
    (keys("positionIdx", "size", "side", "symbol"), _position),
    (keys("coin", "walletBalance"), lambda d: _balance(d) if isinstance(d["coin"], str) else []),
    (keys("op", "retCode", "reqId"), lambda d: _answer(d) if str(d["op"]).startswith("order.") else []),
)
