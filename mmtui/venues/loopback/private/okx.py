"""OKX's account, as a server speaks of it (v5): signed calls, cancel-all-after, the private stream.

Source: OKX v5 API documentation (authentication, order book trading, trading account, error codes).

Rules of this file: messages of the venue's documentation; one net-mode account of cash and cross margin.
"""

from __future__ import annotations

import base64
import hmac
import re
from collections.abc import Mapping
from datetime import datetime
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
from mmtui.venues.loopback.records import ZERO, Execution, Order
from mmtui.venues.okx.public import kind_name

_CLIENT = re.compile(r"[A-Za-z0-9]{1,32}", re.ASCII)
_TIF = {"limit": "GTC", "post_only": "GTX", "ioc": "IOC", "fok": "FOK", "market": ""}
_KIND = {tif: kind for kind, tif in _TIF.items()}
STATE = {
    "NEW": "live", "PARTIALLY_FILLED": "partially_filled", "FILLED": "filled", "CANCELED": "canceled",
    "EXPIRED": "canceled",
}  # fmt: skip
_CHANNELS = frozenset({"orders", "account", "positions"})
PAGE = 100
#: A stamp may be so far off; a login is good for so long.
STAMP_MS = 30_000
_BILL = {"TRANSFER": "1", "FUNDING_FEE": "8"}


