"""What Bybit says of an account and its key, and how its answers are read.

Source: Bybit v5 API documentation, "Get API key information", "Get wallet balance", "Get position info", "Get fee
rate", "Get DCP info" (disconnect protection is for institutional clients: whoever has none is told none).

Rules of this file: pure; asks, and changes nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from mmtui.core.market.instrument import Instrument
from mmtui.venues.account_messages import Failed, Refused
from mmtui.venues.binance.rest_calls import Call, Reply, read
from mmtui.venues.margin import Held
from mmtui.venues.private_words import Object, number
from mmtui.venues.trader import UNREADABLE, AccountFacts, Inquiry, Wrong, bps


def answer(reply: Reply) -> tuple[dict[str, Any], Wrong | None]:
    """The whole body of a good answer."""
    body, wrong = read(reply)
    if wrong is not None:
        return {}, wrong
    if not isinstance(body, dict) or not isinstance(body.get("retCode"), int):
        return {}, Failed("5xx")
    if body["retCode"]:
        return {}, Refused(str(body["retCode"]), str(body.get("retMsg", ""))[:200])
    return body, None


def held(rows: list[Object], inverse: bool) -> Iterator[Held]:
    """Positions with their positionMM (in the coin of an inverse contract; "" with portfolio margin) and liqPrice ("":
    none within the price limits; of a cross position it is the venue's estimate)."""
    for row in rows:
        if float(row["size"] or 0):
            yield Held(row["markPrice"], row["liqPrice"], row.get("positionMM") or None, inverse)


def inquire(items: list[Instrument]) -> Inquiry:
    """The key, the wallet, disconnect protection; of each instrument its position and its fees."""
    first = [
        Call("GET", "/v5/user/query-api", {}),
        Call("GET", "/v5/account/wallet-balance", {"accountType": "UNIFIED"}),
        Call("GET", "/v5/account/query-dcp-info", {}),
    ]
    scopes = [{"category": item.kind, "symbol": item.symbol} for item in items]
    each = [Call("GET", path, scope) for path in ("/v5/position/list", "/v5/account/fee-rate") for scope in scopes]
    replies = yield [*first, *each]
    told: list[dict[str, Any]] = []
    for place, reply in enumerate(replies):
        body, wrong = answer(reply)
        if wrong is not None and not (place == 2 and isinstance(wrong, Refused)):
            return wrong
        told.append(body.get("result") or {})
    try:
        return _facts(items, told)
    except UNREADABLE:
        return Failed("5xx")


def _facts(items: list[Instrument], told: list[dict[str, Any]]) -> AccountFacts:
    key, wallet, protection = told[:3]
    positions, fees = told[3 : 3 + len(items)], told[3 + len(items) :]
    rights = key["permissions"]
    assets = {asset for item in items for asset in (item.base, item.quote, item.settle)}
    coins = [row for row in wallet["list"][0]["coin"] if row["coin"] in assets]
    held = [row for one in positions for row in one["list"]]
    rows = [(item.symbol, one["list"][0]) for item, one in zip(items, fees, strict=True)]
    return AccountFacts(
        trades=key["readOnly"] == 0 and "Order" in rights["ContractTrade"],
        withdraws="Withdraw" in rights["Wallet"],
        bound_to_ip=bool(key.get("ips")) and "*" not in key["ips"],
        one_way=all(row["positionIdx"] == 0 for row in held),
        prices={row["symbol"]: float(number(row, "markPrice")) for row in held},
        bounded=any(row.get("dcpStatus") == "ON" for row in protection.get("dcpInfos") or ()),
        fees={symbol: bps(row["makerFeeRate"], row["takerFeeRate"]) for symbol, row in rows},
        holds=[f"{row['coin']} {number(row, 'walletBalance')}" for row in coins]
        + [f"{row['symbol']} {row['side']} {number(row, 'size')}" for row in held if number(row, "size") != "0"],
    )
