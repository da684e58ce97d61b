"""The order table and the tracker, row by row: what a desk believes of an order, and what it may still cost."""

import pytest
from desk_kit import DAY0, MS, SECOND, slots_of

from mmtui.core.effects import PlaceOrder
from mmtui.core.orders import tracker as tracking
from mmtui.core.orders.table import Fact, State, after
from mmtui.core.orders.tracker import Order, Tracker

FACTS = list(Fact)

#: One line a state, one column a fact; "." where the fact changes nothing.
LIFE = """
            ACCEPTED REJECTED CANCEL_SENT CANCELLED CANCEL_REJECTED FILLED UNKNOWN SEEN ABSENT    AMEND_SENT AMENDED AMEND_REJECTED AMEND_DOUBTED
SENT        LIVE     REJECTED CANCELLING  CANCELLED .               FILLED UNKNOWN LIVE .         .          .       .              .
LIVE        .        REJECTED CANCELLING  CANCELLED .               FILLED UNKNOWN .    CANCELLED AMENDING   .       .              .
CANCELLING  .        REJECTED .           CANCELLED UNKNOWN         FILLED UNKNOWN .    CANCELLED .          .       .              .
AMENDING    .        REJECTED CANCELLING  CANCELLED .               FILLED UNKNOWN .    CANCELLED .          LIVE    LIVE           UNKNOWN
UNKNOWN     LIVE     REJECTED .           CANCELLED .               FILLED .       LIVE CANCELLED .          LIVE    LIVE           .
FILLED      .        .        .           .         .               .      .       .    .         .          .       .              .
CANCELLED   .        .        .           .         .               .      .       .    .         .          .       .              .
REJECTED    .        .        .           .         .               .      .       .    .         .          .       .              .
"""  # noqa: E501


def rows():
    head, *lines = LIFE.strip().splitlines()
    assert head.split() == [fact.name for fact in FACTS]
    for line in lines:
        state, *cells = line.split()
        for fact, cell in zip(FACTS, cells, strict=True):
            yield State[state], fact, State[state] if cell == "." else State[cell]


@pytest.mark.parametrize(("state", "fact", "then"), list(rows()))
def test_the_life_of_an_order(state, fact, then):
    assert after(state, fact) is then


def place(oid=1, side=1, sz=10, i=0, purpose="quote", level=3):
    return PlaceOrder(i, oid, side, 100, sz, "GTX", True, purpose, level)


def desk_of_two():
    """Instrument 0 at venue 0, instruments 1 and 2 at venue 1."""
    return Tracker([0, 1, 1], [100 * MS, 2 * SECOND])


def test_a_new_order_is_what_was_sent_and_nothing_is_known_of_it_yet():
    order = Order(place(7, -1, 25, 1, "flatten", 2), DAY0)
    assert slots_of(order) == {
        "oid": 7,
        "i": 1,
        "side": -1,
        "px": 100,
        "sz": 25,
        "filled": 0,
        "tif": "GTX",
        "reduce_only": True,
        "purpose": "flatten",
        "level": 2,
        "state": State.SENT,
        "sent_ts": DAY0,
        "live_ts": 0,
        "cancel_ts": 0,
        "done_ts": 0,
        "ahead": -1,  # not known
        "amend": None,
        "amends": 0,
        "absent": False,
        "venue_order_id": "",
    }
    order.filled = 5
    assert order.digest() == (7, 1, -1, 100, 25, 5, 0, "flatten", 2)


def test_client_ids_begin_at_one_since_zero_means_no_order():
    assert Tracker([0], [0]).next_oid == 1


def test_counts_are_by_instrument_and_what_was_sent_is_never_uncounted():
    tracker = desk_of_two()
    orders = [tracker.add(place(oid, sz=oid, i=i), DAY0) for oid, i in ((1, 0), (2, 1), (3, 1))]
    assert (tracker.count, tracker.sent, tracker.buys, tracker.sells) == ([1, 2, 0], [1, 2, 0], [1, 5, 0], [0, 0, 0])
    assert tracker.apply(orders[1], Fact.REJECTED)
    assert (tracker.count, tracker.sent, tracker.buys) == ([1, 1, 0], [1, 2, 0], [1, 3, 0])
    assert tracker.of(1) == [orders[2]] and tracker.get(2) is orders[1] and tracker.get(9) is None


def test_an_adopted_order_counts_as_exposure_but_this_life_has_not_sent_it():
    tracker = desk_of_two()
    for oid in (5, 6):
        tracker.adopt(Order(place(oid, -1, 10, 2), DAY0))
    assert (tracker.count, tracker.sent, tracker.sells) == ([0, 0, 2], [0, 0, 0], [0, 0, 20])
    assert [(oid, order.oid) for oid, order in tracker.open.items()] == [(5, 5), (6, 6)]


