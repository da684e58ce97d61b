"""How Kraken trades: spot and futures, two venues with nothing in common but the name.

Sources: the venue's API documentation (REST, WebSocket v2, futures v3), issues of other adapters; `recalled` names the
rest.  Kraken writes its errors as texts; they stand here as codes.

Rules of this file: facts only.
"""

from __future__ import annotations

from mmtui.core.orders.inplace import Amending
from mmtui.venues.trading import DeadManFacts, LagFacts, LinkFacts, Meaning, RateFacts, TradingFacts

_SPOT_CODES: dict[str, Meaning] = {
    "EOrder:Unknown order": "unknown order",
    "EOrder:Post only order": "would take",
    "EOrder:Insufficient funds": "funds",
    "EOrder:Order minimum not met": "filter",
    "EOrder:Invalid price": "filter",
    "EOrder:Duplicate cl_ord_id": "duplicate id",
    "EService:Deadline elapsed": "late",
    "EService:Busy": "overloaded",
    "EService:Unavailable": "fate unknown",
    "EGeneral:Internal error": "fate unknown",
    "EAPI:Invalid nonce": "overloaded",  # it was overtaken by a later one: not done
    "EAPI:Invalid signature": "auth",
    "EService:Market in cancel_only mode": "cancel only",
    "EService:Market in post_only mode": "post only",
    "EService:Market closed": "market closed",
    "EOrder:Rate limit exceeded": "rate",
    "EAPI:Rate limit exceeded": "rate",
    "EGeneral:Temporary lockout": "rate",
    "EGeneral:Too many requests": "rate",
    "EAPI:Invalid key": "auth",
    "EGeneral:Permission denied": "auth",
}

_FUTURES_CODES: dict[str, Meaning] = {
    "notFound": "unknown order",
    "postWouldExecute": "would take",
    "insufficientAvailableFunds": "funds",
    "invalidPrice": "filter",
    "invalidSize": "filter",
    "wouldNotReducePosition": "filter",
    "outsidePriceCollar": "filter",
    "orderForEditNotFound": "unknown order",
    "filled": "unknown order",  # of a cancel or an edit
    "insufficientFunds": "funds",
    "maxPositionViolation": "funds",
    "clientOrderIdAlreadyExist": "duplicate id",
    "apiLimitExceeded": "rate",
    "marketSuspended": "market closed",
    "marketInactive": "market closed",
    "marketUnavailable": "market closed",
    "wouldProcessAfterSpecifiedTime": "late",
    "nonceBelowThreshold": "late",
    "nonceDuplicate": "late",
    "Unavailable": "fate unknown",
    "unavailable": "fate unknown",
    "Server Error": "fate unknown",
    "unknownError": "fate unknown",
    "authenticationError": "auth",
}

SPOT = TradingFacts(
    id="kraken-spot",
    verified="2026-11-22",
    source="Kraken API documentation; other adapters' issues",
    recalled=("amend", "codes", "expiry_ms", "id_max", "lag", "rates.orders"),
    fill_before_ack=True,
    post_only="reject",
    cancel_all="venue",  # all symbols, all strategies
    self_trade="maker",  # stptype cancel-oldest
    cancel_ack_final=False,  # 1-2 % of "successful" cancels were never effective
    batch_create=15,
    batch_cancel=50,
    amend=Amending(),
    id_max=18,
    id_rule="unique",
    duplicate="reject",
    expiry_ms=3_000,  # deadline; it must be two seconds away at the least
    cancel_expiry_ms=60_000,
    codes=_SPOT_CODES,
    dead_man=DeadManFacts(
        mechanism="countdown", scope="account", min_ms=1_000, max_ms=86_399_000, step_ms=1_000, window_ms=15_000
    ),
    # Orders and cancels have the matching engine's counter for themselves (a cancel counts less the older its order is:
    # here always as one).  Questions and the switch go by the counter of REST, which reaches 20 and falls by one a
    # second: 36 in 25 s, of which questions take half and the switch a sixth, stay below it.
    rates=RateFacts(
        weight=36,
        window_ms=25_000,
        orders=((180, 48_000),),
        cancels_count=True,
        weights={
            "Create": 0, "Amend": 0, "Cancel": 0, "AskFills": 2, "AskLedger": 2,
        },
        penalty="429",
    ),
    link=LinkFacts(client_ping_s=30, pong_s=10),
    lag=LagFacts(open_ms=500, fills_ms=1_000, positions_ms=1_000),
)  # fmt: skip

FUTURES = TradingFacts(
    id="kraken-futures",
    verified="2026-11-22",
    source="Kraken Futures API documentation; ccxt 4.5.90",
    recalled=("amend", "batch_create", "codes", "expiry_ms", "lag", "link", "post_only", "rates"),
    fill_before_ack=True,
    post_only="reject",
    cancel_all="instrument",
    cancel_ack_final=False,
    batch_create=10,
    batch_cancel=10,
    amend=Amending(),
    id_max=36,
    id_rule="unique",
    duplicate="reject",
    expiry_ms=2_000,  # processBefore; only creates and edits have it
    codes=_FUTURES_CODES,
    dead_man=DeadManFacts(
        mechanism="countdown", scope="account", min_ms=1_000, max_ms=86_400_000, step_ms=1_000, window_ms=15_000
    ),
    rates=RateFacts(
        weight=500,
        window_ms=10_000,
        weights={
            "Create": 10, "Amend": 10, "Cancel": 10, "CancelEverything": 25, "AskOpen": 2, "AskFills": 2,
            "AskPositions": 2, "ArmDeadMan": 25,
        },
        penalty="429",
    ),
    link=LinkFacts(client_ping_s=30, pong_s=30),
    lag=LagFacts(open_ms=500, fills_ms=1_000, positions_ms=1_000),
)  # fmt: skip

TRADING: dict[str, TradingFacts] = {facts.id: facts for facts in (SPOT, FUTURES)}
