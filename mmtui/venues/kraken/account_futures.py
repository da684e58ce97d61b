"""What Kraken Futures says of an account and its key, and how its answers are read.

The venue tells no permissions of a key.  Whether it may trade is seen by a cancel of an order that nobody has; and no
key of this interface moves money further than to the spot wallet and the sub-accounts of the same owner.

Source: Kraken Futures API documentation, "Get wallets", "Get open positions", "Get fee schedules", "Cancel order".

Rules of this file: pure; asks, and changes nothing.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import msgspec

from mmtui.core.market.instrument import Instrument
from mmtui.venues.account_messages import Failed, Refused
from mmtui.venues.binance.rest_calls import Call, Reply
from mmtui.venues.kraken.signable import V3
from mmtui.venues.margin import Held
from mmtui.venues.private_words import Object, number
from mmtui.venues.trader import UNREADABLE, AccountFacts, Inquiry, Wrong, bps

_DECODER = msgspec.json.Decoder(float_hook=Decimal)
#: No order has this client id.
NOBODYS = "mmtui-may-this-key-trade"


class FuturesPosition(msgspec.Struct):
    """Of feed open_positions; balance: plus is long."""

    instrument: str
    balance: float
    mark_price: float = 0.0
    liquidation_threshold: float = 0.0
    maintenance_margin: float | None = None


class FuturesPositions(msgspec.Struct):
    positions: list[FuturesPosition] = []


_POSITIONS = msgspec.json.Decoder(FuturesPositions)


def held(data: bytes) -> dict[str, Held | None]:
    """By symbol, of a message of feed open_positions; None: nothing is held. {}: it cannot be read."""
    try:
        rows = _POSITIONS.decode(data).positions
    except msgspec.MsgspecError:
        return {}
    return {
        row.instrument: Held(row.mark_price, row.liquidation_threshold, row.maintenance_margin) if row.balance else None
        for row in rows
    }


def answer(reply: Reply, part: str = "") -> tuple[dict[str, Any], Wrong | None]:
    """The whole body of a good answer: it says so, or (history) has its part; errors are texts, whatever the status."""
    status = reply.status
    if status == 0:
        return {}, Failed(reply.text or "network")
    if status in (403, 418, 429):
        return {}, Failed(str(status), reply.retry_after_ms)
    try:
        body = _DECODER.decode(reply.body)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        body = None
    if status >= 500 or not isinstance(body, dict):
        return {}, Failed("5xx")
    if status < 400 and (body.get("result") == "success" or ("error" not in body and part in body)):
        return body, None
    errors = body.get("errors")
    first = errors[0] if isinstance(errors, list) and errors and isinstance(errors[0], dict) else {}
    code = body.get("error") or first.get("message") or ""
    if status < 400 and not code:
        return {}, Failed("5xx")
    return {}, Refused(str(code)[:80] or str(status), str(code)[:200])


def inquire(items: list[Instrument]) -> Inquiry:
    """Wallets, positions, fees, and whether the key may trade."""
    names = ("accounts", "openpositions", "feeschedules/volumes", "feeschedules", "instruments")
    calls = [Call("GET", f"{V3}/{name}", {}) for name in names]
    replies = yield [*calls, Call("POST", f"{V3}/cancelorder", {"cliOrdId": NOBODYS})]
    told: list[dict[str, Any]] = []
    for place, reply in enumerate(replies):
        body, wrong = answer(reply)
        if wrong is not None and not (place == len(names) and isinstance(wrong, Refused)):
            return wrong
        told.append(body)
    try:
        return _facts(items, told)
    except UNREADABLE:
        return Failed("5xx")


def _facts(items: list[Instrument], told: list[dict[str, Any]]) -> AccountFacts:
    wallets, positions, volumes, schedules, listing, probe = told
    held: list[Object] = positions["openPositions"]
    kept = {name: number(row, "quantity") for name, row in wallets["accounts"]["flex"]["currencies"].items()}
    return AccountFacts(
        trades=probe.get("cancelStatus", {}).get("status") == "notFound",
        withdraws=False,
        one_way=True,  # the venue has no other mode
        fees=_fees(items, volumes["volumesByFeeSchedule"], schedules["feeSchedules"], listing["instruments"]),
        holds=[f"{name} {size}" for name, size in kept.items() if size != "0"]
        + [f"{row['symbol']} {row['side']} {number(row, 'size')}" for row in held],
    )


def _fees(
    items: list[Instrument], volumes: dict[str, Any], schedules: list[Object], listing: list[Object]
) -> dict[str, str]:
    """Of each symbol by its schedule: the tier of the greatest volume that has been reached; rates are in percent."""
    tiers = {row["uid"]: row["tiers"] for row in schedules}
    uids = {str(row["symbol"]).upper(): row.get("feeScheduleUid") for row in listing}
    found = {}
    for item in items:
        uid = uids.get(item.symbol)
        volume = float(number(volumes, uid)) if uid is not None else 0.0
        reached = [tier for tier in tiers.get(uid, []) if float(number(tier, "usdVolume")) <= volume]
        if reached:
            tier = max(reached, key=lambda one: float(number(one, "usdVolume")))
            found[item.symbol] = bps(number(tier, "makerFee"), number(tier, "takerFee"), 1, 100)
    return found
