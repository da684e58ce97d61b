"""Deribit's public stream and questions, as a server says them (JSON-RPC v2, with its heartbeat).

Rules of this file: messages of the venue's documentation; no market, no socket.
"""

from __future__ import annotations

from typing import Any, ClassVar

from mmtui.core.events import Trade
from mmtui.venues.loopback.public.board import Pairs, PublicBoard
from mmtui.venues.loopback.public.voice import Body, PublicClient, Voice, decoded, raw

#: A client that leaves a test request unanswered for so long after it was due is disconnected (s).
PATIENCE_S = 10


class DeribitVoice(Voice):
    venue: ClassVar[str] = "deribit"
    paths: ClassVar[tuple[str, ...]] = ("/ws/api/v2",)

    def heard(self, client: PublicClient, text: bytes) -> None:
        body = decoded(text) or {}
        method, params = body.get("method", ""), body.get("params") or {}
        client.heard_at = self.now() / 1e9
        if method == "public/subscribe":
            self._subscribe(client, body, params.get("channels") or [])
        elif method == "public/unsubscribe":
            for channel in params.get("channels") or []:
                client.wants((channel, ""), False)
            self._answer(client, body, params.get("channels") or [])
        elif method == "public/set_heartbeat" and int(params.get("interval", 0)) >= 10:
            client.beat_s = int(params["interval"])
            self._answer(client, body, "ok")
        elif method == "public/test":
            self._answer(client, body, {"version": "1.2.26"})
        else:
            error = {"code": -32601, "message": "Method not found"}
            self.tell(client, {"jsonrpc": "2.0", "id": body.get("id"), "error": error})

    def _answer(self, client: PublicClient, body: Body, result: Any) -> None:
        stamp = self.now() // 1_000
        self.tell(client, {"jsonrpc": "2.0", "id": body.get("id"), "result": result, "testnet": False,
                           "usIn": stamp, "usOut": stamp, "usDiff": 0})  # fmt: skip

    def _subscribe(self, client: PublicClient, body: Body, channels: list[str]) -> None:
        known = [channel for channel in channels if self._board(channel) is not None]
        fresh = [channel for channel in known if (channel, "") not in client.topics]
        for channel in known:
            client.wants((channel, ""), True)
        self._answer(client, body, known)
        for channel in fresh:
            board = self._board(channel)
            if board is None:
                continue
            if channel.startswith("book."):
                sides = [[["new", raw(price), raw(size)] for price, size in side] for side in board.levels()]
                self._notify(channel, self._book(board, "snapshot", *sides), to=client)
            elif channel.startswith("ticker."):
                self.marked(board)

    def _board(self, channel: str) -> PublicBoard | None:
        name, _, rest = channel.partition(".")
        symbol, _, interval = rest.partition(".")
        wanted = {"book": "100ms", "trades": "100ms", "ticker": "100ms", "quote": ""}.get(name)
        return self.boards.get(symbol) if wanted == interval else None

    def _notify(self, channel: str, data: Any, muffled: bool = False, to: PublicClient | None = None) -> None:
        body = {"jsonrpc": "2.0", "method": "subscription", "params": {"channel": channel, "data": data}}
        if to is not None:
            self.tell(to, body)
        else:
            self.publish((channel, ""), body, muffled)

    def _book(self, board: PublicBoard, kind: str, bids: list[Any], asks: list[Any]) -> Body:
        return {"type": kind, "timestamp": self.ms(), "instrument_name": board.symbol, "change_id": board.seq,
                "bids": bids, "asks": asks}  # fmt: skip

    def booked(self, board: PublicBoard, bids: Pairs, asks: Pairs, before: int) -> None:
        sides = [
            [["change" if float(size) else "delete", raw(price), raw(size)] for price, size in side]
            for side in (bids, asks)
        ]
        data = self._book(board, "change", *sides) | {"prev_change_id": before}
        self._notify(f"book.{board.symbol}.100ms", data, self.muffled(board.symbol))

    def _best(self, board: PublicBoard) -> Body:
        bid, bid_sz, ask, ask_sz = (raw(text) for text in board.best())
        return {"timestamp": self.ms(), "instrument_name": board.symbol, "best_bid_price": bid,
                "best_bid_amount": bid_sz, "best_ask_price": ask, "best_ask_amount": ask_sz}  # fmt: skip

    def quoted(self, board: PublicBoard) -> None:
        self._notify(f"quote.{board.symbol}", self._best(board))

    def traded(self, board: PublicBoard, trade: Trade) -> None:
        row = {
            "trade_seq": trade.trade_id, "trade_id": str(trade.trade_id), "timestamp": self.ms(),
            "tick_direction": 0, "price": raw(board.px(trade.px)), "amount": raw(board.sz(trade.sz)),
            "instrument_name": board.symbol, "direction": "buy" if trade.side > 0 else "sell",
        }  # fmt: skip
        self._notify(f"trades.{board.symbol}.100ms", [row])

    def marked(self, board: PublicBoard) -> None:
        if not board.mark or not board.touch[0]:
            return
        marks = {"mark_price": raw(board.mark), "index_price": raw(board.index), "current_funding": raw("0.0001"),
                 "state": "open"}  # fmt: skip
        self._notify(f"ticker.{board.symbol}.100ms", self._best(board) | marks)

    def second(self, client: PublicClient) -> None:
        if not client.beat_s:
            return
        quiet = self.now() / 1e9 - client.heard_at
        if quiet > client.beat_s + PATIENCE_S:
            client.put(None)
        elif quiet > client.beat_s:
            self.tell(client, {"jsonrpc": "2.0", "method": "heartbeat", "params": {"type": "test_request"}})

    def listing(self, path: str, query: dict[str, str]) -> Any:
        kinds = {"linear": "linear", "inverse": "reversed", "spot": "linear"}
        rows = [
            {
                "instrument_name": one.symbol, "kind": "spot" if one.kind == "spot" else "future",
                "instrument_type": kinds[one.kind], "is_active": True, "tick_size": raw(one.tick),
                "min_trade_amount": raw(one.lot), "base_currency": one.base, "quote_currency": one.quote,
                "settlement_currency": one.settle, "contract_size": raw(one.lot),
                "counter_currency": one.quote, "settlement_period": "perpetual", "creation_timestamp": 1534167754000,
                "expiration_timestamp": 32503708800000, "maker_commission": 0.0, "taker_commission": 0.0005,
            }
            for one in (board.instrument for board in self.boards.values())
        ]  # fmt: skip
        return {"jsonrpc": "2.0", "result": rows, "testnet": False}

    def clock(self) -> Any:
        return {"jsonrpc": "2.0", "result": self.ms(), "testnet": False}
