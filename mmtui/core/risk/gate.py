"""The pre-trade gate: the last thing between a decision and an order. Every order passes here, or does not leave.

Worst cases (desk rules): long = position + open buys, short = position - open sells, UNKNOWN ones counted as live.  An
order that raises neither beyond flat is never blocked by a position, loss, drawdown or message limit.

Rules of this file: answers with "" or with the reason; changes nothing but its own message counts.
"""

from __future__ import annotations

from collections import deque
from decimal import Decimal

from mmtui.core.ledger.account import RATE
from mmtui.core.ledger.ledger import UNIT, Ledger
from mmtui.core.orders.tracker import Tracker
from mmtui.core.risk.states import MAY_SEND, Desk
from mmtui.core.setup import DeskSetup

SECOND = 1_000_000_000


class Gate:
    """Limits that are checked before every order."""

    def __init__(self, setup: DeskSetup, ledger: Ledger, tracker: Tracker, position_limits: list[int]) -> None:
        limits = setup.limits
        equity = float(setup.equity)
        self.ledger = ledger
        self.tracker = tracker
        self.position_limits = position_limits
        self.order_notional = _units(limits.order_notional or equity * 0.10)
        self.gross_notional = _units(limits.gross_notional or equity * 3.0)
        self.creates_per_s = max(1, int(limits.messages_per_s * (1.0 - limits.cancel_share)))
        self.per_s = limits.messages_per_s
        self.sent: list[deque[int]] = [deque() for _ in setup.venues]
        self.venue_of = [setup.venues.index(item.instrument.venue) for item in setup.instruments]
        self.baselines = [int(Decimal(item.baseline) / Decimal(item.instrument.lot)) for item in setup.instruments]
        self.spot = [item.instrument.kind == "spot" for item in setup.instruments]
        self.min_notional = [_units(float(item.instrument.min_notional)) // RATE for item in setup.instruments]

    # ------------------------------------------------------------ questions

    def reduces(self, i: int, side: int, lots: int) -> bool:
        """The order cannot take the worst case beyond flat on its side."""
        position = self.ledger.accounts[i].position
        if side > 0:
            return position + self.tracker.buys[i] + lots <= 0
        return position - self.tracker.sells[i] - lots >= 0

    def check(
        self, i: int, side: int, px: int, lots: int, purpose: str, state: Desk, ts: int, reference2: int, collar: float
    ) -> str:
        """Why this order may not leave; "" when it may. `collar` in bps of the reference (half ticks)."""
        if lots <= 0 or px <= 0:
            return "no size"
        if purpose not in MAY_SEND[state]:
            return state.name
        if reference2 <= 0:
            return "no reference price"
        if abs(2 * px - reference2) * 10_000 > collar * reference2:
            return f"price collar {collar:g} bps"
        account = self.ledger.accounts[i]
        if px % account.tick_step or lots % account.lot_step:
            return "off the tick or lot"
        grid = account.grid
        notional = grid.notional_atoms(2 * px, lots)
        if notional < self.min_notional[i]:
            return "below min notional"
        short = self._spot_short(i, side, lots)
        if short:
            return short
        if purpose in ("flatten", "close") or self.reduces(i, side, lots):
            return ""
        return self._limits(i, side, lots, notional, ts)

    def _spot_short(self, i: int, side: int, lots: int) -> str:
        """Spot has no reduce-only and no shorting: never sell more than baseline + position."""
        if side > 0 or not self.spot[i]:
            return ""
        held = self.baselines[i] + self.ledger.accounts[i].position - self.tracker.sells[i]
        return "spot balance" if lots > held else ""

    def _limits(self, i: int, side: int, lots: int, notional: int, ts: int) -> str:
        position = self.ledger.accounts[i].position
        limit = self.position_limits[i]
        worst = position + self.tracker.buys[i] + lots if side > 0 else -(position - self.tracker.sells[i] - lots)
        if worst > limit:
            return "position limit"
        rate = self.ledger.quote_rate(i)
        if not rate:
            return "no conversion rate"
        worth = notional * rate
        if worth > self.order_notional:
            return "order notional limit"
        if self.gross() + worth > self.gross_notional:
            return "gross notional limit"
        if self.rate(self.venue_of[i], ts) >= self.creates_per_s:
            return "message rate"
        return ""

    # ------------------------------------------------------------ measures

    def gross(self) -> int:
        """Worst-case gross notional over all instruments, currency units."""
        total = 0
        for i, account in enumerate(self.ledger.accounts):
            buys, sells = self.tracker.buys[i], self.tracker.sells[i]
            lots = max(abs(account.position + buys), abs(account.position - sells))
            if lots:
                total += account.grid.notional_atoms(account.references.last(), lots) * self.ledger.quote_rate(i)
        return total

    def rate(self, v: int, ts: int) -> int:
        """Messages sent to a venue in the last second."""
        sent = self.sent[v]
        while sent and sent[0] <= ts - SECOND:
            sent.popleft()
        return len(sent)

    def count(self, v: int, ts: int) -> None:
        self.rate(v, ts)  # forgets what is older than a second
        self.sent[v].append(ts)


def _units(currency: float) -> int:
    """Currency as integer units of 10**-27, exact to the float's millionths."""
    return round(currency * 1_000_000) * (UNIT // 1_000_000)
