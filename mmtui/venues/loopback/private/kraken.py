"""Kraken's spot account, as a server speaks of it: signed calls with rising nonces, CancelAllOrdersAfter, channels
executions and balances.

Source: Kraken REST API documentation (authentication, account data, trading, rate limits, errors), WebSocket v2.

Rules of this file: messages of the venue's documentation; one account whose key has a nonce window.
"""

from __future__ import annotations

import base64
import hmac
import re
import uuid
from collections.abc import Callable, Mapping
from datetime import datetime
from decimal import Decimal
from hashlib import sha256, sha512
from typing import Any, ClassVar
from urllib.parse import parse_qsl

from mmtui.core.market.instrument import plain
from mmtui.venues.kraken.names import pairs
from mmtui.venues.loopback.exchange import Exchange
from mmtui.venues.loopback.private import kraken_forms as made
from mmtui.venues.loopback.private.voice import MS, AccountVoice, Asked, Denied, Keys, encode
from mmtui.venues.loopback.public.kraken import iso
from mmtui.venues.loopback.public.voice import Body, PublicClient, decoded
from mmtui.venues.loopback.records import Execution, Order

_CLIENT = re.compile(r"[ -~]{1,18}|[0-9a-f-]{32,36}", re.ASCII)
_CHANNELS = frozenset({"executions", "balances"})
#: What a call adds to the counter of REST, which may reach so much and falls by one a second; orders have their own.
COST, COUNTER = {"TradesHistory": 2, "Ledgers": 2}, 20
FREE = frozenset({"AddOrder", "AddOrderBatch", "AmendOrder", "EditOrder", "CancelOrder", "CancelOrderBatch"})
#: A nonce may be so far below the greatest (in its own units), once.
NONCE_WINDOW, NONCES = 10_000_000, 1_000
BATCH_MAX, CANCELS_MAX, PAGE = 15, 50, 50