@pytest.mark.parametrize(("i", "landing"), [(0, 100 * MS), (1, 2 * SECOND)])
@pytest.mark.parametrize("acknowledged", [False, True])
def test_absence_proves_something_only_when_the_create_of_that_venue_must_have_landed(i, landing, acknowledged):
    tracker = desk_of_two()
    order = tracker.add(place(i=i), DAY0)
    since = DAY0
    if acknowledged:
        since = order.live_ts = DAY0 + 50 * MS
    assert not tracker.absence_proves(order, since + landing)
    assert tracker.absence_proves(order, since + landing + 1)


def test_only_absence_is_remembered_as_absence():
    for fact, absent in ((Fact.ABSENT, True), (Fact.CANCELLED, False)):
        tracker = desk_of_two()
        order = tracker.add(place(), DAY0)
        tracker.apply(order, Fact.UNKNOWN)
        assert tracker.apply(order, fact)
        assert order.absent is absent
        assert not tracker.apply(order, fact)  # it ends once


def test_an_order_that_turns_up_counts_again_with_what_is_left_of_it():
    tracker = desk_of_two()
    keeps = tracker.add(place(2, i=1), DAY0)
    order = tracker.add(place(1, i=1), DAY0)
    assert not tracker.reopen(order)  # it is open
    tracker.fill(order, 4)
    tracker.apply(order, Fact.UNKNOWN)
    tracker.apply(order, Fact.ABSENT)
    assert (tracker.buys, tracker.count) == ([0, 10, 0], [0, 1, 0])
    assert tracker.reopen(order)
    assert (order.state, order.absent) == (State.UNKNOWN, False)
    assert (tracker.buys, tracker.count) == ([0, 16, 0], [0, 2, 0])
    assert list(tracker.open.values()) == [keeps, order] and not tracker.done


def test_an_order_with_one_lot_left_may_come_back_and_a_filled_one_may_not():
    tracker = desk_of_two()
    for filled, back in ((9, True), (10, False)):
        order = tracker.add(place(filled), DAY0)
        tracker.apply(order, Fact.CANCELLED)
        tracker.fill(order, filled)  # legal in every state
        assert tracker.reopen(order) is back
    tracker.done.clear()
    order = tracker.add(place(50), DAY0)
    tracker.apply(order, Fact.CANCELLED)
    tracker.done.clear()  # forgotten meanwhile: it comes back all the same
    assert tracker.reopen(order)


def test_a_fill_ends_an_order_when_nothing_is_left_and_an_overfill_is_known_by_one_lot():
    tracker = desk_of_two()
    order = tracker.add(place(), DAY0)
    assert not tracker.fill(order, 9) and tracker.buys[0] == 1
    assert tracker.fill(order, 1)
    assert (order.state, tracker.buys[0], tracker.overfilled(order)) == (State.FILLED, 0, False)
    assert not tracker.fill(order, 1)
    assert (order.left, tracker.buys[0], tracker.overfilled(order)) == (0, 0, True)


def test_unknown_orders_are_counted_for_one_instrument_or_for_all():
    tracker = desk_of_two()
    for oid, i in ((1, 0), (2, 1), (3, 1), (4, 2)):
        tracker.apply(tracker.add(place(oid, i=i), DAY0), Fact.UNKNOWN)
    tracker.add(place(5), DAY0)
    assert (tracker.unknown(), tracker.unknown(0), tracker.unknown(1), tracker.unknown(2)) == (4, 1, 2, 1)


def test_a_finer_grid_multiplies_open_and_finished_orders_of_that_instrument_only():
    tracker = desk_of_two()
    for oid, i, ahead in ((1, 0, 7), (2, 0, -1), (3, 1, 7)):
        order = tracker.add(place(oid, 1 if oid < 3 else -1, i=i), DAY0)
        tracker.fill(order, 4)
        order.ahead = ahead
    one = tracker.add(place(4, -1), DAY0)
    one.ahead = 1
    tracker.apply(tracker.get(2), Fact.CANCELLED)
    tracker.rescale(0, 10, 100)
    assert [(o.px, o.sz, o.filled, o.ahead) for o in map(tracker.get, (1, 2, 3, 4))] == [
        (1_000, 1_000, 400, 700),
        (1_000, 1_000, 400, -1),
        (100, 10, 4, 7),
        (1_000, 1_000, 0, 100),
    ]
    assert (tracker.buys, tracker.sells) == ([600, 0, 0], [1_000, 6, 0])


def test_finished_orders_are_remembered_up_to_a_number_the_oldest_goes():
    tracker, most = desk_of_two(), tracking.MEMORY
    for oid in range(1, most + 3):
        tracker.apply(tracker.add(place(oid), DAY0), Fact.CANCELLED)
        assert len(tracker.done) == min(oid, most) and tracker.count[0] == 0
    assert list(tracker.done) == list(range(3, most + 3))
