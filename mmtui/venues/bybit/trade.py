"""How one trades at Bybit (v5, linear and inverse contracts): orders, questions, disconnect protection, private stream.

Sources: Bybit v5 API documentation (order, position, execution, account, disconnect-cancel-all, WebSocket connect).
The venue has one list of open orders: the second endpoint asks it symbol by symbol.  Executions and the ledger are told
for seven days a question.

Rules of this file: as in trader.py.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import chain
from typing import Any, ClassVar

import msgspec

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
    OldOrder,
    OpenList,
    OrderResult,
    PositionList,
    PositionRow,
    Refused,
)
from mmtui.venues.binance.reports import PositionReport
from mmtui.venues.binance.rest_calls import Call, Conversation, Reply
from mmtui.venues.bybit.account import answer, held, inquire
from mmtui.venues.bybit.private import SHAPES
from mmtui.venues.margin import Held, margin_of
from mmtui.venues.private_words import Object, Shapes, number, stamp, within, word
from mmtui.venues.trader import MS, NOTHING, UNREADABLE, Asked, Inquiry, Said, Trader, Wrong

#: How long a request is good where nothing else is asked for (the venue's own rule).
WINDOW_MS = 5_000
WEEK = 7 * 24 * 3_600_000 * MS
_TIF = {"GTX": "PostOnly", "GTC": "GTC", "IOC": "IOC"}
#: `type` of a transaction that is no trade -> cause.
_LOG = {
    "TRANSFER_IN": "TRANSFER",
    "TRANSFER_OUT": "TRANSFER",
    "SETTLEMENT": "FUNDING",
    "CURRENCY_BUY": "CONVERSION",
    "CURRENCY_SELL": "CONVERSION",
}


def _page(reply: Reply) -> tuple[list[Object], str] | Wrong:
    body, wrong = answer(reply)
    if wrong is not None:
        return wrong
    result = body.get("result")
    rows = result.get("list") if isinstance(result, dict) else None
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        return Failed("5xx")
    return rows, word(result or {}, "nextPageCursor") if rows else ""


class BybitTrader(Trader):
    venue: ClassVar[str] = "bybit"
    rest: ClassVar[str] = "https://api.bybit.com"
    private: ClassVar[str] = "wss://stream.bybit.com/v5/private"
    ping: ClassVar[bytes] = b'{"op":"ping"}'
    subscriptions: ClassVar[tuple[bytes, ...]] = (
        b'{"req_id":"account","op":"subscribe","args":["order","execution","position","wallet"]}',
        b'{"req_id":"dcp","op":"subscribe","args":["dcp.future"]}',
    )
    heard: ClassVar[int] = 1  # that of disconnect protection may be refused
    shapes: ClassVar[Shapes] = SHAPES

    # -- access --------------------------------------------------------------------------------------------------

    def stamps(self, now_ms: int, window_ms: int) -> dict[str, str]:
        return {"timestamp": str(now_ms), "recv_window": str(window_ms or WINDOW_MS)}

    def headers(self, key: str, passphrase: str, fields: Mapping[str, str], signature: str) -> dict[str, str]:
        return {
            "X-BAPI-API-KEY": key, "X-BAPI-TIMESTAMP": fields["timestamp"],
            "X-BAPI-RECV-WINDOW": fields["recv_window"], "X-BAPI-SIGN": signature,
        }  # fmt: skip

    def login(self, now_ms: int) -> dict[str, str]:
        return {"timestamp": str(now_ms + WINDOW_MS)}  # until when it is good

    def entering(self, key: str, passphrase: str, fields: Mapping[str, str], signature: str) -> list[bytes]:
        return [msgspec.json.encode({"op": "auth", "args": [key, int(fields["timestamp"]), signature]})]

    def said(self, data: bytes) -> Said:
        if b'"topic"' in data[:200] or b'"op"' not in data:
            return NOTHING
        try:
            body: Any = msgspec.json.decode(data)
            op, good = body.get("op"), body.get("success", True) is True and not body.get("retCode")
        except (msgspec.MsgspecError, RecursionError, AttributeError):
            return NOTHING
        if op in ("pong", "ping"):
            return Said("pong")
        if op == "auth":
            return Said("in") if good else Said("over", "the login was refused")
        if op == "subscribe" and body.get("req_id") != "dcp":
            return Said("heard") if good else Said("over", f"refused: {str(body.get('ret_msg', ''))[:100]}")
        return NOTHING

    def used(self, path: str, headers: Mapping[str, str]) -> dict[int, int]:
        """Limit and what is left of it, a second, of creates."""
        limit, left = headers.get("X-Bapi-Limit", ""), headers.get("X-Bapi-Limit-Status", "")
        if not path.startswith("/v5/order/create") or not (limit.isdecimal() and left.isdecimal()):
            return {}
        return {1_000: max(0, int(limit) - int(left))}

    # -- orders --------------------------------------------------------------------------------------------------

    def _new(self, order: NewOrder) -> dict[str, str]:
        body = {
            "symbol": self.symbols[order.i], "side": "Buy" if order.side > 0 else "Sell", "orderType": "Limit",
            "qty": order.size, "price": order.price, "timeInForce": _TIF[order.tif], "orderLinkId": order.client_id,
            "smpType": "CancelMaker",
        }  # fmt: skip
        return body | ({"reduceOnly": "true"} if order.reduce_only else {})

    def create(self, request: Create) -> Conversation:
        orders = [self._new(order) for order in request.orders]
        category = {"category": self.kinds[request.orders[0].i]}
        if len(orders) == 1:
            return self._one(Call("POST", "/v5/order/create", category | orders[0]))
        rows = [{**order, "reduceOnly": True} if "reduceOnly" in order else order for order in orders]
        body = category | {"request": msgspec.json.encode(rows).decode()}
        return self._many(Call("POST", "/v5/order/create-batch", body), request.orders)

    def amend(self, request: Amend) -> Conversation:
        order = request.order
        params = {
            "category": self.kinds[order.i], "symbol": self.symbols[order.i], "orderLinkId": order.client_id,
            "qty": order.size, "price": order.price,
        }  # fmt: skip
        return self._one(Call("POST", "/v5/order/amend", params))

    def cancel(self, request: Cancel) -> Conversation:
        rows = [{"symbol": self.symbols[order.i], "orderLinkId": order.client_id} for order in request.orders]
        category = {"category": self.kinds[request.orders[0].i]}
        if len(rows) == 1:
            return self._one(Call("POST", "/v5/order/cancel", category | rows[0]))
        body = category | {"request": msgspec.json.encode(rows).decode()}
        return self._many(Call("POST", "/v5/order/cancel-batch", body), request.orders)

    def _one(self, call: Call) -> Conversation:
        """The answer is about the order that was asked for."""
        (reply,) = yield [call]
        body, wrong = answer(reply)
        if wrong is not None:
            return wrong
        result = body.get("result")
        id = word(result, "orderId") if isinstance(result, dict) else ""
        return Done([OrderResult(True, id) if id else OrderResult(False, "", self.unknown, "no order id")])

    def _many(self, call: Call, orders: list[NewOrder] | list[OldOrder]) -> Conversation:
        """Rows and their codes stand in two lists, in the order of the request."""
        (reply,) = yield [call]
        body, wrong = answer(reply)
        if wrong is not None:
            return wrong
        try:
            rows, codes = body["result"]["list"], body["retExtInfo"]["list"]
            told = {
                word(row, "orderLinkId") or orders[at].client_id: self._result(row, code)
                for at, (row, code) in enumerate(zip(rows, codes, strict=True))
            }
        except UNREADABLE:
            return Failed("5xx")
        return Done(self.results(orders, told))

    def _result(self, row: Object, code: Object) -> OrderResult:
        if code["code"] == 0:
            return OrderResult(True, word(row, "orderId"))
        return OrderResult(False, "", str(code["code"]), str(code.get("msg", ""))[:200])

    def everything(self, request: CancelEverything) -> Conversation:
        places = [request.i] if request.i >= 0 else list(self.symbols)
        replies = yield [
            Call("POST", "/v5/order/cancel-all", {"category": self.kinds[i], "symbol": self.symbols[i]})
            for i in places
        ]
        for reply in replies:
            wrong = answer(reply)[1]
            if wrong is not None:
                return wrong
        return Done()

    def arm(self, request: ArmDeadMan) -> Conversation:
        """The window after which the venue cancels when the private stream has ended; it cannot be turned off."""
        if not request.ms:
            return Armed(0)
        body = {"product": "DERIVATIVES", "timeWindow": str(request.ms // 1_000)}
        (reply,) = yield [Call("POST", "/v5/order/disconnected-cancel-all", body)]
        wrong = answer(reply)[1]
        return wrong if wrong is not None else Armed(reply.sent + request.ms * MS)

    def inquire(self) -> Inquiry:
        return inquire(self.items)

    # -- questions -----------------------------------------------------------------------------------------------

    def _scopes(self, each: bool) -> list[dict[str, str]]:
        """What lists must be asked for: each symbol, or everything that is settled alike."""
        rows: list[dict[str, str]] = []
        for item in self.items:
            one: dict[str, str] = {"category": item.kind}
            if each:
                rows.append({**one, "symbol": item.symbol})
            else:
                rows.append(one if item.kind == "inverse" else {**one, "settleCoin": item.settle})
        return [dict(row) for row in dict.fromkeys(tuple(row.items()) for row in rows)]

    def _listed(self, path: str, scopes: list[dict[str, str]], limit: int) -> Asked:
        rows: list[Object] = []
        for scope in scopes:
            more = yield from self.pages(Call("GET", path, {**scope, "limit": str(limit)}), _page, "cursor")
            if isinstance(more, Failed | Refused):
                return more
            rows += more
        return rows

    def open(self, request: AskOpen) -> Conversation:
        rows = yield from self._listed("/v5/order/realtime", self._scopes(request.endpoint == 2), 50)
        if isinstance(rows, Failed | Refused):
            return rows
        try:
            return OpenList(self.open_rows([row for row in rows if row.get("orderStatus") != "Untriggered"]))
        except UNREADABLE:
            return Failed("5xx")

    def _weeks(self, path: str, scope: dict[str, str], since: int, limit: int) -> Asked:
        """Everything since an instant, a week a question; without one the last week."""
        rows: list[Object] = []
        sent = 0

        def read_page(reply: Reply) -> tuple[list[Object], str] | Wrong:
            nonlocal sent
            sent = sent or reply.sent
            return _page(reply)

        start = since
        while True:
            span = {"startTime": str(start // MS), "endTime": str((start + WEEK) // MS)} if since else {}
            more = yield from self.pages(Call("GET", path, {**scope, **span, "limit": str(limit)}), read_page, "cursor")
            if isinstance(more, Failed | Refused):
                return more
            rows += more
            start += WEEK
            if not since or start > sent:
                return rows

    def fills(self, request: AskFills) -> Conversation:
        rows: list[Object] = []
        for category in dict.fromkeys(self.kinds.values()):
            more = yield from self._weeks("/v5/execution/list", {"category": category}, request.since, 100)
            if isinstance(more, Failed | Refused):
                return more
            rows += more
        return self.fill_list(rows)

    def ledger(self, request: AskLedger) -> Conversation:
        scope = {"accountType": "UNIFIED"}
        rows = yield from self._weeks("/v5/account/transaction-log", scope, request.since, 50)
        if isinstance(rows, Failed | Refused):
            return rows
        try:
            return LedgerList([self._entry(row, _LOG[row["type"]]) for row in rows if row["type"] in _LOG])
        except UNREADABLE:
            return Failed("5xx")

    def _entry(self, row: Object, cause: str) -> LedgerRow:
        place = self.places.get(word(row, "symbol"), -1)
        return LedgerRow(
            row["id"], stamp(row, "transactionTime"), place, cause, "0", "0", number(row, "change"), row["currency"]
        )

    def positions(self, request: AskPositions) -> Conversation:
        rows: list[Object] = []
        needs: list[Iterator[Held]] = []
        for scope in self._scopes(False):
            more = yield from self._listed("/v5/position/list", [scope], 200)
            if isinstance(more, Failed | Refused):
                return more
            rows += more
            needs.append(held(more, scope["category"] == "inverse"))
        try:
            told = [one for one in within(rows, SHAPES) if isinstance(one, PositionReport)]
            if len(told) != len(rows):
                raise ValueError("a row that is no position")
        except UNREADABLE:
            return Failed("5xx")
        self.margin = margin_of(chain.from_iterable(needs))
        places = [(self.places.get(one.instrument.partition(":")[2], -1), one.size) for one in told]
        return PositionList([PositionRow(place, size) for place, size in places if place >= 0])
