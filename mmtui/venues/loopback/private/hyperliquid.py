"""Hyperliquid's account, as a server speaks of it: signed actions, questions about a user, the user's channels.

A signature is traced back to the address that made it, which must be the account's one agent.  Actions of a user's own
signature (transfers, builder fees) and the referrer are refused: nobody has any business with them here.

Source: Hyperliquid API documentation (exchange and info endpoint, subscriptions), error texts of other adapters.

Rules of this file: messages of the venue's documentation; one account with cross margin.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any, ClassVar

from mmtui.core.market.instrument import plain
from mmtui.venues.account_budget import Window
from mmtui.venues.hyperliquid.curve import address_of, key_of, signer_of
from mmtui.venues.hyperliquid.signable import digest_of
from mmtui.venues.loopback import forms
from mmtui.venues.loopback.board import Board
from mmtui.venues.loopback.exchange import Exchange
from mmtui.venues.loopback.private.voice import MS, AccountVoice, Asked, Denied, Keys, encode
from mmtui.venues.loopback.public.voice import Body, PublicClient, decoded
from mmtui.venues.loopback.records import ZERO, Entry, Execution, Order

#: A number used once is good for so long around the venue's clock.
PAST_MS, AHEAD_MS = 2 * 86_400_000, 86_400_000
SWITCH_MS = 5_000
TRIGGERS = 10
_TIF = {"Alo": "GTX", "Gtc": "GTC", "Ioc": "IOC"}
_WORD = {"GTX": "Alo", "GTC": "Gtc", "IOC": "Ioc"}
_CHANNELS = frozenset({"orderUpdates", "userFills"})
_GONE = "Order was never placed, already canceled, or filled."
HASH = "0x" + "0" * 64


class HyperliquidAccount(AccountVoice):
    venue: ClassVar[str] = "hyperliquid"
    path: ClassVar[str] = "/ws"
    pair: ClassVar[tuple[str, str]] = ("0x" + "10" * 20, "0x" + "2b" * 32)
    codes: ClassVar[Mapping[int, str]] = {
        -1121: "Invalid asset.", -4116: "Duplicate cloid.", -2019: "Insufficient margin to place order.",
        -1111: "Order has invalid size.", -4014: "Price must be divisible by tick size.",
        -4003: "Order has zero size.", -4164: "Order must have minimum value of $10.",
        -2022: "Reduce only order would increase position.", -5022: "Post only order would have immediately matched",
        -4016: "Order price cannot be more than 80% away from the reference price",
    }  # fmt: skip
    other: ClassVar[str] = "Order has invalid price."

    def __init__(self, exchange: Exchange, clients: dict[PublicClient, None], keys: Keys) -> None:
        super().__init__(exchange, clients, keys)
        self.agent = address_of(key_of(keys.secret))
        self.user = keys.key.lower()
        self._nonces: dict[int, None] = {}
        self._weight = Window(1_200, 60_000 * MS)
        self._fired: tuple[int, int] = (0, 0)  # the day, and how often the switch has fired on it
        self._armed = 0  # how the switch was set last
        self._acts: dict[str, Callable[[Body], Any]] = {
            "order": self._ordered,
            "cancel": lambda action: self._gone(action, lambda row: (int(row["a"]), str(row["o"]), "")),
            "cancelByCloid": lambda action: self._gone(action, lambda row: (int(row["asset"]), "", str(row["cloid"]))),
            "scheduleCancel": self._scheduled,
            "noop": lambda action: {"type": "default"},
        }
        self._answers: dict[str, Callable[[Body], Any]] = {
            "frontendOpenOrders": self._open, "openOrders": self._open, "userFillsByTime": self._fills,
            "userFills": self._fills, "clearinghouseState": lambda asked: self._state(),
            "userFunding": lambda asked: self._ledger(asked, "FUNDING_FEE"), "orderStatus": self._status,
            "userNonFundingLedgerUpdates": lambda asked: self._ledger(asked, "TRANSFER"),
            "userFees": lambda asked: self._fees(), "userAbstraction": lambda asked: "disabled",
            "userRateLimit": lambda asked: {"cumVlm": "1000.0" if exchange.small else "2500000.0",
                                            "nRequestsUsed": 1, "nRequestsCap": 10_000},
            "metaAndAssetCtxs": lambda asked: self._listed(), "perpDexs": lambda asked: [None],
            "spotMetaAndAssetCtxs": lambda asked: [{"universe": [], "tokens": []}, []],
            "spotMeta": lambda asked: {"universe": [], "tokens": []},
        }  # fmt: skip
        self.calls = {("POST", "/exchange"): self._acted, ("POST", "/info"): self._asked}

    # -- access --------------------------------------------------------------------------------------------------

    def asks(self, path: str, body: str) -> bool:
        return path == "/info" and (decoded(body.encode()) or {}).get("type") in self._answers

    def check(self, asked: Asked, now: int) -> None:
        if asked.path != "/exchange":
            return
        body = decoded(asked.body.encode()) or {}
        try:
            action, nonce, told = body["action"], int(body["nonce"]), body["signature"]
            expires = int(body.get("expiresAfter") or 0)
            digest = digest_of(action, nonce, expires)
            found = signer_of(digest, int(told["r"], 16), int(told["s"], 16), int(told["v"]))
        except (KeyError, TypeError, ValueError, OverflowError):
            raise Denied("422", "Failed to deserialize the JSON body into the target type", 422) from None
        if found != self.agent:
            raise Denied("auth", f"User or API Wallet {found} does not exist.")
        if nonce in self._nonces or not -PAST_MS < nonce - now // MS < AHEAD_MS:
            raise Denied("nonce", f"Invalid nonce: {nonce}")
        self._nonces[nonce] = None
        if expires and expires < now // MS:
            raise Denied("late", f"Expired: expiresAfter {expires}")

    def counts(self, asked: Asked) -> dict[str, str]:
        now, kind = self.exchange.now(), str((decoded(asked.body.encode()) or {}).get("type", ""))
        cost = 1 if asked.path == "/exchange" else 2 if kind in ("clearinghouseState", "orderStatus") else 20
        if self._weight.room(now) < cost:
            raise Denied("rate", "Too many requests", 429)
        self._weight.spend(now, cost)
        return {}

    def good(self, result: Any) -> Any:
        return result

    def bad(self, denied: Denied) -> Any:
        return {"status": "err", "response": denied.text}

    def _acted(self, body: Body) -> Body:
        action = body["action"]
        act = self._acts.get(str(action.get("type", "")))
        if act is None or "builder" in action:
            raise Denied("422", "this action is not served here")
        return {"status": "ok", "response": act(action)}

    def _asked(self, body: Body) -> Any:
        user = str(body.get("user", self.user)).lower()
        return self._answers[body["type"]](body) if user == self.user else []

    # -- orders --------------------------------------------------------------------------------------------------

    def _at(self, asset: int) -> Board:
        boards = self.exchange.boards
        if not 0 <= asset < len(boards):
            raise Denied("asset", f"Invalid asset {asset}")
        return boards[asset]

    def _ordered(self, action: Body) -> Body:
        return {"type": "order", "data": {"statuses": [self._one(row) for row in action["orders"]]}}

    def _one(self, row: Body) -> Body:
        board, tif = self._at(int(row["a"])), str(row["t"].get("limit", {}).get("tif", ""))
        where = f" asset={board.i}"
        price = Decimal(str(row["p"]))
        if len(price.normalize().as_tuple().digits) > 5 and price != price.to_integral_value():
            return {"error": f"{self.codes[-4014]}{where}"}
        if tif not in _TIF:
            return {"error": f"Order has invalid type.{where}"}
        order, code, _ = self.enter({
            "symbol": board.symbol, "side": "BUY" if row["b"] else "SELL", "type": "LIMIT", "timeInForce": _TIF[tif],
            "quantity": str(row["s"]), "price": self._snapped(board, price),
            "newClientOrderId": str(row.get("c") or ""), "reduceOnly": str(row.get("r", False)).lower(),
        })  # fmt: skip
        if order is None:
            bid, ask = board.px(board.book.bid), board.px(board.book.ask)
            return {"error": f"{code}, bbo was {bid}@{ask}.{where}" if code == self.codes[-5022] else f"{code}{where}"}
        cloid = {"cloid": order.client} if order.client.startswith("0x") else {}
        if order.open:
            return {"resting": {"oid": order.id, **cloid}}
        if not order.filled:
            return {"error": f"Order could not immediately match against any resting orders.{where}"}
        told = {"totalSz": board.sz(order.filled), "avgPx": forms.average(board, order), "oid": order.id}
        return {"filled": told | cloid}

    def _snapped(self, board: Board, price: Decimal) -> str:
        """A price as the board writes it; an order at market comes with one far away."""
        top, low = board.book.ask * 11 // 10, board.book.bid * 9 // 10
        ticks = price / board.tick
        return board.px(top if ticks > top else low) if not low <= ticks <= top else plain(price)

    def _gone(self, action: Body, of: Callable[[Body], tuple[int, str, str]]) -> Body:
        statuses: list[Any] = []
        for row in action["cancels"]:
            asset, id, client = of(row)
            order = self.found(self._at(asset).symbol, id, client)
            if order is None or not order.open:
                statuses.append({"error": f"{_GONE} asset={asset}"})
            else:
                self.exchange.cancel(order)
                statuses.append("success")
        return {"type": "cancel", "data": {"statuses": statuses}}

    def _scheduled(self, action: Body) -> Body:
        """The whole account, at an instant; so often a day."""
        exchange, now = self.exchange, self.exchange.now()
        if exchange.small:
            text = "Cannot set scheduled cancel time until enough volume traded. Required: $1000000. Traded: $1000."
            raise Denied("small", text)
        day = now // MS // 86_400_000
        if self._fired[0] != day:
            self._fired = (day, 0)
        if self._armed and self._armed <= now:
            self._fired = (day, self._fired[1] + 1)
        time = action.get("time")
        if time is None:
            exchange.switches, self._armed = {}, 0
        elif self._fired[1] >= TRIGGERS:
            raise Denied("triggers", "Cannot set scheduled cancel: too many triggers today")
        elif not isinstance(time, int) or time * MS < now + SWITCH_MS * MS:
            raise Denied("time", "Scheduled cancel time must be at least 5 seconds in the future")
        else:
            self._armed = time * MS
            exchange.switches = {board.i: self._armed for board in exchange.boards}
        return {"type": "default"}

    # -- questions -----------------------------------------------------------------------------------------------

    def _row(self, order: Order) -> Body:
        board = self.exchange.boards[order.i]
        return {
            "coin": board.symbol, "side": "B" if order.side > 0 else "A", "limitPx": board.px(order.px),
            "sz": board.sz(order.left), "oid": order.id, "timestamp": order.created // MS,
            "origSz": board.sz(order.sz), "cloid": order.client if order.client.startswith("0x") else None,
            "reduceOnly": order.reduce_only, "tif": _WORD.get(order.tif, "Gtc"), "orderType": "Limit",
            "isTrigger": False, "triggerPx": "0.0", "triggerCondition": "N/A", "isPositionTpsl": False, "children": [],
        }  # fmt: skip

    def _open(self, asked: Body) -> list[Body]:
        return [self._row(order) for order in self.exchange.open_orders()]

    def _status(self, asked: Body) -> Body:
        id = str(asked.get("oid", ""))
        order = self.exchange.by_client.get(id) if id.startswith("0x") else self.exchange.orders.get(int(id))
        if order is None:
            return {"status": "unknownOid"}
        told = {"order": self._row(order), "status": _state(order), "statusTimestamp": order.updated // MS}
        return {"status": "order", "order": told}

    def _fill(self, one: Execution) -> Body:
        board, way = self.exchange.boards[one.i], "Buy" if one.side > 0 else "Sell"
        return {
            "coin": board.symbol, "px": board.px(one.px), "sz": board.sz(one.sz), "side": "B" if one.side > 0 else "A",
            "time": one.ts // MS, "startPosition": "0.0", "dir": way, "closedPnl": plain(one.realised), "hash": HASH,
            "oid": one.order.id, "crossed": not one.maker, "fee": plain(one.fee), "tid": one.id, "feeToken": one.asset,
            "cloid": one.order.client if one.order.client.startswith("0x") else None,
        }  # fmt: skip

    def _fills(self, asked: Body) -> list[Body]:
        start, end = int(asked.get("startTime") or 0), int(asked.get("endTime") or 1 << 60)
        found = [one for one in self.exchange.executions if start <= one.ts // MS <= end]
        rows = found[:2_000] if asked["type"] == "userFillsByTime" else list(reversed(found[-2_000:]))
        return [self._fill(one) for one in rows]

    def _ledger(self, asked: Body, kind: str) -> list[Body]:
        start = int(asked.get("startTime") or 0)
        return [self._entry(one) for one in self.exchange.ledger if one.kind == kind and one.ts // MS >= start][:500]

    def _entry(self, one: Entry) -> Body:
        if one.kind == "FUNDING_FEE":
            delta: Body = {"type": "funding", "coin": one.symbol, "usdc": plain(one.amount), "szi": "0.0",
                           "fundingRate": "0.0"}  # fmt: skip
        else:
            delta = {"type": "deposit" if one.amount > 0 else "withdraw", "usdc": plain(abs(one.amount))}
        return {"time": one.ts // MS, "hash": f"0x{one.id:064x}", "delta": delta}

    def _fees(self) -> Body:
        item = self.exchange.boards[0].instrument
        maker, taker = (plain(Decimal(text) / 10_000) for text in (item.maker_bps, item.taker_bps))
        return {"userCrossRate": taker, "userAddRate": maker, "feeSchedule": {}}

    def _state(self) -> Body:
        wallet, boards = self.exchange.wallet, self.exchange.boards
        asset = boards[0].settle
        total = wallet.balances.get(asset, ZERO) + sum((wallet.unrealised(i, one) for i, one in wallet.held()), ZERO)
        used = sum((wallet.margin(i, one) for i, one in wallet.held()), ZERO)
        held = [(boards[i], one) for i, one in wallet.held() if one.lots]
        worth = sum((abs(wallet.notional(board.i, one)) for board, one in held), ZERO)
        sums = {"accountValue": plain(total), "totalNtlPos": plain(worth), "totalRawUsd": plain(total),
                "totalMarginUsed": plain(used)}  # fmt: skip
        rows = [
            {"type": "oneWay", "position": {
                "coin": board.symbol, "szi": forms.signed(board, one.lots), "entryPx": forms.entry_text(one),
                "positionValue": plain(abs(wallet.notional(board.i, one))), "returnOnEquity": "0.0",
                "unrealizedPnl": plain(wallet.unrealised(board.i, one)),
                "liquidationPx": board.liquidation_text(wallet.liquidation(board.i), "") or None,
                "leverage": {"type": "cross", "value": one.leverage}, "maxLeverage": 40,
                "marginUsed": plain(wallet.margin(board.i, one)),
            }}
            for board, one in held
        ]  # fmt: skip
        return {
            "marginSummary": sums, "crossMarginSummary": sums, "withdrawable": plain(wallet.available(asset)),
            "crossMaintenanceMarginUsed": plain(wallet.kept(asset)), "assetPositions": rows, "time": self.ms(),
        }  # fmt: skip

    def _listed(self) -> list[Any]:
        boards = self.exchange.boards
        rows = [{"name": board.symbol, "szDecimals": len(board.instrument.lot.partition(".")[2]), "maxLeverage": 40}
                for board in boards]  # fmt: skip
        still = {"funding": "0.0", "openInterest": "1.0", "dayNtlVlm": "0.0"}
        marks = [{**still, **dict.fromkeys(("markPx", "midPx", "oraclePx", "prevDayPx"), board.mark_text)}
                 for board in boards]  # fmt: skip
        return [{"universe": rows, "marginTables": []}, marks]

    # -- the private stream --------------------------------------------------------------------------------------

    def mine(self, client: PublicClient, text: bytes) -> bool:
        return client.path == self.path and b'"user"' in text

    def heard(self, client: PublicClient, text: bytes) -> None:
        body = decoded(text) or {}
        wanted = body.get("subscription") or {}
        name, user = str(wanted.get("type", "")), str(wanted.get("user", "")).lower()
        if name not in _CHANNELS or user != self.user:
            client.put(encode({"channel": "error", "data": f"Invalid subscription {text.decode(errors='replace')}"}))
            return
        self.inside[client] = None
        client.put(encode({"channel": "subscriptionResponse", "data": body}))
        if client.wants((name, ""), body.get("method") == "subscribe") and name == "userFills":
            fills = self._fills({"type": "userFills"})
            client.put(encode({"channel": name, "data": {"isSnapshot": True, "user": self.user, "fills": fills}}))

    def order(self, order: Order, now: int, execution: Execution | None) -> None:
        if execution is not None:
            told = {"user": self.user, "isSnapshot": False, "fills": [self._fill(execution)]}
            self.told(("userFills", ""), {"channel": "userFills", "data": told})
        row = {"order": self._row(order), "status": _state(order), "statusTimestamp": order.updated // MS}
        self.told(("orderUpdates", ""), {"channel": "orderUpdates", "data": [row]})

    def traded(self, order: Order, now: int) -> None:
        """Positions are asked for."""

    def transferred(self, asset: str, amount: Decimal, now: int) -> None:
        """... and so is the ledger."""


def _state(order: Order) -> str:
    if order.open:
        return "open"
    if order.status == "FILLED":
        return "filled"
    return {"countdown": "scheduledCancel", "reduce-only": "reduceOnlyCanceled"}.get(order.reason, "canceled")
