"""Rounds of reconciliation: what is asked when, in which order, since when; what a start or a recovery takes up."""

import pytest
from desk_kit import DAY0, MS, SECOND, Desk, item, setup_of, slots_of
from live_desk import ELSEWHERE, Account, asked, fill_of, live, mine, pair, settled, up

from mmtui.core.effects import QueryAccount, QueryOpenOrders
from mmtui.core.events import (
    AccountAnswer,
    AccountMove,
    AccountStatus,
    HostStarted,
    OpenOrders,
    OrderUnknown,
    Positions,
)
from mmtui.core.orders.reconcile import Round

QUESTIONS = (QueryOpenOrders, QueryAccount)





# ---------------------------------------------------------------- what is asked


def test_a_paper_desk_that_starts_asks_nothing_and_an_answer_to_nothing_changes_nothing():
    desk = Desk(setup_of(), execution="deaf")
    desk.book()
    desk.wait(10_000)
    before = desk.engine.state_hash()
    desk.step(Positions(desk.now, 0, 0, [0], [50]))
    desk.step(AccountAnswer(desk.now, 0, 0, "fills"))
    desk.step(OpenOrders(desk.now, 0, 0, 1, []))
    assert not asked(desk, 0) and desk.position() == 0 and desk.engine.state_hash() == before


def test_before_the_first_round_nothing_is_asked_planned_or_suspected_and_all_is_known():
    one = Round()
    assert slots_of(one) == {
        "known": True,
        "adopts": False,
        "fates": False,
        "why": "",
        **dict.fromkeys(("query", "begun", "asked", "attempts", "due", "settled"), 0),
        "waits": [],
        "touched": [],
        "suspects": {},
    }


def test_a_round_asks_orders_then_history_since_the_last_booking_then_positions():
    desk, account = up(live(reconcile_s=5.0))
    settled(desk)
    desk.wait(5_200)
    query = account.query
    mark = desk.mark
    account.orders(*mine(desk))
    assert asked(desk, mark) == [QueryAccount(0, query, "fills", 0), QueryAccount(0, query, "ledger", 0)]
    mark = desk.mark
    account.history()
    assert asked(desk, mark) == [QueryAccount(0, query, "positions")]
    account.positions()
    desk.fill(desk.one(1).oid, 2)
    newest = desk.now
    desk.fill(desk.one(1).oid, 1, ts_event=newest - 30 * SECOND)  # an old one does not turn the clock back
    desk.wait(5_200)
    mark = desk.mark
    account.orders(*mine(desk))
    assert {e.since for e in asked(desk, mark)} == {newest - 60 * SECOND}


def test_a_ledger_entry_moves_the_instant_from_which_is_asked_even_when_it_is_not_ours_to_book():
    desk, _, there = pair()
    for ts in (desk.now, desk.now - 20 * SECOND):
        desk.step(AccountMove(desk.now, ts, 1, -1, "TRANSFER", f"r{ts}", 0, 0, "100", "USDT"))
    desk.step(AccountStatus(desk.now, 1, True, "login"))
    mark = desk.mark
    there.orders(*mine(desk, 1))
    assert {e.since for e in asked(desk, mark)} == {desk.now - 60 * SECOND}
    assert desk.engine.reconcile.newest[0] == 0  # of the other venue nothing is newer


@pytest.mark.parametrize("answered", [False, True])
def test_what_is_not_answered_is_asked_for_again_after_one_two_and_then_every_four_seconds(answered):
    desk = Desk(live(), execution="deaf")
    if answered:  # each step begins with patience anew only when the round does
        Account(desk).orders()
    times = []
    desk.after = lambda event, effects: [times.append(desk.now) for e in effects if isinstance(e, QUESTIONS)]
    desk.wait(20_000)
    instants = sorted(set(times))
    gaps = [(b - a) / SECOND for a, b in zip([DAY0, *instants], instants, strict=False)]
    assert gaps == [1, 2, 4, 4, 4, 4]


