"""Where the venues of market_table are asked: their clocks, their lists of instruments, fees, and a few known grids.

The addresses of the streams stand in each venue's public.py; what an answer about instruments holds is read by
listings.py.  Grids are those of the venues' own answers of 2025 and 2026; the venue is asked again before a desk runs,
and its answer goes before this table.  Fees are those of the lowest tier, recalled: a config's `fees_bps` goes before
them.

Sources: the venues' REST documentation, ccxt 4.5.90 (paths and answers of the clocks, lowest fee tiers).

Rules of this file: facts, and an address of one's own in a venue's place; no socket, no wire format.
"""

from __future__ import annotations

from typing import Literal, NamedTuple
from urllib.parse import urlsplit, urlunsplit

import msgspec

from mmtui.venues.listings import ADDRESSES

VERIFIED = "2026-11-22"

Grid = tuple[str, str, str, str]  # tick, lot, contract size, least notional


class Question(NamedTuple):
    """A REST call; with a body it is a POST."""

    url: str
    body: str = ""


class Clock(msgspec.Struct, frozen=True):
    """How a venue tells its time."""

    ask: Question
    at: tuple[str | int, ...]  # keys on the way to it
    unit: Literal["ms", "s", "iso"] = "ms"


class MarketLinks(msgspec.Struct, frozen=True, kw_only=True):
    """One venue's public side. `rest` and `ws`: scheme and host in place of the venue's own ("": its own)."""

    venue: str
    rest: str = ""
    ws: str = ""
    clock: Clock | None = None  # None: the venue tells no time
    lists: tuple[Question, ...]
    fees: tuple[tuple[str, str, str], ...]  # kind ("": all), maker, taker bps
    grids: dict[str, Grid]

    def fee(self, kind: str) -> tuple[str, str]:
        """Maker and taker bps of a kind of instrument."""
        return next((maker, taker) for of, maker, taker in self.fees if of in ("", kind))

    @property
    def home(self) -> str:
        """Where its questions go to."""
        return self.rest or "{0.scheme}://{0.netloc}".format(urlsplit(self.lists[0].url))

    def asked(self, question: Question) -> str:
        return at(question.url, self.rest)

    def stream(self, url: str) -> str:
        return at(url, self.ws)


def at(url: str, base: str) -> str:
    """The same path at another scheme and host; `base` "": where it is."""
    if not base:
        return url
    there, own = urlsplit(base), urlsplit(url)
    return urlunsplit((there.scheme, there.netloc, own.path, own.query, ""))


def _lists(venue: str) -> tuple[Question, ...]:
    return tuple(Question(url) for url in ADDRESSES[venue])


_HYPERLIQUID = "https://api.hyperliquid.xyz/info"

