"""Requests of an account session as Binance's REST calls, and the answers back: spot and futures.

Each request is a conversation: a generator that yields calls, is sent their replies, and returns the Answer.  Whoever
drives it signs and sends; so it runs over real sockets and in tests alike.

Rules of this file: pure; a reply that cannot be read says that nobody knows, never that nothing happened.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

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
    NewOrder,
    OldOrder,
    OrderResult,
    Refused,
    Request,
)
from mmtui.venues.binance.paths import PATHS
from mmtui.venues.binance.private import STATUS
from mmtui.venues.binance.rest_ask import Asking
from mmtui.venues.binance.rest_calls import Call, Conversation, Reply, read, words

MS = 1_000_000
#: Codes that say of one order what a failed call says of all of its orders.
_FATE_UNKNOWN, _RATE = "-1007", "-1003"


class BinanceRest:
    """Conversations of one account at one market. `instruments`: places and instruments of the desk there."""

    def __init__(self, market: str, instruments: list[tuple[int, Instrument]]) -> None:
        self.futures = market != "binance-spot"
        self._paths = PATHS[market]
        self._symbols = {i: item.symbol for i, item in instruments}
        self._legs = {i for i, item in instruments if item.hedge_mode}
        self.ask = Asking(self._paths, self.futures, instruments)
        self._talks: dict[type, Callable[[Any], Conversation]] = {
            Create: self._create,
            Amend: self._amend,
            Cancel: self._cancel,
            CancelEverything: self._everything,
            AskOpen: self.ask.open,
            AskFills: self.ask.fills,
            AskLedger: self.ask.ledger,
            AskPositions: self.ask.positions,
            ArmDeadMan: self._arm,
        }

    def talk(self, request: Request) -> Conversation:
        """The conversation of a request."""
        return self._talks[type(request)](request)

    # -- orders --------------------------------------------------------------------------------------------------

    def _new(self, order: NewOrder) -> dict[str, str]:
        side = "BUY" if order.side > 0 else "SELL"
        body = {
            "symbol": self._symbols[order.i], "side": side, "type": "LIMIT", "timeInForce": order.tif,
            "quantity": order.size, "price": order.price, "newClientOrderId": order.client_id,
            "selfTradePreventionMode": "EXPIRE_MAKER",
        }  # fmt: skip
        if order.i in self._legs:  # the leg says what it reduces: the venue takes no reduceOnly beside it (-1106)
            return body | {"positionSide": "LONG" if (order.side > 0) != order.reduce_only else "SHORT"}
        if self.futures:
            return body | ({"reduceOnly": "true"} if order.reduce_only else {})
        if order.tif == "GTX":
            body["type"] = "LIMIT_MAKER"
            del body["timeInForce"]
        return body | {"newOrderRespType": "RESULT"}

    def _create(self, request: Create) -> Conversation:
        orders = [self._new(order) for order in request.orders]
        if len(orders) == 1:
            call = Call("POST", self._paths.of("order"), orders[0])
        else:
            text = msgspec.json.encode(orders).decode()
            call = Call("POST", self._paths.of("batchOrders"), {"batchOrders": text})
        (reply,) = yield [call]
        body, wrong = read(reply)
        if wrong is not None:
            return wrong
        rows = body if isinstance(body, list) else [body]
        return Done([self._result(row) for row in rows])

    def _result(self, row: Any) -> OrderResult:
        """What one row of an answer says of its order."""
        if not isinstance(row, dict):
            return OrderResult(False, "", _FATE_UNKNOWN, "an answer that cannot be read")
        if "orderId" in row:
            venue_order_id, status = str(row["orderId"]), STATUS.get(str(row.get("status", "")), "")
            self.ask.named(venue_order_id, str(row.get("origClientOrderId") or row.get("clientOrderId") or ""))
            return OrderResult(True, venue_order_id, status=status)
        if "code" in row:
            return OrderResult(False, "", str(row["code"]), words(row))
        return OrderResult(False, "", _FATE_UNKNOWN, "an answer that cannot be read")

    def _amend(self, request: Amend) -> Conversation:
        """Spot: a smaller size that keeps its place (and its client id, which the venue would replace). Futures: price
        and whole size."""
        order = request.order
        params = {"symbol": self._symbols[order.i], "origClientOrderId": order.client_id}
        if self.futures:
            side = "BUY" if order.side > 0 else "SELL"
            more = {"side": side, "quantity": order.size, "price": order.price}
            call = Call("PUT", self._paths.of("order"), params | more)
        else:
            more = {"newClientOrderId": order.client_id, "newQty": order.size}
            call = Call("PUT", self._paths.of("order/amend/keepPriority"), params | more)
        (reply,) = yield [call]
        body, wrong = read(reply)
        if wrong is not None:
            return wrong
        row: Any = body.get("amendedOrder") if isinstance(body, dict) and not self.futures else body
        result = self._result(row)
        if not result.ok:
            return Done([result])
        price, size = (str(row.get(key) or "") for key in (("price", "origQty") if self.futures else ("price", "qty")))
        return Done([msgspec.structs.replace(result, price=price, size=size)])

    def _cancel(self, request: Cancel) -> Conversation:
        """A call for each symbol (futures) or order (spot); the results in the order of the request."""
        groups: dict[str, list[OldOrder]] = {}
        for place, order in enumerate(request.orders):
            groups.setdefault(self._symbols[order.i] if self.futures else str(place), []).append(order)
        replies = yield [self._cancels(orders) for orders in groups.values()]
        if len(replies) == 1:
            wrong = read(replies[0])[1]
            if wrong is not None:
                return wrong
        results: dict[int, OrderResult] = {}
        for orders, reply in zip(groups.values(), replies, strict=True):
            for order, result in zip(orders, self._cancelled(reply, len(orders)), strict=True):
                results[order.oid] = result
        return Done([results[order.oid] for order in request.orders])

    def _cancels(self, orders: list[OldOrder]) -> Call:
        symbol = self._symbols[orders[0].i]
        if self.futures:
            ids = msgspec.json.encode([order.client_id for order in orders]).decode()
            return Call("DELETE", self._paths.of("batchOrders"), {"symbol": symbol, "origClientOrderIdList": ids})
        return Call("DELETE", self._paths.of("order"), {"symbol": symbol, "origClientOrderId": orders[0].client_id})

    def _cancelled(self, reply: Reply, count: int) -> list[OrderResult]:
        body, wrong = read(reply)
        if isinstance(wrong, Refused):
            return [OrderResult(False, "", wrong.code, wrong.text)] * count
        if wrong is not None:
            code = _RATE if wrong.kind in ("429", "418", "403") else _FATE_UNKNOWN
            return [OrderResult(False, "", code, wrong.kind)] * count
        rows = body if isinstance(body, list) else [body]
        results = [self._result(row) for row in rows[:count]]
        return results + [OrderResult(False, "", _FATE_UNKNOWN, "no result")] * (count - len(results))

    def _everything(self, request: CancelEverything) -> Conversation:
        """Of one symbol, or of each; an account without open orders is a success, whatever code says so."""
        symbols = [self._symbols[request.i]] if request.i >= 0 else list(self._symbols.values())
        path = self._paths.of("allOpenOrders" if self.futures else "openOrders")
        replies = yield [Call("DELETE", path, {"symbol": symbol}) for symbol in symbols]
        for reply in replies:
            wrong = read(reply)[1]
            if wrong is not None and not (isinstance(wrong, Refused) and wrong.code == "-2011"):
                return wrong
        return Done()

    def _arm(self, request: ArmDeadMan) -> Conversation:
        params = {"symbol": self._symbols[request.i], "countdownTime": str(request.ms)}
        (reply,) = yield [Call("POST", self._paths.of("countdownCancelAll"), params)]
        body, wrong = read(reply)
        if wrong is not None:
            return wrong
        try:
            ms = int(body["countdownTime"])
        except (KeyError, TypeError, ValueError):
            return Failed("5xx")
        return Armed(reply.sent + ms * MS if ms else 0)
