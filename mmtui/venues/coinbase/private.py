"""Private messages of Coinbase Advanced Trade -> reports: channel user, and REST answers.

Rules of this file: shapes and their words only.
"""

from __future__ import annotations

from decimal import Decimal

from mmtui.core.market.instrument import plain
from mmtui.venues.binance.reports import BalanceReport, FillReport, OrderReport, PositionReport, Report
from mmtui.venues.private_words import Object, Shapes, keys, minus, number, side, stamp, status, word

STATUS = {
    "PENDING": "pending",
    "QUEUED": "pending",
    "CANCEL_QUEUED": "new",
    "EDIT_QUEUED": "new",
    "OPEN": "new",
    "FILLED": "filled",
    "CANCELLED": "cancelled",
    "EXPIRED": "expired",
    "FAILED": "rejected",
}
TIF = {
    "GOOD_UNTIL_CANCELLED": "GTC",
    "GOOD_UNTIL_DATE_TIME": "GTD",
    "IMMEDIATE_OR_CANCEL": "IOC",
    "FILL_OR_KILL": "FOK",
}


def _state(d: Object, filled: str) -> str:
    found = status(STATUS, d["status"])
    return "partially_filled" if found == "new" and filled != "0" else found


def _reason(d: Object) -> str:
    found = word(d, "reject_message", "cancel_message", "reject_reason", "cancel_reason")
    return "" if found.endswith("UNSPECIFIED") else found


def _user_order(d: Object) -> list[Report]:
    """Channel user: the size is what is filled and what is left."""
    filled, left = number(d, "cumulative_quantity"), number(d, "leaves_quantity")
    return [
        OrderReport(
            f"coinbase:{d['product_id']}", stamp(d, "creation_time"), word(d, "order_id"), word(d, "client_order_id"),
            _state(d, filled), side(d["order_side"]), word(d, "order_type").lower(),
            TIF.get(word(d, "time_in_force"), "GTC"), number(d, "limit_price"),
            plain(Decimal(filled) + Decimal(left)), filled, average=number(d, "avg_price"), reason=_reason(d),
        )
    ]  # fmt: skip


def _order(d: Object) -> list[Report]:
    """REST: size and price stand in the one configuration that the order has."""
    config = next(iter((d.get("order_configuration") or {"": {}}).values())) or {}
    filled = number(d, "filled_size")
    return [
        OrderReport(
            f"coinbase:{d['product_id']}", stamp(d, "last_fill_time", "created_time"), word(d, "order_id"),
            word(d, "client_order_id"), _state(d, filled), side(d["side"]), word(d, "order_type").lower(),
            TIF.get(word(d, "time_in_force"), "GTC"), number(config, "limit_price"), number(config, "base_size"),
            filled, average=number(d, "average_filled_price"), reason=_reason(d),
        )
    ]  # fmt: skip


def _fill(d: Object) -> list[Report]:
    return [
        FillReport(
            f"coinbase:{d['product_id']}", stamp(d, "trade_time"), word(d, "order_id"), "", word(d, "trade_id"),
            side(d["side"]), number(d, "price"), number(d, "size"), d.get("liquidity_indicator") == "MAKER",
            number(d, "commission"), str(d["product_id"]).rpartition("-")[2],
        )
    ]  # fmt: skip


def _balance(d: Object) -> list[Report]:
    free, locked = number(d["available_balance"], "value"), number(d["hold"], "value")
    total = plain(Decimal(free) + Decimal(locked))
    return [BalanceReport("coinbase", stamp(d, "updated_at"), word(d, "currency"), free, locked, total)]


def _money(d: Object, name: str) -> str:
    value = d.get(name)
    return number(value, "value") if isinstance(value, dict) else number(d, name)


def _position(d: Object) -> list[Report]:
    size = number(d, "number_of_contracts", "net_size")
    return [
        PositionReport(
            f"coinbase:{d['product_id']}", 0, minus(size) if d["side"] == "SHORT" else size,
            _money(d, "avg_entry_price"), _money(d, "unrealized_pnl"), mark=_money(d, "current_price"),
            liquidation=_money(d, "liquidation_price"), leverage=number(d, "leverage"),
        )
    ]  # fmt: skip


SHAPES: Shapes = (
    (keys("order_id", "order_side", "cumulative_quantity"), _user_order),
    (keys("order_id", "order_configuration", "product_id", "status"), _order),
    (keys("trade_id", "order_id", "commission", "product_id"), _fill),
    (keys("currency", "available_balance", "hold"), _balance),
    (keys("product_id", "side", "number_of_contracts"), _position),
)
