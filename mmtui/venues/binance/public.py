"""How Binance's three markets publish market data.

Sources: the venue's WebSocket documentation and changelogs (the paths /public and /market of USDS-M since 2026-04-23),
captures of August 2024.

Rules of this file: facts only.
"""

from __future__ import annotations

import msgspec

from mmtui.venues.market_facts import MarketFacts

SPOT = MarketFacts(
    id="binance-spot",
    family="binance",
    verified="2026-11-22",
    source="Binance WebSocket documentation; captures of August 2024",
    urls=(("", "wss://stream.binance.com:9443/stream"),),
    sequence="U is the u before + 1; updates are kept and replayed on the snapshot that they join",
    snapshot="rest",
    book="depth@100ms",
    depth=1000,
    trades="trade",
    quotes="bookTicker",
    ping_s=20,  # the venue pings, we answer
)

USDM = msgspec.structs.replace(
    SPOT,
    id="binance-usdm",
    recalled=("ping_s",),
    urls=(("public", "wss://fstream.binance.com/public/stream"), ("market", "wss://fstream.binance.com/market/stream")),
    sequence="pu is the u before; updates are kept and replayed on the snapshot that they join",
    book="depth@0ms",
    marks="markPrice",
    liquidations="forceOrder",
    ping_s=180,
)

COINM = msgspec.structs.replace(
    USDM,
    id="binance-coinm",
    urls=(("", "wss://dstream.binance.com/stream"),),
    recalled=("ping_s", "urls"),
)

BINANCE: dict[str, MarketFacts] = {facts.id: facts for facts in (SPOT, USDM, COINM)}
