"""How dYdX v4 (its indexer) publishes market data, and what its symbols mean.

Sources: the indexer's WebSocket documentation, messages of 2024-2026.

Rules of this file: facts, and the meaning of a symbol.
"""

from __future__ import annotations

from mmtui.core.market.instrument import Kind
from mmtui.venues.market_facts import MarketFacts

DYDX = MarketFacts(
    id="dydx",
    family="dydx",
    verified="2026-11-22",
    source="dYdX v4 indexer documentation; messages of other adapters",
    recalled=("ping_s",),
    urls=(("", "wss://indexer.dydx.trade/v4/ws"),),
    sequence="message_id is the one before + 1, over all channels of a connection; the book may be crossed by design",
    book="v4_orderbook",
    depth=0,
    trades="v4_trades",
    marks="v4_markets",
    funding_h=1,
    ping_s=30,
)


def describe(symbol: str) -> tuple[Kind, str, str]:
    """Kind, base and quote: BTC-USD is a perpetual that settles in USDC."""
    base, _, _ = symbol.partition("-")
    return "linear", base, "USDC"
