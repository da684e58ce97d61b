"""How Kraken publishes market data (spot: WebSocket v2; futures: v1), and what its symbols mean.

Sources: the venue's API documentation (spot book with its checksum guide, trade, ticker; futures book, trade,
ticker), messages of 2021-2026.

Rules of this file: facts, and the meaning of a symbol.
"""

from __future__ import annotations

from mmtui.core.market.instrument import Kind
from mmtui.venues.market_facts import MarketFacts

SPOT = MarketFacts(
    id="kraken-spot",
    family="kraken",
    verified="2026-11-22",
    source="Kraken WebSocket v2 documentation with its checksum guide",
    urls=(("", "wss://ws.kraken.com/v2"),),
    sequence="none: the checksum is the proof",
    checksum="CRC32 of the best 10 asks and bids, on every message of the book; cut to the depth after each",
    book="book",
    depth=100,
    trades="trade",
    quotes="ticker",
    ping='{"method":"ping"}',
    pong='{"method":"pong"',
    ping_s=30,
    steady=True,  # the channel heartbeat
)

FUTURES = MarketFacts(
    id="kraken-futures",
    family="kraken",
    verified="2026-11-22",
    source="Kraken Futures WebSocket documentation; messages of other adapters",
    recalled=("funding_h", "ping_s"),
    urls=(("", "wss://futures.kraken.com/ws/v1"),),
    sequence="seq is the seq before + 1, a product",
    book="book",
    depth=0,
    trades="trade",
    quotes="ticker",
    marks="ticker",
    liquidations="in trade",
    funding_h=1,  # relative_funding_rate is of an hour
    ping_s=30,
)


def describe_spot(symbol: str) -> tuple[Kind, str, str]:
    """Kind, base and quote: BTC/USD."""
    base, _, quote = symbol.partition("/")
    return "spot", base, quote or "USD"


def describe_futures(symbol: str) -> tuple[Kind, str, str]:
    """Kind, base and quote: PI_ and FI_ are inverse, PF_ and FF_ linear; XBT is BTC."""
    kind, _, rest = symbol.partition("_")
    pair = rest.partition("_")[0]
    base = pair.removesuffix("USD")
    return ("inverse" if kind in ("PI", "FI") else "linear"), "BTC" if base == "XBT" else base, "USD"
