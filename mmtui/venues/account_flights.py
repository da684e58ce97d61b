"""What an account session has under way: requests without an answer, questions that wait, cancel-alls to be proven.

Rules of this file: bookkeeping only, every container has a cap; a question that waits is answered by the request that
leaves after it, so several share one.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable

from mmtui.core.runner import NEVER
from mmtui.venues.account_messages import (
    Amend,
    AskFills,
    AskLedger,
    AskOpen,
    AskPositions,
    Cancel,
    Create,
    Request,
)

#: A request without an answer for so long (ns) has none.
TIMEOUT = 3_000_000_000
#: A question that is asked again after so long (ns) without an answer leaves again beside the first: it changes nothing
#: at the venue, and what became of an order does not wait for a lost packet to be given up.
LOST = 900_000_000
#: Creates and cancels whose answer came too late that are still understood; questions and cancel-alls remembered.
LATE_MAX, QUERIES_MAX, ALLS_MAX = 512, 16, 16

#: After a question that failed the next one waits so long, doubling (ns).
FAILED, FAILED_MAX = 250_000_000, 2_000_000_000

Question = AskOpen | AskFills | AskLedger | AskPositions


class Flight:
    """A request on its way. `queries` are the engine's questions that its answer answers."""

    __slots__ = ("queries", "request", "sent")

    def __init__(self, request: Request, sent: int, queries: list[int]) -> None:
        self.request = request
        self.sent = sent
        self.queries = queries


class Flights:
    """Requests under way, in the order in which they left."""

    __slots__ = ("_cancelling", "_flying", "_id", "_late")

    def __init__(self) -> None:
        self._id = 0
        self._flying: dict[int, Flight] = {}
        self._late: OrderedDict[int, Flight] = OrderedDict()
        self._cancelling: dict[int, int] = {}  # oid -> request

    def __len__(self) -> int:
        return len(self._flying)

    def next_id(self) -> int:
        self._id += 1
        return self._id

    def add(self, flight: Flight) -> None:
        self._flying[flight.request.id] = flight
        if type(flight.request) is Cancel:
            for order in flight.request.orders:
                self._cancelling[order.oid] = flight.request.id

    def cancelling(self, oid: int) -> bool:
        return oid in self._cancelling

    def land(self, id: int) -> Flight | None:
        """The request that an answer belongs to; None when it has been answered, or given up."""
        flight = self._flying.pop(id, None)
        if flight is not None and type(flight.request) is Cancel:
            for order in flight.request.orders:
                if self._cancelling.get(order.oid) == id:
                    del self._cancelling[order.oid]
        return flight

    def landed_late(self, id: int) -> Flight | None:
        return self._late.pop(id, None)

    def overdue(self, now: int) -> list[Flight]:
        """Requests that are given up; what creates, amends and cancels say later is still heard."""
        flights: list[Flight] = []
        while self._flying:
            id, flight = next(iter(self._flying.items()))
            if now - flight.sent < TIMEOUT:
                break
            self.land(id)
            flights.append(flight)
            if isinstance(flight.request, Create | Amend | Cancel):
                self._late[id] = flight
                if len(self._late) > LATE_MAX:
                    self._late.popitem(last=False)
        return flights

    def due(self) -> int:
        """When the oldest request is given up."""
        for flight in self._flying.values():
            return flight.sent + TIMEOUT
        return NEVER


#: Kinds of questions: type of the request, endpoint.
_FATES = ("AskOpen", "AskFills")  # what says what became of an order
_KINDS = (("AskOpen", 1), ("AskOpen", 2), ("AskFills", 0), ("AskLedger", 0), ("AskPositions", 0))


class Waiting:
    """Questions of one kind that wait for a request."""

    __slots__ = ("flying", "left", "queries", "since", "wanted")

    def __init__(self) -> None:
        self.wanted = 0  # place in the queue of kinds; 0: not wanted
        self.queries: list[int] = []
        self.since = 0
        self.flying = 0  # newest request under way
        self.left = 0  # when that left


class Questions:
    """Queries of the engine, and the session's own (without a number), by kind and endpoint."""

    __slots__ = ("_failures", "_numbers", "_waiting", "held", "waiting")

    def __init__(self) -> None:
        self._numbers = 0
        self._failures = 0  # questions in a row that had no answer
        self.held = 0  # no question before this instant
        self._waiting: dict[tuple[str, int], Waiting] = {key: Waiting() for key in _KINDS}
        self.waiting = 0  # kinds that wait

    def ask(self, kind: str, detail: int, query: int, since: int = 0) -> None:
        """`query` is 0 for a question of the session's own."""
        waiting = self._waiting[kind, detail]
        if not waiting.wanted:
            self._numbers += 1
            waiting.wanted, waiting.since = self._numbers, since
            self.waiting += 1
        else:
            waiting.since = min(waiting.since, since)
        if query and query not in waiting.queries:
            waiting.queries.append(query)
            if len(waiting.queries) > QUERIES_MAX:
                del waiting.queries[0]

    def account(self, what: str, query: int, since: int) -> None:
        """A QueryAccount of the engine."""
        self.ask({"fills": "AskFills", "ledger": "AskLedger"}.get(what, "AskPositions"), 0, query, since)

    def ready(self, now: int) -> list[tuple[str, int]]:
        """Kinds that wait and of which no request is under way, or seems lost; the longest waiting first."""
        waits = self._waiting
        ready = [
            key
            for key, one in waits.items()
            if one.wanted and (not one.flying or (key[0] in _FATES and now - one.left >= LOST))
        ]
        return sorted(ready, key=lambda key: waits[key].wanted)

    def leaves(
        self, kind: str, detail: int, id: int, expires: int, weight: int, now: int
    ) -> tuple[Question, list[int]]:
        """The request for everything of a kind that waits, and the questions that it answers."""
        waiting = self._waiting[kind, detail]
        queries, since = waiting.queries, waiting.since
        waiting.wanted, waiting.queries, waiting.since, waiting.flying, waiting.left = 0, [], 0, id, now
        self.waiting -= 1
        request: Question
        if kind == "AskOpen":
            request = AskOpen(id, detail, expires, weight)
        elif kind == "AskFills":
            request = AskFills(id, since, expires, weight)
        elif kind == "AskLedger":
            request = AskLedger(id, since, expires, weight)
        else:
            request = AskPositions(id, expires, weight)
        return request, queries

    def landed(self, id: int, answered: bool, now: int) -> None:
        """A request is answered, or has failed: then the next question waits, the longer the more have failed."""
        for waiting in self._waiting.values():
            if waiting.flying == id:
                waiting.flying = 0
        if answered:
            self._failures = self.held = 0
        else:
            self.held = now + min(FAILED << min(self._failures, 8), FAILED_MAX)
            self._failures += 1


