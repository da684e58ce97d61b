"""Execution of a desk whose tape cannot be written: what adds risk is rejected here, everything else goes on.

Rules of this file: cancels and queries always pass; orders that reduce do as long as they can be recorded.
"""

from __future__ import annotations

from mmtui.core.effects import ADDS_RISK, AmendOrder, Effect, PlaceOrder
from mmtui.core.events import AmendRejected, Event, OrderRejected
from mmtui.core.runner import Execution

WHY = "the tape cannot be written"


class Brake:
    """Stands before the execution (core.runner.Execution)."""

    def __init__(self, execution: Execution) -> None:
        self._execution = execution
        self.cancels_only = False  # nothing is recorded any more: no order of any kind
        self._rejected: list[OrderRejected | AmendRejected] = []
        self.on_market = execution.on_market

    def send(self, effect: Effect, now: int) -> None:
        if isinstance(effect, PlaceOrder) and (self.cancels_only or effect.purpose in ADDS_RISK):
            self._rejected.append(OrderRejected(now, now, effect.i, effect.oid, WHY))
        elif isinstance(effect, AmendOrder):  # its place in the queue is not worth an order that is not recorded
            self._rejected.append(AmendRejected(now, now, effect.i, effect.oid, effect.amend, True, WHY))
        else:
            self._execution.send(effect, now)

    def next_ts(self) -> int:
        return min(self._rejected[0].ts, self._execution.next_ts()) if self._rejected else self._execution.next_ts()

    def pop(self) -> Event:
        if self._rejected and self._rejected[0].ts <= self._execution.next_ts():
            return self._rejected.pop(0)
        return self._execution.pop()