def test_a_new_round_is_patient_from_the_start_again():
    desk = Desk(live(), execution="deaf")
    desk.wait(8_000)
    desk.step(AccountStatus(desk.now, 0, True, "login"))
    mark = desk.mark
    desk.wait(1_200)
    assert [e.endpoint for e in asked(desk, mark)] == [1, 2]


def test_an_answer_to_another_question_or_told_twice_does_not_carry_the_round_on():
    desk = Desk(live(), execution="deaf")
    account = Account(desk)
    query = account.query
    mark = desk.mark
    desk.step(OpenOrders(desk.now, 0, query, 1, []))
    desk.step(OpenOrders(desk.now, 0, query, 1, []))
    desk.step(OpenOrders(desk.now, 0, query + 1, 2, []))
    desk.step(AccountAnswer(desk.now, 0, query, "fills"))
    assert not asked(desk, mark)
    desk.step(OpenOrders(desk.now, 0, query, 2, []))
    assert [e.what for e in asked(desk, mark)] == ["fills", "ledger"]
    desk.step(Positions(desk.now, 0, query, [0], [7]))  # not asked yet
    desk.step(AccountAnswer(desk.now, 0, query, "ledger"))
    desk.step(AccountAnswer(desk.now, 0, query, "fills"))
    desk.step(Positions(desk.now, 0, query - 1, [0], [7]))
    assert desk.engine.reconcile.pending() and desk.position() == 0
    desk.step(Positions(desk.now, 0, query, [0], [7]))
    assert not desk.engine.reconcile.pending() and desk.position() == 7
    desk.step(Positions(desk.now, 0, query, [0], [9]))  # told again
    assert desk.position() == 7


def test_an_order_of_unknown_fate_begins_a_round_unless_one_is_under_way():
    desk, here = up()
    settled(desk)
    desk.wait(1_000)
    mark = desk.mark
    desk.engine.orders.unknown(_unknown(desk, desk.one(1)))
    desk.engine.orders.unknown(_unknown(desk, desk.one(-1)))
    rounds = desk.engine.reconcile.rounds[0]
    assert rounds.query and rounds.fates
    assert desk.engine.sweeper.queries == rounds.query
    assert rounds.waits == ["1", "2"] and not asked(desk, mark)[2:]
    assert here.v == 0


def _unknown(desk, order):
    return OrderUnknown(desk.now, order.i, order.oid, "timeout")


def test_sweeps_come_at_their_interval_and_only_where_they_are_asked_for():
    for seconds, count in ((0.0, 0), (5.0, 1)):
        desk, account = up(live(reconcile_s=seconds))
        settled(desk)
        desk.wait(3_200)  # what the endpoints were late with is asked for once more
        account.all_well(*mine(desk))
        mark = desk.mark
        desk.wait(5_400)
        assert len([e for e in asked(desk, mark) if e.endpoint == 1]) == count
        assert desk.engine.reconcile.rounds[0].why == "sweep"


def test_what_happened_just_before_a_catch_up_is_found_by_a_second_one():
    """Lists, fills and positions may be seconds old: all three agree, and a fill is missing."""
    desk, account = up(live(reconcile_s=60.0))
    buy = desk.one(1)
    desk.accept(buy.oid)
    desk.step(AccountStatus(desk.now, 0, False, "closed"))
    desk.step(AccountStatus(desk.now, 0, True, "login"))
    account.all_well(buy.oid)
    assert not desk.engine.reconcile.pending()
    desk.wait(3_200)
    account.orders()
    account.history(fill_of(desk, buy, 10, "late"))
    account.positions(i0=10)
    assert desk.position() == 10 and buy.state.name == "FILLED"


def test_a_round_begins_in_the_instant_in_which_it_is_due():
    desk, _ = up(live(reconcile_s=5.0))
    rounds = desk.engine.reconcile.rounds[0]
    desk.engine.reconcile.watch(rounds.due - 1)
    assert not rounds.query
    desk.engine.reconcile.watch(rounds.due)
    assert rounds.query


def test_the_interval_counts_from_the_end_of_a_round():
    desk, account = up(live(reconcile_s=5.0))
    settled(desk)
    desk.wait(5_200)
    account.orders(*mine(desk))
    desk.wait(2_000)
    account.history()
    account.positions()
    assert desk.engine.reconcile.rounds[0].due == desk.engine.ts + 5 * SECOND


