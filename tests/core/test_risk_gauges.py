"""Gauges, loss limits and time in the market: what the screen shows of risk, in the numbers that would act."""

import pytest
from desk_kit import DAY, DAY0, INVERSE, LINEAR, MS, SECOND, SPOT, Desk, item, setup_of, three
from live_desk import ELSEWHERE

from mmtui.core.effects import PlaceOrder
from mmtui.core.ledger.ledger import MINUTE
from mmtui.core.risk.watch import Reading, Watch

MONEY = {"daily_loss": 100.0, "drawdown": 200.0, "gross_notional": 30_000.0}


def quiet(*items, **changes):
    """A desk with books and no orders of its own."""
    desk = Desk(setup_of(*items, **changes) if items else three(limits=MONEY), execution="deaf")
    desk.books()
    return desk


def gauges(desk):
    return {one.name: one for one in desk.engine.watch.readings(desk.engine)}


def rest(desk, side, lots, i=0):
    tracker = desk.engine.tracker
    tracker.add(PlaceOrder(i, tracker.next_oid, side, 1_000_000, lots, "GTX", False, "quote", 9), desk.now)
    tracker.next_oid += 1


def test_the_gauges_of_a_desk_that_has_done_nothing():
    assert quiet().engine.watch.readings(quiet().engine) == [
        Reading("position", "cash:BTC", 0.0, "0 of ±1 BTC", "adds refused at 1, worst case 0"),
        Reading("loss day", "desk", 0.0, "0.00 of 100.00 USDT", "would HALT at 100.00 USDT"),
        Reading("drawdown", "desk", 0.0, "0.00 of 200.00 USDT", "would HALT at 200.00 USDT"),
        Reading("notional", "desk", 0.0, "0.00 of 30000.00 USDT", "would refuse orders at 30000.00 USDT"),
        Reading("leverage", "perp", 0.0, "0.00x of 3x on perp", "would refuse orders at 3x"),
        Reading("msgs/s", "cash", 0.0, "0 of 50 on cash", "no creates at 40"),
        Reading(
            "data age", "cash:BTC", 0.001, "2 of 2,000 ms since the venue last spoke of it",
            "would pull quotes at 2,000 ms",
        ),
    ]


def test_the_position_gauge_is_the_instrument_that_is_nearest_to_its_limit():
    desk = quiet()
    desk.trade_into(50, LINEAR)
    desk.trade_into(-30, INVERSE)
    rest(desk, 1, 10, INVERSE)
    rest(desk, -1, 20, INVERSE)
    assert gauges(desk)["position"] == Reading(
        "position", "coin:BTC", 0.06, "-30 of ±500 BTC", "adds refused at 500, worst case 50"
    )
    desk.trade_into(100, SPOT)
    rest(desk, 1, 7, SPOT)
    rest(desk, -1, 300, SPOT)
    assert gauges(desk)["position"] == Reading(
        "position", "cash:BTC", 0.1, "0.1 of ±1 BTC", "adds refused at 1, worst case 0.2"
    )
    desk.trade_into(-100, LINEAR)  # as near as spot: the first one stays
    assert gauges(desk)["position"].scope == "cash:BTC"
    rest(desk, 1, 800, SPOT)
    assert gauges(desk)["position"].fires_at == "adds refused at 1, worst case 0.907"


def test_a_limit_of_nothing_is_no_division_by_zero():
    desk = quiet()
    desk.engine.gate.position_limits[:] = [0, 0, 0]
    desk.engine.gate.gross_notional = 0
    desk.trade_into(50, LINEAR)
    assert (gauges(desk)["position"].share, gauges(desk)["notional"].share) == (0.0, 0.0)


def test_loss_drawdown_and_notional_gauges_are_in_the_desks_currency():
    desk = quiet()
    desk.trade_into(100, LINEAR)
    desk.timer()
    desk.book(1_000_995, 1_001_005, LINEAR)  # +10 USDT
    desk.timer()
    desk.book(998_995, 999_005, LINEAR)  # and then 20 below that
    desk.timer()
    seen = gauges(desk)
    assert (seen["loss day"].share, seen["loss day"].text) == (0.1, "10.00 of 100.00 USDT")
    assert (seen["drawdown"].share, seen["drawdown"].text) == (0.1, "20.00 of 200.00 USDT")
    assert (seen["notional"].share, seen["notional"].text) == (0.333, "9990.00 of 30000.00 USDT")


