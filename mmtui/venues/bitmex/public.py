"""How BitMEX publishes market data, and what its symbols mean.

Sources: the venue's realtime API documentation, messages of 2021 and 2024.

Rules of this file: facts, and the meaning of a symbol.
"""

from __future__ import annotations

from mmtui.core.market.instrument import Kind
from mmtui.venues.market_facts import MarketFacts

BITMEX = MarketFacts(
    id="bitmex",
    family="bitmex",
    verified="2026-11-22",
    source="BitMEX realtime API documentation; messages of other adapters",
    recalled=("funding_h", "ping_s"),
    urls=(("", "wss://ws.bitmex.com/realtime"),),
    sequence="none: updates and deletes name a level id that must be known, inserts one that must not",
    book="orderBookL2",
    depth=0,
    trades="trade",
    quotes="quote",
    marks="instrument, funding",
    liquidations="liquidation",
    funding_h=8,
    ping="ping",
    pong="pong",
    ping_s=5,
)


def describe(symbol: str) -> tuple[Kind, str, str]:
    """Kind, base and quote: XBTUSD and XBTZ25 are inverse, ...USDT linear, XBT_USDT spot; XBT is BTC."""
    base, underscore, quote = symbol.partition("_")
    if underscore:
        return "spot", _coin(base), quote
    if symbol.endswith("USDT"):
        return "linear", _coin(symbol[:-4]), "USDT"
    return "inverse", _coin(symbol[:3]), "USD"


def _coin(name: str) -> str:
    return "BTC" if name == "XBT" else name
