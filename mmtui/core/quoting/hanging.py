"""Orders that stay at their price after the order opposite was filled, beside the ladder that goes on.

Rules of this file: keeps the orders and says which of them have to go; cancelling is the engine's.
"""

from __future__ import annotations

from mmtui.core.orders.table import State
from mmtui.core.orders.tracker import Order
from mmtui.core.quoting.params import Quoting

SECOND = 1_000_000_000
#: So many may stay; beyond it the oldest goes.
MOST = 20


class Hanging:
    """The orders that stay, oldest first."""

    __slots__ = ("age", "far", "on", "orders", "since")

    def __init__(self, params: Quoting, last: Hanging | None) -> None:
        self.on = params.hanging
        self.far = params.hanging_cancel_bps * 1e-4
        self.age = int(params.hanging_age_s * SECOND)
        self.orders: list[Order] = last.orders if last is not None else []
        self.since: list[int] = last.since if last is not None else []

    @staticmethod
    def made(params: Quoting, last: Hanging | None) -> Hanging | None:
        """Those that continue the last ones; None where none stays and none is to."""
        return Hanging(params, last) if params.hanging or (last is not None and last.orders) else None

    def stay(self, order: Order, ts: int) -> None:
        self.orders.append(order)
        self.since.append(ts)

    def forget(self, order: Order) -> None:
        """The order has ended."""
        for k, one in enumerate(self.orders):
            if one is order:
                del self.orders[k], self.since[k]
                return

    def of(self, side: int) -> list[Order]:
        return [order for order in self.orders if order.side == side]

    def over(self, fair: float, ts: int) -> list[Order]:
        """Those that have to go: too far from fair value, too old, too many, or no longer wanted at all."""
        many = sum(order.state is State.LIVE for order in self.orders) - MOST
        out = []
        for order, since in zip(self.orders, self.since, strict=True):
            if order.state is not State.LIVE:
                continue
            many -= 1
            far = abs(order.px - fair) > self.far * fair
            if far or ts - since >= self.age or many >= 0 or not self.on:
                out.append(order)
        return out

    def digest(self) -> tuple[object, ...]:
        return ([order.oid for order in self.orders], self.since)
