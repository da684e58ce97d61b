"""Kraken Futures' account, as a server speaks of it (v3): signed calls, dead man's switch, the private feeds.

The feeds come over the public stream's own connection, for whoever has signed the challenge.

Source: Kraken Futures API documentation (authentication, order management, account, fee schedules, account log; feeds
open_orders, fills, open_positions, balances; rate limits).

Rules of this file: messages of the venue's documentation; one account with USD as its collateral.
"""

from __future__ import annotations

import base64
import hmac
import uuid
from collections import deque
from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from hashlib import sha256, sha512
from typing import Any, ClassVar
from urllib.parse import parse_qsl

from mmtui.venues.account_budget import Window
from mmtui.venues.facts import facts_of
from mmtui.venues.loopback import forms
from mmtui.venues.loopback.exchange import Exchange
from mmtui.venues.loopback.private import kraken_futures_forms as made
from mmtui.venues.loopback.private.voice import MS, AccountVoice, Asked, Denied, Keys, encode
from mmtui.venues.loopback.public.kraken import iso
from mmtui.venues.loopback.public.kraken_futures import SCHEDULE
from mmtui.venues.loopback.public.voice import Body, PublicClient, decoded
from mmtui.venues.loopback.records import Execution, Order

V3 = "/derivatives/api/v3"
_TIF = {"lmt": "GTC", "post": "GTX", "ioc": "IOC", "mkt": ""}
_FEEDS = frozenset({"open_orders", "fills", "open_positions", "balances"})
#: Cost of a call where it is not two.
COST = {"sendorder": 10, "editorder": 10, "cancelorder": 10, "cancelallorders": 25, "cancelallordersafter": 25}
#: Nonces that are remembered; one below all of them is too old.
NONCES = 100
BATCH_MAX = 50
FILLS_PAGE = 100


