"""How Hyperliquid publishes market data, and what its symbols mean.

Sources: the venue's API documentation (WebSocket subscriptions, info endpoint), its Python SDK, messages of 2023-2026.

Rules of this file: facts, and the meaning of a symbol.
"""

from __future__ import annotations

from mmtui.core.market.instrument import Kind
from mmtui.venues.market_facts import MarketFacts

HYPERLIQUID = MarketFacts(
    id="hyperliquid",
    family="hyperliquid",
    verified="2026-11-22",
    source="Hyperliquid API documentation; messages of other adapters",
    recalled=("ping_s", "depth", "steady"),
    urls=(("", "wss://api.hyperliquid.xyz/ws"),),
    sequence="none: every message is the whole book; one that is older (time) than the last is passed over",
    snapshot="every message",
    book="l2Book",
    depth=20,
    trades="trades",
    quotes="bbo",
    marks="activeAssetCtx",
    funding_h=1,  # paid at each full hour
    ping='{"method":"ping"}',
    pong='{"channel":"pong"}',
    ping_s=30,
    steady=True,  # a book every half second
)


def describe(symbol: str) -> tuple[Kind, str, str]:
    """Kind, base and quote: BTC is a perpetual in USDC, PURR/USDC and @107 are spot."""
    if symbol.startswith("@"):
        return "spot", symbol, "USDC"
    base, slash, quote = symbol.partition("/")
    return ("spot", base, quote or "USDC") if slash else ("linear", base.rpartition(":")[2], "USDC")
