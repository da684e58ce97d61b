"""Amends: an order whose change is not proven counts as the worse of both, and only evidence settles it."""

import pytest
from desk_kit import MS, SECOND, Desk, item, setup_of

from mmtui.core.effects import AmendOrder, CancelOrder, QueryOpenOrders
from mmtui.core.events import AmendRejected, CancelRejected, OpenOrders, OrderAmended, OrderFound, OrderUnknown
from mmtui.core.orders.inplace import Amending
from mmtui.core.orders.table import State
from mmtui.core.risk.states import Desk as States

ANY = Amending()


def desk_of(amend="always", how=ANY, **quoting):
    """One instrument at a venue that says nothing by itself; both quotes are live."""
    one = item("linear", amend=amend, **quoting)
    desk = Desk(setup_of(one, amends={"perp": how} if how else {}), execution="deaf").running()
    for order in desk.open():
        desk.accept(order.oid)
    return desk


def quiet():
    """One that leaves its quotes alone: what changes them is the test."""
    return desk_of("off", requote_tolerance_bps=5.0)


def moved(desk, by=50):
    """The market moves up by so many ticks: what leaves because of it."""
    mark = desk.mark
    book = desk.engine.books[0]
    desk.quote(book.bid + by, book.ask + by)
    desk.wait(100)
    return desk.all((AmendOrder, CancelOrder), mark)


def amended(desk, effect, px=0, sz=0, number=0, ahead=-1):
    desk.step(
        OrderAmended(
            desk.now, desk.now, effect.i, effect.oid, number or effect.amend, px or effect.px, sz or effect.sz, ahead
        )
    )


def refused(desk, effect, stands, reason="filter"):
    desk.step(AmendRejected(desk.now, desk.now, effect.i, effect.oid, effect.amend, stands, reason))


def ask_of(desk, order, px=0, left=0):
    """Amend an order straight, whatever the quoter wants."""
    engine = desk.engine
    engine.out = []
    why = engine.orders.amends.ask(order, px or order.px, left or order.left)
    (effect,) = [one for one in engine.out if isinstance(one, AmendOrder)] if not why else [why]
    return effect


def listed(desk, order, px, sz, oids=None):
    """The venue answers its latest question: this order is there like that."""
    query = max(e.query for e in desk.all(QueryOpenOrders))
    for endpoint in (1, 2):
        if oids is None:
            desk.step(OrderFound(desk.now, desk.now, order.i, order.oid, order.side, px, sz, order.filled, "x"))
        desk.step(OpenOrders(desk.now, 0, query, endpoint, [order.oid] if oids is None else oids))


def buys(desk):
    return desk.engine.tracker.buys[0]


def gone(desk, order):
    """Nothing of it counts any more; what has taken its place does."""
    return order not in desk.open(1) and buys(desk) == sum(one.left for one in desk.open(1))


# ------------------------------------------------------------ the parameter


def test_amend_off_moves_a_quote_by_a_cancel_and_a_new_order():
    desk = desk_of("off")
    assert {type(effect) for effect in moved(desk)} == {CancelOrder}


def test_amend_always_moves_price_and_size_in_one_message():
    desk = desk_of("always")
    buy, sell = desk.one(1), desk.one(-1)
    was = buy.px
    changes = moved(desk)
    assert {type(effect) for effect in changes} == {AmendOrder} and {e.oid for e in changes} == {buy.oid, sell.oid}
    change = next(e for e in changes if e.oid == buy.oid)
    assert change.px > was and change.amend == 1 and buy.state is State.AMENDING
    assert moved(desk) == []  # one at a time
    amended(desk, change)
    assert (buy.px, buy.state, buy.amend) == (change.px, State.AMENDING, buy.amend)  # moved on already, as wanted
    assert buy.amend is not None and desk.one(1) is buy and buys(desk) == buy.sz


def test_amend_keep_only_makes_a_quote_smaller_where_it_stands():
    desk = desk_of("keep")
    assert {type(effect) for effect in moved(desk)} == {CancelOrder}  # a new price has no place to keep
    desk = desk_of("keep", requote_tolerance_bps=5.0)
    buy = desk.one(1)
    buy.ahead = 77
    mark = desk.mark
    assert desk.press("set", i=0, size=0.004).ok
    desk.wait(100)
    change = next(e for e in desk.all(AmendOrder, mark) if e.oid == buy.oid)
    assert (change.px, change.sz) == (buy.px, 4) and desk.all(CancelOrder, mark) == []
    amended(desk, change)
    assert (buy.sz, buy.ahead, buys(desk)) == (4, 77, 4)


