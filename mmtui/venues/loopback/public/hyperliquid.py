"""Hyperliquid's public stream and questions, as a server says them.

Rules of this file: messages of the venue's documentation; no market, no socket.
"""

from __future__ import annotations

from typing import Any, ClassVar

from mmtui.core.events import Trade
from mmtui.venues.loopback.public.board import Pairs, PublicBoard
from mmtui.venues.loopback.public.voice import Body, PublicClient, Voice, decoded

_CHANNELS = frozenset({"l2Book", "bbo", "trades", "activeAssetCtx"})
LEVELS = 20
#: A block's book is told so often.
BOOK_MS = 500


class HyperliquidVoice(Voice):
    venue: ClassVar[str] = "hyperliquid"
    paths: ClassVar[tuple[str, ...]] = ("/ws",)

    def heard(self, client: PublicClient, text: bytes) -> None:
        body = decoded(text) or {}
        if body.get("method") == "ping":
            self.tell(client, {"channel": "pong"})
            return
        wanted = body.get("subscription") or {}
        name, coin = wanted.get("type", ""), wanted.get("coin", "")
        if body.get("method") not in ("subscribe", "unsubscribe") or name not in _CHANNELS or coin not in self.boards:
            self.tell(client, {"channel": "error", "data": f"Invalid subscription {text.decode(errors='replace')}"})
            return
        self.tell(client, {"channel": "subscriptionResponse", "data": body})
        if not client.wants((name, coin), body["method"] == "subscribe"):
            return
        board = self.boards[coin]
        if name == "l2Book":
            self.tell(client, self._book(board))
        elif name == "activeAssetCtx":
            self.marked(board)

    def _book(self, board: PublicBoard) -> Body:
        levels = [
            [{"px": price, "sz": size, "n": 1} for price, size in side] for side in board.levels(LEVELS)
        ]
        return {"channel": "l2Book", "data": {"coin": board.symbol, "time": self.ms(), "levels": levels}}

    def booked(self, board: PublicBoard, bids: Pairs, asks: Pairs, before: int) -> None:
        if self.ms() - board.number >= BOOK_MS:
            board.number = self.ms()
            self.publish(("l2Book", board.symbol), self._book(board), self.muffled(board.symbol))

    def quoted(self, board: PublicBoard) -> None:
        bid, bid_sz, ask, ask_sz = board.best()
        sides = [{"px": bid, "sz": bid_sz, "n": 1}, {"px": ask, "sz": ask_sz, "n": 1}]
        body = {"channel": "bbo", "data": {"coin": board.symbol, "time": self.ms(), "bbo": sides}}
        self.publish(("bbo", board.symbol), body)

    def traded(self, board: PublicBoard, trade: Trade) -> None:
        row = {
            "coin": board.symbol, "side": "B" if trade.side > 0 else "A", "px": board.px(trade.px),
            "sz": board.sz(trade.sz), "time": self.ms(), "hash": "0x" + "0" * 64, "tid": trade.trade_id,
            "users": ["0x" + "1" * 40, "0x" + "2" * 40],
        }  # fmt: skip
        self.publish(("trades", board.symbol), {"channel": "trades", "data": [row]})

    def marked(self, board: PublicBoard) -> None:
        if not board.mark:
            return
        context = {
            "funding": "0.0000125", "openInterest": "100.0", "prevDayPx": board.mark, "dayNtlVlm": "0.0",
            "premium": "0.0", "oraclePx": board.index, "markPx": board.mark, "midPx": board.mark,
        }  # fmt: skip
        body = {"channel": "activeAssetCtx", "data": {"coin": board.symbol, "ctx": context}}
        self.publish(("activeAssetCtx", board.symbol), body)

    def listing(self, path: str, query: dict[str, str]) -> Any:
        rows = [
            {"name": one.symbol, "szDecimals": len(one.lot.partition(".")[2]), "maxLeverage": 40}
            for one in (board.instrument for board in self.boards.values())
        ]
        return {"universe": rows}

    def clock(self) -> Any:
        return {"specialStatuses": None, "time": self.ms()}
