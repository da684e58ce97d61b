"""How Bybit trades (v5, linear contracts of the unified account).

Sources: the venue's v5 API documentation (orders, disconnect-cancel-all, rate limits, error codes); `recalled` names
the rest.  Disconnect protection is for institutional clients only: without it nothing bounds a death.

Rules of this file: facts only.
"""

from __future__ import annotations

from mmtui.core.orders.inplace import Amending
from mmtui.venues.trading import DeadManFacts, LagFacts, LinkFacts, Meaning, RateFacts, TradingFacts

_CODES: dict[str, Meaning] = {
    "110001": "unknown order",  # order does not exist
    "110008": "unknown order",  # already finished or cancelled
    "110010": "unknown order",
    "110007": "funds",
    "110012": "funds",
    "110003": "filter",  # price outside of the permitted range
    "110017": "filter",  # reduce-only rule
    "110072": "duplicate id",
    "110021": "filter",
    "110094": "filter",  # below the minimum notional
    "10000": "fate unknown",  # server time-out
    "10016": "fate unknown",  # internal error
    "10002": "late",
    "10006": "rate",
    "10018": "rate",
    "10003": "auth",
    "10004": "auth",
    "10005": "auth",
    "110074": "market closed",
    "110065": "market closed",
}

BYBIT = TradingFacts(
    id="bybit",
    verified="2026-11-22",
    source="Bybit v5 API documentation",
    recalled=("amend", "codes", "fill_before_ack", "lag", "link.client_ping_s"),
    fill_before_ack=True,
    post_only="cancel",  # PostOnly orders that would take are cancelled
    self_trade="maker",  # smpType CancelMaker
    cancel_all="instrument",
    cancel_all_excludes=("conditional", "tp/sl"),
    cancel_all_max=500,  # any 500 of them
    cancel_ack_final=False,  # the stream confirms
    batch_create=20,
    batch_cancel=20,
    amend=Amending(cancels=True),
    id_max=36,
    id_rule="unique",
    duplicate="reject",
    expiry_ms=1_000,  # recv_window
    cancel_expiry_ms=60_000,
    codes=_CODES,
    dead_man=DeadManFacts(
        mechanism="disconnect",
        scope="account",  # when every private stream that asked for it is dead
        min_ms=3_000,
        max_ms=300_000,
        step_ms=1_000,
        apply_ms=10_000,
        condition="institutional clients",
    ),
    rates=RateFacts(weight=600, window_ms=5_000, orders=((10, 1_000),), penalty="403", ban_ms=600_000),
    link=LinkFacts(client_ping_s=20, pong_s=10),
    lag=LagFacts(open_ms=500, fills_ms=1_000, positions_ms=1_000),
)

TRADING: dict[str, TradingFacts] = {BYBIT.id: BYBIT}
