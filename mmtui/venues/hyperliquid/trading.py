"""How Hyperliquid trades (perpetual contracts, signed actions).

Sources: the venue's documentation and its published Python client, ccxt's adapter, issues of other adapters;
`recalled` names the rest.  A modify is a cancel and a new order under the same client id.

Rules of this file: facts only.
"""

from __future__ import annotations

from mmtui.venues.trading import DeadManFacts, LagFacts, LinkFacts, Meaning, RateFacts, TradingFacts

_CODES: dict[str, Meaning] = {
    "Order was never placed, already canceled, or filled": "unknown order",
    "Post only order would have immediately matched": "would take",
    "Insufficient margin to place order": "funds",
    "Price must be divisible by tick size": "filter",
    "Order must have minimum value of $10": "filter",
    "Reduce only order would increase position": "filter",
    "Duplicate cloid": "duplicate id",
    "Expired": "late",
    "Too many cumulative requests sent": "rate",
    "Trading is halted": "market closed",
    "Only post-only orders allowed immediately after network upgrade": "post only",
    "User or API Wallet does not exist": "auth",
}

HYPERLIQUID = TradingFacts(
    id="hyperliquid",
    verified="2026-11-22",
    source="Hyperliquid documentation; hyperliquid-python-sdk; ccxt 4.5.90",
    recalled=("amend", "codes", "duplicate", "id_max", "lag", "rates", "self_trade"),
    fill_before_ack=True,
    post_only="reject",  # Alo: an error in the status of the order
    self_trade="maker",  # fixed: the resting one expires
    cancel_all="none",
    batch_create=20,
    batch_cancel=40,
    id_max=34,
    id_chars="hex128",
    id_rule="unique",
    duplicate="reject",
    expiry_ms=2_000,  # expiresAfter, of creates alone: a stale cancel would cost five times its rate
    codes=_CODES,
    dead_man=DeadManFacts(
        mechanism="schedule",
        scope="account",
        min_ms=5_000,
        max_ms=86_400_000,
        per_day=10,
        condition="one million dollars traded",
    ),
    rates=RateFacts(
        weight=1_200,
        window_ms=60_000,
        weights={"AskOpen": 20, "AskFills": 20, "AskLedger": 40, "AskPositions": 2},
        penalty="429",
    ),
    link=LinkFacts(client_ping_s=50, pong_s=10),
    lag=LagFacts(open_ms=1_000, fills_ms=1_000, positions_ms=1_000),
)

TRADING: dict[str, TradingFacts] = {HYPERLIQUID.id: HYPERLIQUID}
