"""How Gate publishes market data (spot, and perpetual contracts in USDT), and what its symbols mean.

Sources: the venue's WebSocket v4 documentation (order_book_update, obu, trades, book_ticker), messages of 2021-2025.

Rules of this file: facts, and the meaning of a symbol.
"""

from __future__ import annotations

import msgspec

from mmtui.core.market.instrument import Kind
from mmtui.venues.market_facts import MarketFacts

SPOT = MarketFacts(
    id="gate-spot",
    family="gate",
    verified="2026-11-22",
    source="Gate WebSocket v4 documentation; messages of other adapters",
    recalled=("ping_s", "batch"),
    urls=(("", "wss://api.gateio.ws/ws/v4/"),),
    sequence="U is the u before + 1; a full message replaces the book",
    book="spot.obu",
    depth=400,
    trades="spot.trades",
    quotes="spot.book_ticker",
    ping_s=10,
)

FUTURES = msgspec.structs.replace(
    SPOT,
    id="gate-futures",
    recalled=("ping_s", "batch", "book", "liquidations"),
    urls=(("", "wss://fx-ws.gateio.ws/v4/ws/usdt"),),
    book="futures.obu",
    trades="futures.trades",
    quotes="futures.book_ticker",
    marks="futures.tickers",
    liquidations="futures.public_liquidates",
)


def describe_spot(symbol: str) -> tuple[Kind, str, str]:
    """Kind, base and quote: BTC_USDT."""
    base, _, quote = symbol.partition("_")
    return "spot", base, quote or "USDT"


def describe_futures(symbol: str) -> tuple[Kind, str, str]:
    """Kind, base and quote: BTC_USDT is linear, BTC_USD inverse; sizes are contracts."""
    base, _, quote = symbol.partition("_")
    return ("inverse" if quote == "USD" else "linear"), base, quote or "USDT"
