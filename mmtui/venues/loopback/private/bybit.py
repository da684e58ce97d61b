"""Bybit's account, as a server speaks of it (v5): signed calls, disconnect protection, the private stream.

Source: Bybit v5 API documentation (authentication, order, position, account, disconnect-cancel-all, error codes).

Rules of this file: messages of the venue's documentation; one unified account in one-way mode, institutional.
"""

from __future__ import annotations

import hmac
import re
from collections.abc import Mapping
from decimal import Decimal
from hashlib import sha256
from typing import Any, ClassVar

from mmtui.core.market.instrument import plain
from mmtui.venues.account_budget import Window
from mmtui.venues.facts import facts_of
from mmtui.venues.loopback import forms
from mmtui.venues.loopback.board import Board
from mmtui.venues.loopback.exchange import Exchange
from mmtui.venues.loopback.private.voice import MS, AccountVoice, Asked, Denied, Keys, encode
from mmtui.venues.loopback.public.voice import Body, PublicClient, decoded
from mmtui.venues.loopback.records import Execution, Order

_CLIENT = re.compile(r"[A-Za-z0-9_-]{1,36}", re.ASCII)
_TIF = {"GTC": "GTC", "PostOnly": "GTX", "IOC": "IOC", "FOK": "FOK"}
_WORD = {"": "IOC"} | {tif: word for word, tif in _TIF.items()}
STATUS = {
    "NEW": "New", "PARTIALLY_FILLED": "PartiallyFilled", "FILLED": "Filled", "CANCELED": "Cancelled",
    "EXPIRED": "Cancelled",
}  # fmt: skip
_TOPICS = frozenset({"order", "execution", "position", "wallet", "dcp.future"})
_LOG = {"TRANSFER": "TRANSFER_IN", "FUNDING_FEE": "SETTLEMENT"}
#: A stamp may be ahead by so much.
AHEAD_MS = 1_000


