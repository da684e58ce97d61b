"""Reconciliation: what happened without us is explained by the venue, or it is a break; nothing is invented."""

from __future__ import annotations

import pytest
from desk_kit import DAY0, SECOND, Desk, item, three
from live_desk import Account, fill_of, live, remembered, up

from mmtui.core.effects import Adjust, CancelAll, CancelOrder, QueryAccount, QueryOpenOrders
from mmtui.core.events import (
    AccountAnswer,
    AccountMove,
    AccountStatus,
    Fill,
    HostStarted,
    IdsReserved,
    OrderFound,
)
from mmtui.core.ledger import keys
from mmtui.core.orders.table import State


def test_a_live_desk_asks_in_steps_and_starts_only_when_the_account_is_known():
    desk = Desk(live(), execution="deaf")
    account = Account(desk)
    desk.step(AccountStatus(desk.now, 0, True, "login"))
    desk.book()
    assert "reconciling" in desk.press("start").text
    account.orders(endpoints=(1,))
    assert not desk.all(QueryAccount)
    account.orders(endpoints=(2,))
    assert [e.what for e in desk.all(QueryAccount)] == ["fills", "ledger"]
    account.history()
    assert desk.all(QueryAccount)[-1].what == "positions"
    assert "reconciling" in desk.press("start").text
    account.positions()
    assert desk.press("start").ok
    desk.wait(200)
    assert desk.places()


def test_what_is_not_answered_is_asked_for_again_and_nothing_else():
    desk = Desk(live(), execution="deaf")
    account = Account(desk)
    desk.step(AccountStatus(desk.now, 0, True, "login"))
    account.orders(endpoints=(1,))
    mark = desk.mark
    desk.wait(1_200)
    assert desk.all(QueryOpenOrders, mark) == [QueryOpenOrders(0, account.query, 2)]
    account.orders()
    desk.step(AccountAnswer(desk.now, 0, account.query, "ledger"))
    mark = desk.mark
    desk.wait(5_000)
    assert [e.what for e in desk.all(QueryAccount, mark)] == ["fills"]
    desk.step(AccountAnswer(desk.now, 0, account.query, "fills"))
    mark = desk.mark
    desk.wait(5_000)
    assert [e.what for e in desk.all(QueryAccount, mark)] == ["positions"]
    account.positions()
    assert not desk.engine.reconcile.pending()


def test_quotes_go_when_the_account_stream_is_lost_and_come_back_after_the_catch_up():
    desk, account = up()
    assert desk.open()
    desk.step(AccountStatus(desk.now, 0, False, "closed"))
    assert len(desk.all(CancelOrder)) == 2
    assert desk.engine.protections.reasons[0] == "account stream down"
    for order in desk.open():
        desk.cancelled(order.oid)
    places = len(desk.places())
    desk.step(AccountStatus(desk.now, 0, True, "login"))
    desk.wait(500)
    assert desk.engine.protections.reasons[0].startswith("reconciling")
    account.all_well()
    desk.wait(500)
    assert len(desk.places()) == places  # a second of good data first
    desk.wait(1_500)
    assert len(desk.places()) > places


def test_a_fill_that_the_stream_lost_is_booked_once_by_the_catch_up():
    desk, account = up()
    buy = desk.one(1)
    desk.accept(buy.oid)
    desk.step(AccountStatus(desk.now, 0, False, "closed"))
    desk.step(AccountStatus(desk.now, 0, True, "login"))
    account.orders()
    account.history(fill_of(desk, buy, 4, "a"))
    account.positions(i0=4)
    desk.step(fill_of(desk, buy, 4, "a"))  # and the stream sends it as well
    assert desk.position() == 4
    assert not desk.engine.reconcile.pending()
    assert desk.engine.lattice.instruments[0].name == "RUNNING"


