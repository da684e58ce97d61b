"""What a trader is told about orders and the account, word for word: severity, code, text, instrument and venue."""

import pytest
from desk_kit import SECOND, Desk, item, setup_of
from live_desk import ELSEWHERE, Account, live, pair, remembered, up

from mmtui.core.effects import Adjust, Alert, CancelOrder, Latch, Shutdown
from mmtui.core.events import (
    AccountMove,
    AccountStatus,
    DeadMan,
    Fill,
    HostStarted,
    OrderFound,
    OrderRejected,
    OrderUnknown,
)


def told(desk, since):
    """Alerts since a mark."""
    return desk.all(Alert, since)


def away(severity, code, text):
    """An alert about the second instrument of a pair."""
    return Alert(severity, code, f"away:BTC: {text}", 1)


# ---------------------------------------------------------------- orders


def test_a_rejected_order_is_said_with_the_venues_reason():
    desk, _, _ = pair()
    order = desk.one(1, i=1)
    mark = desk.mark
    desk.step(OrderRejected(desk.now, desk.now, 1, order.oid, "post-only would take"))
    desk.step(OrderRejected(desk.now, desk.now, 1, order.oid, "post-only would take"))
    assert told(desk, mark) == [away("warn", "reject", "order rejected: post-only would take")]


@pytest.mark.parametrize(("reason", "said"), [("requested", False), ("ioc", False), ("by venue", True)])
def test_a_cancel_that_nobody_asked_for_is_said(reason, said):
    desk, _, _ = pair()
    order = desk.one(1, i=1)
    mark = desk.mark
    desk.cancelled(order.oid, reason)
    assert told(desk, mark) == ([away("warn", "cancelled", f"order {order.oid} cancelled by venue")] if said else [])


def test_an_order_whose_fate_is_not_known_is_a_danger():
    desk, _, _ = pair()
    order = desk.one(1, i=1)
    mark, version = desk.mark, desk.engine.version
    desk.step(OrderUnknown(desk.now, 1, order.oid, "HTTP 503"))
    assert desk.engine.version == version + 1
    assert told(desk, mark) == [away("danger", "unknown", f"order {order.oid} UNKNOWN: HTTP 503")]


def test_a_flatten_that_an_unknown_order_stops_says_so():
    desk, _, _ = pair()
    desk.trade_into(50, 1)
    desk.press("flatten", i=1)
    mark = desk.mark
    desk.step(OrderUnknown(desk.now, 1, desk.one(1, i=1).oid, "timeout"))
    (said,) = [alert.text for alert in told(desk, mark) if alert.code == "task"]
    assert said == "flatten BTC: an order is UNKNOWN, 0.05 BTC left"


def test_a_request_without_an_answer_is_said_after_five_seconds():
    desk, _, _ = pair()
    order = desk.one(1, i=1)
    for other in desk.open():
        if other is not order:
            desk.accept(other.oid)
    desk.wait(4_900)
    mark = desk.mark
    desk.wait(300)
    assert told(desk, mark) == [away("danger", "unknown", f"order {order.oid} UNKNOWN: no answer for 5 s")]


def test_an_order_that_the_venue_does_not_list_is_said_to_be_unknown():
    desk, _, there = pair(reconcile_s=5.0)
    for order in desk.open():
        desk.accept(order.oid)
    order, other = desk.one(1, i=1), desk.one(-1, i=1)
    desk.wait(5_200)
    mark = desk.mark
    there.all_well(other.oid)
    assert told(desk, mark) == [away("danger", "unknown", f"order {order.oid} UNKNOWN: the venue does not list it")]


def test_an_order_that_was_given_up_and_turns_up_is_said_and_goes():
    desk, _, there = pair()
    order = desk.one(1, i=1)
    desk.step(OrderUnknown(desk.now, 1, order.oid, "timeout"))
    for _ in range(2):  # a create may still land while the first list is made
        desk.wait(3_000)
        there.all_well(*[o.oid for o in desk.open(i=1) if o is not order])
    assert not order.open
    mark = desk.mark
    desk.accept(order.oid)
    assert told(desk, mark) == [away("danger", "unknown", f"order {order.oid} lives after all")]
    assert desk.all(CancelOrder, mark) == [CancelOrder(1, order.oid)]