def test_a_ghost_is_given_up_for_unknown_when_the_fills_are_in_and_not_by_the_ledger():
    desk, account = up(live(reconcile_s=5.0))
    settled(desk)
    buy, sell = desk.one(1), desk.one(-1)
    desk.wait(5_200)
    account.orders(sell.oid)
    desk.step(AccountAnswer(desk.now, 0, account.query, "ledger"))
    assert buy.state.name == "LIVE"
    desk.step(AccountAnswer(desk.now, 0, account.query, "fills"))
    assert buy.state.name == "UNKNOWN"


def test_the_lists_may_come_in_either_order():
    for endpoints in ((1, 2), (2, 1)):
        desk = Desk(live(), execution="deaf")
        mark = desk.mark
        Account(desk).orders(endpoints=endpoints)
        assert [e.what for e in asked(desk, mark)] == ["fills", "ledger"]


def test_a_fill_in_the_instant_in_which_the_session_began_is_of_this_session():
    desk = Desk(live(), execution="deaf")
    for ts_event in (DAY0 - 1, DAY0):
        desk.fill(0, 3, px=1_000_000, ts_event=ts_event)
    assert desk.position() == 3


# ---------------------------------------------------------------- life


def test_a_start_looks_only_forward_and_a_recovery_takes_up_what_it_knew():
    desk = Desk(live(), execution="deaf")
    old = desk.now - SECOND
    desk.step(AccountMove(desk.now, old, 0, 0, "TRANSFER", "before", 50, 0, "0", "USDT"))
    assert desk.position() == 0
    Account(desk).all_well(i0=50)
    assert desk.position() == 50  # once: it was in the position that was adopted
    desk.step(AccountMove(desk.now, DAY0, 0, 0, "TRANSFER", "at", 5, 0, "0", "USDT"))
    assert desk.position() == 55
    desk.wait(3_000)
    desk.step(HostStarted(desk.now, 2, "recovery", {}))
    desk.step(AccountMove(desk.now, DAY0 + SECOND, 0, 0, "TRANSFER", "meanwhile", 5, 0, "0", "USDT"))
    assert desk.position() == 60
    Account(desk).all_well(i0=70)  # nothing is adopted: a difference is a suspicion
    assert desk.position() == 60 and desk.engine.reconcile.pending()


@pytest.mark.parametrize(
    ("mode", "first_oid", "last", "wait"),
    [
        ("live", 10_000, 0, 2_100),  # 2 s to land, and 0.1 s of records that a loss of power took with it
        ("live", 10_000, 500, 1_600),
        ("live", 1, 0, 0),  # the tape knows every id that was used
        ("paper", 10_000, 0, 0),
    ],
)
def test_after_a_recovery_lists_are_conclusive_when_no_create_of_the_life_before_can_land(mode, first_oid, last, wait):
    desk = Desk(setup_of(mode=mode), execution="deaf")
    if mode == "live":
        Account(desk).all_well()
    ts = desk.now
    desk.step(HostStarted(ts, 2, "recovery", {}, False, first_oid, 20_000, ts - last * MS if last else 0))
    rounds = desk.engine.reconcile.rounds[0]
    assert rounds.settled == desk.engine.sweeper.settled[0] == (ts + wait * MS if wait else 0)
    Account(desk).all_well()
    assert rounds.known is not bool(wait)
    assert rounds.due == (rounds.settled or (0 if mode == "paper" else desk.engine.ts + 3 * SECOND))


def test_a_round_that_began_in_the_instant_of_settling_is_conclusive():
    desk, account = up()
    desk.step(HostStarted(desk.now, 2, "recovery", {}, False, 10_000, 20_000))
    rounds = desk.engine.reconcile.rounds[0]
    rounds.begun = rounds.settled
    account.all_well()
    assert rounds.known


