"""How Binance trades: spot, USDS-M and COIN-M futures.

Sources: the venue's public API documentation (spot and derivatives, REST and user streams), the error tables there,
ccxt's binance adapter; the field `recalled` names what was not read in either.

Rules of this file: facts only.
"""

from __future__ import annotations

import msgspec

from mmtui.core.orders.inplace import Amending
from mmtui.venues.trading import DeadManFacts, LagFacts, LinkFacts, Meaning, RateFacts, TradingFacts

_VERIFIED = "2026-11-22"
_SOURCE = "Binance API documentation; ccxt 4.5.90"

_CODES: dict[str, Meaning] = {
    "-2011": "unknown order",  # Unknown order sent (cancel)
    "-2013": "unknown order",  # Order does not exist (query)
    "-2010": "funds",  # new order rejected: insufficient balance, and others by their text
    "-2018": "funds",
    "-2019": "funds",  # margin is insufficient
    "-1013": "filter",
    "-1111": "filter",  # too many decimals
    "-4014": "filter",  # not increased by the tick size
    "-4164": "filter",  # below the minimum notional
    "-2022": "filter",  # reduce-only rejected
    "-4061": "filter",  # position side does not match the account's mode
    "-5022": "would take",  # GTX would trade at once
    "-4116": "duplicate id",  # clientOrderId is duplicated
    "-1006": "fate unknown",  # unexpected response, execution status unknown
    "-1007": "fate unknown",  # time-out of the backend, execution status unknown
    "-1021": "late",  # timestamp outside of recvWindow
    "-1008": "overloaded",
    "-1003": "rate",
    "-1015": "rate",  # too many new orders
    "-4108": "market closed",  # symbol is in delivering or settling
    "-1122": "market closed",
    "-4192": "cancel only",
    "-2014": "auth",
    "-2015": "auth",
    "-1022": "auth",
}

SPOT = TradingFacts(
    id="binance-spot",
    verified=_VERIFIED,
    source=_SOURCE,
    recalled=("amend", "rates.orders", "lag"),
    fill_before_ack=True,
    self_trade="maker",  # selfTradePreventionMode EXPIRE_MAKER
    post_only="reject",  # LIMIT_MAKER: "Order would immediately match and take."
    cancel_all="instrument",
    batch_create=1,
    batch_cancel=1,
    amend=Amending(price=False, up=False),
    id_max=36,
    id_rule="reusable",  # after the first order has been filled, cancelled or expired
    duplicate="reject",
    expiry_ms=1_000,  # recvWindow
    cancel_expiry_ms=60_000,  # its maximum
    codes={**_CODES, "-2010": "would take"},
    dead_man=DeadManFacts(mechanism="none"),  # none in REST, WebSocket or FIX: unbounded without a second host
    rates=RateFacts(
        weight=6_000,
        window_ms=60_000,
        orders=((100, 10_000),),
        weights={"Amend": 4, "AskOpen": 80, "AskPositions": 20},
        symbol_weights={"AskOpen": 6, "AskFills": 20},
        penalty="418",
        ban_ms=120_000,
    ),
    link=LinkFacts(forced_close_s=86_400, server_ping_s=20, pong_s=60),
    lag=LagFacts(open_ms=300, fills_ms=500, positions_ms=500),
)

USDM = TradingFacts(
    id="binance-usdm",
    verified=_VERIFIED,
    source=_SOURCE,
    recalled=("amend", "batch_cancel", "lag", "link.server_ping_s"),
    fill_before_ack=True,
    self_trade="maker",  # as on spot; a GTX order takes nothing
    post_only="reject",  # GTX: -5022
    cancel_all="instrument",
    cancel_all_excludes=("algo",),
    batch_create=5,
    batch_cancel=10,
    amend=Amending(cancels=True),
    id_max=36,
    id_rule="reusable",
    duplicate="reject",
    expiry_ms=1_000,
    cancel_expiry_ms=60_000,
    codes=_CODES,
    dead_man=DeadManFacts(mechanism="countdown", scope="symbol", min_ms=1_000, max_ms=86_400_000),
    rates=RateFacts(
        weight=2_400,
        window_ms=60_000,
        orders=((300, 10_000), (1_200, 60_000)),
        weights={"AskOpen": 40, "AskLedger": 30, "AskPositions": 5, "ArmDeadMan": 10},
        symbol_weights={"AskOpen": 1, "AskFills": 5},
        penalty="418",
        ban_ms=120_000,
    ),
    link=LinkFacts(forced_close_s=86_400, server_ping_s=180, pong_s=600),
    lag=LagFacts(open_ms=300, fills_ms=500, positions_ms=500),
)

#: As USDS-M, but for weights.
COINM = msgspec.structs.replace(
    USDM,
    id="binance-coinm",
    recalled=("amend", "batch_cancel", "lag", "link.server_ping_s", "rates"),
    rates=msgspec.structs.replace(
        USDM.rates,
        weights={"AskOpen": 40, "AskLedger": 20, "AskPositions": 1, "ArmDeadMan": 10},
        symbol_weights={"AskOpen": 1, "AskFills": 20},
    ),
)

TRADING: dict[str, TradingFacts] = {facts.id: facts for facts in (SPOT, USDM, COINM)}
