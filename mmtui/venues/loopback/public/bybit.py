"""Bybit's public stream and questions, as a server says them (v5).

Rules of this file: messages of the venue's v5 documentation; no market, no socket.
"""

from __future__ import annotations

from typing import Any, ClassVar

from mmtui.core.events import Trade
from mmtui.core.market.instrument import Instrument
from mmtui.venues.loopback.public.board import Pairs, PublicBoard
from mmtui.venues.loopback.public.voice import Body, PublicClient, Voice, decoded

_BOOKS = {"orderbook.50": 50, "orderbook.200": 200, "orderbook.1000": 1_000}
_BEST = "orderbook.1"
_CHANNELS = frozenset({*_BOOKS, _BEST, "publicTrade", "tickers", "allLiquidation"})


class BybitVoice(Voice):
    venue: ClassVar[str] = "bybit"
    paths: ClassVar[tuple[str, ...]] = ("/v5/public/linear", "/v5/public/inverse")

    def heard(self, client: PublicClient, text: bytes) -> None:
        body = decoded(text) or {}
        op = body.get("op", "")
        answer = {"success": True, "ret_msg": op, "conn_id": "f1a0", "req_id": "", "op": op}
        if op == "ping":
            self.tell(client, {**answer, "ret_msg": "pong"})
            return
        args = body.get("args") or []
        wrong = next((arg for arg in args if not self._known(arg)), "")
        if op not in ("subscribe", "unsubscribe") or wrong or len(args) > 10:
            self.tell(client, {**answer, "success": False, "ret_msg": f"error:handler not found,topic:{wrong}"})
            return
        self.tell(client, answer)
        for arg in args:
            channel, _, symbol = arg.rpartition(".")
            if not client.wants((channel, symbol), op == "subscribe"):
                continue
            board = self.boards[symbol]
            if channel in _BOOKS:
                self.tell(client, self._book(channel, board, "snapshot", *board.levels(_BOOKS[channel])))
            elif channel == "tickers" and board.mark:
                self.tell(client, self._ticker(board, "snapshot"))

    def _known(self, arg: str) -> bool:
        channel, _, symbol = arg.rpartition(".")
        return channel in _CHANNELS and symbol in self.boards

    def _book(self, channel: str, board: PublicBoard, kind: str, bids: Pairs, asks: Pairs) -> Body:
        return {
            "topic": f"{channel}.{board.symbol}", "type": kind, "ts": self.ms(),
            "data": {"s": board.symbol, "b": bids, "a": asks, "u": board.count, "seq": board.seq}, "cts": self.ms(),
        }  # fmt: skip

    def booked(self, board: PublicBoard, bids: Pairs, asks: Pairs, before: int) -> None:
        muffled = self.muffled(board.symbol)
        for channel in _BOOKS:
            self.publish((channel, board.symbol), self._book(channel, board, "delta", bids, asks), muffled)

    def quoted(self, board: PublicBoard) -> None:
        bid, bid_sz, ask, ask_sz = board.best()
        body = {
            "topic": f"{_BEST}.{board.symbol}", "type": "snapshot", "ts": self.ms(),
            "data": {"s": board.symbol, "b": [[bid, bid_sz]], "a": [[ask, ask_sz]], "u": board.quote_seq + 1,
                     "seq": board.quote_seq}, "cts": self.ms(),
        }  # fmt: skip
        self.publish((_BEST, board.symbol), body)

    def traded(self, board: PublicBoard, trade: Trade) -> None:
        row = {
            "T": self.ms(), "s": board.symbol, "S": "Buy" if trade.side > 0 else "Sell", "v": board.sz(trade.sz),
            "p": board.px(trade.px), "L": "ZeroMinusTick", "i": f"20f43950-d8dd-5b31-9112-{trade.trade_id:012x}",
            "BT": False,
        }  # fmt: skip
        topic = f"publicTrade.{board.symbol}"
        body = {"topic": topic, "type": "snapshot", "ts": self.ms(), "data": [row]}
        self.publish(("publicTrade", board.symbol), body)

    def _ticker(self, board: PublicBoard, kind: str) -> Body:
        data = {
            "symbol": board.symbol, "markPrice": board.mark, "indexPrice": board.index, "fundingRate": "0.0001",
            "nextFundingTime": str(board.next_funding),
        }  # fmt: skip
        return {"topic": f"tickers.{board.symbol}", "type": kind, "data": data, "cs": board.seq, "ts": self.ms()}

    def marked(self, board: PublicBoard) -> None:
        self.publish(("tickers", board.symbol), self._ticker(board, "delta"))

    def listing(self, path: str, query: dict[str, str]) -> Any:
        wanted = query.get("category", "")
        rows = [
            {
                "symbol": one.symbol, "status": "Trading", "baseCoin": one.base, "quoteCoin": one.quote,
                "priceFilter": {"tickSize": one.tick}, **self._terms(one),
            }
            for one in (board.instrument for board in self.boards.values())
            if one.kind == wanted
        ]  # fmt: skip
        return {"retCode": 0, "retMsg": "OK", "result": {"category": wanted, "list": rows}, "time": self.ms()}

    def _terms(self, one: Instrument) -> Body:
        kinds = {"linear": "LinearPerpetual", "inverse": "InversePerpetual"}
        return {"contractType": kinds[one.kind], "settleCoin": one.settle,
                "lotSizeFilter": {"qtyStep": one.lot, "minNotionalValue": one.min_notional}}  # fmt: skip

    def clock(self) -> Any:
        now = self.now()
        return {"retCode": 0, "retMsg": "OK", "result": {"timeSecond": str(now // 10**9), "timeNano": str(now)},
                "retExtInfo": {}, "time": now // 10**6}  # fmt: skip


class BybitSpotVoice(BybitVoice):
    venue: ClassVar[str] = "bybit-spot"
    paths: ClassVar[tuple[str, ...]] = ("/v5/public/spot",)

    def _terms(self, one: Instrument) -> Body:
        lots = {"basePrecision": one.lot, "quotePrecision": "0.0000001", "minOrderAmt": one.min_notional}
        return {"innovation": "0", "lotSizeFilter": lots}
