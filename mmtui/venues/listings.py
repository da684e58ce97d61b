"""Instruments as the venues list them: tick, lot, contract size and smallest notional, from the answers about them.

Sizes are counted as in the venue's market data: contracts on OKX, units of quote on Deribit's and Kraken's inverse
contracts.  What is not traded now, and what is neither spot nor a contract of one instrument, is left out.

Rules of this file: sans-IO and pure; an answer that is none is a WireError.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

from mmtui.core.market.instrument import Instrument, Kind
from mmtui.venues.binance.grid import WireError, parse_step
from mmtui.venues.private_words import Object, keys, number, reports, word

#: Bases whose stale and collar defaults are those of majors.
MAJORS = frozenset({"BTC", "ETH"})

_Shape = tuple[frozenset[str], Callable[[Object], list[Instrument]]]


def _instrument(
    venue: str,
    symbol: str,
    kind: Kind,
    base: str,
    quote: str,
    tick: str,
    lot: str,
    size: str = "1",
    notional: str = "0",
    settle: str = "",
) -> list[Instrument]:
    parse_step(tick)  # a WireError unless both are what they must be
    parse_step(lot)
    return [
        Instrument(
            id=f"{venue}:{symbol}",
            venue=venue,
            symbol=symbol,
            kind=kind,
            base=base,
            quote=quote,
            settle=settle or (base if kind == "inverse" else quote),
            tick=tick,
            lot=lot,
            contract_size=size,
            min_notional=notional,
            major=base in MAJORS,
            grid="venue",
        )
    ]


def _product(*texts: str) -> str:
    found = Decimal(1)
    for text in texts:
        found *= Decimal(text)
    return f"{found.normalize():f}"


def _step(places: int) -> str:
    """The step of so many decimals; below 0 it is of tens."""
    if not -6 <= places <= 12:
        raise WireError(f"{places} decimals")
    return _product(f"1e{-places}")


def _okx(d: Object) -> list[Instrument]:
    if d["state"] != "live" or d["instType"] not in ("SPOT", "SWAP", "FUTURES"):
        return []
    symbol, tick, lot = word(d, "instId"), number(d, "tickSz"), number(d, "lotSz")
    if d["instType"] == "SPOT":
        return _instrument("okx", symbol, "spot", word(d, "baseCcy"), word(d, "quoteCcy"), tick, lot)
    base, _, quote = word(d, "uly", "instFamily").partition("-")
    kind: Kind = "inverse" if d["ctType"] == "inverse" else "linear"
    size = _product(number(d, "ctVal"), number(d, "ctMult"))
    return _instrument("okx", symbol, kind, base, quote, tick, lot, size, settle=word(d, "settleCcy"))


def _bybit(d: Object) -> list[Instrument]:
    if d["status"] != "Trading" or "optionsType" in d:
        return []
    lots, tick = d["lotSizeFilter"], number(d["priceFilter"], "tickSize")
    contract = word(d, "contractType")
    kind: Kind = "spot" if not contract else "inverse" if contract.startswith("Inverse") else "linear"
    lot, notional = number(lots, "qtyStep", "basePrecision"), number(lots, "minNotionalValue", "minOrderAmt")
    names = word(d, "symbol"), kind, word(d, "baseCoin"), word(d, "quoteCoin")
    return _instrument("bybit", *names, tick, lot, notional=notional, settle=word(d, "settleCoin"))


def _bybit_spot(d: Object) -> list[Instrument]:
    if d["status"] != "Trading" or word(d, "contractType"):
        return []
    lots, names = d["lotSizeFilter"], (word(d, "baseCoin"), word(d, "quoteCoin"))
    grid = number(d["priceFilter"], "tickSize"), number(lots, "basePrecision")
    return _instrument("bybit-spot", word(d, "symbol"), "spot", *names, *grid, notional=number(lots, "minOrderAmt"))


def _deribit(d: Object) -> list[Instrument]:
    """Amounts, not contracts, are what messages and orders count."""
    if d["is_active"] is not True or d["kind"] not in ("spot", "future"):
        return []
    kind: Kind = "spot" if d["kind"] == "spot" else "inverse" if d["instrument_type"] == "reversed" else "linear"
    names = word(d, "instrument_name"), kind, word(d, "base_currency"), word(d, "quote_currency")
    grid = number(d, "tick_size"), number(d, "min_trade_amount")
    return _instrument("deribit", *names, *grid, settle=word(d, "settlement_currency"))


def _kraken_pair(d: Object) -> list[Instrument]:
    """The REST interface, which calls BTC and DOGE otherwise than the WebSocket does."""
    if d["status"] != "online":
        return []
    coins = {"XBT": "BTC", "XDG": "DOGE"}
    base, quote = (coins.get(name, name) for name in word(d, "wsname").split("/"))
    grid = number(d, "tick_size"), _step(int(number(d, "lot_decimals")))
    return _instrument("kraken-spot", f"{base}/{quote}", "spot", base, quote, *grid, notional=number(d, "costmin"))


def _kraken_channel(d: Object) -> list[Instrument]:
    """Channel instrument of the WebSocket."""
    if d["status"] != "online":
        return []
    names = word(d, "symbol"), word(d, "base"), word(d, "quote")
    grid = number(d, "price_increment"), number(d, "qty_increment")
    return _instrument("kraken-spot", names[0], "spot", *names[1:], *grid, notional=number(d, "cost_min"))


def _kraken_futures(d: Object) -> list[Instrument]:
    if d["tradeable"] is not True or d["type"] not in ("flexible_futures", "futures_inverse"):
        return []
    kind: Kind = "inverse" if d["type"] == "futures_inverse" else "linear"
    names = word(d, "symbol"), kind, word(d, "base"), word(d, "quote")
    grid = number(d, "tickSize"), _step(int(number(d, "contractValueTradePrecision")))
    return _instrument("kraken-futures", *names, *grid, number(d, "contractSize"))


def _coinbase(d: Object) -> list[Instrument]:
    if d["status"] != "online" or d.get("product_type", "SPOT") != "SPOT" or d.get("trading_disabled") is True:
        return []
    names = word(d, "base_currency_id"), word(d, "quote_currency_id")
    grid = number(d, "price_increment", "quote_increment"), number(d, "base_increment")
    return _instrument("coinbase", word(d, "product_id"), "spot", *names, *grid, notional=number(d, "quote_min_size"))


def _hyperliquid(d: Object) -> list[Instrument]:
    """A perpetual's price has at most six decimals less those of its size (and five digits, unless it is whole)."""
    places = int(number(d, "szDecimals"))
    if d.get("isDelisted") is True or not 0 <= places <= 6:
        return []
    name = word(d, "name")
    grid = _step(6 - places), _step(places)
    return _instrument("hyperliquid", name, "linear", name.rpartition(":")[2], "USDC", *grid, notional="10")