def test_a_profit_is_no_loss_below_zero():
    desk = quiet()
    desk.trade_into(100, LINEAR)
    desk.timer()
    desk.book(1_000_995, 1_001_005, LINEAR)
    desk.engine.ledger.mark(LINEAR)  # before the peak is noted
    seen = gauges(desk)
    assert (seen["loss day"].share, seen["loss day"].text) == (0.0, "0.00 of 100.00 USDT")
    assert (seen["drawdown"].share, seen["drawdown"].text) == (0.0, "0.00 of 200.00 USDT")


def test_the_message_gauge_is_the_busiest_venue():
    desk = quiet()
    for v, count in enumerate((3, 25, 7)):
        for _ in range(count):
            desk.engine.gate.count(v, desk.now)
    assert gauges(desk)["msgs/s"] == Reading("msgs/s", "perp", 0.5, "25 of 50 on perp", "no creates at 40")
    assert desk.engine.gate.rate(1, desk.now + SECOND - 1) == 25
    assert desk.engine.gate.rate(1, desk.now + SECOND) == 0


@pytest.mark.parametrize(
    ("share", "level"),
    [(0.0, "ok"), (0.69, "ok"), (0.70, "warn"), (0.89, "warn"), (0.90, "reduce"), (0.99, "reduce"), (1.0, "act")],
)
def test_the_level_of_a_gauge(share, level):
    assert Reading("x", "desk", share, "", "").level == level


# ---------------------------------------------------------------- loss limits


