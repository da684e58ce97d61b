"""Amends of an account session: sent once and never over a cancel, settled by answer, stream or list, else in doubt."""

import msgspec
import pytest
from account_kit import MS, SECOND, T0, kinds, live, order_report, sent, session

from mmtui.core.effects import AmendOrder, CancelAll, CancelOrder, QueryOpenOrders
from mmtui.core.events import AmendRejected, OrderAmended, OrderCancelled, OrderFound, OrderUnknown
from mmtui.venues.account_messages import Amend, Cancel, Done, Failed, OpenList, OpenRow, OrderResult, Refused


def amend(oid=1, px=600_010, sz=4, number=1):
    return AmendOrder(0, oid, 1, px, sz, number)


def flying():
    """A live order whose amend has left."""
    one = session()
    live(one, 1)
    (request,) = sent(one, amend())
    return one, request


def test_an_amend_names_the_order_as_it_is_to_be_and_expires_like_a_create():
    one, request = flying()
    assert type(request) is Amend and request.expires == T0 + SECOND
    order = request.order
    assert (order.price, order.size, order.side, order.amend) == ("60001", "0.004", 1, 1)
    assert (order.client_id, order.venue_order_id) == (one.ids.of(1), "v1")
    assert one.answer(request.id, Done([OrderResult(True, "v1", status="new")]), T0) == [
        OrderAmended(T0, T0, 0, 1, 1, 600_010, 4)
    ]


def test_what_the_venue_made_of_it_counts():
    one, request = flying()
    said = OrderResult(True, "v1", status="new", price="60000.7", size="0.003")
    assert one.answer(request.id, Done([said]), T0) == [OrderAmended(T0, T0, 0, 1, 1, 600_007, 3)]
    one, request = flying()
    (event,) = one.answer(request.id, Done([OrderResult(True, "v1", status="cancelled")]), T0)
    assert type(event) is OrderCancelled and 1 not in one.orders.live


@pytest.mark.parametrize(
    ("answer", "stands"),
    [
        (Failed("429"), True),
        (Failed("auth"), True),
        (Refused("-4014", "tick"), True),
        (Refused("-1021", "late"), True),
        (Refused("-2013", "Order does not exist."), False),
        (Refused("-5022", "would take: the venue cancels it"), False),
        (Refused("-5027", "no need to modify"), False),
        (Done([OrderResult(False, "", "-2013", "gone")]), False),
    ],
)
def test_a_refusal_says_whether_the_order_stands(answer, stands):
    one, request = flying()
    (event,) = one.answer(request.id, answer, T0)
    assert (type(event), event.amend) == (AmendRejected, 1)
    assert event.stands is stands


@pytest.mark.parametrize(
    "answer", [Failed("timeout"), Failed("5xx"), Failed("network"), Refused("-1007", "?"), Done([]), OpenList([])]
)
def test_what_says_nothing_of_its_fate_leaves_it_unknown(answer):
    one, request = flying()
    assert kinds(one.answer(request.id, answer, T0)) == ["OrderUnknown"]
    assert one.orders.live[1].change is not None


def test_an_amend_without_an_answer_is_unknown_and_its_late_answer_is_heard():
    one, request = flying()
    assert OrderUnknown(T0 + 3 * SECOND, 0, 1, "amend: timeout") in one.tick(T0 + 3 * SECOND)
    assert one.take(T0 + 3 * SECOND) == []
    late = one.answer(request.id, Done([OrderResult(True, "v1", status="new")]), T0 + 4 * SECOND)
    assert kinds(late) == ["OrderAmended"]


def test_the_stream_settles_it_and_the_answer_after_it_is_no_news():
    one, request = flying()
    report = order_report(one, 1, "new")
    assert one.report(report, T0) == []  # as it was: it may be an old report
    changed = msgspec.structs.replace(report, price="60001.0", size="0.0040")
    assert kinds(one.report(changed, T0)) == ["OrderAmended"]
    assert one.answer(request.id, Done([OrderResult(True, "v1", status="new")]), T0) == []


def test_a_report_of_what_it_has_been_before_proves_nothing():
    one, request = flying()
    one.answer(request.id, Done([OrderResult(True, "v1", status="new")]), T0)
    (back,) = sent(one, amend(px=600_000, sz=5, number=2))
    assert one.report(order_report(one, 1, "new"), T0) == []
    assert kinds(one.answer(back.id, Done([OrderResult(True, "v1", status="new")]), T0)) == ["OrderAmended"]


def test_a_list_tells_what_an_order_in_doubt_is_before_it_names_it():
    one, request = flying()
    one.answer(request.id, Failed("timeout"), T0)
    (ask,) = sent(one, QueryOpenOrders(0, 9, 1))
    row = OpenRow(one.ids.of(1), "v1", 0, 1, "60001", "0.004", "0.001", T0)
    events = one.answer(ask.id, OpenList([row]), T0)
    assert kinds(events) == ["OrderFound", "OpenOrders"]
    assert events[0] == OrderFound(T0, T0, 0, 1, 1, 600_010, 4, 1, "v1")


def test_a_cancel_goes_before_and_drops_an_amend_that_has_not_left():
    one = session()
    live(one, 1, 2)
    requests = sent(one, amend(), CancelOrder(0, 1), amend(oid=2))
    assert [type(request) for request in requests] == [Cancel, Amend]
    assert [request.order.oid for request in requests[1:]] == [2]
    (event,) = one.tick(T0)
    assert event == AmendRejected(T0, T0, 0, 1, 1, True, "cancelled before it was sent")
    one.send(amend(oid=2, number=2), T0)
    one.send(CancelAll(0, 1), T0)
    assert all(type(request) is not Amend for request in one.take(T0))


def test_an_amend_that_had_to_wait_too_long_is_not_sent():
    one = session()
    live(one, 1)
    one.blocked = T0 + 5 * SECOND
    assert sent(one, amend()) == []
    later = T0 + 1_001 * MS
    assert one.next_ts() <= later
    assert one.tick(later) == [AmendRejected(later, later, 0, 1, 1, True, "too old")]
    one.blocked = 0
    assert one.take(later) == []


def test_an_amend_of_an_order_that_is_not_open_here_is_refused():
    one = session()
    assert sent(one, amend()) == []
    (event,) = one.tick(T0)
    assert (type(event), event.stands) == (AmendRejected, False)
