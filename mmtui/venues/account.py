"""One venue's trading session, sans-IO: effects in, requests out; answers and reports in, events out.

The real drivers and the simulator drive the same class: `send` and then `take` what leaves, `answer` and `report` what
comes, `tick` when `next_ts` is due.  Cancels leave first and always have a budget; creates leave once, within what the
budget leaves them, and not when they have grown old in the queue.  Questions of one kind share a request.

Rules of this file: no clock, no I/O; every answer, in any order and of any content, becomes events and never an
exception; what an answer means is in account_answers.py, what a report means in account_reports.py.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from mmtui.core.effects import AmendOrder, CancelAll, CancelOrder, Effect, PlaceOrder, QueryAccount, QueryOpenOrders
from mmtui.core.events import AccountStatus, CancelAllDone, Event, GridRefined, OrderRejected
from mmtui.core.market.instrument import Instrument
from mmtui.core.runner import NEVER
from mmtui.venues.account_amends import Changes
from mmtui.venues.account_answers import Answers
from mmtui.venues.account_budget import Budget
from mmtui.venues.account_deadman import DeadManKeeper
from mmtui.venues.account_flights import TIMEOUT, Everything, Flight, Flights, LeftOnce, Questions
from mmtui.venues.account_ids import ClientIds
from mmtui.venues.account_messages import (
    Answer,
    ArmDeadMan,
    Cancel,
    CancelEverything,
    Create,
    Failed,
    NewOrder,
    OldOrder,
    Request,
)
from mmtui.venues.account_orders import PATIENCE, OwnOrders
from mmtui.venues.account_reader import Reader
from mmtui.venues.account_reports import OVERLAP, Reports, fill_events
from mmtui.venues.account_secrets import Redactor
from mmtui.venues.binance.reports import FillReport, Report
from mmtui.venues.trading import TradingFacts

MS = 1_000_000
#: A create that could not leave within this is not sent any more: the market has moved on.
MAX_AGE = 1_000 * MS
#: Creates that may wait.
QUEUE_MAX = 500


class AccountSession:
    """Of one account at one venue. `tag` is the desk session's part of client ids, the same over all its lives.

    `secrets` (keys, passphrases) are masked in every word of the venue that is handed out,
    and what `mask` alone knows (a signer process's secrets).
    """

    def __init__(
        self,
        facts: TradingFacts,
        v: int,
        instruments: list[tuple[int, Instrument]],
        tag: str,
        secrets: Sequence[str] = (),
        mask: Callable[[str], str] | None = None,
    ) -> None:
        self.facts = facts
        self.v = v
        self.connected = False
        self.orders = OwnOrders()
        self.ids = ClientIds(facts, tag)
        self.reader = Reader(facts.id, v, instruments)
        self.budget = Budget(facts, len(instruments))
        self.dead_man = DeadManKeeper(facts, v, [i for i, _ in instruments])
        self.flights = Flights()
        self.questions = Questions()
        self.everything = Everything([i for i, _ in instruments])
        self.creates: dict[int, tuple[int, NewOrder]] = {}  # oid -> since when it waits, order
        self.cancels: dict[int, OldOrder] = {}
        self._cancelled = LeftOnce()
        self._swept = -TIMEOUT  # when a cancel-all last left
        self.changes = Changes(self)
        self.fence = 0  # cancel-alls so far: a create from before the newest one that has not left yet never does
        self.blocked = 0  # nothing leaves before this: 429, 418, 403
        self.out: list[Event] = []  # what became known while sending
        self._answers = Answers(self)
        self._reports = Reports(self)
        self._clean = Redactor(secrets, mask).events
        self._highest = 0
        self._retry = NEVER
        self._again = NEVER  # when the fills are asked for once more, and since which instant of the venue
        self._again_since = 0
        self._now = 0

    # -- effects -> requests -------------------------------------------------------------------------------------

    def send(self, effect: Effect, now: int) -> None:
        """Queue one of `SENT`; it leaves with the next `take`."""
        self._now = now
        kind = type(effect)
        if kind is PlaceOrder:
            self._place(effect, now)  # type: ignore[arg-type]
        elif kind is AmendOrder:
            self.changes.send(effect, now)  # type: ignore[arg-type]
        elif kind is CancelOrder:
            self.cancel(effect.i, effect.oid, now)  # type: ignore[union-attr]
        elif kind is CancelAll:
            self._cancel_all(effect, now)  # type: ignore[arg-type]
        elif kind is QueryOpenOrders:
            self.questions.ask("AskOpen", effect.endpoint, effect.query)  # type: ignore[union-attr]
        elif kind is QueryAccount:
            self.questions.account(effect.what, effect.query, effect.since)  # type: ignore[union-attr]

    def _place(self, effect: PlaceOrder, now: int) -> None:
        oid = effect.oid
        why = "its id was used before" if oid <= self._highest else ""
        if len(self.creates) >= QUEUE_MAX:
            why = "too many orders wait to be sent"
        if why:
            self.out.append(OrderRejected(now, now, effect.i, oid, why))
            return
        self._highest = oid
        grid = self.reader.grids[effect.i]
        self.creates[oid] = (
            now,
            NewOrder(
                oid,
                effect.i,
                self.ids.of(oid),
                effect.side,
                grid.price[effect.px],
                grid.size[effect.sz],
                effect.tif,
                effect.reduce_only,
            ),
        )

    def cancel(self, i: int, oid: int, now: int) -> None:
        """Cancel an order; one that has not left yet never does."""
        if oid in self.creates:
            self._drop(oid, now, "cancelled before it was sent")
            return
        self.changes.drop(oid, now, "cancelled before it was sent")
        order = self.orders.live.get(oid)
        if order is not None:
            order.asked = True
        if oid not in self.cancels and not self.flights.cancelling(oid):
            venue_order_id = order.venue_order_id if order is not None else ""
            self.cancels[oid] = OldOrder(oid, i, self.ids.of(oid), venue_order_id)

    def _drop(self, oid: int, now: int, why: str) -> None:
        _, order = self.creates.pop(oid)
        self.out.append(OrderRejected(now, now, order.i, oid, why))

    def _cancel_all(self, effect: CancelAll, now: int) -> None:
        """By the venue's cancel-all, or one by one where it has none or where it would hit what is not ours."""
        i = effect.i
        self.fence += 1
        for oid in [oid for oid, (_, order) in self.creates.items() if i in (-1, order.i)]:
            self._drop(oid, now, "cancelled before it was sent")
        ours = [order for order in self.orders.live.values() if i in (-1, order.i)]
        for order in ours:
            order.asked = True
            self.changes.drop(order.oid, now, "cancelled before it was sent")
        whole = self.facts.cancel_all
        if whole == "none" or self.everything.foreign(i) or (whole == "venue" and i >= 0):
            for order in ours:
                self.cancel(order.i, order.oid, now)
            if self.everything.one_by_one(effect.query, [order.oid for order in ours]):
                self.out.append(CancelAllDone(now, self.v, effect.query))
        else:
            self.everything.ask(effect.query, i, whole == "venue", now)

    def take(self, now: int) -> list[Request]:
        """What leaves now, in this order: cancel-all, cancels, dead-man switch, questions, creates."""
        self._now = now
        requests: list[Request] = []
        self._retry = NEVER
        switch = self.dead_man.next_ts() <= now
        wants = self.creates or self.changes.waiting
        if not (wants or self.cancels or self.questions.waiting or self.everything.waiting or switch):
            return requests
        if now < self.blocked:
            self._retry = self.blocked
            return requests
        if self.everything.waiting or self.cancels:
            again = self.budget.again(now)
            self.everything.too_old(now)
            self._take_everything(now, requests, again)
            self._take_cancels(now, requests, again)
        if switch:
            self._take_dead_man(now, requests)
        if self.questions.waiting and now >= self.questions.held:
            self._take_questions(now, requests)
        if wants and not (self.cancels or self.everything.waiting):
            for request in self.changes.take(now):
                self._leave(request, now, requests)
            self._take_creates(now, requests)
        wants = self.creates or self.changes.waiting
        if self.everything.waiting or self.cancels or self.questions.ready(now) or wants:
            self._retry = min(self._retry, now + self.budget.slot)
        return requests

    def _leave(self, request: Request, now: int, requests: list[Request], queries: Sequence[int] = ()) -> None:
        self.flights.add(Flight(request, now, list(queries)))
        requests.append(request)

    def _take_everything(self, now: int, requests: list[Request], again: bool) -> None:
        weight = self.budget.weights["CancelEverything"]
        while self.everything.waiting and self.budget.fits(now, "CancelEverything"):
            if self.everything.repeats():
                if not again:
                    break
                self.budget.repeated = now
            id = self.flights.next_id()
            i = self.everything.leaves(id)
            self.budget.spend(now, weight)
            self._swept = now
            self._leave(CancelEverything(id, i, self._expires(now), weight), now, requests)

    def _take_cancels(self, now: int, requests: list[Request], again: bool) -> None:
        """First cancels, and those that have left before where the budget has room for them."""
        first = [oid for oid in self.cancels if oid not in self._cancelled]
        repeated = [oid for oid in self.cancels if oid in self._cancelled] if again else []
        self._cancel_now(first, now, requests)
        if self._cancel_now(repeated, now, requests):
            self.budget.repeated = now

    def _cancel_now(self, oids: list[int], now: int, requests: list[Request]) -> int:
        """Cancel as many of these as the budget lets; how many."""
        batch, weight = self.facts.batch_cancel, self.budget.weights["Cancel"]
        done = 0
        # a cancel-all that has just left has these orders too: what proves it goes before their cancels one by one
        swept = now - self._swept < TIMEOUT and self.questions.waiting
        spare = 2 * self.budget.weights["AskOpen"] if swept else 0
        while count := self.budget.cancels(now, min(batch, len(oids) - done), spare):
            orders = [self.cancels.pop(oid) for oid in oids[done : done + count]]
            done += count
            self._cancelled.add(order.oid for order in orders)
            self.budget.spend(now, weight, cancelled=count)
            self._leave(Cancel(self.flights.next_id(), orders, self._expires(now), weight), now, requests)
        return done

    def again_soon(self, order: OldOrder) -> None:
        """A cancel that was certainly not carried out leaves like a first one."""
        self._cancelled.forget(order.oid)
        self.cancels.setdefault(order.oid, order)

    def _take_dead_man(self, now: int, requests: list[Request]) -> None:
        weight = self.budget.weights["ArmDeadMan"]
        for key, ms in self.dead_man.wants(now):
            if not self.budget.fits(now, "ArmDeadMan"):
                self._retry = now + self.budget.slot
                break
            self.budget.spend(now, weight)
            self.dead_man.sent(key)
            self._leave(ArmDeadMan(self.flights.next_id(), ms, key, self._expires(now), weight), now, requests)

    def _take_questions(self, now: int, requests: list[Request]) -> None:
        # what has been asked to go needs no reserve for its first cancel
        open_orders = sum(not order.asked for order in self.orders.live.values())
        short = False
        for kind, detail in self.questions.ready(now):
            # whoever has waited longest is first: nobody starves; only what proves a kill may overtake
            if (short and kind != "AskOpen") or not self.budget.asks(now, kind, open_orders, bool(self.orders.live)):
                short = True
                continue
            weight = self.budget.weights[kind]
            self.budget.asked(now, kind)
            expires = self._expires(now)
            request, queries = self.questions.leaves(kind, detail, self.flights.next_id(), expires, weight, now)
            self._leave(request, now, requests, queries)

    def _take_creates(self, now: int, requests: list[Request]) -> None:
        self._too_old(now)
        batch, weight = self.facts.batch_create, self.budget.weights["Create"]
        expiry = self.facts.expiry_ms
        while self.creates:
            count = self.budget.creates(now, min(batch, len(self.creates)), len(self.orders.live))
            if not count:
                break
            orders = [self.creates.pop(oid)[1] for oid in list(self.creates)[:count]]
            self.everything.created()
            for order in orders:
                self.changes.began(self.orders.sent(order.i, order.oid, order.tif, now), order)
            self.budget.spend(now, weight, created=count)
            expires = now + expiry * MS if expiry else 0
            self._leave(Create(self.flights.next_id(), orders, expires, weight), now, requests)

    def _expires(self, now: int) -> int:
        """Cancels and questions live as long as the venue lets them: a clock error must not stop a cancel."""
        expiry = self.facts.cancel_expiry_ms
        return now + expiry * MS if expiry else 0

    def _too_old(self, now: int) -> None:
        while self.creates:
            oid, (since, _) = next(iter(self.creates.items()))
            if now - since <= MAX_AGE:
                break
            self._drop(oid, now, "too old")

    # -- what comes ----------------------------------------------------------------------------------------------

    def answer(self, request_id: int, answer: Answer, now: int) -> list[Event]:
        """The venue's answer to a request (late answers too, where they say something of an order's fate)."""
        self._now = now
        flight = self.flights.land(request_id)
        if flight is None:
            flight = self.flights.landed_late(request_id)
            if flight is None or isinstance(answer, Failed):
                return []
        return self._clean(self._answers.take(flight, answer, now))

    def report(self, report: Report, now: int) -> list[Event]:
        """A report of the private stream."""
        self._now = now
        return self._clean(self._reports.take(report, now))

    def unreadable(self, why: str, now: int) -> list[Event]:
        """A message of the private stream that cannot be read: it may have been a fill."""
        self._now = now
        self.recheck(max(1, now - OVERLAP))
        return self._clean([self.reader.damage(now, why)])

    def fill(self, report: FillReport, now: int) -> list[Event]:
        """An execution, from the stream or from a list of fills."""
        return fill_events(self, report, now)

    def refined(self, event: GridRefined) -> None:
        """The public feed has found a finer grid (this session's own findings may be given back to it too)."""
        grid = self.reader.grids.get(event.i)
        if grid is not None and (grid.ticks.step, grid.lots.step) != (event.tick, event.lot):
            self.reader.refined(event)
            self.orders.rescale(event.i, event.sz_factor)

    def stream_up(self, now: int) -> list[Event]:
        """The private stream is there, logged in."""
        self._now = now
        self.connected = True
        return [AccountStatus(now, self.v, True, "logged in"), *self.dead_man.up(now)]

    def stream_down(self, now: int, why: str) -> list[Event]:
        self._now = now
        self.connected = False
        return self._clean([AccountStatus(now, self.v, False, why), *self.dead_man.down(now)])

    def stand_down(self, now: int) -> None:
        """The desk ends in order, with zero open orders proven: the dead-man switch is turned off."""
        self.dead_man.stand_down(now)

    # -- time ----------------------------------------------------------------------------------------------------

    def tick(self, now: int) -> list[Event]:
        """What time alone brings: requests without an answer, old creates, fills that are missing, the switch."""
        self._now = now
        self._too_old(now)
        self.changes.too_old(now)
        events = self.out
        self.out = []
        for flight in self.flights.overdue(now):
            events += self._answers.take(flight, Failed("timeout"), now)
        events += self.dead_man.tick(now)
        doubted = self.orders.doubted_at()
        if doubted and now >= doubted:
            self.recheck(self.orders.missing(now))
        if now >= self._again:
            self._ask_again()
        return self._clean(events)

    def recheck(self, since: int) -> None:
        """Fills or numbers were missed: ask for the fills, of ourselves, and once more when the list has caught up."""
        if since:
            self.questions.ask("AskFills", 0, 0, since)
            self._again = self._now + self.facts.lag.fills_ms * MS + PATIENCE
            self._again_since = min(since, self._again_since) if self._again_since else since

    def _ask_again(self) -> None:
        self.questions.ask("AskFills", 0, 0, self._again_since)
        self._again, self._again_since = NEVER, 0

    def next_ts(self) -> int:
        """When to tick and take next, 0: at once."""
        if self.out:
            return 0
        ts = min(self._retry, self.flights.due(), self._again)
        switch = self.dead_man.next_ts()
        if switch < ts:
            ts = switch if switch > self._now else min(ts, max(self._retry, self._now + MS))
        doubted = self.orders.doubted_at()
        if doubted and doubted < ts:
            ts = doubted
        if self.creates:
            since, _ = next(iter(self.creates.values()))
            ts = min(ts, since + MAX_AGE + 1)
        if self.changes.waiting:
            ts = min(ts, self.changes.due())
        if self._retry == NEVER and self.questions.waiting and self.questions.ready(self._now):
            ts = min(ts, self._now + MS)
        return ts