def test_after_a_crash_every_open_order_is_unknown_until_the_venue_says_more():
    desk, account = up()
    buy, sell = desk.one(1), desk.one(-1)
    for order in (buy, sell):
        desk.accept(order.oid)
    desk.wait(3_000, alive=False)
    mark = desk.mark
    desk.step(HostStarted(desk.now, 2, "recovery", {}, False, 10_000, 20_000))
    assert {buy.state, sell.state} == {State.UNKNOWN}
    assert desk.state == "PAUSED"
    account.orders(buy.oid)
    account.history(fill_of(desk, sell, 10, "x"))
    account.positions(i0=-10)
    assert buy.state in (State.LIVE, State.CANCELLING) and sell.state is State.FILLED
    assert desk.position() == -10
    assert "reconciling" in desk.press("start").text  # a create of the life before may still land
    desk.wait(3_000)
    account.all_well(buy.oid, i0=-10)
    assert not desk.engine.reconcile.pending()
    assert desk.state == "PAUSED"
    assert not desk.places(mark)
    assert desk.engine.tracker.next_oid == 10_000


def test_an_order_whose_record_was_lost_is_found_cancelled_and_its_fills_are_ours():
    desk, account = up()
    desk.step(HostStarted(desk.now, 2, "recovery", {}, False, 10_000, 20_000))
    mark = desk.mark
    desk.step(OrderFound(desk.now, desk.now, 0, 77, 1, 999_000, 10, 0, "x77"))
    account.orders(77)
    assert CancelOrder(0, 77) in desk.all(CancelOrder, mark)
    assert desk.engine.tracker.buys[0] >= 10
    order = desk.engine.tracker.get(77)
    account.history(fill_of(desk, order, 4, "z"))
    account.positions(i0=4)
    assert desk.position() == 4
    assert desk.engine.lattice.instruments[0].name == "RUNNING"  # nothing is unexplained


def test_a_fill_of_an_order_that_nobody_remembers_is_booked_as_ours():
    desk, _ = up()
    desk.step(HostStarted(desk.now, 2, "recovery", {}, False, 10_000, 20_000))
    desk.fill(5_000, 3, px=1_000_000, side=-1)
    assert desk.position() == -3
    assert desk.engine.lattice.instruments[0].name == "RUNNING"
    assert any("late fill" in a.text for a in desk.alerts)


def test_an_order_with_an_id_that_we_never_used_means_another_engine():
    desk, _ = up()
    desk.step(OrderFound(desk.now, desk.now, 0, 77_000, 1, 999_000, 10, 0, "x"))
    assert desk.engine.lattice.instruments[0].name == "HALTED"
    assert "another engine" in desk.engine.lattice.reasons["instrument:perp:BTC"]


def test_a_cancel_that_was_never_effective_is_found_and_sent_again():
    """hummingbot#1664: 1-2 % of the cancels were acknowledged and did nothing."""
    desk, account = up(live(reconcile_s=5.0))
    buy = desk.one(1)
    desk.accept(buy.oid)
    desk.press("pause")
    for order in desk.open():
        desk.cancelled(order.oid)
    assert not desk.open()
    desk.wait(6_000)
    mark = desk.mark
    account.orders(buy.oid)
    assert buy.open and desk.all(CancelOrder, mark) == [CancelOrder(0, buy.oid)]


def test_a_list_that_is_late_does_not_bring_an_order_back():
    desk, account = up(live(reconcile_s=5.0))
    buy, sell = desk.one(1), desk.one(-1)
    desk.accept(buy.oid), desk.accept(sell.oid)
    desk.wait(4_900)
    desk.press("pause")
    desk.cancelled(buy.oid), desk.cancelled(sell.oid)
    desk.wait(200)
    account.orders(buy.oid)
    assert not desk.open()