class KrakenAccount(AccountVoice):
    venue: ClassVar[str] = "kraken-spot"
    path: ClassVar[str] = "/v2"
    codes: ClassVar[Mapping[int, str]] = {
        -1121: "EQuery:Unknown asset pair", -4116: "EOrder:Duplicate cl_ord_id", -2019: "EOrder:Insufficient funds",
        -1111: "EGeneral:Invalid arguments:volume", -4003: "EGeneral:Invalid arguments:volume",
        -4164: "EOrder:Order minimum not met", -4014: "EOrder:Invalid price", -4016: "EOrder:Invalid price",
        -5022: "EOrder:Post only order", -2011: "EOrder:Unknown order", -2013: "EOrder:Unknown order",
    }  # fmt: skip
    other: ClassVar[str] = "EGeneral:Invalid arguments"

    def __init__(self, exchange: Exchange, clients: dict[PublicClient, None], keys: Keys) -> None:
        super().__init__(exchange, clients, keys)
        exchange.wallet.fees_in_quote = True
        self._names = pairs([board.instrument for board in exchange.boards])
        self._nonces: list[int] = []
        self._counter, self._counted = 0.0, 0
        self._token = ""
        acts: dict[str, Callable[[Any], Any]] = {
            "AddOrder": self._added,
            "AddOrderBatch": self._batch,
            "AmendOrder": self._amended,
            "CancelOrder": lambda row: {"count": self._gone(self._wanted(row))},
            "CancelOrderBatch": self._cancels,
            "CancelAll": lambda row: {"count": self._gone(*exchange.open_orders())},
            "CancelAllOrdersAfter": self._after,
            "OpenOrders": lambda row: {"open": {made.txid(one.id): self._row(one) for one in exchange.open_orders()}},
            "QueryOrders": self._orders,
            "TradesHistory": self._trades,
            "Ledgers": self._ledger,
            "Balance": lambda row: {made.asset(name): plain(size) for name, size in exchange.wallet.balances.items()},
            "BalanceEx": lambda row: {
                made.asset(name): {"balance": plain(size), "hold_trade": plain(size - exchange.wallet.free(name))}
                for name, size in exchange.wallet.balances.items()
            },
            "TradeVolume": self._volume,
            "GetApiKeyInfo": self._key,
            "GetWebSocketsToken": self._ticket,
        }
        self.calls = {("POST", f"/0/private/{name}"): act for name, act in acts.items()}

    # -- access --------------------------------------------------------------------------------------------------

    def check(self, asked: Asked, now: int) -> None:
        told = {name.upper(): value for name, value in asked.headers.items()}
        if not self.same(self.keys.key, told.get("API-KEY", "")):
            raise Denied("EAPI:Invalid key", "")
        nonce = str(self.params(asked).get("nonce", ""))
        message = asked.path.encode() + sha256(f"{nonce}{asked.body}".encode()).digest()
        wanted = base64.b64encode(hmac.digest(base64.b64decode(self.keys.secret), message, sha512)).decode()
        if not self.same(wanted, told.get("API-SIGN", "")):
            raise Denied("EAPI:Invalid signature", "")
        number = int(nonce) if nonce.isdecimal() and len(nonce) < 20 else -1
        if number in self._nonces or number < max(self._nonces, default=0) - NONCE_WINDOW:
            raise Denied("EAPI:Invalid nonce", "")
        self._nonces = [*self._nonces[-NONCES:], number]

    def params(self, asked: Asked) -> Any:
        """A form, or JSON."""
        if asked.body.lstrip().startswith("{"):
            body = decoded(asked.body.encode())
            if body is None:
                raise Denied("EGeneral:Invalid arguments", "")
            return body
        return dict(parse_qsl(asked.body, keep_blank_values=True))

    def counts(self, asked: Asked) -> dict[str, str]:
        name, now = asked.path.rpartition("/")[2], self.exchange.now()
        if name in FREE:
            return {}
        self._counter = max(0.0, self._counter - (now - self._counted) / 1e9)
        self._counted = now
        cost = COST.get(name, 1)
        if self._counter + cost > COUNTER:
            raise Denied("EAPI:Rate limit exceeded", "")
        self._counter += cost
        return {}

    def good(self, result: Any) -> Any:
        return {"error": [], "result": result}

    def bad(self, denied: Denied) -> Any:
        return {"error": ["EGeneral:Internal error" if denied.status >= 500 else denied.code]}

    # -- orders --------------------------------------------------------------------------------------------------

    def _on_time(self, params: Body) -> None:
        """Denied: it is later than the deadline."""
        until = str(params.get("deadline") or "")
        try:
            late = bool(until) and datetime.fromisoformat(until).timestamp() < self.exchange.now() / 1e9
        except ValueError:
            raise Denied("EGeneral:Invalid arguments:deadline", "") from None
        if late:
            raise Denied("EService:Deadline elapsed", "")

    def _place(self, row: Body, params: Body) -> tuple[Order | None, str]:
        symbol = self._names.get(str(params.get("pair", "")), "")
        board, kind = self.board(symbol), str(row.get("ordertype", ""))
        client, flags = str(row.get("cl_ord_id", "")), str(row.get("oflags", "")).split(",")
        tif = str(row.get("timeinforce") or "GTC").upper()
        if kind not in ("limit", "market") or tif not in ("GTC", "IOC"):
            return None, "EGeneral:Invalid arguments:ordertype"
        if client and _CLIENT.fullmatch(client) is None:
            return None, "EGeneral:Invalid arguments:cl_ord_id"
        order, code, _ = self.enter({
            "symbol": board.symbol, "side": str(row.get("type", "")).upper(), "type": kind.upper(),
            "timeInForce": "GTX" if "post" in flags else tif, "quantity": str(row.get("volume", "")),
            "price": str(row.get("price", "")), "newClientOrderId": client,
        })  # fmt: skip
        return order, code

    def _added(self, params: Body) -> Body:
        self._on_time(params)
        order, code = self._place(params, params)
        if order is None:
            raise Denied(code, "")
        return made.added(self.exchange.boards[order.i], order)

    def _batch(self, params: Body) -> Body:
        rows = params.get("orders")
        if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
            raise Denied("EGeneral:Invalid arguments:orders", "")
        if not 2 <= len(rows) <= BATCH_MAX:
            raise Denied("EGeneral:Invalid arguments:orders", "")
        self._on_time(params)
        out = []
        for row in rows:
            order, code = self._place(row, params)
            told = made.added(self.exchange.boards[order.i], order) if order is not None else {"error": code}
            out.append(told | ({"txid": told["txid"][0]} if "txid" in told else {}))
        return {"orders": out}

    def _wanted(self, row: Body) -> Order:
        """The open order of a request. Denied: there is none."""
        order, code, _ = self.opened(row)
        if order is None:
            raise Denied(code, "")
        return order

    def opened(self, row: Body) -> tuple[Order | None, str, str]:
        client, txid = str(row.get("cl_ord_id") or ""), str(row.get("txid") or "")
        orders = self.exchange.orders
        order = self.exchange.by_client.get(client) if client else orders.get(made.number(txid))
        return (order, "", "") if order is not None and order.open else (None, "EOrder:Unknown order", "")

    def _gone(self, *orders: Order) -> int:
        for order in orders:
            self.exchange.cancel(order)
        return len(orders)

    def _cancels(self, params: Body) -> Body:
        rows = [{"cl_ord_id": str(one)} for one in params.get("cl_ord_ids") or ()]
        rows += [{"txid": str(one)} for one in params.get("orders") or ()]
        if not 0 < len(rows) <= CANCELS_MAX:
            raise Denied("EGeneral:Invalid arguments:orders", "")
        found = [order for order, _, _ in map(self.opened, rows) if order is not None]
        if not found:
            raise Denied("EOrder:Unknown order", "")
        return {"count": self._gone(*found)}

    def _amended(self, params: Body) -> Body:
        self._on_time(params)
        wanted = self._wanted(params)
        board = self.exchange.boards[wanted.i]
        best = board.book.ask if wanted.side > 0 else board.book.bid
        price = str(params.get("limit_price") or "")
        passive = str(params.get("post_only", "")).lower() == "true" and price and best
        if passive and wanted.side * Decimal(price) >= wanted.side * board.tick * best:
            raise Denied("EOrder:Post only order", "")
        order, code, _ = self.amend(params, "limit_price", "order_qty", ("EOrder:Invalid price", ""))
        if order is None:
            raise Denied(code, "")
        return {"amend_id": made.txid(order.id).replace("O", "A", 1)}

    def _after(self, params: Body) -> Body:
        """The dead man's switch; 0 turns it off."""
        text = str(params.get("timeout", ""))
        if not text.isdecimal() or int(text) >= 86_400:
            raise Denied("EGeneral:Invalid arguments:timeout", "")
        now, seconds = self.exchange.now(), int(text)
        due = now + seconds * 1_000 * MS
        self.exchange.switches = {board.i: due for board in self.exchange.boards} if seconds else {}
        return {"currentTime": iso(now), "triggerTime": iso(due) if seconds else "0"}

    # -- questions -----------------------------------------------------------------------------------------------

    def _row(self, order: Order) -> Body:
        return made.open_row(self.exchange.boards[order.i], order)

    def _page(self, rows: list[tuple[str, float, Body]], params: Body, part: str) -> Body:
        """Newest first, since an instant, from an offset."""
        start, first = float(params.get("start") or 0), int(params.get("ofs") or 0)
        found = [(id, row) for id, at, row in reversed(rows) if at >= start]
        return {part: dict(found[first : first + PAGE]), "count": len(found)}

    def _orders(self, params: Body) -> Body:
        ids = str(params.get("txid", "")).split(",")
        found = [(id, self.exchange.orders.get(made.number(id))) for id in ids[:50]]
        return {id: self._row(order) for id, order in found if order is not None}

    def _trades(self, params: Body) -> Body:
        rows = [
            (made.trade_id(one.id), one.ts / 1e9, made.trade_row(self.exchange.boards[one.i], one))
            for one in self.exchange.executions
        ]
        return self._page(rows, params, "trades")

    def _ledger(self, params: Body) -> Body:
        rows = [(made.txid(one.id), one.ts / 1e9, made.ledger_row(one)) for one in self.exchange.ledger]
        return self._page(rows, params, "ledger")

    def _volume(self, params: Body) -> Body:
        named = [self._names.get(one, "") for one in str(params.get("pair", "")).split(",") if one]
        items = [self.board(symbol).instrument for symbol in named]
        return {
            "currency": "ZUSD", "volume": "0.0000",
            "fees": {made.pair(one): {"fee": plain(Decimal(one.taker_bps) / 100)} for one in items},
            "fees_maker": {made.pair(one): {"fee": plain(Decimal(one.maker_bps) / 100)} for one in items},
        }  # fmt: skip

    def _key(self, params: Body) -> Body:
        rights = ["query-funds", "query-open-trades", "query-closed-trades", "query-ledger", "modify-trades"]
        rights += ["withdraw-funds"] if self.exchange.withdrawals else []
        return {"api_key_name": "loopback", "api_key": self.keys.key, "permissions": rights,
                "ip_allowlist": ["127.0.0.1"], "nonce_window": NONCE_WINDOW}  # fmt: skip

    def _ticket(self, params: Body) -> Body:
        self._token = self._token or uuid.uuid4().hex
        return {"token": self._token, "expires": 900}

    # -- the private channels ------------------------------------------------------------------------------------

    def mine(self, client: PublicClient, text: bytes) -> bool:
        params = (decoded(text) or {}).get("params")
        return isinstance(params, dict) and params.get("channel") in _CHANNELS

    def heard(self, client: PublicClient, text: bytes) -> None:
        body = decoded(text) or {}
        method, params = body.get("method", ""), body["params"]
        channel, now = str(params["channel"]), iso(self.exchange.now())
        stamp = {"time_in": now, "time_out": now} | ({"req_id": body["req_id"]} if "req_id" in body else {})
        if not self._token or not self.same(self._token, str(params.get("token", ""))):
            client.put(encode({"error": "EAPI:Invalid token", "method": method, "success": False, **stamp}))
            return
        self.inside[client] = None
        client.put(encode({"method": method, "result": {"channel": channel}, "success": True, **stamp}))
        if client.wants((channel, ""), method == "subscribe"):
            client.put(encode({"channel": channel, "type": "snapshot", "data": self._snapshot(channel, params),
                               "sequence": 1}))  # fmt: skip

    def _snapshot(self, channel: str, params: Body) -> list[Body]:
        if channel == "balances":
            return [made.balance(name, size) for name, size in self.exchange.wallet.balances.items()]
        orders = self.exchange.open_orders()
        return [made.told(self.exchange.boards[one.i], one, "new") for one in orders]

    def _tell(self, channel: str, data: list[Body]) -> None:
        self.told((channel, ""), {"channel": channel, "type": "update", "data": data, "sequence": 2})

    def order(self, order: Order, now: int, execution: Execution | None) -> None:
        board = self.exchange.boards[order.i]
        if execution is not None:
            rows = [made.traded(board, order, execution)]
            rows += [made.over(order, "filled")] if order.status == "FILLED" else []
        elif order.open:
            rows = [made.told(board, order, "amended" if order.change else "new")]
        else:
            rows = [made.over(order, "expired" if order.status == "EXPIRED" else "canceled")]
        self._tell("executions", rows)

    def traded(self, order: Order, now: int) -> None:
        item, wallet = self.exchange.boards[order.i].instrument, self.exchange.wallet
        rows = [made.balance(name, wallet.balances[name]) | {"type": "trade"} for name in (item.base, item.quote)]
        self._tell("balances", rows)

    def transferred(self, asset: str, amount: Decimal, now: int) -> None:
        row = made.balance(asset, self.exchange.wallet.balances[asset])
        kind = "deposit" if amount > 0 else "withdrawal"
        self._tell("balances", [row | {"type": kind, "amount": made.raw(plain(amount)), "timestamp": iso(now)}])
