"""What OKX says of an account and its key, and how its answers are read.

Source: OKX v5 API documentation, "Get account configuration", "Get fee rates", "Get balance", "Get positions".

Rules of this file: pure; asks, and changes nothing.
"""

from __future__ import annotations

from collections.abc import Iterator

from mmtui.core.market.instrument import Instrument
from mmtui.venues.account_messages import Failed, Refused
from mmtui.venues.binance.rest_calls import Call, Reply, read
from mmtui.venues.margin import Held
from mmtui.venues.okx.public import describe, index_of, kind_name
from mmtui.venues.private_words import Object, number, word
from mmtui.venues.trader import UNREADABLE, AccountFacts, Inquiry, Wrong, bps


def answer(reply: Reply) -> tuple[list[Object], Wrong | None]:
    """The rows of an answer. Code 1 and 2: some of the rows say for themselves what went wrong."""
    body, wrong = read(reply)
    if wrong is not None:
        return [], wrong
    rows = body.get("data") if isinstance(body, dict) else None
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        return [], Failed("5xx")
    code = str(body.get("code", ""))
    if code == "0" or (code in ("1", "2") and rows):
        return rows, None
    return [], Refused(code, str(body.get("msg", ""))[:200])


def held(rows: list[Object]) -> Iterator[Held]:
    """Positions with their mmr (in the coin of an inverse contract; "" where the account's mode has none) and
    liqPx ("": none)."""
    for row in rows:
        if float(row["pos"] or 0):
            inverse = describe(row["instId"])[0] == "inverse"
            yield Held(row["markPx"], row["liqPx"], row.get("mmr") or None, inverse)


def inquire(items: list[Instrument]) -> Inquiry:
    """Configuration, balances, positions, and the fees of each instrument."""
    first = [Call("GET", f"/api/v5/account/{name}", {}) for name in ("config", "balance", "positions")]
    fees = [Call("GET", "/api/v5/account/trade-fee", _fee_of(item)) for item in items]
    replies = yield [*first, *fees]
    told = []
    for reply in replies:
        rows, wrong = answer(reply)
        if wrong is not None:
            return wrong
        told.append(rows)
    try:
        return _facts(items, told)
    except UNREADABLE:
        return Failed("5xx")


def _fee_of(item: Instrument) -> dict[str, str]:
    if item.kind == "spot":
        return {"instType": "SPOT", "instId": item.symbol}
    return {"instType": kind_name(item.symbol), "instFamily": index_of(item.symbol)}


def _facts(items: list[Instrument], told: list[list[Object]]) -> AccountFacts:
    (config,), (balance,), positions, *fees = told
    rights = word(config, "perm").split(",")
    derivatives = any(item.kind != "spot" for item in items)
    assets = {asset for item in items for asset in (item.base, item.quote, item.settle)}
    holds = [f"{row['ccy']} {number(row, 'cashBal')}" for row in balance["details"] if row["ccy"] in assets]
    rates = {}
    for item, (row,) in zip(items, fees, strict=True):
        names = ("makerU", "takerU") if item.kind == "linear" and item.settle == "USDT" else ("maker", "taker")
        rates[item.symbol] = bps(number(row, names[0]), number(row, names[1]), -1)
    return AccountFacts(
        trades="trade" in rights and not (derivatives and word(config, "acctLv") == "1"),  # 1: spot only
        withdraws="withdraw" in rights if rights != [""] else None,
        bound_to_ip=bool(word(config, "ip")),
        one_way=word(config, "posMode") == "net_mode",
        fees=rates,
        holds=holds + [f"{row['instId']} {number(row, 'pos')}" for row in positions if number(row, "pos") != "0"],
    )