def test_a_ghost_is_unknown_and_counts_until_fills_and_lists_agree_that_it_is_gone():
    """Krypto-trading-bot#699: gone at the venue, alive in the bot."""
    desk, account = up(live(reconcile_s=5.0))
    buy, sell = desk.one(1), desk.one(-1)
    desk.accept(buy.oid), desk.accept(sell.oid)
    desk.wait(5_200)
    account.all_well(sell.oid)
    assert buy.state is State.UNKNOWN and desk.engine.tracker.buys[0] == 10
    desk.wait(1_200)
    account.orders(sell.oid)
    assert buy.state is State.UNKNOWN  # the fills may still tell
    account.history(fill_of(desk, buy, 10, "late"))
    assert buy.state is State.FILLED and desk.position() == 10


def test_a_difference_is_a_break_only_when_two_polls_agree():
    desk, account = up(live(reconcile_s=5.0))
    desk.wait(5_200)
    account.all_well(*[o.oid for o in desk.open()], i0=7)
    assert desk.position() == 0
    desk.wait(6_200)
    account.all_well(*[o.oid for o in desk.open()], i0=0)
    desk.wait(7_000)
    account.all_well(*[o.oid for o in desk.open()], i0=7)
    assert desk.position() == 0
    desk.wait(6_200)
    mark = desk.mark
    account.all_well(*[o.oid for o in desk.open()], i0=7)
    assert desk.position() == 7
    [adjust] = desk.all(Adjust, mark)
    assert (adjust.before, adjust.after) == (0, 7)
    assert desk.engine.lattice.instruments[0].name == "HALTED"
    assert desk.engine.ledger.total() == 0  # nothing is invented: no profit comes of it


def test_one_lot_is_rounding():
    desk, account = up(live(reconcile_s=5.0))
    for _ in range(3):
        desk.wait(5_200)
        account.all_well(*[o.oid for o in desk.open()], i0=1)
    assert desk.position() == 0 and desk.engine.lattice.instruments[0].name == "RUNNING"


def test_a_fill_between_question_and_answer_is_no_break():
    desk, account = up(live(reconcile_s=5.0))
    buy = desk.one(1)
    desk.accept(buy.oid)
    desk.wait(5_200)
    account.orders(*[o.oid for o in desk.open()])
    account.history()
    desk.fill(buy.oid, 10)
    account.positions(i0=0)  # the venue's answer is older than the fill
    desk.wait(1_200)
    account.all_well(*[o.oid for o in desk.open()], i0=10)
    assert not desk.all(Adjust) and desk.position() == 10


@pytest.mark.parametrize(
    ("cause", "lots", "px", "amount", "part"),
    [
        ("TRANSFER", 500, 0, "0", ""),
        ("CONVERSION", -20, 0, "0", ""),
        ("FEE_ASSET", -3, 0, "0", ""),
        ("EXTERNAL_FILL", 10, 999_000, "-0.5", "slippage"),
        ("LIQUIDATION", -10, 990_000, "-2", "slippage"),
        ("ADL", -10, 990_000, "0", "slippage"),
        ("FUNDING", 0, 0, "-1.25", "funding"),
    ],
)
def test_what_moved_for_a_known_cause_is_booked_once_under_its_name(cause, lots, px, amount, part):
    desk, account = up(live(reconcile_s=5.0))
    move = AccountMove(desk.now, desk.now, 0, 0, cause, "ref-1", lots, px, amount, "USDT")
    desk.step(move)
    desk.step(move)
    assert desk.position() == lots
    desk.wait(200)
    parts = {name for name, value in desk.engine.ledger.parts().items() if value}
    assert parts - {"inventory", "fees", "rebates"} == ({part} if part else set())
    if px == 0 and cause != "FUNDING":
        assert desk.engine.ledger.total() == 0
    desk.wait(5_200)
    account.all_well(*[o.oid for o in desk.open()], i0=lots)
    assert not desk.all(Adjust)
    assert desk.engine.lattice.instruments[0].name == "RUNNING"


def test_a_spot_position_is_compared_above_its_baseline():
    desk, _ = up(live(item("spot")), i0=100_000)
    assert desk.position() == 0 and not desk.engine.reconcile.pending()
    assert not desk.all(Adjust)


