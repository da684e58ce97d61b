"""What goes wrong with requests at one venue (faults 1-3, 5-11, 25, 39) and with reported fills (4, 20).

Lasting conditions (26, 27, 28) and other people's acts (36, 37) are in exchange_acts.py.
Rules of this file: the exchange carries out what is true; here is decided what arrives, what is told, and when.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import msgspec

from mmtui.sim.exchange_acts import Conditions
from mmtui.sim.exchange_orders import SimFill, SimOrder
from mmtui.sim.world import ALL_ORDERS, MS, SECOND
from mmtui.venues.account_messages import (
    Amend,
    Answer,
    ArmDeadMan,
    Cancel,
    CancelEverything,
    ChangedOrder,
    Create,
    Done,
    Failed,
    NewOrder,
    OldOrder,
    OrderResult,
    Refused,
    Request,
)
from mmtui.venues.trading import Meaning

if TYPE_CHECKING:
    from mmtui.sim.exchange import Exchange

Reply = Callable[[Answer, int], None]
#: A create that never expires lands within this.
LATEST_NS = 3 * SECOND
#: There are few private reports beside the frames of a market: one is as likely to be damaged (20) as so many of those.
REPORT = 32
_NO_NUMBERS = (b"NaN", b"inf", b"1e400", b"")


class Troubles:
    """The faults of one exchange."""

    __slots__ = ("_exchange", "_late_fills", "_on", "_world", "conditions", "eager")

    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange
        self._world = exchange.world
        self._on = [self._world.draws(n) for n in range(43)]
        self._late_fills = 0  # fills booked now are reported so much later, ns
        self.eager = False  # fault 5: the order that is placed now is filled before anybody is told of it
        self.conditions = Conditions(exchange)

    def start(self) -> None:
        """Begin to draw conditions."""
        if self._on[24]:
            self._exchange.skew = (self._world.dice(24).below(500) - 250) * MS
        self._world.on_heal(self._heal)
        self.conditions.start()

    def _heal(self) -> None:
        self._on = [False] * len(self._on)
        exchange = self._exchange
        exchange.budgets.end()
        exchange.dead_man.spent = False
        exchange.queries.stale_until = 0
        self.conditions.heal()

    # -- may it pass -------------------------------------------------------------------------------------------

    def refuses(self, kind: str) -> str:
        """Why a stream is not taken."""
        return self.conditions.refuses(kind)

    def refuse(self, request: Request) -> Answer | None:
        """Why a request is not looked at."""
        if self._on[25] and self._world.strikes(25, ALL_ORDERS):
            dice, budgets = self._world.dice(25), self._exchange.budgets
            which = dice.below(4)
            if which < 2:
                budgets.limit((200 + dice.below(2_800)) * MS)
            else:
                budgets.ban("418" if which == 2 else "403", (500 + dice.below(5_500)) * MS)
        return self.conditions.refuse(request)

    def closed_to(self, i: int, post_only: bool) -> Meaning | None:
        return self.conditions.closed_to(i, post_only)

    def fits(self, i: int, px: int, sz: int) -> bool:
        return self.conditions.fits(i, px, sz)

    # -- creates -----------------------------------------------------------------------------------------------

    def create(self, request: Create, reply: Reply) -> None:
        """A create on its way: it may be lost (2) or late (3)."""
        first = request.orders[0].oid
        if self._on[2] and self._world.strikes(2, first):
            self._lost(2, None, reply)
        elif self._on[3] and self._world.strikes(3, first):
            self._world.after(self._lateness(request), self._arrived, request, reply)
        else:
            self._arrived(request, reply)

    def _lateness(self, request: Create | Amend) -> int:
        """Up to a little after its expiry: then the venue refuses it."""
        until = request.expires - self._world.now + 300 * MS if request.expires else LATEST_NS
        return 50 * MS + self._world.dice(3).below(max(until, MS))

    def _arrived(self, request: Create, reply: Reply) -> None:
        exchange, world = self._exchange, self._world
        first = request.orders[0].oid
        self.eager = self._on[5] and world.strikes(5, first)
        refused: list[int] = []  # places of a batch that are not done
        unanswered = False
        if self._on[11] and len(request.orders) > 1 and world.strikes(11, first):
            bits = world.dice(11).bits()
            unanswered = bits & 3 == 0
            refused = [place for place in range(len(request.orders)) if bits >> 8 + place & 1]
        if not exchange.facts.fill_before_ack and not self.eager and exchange.net is not None:
            exchange.net.hold_private(exchange.v)
        place: Callable[[NewOrder], OrderResult] = exchange.entry.place
        if refused:
            wanted = iter(range(len(request.orders)))
            place = lambda new: self._half(new, next(wanted) in refused)  # noqa: E731 - one use, with its counter
        answer = exchange.entry.create(request, place)
        delay = self._fill_now(request) if self.eager else 0
        if unanswered or (self._on[1] and world.strikes(1, first)):
            self._lost(11 if unanswered else 1, answer, reply)
        else:
            reply(answer, delay)

    def _half(self, new: NewOrder, refused: bool) -> OrderResult:
        """One order of a batch that is done in part; where the venue has a word for it, its fate is not known."""
        exchange = self._exchange
        unknown = self._world.dice(11).below(2) and "fate unknown" in exchange.facts.codes.values()
        if refused:
            return exchange.refusal("fate unknown" if unknown else "overloaded")
        result = exchange.entry.place(new)
        return exchange.refusal("fate unknown") if unknown and result.ok else result

    def _fill_now(self, request: Create) -> int:
        """Fault 5: executions on the stream, then (sometimes) the order itself, the answer much later."""
        exchange, dice = self._exchange, self._world.dice(5)
        self.eager = False
        for new in request.orders:
            order = exchange.orders.get(new.client_id)
            if order is not None and order.open:
                exchange.hit(order, 1 + dice.below(order.left))
                if order.open and dice.below(2):
                    exchange.report([exchange.wires[order.i].order(order, exchange.clock())])
        return (200 + dice.below(800)) * MS

    def _lost(self, n: int, answer: Answer | None, reply: Reply) -> None:
        """No answer, one that says nothing, or (where there is one) the answer, much too late."""
        dice = self._world.dice(n)
        kind = dice.below(5)
        if kind == 1:
            reply(Failed("timeout"), (500 + dice.below(2_500)) * MS)
        elif kind == 2:
            reply(Failed("5xx"), dice.below(200) * MS)
        elif kind == 3:
            reply(Failed("network"), dice.below(500) * MS)
        elif kind == 4 and answer is not None:
            reply(answer, (500 + dice.below(3_500)) * MS)

    # -- amends ------------------------------------------------------------------------------------------------

    def amend(self, request: Amend, reply: Reply) -> None:
        """An amend on its way: it may be lost (2) or late (3), and so may its answer (1)."""
        oid = request.order.oid
        if self._on[2] and self._world.strikes(2, oid):
            self._lost(2, None, reply)
        elif self._on[3] and self._world.strikes(3, oid):
            self._world.after(self._lateness(request), self._amended, request, reply)
        else:
            self._amended(request, reply)

    def _amended(self, request: Amend, reply: Reply) -> None:
        answer = self._exchange.amends.amend(request, self._amend_one)
        if self._on[1] and self._world.strikes(1, request.order.oid):
            self._lost(1, answer, reply)
        else:
            reply(answer, 0)

    def _amend_one(self, change: ChangedOrder) -> OrderResult:
        """What can come between: it is filled in part (6) or wholly (9) first, or is said not to be there (8)."""
        exchange, world, oid = self._exchange, self._world, change.oid
        order = exchange.amends.find(change)
        if order is not None:
            if self._on[8] and world.strikes(8, oid):
                return exchange.refusal("unknown order")
            if self._on[9] and world.strikes(9, oid):
                self._hit_before(9, order, order.left)
            elif self._on[6] and world.strikes(6, oid) and (lots := world.dice(6).below(order.left)):
                self._hit_before(6, order, lots)
        return exchange.amends.change(change)

    # -- cancels -----------------------------------------------------------------------------------------------

    def cancel(self, request: Cancel, reply: Reply) -> None:
        """A cancel has arrived."""
        world, exchange = self._world, self._exchange
        first = request.orders[0].oid
        unanswered = False
        if self._on[11] and len(request.orders) > 1 and world.strikes(11, first):
            bits = world.dice(11).bits()
            unanswered = bits & 1 == 0
            done = [old for place, old in enumerate(request.orders) if unanswered or bits >> 8 + place & 1]
            answer = exchange.cancel(msgspec.structs.replace(request, orders=done), self._cancel_one)
            if isinstance(answer, Done):
                told = {old.oid: result for old, result in zip(done, answer.results, strict=True)}
                busy = exchange.refusal("overloaded")
                answer = Done([told.get(old.oid, busy) for old in request.orders])
        else:
            answer = exchange.cancel(request, self._cancel_one)
        if unanswered or (self._on[10] and world.strikes(10, first)):
            self._lost(11 if unanswered else 10, answer, reply)
        else:
            reply(answer, 0)

    def _cancel_one(self, old: OldOrder) -> OrderResult:
        """One order of a cancel, with what can come between (6, 8, 9)."""
        exchange, world = self._exchange, self._world
        order = exchange.find(old)
        if order is None:
            return exchange.refusal("unknown order")
        if self._on[8] and world.strikes(8, old.oid):
            if exchange.facts.cancel_ack_final:
                return exchange.refusal("unknown order")
            return OrderResult(True, order.venue_id)  # "successful", and never effective
        if self._on[9] and world.strikes(9, old.oid):
            self._hit_before(9, order, order.left)
            return exchange.refusal("unknown order")
        if self._on[6] and world.strikes(6, old.oid):
            whole = not exchange.facts.cancel_ack_final and world.dice(6).below(2) == 0
            lots = order.left if whole else world.dice(6).below(order.left)
            if lots:
                self._hit_before(6, order, lots)
            if not order.open:
                return OrderResult(True, order.venue_id)
        return exchange.cancel_one(old)

    def _hit_before(self, n: int, order: SimOrder, lots: int) -> None:
        """An execution from just before, reported later."""
        self._late_fills = (20 + self._world.dice(n).below(1_480)) * MS
        self._exchange.hit(order, lots)
        self._late_fills = 0

    def cancels_everything(self, request: CancelEverything, scope: list[SimOrder], reply: Reply) -> bool:
        """Fault 7 hits orders first; fault 10 loses the answer (False: the exchange need not answer)."""
        world, exchange = self._world, self._exchange
        if self._on[7]:
            for order in scope:
                if order.ours and world.strikes(7, order.oid):
                    exchange.hit(order, 1 + world.dice(7).below(order.left))
        if self._on[10] and world.strikes(10, ALL_ORDERS):
            for order in scope:
                if order.open:
                    exchange.gone_soon(order)
            self._lost(10, Done(), reply)
            return False
        return True

    # -- fills and the dead-man switch -------------------------------------------------------------------------

    def fill(self, order: SimOrder, fill: SimFill, frames: list[bytes]) -> None:
        """Report an execution: late (6, 9), twice (4), or with a price that is no number (20)."""
        world = self._world
        if self._on[20] and any(world.strikes(20, order.oid) for _ in range(REPORT)):
            head, _, tail = frames[0].partition(b'"L":"')
            bad = _NO_NUMBERS[world.dice(20).below(len(_NO_NUMBERS))]
            frames = [head + b'"L":"' + bad + tail[tail.index(b'"') :], *frames[1:]]
        self._send(self._late_fills, frames)
        if self._on[4] and world.strikes(4, order.oid):
            dice = world.dice(4)
            self._send(self._late_fills + (dice.below(2_000) * MS if dice.below(2) else 0), frames[:1])

    def _send(self, wait: int, frames: list[bytes]) -> None:
        if wait:
            self._world.after(wait, self._exchange.report, frames)
        else:
            self._exchange.report(frames)

    def arm(self, request: ArmDeadMan, reply: Reply) -> None:
        """Fault 39: the refresh is lost, refused for its quota, or the switch fires."""
        exchange, world = self._exchange, self._world
        if self._on[39] and world.strikes(39, ALL_ORDERS):
            dice = world.dice(39)
            kind = dice.below(3)
            if kind == 0:
                return
            if kind == 1 and exchange.facts.dead_man.mechanism != "none":
                exchange.dead_man.spent = True
                world.after((1_000 + dice.below(4_000)) * MS, self._restored)
                reply(Refused("dead-man", "the quota of the day is used up"), 0)
                return
            for key in exchange.dead_man.armed():
                world.after(dice.below(500) * MS, exchange.dead_man.fire, key)
        reply(exchange.dead_man.arm(request.ms, request.i), 0)

    def _restored(self) -> None:
        self._exchange.dead_man.spent = False
