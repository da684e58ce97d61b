"""The paper venues of a desk: latency in and out, one order of answers a venue, order rules, fees.

Rules of this file: deterministic (the seed and the order of calls decide everything), no clock.  Matching is in
matching.py; here is when a request arrives, what the venue answers, and when that answer is known to the desk.

A request's answer has its instant from the moment of sending; what it says is settled when time has come to the
request's arrival: before the next market event, or when the first later answer is popped, whichever is first.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from heapq import heappop, heappush
from itertools import count

import msgspec

from mmtui.core.effects import AmendOrder, CancelAll, CancelOrder, Effect, PlaceOrder, QueryAccount, QueryOpenOrders
from mmtui.core.events import (
    AccountAnswer,
    AmendRejected,
    CancelAllDone,
    CancelRejected,
    Event,
    Fill,
    GridRefined,
    OpenOrders,
    OrderAccepted,
    OrderAmended,
    OrderCancelled,
    OrderRejected,
    QueueUpdate,
)
from mmtui.core.market.book import OrderBook
from mmtui.core.market.instrument import ATOMS, Grid
from mmtui.core.rng import Rng
from mmtui.core.runner import NEVER
from mmtui.core.setup import DeskSetup, PaperSetup
from mmtui.venues.paper.amends import refusal, rescaled
from mmtui.venues.paper.answers import fill_event, positions_event
from mmtui.venues.paper.matching import HANDLERS, Matching
from mmtui.venues.paper.queue import Resting

#: Queue places are told at most ten times a second a venue.
QUEUE_EVERY = 100_000_000
#: The least latency of a leg: it is never zero.
LEAST = 100_000
_OF_INSTRUMENTS = (PlaceOrder, AmendOrder, CancelOrder)
_OF_VENUES = (CancelAll, QueryOpenOrders, QueryAccount)

Request = PlaceOrder | AmendOrder | CancelOrder | CancelAll | QueryOpenOrders | QueryAccount


class Flight:
    """A request on its way, or its answers on their way back."""

    __slots__ = ("answer_ts", "answers", "arrival", "done", "request", "v")

    def __init__(self, v: int, request: Request, arrival: int, answer_ts: int) -> None:
        self.v = v
        self.request = request
        self.arrival = arrival
        self.answer_ts = answer_ts
        self.done = False
        self.answers: list[Event] = []


class _Line:
    """The connection to one venue: latencies and the order of what travels on it."""

    __slots__ = ("answered", "flights", "into", "jitter", "last_answer", "last_arrival", "out", "rng_in", "rng_out")

    def __init__(self, seed: int, venue: str, paper: PaperSetup) -> None:
        self.rng_in = Rng(seed, f"paper/{venue}/in")
        self.rng_out = Rng(seed, f"paper/{venue}/out")
        self.into = round(paper.latency_in_ms * 1e6)
        self.out = round(paper.latency_out_ms * 1e6)
        self.jitter = round(paper.jitter_ms * 1e6)
        self.last_arrival = 0
        self.last_answer = 0
        self.answered = 0  # instant of the latest answer whose content is settled
        self.flights: list[Flight] = []  # not arrived yet, in order

    def take_off(self, v: int, request: Request, now: int) -> Flight:
        self.last_arrival = max(self.last_arrival, now + self._leg(self.into, self.rng_in))
        answer = self.last_arrival + self._leg(self.out, self.rng_out)
        self.last_answer = max(self.last_answer, answer, self.answered)
        flight = Flight(v, request, self.last_arrival, self.last_answer)
        self.flights.append(flight)
        return flight

    def report_ts(self, now: int) -> int:
        """When a match at `now` is known: never before an earlier answer, never after a later one."""
        ts = max(now + self._leg(self.out, self.rng_out), self.answered)
        if self.flights:
            ts = min(ts, self.flights[0].answer_ts)
        self.answered = ts
        return ts

    def _leg(self, base: int, rng: Rng) -> int:
        return max(LEAST, base - self.jitter + rng.below(2 * self.jitter + 1))


class PaperVenue:
    """core.runner.Execution for all instruments of the desk. `books` are the engine's own, read only."""

    def __init__(self, setup: DeskSetup, books: list[OrderBook], seed: int) -> None:
        optimistic = setup.paper.model == "optimistic"
        self._venues = list(setup.venues)
        self._lines = [_Line(seed, venue, setup.paper) for venue in setup.venues]
        instruments = [item.instrument for item in setup.instruments]
        self._venue_of = [setup.venues.index(instrument.venue) for instrument in instruments]
        self._grids = [Grid(instrument) for instrument in instruments]
        self._amending = [setup.amends.get(instrument.venue) for instrument in instruments]
        self._least = [int(Decimal(instrument.min_notional) * ATOMS) for instrument in instruments]  # quote
        self._baselines = [int(Decimal(item.baseline) / Decimal(item.instrument.lot)) for item in setup.instruments]
        self._markets = [Matching(i, item, books[i], optimistic, self) for i, item in enumerate(instruments)]
        self._numbers = count(1)
        self._trades = 0
        self._orders = 0
        self._arrivals: list[tuple[int, int, Flight]] = []
        self._answers: list[tuple[int, int, int, Flight | Event]] = []  # instant, instant at the venue, number
        self._queue_due = [NEVER] * len(setup.venues)
        self._queue_last = [0] * len(setup.venues)
        self._busy = False
        self._arrival = NEVER
        self._due = NEVER

    # -- Execution -----------------------------------------------------------------------------------------------

    def on_market(self, event: Event) -> None:
        """A market event, before the shared books have it."""
        if event.ts >= self._arrival:
            self._arrive(event.ts)
            self._refresh()
        handle = HANDLERS.get(event.__class__)
        if handle is None:
            if isinstance(event, GridRefined):
                self._refine(event)
            return
        if not self._busy:
            return
        i: int = event.i  # type: ignore[union-attr]  # all that have a handler are of an instrument
        market = self._markets[i]
        if market.orders or market.busy:
            before = len(self._answers)
            handle(market, event)
            noted = market.moved and self._note_queue(i, event.ts)
            if noted or len(self._answers) != before or not (market.orders or market.busy):
                self._refresh()

    def send(self, effect: Effect, now: int) -> None:
        """A request leaves at `now`."""
        if isinstance(effect, _OF_INSTRUMENTS):
            v = self._venue_of[effect.i]
        elif isinstance(effect, _OF_VENUES):
            v = effect.v
        else:
            raise TypeError(f"{type(effect).__name__} is not for a venue")
        flight = self._lines[v].take_off(v, effect, now)
        number = next(self._numbers)
        heappush(self._arrivals, (flight.arrival, number, flight))
        heappush(self._answers, (flight.answer_ts, flight.arrival, number, flight))
        self._refresh()

    def next_ts(self) -> int:
        return self._due

    def pop(self) -> Event:
        """The next answer. At equal instants answers go before queue places."""
        due = self._due
        if not self._answers or self._answers[0][0] > due:
            event: Event = self._queue_update(self._queue_due.index(due), due)
            self._refresh()
            return event
        self._arrive(due)
        content = self._answers[0][3]
        if isinstance(content, Flight):
            event = content.answers.pop(0)
            if not content.answers:
                heappop(self._answers)
        else:
            event = content
            heappop(self._answers)
        self._refresh()
        return event

    # -- for the host and for tests ------------------------------------------------------------------------------

    def restore(self, positions: Sequence[int], shorts: Sequence[int] = ()) -> None:
        """After a recovery: each instrument's position in lots, and its short leg's (reduce-only is judged by them)."""
        for k, market in enumerate(self._markets):
            market.position = positions[k]
            market.short = shorts[k] if market.short is not None else None

    def open_orders(self, v: int) -> list[int]:
        """Ids that rest at a venue now (requests under way have not arrived)."""
        return sorted(oid for i, market in enumerate(self._markets) if self._venue_of[i] == v for oid in market.orders)

    def position(self, i: int) -> int:
        """Lots held at the venue, from our fills."""
        return self._markets[i].position

    # -- Sink: matches of resting orders -------------------------------------------------------------------------

    def filled(self, i: int, order: Resting, px: int, sz: int, now: int) -> None:
        ts = self._lines[self._venue_of[i]].report_ts(now)
        fill = self._fill(i, order, px, sz, True, ts, now)
        heappush(self._answers, (ts, now, next(self._numbers), fill))

    def expired(self, i: int, order: Resting, reason: str, now: int) -> None:
        ts = self._lines[self._venue_of[i]].report_ts(now)
        heappush(self._answers, (ts, now, next(self._numbers), OrderCancelled(ts, now, i, order.oid, reason)))

    # -- arrival at the venue ------------------------------------------------------------------------------------

    def _arrive(self, ts: int) -> None:
        while self._arrivals and self._arrivals[0][0] <= ts:
            flight = heappop(self._arrivals)[2]
            line = self._lines[flight.v]
            line.flights.remove(flight)
            line.answered = max(line.answered, flight.answer_ts)
            request = flight.request
            if isinstance(request, PlaceOrder):
                flight.answers = self._place(request, flight)
            elif isinstance(request, AmendOrder):
                flight.answers = self._amend(request, flight)
            elif isinstance(request, CancelOrder):
                flight.answers = [self._cancel(request, flight)]
            elif isinstance(request, CancelAll):
                flight.answers = self._cancel_all(request, flight)
            elif isinstance(request, QueryAccount):
                flight.answers = [self._account(request, flight.answer_ts)]
            else:
                oids = self.open_orders(request.v)
                flight.answers = [OpenOrders(flight.answer_ts, request.v, request.query, request.endpoint, oids)]
            flight.done = True

    def _place(self, order: PlaceOrder, flight: Flight) -> list[Event]:
        ts, now, i = flight.answer_ts, flight.arrival, order.i
        market = self._markets[i]
        wrong = self._why_not(order, market)
        if wrong:
            return [OrderRejected(ts, now, i, order.oid, wrong)]
        self._orders += 1
        fills: list[tuple[int, int]] = []
        if order.tif != "GTX":
            fills = market.take(order, market.reducible(order.side) if order.reduce_only else order.sz)
        left = order.sz - sum(size for _, size in fills)
        ahead = -1
        rests = left > 0 and order.tif != "IOC"
        if rests:
            ahead = market.rest(order, left).ahead
        answers: list[Event] = [OrderAccepted(ts, now, i, order.oid, f"paper-{self._orders}", ahead)]
        answers += [self._fill(i, order, px, size, False, ts, now) for px, size in fills]
        if left > 0 and not rests:
            answers.append(OrderCancelled(ts, now, i, order.oid, "ioc"))
        market.expire_reduce_only(now)
        return answers

    def _why_not(self, order: PlaceOrder, market: Matching) -> str:
        """The venue's reason to reject, in the order in which a venue checks; empty when it takes the order."""
        instrument = market.instrument
        if order.oid in market.orders:
            return "duplicate order id"
        if order.px <= 0 or order.sz <= 0 or order.side not in (1, -1):
            return "price and size must be whole positive ticks and lots"
        if order.tif not in ("GTX", "GTC", "IOC"):
            return f"unknown time in force {order.tif}"
        if not market.book.valid:
            return "no market"
        notional = self._grids[order.i].notional_atoms(2 * order.px, order.sz)
        if notional < self._least[order.i] and not order.reduce_only:
            return f"notional below {instrument.min_notional} {instrument.quote}"
        if order.reduce_only and order.sz > market.reducible(order.side):
            return "reduce-only would open or flip the position"
        if order.tif == "GTX" and market.would_take(order):
            return "post-only would take"
        return ""

    def _amend(self, request: AmendOrder, flight: Flight) -> list[Event]:
        """In place where it becomes smaller at its price; else to the back of the queue of its price."""
        ts, now, i, oid = flight.answer_ts, flight.arrival, request.i, request.oid
        market = self._markets[i]
        order = market.orders.get(oid)
        if order is None:
            return [AmendRejected(ts, now, i, oid, request.amend, False, "unknown order")]
        filled = order.sz - order.left
        wanted = PlaceOrder(i, oid, order.side, request.px, request.sz, order.tif, order.reduce_only, "", 0)
        how = self._amending[i]
        takes = request.px != order.px and market.would_take(wanted)
        if request.sz <= filled or (takes and order.tif == "GTX" and how and how.cancels):
            market.remove(order)
            return [OrderCancelled(ts, now, i, oid, "by venue (amended)")]
        notional = self._grids[i].notional_atoms(2 * request.px, max(0, request.sz - filled))
        wrong = refusal(how, order, request, takes, notional >= self._least[i])
        if wrong:
            return [AmendRejected(ts, now, i, oid, request.amend, True, wrong)]
        if request.px == order.px and request.sz <= order.sz and how is not None and how.keeps:
            market.shrink(order, request.sz)
            return [OrderAmended(ts, now, i, oid, request.amend, order.px, order.sz, order.ahead)]
        market.remove(order)
        left = request.sz - filled
        fills = market.take(msgspec.structs.replace(wanted, sz=left), left) if takes else []
        left -= sum(size for _, size in fills)
        ahead = market.rest(wanted, left).ahead if left else -1
        market.expire_reduce_only(now)
        amended: Event = OrderAmended(ts, now, i, oid, request.amend, request.px, request.sz, ahead)
        return [amended, *(self._fill(i, order, px, size, False, ts, now) for px, size in fills)]

    def _cancel(self, request: CancelOrder, flight: Flight) -> Event:
        market = self._markets[request.i]
        order = market.orders.get(request.oid)
        if order is None:
            return CancelRejected(flight.answer_ts, flight.arrival, request.i, request.oid, "unknown order")
        market.remove(order)
        return OrderCancelled(flight.answer_ts, flight.arrival, request.i, request.oid, "requested")

    def _cancel_all(self, request: CancelAll, flight: Flight) -> list[Event]:
        answers: list[Event] = []
        for i, market in enumerate(self._markets):
            if self._venue_of[i] == request.v and request.i in (-1, i):
                for order in list(market.orders.values()):
                    market.remove(order)
                    answers.append(OrderCancelled(flight.answer_ts, flight.arrival, i, order.oid, "requested"))
        answers.append(CancelAllDone(flight.answer_ts, request.v, request.query))
        return answers

    def _account(self, request: QueryAccount, ts: int) -> Event:
        """Fills and ledger have nothing that was not told: the venue lives in the host."""
        if request.what != "positions":
            return AccountAnswer(ts, request.v, request.query, request.what)
        mine = [market for market, v in zip(self._markets, self._venue_of, strict=True) if v == request.v]
        return positions_event(ts, request, mine, self._baselines)

    # -- inside --------------------------------------------------------------------------------------------------

    def _fill(self, i: int, order: PlaceOrder | Resting, px: int, sz: int, maker: bool, ts: int, now: int) -> Fill:
        self._trades += 1
        return fill_event(self._markets[i], self._grids[i], order, px, sz, maker, ts, now, self._trades)

    def _note_queue(self, i: int, now: int) -> bool:
        """Plan a QueueUpdate if a place has changed and none is planned; whether it was."""
        market = self._markets[i]
        market.moved = False
        v = self._venue_of[i]
        if self._queue_due[v] == NEVER:
            for order in market.orders.values():
                if order.ahead != order.told:
                    self._queue_due[v] = max(now, self._queue_last[v] + QUEUE_EVERY)
                    return True
        return False

    def _moved(self, v: int) -> list[Resting]:
        """Own orders of a venue whose queue place is not the one that was told last."""
        found: list[Resting] = []
        for i, market in enumerate(self._markets):
            if self._venue_of[i] == v:
                found += [order for order in market.orders.values() if order.ahead != order.told]
        return found

    def _queue_update(self, v: int, ts: int) -> QueueUpdate:
        moved = self._moved(v)
        for order in moved:
            order.told = order.ahead
        self._queue_due[v] = NEVER
        self._queue_last[v] = ts
        return QueueUpdate(ts, v, [order.oid for order in moved], [order.ahead for order in moved])

    def _refresh(self) -> None:
        """After every change: what is due when, and whether market events matter at all."""
        self._busy = any(market.busy for market in self._markets)
        self._arrival = self._arrivals[0][0] if self._arrivals else NEVER
        due = self._answers[0][0] if self._answers else NEVER
        for v, ts in enumerate(self._queue_due):
            if ts != NEVER:
                if self._moved(v):
                    due = min(due, ts)
                else:
                    self._queue_due[v] = NEVER
        self._due = due

    def _refine(self, event: GridRefined) -> None:
        """New units: resting orders, requests and answers under way, grid."""
        i, px, sz = event.i, event.px_factor, event.sz_factor
        market = self._markets[i]
        market.rescale(event, msgspec.structs.replace(market.instrument, tick=event.tick, lot=event.lot))
        self._grids[i] = Grid(market.instrument)
        self._baselines[i] *= sz
        for _, _, flight in self._arrivals:
            request = flight.request
            if isinstance(request, PlaceOrder | AmendOrder) and request.i == i:
                flight.request = msgspec.structs.replace(request, px=request.px * px, sz=request.sz * sz)
        for at, (ts, there, number, content) in enumerate(self._answers):
            if isinstance(content, Flight):
                content.answers = [rescaled(answer, i, px, sz) for answer in content.answers]
            else:
                self._answers[at] = (ts, there, number, rescaled(content, i, px, sz))
