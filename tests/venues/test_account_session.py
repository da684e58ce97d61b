"""The account session: what leaves, in which order, and what each answer makes of an order."""


import pytest
from account_kit import MS, SECOND, T0, fill_report, kinds, live, order_report, place, sent, session

from mmtui.core.effects import CancelOrder
from mmtui.core.events import AccountMove, Fill, GridRefined
from mmtui.venues.account_ids import ClientIds
from mmtui.venues.account_messages import (
    Armed,
    AskFills,
    Create,
    Done,
    Failed,
    FillList,
    OpenList,
    OrderResult,
    Refused,
)
from mmtui.venues.facts import TRADING, facts_of

VENUES = sorted(TRADING)


@pytest.mark.parametrize("venue", VENUES)
def test_client_ids_keep_to_the_venues_rules_and_come_back_as_numbers(venue):
    facts = facts_of(venue)
    ids = ClientIds(facts, "a1b2c"[: 5 if facts.id_max > 18 else 4])
    for oid in (1, 42, 9_999_999_999):
        text = ids.of(oid)
        assert len(text) <= facts.id_max
        assert text.startswith(facts.id_lead)
        assert facts.id_chars != "alnum" or text.isalnum()
        assert ids.parse(text) == oid


@pytest.mark.parametrize("venue", VENUES)
def test_ids_of_others_are_not_ours(venue):
    ids, other = ClientIds(facts_of(venue), "abc1"), ClientIds(facts_of(venue), "abc")
    strangers = [other.of(7), "", "web_123", ids.of(7) + "x", ids.of(7)[:-1] + "-", "mm", "0x" + "0" * 32]
    assert [ids.parse(text) for text in strangers] == [None] * len(strangers)


def test_cancels_leave_before_creates():
    one = session()
    live(one, 1)
    requests = sent(one, place(2), CancelOrder(0, 1))
    assert kinds(requests) == ["Cancel", "Create"]


def test_creates_go_in_batches_where_the_venue_has_them():
    assert [len(r.orders) for r in sent(session(), *(place(k) for k in range(1, 8)))] == [5, 2]
    assert [len(r.orders) for r in sent(session("binance-spot"), place(1), place(2))] == [1, 1]


def test_a_create_expires_where_the_venue_can_refuse_late_ones():
    assert sent(session(), place(1))[0].expires == T0 + SECOND
    assert sent(session("coinbase"), place(1))[0].expires == 0


REFUSALS = [
    (Failed("timeout"), "OrderUnknown"),
    (Failed("5xx"), "OrderUnknown"),
    (Failed("network"), "OrderUnknown"),
    (Failed("429"), "OrderRejected"),
    (Failed("418", 5_000), "OrderRejected"),
    (Failed("403"), "OrderRejected"),
    (Failed("auth"), "OrderRejected"),
    (Refused("-2019", "margin"), "OrderRejected"),
    (Refused("never seen", ""), "OrderRejected"),
    (Refused("-1007", "execution status unknown"), "OrderUnknown"),
    (Refused("-4116", "duplicated"), "OrderUnknown"),
    (Done([]), "OrderUnknown"),
    (Done([OrderResult(False, "", "-5022", "would take")]), "OrderRejected"),
    (Done([OrderResult(True, "77")]), "OrderAccepted"),
    (Done([OrderResult(True, "77", status="expired")]), "OrderCancelled"),
    (Done([OrderResult(True, "77", status="rejected")]), "OrderRejected"),
    (OpenList([]), "OrderUnknown"),
]


@pytest.mark.parametrize(("answer", "event"), REFUSALS)
def test_what_each_answer_makes_of_a_create(answer, event):
    one = session()
    (request,) = sent(one, place(1))
    assert kinds(one.answer(request.id, answer, T0)) == [event]
    later = T0 + 200 * SECOND
    one.tick(later)
    assert not [r for r in one.take(later) if isinstance(r, Create)]


CANCELS = [
    (Failed("timeout"), ["OrderUnknown"]),
    (Failed("auth"), ["CancelRejected"]),
    (Failed("429"), []),
    (Refused("-2011", "Unknown order sent."), ["CancelRejected"]),
    (Done([OrderResult(False, "", "-2011", "Unknown order sent.")]), ["CancelRejected"]),
    (Done([OrderResult(True)]), ["OrderCancelled"]),
    (Done([]), ["OrderUnknown"]),
    (Armed(0), ["OrderUnknown"]),
]


