"""Where Binance is: addresses, streams, and the calls that mmtui may sign. Nothing else is ever signed.

Sources: the venue's public documentation (spot; USDS-M with the paths /public, /market and /private of 2026).

Rules of this file: data, and names of streams.
"""

from __future__ import annotations

import msgspec

from mmtui.core.market.instrument import Instrument
from mmtui.venues.binance.signable import FIELDS, WEBSOCKET

VERIFIED = "2026-11-22"


class Links(msgspec.Struct, frozen=True, kw_only=True):
    """One market's addresses. A config may put another `rest` and `ws` in their place."""

    rest: str
    ws: str
    api_ws: str = ""  # the WebSocket API, where private streams are subscribed to by signature
    account: str  # REST address that knows what a key may do
    time: str
    info: str
    depth: str
    depth_limit: int
    depth_weight: int
    public: str  # path of the stream with books and trades
    market: str = ""  # path of a second stream (mark prices, liquidations)
    private: str = ""  # path of the private stream; the listen key, where there is one, stands behind it
    key: str = ""  # path of the listen key


LINKS: dict[str, Links] = {
    "binance-spot": Links(
        rest="https://api.binance.com",
        ws="wss://stream.binance.com:9443",
        api_ws="wss://ws-api.binance.com:443",
        account="https://api.binance.com",
        time="/api/v3/time",
        info="/api/v3/exchangeInfo",
        depth="/api/v3/depth",
        depth_limit=1_000,
        depth_weight=50,
        public="/stream",
        private="/ws-api/v3",
    ),
    "binance-usdm": Links(
        rest="https://fapi.binance.com",
        ws="wss://fstream.binance.com",
        account="https://api.binance.com",
        time="/fapi/v1/time",
        info="/fapi/v1/exchangeInfo",
        depth="/fapi/v1/depth",
        depth_limit=1_000,
        depth_weight=20,
        public="/public/stream",
        market="/market/stream",
        private="/private/ws?listenKey=",
        key="/fapi/v1/listenKey",
    ),
    "binance-coinm": Links(
        rest="https://dapi.binance.com",
        ws="wss://dstream.binance.com",
        account="https://api.binance.com",
        time="/dapi/v1/time",
        info="/dapi/v1/exchangeInfo",
        depth="/dapi/v1/depth",
        depth_limit=1_000,
        depth_weight=20,
        public="/stream",
        private="/ws/",
        key="/dapi/v1/listenKey",
    ),
}

#: Method and path of every call that may carry a signature, a market each: orders, amends, cancels, dead-man switch,
#: reads.
SIGNED: dict[str, frozenset[tuple[str, str]]] = {
    market: frozenset(call for call in calls if call[0] != WEBSOCKET) for market, calls in FIELDS.items()
}

#: Streams of one instrument: of the public path, of the market path.
_PUBLIC = ("depth@100ms", "bookTicker", "trade")
_MARKET = ("markPrice@1s", "forceOrder")


def public_path(links: Links, instruments: list[Instrument]) -> str:
    """Path and query of the combined stream with books, best quotes and trades; of futures whose marks have no path of
    their own, with those too."""
    kinds = _PUBLIC if links.market or not links.key else _PUBLIC + _MARKET
    return f"{links.public}?streams={_streams(instruments, kinds)}"


def market_path(links: Links, instruments: list[Instrument]) -> str:
    """... with mark prices and liquidations; "" where the market has no path for them."""
    return f"{links.market}?streams={_streams(instruments, _MARKET)}" if links.market else ""


def _streams(instruments: list[Instrument], kinds: tuple[str, ...]) -> str:
    return "/".join(f"{item.symbol.lower()}@{kind}" for item in instruments for kind in kinds)
