"""What became of an order is asked for by lists and fills alone, once a second at the most; whole rounds go on."""

from __future__ import annotations

import pytest
from desk_kit import item
from live_desk import Account, fill_of, live, mine, unknown, up

from mmtui.core.effects import QueryAccount, QueryOpenOrders
from mmtui.core.events import AccountAnswer, AccountStatus, HostStarted
from mmtui.core.orders.reconcile import LAGGED
from mmtui.core.orders.table import State

MS = 1_000_000


def quiet(reconcile_s=60.0):
    """A quoting desk whose orders are acknowledged and whose rounds are over until the next sweep."""
    desk, account = up(live(item("linear"), reconcile_s=reconcile_s))
    for order in desk.open():
        desk.accept(order.oid)
    desk.wait(3_200)
    account.all_well(*mine(desk))
    desk.wait(1_000)
    return desk, account


def in_doubt(reconcile_s=60.0):
    desk, account = quiet(reconcile_s)
    buy, sell = desk.one(1), desk.one(-1)
    unknown(desk, buy)
    return desk, account, buy, sell


def account_questions(desk, since):
    return [effect.what for effect in desk.all(QueryAccount, since)]


def lists(desk, since):
    return sum(1 for effect in desk.all(QueryOpenOrders, since) if effect.endpoint == 1)


def test_the_fate_of_an_order_costs_lists_and_fills_and_neither_ledger_nor_positions():
    desk, account, buy, sell = in_doubt()
    mark = desk.mark
    account.orders(sell.oid)
    assert account_questions(desk, mark) == ["fills"]
    desk.step(AccountAnswer(desk.now, 0, account.query, "fills"))
    rounds = desk.engine.reconcile.rounds[0]
    assert (rounds.query, rounds.waits, rounds.fates) == (0, [], False)
    assert buy.state is State.CANCELLED and account_questions(desk, mark) == ["fills"]


def test_an_absent_order_is_in_doubt_until_the_fills_are_in_and_a_late_fill_is_booked():
    desk, account, buy, sell = in_doubt()
    account.orders(sell.oid)
    assert buy.state is State.UNKNOWN and desk.engine.tracker.buys[0] == 10
    desk.step(fill_of(desk, buy, 10, "late"))
    desk.step(AccountAnswer(desk.now, 0, account.query, "fills"))
    assert buy.state is State.FILLED and desk.position() == 10


def test_what_was_asked_before_a_create_can_no_longer_land_proves_nothing():
    desk, account = quiet()
    desk.cancelled(desk.one(1).oid, "by venue")
    desk.wait(200)
    new = desk.one(1)
    assert new.state is State.SENT
    for seconds in range(4):
        unknown(desk, new)
        account.orders(desk.one(-1).oid)
        account.history()
        landed = desk.now - new.sent_ts > desk.engine.tracker.landing(new)
        assert new.state is (State.CANCELLED if landed else State.UNKNOWN), seconds
        if landed:
            break
        desk.wait(1_000)
    assert landed


def test_an_order_is_asked_for_as_soon_as_silence_about_it_is_evidence():
    desk, account = quiet()
    desk.cancelled(desk.one(1).oid, "by venue")
    desk.wait(900)
    new = desk.one(1)
    unknown(desk, new)
    landing = desk.engine.tracker.landing(new) // MS
    for _ in range(landing // 100 + 3):
        account.orders(desk.one(-1).oid)
        account.history()
        if new.state is State.CANCELLED:
            break
        desk.wait(100)
    assert landing < (new.done_ts - new.sent_ts) // MS <= landing + 450  # a beat, and what lies between two questions


def test_orders_that_become_provable_one_after_the_other_do_not_each_have_their_own_question():
    desk, account = quiet()
    for _ in range(10):
        desk.cancelled(desk.one(1).oid, "by venue")
        desk.wait(100)
        unknown(desk, desk.one(1))
    account.all_well(*mine(desk))
    mark = desk.mark
    for _ in range(20):
        account.orders(desk.one(-1).oid)
        account.history()
        desk.wait(100)
    assert lists(desk, mark) <= 8


def test_a_whole_round_follows_soon():
    desk, account, _, sell = in_doubt()
    account.orders(sell.oid)
    account.history()
    assert desk.engine.reconcile.rounds[0].due == desk.engine.ts + LAGGED
    desk.wait(3_200)
    mark = desk.mark
    account.orders(*mine(desk))
    assert account_questions(desk, mark) == ["fills", "ledger"]


def test_a_whole_round_that_was_planned_sooner_comes_then_and_once_more_when_the_endpoints_have_caught_up():
    desk, account = quiet(5.0)
    rounds = desk.engine.reconcile.rounds[0]
    desk.wait((rounds.due - desk.now) // MS - 500)
    planned = rounds.due
    unknown(desk, desk.one(1))
    account.orders(*mine(desk))
    account.history()
    assert rounds.due == planned
    desk.wait(700)
    account.all_well(*mine(desk))
    assert rounds.due == desk.engine.ts + LAGGED


def test_doubts_without_end_do_not_keep_positions_from_being_compared():
    """Every answer takes a second and a half, and an order stays UNKNOWN all the time."""
    desk, account, buy, sell = in_doubt(5.0)
    mark = desk.mark
    for _ in range(20):
        desk.wait(1_500)
        account.orders(buy.oid, sell.oid)
        unknown(desk, buy)
        desk.wait(1_500)
        account.history()
        account.positions()
    assert account_questions(desk, mark).count("positions") >= 7


def test_many_doubts_are_one_question_a_second():
    desk, account, buy, sell = in_doubt()
    mark = desk.mark
    for _ in range(40):
        account.orders(buy.oid, sell.oid)
        account.history()
        unknown(desk, buy)
        desk.wait(50)
    assert 1 <= lists(desk, mark) <= 3


@pytest.mark.parametrize("what", ["blind", "not known", "not settled"])
def test_while_the_account_is_not_known_a_doubt_begins_a_whole_round(what):
    desk, account = quiet()
    rounds = desk.engine.reconcile.rounds[0]
    if what == "blind":
        desk.step(AccountStatus(desk.now, 0, False, "closed"))
    elif what == "not known":
        rounds.known = False
    else:
        rounds.settled = desk.now + 10_000 * MS
    unknown(desk, desk.one(1))
    mark = desk.mark
    account.orders(*mine(desk))
    assert account_questions(desk, mark) == ["fills", "ledger"]


def test_a_question_about_fates_does_not_make_an_account_known():
    desk, account, *_ = in_doubt()
    desk.step(AccountStatus(desk.now, 0, False, "closed"))
    account.orders(*mine(desk))
    account.history()
    assert desk.engine.reconcile.blind[0] == "account stream down"
    desk.step(HostStarted(desk.now, 2, "recovery", {}, False, 10_000, 20_000))
    account = Account(desk)
    account.orders()
    account.history()
    assert desk.engine.reconcile.pending()


def test_that_a_round_is_about_fates_alone_is_part_of_the_state():
    desk, *_ = in_doubt()
    rounds = desk.engine.reconcile.rounds[0]
    assert rounds.digest() == (rounds.query, True, rounds.due, [], "fates")
    rounds.fates = False
    assert rounds.digest() == (rounds.query, True, rounds.due, [])
