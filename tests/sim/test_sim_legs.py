"""Hedge mode in the simulator: a venue with a long and a short leg, what it refuses, what it tells, what the watcher
finds; some seeds have it."""

from __future__ import annotations

import pytest
from bugs import planted, verdict
from sim_kit import BUY, SELL, Venue

from mmtui.core.ledger.legs import Legs
from mmtui.core.orders import legs
from mmtui.sim import swarm
from mmtui.sim.swarm import LEGGED, draw
from mmtui.venues import account_reader
from mmtui.venues.account_messages import AskPositions
from mmtui.venues.binance.reports import OrderReport, PositionReport


def venue(**fields):
    return Venue(hedge_mode=True, **fields)


def filled(one, *orders):
    """Orders that the market has hit whole."""
    resting = one.rest(*orders)
    for order in resting:
        one.exchange.hit(order, order.left)
    one.run(5_000)  # beyond what its answers lag behind
    return resting


def both(one):
    """Lots of the long and of the short leg, the latter below zero."""
    position = one.exchange.positions[0]
    return position.of(1), position.of(-1)


def test_an_order_that_does_not_reduce_opens_the_leg_of_its_side():
    one = venue()
    filled(one, one.new(BUY, 0, 6), one.new(SELL, 0, 4))
    assert both(one) == (6, -4) and one.exchange.position(0) == 2
    assert [(row.i, row.size, row.leg) for row in one.positions()] == [(0, "0.006", "long"), (0, "-0.004", "short")]
    assert [fill.leg for fill in one.told_fills()] == ["long", "short"] == [fill.leg for fill in one.fills()]
    told = [(report.side, report.size) for report in one.reports(PositionReport)]
    assert told == [("long", "0.006"), ("short", "-0.004")]


def test_an_order_that_reduces_is_of_the_other_leg_and_never_of_more_than_it_holds():
    one = venue()
    filled(one, one.new(BUY, 0, 6))
    [order] = one.rest(one.new(SELL, 1, 6, reduce_only=True))
    assert order.leg == 1 and one.open_rows()[0].leg == "long"
    one.create(one.new(SELL, 1, 7, reduce_only=True), one.new(BUY, 1, 1, reduce_only=True))
    one.run(300)
    assert [one.exchange.orders[f"mmt{n}"].state for n in (3, 4)] == ["rejected", "rejected"]
    one.exchange.hit(order, 6)
    assert both(one) == (0, 0)


def test_what_is_left_of_orders_on_a_leg_that_shrank_is_taken_out_by_the_venue():
    one = venue()
    filled(one, one.new(BUY, 0, 6))
    first, second, third = one.rest(
        one.new(SELL, 1, 4, reduce_only=True), one.new(SELL, 2, 6, reduce_only=True), one.new(SELL, 3, 6)
    )
    one.exchange.hit(first, 3)
    one.run(300)
    assert (first.open, second.state, third.open) == (True, "expired", True) and both(one) == (3, 0)
    assert one.reports(OrderReport)[-1].status == "expired"
    one.exchange.hit(second, 6)  # too late: nothing of it is there
    assert both(one) == (3, 0)


def test_a_poll_that_is_behind_names_both_legs_as_they_stood():
    one = venue()
    filled(one, one.new(BUY, 0, 6), one.new(SELL, 0, 4))
    position, now = one.exchange.positions[0], one.world.now
    position.move(now + 5, -6, False, 1)
    assert position.at(now) == (2, 4) and position.at(now + 5) == (-4, 4)


def test_a_venue_without_the_mode_names_no_leg():
    one = Venue()
    filled(one, one.new(BUY, 0, 6))
    assert [(row.size, row.leg) for row in one.positions()] == [("0.006", "")]
    assert [fill.leg for fill in one.fills()] == [""]
    assert one.ask(AskPositions)


# ------------------------------------------------------------ seeds


def legged(seed):
    return any(item.instrument.hedge_mode for item in draw(seed).setup.instruments)


def test_some_seeds_are_in_hedge_mode_and_the_others_are_the_plans_that_they_were(monkeypatch):
    seeds = range(200)
    found = [seed for seed in seeds if legged(seed)]
    with_legs = {seed: draw(seed) for seed in seeds}
    monkeypatch.setattr(swarm, "_legging", lambda rng, instruments: None)
    changed = [seed for seed in seeds if draw(seed) != with_legs[seed]]
    assert changed == found and 10 < len(found) < 60
    for seed in found:
        for item in with_legs[seed].setup.instruments:
            assert item.instrument.hedge_mode == (item.instrument.venue in LEGGED)


# ------------------------------------------------------------ planted


def _open_orders_forgotten():
    """What open orders reduce already is not taken off what one more may reduce."""

    def closing(tracker, i, side):
        return 0

    return [(legs, "closing", closing)]


def _every_fill_opens():
    """A fill is booked on the leg of its side, whatever the venue says."""
    real = Legs.fill

    def fill(self, side, leg, px, lots, money):
        real(self, side, side, px, lots, money)

    return [(Legs, "fill", fill)]


def _leg_names_mixed():
    """The venue's words for the legs are mixed up."""
    return [(account_reader, "LEGS", {"long": -1, "short": 1})]


@pytest.mark.parametrize("patches", [_open_orders_forgotten, _every_fill_opens, _leg_names_mixed])
def test_the_watcher_finds_a_planted_failure_of_legs(patches):
    tried = [seed for seed in range(400) if legged(seed)][:20]
    with planted(patches()):
        broken = next((seed for seed in tried if verdict(seed)[0]), -1)
    assert broken >= 0, "twenty seeds hold"
    assert verdict(broken) == ("", "")
