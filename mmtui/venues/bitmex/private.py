"""Private messages of BitMEX -> reports: tables order, execution, position, margin, wallet.

Rules of this file: shapes and their words only.
"""

from __future__ import annotations

from decimal import Decimal

from mmtui.core.market.instrument import plain
from mmtui.venues.binance.reports import BalanceReport, FillReport, OrderReport, PositionReport, Report
from mmtui.venues.private_words import Object, Shapes, keys, less, number, side, stamp, status, word

STATUS = {
    "PendingNew": "pending",
    "New": "new",
    "PartiallyFilled": "partially_filled",
    "Filled": "filled",
    "Canceled": "cancelled",
    "PendingCancel": "new",
    "Rejected": "rejected",
    "Expired": "expired",
    "Triggered": "filled",
    "Stopped": "new",
}
TIF = {"GoodTillCancel": "GTC", "ImmediateOrCancel": "IOC", "FillOrKill": "FOK", "Day": "GTD"}
#: Smallest units of an asset -> (asset, decimals).
ASSETS = {"XBt": ("BTC", 8), "USDt": ("USDT", 6), "XBT": ("BTC", 0)}


def _order(d: Object) -> list[Report]:
    """An order that is cancelled has lost its size: cumQty is then all that is known."""
    inst = word(d, "execInst")
    return [
        OrderReport(
            f"bitmex:{d['symbol']}", stamp(d, "transactTime", "timestamp"), word(d, "orderID"), word(d, "clOrdID"),
            status(STATUS, d["ordStatus"]), side(d["side"]) if word(d, "side") else "", word(d, "ordType").lower(),
            "GTX" if "ParticipateDoNotInitiate" in inst else TIF.get(word(d, "timeInForce"), "GTC"),
            number(d, "price"), number(d, "orderQty", "cumQty"), number(d, "cumQty"), "ReduceOnly" in inst,
            number(d, "avgPx"), word(d, "ordRejReason"),
        )
    ]  # fmt: skip


def _execution(d: Object) -> list[Report]:
    """Funding and settlements come as executions too: they are no fills."""
    order = _order(d)
    if d["execType"] != "Trade":
        return order if d["execType"] in ("New", "Canceled", "Replaced", "Rejected") else []
    asset, places = ASSETS.get(word(d, "settlCurrency"), (word(d, "settlCurrency"), 0))
    fee = plain(Decimal(number(d, "execComm")).scaleb(-places or (-8 if asset == "BTC" else 0)))
    return [
        *order,
        FillReport(
            f"bitmex:{d['symbol']}", stamp(d, "transactTime", "timestamp"), word(d, "orderID"), word(d, "clOrdID"),
            word(d, "execID"), side(d["side"]), number(d, "lastPx"), number(d, "lastQty"),
            d.get("lastLiquidityInd") == "AddedLiquidity" or d.get("lastLiquidityInd") == "Added", fee, asset,
            "liquidation" if word(d, "text").startswith("Liquidation") else "trade",
        ),
    ]  # fmt: skip


def _position(d: Object) -> list[Report]:
    asset, places = ASSETS.get(word(d, "currency"), (word(d, "currency"), 0))
    pnl = plain(Decimal(number(d, "unrealisedPnl")).scaleb(-places or (-8 if asset == "BTC" else 0)))
    return [
        PositionReport(
            f"bitmex:{d['symbol']}", stamp(d, "timestamp", "currentTimestamp"), number(d, "currentQty"),
            number(d, "avgEntryPrice"), pnl, mark=number(d, "markPrice"), liquidation=number(d, "liquidationPrice"),
            leverage=number(d, "leverage"),
        )
    ]  # fmt: skip


def _balance(d: Object) -> list[Report]:
    """margin: what is there and what is free; wallet: the amount alone."""
    asset, places = ASSETS.get(word(d, "currency"), (word(d, "currency"), 0))

    def whole(*names: str) -> str:
        return plain(Decimal(number(d, *names)).scaleb(-places))

    total = whole("walletBalance", "amount")
    free = whole("availableMargin") if "availableMargin" in d else ""
    return [BalanceReport("bitmex", stamp(d, "timestamp"), asset, free, less(total, free) if free else "", total)]


SHAPES: Shapes = (
    (keys("execID", "execType", "orderID"), _execution),
    (keys("orderID", "ordStatus", "symbol"), _order),
    (keys("account", "symbol", "currentQty"), _position),
    (keys("account", "currency", "amount"), _balance),
)
