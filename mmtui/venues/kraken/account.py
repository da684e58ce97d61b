"""What Kraken (spot) says of an account and its key, and how its answers are read.

Source: Kraken REST API documentation, "Get API key information", "Get account balance", "Get trade volume".

Rules of this file: pure; asks, and changes nothing.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import msgspec

from mmtui.core.market.instrument import Instrument
from mmtui.venues.account_messages import Failed, Refused
from mmtui.venues.binance.rest_calls import Call, Reply
from mmtui.venues.kraken.names import asset, pair, pairs
from mmtui.venues.kraken.signable import PRIVATE
from mmtui.venues.kraken.trading import SPOT
from mmtui.venues.private_words import Object, number
from mmtui.venues.trader import UNREADABLE, AccountFacts, Inquiry, Wrong, bps

_DECODER = msgspec.json.Decoder(float_hook=Decimal)


def code_of(text: str) -> str:
    """The code that an error's text begins with; the text itself where none is known."""
    return next((code for code in SPOT.codes if text.startswith(code)), text[:80])


def answer(reply: Reply) -> tuple[dict[str, Any], Wrong | None]:
    """The result of a good answer; errors are texts, whatever the status."""
    status = reply.status
    if status == 0:
        return {}, Failed(reply.text or "network")
    if status in (403, 418, 429):
        return {}, Failed(str(status), reply.retry_after_ms)
    try:
        body = _DECODER.decode(reply.body)
    except (msgspec.MsgspecError, ValueError, RecursionError, ArithmeticError):
        body = None
    errors = body.get("error") if isinstance(body, dict) else None
    if status >= 500 or not isinstance(body, dict) or not isinstance(errors, list):
        return {}, Failed("5xx")
    if told := [str(one) for one in errors if not str(one).startswith("W")]:  # W: a warning
        return {}, Refused(code_of(told[0]), told[0][:200])
    result = body.get("result")
    return (result, None) if isinstance(result, dict) else ({}, Failed("5xx"))


def inquire(items: list[Instrument]) -> Inquiry:
    """The key, the balances, and the fees of each instrument."""
    first = [Call("POST", f"{PRIVATE}/{name}", {}) for name in ("GetApiKeyInfo", "Balance")]
    replies = yield [*first, *(Call("POST", f"{PRIVATE}/TradeVolume", {"pair": pair(item)}) for item in items)]
    told: list[dict[str, Any]] = []
    for reply in replies:
        result, wrong = answer(reply)
        if wrong is not None:
            return wrong
        told.append(result)
    try:
        return _facts(items, told)
    except UNREADABLE:
        return Failed("5xx")


def _facts(items: list[Instrument], told: list[dict[str, Any]]) -> AccountFacts:
    key, balances, *volumes = told
    rights = [str(one).lower() for one in key["permissions"]]
    names = pairs(items)
    fees = {}
    for volume in volumes:
        makers: Object = volume.get("fees_maker") or volume["fees"]  # pairs without a maker's rate have one of all
        for name, taker in volume["fees"].items():
            maker = makers.get(name) or taker
            fees[names.get(name, name)] = bps(number(maker, "fee"), number(taker, "fee"), 1, 100)
    assets = {name for item in items for name in (item.base, item.quote)}
    holds = [(asset(name), number(balances, name)) for name in balances]
    return AccountFacts(
        trades=any("modify" in one or "create" in one for one in rights),
        withdraws=any("withdraw" in one for one in rights),
        bound_to_ip=bool(key.get("ip_allowlist") or key.get("ipAllowlist")),
        one_way=True,
        fees=fees,
        holds=[f"{name} {size}" for name, size in holds if name in assets],
    )
