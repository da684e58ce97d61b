"""How Coinbase Advanced trades (spot).

Sources: the venue's API documentation, other adapters; `recalled` names the rest.  Nothing cancels our orders when we
die: quotes are good-til-date orders with a rolling end, or a second host guards them.

Rules of this file: facts only.
"""

from __future__ import annotations

from mmtui.core.orders.inplace import Amending
from mmtui.venues.trading import DeadManFacts, LagFacts, LinkFacts, Meaning, RateFacts, TradingFacts

_CODES: dict[str, Meaning] = {
    "UNKNOWN_CANCEL_ORDER": "unknown order",
    "ORDER_ENTRY_DISABLED": "market closed",
    "INVALID_LIMIT_PRICE_POST_ONLY": "would take",
    "INSUFFICIENT_FUND": "funds",
    "INVALID_PRICE_PRECISION": "filter",
    "INVALID_SIZE_PRECISION": "filter",
    "COMMANDER_REJECTED_NEW_ORDER": "filter",
    "UNKNOWN_FAILURE_REASON": "fate unknown",
    "RESOURCE_EXHAUSTED": "rate",
    "UNAUTHENTICATED": "auth",
}

COINBASE = TradingFacts(
    id="coinbase",
    verified="2026-11-22",
    source="Coinbase Advanced Trade API documentation; other adapters",
    recalled=("amend", "batch_cancel", "codes", "duplicate", "lag", "post_only", "rates"),
    fill_before_ack=True,
    post_only="reject",
    cancel_all="none",  # list and cancel in batches
    cancel_ack_final=False,
    batch_cancel=100,
    amend=Amending(),
    id_max=36,
    id_rule="unique",
    duplicate="returns first",
    codes=_CODES,
    dead_man=DeadManFacts(mechanism="none"),
    rates=RateFacts(weight=30, window_ms=1_000, penalty="429"),
    link=LinkFacts(server_ping_s=10, pong_s=30),
    lag=LagFacts(open_ms=1_000, fills_ms=1_000, positions_ms=1_000),  # the filter OPEN hides pending and queued orders
)

TRADING: dict[str, TradingFacts] = {COINBASE.id: COINBASE}
