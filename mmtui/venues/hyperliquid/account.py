"""What Hyperliquid says of an account, and how its answers are read.

Keys are the account's address and the private key of an agent (API wallet) of it, which the venue lets trade and never
withdraw; the account's own key is refused before it is held (live/keys.py).  Whether the agent is the account's is
found out by an action that does nothing.

Source: Hyperliquid API documentation, "Info endpoint", "Exchange endpoint", "Nonces and API wallets".

Rules of this file: pure; asks, and changes nothing but the nonce.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from mmtui.core.market.instrument import Instrument
from mmtui.venues.account_messages import Failed, Refused
from mmtui.venues.binance.rest_calls import Call, Reply, read
from mmtui.venues.facts import facts_of
from mmtui.venues.margin import Held
from mmtui.venues.private_words import Object, number
from mmtui.venues.trader import UNREADABLE, AccountFacts, Inquiry, Wrong, bps

#: Dollars that must have been traded before the venue takes a scheduled cancel.
SWITCH_FROM = Decimal(1_000_000)
#: Words in an error's text -> code, where the text does not begin with the code.
_WORDS = (("does not exist", "User or API Wallet does not exist"), ("xpired", "Expired"))


def code_of(text: str) -> str:
    """The code of an error, which the venue tells as a sentence; the sentence's beginning where it has none."""
    for code in facts_of("hyperliquid").codes:
        if text.startswith(code):
            return code
    return next((code for word, code in _WORDS if word in text), text[:60])


def done(reply: Reply) -> tuple[Any, Wrong | None]:
    """What an action's answer holds."""
    body, wrong = read(reply)
    if wrong is not None:
        return None, wrong
    if not isinstance(body, dict) or body.get("status") not in ("ok", "err"):
        return None, Failed("5xx")
    if body["status"] == "err":
        text = str(body.get("response", ""))[:200]
        return None, Refused(code_of(text), text)
    return body.get("response"), None


def rows_of(reply: Reply) -> tuple[list[Object], Wrong | None]:
    """A list of objects."""
    rows, wrong = read(reply)
    if wrong is not None:
        return [], wrong
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        return [], Failed("5xx")
    return rows, None


def held(positions: list[Object]) -> Iterator[Held]:
    """Positions with liquidationPx (null: none); their maintenance is told of the account alone."""
    for row in positions:
        size = abs(float(row["szi"]))
        if size:
            yield Held(float(row["positionValue"]) / size, row.get("liquidationPx") or "", None)


def inquire(items: list[Instrument]) -> Inquiry:
    """Positions and balance, fees, how much was traded; then whether the agent is the account's."""
    names = ("clearinghouseState", "userFees", "userRateLimit")
    replies = yield [Call("POST", f"/info/{name}", {}) for name in names]
    told = []
    for reply in replies:
        body, wrong = read(reply)
        if wrong is not None:
            return wrong
        told.append(body)
    (reply,) = yield [Call("POST", "/exchange/noop", {})]
    wrong = done(reply)[1]
    if wrong is not None:
        return wrong
    try:
        return _facts(items, *told)
    except UNREADABLE:
        return Failed("5xx")


def _facts(items: list[Instrument], state: Object, fees: Object, used: Object) -> AccountFacts:
    positions = [row["position"] for row in state["assetPositions"]]
    rate = bps(fees["userAddRate"], fees["userCrossRate"])
    return AccountFacts(
        trades=True,
        withdraws=False,
        one_way=True,
        bounded=Decimal(str(used["cumVlm"])) >= SWITCH_FROM,
        fees={item.symbol: rate for item in items if item.kind != "spot"},
        holds=[f"USDC {number(state['marginSummary'], 'accountValue')}"]
        + [f"{row['coin']} {number(row, 'szi')}" for row in positions if number(row, "szi") != "0"],
    )
