"""What Deribit says of an account and its key, and how its answers are read.

What a key may do is told with the token that its signature gets (nothing is done with that token, and it is not kept).
Fees are told where the account has others than the listed ones; the disconnect switch needs the right to change the
account's settings, and a key without it leaves orders unbounded.

Source: Deribit API documentation, "public/auth", "Access scope", "private/get_account_summary", "Error codes".

Rules of this file: pure; asks, and changes nothing.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import msgspec

from mmtui.core.market.instrument import Instrument
from mmtui.venues.account_messages import Failed, Refused
from mmtui.venues.binance.rest_calls import Call, Reply, read
from mmtui.venues.deribit.public import describe
from mmtui.venues.deribit.signable import AUTH
from mmtui.venues.margin import Held
from mmtui.venues.private_words import Object, number
from mmtui.venues.trader import UNREADABLE, AccountFacts, Inquiry, Wrong, bps

_DECODER = msgspec.json.Decoder(float_hook=Decimal)
#: Statuses with which an error comes in the venue's own words.
_WORDED = (200, 400, 401, 403, 404, 429)


def answer(reply: Reply) -> tuple[Any, Wrong | None]:
    """The result of a good answer; a refusal with its code, message and reason."""
    body: Any = None
    if reply.status in _WORDED:
        with contextlib.suppress(msgspec.MsgspecError, ValueError, RecursionError, ArithmeticError):
            body = _DECODER.decode(reply.body)
    error = body.get("error") if isinstance(body, dict) else None
    if isinstance(error, dict) and isinstance(error.get("code"), int):
        return None, Refused(str(error["code"]), _words(error))
    wrong = read(reply)[1]
    if wrong is not None:
        return None, wrong
    if not isinstance(body, dict) or "result" not in body:
        return None, Failed("5xx")
    return body["result"], None


def _words(error: Object) -> str:
    data = error.get("data")
    reason = data.get("reason", "") if isinstance(data, dict) else ""
    return f"{error.get('message', '')} {reason}".strip()[:200]


def rows_of(reply: Reply, name: str = "") -> tuple[list[Object], Wrong | None]:
    """A list of objects; `name`: it stands under this key of the result."""
    result, wrong = answer(reply)
    if wrong is not None:
        return [], wrong
    rows = result.get(name) if name and isinstance(result, dict) else result
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        return [], Failed("5xx")
    return rows, None


def currencies(items: list[Instrument]) -> list[str]:
    """Whose lists hold the orders, positions and ledger of these instruments."""
    return list(
        dict.fromkeys(one for item in items for one in ((item.base, item.quote) if item.kind == "spot"
                                                        else (item.settle,)))
    )  # fmt: skip


def held(rows: list[Object]) -> Iterator[Held]:
    """Positions with their maintenance_margin (in the coin of an inverse contract)."""
    for row in rows:
        if float(row["size"] or 0):
            inverse = describe(row["instrument_name"])[0] == "inverse"
            liquidation = row.get("estimated_liquidation_price") or 0
            yield Held(row["mark_price"], liquidation, row.get("maintenance_margin"), inverse)


def inquire(items: list[Instrument]) -> Inquiry:
    """What the key may do, then balances and positions of every currency."""
    coins = currencies(items)
    first = [Call("GET", AUTH, {"grant_type": "client_signature"})]
    sums = [Call("GET", "/api/v2/private/get_account_summary", {"currency": one, "extended": "true"}) for one in coins]
    positions = [Call("GET", "/api/v2/private/get_positions", {"currency": one}) for one in coins]
    replies = yield [*first, *sums, *positions]
    told = []
    for reply in replies:
        result, wrong = answer(reply)
        if wrong is not None:
            return wrong
        told.append(result)
    try:
        return _facts(items, told[0], told[1 : 1 + len(coins)], [row for one in told[1 + len(coins) :] for row in one])
    except UNREADABLE:
        return Failed("5xx")


def _facts(items: list[Instrument], token: Object, sums: list[Object], positions: list[Object]) -> AccountFacts:
    rights = token["scope"].split()
    rates = {(row["index_name"], row["kind"]): row["value"]["default"] for one in sums for row in one.get("fees") or ()}
    fees = {}
    for item in items:
        kind = "spot" if item.kind == "spot" else "perpetual" if item.symbol.endswith("PERPETUAL") else "future"
        rate = rates.get((f"{item.base}_{item.quote}".lower(), kind), {})
        if rate.get("type") == "fixed":
            fees[item.symbol] = bps(rate["maker"], rate["taker"])
    return AccountFacts(
        trades="trade:read_write" in rights,
        withdraws="wallet:read_write" in rights,
        one_way=True,
        bounded="account:read_write" in rights,
        prices={row["instrument_name"]: float(row["mark_price"]) for row in positions},
        fees=fees,
        holds=[f"{one['currency']} {number(one, 'balance')}" for one in sums]
        + [f"{row['instrument_name']} {number(row, 'size')}" for row in positions if number(row, "size") != "0"],
    )
