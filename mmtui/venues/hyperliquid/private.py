"""Private messages of Hyperliquid -> reports: orderUpdates, user fills, clearinghouse states, answers to orders.

Rules of this file: shapes and their words only.
"""

from __future__ import annotations

from mmtui.venues.binance.grid import WireError
from mmtui.venues.binance.reports import BalanceReport, FillReport, OrderReport, PositionReport, Report
from mmtui.venues.private_words import Object, Shapes, keys, less, number, side, stamp, word

VENUE = "hyperliquid"


def _fill(d: Object) -> list[Report]:
    """`dir` says what became of our position ("Liquidated Cross Long").

    The field `liquidation` may speak of the other side.  Dust that is converted is no trade.
    """
    way = word(d, "dir")
    if "Dust" in way:
        return []
    kind = "liquidation" if way.startswith("Liquidated") else "adl" if way.startswith("Auto-Delever") else "trade"
    return [
        FillReport(
            f"{VENUE}:{d['coin']}", stamp(d, "time"), word(d, "oid"), word(d, "cloid"), word(d, "tid"),
            side(d["side"]), number(d, "px"), number(d, "sz"), d["crossed"] is False, number(d, "fee"),
            word(d, "feeToken"), kind,
        )
    ]  # fmt: skip


def _state(text: str) -> str:
    """open, filled, canceled, triggered, rejected, and compounds such as perpMarginRejected or reduceOnlyCanceled."""
    lowered = text.lower()
    for ending, found in (("rejected", "rejected"), ("canceled", "cancelled"), ("filled", "filled"), ("open", "new"),
                          ("triggered", "filled"), ("cancel", "cancelled")):  # fmt: skip
        if lowered.endswith(ending):
            return found
    raise WireError(f"{text[:40]!r} is no order state")


def _update(d: Object) -> list[Report]:
    """orderUpdates: an order and its state; sz is what is left."""
    order = d["order"]
    size, left = number(order, "origSz", "sz"), number(order, "sz")
    name = word(d, "status")
    state = _state(name)
    return [
        OrderReport(
            f"{VENUE}:{order['coin']}", stamp(d, "statusTimestamp"), word(order, "oid"), word(order, "cloid"), state,
            side(order["side"]), "limit", word(order, "tif") or "GTC", number(order, "limitPx"), size,
            less(size, left), order.get("reduceOnly") is True,
            reason=name if state in ("rejected", "cancelled") and name != "canceled" else "",
        )
    ]  # fmt: skip


def _position(d: Object) -> list[Report]:
    leverage = d.get("leverage") or {}
    return [
        PositionReport(
            f"{VENUE}:{d['coin']}", 0, number(d, "szi"), number(d, "entryPx"), number(d, "unrealizedPnl"),
            liquidation=number(d, "liquidationPx"), leverage=number(leverage, "value"),
        )
    ]  # fmt: skip


def _state_of_account(d: Object) -> list[Report]:
    """clearinghouseState: account value in USDC, and the positions."""
    total, free = number(d["marginSummary"] if "marginSummary" in d else d["crossMarginSummary"], "accountValue"), (
        number(d, "withdrawable"))  # fmt: skip
    balance = BalanceReport(VENUE, stamp(d, "time"), "USDC", free, less(total, free), total)
    return [balance, *(report for item in d["assetPositions"] for report in _position(item["position"]))]


def _spot_balance(d: Object) -> list[Report]:
    total, locked = number(d, "total"), number(d, "hold")
    return [BalanceReport(VENUE, 0, word(d, "coin"), less(total, locked), locked, total)]


SHAPES: Shapes = (
    (keys("coin", "closedPnl", "oid", "px", "tid", "crossed"), _fill),
    (keys("order", "status", "statusTimestamp"), _update),
    (keys("assetPositions", "withdrawable", "crossMarginSummary"), _state_of_account),
    (keys("coin", "total", "hold"), _spot_balance),
)
