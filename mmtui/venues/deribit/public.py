"""How Deribit publishes market data, and what its symbols mean.

Sources: the venue's API documentation v2 (subscriptions, heartbeat), messages of 2021-2026.

Rules of this file: facts, and the meaning of a symbol.
"""

from __future__ import annotations

from mmtui.core.market.instrument import Kind
from mmtui.venues.market_facts import MarketFacts

DERIBIT = MarketFacts(
    id="deribit",
    family="deribit",
    verified="2026-11-22",
    source="Deribit API documentation v2; messages of other adapters",
    recalled=("funding_h", "per_s"),
    urls=(("", "wss://www.deribit.com/ws/api/v2"),),
    sequence="prev_change_id is the change_id before; a snapshot has none",
    book="book.{}.100ms",  # raw needs a login
    depth=0,
    trades="trades.{}.100ms",
    quotes="quote.{}",
    marks="ticker.{}.100ms",
    liquidations="in trades",
    funding_h=8,  # current_funding is a rate of eight hours, accrued all the time
    per_s=3,  # public/subscribe: 3.3 a second in the long run
    ping_s=30,  # the venue asks (test_request), we answer
)


def describe(symbol: str) -> tuple[Kind, str, str]:
    """Kind, base and quote: BTC-PERPETUAL is inverse, BTC_USDC-PERPETUAL linear, BTC_USDC spot, options in coin."""
    name, dash, rest = symbol.partition("-")
    base, underscore, quote = name.partition("_")
    if not dash:
        return "spot", base, quote or "USD"
    if underscore:
        return "linear", base, quote
    if rest.endswith(("-C", "-P")):
        return "linear", base, base
    return "inverse", base, "USD"
