"""How one trades at Kraken Futures (v3): orders, questions, dead-man switch, private stream.

Sources: Kraken Futures API documentation (send, edit, cancel and batch orders, dead man's switch, open orders, fills,
open positions, account log; WebSocket challenge, open orders, fills, open positions).  The venue has one list of open
orders, of everything: the second endpoint asks it again.  Its list of fills tells no fees: those of the desk's
instruments are reckoned by their rates, where the stream has not told them before.

Rules of this file: as in trader.py.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, ClassVar

import msgspec
from msgspec.structs import replace

from mmtui.core.market.instrument import Instrument, plain
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
from mmtui.venues.binance.reports import FillReport, PositionReport, Report
from mmtui.venues.binance.rest_calls import Call, Conversation, Reply
from mmtui.venues.kraken.account_futures import answer, held, inquire
from mmtui.venues.kraken.private import SHAPES
from mmtui.venues.kraken.signable import CANCELS, SENDS, UUID, V3
from mmtui.venues.kraken.told import LastTold
from mmtui.venues.margin import Held, margin_of
from mmtui.venues.numbers import ns_of_iso
from mmtui.venues.private_words import Object, Shapes, less, number, stamp, within, word
from mmtui.venues.trader import MS, NOTHING, UNREADABLE, Inquiry, Said, Trader, Wrong

FEEDS = ("open_orders", "fills", "open_positions")
#: Rows of a page: the venue's own rule of fills, and ours of the account log.
FILLS_PAGE, LOG_PAGE = 100, 100
_ORDER_TYPE = {"GTX": "post", "GTC": "lmt", "IOC": "ioc"}
#: States of an answer after which what was asked for is done.
_TAKEN = frozenset({"placed", "partiallyFilled", "filled"})
#: `info` of a line of the account log that is no trade -> cause.
_LOG = {
    "funding rate change": "FUNDING",
    "transfer": "TRANSFER",
    "cross-exchange transfer": "TRANSFER",
    "subaccount transfer": "TRANSFER",
    "conversion": "CONVERSION",
}


def iso(ms: int) -> str:
    return f"{datetime.fromtimestamp(ms // 1_000, UTC):%Y-%m-%dT%H:%M:%S}.{ms % 1_000:03d}Z"


def _rows(reply: Reply, name: str) -> tuple[list[Object], Wrong | None]:
    body, wrong = answer(reply, name)
    if wrong is not None:
        return [], wrong
    rows = body.get(name)
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        return [], Failed("5xx")
    return rows, None


class KrakenFuturesTrader(Trader):
    venue: ClassVar[str] = "kraken-futures"
    rest: ClassVar[str] = "https://futures.kraken.com"
    private: ClassVar[str] = "wss://futures.kraken.com/ws/v1"
    ping: ClassVar[bytes] = b""  # the WebSocket's own
    subscriptions: ClassVar[tuple[bytes, ...]] = ()  # they are the login
    heard: ClassVar[int] = len(FEEDS)
    shapes: ClassVar[Shapes] = SHAPES
    content: ClassVar[str] = "application/x-www-form-urlencoded"

    def __init__(self, instruments: list[tuple[int, Instrument]]) -> None:
        super().__init__(instruments)
        self._nonce = 0
        self._last = LastTold()
        self._held: dict[str, Held] = {}  # by symbol, as the stream told last

    # -- access --------------------------------------------------------------------------------------------------

    def stamps(self, now_ms: int, window_ms: int) -> dict[str, str]:
        """The nonce, always above the one before; until when the venue may process an order."""
        self._nonce = max(self._nonce + 1, now_ms * 1_000)
        return {"timestamp": str(self._nonce)} | ({"processBefore": iso(now_ms + window_ms)} if window_ms else {})

    def headers(self, key: str, passphrase: str, fields: Mapping[str, str], signature: str) -> dict[str, str]:
        return {"APIKey": key, "Nonce": fields["timestamp"], "Authent": signature}

    def hello(self, key: str) -> list[bytes]:
        return [msgspec.json.encode({"event": "challenge", "api_key": key})]

    def login(self, now_ms: int) -> dict[str, str]:
        return {"timestamp": str(now_ms)}  # is not in the signature

    def entering(self, key: str, passphrase: str, fields: Mapping[str, str], signature: str) -> list[bytes]:
        pass_ = {"api_key": key, "original_challenge": fields["challenge"], "signed_challenge": signature}
        return [msgspec.json.encode({"event": "subscribe", "feed": feed, **pass_}) for feed in FEEDS]

    def said(self, data: bytes) -> Said:
        if b'"event"' not in data[:200]:
            return NOTHING
        try:
            body: Any = msgspec.json.decode(data)
            event, text = body.get("event"), str(body.get("message", ""))
        except (msgspec.MsgspecError, RecursionError, AttributeError):
            return NOTHING
        if event == "challenge":
            good = UUID.fullmatch(text) is not None
            return Said("challenge", text) if good else Said("over", "what is to be signed is no challenge")
        if event == "subscribed":
            return Said("heard") if body.get("feed") in FEEDS else NOTHING
        if event in ("error", "alert", "subscribed_failed"):
            return Said("over", f"refused: {text[:100]}")
        return NOTHING

    def told(self, data: bytes) -> list[Report]:
        """A snapshot is remembered and tells nothing: what was before is asked for when the stream is up."""
        found = self._last.whole(super().told(data))
        if b'"open_positions"' in data[:200]:
            self._positions_told(data)
        return [] if b'_snapshot"' in data[:200] else found

    def _positions_told(self, data: bytes) -> None:
        for symbol, one in held(data).items():
            self._held.pop(symbol, None)
            if one is not None:
                self._held[symbol] = one
        self.margin = margin_of(self._held.values())

    # -- orders --------------------------------------------------------------------------------------------------

    def _new(self, order: NewOrder) -> dict[str, str]:
        self._last.sent(order, f"{self.venue}:{self.symbols[order.i]}")
        body = {
            "orderType": _ORDER_TYPE[order.tif], "symbol": self.symbols[order.i],
            "side": "buy" if order.side > 0 else "sell", "size": order.size, "limitPrice": order.price,
            "cliOrdId": order.client_id,
        }  # fmt: skip
        return body | ({"reduceOnly": "true"} if order.reduce_only else {})

    def create(self, request: Create) -> Conversation:
        orders = [self._new(order) for order in request.orders]
        if len(orders) == 1:
            return self._one(Call("POST", f"{V3}/sendorder", orders[0]), "sendStatus", _TAKEN)
        rows = [
            {"order": "send", "order_tag": str(at), **order} | ({"reduceOnly": True} if "reduceOnly" in order else {})
            for at, order in enumerate(orders)
        ]
        return self._many(SENDS, rows, request.orders, _TAKEN)

    def amend(self, request: Amend) -> Conversation:
        order = request.order
        params = {"cliOrdId": order.client_id, "size": order.size, "limitPrice": order.price}
        return self._one(Call("POST", f"{V3}/editorder", params), "editStatus", frozenset({"edited"}))

    def cancel(self, request: Cancel) -> Conversation:
        done = frozenset({"cancelled"})
        if len(request.orders) == 1:
            call = Call("POST", f"{V3}/cancelorder", {"cliOrdId": request.orders[0].client_id})
            return self._one(call, "cancelStatus", done)
        rows = [{"order": "cancel", "cliOrdId": order.client_id} for order in request.orders]
        return self._many(CANCELS, rows, request.orders, done)

    def _one(self, call: Call, name: str, done: frozenset[str]) -> Conversation:
        (reply,) = yield [call]
        body, wrong = answer(reply)
        if wrong is not None:
            return wrong
        row = body.get(name)
        if not isinstance(row, dict):
            return Failed("5xx")
        return Done([self._result(row, done)])

    def _many(
        self, kind: str, rows: list[Object], orders: list[NewOrder] | list[OldOrder], done: frozenset[str]
    ) -> Conversation:
        """Rows of the answer name their order by our id, by its tag, or (all of them are there) by their place."""
        (reply,) = yield [Call("POST", f"{V3}/batchorder", {kind: msgspec.json.encode(rows).decode()})]
        found, wrong = _rows(reply, "batchStatus")
        if wrong is not None:
            return wrong
        told = {}
        for at, row in enumerate(found):
            tag = word(row, "order_tag")
            place = int(tag) if tag.isdecimal() and len(tag) < 4 else at if len(found) == len(orders) else len(orders)
            client = word(row, "cliOrdId") or (orders[place].client_id if place < len(orders) else "")
            told[client] = self._result(row, done)
        return Done(self.results(orders, told))

    def _result(self, row: Object, done: frozenset[str]) -> OrderResult:
        status = word(row, "status")
        if status in done:
            return OrderResult(True, word(row, "order_id", "orderId"))
        return OrderResult(False, "", status or self.unknown, status or "no status")

    def everything(self, request: CancelEverything) -> Conversation:
        places = [request.i] if request.i >= 0 else list(self.symbols)
        replies = yield [Call("POST", f"{V3}/cancelallorders", {"symbol": self.symbols[i]}) for i in places]
        for reply in replies:
            wrong = answer(reply)[1]
            if wrong is not None:
                return wrong
        return Done()

    def arm(self, request: ArmDeadMan) -> Conversation:
        (reply,) = yield [Call("POST", f"{V3}/cancelallordersafter", {"timeout": str(request.ms // 1_000)})]
        body, wrong = answer(reply)
        if wrong is not None:
            return wrong
        if not request.ms:
            return Armed(0)
        try:
            status = body["status"]  # both instants by the venue's clock
            return Armed(reply.sent + ns_of_iso(status["triggerTime"]) - ns_of_iso(status["currentTime"]))
        except UNREADABLE:
            return Failed("5xx")

    def inquire(self) -> Inquiry:
        return inquire(self.items)

    # -- questions -----------------------------------------------------------------------------------------------

    def open(self, request: AskOpen) -> Conversation:
        (reply,) = yield [Call("GET", f"{V3}/openorders", {})]
        rows, wrong = _rows(reply, "openOrders")
        if wrong is not None:
            return wrong
        try:
            plain_ones = [row for row in rows if number(row, "stopPrice") == "0"]
            self._last.whole(within(plain_ones, SHAPES))
            return OpenList(self.open_rows(plain_ones))
        except UNREADABLE:
            return Failed("5xx")

    def fills(self, request: AskFills) -> Conversation:
        """Newest first: the list goes back a page a question, by the time of its oldest."""
        def page(reply: Reply) -> tuple[list[Object], str] | Wrong:
            rows, wrong = _rows(reply, "fills")
            if wrong is not None:
                return wrong
            try:
                oldest = min((stamp(row, "fillTime") for row in rows), default=0)
            except UNREADABLE:
                return Failed("5xx")
            more = len(rows) >= FILLS_PAGE and 0 < request.since < oldest
            return rows, iso(oldest // MS + 1) if more else ""

        rows = yield from self.pages(Call("GET", f"{V3}/fills", {}), page, "lastFillTime")
        if isinstance(rows, Failed | Refused):
            return rows
        listed = self.fill_list(rows)
        if isinstance(listed, Failed):
            return listed
        try:
            found = self._last.fills([one for one in listed.fills if one.ts_event >= request.since])
            return replace(listed, fills=[self._with_fee(one) for one in found])
        except UNREADABLE:
            return Failed("5xx")

    def _with_fee(self, fill: FillReport) -> FillReport:
        """What the venue's list leaves out, by the rates of the instrument."""
        place = self.places.get(fill.instrument.partition(":")[2])
        if place is None or fill.fee:
            return fill
        item = next(item for item in self.items if item.symbol == self.symbols[place])
        price, size = Decimal(fill.price), Decimal(fill.size) * Decimal(item.contract_size)
        money = size / price if item.kind == "inverse" else size * price
        rate = Decimal(item.maker_bps if fill.maker else item.taker_bps)
        fee = (money * rate / 10_000).quantize(Decimal("1e-8"))
        return replace(fill, fee=plain(fee), fee_asset=item.settle)

    def ledger(self, request: AskLedger) -> Conversation:
        since = {"since": str(request.since // MS)} if request.since > 0 else {}
        first = Call("GET", "/api/history/v3/account-log", {**since, "count": str(LOG_PAGE)})

        def page(reply: Reply) -> tuple[list[Object], str] | Wrong:
            rows, wrong = _rows(reply, "logs")
            if wrong is not None:
                return wrong
            try:
                oldest = min((stamp(row, "date") for row in rows), default=0)
            except UNREADABLE:
                return Failed("5xx")
            return rows, str(oldest // MS + 1) if since and len(rows) >= LOG_PAGE else ""

        rows = yield from self.pages(first, page, "before")
        if isinstance(rows, Failed | Refused):
            return rows
        try:
            return LedgerList([self._entry(row, _LOG[row["info"]]) for row in rows if row["info"] in _LOG])
        except UNREADABLE:
            return Failed("5xx")

    def _entry(self, row: Object, cause: str) -> LedgerRow:
        place = self.places.get(word(row, "contract").upper(), -1)
        funding = row.get("realized_funding")
        told = cause == "FUNDING" and funding is not None
        amount = number(row, "realized_funding") if told else less(number(row, "new_balance"),
                                                                   number(row, "old_balance"))  # fmt: skip
        asset = word(row, "asset").upper()
        return LedgerRow(word(row, "booking_uid", "id"), stamp(row, "date"), place, cause, "0", "0", amount, asset)

    def positions(self, request: AskPositions) -> Conversation:
        (reply,) = yield [Call("GET", f"{V3}/openpositions", {})]
        rows, wrong = _rows(reply, "openPositions")
        if wrong is not None:
            return wrong
        try:
            told = [one for one in within(rows, SHAPES) if isinstance(one, PositionReport)]
            if len(told) != len(rows):
                raise ValueError("a row that is no position")
        except UNREADABLE:
            return Failed("5xx")
        symbols = [one.instrument.partition(":")[2] for one in told]
        self._held = {symbol: one for symbol, one in self._held.items() if symbol in symbols}
        self.margin = margin_of(self._held.values()) if len(self._held) == len(symbols) else None
        places = [(self.places.get(symbol, -1), one.size) for symbol, one in zip(symbols, told, strict=True)]
        return PositionList([PositionRow(place, size) for place, size in places if place >= 0])
