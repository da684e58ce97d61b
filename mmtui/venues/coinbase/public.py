"""How Coinbase publishes market data (Advanced Trade, and the older Exchange feed), and what its symbols mean.

Sources: the venue's Advanced Trade WebSocket documentation, adapters that say that the side of public trades is the
maker's, messages of 2021 and 2026.

Rules of this file: facts, and the meaning of a symbol.
"""

from __future__ import annotations

from mmtui.core.market.instrument import Kind
from mmtui.venues.market_facts import MarketFacts

ADVANCED = MarketFacts(
    id="coinbase",
    family="coinbase",
    verified="2026-11-22",
    source="Coinbase Advanced Trade WebSocket documentation; other adapters",
    recalled=("per_s", "ping_s", "sequence"),
    urls=(("", "wss://advanced-trade-ws.coinbase.com"),),
    sequence="sequence_num is the one before + 1, over all channels of a connection: a gap is one of every book",
    book="level2",  # its messages are called l2_data
    depth=0,
    trades="market_trades",
    quotes="ticker",
    ping_s=20,
    per_s=8,  # without a login
    steady=True,  # the channel heartbeats sends one a second
)

EXCHANGE = MarketFacts(
    id="coinbase-exchange",
    family="coinbase",
    verified="2026-11-22",
    source="Coinbase Exchange WebSocket documentation; messages of 2021",
    recalled=("ping_s",),
    urls=(("", "wss://ws-feed.exchange.coinbase.com"),),
    sequence="none in level2_batch: an unreadable frame is a gap of every book",
    book="level2_batch",
    depth=0,
    trades="matches",
    quotes="ticker",
    ping_s=20,
)


def describe(symbol: str) -> tuple[Kind, str, str]:
    """Kind, base and quote: BTC-USD is spot, BTC-PERP-INTX a perpetual in USDC."""
    base, _, quote = symbol.partition("-")
    return ("linear", base, "USDC") if quote.startswith("PERP") else ("spot", base, quote or "USD")