class KrakenFuturesAccount(AccountVoice):
    venue: ClassVar[str] = "kraken-futures"
    path: ClassVar[str] = "/ws/v1"
    codes: ClassVar[Mapping[int, str]] = {
        -1121: "contractNotFound", -4116: "clientOrderIdAlreadyExist", -2019: "insufficientAvailableFunds",
        -1111: "invalidSize", -4003: "invalidSize", -4164: "invalidSize", -4014: "invalidPrice",
        -4016: "outsidePriceCollar", -2022: "wouldNotReducePosition", -5022: "postWouldExecute",
        -1102: "requiredArgumentMissing", -2011: "notFound", -2013: "notFound",
    }  # fmt: skip
    other: ClassVar[str] = "invalidArgument"

    def __init__(self, exchange: Exchange, clients: dict[PublicClient, None], keys: Keys) -> None:
        super().__init__(exchange, clients, keys)
        rates = facts_of(self.venue).rates
        self._calls = Window(rates.weight, rates.window_ms * MS)
        self._nonces: deque[int] = deque(maxlen=NONCES)
        self._challenges: dict[PublicClient, str] = {}
        self._aside: list[tuple[str, Body]] | None = None  # told once it is known that an order was taken
        self.calls = {
            ("POST", f"{V3}/sendorder"): lambda row: {"sendStatus": self._sent(row)},
            ("POST", f"{V3}/editorder"): lambda row: {"editStatus": self._edited(row)},
            ("POST", f"{V3}/cancelorder"): lambda row: {"cancelStatus": self._cancelled(row)},
            ("POST", f"{V3}/batchorder"): self._batch,
            ("POST", f"{V3}/cancelallorders"): self._cancel_all,
            ("POST", f"{V3}/cancelallordersafter"): self._after,
            ("GET", f"{V3}/openorders"): lambda params: {"openOrders": self._open()},
            ("GET", f"{V3}/fills"): self._fills,
            ("GET", f"{V3}/openpositions"): lambda params: {"openPositions": self._positions()},
            ("GET", f"{V3}/accounts"): lambda params: {"accounts": {"flex": made.flex(exchange)}},
            ("GET", f"{V3}/feeschedules"): lambda params: {"feeSchedules": made.schedules(exchange)},
            ("GET", f"{V3}/feeschedules/volumes"): lambda params: {"volumesByFeeSchedule": {SCHEDULE: 0}},
            ("GET", "/api/history/v3/account-log"): self._log,
        }

    # -- access --------------------------------------------------------------------------------------------------

    def _signature(self, text: str) -> str:
        secret = base64.b64decode(self.keys.secret)
        return base64.b64encode(hmac.digest(secret, sha256(text.encode()).digest(), sha512)).decode()

    def check(self, asked: Asked, now: int) -> None:
        told = {name.upper(): value for name, value in asked.headers.items()}
        nonce = told.get("NONCE", "")
        payload = asked.body or asked.query
        wanted = self._signature(f"{payload}{nonce}{asked.path.removeprefix('/derivatives')}")
        if not self.same(self.keys.key, told.get("APIKEY", "")) or not self.same(wanted, told.get("AUTHENT", "")):
            raise Denied("authenticationError", "authenticationError")
        if nonce:
            self._used(nonce)

    def _used(self, nonce: str) -> None:
        """A nonce counts once; a little out of order is taken."""
        number = int(nonce) if nonce.isdecimal() and len(nonce) < 20 else -1
        if number in self._nonces:
            raise Denied("nonceDuplicate", "nonceDuplicate")
        if number < 0 or (len(self._nonces) == NONCES and number < min(self._nonces)):
            raise Denied("nonceBelowThreshold", "nonceBelowThreshold")
        self._nonces.append(number)

    def counts(self, asked: Asked) -> dict[str, str]:
        name, now = asked.path.rpartition("/")[2], self.exchange.now()
        cost = COST.get(name, 2)
        if name == "batchorder":
            cost = 9 + max(1, asked.body.count("cliOrdId") or asked.body.count("order_id"))
        elif name == "fills" and asked.query:
            cost = 25
        elif asked.path.startswith("/api/history"):
            return {}  # has a budget of its own
        if self._calls.room(now) < cost:
            raise Denied("apiLimitExceeded", "apiLimitExceeded")
        self._calls.spend(now, cost)
        return {}

    def params(self, asked: Asked) -> Any:
        return dict(parse_qsl(asked.query, keep_blank_values=True) + parse_qsl(asked.body, keep_blank_values=True))

    def good(self, result: Any) -> Any:
        return {"result": "success", **result, "serverTime": iso(self.exchange.now())}

    def bad(self, denied: Denied) -> Any:
        code = "Server Error" if denied.status >= 500 else denied.code
        return {"result": "error", "error": code, "serverTime": iso(self.exchange.now())}

    # -- orders --------------------------------------------------------------------------------------------------

    def _status(self, status: str, order: Order | None, row: Body, events: list[Body]) -> Body:
        id = made.uid(order.id) if order is not None else str(row.get("order_id") or row.get("orderId") or "")
        client = order.client if order is not None else str(row.get("cliOrdId", ""))
        return {"status": status, "order_id": id, "cliOrdId": client, "receivedTime": iso(self.exchange.now()),
                "orderEvents": events}  # fmt: skip

    def _late(self, row: Body) -> bool:
        """Whether it may not be processed any more."""
        try:
            until = datetime.fromisoformat(str(row["processBefore"])).timestamp() if row.get("processBefore") else 0.0
        except ValueError:
            raise Denied("invalidArgument", "processBefore") from None
        return 0.0 < until < self.exchange.now() / 1e9

    def _sent(self, row: Body) -> Body:
        board, kind = self.board(str(row.get("symbol", "")).upper()), str(row.get("orderType", ""))
        if self._late(row):
            return self._status("wouldProcessAfterSpecifiedTime", None, row, [])
        if kind not in _TIF:
            return self._status("invalidOrderType", None, row, [])
        self._aside = []
        order, code, _ = self.enter({
            "symbol": board.symbol, "side": str(row.get("side", "")).upper(),
            "type": "LIMIT" if _TIF[kind] else "MARKET", "timeInForce": _TIF[kind],
            "quantity": str(row.get("size", "")), "price": str(row.get("limitPrice", "")),
            "newClientOrderId": str(row.get("cliOrdId", "")), "reduceOnly": str(row.get("reduceOnly", "")).lower(),
        })  # fmt: skip
        aside, self._aside = self._aside, None
        if order is not None and kind == "ioc" and not order.filled:
            order, code = None, "iocWouldNotExecute"
        if order is None:
            return self._status(code, None, row, [])
        for feed, body in aside:
            self.told((feed, ""), body)
        executions = [one for one in self.exchange.executions[-50:] if one.order is order]
        events = [made.placed(board, order), *(made.executed(board, one) for one in executions)]
        return self._status("placed", order, row, events)

    def opened(self, row: Body) -> tuple[Order | None, str, str]:
        id = str(row.get("order_id") or row.get("orderId") or "")
        client = str(row.get("cliOrdId", ""))
        order = self.exchange.orders.get(made.number(id)) if id else self.exchange.by_client.get(client)
        if order is None:
            return None, "notFound", ""
        return (order, "", "") if order.open else (None, "filled" if order.status == "FILLED" else "notFound", "")

    def _cancelled(self, row: Body) -> Body:
        order, code, _ = self.cancel(row)
        if order is None:
            return self._status(code, None, row, [])
        return self._status("cancelled", order, row, [made.gone(self.exchange.boards[order.i], order)])

    def _edited(self, row: Body) -> Body:
        if self._late(row):
            return self._status("wouldProcessAfterSpecifiedTime", None, row, [])
        order, code, _ = self.amend(row, "limitPrice", "size", ("invalidPrice", ""))
        if order is None:
            return self._status("orderForEditNotFound" if code in ("notFound", "filled") else code, None, row, [])
        event = made.edited(self.exchange.boards[order.i], order)
        body = self._status("edited" if order.open else "postWouldExecute", order, row, [event])
        return body | {"orderId": body["order_id"]}

    def _batch(self, params: Body) -> Body:
        rows = (decoded(str(params.get("json", "")).encode()) or {}).get("batchOrder")
        if not isinstance(rows, list) or not all(isinstance(one, dict) for one in rows):
            raise Denied("invalidArgument", "json")
        if not 0 < len(rows) <= BATCH_MAX:
            raise Denied("invalidArgument", "json")
        acts = {"send": self._sent, "cancel": self._cancelled, "edit": self._edited}
        out = []
        for row in rows:
            act = acts.get(str(row.get("order", "")))
            if act is None or (row["order"] == "send" and "order_tag" not in row):
                out.append({"status": "requiredArgumentMissing", "orderEvents": []})
                continue
            body = act({**row, "processBefore": params.get("processBefore", "")})
            tag = {"order_tag": str(row["order_tag"])} if "order_tag" in row else {}
            out.append({**tag, **body, "dateTimeReceived": body.pop("receivedTime")})
        return {"batchStatus": out}

    def _cancel_all(self, params: Body) -> Body:
        symbol = str(params.get("symbol", "")).upper()
        gone = [order for board in self.of(symbol) for order in self.exchange.cancel_all(board.i)]
        events = [made.gone(self.exchange.boards[one.i], one) for one in gone]
        named = [{"order_id": made.uid(one.id), "cliOrdId": one.client} for one in gone]
        status = {"receivedTime": iso(self.exchange.now()), "cancelOnly": symbol or "all", "cancelledOrders": named,
                  "status": "cancelled" if gone else "noOrdersToCancel", "orderEvents": events}  # fmt: skip
        return {"cancelStatus": status}

    def _after(self, params: Body) -> Body:
        """Dead man's switch; 0 turns it off."""
        text = str(params.get("timeout", ""))
        if not text.isdecimal() or int(text) > 86_400:
            raise Denied("invalidArgument", "timeout")
        now, seconds = self.exchange.now(), int(text)
        due = now + seconds * 1_000 * MS
        self.exchange.switches = {board.i: due for board in self.exchange.boards} if seconds else {}
        return {"status": {"currentTime": iso(now), "triggerTime": iso(due) if seconds else "0"}}

    # -- questions -----------------------------------------------------------------------------------------------

    def _open(self) -> list[Body]:
        return [made.open_row(self.exchange.boards[order.i], order) for order in self.exchange.open_orders()]

    def _fills(self, params: Body) -> Body:
        """The newest hundred, or those before an instant."""
        until = params.get("lastFillTime", "")
        try:
            before = datetime.fromisoformat(until).timestamp() * 1e9 if until else 0.0
        except ValueError:
            raise Denied("invalidArgument", "lastFillTime") from None
        found = [one for one in reversed(self.exchange.executions) if not before or one.ts < before]
        return {"fills": [made.fill_row(self.exchange.boards[one.i], one) for one in found[:FILLS_PAGE]]}

    def _positions(self) -> list[Body]:
        return [
            {"side": "long" if held.lots > 0 else "short", "symbol": board.symbol, "price": forms.entry_text(held),
             "fillTime": iso(held.updated), "size": board.sz(abs(held.lots)), "unrealizedFunding": "0"}
            for board, held in zip(self.exchange.boards, self.exchange.wallet.positions, strict=True)
            if held.lots
        ]  # fmt: skip

    def _log(self, params: Body) -> Body:
        since, before = int(params.get("since") or 0), int(params.get("before") or 1 << 60)
        count = int(params.get("count") or 500)
        entries = [one for one in reversed(self.exchange.ledger) if since <= one.ts // MS < before]
        rows = [made.log_row(one) for one in entries if one.kind in made.INFO]
        return {"accountUid": made.uid(1), "logs": rows[:count]}

    # -- the private feeds ---------------------------------------------------------------------------------------

    def mine(self, client: PublicClient, text: bytes) -> bool:
        body = decoded(text) or {}
        return body.get("event") == "challenge" or body.get("feed") in _FEEDS

    def heard(self, client: PublicClient, text: bytes) -> None:
        body = decoded(text) or {}
        event, feed = body.get("event", ""), str(body.get("feed", ""))
        if event == "challenge":
            self._challenges[client] = str(uuid.uuid4())
            client.put(encode({"event": "challenge", "message": self._challenges[client]}))
        elif event not in ("subscribe", "unsubscribe"):
            client.put(encode({"event": "error", "message": "Invalid request"}))
        elif not self._knows(client, body):
            client.put(encode({"event": "error", "message": "Invalid challenge"}))
        else:
            self.inside[client] = None
            client.put(encode({"event": f"{event}d", "feed": feed}))
            if client.wants((feed, ""), event == "subscribe"):
                client.put(encode(self._snapshot(feed)))

    def _knows(self, client: PublicClient, body: Body) -> bool:
        challenge = self._challenges.get(client, "")
        return (
            bool(challenge)
            and self.same(self.keys.key, str(body.get("api_key", "")))
            and self.same(challenge, str(body.get("original_challenge", "")))
            and self.same(self._signature(challenge), str(body.get("signed_challenge", "")))
        )

    def gone(self, client: PublicClient) -> None:
        super().gone(client)
        self._challenges.pop(client, None)

    def _snapshot(self, feed: str) -> Body:
        exchange = self.exchange
        if feed == "open_orders":
            orders = [made.order_told(exchange.boards[order.i], order) for order in exchange.open_orders()]
            return {"feed": "open_orders_snapshot", "account": "loopback", "orders": orders}
        if feed == "fills":
            fills = [made.fill_told(exchange.boards[one.i], one) for one in exchange.executions[-100:]]
            return {"feed": "fills_snapshot", "account": "loopback", "fills": fills}
        return self._held() if feed == "open_positions" else self._money("balances_snapshot")

    def _held(self) -> Body:
        positions = [made.held(self.exchange, board) for board in self.exchange.boards]
        return {"feed": "open_positions", "account": "loopback", "seq": 0, "timestamp": self.ms(),
                "positions": [row for row in positions if row["balance"]]}  # fmt: skip

    def _money(self, feed: str) -> Body:
        return {"feed": feed, "account": "loopback", "holding": {}, "futures": {},
                "flex_futures": made.flex_told(self.exchange), "timestamp": self.ms(), "seq": 0}  # fmt: skip

    def _tell(self, feed: str, body: Body) -> None:
        if self._aside is not None:
            self._aside.append((feed, body))
        else:
            self.told((feed, ""), body)

    def order(self, order: Order, now: int, execution: Execution | None) -> None:
        board = self.exchange.boards[order.i]
        if execution is not None:
            fill = made.fill_told(board, execution)
            self._tell("fills", {"feed": "fills", "username": "loopback", "fills": [fill]})
        self._tell("open_orders", made.changed(board, order))

    def traded(self, order: Order, now: int) -> None:
        self._tell("open_positions", self._held())
        self._tell("balances", self._money("balances"))

    def transferred(self, asset: str, amount: Decimal, now: int) -> None:
        self._tell("balances", self._money("balances"))


