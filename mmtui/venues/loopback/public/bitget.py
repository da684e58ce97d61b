"""Bitget's public stream and questions, as a server says them (v3).

Rules of this file: messages of the venue's documentation; no market, no socket.
"""

from __future__ import annotations

from typing import Any, ClassVar

from mmtui.core.events import Trade
from mmtui.venues.loopback.public.board import Pairs, PublicBoard
from mmtui.venues.loopback.public.voice import Body, PublicClient, Voice, decoded

_TOPICS = frozenset({"books", "books1", "publicTrade", "ticker"})


class BitgetVoice(Voice):
    venue: ClassVar[str] = "bitget"
    paths: ClassVar[tuple[str, ...]] = ("/v3/ws/public",)

    def heard(self, client: PublicClient, text: bytes) -> None:
        if text == b"ping":
            client.put(b"pong")
            return
        body = decoded(text) or {}
        op = body.get("op", "")
        for arg in body.get("args") or ():
            topic, symbol = arg.get("topic", ""), arg.get("symbol", "")
            if op not in ("subscribe", "unsubscribe") or topic not in _TOPICS or symbol not in self.boards:
                what = f"{topic} {symbol} doesn't exist"
                self.tell(client, {"event": "error", "arg": arg, "code": "30001", "msg": what})
                continue
            self.tell(client, {"event": op, "arg": arg})
            if not client.wants((topic, symbol), op == "subscribe"):
                continue
            board = self.boards[symbol]
            if topic == "books":
                self.tell(client, self._book(board, "snapshot", *board.levels(), 0))

    def _body(self, topic: str, board: PublicBoard, action: str, data: Body) -> Body:
        arg = {"instType": "usdt-futures", "topic": topic, "symbol": board.symbol}
        return {"action": action, "arg": arg, "data": [data], "ts": self.ms()}

    def _book(self, board: PublicBoard, action: str, bids: Pairs, asks: Pairs, before: int) -> Body:
        data = {"a": asks, "b": bids, "seq": board.seq, "pseq": before, "checksum": 0, "ts": str(self.ms())}
        return self._body("books", board, action, data)

    def booked(self, board: PublicBoard, bids: Pairs, asks: Pairs, before: int) -> None:
        body = self._book(board, "update", bids, asks, before)
        self.publish(("books", board.symbol), body, self.muffled(board.symbol))

    def quoted(self, board: PublicBoard) -> None:
        bid, bid_sz, ask, ask_sz = board.best()
        data = {"a": [[ask, ask_sz]], "b": [[bid, bid_sz]], "seq": board.quote_seq, "pseq": 0, "ts": str(self.ms())}
        self.publish(("books1", board.symbol), self._body("books1", board, "snapshot", data))

    def traded(self, board: PublicBoard, trade: Trade) -> None:
        data = {"i": str(trade.trade_id), "p": board.px(trade.px), "v": board.sz(trade.sz),
                "S": "buy" if trade.side > 0 else "sell", "T": str(self.ms())}  # fmt: skip
        self.publish(("publicTrade", board.symbol), self._body("publicTrade", board, "update", data))

    def marked(self, board: PublicBoard) -> None:
        bid, bid_sz, ask, ask_sz = board.best()
        data = {
            "lastPrice": bid, "bid1Price": bid, "bid1Size": bid_sz, "ask1Price": ask, "ask1Size": ask_sz,
            "markPrice": board.mark, "indexPrice": board.index, "fundingRate": "0.0001",
            "nextFundingTime": str(board.next_funding),
        }  # fmt: skip
        self.publish(("ticker", board.symbol), self._body("ticker", board, "snapshot", data))

    def listing(self, path: str, query: dict[str, str]) -> Any:
        wanted = query.get("category", "")
        rows = [
            {
                "symbol": one.symbol, "category": wanted, "baseCoin": one.base, "quoteCoin": one.quote,
                "status": "online", "type": "perpetual", "priceMultiplier": one.tick, "quantityMultiplier": one.lot,
                "minOrderAmount": one.min_notional,
            }
            for one in (board.instrument for board in self.boards.values())
            if wanted == f"{one.quote}-FUTURES"
        ]  # fmt: skip
        return {"code": "00000", "msg": "success", "requestTime": self.ms(), "data": rows}

    def clock(self) -> Any:
        stamp = {"serverTime": str(self.ms())}
        return {"code": "00000", "msg": "success", "requestTime": self.ms(), "data": stamp}
