"""How one trades at Kraken (spot): orders and questions by REST, dead-man switch, private stream (WebSocket v2).

Sources: Kraken REST API documentation (trading, account data, CancelAllOrdersAfter, GetWebSocketsToken), WebSocket v2
(executions, balances).  The venue has one list of open orders, of everything: the second endpoint asks it again.  Fees
are asked for in the quote (fciq).  Nonces must rise: calls that overtake each other want a key with a nonce window.

Rules of this file: as in trader.py.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping
from typing import Any, ClassVar

import msgspec

from mmtui.core.market.instrument import Instrument
from mmtui.venues.account_messages import (
    Amend,
    ArmDeadMan,
    Armed,
    AskFills,
    AskLedger,
    AskOpen,
    AskPositions,
    Cancel,
    CancelEverything,
    Create,
    Done,
    Failed,
    LedgerList,
    LedgerRow,
    NewOrder,
    OpenList,
    OpenRow,
    OrderResult,
    PositionList,
    PositionRow,
    Refused,
)
from mmtui.venues.binance.reports import Report
from mmtui.venues.binance.rest_calls import Call, Conversation, Reply
from mmtui.venues.kraken.account import answer, code_of, inquire
from mmtui.venues.kraken.names import asset, pair, pairs
from mmtui.venues.kraken.private import SHAPES
from mmtui.venues.kraken.signable import PRIVATE
from mmtui.venues.kraken.told import LastTold
from mmtui.venues.kraken.trade_futures import iso
from mmtui.venues.numbers import ns_of_iso
from mmtui.venues.private_words import Object, Shapes, less, number, side, word
from mmtui.venues.trader import MS, NOTHING, UNREADABLE, Asked, Inquiry, Said, Trader, Wrong

SECOND = 1_000 * MS
PAGE = 50
#: Orders that one question is about.
NAMED = 20
_CHANNELS = {"executions": {"snap_trades": False, "snap_orders": True}, "balances": {"snapshot": False}}
#: `type` of a line of the ledger that is no trade -> cause; what is not here moves a balance without a name.
_LOG = {"spend": "CONVERSION", "receive": "CONVERSION", "conversion": "CONVERSION", "sale": "CONVERSION"}
_TRADES = frozenset({"trade", "margin", "rollover", "settled"})


class KrakenTrader(Trader):
    venue: ClassVar[str] = "kraken-spot"
    rest: ClassVar[str] = "https://api.kraken.com"
    private: ClassVar[str] = "wss://ws-auth.kraken.com/v2"
    ping: ClassVar[bytes] = b'{"method":"ping"}'
    subscriptions: ClassVar[tuple[bytes, ...]] = ()  # they have the token
    heard: ClassVar[int] = len(_CHANNELS)
    shapes: ClassVar[Shapes] = SHAPES

    def __init__(self, instruments: list[tuple[int, Instrument]]) -> None:
        super().__init__(instruments)
        self._nonce = 0
        self._last = LastTold()
        self._pairs = {i: pair(item) for i, item in instruments}
        self._names = pairs(self.items)

    # -- access --------------------------------------------------------------------------------------------------

    def stamps(self, now_ms: int, window_ms: int) -> dict[str, str]:
        """The nonce, always above the one before; until when the matching engine may take an order."""
        self._nonce = max(self._nonce + 1, now_ms * 1_000)
        return {"timestamp": str(self._nonce)} | ({"deadline": iso(now_ms + window_ms)} if window_ms else {})

    def headers(self, key: str, passphrase: str, fields: Mapping[str, str], signature: str) -> dict[str, str]:
        return {"API-Key": key, "API-Sign": signature}

    def ticket(self) -> Call | None:
        return Call("POST", f"{PRIVATE}/GetWebSocketsToken", {})

    def admitted(self, reply: Reply) -> list[bytes]:
        token = word(answer(reply)[0], "token")
        if not token:
            return []
        return [
            msgspec.json.encode({"method": "subscribe", "params": {"channel": name, **more, "token": token}})
            for name, more in _CHANNELS.items()
        ]

    def said(self, data: bytes) -> Said:
        if b'"method"' not in data:
            return NOTHING
        try:
            body: Any = msgspec.json.decode(data)
            method, good = body.get("method"), body.get("success", True) is True
            channel = (body.get("result") or {}).get("channel")
        except (msgspec.MsgspecError, RecursionError, AttributeError):
            return NOTHING
        if method == "pong":
            return Said("pong")
        if method != "subscribe":
            return NOTHING
        if not good:
            return Said("over", f"refused: {str(body.get('error', ''))[:100]}")
        return Said("heard") if channel in _CHANNELS else NOTHING

    def told(self, data: bytes) -> list[Report]:
        """A snapshot is remembered and tells nothing: what was before is asked for when the stream is up."""
        found = self._last.whole(super().told(data))
        return [] if b'"type":"snapshot"' in data[:200] else found

    # -- orders --------------------------------------------------------------------------------------------------

    def _new(self, order: NewOrder) -> dict[str, str]:
        self._last.sent(order, f"{self.venue}:{self.symbols[order.i]}")
        return {
            "ordertype": "limit", "type": "buy" if order.side > 0 else "sell", "volume": order.size,
            "price": order.price, "timeinforce": "IOC" if order.tif == "IOC" else "GTC",
            "oflags": "post,fciq" if order.tif == "GTX" else "fciq", "cl_ord_id": order.client_id,
            "stptype": "cancel-oldest",
        }  # fmt: skip

    def create(self, request: Create) -> Conversation:
        """A call for each pair: the venue's batches are of one."""
        places = list(dict.fromkeys(order.i for order in request.orders))
        told: dict[str, OrderResult] = {}
        for i in places:
            orders = [order for order in request.orders if order.i == i]
            (reply,) = yield [self._placed(i, [self._new(order) for order in orders])]
            result, wrong = answer(reply)
            if wrong is not None and len(places) == 1:
                return wrong
            told |= {order.client_id: self._one(result, wrong, at) for at, order in enumerate(orders)}
        return Done(self.results(request.orders, told))

    def _placed(self, i: int, rows: list[dict[str, str]]) -> Call:
        if len(rows) == 1:
            return Call("POST", f"{PRIVATE}/AddOrder", {"pair": self._pairs[i], **rows[0]})
        listed = msgspec.json.encode(rows).decode()
        return Call("POST", f"{PRIVATE}/AddOrderBatch", {"pair": self._pairs[i], "orders": listed})

    def _one(self, result: dict[str, Any], wrong: Wrong | None, at: int) -> OrderResult:
        """Of the order at this place of a call."""
        if isinstance(wrong, Refused):
            return OrderResult(False, "", wrong.code, wrong.text)
        if isinstance(wrong, Failed):
            sure = wrong.kind in ("429", "418", "403", "auth")
            return OrderResult(False, "", "not done" if sure else self.unknown, wrong.kind)
        try:
            row = result["orders"][at] if "orders" in result else result
            if error := word(row, "error"):
                return OrderResult(False, "", code_of(error), error)
            txid = row["txid"]
            id = str(txid[0]) if isinstance(txid, list) else word(row, "txid")
        except UNREADABLE:
            id = ""
        return OrderResult(True, id) if id else OrderResult(False, "", self.unknown, "no order id")

    def amend(self, request: Amend) -> Conversation:
        """Quotes are post-only: a new price that would take is refused, and the order stays."""
        order = request.order
        params = {
            "cl_ord_id": order.client_id, "order_qty": order.size, "limit_price": order.price, "post_only": "true",
        }  # fmt: skip
        (reply,) = yield [Call("POST", f"{PRIVATE}/AmendOrder", params)]
        result, wrong = answer(reply)
        if wrong is not None:
            return wrong
        if not word(result, "amend_id"):
            return Done([OrderResult(False, "", self.unknown, "no amend id")])
        return Done([OrderResult(True, order.venue_order_id)])

    def cancel(self, request: Cancel) -> Conversation:
        """The answer tells how many: fewer than were asked for, and nobody knows which."""
        ids = [order.client_id for order in request.orders]
        if len(ids) == 1:
            call = Call("POST", f"{PRIVATE}/CancelOrder", {"cl_ord_id": ids[0]})
        else:
            listed = msgspec.json.encode(ids).decode()
            call = Call("POST", f"{PRIVATE}/CancelOrderBatch", {"cl_ord_ids": listed})
        (reply,) = yield [call]
        result, wrong = answer(reply)
        if wrong is not None:
            return wrong
        if result.get("count") != len(ids) and result.get("pending") is not True:
            lost = OrderResult(False, "", self.unknown, "fewer were cancelled than asked for")
            return Done([lost for _ in ids])
        return Done([OrderResult(True, order.venue_order_id) for order in request.orders])

    def everything(self, request: CancelEverything) -> Conversation:
        """CancelAll is of the whole account, and not used: what is open here is asked for, and cancelled by id."""
        rows = yield from self._open()
        if isinstance(rows, Failed | Refused):
            return rows
        ids = [row.venue_order_id for row in rows if row.i >= 0 and request.i in (-1, row.i)]
        for at in range(0, len(ids), PAGE):
            listed = msgspec.json.encode(ids[at : at + PAGE]).decode()
            (reply,) = yield [Call("POST", f"{PRIVATE}/CancelOrderBatch", {"txids": listed})]
            wrong = answer(reply)[1]
            if wrong is not None:
                return wrong
        return Done()

    def arm(self, request: ArmDeadMan) -> Conversation:
        (reply,) = yield [Call("POST", f"{PRIVATE}/CancelAllOrdersAfter", {"timeout": str(request.ms // 1_000)})]
        result, wrong = answer(reply)
        if wrong is not None:
            return wrong
        if not request.ms:
            return Armed(0)
        try:  # both instants by the venue's clock
            return Armed(reply.sent + ns_of_iso(result["triggerTime"]) - ns_of_iso(result["currentTime"]))
        except UNREADABLE:
            return Failed("5xx")

    def inquire(self) -> Inquiry:
        return inquire(self.items)

    # -- questions -----------------------------------------------------------------------------------------------

    def open(self, request: AskOpen) -> Conversation:
        rows = yield from self._open()
        return rows if isinstance(rows, Failed | Refused) else OpenList(rows)

    def _open(self) -> Generator[list[Call], list[Reply], list[OpenRow] | Wrong]:
        (reply,) = yield [Call("POST", f"{PRIVATE}/OpenOrders", {})]
        result, wrong = answer(reply)
        if wrong is not None:
            return wrong
        try:
            rows = result["open"].items()
            return [self._row(id, row) for id, row in rows if row["descr"]["ordertype"] == "limit"]
        except UNREADABLE:
            return Failed("5xx")

    def _row(self, id: str, row: Object) -> OpenRow:
        descr = row["descr"]
        place = self.places.get(self._names.get(word(descr, "pair"), ""), -1)
        return OpenRow(
            word(row, "cl_ord_id"), id, place, 1 if side(descr["type"]) == "buy" else -1, number(descr, "price"),
            number(row, "vol"), number(row, "vol_exec"), _ns(row, "opentm"),
        )  # fmt: skip

    def _listed(self, name: str, since: int, part: str) -> Asked:
        """Every row of a list with its id in it, fifty a question."""
        start = {"start": str(since // SECOND)} if since > 0 else {}
        seen = 0

        def page(reply: Reply) -> tuple[list[Object], str] | Wrong:
            nonlocal seen
            result, wrong = answer(reply)
            if wrong is not None:
                return wrong
            try:
                rows = [{**row, "id": id} for id, row in result[part].items()]
                seen += len(rows)
                more = bool(since) and len(rows) >= PAGE and seen < int(number(result, "count"))
            except UNREADABLE:
                return Failed("5xx")
            return rows, str(seen) if more else ""

        return (yield from self.pages(Call("POST", f"{PRIVATE}/{name}", start), page, "ofs"))

    def fills(self, request: AskFills) -> Conversation:
        """A trade's id is the stream's exec_id; its fee is in the quote; the list names orders by the venue's ids."""
        rows = yield from self._listed("TradesHistory", request.since, "trades")
        if isinstance(rows, Failed | Refused):
            return rows
        wrong = yield from self._name([word(row, "ordertxid") for row in rows])
        if wrong is not None:
            return wrong
        try:
            named = [
                {**row, "pair": self._names.get(word(row, "pair"), word(row, "pair")), "trade_id": row["id"]}
                for row in rows
            ]
        except UNREADABLE:
            return Failed("5xx")
        listed = self.fill_list(named)
        if isinstance(listed, Failed):
            return listed
        quotes = {f"{self.venue}:{item.symbol}": item.quote for item in self.items}
        return msgspec.structs.replace(listed, fills=[
            msgspec.structs.replace(one, fee_asset=quotes.get(one.instrument, ""))
            for one in self._last.fills(listed.fills)
            if one.ts_event >= request.since
        ])  # fmt: skip

    def _name(self, ids: list[str]) -> Generator[list[Call], list[Reply], Wrong | None]:
        """Know the client ids of orders."""
        lost = self._last.unknown(ids)
        for at in range(0, len(lost), NAMED):
            asked = lost[at : at + NAMED]
            (reply,) = yield [Call("POST", f"{PRIVATE}/QueryOrders", {"txid": ",".join(asked)})]
            result, wrong = answer(reply)
            if wrong is not None:
                return wrong
            try:
                for id in asked:
                    self._last.named(id, word(result.get(id, {}), "cl_ord_id"))
            except UNREADABLE:
                return Failed("5xx")
        return None

    def ledger(self, request: AskLedger) -> Conversation:
        rows = yield from self._listed("Ledgers", request.since, "ledger")
        if isinstance(rows, Failed | Refused):
            return rows
        try:
            return LedgerList([self._entry(row) for row in rows if row["type"] not in _TRADES])
        except UNREADABLE:
            return Failed("5xx")

    def _entry(self, row: Object) -> LedgerRow:
        name, change = asset(word(row, "asset")), less(number(row, "amount"), number(row, "fee"))
        place = self.bases.get(name, -1)
        return LedgerRow(
            row["id"], _ns(row, "time"), place, _LOG.get(word(row, "type"), "TRANSFER"),
            change if place >= 0 else "0", "0", change, name,
        )  # fmt: skip

    def positions(self, request: AskPositions) -> Conversation:
        (reply,) = yield [Call("POST", f"{PRIVATE}/Balance", {})]
        result, wrong = answer(reply)
        if wrong is not None:
            return wrong
        try:
            told = [(asset(name), number(result, name)) for name in result]
        except UNREADABLE:
            return Failed("5xx")
        return PositionList([PositionRow(self.bases[name], size) for name, size in told if name in self.bases])


def _ns(row: Object, name: str) -> int:
    """Seconds with a fraction."""
    whole, _, part = number(row, name).partition(".")
    return int(whole) * SECOND + int(part.ljust(9, "0")[:9])


