"""How Bybit publishes market data, and what its symbols mean.

Sources: the venue's v5 API documentation (orderbook, trade, ticker, all-liquidation, connect), messages of 2023-2025.
The documentation of the binary book of 50 levels states the rule that the text book follows as well: the next u is the
u before + 1, except that u = 1 is always a snapshot (restart of the service).

Rules of this file: facts, and the meaning of a symbol.
"""

from __future__ import annotations

import msgspec

from mmtui.core.market.instrument import Kind
from mmtui.venues.market_facts import MarketFacts

BYBIT = MarketFacts(
    id="bybit",
    family="bybit",
    verified="2026-11-22",
    source="Bybit v5 API documentation; messages of other adapters",
    urls=(
        ("spot", "wss://stream.bybit.com/v5/public/spot"),
        ("linear", "wss://stream.bybit.com/v5/public/linear"),
        ("inverse", "wss://stream.bybit.com/v5/public/inverse"),
    ),
    sequence="u is the u before + 1; u = 1 and every snapshot replace the book; seq orders all streams of a symbol",
    book="orderbook.200",
    depth=200,
    trades="publicTrade",
    quotes="orderbook.1",
    marks="tickers",
    liquidations="allLiquidation",
    ping='{"op":"ping"}',
    pong='{"success":true,"ret_msg":"pong"',
    ping_s=20,
    batch=10,  # of the spot stream; the others take more
)

SPOT = msgspec.structs.replace(
    BYBIT,
    id="bybit-spot",
    urls=(("", "wss://stream.bybit.com/v5/public/spot"),),
    marks="",
    liquidations="",
)

_QUOTES = ("USDT", "USDC", "USDE", "USD1", "BTC", "ETH", "EUR", "BRL", "TRY")


def describe_spot(symbol: str) -> tuple[Kind, str, str]:
    """Kind, base and quote of a spot symbol: BTCUSDT."""
    for quote in (*_QUOTES, "USD"):
        if symbol.endswith(quote) and len(symbol) > len(quote):
            return "spot", symbol[: -len(quote)], quote
    return "spot", symbol, "USDT"


def describe(symbol: str) -> tuple[Kind, str, str]:
    """Kind, base and quote. Spot and linear contracts may share a symbol: it is taken to be the contract."""
    name = symbol.partition("-")[0]
    if name.endswith("PERP"):
        return "linear", name[:-4], "USDC"
    for quote in _QUOTES:
        if name.endswith(quote) and len(name) > len(quote):
            return "linear", name[: -len(quote)], quote
    base, usd, _ = name.partition("USD")  # BTCUSD, BTCUSDU23
    return ("inverse", base, "USD") if usd and base else ("linear", name, "USDT")
