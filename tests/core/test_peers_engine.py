"""How peers failed inside the engine, where it is no planted bug: valuation, thresholds, memory, alerts."""

from __future__ import annotations

import pytest
from desk_kit import SPOT, Desk, item, setup_of, three
from live_desk import remembered
from random_desk import Walk, desk_setup, story

from mmtui.core.effects import PlaceOrder
from mmtui.core.engine import Engine
from mmtui.core.events import Damage
from mmtui.core.ledger import keys
from mmtui.core.orders import tracker
from mmtui.core.orders.table import Fact
from mmtui.sim.checks import containers

NO_LIMITS_NEAR = {"daily_loss": 1e9, "drawdown": 1e9}


@pytest.mark.parametrize("factor", [0.5, 0.97, 1.04, 2.0])
def test_a_desk_that_never_traded_is_not_stopped_by_its_valuation(factor):
    """hummingbot#1145, #1866: the kill fired with no trades, because of how the balance was valued."""
    desk = Desk(three(limits={"daily_loss": 0.01, "drawdown": 0.01, "trips_to_pause": 1_000}))
    for i in range(3):
        desk.book(i=i)
    mid = int(1_000_000 * factor)
    for i in range(3):
        desk.book(mid - 5, mid + 5, i)
    desk.wait(500)
    assert desk.state == "PAUSED", "as it was: a hundred bitcoins that were there before are no profit and no loss"
    assert desk.engine.accounts[SPOT].position == 0
    assert desk.engine.ledger.total() == 0


def test_a_limit_that_fires_halts_and_says_its_numbers_and_never_kills():
    """hummingbot#1866: an automatic trigger is not the kill switch, and shows what it was fed with."""
    desk = Desk(setup_of(item("linear"), limits={"daily_loss": 5.0, "drawdown": 1e6})).running()
    desk.trade_into(1_000)
    desk.book(999_935, 999_945)
    desk.wait(200)
    assert desk.state == "HALTED"
    reason = desk.engine.lattice.reasons["desk"]
    assert reason.startswith("daily loss ") and reason.endswith("USDT reached its limit 5.00")
    assert not desk.engine.sweeper.sweeps, "no kill"


def test_every_gauge_says_at_which_number_it_would_do_what():
    """hummingbot#2969: a user misread what the threshold of the kill meant."""
    desk = Desk(three(limits=NO_LIMITS_NEAR)).running()
    for reading in desk.engine.watch.readings(desk.engine):
        assert any(word in reading.fires_at for word in ("HALT", "refuse", "no creates", "pull", "pause")), reading
        assert " at " in reading.fires_at and any(letter.isdigit() for letter in reading.fires_at), reading


def test_no_container_grows_beyond_its_cap_however_long_a_desk_lives():
    """hummingbot#1167, #7462, #7363, #8266; nautilus#4107, #3889: out of memory after days."""
    desk = Desk(desk_setup(5), seed=5)
    desk.books()
    for booked in desk.engine.orders.booked:
        remembered(booked, desk.now - keys.CAP, room=1)
    for _ in range(tracker.MEMORY - 20):  # the orders of days
        old = PlaceOrder(0, desk.engine.tracker.next_oid, 1, 100, 1, "GTX", False, "quote", 0)
        desk.engine.tracker.next_oid += 1
        desk.engine.tracker.apply(desk.engine.tracker.add(old, desk.now), Fact.CANCELLED)
    desk.press("start")
    walk = Walk(desk, 5)
    reached = set()
    for _ in range(1_500):
        walk.step()
        for name, size, cap in containers(desk.engine):
            assert size <= cap, name
            if size == cap:
                reached.add(name)
    assert {"finished orders", "fills"} <= reached, "the test is long enough"


class Silent(Engine):
    """An engine that tells people nothing."""

    def alert(self, severity, code, text, i=-1, v=-1):
        pass


def test_alerts_are_for_people_and_decide_nothing():
    """nautilus `shutdown_on_error`: nodes halted on the level of a log line, for benign errors."""
    loud, silent = story(11, 400), story(11, 400, engine=Silent)
    assert len(loud.alerts) > 20 and not silent.alerts
    assert [one.name for one in loud.engine.lattice.instruments] == [
        one.name for one in silent.engine.lattice.instruments
    ]
    assert loud.engine.state_hash() == silent.engine.state_hash()
    assert len(loud.places()) == len(silent.places())


def test_a_flood_of_unreadable_lines_is_said_and_halts_nothing():
    """nautilus `shutdown_on_error`: what cannot be read is skipped and counted."""
    desk = Desk(setup_of(item("linear"))).running()
    for k in range(1, 500):
        desk.event(Damage(desk.now, "venue/market", 0, k, "ERROR CRITICAL FATAL"))
    assert desk.state == "RUNNING" and desk.open()
    assert len([one for one in desk.alerts if one.code == "damage"]) == 3 + 4, "each hundredth after the third"
