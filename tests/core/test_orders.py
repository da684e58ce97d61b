"""The order table and the tracker: exposure counts until there is evidence that an order is gone."""

from itertools import product

import pytest
from desk_kit import SECOND, Desk, setup_of
from hypothesis import given
from hypothesis import strategies as st

from mmtui.core.effects import CancelOrder, PlaceOrder, QueryOpenOrders
from mmtui.core.events import CancelRejected, OpenOrders, OrderRejected, OrderUnknown
from mmtui.core.orders.table import TABLE, TERMINAL, Fact, State, after
from mmtui.core.orders.tracker import Tracker


def place(oid, side=1, sz=10, i=0):
    return PlaceOrder(i, oid, side, 100, sz, "GTX", False, "quote", 0)


@pytest.mark.parametrize(("state", "fact"), list(product(State, Fact)))
def test_every_fact_in_every_state_leads_where_it_may(state, fact):
    then = after(state, fact)
    if state in TERMINAL:
        assert then is state  # nothing brings a finished order back but the tracker's reopen
    if then in TERMINAL and state not in TERMINAL:
        evidence = {
            Fact.REJECTED: State.REJECTED,
            Fact.CANCELLED: State.CANCELLED,
            Fact.ABSENT: State.CANCELLED,
            Fact.FILLED: State.FILLED,
        }
        assert evidence[fact] is then
    if fact in (Fact.CANCELLED, Fact.FILLED) and state not in TERMINAL:
        assert then in TERMINAL
    if fact is Fact.UNKNOWN and state not in TERMINAL:
        assert then is State.UNKNOWN


def test_a_refused_cancel_is_no_proof_of_absence():
    assert after(State.CANCELLING, Fact.CANCEL_REJECTED) is State.UNKNOWN
    assert after(State.SENT, Fact.ABSENT) is State.SENT  # it may not have arrived yet
    assert all(state not in TERMINAL for state, _ in TABLE)


facts = st.one_of(st.sampled_from(Fact), st.integers(1, 6))


@given(st.lists(st.tuples(st.integers(1, 4), facts), max_size=60))
def test_open_lots_are_the_sum_over_open_orders_whatever_happens(story):
    tracker = Tracker([0], [0])
    for oid in range(1, 5):
        tracker.add(place(oid, side=1 if oid % 2 else -1), 0)
    for oid, fact in story:
        order = tracker.get(oid)
        if isinstance(fact, Fact):
            tracker.apply(order, fact)
        else:
            tracker.fill(order, fact)
        for side, total in ((1, tracker.buys), (-1, tracker.sells)):
            assert total[0] == sum(o.left for o in tracker.open.values() if o.side == side)
        assert tracker.count[0] == len(tracker.open)
        assert all(o.open for o in tracker.open.values()) and not any(o.open for o in tracker.done.values())


def deaf(*, orders=1):
    """A running desk whose venue says nothing yet; its first orders are SENT."""
    desk = Desk(setup_of(), execution="deaf")
    desk.book()
    desk.press("start")
    return desk


def test_a_fill_before_the_ack_is_booked_and_the_ack_does_not_undo_it():
    desk = deaf()
    buy = desk.one(1)
    desk.fill(buy.oid, 4)
    assert (desk.position(), buy.left, desk.engine.tracker.buys[0]) == (4, 6, 6)
    desk.accept(buy.oid)
    assert buy.state is State.LIVE and buy.left == 6


def test_a_fill_after_the_cancel_ack_is_still_booked():
    desk = deaf()
    buy = desk.one(1)
    desk.press("pause")
    desk.cancelled(buy.oid)
    assert desk.engine.tracker.buys[0] == 0
    desk.fill(buy.oid, 4)
    assert desk.position() == 4
    assert desk.engine.tracker.buys[0] == 0
    assert desk.state == "PAUSED" and not [a for a in desk.alerts if a.code == "state" and "HALTED" in a.text]


def test_a_fill_told_twice_is_booked_once():
    desk = deaf()
    buy = desk.one(1)
    desk.fill(buy.oid, 4, trade="a")
    desk.fill(buy.oid, 4, trade="a")
    assert desk.position() == 4
    desk.fill(buy.oid, 4, trade="b")
    assert desk.position() == 8


@pytest.mark.parametrize("late", [False, True])
def test_an_overfill_halts_and_is_booked_in_full(late):
    desk = deaf()
    buy = desk.one(1)
    desk.fill(buy.oid, 10)
    if late:
        desk.fill(buy.oid, 3)
    else:
        desk.fill(buy.oid, 13, trade="big")
    assert desk.position() == (13 if late else 23)
    assert desk.engine.lattice.instruments[0].name == "HALTED"
    assert "overfilled" in desk.engine.lattice.reasons["instrument:perp:BTC"]
    assert desk.engine.tracker.buys[0] >= 0


def test_a_fill_of_an_order_that_is_not_ours_halts_the_instrument_and_is_booked():
    desk = deaf()
    desk.fill(999, 5, px=1_000_000, side=-1)
    assert desk.position() == -5
    assert desk.engine.lattice.instruments[0].name == "HALTED"