def _gate_pair(d: Object) -> list[Instrument]:
    if d["trade_status"] != "tradable":
        return []
    grid = _step(int(number(d, "precision"))), _step(int(number(d, "amount_precision")))
    names = word(d, "base"), word(d, "quote")
    return _instrument("gate-spot", word(d, "id"), "spot", *names, *grid, notional=number(d, "min_quote_amount"))


def _gate_contract(d: Object) -> list[Instrument]:
    """Sizes are whole contracts."""
    if d["in_delisting"] is True or word(d, "type") != "direct":
        return []
    base, _, quote = word(d, "name").partition("_")
    grid = number(d, "order_price_round"), "1"
    return _instrument("gate-futures", word(d, "name"), "linear", base, quote, *grid, number(d, "quanto_multiplier"))


def _dydx(d: Object) -> list[Instrument]:
    if d["status"] != "ACTIVE":
        return []
    name = word(d, "ticker")
    return _instrument("dydx", name, "linear", name.partition("-")[0], "USDC", number(d, "tickSize"),
                       number(d, "stepSize"))  # fmt: skip


def _bitmex(d: Object) -> list[Instrument]:
    """Perpetuals and futures. Sizes are contracts: of a dollar where inverse, of a part of a coin where linear."""
    if d["state"] != "Open" or d["isQuanto"] is not False or word(d, "typ") not in ("FFWCSX", "FFCCSX"):
        return []
    kind: Kind = "inverse" if d["isInverse"] is True else "linear"
    base, quote = {"XBT": "BTC"}.get(word(d, "underlying"), word(d, "underlying")), word(d, "quoteCurrency")
    parts = number(d, "underlyingToPositionMultiplier")
    size = "1" if kind == "inverse" else _product(f"{1 / Decimal(parts)}") if parts != "0" else ""
    if not size:
        return []
    grid = number(d, "tickSize"), number(d, "lotSize")
    return _instrument("bitmex", word(d, "symbol"), kind, base, quote, *grid, size)