def test_an_order_found_at_the_venue_is_said_and_cancelled():
    desk, _, _ = pair()
    desk.step(HostStarted(desk.now, 2, "recovery", {}, False, 10_000, 20_000))
    mark = desk.mark
    desk.step(OrderFound(desk.now, desk.now - SECOND, 1, 77, -1, 999_000, 10, 0, "x77"))
    assert told(desk, mark) == [away("danger", "unknown", "order 77 found at the venue: cancelled")]
    order = desk.engine.tracker.get(77)
    assert (order.i, order.side, order.px, order.sz, order.tif) == (1, -1, 999_000, 10, "GTC")
    assert (order.purpose, order.reduce_only, order.level) == ("found", False, 0)
    assert (order.sent_ts, order.live_ts, order.venue_order_id) == (desk.now, desk.now, "x77")
    assert order.state.name == "CANCELLING"
    desk.step(OrderFound(desk.now, desk.now, 1, 77, -1, 999_000, 10, 0, "x77"))  # told once
    assert len(told(desk, mark)) == 1 and desk.engine.tracker.sells[1] >= 10


def halted(desk, mark, i, why):
    """What follows a break: HALTED on disk, and said."""
    assert desk.engine.lattice.instruments[i].name == "HALTED"
    scope = desk.engine.scope(-1, i)
    assert Latch(scope, "HALTED", why) in desk.all(Latch, mark)
    assert Alert("danger", "state", f"{scope} RUNNING -> HALTED: {why}", i) in told(desk, mark)


@pytest.mark.parametrize("beyond", [0, 1])
def test_another_engine_on_the_account_halts_the_instrument(beyond):
    desk, _, _ = pair()
    oid = desk.engine.tracker.next_oid + beyond
    mark = desk.mark
    desk.step(OrderFound(desk.now, desk.now, 1, oid, 1, 999_000, 10, 0, "x"))
    halted(desk, mark, 1, f"order {oid} has an id that we never used: another engine trades this account")
    assert desk.engine.tracker.get(oid) is None


@pytest.mark.parametrize("oid", [0, -1, "next"])
def test_a_fill_of_somebody_elses_order_halts_the_instrument(oid):
    desk, _, _ = pair()
    oid = desk.engine.tracker.next_oid if oid == "next" else oid
    mark = desk.mark
    desk.fill(oid, 5, px=1_000_000, trade="f1", i=1, side=-1)
    halted(desk, mark, 1, "fill f1 of an order that is not ours")
    assert desk.position(1) == -5


@pytest.mark.parametrize("oid", [1, "last"])
def test_a_late_fill_of_an_order_of_ours_is_said_and_halts_nothing(oid):
    desk, _, _ = pair()
    desk.step(HostStarted(desk.now, 2, "recovery", {}, False, 10_000, 20_000))
    desk.engine.tracker.open.pop(1)
    mark = desk.mark
    oid = 9_999 if oid == "last" else oid
    desk.fill(oid, 5, px=1_000_000, i=1, side=-1)
    assert told(desk, mark) == [away("danger", "fill", f"late fill of order {oid}")]
    assert desk.engine.lattice.instruments[1].name == "RUNNING" and desk.position(1) == -5


def test_an_overfill_halts_and_says_by_how_much():
    desk, _, _ = pair()
    order = desk.one(1, i=1)
    mark = desk.mark
    desk.fill(order.oid, 12)
    halted(desk, mark, 1, f"order {order.oid} overfilled: 12 of 10 lots")


@pytest.mark.parametrize("fee", ["NaN", "-Infinity", "1e9999999", "1000000000", "-1000000000", "0,5"])
def test_a_fee_that_cannot_be_read_is_said_and_costs_nothing(fee):
    desk, _, _ = pair()
    mark = desk.mark
    desk.fill(desk.one(1, i=1).oid, 4, fee=fee, trade="f1")
    assert told(desk, mark) == [away("danger", "fill", f"fill f1 has an unreadable fee {fee!r}")]
    parts = desk.engine.ledger.parts()
    assert parts["fees"] == parts["rebates"] == 0


def test_the_largest_fee_that_is_believed_is_a_lot_of_money():
    desk, _, _ = pair()
    mark = desk.mark
    desk.fill(desk.one(1, i=1).oid, 4, fee="999999999.5")
    assert not [a for a in told(desk, mark) if a.code == "fill"]
    assert desk.engine.ledger.parts()["fees"] == -9_999_999_995 * 10**26