MARKET_LINKS: dict[str, MarketLinks] = {
    links.venue: links
    for links in (
        MarketLinks(
            venue="okx",
            clock=Clock(Question("https://www.okx.com/api/v5/public/time"), ("data", 0, "ts")),
            lists=_lists("okx"),
            fees=(("spot", "10", "15"), ("", "2", "5")),
            grids={
                "BTC-USDT": ("0.1", "0.00000001", "1", "0"),
                "ETH-USDT": ("0.01", "0.000001", "1", "0"),
                "BTC-USDT-SWAP": ("0.1", "0.01", "0.01", "0"),
                "ETH-USDT-SWAP": ("0.01", "0.01", "0.1", "0"),
                "BTC-USD-SWAP": ("0.1", "1", "100", "0"),
            },
        ),
        MarketLinks(
            venue="bybit",
            clock=Clock(Question("https://api.bybit.com/v5/market/time"), ("time",)),
            lists=_lists("bybit"),
            fees=(("", "2", "5.5"),),
            grids={
                "BTCUSDT": ("0.1", "0.001", "1", "5"),
                "ETHUSDT": ("0.01", "0.01", "1", "5"),
                "BTCUSD": ("0.1", "1", "1", "0"),
            },
        ),
        MarketLinks(
            venue="bybit-spot",
            clock=Clock(Question("https://api.bybit.com/v5/market/time"), ("time",)),
            lists=_lists("bybit-spot"),
            fees=(("", "10", "10"),),
            grids={"BTCUSDT": ("0.1", "0.000001", "1", "5"), "ETHUSDT": ("0.01", "0.00001", "1", "5")},
        ),
        MarketLinks(
            venue="hyperliquid",
            clock=Clock(Question(_HYPERLIQUID, '{"type":"exchangeStatus"}'), ("time",)),
            lists=(Question(_HYPERLIQUID, '{"type":"meta"}'),),
            fees=(("spot", "4", "7"), ("", "1.5", "4.5")),
            grids={"BTC": ("0.1", "0.00001", "1", "10"), "ETH": ("0.01", "0.0001", "1", "10")},
        ),
        MarketLinks(
            venue="deribit",
            clock=Clock(Question("https://www.deribit.com/api/v2/public/get_time"), ("result",)),
            lists=_lists("deribit"),
            fees=(("spot", "0", "0"), ("", "0", "5")),
            grids={"BTC-PERPETUAL": ("0.5", "10", "1", "0"), "ETH-PERPETUAL": ("0.05", "1", "1", "0")},
        ),
        MarketLinks(
            venue="kraken-spot",
            clock=Clock(Question("https://api.kraken.com/0/public/Time"), ("result", "unixtime"), "s"),
            lists=_lists("kraken-spot"),
            fees=(("", "25", "40"),),
            grids={"BTC/USD": ("0.1", "0.00000001", "1", "0.5"), "ETH/USD": ("0.01", "0.00000001", "1", "0.5")},
        ),
        MarketLinks(
            venue="kraken-futures",
            clock=Clock(
                Question("https://futures.kraken.com/derivatives/api/v3/tickers/PF_XBTUSD"), ("serverTime",), "iso"
            ),
            lists=_lists("kraken-futures"),
            fees=(("", "2", "5"),),
            grids={"PF_XBTUSD": ("1", "0.0001", "1", "0"), "PF_ETHUSD": ("0.1", "0.001", "1", "0")},
        ),
        MarketLinks(
            venue="coinbase",
            clock=Clock(Question("https://api.coinbase.com/api/v3/brokerage/time"), ("epochMillis",)),
            lists=_lists("coinbase"),
            fees=(("", "60", "120"),),
            grids={"BTC-USD": ("0.01", "0.00000001", "1", "1"), "ETH-USD": ("0.01", "0.00000001", "1", "1")},
        ),
        MarketLinks(
            venue="gate-spot",
            clock=Clock(Question("https://api.gateio.ws/api/v4/spot/time"), ("server_time",)),
            lists=_lists("gate-spot"),
            fees=(("", "20", "20"),),
            grids={"BTC_USDT": ("0.1", "0.000001", "1", "3"), "ETH_USDT": ("0.01", "0.0001", "1", "3")},
        ),
        MarketLinks(
            venue="gate-futures",
            clock=Clock(Question("https://api.gateio.ws/api/v4/spot/time"), ("server_time",)),
            lists=_lists("gate-futures"),
            fees=(("", "2", "5"),),
            grids={"BTC_USDT": ("0.1", "1", "0.0001", "0"), "ETH_USDT": ("0.01", "1", "0.01", "0")},
        ),
        MarketLinks(
            venue="dydx",
            clock=Clock(Question("https://indexer.dydx.trade/v4/time"), ("iso",), "iso"),
            lists=_lists("dydx"),
            fees=(("", "1", "5"),),
            grids={"BTC-USD": ("1", "0.0001", "1", "0"), "ETH-USD": ("0.1", "0.001", "1", "0")},
        ),
        MarketLinks(
            venue="bitmex",
            clock=Clock(Question("https://www.bitmex.com/api/v1"), ("timestamp",)),
            lists=_lists("bitmex"),
            fees=(("", "5", "5"),),
            grids={"XBTUSD": ("0.1", "100", "1", "0")},
        ),
        MarketLinks(
            venue="bitget",
            clock=Clock(Question("https://api.bitget.com/api/v2/public/time"), ("data", "serverTime")),
            lists=_lists("bitget"),
            fees=(("", "4", "6"),),
            grids={"BTCUSDT": ("0.1", "0.0001", "1", "5"), "ETHUSDT": ("0.01", "0.01", "1", "5")},
        ),
    )
}
