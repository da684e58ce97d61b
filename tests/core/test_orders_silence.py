"""Own orders and silence: how long an answer is waited for, and what the lists of open orders prove."""

import pytest
from desk_kit import MS, SECOND
from live_desk import deaf, two, unknown, up

from mmtui.core.effects import CancelOrder, QueryOpenOrders
from mmtui.core.events import CancelAllDone, OpenOrders
from mmtui.core.orders.table import State

# ---------------------------------------------------------------- silence


@pytest.mark.parametrize("cancelling", [False, True])
def test_silence_is_counted_from_the_last_request(cancelling):
    desk = deaf()
    order = desk.one(1)
    desk.accept(desk.one(-1).oid)
    since = desk.engine.ts
    if cancelling:
        desk.wait(3_000)
        desk.press("cancel", order=order.oid)
        since = order.cancel_ts
    desk.engine.ts = since + 5 * SECOND
    desk.engine.orders.watch(since + 5 * SECOND)
    assert order.state is (State.CANCELLING if cancelling else State.SENT)
    desk.engine.orders.watch(since + 5 * SECOND + 1)
    assert order.state is State.UNKNOWN


def test_a_quote_that_rests_is_no_silence():
    desk = deaf()
    for order in desk.open():
        desk.accept(order.oid)
    mark = desk.mark
    desk.wait(20_000)
    assert {o.state for o in desk.open()} == {State.LIVE} and not desk.all(QueryOpenOrders, mark)


def test_an_unknown_order_is_asked_about_once_a_second_on_its_own_venue():
    desk = two()
    for order in desk.open():
        desk.accept(order.oid)
    unknown(desk, desk.one(1, i=1))
    mark = desk.mark
    desk.wait(3_250)
    assert [(e.v, e.endpoint) for e in desk.all(QueryOpenOrders, mark)] == [(1, 1), (1, 2)] * 3


def test_two_unknown_orders_are_one_question():
    desk = deaf()
    for order in desk.open():
        desk.accept(order.oid)
    for order in desk.open():
        unknown(desk, order)
    mark = desk.mark
    desk.wait(1_150)
    assert len(desk.all(QueryOpenOrders, mark)) == 2


def test_questions_that_are_never_answered_are_forgotten_the_oldest_first():
    desk = deaf()
    orders = desk.engine.orders
    numbers = [orders.ask(0, ("1", "2")) for _ in range(100)]
    assert [query for _, query in orders.absences] == numbers[-64:]
    assert numbers == list(range(numbers[0], numbers[0] + 100))


def answer(desk, v=0, named=(), endpoints=(1, 2), query=0):
    query = query or max(e.query for e in desk.all(QueryOpenOrders) if e.v == v)
    for endpoint in endpoints:
        desk.step(OpenOrders(desk.now, v, query, endpoint, list(named)))


def test_silence_about_orders_of_one_venue_is_no_evidence_about_another():
    desk = two()
    for order in desk.open():
        desk.accept(order.oid)
    desk.wait(3_000)
    here, there = desk.one(1, i=0), desk.one(1, i=1)
    unknown(desk, here)
    unknown(desk, there)
    answer(desk, 1, [desk.one(-1, i=1).oid])
    assert (here.state, there.state) == (State.UNKNOWN, State.CANCELLED)
    assert there.absent and there.done_ts == desk.engine.ts


def test_a_name_on_either_list_is_enough_to_be_alive():
    for named in (1, 2):
        desk = deaf()
        buy, sell = desk.one(1), desk.one(-1)
        for order in (buy, sell):
            desk.accept(order.oid)
        desk.wait(3_000)
        unknown(desk, buy)
        answer(desk, named=[buy.oid, sell.oid] if named == 1 else [sell.oid], endpoints=(1,))
        answer(desk, named=[buy.oid, sell.oid] if named == 2 else [sell.oid], endpoints=(2,))
        assert buy.state is State.LIVE and sell.state is State.LIVE


def test_one_endpoint_twice_is_one_endpoint_and_an_answer_twice_is_one_answer():
    desk = deaf()
    buy = desk.one(1)
    for order in desk.open():
        desk.accept(order.oid)
    desk.wait(3_000)
    unknown(desk, buy)
    query = max(e.query for e in desk.all(QueryOpenOrders))
    answer(desk, endpoints=(2, 2, 2), query=query)
    assert buy.state is State.UNKNOWN
    answer(desk, endpoints=(1,), query=query)
    assert buy.state is State.CANCELLED
    answer(desk, named=[buy.oid], endpoints=(1,), query=query)  # the question is closed
    assert buy.state is State.CANCELLED


@pytest.mark.parametrize(("after", "state"), [(2_000, State.LIVE), (2_001, State.UNKNOWN)])
def test_an_order_must_be_listed_two_seconds_after_it_was_acknowledged(after, state):
    desk, account = up()
    for order in desk.open():
        desk.accept(order.oid)
    buy, sell = desk.one(1), desk.one(-1)
    desk.runner.now = buy.live_ts + after * MS
    desk.engine.ts = desk.now
    desk.engine.out = out = []
    desk.engine.reconcile.begin(0, "now")
    query = next(e.query for e in out)
    answer(desk, named=[sell.oid], query=query)
    assert buy.state is State.LIVE  # its fills may still tell
    desk.engine.orders.part(0, query, "fills")
    assert buy.state is state and sell.state is State.LIVE and account.v == 0


@pytest.mark.parametrize(("after", "back"), [(2_000, False), (2_001, True)])
def test_a_cancelled_order_on_a_list_is_old_news_for_two_seconds(after, back):
    desk, _ = up()
    buy = desk.one(1)
    desk.accept(buy.oid)
    desk.press("pause")
    desk.cancelled(buy.oid)
    desk.runner.now = buy.done_ts + after * MS
    desk.engine.ts = desk.now
    desk.engine.out = out = []
    desk.engine.reconcile.begin(0, "now")
    answer(desk, named=[buy.oid], query=next(e.query for e in out), endpoints=(1,))
    assert buy.open is back


def test_an_order_given_up_by_absence_that_a_list_names_is_back_at_once():
    desk = deaf()
    buy, sell = desk.one(1), desk.one(-1)
    desk.accept(sell.oid)
    unknown(desk, buy)
    desk.wait(3_000)
    answer(desk, named=[sell.oid])
    assert buy.absent and not buy.open
    unknown(desk, sell)
    mark = desk.mark
    answer(desk, named=[buy.oid, sell.oid], endpoints=(1,))
    assert buy.state is State.CANCELLING and desk.all(CancelOrder, mark) == [CancelOrder(0, buy.oid)]


def test_an_acknowledged_cancel_all_is_noted_at_the_kill_that_asked():
    desk = two()
    desk.press("kill")
    sweep = desk.engine.sweeper.sweeps[-1]
    desk.step(CancelAllDone(desk.now + 7, 1, sweep.venues[1].query))
    assert (sweep.venues[0].acked, sweep.venues[1].acked) == (0, desk.now + 7)
