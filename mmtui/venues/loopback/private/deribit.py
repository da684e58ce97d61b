"""Deribit's account, as a server speaks of it (API v2): signed calls over HTTP and over the one WebSocket that market
data has too, cancel on disconnect, the private channels.

On the WebSocket the answer to a call goes before what the call makes the channels tell.

Source: Deribit API documentation (authentication, trading, session management, subscriptions, error codes, limits).

Rules of this file: messages of the venue's documentation; one main account, cancels as maker its own orders.
"""

from __future__ import annotations

import hmac
import re
from collections.abc import Callable, Mapping
from decimal import Decimal
from hashlib import sha256
from typing import Any, ClassVar

from mmtui.venues.loopback.board import Board
from mmtui.venues.loopback.codes import Refusal
from mmtui.venues.loopback.exchange import Exchange
from mmtui.venues.loopback.private.deribit_rows import (
    TIF,
    currency_of,
    log_row,
    order_row,
    position_row,
    summary_row,
    trade_row,
)
from mmtui.venues.loopback.private.voice import MS, AccountVoice, Asked, Denied, Keys, encode
from mmtui.venues.loopback.public.voice import Body, PublicClient, decoded
from mmtui.venues.loopback.records import Execution, Order

API = "/api/v2/"
AUTH = f"{API}public/auth"
#: A stamp may be off by so much.
STAMP_MS = 60_000
_LABEL = re.compile(r"[A-Za-z0-9_-]{1,36}", re.ASCII)
_ENGINE = frozenset({"buy", "sell", "edit", "edit_by_label", "cancel", "cancel_by_label", "cancel_all",
                     "cancel_all_by_instrument"})  # fmt: skip


class Bucket:
    """So many at once, and so many a second."""

    def __init__(self, burst: float, rate: float) -> None:
        self._burst, self._rate = burst, rate
        self._level, self._at = burst, 0

    def takes(self, now: int) -> bool:
        self._level = min(self._burst, self._level + (now - self._at) / 1e9 * self._rate)
        self._at = now
        if self._level < 1.0:
            return False
        self._level -= 1.0
        return True


