"""Facts about Binance's three markets, as data: kinds, fees, ticks, lots, contract sizes.

Rules of this file: facts and the date on which they were checked; no wire format, no sockets.
Ticks and lots of the six instruments of August 2024 were read in captures of that month; the others stand in the
venue's exchangeInfo answers of 2021 and may be coarser than today's: a finer decimal refines the grid by itself.
Fees are the desk rules' defaults; minimum notionals are recalled, not verified: a config overrides both.
"""

from __future__ import annotations

import re
from typing import Literal

import msgspec

from mmtui.core.market.instrument import Instrument, Kind

#: When ticks, lots and contract sizes below were last compared with the sources named above.
VERIFIED = "2026-11-22"

FAMILY = "binance"


class Market(msgspec.Struct, frozen=True):
    id: str
    title: str
    kind: Kind
    futures: bool  # sequence rule by pu, prices with T and E
    maker_bps: str
    taker_bps: str
    min_notional: str


SPOT = Market("binance-spot", "Binance spot", "spot", False, "10", "10", "5")
USDM = Market("binance-usdm", "Binance USDS-M futures", "linear", True, "2", "5", "5")
COINM = Market("binance-coinm", "Binance COIN-M futures", "inverse", True, "2", "5", "0")

MARKETS: dict[str, Market] = {market.id: market for market in (SPOT, USDM, COINM)}

#: (market, symbol) -> tick, lot, min notional ("": the market's).
TABLE: dict[tuple[str, str], tuple[str, str, str]] = {
    ("binance-spot", "BTCUSDT"): ("0.01", "0.00001", ""),
    ("binance-spot", "ETHUSDT"): ("0.01", "0.0001", ""),
    ("binance-spot", "BNBBTC"): ("0.000001", "0.001", "0.0001"),
    ("binance-spot", "DOGEUSDT"): ("0.0001", "1", ""),
    ("binance-spot", "SHIBUSDT"): ("0.00000001", "1", ""),
    ("binance-usdm", "BTCUSDT"): ("0.1", "0.001", "100"),
    ("binance-usdm", "ETHUSDT"): ("0.01", "0.001", "20"),
    ("binance-usdm", "BNBUSDT"): ("0.01", "0.01", ""),
    ("binance-usdm", "DOGEUSDT"): ("0.00001", "1", ""),
    ("binance-usdm", "1000SHIBUSDT"): ("0.000001", "1", ""),
    ("binance-coinm", "BTCUSD_PERP"): ("0.1", "1", ""),
    ("binance-coinm", "ETHUSD_PERP"): ("0.01", "1", ""),
}

#: Bases whose stale and collar defaults are those of majors.
MAJORS = frozenset({"BTC", "ETH"})

_COINM = re.compile(r"([A-Z0-9]{1,20})USD_(PERP|\d{6})")
_SYMBOL = re.compile(r"\w{2,40}")  # some bases are Chinese
#: Quote assets, longest first: a symbol is base + quote without a separator.
_QUOTES = ("FDUSD", "USDT", "USDC", "BUSD", "TUSD", "USD1", "BTC", "ETH", "BNB", "EUR", "TRY", "BRL", "JPY", "USD")


def is_symbol(text: str) -> bool:
    return _SYMBOL.fullmatch(text) is not None


def is_coinm(symbol: str) -> bool:
    """COIN-M symbols read BTCUSD_PERP or BTCUSD_240927."""
    return _COINM.fullmatch(symbol) is not None


def split(market: Market, symbol: str) -> tuple[str, str]:
    """Base and quote asset of a symbol."""
    if market is COINM:
        match = _COINM.fullmatch(symbol)
        return (match.group(1), "USD") if match else (symbol, "USD")
    name = symbol.partition("_")[0]
    for quote in _QUOTES:
        if name.endswith(quote) and len(name) > len(quote):
            return name[: -len(quote)], quote
    return name, "USDT"


def contract_size(market: Market, base: str) -> str:
    """COIN-M: 100 USD a contract for BTC, 10 for the others; elsewhere one unit of base."""
    if market is not COINM:
        return "1"
    return "100" if base == "BTC" else "10"


def known_grid(market_id: str, symbol: str) -> tuple[str, str] | None:
    """Tick and lot of the bundled table. A dated COIN-M contract has its perpetual's lot, but its own tick."""
    row = TABLE.get((market_id, symbol))
    return (row[0], row[1]) if row else None


def instrument(
    market: Market,
    symbol: str,
    tick: str,
    lot: str,
    grid: Literal["config", "venue", "table", "inferred"],
) -> Instrument:
    """The instrument of a symbol on a given grid, everything else by the facts above."""
    base, quote = split(market, symbol)
    row = TABLE.get((market.id, symbol))
    return Instrument(
        id=f"{market.id}:{symbol}",
        venue=market.id,
        symbol=symbol,
        kind=market.kind,
        base=base,
        quote=quote,
        settle=base if market is COINM else quote,
        tick=tick,
        lot=lot,
        contract_size=contract_size(market, base),
        min_notional=(row[2] if row else "") or market.min_notional,
        maker_bps=market.maker_bps,
        taker_bps=market.taker_bps,
        major=base in MAJORS,
        grid=grid,
    )
