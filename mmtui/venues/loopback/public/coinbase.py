"""Coinbase Advanced Trade's public stream and questions, as a server says them.

Every frame of a connection carries the next sequence_num, whatever its channel.

Rules of this file: messages of the venue's documentation; no market, no socket.
"""

from __future__ import annotations

from typing import Any, ClassVar

from mmtui.core.events import Trade
from mmtui.venues.loopback.public.board import Pairs, PublicBoard
from mmtui.venues.loopback.public.kraken import iso
from mmtui.venues.loopback.public.voice import Body, PublicClient, Voice, decoded, encode

_CHANNELS = frozenset({"level2", "market_trades", "ticker", "heartbeats"})


class CoinbaseVoice(Voice):
    venue: ClassVar[str] = "coinbase"
    paths: ClassVar[tuple[str, ...]] = ("/", "/ws")

    def seal(self, client: PublicClient, body: Body) -> bytes:
        head = {"channel": body["channel"], "client_id": "", "timestamp": iso(self.now())}
        data = encode({**head, "sequence_num": client.number, "events": body["events"]})
        client.number += 1
        return data

    def heard(self, client: PublicClient, text: bytes) -> None:
        body = decoded(text) or {}
        kind, channel, symbols = body.get("type", ""), body.get("channel", ""), body.get("product_ids") or []
        wrong = [symbol for symbol in symbols if symbol not in self.boards]
        if kind not in ("subscribe", "unsubscribe") or channel not in _CHANNELS or wrong:
            client.put(encode({"type": "error", "message": f"{channel}: invalid channel or product {wrong}"}))
            return
        for symbol in symbols or [""]:
            if not client.wants((channel, symbol), kind == "subscribe"):
                continue
            if channel == "level2":
                self.tell(client, self._book(self.boards[symbol], "snapshot", *self.boards[symbol].levels()))
        held: dict[str, list[str]] = {}
        for name, symbol in client.topics:
            held.setdefault(name, []).append(symbol)
        self.tell(client, {"channel": "subscriptions", "events": [{"subscriptions": held}]})

    def _book(self, board: PublicBoard, kind: str, bids: Pairs, asks: Pairs) -> Body:
        stamp = iso(self.now())
        updates = [
            {"side": side, "event_time": stamp, "price_level": price, "new_quantity": size}
            for side, levels in (("bid", bids), ("offer", asks))
            for price, size in levels
        ]
        event = {"type": kind, "product_id": board.symbol, "updates": updates}
        return {"channel": "l2_data", "events": [event]}

    def booked(self, board: PublicBoard, bids: Pairs, asks: Pairs, before: int) -> None:
        body = self._book(board, "update", bids, asks)
        self.publish(("level2", board.symbol), body, self.muffled(board.symbol))

    def quoted(self, board: PublicBoard) -> None:
        bid, bid_sz, ask, ask_sz = board.best()
        ticker = {"type": "ticker", "product_id": board.symbol, "price": bid, "volume_24_h": "1", "best_bid": bid,
                  "best_bid_quantity": bid_sz, "best_ask": ask, "best_ask_quantity": ask_sz}  # fmt: skip
        self.publish(
            ("ticker", board.symbol), {"channel": "ticker", "events": [{"type": "update", "tickers": [ticker]}]}
        )

    def traded(self, board: PublicBoard, trade: Trade) -> None:
        row = {
            "product_id": board.symbol, "trade_id": str(trade.trade_id), "price": board.px(trade.px),
            "size": board.sz(trade.sz), "time": iso(self.now()), "side": "SELL" if trade.side > 0 else "BUY",
        }  # fmt: skip
        events = [{"type": "update", "trades": [row]}]
        self.publish(("market_trades", board.symbol), {"channel": "market_trades", "events": events})

    def second(self, client: PublicClient) -> None:
        if ("heartbeats", "") in client.topics:
            beat = {"current_time": iso(self.now()), "heartbeat_counter": str(client.number)}
            self.tell(client, {"channel": "heartbeats", "events": [beat]})

    def listing(self, path: str, query: dict[str, str]) -> Any:
        rows = [
            {
                "product_id": one.symbol, "status": "online", "product_type": "SPOT", "base_currency_id": one.base,
                "quote_currency_id": one.quote, "price_increment": one.tick, "quote_increment": one.tick,
                "base_increment": one.lot, "quote_min_size": one.min_notional, "trading_disabled": False,
            }
            for one in (board.instrument for board in self.boards.values())
        ]  # fmt: skip
        return {"products": rows, "num_products": len(rows)}

    def clock(self) -> Any:
        now = self.now()
        return {"iso": iso(now), "epochSeconds": str(now // 10**9), "epochMillis": str(now // 10**6)}
