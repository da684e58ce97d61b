"""Kraken's public stream and questions for spot, as a server says them (WebSocket v2).

The checksum is computed here from this server's own book by the venue's guide, not by the code that checks it.

Rules of this file: messages of the venue's documentation; no market, no socket.
"""

from __future__ import annotations

import zlib
from datetime import UTC, datetime
from typing import Any, ClassVar

from mmtui.core.events import Trade
from mmtui.venues.loopback.public.board import Pairs, PublicBoard
from mmtui.venues.loopback.public.voice import Body, PublicClient, Voice, decoded, raw

_CHANNELS = frozenset({"book", "trade", "ticker"})


def iso(now: int) -> str:
    """2026-01-01T00:00:00.000000Z of ns."""
    return datetime.fromtimestamp(now / 1e9, UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def checksum(board: PublicBoard) -> int:
    """The ten best asks, lowest first, then the ten best bids, highest first; digits only, no leading zeros."""
    bids, asks = board.levels(10)
    digits = (text.replace(".", "").lstrip("0") for pair in (*asks, *bids) for text in pair)
    return zlib.crc32("".join(digits).encode())


class KrakenVoice(Voice):
    venue: ClassVar[str] = "kraken-spot"
    paths: ClassVar[tuple[str, ...]] = ("/v2",)

    def greeted(self, client: PublicClient) -> None:
        data = {"version": "2.0.9", "system": "online", "api_version": "v2", "connection_id": 12345678901234567890}
        self.tell(client, {"channel": "status", "type": "update", "data": [data]})

    def heard(self, client: PublicClient, text: bytes) -> None:
        body = decoded(text) or {}
        method, params = body.get("method", ""), body.get("params") or {}
        stamp = {"time_in": iso(self.now()), "time_out": iso(self.now())}
        if method == "ping":
            self.tell(client, {"method": "pong", **stamp})
            return
        channel = params.get("channel", "")
        if method not in ("subscribe", "unsubscribe") or channel not in _CHANNELS:
            self.tell(client, {"error": "Invalid channel", "method": method, "success": False, **stamp})
            return
        for symbol in params.get("symbol") or []:
            if symbol not in self.boards:
                what = f"Currency pair not supported {symbol}"
                self.tell(client, {"error": what, "method": method, "success": False, "symbol": symbol, **stamp})
                continue
            result = {"channel": channel, "symbol": symbol}
            self.tell(client, {"method": method, "result": result, "success": True, **stamp})
            if not client.wants((channel, symbol), method == "subscribe"):
                continue
            if channel == "book":
                board = self.boards[symbol]
                self.tell(client, self._book(board, "snapshot", *board.levels(int(params.get("depth", 10)))))

    def _book(self, board: PublicBoard, kind: str, bids: Pairs, asks: Pairs) -> Body:
        wrong = 1 if self.spoiled(board.symbol) else 0
        data = {
            "symbol": board.symbol, "bids": [{"price": raw(price), "qty": raw(size)} for price, size in bids],
            "asks": [{"price": raw(price), "qty": raw(size)} for price, size in asks],
            "checksum": (checksum(board) + wrong) % (1 << 32), "timestamp": iso(self.now()),
        }  # fmt: skip
        return {"channel": "book", "type": kind, "data": [data]}

    def booked(self, board: PublicBoard, bids: Pairs, asks: Pairs, before: int) -> None:
        body = self._book(board, "update", bids, asks)
        self.publish(("book", board.symbol), body, self.muffled(board.symbol))

    def quoted(self, board: PublicBoard) -> None:
        bid, bid_sz, ask, ask_sz = (raw(text) for text in board.best())
        data = {"symbol": board.symbol, "bid": bid, "bid_qty": bid_sz, "ask": ask, "ask_qty": ask_sz, "last": bid,
                "volume": 1.0, "vwap": bid, "low": bid, "high": ask, "change": 0.0, "change_pct": 0.0,
                "timestamp": iso(self.now())}  # fmt: skip
        self.publish(("ticker", board.symbol), {"channel": "ticker", "type": "update", "data": [data]})

    def traded(self, board: PublicBoard, trade: Trade) -> None:
        data = {
            "symbol": board.symbol, "side": "buy" if trade.side > 0 else "sell", "price": raw(board.px(trade.px)),
            "qty": raw(board.sz(trade.sz)), "ord_type": "market", "trade_id": trade.trade_id,
            "timestamp": iso(self.now()),
        }  # fmt: skip
        self.publish(("trade", board.symbol), {"channel": "trade", "type": "update", "data": [data]})

    def second(self, client: PublicClient) -> None:
        if client.topics:
            self.tell(client, {"channel": "heartbeat"})

    def listing(self, path: str, query: dict[str, str]) -> Any:
        coins = {"BTC": "XBT", "DOGE": "XDG"}
        rows = {}
        for board in self.boards.values():
            one = board.instrument
            base = coins.get(one.base, one.base)
            rows[f"X{base}Z{one.quote}"] = {
                "altname": f"{base}{one.quote}", "wsname": f"{base}/{one.quote}", "aclass_base": "currency",
                "base": f"X{base}", "aclass_quote": "currency", "quote": f"Z{one.quote}", "lot": "unit",
                "pair_decimals": len(one.tick.partition(".")[2]), "lot_decimals": len(one.lot.partition(".")[2]),
                "cost_decimals": 5, "lot_multiplier": 1, "leverage_buy": [], "leverage_sell": [],
                "fees": [[0, 0.4]], "fees_maker": [[0, 0.25]], "ordermin": one.lot, "costmin": one.min_notional,
                "tick_size": one.tick, "status": "online",
            }  # fmt: skip
        return {"error": [], "result": rows}

    def clock(self) -> Any:
        return {"error": [], "result": {"unixtime": self.now() // 10**9, "rfc1123": ""}}
