"""How one trades at Deribit (API v2: contracts and spot): orders, questions, cancel on disconnect, private stream.

Cancel on disconnect takes the orders of its own connection alone, so orders are created and changed on the private
stream; cancels and questions are REST calls, which need no stream.  A label is not unique: an order is named by the
venue's id where that is known.

Source: Deribit API documentation (trading, session management, account management, heartbeat).

Rules of this file: as in trader.py.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
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
    OldOrder,
    OpenList,
    OrderResult,
    PositionList,
    PositionRow,
    Refused,
)
from mmtui.venues.binance.reports import PositionReport
from mmtui.venues.binance.rest_calls import Call, Conversation
from mmtui.venues.deribit.account import answer, currencies, held, inquire, rows_of
from mmtui.venues.deribit.private import SHAPES
from mmtui.venues.deribit.signable import API, AUTH, TABLE
from mmtui.venues.margin import margin_of
from mmtui.venues.private_words import Object, Shapes, number, stamp, within, word
from mmtui.venues.trader import MS, NOTHING, PAGES_MAX, UNREADABLE, Asked, Inquiry, Said, Trader, Wrong

PRIVATE = f"{API}private/"
DAY_MS = 24 * 3_600_000
#: Executions are in the recent list for a day, less an hour; older ones in the history.
RECENT = 23 * 3_600_000 * MS
#: Rows of a page of executions, and of the ledger.
TRADES, LOGS = 1_000, 250
#: What a connection may do: nothing with the wallet. The right to the account's settings is for the disconnect switch.
SCOPE = "connection trade:read_write account:read_write wallet:none"
#: Ids of the messages that enter; calls have those of their numbers used once, which are greater.
LOGIN_ID, BEAT_ID, STREAM_ID = 1, 2, 3
CHANNELS = ("user.orders.any.any.raw", "user.trades.any.any.raw", "user.portfolio.any")
#: The venue asks so often (s) whether we live; a connection that does not answer is ended, and its orders with it.
BEAT_S = 10
REDUCING_MAX = 4_096
_TIF = {"GTX": "good_til_cancelled", "GTC": "good_til_cancelled", "IOC": "immediate_or_cancel"}
#: `type` of a ledger row that is no trade -> cause.
_LOG = {"transfer": "TRANSFER", "deposit": "TRANSFER", "withdrawal": "TRANSFER", "swap": "CONVERSION"}


def _message(id: int, method: str, params: Mapping[str, Any]) -> bytes:
    return msgspec.json.encode({"jsonrpc": "2.0", "id": id, "method": method, "params": params})


class _Frame(msgspec.Struct):
    id: int = 0
    method: str = ""


_FRAME = msgspec.json.Decoder(_Frame)


class DeribitTrader(Trader):
    venue: ClassVar[str] = "deribit"
    rest: ClassVar[str] = "https://www.deribit.com"
    private: ClassVar[str] = "wss://www.deribit.com/ws/api/v2"
    ping: ClassVar[bytes] = b""  # the WebSocket's own
    alive: ClassVar[bytes] = _message(BEAT_ID, "public/test", {})
    subscriptions: ClassVar[tuple[bytes, ...]] = (
        _message(BEAT_ID, "public/set_heartbeat", {"interval": BEAT_S}),
        _message(STREAM_ID, "private/subscribe", {"channels": CHANNELS}),
    )
    heard: ClassVar[int] = 1
    shapes: ClassVar[Shapes] = SHAPES
    carried: ClassVar[frozenset[tuple[str, str]]] = frozenset(one for one in TABLE.places if one[0] == "POST")

    def __init__(self, instruments: list[tuple[int, Instrument]]) -> None:
        super().__init__(instruments)
        self._nonce = 0
        self._now_ms = 0  # of the newest call
        self._reducing: dict[str, None] = {}  # labels of orders that reduce: an edit has to say so again

    # -- access --------------------------------------------------------------------------------------------------

    def stamps(self, now_ms: int, window_ms: int) -> dict[str, str]:
        self._now_ms = now_ms
        self._nonce = max(self._nonce + 1, now_ms * 1_000)
        told = {"timestamp": str(now_ms), "nonce": str(self._nonce)}
        return told | ({"valid_until": str(now_ms + window_ms)} if window_ms else {})

    def headers(self, key: str, passphrase: str, fields: Mapping[str, str], signature: str) -> dict[str, str]:
        told = f"id={key},ts={fields['timestamp']},nonce={fields['nonce']},sig={signature}"
        return {"Authorization": f"deri-hmac-sha256 {told}"}

    def query(self, path: str, key: str, payload: str, signature: str) -> str:
        return f"{payload}&client_id={key}&signature={signature}" if path == AUTH else payload

    def login(self, now_ms: int) -> dict[str, str]:
        return self.stamps(now_ms, 0)

    def entering(self, key: str, passphrase: str, fields: Mapping[str, str], signature: str) -> list[bytes]:
        params = {
            "grant_type": "client_signature", "client_id": key, "timestamp": int(fields["timestamp"]),
            "nonce": fields["nonce"], "data": "", "signature": signature, "scope": SCOPE,
        }  # fmt: skip
        return [_message(LOGIN_ID, "public/auth", params)]

    def said(self, data: bytes) -> Said:
        try:
            frame = _FRAME.decode(data)
        except (msgspec.MsgspecError, RecursionError):
            return NOTHING
        if frame.method == "heartbeat":
            return Said("asked" if b"test_request" in data else "beat")
        if frame.method or frame.id not in (LOGIN_ID, BEAT_ID, STREAM_ID):
            return NOTHING
        body: Any = msgspec.json.decode(data)
        result, error = body.get("result"), body.get("error")
        if error is not None:
            words = error.get("message", "") if isinstance(error, dict) else ""
            what = "the login was refused" if frame.id == LOGIN_ID else f"refused: {str(words)[:100]}"
            return Said("over", what)
        if frame.id == LOGIN_ID:
            return Said("in")
        if frame.id == STREAM_ID:
            there = isinstance(result, list) and all(one in result for one in CHANNELS)
            return Said("heard") if there else Said("over", "refused: not every channel of the account was taken")
        return Said("beat")

    def answers(self, data: bytes) -> str:
        try:
            frame = _FRAME.decode(data)
        except (msgspec.MsgspecError, RecursionError):
            return ""
        return "" if frame.method or frame.id <= STREAM_ID else str(frame.id)

    # -- orders --------------------------------------------------------------------------------------------------

    def _new(self, order: NewOrder) -> Call:
        params = {
            "instrument_name": self.symbols[order.i], "amount": order.size, "type": "limit", "price": order.price,
            "label": order.client_id, "time_in_force": _TIF[order.tif],
        }  # fmt: skip
        if order.tif == "GTX":  # alone, post_only would move the price
            params |= {"post_only": "true", "reject_post_only": "true"}
        if order.reduce_only and self.kinds[order.i] != "spot":
            params["reduce_only"] = "true"
            self._reducing[order.client_id] = None
            if len(self._reducing) > REDUCING_MAX:
                del self._reducing[next(iter(self._reducing))]
        return Call("POST", f"{PRIVATE}{'buy' if order.side > 0 else 'sell'}", params)

    def create(self, request: Create) -> Conversation:
        results = []
        for order in request.orders:
            (reply,) = yield [self._new(order)]
            result, wrong = answer(reply)
            if wrong is not None:
                return wrong
            results.append(self._result(result))
        return Done(results)

    def amend(self, request: Amend) -> Conversation:
        """The order stays post-only, which every order that is changed here is."""
        order = request.order
        name, of = ("edit", {"order_id": order.venue_order_id})
        if not order.venue_order_id:
            name, of = "edit_by_label", {"label": order.client_id, "instrument_name": self.symbols[order.i]}
        params = {**of, "amount": order.size, "price": order.price, "post_only": "true", "reject_post_only": "true"}
        if order.client_id in self._reducing:
            params["reduce_only"] = "true"
        (reply,) = yield [Call("POST", f"{PRIVATE}{name}", params)]
        result, wrong = answer(reply)
        return wrong if wrong is not None else Done([self._result(result)])

    def _result(self, result: Any) -> OrderResult:
        row = result.get("order") if isinstance(result, dict) else None
        id = word(row, "order_id") if isinstance(row, dict) else ""
        return OrderResult(True, id) if id else OrderResult(False, "", self.unknown, "no order id")

    def cancel(self, request: Cancel) -> Conversation:
        replies = yield [self._gone(order) for order in request.orders]
        results = []
        for reply in replies:
            result, wrong = answer(reply)
            if isinstance(wrong, Failed):
                return wrong
            if wrong is not None:
                results.append(OrderResult(False, "", wrong.code, wrong.text))
            elif isinstance(result, dict):
                results.append(OrderResult(True, word(result, "order_id")))
            elif isinstance(result, int) and result > 0:
                results.append(OrderResult(True))
            else:
                results.append(OrderResult(False, "", self.absent, "no open order has this label"))
        return Done(results)

    def _gone(self, order: OldOrder) -> Call:
        if order.venue_order_id:
            return Call("GET", f"{PRIVATE}cancel", {"order_id": order.venue_order_id})
        return Call("GET", f"{PRIVATE}cancel_by_label", {"label": order.client_id})

    def everything(self, request: CancelEverything) -> Conversation:
        """Orders of every class, those that wait for a trigger too; of the account those of the desk's instruments."""
        places = [request.i] if request.i >= 0 else list(self.symbols)
        path = f"{PRIVATE}cancel_all_by_instrument"
        replies = yield [Call("GET", path, {"instrument_name": self.symbols[i], "type": "all"}) for i in places]
        for reply in replies:
            wrong = answer(reply)[1]
            if wrong is not None:
                return wrong
        return Done()

    def arm(self, request: ArmDeadMan) -> Conversation:
        """For this connection, and for those to come; what the venue then says of this one is believed."""
        if not request.ms:
            return Armed(0)
        for scope in ("connection", "account"):
            (reply,) = yield [Call("POST", f"{PRIVATE}enable_cancel_on_disconnect", {"scope": scope})]
            wrong = answer(reply)[1]
            if wrong is not None:
                return wrong
        (reply,) = yield [Call("POST", f"{PRIVATE}get_cancel_on_disconnect", {"scope": "connection"})]
        result, wrong = answer(reply)
        if wrong is not None:
            return wrong
        if not isinstance(result, dict) or result.get("enabled") is not True:
            return Refused("off", "cancel on disconnect is off for this connection")
        return Armed(reply.sent + request.ms * MS)

    def inquire(self) -> Inquiry:
        return inquire(self.items)

    # -- questions -----------------------------------------------------------------------------------------------

    def open(self, request: AskOpen) -> Conversation:
        """By currency, or (the second endpoint) by instrument."""
        if request.endpoint == 1:
            path, name, asked = "get_open_orders_by_currency", "currency", currencies(self.items)
        else:
            path, name, asked = "get_open_orders_by_instrument", "instrument_name", list(self.places)
        replies = yield [Call("GET", f"{PRIVATE}{path}", {name: one}) for one in asked]
        found: dict[str, Object] = {}
        for reply in replies:
            rows, wrong = rows_of(reply)
            if wrong is not None:
                return wrong
            found |= {word(row, "order_id"): row for row in rows if row.get("order_state") != "untriggered"}
        try:
            return OpenList(self.open_rows(list(found.values())))
        except UNREADABLE:
            return Failed("5xx")

    def _span(self, since: int) -> tuple[int, int]:
        """From and to, ms; without an instant the last day."""
        start = since // MS or max(0, self._now_ms - DAY_MS)
        return start, max(start, self._now_ms) + DAY_MS

    def fills(self, request: AskFills) -> Conversation:
        rows: list[Object] = []
        start, end = self._span(request.since)
        for symbol in self.places:
            more = yield from self._trades(symbol, start, end, "false")
            if isinstance(more, Failed | Refused):
                return more
            rows += more
            if self._now_ms * MS - start * MS > RECENT:
                more = yield from self._trades(symbol, start, end, "true")
                if isinstance(more, Failed | Refused):
                    return more
                rows += more
        return self.fill_list(rows)

    def _trades(self, symbol: str, start: int, end: int, historical: str) -> Asked:
        rows: list[Object] = []
        for _ in range(PAGES_MAX):
            params = {
                "instrument_name": symbol, "start_timestamp": str(start), "end_timestamp": str(end),
                "count": str(TRADES), "sorting": "asc", "historical": historical,
            }  # fmt: skip
            (reply,) = yield [Call("GET", f"{PRIVATE}get_user_trades_by_instrument_and_time", params)]
            page, wrong = rows_of(reply, "trades")
            if wrong is not None:
                return wrong
            rows += page
            if len(page) < TRADES:
                break
            try:
                start = max(stamp(page[-1], "timestamp") // MS, start + 1)  # a row at the seam is told twice
            except UNREADABLE:
                return Failed("5xx")
        return rows

    def ledger(self, request: AskLedger) -> Conversation:
        rows: list[Object] = []
        for coin in currencies(self.items):
            more = yield from self._log(coin, *self._span(request.since))
            if isinstance(more, Failed | Refused):
                return more
            rows += more
        try:
            return LedgerList([one for row in rows for one in self._entries(row)])
        except UNREADABLE:
            return Failed("5xx")

    def _log(self, coin: str, start: int, end: int) -> Asked:
        first = {"currency": coin, "start_timestamp": str(start), "end_timestamp": str(end), "count": str(LOGS)}
        params, rows = first, []
        for _ in range(PAGES_MAX):
            (reply,) = yield [Call("GET", f"{PRIVATE}get_transaction_log", params)]
            page, wrong = rows_of(reply, "logs")
            if wrong is not None:
                return wrong
            rows += page
            after = word(answer(reply)[0] or {}, "continuation")
            if not after or not page:
                break
            params = {**first, "continuation": after}
        return rows

    def _entries(self, row: Object) -> list[LedgerRow]:
        """Money that moved for no trade; and funding, a part of what trades and settlements have realised."""
        kind, when, asset = row["type"], stamp(row, "timestamp"), word(row, "currency")
        if kind in _LOG:
            place, change = self.bases.get(asset, -1), number(row, "change")
            return [LedgerRow(word(row, "id"), when, place, _LOG[kind], change if place >= 0 else "0", "0", change,
                              asset)]  # fmt: skip
        paid = number(row, "interest_pl")
        if paid == "0":
            return []
        place = self.places.get(word(row, "instrument_name"), -1)
        return [LedgerRow(f"{word(row, 'id')}/interest", when, place, "FUNDING", "0", "0", paid, asset)]

    def positions(self, request: AskPositions) -> Conversation:
        contracts = currencies([item for item in self.items if item.kind != "spot"])
        calls = [Call("GET", f"{PRIVATE}get_positions", {"currency": one}) for one in contracts]
        calls += [Call("GET", f"{PRIVATE}get_account_summary", {"currency": one}) for one in self.bases]
        replies = yield calls
        rows: list[Object] = []
        found: list[PositionRow] = []
        for reply in replies[: len(contracts)]:
            more, wrong = rows_of(reply)
            if wrong is not None:
                return wrong
            rows += more
        for asset, reply in zip(self.bases, replies[len(contracts) :], strict=True):
            result, wrong = answer(reply)
            if wrong is not None:
                return wrong
            if not isinstance(result, dict) or not isinstance(result.get("balance"), int | Decimal):
                return Failed("5xx")
            found.append(PositionRow(self.bases[asset], number(result, "balance")))
        return self._positions(rows, found)

    def _positions(self, rows: list[Object], found: list[PositionRow]) -> PositionList | Wrong:
        try:
            told = [one for one in within(rows, SHAPES) if isinstance(one, PositionReport)]
            if len(told) != len(rows):
                raise ValueError("a row that is no position")
            self.margin = margin_of(held(rows))
        except UNREADABLE:
            return Failed("5xx")
        places = [(self.places.get(one.instrument.partition(":")[2], -1), one.size) for one in told]
        return PositionList(found + [PositionRow(place, size) for place, size in places if place >= 0])
