"""Private messages of the dYdX v4 indexer -> reports: v4_subaccounts, and REST answers.

Rules of this file: shapes and their words only.
"""

from __future__ import annotations

from mmtui.venues.binance.reports import BalanceReport, FillReport, OrderReport, PositionReport, Report
from mmtui.venues.private_words import Object, Shapes, keys, minus, number, side, stamp, status, word

STATUS = {
    "BEST_EFFORT_OPENED": "pending",
    "OPEN": "new",
    "FILLED": "filled",
    "BEST_EFFORT_CANCELED": "pending",
    "CANCELED": "cancelled",
    "UNTRIGGERED": "pending",
}


def _order(d: Object) -> list[Report]:
    filled = number(d, "totalFilled")
    state = status(STATUS, d["status"])
    return [
        OrderReport(
            f"dydx:{word(d, 'ticker')}", stamp(d, "updatedAt"), word(d, "id"), word(d, "clientId"),
            "partially_filled" if state == "new" and filled != "0" else state, side(d["side"]),
            word(d, "type").lower(), word(d, "timeInForce"), number(d, "price"), number(d, "size"), filled,
            d.get("reduceOnly") is True, reason=word(d, "removalReason"),
        )
    ]  # fmt: skip


def _fill(d: Object) -> list[Report]:
    kind = {"LIQUIDATED": "liquidation", "LIQUIDATION": "liquidation", "DELEVERAGED": "adl", "OFFSETTING": "adl"}
    return [
        FillReport(
            f"dydx:{word(d, 'market', 'ticker')}", stamp(d, "createdAt"), word(d, "orderId"), "", word(d, "id"),
            side(d["side"]), number(d, "price"), number(d, "size"), d.get("liquidity") == "MAKER", number(d, "fee"),
            "USDC", kind.get(word(d, "type"), "trade"),
        )
    ]  # fmt: skip


def _signed(d: Object) -> str:
    size = number(d, "size")
    return minus(size) if d["side"] == "SHORT" and size[:1] != "-" else size


def _position(d: Object) -> list[Report]:
    entry, open_pnl = number(d, "entryPrice"), number(d, "unrealizedPnl")
    return [PositionReport(f"dydx:{d['market']}", 0, _signed(d), entry, open_pnl)]


def _balance(d: Object) -> list[Report]:
    return [BalanceReport("dydx", 0, word(d, "symbol"), "", "", _signed(d))]


SHAPES: Shapes = (
    (keys("clobPairId", "clientId", "status", "side"), _order),
    (keys("liquidity", "side", "price", "size", "fee"), _fill),
    (keys("market", "side", "size", "entryPrice"), _position),
    (keys("assetId", "symbol", "side", "size"), _balance),
)
