"""Amends at the paper venue: what keeps its place in the queue, what goes to the back, and what is refused."""

from importlib import util
from pathlib import Path

import pytest

from mmtui.core.effects import AmendOrder
from mmtui.core.events import AmendRejected, Fill, GridRefined, OrderAmended, OrderCancelled
from mmtui.core.orders.inplace import Amending

_spec = util.spec_from_file_location("paper_desk", Path(__file__).with_name("paper_desk.py"))
table = util.module_from_spec(_spec)
_spec.loader.exec_module(table)
MS = table.MS


def desk_of(how="any", orders=((1, +1, 1000, 20),)):
    """Quotes of ours behind 50 lots at 1000, at a venue that amends like this."""
    desk = table.Desk()
    desk.venue._amending = [Amending() if how == "any" else how]
    desk.snapshot([(1000, 50), (999, 30)], [(1002, 40)])
    for order in orders:
        desk.place(*order)
    desk.later()
    return desk


def amend(desk, px, sz, oid=1, number=1):
    desk.venue.send(AmendOrder(0, oid, +1, px, sz, number), desk.now)
    return desk.later()


def test_a_smaller_size_at_its_price_keeps_the_place():
    desk = desk_of()
    desk.trade(1000, 45, -1)  # five before us
    assert not desk.later(3)
    (answer,) = [one for one in amend(desk, 1000, 8) if isinstance(one, OrderAmended)]
    assert (answer.px, answer.sz, answer.ahead) == (1000, 8, 5)
    desk.trade(1000, 30, -1)
    assert sum(one.sz for one in desk.later() if isinstance(one, Fill)) == 8


@pytest.mark.parametrize(("px", "sz", "ahead"), [(1000, 30, 50), (999, 20, 30), (999, 8, 30)])
def test_a_larger_size_and_another_price_go_to_the_back(px, sz, ahead):
    desk = desk_of()
    desk.trade(1000, 45, -1)
    desk.later(3)
    (answer,) = [one for one in amend(desk, px, sz) if isinstance(one, OrderAmended)]
    assert (answer.px, answer.sz, answer.ahead) == (px, sz, ahead)


def test_a_venue_that_does_not_keep_the_place_sends_a_smaller_order_to_the_back():
    desk = desk_of(Amending(keeps=False))
    desk.trade(1000, 45, -1)
    desk.later(3)
    (answer,) = [one for one in amend(desk, 1000, 8) if isinstance(one, OrderAmended)]
    assert answer.ahead == 50


def test_an_amend_takes_its_time_and_the_old_order_trades_meanwhile():
    desk = desk_of()
    desk.venue.send(AmendOrder(0, 1, +1, 999, 20, 1), desk.now)
    desk.trade(1000, 55, -1)
    fill, answer = [one for one in desk.later() if isinstance(one, Fill | OrderAmended)]
    assert (fill.px, fill.sz, answer.px, answer.sz) == (1000, 5, 999, 20)
    desk.trade(999, 200, -1)
    assert sum(one.sz for one in desk.later() if isinstance(one, Fill)) == 15  # twenty in all, five were filled


def test_what_is_filled_beyond_the_new_size_is_cancelled():
    desk = desk_of()
    desk.trade(1000, 58, -1)
    desk.later(3)
    (answer,) = [one for one in amend(desk, 1000, 8) if not isinstance(one, Fill)]
    assert (type(answer), answer.reason, desk.venue.open_orders(0)) == (OrderCancelled, "by venue (amended)", [])


@pytest.mark.parametrize(
    ("how", "px", "sz", "why"),
    [
        (None, 1000, 8, "orders are not amended here"),
        (Amending(price=False), 999, 20, "only the size can be changed"),
        (Amending(up=False), 1000, 30, "the size can only become smaller"),
        (Amending(), 1002, 20, "post-only would take"),
        (Amending(), 0, 20, "price and size must be whole positive ticks and lots"),
    ],
)
def test_what_a_venue_does_not_do_it_refuses_and_the_order_stands(how, px, sz, why):
    desk = desk_of(how)
    (answer,) = amend(desk, px, sz)
    assert (type(answer), answer.stands, answer.reason) == (AmendRejected, True, why)
    assert desk.venue.open_orders(0) == [1]


def test_a_venue_that_cancels_what_would_take_does_so():
    desk = desk_of(Amending(cancels=True))
    (answer,) = amend(desk, 1002, 20)
    assert (type(answer), desk.venue.open_orders(0)) == (OrderCancelled, [])


def test_an_order_that_may_take_does_when_its_new_price_reaches_the_other_side():
    desk = desk_of(orders=((1, +1, 1000, 60, "GTC"),))
    answers = amend(desk, 1002, 60)
    assert [type(one) for one in answers] == [OrderAmended, Fill]
    assert (answers[1].px, answers[1].sz, answers[1].maker, desk.venue.position(0)) == (1002, 40, False, 40)


def test_an_amend_of_an_order_that_has_gone_is_refused_and_says_so():
    desk = desk_of()
    (answer,) = amend(desk, 1000, 5, oid=9)
    assert (type(answer), answer.stands, answer.amend) == (AmendRejected, False, 1)


def test_a_finer_grid_rescales_an_amend_on_its_way():
    desk = desk_of()
    desk.venue.send(AmendOrder(0, 1, +1, 999, 20, 1), desk.now)
    desk.now += MS
    desk.market(GridRefined(desk.now, 0, "0.1", "0.001", 10, 10))
    (answer,) = [one for one in desk.later() if isinstance(one, OrderAmended)]
    assert (answer.px, answer.sz, answer.ahead) == (9990, 200, 300)
