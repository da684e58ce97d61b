"""Gate's public streams and questions, as a server says them (v4; spot, and perpetual contracts in USDT).

Rules of this file: messages of the venue's documentation; no market, no socket.
"""

from __future__ import annotations

from typing import Any, ClassVar

from mmtui.core.events import Trade
from mmtui.venues.loopback.public.board import Pairs, PublicBoard
from mmtui.venues.loopback.public.voice import Body, PublicClient, Voice, decoded, raw

_DEPTH = 400


class GateVoice(Voice):
    venue: ClassVar[str] = "gate-spot"
    paths: ClassVar[tuple[str, ...]] = ("/ws/v4/",)
    family: ClassVar[str] = "spot"
    channels: ClassVar[frozenset[str]] = frozenset({"obu", "trades", "book_ticker"})

    def _frame(self, name: str, event: str, result: Any) -> Body:
        return {"time": self.ms() // 1_000, "time_ms": self.ms(), "channel": f"{self.family}.{name}", "event": event,
                "result": result}  # fmt: skip

    def heard(self, client: PublicClient, text: bytes) -> None:
        body = decoded(text) or {}
        family, _, name = str(body.get("channel", "")).partition(".")
        event, payload = body.get("event", ""), body.get("payload") or []
        if event == "" and name == "ping":
            self.tell(client, self._frame("pong", "", None))
            return
        symbols = [_symbol(item) if name == "obu" else item for item in payload]
        known = family == self.family and name in self.channels and all(symbol in self.boards for symbol in symbols)
        if not known or event not in ("subscribe", "unsubscribe"):
            error = {"code": 2, "message": "unknown currency pair or channel"}
            self.tell(client, self._frame(name, event, None) | {"error": error})
            return
        self.tell(client, self._frame(name, event, {"status": "success"}))
        for symbol in symbols:
            if not client.wants((name, symbol), event == "subscribe"):
                continue
            if name == "obu":
                self.tell(client, self._book(self.boards[symbol], *self.boards[symbol].levels(_DEPTH)))
            elif name == "tickers":
                self.marked(self.boards[symbol])

    def _book(self, board: PublicBoard, bids: Pairs, asks: Pairs, before: int = -1) -> Body:
        place: Body = {"full": True} if before < 0 else {"U": before + 1}
        book = {"t": self.ms(), "s": f"ob.{board.symbol}.{_DEPTH}", "u": board.seq, "b": bids, "a": asks}
        return self._frame("obu", "update", book | place)

    def booked(self, board: PublicBoard, bids: Pairs, asks: Pairs, before: int) -> None:
        self.publish(("obu", board.symbol), self._book(board, bids, asks, before), self.muffled(board.symbol))

    def quoted(self, board: PublicBoard) -> None:
        bid, bid_sz, ask, ask_sz = board.best()
        quote = {"t": self.ms(), "u": board.quote_seq, "s": board.symbol, "b": bid, "B": self.size(bid_sz), "a": ask,
                 "A": self.size(ask_sz)}  # fmt: skip
        self.publish(("book_ticker", board.symbol), self._frame("book_ticker", "update", quote))

    def size(self, text: str) -> Any:
        """Texts on spot, numbers of contracts on futures."""
        return text

    def traded(self, board: PublicBoard, trade: Trade) -> None:
        row = {
            "id": trade.trade_id, "create_time": self.ms() // 1_000, "create_time_ms": f"{self.ms()}.000",
            "side": "buy" if trade.side > 0 else "sell", "currency_pair": board.symbol, "amount": board.sz(trade.sz),
            "price": board.px(trade.px),
        }  # fmt: skip
        self.publish(("trades", board.symbol), self._frame("trades", "update", row))

    def listing(self, path: str, query: dict[str, str]) -> Any:
        return [
            {
                "id": one.symbol, "base": one.base, "quote": one.quote, "fee": "0.2", "trade_status": "tradable",
                "min_quote_amount": one.min_notional, "amount_precision": len(one.lot.partition(".")[2]),
                "precision": len(one.tick.partition(".")[2]),
            }
            for one in (board.instrument for board in self.boards.values())
        ]  # fmt: skip

    def clock(self) -> Any:
        return {"server_time": self.ms()}


class GateFuturesVoice(GateVoice):
    venue: ClassVar[str] = "gate-futures"
    paths: ClassVar[tuple[str, ...]] = ("/v4/ws/usdt",)
    family: ClassVar[str] = "futures"
    channels: ClassVar[frozenset[str]] = frozenset({"obu", "trades", "book_ticker", "tickers", "public_liquidates"})

    def size(self, text: str) -> Any:
        return raw(text)

    def traded(self, board: PublicBoard, trade: Trade) -> None:
        row = {
            "id": trade.trade_id, "create_time": self.ms() // 1_000, "create_time_ms": self.ms(),
            "contract": board.symbol, "size": raw(board.sz(trade.sz * trade.side)), "price": board.px(trade.px),
        }  # fmt: skip
        self.publish(("trades", board.symbol), self._frame("trades", "update", [row]))

    def marked(self, board: PublicBoard) -> None:
        if board.mark:
            row = {"contract": board.symbol, "last": board.mark, "mark_price": board.mark, "index_price": board.index,
                   "funding_rate": "0.0001"}  # fmt: skip
            self.publish(("tickers", board.symbol), self._frame("tickers", "update", [row]))

    def listing(self, path: str, query: dict[str, str]) -> Any:
        return [
            {
                "name": one.symbol, "type": "direct", "order_price_round": one.tick, "order_size_min": 1,
                "quanto_multiplier": one.contract_size, "in_delisting": False, "status": "trading",
            }
            for one in (board.instrument for board in self.boards.values())
        ]  # fmt: skip


def _symbol(topic: str) -> str:
    """ob.BTC_USDT.400 -> BTC_USDT."""
    return topic.removeprefix("ob.").rpartition(".")[0]
