"""How Gate trades (perpetual contracts settled in USDT).

Sources: the venue's v4 API documentation, ccxt's adapter, other adapters; `recalled` names the rest.

Rules of this file: facts only.
"""

from __future__ import annotations

from mmtui.core.orders.inplace import Amending
from mmtui.venues.trading import DeadManFacts, LagFacts, LinkFacts, Meaning, RateFacts, TradingFacts

_CODES: dict[str, Meaning] = {
    "ORDER_NOT_FOUND": "unknown order",
    "ORDER_FINISHED": "unknown order",
    "ORDER_POC_IMMEDIATE": "would take",
    "POC_FILL_IMMEDIATELY": "would take",
    "BALANCE_NOT_ENOUGH": "funds",
    "INSUFFICIENT_AVAILABLE": "funds",
    "PRICE_TOO_DEVIATED": "filter",
    "SIZE_TOO_SMALL": "filter",
    "REDUCE_ONLY_FAIL": "filter",
    "REQUEST_EXPIRED": "late",
    "SERVER_ERROR": "fate unknown",
    "TOO_BUSY": "overloaded",
    "TOO_MANY_REQUESTS": "rate",
    "CONTRACT_IN_DELISTING": "market closed",
    "INVALID_KEY": "auth",
    "INVALID_SIGNATURE": "auth",
}

GATE = TradingFacts(
    id="gate",
    verified="2026-11-22",
    source="Gate v4 API documentation; ccxt 4.5.90",
    recalled=("amend", "batch_create", "codes", "duplicate", "fill_before_ack", "id_rule", "lag", "post_only", "rates"),
    fill_before_ack=True,
    post_only="cancel",  # poc
    cancel_all="instrument",
    cancel_all_excludes=("price",),
    batch_create=10,
    batch_cancel=20,
    amend=Amending(),
    id_max=30,
    id_lead="t-",
    id_rule="not unique",
    duplicate="accepts",
    expiry_ms=1_000,  # x-gate-exptime
    cancel_expiry_ms=60_000,
    codes=_CODES,
    dead_man=DeadManFacts(mechanism="countdown", scope="account", min_ms=5_000, max_ms=86_400_000, step_ms=1_000),
    rates=RateFacts(weight=200, window_ms=10_000, orders=((100, 1_000),), penalty="429"),
    link=LinkFacts(client_ping_s=10, pong_s=10),
    lag=LagFacts(open_ms=500, fills_ms=1_000, positions_ms=1_000),
)

TRADING: dict[str, TradingFacts] = {GATE.id: GATE}
