"""How Deribit trades (over its WebSocket; matching-engine requests have a budget of their own).

Sources: the venue's API documentation and its articles on rate limits and cancel-on-disconnect, other adapters;
`recalled` names the rest.

Rules of this file: facts only.
"""

from __future__ import annotations

from mmtui.core.orders.inplace import Amending
from mmtui.venues.trading import DeadManFacts, LagFacts, LinkFacts, Meaning, RateFacts, TradingFacts

_CODES: dict[str, Meaning] = {
    "10004": "unknown order",  # order_not_found
    "11044": "unknown order",  # not_open_order
    "11054": "would take",  # post_only_reject
    "10009": "funds",  # not_enough_funds
    "10007": "filter",
    "11030": "filter",  # other_reject with its reason
    "10040": "overloaded",  # retry
    "13888": "fate unknown",  # timed_out
    "10028": "rate",  # too_many_requests: the session is closed
    "11093": "late",
    "11051": "market closed",  # system_maintenance
    "10041": "cancel only",  # settlement_in_progress
    "13004": "auth",
    "13009": "auth",
}

DERIBIT = TradingFacts(
    id="deribit",
    verified="2026-11-22",
    source="Deribit API documentation and rate-limit articles",
    recalled=("amend", "codes", "expiry_ms", "id_rule", "lag"),
    fill_before_ack=False,  # the answer of a create holds its trades
    post_only="reject",  # with reject_post_only; without it the price is moved
    cancel_all="venue",
    amend=Amending(),
    id_max=64,
    id_rule="not unique",  # label
    duplicate="accepts",
    expiry_ms=1_000,  # valid_until
    cancel_expiry_ms=60_000,
    codes=_CODES,
    dead_man=DeadManFacts(
        mechanism="disconnect",
        scope="account",  # so that reconnects inherit it
        min_ms=10_000,
        max_ms=600_000,
        step_ms=1_000,
        on_logout=False,
    ),
    rates=RateFacts(weight=20, window_ms=4_000, orders=((20, 4_000),), cancels_count=True, penalty="closed"),
    link=LinkFacts(server_ping_s=10, pong_s=10),
    lag=LagFacts(open_ms=100, fills_ms=300, positions_ms=300),
)

TRADING: dict[str, TradingFacts] = {DERIBIT.id: DERIBIT}
