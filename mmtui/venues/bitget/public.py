"""How Bitget publishes market data (futures and spot; WebSocket v2 and v3), and what its symbols mean.

Sources: the venue's WebSocket documentation v2 and v3, messages of 2024-2026.

Rules of this file: facts, and the meaning of a symbol.
"""

from __future__ import annotations

from mmtui.core.market.instrument import Kind
from mmtui.venues.market_facts import MarketFacts

BITGET = MarketFacts(
    id="bitget",
    family="bitget",
    verified="2026-11-22",
    source="Bitget WebSocket documentation v2, v3; messages of other adapters",
    recalled=("checksum", "depth", "life_s", "liquidations", "per_s", "ping_s"),
    urls=(("", "wss://ws.bitget.com/v3/ws/public"),),
    sequence="pseq is the seq before; 0 in a snapshot",
    checksum="where no seq is sent: CRC32 (signed) of the best 25 levels",
    book="books",
    depth=0,
    trades="publicTrade",
    quotes="books1",
    marks="ticker",
    liquidations="liquidation",
    ping="ping",
    pong="pong",
    ping_s=30,
    life_s=86_400,
    per_s=10,
)

_QUOTES = ("USDT", "USDC")


def describe(symbol: str) -> tuple[Kind, str, str]:
    """Kind, base and quote. Spot and linear contracts share symbols: it is taken to be the contract."""
    if symbol.endswith("PERP"):
        return "linear", symbol[:-4], "USDC"
    for quote in _QUOTES:
        if symbol.endswith(quote) and len(symbol) > len(quote):
            return "linear", symbol[: -len(quote)], quote
    base, usd, _ = symbol.partition("USD")
    return ("inverse", base, "USD") if usd and base else ("linear", symbol, "USDT")
