"""What a venue answers to questions about the account: as things stood a moment ago, by its lags and faults.

Rules of this file: read-only; positions and fills are answered from the past by up to the venue's lag, and (fault 38)
by seconds more; an acknowledged order may be missing from the list of open orders for `lag.open_ms`.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import deque
from typing import TYPE_CHECKING

from mmtui.sim.exchange_orders import SimFill, SimOrder
from mmtui.sim.exchange_wire import report_name
from mmtui.sim.world import ALL_ORDERS, MS
from mmtui.venues.account_messages import (
    Answer,
    AskFills,
    AskLedger,
    AskOpen,
    AskPositions,
    FillList,
    LedgerList,
    LedgerRow,
    OpenList,
    OpenRow,
    PositionList,
    PositionRow,
)
from mmtui.venues.binance.reports import FillReport

if TYPE_CHECKING:
    from mmtui.sim.exchange import Exchange

#: Bookings of one instrument that a question about the past can still see.
PAST = 256
#: A leg of hedge mode as answers name it.
NAMES = {1: "long", -1: "short", 0: ""}


class Position:
    """Lots of one instrument since the beginning, and how they came about. In hedge mode `lots` are long less short."""

    __slots__ = ("_past", "base", "external", "lots", "short")

    def __init__(self, base: int) -> None:
        self.base = base  # spot: the balance that was there before
        self.lots = 0
        self.external = 0  # the part that did not come from orders of the desk
        self.short = 0  # lots of the short leg
        self._past: deque[tuple[int, int, int]] = deque([(0, 0, 0)], PAST)

    def move(self, now: int, lots: int, external: bool, leg: int = 0) -> None:
        self.lots += lots
        if leg < 0:
            self.short -= lots
        if external:
            self.external += lots
        self._past.append((now, self.lots, self.short))

    def of(self, leg: int) -> int:
        """Lots of a leg, signed: the short one's are below zero. 0: the net."""
        return self.lots + self.short if leg > 0 else -self.short if leg < 0 else self.lots

    def at(self, instant: int) -> tuple[int, int]:
        """Lots as they stood then, net and of the short leg."""
        for ts, lots, short in reversed(self._past):
            if ts <= instant:
                return lots, short
        return self._past[0][1:]


class Queries:
    """The question side of one exchange."""

    __slots__ = ("_exchange", "_rng", "_stale_at", "ledger", "stale_until")

    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange
        self._rng = exchange.world.rng(f"exchange/{exchange.v}/lag")
        self.ledger: list[LedgerRow] = []
        self.stale_until = 0  # fault 38: until then everything is answered as it stood at `_stale_at`
        self._stale_at = 0

    def answer(self, request: AskOpen | AskFills | AskLedger | AskPositions) -> Answer:
        """The answer to a question that has arrived."""
        world = self._exchange.world
        if type(request) is not AskOpen and world.now >= self.stale_until and world.strikes(38, ALL_ORDERS):
            dice = world.dice(38)
            self._stale_at = world.now - dice.below(1_000) * MS
            self.stale_until = world.now + (300 + dice.below(3_700)) * MS
        if isinstance(request, AskOpen):
            return self._open()
        if isinstance(request, AskFills):
            return self._fills(request.since)
        if isinstance(request, AskLedger):
            return LedgerList([row for row in self.ledger if row.ts_event >= request.since])
        return self._positions()

    def _as_of(self, lag_ms: int) -> int:
        now = self._exchange.world.now
        instant = now - (self._rng.below(lag_ms * MS) if lag_ms else 0)
        return min(instant, self._stale_at) if now < self.stale_until else instant

    def _open(self) -> OpenList:
        """Orders that the list does not show yet are left out; order of their creation."""
        exchange = self._exchange
        lag_ms = exchange.facts.lag.open_ms
        instant = exchange.world.now - (self._rng.below(lag_ms * MS) if lag_ms else 0)
        return OpenList([self._row(order) for order in exchange.open.values() if order.created <= instant])

    def _row(self, order: SimOrder) -> OpenRow:
        market = self._exchange.markets[order.i]
        return OpenRow(
            order.client_id,
            order.venue_id,
            order.i,
            order.side,
            market.px[order.px].decode(),
            market.sz[order.sz].decode(),
            market.sz[order.filled].decode(),
            order.created,
            leg=NAMES[order.leg],
        )

    def _fills(self, since: int) -> FillList:
        exchange = self._exchange
        instant = self._as_of(exchange.facts.lag.fills_ms) + exchange.skew
        fills = exchange.fills
        first = bisect_right(fills, since - 1, key=_instant)
        return FillList([self._report(fill) for fill in fills[first:] if fill.ts <= instant])

    def _report(self, fill: SimFill) -> FillReport:
        exchange = self._exchange
        market = exchange.markets[fill.i]
        return FillReport(
            report_name(market.instrument),
            fill.ts,
            fill.venue_id,
            fill.client_id,
            fill.trade_id,
            "buy" if fill.side > 0 else "sell",
            market.px[fill.px].decode(),
            market.sz[fill.sz].decode(),
            fill.maker,
            fill.fee,
            market.instrument.settle,
            fill.kind,
            NAMES[fill.leg],
        )

    def _positions(self) -> PositionList:
        """As they stood; (fault 20) one of the sizes may be no number."""
        exchange = self._exchange
        world = exchange.world
        instant = self._as_of(exchange.facts.lag.positions_ms)
        rows = []
        for i, position in exchange.positions.items():
            net, short = position.at(instant)
            legs = exchange.markets[i].instrument.hedge_mode
            for leg, lots in ((1, net + short), (-1, -short)) if legs else ((0, position.base + net),):
                if not lots:
                    continue
                text = exchange.markets[i].sz[abs(lots)].decode()
                if world.draws(20) and world.strikes(20):
                    text = ("NaN", "inf", "1e400", "")[world.dice(20).below(4)]
                rows.append(PositionRow(i, f"-{text}" if lots < 0 else text, NAMES[leg]))
        return PositionList(rows)


def _instant(fill: SimFill) -> int:
    return fill.ts