@pytest.mark.parametrize(
    ("amend", "how", "kinds"),
    [
        ("always", None, {CancelOrder}),
        ("keep", None, {CancelOrder}),
        ("always", Amending(price=False, up=False), {CancelOrder}),  # a price cannot be changed there
        ("always", Amending(), {AmendOrder}),
    ],
)
def test_where_a_venue_cannot_change_it_in_place_it_is_a_cancel_and_a_new_order(amend, how, kinds):
    assert {type(effect) for effect in moved(desk_of(amend, how))} == kinds


def test_a_venue_whose_smaller_orders_lose_their_place_is_not_asked_to_keep_it():
    desk = desk_of("keep", Amending(keeps=False), requote_tolerance_bps=5.0)
    mark = desk.mark
    desk.press("set", i=0, size=0.004)
    desk.wait(100)
    assert desk.all(AmendOrder, mark) == [] and desk.all(CancelOrder, mark)


# ------------------------------------------------------------ the worse of both


def test_until_it_is_proven_an_order_counts_as_the_larger_and_the_closer():
    desk = quiet()
    buy = desk.one(1)
    px = buy.px
    ask_of(desk, buy, px - 3, 4)
    assert (buys(desk), buy.left, buy.reach) == (10, 10, px)
    effect = AmendOrder(0, buy.oid, 1, px - 3, 4, 1)
    amended(desk, effect)
    assert (buys(desk), buy.left, buy.reach) == (4, 4, px - 3)
    bigger = ask_of(desk, buy, px, 9)
    assert (buys(desk), buy.left, buy.reach) == (9, 9, px)
    refused(desk, bigger, True)
    assert (buys(desk), buy.left, buy.reach, buy.state) == (4, 4, px - 3, State.LIVE)


def test_an_amend_that_would_break_a_limit_does_not_leave():
    desk = quiet()
    buy, sell = desk.one(1), desk.one(-1)
    room = desk.engine.gate.position_limits[0]
    assert ask_of(desk, buy, buy.px, room + 1) == "position limit"
    assert ask_of(desk, buy, buy.px * 2) in ("price collar 100 bps", "own order across")
    assert ask_of(desk, buy, sell.px) == "own order across"
    assert buy.amend is None and buys(desk) == 10 and buy.state is State.LIVE


def test_a_limit_never_blocks_a_smaller_order_at_its_price():
    desk = quiet()
    buy = desk.one(1)
    desk.engine.gate.position_limits[0] = 0
    desk.engine.gate.creates_per_s = 0
    assert ask_of(desk, buy, buy.px - 1) == "position limit"
    assert ask_of(desk, buy, buy.px, 3).sz == 3


def test_an_own_order_does_not_cross_where_an_amend_may_have_taken_the_other():
    desk = quiet()
    buy, sell = desk.one(1), desk.one(-1)
    ask_of(desk, buy, sell.px - 1)
    assert ask_of(desk, sell, sell.px - 1) == "own order across"


# ------------------------------------------------------------ fills, cancels, kills over it


def test_a_fill_is_booked_while_an_amend_is_on_its_way_and_the_rest_counts():
    desk = quiet()
    buy = desk.one(1)
    effect = ask_of(desk, buy, left=4)
    desk.fill(buy.oid, 3)
    assert (buy.left, buys(desk)) == (7, 7)
    amended(desk, effect)
    assert (buy.sz, buy.filled, buy.left, buys(desk), buy.state) == (4, 3, 1, 1, State.LIVE)


def test_what_was_filled_before_the_smaller_size_arrived_ends_the_order():
    desk = quiet()
    buy = desk.one(1)
    effect = ask_of(desk, buy, left=4)
    desk.fill(buy.oid, 4)
    assert buy.open and buy.left == 6  # as long as the old size may stand
    amended(desk, effect)
    assert buy.state is State.FILLED and gone(desk, buy)


