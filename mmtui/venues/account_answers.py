"""What an answer to a request means, by the kind of the request: a table of handlers, and total ones.

A create is over when the venue says so; no answer, one that says nothing, and one of another kind make its orders
UNKNOWN.  What was certainly not done (429, 418, 403, a refused key) is rejected, or asked for again where that is safe:
cancels, a few times.

Rules of this file: no request is made here; nothing raises.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from mmtui.core.events import (
    AccountAnswer,
    CancelAllDone,
    CancelRejected,
    Damage,
    Event,
    OpenOrders,
    OrderAccepted,
    OrderCancelled,
    OrderRejected,
    OrderUnknown,
)
from mmtui.venues.account_flights import Flight
from mmtui.venues.account_messages import (
    Amend,
    Answer,
    ArmDeadMan,
    Armed,
    AskFills,
    AskLedger,
    AskOpen,
    AskPositions,
    Cancel,
    CancelEverything,
    Create,
    Done,
    Failed,
    FillList,
    LedgerList,
    NewOrder,
    OldOrder,
    OpenList,
    OrderResult,
    PositionList,
    Refused,
)

if TYPE_CHECKING:
    from mmtui.venues.account import AccountSession

MS = 1_000_000
#: Failures after which nothing of the request was done.
NOT_DONE = frozenset({"429", "418", "403", "auth"})
#: Failures after which the venue wants to be left alone: kind -> first pause in ms where it does not say how long.
PAUSES = {"429": 1_000, "418": 120_000, "403": 10_000}
PAUSE_MAX_MS = {"429": 8_000, "418": 600_000, "403": 120_000}
#: Times that one cancel is sent again because the venue was too busy for it.
TRIES = 5
_NOTHING = OrderResult(False)


class Answers:
    """Of one account session."""

    def __init__(self, session: AccountSession) -> None:
        self._s = session
        self._pause = 0  # how often the venue has wanted a pause since it last answered
        self._paused_at = 0
        self._tries: dict[int, int] = {}
        self._handlers: dict[type, Callable[[Any, Flight, Answer, int], list[Event]]] = {
            Create: self._create,
            Amend: self._amend,
            Cancel: self._cancel,
            CancelEverything: self._everything,
            AskOpen: self._open,
            AskFills: self._fills,
            AskLedger: self._ledger,
            AskPositions: self._positions,
            ArmDeadMan: self._dead_man,
        }

    def take(self, flight: Flight, answer: Answer, now: int) -> list[Event]:
        """Events of one answer."""
        if type(answer) is Failed:
            self._failed(answer, flight, now)
        elif type(answer) is not Refused:
            self._pause = 0
        elif self._s.facts.meaning(answer.code) == "rate":
            self._failed(Failed("429"), flight, now)
        return self._handlers[type(flight.request)](flight.request, flight, answer, now)

    def _failed(self, answer: Failed, flight: Flight, now: int) -> None:
        """Leave the venue alone for a while; what had left before the pause began does not make it longer."""
        first = PAUSES.get(answer.kind)
        if first is None:
            return
        ms = answer.retry_after_ms
        if flight.sent >= self._paused_at:
            ms = ms or min(first << min(self._pause, 10), PAUSE_MAX_MS[answer.kind])
            self._pause += 1
            self._paused_at = now
        self._s.blocked = max(self._s.blocked, now + ms * MS)

    # -- creates -------------------------------------------------------------------------------------------------

    def _create(self, request: Create, flight: Flight, answer: Answer, now: int) -> list[Event]:
        if type(answer) is Done:
            results = answer.results[: len(request.orders)]
            results += [_NOTHING] * (len(request.orders) - len(results))
            return [
                event
                for order, result in zip(request.orders, results, strict=True)
                for event in self._created(order, result, now)
            ]
        why, done = _whole(answer)
        if type(answer) is Refused:
            return [
                self._not_created(order, OrderResult(False, "", answer.code, answer.text), now)
                for order in request.orders
            ]
        if done:
            return [OrderUnknown(now, order.i, order.oid, f"create: {why}") for order in request.orders]
        return [self._rejected(order, why, now) for order in request.orders]

    def _created(self, order: NewOrder, result: OrderResult, now: int) -> list[Event]:
        if not result.ok:
            return [self._not_created(order, result, now)]
        own = self._s.orders.known(order.oid)
        if own is None:  # long ended and forgotten: a very late answer
            return []
        self._s.orders.named(own, result.venue_order_id)
        if result.status == "rejected":
            return [self._rejected(order, result.text or "rejected", now)]
        if result.status in ("cancelled", "expired"):
            self._s.orders.end(order.oid)
            return [OrderCancelled(now, now, order.i, order.oid, cancelled_why(order.tif, own.asked, result.text))]
        if own.accepted or order.oid not in self._s.orders.live:
            return []
        own.accepted = True
        return [OrderAccepted(now, now, order.i, order.oid, result.venue_order_id)]

    def _not_created(self, order: NewOrder, result: OrderResult, now: int) -> Event:
        """A refusal, unless it says that there is such an order, or that nobody knows."""
        meaning = self._s.facts.meaning(result.code)
        if result is _NOTHING or meaning == "fate unknown" or meaning == "duplicate id":
            why = result.text or meaning or "the answer does not name it"
            return OrderUnknown(now, order.i, order.oid, f"create: {why}")
        return self._rejected(order, f"{meaning or 'refused'}: {result.text} ({result.code})", now)

    def _rejected(self, order: NewOrder, why: str, now: int) -> Event:
        self._s.orders.end(order.oid)
        return OrderRejected(now, now, order.i, order.oid, why)

    def _amend(self, request: Amend, flight: Flight, answer: Answer, now: int) -> list[Event]:
        changes = self._s.changes
        if type(answer) is Done:
            return changes.answered(request.order, answer.results[0] if answer.results else _NOTHING, now)
        if type(answer) is Refused:
            return [changes.refused(request.order, OrderResult(False, "", answer.code, answer.text), now)]
        why, done = _whole(answer)
        if done:
            return [changes.unknown(request.order, why, now)]
        return [changes.not_done(request.order, why, True, now)]

    # -- cancels -------------------------------------------------------------------------------------------------

    def _cancel(self, request: Cancel, flight: Flight, answer: Answer, now: int) -> list[Event]:
        events: list[Event] = []
        if type(answer) is Done:
            results = answer.results[: len(request.orders)]
            results += [_NOTHING] * (len(request.orders) - len(results))
            for order, result in zip(request.orders, results, strict=True):
                events += self._cancelled(order, result, now)
        elif type(answer) is Refused:
            result = OrderResult(False, "", answer.code, answer.text)
            for order in request.orders:
                events += self._cancelled(order, result, now)
        else:
            why, done = _whole(answer)
            for order in request.orders:
                if done:
                    self._tries.pop(order.oid, None)
                    events.append(OrderUnknown(now, order.i, order.oid, f"cancel: {why}"))
                else:
                    events += self._again(order, why, now)
        return events

    def _cancelled(self, order: OldOrder, result: OrderResult, now: int) -> list[Event]:
        s = self._s
        events: list[Event] = []
        meaning = s.facts.meaning(result.code)
        if not result.ok and meaning in ("overloaded", "rate"):
            return self._again(order, result.text or meaning, now)
        self._tries.pop(order.oid, None)
        if result.ok and s.facts.cancel_ack_final:
            s.orders.end(order.oid)
            own = s.orders.known(order.oid)
            if own is None or not own.said:
                events.append(OrderCancelled(now, now, order.i, order.oid, "requested"))
            if own is not None:
                own.said = True
        elif result.ok:
            pass  # taken, not done: the stream or a list will say
        elif result is _NOTHING or meaning == "fate unknown":
            events.append(OrderUnknown(now, order.i, order.oid, f"cancel: {result.text or 'no result'}"))
        else:
            why = f"{meaning or 'refused'}: {result.text} ({result.code})"
            events.append(CancelRejected(now, now, order.i, order.oid, why))
        return events + [CancelAllDone(now, s.v, query) for query in s.everything.done("order", order.oid)]

    def _again(self, order: OldOrder, why: str, now: int) -> list[Event]:
        """A cancel that was certainly not carried out goes again, a few times."""
        s, oid = self._s, order.oid
        tries = self._tries.get(oid, 0)
        if tries < TRIES and why != "auth":
            self._tries[oid] = tries + 1
            s.again_soon(order)
            return []
        self._tries.pop(oid, None)
        return [CancelRejected(now, now, order.i, oid, f"not carried out: {why}")]

    def _everything(self, request: CancelEverything, flight: Flight, answer: Answer, now: int) -> list[Event]:
        s = self._s
        if type(answer) is Done:
            return [CancelAllDone(now, s.v, query) for query in s.everything.done("request", request.id)]
        s.everything.failed(request.id)
        return []

    # -- questions -----------------------------------------------------------------------------------------------

    def _open(self, request: AskOpen, flight: Flight, answer: Answer, now: int) -> list[Event]:
        s = self._s
        s.questions.landed(request.id, type(answer) is OpenList, now)
        if type(answer) is not OpenList:
            return self._other(answer, now)
        events: list[Event] = []
        named: dict[int, None] = {}
        foreign: dict[int, int] = {}
        for row in answer.orders:
            oid = s.ids.parse(row.client_id)
            if oid is None:
                foreign[row.i] = foreign.get(row.i, 0) + 1
                continue
            named[oid] = None
            order = s.orders.known(oid)
            if order is not None:
                order.said = False
                s.orders.named(order, row.venue_order_id)
                if order.change is not None or not order.complete:  # what it is now may be in doubt
                    events += s.reader.found(now, row, oid)
            else:
                events += s.reader.found(now, row, oid)
                if type(events[-1]) is not Damage:
                    s.orders.named(s.orders.adopt(row.i, oid, now), row.venue_order_id)
        s.orders.unlisted(named, now)
        s.everything.seen(foreign)
        oids, others = list(named), sum(foreign.values())
        for query in flight.queries:
            events.append(OpenOrders(now, s.v, query, request.endpoint, oids, others))
        return events

    def _fills(self, request: AskFills, flight: Flight, answer: Answer, now: int) -> list[Event]:
        s = self._s
        s.questions.landed(request.id, type(answer) is FillList, now)
        if type(answer) is not FillList:
            return self._other(answer, now)
        events: list[Event] = []
        whole = True
        for fill in answer.fills:
            told = s.fill(fill, now)
            events += told
            whole = whole and not (told and type(told[-1]) is Damage)
        return events + self._whole_answer("fills", flight, whole, now)

    def _ledger(self, request: AskLedger, flight: Flight, answer: Answer, now: int) -> list[Event]:
        s = self._s
        s.questions.landed(request.id, type(answer) is LedgerList, now)
        if type(answer) is not LedgerList:
            return self._other(answer, now)
        events = [s.reader.move(now, row) for row in answer.rows]
        whole = all(type(event) is not Damage for event in events)
        return events + self._whole_answer("ledger", flight, whole, now)

    def _whole_answer(self, what: str, flight: Flight, whole: bool, now: int) -> list[Event]:
        """Half an answer is none: the engine asks again."""
        return [AccountAnswer(now, self._s.v, query, what) for query in flight.queries] if whole else []

    def _positions(self, request: AskPositions, flight: Flight, answer: Answer, now: int) -> list[Event]:
        s = self._s
        s.questions.landed(request.id, type(answer) is PositionList, now)
        if type(answer) is not PositionList:
            return self._other(answer, now)
        said = s.reader.positions(now, answer.rows)
        if isinstance(said, Damage):
            return [said]
        return [replace(said, query=query) for query in flight.queries]

    def _dead_man(self, request: ArmDeadMan, flight: Flight, answer: Answer, now: int) -> list[Event]:
        keeper = self._s.dead_man
        if type(answer) is Armed:
            return [*keeper.armed(request.i, answer.trigger, flight.sent, request.ms, now)]
        refused = type(answer) is Refused and self._s.facts.meaning(answer.code) not in ("rate", "overloaded")
        return [*keeper.failed(request.i, refused, now)]

    def _other(self, answer: Answer, now: int) -> list[Event]:
        """A question without the answer that belongs to it: the engine asks again."""
        if isinstance(answer, Failed | Refused):
            return []
        return [self._s.reader.damage(now, f"an answer of another kind ({type(answer).__name__})")]


def _whole(answer: Answer) -> tuple[str, bool]:
    """Why there is no result for any order of a request, and whether it may have been done nevertheless."""
    if isinstance(answer, Failed):
        return answer.kind, answer.kind not in NOT_DONE
    return f"an answer of another kind ({type(answer).__name__})", True


def cancelled_why(tif: str, asked: bool, text: str) -> str:
    """Why an order was cancelled: requested, ioc, post-only, or by the venue."""
    if tif == "IOC":
        return "ioc"
    if asked:
        return "requested"
    return f"by venue ({text})" if text else "by venue"
