"""The pre-trade gate: the last thing between a decision and an order. Every order passes here, or does not leave.

Worst cases (desk rules): long = position + open buys, short = position - open sells, UNKNOWN ones counted as live.  An
order that raises neither beyond flat is never blocked by a position, loss, drawdown or message limit.

Rules of this file: answers with "" or with the reason; changes its message counts and pulled sides.
"""

from __future__ import annotations

from collections import deque
from decimal import Decimal
from typing import TYPE_CHECKING

from mmtui.core.ledger.account import RATE
from mmtui.core.ledger.ledger import UNIT, Ledger
from mmtui.core.orders import legs
from mmtui.core.orders.tracker import Order, Tracker
from mmtui.core.risk.states import MAY_SEND, Desk
from mmtui.core.setup import DeskSetup, InstrumentSetup

if TYPE_CHECKING:
    from mmtui.core.engine import Engine

SECOND = 1_000_000_000
#: Ticks, lots and references are below this: they fit the tape's 64 bits, and no infinity is.
MOST = 1 << 62
BEYOND = 1e300


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
        own = {k: float(text) for k, text in enumerate(setup.venue_equity) if float(text)}
        self.equity = [_units(own.get(v, equity)) for v in range(len(setup.venues))]
        self.own = [own.get(v, equity) for v in range(len(setup.venues))]
        self.lever(limits.leverage)
        self.pace(limits.messages_per_s, limits.cancel_share)
        self.sent: list[deque[int]] = [deque() for _ in setup.venues]
        self.venue_of = [setup.venues.index(item.instrument.venue) for item in setup.instruments]
        self.baselines = [int(Decimal(item.baseline) / Decimal(item.instrument.lot)) for item in setup.instruments]
        self.spot = [item.instrument.kind == "spot" for item in setup.instruments]
        self.min_notional = [_units(float(item.instrument.min_notional)) // RATE for item in setup.instruments]
        #: largest order that adds, lots
        self.order_lots = [_lots(item) for item in setup.instruments]
        #: (instrument, side, whose) -> why no quote may leave there: a failed hedge, an order of ours that takes
        self.pulled: dict[tuple[int, int, str], str] = {}

    def lever(self, cap: float) -> None:
        """Another cap of leverage: the gross of contracts that each venue's equity carries."""
        self.leverage_cap = cap
        self.leverage = [_units(equity * cap) for equity in self.own]

    def pace(self, per_s: int, cancel_share: float) -> None:
        """Another budget of messages a second and venue; part of it is the cancels'."""
        self.per_s = per_s
        self.creates_per_s = max(1, int(per_s * (1.0 - cancel_share)))

    # ------------------------------------------------------------ questions

    def reduces(self, i: int, side: int, lots: int) -> bool:
        """The order cannot take the worst case beyond flat on its side."""
        position = self.ledger.accounts[i].position
        if side > 0:
            return position + self.tracker.buys[i] + lots <= 0
        return position - self.tracker.sells[i] - lots >= 0

    def check(
        self, i: int, side: int, px: object, lots: object, purpose: str, state: Desk, ts: int,
        reference2: object, collar: float, closes: bool = False,
    ) -> str:  # fmt: skip
        """Why this order may not leave; "" when it may. `collar` in bps of the reference (half ticks).

        `px`, `lots` and `reference2` are what somebody calculated: what is no whole number is none.  closes: in hedge
        mode it reduces a leg, and so adds no gross, wherever it brings the net.
        """
        if type(px) is not int or type(lots) is not int or not (0 < lots < MOST and 0 < px < MOST):
            return "no size"
        if purpose not in MAY_SEND[state] and not self._still_reduces(purpose, state, i, side, lots):
            return state.name
        if self.pulled and purpose == "quote" and (held := self.held(i, side)):
            return held
        if type(reference2) is not int or not 0 < reference2 < MOST:
            return "no reference price"
        if not abs(2 * px - reference2) * 10_000 <= collar * reference2 < BEYOND:  # written so that NaN does not pass
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
        if lots > self.order_lots[i]:
            return "order size limit"
        return self._limits(i, side, lots, notional, notional, ts, closes)

    def amends(
        self, order: Order, px: int, left: int, state: Desk, ts: int, reference2: int, collar: float
    ) -> str:
        """Why an order may not get this price and so much that is left; "" when it may.

        One that becomes smaller where it stands raises nothing: no limit blocks it.
        """
        i, side = order.i, order.side
        account = self.ledger.accounts[i]
        if not (0 < left < MOST and 0 < px < MOST):
            return "no size"
        if order.purpose not in MAY_SEND[state]:
            return state.name
        if px % account.tick_step or left % account.lot_step or (order.filled + left) % account.lot_step:
            return "off the tick or lot"
        notional = account.grid.notional_atoms(2 * px, left)
        if notional < self.min_notional[i]:
            return "below min notional"
        if px == order.px and left <= order.left:
            return ""
        if self.pulled and (held := self.held(i, side)):
            return held
        if not 0 < reference2 < MOST:
            return "no reference price"
        if not abs(2 * px - reference2) * 10_000 <= collar * reference2 < BEYOND:
            return f"price collar {collar:g} bps"
        more = max(0, left - order.left)
        short = self._spot_short(i, side, more) if more else ""
        if short or self.reduces(i, side, more):
            return short
        if left > self.order_lots[i]:
            return "order size limit"
        added = account.grid.notional_atoms(2 * px, more) if more else 0
        return self._limits(i, side, more, notional, added, ts, account.legs is not None and order.reduce_only)

    def _still_reduces(self, purpose: str, state: Desk, i: int, side: int, lots: int) -> bool:
        """HALTED: orders that reduce, by an operator or a running task (desk rules)."""
        return purpose in ("manual", "roll") and state is Desk.HALTED and self.reduces(i, side, lots)

    def _spot_short(self, i: int, side: int, lots: int) -> str:
        """Spot has no reduce-only and no shorting: never sell more than baseline + position."""
        if side > 0 or not self.spot[i]:
            return ""
        held = self.baselines[i] + self.ledger.accounts[i].position - self.tracker.sells[i]
        return "spot balance" if lots > held else ""

    def _limits(self, i: int, side: int, lots: int, notional: int, added: int, ts: int, closes: bool) -> str:
        """`lots` and `added` come to what is open; `notional` is the whole order's; closes: no gross is added."""
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
        if not closes and (over := self._over(i, added * rate)):
            return over
        if self.rate(self.venue_of[i], ts) >= self.creates_per_s:
            return "message rate"
        return ""

    def _over(self, i: int, worth: int) -> str:
        """The gross limit that so much more currency of an instrument would pass; "": none."""
        gross = self.gross() + worth
        if gross > self.gross_notional:
            return "gross notional limit"
        v = self.venue_of[i]
        if not self.spot[i] and gross > self.leverage[v] and self.contracts(v) + worth > self.leverage[v]:
            return "leverage limit"
        return ""

    def room(self, i: int, side: int, px: int) -> int:
        """Lots that the position limit and the size of one order leave, whole steps."""
        account, limit = self.ledger.accounts[i], self.position_limits[i]
        buys, sells = self.tracker.buys[i], self.tracker.sells[i]
        lots = limit - account.position - buys if side > 0 else limit + account.position - sells
        one = account.grid.notional_atoms(2 * px, 1) * self.ledger.quote_rate(i)
        if one > 0:
            lots = min(lots, self.order_notional // one)
        lots = min(lots, self.order_lots[i])
        return max(0, lots - lots % account.lot_step)

    def least(self, i: int, px: int) -> int:
        """The fewest lots that the venue takes at this price, whole steps."""
        account = self.ledger.accounts[i]
        one = account.grid.notional_atoms(2 * px, 1)
        lots = -(-self.min_notional[i] // one) if one > 0 else 1
        return max(account.lot_step, lots + -lots % account.lot_step)

    # ------------------------------------------------------------ sides that are pulled

    def held(self, i: int, side: int) -> str:
        """Why a side of an instrument is pulled; "" when it is not."""
        return next((why for (k, s, _), why in self.pulled.items() if k == i and s == side), "")

    def pull(self, engine: Engine, i: int, side: int, whose: str, why: str) -> None:
        """No quotes on a side until it is released; those that are out are cancelled."""
        again = self.pulled.get((i, side, whose)) == why
        self.pulled[i, side, whose] = why
        for order in self.tracker.of(i):
            if order.side == side and order.purpose == "quote":
                engine.orders.cancel(order)
        if not again:
            engine.market.requote(i)

    def release(self, i: int, side: int, whose: str) -> bool:
        """Quotes may come back on a side; whether they were held."""
        return self.pulled.pop((i, side, whose), None) is not None

    def clear_way(self, engine: Engine, i: int, side: int, px: int, whose: str, why: str) -> bool:
        """Whether no own order stands where one at `px` would meet it; quotes that do are pulled, others cancelled."""
        across = [o for o in self.tracker.of(i) if o.side == -side and side * px >= side * o.reach]
        if across:
            self.pull(engine, i, -side, whose, why)
            for order in across:
                engine.orders.cancel(order)
        else:
            self.release(i, -side, whose)  # from here on the order itself keeps quotes from crossing it
        return not across

    # ------------------------------------------------------------ measures

    def gross(self) -> int:
        """Worst-case gross notional over all instruments, currency units."""
        total = 0
        open_buys, open_sells, rate = self.tracker.buys, self.tracker.sells, self.ledger.quote_rate
        for i, account in enumerate(self.ledger.accounts):
            position = account.position
            long, short = position + open_buys[i], open_sells[i] - position
            lots = long if long > short else short
            if account.legs is not None:
                lots = legs.gross(account, self.tracker, i)
            if lots:
                total += account.grid.notional_atoms(account.references.last(), lots) * rate(i)
        return total

    def contracts(self, v: int) -> int:
        """Worst-case gross notional of a venue's contracts (spot has no leverage), currency units."""
        mine = [i for i, one in enumerate(self.venue_of) if one == v and not self.spot[i]]
        return sum(self.worth(i) for i in mine)

    def worth(self, i: int) -> int:
        """Worst-case gross notional of one instrument, currency units."""
        account, buys, sells = self.ledger.accounts[i], self.tracker.buys[i], self.tracker.sells[i]
        lots = max(abs(account.position + buys), abs(account.position - sells))
        if account.legs is not None:
            lots = legs.gross(account, self.tracker, i)
        if not lots:
            return 0
        return account.grid.notional_atoms(account.references.last(), lots) * self.ledger.quote_rate(i)

    def rate(self, v: int, ts: int) -> int:
        """Messages sent to a venue in the last second."""
        sent = self.sent[v]
        while sent and sent[0] <= ts - SECOND:
            sent.popleft()
        return len(sent)

    def count(self, v: int, ts: int) -> None:
        self.rate(v, ts)  # forgets what is older than a second
        self.sent[v].append(ts)


def _lots(item: InstrumentSetup) -> int:
    return int(Decimal(item.max_order) / Decimal(item.instrument.lot)) or MOST


def _units(currency: float) -> int:
    """Currency as integer units of 10**-27, exact to the float's millionths."""
    return round(currency * 1_000_000) * (UNIT // 1_000_000)
