"""A loopback exchange: symbols, the account's orders and executions, its clock, the dead-man switches.

The market moves by its source; our resting orders are matched by the paper venue's queue model.

Rules of this file: the order of things (check, take, match, rest, report); texts and JSON are made in forms.py, what
an order may look like is checked in entry.py.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from mmtui.core.effects import PlaceOrder
from mmtui.core.events import Event, FeedStatus, Heartbeat, SourceEnded
from mmtui.venues.binance import profile
from mmtui.venues.facts import facts_of
from mmtui.venues.loopback import forms
from mmtui.venues.loopback.board import Board, Frame
from mmtui.venues.loopback.faults import Dice, Faults
from mmtui.venues.loopback.records import ZERO, Entry, Execution, Order
from mmtui.venues.loopback.source import FUNDING_NS, MarketSource
from mmtui.venues.loopback.teller import BinanceTeller, Teller
from mmtui.venues.loopback.wallet import Wallet
from mmtui.venues.paper.queue import Resting

MS = 1_000_000
#: Orders and executions that are remembered.
ORDERS_MAX, EXECUTIONS_MAX = 100_000, 200_000
_NO_MARKET = (FeedStatus, Heartbeat, SourceEnded)
#: What it may be an exchange of.
MARKETS: dict[str, profile.Market] = {
    **profile.MARKETS,
    "okx": profile.Market("okx", "OKX", "linear", True, "2", "5", "0"),
    "deribit": profile.Market("deribit", "Deribit", "inverse", True, "0", "5", "0"),
    "hyperliquid": profile.Market("hyperliquid", "Hyperliquid", "linear", True, "1.5", "4.5", "10"),
    "bybit": profile.Market("bybit", "Bybit", "linear", True, "2", "5.5", "5"),
    "kraken-spot": profile.Market("kraken-spot", "Kraken", "spot", True, "25", "40", "0.5"),
    "kraken-futures": profile.Market("kraken-futures", "Kraken Futures", "linear", True, "2", "5", "0"),
}


def crosses_book(board: Board, order: Order) -> bool:
    """Whether an order would trade at once."""
    best = board.book.ask if order.side > 0 else board.book.bid
    return bool(best) and order.side * best <= order.side * order.limit


class Exchange:
    """Of one protocol. `publish` takes public frames, `tell` private messages, which `teller` makes."""

    def __init__(self, market: str, source: MarketSource, faults: Faults, seed: int) -> None:
        self.market = MARKETS[market]
        self.futures = self.market.futures
        self.source = source
        self.faults = faults
        self.dice = Dice(seed)
        self.boards = [Board(i, item, self) for i, item in enumerate(source.instruments)]
        self.by_symbol = {board.symbol: board for board in self.boards}
        self.wallet = Wallet(self.boards)
        self.orders: dict[int, Order] = {}
        self.by_client: dict[str, Order] = {}
        self.executions: list[Execution] = []
        self.ledger: list[Entry] = []
        self.switches: dict[int, int] = {}  # board -> instant at which its orders are cancelled
        self.publish: Callable[[Board, list[Frame]], None] = lambda board, frames: None
        self.tell: Callable[[dict[str, Any]], None] = lambda message: None
        self.note: Callable[[str, dict[str, Any]], None] = lambda kind, fields: None  # a line for the journal
        self.teller: Teller = BinanceTeller(self)
        rules = facts_of(market)
        self.cancels_takers = rules.post_only == "cancel"  # post-only orders that would trade: taken, and cancelled
        self.unique_ids = rules.id_rule == "unique"
        self.by = ""  # "operator": what happens now is done by hand, over the operator's page
        self.small = False  # it has traded too little for a dead-man switch
        self.withdrawals = False  # what the key may do, as the venue tells
        self._numbers = 1_000_000
        self._executions = 5_000_000
        self._entries = 0
        self._funded = 0

    # -- time ----------------------------------------------------------------------------------------------------

    def now(self) -> int:
        """The exchange's clock, ns."""
        return time.time_ns() + int(self.faults.skew_ms * MS)

    def step(self) -> None:
        """The market up to now, switches that fire, funding."""
        for event in self.source.until(time.time_ns()):
            if not isinstance(event, _NO_MARKET):
                self.move(event)
        now = self.now()
        for i in [i for i, due in self.switches.items() if due <= now and not self.faults.no_switch]:
            del self.switches[i]
            self.cancel_all(i, "countdown")
        if self.futures:
            self._fund(now)

    def move(self, event: Event) -> None:
        """The market moves."""
        i: int = event.i  # type: ignore[union-attr]  # what has no instrument was left out before
        board = self.boards[i]
        frames = board.apply(event)
        if frames:
            self.publish(board, frames)

    def _fund(self, now: int) -> None:
        """Funding at every eighth hour."""
        period = now // FUNDING_NS
        if not self._funded:
            self._funded = period
        while self._funded < period:
            self._funded += 1
            for board in self.boards:
                if board.futures:
                    self.pay_funding(board.i, now)

    def pay_funding(self, i: int, now: int) -> None:
        """A position pays, or receives, its funding now."""
        board = self.boards[i]
        held = sum((self.wallet.notional(i, position) for position in self.wallet.sides(i)), ZERO)
        amount = (-held * Decimal(board.funding).scaleb(-10)).quantize(Decimal("1e-8"))
        if amount:
            self.moved("FUNDING_FEE", board.symbol, amount, board.settle, now)
            self.teller.funded(board, amount, now)

    def transfer(self, asset: str, amount: Decimal) -> None:
        """A deposit, or (negative) a withdrawal."""
        now = self.now()
        self.moved("TRANSFER", "", amount, asset, now)
        self.teller.transferred(asset, amount, now)

    def moved(self, kind: str, symbol: str, amount: Decimal, asset: str, now: int) -> None:
        """Money moves for another reason than a trade; futures keep a ledger of that."""
        self.wallet.move(asset, amount)
        if self.futures:
            self._enter(kind, symbol, amount, asset, now)
        row = {"kind": kind, "symbol": symbol, "amount": str(amount), "asset": asset, "ts": now}
        self.note("move", row)

    def _enter(self, kind: str, symbol: str, amount: Decimal, asset: str, now: int) -> None:
        self._entries += 1
        self.ledger.append(Entry(self._entries, kind, symbol, amount, asset, now))

    # -- orders in -----------------------------------------------------------------------------------------------

    def next_id(self) -> int:
        self._numbers += 1
        return self._numbers

    def skip_ids(self, count: int) -> None:
        """So many ids are not given away."""
        self._numbers += count

    def remember(self, order: Order) -> None:
        """An order that exists from now on."""
        self.orders[order.id] = order
        self.by_client[order.client] = order
        self._numbers = max(self._numbers, order.id)

    def enter(self, order: Order) -> list[Execution]:
        """A checked order: taken, matched, and what is left rests. Its executions at once."""
        board = self.boards[order.i]
        now = order.created
        self.remember(order)
        self._forget()
        self.note("new", forms.entered(board, order, self.by))
        made: list[Execution] = []
        if self.cancels_takers and order.tif == "GTX" and crosses_book(board, order):
            self._end(order, "CANCELED", now, "post-only")
            return made
        self._report(order, now)
        if order.tif != "GTX" and order.kind != "LIMIT_MAKER":
            self._hold(board)
            for px, sz in board.matching.take(self._request(order), order.left):
                made.append(self.execute(order, px, sz, False, now))
                self.publish(board, board.traded(px, sz, order.side, now))
        if not order.left:
            return made
        if order.kind == "MARKET" or order.tif in ("IOC", "FOK"):
            self._end(order, "EXPIRED", now)
            return made
        self.rest(order, now)
        return made

    def rest(self, order: Order, now: int) -> None:
        """What is left of an order joins the queue."""
        board = self.boards[order.i]
        self.wallet.lock(order)
        order.resting = board.matching.rest(self._request(order), order.left)
        self.publish(board, board.shows(order.side, order.px, order.left, now))

    def rename(self, order: Order, client: str) -> None:
        """An amended order has another client id: the one that is given, or one of the venue's."""
        del self.by_client[order.client]
        order.client = client or f"web_{self.next_id()}"
        self.by_client[order.client] = order

    def amend(self, order: Order, px: int, sz: int, told: str) -> None:
        """Another price or whole size: smaller at its price keeps the place, everything else goes to the back."""
        board, now = self.boards[order.i], self.now()
        resting = order.resting
        if resting is not None and px == order.px and sz <= order.sz:
            self.wallet.unlock(order)
            board.matching.shrink(resting, resting.sz - (order.sz - sz))
            self.publish(board, board.shows(order.side, px, sz - order.sz, now))
            order.sz = sz
            self.wallet.lock(order)
        else:
            self.withdraw(order, now)
            order.px = order.limit = px
            order.sz = sz
            self.rest(order, now)
        order.updated, order.change = now, told
        self.note("amend", {"order": order.id, "client": order.client, "px": order.px, "sz": order.sz, "ts": now})
        self._report(order, now)
        order.change = ""

    def switch(self, dual: bool) -> None:
        """One-way positions, or hedge mode."""
        self.wallet.switch(dual)
        for board in self.boards:
            self._hold(board)
        self.note("mode", {"dual": dual, "ts": self.now()})

    def _hold(self, board: Board) -> None:
        """What orders that reduce are judged by."""
        board.matching.position = self.wallet.net(board.i)
        board.matching.short = -self.wallet.shorts[board.i].lots if self.wallet.dual else None

    def _request(self, order: Order) -> PlaceOrder:
        tif = "GTX" if order.kind == "LIMIT_MAKER" else order.tif
        return PlaceOrder(order.i, order.id, order.side, order.limit, order.left, tif, order.reduce_only, "", 0)

    def _forget(self) -> None:
        """The oldest orders that have ended go."""
        if len(self.orders) > ORDERS_MAX:
            for id in [id for id, order in list(self.orders.items())[:1_000] if not order.open]:
                order = self.orders.pop(id)
                if self.by_client.get(order.client) is order:
                    del self.by_client[order.client]
        if len(self.executions) > EXECUTIONS_MAX:
            del self.executions[: EXECUTIONS_MAX // 10]

    # -- orders out ----------------------------------------------------------------------------------------------

    def cancel(self, order: Order, why: str = "") -> None:
        """An open order of the account is taken out."""
        self._end(order, "CANCELED", self.now(), why)

    def cancel_all(self, i: int, why: str = "") -> list[Order]:
        """Every open order of a symbol."""
        orders = self.open_orders(i)
        for order in orders:
            self.cancel(order, why)
        return orders

    def open_orders(self, i: int = -1) -> list[Order]:
        ids = [id for board in self.boards if i in (-1, board.i) for id in board.matching.orders]
        return [self.orders[id] for id in sorted(ids)]

    def _end(self, order: Order, status: str, now: int, why: str = "") -> None:
        self.withdraw(order, now)
        order.status, order.reason, order.updated = status, why, now
        self.note("end", {"order": order.id, "status": status, "why": why, "by": self.by, "ts": now})
        self._report(order, now)
        self.teller.ended(order, now)

    def withdraw(self, order: Order, now: int) -> None:
        """An order leaves the queue, if it was in one."""
        board = self.boards[order.i]
        self.wallet.unlock(order)
        if order.resting is not None:
            if order.id in board.matching.orders:
                board.matching.remove(order.resting)
            left, order.resting = order.left, None
            self.publish(board, board.shows(order.side, order.px, -left, now))

    # -- executions (venues.paper.matching.Sink) -------------------------------------------------------------------

    def filled(self, i: int, resting: Resting, px: int, sz: int, now: int) -> None:
        """A resting order has traded."""
        order, board, now = self.orders[resting.oid], self.boards[i], self.now()
        self.wallet.unlock(order)
        self.execute(order, px, sz, True, now)
        if order.left:
            self.wallet.lock(order)
        else:
            order.resting = None
        self.publish(board, board.shows(order.side, order.px, -sz, now))

    def expired(self, i: int, resting: Resting, reason: str, now: int) -> None:
        """A reduce-only order has nothing left to reduce; it is out of the queue already."""
        order = self.orders[resting.oid]
        if order.open:
            self._end(order, "EXPIRED", self.now(), "reduce-only")

    def execute(self, order: Order, px: int, sz: int, maker: bool, now: int) -> Execution:
        """An order trades: fee, balances, position, ledger, and what is told of it."""
        board = self.boards[order.i]
        fee, asset, realised = self.wallet.book(order, px, sz, maker, now)
        order.filled += sz
        order.quote += board.tick * px * board.lot * sz
        order.realised += realised
        order.status = "PARTIALLY_FILLED" if order.left else "FILLED"
        order.updated = now
        self._executions += 1
        execution = Execution(self._executions, order, px, sz, maker, fee, asset, realised, now)
        self.executions.append(execution)
        self.note("fill", forms.executed(execution))
        if board.futures:
            if realised != ZERO:
                self._enter("REALIZED_PNL", board.symbol, realised, asset, now)
            self._enter("COMMISSION", board.symbol, -fee, asset, now)
        self._hold(board)
        self._report(order, now, execution)
        self.teller.traded(order, now)
        return execution

    def _report(self, order: Order, now: int, execution: Execution | None = None) -> None:
        self.teller.order(order, now, execution)
