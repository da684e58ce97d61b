"""How one trades at OKX (v5): orders, questions, the dead-man switch and the private stream, in the venue's words.

Sources: OKX v5 API documentation (order book trading, trading account, authentication); the answers of its published
client.  The venue has one list of open orders: the second endpoint asks it instrument by instrument.

Rules of this file: as in trader.py.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
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
from mmtui.venues.margin import margin_of
from mmtui.venues.okx.account import answer, held, inquire
from mmtui.venues.okx.private import SHAPES
from mmtui.venues.okx.public import kind_name
from mmtui.venues.private_words import Object, Shapes, number, stamp, within, word
from mmtui.venues.signing_table import BODY
from mmtui.venues.trader import MS, NOTHING, UNREADABLE, Asked, Inquiry, Said, Trader, Wrong

PAGE = 100
#: The list of executions goes back so far (three days, less an hour); what is older is in the history.
RECENT = (3 * 24 - 1) * 3_600_000 * MS
_ORD_TYPE = {"GTX": "post_only", "GTC": "limit", "IOC": "ioc"}
#: `type` of a bill that is no trade -> cause.
_BILLS = {"1": "TRANSFER", "8": "FUNDING", "30": "CONVERSION"}


def _page(reply: Reply, name: str) -> tuple[list[Object], str] | Wrong:
    rows, wrong = answer(reply)
    if wrong is not None:
        return wrong
    return rows, word(rows[-1], name) if len(rows) >= PAGE else ""


def _by_order(reply: Reply) -> tuple[list[Object], str] | Wrong:
    return _page(reply, "ordId")


def _by_bill(reply: Reply) -> tuple[list[Object], str] | Wrong:
    return _page(reply, "billId")


class OkxTrader(Trader):
    venue: ClassVar[str] = "okx"
    rest: ClassVar[str] = "https://www.okx.com"
    private: ClassVar[str] = "wss://ws.okx.com:8443/ws/v5/private"
    ping: ClassVar[bytes] = b"ping"
    subscriptions: ClassVar[tuple[bytes, ...]] = (
        b'{"op":"subscribe","args":[{"channel":"orders","instType":"ANY"},{"channel":"account"},'
        b'{"channel":"positions","instType":"ANY"}]}',
    )
    heard: ClassVar[int] = 3
    shapes: ClassVar[Shapes] = SHAPES

    # -- access --------------------------------------------------------------------------------------------------

    def stamps(self, now_ms: int, window_ms: int) -> dict[str, str]:
        """`expTime` is a header and not signed; it is told by `headers`."""
        at = datetime.fromtimestamp(now_ms // 1_000, UTC)
        text = f"{at:%Y-%m-%dT%H:%M:%S}.{now_ms % 1_000:03d}Z"
        return {"timestamp": text} | ({"expTime": str(now_ms + window_ms)} if window_ms else {})

    def headers(self, key: str, passphrase: str, fields: Mapping[str, str], signature: str) -> dict[str, str]:
        found = {
            "OK-ACCESS-KEY": key, "OK-ACCESS-SIGN": signature, "OK-ACCESS-TIMESTAMP": fields["timestamp"],
            "OK-ACCESS-PASSPHRASE": passphrase,
        }  # fmt: skip
        return found | ({"expTime": fields["expTime"]} if "expTime" in fields else {})

    def login(self, now_ms: int) -> dict[str, str]:
        return {"timestamp": str(now_ms // 1_000)}

    def entering(self, key: str, passphrase: str, fields: Mapping[str, str], signature: str) -> list[bytes]:
        arg = {"apiKey": key, "passphrase": passphrase, "timestamp": fields["timestamp"], "sign": signature}
        return [msgspec.json.encode({"op": "login", "args": [arg]})]

    def said(self, data: bytes) -> Said:
        if data == b"pong":
            return Said("pong")
        if not data.startswith(b'{"event"') and b'"event"' not in data[:200]:
            return NOTHING
        try:
            body: Any = msgspec.json.decode(data)
            event = body.get("event")
        except (msgspec.MsgspecError, RecursionError, AttributeError):
            return NOTHING
        if event == "login":
            return Said("in") if str(body.get("code", "0")) == "0" else Said("over", "the login was refused")
        if event == "subscribe":
            return Said("heard")
        if event == "error":
            return Said("over", f"refused: {str(body.get('msg', ''))[:100]}")
        return Said("over", "ended by the venue") if event == "notice" else NOTHING

    # -- orders --------------------------------------------------------------------------------------------------

    def _new(self, order: NewOrder) -> dict[str, str]:
        spot = self.kinds[order.i] == "spot"
        body = {
            "instId": self.symbols[order.i], "tdMode": "cash" if spot else "cross",
            "side": "buy" if order.side > 0 else "sell", "ordType": _ORD_TYPE[order.tif], "px": order.price,
            "sz": order.size, "clOrdId": order.client_id, "stpMode": "cancel_maker",
        }  # fmt: skip
        return body | ({"reduceOnly": "true"} if order.reduce_only and not spot else {})

    def create(self, request: Create) -> Conversation:
        orders = [self._new(order) for order in request.orders]
        if len(orders) == 1:
            call = Call("POST", "/api/v5/trade/order", orders[0])
        else:
            rows = [{**order, "reduceOnly": True} if "reduceOnly" in order else order for order in orders]
            call = Call("POST", "/api/v5/trade/batch-orders", {BODY: msgspec.json.encode(rows).decode()})
        return self._ordered(call, request.orders)

    def amend(self, request: Amend) -> Conversation:
        """An order that cannot be changed any more is cancelled: what was acknowledged stands, or nothing does."""
        order = request.order
        params = {
            "instId": self.symbols[order.i], "clOrdId": order.client_id, "newPx": order.price, "newSz": order.size,
            "cxlOnFail": "true",
        }  # fmt: skip
        old = OldOrder(order.oid, order.i, order.client_id, order.venue_order_id)
        return self._ordered(Call("POST", "/api/v5/trade/amend-order", params), [old])

    def cancel(self, request: Cancel) -> Conversation:
        rows = [{"instId": self.symbols[order.i], "clOrdId": order.client_id} for order in request.orders]
        call = Call("POST", "/api/v5/trade/cancel-batch-orders", {BODY: msgspec.json.encode(rows).decode()})
        return self._ordered(call, request.orders)

    def _ordered(self, call: Call, orders: list[NewOrder] | list[OldOrder]) -> Conversation:
        (reply,) = yield [call]
        rows, wrong = answer(reply)
        if wrong is not None:
            return wrong
        told = {word(row, "clOrdId"): self._result(row) for row in rows}
        return Done(self.results(orders, told))

    def _result(self, row: Object) -> OrderResult:
        code = word(row, "sCode")
        if code == "0":
            return OrderResult(True, word(row, "ordId"))
        return OrderResult(False, "", code or self.unknown, word(row, "sMsg"))

    def everything(self, request: CancelEverything) -> Conversation:
        """The venue has no cancel-all of orders of these kinds: what is open is asked for, and cancelled by id."""
        rows = yield from self._open(self.symbols.get(request.i, ""))
        if isinstance(rows, Failed | Refused):
            return rows
        named = [{"instId": word(row, "instId"), "ordId": word(row, "ordId")} for row in rows]
        mine = [row for row in named if row["instId"] in self.places]
        for at in range(0, len(mine), 20):
            body = {BODY: msgspec.json.encode(mine[at : at + 20]).decode()}
            (reply,) = yield [Call("POST", "/api/v5/trade/cancel-batch-orders", body)]
            wrong = answer(reply)[1]
            if wrong is not None:
                return wrong
        return Done()

    def arm(self, request: ArmDeadMan) -> Conversation:
        (reply,) = yield [Call("POST", "/api/v5/trade/cancel-all-after", {"timeOut": str(request.ms // 1_000)})]
        rows, wrong = answer(reply)
        if wrong is not None:
            return wrong
        try:
            left_ms = int(rows[0]["triggerTime"]) - int(rows[0]["ts"])  # both by the venue's clock
            return Armed(reply.sent + left_ms * MS if request.ms else 0)
        except UNREADABLE:
            return Failed("5xx")

    def inquire(self) -> Inquiry:
        return inquire(self.items)

    # -- questions -----------------------------------------------------------------------------------------------

    def _open(self, symbol: str) -> Asked:
        params = {"instId": symbol} if symbol else {}
        call = Call("GET", "/api/v5/trade/orders-pending", {**params, "limit": str(PAGE)})
        return self.pages(call, _by_order, "after")

    def open(self, request: AskOpen) -> Conversation:
        rows: list[Object] = []
        for symbol in [""] if request.endpoint == 1 else list(self.places):
            more = yield from self._open(symbol)
            if isinstance(more, Failed | Refused):
                return more
            rows += more
        try:
            return OpenList(self.open_rows(rows))
        except UNREADABLE:
            return Failed("5xx")

    def fills(self, request: AskFills) -> Conversation:
        """The recent list; where that does not go back far enough, the history of each kind before it."""
        since = {"begin": str(request.since // MS)} if request.since > 0 else {}
        first = Call("GET", "/api/v5/trade/fills", {**since, "limit": str(PAGE)})
        sent = 0

        def recent(reply: Reply) -> tuple[list[Object], str] | Wrong:
            nonlocal sent
            sent = sent or reply.sent
            return _by_bill(reply)

        rows = yield from self.pages(first, recent, "after")
        if isinstance(rows, Failed | Refused):
            return rows
        if sent - request.since > RECENT:
            for kind in dict.fromkeys(kind_name(symbol) for symbol in self.places):
                call = Call("GET", "/api/v5/trade/fills-history", {"instType": kind, **since, "limit": str(PAGE)})
                older = yield from self.pages(call, _by_bill, "after")
                if isinstance(older, Failed | Refused):
                    return older
                rows += older
        return self.fill_list(rows)

    def ledger(self, request: AskLedger) -> Conversation:
        since = {"begin": str(request.since // MS)} if request.since > 0 else {}
        call = Call("GET", "/api/v5/account/bills", {**since, "limit": str(PAGE)})
        rows = yield from self.pages(call, _by_bill, "after")
        if isinstance(rows, Failed | Refused):
            return rows
        try:
            return LedgerList([self._entry(row, _BILLS[row["type"]]) for row in rows if row["type"] in _BILLS])
        except UNREADABLE:
            return Failed("5xx")

    def _entry(self, row: Object, cause: str) -> LedgerRow:
        asset, change = word(row, "ccy"), number(row, "balChg")
        place = self.bases.get(asset, -1) if cause != "FUNDING" else self.places.get(word(row, "instId"), -1)
        size = change if cause != "FUNDING" and place >= 0 else "0"
        return LedgerRow(row["billId"], stamp(row, "ts"), place, cause, size, "0", change, asset)

    def positions(self, request: AskPositions) -> Conversation:
        calls = []
        contracts = any(kind != "spot" for kind in self.kinds.values())
        if contracts:
            calls.append(Call("GET", "/api/v5/account/positions", {}))
        if self.bases:
            calls.append(Call("GET", "/api/v5/account/balance", {}))
        replies = yield calls
        found: list[PositionRow] = []
        for place, reply in enumerate(replies):
            rows, wrong = answer(reply)
            if wrong is not None:
                return wrong
            try:
                found += self._held(rows)
            except UNREADABLE:
                return Failed("5xx")
            if contracts and place == 0:
                self.margin = margin_of(held(rows))
        return PositionList(found)

    def _held(self, rows: list[Object]) -> list[PositionRow]:
        """Of positions, or of the balances of an account."""
        if rows and "details" in rows[0]:
            return [
                PositionRow(self.bases[row["ccy"]], number(row, "cashBal"))
                for row in rows[0]["details"]
                if row["ccy"] in self.bases
            ]
        told = [one for one in within(rows, SHAPES) if isinstance(one, PositionReport)]
        if len(told) != len(rows):
            raise ValueError("a row that is no position")
        places = [(self.places.get(one.instrument.partition(":")[2], -1), one.size) for one in told]
        return [PositionRow(place, size) for place, size in places if place >= 0]
