"""How one trades at Hyperliquid (its own perpetuals): signed actions, questions, scheduled cancel, private stream.

Orders name assets by their place in the venue's list, which is asked for once.  A price has five significant digits at
most, unless it is whole: finer ones of the grid are rounded away from the market.  A modification would give an order
another id under the same client id, and the end of the old one would look like the end of both: orders are cancelled
and made anew.

Source: Hyperliquid API documentation (exchange and info endpoint, subscriptions, tick and lot size).

Rules of this file: as in trader.py.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from typing import Any, ClassVar

import msgspec

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
    OpenRow,
    OrderResult,
    PositionList,
    PositionRow,
    Refused,
)
from mmtui.venues.binance.reports import Report
from mmtui.venues.binance.rest_calls import Call, Conversation, read
from mmtui.venues.hyperliquid.account import code_of, done, held, inquire, rows_of
from mmtui.venues.hyperliquid.private import SHAPES
from mmtui.venues.hyperliquid.signable import EXCHANGE, INFO
from mmtui.venues.margin import margin_of
from mmtui.venues.private_words import Object, Shapes, less, minus, number, side, stamp, word
from mmtui.venues.trader import MS, NOTHING, PAGES_MAX, UNREADABLE, Asked, Inquiry, Said, Trader, Wrong

#: Rows of one answer about executions or the ledger; more are asked for from the last one's instant.
PAGE_FILLS, PAGE_LEDGER = 2_000, 500
#: Significant digits of a price that is not whole.
DIGITS = 5
_TIF = {"GTX": "Alo", "GTC": "Gtc", "IOC": "Ioc"}
#: Changes of the ledger -> whether they are received; None: it depends on who sent them.
_MOVES: dict[str, bool | None] = {
    "deposit": True, "withdraw": False, "internalTransfer": None, "subAccountTransfer": None, "send": None,
}  # fmt: skip


def price_of(text: str, way: int) -> str:
    """A price that the venue takes, not nearer to the market: bids (+1) down, asks up."""
    price = Decimal(text)
    if price == price.to_integral_value():
        return plain(price)
    step = Decimal(1).scaleb(min(0, price.adjusted() - DIGITS + 1))
    return plain(price.quantize(step, ROUND_FLOOR if way > 0 else ROUND_CEILING))


class HyperliquidTrader(Trader):
    venue: ClassVar[str] = "hyperliquid"
    rest: ClassVar[str] = "https://api.hyperliquid.xyz"
    private: ClassVar[str] = "wss://api.hyperliquid.xyz/ws"
    ping: ClassVar[bytes] = b'{"method":"ping"}'
    subscriptions: ClassVar[tuple[bytes, ...]] = ()  # they name the account
    heard: ClassVar[int] = 1
    shapes: ClassVar[Shapes] = SHAPES

    def __init__(self, instruments: list[tuple[int, Instrument]]) -> None:
        super().__init__(instruments)
        self._user = ""
        self._nonce = 0
        self._assets: dict[str, str] = {}

    # -- access --------------------------------------------------------------------------------------------------

    def where(self, path: str) -> str:
        return EXCHANGE if path.startswith(EXCHANGE) else INFO

    def stamps(self, now_ms: int, window_ms: int) -> dict[str, str]:
        self._nonce = max(self._nonce + 1, now_ms)
        return {"timestamp": str(self._nonce)} | ({"expiresAfter": str(now_ms + window_ms)} if window_ms else {})

    def headers(self, key: str, passphrase: str, fields: Mapping[str, str], signature: str) -> dict[str, str]:
        self._user = key.lower()
        return {}

    def body(self, payload: str, signature: str) -> str:
        return f'{payload[:-1]},"signature":{signature}}}' if signature else payload

    def login(self, now_ms: int) -> dict[str, str]:
        return {"timestamp": str(now_ms)}

    def entering(self, key: str, passphrase: str, fields: Mapping[str, str], signature: str) -> list[bytes]:
        self._user = key.lower()
        return [self._subscribe("orderUpdates")]

    def subscribing(self) -> list[bytes]:
        return [self._subscribe("userFills")]

    def _subscribe(self, name: str) -> bytes:
        return msgspec.json.encode({"method": "subscribe", "subscription": {"type": name, "user": self._user}})

    def said(self, data: bytes) -> Said:
        head = data[:60]
        if b'"subscriptionResponse"' not in head and b'"pong"' not in head and b'"error"' not in head:
            return NOTHING
        try:
            body: Any = msgspec.json.decode(data)
            channel, told = body.get("channel"), body.get("data")
            if channel == "subscriptionResponse":
                return Said({"orderUpdates": "in", "userFills": "heard"}.get(told["subscription"]["type"], "beat"))
        except (msgspec.MsgspecError, RecursionError, *UNREADABLE):
            return NOTHING
        if channel == "error":
            return Said("over", f"refused: {str(told)[:100]}")
        return Said("pong") if channel == "pong" else NOTHING

    def told(self, data: bytes) -> list[Report]:
        """The list of past executions that a subscription begins with is none of what happens now."""
        return [] if b'"isSnapshot":true' in data[:200] else super().told(data)

    # -- orders --------------------------------------------------------------------------------------------------

    def _known(self) -> Asked:
        """Where the venue's list has the desk's assets."""
        if not self._assets:
            (reply,) = yield [Call("POST", f"{INFO}/meta", {})]
            body, wrong = read(reply)
            if wrong is not None:
                return wrong
            try:
                self._assets = {row["name"]: str(place) for place, row in enumerate(body["universe"])}
            except UNREADABLE:
                return Failed("5xx")
        return []

    def _unlisted(self, places: list[int]) -> Refused | None:
        for i in places:
            if self.symbols[i] not in self._assets:
                return Refused("unlisted", f"{self.symbols[i]} is no perpetual of the venue's list")
        return None

    def create(self, request: Create) -> Conversation:
        """Where the list could not be had nothing was sent: that is a refusal, not a fate that nobody knows."""
        wrong = yield from self._known()
        if isinstance(wrong, Failed | Refused):
            return Failed("auth")
        if why := self._unlisted([order.i for order in request.orders]):
            return why
        rows = [self._new(order) for order in request.orders]
        call = Call("POST", f"{EXCHANGE}/order", {"orders": msgspec.json.encode(rows).decode()})
        return (yield from self._acted(call, request.orders))

    def _new(self, order: NewOrder) -> Object:
        return {
            "a": self._assets[self.symbols[order.i]], "b": order.side > 0, "p": price_of(order.price, order.side),
            "s": plain(Decimal(order.size)), "r": order.reduce_only, "tif": _TIF[order.tif], "c": order.client_id,
        }  # fmt: skip

    def amend(self, request: Amend) -> Conversation:
        """None is ever asked for: the facts have no amending."""
        yield from ()
        return Refused("filter", "orders are not changed in place here")

    def cancel(self, request: Cancel) -> Conversation:
        wrong = yield from self._known()
        if isinstance(wrong, Failed | Refused):
            return wrong
        if why := self._unlisted([order.i for order in request.orders]):
            return why
        rows = [{"asset": self._assets[self.symbols[one.i]], "cloid": one.client_id} for one in request.orders]
        call = Call("POST", f"{EXCHANGE}/cancelByCloid", {"cancels": msgspec.json.encode(rows).decode()})
        return (yield from self._acted(call, request.orders))

    def _acted(self, call: Call, orders: list[NewOrder] | list[OldOrder]) -> Conversation:
        """Results stand in the order of the request; one for all of them is an error of the whole."""
        (reply,) = yield [call]
        response, wrong = done(reply)
        if wrong is not None:
            return wrong
        try:
            statuses = response["data"]["statuses"]
            results = [self._result(status) for status in statuses]
        except UNREADABLE:
            return Failed("5xx")
        if len(results) == 1 and not results[0].ok and len(orders) > 1:
            results *= len(orders)
        return Done(results) if len(results) == len(orders) else Failed("5xx")

    def _result(self, status: Any) -> OrderResult:
        if isinstance(status, str):
            return OrderResult(status == "success", "", "" if status == "success" else self.unknown, status[:200])
        if "error" in status:
            text = str(status["error"])[:200]
            return OrderResult(False, "", code_of(text), text)
        id = word(status.get("resting") or status["filled"], "oid")
        return OrderResult(True, id) if id else OrderResult(False, "", self.unknown, "no order id")

    def everything(self, request: CancelEverything) -> Conversation:
        """The venue has no cancel-all: what is open is asked for, and cancelled in batches, those of others by id."""
        wrong = yield from self._known()
        if isinstance(wrong, Failed | Refused):
            return wrong
        (reply,) = yield [Call("POST", f"{INFO}/frontendOpenOrders", {})]
        rows, failed = rows_of(reply)
        if failed is not None:
            return failed
        wanted = {self.symbols[request.i]} if request.i >= 0 else set(self.places)
        mine = [row for row in rows if row.get("coin") in wanted and row.get("coin") in self._assets]
        for name, chosen in (
            ("cancelByCloid", [{"asset": self._assets[row["coin"]], "cloid": row["cloid"]} for row in mine
                               if isinstance(row.get("cloid"), str)]),
            ("cancel", [{"a": self._assets[row["coin"]], "o": word(row, "oid")} for row in mine
                        if not isinstance(row.get("cloid"), str)]),
        ):  # fmt: skip
            for at in range(0, len(chosen), 40):
                batch = msgspec.json.encode(chosen[at : at + 40]).decode()
                (reply,) = yield [Call("POST", f"{EXCHANGE}/{name}", {"cancels": batch})]
                failed = done(reply)[1]
                if failed is not None:
                    return failed
        return Done()

    def arm(self, request: ArmDeadMan) -> Conversation:
        """An instant by the venue's clock; without one the switch is off."""
        (reply,) = yield [Call("POST", f"{EXCHANGE}/scheduleCancel", {"after": str(request.ms)} if request.ms else {})]
        wrong = done(reply)[1]
        if wrong is not None:
            return wrong
        return Armed(reply.sent + request.ms * MS if request.ms else 0)

    def inquire(self) -> Inquiry:
        return inquire(self.items)

    # -- questions -----------------------------------------------------------------------------------------------

    def open(self, request: AskOpen) -> Conversation:
        """Both endpoints ask the venue's one list."""
        (reply,) = yield [Call("POST", f"{INFO}/frontendOpenOrders", {})]
        rows, wrong = rows_of(reply)
        if wrong is not None:
            return wrong
        try:
            return OpenList([self._row(row) for row in rows if row.get("isTrigger") is not True])
        except UNREADABLE:
            return Failed("5xx")

    def _row(self, row: Object) -> OpenRow:
        size, place = number(row, "origSz", "sz"), self.places.get(word(row, "coin"), -1)
        way = 1 if side(row["side"]) == "buy" else -1
        return OpenRow(word(row, "cloid"), word(row, "oid"), place, way, number(row, "limitPx"), size,
                       less(size, number(row, "sz")), stamp(row, "timestamp"))  # fmt: skip

    def _since(self, name: str, since: int, most: int) -> Asked:
        """Rows from an instant on, oldest first, page after page; a row at the seam is told twice."""
        rows: list[Object] = []
        start = since // MS
        for _ in range(PAGES_MAX):
            (reply,) = yield [Call("POST", f"{INFO}/{name}", {"startTime": str(start)})]
            page, wrong = rows_of(reply)
            if wrong is not None:
                return wrong
            rows += page
            if len(page) < most:
                break
            try:
                start = max(start + 1, *(stamp(row, "time") // MS for row in page))
            except UNREADABLE:
                return Failed("5xx")
        return rows

    def fills(self, request: AskFills) -> Conversation:
        rows = yield from self._since("userFillsByTime", request.since, PAGE_FILLS)
        return rows if isinstance(rows, Failed | Refused) else self.fill_list(rows)

    def ledger(self, request: AskLedger) -> Conversation:
        found: dict[str, LedgerRow] = {}
        for name in ("userFunding", "userNonFundingLedgerUpdates"):
            rows = yield from self._since(name, request.since, PAGE_LEDGER)
            if isinstance(rows, Failed | Refused):
                return rows
            try:
                found |= {one.ref: one for row in rows for one in self._entries(row)}
            except UNREADABLE:
                return Failed("5xx")
        return LedgerList(list(found.values()))

    def _entries(self, row: Object) -> list[LedgerRow]:
        delta, when = row["delta"], stamp(row, "time")
        kind, amount = word(delta, "type"), number(delta, "usdc")
        ref = f"{word(row, 'hash')}/{kind}/{word(delta, 'coin')}/{when}"
        if kind == "funding":
            place = self.places.get(word(delta, "coin"), -1)
            return [LedgerRow(ref, when, place, "FUNDING", "0", "0", amount, "USDC")]
        if kind == "accountClassTransfer":
            received: bool | None = delta.get("toPerp") is True
        elif kind in _MOVES:
            received = _MOVES[kind]
        else:
            return []
        if received is None:
            received = word(delta, "destination").lower() == self._user
        return [LedgerRow(ref, when, -1, "TRANSFER", "0", "0", amount if received else minus(amount), "USDC")]

    def positions(self, request: AskPositions) -> Conversation:
        (reply,) = yield [Call("POST", f"{INFO}/clearinghouseState", {})]
        body, wrong = read(reply)
        return wrong if wrong is not None else self._positions(body)

    def _positions(self, body: Any) -> PositionList | Wrong:
        try:
            rows = [row["position"] for row in body["assetPositions"]]
            found = [(self.places.get(row["coin"], -1), number(row, "szi")) for row in rows]
            kept = float(number(body, "crossMaintenanceMarginUsed"))
        except (*UNREADABLE, OverflowError):
            return Failed("5xx")
        margin = margin_of(held(rows))
        self.margin = margin._replace(maintenance=kept) if margin is not None else None
        return PositionList([PositionRow(place, size) for place, size in found if place >= 0])