class OkxAccount(AccountVoice):
    venue: ClassVar[str] = "okx"
    path: ClassVar[str] = "/ws/v5/private"
    codes: ClassVar[Mapping[int, str]] = {
        -1121: "51001", -4116: "51016", -2019: "51008", -1111: "51121", -1013: "51121", -4014: "51000", -4003: "51000",
        -4164: "51020", -2022: "51169", -4016: "51006", -1102: "50014", -1100: "51000", -2011: "51400", -2013: "51603",
    }  # fmt: skip
    other: ClassVar[str] = "51000"

    def __init__(self, exchange: Exchange, clients: dict[PublicClient, None], keys: Keys) -> None:
        super().__init__(exchange, clients, keys)
        ((limit, ms),) = facts_of("okx").rates.orders
        self._orders = [Window(limit, ms * MS) for _ in exchange.boards]
        trade = "/api/v5/trade"
        self.calls = {
            ("POST", f"{trade}/order"): lambda row: self._rows([row], self._place),
            ("POST", f"{trade}/batch-orders"): lambda rows: self._rows(rows, self._place),
            ("POST", f"{trade}/amend-order"): lambda row: self._rows([row], self._amend),
            ("POST", f"{trade}/cancel-order"): lambda row: self._rows([row], self.cancel),
            ("POST", f"{trade}/cancel-batch-orders"): lambda rows: self._rows(rows, self.cancel),
            ("POST", f"{trade}/cancel-all-after"): self._after,
            ("GET", f"{trade}/orders-pending"): self._pending,
            ("GET", f"{trade}/order"): self._query,
            ("GET", f"{trade}/fills"): self._fills,
            ("GET", f"{trade}/fills-history"): self._fills,
            ("GET", "/api/v5/account/bills"): self._bills,
            ("GET", "/api/v5/account/positions"): lambda params: self._positions(self.exchange.boards),
            ("GET", "/api/v5/account/balance"): lambda params: [self._balance()],
            ("GET", "/api/v5/account/config"): self._config,
            ("GET", "/api/v5/account/trade-fee"): self._fee,
        }

    # -- access --------------------------------------------------------------------------------------------------

    def _signature(self, text: str) -> str:
        return base64.b64encode(hmac.digest(self.keys.secret.encode(), text.encode(), sha256)).decode()

    def check(self, asked: Asked, now: int) -> None:
        told = {name.upper(): value for name, value in asked.headers.items()}
        if not self.same(self.keys.key, told.get("OK-ACCESS-KEY", "")):
            raise Denied("50111", "Invalid OK-ACCESS-KEY", 401)
        if not self.same(self.keys.passphrase, told.get("OK-ACCESS-PASSPHRASE", "")):
            raise Denied("50105", "OK-ACCESS-PASSPHRASE incorrect", 401)
        stamp = told.get("OK-ACCESS-TIMESTAMP", "")
        try:
            at = datetime.fromisoformat(stamp).timestamp() * 1_000
        except ValueError:
            raise Denied("50112", "Invalid OK-ACCESS-TIMESTAMP", 401) from None
        query = f"?{asked.query}" if asked.query else ""
        wanted = self._signature(f"{stamp}{asked.method}{asked.path}{query}{asked.body}")
        if not self.same(wanted, told.get("OK-ACCESS-SIGN", "")):
            raise Denied("50113", "Invalid Sign", 401)
        if abs(at - now / MS) > STAMP_MS:
            raise Denied("50102", "Timestamp request expired", 401)
        if (expires := told.get("EXPTIME", "")) and expires.isdecimal() and int(expires) * MS < now:
            raise Denied("50036", "The expTime can't be earlier than the current system time.")

    def good(self, result: Any) -> Any:
        """Rows; where they are results of orders the code says whether all, none (1) or some (2) were taken."""
        failed = sum(row.get("sCode", "0") != "0" for row in result)
        code = "0" if not failed else "1" if failed == len(result) else "2"
        return {"code": code, "msg": "" if code == "0" else "Operation failed.", "data": result}

    def bad(self, denied: Denied) -> Any:
        return {"code": denied.code, "msg": denied.text, "data": []}

    # -- orders --------------------------------------------------------------------------------------------------

    def _rows(self, rows: Any, act: Any) -> list[Body]:
        """A result for each row of a request."""
        if not isinstance(rows, list) or not 0 < len(rows) <= 20 or not all(isinstance(row, dict) for row in rows):
            raise Denied("50014", "Parameter can not be empty")
        out = []
        for row in rows:
            order, code, text = act(row)
            id = str(order.id) if order is not None else str(row.get("ordId", ""))
            client = order.client if order is not None else str(row.get("clOrdId", ""))
            out.append({"ordId": id, "clOrdId": client, "tag": "", "ts": str(self.ms()), "sCode": code or "0",
                        "sMsg": text})  # fmt: skip
        return out

    def _place(self, row: Body) -> tuple[Order | None, str, str]:
        board, client = self.board(str(row.get("instId", ""))), str(row.get("clOrdId", ""))
        kind = str(row.get("ordType", ""))
        mode = "cross" if board.futures else "cash"
        if client and _CLIENT.fullmatch(client) is None:
            return None, "51000", "Parameter clOrdId error"
        if kind not in _TIF or row.get("tdMode") != mode:
            return None, "51000", f"Parameter {'ordType' if kind not in _TIF else 'tdMode'} error"
        window, now = self._orders[board.i], self.exchange.now()
        if window.room(now) < 1:
            return None, "50011", "Rate limit reached"
        window.spend(now, 1)
        return self.enter({
            "symbol": board.symbol, "side": str(row.get("side", "")).upper(),
            "type": "LIMIT" if _TIF[kind] else "MARKET", "timeInForce": _TIF[kind], "quantity": str(row.get("sz", "")),
            "price": str(row.get("px", "")), "newClientOrderId": client,
            "reduceOnly": str(row.get("reduceOnly", "")).lower(),
        })  # fmt: skip

    def opened(self, row: Body) -> tuple[Order | None, str, str]:
        order = self.found(str(row.get("instId", "")), str(row.get("ordId", "")), str(row.get("clOrdId", "")))
        if order is None:
            return None, "51400", "Cancellation failed as the order does not exist."
        if not order.open:
            filled = order.status == "FILLED"
            word = "completed" if filled else "canceled"
            return None, "51402" if filled else "51401", f"Cancellation failed as the order is already {word}."
        return order, "", ""

    def _amend(self, row: Body) -> tuple[Order | None, str, str]:
        return self.amend(row, "newPx", "newSz", ("51000", "Parameter newPx or newSz error"))

    def _after(self, row: Body) -> list[Body]:
        """The dead-man switch: 0, or 10 to 120 seconds, of the whole account."""
        text = str(row.get("timeOut", ""))
        seconds = int(text) if text.isdecimal() and len(text) < 5 else -1
        if seconds and not 10 <= seconds <= 120:
            raise Denied("51000", "Parameter timeOut error")
        exchange, due = self.exchange, self.exchange.now() + seconds * 1_000 * MS
        exchange.switches = {board.i: due for board in exchange.boards} if seconds else {}
        return [{"triggerTime": str(due // MS) if seconds else "0", "tag": "", "ts": str(self.ms())}]

    # -- questions -----------------------------------------------------------------------------------------------

    def _page(self, rows: list[Body], params: Body, name: str) -> list[Body]:
        """Newest first, those before an id."""
        after = params.get("after", "")
        limit = min(int(params.get("limit") or PAGE), PAGE)
        rows = [row for row in reversed(rows) if not after or int(row[name]) < int(after)]
        return rows[:limit]

    def _pending(self, params: Body) -> list[Body]:
        places = {board.i for board in self.of(params.get("instId", ""))}
        orders = [order for order in self.exchange.open_orders() if order.i in places]
        return self._page([self._row(order) for order in orders], params, "ordId")

    def _query(self, params: Body) -> list[Body]:
        order = self.found(params.get("instId", ""), params.get("ordId", ""), params.get("clOrdId", ""))
        if order is None:
            raise Denied("51603", "Order does not exist")
        return [self._row(order)]

    def _fills(self, params: Body) -> list[Body]:
        places, begin = {board.i for board in self.of(params.get("instId", ""))}, int(params.get("begin") or 0)
        found = [one for one in self.exchange.executions if one.i in places and one.ts // MS >= begin]
        if kind := params.get("instType", ""):
            found = [one for one in found if kind_name(self.exchange.boards[one.i].symbol) == kind]
        return self._page([self._fill(one) for one in found], params, "billId")

    def _fill(self, one: Execution) -> Body:
        board = self.exchange.boards[one.i]
        return {
            "instType": kind_name(board.symbol), "instId": board.symbol, "tradeId": str(one.id),
            "ordId": str(one.order.id), "clOrdId": one.order.client, "billId": str(one.id), "tag": "",
            "fillPx": board.px(one.px), "fillSz": board.sz(one.sz), "side": "buy" if one.side > 0 else "sell",
            "posSide": "net", "execType": "M" if one.maker else "T", "feeCcy": one.asset, "fee": plain(-one.fee),
            "fillPnl": plain(one.realised), "ts": str(one.ts // MS), "fillTime": str(one.ts // MS),
        }  # fmt: skip

    def _bills(self, params: Body) -> list[Body]:
        begin = int(params.get("begin") or 0)
        rows = [
            {
                "billId": str(entry.id), "type": _BILL[entry.kind], "subType": "1", "ccy": entry.asset,
                "balChg": plain(entry.amount), "instId": entry.symbol, "ts": str(entry.ts // MS),
            }
            for entry in self.exchange.ledger
            if entry.kind in _BILL and entry.ts // MS >= begin
        ]  # fmt: skip
        return self._page(rows, params, "billId")

    def _config(self, params: Body) -> list[Body]:
        perm = "read_only,trade" + (",withdraw" if self.exchange.withdrawals else "")
        return [{"uid": "1", "acctLv": "2", "posMode": "net_mode", "perm": perm, "ip": "127.0.0.1", "label": "loopback",
                 "acctStpMode": "cancel_maker", "level": "Lv1"}]  # fmt: skip

    def _fee(self, params: Body) -> list[Body]:
        rows = [board.instrument for board in self.exchange.boards if kind_name(board.symbol) == params.get("instType")]
        if not rows:
            raise Denied("51000", "Parameter instType error")
        maker, taker = (plain(-Decimal(text) / 10_000) for text in (rows[0].maker_bps, rows[0].taker_bps))
        return [{"instType": params["instType"], "level": "Lv1", "maker": maker, "taker": taker, "makerU": maker,
                 "takerU": taker, "ts": str(self.ms())}]  # fmt: skip

    # -- rows ----------------------------------------------------------------------------------------------------

    def _row(self, order: Order, one: Execution | None = None) -> Body:
        """An order as lists and the stream show it; with its newest execution in the stream."""
        board = self.exchange.boards[order.i]
        body = {
            "instType": kind_name(board.symbol), "instId": board.symbol, "ordId": str(order.id),
            "clOrdId": order.client, "tag": "", "px": board.px(order.px), "sz": board.sz(order.sz),
            "ordType": _KIND[order.tif], "side": "buy" if order.side > 0 else "sell", "posSide": "net",
            "tdMode": "cross" if board.futures else "cash", "accFillSz": board.sz(order.filled),
            "avgPx": forms.average(board, order) if order.filled else "", "state": STATE[order.status],
            "lever": "", "feeCcy": board.settle, "fee": "0", "pnl": plain(order.realised), "category": "normal",
            "reduceOnly": "true" if order.reduce_only else "false", "uTime": str(order.updated // MS),
            "cTime": str(order.created // MS), "stpMode": "cancel_maker", "tradeId": "", "fillPx": "", "fillSz": "0",
            "cancelSource": "31" if order.reason == "post-only" else "", "cancelSourceReason": order.reason,
        }  # fmt: skip
        if one is None:
            return body
        return body | {
            "tradeId": str(one.id), "fillPx": board.px(one.px), "fillSz": board.sz(one.sz),
            "fillTime": str(one.ts // MS), "fillFee": plain(-one.fee), "fillFeeCcy": one.asset,
            "execType": "M" if one.maker else "T",
        }  # fmt: skip

    def _balance(self) -> Body:
        wallet, now = self.exchange.wallet, str(self.ms())
        details = [
            {
                "ccy": asset, "cashBal": plain(total), "availBal": plain(wallet.free(asset)), "eq": plain(total),
                "availEq": plain(wallet.free(asset)), "frozenBal": plain(wallet.locked.get(asset, ZERO)), "uTime": now,
            }
            for asset, total in wallet.balances.items()
        ]  # fmt: skip
        return {"uTime": now, "totalEq": "", "details": details}

    def _positions(self, boards: list[Board]) -> list[Body]:
        wallet = self.exchange.wallet
        rows = []
        for board in boards:
            held = wallet.positions[board.i]
            if board.futures and (held.lots or held.updated):
                rows.append({
                    "instType": kind_name(board.symbol), "instId": board.symbol, "mgnMode": "cross", "posSide": "net",
                    "posId": str(board.i + 1), "pos": forms.signed(board, held.lots),
                    "avgPx": forms.entry_text(held) if held.lots else "",
                    "upl": plain(wallet.unrealised(board.i, held)), "markPx": board.mark_text,
                    "liqPx": board.liquidation_text(wallet.liquidation(board.i), ""),
                    "imr": plain(wallet.margin(board.i, held)), "mmr": plain(wallet.maintenance(board.i, held)),
                    "lever": str(held.leverage), "ccy": board.settle, "uTime": str(held.updated // MS),
                    "cTime": str(held.updated // MS),
                })  # fmt: skip
        return rows

    # -- the private stream --------------------------------------------------------------------------------------

    def heard(self, client: PublicClient, text: bytes) -> None:
        if text == b"ping":
            client.put(b"pong")
            return
        body = decoded(text) or {}
        args = body.get("args") or [{}]
        if body.get("op") == "login":
            client.put(encode(self._login(client, args[0])))
        elif body.get("op") not in ("subscribe", "unsubscribe"):
            client.put(encode({"event": "error", "code": "60012", "msg": "Invalid request", "connId": "a4d3ae55"}))
        elif client not in self.inside:
            client.put(encode({"event": "error", "code": "60011", "msg": "Please log in", "connId": "a4d3ae55"}))
        else:
            for arg in args:
                self._asked(client, body["op"], arg)

    def _login(self, client: PublicClient, arg: Body) -> Body:
        stamp = str(arg.get("timestamp", ""))
        signed = self.same(self._signature(f"{stamp}GET/users/self/verify"), str(arg.get("sign", "")))
        known = self.same(self.keys.key, str(arg.get("apiKey", "")))
        fresh = stamp.isdecimal() and abs(int(stamp) * 1_000 - self.ms()) <= STAMP_MS
        if not (signed and known and fresh and self.same(self.keys.passphrase, str(arg.get("passphrase", "")))):
            return {"event": "error", "code": "60009", "msg": "Login failed.", "connId": "a4d3ae55"}
        self.inside[client] = None
        return {"event": "login", "code": "0", "msg": "", "connId": "a4d3ae55"}

    def _asked(self, client: PublicClient, op: str, arg: Body) -> None:
        channel = str(arg.get("channel", ""))
        if channel not in _CHANNELS:
            what = f"Wrong URL or channel:{channel} doesn't exist."
            client.put(encode({"event": "error", "code": "60018", "msg": what, "connId": "a4d3ae55"}))
            return
        client.wants((channel, ""), op == "subscribe")
        client.put(encode({"event": op, "arg": arg, "connId": "a4d3ae55"}))
        if channel == "account":
            self._tell("account", [self._balance()])
        elif channel == "positions":
            self._tell("positions", self._positions(self.exchange.boards))

    def _tell(self, channel: str, data: list[Body]) -> None:
        arg = {"channel": channel, "uid": "1"} | ({"instType": "ANY"} if channel != "account" else {})
        self.told((channel, ""), {"arg": arg, "data": data})

    def order(self, order: Order, now: int, execution: Execution | None) -> None:
        self._tell("orders", [self._row(order, execution)])

    def traded(self, order: Order, now: int) -> None:
        self._tell("account", [self._balance()])
        if self.exchange.boards[order.i].futures:
            self._tell("positions", self._positions([self.exchange.boards[order.i]]))

    def transferred(self, asset: str, amount: Decimal, now: int) -> None:
        self._tell("account", [self._balance()])