#: Orders whose first cancels are told apart from repeated ones.
CANCELS_KEPT = 5_000


class LeftOnce:
    """Orders whose cancel has left once, the newest of them."""

    __slots__ = ("_oids",)

    def __init__(self) -> None:
        self._oids: dict[int, None] = {}

    def __contains__(self, oid: int) -> bool:
        return oid in self._oids

    def add(self, oids: Iterable[int]) -> None:
        self._oids |= dict.fromkeys(oids)
        while len(self._oids) > CANCELS_KEPT:
            del self._oids[next(iter(self._oids))]

    def forget(self, oid: int) -> None:
        self._oids.pop(oid, None)


#: A cancel-all that waits is repeated by the engine at least every two seconds.
EVERYTHING_AGE = 3_000_000_000


class Everything:
    """Cancel-alls: instruments that wait for one, requests and orders that each of the engine's still waits for."""

    __slots__ = ("_alls", "_foreign", "_instruments", "_left", "waiting")

    def __init__(self, instruments: list[int]) -> None:
        self._instruments = instruments
        self._foreign: dict[int, int] = {}  # instrument -> open orders that are not ours
        self._alls: OrderedDict[int, dict[tuple[str, int], None]] = OrderedDict()
        self._left: dict[int, None] = {}  # keys whose cancel-all has left since the last create
        self.waiting: dict[int, int] = {}  # instruments, or -1: the account; when it was asked for last

    def foreign(self, i: int) -> bool:
        """Somebody else has open orders where this cancel-all would reach."""
        return bool(self._foreign) if i < 0 else i in self._foreign

    def seen(self, foreign: dict[int, int]) -> None:
        """The newest list of open orders says whose they are."""
        self._foreign = foreign

    def ask(self, query: int, i: int, account: bool, now: int) -> None:
        """A cancel-all of an instrument, or of all (one request where the venue has one for the account)."""
        keys = [i] if i >= 0 else ([-1] if account else self._instruments)
        for key in keys:
            self.waiting[key] = now
        self._wait(query, {("wait", key): None for key in keys})

    def one_by_one(self, query: int, oids: list[int]) -> bool:
        """A cancel-all that is carried out by id; True when there is nothing to cancel."""
        if oids:
            self._wait(query, {("order", oid): None for oid in oids})
        return not oids

    def _wait(self, query: int, waits: dict[tuple[str, int], None]) -> None:
        self._alls[query] = waits
        self._alls.move_to_end(query)
        if len(self._alls) > ALLS_MAX:
            self._alls.popitem(last=False)

    def too_old(self, now: int) -> None:
        """What could not leave for so long is not wanted any more: the engine asks again while it needs one."""
        for key in [key for key, since in self.waiting.items() if now - since > EVERYTHING_AGE]:
            del self.waiting[key]
            for query in [query for query, waits in self._alls.items() if ("wait", key) in waits]:
                del self._alls[query]

    def created(self) -> None:
        """A create has left: there may be something to cancel again."""
        self._left.clear()

    def repeats(self) -> bool:
        """The next one has left before, and nothing was created since."""
        return next(iter(self.waiting)) in self._left

    def leaves(self, id: int) -> int:
        """The next one leaves with this request: its instrument, or -1."""
        key = next(iter(self.waiting))
        del self.waiting[key]
        self._left[key] = None
        for waits in self._alls.values():
            if ("wait", key) in waits:
                del waits["wait", key]
                waits["request", id] = None
        return key

    def done(self, what: str, id: int) -> list[int]:
        """A request or an order is answered: the engine's cancel-alls that are complete now."""
        complete = []
        for query, waits in self._alls.items():
            if (what, id) in waits:
                del waits[what, id]
                if not waits:
                    complete.append(query)
        for query in complete:
            del self._alls[query]
        return complete

    def failed(self, id: int) -> None:
        """A request was not carried out: what waited for it is asked for anew by the engine."""
        self._left.clear()
        for query in [query for query, waits in self._alls.items() if ("request", id) in waits]:
            del self._alls[query]
