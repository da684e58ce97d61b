"""Which venue publishes how: the tables, decoders and symbol rules of all venues with native wire code, by venue id.

Rules of this file: the list; the facts stand in each venue's public.py, their shape in market_facts.py.
"""

from __future__ import annotations

from collections.abc import Callable

from mmtui.core.market.instrument import Instrument, Kind
from mmtui.venues.binance.public import BINANCE
from mmtui.venues.bitget import public as bitget
from mmtui.venues.bitget.wire import Decoder as Bitget
from mmtui.venues.bitmex import public as bitmex
from mmtui.venues.bitmex.wire import Decoder as Bitmex
from mmtui.venues.bybit import public as bybit
from mmtui.venues.bybit.wire import Decoder as Bybit
from mmtui.venues.bybit.wire import SpotDecoder as BybitSpot
from mmtui.venues.coinbase import public as coinbase
from mmtui.venues.coinbase.wire import Decoder as Coinbase
from mmtui.venues.coinbase.wire_exchange import Decoder as CoinbaseExchange
from mmtui.venues.deribit import public as deribit
from mmtui.venues.deribit.wire import Decoder as Deribit
from mmtui.venues.dydx import public as dydx
from mmtui.venues.dydx.wire import Decoder as Dydx
from mmtui.venues.gate import public as gate
from mmtui.venues.gate.wire import FuturesDecoder as GateFutures
from mmtui.venues.gate.wire import SpotDecoder as GateSpot
from mmtui.venues.hyperliquid import public as hyperliquid
from mmtui.venues.hyperliquid.wire import Decoder as Hyperliquid
from mmtui.venues.kraken import public as kraken
from mmtui.venues.kraken.wire import Decoder as KrakenSpot
from mmtui.venues.kraken.wire_futures import Decoder as KrakenFutures
from mmtui.venues.market_decoder import MarketDecoder
from mmtui.venues.market_facts import MarketFacts
from mmtui.venues.okx import public as okx
from mmtui.venues.okx.wire import Decoder as Okx

__all__ = ["COLUMNS", "DECODERS", "LIVE_DECODERS", "MARKET_FACTS", "capabilities", "inferred"]

#: Venue id -> its decoder, in a fixed order.
DECODERS: dict[str, type[MarketDecoder]] = {
    decoder.facts.id: decoder
    for decoder in (
        Okx,
        Bybit,
        Hyperliquid,
        Deribit,
        KrakenSpot,
        KrakenFutures,
        Coinbase,
        CoinbaseExchange,
        GateSpot,
        GateFutures,
        Dydx,
        Bitmex,
        Bitget,
    )
}

#: ... and those that only a connection tells from another: their messages in a file are the other's.
LIVE_DECODERS: dict[str, type[MarketDecoder]] = {**DECODERS, BybitSpot.facts.id: BybitSpot}

#: Venue id -> how it publishes.
MARKET_FACTS: dict[str, MarketFacts] = {**BINANCE, **{name: decoder.facts for name, decoder in LIVE_DECODERS.items()}}

#: Columns of `capabilities`.
COLUMNS = ("venue", "book", "levels", "proof of the book", "snapshot", "trades", "best quote", "marks", "liquidations",
           "verified")  # fmt: skip


def capabilities() -> list[tuple[str, ...]]:
    """A row a venue, for tables of documents and of the doctor: what its public data has, and what proves its book."""
    return [
        (
            facts.id,
            facts.book,
            str(facts.depth) if facts.depth else "all",
            "; ".join(rule for rule in (facts.sequence, facts.checksum) if rule),
            facts.snapshot,
            facts.trades,
            facts.quotes or "none",
            facts.marks or "none",
            facts.liquidations or "none",
            facts.verified,
        )
        for facts in MARKET_FACTS.values()
    ]

_DESCRIBE: dict[str, Callable[[str], tuple[Kind, str, str]]] = {
    "okx": okx.describe,
    "bybit": bybit.describe,
    "bybit-spot": bybit.describe_spot,
    "hyperliquid": hyperliquid.describe,
    "deribit": deribit.describe,
    "kraken-spot": kraken.describe_spot,
    "kraken-futures": kraken.describe_futures,
    "coinbase": coinbase.describe,
    "coinbase-exchange": coinbase.describe,
    "dydx": dydx.describe,
    "bitmex": bitmex.describe,
    "bitget": bitget.describe,
    "gate-spot": gate.describe_spot,
    "gate-futures": gate.describe_futures,
}


def inferred(venue: str, symbol: str, tick: str = "1", lot: str = "1") -> Instrument:
    """An instrument of which only the symbol is known; its grid is refined by the decimals that come."""
    kind, base, quote = _DESCRIBE[venue](symbol)
    return Instrument(
        id=f"{venue}:{symbol}",
        venue=venue,
        symbol=symbol,
        kind=kind,
        base=base,
        quote=quote,
        settle=base if kind == "inverse" else quote,
        tick=tick,
        lot=lot,
        grid="inferred",
    )
