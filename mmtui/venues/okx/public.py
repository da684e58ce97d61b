"""How OKX publishes market data, and what its symbols mean.

Sources: the venue's v5 API documentation and its notice of 21 May 2026 (the checksum of books is 0 from 23 June 2026 on
and must not be used), messages of 2021-2026.

Rules of this file: facts, and the meaning of a symbol.
"""

from __future__ import annotations

from mmtui.core.market.instrument import Kind
from mmtui.venues.market_facts import MarketFacts

OKX = MarketFacts(
    id="okx",
    family="okx",
    verified="2026-11-22",
    source="OKX v5 API documentation; notice on the checksum of 21 May 2026; ccxt 4.5.90",
    recalled=("batch", "notice", "ping_s", "quotes"),  # quotes: that bbo-tbt counts in the same seqId as books
    urls=(("", "wss://ws.okx.com:8443/ws/v5/public"),),
    sequence="prevSeqId is the seqId before (a snapshot has -1; seqId may stand still, or step back at maintenance)",
    book="books",
    depth=400,
    trades="trades",
    quotes="bbo-tbt",
    marks="mark-price, index-tickers, funding-rate",
    liquidations="liquidation-orders",
    ping="ping",
    pong="pong",
    ping_s=20,
    notice='"code":"64008"',  # service upgrade: sent 60 s before
)


def describe(symbol: str) -> tuple[Kind, str, str]:
    """Kind, base and quote: BTC-USDT is spot, BTC-USDT-SWAP and BTC-USDT-250627 linear, BTC-USD-SWAP inverse."""
    parts = symbol.split("-")
    base, quote = (parts[0], parts[1].partition("_")[0]) if len(parts) > 1 else (symbol, "USDT")
    if len(parts) <= 2:
        return "spot", base, quote
    return ("inverse" if parts[1] == "USD" else "linear"), base, quote


def index_of(symbol: str) -> str:
    """The name of the index of a contract: BTC-USDT-SWAP -> BTC-USDT."""
    return "-".join(symbol.split("-")[:2])


def kind_name(symbol: str) -> str:
    """The venue's instType."""
    parts = symbol.split("-")
    if len(parts) <= 2:
        return "SPOT"
    return "SWAP" if parts[2] == "SWAP" else "FUTURES" if len(parts) == 3 else "OPTION"
