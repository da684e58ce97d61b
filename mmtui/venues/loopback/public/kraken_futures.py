"""Kraken Futures' public stream and questions, as a server says them (WebSocket v1): one level a message.

Rules of this file: messages of the venue's documentation; no market, no socket.
"""

from __future__ import annotations

from typing import Any, ClassVar

from mmtui.core.events import Trade
from mmtui.venues.loopback.public.board import Pairs, PublicBoard
from mmtui.venues.loopback.public.kraken import iso
from mmtui.venues.loopback.public.voice import Body, PublicClient, Voice, decoded, raw

#: The schedule of fees of all products.
SCHEDULE = "eef90775-995b-4596-9257-0917f6134766"
_FEEDS = frozenset({"book", "trade", "ticker"})


class KrakenFuturesVoice(Voice):
    venue: ClassVar[str] = "kraken-futures"
    paths: ClassVar[tuple[str, ...]] = ("/ws/v1",)

    def greeted(self, client: PublicClient) -> None:
        self.tell(client, {"event": "info", "version": 1})

    def heard(self, client: PublicClient, text: bytes) -> None:
        body = decoded(text) or {}
        event, feed, symbols = body.get("event", ""), body.get("feed", ""), body.get("product_ids") or []
        if event not in ("subscribe", "unsubscribe") or feed not in _FEEDS:
            self.tell(client, {"event": "error", "message": "Invalid feed"})
            return
        if any(symbol not in self.boards for symbol in symbols):
            self.tell(client, {"event": "error", "message": "Invalid product id"})
            return
        self.tell(client, {"event": f"{event}d", "feed": feed, "product_ids": symbols})
        for symbol in symbols:
            if not client.wants((feed, symbol), event == "subscribe"):
                continue
            if feed == "book":
                self.tell(client, self._snapshot(self.boards[symbol]))

    def _snapshot(self, board: PublicBoard) -> Body:
        bids, asks = (
            [{"price": raw(price), "qty": raw(size)} for price, size in side] for side in board.levels()
        )
        return {"feed": "book_snapshot", "product_id": board.symbol, "timestamp": self.ms(), "seq": board.number,
                "tickSize": None, "bids": bids, "asks": asks}  # fmt: skip

    def booked(self, board: PublicBoard, bids: Pairs, asks: Pairs, before: int) -> None:
        muffled = self.muffled(board.symbol)
        for side, levels in (("buy", bids), ("sell", asks)):
            for price, size in levels:
                board.number += 1
                body = {"feed": "book", "product_id": board.symbol, "side": side, "seq": board.number,
                        "price": raw(price), "qty": raw(size), "timestamp": self.ms()}  # fmt: skip
                self.publish(("book", board.symbol), body, muffled)

    def _ticker(self, board: PublicBoard) -> Body:
        bid, bid_sz, ask, ask_sz = (raw(text) for text in board.best())
        body: Body = {"time": self.ms(), "feed": "ticker", "product_id": board.symbol, "bid": bid, "ask": ask,
                      "bid_size": bid_sz, "ask_size": ask_sz, "tag": "perpetual"}  # fmt: skip
        if board.mark:
            body |= {"markPrice": raw(board.mark), "index": raw(board.index), "funding_rate": raw("0.00001"),
                     "relative_funding_rate": raw("0.00001"), "next_funding_rate_time": board.next_funding}  # fmt: skip
        return body

    def quoted(self, board: PublicBoard) -> None:
        self.publish(("ticker", board.symbol), self._ticker(board))

    def marked(self, board: PublicBoard) -> None:
        self.quoted(board)

    def traded(self, board: PublicBoard, trade: Trade) -> None:
        body = {
            "feed": "trade", "product_id": board.symbol, "uid": f"f8ccb7dc-d1e7-4e5c-8dd9-{trade.trade_id:012d}",
            "side": "buy" if trade.side > 0 else "sell", "type": "fill", "seq": trade.trade_id, "time": self.ms(),
            "qty": raw(board.sz(trade.sz)), "price": raw(board.px(trade.px)),
        }  # fmt: skip
        self.publish(("trade", board.symbol), body)

    def listing(self, path: str, query: dict[str, str]) -> Any:
        rows = [
            {
                "symbol": one.symbol, "type": "flexible_futures", "tickSize": raw(one.tick), "tradeable": True,
                "contractSize": raw(one.contract_size), "base": one.base, "quote": one.quote,
                "feeScheduleUid": SCHEDULE, "contractValueTradePrecision": len(one.lot.partition(".")[2]),
            }
            for one in (board.instrument for board in self.boards.values())
        ]  # fmt: skip
        return {"result": "success", "instruments": rows, "serverTime": iso(self.now())}

    def clock(self) -> Any:
        return {"result": "success", "ticker": {}, "serverTime": iso(self.now())}
