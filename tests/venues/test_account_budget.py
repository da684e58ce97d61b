"""Cancel-all and the venue's budget: what is one request, what goes by id, what never takes the cancels' share."""


import pytest
from account_kit import MS, SECOND, T0, kinds, live, order_report, place, sent, session

from mmtui.core.effects import CancelAll, CancelOrder, QueryOpenOrders
from mmtui.core.events import CancelAllDone
from mmtui.venues.account_budget import Budget
from mmtui.venues.account_messages import Cancel, CancelEverything, Create, Done, Failed, OpenList, OpenRow, OrderResult
from mmtui.venues.facts import TRADING, facts_of

VENUES = sorted(TRADING)


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


def test_creates_that_weigh_nothing_do_not_wait_for_questions_and_keep_the_cancels_share_of_their_own_counter():
    """Kraken spot: questions have a counter of their own; a desk that asked much quoted nothing."""
    facts = facts_of("kraken-spot")
    budget = Budget(facts, 1)
    budget.spend(T0, facts.rates.weight)  # questions have taken all of it
    assert budget.creates(T0, 4, 0) == 4
    ((limit, _),) = facts.rates.orders
    budget.spend(T0, 0, created=limit * 4 // 5)
    assert budget.creates(T0, 4, 0) == 0 and budget.cancels(T0, 4) == 4
