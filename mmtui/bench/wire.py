"""Decoding of every venue's book updates: messages a second of CPU, beside ccxt's own handlers on the same frames.

The frames are made here, in each venue's form: a snapshot of 100 levels a side (20 where every message is a book), then
updates of 20 levels near the touch, in sequence and with the venue's checksum where it has one.

Rules of this file: what is timed is the product's own code; peers get the same bytes in the same run.
"""

from __future__ import annotations

import json
import random
import time
import zlib
from collections.abc import Callable
from typing import Any

from mmtui.bench.market import quiet
from mmtui.core.events import BookDelta, BookGap, BookSnapshot, Damage
from mmtui.venues.market_decoder import feeds_of
from mmtui.venues.market_table import DECODERS, inferred

COUNT, LEVELS, DEPTH, ROUNDS = 2_000, 20, 100, 3
MID, T0 = 91_000, 1_767_225_600_000

Pairs = list[tuple[str, str]]


class Market:
    """Prices in quarters near the middle, whole book kept: what a venue would send."""

    def __init__(self) -> None:
        self.chance = random.Random(5)
        self.bids = {f"{MID - 0.5 * n:.1f}": self.size() for n in range(1, DEPTH + 1)}
        self.asks = {f"{MID + 0.5 * n:.1f}": self.size() for n in range(1, DEPTH + 1)}

    def size(self) -> str:
        return f"{self.chance.randint(1, 999_999) / 100_000:.5f}"

    def change(self) -> tuple[Pairs, Pairs]:
        """New sizes at half of LEVELS prices a side."""
        sides: list[Pairs] = []
        for side in (self.bids, self.asks):
            prices = self.chance.sample(list(side)[:40], LEVELS // 2)
            side.update({price: self.size() for price in prices})
            sides.append([(price, side[price]) for price in prices])
        return sides[0], sides[1]

    def book(self, count: int = DEPTH) -> tuple[Pairs, Pairs]:
        return list(self.bids.items())[:count], list(self.asks.items())[:count]


def _okx(n: int, bids: Pairs, asks: Pairs, market: Market) -> Any:
    kind = "update" if n else "snapshot"
    rows = {name: [[p, q, "0", "1"] for p, q in side] for name, side in (("asks", asks), ("bids", bids))}
    data = {**rows, "ts": str(T0 + n), "checksum": 0, "prevSeqId": n - 1, "seqId": n}
    return {"arg": {"channel": "books", "instId": "BTC-USDT"}, "action": kind, "data": [data]}


def _bybit(n: int, bids: Pairs, asks: Pairs, market: Market) -> Any:
    data = {"s": "BTCUSDT", "b": bids, "a": asks, "u": 100 + n, "seq": 9000 + n}
    kind = "delta" if n else "snapshot"
    return {"topic": "orderbook.200.BTCUSDT", "type": kind, "ts": T0 + n, "data": data, "cts": T0 + n}


def _hyperliquid(n: int, bids: Pairs, asks: Pairs, market: Market) -> Any:
    levels = [[{"px": p, "sz": q, "n": 1} for p, q in side] for side in market.book(20)]
    return {"channel": "l2Book", "data": {"coin": "BTC", "time": T0 + n, "levels": levels}}


def _deribit(n: int, bids: Pairs, asks: Pairs, market: Market) -> Any:
    act = "change" if n else "new"
    rows = {name: [[act, float(p), float(q)] for p, q in side] for name, side in (("bids", bids), ("asks", asks))}
    place: dict[str, Any] = {"type": "change", "prev_change_id": n - 1} if n else {"type": "snapshot"}
    data = {**place, "timestamp": T0 + n, "instrument_name": "BTC-PERPETUAL", "change_id": n, **rows}
    return {"jsonrpc": "2.0", "method": "subscription", "params": {"channel": "book.BTC-PERPETUAL.100ms", "data": data}}


def _kraken(n: int, bids: Pairs, asks: Pairs, market: Market) -> str:
    best_bids, best_asks = market.book(10)
    words = [_digits(p) + _digits(q) for p, q in [*best_asks, *best_bids]]
    sides = [",".join(f'{{"price":{p},"qty":{q}}}' for p, q in side) for side in (bids, asks)]
    check = zlib.crc32("".join(words).encode())
    kind = "update" if n else "snapshot"
    return (
        f'{{"channel":"book","type":"{kind}","data":[{{"symbol":"BTC/USD","bids":[{sides[0]}],"asks":[{sides[1]}],'
        f'"checksum":{check},"timestamp":"2026-01-01T00:00:00.000000Z"}}]}}'
    )


def _digits(text: str) -> str:
    return text.replace(".", "").lstrip("0")


def _coinbase(n: int, bids: Pairs, asks: Pairs, market: Market) -> Any:
    stamp = "2026-01-01T00:00:00.000000Z"
    updates = [
        {"side": name, "event_time": stamp, "price_level": p, "new_quantity": q}
        for name, side in (("bid", bids), ("offer", asks))
        for p, q in side
    ]
    event = {"type": "update" if n else "snapshot", "product_id": "BTC-USD", "updates": updates}
    return {"channel": "l2_data", "client_id": "", "timestamp": stamp, "sequence_num": n, "events": [event]}


_Maker = Callable[[int, Pairs, Pairs, Market], Any]

#: venue -> its symbol, how it writes a book, ccxt's class and symbol, (type, id) of its market.
VENUES: dict[str, tuple[str, _Maker, str, str]] = {
    "okx": ("BTC-USDT", _okx, "okx", "spot"),
    "bybit": ("BTCUSDT", _bybit, "bybit", "linear"),
    "hyperliquid": ("BTC", _hyperliquid, "hyperliquid", "linear"),
    "deribit": ("BTC-PERPETUAL", _deribit, "deribit", "inverse"),
    "kraken-spot": ("BTC/USD", _kraken, "kraken", "spot"),
    "coinbase": ("BTC-USD", _coinbase, "coinbase", "spot"),
}


def frames(venue: str) -> list[bytes]:
    """A snapshot and COUNT updates."""
    market, make = Market(), VENUES[venue][1]
    made = [make(0, *market.book(), market)]
    made += [make(n, *market.change(), market) for n in range(1, COUNT + 1)]
    return [(one if isinstance(one, str) else json.dumps(one, separators=(",", ":"))).encode() for one in made]


def _ours(venue: str, bodies: list[bytes]) -> float:
    """Seconds of CPU to decode; every frame must be a book event and nothing else."""
    decoder = DECODERS[venue](0, feeds_of([(0, inferred(venue, VENUES[venue][0], "0.1", "0.00001"))]))
    begun = time.process_time()
    events = [decoder.decode(n, body) for n, body in enumerate(bodies)]
    taken = time.process_time() - begun
    wrong = [event for one in events for event in one if isinstance(event, BookGap | Damage)]
    if wrong or not all(isinstance(one[0], BookDelta | BookSnapshot) for one in events):
        raise RuntimeError(f"{venue}: {wrong[:1] or 'a frame without a book'}")
    return taken


def _ccxt(venue: str, bodies: list[bytes]) -> float | None:
    """Seconds of CPU of ccxt's handler, JSON included; None without ccxt, or where it makes no book of the frames."""
    try:
        import ccxt.pro
        import orjson  # what ccxt itself parses with
    except ImportError:
        return None

    class Client:
        """As much of a socket as the handlers ask for."""

        url = "wss://public/linear"
        futures: dict[str, Any] = {}  # noqa: RUF012

        def __init__(self) -> None:
            self.subscriptions: dict[str, Any] = {}

        def resolve(self, result: Any, message_hash: str = "") -> Any:
            return result

        def reject(self, error: Any, message_hash: str = "") -> Any:
            raise error

    name, _, cls, kind = VENUES[venue]
    exchange = getattr(ccxt.pro, cls)()
    settle = {"spot": None, "linear": "USDT", "inverse": "BTC"}[kind]
    quote = "USD" if kind == "inverse" else "USDC" if venue == "hyperliquid" else name[-4:].lstrip("C-/")
    settle = "USDC" if venue == "hyperliquid" else settle
    symbol = f"BTC/{quote}" + (f":{settle}" if settle else "")
    market = {"id": name, "symbol": symbol, "base": "BTC", "quote": quote, "settle": settle, "baseName": "BTC",
              "type": "spot" if kind == "spot" else "swap", "spot": kind == "spot", "swap": kind != "spot",
              "contract": kind != "spot", "linear": kind == "linear", "inverse": kind == "inverse",
              "precision": {"amount": 0.00001, "price": 0.1}, "limits": {}, "info": {"wsname": name}}  # fmt: skip
    exchange.set_markets([exchange.safe_market_structure(market)])
    exchange.options["marketsByNameAndNetwork"] = {}
    client, loads, handle = Client(), orjson.loads, exchange.handle_message
    client.subscriptions = {f"orderbook:{symbol}": {}, "public:l2Book:BTC": {}}
    begun = time.process_time()
    for body in bodies:
        handle(client, loads(body))
    taken = time.process_time() - begun
    books = list(exchange.orderbooks.values())
    return taken if books and len(books[0]["bids"]) >= 20 else None


def bench_wire() -> dict[str, Any]:
    """Messages a second of CPU per venue, the best of ROUNDS; updates of 20 levels."""
    found: dict[str, Any] = {}
    with quiet():
        for venue in VENUES:
            bodies = frames(venue)
            ours = min(_ours(venue, bodies) for _ in range(ROUNDS))
            found[f"{venue} messages/s"] = round(len(bodies) / ours)
            theirs = [taken for _ in range(ROUNDS) if (taken := _ccxt(venue, bodies)) is not None]
            if theirs:
                found[f"{venue} ccxt messages/s"] = round(len(bodies) / min(theirs))
                found[f"{venue} ratio"] = round(min(theirs) / ours, 1)
    return found