def test_a_fill_older_than_the_memory_is_said_and_not_booked():
    desk, _, _ = pair()
    order = desk.one(1, i=1)
    for k in range(5):
        desk.step(Fill(desk.now, desk.now + k * SECOND, 1, order.oid, f"k{k}", 1, order.px, 1, True, "0", "USDT"))
    remembered(desk.engine.orders.booked[1], desk.now + 5 * SECOND, room=3)
    mark = desk.mark
    desk.step(Fill(desk.now, desk.now, 1, order.oid, "old", 1, order.px, 1, True, "0", "USDT"))
    assert told(desk, mark) == [away("danger", "fill", "fill old is older than what is remembered: not booked")]
    assert desk.position(1) == 5
    mark = desk.mark
    desk.step(Fill(desk.now, desk.now + 4 * SECOND, 1, order.oid, "k4", 1, order.px, 1, True, "0", "USDT"))
    assert told(desk, mark) == []  # a repetition is nothing to say


# ---------------------------------------------------------------- the account


def test_the_account_stream_down_and_up_is_said_once_each_with_the_venue():
    desk, _, there = pair()
    mark = desk.mark
    desk.step(AccountStatus(desk.now, 1, False, "closed by peer"))
    desk.step(AccountStatus(desk.now, 1, False, "refused"))
    assert [a for a in told(desk, mark) if a.code == "account"] == [
        Alert("warn", "account", "away account stream down: closed by peer", v=1)
    ]
    assert away("warn", "protection", "account stream down: quotes pulled") in told(desk, mark)
    mark = desk.mark
    desk.step(AccountStatus(desk.now, 1, True, "login"))
    assert told(desk, mark) == [Alert("info", "account", "away account stream up: login", v=1)]
    mark = desk.mark
    there.all_well()
    assert [a for a in told(desk, mark) if a.code == "account"] == [
        Alert("info", "account", "away reconciled after reconnect", v=1)
    ]


@pytest.mark.parametrize(("cause", "word"), [("start", "start"), ("recovery", "restart")])
def test_the_end_of_the_first_round_says_what_it_was_for(cause, word):
    desk = Desk(live(), execution="deaf", cause=cause)
    account = Account(desk)
    mark = desk.mark
    account.all_well()
    assert told(desk, mark) == [Alert("info", "account", f"perp reconciled after {word}", v=0)]


def test_a_sweep_that_finds_nothing_says_nothing():
    desk, account = up(live(reconcile_s=5.0))
    for order in desk.open():
        desk.accept(order.oid)
    desk.wait(5_200)
    mark = desk.mark
    account.all_well(*[o.oid for o in desk.open()])
    assert told(desk, mark) == []


def test_a_position_that_is_adopted_is_said():
    desk = Desk(live(item("linear"), item("linear", instrument_changes=ELSEWHERE)), execution="deaf")
    mark = desk.mark
    Account(desk, 1).all_well(i1=-25)
    assert told(desk, mark)[:1] == [away("warn", "account", "position -0.025 adopted at the start")]
    assert desk.all(Adjust, mark) == [Adjust(1, 0, -25, "adopted at the start")]


def test_a_position_break_says_what_the_venue_holds_and_what_we_know_of():
    desk, _, there = pair(reconcile_s=5.0)
    for order in desk.open():
        desk.accept(order.oid)
    desk.fill(desk.one(1, i=1).oid, 4)
    desk.wait(5_200)
    there.all_well(*[o.oid for o in desk.open(i=1)], i1=7)
    desk.wait(6_200)
    mark = desk.mark
    there.all_well(*[o.oid for o in desk.open(i=1)], i1=7)
    why = "the venue holds 0.007, we know of 0.004"
    assert desk.all(Adjust, mark) == [Adjust(1, 4, 7, why)]
    assert away("danger", "adjust", f"ADJUST: {why}") in told(desk, mark)
    halted(desk, mark, 1, f"position break: {why}")
    assert desk.position(1) == 7


@pytest.mark.parametrize(
    ("cause", "severity"),
    [
        ("TRANSFER", "info"),
        ("FEE_ASSET", "info"),
        ("CONVERSION", "info"),
        ("EXTERNAL_FILL", "danger"),
        ("LIQUIDATION", "danger"),
        ("ADL", "danger"),
    ],
)
def test_what_moved_without_us_is_said_under_its_name(cause, severity):
    desk, _, _ = pair()
    mark = desk.mark
    px = 0 if severity == "info" else 999_000
    desk.step(AccountMove(desk.now, desk.now, 1, 1, cause, "r1", -20, px, "0", "USDT"))
    assert told(desk, mark) == [away(severity, "account", f"{cause} of -0.02")]


