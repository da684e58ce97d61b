"""The public stream and questions of dYdX' indexer (v4), as a server says them.

Every frame of a connection carries the next message_id, whatever its channel.

Rules of this file: messages of the indexer's documentation; no market, no socket.
"""

from __future__ import annotations

from typing import Any, ClassVar

from mmtui.core.events import Trade
from mmtui.venues.loopback.public.board import Pairs, PublicBoard
from mmtui.venues.loopback.public.kraken import iso
from mmtui.venues.loopback.public.voice import Body, PublicClient, Voice, decoded, encode

_CHANNELS = frozenset({"v4_orderbook", "v4_trades", "v4_markets"})


class DydxVoice(Voice):
    venue: ClassVar[str] = "dydx"
    paths: ClassVar[tuple[str, ...]] = ("/v4/ws",)

    def seal(self, client: PublicClient, body: Body) -> bytes:
        data = encode({**body, "connection_id": "c0ffee", "message_id": client.number})
        client.number += 1
        return data

    def greeted(self, client: PublicClient) -> None:
        self.tell(client, {"type": "connected"})

    def heard(self, client: PublicClient, text: bytes) -> None:
        body = decoded(text) or {}
        kind, channel, symbol = body.get("type", ""), body.get("channel", ""), body.get("id", "")
        wrong = channel != "v4_markets" and symbol not in self.boards
        if kind not in ("subscribe", "unsubscribe") or channel not in _CHANNELS or wrong:
            self.tell(client, {"type": "error", "message": f"Invalid channel: {channel} {symbol}"})
            return
        place = {"channel": channel, "id": symbol} if symbol else {"channel": channel}
        if not client.wants((channel, symbol), kind == "subscribe"):
            self.tell(client, {"type": "unsubscribed", **place})
            return
        contents: Body = {"trades": []}
        if channel == "v4_orderbook":
            bids, asks = (
                [{"price": price, "size": size} for price, size in side] for side in self.boards[symbol].levels()
            )
            contents = {"bids": bids, "asks": asks}
        elif channel == "v4_markets":
            contents = self.listing("", {})
        self.tell(client, {"type": "subscribed", **place, "contents": contents})

    def _say(self, channel: str, symbol: str, contents: Body, muffled: bool = False) -> None:
        body = {"type": "channel_data", "channel": channel, "id": symbol, "version": "1.0.0", "contents": contents}
        self.publish((channel, symbol), body, muffled)

    def booked(self, board: PublicBoard, bids: Pairs, asks: Pairs, before: int) -> None:
        contents = {name: side for name, side in (("bids", bids), ("asks", asks)) if side}
        self._say("v4_orderbook", board.symbol, contents, self.muffled(board.symbol))

    def traded(self, board: PublicBoard, trade: Trade) -> None:
        row = {
            "id": f"{trade.trade_id:032x}", "side": "BUY" if trade.side > 0 else "SELL", "size": board.sz(trade.sz),
            "price": board.px(trade.px), "type": "LIMIT", "createdAt": iso(self.now()), "createdAtHeight": "1",
        }  # fmt: skip
        self._say("v4_trades", board.symbol, {"trades": [row]})

    def marked(self, board: PublicBoard) -> None:
        price = {"oraclePrice": board.mark, "effectiveAt": iso(self.now()), "effectiveAtHeight": "1", "marketId": 0}
        body = {"type": "channel_data", "channel": "v4_markets", "version": "1.0.0",
                "contents": {"oraclePrices": {board.symbol: price}}}  # fmt: skip
        self.publish(("v4_markets", ""), body)

    def listing(self, path: str, query: dict[str, str]) -> Any:
        rows = {
            one.symbol: {
                "clobPairId": "0", "ticker": one.symbol, "status": "ACTIVE", "tickSize": one.tick, "stepSize": one.lot,
                "nextFundingRate": "0.0000125", "marketType": "CROSS",
            }
            for one in (board.instrument for board in self.boards.values())
        }  # fmt: skip
        return {"markets": rows}

    def clock(self) -> Any:
        return {"iso": f"{iso(self.now())[:23]}Z", "epoch": self.now() / 1e9}