class BybitAccount(AccountVoice):
    venue: ClassVar[str] = "bybit"
    path: ClassVar[str] = "/v5/private"
    codes: ClassVar[Mapping[int, str]] = {
        -1121: "10001", -4116: "110072", -2019: "110007", -1111: "10001", -4014: "10001", -4003: "10001",
        -4164: "110094", -2022: "110017", -4016: "110003", -1102: "10001", -1100: "10001", -2011: "110001",
        -2013: "110001",
    }  # fmt: skip
    other: ClassVar[str] = "10001"

    def __init__(self, exchange: Exchange, clients: dict[PublicClient, None], keys: Keys) -> None:
        super().__init__(exchange, clients, keys)
        ((self._limit, ms),) = facts_of("bybit").rates.orders
        self._orders = Window(self._limit, ms * MS)
        self.window_s = 0  # of disconnect protection; 0: off
        order = "/v5/order"
        self.calls = {
            ("POST", f"{order}/create"): lambda row: self._one(self._place(row)),
            ("POST", f"{order}/create-batch"): lambda body: self._batch(body, self._place),
            ("POST", f"{order}/amend"): lambda row: self._one(self._amend(row)),
            ("POST", f"{order}/cancel"): lambda row: self._one(self.cancel(row)),
            ("POST", f"{order}/cancel-batch"): lambda body: self._batch(body, self.cancel),
            ("POST", f"{order}/cancel-all"): self._cancel_all,
            ("POST", f"{order}/disconnected-cancel-all"): self._protect,
            ("GET", f"{order}/realtime"): self._realtime,
            ("GET", "/v5/execution/list"): self._executions,
            ("GET", "/v5/position/list"): lambda params: self._listed(self._held(self._boards(params)), params),
            ("GET", "/v5/account/wallet-balance"): lambda params: {"list": [self._wallet()]},
            ("GET", "/v5/account/transaction-log"): self._log,
            ("GET", "/v5/account/fee-rate"): self._fee,
            ("GET", "/v5/account/query-dcp-info"): self._protection,
            ("GET", "/v5/account/info"): lambda params: {"unifiedMarginStatus": 5, "marginMode": "REGULAR_MARGIN"},
            ("GET", "/v5/user/query-api"): self._key,
        }

    # -- access --------------------------------------------------------------------------------------------------

    def _signature(self, text: str) -> str:
        return hmac.digest(self.keys.secret.encode(), text.encode(), sha256).hex()

    def check(self, asked: Asked, now: int) -> None:
        told = {name.upper(): value for name, value in asked.headers.items()}
        key, stamp, window = (told.get(f"X-BAPI-{name}", "") for name in ("API-KEY", "TIMESTAMP", "RECV-WINDOW"))
        if not self.same(self.keys.key, key):
            raise Denied("10003", "API key is invalid.")
        payload = asked.query if asked.method == "GET" else asked.body
        if not self.same(self._signature(f"{stamp}{key}{window}{payload}"), told.get("X-BAPI-SIGN", "")):
            raise Denied("10004", "error sign! please check your signature generation algorithm.")
        good = stamp.isdecimal() and (window or "5000").isdecimal()
        if not good or not now // MS - int(window or 5_000) <= int(stamp) < now // MS + AHEAD_MS:
            raise Denied("10002", "invalid request, please check your server timestamp or recv_window param.")

    def counts(self, asked: Asked) -> dict[str, str]:
        now = self.exchange.now()
        if asked.path.startswith("/v5/order/create"):
            count = max(1, asked.body.count('"orderLinkId"'))
            if self._orders.room(now) < count:
                raise Denied("10006", "Too many visits. Exceeded the API Rate Limit.")
            self._orders.spend(now, count)
        left = self._orders.room(now)
        return {"X-Bapi-Limit": str(self._limit), "X-Bapi-Limit-Status": str(left),
                "X-Bapi-Limit-Reset-Timestamp": str(now // MS + 1_000)}  # fmt: skip

    def good(self, result: Any) -> Any:
        more = result.pop("retExtInfo", {}) if isinstance(result, dict) else {}
        return {"retCode": 0, "retMsg": "OK", "result": result, "retExtInfo": more, "time": self.ms()}

    def bad(self, denied: Denied) -> Any:
        code = int(denied.code) if denied.code.isdecimal() else 10_016
        return {"retCode": code, "retMsg": denied.text, "result": {}, "retExtInfo": {}, "time": self.ms()}

    # -- orders --------------------------------------------------------------------------------------------------

    def _one(self, made: tuple[Order | None, str, str]) -> Body:
        order, code, text = made
        if order is None:
            raise Denied(code, text)
        return {"orderId": _id(order), "orderLinkId": order.client}

    def _batch(self, body: Body, act: Any) -> Body:
        rows = body.get("request")
        if not isinstance(rows, list) or not 0 < len(rows) <= 20 or not all(isinstance(row, dict) for row in rows):
            raise Denied("10001", "request is empty")
        listed, codes = [], []
        for row in rows:
            order, code, text = act({**row, "category": body.get("category")})
            id, client = (_id(order), order.client) if order is not None else ("", str(row.get("orderLinkId", "")))
            listed.append({"category": body.get("category"), "symbol": row.get("symbol"), "orderId": id,
                           "orderLinkId": client, "createAt": str(self.ms())})  # fmt: skip
            codes.append({"code": int(code or 0), "msg": text or "OK"})
        return {"list": listed, "retExtInfo": {"list": codes}}

    def _known(self, row: Body) -> Board:
        board = self.board(str(row.get("symbol", "")))
        if row.get("category") != board.instrument.kind:
            raise Denied("10001", "params error: category invalid")
        return board

    def _place(self, row: Body) -> tuple[Order | None, str, str]:
        board, client = self._known(row), str(row.get("orderLinkId", ""))
        kind, tif = str(row.get("orderType", "")), str(row.get("timeInForce", "") or "GTC")
        if client and _CLIENT.fullmatch(client) is None:
            return None, "10001", "params error: OrderLinkedID invalid"
        if kind not in ("Limit", "Market") or tif not in _TIF:
            return None, "10001", "params error: orderType or timeInForce invalid"
        return self.enter({
            "symbol": board.symbol, "side": str(row.get("side", "")).upper(), "type": kind.upper(),
            "timeInForce": _TIF[tif], "quantity": str(row.get("qty", "")), "price": str(row.get("price", "")),
            "newClientOrderId": client, "reduceOnly": str(row.get("reduceOnly", "")).lower(),
        })  # fmt: skip

    def opened(self, row: Body) -> tuple[Order | None, str, str]:
        board = self._known(row)
        order = self.found(board.symbol, _number(row.get("orderId", "")), str(row.get("orderLinkId", "")))
        if order is None or not order.open:
            return None, "110001", "order not exists or too late to cancel"
        return order, "", ""

    def _amend(self, row: Body) -> tuple[Order | None, str, str]:
        return self.amend(row, "price", "qty", ("10001", "params error: price or qty invalid"))

    def _cancel_all(self, body: Body) -> Body:
        gone = [order for board in self._boards(body) for order in self.exchange.cancel_all(board.i)]
        return {"list": [{"orderId": _id(one), "orderLinkId": one.client} for one in gone], "success": "1"}

    def _protect(self, body: Body) -> Body:
        """After how many seconds without a private stream that asked for it everything is cancelled."""
        seconds = body.get("timeWindow")
        if not isinstance(seconds, int) or not 3 <= seconds <= 300:
            raise Denied("10001", "params error: timeWindow invalid")
        self.window_s = seconds
        return {}

    def _protection(self, params: Body) -> Body:
        return {"dcpInfos": [{"product": "DERIVATIVES", "dcpStatus": "ON", "timeWindow": str(self.window_s or 10)}]}

    # -- questions -----------------------------------------------------------------------------------------------

    def _boards(self, params: Body) -> list[Board]:
        category, settle = params.get("category", ""), params.get("settleCoin", "")
        boards = [board for board in self.of(params.get("symbol", "")) if board.instrument.kind == category]
        if category == "linear" and not params.get("symbol") and not settle:
            raise Denied("10001", "Missing some parameters that must be filled in, symbol or settleCoin or baseCoin")
        return [board for board in boards if settle in ("", board.settle)]

    def _listed(self, rows: list[Body], params: Body) -> Body:
        """A page: the cursor is the place of its first row."""
        first, limit = int(_number(params.get("cursor", "")) or 0), int(params.get("limit") or 20)
        after = f"page%3A{first + limit}" if first + limit < len(rows) else ""
        return {"category": params.get("category", ""), "list": rows[first : first + limit], "nextPageCursor": after}

    def _realtime(self, params: Body) -> Body:
        places = {board.i for board in self._boards(params)}
        orders = [order for order in reversed(self.exchange.open_orders()) if order.i in places]
        return self._listed([self._row(order) for order in orders], params)

    def _executions(self, params: Body) -> Body:
        kind, symbol = params.get("category", ""), params.get("symbol", "")
        places = {board.i for board in self.of(symbol) if board.instrument.kind == kind}
        start, end = int(params.get("startTime") or 0), int(params.get("endTime") or 1 << 60)
        found = [one for one in self.exchange.executions if one.i in places and start <= one.ts // MS <= end]
        return self._listed([self._execution(one) for one in reversed(found)], params)

    def _log(self, params: Body) -> Body:
        start, end = int(params.get("startTime") or 0), int(params.get("endTime") or 1 << 60)
        rows = [
            {
                "id": str(entry.id), "symbol": entry.symbol, "category": "linear", "currency": entry.asset,
                "type": _LOG[entry.kind] if entry.amount > 0 or entry.kind != "TRANSFER" else "TRANSFER_OUT",
                "change": plain(entry.amount), "transactionTime": str(entry.ts // MS),
            }
            for entry in reversed(self.exchange.ledger)
            if entry.kind in _LOG and start <= entry.ts // MS <= end
        ]  # fmt: skip
        return self._listed(rows, params)

    def _fee(self, params: Body) -> Body:
        item = self.board(params.get("symbol", "")).instrument
        maker, taker = (plain(Decimal(text) / 10_000) for text in (item.maker_bps, item.taker_bps))
        return {"list": [{"symbol": item.symbol, "takerFeeRate": taker, "makerFeeRate": maker}]}

    def _key(self, params: Body) -> Body:
        wallet = ["AccountTransfer"] + (["Withdraw"] if self.exchange.withdrawals else [])
        rights = {"ContractTrade": ["Order", "Position"], "Spot": ["SpotTrade"], "Wallet": wallet, "Options": []}
        return {"id": "1", "note": "loopback", "apiKey": self.keys.key, "readOnly": 0, "permissions": rights,
                "ips": ["127.0.0.1"], "type": 1, "uta": 1, "unified": 1, "userID": 1}  # fmt: skip

    # -- rows ----------------------------------------------------------------------------------------------------

    def _row(self, order: Order) -> Body:
        board = self.exchange.boards[order.i]
        return {
            "category": board.instrument.kind, "symbol": board.symbol, "orderId": _id(order),
            "orderLinkId": order.client, "side": "Buy" if order.side > 0 else "Sell", "positionIdx": 0,
            "orderStatus": STATUS[order.status], "orderType": "Limit" if order.px else "Market",
            "timeInForce": _WORD[order.tif], "price": board.px(order.px), "qty": board.sz(order.sz),
            "cumExecQty": board.sz(order.filled), "leavesQty": board.sz(order.left),
            "cumExecValue": plain(order.quote), "cumExecFee": "0",
            "avgPrice": forms.average(board, order) if order.filled else "", "reduceOnly": order.reduce_only,
            "rejectReason": "EC_PostOnlyWillTakeLiquidity" if order.reason == "post-only" else "EC_NoError",
            "cancelType": "UNKNOWN", "stopOrderType": "", "triggerPrice": "", "tpslMode": "",
            "smpType": "CancelMaker",
            "createdTime": str(order.created // MS), "updatedTime": str(order.updated // MS),
        }  # fmt: skip

    def _execution(self, one: Execution) -> Body:
        board = self.exchange.boards[one.i]
        return {
            "category": board.instrument.kind, "symbol": board.symbol, "orderId": _id(one.order),
            "orderLinkId": one.order.client, "side": "Buy" if one.side > 0 else "Sell", "execId": f"exec-{one.id}",
            "execPrice": board.px(one.px), "execQty": board.sz(one.sz), "execFee": plain(one.fee),
            "feeCurrency": one.asset, "execType": "Trade", "isMaker": one.maker, "orderPrice": board.px(one.order.px),
            "orderQty": board.sz(one.order.sz), "leavesQty": board.sz(one.order.left), "orderType": "Limit",
            "execTime": str(one.ts // MS), "feeRate": "0", "execValue": plain(board.worth(board.tick * one.px, one.sz)),
        }  # fmt: skip

    def _held(self, boards: list[Board]) -> list[Body]:
        wallet = self.exchange.wallet
        rows = []
        for board in boards:
            held = wallet.positions[board.i]
            side = "Buy" if held.lots > 0 else "Sell" if held.lots else ""
            entry = forms.entry_text(held)
            rows.append({
                "positionIdx": 0, "category": board.instrument.kind, "symbol": board.symbol, "side": side,
                "size": board.sz(abs(held.lots)), "avgPrice": entry, "entryPrice": entry,
                "positionValue": plain(abs(wallet.notional(board.i, held))), "markPrice": board.mark_text,
                "liqPrice": board.liquidation_text(wallet.liquidation(board.i), ""),
                "positionIM": plain(wallet.margin(board.i, held)),
                "positionMM": plain(wallet.maintenance(board.i, held)),
                "leverage": str(held.leverage), "unrealisedPnl": plain(wallet.unrealised(board.i, held)),
                "positionStatus": "Normal", "createdTime": "0", "updatedTime": str(held.updated // MS), "seq": 1,
            })  # fmt: skip
        return rows

    def _wallet(self) -> Body:
        coins = [
            {"coin": asset, "walletBalance": plain(total), "equity": plain(total), "locked": "0",
             "totalOrderIM": "0", "totalPositionIM": "0", "usdValue": "0", "unrealisedPnl": "0"}
            for asset, total in self.exchange.wallet.balances.items()
        ]  # fmt: skip
        return {"accountType": "UNIFIED", "totalEquity": "0", "totalWalletBalance": "0", "coin": coins}

    # -- the private stream --------------------------------------------------------------------------------------

    def heard(self, client: PublicClient, text: bytes) -> None:
        body = decoded(text) or {}
        op, args, id = body.get("op", ""), body.get("args") or [], str(body.get("req_id", ""))
        answer = {"success": True, "ret_msg": "", "op": op, "conn_id": "f1a0", "req_id": id}
        if op == "ping":
            client.put(encode({"req_id": id, "op": "pong", "args": [str(self.ms())], "conn_id": "f1a0"}))
        elif op == "auth":
            client.put(encode(answer | ({} if self._enters(client, args) else {"success": False})))
        elif op not in ("subscribe", "unsubscribe") or client not in self.inside:
            client.put(encode({**answer, "success": False, "ret_msg": "Request not authorized"}))
        elif wrong := [arg for arg in args if arg not in _TOPICS]:
            text_ = f"error:handler not found,topic:{wrong[0]}"
            client.put(encode({**answer, "success": False, "ret_msg": text_}))
        else:
            for arg in args:
                client.wants((str(arg), ""), op == "subscribe")
            if "dcp.future" in args:
                self.exchange.switches.clear()
            client.put(encode(answer))

    def _enters(self, client: PublicClient, args: list[Any]) -> bool:
        key, until, signature = [str(arg) for arg in args] if len(args) == 3 else ["", "", ""]
        if not until.isdecimal() or int(until) < self.ms():
            return False
        signed = self.same(self._signature(f"GET/realtime{until}"), signature)
        if signed and self.same(self.keys.key, key):
            self.inside[client] = None
            return True
        return False

    def gone(self, client: PublicClient) -> None:
        """When the last stream that asked for protection has ended, the window begins."""
        super().gone(client)
        topic = ("dcp.future", "")
        if self.window_s and topic in client.topics and not any(topic in one.topics for one in self.inside):
            due = self.exchange.now() + self.window_s * 1_000 * MS
            self.exchange.switches = {board.i: due for board in self.exchange.boards}

    def _tell(self, topic: str, data: list[Body]) -> None:
        body = {"id": f"1_{topic}_{self.ms()}", "topic": topic, "creationTime": self.ms(), "data": data}
        self.told((topic, ""), body)

    def order(self, order: Order, now: int, execution: Execution | None) -> None:
        if execution is not None:
            self._tell("execution", [self._execution(execution)])
        self._tell("order", [self._row(order)])

    def traded(self, order: Order, now: int) -> None:
        self._tell("position", self._held([self.exchange.boards[order.i]]))
        self._tell("wallet", [self._wallet()])

    def transferred(self, asset: str, amount: Decimal, now: int) -> None:
        self._tell("wallet", [self._wallet()])


def _id(order: Order) -> str:
    """The venue's ids are UUIDs."""
    return f"00000000-0000-4000-8000-{order.id:012d}"


def _number(text: object) -> str:
    """The number at the end of an id or a cursor; "": there is none."""
    tail = re.search(r"[0-9]+\Z", str(text))
    return str(int(tail.group())) if tail else ""