def test_a_session_begins_with_the_position_that_is_there():
    desk = Desk(live(), execution="deaf")
    account = Account(desk)
    desk.step(AccountStatus(desk.now, 0, True, "login"))
    old = Fill(desk.now, desk.now - SECOND, 0, 77, "before", 1, 1_000_000, 4, True, "0", "USDT")
    account.orders()
    account.history(old)
    account.positions(i0=25)
    assert desk.position() == 25 and desk.engine.lattice.instruments[0].name == "RUNNING"
    assert [adjust.why for adjust in desk.all(Adjust)] == ["adopted at the start"]
    desk.book()
    desk.wait(300)
    assert desk.engine.ledger.total() == 0
    assert desk.engine.accounts[0].average() == 1_000_000
    desk.book(bid=1_009_995, ask=1_010_005)
    desk.wait(300)
    assert desk.engine.ledger.total() > 0  # what it does from here on is ours


def test_no_order_leaves_beyond_the_reserved_ids():
    desk = Desk(live(), execution="deaf", start=False)
    account = Account(desk)
    desk.step(HostStarted(desk.now, 1, "start", {}, False, 1, 3))
    desk.step(AccountStatus(desk.now, 0, True, "login"))
    account.all_well()
    desk.book()
    desk.press("start")
    assert [e.oid for e in desk.places()] == [1, 2]
    for order in desk.open():
        desk.accept(order.oid)
        desk.cancelled(order.oid, "by venue")
    desk.wait(500)
    assert len(desk.places()) == 2
    desk.step(IdsReserved(desk.now, 100))
    desk.wait(500)
    assert len(desk.places()) == 4


def test_a_kill_that_was_latched_is_carried_out_again_by_the_next_life():
    desk = Desk(live(), execution="deaf", latched={"desk": "KILLED: by ann"})
    assert desk.state == "KILLED"
    assert desk.all(CancelAll)
    desk.wait(200)
    account = Account(desk)
    account.orders()
    desk.wait(400)
    assert desk.engine.sweeper.proven()


def test_after_a_recovery_a_kill_is_proven_only_when_nothing_can_land_any_more():
    desk, account = up()
    desk.press("kill")
    for order in desk.open():
        desk.cancelled(order.oid)
    desk.step(HostStarted(desk.now, 2, "recovery", {"desk": "KILLED: by ann"}, False, 10_000, 20_000))
    account.orders()
    desk.wait(300)
    assert not desk.engine.sweeper.proven()
    desk.wait(2_500)
    account.orders()
    desk.wait(300)
    assert desk.engine.sweeper.proven()


def test_a_paper_desk_reconciles_with_its_own_venue_after_a_restart():
    desk = Desk(three()).running()
    desk.trade_into(5, 1)
    desk.step(HostStarted(desk.now, 2, "recovery", {}))
    desk.wait(1_000)
    assert not desk.engine.reconcile.pending()
    assert not desk.all(Adjust)
    assert desk.press("start").ok


def test_the_memory_of_fills_is_bounded_and_never_forgets():
    desk, _ = up(live(item("linear", max_position="100")))
    buy = desk.one(1)
    booked = desk.engine.orders.booked[0]
    for k in range(8):
        desk.step(Fill(desk.now, desk.now + k * SECOND, 0, buy.oid, f"k{k}", 1, buy.px, 1, True, "0", "USDT"))
    before = desk.position()
    remembered(booked, desk.now + 8 * SECOND, room=5)
    for k in range(8):  # everything again: the forgotten ones are older than what is remembered
        desk.step(Fill(desk.now, DAY0 + k * SECOND, 0, buy.oid, f"k{k}", 1, buy.px, 1, True, "0", "USDT"))
    assert desk.position() == before == 8 and len(booked.order) == keys.CAP
    assert any("older than what is remembered" in a.text for a in desk.alerts)
