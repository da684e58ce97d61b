"""Private messages of Binance -> reports: user streams of spot and futures, REST answers about orders and account.

Rules of this file: sans-IO and pure.  A message that is none of these gives None; one that is, but cannot be read, is a
WireError.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from mmtui.core.market.instrument import plain
from mmtui.venues.binance import profile
from mmtui.venues.binance.grid import WireError
from mmtui.venues.binance.reports import (
    BalanceReport,
    FillReport,
    OrderReport,
    PositionReport,
    Report,
    TriggerReport,
)
from mmtui.venues.binance.wire import signed_decimal

Message = dict[str, Any]

#: The venue's order states -> ours.
STATUS = {
    "NEW": "new",
    "PENDING_NEW": "pending",
    "PARTIALLY_FILLED": "partially_filled",
    "FILLED": "filled",
    "CANCELED": "cancelled",
    "PENDING_CANCEL": "pending",
    "REJECTED": "rejected",
    "EXPIRED": "expired",
    "EXPIRED_IN_MATCH": "expired",
    "TRIGGERING": "pending",
    "TRIGGERED": "filled",
    "FINISHED": "filled",
    "NEW_INSURANCE": "partially_filled",
    "NEW_ADL": "partially_filled",
}


def decode_private(message: Any) -> list[Report] | None:
    """Reports of a decoded JSON message, None when it is not a private one."""
    try:
        if isinstance(message, list):
            return _many(message)
        if not isinstance(message, dict):
            return None
        if isinstance(message.get("event"), dict) and "subscriptionId" in message:
            message = message["event"]
        if "result" in message and isinstance(message["result"], dict | list):
            message = message["result"]
            return decode_private(message)
        return _one(message)
    except WireError:
        raise
    except KeyError as error:
        raise WireError(f"a private message without {error.args[0]!r}") from None
    except (TypeError, ValueError, AttributeError) as error:
        raise WireError(f"a private message that is not what it says: {str(error)[:80]}") from None


def _many(items: list[object]) -> list[Report] | None:
    """An array of answers: private when each of its items is."""
    reports: list[Report] = []
    for item in items:
        one = _one(item) if isinstance(item, dict) else None
        if one is None:
            return None
        reports += one
    return reports if items else None


def _one(d: Message) -> list[Report] | None:
    kind = d.get("e")
    if isinstance(kind, str):
        stream = _STREAM.get(kind)
        return stream(d) if stream else None
    for keys, answer in _ANSWERS:
        if keys <= d.keys():
            return answer(d)
    return None


def _text(value: object) -> str:
    """Exact decimal text; the venue's own numbers only."""
    if type(value) is not str and (isinstance(value, bool) or not isinstance(value, str | int)):
        raise WireError(f"{str(value)[:40]!r} is no decimal text")
    return plain(signed_decimal(str(value) or "0"))


def _side(value: object) -> str:
    if value not in ("BUY", "SELL"):
        raise WireError(f"{str(value)[:40]!r} is no side")
    return str(value).lower()


def leg_of(value: object) -> str:
    """positionSide: long or short; "" in one-way mode (BOTH)."""
    if value not in (None, "BOTH", "LONG", "SHORT"):
        raise WireError(f"{str(value)[:40]!r} is no position side")
    return str(value).lower() if value in ("LONG", "SHORT") else ""


def _status(value: object) -> str:
    if value not in STATUS:
        raise WireError(f"{str(value)[:40]!r} is no order state")
    return STATUS[str(value)]