class DeribitAccount(AccountVoice):
    venue: ClassVar[str] = "deribit"
    path: ClassVar[str] = "/ws/api/v2"
    codes: ClassVar[Mapping[int, str]] = {
        -1121: "13020", -4116: "11030", -2019: "10009", -1111: "10021", -4014: "10043", -4003: "10021",
        -4164: "10002", -2022: "11030", -4016: "10007", -1102: "-32602", -1100: "-32602", -2011: "10004",
        -2013: "10004", -5022: "11054",
    }  # fmt: skip
    other: ClassVar[str] = "11030"

    def __init__(self, exchange: Exchange, clients: dict[PublicClient, None], keys: Keys) -> None:
        super().__init__(exchange, clients, keys)
        self.labels: dict[int, str] = {}
        self.made: dict[int, PublicClient] = {}  # orders of a connection
        self.guarded: dict[PublicClient, None] = {}  # connections whose orders go with them
        self.inherited = False  # ... as every new one's do
        self._engine, self._rest = Bucket(20, 5), Bucket(100, 20)
        self._from: PublicClient | None = None  # whose call is carried out
        self._label = ""  # of the order that is entered
        self._later: list[tuple[PublicClient, Body]] | None = None
        private: dict[str, Callable[[Any], Any]] = {
            "buy": lambda row: self._placed(row, 1), "sell": lambda row: self._placed(row, -1),
            "edit": self._edited, "edit_by_label": self._edited, "cancel": self._cancelled,
            "cancel_by_label": lambda row: self._many(self._labelled(str(row.get("label", "")))),
            "cancel_all": lambda row: self._many(exchange.open_orders()),
            "cancel_all_by_instrument": lambda row: self._many(
                exchange.open_orders(self.board(str(row.get("instrument_name", ""))).i)),
            "get_open_orders_by_currency": self._open, "get_open_orders_by_instrument": self._open,
            "get_order_state": lambda row: self._shown(self._known(row)),
            "get_user_trades_by_instrument": self._trades, "get_user_trades_by_instrument_and_time": self._trades,
            "get_user_trades_by_currency": self._trades, "get_user_trades_by_currency_and_time": self._trades,
            "get_positions": self._positions, "get_transaction_log": self._log,
            "get_account_summary": lambda row: summary_row(exchange, str(row.get("currency", "")),
                                                           str(row.get("extended", "")).lower() == "true"),
            "get_account_summaries": lambda row: {"summaries": [
                summary_row(exchange, asset, False) for asset in exchange.wallet.balances]},
        }  # fmt: skip
        self.calls = {("GET", f"{API}private/{name}"): act for name, act in private.items()}
        self.calls["GET", AUTH] = self._token
        self._sockets: dict[str, Callable[[PublicClient, Body], Any]] = {
            "private/subscribe": lambda client, params: self._subscribe(client, params, True),
            "private/unsubscribe": lambda client, params: self._subscribe(client, params, False),
            "private/enable_cancel_on_disconnect": self._guard,
            "private/get_cancel_on_disconnect": self._guards,
        }

    # -- access --------------------------------------------------------------------------------------------------

    def _signature(self, text: str) -> str:
        return hmac.digest(self.keys.secret.encode(), text.encode(), sha256).hex()

    def check(self, asked: Asked, now: int) -> None:
        if asked.path == AUTH:
            return
        kind, _, rest = asked.headers.get("Authorization", "").partition(" ")
        told = dict(pair.partition("=")[::2] for pair in rest.split(","))
        if kind != "deri-hmac-sha256" or not self.same(self.keys.key, told.get("id", "")):
            raise Denied("13004", "invalid_credentials", 401)
        query = f"?{asked.query}" if asked.query else ""
        stamp = told.get("ts", "")
        text = f"{stamp}\n{told.get('nonce', '')}\n{asked.method}\n{asked.path}{query}\n{asked.body}\n"
        if not self.same(self._signature(text), told.get("sig", "")):
            raise Denied("13009", "unauthorized", 401)
        if not stamp.isdecimal() or abs(int(stamp) - now // MS) > STAMP_MS:
            raise Denied("13009", "unauthorized", 401)

    def counts(self, asked: Asked) -> dict[str, str]:
        bucket = self._engine if asked.path.removeprefix(f"{API}private/") in _ENGINE else self._rest
        if not bucket.takes(self.exchange.now()):
            raise Denied("10028", "too_many_requests", 429)
        return {}

    def good(self, result: Any) -> Any:
        stamp = self.exchange.now() // 1_000
        return {"jsonrpc": "2.0", "result": result, "testnet": False, "usIn": stamp, "usOut": stamp, "usDiff": 0}

    def bad(self, denied: Denied) -> Any:
        error: Body = {"message": denied.text[:200], "code": int(denied.code)}
        return {"jsonrpc": "2.0", "error": error, "testnet": False}

    def _token(self, params: Body) -> Body:
        stamp, nonce = str(params.get("timestamp", "")), str(params.get("nonce", ""))
        signed = self._signature(f"{stamp}\n{nonce}\n{params.get('data', '')}")
        fresh = stamp.isdecimal() and abs(int(stamp) - self.ms()) <= STAMP_MS
        known = self.same(self.keys.key, str(params.get("client_id", "")))
        if params.get("grant_type") != "client_signature" or not (
            known and fresh and self.same(signed, str(params.get("signature", "")))
        ):
            raise Denied("13004", "invalid_credentials", 400)
        rights = {"account": "read_write", "trade": "read_write", "block_trade": "read",
                  "wallet": "read_write" if self.exchange.withdrawals else "read"}  # fmt: skip
        for one in str(params.get("scope", "")).split():
            name, _, level = one.partition(":")
            if name in rights and level in ("none", "read"):
                rights[name] = level if rights[name] == "read_write" or level == "none" else "read"
        scope = " ".join(["connection mainaccount", *(f"{name}:{level}" for name, level in rights.items())])
        return {"access_token": "t0", "refresh_token": "t1", "expires_in": 31_536_000, "token_type": "bearer",
                "scope": scope, "enabled_features": []}  # fmt: skip

    # -- orders --------------------------------------------------------------------------------------------------

    def _placed(self, row: Body, side: int) -> Body:
        exchange, board = self.exchange, self.board(str(row.get("instrument_name", "")))
        self._in_time(row)
        label, post, first = str(row.get("label", "")), _true(row, "post_only"), len(exchange.executions)
        tif = "GTX" if post else TIF.get(str(row.get("time_in_force", "good_til_cancelled")), "")
        client = label if _LABEL.fullmatch(label) and label not in exchange.by_client else ""  # labels are not unique
        price = str(row.get("price", ""))
        if post and not _true(row, "reject_post_only"):
            price = self._moved(board, price, side)
        self._label = label
        order, code, text = self.enter({
            "symbol": board.symbol, "side": "BUY" if side > 0 else "SELL", "timeInForce": tif,
            "type": str(row.get("type", "limit")).upper(), "quantity": str(row.get("amount", "")), "price": price,
            "newClientOrderId": client, "reduceOnly": str(row.get("reduce_only", "")).lower(),
        })  # fmt: skip
        self._label = ""
        if order is None:
            raise Denied(code, text, 400)
        trades = [trade_row(board, one, label) for one in exchange.executions[first:] if one.order is order]
        return {"order": self._shown(order), "trades": trades}

    def _named(self, order: Order) -> str:
        """Label, and connection, of an order are learnt when anybody is told of it first."""
        if order.id not in self.labels:
            self.labels[order.id] = self._label or ("" if order.client.startswith("web_") else order.client)
            if self._from is not None:
                self.made[order.id] = self._from
        return self.labels[order.id]

    def _shown(self, order: Order) -> Body:
        return order_row(self.exchange.boards[order.i], order, self._named(order))

    def _in_time(self, row: Body) -> None:
        until = str(row.get("valid_until", ""))
        if until and (not until.isdecimal() or int(until) < self.ms()):
            raise Denied("13888", "timed_out", 400)

    def _moved(self, board: Board, price: str, side: int) -> str:
        """A post-only order that may not be refused goes beside the touch."""
        best = board.book.ask if side > 0 else board.book.bid
        try:
            beyond = bool(best) and side * Decimal(price) >= side * board.tick * best
        except ArithmeticError:
            return price
        return board.px(best - side) if beyond else price

    def _known(self, row: Body) -> Order:
        """By the venue's id, or as the one open order with this label."""
        if "order_id" not in row and row.get("label"):
            found = self._labelled(str(row["label"]))
            if len(found) > 1:
                raise Denied("11030", "multiple_orders_for_label", 400)
            order = found[0] if found else None
        else:
            tail = re.search(r"[0-9]+\Z", str(row.get("order_id", "")))
            order = self.exchange.orders.get(int(tail.group())) if tail else None
        if order is None:
            raise Denied("10004", "order_not_found", 400)
        return order

    def _labelled(self, label: str) -> list[Order]:
        return [order for order in self.exchange.open_orders() if label and self._named(order) == label]

    def _cancelled(self, row: Body) -> Body:
        order = self._known(row)
        if not order.open:
            raise Denied("11044", "not_open_order", 400)
        self.exchange.cancel(order)
        return self._shown(order)

    def _many(self, orders: list[Order]) -> int:
        for order in orders:
            self.exchange.cancel(order)
        return len(orders)

    def _edited(self, row: Body) -> Body:
        self._in_time(row)
        order = self._known(row)
        if not order.open:
            raise Denied("11044", "not_open_order", 400)
        board = self.exchange.boards[order.i]
        try:
            ticks, lots = (board.ticks[str(row.get("price") or board.px(order.px))],
                           board.lots[str(row.get("amount") or board.sz(order.sz))])  # fmt: skip
        except Exception:
            raise Denied("10043", "price_wrong_tick", 400) from None
        best = board.book.ask if order.side > 0 else board.book.bid
        if best and _true(row, "reject_post_only") and order.side * ticks >= order.side * best:
            raise Denied("11054", "post_only_reject", 400)
        if lots <= order.filled:
            raise Denied("10021", "invalid_amount", 400)
        self.exchange.amend(order, ticks, lots, "AMENDMENT")
        return {"order": self._shown(order), "trades": []}

    # -- questions -----------------------------------------------------------------------------------------------

    def _boards(self, params: Body) -> list[Board]:
        coin = str(params.get("currency", "any"))
        boards = self.of(str(params.get("instrument_name", "")))
        return [board for board in boards if coin in ("any", currency_of(board))]

    def _open(self, params: Body) -> list[Body]:
        places = {board.i for board in self._boards(params)}
        return [self._shown(order) for order in self.exchange.open_orders() if order.i in places]

    def _trades(self, params: Body) -> Body:
        places, count = {board.i for board in self._boards(params)}, int(params.get("count") or 10)
        start, end = int(params.get("start_timestamp") or 0), int(params.get("end_timestamp") or 1 << 60)
        found = [one for one in self.exchange.executions if one.i in places and start <= one.ts // MS <= end]
        if params.get("sorting") != "asc":
            found.reverse()
        rows = [trade_row(self.exchange.boards[one.i], one, self._named(one.order)) for one in found[:count]]
        return {"trades": rows, "has_more": len(found) > count}

    def _positions(self, params: Body) -> list[Body]:
        return [position_row(self.exchange, board) for board in self._boards(params) if board.futures]

    def _log(self, params: Body) -> Body:
        start, end = int(params["start_timestamp"]), int(params["end_timestamp"])
        count, first = int(params.get("count") or 100), int(params.get("continuation") or 0)
        kinds = ("TRANSFER", "FUNDING_FEE")
        ours = [one for one in self.exchange.ledger if one.kind in kinds and one.asset == params.get("currency")]
        rows = [log_row(one) for one in reversed(ours) if start <= one.ts // MS <= end]
        after = first + count if first + count < len(rows) else None
        return {"logs": rows[first : first + count], "continuation": after}

    # -- the WebSocket -------------------------------------------------------------------------------------------

    def mine(self, client: PublicClient, text: bytes) -> bool:
        return client.path == self.path and (b'"private/' in text or b'"public/auth"' in text)

    def heard(self, client: PublicClient, text: bytes) -> None:
        body = decoded(text) or {}
        client.heard_at = self.exchange.now() / 1e9
        faults, dice = self.exchange.faults, self.exchange.dice
        method, lost = str(body.get("method", "")), False
        if not method.startswith(("public/", "private/get_", "private/subscribe")):
            if dice.strikes(faults.lost_request):
                return
            lost = dice.strikes(faults.error_503)  # done, or not: nobody is told
            if lost and dice.share() < 0.5:
                return
        self._from, self._later = client, []
        try:
            answer = self.good(self._carried(client, method, body.get("params") or {}))
        except Denied as denied:
            answer = self.bad(denied)
        except Refusal as refusal:
            answer = self.bad(Denied(self.code_of(refusal), refusal.text))
        finally:
            later, self._from, self._later = self._later, None, None
        if not lost:
            client.put(encode({**answer, "id": body.get("id")}))
        for one, told in later:
            one.put(encode(told))
        if answer.get("error", {}).get("code") == 10_028:
            client.put(None)  # the session is over

    def _carried(self, client: PublicClient, method: str, params: Body) -> Any:
        if method == "public/auth":
            token = self._token(params)
            self.inside[client] = None
            if self.inherited:
                self.guarded[client] = None
            return token
        if client not in self.inside:
            raise Denied("13009", "unauthorized")
        act = self.calls.get(("GET", f"{API}{method}"))
        if act is None and method not in self._sockets:
            raise Denied("-32601", "Method not found")
        self.counts(Asked("WS", f"{API}{method}", "", "", {}))
        return act(params) if act is not None else self._sockets[method](client, params)

    def _subscribe(self, client: PublicClient, params: Body, on: bool) -> list[str]:
        channels = [str(one) for one in params.get("channels") or [] if str(one).startswith("user.")]
        for channel in channels:
            client.wants((channel, ""), on)
        return channels

    def _guard(self, client: PublicClient, params: Body) -> str:
        self.guarded[client] = None
        self.inherited = self.inherited or params.get("scope") == "account"
        return "ok"

    def _guards(self, client: PublicClient, params: Body) -> Body:
        scope = params.get("scope", "connection")
        return {"scope": scope, "enabled": self.inherited if scope == "account" else client in self.guarded}

    def gone(self, client: PublicClient) -> None:
        """Orders of a guarded connection, and no others, go with it."""
        super().gone(client)
        if client in self.guarded:
            del self.guarded[client]
            if not self.exchange.faults.no_switch:
                for order in [one for one in self.exchange.open_orders() if self.made.get(one.id) is client]:
                    self.exchange.cancel(order, "disconnect")

    def ended(self, order: Order, now: int) -> None:
        self.made.pop(order.id, None)

    def _tell(self, topics: set[str], data: Any) -> None:
        faults = self.exchange.faults
        if faults.half_open or faults.silent:
            return
        for client in list(self.inside):
            for channel, _ in [topic for topic in client.topics if topic[0] in topics]:
                body = {"jsonrpc": "2.0", "method": "subscription", "params": {"channel": channel, "data": data}}
                if self._later is not None:
                    self._later.append((client, body))
                else:
                    client.put(encode(body))

    def order(self, order: Order, now: int, execution: Execution | None) -> None:
        board, label = self.exchange.boards[order.i], self._named(order)
        if execution is not None:
            self._tell(_channels("trades", board), [trade_row(board, execution, label)])
        self._tell(_channels("orders", board), order_row(board, order, label))

    def traded(self, order: Order, now: int) -> None:
        self.transferred(self.exchange.boards[order.i].settle, Decimal(0), now)

    def transferred(self, asset: str, amount: Decimal, now: int) -> None:
        topics = {"user.portfolio.any", f"user.portfolio.{asset}", f"user.portfolio.{asset.lower()}"}
        self._tell(topics, summary_row(self.exchange, asset, False))


def _channels(what: str, board: Board) -> set[str]:
    kinds, coins = ("any", "future" if board.futures else "spot"), ("any", currency_of(board))
    named = {f"user.{what}.{kind}.{coin}.raw" for kind in kinds for coin in coins}
    return named | {f"user.{what}.{board.symbol}.raw"}


def _true(row: Body, name: str) -> bool:
    return str(row.get(name, "")).lower() == "true"
