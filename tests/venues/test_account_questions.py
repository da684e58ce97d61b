"""What an account session asks: open orders, fills, ledger, positions; what answers say and when it asks again."""

from itertools import pairwise

from account_kit import MS, SECOND, T0, fill_report, kinds, live, sent, session

from mmtui.core.effects import QueryAccount, QueryOpenOrders
from mmtui.core.events import AccountAnswer, OpenOrders, OrderFound, Positions
from mmtui.venues.account_messages import (
    AskOpen,
    Failed,
    FillList,
    LedgerList,
    LedgerRow,
    OpenList,
    OpenRow,
    PositionList,
    PositionRow,
)

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


def test_a_question_about_orders_that_seems_lost_leaves_again_and_either_answer_counts():
    one = session()
    lists, ledger = sent(one, QueryOpenOrders(0, 7, 1), QueryAccount(0, 7, "ledger", T0))
    one.send(QueryOpenOrders(0, 7, 1), T0 + 800 * MS)
    assert one.take(T0 + 800 * MS) == []
    one.send(QueryAccount(0, 7, "ledger", T0), T0 + SECOND)
    one.send(QueryOpenOrders(0, 7, 1), T0 + SECOND)
    (again,) = one.take(T0 + SECOND)
    assert isinstance(again, AskOpen) and again.id != lists.id
    one.send(QueryOpenOrders(0, 7, 1), T0 + 2 * SECOND - MS * 200)
    assert one.take(T0 + 2 * SECOND - MS * 200) == []  # the second has not been under way for long
    for request in (again, lists):
        (event,) = one.answer(request.id, OpenList([]), T0 + 2 * SECOND)
        assert (event.query, event.endpoint) == (7, 1)
    assert kinds(one.answer(ledger.id, LedgerList([]), T0 + 2 * SECOND)) == ["AccountAnswer"]


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
