"""A venue's trading facts as its simulated account has them.

Kraken spot and Hyperliquid tell fills, positions and ledger in the snapshots of their streams; live asks them by REST,
which is dearer than ten seconds of convergence allow.  Simulated is the account that is asked over its stream: what a
desk may spend there, and what the venue counts.

Rules of this file: data; everything else stands in venues/*/trading.py.
"""

from __future__ import annotations

import msgspec

from mmtui.venues.facts import facts_of
from mmtui.venues.trading import RateFacts, TradingFacts

_STREAMED: dict[str, RateFacts] = {
    # open orders go over REST, whose counter of 20 falls by one a second
    "kraken-spot": RateFacts(
        weight=40, window_ms=20_000, orders=((180, 48_000),), cancels_count=True, penalty="429",
        weights={"Create": 0, "Amend": 0, "Cancel": 0, "CancelEverything": 0, "ArmDeadMan": 0, "AskFills": 0,
                 "AskLedger": 0, "AskPositions": 0},
    ),
    # one of two questions about open orders is a REST call of 20
    "hyperliquid": RateFacts(
        weight=1_200, window_ms=60_000, penalty="429",
        weights={"AskOpen": 10, "AskFills": 1, "AskLedger": 1, "AskPositions": 1},
    ),
}


def terms_of(venue: str) -> TradingFacts:
    """KeyError when there is no such venue."""
    facts = facts_of(venue)
    return msgspec.structs.replace(facts, rates=_STREAMED[venue]) if venue in _STREAMED else facts
