"""OKX's public stream and questions, as a server says them (v5; the checksum is 0, as since June 2026).

Rules of this file: messages of the venue's v5 documentation; no market, no socket.
"""

from __future__ import annotations

from typing import Any, ClassVar

from mmtui.core.events import Trade
from mmtui.venues.loopback.public.board import Pairs, PublicBoard
from mmtui.venues.loopback.public.voice import Body, PublicClient, Voice, decoded
from mmtui.venues.okx.public import index_of, kind_name

_CHANNELS = frozenset({"books", "trades", "bbo-tbt", "mark-price", "funding-rate"})


class OkxVoice(Voice):
    venue: ClassVar[str] = "okx"
    paths: ClassVar[tuple[str, ...]] = ("/ws/v5/public",)
    notice: ClassVar[bytes] = (
        b'{"event":"notice","code":"64008","msg":"The connection will soon be closed for a service upgrade. '
        b'Please reconnect.","connId":"a4d3ae55"}'
    )

    def heard(self, client: PublicClient, text: bytes) -> None:
        if text == b"ping":
            client.put(b"pong")
            return
        body = decoded(text)
        if body is None or body.get("op") not in ("subscribe", "unsubscribe"):
            self.tell(client, {"event": "error", "code": "60012", "msg": "Invalid request", "connId": "a4d3ae55"})
            return
        for arg in body.get("args") or ():
            self._asked(client, body["op"], arg)

    def _asked(self, client: PublicClient, op: str, arg: Body) -> None:
        channel, symbol = arg.get("channel", ""), arg.get("instId", "")
        known = (
            (channel in _CHANNELS and symbol in self.boards)
            or (channel == "index-tickers" and any(index_of(name) == symbol for name in self.boards))
            or (channel == "liquidation-orders" and arg.get("instType") in ("SWAP", "FUTURES"))
        )
        if not known:
            what = f"Wrong URL or channel:{channel},instId:{symbol} doesn't exist."
            self.tell(client, {"event": "error", "code": "60018", "msg": what, "connId": "a4d3ae55"})
            return
        subscribed = client.wants((channel, symbol), op == "subscribe")
        self.tell(client, {"event": op, "arg": arg, "connId": "a4d3ae55"})
        if subscribed and channel == "books":
            board = self.boards[symbol]
            self.tell(client, self._book(board, "snapshot", *board.levels(400), -1))
        if subscribed and channel in ("mark-price", "index-tickers", "funding-rate"):
            for board in self.boards.values():
                self.marked(board)

    def _book(self, board: PublicBoard, action: str, bids: Pairs, asks: Pairs, before: int) -> Body:
        data = {
            "asks": [[price, size, "0", "1" if float(size) else "0"] for price, size in asks],
            "bids": [[price, size, "0", "1" if float(size) else "0"] for price, size in bids],
            "ts": str(self.ms()), "checksum": 0, "prevSeqId": before, "seqId": board.seq,
        }  # fmt: skip
        return {"arg": {"channel": "books", "instId": board.symbol}, "action": action, "data": [data]}

    def booked(self, board: PublicBoard, bids: Pairs, asks: Pairs, before: int) -> None:
        body = self._book(board, "update", bids, asks, before)
        self.publish(("books", board.symbol), body, self.muffled(board.symbol))

    def _say(self, channel: str, symbol: str, data: Body) -> None:
        self.publish((channel, symbol), {"arg": {"channel": channel, "instId": symbol}, "data": [data]})

    def quoted(self, board: PublicBoard) -> None:
        bid, bid_sz, ask, ask_sz = board.best()
        quote = {
            "asks": [[ask, ask_sz, "0", "1"]], "bids": [[bid, bid_sz, "0", "1"]], "ts": str(self.ms()),
            "seqId": board.quote_seq,
        }  # fmt: skip
        self._say("bbo-tbt", board.symbol, quote)

    def traded(self, board: PublicBoard, trade: Trade) -> None:
        told = {
            "instId": board.symbol, "tradeId": str(trade.trade_id), "px": board.px(trade.px),
            "sz": board.sz(trade.sz), "side": "buy" if trade.side > 0 else "sell", "ts": str(self.ms()), "count": "1",
        }  # fmt: skip
        self._say("trades", board.symbol, told)

    def marked(self, board: PublicBoard) -> None:
        if not board.mark:
            return
        stamp, kind, index = str(self.ms()), kind_name(board.symbol), index_of(board.symbol)
        self._say("mark-price", board.symbol,
                  {"instType": kind, "instId": board.symbol, "markPx": board.mark, "ts": stamp})  # fmt: skip
        self._say("index-tickers", index, {"instId": index, "idxPx": board.index, "ts": stamp})
        rate = {
            "instType": kind, "instId": board.symbol, "fundingRate": "0.0001", "nextFundingRate": "",
            "fundingTime": str(board.next_funding), "ts": stamp,
        }  # fmt: skip
        self._say("funding-rate", board.symbol, rate)

    def listing(self, path: str, query: dict[str, str]) -> Any:
        wanted = query.get("instType", "")
        return {"code": "0", "msg": "", "data": [row for b in self.boards.values() if (row := _row(b, wanted))]}

    def clock(self) -> Any:
        return {"code": "0", "msg": "", "data": [{"ts": str(self.ms())}]}


def _row(board: PublicBoard, wanted: str) -> Body | None:
    one, kind = board.instrument, kind_name(board.symbol)
    if kind != wanted:
        return None
    row = {"instId": one.symbol, "instType": kind, "tickSz": one.tick, "lotSz": one.lot, "minSz": one.lot,
           "state": "live"}  # fmt: skip
    if kind == "SPOT":
        return row | {"baseCcy": one.base, "quoteCcy": one.quote, "uly": "", "ctVal": "", "ctMult": "", "ctType": ""}
    name = index_of(one.symbol)
    terms = {
        "uly": name, "instFamily": name, "ctType": one.kind, "ctVal": one.contract_size, "ctMult": "1",
        "settleCcy": one.settle, "baseCcy": "", "quoteCcy": "",
    }  # fmt: skip
    return row | terms
