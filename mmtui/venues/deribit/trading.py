"""How Deribit trades (orders on its WebSocket; requests to the matching engine have a budget of their own).

Sources: the venue's API documentation and its articles on rate limits and cancel-on-disconnect, other adapters;
`recalled` names the rest.

Rules of this file: facts only.
"""

from __future__ import annotations

from mmtui.core.orders.inplace import Amending
from mmtui.venues.trading import DeadManFacts, LagFacts, LinkFacts, Meaning, RateFacts, TradingFacts

_CODES: dict[str, Meaning] = {
    "10004": "unknown order",  # order_not_found
    "10010": "unknown order",  # already_closed
    "11008": "unknown order",  # already_filled
    "11044": "unknown order",  # not_open_order
    "11054": "would take",  # post_only_reject
    "10009": "funds",  # not_enough_funds
    "10018": "funds",  # position limit
    "10002": "filter",  # quantity too low
    "10005": "filter",  # price outside of the permitted range, 10005 to 10008
    "10006": "filter",
    "10007": "filter",
    "10008": "filter",
    "10021": "filter",  # invalid_amount
    "10023": "filter",  # invalid_price
    "10043": "filter",  # price_wrong_tick
    "-32602": "filter",  # invalid params
    "11030": "filter",  # other_reject with its reason
    "10040": "overloaded",  # retry
    "13888": "fate unknown",  # timed_out
    "10028": "rate",  # too_many_requests: the session is closed
    "10047": "rate",  # matching_engine_queue_full
    "10012": "market closed",  # book_closed
    "13019": "market closed",
    "11051": "market closed",  # system_maintenance
    "10041": "cancel only",  # settlement_in_progress
    "10000": "auth",
    "13004": "auth",
    "13009": "auth",
    "13021": "auth",  # forbidden
}

DERIBIT = TradingFacts(
    id="deribit",
    verified="2026-11-22",
    source="Deribit API documentation and rate-limit articles",
    recalled=("amend", "id_rule", "lag", "rates"),
    fill_before_ack=False,  # the answer of a create holds its trades
    post_only="reject",  # with reject_post_only; without it the price is moved
    cancel_all="venue",
    amend=Amending(),
    id_max=64,
    id_rule="not unique",  # label
    duplicate="accepts",
    expiry_ms=1_000,  # valid_until
    codes=_CODES,
    dead_man=DeadManFacts(
        mechanism="disconnect",
        scope="account",  # so that reconnects inherit it; it takes the orders of the connection that ended alone
        min_ms=10_000,
        max_ms=600_000,
        step_ms=1_000,
        on_logout=False,
    ),
    # 20 requests a second of any kind, and 5 a second (20 at once) to the matching engine; the ledger 1 a second
    rates=RateFacts(
        weight=80, window_ms=4_000, orders=((20, 4_000),), cancels_count=True, weights={"AskLedger": 20},
        penalty="closed",
    ),
    link=LinkFacts(server_ping_s=10, pong_s=10),
    lag=LagFacts(open_ms=100, fills_ms=300, positions_ms=300),
)

TRADING: dict[str, TradingFacts] = {DERIBIT.id: DERIBIT}