@pytest.mark.parametrize(
    ("limits", "daily", "drawdown"),
    [
        ({}, 10_000, 15_000),  # 1 % and 1.5 % of a million
        ({"daily_loss": 777.0}, 777, 15_000),
        ({"drawdown": 0.5}, 10_000, 0.5),
    ],
)
def test_loss_limits_are_their_own_number_or_a_share_of_equity(limits, daily, drawdown):
    watch = Watch(setup_of(limits=limits))
    assert (watch.daily_loss, watch.drawdown) == (daily * 10**27, int(drawdown * 2) * 10**27 // 2)


def fallen(desk, mid, i=0):
    desk.book(mid - 5, mid + 5, i)
    desk.timer()


def test_a_loss_of_yesterday_evening_still_counts_in_the_rolling_day():
    desk = quiet(item("linear"), limits={"daily_loss": 8.0, "drawdown": 1e6})
    desk.runner.now = DAY0 + DAY - 60 * SECOND
    desk.trade_into(1_000)
    desk.timer()
    fallen(desk, 999_950)  # 5 before midnight
    desk.runner.now = DAY0 + DAY + 60 * SECOND
    fallen(desk, 999_950)
    assert desk.engine.watch.loss(desk.engine) == 5 * 10**27
    assert desk.engine.ledger.day_total() == 0
    fallen(desk, 999_919)
    assert desk.state == "HALTED" and "daily loss 8.10" in desk.engine.lattice.reasons["desk"]


def test_a_loss_that_an_operator_resumed_from_counts_no_more_for_a_day():
    desk = quiet(item("linear"), limits={"daily_loss": 5.0, "drawdown": 1e6})
    watch, engine = desk.engine.watch, desk.engine
    desk.trade_into(1_000)
    desk.timer()
    fallen(desk, 999_940)
    assert desk.state == "HALTED" and watch.loss(engine) == 6 * 10**27
    assert desk.press("resume", reason="checked").ok
    assert watch.loss(engine) == 0 and engine.ledger.drawdown() == 0
    fallen(desk, 999_891)
    assert watch.loss(engine) == pytest.approx(4.9e27) and desk.state == "PAUSED"
    fallen(desk, 999_890)
    assert desk.state == "HALTED"
    assert desk.press("resume", reason="checked again").ok  # what was accepted before stays accepted
    assert watch.loss(engine) == 0
    minute = engine.ts // MINUTE
    for passed in (MINUTE, DAY - MINUTE):
        desk.runner.now += passed
        desk.timer()
    # the rolling day counts in minutes: the old loss is in it to the end of this one
    assert desk.state == "PAUSED" and watch.loss(engine) == 0
    desk.runner.now = (minute + 1_441) * MINUTE - 1
    desk.timer()
    assert desk.state == "PAUSED" and watch.loss(engine) == 0
    desk.runner.now = (minute + 1_441) * MINUTE
    desk.timer()
    assert desk.state == "PAUSED" and watch.loss(engine) == 0
    fallen(desk, 999_840)  # and from there on nothing is taken off
    assert desk.state == "HALTED" and watch.loss(engine) == 5 * 10**27


def test_what_was_accepted_yesterday_is_not_added_to_what_is_accepted_today():
    desk = quiet(item("linear"), limits={"daily_loss": 5.0, "drawdown": 1e6})
    watch, engine = desk.engine.watch, desk.engine
    desk.trade_into(1_000)
    desk.timer()
    fallen(desk, 999_940)
    assert desk.press("resume", reason="checked").ok and watch.accepted == 6 * 10**27
    for passed in (MINUTE, DAY):
        desk.runner.now += passed
        desk.timer()
    fallen(desk, 999_870)
    assert desk.press("resume", reason="checked").ok and watch.accepted == 7 * 10**27
    assert engine.ts < watch.accepted_until <= engine.ts + DAY + MINUTE


def test_resuming_without_a_loss_gives_no_credit():
    desk = quiet(item("linear"), limits={"daily_loss": 5.0, "drawdown": 1e6})
    desk.trade_into(1_000)
    desk.timer()
    fallen(desk, 1_000_100)  # 10 of profit
    desk.halt(reason="something else")
    assert desk.press("resume", reason="checked").ok
    assert desk.engine.watch.loss(desk.engine) == -10 * 10**27


def test_a_drawdown_counts_from_the_peak_and_from_the_last_resume():
    desk = quiet(item("linear"), limits={"daily_loss": 1e6, "drawdown": 5.0})
    desk.trade_into(1_000)
    desk.timer()
    fallen(desk, 1_000_100)
    fallen(desk, 1_000_051)
    assert desk.state != "HALTED"
    fallen(desk, 1_000_050)  # 5 below the peak, still in profit
    assert desk.state == "HALTED" and "drawdown 5.00" in desk.engine.lattice.reasons["desk"]
    assert desk.press("resume", reason="checked").ok
    assert desk.engine.ledger.drawdown() == 0


# ---------------------------------------------------------------- time in the market


def in_market(desk, i=0):
    times = desk.engine.watch.times[i]
    return tuple(span / MS for span in (times.total, times.bid, times.ask, times.both))


def test_time_in_the_market_is_counted_while_running_and_by_side():
    desk = Desk(setup_of(), execution="deaf")
    desk.book()
    desk.wait(1_000)
    assert in_market(desk) == (0, 0, 0, 0)  # not started
    assert 0 <= desk.now - desk.engine.watch.times[0].last < 100 * MS
    desk.press("start")
    desk.wait(500)
    assert in_market(desk) == (500, 0, 0, 0)  # sent is not yet in the market
    desk.accept(desk.one(1).oid)
    desk.wait(300)
    assert in_market(desk) == (800, 300, 0, 0)
    desk.accept(desk.one(-1).oid)
    desk.wait(200)
    assert in_market(desk) == (1_000, 500, 200, 200)
    desk.cancelled(desk.one(1).oid)
    desk.wait(100)
    assert in_market(desk) == (1_100, 500, 300, 200)
    desk.press("pause")
    desk.wait(1_000)
    assert in_market(desk) == (1_100, 500, 300, 200)


def test_time_in_the_market_begins_with_the_first_beat():
    desk = Desk(setup_of(), execution="deaf")
    desk.book()
    desk.press("start")
    desk.wait(100)
    assert desk.now > DAY0 and in_market(desk)[0] < 200  # not the 54 years since 1970


@pytest.mark.parametrize("why", ["not quoted", "ended"])
def test_an_instrument_that_is_only_shown_has_no_time_in_the_market(why):
    desk = Desk(setup_of(item("linear"), item("linear", quote=False, instrument_changes=ELSEWHERE)), execution="deaf")
    desk.books()
    desk.press("start")
    desk.wait(500)
    assert in_market(desk)[0] == 400  # from the first beat on
    if why == "not quoted":
        assert in_market(desk, 1) == (0, 0, 0, 0)
    else:
        desk.engine.ended = True
        desk.wait(500)
        assert in_market(desk)[0] == 400