@pytest.mark.parametrize("cause", ["FUNDING", "EXTERNAL_FILL"])
def test_money_of_an_entry_that_cannot_be_read_is_said(cause):
    desk, _, _ = pair()
    mark = desk.mark
    lots = 0 if cause == "FUNDING" else 5
    desk.step(AccountMove(desk.now, desk.now, 1, 1, cause, "r1", lots, 1_000_000 if lots else 0, "?", "USDT"))
    assert told(desk, mark)[:1] == [away("danger", "fill", "entry r1 has an unreadable fee '?'")]


# ---------------------------------------------------------------- kill, losses


def test_a_kill_is_said_when_it_begins_and_when_every_venue_has_reported_zero():
    desk = Desk(setup_of()).running()
    mark = desk.mark
    desk.press("kill")
    desk.wait(1_000)
    assert told(desk, mark) == [
        Alert("danger", "state", "desk RUNNING -> KILLED: kill by ann over local"),
        Alert("info", "kill", "kill of desk: zero open orders, verified"),
    ]


def test_a_shutdown_is_proven_in_the_same_words():
    desk = Desk(setup_of()).running()
    mark = desk.mark
    desk.press("shutdown")
    desk.wait(1_000)
    assert desk.all(Shutdown, mark) == [Shutdown(True, "zero open orders, verified")]
    assert Alert("info", "kill", "shutdown of desk: zero open orders, verified") in told(desk, mark)


@pytest.mark.parametrize(
    ("limits", "text"),
    [
        ({"daily_loss": 5.0, "drawdown": 1e6}, "daily loss 6.00 USDT reached its limit 5.00"),
        ({"daily_loss": 1e6, "drawdown": 5.0}, "drawdown 6.00 USDT reached its limit 5.00"),
        ({"daily_loss": 6.0, "drawdown": 1e6}, "daily loss 6.00 USDT reached its limit 6.00"),
        ({"daily_loss": 1e6, "drawdown": 6.0}, "drawdown 6.00 USDT reached its limit 6.00"),
    ],
)
def test_a_loss_halts_the_desk_in_money(limits, text):
    desk = Desk(setup_of(limits=limits), execution="deaf")
    desk.book()
    desk.press("start")
    desk.trade_into(1_000)
    desk.timer()
    mark = desk.mark
    desk.book(999_935, 999_945)  # 6 USDT below
    desk.timer()
    assert desk.engine.ledger.total() == -6 * 10**27
    assert Alert("danger", "state", f"desk RUNNING -> HALTED: {text}") in told(desk, mark)
    count = len(told(desk, mark))
    desk.timer()
    assert len(told(desk, mark)) == count  # said once


@pytest.mark.parametrize("which", ["daily_loss", "drawdown"])
def test_the_loss_gauge_is_said_when_it_begins_to_reduce_and_when_it_ends(which):
    desk = Desk(setup_of(limits={"daily_loss": 1e6, "drawdown": 1e6, which: 10.0}), execution="deaf")
    desk.book()
    desk.press("start")
    desk.trade_into(1_000)
    desk.timer()

    def move(mid):
        mark, version = desk.mark, desk.engine.version
        desk.book(mid - 5, mid + 5)
        desk.timer()
        desk.timer()
        said = [a for a in told(desk, mark) if a.code == "limit"]
        assert desk.engine.version - version == len(said)
        return said

    name = which.replace("_", " ")
    reduce = Alert("warn", "limit", f"REDUCE: {name} at 90 % of its limit")
    assert move(999_911) == []  # 8.9
    assert move(999_910) == [reduce]  # 9.0
    assert [q.guard for q in desk.engine.quoters] == [reduce.text]
    assert move(999_930) == []  # 7.0: still above 70 %
    assert move(999_931) == [Alert("warn", "limit", "losses below 70 % of their limits: both sides again")]
    assert [q.guard for q in desk.engine.quoters] == [""]


def test_a_desk_that_is_halted_already_says_nothing_of_its_gauges():
    desk = Desk(setup_of(limits={"daily_loss": 10.0, "drawdown": 1e6}), execution="deaf")
    desk.book()
    desk.trade_into(1_000)
    desk.timer()
    desk.halt(reason="something else")
    mark = desk.mark
    desk.book(999_895, 999_905)  # the whole of its limit
    desk.timer()
    assert not [a for a in told(desk, mark) if a.code in ("limit", "state")] and not desk.engine.watch.guard


@pytest.mark.parametrize("state", ["fired", "refused"])
def test_a_dead_man_switch_that_failed_is_said_once(state):
    desk, _, _ = pair()
    mark = desk.mark
    for _ in range(2):
        desk.step(DeadMan(desk.now, 1, state, 0))
    assert told(desk, mark) == [Alert("danger", "deadman", f"away: dead-man switch {state}", v=1)]
