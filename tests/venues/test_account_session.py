"""The account session: what leaves, in which order, and what each answer makes of an order."""

from itertools import pairwise

import pytest
from account_kit import MS, SECOND, T0, fill_report, kinds, live, order_report, place, sent, session

from mmtui.core.effects import CancelAll, CancelOrder, QueryAccount, QueryOpenOrders
from mmtui.core.events import (
    AccountAnswer,
    AccountMove,
    CancelAllDone,
    Fill,
    GridRefined,
    OpenOrders,
    OrderFound,
    Positions,
)
from mmtui.venues.account_ids import ClientIds
from mmtui.venues.account_messages import (
    ArmDeadMan,
    Armed,
    AskFills,
    AskOpen,
    Cancel,
    CancelEverything,
    Create,
    Done,
    Failed,
    FillList,
    LedgerList,
    LedgerRow,
    OpenList,
    OpenRow,
    OrderResult,
    PositionList,
    PositionRow,
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


# ---------------------------------------------------------------- questions


def rows(one, *oids):
    return [OpenRow(one.ids.of(oid), f"v{oid}", 0, 1, "60000", "0.005", "0.001") for oid in oids]


def test_questions_asked_before_a_request_leaves_share_its_answer():
    one = session()
    (request,) = sent(one, QueryOpenOrders(0, 7, 1), QueryOpenOrders(0, 8, 1))
    assert sent(one, QueryOpenOrders(0, 9, 1)) == []
    events = one.answer(request.id, OpenList([]), T0)
    assert [event.query for event in events] == [7, 8]
    assert kinds(one.take(T0)) == ["AskOpen"]


def test_open_orders_names_ours_counts_others_and_finds_what_this_life_never_sent():
    one = session()
    live(one, 5)
    (request,) = sent(one, QueryOpenOrders(0, 1, 2))
    others = [OpenRow("web_1", "9", 0, 1, "1", "1", "0"), OpenRow("x", "8", -1, 1, "1", "1", "0")]
    found, answer = one.answer(request.id, OpenList(rows(one, 5, 3) + others), T0)
    assert isinstance(found, OrderFound)
    assert (found.oid, found.px, found.sz, found.filled) == (3, 600_000, 5, 1)
    assert isinstance(answer, OpenOrders)
    assert (answer.oids, answer.foreign, answer.endpoint) == ([5, 3], 2, 2)


def test_an_unreadable_open_order_is_named_nevertheless():
    one = session()
    (request,) = sent(one, QueryOpenOrders(0, 1, 1))
    bad = OpenRow(one.ids.of(3), "v3", 0, 1, "NaN", "0.005", "0")
    damage, answer = one.answer(request.id, OpenList([bad]), T0)
    assert kinds([damage]) == ["Damage"]
    assert answer.oids == [3]


def test_fills_and_ledger_are_said_to_be_whole_only_when_they_are():
    one = session()
    fills, ledger = sent(one, QueryAccount(0, 4, "fills", T0), QueryAccount(0, 4, "ledger", T0))
    assert fills.since == T0
    good = one.answer(fills.id, FillList([fill_report(one, 1)]), T0)
    assert isinstance(good[-1], AccountAnswer)
    bad = one.answer(ledger.id, LedgerList([LedgerRow("r", T0, -1, "FUNDING", "0", "0", "NaN", "USDT")]), T0)
    assert kinds(bad) == ["Damage"]


def test_a_ledger_entry_is_a_move_with_its_cause():
    one = session()
    (request,) = sent(one, QueryAccount(0, 4, "ledger", T0))
    move, _ = one.answer(request.id, LedgerList([LedgerRow("77", T0, 0, "FUNDING", "0", "0", "-0.5", "USDT")]), T0)
    assert (move.cause, move.i, move.lots, move.amount, move.ref) == ("FUNDING", 0, 0, "-0.5", "77")


def test_positions_are_whole_lots_or_nothing():
    one = session()
    (request,) = sent(one, QueryAccount(0, 4, "positions"))
    (answer,) = one.answer(request.id, PositionList([PositionRow(0, "-0.0129"), PositionRow(9, "1")]), T0)
    assert isinstance(answer, Positions)
    assert (answer.idx, answer.lots) == ([0], [-12])
    (request,) = sent(one, QueryAccount(0, 5, "positions"))
    assert kinds(one.answer(request.id, PositionList([PositionRow(0, "")]), T0)) == ["Damage"]


def test_a_question_that_failed_is_not_answered_and_may_be_asked_again():
    one = session()
    (request,) = sent(one, QueryOpenOrders(0, 1, 1))
    assert one.answer(request.id, Failed("5xx"), T0) == []
    assert sent(one, QueryOpenOrders(0, 2, 1)) == []
    assert kinds(one.take(T0 + 250 * MS)) == ["AskOpen"]


def test_a_venue_that_does_not_answer_is_asked_more_and_more_slowly():
    one, now, times = session(), T0, []
    while len(times) < 6:
        one.send(QueryOpenOrders(0, 1, 1), now)
        for request in one.take(now):
            times.append(now)
            one.answer(request.id, Failed("network"), now)
        now += 50 * MS
    assert [b - a for a, b in pairwise(times)] == [250 * MS, 500 * MS, SECOND, 2 * SECOND, 2 * SECOND]


def test_a_question_whose_answer_never_comes_is_given_up():
    one = session()
    sent(one, QueryOpenOrders(0, 1, 1))
    now = T0 + 3 * SECOND
    assert one.tick(now) == []
    now += 250 * MS
    assert isinstance(sent(one, QueryOpenOrders(0, 2, 1), now=now)[0], AskOpen)


# ---------------------------------------------------------------- cancel everything


def test_cancel_all_of_a_venue_is_one_request_an_instrument():
    one = session()
    live(one, 1, 2)
    requests = sent(one, place(3), CancelAll(0, 6))
    assert [(type(r), r.i) for r in requests] == [(CancelEverything, 0), (CancelEverything, 1)]
    assert [event.reason for event in one.tick(T0)] == ["cancelled before it was sent"]
    assert one.answer(requests[0].id, Done(), T0) == []
    (done,) = one.answer(requests[1].id, Done(), T0)
    assert isinstance(done, CancelAllDone)
    assert done.query == 6
    (event,) = one.report(order_report(one, 1, "cancelled"), T0)
    assert event.reason == "requested"


def test_cancel_all_of_the_account_is_one_request():
    assert [(type(r), r.i) for r in sent(session("deribit"), CancelAll(0, 1))] == [(CancelEverything, -1)]


@pytest.mark.parametrize("venue", ["okx", "hyperliquid", "coinbase"])
def test_cancel_all_goes_by_id_where_the_venue_has_none(venue):
    one = session(venue)
    live(one, 1, 2)
    (request,) = sent(one, CancelAll(0, 6))
    assert isinstance(request, Cancel)
    events = one.answer(request.id, Done([OrderResult(True), OrderResult(True)]), T0)
    assert kinds(events)[-1] == "CancelAllDone"
    sent(session(venue), CancelAll(0, 1))


def test_cancel_all_goes_by_id_where_others_have_orders():
    one = session()
    live(one, 1)
    (request,) = sent(one, QueryOpenOrders(0, 1, 1))
    one.answer(request.id, OpenList([OpenRow("web_1", "9", 0, 1, "1", "1", "0")]), T0)
    assert kinds(sent(one, CancelAll(0, 6))) == ["Cancel"]
    assert kinds(sent(one, CancelAll(0, 7, 1))) == ["CancelEverything"]


def test_a_cancel_all_of_one_instrument_spares_the_others_where_the_venue_knows_only_the_account():
    one = session("deribit")
    live(one, 1)
    sent(one, place(2, i=1))
    (request,) = sent(one, CancelAll(0, 6, 0))
    assert isinstance(request, Cancel)
    assert [order.oid for order in request.orders] == [1]


# ---------------------------------------------------------------- budget


@pytest.mark.parametrize("venue", VENUES)
def test_creates_never_take_the_cancels_share(venue):
    """However many orders are wanted: what is open can be cancelled at once, one by one."""
    one = session(venue)
    now, oid = T0, 0
    for _ in range(400):
        for _ in range(20):
            oid += 1
            one.send(place(oid), now)
        for request in one.take(now):
            one.answer(request.id, Done([OrderResult(True, f"v{o.oid}") for o in request.orders]), now)
        one.tick(now)
        now += 50 * MS
    mine = list(one.orders.live)
    for oid in mine:
        one.send(CancelOrder(0, oid), now)
    cancelled = [order.oid for request in one.take(now) for order in request.orders]
    assert mine and sorted(cancelled) == sorted(mine)


@pytest.mark.parametrize("venue", VENUES)
def test_what_leaves_stays_within_every_window_of_the_venue(venue):
    one, facts = session(venue), facts_of(venue)
    now, log = T0, []
    for oid in range(1, 3_001):
        one.send(place(oid), now)
        if oid % 3 == 0:
            one.send(CancelOrder(0, max(1, oid - 5)), now)
        for request in one.take(now):
            creates = len(request.orders) if isinstance(request, Create) else 0
            cancels = len(request.orders) if isinstance(request, Cancel) and facts.rates.cancels_count else 0
            log.append((now, request.weight, creates + cancels))
            if isinstance(request, Create | Cancel):
                one.answer(request.id, Done([OrderResult(True, "v") for _ in request.orders]), now)
        one.tick(now)
        now += 37 * MS
    limits = [(facts.rates.weight, facts.rates.window_ms, 1), *((n, ms, 2) for n, ms in facts.rates.orders)]
    for limit, ms, column in limits:
        first = total = 0
        for row in log:
            total += row[column]
            while log[first][0] <= row[0] - ms * MS:
                total -= log[first][column]
                first += 1
            assert total <= limit


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


# ---------------------------------------------------------------- dead-man switch


def arm(one, now, ms_late=0):
    for request in one.take(now):
        if isinstance(request, ArmDeadMan):
            yield from one.answer(request.id, Armed(now + request.ms * MS), now + ms_late * MS)


def test_the_switch_is_armed_a_symbol_each_and_refreshed():
    one = session()
    one.stream_up(T0)
    requests = one.take(T0)
    assert [(r.i, r.ms) for r in requests] == [(0, 10_000), (1, 10_000)]
    assert one.answer(requests[0].id, Armed(T0 + 10 * SECOND), T0) == []
    (event,) = one.answer(requests[1].id, Armed(T0 + 10 * SECOND), T0)
    assert (event.state, event.until) == ("armed", T0 + 10 * SECOND)
    assert one.next_ts() == T0 + 3 * SECOND
    assert kinds(one.take(T0 + 3 * SECOND)) == ["ArmDeadMan"] * 2


@pytest.mark.parametrize(
    ("venue", "ms", "every"),
    [
        ("binance-usdm", 10_000, 3_000),
        ("okx", 10_000, 3_000),
        ("kraken-spot", 15_000, 4_500),
        ("hyperliquid", 10_000, 3_000),
        ("gate", 10_000, 3_000),
    ],
)
def test_times_of_the_switch_keep_to_the_venues_limits(venue, ms, every):
    one = session(venue)
    one.stream_up(T0)
    assert {r.ms for r in one.take(T0)} == {ms}
    assert one.dead_man.every_ms == every


def test_more_symbols_than_the_weight_allows_are_refreshed_slowly():
    from mmtui.venues.account_deadman import plan

    usdm = facts_of("binance-usdm")
    assert plan(usdm, 4) == (10_000, 3_000)
    assert plan(usdm, 5) == (120_000, 30_000)


def test_a_late_refresh_is_an_alarm_and_a_missed_one_has_fired():
    one = session("okx")
    one.stream_up(T0)
    assert [e.state for e in arm(one, T0)] == ["armed"]
    (request,) = one.take(T0 + 3 * SECOND)
    late = T0 + 3 * SECOND + 10 * SECOND // 3
    assert one.next_ts() <= late
    events = one.tick(late)
    assert [getattr(e, "state", "") for e in events] == ["refused"]
    one.answer(request.id, Failed("timeout"), late)
    assert [e.state for e in one.tick(T0 + 10 * SECOND)] == ["fired"]
    assert [e.state for e in arm(one, T0 + 11 * SECOND)] == ["armed"]


def test_an_instant_that_was_not_asked_for_is_no_armed_switch():
    one = session("okx")
    one.stream_up(T0)
    (request,) = one.take(T0)
    assert [e.state for e in one.answer(request.id, Armed(T0 + 3600 * SECOND), T0)] == ["refused"]


def test_a_venue_that_refuses_the_switch_is_unbounded_and_that_is_said():
    one = session("hyperliquid")
    one.stream_up(T0)
    (request,) = one.take(T0)
    (event,) = one.answer(request.id, Refused("Cannot set scheduled cancel", "volume"), T0)
    assert event.state == "unavailable"


def test_the_days_quota_of_firings_ends_the_switch_until_tomorrow():
    one = session("hyperliquid")
    one.stream_up(T0)
    now, states = T0, []
    for _ in range(12):
        states += [e.state for e in arm(one, now)]
        now += 20 * SECOND
        states += [e.state for e in one.tick(now)]
    assert states.count("fired") == 10
    assert states[-1] == "unavailable"
    assert one.next_ts() == T0 + 86_400 * SECOND


def test_the_switch_is_disarmed_only_by_standing_down():
    one = session("okx")
    one.stream_up(T0)
    list(arm(one, T0))
    one.stream_down(T0, "closed")
    for step in range(1, 20):
        now = T0 + step * SECOND
        for request in one.take(now):
            assert request.ms > 0
            one.answer(request.id, Armed(now + request.ms * MS), now)
        one.tick(now)
    one.stand_down(now)
    (request,) = one.take(now)
    assert request.ms == 0
    assert [e.state for e in one.answer(request.id, Armed(0), now)] == ["off"]
    assert one.take(now + 60 * SECOND) == []


def test_where_the_connection_is_the_switch_losing_it_fires_it():
    one = session("deribit")
    one.stream_up(T0)
    assert [e.state for e in arm(one, T0)] == ["armed"]
    assert [e.state for e in one.stream_down(T0, "reset")[1:]] == ["fired"]
    one.stream_up(T0 + SECOND)
    assert kinds(one.take(T0 + SECOND)) == ["ArmDeadMan"]


def test_a_cancel_all_that_could_not_leave_for_long_does_not_come_after_the_desk_trades_again():
    """A ban outlasted the kill that it belonged to: what is sent after it would hit orders of another time."""
    one = session()
    one.send(CancelAll(0, 7), T0)
    one.blocked = T0 + 10 * SECOND
    assert one.take(T0) == []
    assert "CancelEverything" not in kinds(one.take(T0 + 11 * SECOND))
    one.send(CancelAll(0, 8), T0 + 12 * SECOND)
    assert "CancelEverything" in kinds(one.take(T0 + 12 * SECOND))


def test_repeated_cancels_leave_half_of_the_budget_to_first_ones_and_to_questions():
    """Kraken futures: a kill that repeated its cancels had nothing left for the question that proves it."""
    one = session("kraken-futures")
    for oid in range(1, 13):
        live(one, oid)
    now = T0 + SECOND
    asked = 0
    for attempt in range(12):
        one.send(CancelAll(0, 100 + attempt), now)
        for oid in range(1, 13):
            one.send(CancelOrder(0, oid), now)
        for endpoint in (1, 2):
            one.send(QueryOpenOrders(0, 100 + attempt, endpoint), now)
        for request in one.take(now):
            question = type(request).__name__ == "AskOpen"
            asked += question
            one.answer(request.id, OpenList([]) if question else Failed("timeout"), now)
        now += SECOND
    assert asked >= 12