def test_more_than_the_larger_of_both_is_an_overfill_and_halts():
    desk = quiet()
    buy = desk.one(1)
    effect = ask_of(desk, buy, left=12)
    desk.fill(buy.oid, 11)
    assert desk.engine.lattice.instruments[0] is not States.HALTED
    refused(desk, effect, True)  # then eleven of ten were filled
    assert desk.engine.lattice.instruments[0] is States.HALTED


def test_fills_beyond_a_proven_smaller_size_halt():
    desk = quiet()
    buy = desk.one(1)
    amended(desk, ask_of(desk, buy, left=4))
    desk.fill(buy.oid, 5)
    assert desk.engine.lattice.instruments[0] is States.HALTED


def test_a_kill_goes_out_over_an_amend_in_flight():
    desk = quiet()
    buy = desk.one(1)
    effect = ask_of(desk, buy, left=4)
    mark = desk.mark
    desk.press("kill")
    assert CancelOrder(0, buy.oid) in desk.all(CancelOrder, mark) and buy.state is State.CANCELLING
    amended(desk, effect)
    assert buy.state is State.CANCELLING and buy.left == 4
    desk.cancelled(buy.oid)
    assert buy.state is State.CANCELLED and gone(desk, buy)


def test_a_side_that_is_held_is_cancelled_over_an_amend_in_flight():
    desk = quiet()
    buy = desk.one(1)
    ask_of(desk, buy, left=4)
    mark = desk.mark
    desk.press("set", i=0, sides="ask")
    desk.wait(100)
    assert CancelOrder(0, buy.oid) in desk.all(CancelOrder, mark)


def test_an_order_that_was_cancelled_meanwhile_is_gone_whatever_the_amend_says():
    desk = quiet()
    buy = desk.one(1)
    effect = ask_of(desk, buy, left=15)
    desk.cancelled(buy.oid, "by venue")
    assert buy.state is State.CANCELLED and gone(desk, buy)
    refused(desk, effect, False, "unknown order")
    amended(desk, effect)
    assert buy.state is State.CANCELLED and gone(desk, buy)


# ------------------------------------------------------------ what is not known


def test_a_refused_amend_leaves_the_order_as_it_was_and_the_next_change_is_a_cancel():
    desk = desk_of()
    buy = desk.one(1)
    (change,) = [e for e in moved(desk) if e.oid == buy.oid]
    px = buy.px
    mark = desk.mark
    refused(desk, change, True, "the venue does not like it")
    assert buy.px == px and CancelOrder(0, buy.oid) in desk.all(CancelOrder, mark)


def test_an_amend_of_an_order_that_the_venue_does_not_find_is_a_question_not_an_end():
    desk = quiet()
    buy = desk.one(1)
    effect = ask_of(desk, buy, left=4)
    mark = desk.mark
    refused(desk, effect, False, "unknown order")
    assert (buy.state, buy.amend, buys(desk)) == (State.UNKNOWN, None, 10)
    assert len(desk.all(QueryOpenOrders, mark)) == 2
    desk.fill(buy.oid, 10)
    assert buy.state is State.FILLED


def test_an_amend_without_an_answer_is_unknown_and_is_never_sent_again():
    desk = quiet()
    buy = desk.one(1)
    ask_of(desk, buy, left=15)
    mark = desk.mark
    desk.wait(5_200)
    assert buy.state is State.UNKNOWN and buys(desk) == 15
    assert [e for e in desk.all(AmendOrder, mark) if e.oid == buy.oid] == [] and desk.all(QueryOpenOrders, mark)


@pytest.mark.parametrize("new", [True, False])
def test_a_list_settles_an_amend_once_it_cannot_land_any_more(new):
    desk = quiet()
    buy = desk.one(1)
    effect = ask_of(desk, buy, buy.px - 2, 15)
    sent = buy.amend.ts
    px, sz = (effect.px, effect.sz) if new else (buy.px, buy.sz)
    desk.step(OrderUnknown(desk.now, 0, buy.oid, "amend: timeout"))
    listed(desk, buy, px, sz)
    assert buy.state is State.UNKNOWN and buys(desk) == 15  # it may still land, and lists are late
    assert desk.engine.tracker.landing(buy) == 100 * MS and sent <= desk.now
    desk.wait(1_500)
    listed(desk, buy, px, sz)
    assert buy.state is not State.UNKNOWN and (buy.px, buy.sz) == (px, sz) and buys(desk) == sz


