"""A fixed list of orders, and what our paper venue makes of it.

The list is what our what-if of a capture sends (latency without jitter); an order that the list does not cancel (it was
filled there) is cancelled when its successor on that side is sent, so that the list does not depend on fills.

Rules of this file: the venue and the books are the product's own; nothing here decides what fills.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import msgspec

from mmtui.core.effects import CancelOrder, Effect, PlaceOrder
from mmtui.core.events import BestQuote, BookDelta, BookSnapshot, Event, Fill, OrderRejected, Trade
from mmtui.core.market.book import OrderBook
from mmtui.core.setup import DeskSetup
from mmtui.review.whatif import Run, run_events
from mmtui.venues.paper.venue import PaperVenue

#: (order, instant at the venue) -> lots
Fills = dict[tuple[int, int], int]


class Action(NamedTuple):
    """`place` or cancel; prices in ticks, sizes in lots."""

    ts: int
    place: bool
    oid: int
    side: int
    px: int
    sz: int


def exact(setup: DeskSetup, model: str = "pessimistic") -> DeskSetup:
    """The desk with latencies that do not vary."""
    return msgspec.structs.replace(setup, paper=msgspec.structs.replace(setup.paper, jitter_ms=0.0, model=model))


def schedule(setup: DeskSetup, events: Iterable[Event]) -> list[Action]:
    """What our what-if sends."""
    sent: list[tuple[int, PlaceOrder | CancelOrder]] = []

    def record(event: Event, effects: list[Effect]) -> None:
        sent.extend((event.ts, one) for one in effects if isinstance(one, PlaceOrder | CancelOrder))

    run_events([Run(exact(setup), "pessimistic", record)], events)
    orders = {one.oid: one for _, one in sent if isinstance(one, PlaceOrder)}
    open_on: dict[tuple[int, int], int] = {}  # side, rung -> order that nobody has cancelled
    actions: list[Action] = []
    for ts, one in sent:
        order = orders[one.oid]
        slot = order.side, order.level
        if isinstance(one, PlaceOrder):
            if slot in open_on:
                actions.append(_action(ts, False, orders[open_on[slot]]))
            open_on[slot] = order.oid
        elif open_on.get(slot) == order.oid:
            del open_on[slot]
        actions.append(_action(ts, isinstance(one, PlaceOrder), order))
    return actions


def _action(ts: int, place: bool, order: PlaceOrder) -> Action:
    return Action(ts, place, order.oid, order.side, order.px, order.sz)


def carried_out(setup: DeskSetup, model: str, events: list[Event], actions: list[Action]) -> tuple[Fills, set[int]]:
    """Fills of the list at our paper venue, and the orders that it rejected."""
    book = OrderBook()
    venue = PaperVenue(exact(setup, model), [book], setup.seed)
    fills: Fills = {}
    rejected: set[int] = set()
    apply = {BookDelta: book.delta, BookSnapshot: book.snapshot, BestQuote: book.best_quote}
    at = 0
    for event in events:
        while at < len(actions) and actions[at].ts < event.ts:
            _answers(venue, actions[at].ts, fills, rejected)
            _send(venue, actions[at])
            at += 1
        _answers(venue, event.ts, fills, rejected)
        venue.on_market(event)
        if type(event) is not Trade:
            apply[type(event)](event)
    _answers(venue, events[-1].ts + 10**9, fills, rejected)
    return fills, rejected


def _send(venue: PaperVenue, one: Action) -> None:
    if one.place:
        venue.send(PlaceOrder(0, one.oid, one.side, one.px, one.sz, "GTX", False, "quote", 0), one.ts)
    else:
        venue.send(CancelOrder(0, one.oid), one.ts)


def _answers(venue: PaperVenue, until: int, fills: Fills, rejected: set[int]) -> None:
    while venue.next_ts() <= until:
        answer = venue.pop()
        if isinstance(answer, Fill):
            key = answer.oid, answer.ts_event
            fills[key] = fills.get(key, 0) + answer.sz
        elif isinstance(answer, OrderRejected):
            rejected.add(answer.oid)
