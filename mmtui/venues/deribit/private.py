"""Private messages of Deribit -> reports: user.orders, user.trades, user.portfolio, user.changes, and answers.

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
from mmtui.venues.private_words import Object, Shapes, keys, less, number, side, stamp, status, word

STATUS = {
    "open": "new",
    "filled": "filled",
    "rejected": "rejected",
    "cancelled": "cancelled",
    "untriggered": "pending",
    "triggered": "filled",
    "archive": "cancelled",
}
TIF = {"good_til_cancelled": "GTC", "good_til_day": "GTD", "fill_or_kill": "FOK", "immediate_or_cancel": "IOC"}


def _order(d: Object) -> list[Report]:
    """A price may read "market_price"; an untriggered order is told as such."""
    name, when = f"deribit:{d['instrument_name']}", stamp(d, "last_update_timestamp", "creation_timestamp")
    kind, reason = word(d, "order_type"), word(d, "cancel_reason", "reject_reason")
    if d["order_state"] == "untriggered":
        return [
            TriggerReport(
                name, when, word(d, "order_id"), word(d, "label"), "pending", side(d["direction"]), kind,
                number(d, "amount"), number(d, "trigger_price"), reason,
            )
        ]  # fmt: skip
    filled = number(d, "filled_amount")
    state = status(STATUS, d["order_state"])
    return [
        OrderReport(
            name, when, word(d, "order_id"), word(d, "label"), "partially_filled" if state == "new" and filled != "0"
            else state, side(d["direction"]), kind, TIF.get(word(d, "time_in_force"), "GTC"),
            "0" if isinstance(d.get("price"), str) else number(d, "price"), number(d, "amount"), filled,
            d.get("reduce_only") is True, number(d, "average_price"), reason,
        )
    ]  # fmt: skip


def _fill(d: Object) -> list[Report]:
    kind = "liquidation" if word(d, "liquidation") else "trade"
    return [
        FillReport(
            f"deribit:{d['instrument_name']}", stamp(d, "timestamp"), word(d, "order_id"), word(d, "label"),
            word(d, "trade_id"), side(d["direction"]), number(d, "price"), number(d, "amount"),
            d.get("liquidity") == "M", number(d, "fee"), word(d, "fee_currency"), kind,
        )
    ]  # fmt: skip


def _portfolio(d: Object) -> list[Report]:
    total, free = number(d, "balance"), number(d, "available_funds")
    return [BalanceReport("deribit", 0, word(d, "currency"), free, less(total, free), total)]


def _position(d: Object) -> list[Report]:
    """Size is signed, in the unit of the instrument's amounts."""
    return [
        PositionReport(
            f"deribit:{d['instrument_name']}", 0, number(d, "size"), number(d, "average_price"),
            number(d, "floating_profit_loss"), mark=number(d, "mark_price"),
            liquidation=number(d, "estimated_liquidation_price"), leverage=number(d, "leverage"),
        )
    ]  # fmt: skip


SHAPES: Shapes = (
    (keys("order_id", "order_state", "instrument_name"), _order),
    (keys("order_id", "trade_id", "instrument_name", "fee"), _fill),
    (keys("currency", "balance", "available_funds"), _portfolio),
    (keys("instrument_name", "size", "average_price", "floating_profit_loss"), _position),
)
