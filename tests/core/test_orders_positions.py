"""Positions that the venue names and what moved without us: breaks, polls that were overtaken, moves of the account."""

import pytest
from desk_kit import MS, SECOND, Desk, item
from live_desk import ELSEWHERE, Account, live, mine, pair, settled, up

from mmtui.core.effects import Adjust
from mmtui.core.events import AccountMove, AccountStatus
from mmtui.core.orders.reconcile import APART, LAGGED

MONEY = 10**27  # units of one USDT in the ledger





# ---------------------------------------------------------------- positions


def poll(desk, account, **lots):
    """The next round, and what the venue says it holds; late enough to agree with the one before."""
    desk.wait(APART // MS + 200)
    if desk.engine.reconcile.rounds[account.v].fates:  # quotes that nobody acknowledged: the whole round comes after it
        account.orders(*mine(desk, account.v))
        account.history()
        desk.wait(LAGGED // MS + 200)
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


def test_polls_that_are_behind_by_equal_fills_are_no_break():
    """Seed 55237: an endpoint half a second behind was asked after fills of 31 lots, twice: the desk took it for more
    than it had, by 31, and was HALTED."""
    desk, here = up(live(reconcile_s=60.0))
    settled(desk)
    one = desk.engine.reconcile.rounds[0]
    for held in (0, 5, 10):
        desk.wait(max(APART, one.due - desk.engine.ts) // MS + 200)
        desk.fill(desk.one(1).oid, 5)
        here.all_well(*mine(desk, 0), i0=held)  # what it was before the fill
    assert desk.position() == 15 and not desk.all(Adjust)
    for _ in range(2):  # what never was ours is a break, fills or not
        desk.wait(max(APART, one.due - desk.engine.ts) // MS + 200)
        here.all_well(*mine(desk, 0), i0=100)
    assert [(e.before, e.after) for e in desk.all(Adjust)] == [(15, 100)]


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


@pytest.mark.parametrize("asked_before", [True, False])
def test_a_poll_from_before_a_move_is_not_adopted(asked_before):
    """Seed 59542: somebody's fill came by the stream, then a poll of before it: it was adopted away, and the desk held
    nothing where the venue had 4 lots."""
    desk = Desk(live(), execution="deaf")
    here = Account(desk)
    move = AccountMove(desk.now, desk.now, 0, 0, "EXTERNAL_FILL", "BTC/1", 4, 1_000_000, "0", "USDT")
    here.orders()
    if asked_before:
        here.history()
        desk.step(move)
    else:
        desk.step(move)
        here.history()
    here.positions()  # an endpoint that is behind
    assert desk.position() == 4 and not desk.all(Adjust) and desk.engine.reconcile.pending()
    desk.wait(1_200)
    here.all_well(i0=9)  # 5 lots were there before
    assert [(one.before, one.after) for one in desk.all(Adjust)] == [(4, 9)]
    assert not desk.engine.reconcile.pending()


def test_what_a_venue_says_for_longer_than_endpoints_lag_is_adopted_after_all():
    desk = Desk(live(), execution="deaf")
    here = Account(desk)
    desk.step(AccountMove(desk.now, desk.now, 0, 0, "EXTERNAL_FILL", "BTC/1", 4, 1_000_000, "0", "USDT"))
    here.all_well()
    for _ in range(6):
        desk.wait(1_200)
        if desk.engine.reconcile.pending():
            here.all_well()
    assert desk.position() == 0 and not desk.engine.reconcile.pending()


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
