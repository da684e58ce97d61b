"""What the account of a loopback exchange is told, as Binance words it; other protocols have tellers of their own.

Rules of this file: who is told what of an order or of money; the messages are made in forms.py.
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Protocol

from mmtui.venues.loopback import forms
from mmtui.venues.loopback.board import Board
from mmtui.venues.loopback.records import Execution, Order

if TYPE_CHECKING:
    from mmtui.venues.loopback.exchange import Exchange


class Teller(Protocol):
    """Private messages of one protocol."""

    def order(self, order: Order, now: int, execution: Execution | None) -> None:
        """An order is new, changed, traded or over."""

    def traded(self, order: Order, now: int) -> None:
        """... and with it what the account holds."""

    def ended(self, order: Order, now: int) -> None:
        """... and what was locked for it is free."""

    def funded(self, board: Board, amount: Decimal, now: int) -> None:
        """A position has paid, or received, its funding."""

    def transferred(self, asset: str, amount: Decimal, now: int) -> None:
        """A deposit, or (negative) a withdrawal."""


class BinanceTeller:
    """`exchange.tell` takes each message."""

    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange

    def order(self, order: Order, now: int, execution: Execution | None) -> None:
        exchange = self._exchange
        form = forms.order_trade_update if exchange.futures else forms.execution_report
        exchange.tell(form(exchange.boards[order.i], order, now, execution))

    def traded(self, order: Order, now: int) -> None:
        exchange = self._exchange
        if exchange.futures:
            settle = exchange.boards[order.i].settle
            exchange.tell(forms.account_update(exchange, "ORDER", settle, [(order.i, exchange.wallet.of(order))], now))
        else:
            self._balances(order, now)

    def ended(self, order: Order, now: int) -> None:
        if not self._exchange.futures:
            self._balances(order, now)

    def funded(self, board: Board, amount: Decimal, now: int) -> None:
        exchange = self._exchange
        exchange.tell(forms.account_update(exchange, "FUNDING_FEE", board.settle, [], now, amount))

    def transferred(self, asset: str, amount: Decimal, now: int) -> None:
        exchange = self._exchange
        if exchange.futures:
            why = "DEPOSIT" if amount > 0 else "WITHDRAW"
            exchange.tell(forms.account_update(exchange, why, asset, [], now, amount))
        else:
            exchange.tell(forms.balance_update(asset, amount, now))
            exchange.tell(forms.account_position(exchange, (asset,), now))

    def _balances(self, order: Order, now: int) -> None:
        exchange = self._exchange
        instrument = exchange.boards[order.i].instrument
        exchange.tell(forms.account_position(exchange, (instrument.base, instrument.quote), now))