def test_absence_of_an_order_in_doubt_proves_its_end_only_after_the_amend_could_land():
    desk = quiet()
    desk.wait(3_000)
    buy = desk.one(1)
    ask_of(desk, buy, left=15)
    desk.step(OrderUnknown(desk.now, 0, buy.oid, "amend: timeout"))
    listed(desk, buy, 0, 0, oids=[])
    assert buy.state is State.UNKNOWN
    desk.wait(1_500)
    listed(desk, buy, 0, 0, oids=[])
    assert buy.state is State.CANCELLED and gone(desk, buy)


def test_a_late_answer_settles_what_was_unknown():
    desk = quiet()
    buy = desk.one(1)
    effect = ask_of(desk, buy, left=15)
    desk.step(OrderUnknown(desk.now, 0, buy.oid, "amend: timeout"))
    amended(desk, effect)
    assert buy.state is not State.UNKNOWN and buy.sz == 15


def test_news_of_an_older_amend_are_no_news():
    desk = quiet()
    buy = desk.one(1)
    first = ask_of(desk, buy, left=8)
    amended(desk, first)
    second = ask_of(desk, buy, left=6)
    amended(desk, first)
    refused(desk, first, True)
    assert second.amend == 2 and buy.state is State.AMENDING and buy.left == 8
    amended(desk, second)
    assert (buy.state, buy.sz) == (State.LIVE, 6)


def test_the_venue_says_what_the_order_is_now():
    desk = quiet()
    buy = desk.one(1)
    effect = ask_of(desk, buy, buy.px + 1, 9)
    amended(desk, effect, px=effect.px - 1, sz=9)  # repriced: it would have traded
    assert (buy.px, buy.sz) == (effect.px - 1, 9)


def test_an_order_that_the_venue_has_otherwise_is_in_doubt_and_counts_as_the_worse():
    desk = quiet()
    buy = desk.one(1)
    desk.step(OrderFound(desk.now, desk.now, 0, buy.oid, 1, buy.px + 1, 14, 0, "x"))
    assert buy.state is State.UNKNOWN and (buys(desk), buy.reach) == (14, buy.px + 1)
    desk.wait(1_500)
    listed(desk, buy, buy.px + 1, 14)
    assert buy.state is not State.UNKNOWN and buy.sz == 14


def test_a_cancel_that_fails_over_an_amend_leaves_it_unknown_with_both():
    desk = quiet()
    buy = desk.one(1)
    ask_of(desk, buy, left=15)
    desk.engine.out = []
    desk.engine.orders.cancel(buy)
    desk.step(CancelRejected(desk.now, desk.now, 0, buy.oid, "unknown order"))
    assert buy.state is State.UNKNOWN and buys(desk) == 15


def test_a_finer_grid_rescales_what_is_in_doubt():
    desk = quiet()
    buy = desk.one(1)
    px = buy.px
    ask_of(desk, buy, px - 2, 15)
    desk.engine.tracker.rescale(0, 10, 100)
    assert (buy.amend.px, buy.amend.sz, buys(desk), buy.left) == ((px - 2) * 10, 1_500, 1_500, 1_500)


def test_the_state_hash_knows_an_amend_and_a_desk_without_one_keeps_its_own():
    desk = quiet()
    buy = desk.one(1)
    plain = buy.digest()
    before = desk.engine.state_hash()
    effect = ask_of(desk, buy, left=4)
    assert len(plain) == 9 and desk.engine.state_hash() != before
    amended(desk, effect)
    assert buy.digest()[9:] == (1, ())


def test_an_amended_quote_is_young_again_where_it_moved_and_not_where_it_shrank():
    desk = quiet()
    buy = desk.one(1)
    born = buy.live_ts
    desk.wait(1_000)
    amended(desk, ask_of(desk, buy, left=4))
    assert buy.live_ts == born
    amended(desk, ask_of(desk, buy, buy.px - 1))
    assert buy.live_ts == desk.now and desk.now - born >= SECOND
