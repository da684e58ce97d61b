"""Orders that rest: what may not leave in a state may not stay in it either, however often its cancel is refused."""

import pytest
from desk_kit import Desk, item, setup_of
from hedge_kit import ROOMY, market
from test_roll_task import NEW, OLD, dated, roll_of

from mmtui.core.effects import CancelOrder
from mmtui.core.events import CancelRejected, Command
from mmtui.core.orders.table import Fact, State


def ticket(**args):
    """A limit ticket that rests, on a venue that answers only what a test says."""
    desk = Desk(setup_of(item("linear", quote=False), limits=ROOMY), "deaf")
    desk.book()
    desk.trade_into(200)
    assert desk.press("ticket", i=0, price="100050", type="limit", **args).ok
    (order,) = desk.open()
    desk.accept(order.oid)
    return desk, order


def refused(desk, order):
    """Its cancel is refused, and a list of open orders names it."""
    assert order.state is State.CANCELLING
    desk.step(CancelRejected(desk.now, desk.now, order.i, order.oid, "no cancels now"))
    desk.engine.tracker.apply(order, Fact.SEEN)
    assert order.state is State.LIVE


def cancels(desk, order, since):
    return [effect for effect in desk.all(CancelOrder, since) if effect.oid == order.oid]


@pytest.mark.parametrize("act", ["stop", "halt", "kill"])
def test_a_ticket_whose_cancel_was_refused_is_cancelled_again(act):
    desk, order = ticket(side="sell", size="0.3")  # 0.2 are held: it would turn the position
    desk.halt() if act == "halt" else desk.press(act)
    assert cancels(desk, order, 0)
    if act == "kill":  # its sweep asks the venue
        desk.engine.tracker.apply(order, Fact.CANCEL_SENT)
    refused(desk, order)
    mark = desk.mark
    desk.timer()
    assert cancels(desk, order, mark)


@pytest.mark.parametrize(("args", "stays"), [({"size": "0.2"}, True), ({"size": "0.201"}, False)])
def test_in_halted_a_ticket_that_only_reduces_stays_whatever_it_was_called(args, stays):
    desk, order = ticket(side="sell", **args)
    desk.halt()
    desk.timer()
    assert (not cancels(desk, order, 0)) is stays


def test_while_a_drain_is_under_way_a_ticket_concludes():
    desk, order = ticket(side="sell", size="0.3")
    desk.press("stop", drain=True)
    desk.timer()
    assert not cancels(desk, order, 0)


def test_the_resting_leg_of_a_roll_that_opens_goes_in_halted():
    desk = dated(positions=(150, 0, 0))
    assert roll_of(desk, post_only=True).ok
    market(desk, 600)
    order = desk.one(1, NEW)
    mark = desk.mark
    desk.halt()
    assert cancels(desk, order, mark)
    market(desk, 1_000)
    assert not desk.open() and desk.position(NEW) == 0 and desk.position(OLD) == 150


def test_a_roll_that_was_aborted_lets_no_order_stay():
    desk = dated(positions=(150, 0, 0))
    assert roll_of(desk, post_only=True).ok
    market(desk, 600)
    order = desk.one(1, NEW)
    desk.engine.process(Command(desk.now, "c", "ann", "operator", "local", 0, "abort", "{}", -1, -1, ""))
    refused(desk, order)
    mark = desk.mark
    desk.timer()
    assert cancels(desk, order, mark)


def test_a_quote_that_has_lost_its_rung_goes():
    desk = Desk(setup_of(item("linear")), "deaf").running()
    order, other = desk.open()
    for one in (order, other):
        desk.accept(one.oid)
    desk.engine.quoters[0].slots[order.side][order.level] = None
    mark = desk.mark
    desk.timer()
    assert cancels(desk, order, mark) and not cancels(desk, other, mark)