def _bitget(d: Object) -> list[Instrument]:
    """Contracts in USDT and USDC; those in coin count in coin, not in contracts, and are left out."""
    if d["status"] != "online" or word(d, "quoteCoin") not in ("USDT", "USDC"):
        return []
    names = word(d, "baseCoin"), word(d, "quoteCoin")
    grid = number(d, "priceMultiplier"), number(d, "quantityMultiplier")
    return _instrument("bitget", word(d, "symbol"), "linear", *names, *grid, notional=number(d, "minOrderAmount"))


#: Venue -> shapes of the objects that list an instrument.
SHAPES: dict[str, tuple[_Shape, ...]] = {
    "okx": ((keys("instId", "tickSz", "lotSz", "state"), _okx),),
    "bybit": ((keys("symbol", "priceFilter", "lotSizeFilter"), _bybit),),
    "bybit-spot": ((keys("symbol", "priceFilter", "lotSizeFilter"), _bybit_spot),),
    "deribit": ((keys("instrument_name", "tick_size", "min_trade_amount"), _deribit),),
    "kraken-spot": (
        (keys("wsname", "lot_decimals", "tick_size"), _kraken_pair),
        (keys("symbol", "price_increment", "qty_increment"), _kraken_channel),
    ),
    "kraken-futures": ((keys("symbol", "tickSize", "tradeable"), _kraken_futures),),
    "coinbase": ((keys("product_id", "base_increment", "quote_increment"), _coinbase),),
    "hyperliquid": ((keys("name", "szDecimals", "maxLeverage"), _hyperliquid),),
    "gate-spot": ((keys("id", "amount_precision", "precision", "trade_status"), _gate_pair),),
    "gate-futures": ((keys("name", "order_price_round", "quanto_multiplier"), _gate_contract),),
    "dydx": ((keys("ticker", "tickSize", "stepSize", "status"), _dydx),),
    "bitmex": ((keys("symbol", "tickSize", "lotSize", "state"), _bitmex),),
    "bitget": ((keys("symbol", "priceMultiplier", "quantityMultiplier"), _bitget),),
}

#: Venue -> where its answer is asked for.
ADDRESSES: dict[str, tuple[str, ...]] = {
    "okx": tuple(
        f"https://www.okx.com/api/v5/public/instruments?instType={kind}" for kind in ("SPOT", "SWAP", "FUTURES")
    ),
    "bybit": tuple(
        f"https://api.bybit.com/v5/market/instruments-info?category={kind}&limit=1000"
        for kind in ("linear", "inverse")
    ),
    "bybit-spot": ("https://api.bybit.com/v5/market/instruments-info?category=spot",),
    "deribit": ("https://www.deribit.com/api/v2/public/get_instruments?currency=any",),
    "kraken-spot": ("https://api.kraken.com/0/public/AssetPairs",),
    "kraken-futures": ("https://futures.kraken.com/derivatives/api/v3/instruments",),
    "coinbase": ("https://api.coinbase.com/api/v3/brokerage/market/products",),
    "hyperliquid": ("https://api.hyperliquid.xyz/info",),  # POST {"type": "meta"}
    "gate-spot": ("https://api.gateio.ws/api/v4/spot/currency_pairs",),
    "gate-futures": ("https://api.gateio.ws/api/v4/futures/usdt/contracts",),
    "dydx": ("https://indexer.dydx.trade/v4/perpetualMarkets",),
    "bitmex": ("https://www.bitmex.com/api/v1/instrument/active",),
    "bitget": tuple(
        f"https://api.bitget.com/api/v3/market/instruments?category={quote}-FUTURES" for quote in ("USDT", "USDC")
    ),
}


def listed(venue: str, body: bytes) -> list[Instrument]:
    """Instruments in an answer of a venue, in its order; WireError when it is none, KeyError for another venue."""
    return reports(body, SHAPES[venue])