@pytest.mark.parametrize("fee", ["NaN", "Infinity", "-Infinity", "", "1e9999999", "abc"])
def test_a_fill_with_an_unreadable_fee_is_booked_and_said(fee):
    desk = deaf()
    desk.fill(desk.one(1).oid, 4, fee=fee)
    assert desk.position() == 4
    assert any("unreadable fee" in a.text for a in desk.alerts)


def test_an_unknown_order_counts_as_live_until_two_endpoints_say_no():
    desk = deaf()
    buy, sell = desk.one(1), desk.one(-1)
    for order in (buy, sell):
        desk.accept(order.oid)
    desk.wait(200)
    desk.step(OrderUnknown(desk.now, 0, buy.oid, "timeout"))
    assert buy.state is State.UNKNOWN and desk.engine.tracker.buys[0] == 10
    desk.answer_zero(endpoints=(1,), oids=[sell.oid])
    assert buy.open
    desk.answer_zero(endpoints=(2,), oids=[sell.oid])
    assert not buy.open
    assert sell.open and sell.state is State.LIVE


def test_an_unknown_order_that_one_endpoint_names_is_live():
    desk = deaf()
    buy = desk.one(1)
    desk.step(OrderUnknown(desk.now, 0, buy.oid, "timeout"))
    desk.answer_zero(endpoints=(1, 2), oids=[buy.oid])
    assert buy.state is State.LIVE


def test_absence_proves_nothing_of_a_create_that_may_still_land():
    desk = deaf()
    buy = desk.one(1)
    desk.step(OrderUnknown(desk.now, 0, buy.oid, "timeout"))
    desk.answer_zero()
    assert buy.state is State.UNKNOWN
    desk.wait(6_000)
    desk.answer_zero()
    assert not buy.open


def test_an_order_that_was_absent_and_turns_up_is_counted_again_and_cancelled():
    desk = deaf()
    buy = desk.one(1)
    desk.step(OrderUnknown(desk.now, 0, buy.oid, "timeout"))
    desk.wait(6_000)
    desk.answer_zero()
    assert not buy.open
    before = desk.mark
    desk.accept(buy.oid)
    assert buy.open and buy in desk.open(1)
    assert desk.all(CancelOrder, before) == [CancelOrder(0, buy.oid)]


def test_a_lost_answer_about_open_orders_is_asked_for_again():
    desk = deaf()
    desk.step(OrderUnknown(desk.now, 0, desk.one(1).oid, "timeout"))
    desk.wait(3_500)
    assert len({e.query for e in desk.all(QueryOpenOrders)}) >= 3


def test_no_answer_for_five_seconds_is_unknown():
    desk = deaf()
    buy = desk.one(1)
    desk.wait(4_900)
    assert buy.state is State.SENT
    desk.wait(400)
    assert buy.state is State.UNKNOWN
    assert len(desk.places()) == 2  # a create is never sent again


def test_a_refused_cancel_makes_the_order_unknown_and_asks_both_endpoints():
    desk = deaf()
    buy = desk.one(1)
    desk.accept(buy.oid)
    desk.press("pause")
    before = desk.mark
    desk.step(CancelRejected(desk.now, desk.now, 0, buy.oid, "unknown order"))
    assert buy.state is State.UNKNOWN
    assert [e.endpoint for e in desk.all(QueryOpenOrders, before)] == [1, 2]


@pytest.mark.parametrize("how", ["query", "ack"])
def test_a_quote_that_comes_to_light_in_a_pause_is_cancelled_again(how):
    """A cancel overtook its create, the venue did not know the order yet, and then it rested there."""
    desk = deaf()
    buy = desk.one(1)
    desk.press("pause")
    desk.step(CancelRejected(desk.now, desk.now, 0, buy.oid, "unknown order"))
    before = desk.mark
    if how == "query":
        desk.answer_zero(oids=[buy.oid])
    else:
        desk.accept(buy.oid)
    desk.wait(300)
    assert CancelOrder(0, buy.oid) in desk.all(CancelOrder, before)


def test_a_rejected_quote_is_tried_again_only_after_a_while():
    desk = deaf()
    buy = desk.one(1)
    desk.step(OrderRejected(desk.now, desk.now, 0, buy.oid, "post-only would take"))
    assert desk.engine.quoters[0].reasons[1] == "after a reject"
    before = desk.mark
    desk.wait(200)
    assert not desk.places(before)
    desk.wait(200)
    assert [e.side for e in desk.places(before)] == [1]


def test_client_ids_are_never_used_twice():
    desk = deaf()
    for _ in range(20):
        for order in desk.open():
            desk.cancelled(order.oid)
        desk.wait(300)
    oids = [e.oid for e in desk.places()]
    assert len(oids) > 20 and len(set(oids)) == len(oids)


def test_open_orders_of_another_venue_prove_nothing_here():
    desk = Desk(setup_of(), execution="deaf")
    desk.book()
    desk.press("start")
    buy = desk.one(1)
    desk.accept(buy.oid)
    desk.step(OrderUnknown(desk.now, 0, buy.oid, "timeout"))
    for endpoint in (1, 2):
        desk.step(OpenOrders(desk.now + SECOND, 0, 777, endpoint, []))  # a question that was never asked
    assert buy.state is State.UNKNOWN
