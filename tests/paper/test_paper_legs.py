"""The paper venue in hedge mode: an order that reduces is of the leg opposite its side, and is bounded by it."""

import importlib.util
from pathlib import Path

import msgspec
import pytest

from mmtui.core.effects import QueryAccount
from mmtui.core.events import Fill, LegFill, LegPositions, OrderCancelled, OrderRejected, Positions
from mmtui.venues.paper.amends import rescaled

_spec = importlib.util.spec_from_file_location("paper_desk_of_legs", Path(__file__).with_name("paper_desk.py"))
made = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(made)
ASKS, BIDS, MS, instrument = made.ASKS, made.BIDS, made.MS, made.instrument
BID, ASK = BIDS[0][0], ASKS[0][0]


@pytest.fixture
def desk():
    one = made.Desk(instrument(hedge_mode=True))
    one.snapshot(BIDS, ASKS)
    return one


def send(desk, oid, side, lots, reduces=False, tif="IOC", px=0):
    desk.place(oid, side, px or (ASK if side > 0 else BID), lots, tif, reduces)
    return desk.later()


def legs(desk):
    market = desk.venue._markets[0]
    return market.position + market.short, market.short


def test_a_buy_opens_the_long_leg_and_a_buy_that_reduces_closes_the_short_one(desk):
    send(desk, 1, -1, 10)
    send(desk, 2, 1, 4)
    send(desk, 3, 1, 3, reduces=True)
    assert legs(desk) == (4, 7) and desk.venue.position(0) == -3
    fills = [event for event in desk.got if isinstance(event, Fill)]
    assert [(type(one), one.leg) for one in fills] == [(LegFill, -1), (LegFill, 1), (LegFill, -1)]


def test_no_more_than_the_leg_can_be_reduced_whatever_the_net_is(desk):
    send(desk, 1, 1, 10)
    send(desk, 2, -1, 4)
    (answer,) = send(desk, 3, 1, 5, reduces=True)
    assert isinstance(answer, OrderRejected) and "reduce-only" in answer.reason
    send(desk, 4, 1, 4, reduces=True)
    assert legs(desk) == (10, 0)


def test_a_resting_order_goes_when_its_leg_is_gone(desk):
    send(desk, 1, -1, 5)
    send(desk, 2, 1, 5, reduces=True, tif="GTX", px=BID)
    assert desk.venue.open_orders(0) == [2]
    told = send(desk, 3, 1, 5, reduces=True)
    gone = [event for event in told if isinstance(event, OrderCancelled)] or [
        event for event in desk.later() if isinstance(event, OrderCancelled)
    ]
    assert [event.oid for event in gone] == [2] and legs(desk) == (0, 0)


def test_positions_tell_both_legs_and_a_restart_restores_them(desk):
    send(desk, 1, 1, 10)
    send(desk, 2, -1, 4)
    desk.venue.send(QueryAccount(0, 7, "positions"), desk.now)
    (said,) = desk.later()
    assert isinstance(said, LegPositions) and (said.idx, said.lots, said.shorts) == ([0], [6], [4])
    again = made.Desk(instrument(hedge_mode=True))
    again.venue.restore([6], [4])
    assert legs(again) == (10, 4)
    finer = rescaled(said, 0, 1, 10)
    assert (finer.lots, finer.shorts) == ([60], [40])


def test_in_net_mode_nothing_tells_of_legs():
    desk = made.Desk()
    desk.snapshot(BIDS, ASKS)
    send(desk, 1, 1, 10)
    desk.venue.restore([10], [3])
    desk.venue.send(QueryAccount(0, 7, "positions"), desk.now)
    (said,) = desk.later()
    assert type(said) is Positions and msgspec.structs.astuple(said)[3:] == ([0], [10])
    assert [type(event) for event in desk.got if isinstance(event, Fill)] == [Fill]