def test_while_a_venue_is_not_known_it_is_named_and_the_other_may_go_on():
    desk = Desk(live(item("linear"), item("linear", instrument_changes=ELSEWHERE)), execution="deaf")
    assert desk.engine.reconcile.pending() == "reconciling with the venue (perp, away)"
    Account(desk, 1).all_well()
    assert desk.engine.reconcile.pending() == "reconciling with the venue (perp)"
    Account(desk).all_well()
    assert desk.engine.reconcile.pending() == ""


def test_a_venue_whose_stream_is_down_is_blind_and_the_others_see():
    desk, here, there = pair()
    reasons = desk.engine.protections.reasons
    desk.step(AccountStatus(desk.now, 1, False, "closed"))
    assert reasons == ["", "account stream down"]
    assert desk.engine.reconcile.pending() == ""  # the account is still known: `start` elsewhere is not refused
    there.all_well(*mine(desk, 1))  # what is asked by queries does not bring the stream back
    assert desk.engine.reconcile.blind == ["", "account stream down"]
    desk.step(AccountStatus(desk.now, 1, True, "login"))
    assert reasons == ["", "reconciling with the venue"]
    version = desk.engine.version
    there.all_well(*mine(desk, 1))
    assert desk.engine.reconcile.blind == ["", ""] and desk.engine.version == version + 1
    desk.wait(1_500)
    assert reasons == ["", ""] and here.v == 0


def test_start_is_taken_while_the_stream_of_another_venue_is_down():
    desk, _, _ = pair()
    desk.press("stop")
    desk.step(AccountStatus(desk.now, 1, False, "closed"))
    assert desk.press("start").ok
    desk.wait(1_500)
    assert desk.engine.lattice.instruments[0].name == "RUNNING"
    assert desk.engine.reconcile.blind[1] == "account stream down"


def test_a_catch_up_is_one_trip_however_often_the_stream_comes_back():
    desk, _, there = pair()
    for _ in range(5):
        desk.step(AccountStatus(desk.now, 1, True, "login"))
    there.all_well(*mine(desk, 1))
    desk.wait(1_500)
    assert desk.engine.lattice.instruments[1].name == "RUNNING"
    assert len(desk.engine.protections.trips[1]) == 1


def test_the_wait_for_good_data_begins_anew_when_the_stream_fails_again():
    desk, _, there = pair()
    desk.step(AccountStatus(desk.now, 1, True, "login"))
    there.all_well(*mine(desk, 1))
    desk.wait(800)
    desk.step(AccountStatus(desk.now, 1, True, "login"))
    there.all_well(*mine(desk, 1))
    desk.wait(800)
    assert desk.engine.protections.reasons[1]
    desk.wait(400)
    assert not desk.engine.protections.reasons[1]


# ---------------------------------------------------------------- identity


def test_whatever_a_round_knows_is_part_of_the_state():
    desk, _, there = pair(reconcile_s=5.0)
    settled(desk)
    seen = [repr(desk.engine.reconcile.digest())]

    def differs():
        digest = repr(desk.engine.reconcile.digest())
        assert digest not in seen
        seen.append(digest)

    desk.wait(5_200)
    differs()  # rounds under way
    there.all_well(*mine(desk, 1), i1=5)
    differs()  # a suspicion, another instant
    desk.fill(desk.one(1, i=1).oid, 1)
    differs()  # newest and bookings
    desk.step(AccountStatus(desk.now, 0, False, "closed"))
    differs()
    one = desk.engine.reconcile.rounds[0]
    assert desk.engine.reconcile.digest() == (
        [(one.query, True, 0, []), (0, True, desk.engine.reconcile.rounds[1].due, [(1, (5, desk.now))])],
        [0, desk.now],
        [0, 1],
        ["account stream down", ""],
        [[], [(desk.now, 0, 0)]],  # what was held a moment ago
    )


def test_a_fill_told_by_the_catch_up_is_found_under_the_order_that_it_belongs_to():
    desk, account = up()
    buy = desk.one(1)
    desk.step(AccountStatus(desk.now, 0, True, "login"))
    account.orders(buy.oid)
    account.history(fill_of(desk, buy, 4, "a"))
    account.positions(i0=4)
    assert (buy.filled, buy.left) == (4, 6)
