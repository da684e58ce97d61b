"""BitMEX' public stream and questions, as a server says them: books by level ids.

Rules of this file: messages of the venue's realtime documentation; no market, no socket.
"""

from __future__ import annotations

from typing import Any, ClassVar

from mmtui.core.events import Trade
from mmtui.venues.loopback.public.board import Pairs, PublicBoard
from mmtui.venues.loopback.public.kraken import iso
from mmtui.venues.loopback.public.voice import Body, PublicClient, Voice, decoded, raw

_BOOK = "orderBookL2"
_TABLES = frozenset({_BOOK, "trade", "quote", "instrument", "funding", "liquidation"})


class BitmexVoice(Voice):
    venue: ClassVar[str] = "bitmex"
    paths: ClassVar[tuple[str, ...]] = ("/realtime",)

    def heard(self, client: PublicClient, text: bytes) -> None:
        if text == b"ping":
            client.put(b"pong")
            return
        body = decoded(text) or {}
        op = body.get("op", "")
        for arg in body.get("args") or ():
            table, _, symbol = arg.partition(":")
            if op not in ("subscribe", "unsubscribe") or table not in _TABLES or symbol not in self.boards:
                self.tell(client, {"status": 400, "error": f"Unknown or expired symbol: {arg}", "request": body})
                continue
            self.tell(client, {"success": True, op: arg, "request": body})
            if not client.wants((table, symbol), op == "subscribe"):
                continue
            board = self.boards[symbol]
            if table == _BOOK:
                bids, asks = board.levels()
                rows = [self._row(board, "Buy", *pair) for pair in bids]
                rows += [self._row(board, "Sell", *pair) for pair in asks]
                self.tell(client, self._body(_BOOK, "partial", rows))
            elif table == "instrument" and board.mark:
                self.tell(client, self._body("instrument", "partial", [self._marks(board)]))

    def _stamp(self) -> str:
        return f"{iso(self.now())[:23]}Z"

    def _body(self, table: str, action: str, rows: list[Body]) -> Body:
        return {"table": table, "action": action, "data": rows}

    def _row(self, board: PublicBoard, side: str, price: str, size: str) -> Body:
        number = 62_400_000_000 + int(price.replace(".", ""))
        return {"symbol": board.symbol, "id": number, "side": side, "size": raw(size), "price": raw(price),
                "timestamp": self._stamp()}  # fmt: skip

    def booked(self, board: PublicBoard, bids: Pairs, asks: Pairs, before: int) -> None:
        """Deletes, then updates, then inserts."""
        muffled = self.muffled(board.symbol)
        rows: dict[str, list[Body]] = {"delete": [], "update": [], "insert": []}
        for side, pairs, known in (("Buy", bids, board.bids_before), ("Sell", asks, board.asks_before)):
            for price, size in pairs:
                there = price in known
                if float(size) or there:
                    action = "update" if there and float(size) else "insert" if float(size) else "delete"
                    rows[action].append(self._row(board, side, price, size))
        for action, some in rows.items():
            if some:
                self.publish((_BOOK, board.symbol), self._body(_BOOK, action, some), muffled)

    def quoted(self, board: PublicBoard) -> None:
        bid, bid_sz, ask, ask_sz = (raw(text) for text in board.best())
        row = {"timestamp": self._stamp(), "symbol": board.symbol, "bidSize": bid_sz, "bidPrice": bid,
               "askPrice": ask, "askSize": ask_sz}  # fmt: skip
        self.publish(("quote", board.symbol), self._body("quote", "insert", [row]))

    def traded(self, board: PublicBoard, trade: Trade) -> None:
        row = {
            "timestamp": self._stamp(), "symbol": board.symbol,
            "side": "Buy" if trade.side > 0 else "Sell", "size": raw(board.sz(trade.sz)),
            "price": raw(board.px(trade.px)), "tickDirection": "PlusTick", "trdType": "Regular",
            "trdMatchID": f"00000000-006d-1000-0000-{trade.trade_id:012x}",
        }  # fmt: skip
        self.publish(("trade", board.symbol), self._body("trade", "insert", [row]))

    def _marks(self, board: PublicBoard) -> Body:
        return {"symbol": board.symbol, "markPrice": raw(board.mark), "indicativeSettlePrice": raw(board.index),
                "timestamp": self._stamp()}  # fmt: skip

    def marked(self, board: PublicBoard) -> None:
        self.publish(("instrument", board.symbol), self._body("instrument", "update", [self._marks(board)]))

    def listing(self, path: str, query: dict[str, str]) -> Any:
        return [
            {
                "symbol": one.symbol, "state": "Open", "typ": "FFWCSX", "underlying": "XBT" if one.base == "BTC" else
                one.base, "quoteCurrency": one.quote, "lotSize": raw(one.lot), "tickSize": raw(one.tick),
                "isQuanto": False, "isInverse": True, "settlCurrency": "XBt", "multiplier": -100_000_000,
            }
            for one in (board.instrument for board in self.boards.values())
        ]  # fmt: skip

    def clock(self) -> Any:
        return {"name": "BitMEX API", "version": "2.0.0", "timestamp": self.ms()}
