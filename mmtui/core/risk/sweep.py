"""Kill and shutdown: block, cancel, and ask until every venue itself has said zero twice. Never stops trying.

The state has been latched before a sweep begins, so nothing new can leave; cancels go out by cancel-all *and* by id; a
venue counts as proven when two independent queries both report none of our orders and the tracker knows none either.
(controls.md 1b, steps 2-4.)  Rules of this file: no profit, no quoting, no view; only orders.
"""

from __future__ import annotations

from collections.abc import Callable

from mmtui.core.effects import CancelAll, CancelOrder, Effect, QueryOpenOrders
from mmtui.core.orders.table import Fact
from mmtui.core.orders.tracker import Order, Tracker

RETRY_NS = 250_000_000
RETRY_MAX_NS = 1_000_000_000
#: After so many attempts, a venue that has acknowledged a cancel-all is asked every time and cancelled every other
#: time: its budget must not go into cancels so that no question about what is left gets through.
EAGER = 4
#: Questions whose answers are still listened to: a venue may take longer to answer than we take to ask again.
QUESTIONS = 16


class VenueSweep:
    """Progress at one venue. Instants on the engine clock, 0: not yet."""

    __slots__ = (
        "acked",
        "answers",
        "attempts",
        "blocked",
        "cancels",
        "next_ts",
        "open",
        "query",
        "sent",
        "v",
        "verified",
    )

    def __init__(self, v: int, ts: int) -> None:
        self.v = v
        self.blocked = ts
        self.query = 0
        self.sent = 0
        self.cancels = 0  # orders cancelled by id at the first attempt
        self.acked = 0
        self.verified = 0
        self.attempts = 0
        self.next_ts = 0
        self.open = 0  # orders that the venue named at the last question
        #: question -> when it was asked, and the endpoints that said zero; slow answers count too
        self.answers: dict[int, tuple[int, set[int]]] = {}


class Sweep:
    """One kill or shutdown over one or more venues (or one instrument)."""

    def __init__(self, kind: str, by: str, cause: str, scope: str, venues: list[int], i: int, ts: int) -> None:
        self.kind = kind
        self.by = by
        self.cause = cause
        self.scope = scope
        self.i = i
        self.ts = ts
        self.venues = {v: VenueSweep(v, ts) for v in venues}
        self.done = False

    def covers(self, order: Order, venue_of: list[int]) -> bool:
        return venue_of[order.i] in self.venues and (self.i < 0 or order.i == self.i)

    def repeats(self, old: Sweep) -> bool:
        """Whether this one asks for all that an older one still waits for."""
        return not old.done and old.kind == self.kind and old.i == self.i and old.venues.keys() <= self.venues.keys()


class Sweeper:
    """Runs all sweeps. `emit` hands an effect out."""

    def __init__(self, tracker: Tracker, venue_of: list[int]) -> None:
        self.tracker = tracker
        self.venue_of = venue_of
        self.sweeps: list[Sweep] = []
        self.queries = 0
        #: venue -> instant from which its lists are conclusive: no create of an earlier life can land any more
        self.settled: dict[int, int] = {}

    def begin(self, sweep: Sweep, ts: int, emit: Callable[[Effect], None]) -> None:
        kept = []
        for old in self.sweeps:
            if sweep.repeats(old):
                for v, state in old.venues.items():
                    sweep.venues[v].answers.update(state.answers)  # those that are on their way count for the new one
            elif not old.done:
                kept.append(old)
        self.sweeps = [*kept, sweep]
        for state in sweep.venues.values():
            self._cancel(sweep, state, ts, emit)

    def orders(self, sweep: Sweep, v: int) -> list[Order]:
        return [o for o in self.tracker.open.values() if self.venue_of[o.i] == v and sweep.covers(o, self.venue_of)]

    def _cancel(self, sweep: Sweep, state: VenueSweep, ts: int, emit: Callable[[Effect], None]) -> None:
        self.queries += 1
        state.query = self.queries
        state.attempts += 1
        state.answers[state.query] = (ts, set())
        while len(state.answers) > QUESTIONS:
            del state.answers[next(iter(state.answers))]
        orders = self.orders(sweep, state.v)
        if state.attempts <= EAGER or state.attempts % 2 or not state.acked:
            emit(CancelAll(state.v, state.query, sweep.i))
            for order in orders:
                if order.cancel_ts != ts:
                    emit(CancelOrder(order.i, order.oid))
                self.tracker.apply(order, Fact.CANCEL_SENT)
                order.cancel_ts = ts
        for endpoint in (1, 2):
            emit(QueryOpenOrders(state.v, state.query, endpoint))
        if not state.sent:
            state.sent, state.cancels = ts, len(orders)
        state.next_ts = ts + min(RETRY_NS * state.attempts, RETRY_MAX_NS)

    def acknowledged(self, v: int, query: int, ts: int) -> None:
        for sweep in self.sweeps:
            state = sweep.venues.get(v)
            if state is not None and query in state.answers and not state.acked:
                state.acked = ts

    def answer(self, v: int, query: int, endpoint: int, oids: list[int], ts: int) -> list[Order]:
        """An answer about open orders; returns the orders that are now proven gone."""
        gone: list[Order] = []
        for sweep in self.sweeps:
            state = sweep.venues.get(v)
            if state is None or query not in state.answers or state.verified:
                continue
            asked, said = state.answers[query]
            named = 0
            for oid in oids:
                order = self.tracker.get(oid)
                if order is None or sweep.covers(order, self.venue_of):
                    named += 1
                    if order is not None:
                        self.tracker.apply(order, Fact.SEEN)
            state.open = named
            if named:
                said.clear()
                continue
            said.add(endpoint)
            if said >= {1, 2}:
                for order in self.orders(sweep, v):
                    if self.tracker.absence_proves(order, asked) and self.tracker.apply(order, Fact.ABSENT):
                        gone.append(order)
                if asked >= self.settled.get(v, 0) and not self.orders(sweep, v):
                    state.verified = ts
        return gone

    def timer(self, ts: int, emit: Callable[[Effect], None]) -> list[Sweep]:
        """Try again where a venue is not proven yet; returns the sweeps that have just been completed."""
        finished = []
        for sweep in self.sweeps:
            if sweep.done:
                continue
            for state in sweep.venues.values():
                if not state.verified and ts >= state.next_ts:
                    self._cancel(sweep, state, ts, emit)
            if all(state.verified for state in sweep.venues.values()):
                sweep.done = True
                finished.append(sweep)
        return finished

    def forget(self, kind: str) -> None:
        """Drop sweeps of a kind: a shutdown does not outlive its host."""
        self.sweeps = [sweep for sweep in self.sweeps if sweep.kind != kind]

    def proven(self) -> bool:
        """No kill is still under way."""
        return all(sweep.done for sweep in self.sweeps)

    def digest(self) -> tuple[object, ...]:
        return tuple((s.kind, s.scope, s.done, sorted(s.venues)) for s in self.sweeps)
