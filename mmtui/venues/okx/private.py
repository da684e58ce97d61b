"""Private messages of OKX -> reports: channels orders, orders-algo, account, positions, and REST answers.

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
    "live": "new",
    "partially_filled": "partially_filled",
    "filled": "filled",
    "canceled": "cancelled",
    "mmp_canceled": "cancelled",
    "pause": "pending",
    "effective": "filled",
    "order_placed": "filled",
    "partially_effective": "partially_filled",
    "order_failed": "rejected",
    "partially_failed": "rejected",
}
#: `category` of an order -> kind of its fills.
KINDS = {
    "full_liquidation": "liquidation",
    "partial_liquidation": "liquidation",
    "adl": "adl",
    "delivery": "settlement",
}


def _instrument(d: Object) -> str:
    return f"okx:{word(d, 'instId', 'sprdId')}"


def _tif(kind: str) -> str:
    return {"fok": "FOK", "ioc": "IOC", "optimal_limit_ioc": "IOC", "post_only": "GTX"}.get(kind, "GTC")


def _order(d: Object) -> list[Report]:
    kind, forced = word(d, "ordType"), KINDS.get(word(d, "category"), "trade")
    order = OrderReport(
        _instrument(d), stamp(d, "uTime", "cTime"), word(d, "ordId"), word(d, "clOrdId"), status(STATUS, d["state"]),
        side(d["side"]), kind, _tif(kind), number(d, "px"), number(d, "sz"), number(d, "accFillSz"),
        d.get("reduceOnly") in ("true", True), number(d, "avgPx"),
        word(d, "cancelSourceReason") or ("" if forced == "trade" else forced),
    )  # fmt: skip
    if word(d, "tradeId") in ("", "0") or number(d, "fillSz") == "0" or "execType" not in d:
        return [order]
    fill = FillReport(
        _instrument(d), stamp(d, "fillTime", "uTime"), order.venue_order_id, order.client_id, word(d, "tradeId"),
        order.side, number(d, "fillPx"), number(d, "fillSz"), d["execType"] == "M",
        minus(number(d, "fillFee", "fee")), word(d, "fillFeeCcy", "feeCcy"), forced,
    )  # fmt: skip
    return [order, fill]


def _fill(d: Object) -> list[Report]:
    return [
        FillReport(
            _instrument(d), stamp(d, "fillTime", "ts"), word(d, "ordId"), word(d, "clOrdId"), word(d, "tradeId"),
            side(d["side"]), number(d, "fillPx"), number(d, "fillSz"), d["execType"] == "M",
            minus(number(d, "fee")), word(d, "feeCcy"),
        )
    ]  # fmt: skip


def _answer(d: Object) -> list[Report]:
    """The answer to placing, amending or cancelling: what became of the request, nothing of the order itself."""
    done = d["sCode"] == "0"
    return [
        OrderReport(
            "", stamp(d, "ts"), word(d, "ordId"), word(d, "clOrdId"), "pending" if done else "rejected", "", "", "",
            "0", "0", "0", reason="" if done else f"{word(d, 'sCode')} {word(d, 'sMsg')}".strip(),
        )
    ]  # fmt: skip


def _trigger(d: Object) -> list[Report]:
    return [
        TriggerReport(
            _instrument(d), stamp(d, "uTime", "cTime"), word(d, "algoId"), word(d, "algoClOrdId"),
            status(STATUS, d["state"]), side(d["side"]), word(d, "ordType"), number(d, "sz"),
            number(d, "triggerPx", "slTriggerPx", "tpTriggerPx"), word(d, "failCode"),
        )
    ]  # fmt: skip


def _trigger_answer(d: Object) -> list[Report]:
    done = d["sCode"] == "0"
    reason = "" if done else f"{word(d, 'sCode')} {word(d, 'sMsg')}".strip()
    state = "pending" if done else "rejected"
    return [TriggerReport("", 0, word(d, "algoId"), word(d, "algoClOrdId"), state, "", "", "0", "0", reason)]


def _balance(d: Object) -> list[Report]:
    total, free = number(d, "cashBal"), number(d, "availBal")
    return [BalanceReport("okx", stamp(d, "uTime"), word(d, "ccy"), free, less(total, free), total)]


def _position(d: Object) -> list[Report]:
    way = word(d, "posSide")
    size = number(d, "pos")
    return [
        PositionReport(
            _instrument(d), stamp(d, "uTime"), minus(size) if way == "short" and size[:1] != "-" else size,
            number(d, "avgPx"), number(d, "upl"), "both" if way == "net" else way, number(d, "markPx"),
            number(d, "liqPx"), number(d, "lever"),
        )
    ]  # fmt: skip


SHAPES: Shapes = (
    (keys("algoId", "state", "side"), lambda d: _order(d) if word(d, "ordId") and "accFillSz" in d else _trigger(d)),
    (keys("algoId", "sCode"), _trigger_answer),
    (keys("ordId", "sCode"), _answer),
    (keys("ordId", "state", "accFillSz"), _order),
    (keys("ordId", "tradeId", "fillPx", "execType"), _fill),
    (keys("ccy", "cashBal", "availBal"), _balance),
    (keys("instId", "pos", "avgPx"), _position),
)
