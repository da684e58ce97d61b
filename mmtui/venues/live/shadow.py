"""Execution of a shadow desk: quotes are computed, accepted on paper at once, never sent and never filled.

Rules of this file: deterministic; knows no market and no account.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from decimal import Decimal

from mmtui.core.effects import AmendOrder, CancelAll, CancelOrder, Effect, PlaceOrder, QueryAccount, QueryOpenOrders
from mmtui.core.events import (
    AccountAnswer,
    AmendRejected,
    CancelAllDone,
    Event,
    LegPositions,
    OpenOrders,
    OrderAccepted,
    OrderAmended,
    OrderCancelled,
    Positions,
)
from mmtui.core.runner import NEVER
from mmtui.core.setup import DeskSetup

#: An answer comes so long after its request (ns).
ANSWER = 1_000_000


class ShadowVenue:
    """core.runner.Execution for all instruments of the desk."""

    def __init__(self, setup: DeskSetup, positions: list[int], shorts: Sequence[int] = ()) -> None:
        self._shorts = shorts
        self._venue_of = [setup.venues.index(item.instrument.venue) for item in setup.instruments]
        self._held = [
            int(Decimal(item.baseline) / Decimal(item.instrument.lot)) + positions[i]
            for i, item in enumerate(setup.instruments)
        ]
        self._open: dict[int, int] = {}  # oid -> instrument
        self._answers: deque[Event] = deque()

    def on_market(self, event: Event) -> None:
        """Nothing here trades."""

    def send(self, effect: Effect, now: int) -> None:
        """Answer one of `SENT`."""
        ts = now + ANSWER
        if isinstance(effect, PlaceOrder):
            self._answers.append(OrderAccepted(ts, ts, effect.i, effect.oid, f"shadow-{effect.oid}"))
            if effect.tif == "IOC":
                self._answers.append(OrderCancelled(ts, ts, effect.i, effect.oid, "ioc"))
            else:
                self._open[effect.oid] = effect.i
        elif isinstance(effect, AmendOrder):
            if effect.oid in self._open:
                self._answers.append(OrderAmended(ts, ts, effect.i, effect.oid, effect.amend, effect.px, effect.sz))
            else:
                self._answers.append(AmendRejected(ts, ts, effect.i, effect.oid, effect.amend, False, "unknown order"))
        elif isinstance(effect, CancelOrder):
            self._cancel(effect.oid, ts)
        elif isinstance(effect, CancelAll):
            for oid in [oid for oid, i in self._open.items() if self._in(effect, i)]:
                self._cancel(oid, ts)
            self._answers.append(CancelAllDone(ts, effect.v, effect.query))
        elif isinstance(effect, QueryOpenOrders):
            oids = [oid for oid, i in self._open.items() if self._venue_of[i] == effect.v]
            self._answers.append(OpenOrders(ts, effect.v, effect.query, effect.endpoint, oids))
        elif isinstance(effect, QueryAccount):
            self._answers.append(self._account(effect, ts))

    def _in(self, effect: CancelAll, i: int) -> bool:
        return self._venue_of[i] == effect.v and effect.i in (-1, i)

    def _cancel(self, oid: int, ts: int) -> None:
        i = self._open.pop(oid, -1)
        if i >= 0:
            self._answers.append(OrderCancelled(ts, ts, i, oid, "requested"))

    def _account(self, effect: QueryAccount, ts: int) -> Event:
        if effect.what != "positions":
            return AccountAnswer(ts, effect.v, effect.query, effect.what)
        idx = [i for i, v in enumerate(self._venue_of) if v == effect.v]
        lots = [self._held[i] for i in idx]
        if any(self._shorts):
            return LegPositions(ts, effect.v, effect.query, idx, lots, [self._shorts[i] for i in idx])
        return Positions(ts, effect.v, effect.query, idx, lots)

    def next_ts(self) -> int:
        return self._answers[0].ts if self._answers else NEVER

    def pop(self) -> Event:
        return self._answers.popleft()