@pytest.mark.parametrize(("answer", "events"), CANCELS)
def test_what_each_answer_makes_of_a_cancel(answer, events):
    one = session()
    live(one, 1)
    (request,) = sent(one, CancelOrder(0, 1))
    assert kinds(one.answer(request.id, answer, T0)) == events


def test_where_an_acknowledged_cancel_proves_nothing_the_stream_ends_the_order():
    one = session("bybit")
    live(one, 1)
    (request,) = sent(one, CancelOrder(0, 1))
    assert one.answer(request.id, Done([OrderResult(True)]), T0) == []
    (event,) = one.report(order_report(one, 1, "cancelled"), T0)
    assert event.reason == "requested"


def test_a_cancel_that_met_a_429_leaves_again_after_the_pause_and_no_sooner():
    one = session()
    live(one, 1)
    (request,) = sent(one, CancelOrder(0, 1))
    one.answer(request.id, Failed("429", 700), T0)
    assert one.take(T0 + 600 * MS) == []
    assert one.next_ts() == T0 + 700 * MS
    assert kinds(one.take(T0 + 700 * MS)) == ["Cancel"]


def test_requests_that_were_under_way_together_begin_one_pause():
    one = session()
    requests = sent(one, *(place(k) for k in range(1, 40)))
    for request in requests:
        one.answer(request.id, Failed("403"), T0 + 10 * MS)
    assert one.blocked == T0 + 10 * MS + 10 * SECOND
    one.send(place(50), one.blocked)
    (request,) = one.take(one.blocked)
    one.answer(request.id, Failed("403"), one.blocked)
    assert one.blocked == T0 + 10 * MS + 30 * SECOND


def test_retries_of_a_cancel_are_bounded():
    one = session()
    live(one, 1)
    now, sends, events = T0, 0, []
    one.send(CancelOrder(0, 1), now)
    for _ in range(50):
        for request in one.take(now):
            sends += 1
            events += one.answer(request.id, Failed("429", 10), now)
        now += SECOND
    assert sends <= 8
    assert "CancelRejected" in kinds(events)


def test_a_create_that_could_not_leave_in_time_never_leaves():
    one = session()
    (request,) = sent(one, place(1))
    one.answer(request.id, Failed("418", 60_000), T0)
    one.send(place(2), T0 + MS)
    assert one.take(T0 + MS) == []
    due = one.next_ts()
    (event,) = one.tick(due)
    assert (event.oid, event.reason) == (2, "too old")
    assert one.take(T0 + 61 * SECOND) == []


def test_a_number_is_sent_once_whatever_is_asked():
    one = session()
    sent(one, place(5))
    assert sent(one, place(5), place(4)) == []
    assert [event.reason for event in one.tick(T0)] == ["its id was used before"] * 2


def test_cancelling_an_order_that_has_not_left_keeps_it_here():
    one = session()
    (request,) = sent(one, place(1))
    one.answer(request.id, Failed("429", 5_000), T0)
    assert sent(one, place(2), CancelOrder(0, 2)) == []
    assert [event.reason for event in one.tick(T0)] == ["cancelled before it was sent"]


def test_a_request_without_an_answer_is_unknown_and_a_late_answer_still_counts():
    one = session()
    (request,) = sent(one, place(1))
    assert one.next_ts() == T0 + 3 * SECOND
    assert kinds(one.tick(one.next_ts())) == ["OrderUnknown"]
    assert kinds(one.answer(request.id, Done([OrderResult(True, "v1")]), T0 + 4 * SECOND)) == ["OrderAccepted"]
    assert one.answer(request.id, Done([OrderResult(True, "v1")]), T0 + 5 * SECOND) == []


def test_the_stream_and_the_answer_accept_an_order_once():
    one = session()
    (request,) = sent(one, place(1))
    assert kinds(one.report(order_report(one, 1, "new"), T0)) == ["OrderAccepted"]
    assert one.answer(request.id, Done([OrderResult(True, "v1")]), T0) == []


def test_a_post_only_order_that_the_venue_cancels_says_so():
    one = session("okx")
    sent(one, place(1))
    (event,) = one.report(order_report(one, 1, "cancelled", reason="post only"), T0)
    assert event.reason == "by venue (post only)"


def test_a_fill_is_ours_by_its_client_id_or_the_venues_id():
    one = session()
    live(one, 1)
    for client_id in (one.ids.of(1), ""):
        (event,) = one.report(fill_report(one, 1, client_id=client_id), T0)
        assert isinstance(event, Fill)
        assert (event.oid, event.px, event.sz, event.side, event.fee) == (1, 600_000, 1, 1, "0.012")