def _stamp(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < 9_000_000_000_000_000:
        raise WireError(f"{str(value)[:40]!r} is no time")
    return value * 1_000_000 if value < 9_000_000_000_000 else value * 1_000


def _name(symbol: object, futures: bool) -> str:
    if not isinstance(symbol, str) or not profile.is_symbol(symbol):
        raise WireError(f"{str(symbol)[:40]!r} is no symbol")
    if profile.is_coinm(symbol):
        return f"{profile.COINM.id}:{symbol}"
    return f"{(profile.USDM if futures else profile.SPOT).id}:{symbol}"


def _execution_report(d: Message) -> list[Report]:
    """Spot: executionReport."""
    name, stamp = _name(d["s"], False), _stamp(d["T"])
    order = OrderReport(
        name, stamp, str(d["i"]), d.get("C") or d["c"], _status(d["X"]), _side(d["S"]), d["o"].lower(), d["f"],
        _text(d["p"]), _text(d["q"]), _text(d["z"]), reason=_reason(d.get("r"), d.get("eR")),
    )
    if d["x"] != "TRADE":
        return [order]
    fill = FillReport(
        name, stamp, order.venue_order_id, order.client_id, str(d["t"]), order.side, _text(d["L"]), _text(d["l"]),
        bool(d["m"]), _text(d.get("n") or "0"), d.get("N") or "",
    )
    return [order, fill]


def _reason(*texts: object) -> str:
    return next((str(text).lower() for text in texts if text and text != "NONE"), "")


def _order_trade_update(d: Message) -> list[Report]:
    """Futures: ORDER_TRADE_UPDATE; liquidations and ADL come with client ids of the venue."""
    o = d["o"]
    name, stamp = _name(o["s"], True), _stamp(o["T"])
    kind = _futures_kind(str(o["c"]), str(o["X"]))
    order = OrderReport(
        name, stamp, str(o["i"]), o["c"], _status(o["X"]), _side(o["S"]), o["o"].lower(), o["f"], _text(o["p"]),
        _text(o["q"]), _text(o["z"]), bool(o.get("R", False)), _text(o.get("ap", "0")), "" if kind == "trade" else kind,
        leg_of(o.get("ps")),
    )
    if o["x"] not in ("TRADE", "CALCULATED") or _text(o["l"]) == "0":
        return [order]
    fill = FillReport(
        name, stamp, order.venue_order_id, order.client_id, str(o["t"]), order.side, _text(o["L"]), _text(o["l"]),
        bool(o["m"]), _text(o.get("n") or "0"), o.get("N") or "", kind, order.leg,
    )
    return [order, fill]


def _futures_kind(client: str, status: str) -> str:
    if client.startswith("adl_autoclose") or status == "NEW_ADL":
        return "adl"
    if client.startswith("settlement_autoclose"):
        return "settlement"
    return "liquidation" if client.startswith("autoclose") or status == "NEW_INSURANCE" else "trade"


def _trade_lite(d: Message) -> list[Report]:
    """Futures: the quick execution without fee; ORDER_TRADE_UPDATE follows with the same trade id."""
    return [
        FillReport(
            _name(d["s"], True), _stamp(d["T"]), str(d["i"]), d["c"], str(d["t"]), _side(d["S"]), _text(d["L"]),
            _text(d["l"]), bool(d["m"]), "", "",
        )
    ]


def _algo_update(d: Message) -> list[Report]:
    o = d["o"]
    return [
        TriggerReport(
            _name(o["s"], True), _stamp(d["T"]), str(o["aid"]), o["caid"], _status(o["X"]), _side(o["S"]),
            o["o"].lower(), _text(o["q"]), _text(o["tp"]), str(o.get("rm") or ""),
        )
    ]


def _account_update(d: Message) -> list[Report]:
    a, stamp = d["a"], _stamp(d["T"])
    positions: list[Report] = [
        PositionReport(
            _name(p["s"], True), stamp, _text(p["pa"]), _text(p["ep"]), _text(p["up"]), leg_of(p["ps"]) or "both"
        )
        for p in a.get("P", ())
    ]
    names = {p.instrument.partition(":")[0] for p in positions if isinstance(p, PositionReport)}
    venue = names.pop() if len(names) == 1 else profile.USDM.id
    reason = _reason(a.get("m"))
    balances: list[Report] = [
        BalanceReport(venue, stamp, b["a"], "", "", _text(b["wb"]), _text(b.get("bc") or "0"), reason)
        for b in a.get("B", ())
    ]
    return balances + positions


def _account_position(d: Message) -> list[Report]:
    return [_spot_balance(_stamp(d["u"]), b["a"], b["f"], b["l"]) for b in d["B"]]


def _spot_balance(stamp: int, asset: str, free: str, locked: str) -> BalanceReport:
    total = plain(signed_decimal(free) + signed_decimal(locked))
    return BalanceReport(profile.SPOT.id, stamp, asset, _text(free), _text(locked), total)


def _balance_update(d: Message) -> list[Report]:
    return [BalanceReport(profile.SPOT.id, _stamp(d["T"]), d["a"], "", "", "", _text(d["d"]), "transfer")]


def _list_status(d: Message) -> list[Report]:
    """Order lists: each order comes with a report of its own; the list says nothing more to a desk."""
    return []


def _rest_order(d: Message) -> list[Report]:
    """The answer of placing, querying or cancelling an order, with its fills where the venue tells them."""
    futures = "cummulativeQuoteQty" not in d
    name = _name(d["symbol"], futures)
    stamp = _stamp(d.get("updateTime") or d.get("transactTime") or d.get("time") or 0)
    client = d.get("origClientOrderId") or d["clientOrderId"]
    order = OrderReport(
        name, stamp, str(d["orderId"]), client, _status(d["status"]), _side(d["side"]), d["type"].lower(),
        d["timeInForce"], _text(d["price"]), _text(d["origQty"]), _text(d["executedQty"]),
        bool(d.get("reduceOnly", False)), _text(d.get("avgPrice", "0")), leg=leg_of(d.get("positionSide")),
    )
    fills: list[Report] = [
        FillReport(
            name, stamp, order.venue_order_id, client, str(f["tradeId"]), order.side, _text(f["price"]),
            _text(f["qty"]), False, _text(f["commission"]), f["commissionAsset"],
        )
        for f in d.get("fills", ())
    ]
    return [order, *fills]


def _rest_trade(d: Message) -> list[Report]:
    futures = "isBuyer" not in d
    buyer, maker = (d["buyer"], d["maker"]) if futures else (d["isBuyer"], d["isMaker"])
    return [
        FillReport(
            _name(d["symbol"], futures), _stamp(d["time"]), str(d["orderId"]), "", str(d["id"]),
            "buy" if buyer else "sell", _text(d["price"]), _text(d["qty"]), bool(maker), _text(d["commission"]),
            d["commissionAsset"], leg=leg_of(d.get("positionSide")),
        )
    ]


def _rest_position(d: Message) -> list[Report]:
    unrealised = d.get("unRealizedProfit", d.get("unrealizedProfit", "0"))
    return [
        PositionReport(
            _name(d["symbol"], True), _stamp(d.get("updateTime", 0)), _text(d["positionAmt"]), _text(d["entryPrice"]),
            _text(unrealised), leg_of(d.get("positionSide")) or "both", _optional(d, "markPrice"),
            _optional(d, "liquidationPrice"), _optional(d, "leverage"),
        )
    ]


def _optional(d: Message, key: str) -> str:
    return _text(d[key]) if key in d else ""


def _rest_futures_account(d: Message) -> list[Report]:
    coin = any(profile.is_coinm(str(p.get("symbol"))) for p in d["positions"])
    venue = profile.COINM.id if coin else profile.USDM.id
    balances: list[Report] = [
        BalanceReport(venue, _stamp(a.get("updateTime", 0)), a["asset"], _text(a.get("availableBalance", "0")), "",
                      _text(a["walletBalance"]))
        for a in d["assets"]
    ]
    return balances + [report for p in d["positions"] for report in _rest_position(p)]


def _rest_spot_account(d: Message) -> list[Report]:
    stamp = _stamp(d.get("updateTime", 0))
    return [_spot_balance(stamp, b["asset"], b["free"], b["locked"]) for b in d["balances"]]


def _rest_algo(d: Message) -> list[Report]:
    return [
        TriggerReport(
            _name(d["symbol"], True), _stamp(d["updateTime"]), str(d["algoId"]), d["clientAlgoId"],
            _status(d["algoStatus"]), _side(d["side"]), d["type"].lower(), _text(d["quantity"]),
            _text(d["triggerPrice"]),
        )
    ]


def _rest_list(d: Message) -> list[Report]:
    """A cancelled order list: its orders, where they are reported."""
    return [report for order in d.get("orderReports", ()) for report in _rest_order(order)]


#: `e` of a user stream -> what reads it.
_STREAM: dict[str, Callable[[Message], list[Report]]] = {
    "executionReport": _execution_report,
    "ORDER_TRADE_UPDATE": _order_trade_update,
    "TRADE_LITE": _trade_lite,
    "ALGO_UPDATE": _algo_update,
    "ACCOUNT_UPDATE": _account_update,
    "outboundAccountPosition": _account_position,
    "balanceUpdate": _balance_update,
    "listStatus": _list_status,
}

#: Keys by which a REST answer is told, the most telling first -> what reads it.
_ANSWERS: tuple[tuple[frozenset[str], Callable[[Message], list[Report]]], ...] = (
    (frozenset({"algoId", "algoStatus"}), _rest_algo),
    (frozenset({"orderListId", "contingencyType"}), _rest_list),
    (frozenset({"orderId", "status", "clientOrderId", "executedQty"}), _rest_order),
    (frozenset({"orderId", "commission", "qty"}), _rest_trade),
    (frozenset({"assets", "positions"}), _rest_futures_account),
    (frozenset({"positionAmt", "entryPrice", "symbol"}), _rest_position),
    (frozenset({"balances", "canTrade"}), _rest_spot_account),
)


def decode_text(body: bytes) -> list[Report] | None:
    """The same, from the raw bytes."""
    try:
        return decode_private(msgspec.json.decode(body))
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        if isinstance(error, WireError):
            raise
        raise WireError(f"no JSON: {error}") from None
