"""How OKX trades (spot and perpetual contracts of one account).

Sources: the venue's v5 API documentation and error table, its published openapi client, ccxt's okx adapter, issues of
other adapters; `recalled` names the rest.

Rules of this file: facts only.
"""

from __future__ import annotations

from mmtui.core.orders.inplace import Amending
from mmtui.venues.trading import DeadManFacts, LagFacts, LinkFacts, Meaning, RateFacts, TradingFacts

_CODES: dict[str, Meaning] = {
    "51400": "unknown order",  # cancellation failed as the order does not exist
    "51401": "unknown order",  # ... is already cancelled
    "51402": "unknown order",  # ... is already completed
    "51603": "unknown order",
    "51016": "duplicate id",
    "51008": "funds",
    "51020": "filter",  # below the minimum
    "51121": "filter",  # not a multiple of the lot
    "51006": "filter",  # outside of the price limits
    "51169": "filter",  # reduce-only, and nothing to reduce
    "51149": "fate unknown",  # order timed out, unknown
    "51054": "fate unknown",  # request timed out
    "50004": "fate unknown",  # endpoint timed out: done or not
    "50026": "fate unknown",  # system error
    "50102": "late",
    "50036": "late",  # after its expTime
    "51155": "market closed",
    "51028": "market closed",  # contract is being settled
    "50011": "rate",
    "50013": "overloaded",
    "50001": "market closed",
    "50113": "auth",
    "50111": "auth",
    "50105": "auth",  # passphrase
}

OKX = TradingFacts(
    id="okx",
    verified="2026-11-22",
    source="OKX v5 API documentation; okx openapi client; ccxt 4.5.90",
    recalled=("amend", "codes", "expiry_ms", "lag", "link", "rates.weight"),
    fill_before_ack=True,
    post_only="cancel",  # accepted, then cancelled with the reason post-only
    self_trade="maker",  # stpMode cancel_maker
    cancel_all="none",  # mass-cancel is for options and market-maker protection only
    batch_create=20,
    batch_cancel=20,
    amend=Amending(cancels=True),
    id_max=32,
    id_chars="alnum",  # no hyphen
    id_rule="unique",
    duplicate="reject",
    expiry_ms=1_000,  # expTime
    cancel_ack_final=False,  # the answer says that the request was taken
    codes=_CODES,
    dead_man=DeadManFacts(mechanism="countdown", scope="account", min_ms=10_000, max_ms=120_000, step_ms=1_000),
    # 60 requests in 2 s to place, and as many to cancel; an instrument may have each of them, we share them.
    rates=RateFacts(weight=120, window_ms=2_000, orders=((60, 2_000),), penalty="429"),
    link=LinkFacts(client_ping_s=20, pong_s=10),
    lag=LagFacts(open_ms=500, fills_ms=1_000, positions_ms=1_000),
)

TRADING: dict[str, TradingFacts] = {OKX.id: OKX}