@pytest.mark.parametrize(
    ("kind", "cause"), [("trade", "EXTERNAL_FILL"), ("liquidation", "LIQUIDATION"), ("adl", "ADL")]
)
def test_a_fill_that_is_not_of_our_orders_is_a_move_of_the_account(kind, cause):
    one = session()
    (event,) = one.report(fill_report(one, 0, side="sell", kind=kind), T0)
    assert isinstance(event, AccountMove)
    assert (event.cause, event.lots, event.px, event.amount, event.ref) == (cause, -1, 600_000, "-0.012", "BTCUSDT/t1")


def test_the_quick_report_without_a_fee_waits_for_the_whole_one():
    one = session()
    live(one, 1)
    assert one.report(fill_report(one, 1, fee="", fee_asset=""), T0) == []


@pytest.mark.parametrize("bad", ["NaN", "inf", "1e400", "", "-1", "0", "1" * 30])
@pytest.mark.parametrize("field", ["price", "size"])
def test_a_number_that_is_none_is_damage_and_the_fill_is_asked_for(bad, field):
    one = session()
    live(one, 1)
    assert kinds(one.report(fill_report(one, 1, **{field: bad}), T0)) == ["Damage"]
    assert kinds(one.take(T0)) == ["AskFills"]


def test_a_fill_that_was_damaged_is_asked_for_again_when_the_list_must_have_it():
    one = session()
    one.unreadable("NaN is no number", T0)
    (request,) = one.take(T0)
    assert one.answer(request.id, FillList([]), T0 + 5 * MS) == [], "the list is as it was a moment ago"
    due = one.next_ts()
    assert T0 + one.facts.lag.fills_ms * MS < due < T0 + 5 * SECOND
    one.tick(due)
    (again,) = one.take(due)
    assert isinstance(again, AskFills) and again.since == request.since
    one.answer(again.id, FillList([]), due)
    one.tick(due + 60 * SECOND)
    assert "AskFills" not in kinds(one.take(due + 60 * SECOND)), "once"


def test_a_fill_without_a_trade_id_is_not_booked():
    one = session()
    assert kinds(one.report(fill_report(one, 1, trade=""), T0)) == ["Damage"]


def test_fills_that_do_not_add_up_are_asked_for():
    one = session()
    live(one, 1)
    one.report(fill_report(one, 1, size="0.002"), T0)
    assert kinds(one.report(order_report(one, 1, "cancelled", filled="0.003"), T0)) == ["OrderCancelled"]
    due = one.next_ts()
    assert one.tick(due) == []
    (request,) = one.take(due)
    assert isinstance(request, AskFills)
    (event,) = one.answer(request.id, FillList([fill_report(one, 1, "t2")]), due)
    assert isinstance(event, Fill)
    assert one.take(due + 10 * SECOND) == []


def test_a_fill_that_comes_a_little_later_is_no_question():
    one = session()
    live(one, 1)
    one.report(order_report(one, 1, "filled", filled="0.001"), T0)
    one.report(fill_report(one, 1), T0)
    one.tick(T0 + SECOND)
    assert one.take(T0 + SECOND) == []


def test_a_finer_price_refines_the_grid_and_the_feed_s_refinement_is_followed():
    one = session()
    live(one, 1)
    refined, fill = one.report(fill_report(one, 1, price="60000.05"), T0)
    assert isinstance(refined, GridRefined)
    assert (refined.tick, refined.px_factor, fill.px) == ("0.01", 10, 6_000_005)
    one.refined(refined)
    assert sent(one, place(2, px=6_000_010))[0].orders[0].price == "60000.1"
    one.refined(GridRefined(T0, 1, "0.1", "0.0001", 1, 10))
    assert sent(one, place(3, i=1, sz=50))[0].orders[0].size == "0.005"


# ---------------------------------------------------------------- the account stream


def test_the_stream_s_state_is_said():
    one = session("binance-spot")
    up = one.stream_up(T0)
    assert [(e.connected) for e in up[:1]] == [True]
    assert up[1].state == "unavailable"
    assert [e.connected for e in one.stream_down(T0, "closed")] == [False]


def test_money_that_moved_makes_the_session_look_into_the_ledger():
    from mmtui.venues.binance.reports import BalanceReport

    one = session()
    report = BalanceReport("binance-usdm", T0, "USDT", "", "", "100", "-3", "funding_fee")
    assert one.report(report, T0) == []
    assert kinds(one.take(T0)) == ["AskLedger"]
