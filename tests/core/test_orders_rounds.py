"""Rounds of reconciliation: what is asked when, in which order, since when; and what the answers make of the books."""

import pytest
from desk_kit import DAY0, MS, SECOND, Desk, item, setup_of
from live_desk import ELSEWHERE, Account, fill_of, live, pair, up

from mmtui.core.effects import Adjust, QueryAccount, QueryOpenOrders
from mmtui.core.events import (
    AccountAnswer,
    AccountMove,
    AccountStatus,
    HostStarted,
    OpenOrders,
    OrderUnknown,
    Positions,
)
from mmtui.core.orders.reconcile import APART, Round

QUESTIONS = (QueryOpenOrders, QueryAccount)
MONEY = 10**27  # units of one USDT in the ledger


def settled(desk):
    """Every quote acknowledged, so that silence about it means something and nothing else is asked."""
    for order in desk.open():
        desk.accept(order.oid)


def mine(desk, i=0):
    return [order.oid for order in desk.open(i=i)]


def asked(desk, since):
    return desk.all(QUESTIONS, since)


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
    assert {name: getattr(one, name) for name in Round.__slots__} == {
        "known": True,
        "adopts": False,
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
    mark = desk.mark
    desk.engine.orders.unknown(_unknown(desk, desk.one(1)))
    desk.engine.orders.unknown(_unknown(desk, desk.one(-1)))
    rounds = desk.engine.reconcile.rounds[0]
    assert rounds.query and rounds.why == "an order whose fate is not known"
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


# ---------------------------------------------------------------- positions


def poll(desk, account, **lots):
    """The next round, and what the venue says it holds; late enough to agree with the one before."""
    desk.wait(APART // MS + 200)
    account.all_well(*mine(desk, account.v), **lots)


def test_the_positions_of_one_venue_say_nothing_about_another():
    desk, here, there = pair(reconcile_s=1.0)
    settled(desk)
    desk.fill(desk.one(1, i=0).oid, 5)
    for _ in range(3):
        poll(desk, here, i0=5)
        poll(desk, there)
    assert not desk.all(Adjust) and desk.position(0) == 5


def test_a_position_that_is_not_named_is_flat():
    desk, here = up(live(reconcile_s=1.0))
    settled(desk)
    desk.fill(desk.one(1).oid, 5)
    for _ in range(2):
        poll(desk, here)
    assert [(e.before, e.after) for e in desk.all(Adjust)] == [(5, 0)] and desk.position() == 0
    assert desk.engine.reconcile.bookings == [2]  # the fill and the break


@pytest.mark.parametrize(("lots", "breaks"), [(1, False), (-1, False), (2, True), (-2, True)])
def test_more_than_one_lot_is_a_break(lots, breaks):
    desk, here = up(live(reconcile_s=1.0))
    settled(desk)
    for _ in range(3):
        poll(desk, here, i0=lots)
    assert bool(desk.all(Adjust)) is breaks


def test_two_polls_must_name_the_same_difference():
    desk, here = up(live(reconcile_s=1.0))
    settled(desk)
    for lots in (5, 6, 7, -7):
        poll(desk, here, i0=lots)
    assert not desk.all(Adjust)
    poll(desk, here, i0=-7)
    assert [(e.before, e.after) for e in desk.all(Adjust)] == [(0, -7)]
    poll(desk, here, i0=-7)
    assert len(desk.all(Adjust)) == 1  # and it is over


def test_two_polls_of_a_break_are_six_seconds_apart_since_endpoints_may_be_behind():
    desk, here = up(live(reconcile_s=60.0))
    settled(desk)
    rounds = desk.engine.reconcile.rounds[0]
    for passed, breaks in ((0, False), (5_999, False), (1, True)):
        desk.runner.now += passed * MS
        desk.step(AccountStatus(desk.now, 0, True, "login"))  # a round at once
        here.all_well(*mine(desk), i0=5)
        assert bool(desk.all(Adjust)) is breaks
        assert rounds.due == desk.engine.ts + (1 if breaks else 6) * SECOND
    assert not rounds.suspects


def test_after_a_break_the_venue_is_asked_once_more_and_then_at_the_usual_interval():
    desk, here = up(live(reconcile_s=60.0))
    settled(desk)
    desk.wait(60_000)
    for _ in range(2):
        poll(desk, here, i0=5)
    assert desk.engine.reconcile.rounds[0].due == desk.engine.ts + SECOND
    poll(desk, here, i0=5)
    assert desk.engine.reconcile.rounds[0].due == desk.engine.ts + 60 * SECOND
    assert len(desk.all(Adjust)) == 1


@pytest.mark.parametrize("both", [False, True])
def test_a_question_about_one_instrument_keeps_the_round_open_whatever_the_next_one_says(both):
    second = item("linear", instrument_changes={"id": "perp:ETH", "symbol": "ETH"})
    desk, here = up(live(item("linear"), second, reconcile_s=60.0))
    desk.wait(60_000)
    poll(desk, here, i0=5, i1=7 if both else 0)
    assert desk.engine.reconcile.rounds[0].due == desk.engine.ts + APART
    poll(desk, here, i0=5, i1=7 if both else 0)
    assert [e.i for e in desk.all(Adjust)] == ([0, 1] if both else [0])


@pytest.mark.parametrize(("lots", "again"), [(4, False), (3, False), (0, True)])
def test_a_poll_that_a_fill_overtook_is_taken_again_only_where_it_differs(lots, again):
    desk, here = up(live(reconcile_s=60.0))
    settled(desk)
    desk.wait(60_200)
    here.orders(*mine(desk))
    here.history()
    desk.fill(desk.one(1).oid, 4)
    here.positions(i0=lots)
    assert desk.engine.reconcile.rounds[0].due == desk.engine.ts + (1 if again else 60) * SECOND
    assert not desk.engine.reconcile.rounds[0].suspects  # it is no first poll of a break either


def test_a_move_overtakes_a_poll_like_a_fill_does():
    desk, here = up(live(reconcile_s=60.0))
    settled(desk)
    desk.wait(60_200)
    here.orders(*mine(desk))
    here.history()
    desk.step(AccountMove(desk.now, desk.now, 0, 0, "TRANSFER", "r", 40, 0, "0", "USDT"))
    here.positions()
    assert not desk.engine.reconcile.rounds[0].suspects
    assert desk.engine.reconcile.rounds[0].due == desk.engine.ts + SECOND


def test_an_adjusted_or_adopted_position_overtakes_a_poll_too():
    desk = Desk(live(item("linear"), item("linear", instrument_changes=ELSEWHERE)), execution="deaf")
    assert desk.engine.reconcile.bookings == [0, 0]
    Account(desk, 1).all_well(i1=9)
    assert desk.engine.reconcile.bookings == [0, 1]
    Account(desk).all_well()
    assert desk.engine.reconcile.bookings == [0, 1]  # nothing to adopt
    desk = Desk(live(), execution="deaf")
    account = Account(desk)
    account.orders()
    for _ in range(2):
        desk.fill(0, 3, px=1_000_000)  # of an order of before, by hand
    account.history()
    account.positions(i0=9)
    assert desk.engine.reconcile.bookings == [3] and desk.position() == 9
    desk, here = up(live(reconcile_s=1.0))
    settled(desk)
    for _ in range(2):
        poll(desk, here, i0=9)
    assert desk.engine.reconcile.bookings == [1]


def test_an_adopted_position_is_worth_the_market_and_earns_from_there():
    desk = Desk(live(), execution="deaf")
    desk.book()
    desk.engine.accounts[0].transfer(3)  # from a poll that an older life had booked
    account = Account(desk)
    account.all_well(i0=-7)
    assert desk.all(Adjust) == [Adjust(0, 3, -7, "adopted at the start")]
    assert desk.position() == -7 and desk.engine.ledger.total() == 0
    assert desk.engine.accounts[0].average() == 1_000_000


def test_a_break_is_booked_at_the_market_so_that_no_profit_is_invented():
    desk, here = up(live(reconcile_s=1.0))
    settled(desk)
    desk.fill(desk.one(1).oid, 10, px=1_000_000)
    desk.timer()
    desk.book(1_000_095, 1_000_105)  # ten dollars up: 0.1 on 0.01 BTC
    poll(desk, here, i0=30)
    desk.book(1_000_195, 1_000_205)
    poll(desk, here, i0=30)
    assert desk.position() == 30
    inventory = desk.engine.ledger.parts()["inventory"]
    assert inventory == 2 * MONEY // 10  # of the ten lots that were known
    desk.book(1_000_295, 1_000_305)
    desk.timer()
    assert desk.engine.ledger.parts()["inventory"] == inventory + 3 * MONEY // 10


# ---------------------------------------------------------------- what moved without us


def moved(desk, cause, lots, px, amount, ref="r1", i=0):
    desk.step(AccountMove(desk.now, desk.now, 0, i, cause, ref, lots, px, amount, "USDT"))


@pytest.mark.parametrize(
    ("lots", "px", "amount", "slippage", "fees", "rebates"),
    [
        (10, 999_000, "-0.5", 1, -0.5, 0),  # bought 100 dollars below the mid
        (10, 999_000, "0.25", 1, 0, 0.25),
        (-10, 999_000, "-2", -1, -2, 0),
        (1, 999_000, "0", 0.1, 0, 0),  # a lot is a trade too
    ],
)
def test_a_trade_of_somebody_else_is_a_fill_at_its_price_with_its_fee(lots, px, amount, slippage, fees, rebates):
    desk, _ = up()
    moved(desk, "EXTERNAL_FILL", lots, px, amount)
    parts = {name: float(value) / MONEY for name, value in desk.engine.ledger.parts().items()}
    assert (parts["slippage"], parts["fees"], parts["rebates"]) == pytest.approx((slippage, fees, rebates))
    assert desk.position() == lots and desk.engine.accounts[0].fills == 1


@pytest.mark.parametrize("px", [0, 1])
def test_lots_with_a_price_are_a_trade_and_without_one_a_transfer(px):
    desk, _ = up()
    moved(desk, "TRANSFER", 10, px, "0")
    assert desk.engine.accounts[0].fills == (1 if px else 0)
    assert bool(desk.engine.ledger.total()) is bool(px)


def test_a_transfer_is_valued_where_the_market_is_when_it_comes():
    desk, _ = up()
    desk.fill(desk.one(1).oid, 10, px=1_000_000)
    desk.timer()
    desk.book(1_000_095, 1_000_105)
    moved(desk, "TRANSFER", 90, 0, "0")
    assert desk.engine.ledger.parts()["inventory"] == MONEY // 10
    desk.book(1_000_195, 1_000_205)
    desk.timer()
    assert desk.engine.ledger.parts()["inventory"] == MONEY // 10 + MONEY


@pytest.mark.parametrize(("cause", "paid"), [("FUNDING", -1.25), ("TRANSFER", 0), ("FEE_ASSET", 0)])
def test_money_alone_is_profit_only_when_it_is_funding(cause, paid):
    desk, _ = up()
    version = desk.engine.version
    bookings = list(desk.engine.reconcile.bookings)
    moved(desk, cause, 0, 0, "-1.25")
    assert desk.engine.ledger.parts()["funding"] == round(paid * 100) * MONEY // 100
    assert desk.engine.ledger.total() == desk.engine.ledger.parts()["funding"]
    assert (desk.engine.version, desk.engine.reconcile.bookings) == (version, bookings)  # no position changed


def test_an_entry_is_known_by_cause_and_reference_on_its_venue():
    desk, _, _ = pair()
    for v, i, cause, ref in ((0, 0, "TRANSFER", "a"), (0, 0, "TRANSFER", "b"), (0, 0, "CONVERSION", "a"),
                             (1, 1, "TRANSFER", "a"), (0, 0, "TRANSFER", "a")):  # fmt: skip
        desk.step(AccountMove(desk.now, desk.now, v, i, cause, ref, 3, 0, "0", "USDT"))
    assert [desk.position(i) for i in (0, 1)] == [9, 3] and desk.engine.reconcile.bookings == [3, 1]


def test_an_entry_of_no_instrument_of_ours_changes_no_position():
    desk, _, _ = pair()
    version = desk.engine.version
    moved(desk, "TRANSFER", 500, 0, "0", i=-1)
    assert [desk.position(i) for i in (0, 1)] == [0, 0] and desk.engine.version == version


def test_quotes_follow_a_position_that_moved_without_us():
    desk, _ = up(live(item("linear", max_position="0.02")))
    settled(desk)
    version = desk.engine.version
    mark = desk.mark
    moved(desk, "TRANSFER", 20, 0, "0")
    assert desk.engine.version == version + 1
    assert [e.oid for e in desk.cancels(mark)] == [desk.one(1).oid]  # the side that would add


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
    )


def test_a_fill_told_by_the_catch_up_is_found_under_the_order_that_it_belongs_to():
    desk, account = up()
    buy = desk.one(1)
    desk.step(AccountStatus(desk.now, 0, True, "login"))
    account.orders(buy.oid)
    account.history(fill_of(desk, buy, 4, "a"))
    account.positions(i0=4)
    assert (buy.filled, buy.left) == (4, 6)
