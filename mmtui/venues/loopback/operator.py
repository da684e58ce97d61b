"""The operator's page of a loopback exchange: what the account knows, and what is done to it by hand.

Rules of this file: no venue has such a page; what happens here is the exchange's, told to its clients or (quiet) not.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import msgspec

from mmtui.venues.loopback import forms
from mmtui.venues.loopback.codes import Refusal
from mmtui.venues.loopback.entry import find, place
from mmtui.venues.loopback.exchange import Exchange


def page(exchange: Exchange) -> dict[str, Any]:
    """The account, and what goes wrong."""
    return {
        "faults": msgspec.to_builtins(exchange.faults),
        "open_orders": [_order(exchange, order.id) for order in exchange.open_orders()],
        "orders": len(exchange.orders),
        "fills": len(exchange.executions),
        "switches": {exchange.boards[i].symbol: due for i, due in exchange.switches.items()},
        "positions": {
            board.symbol: forms.signed(board, exchange.wallet.net(board.i)) for board in exchange.boards
        },
        "legs": {
            f"{exchange.boards[i].symbol} {one.side}": forms.signed(exchange.boards[i], one.lots)
            for i, one in exchange.wallet.held()
        },
        "balances": {asset: str(amount) for asset, amount in exchange.wallet.balances.items()},
    }


def _order(exchange: Exchange, id: int) -> dict[str, Any]:
    order = exchange.orders[id]
    board = exchange.boards[order.i]
    return {
        "id": id, "client": order.client, "symbol": board.symbol, "side": forms.side_of(order),
        "price": board.px(order.px), "size": board.sz(order.sz), "filled": board.sz(order.filled),
        "leg": order.leg,
    }  # fmt: skip


def act(exchange: Exchange, wanted: dict[str, Any]) -> None:
    """Acts on the account, taken out of what is asked for. Refusal: as the exchange words it."""
    if symbol := wanted.pop("fund", ""):
        exchange.pay_funding(exchange.by_symbol[symbol].i, exchange.now())
    if transfer := wanted.pop("transfer", None):
        exchange.transfer(str(transfer[0]), Decimal(str(transfer[1])))
    for act in ("place", "cancel"):
        if order := wanted.pop(act, None):
            _by_hand(exchange, act, {str(key): word(value) for key, value in order.items()})
    if "withdrawals" in wanted:
        exchange.withdrawals = bool(wanted.pop("withdrawals"))
    if "small" in wanted:
        exchange.small = bool(wanted.pop("small"))
    if "hedge_mode" in wanted:
        exchange.switch(bool(wanted.pop("hedge_mode")))


def _by_hand(exchange: Exchange, act: str, order: dict[str, str]) -> None:
    """An order is placed or cancelled behind the client's back; `quiet`: no stream tells."""
    tell = exchange.tell
    if order.pop("quiet", "") == "true":
        exchange.tell = lambda message: None
    exchange.by = "operator"
    try:
        if act == "place":
            place(exchange, order)
        else:
            found = find(exchange, order, -2011)
            if not found.open:
                raise Refusal(-2011)
            exchange.cancel(found)
    finally:
        exchange.tell, exchange.by = tell, ""


def word(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
