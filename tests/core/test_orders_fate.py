"""Own orders from their way out to their end: what may leave, what the venue says of it, what is booked."""

import pytest
from desk_kit import MS, SECOND, Desk, item, setup_of
from live_desk import deaf, pair, two, unknown

from mmtui.core.effects import CancelOrder, PlaceOrder, QueryOpenOrders
from mmtui.core.events import CancelRejected, OrderAccepted, OrderCancelled, OrderRejected, OrderUnknown, QueueUpdate
from mmtui.core.order_side import fee_atoms
from mmtui.core.orders.table import State

PX = 1_000_000
FAR = 990_000





def place(desk, side=1, px=PX, lots=10, purpose="manual", i=0, **more):
    """Ask the engine's one egress; the answer and what left."""
    desk.engine.out = out = []
    return desk.engine.orders.place(i, side, px, lots, "GTC", purpose, 0, **more), out


# ---------------------------------------------------------------- out


def test_what_leaves_is_what_was_asked_for_counted_and_in_its_slot():
    desk = two()
    orders = desk.engine.tracker
    oid, before = orders.next_oid, desk.engine.gate.rate(1, desk.now)
    why, out = place(desk, -1, PX + 50, 7, "flatten", 1, reduce_only=True)
    assert why == "" and out == [PlaceOrder(1, oid, -1, PX + 50, 7, "GTC", True, "flatten", 0)]
    assert orders.next_oid == oid + 1 and orders.get(oid).sent_ts == desk.engine.ts
    assert desk.engine.gate.rate(1, desk.now) == before + 1 and desk.engine.gate.rate(0, desk.now) == 2
    assert orders.get(oid) not in desk.engine.quoters[1].slots[-1]  # only quotes have rungs
    assert place(desk)[1][0].reduce_only is False


def test_quotes_stand_in_the_rung_that_they_were_sent_for():
    desk = deaf(item("linear", levels=3))
    quoter = desk.engine.quoters[0]
    for side in (1, -1):
        assert [order.level for order in quoter.slots[side]] == [0, 1, 2]
        assert {order.side for order in quoter.slots[side]} == {side}


@pytest.mark.parametrize(("purpose", "bps"), [("manual", 50), ("quote", 100), ("flatten", 30), ("close", 30)])
@pytest.mark.parametrize("side", [1, -1])
def test_each_purpose_has_its_own_price_collar(purpose, bps, side):
    desk = deaf()
    for order in desk.open():
        desk.cancelled(order.oid)
    desk.press("pause")
    desk.engine.lattice.desk = desk.engine.lattice.desk.RUNNING
    away = PX - side * PX * bps // 10_000
    assert place(desk, side, away, purpose=purpose)[0] == ""
    assert place(desk, side, away - side, purpose=purpose)[0] == f"price collar {bps} bps"


def test_instruments_that_are_no_majors_have_the_wider_collar_of_quotes():
    desk = Desk(setup_of(item("linear", quote=False, instrument_changes={"major": False})), execution="deaf")
    desk.book()
    desk.engine.lattice.desk = desk.engine.lattice.desk.RUNNING
    assert place(desk, px=PX - PX * 300 // 10_000, purpose="quote")[0] == ""
    assert place(desk, px=PX - PX * 300 // 10_000 - 1, purpose="quote")[0] == "price collar 300 bps"


@pytest.mark.parametrize(("off", "why"), [(-1, ""), (0, "own order across"), (1, "own order across")])
@pytest.mark.parametrize("side", [1, -1])
def test_a_quote_never_meets_an_own_order(side, off, why):
    desk = deaf()
    other = desk.one(-side)
    px = other.px + side * off
    assert place(desk, side, px, purpose="quote")[0] == why
    assert place(desk, side, px, purpose="manual")[0] == ""  # the venue's self-trade prevention decides


def test_an_own_order_of_another_instrument_or_of_the_same_side_is_not_across():
    desk = two()
    high = desk.one(-1, i=0).px
    for order in desk.open(i=1):
        desk.cancelled(order.oid, "ioc")
    desk.press("pause", i=1)
    desk.engine.lattice.instruments[1] = desk.engine.lattice.desk.RUNNING
    for order in desk.open(i=1):
        desk.cancelled(order.oid, "ioc")
    assert place(desk, 1, high + 10, purpose="quote", i=1)[0] == ""
    assert place(desk, 1, high - 10_000 + 9_000, purpose="quote", i=1)[0] == ""


def test_without_reserved_ids_nothing_leaves_and_the_screen_says_why():
    desk = deaf()
    for limit, why in ((desk.engine.tracker.next_oid, "no order ids reserved"), (0, "")):
        desk.engine.oid_limit = limit
        assert place(desk)[0] == why
    desk.engine.oid_limit = desk.engine.tracker.next_oid + 1
    assert [place(desk)[0], place(desk)[0]] == ["", "no order ids reserved"]


# ---------------------------------------------------------------- cancels


@pytest.mark.parametrize("state", [State.SENT, State.LIVE])
def test_a_cancel_is_sent_once_and_counted(state):
    desk = two()
    order = desk.one(1, i=1)
    if state is State.LIVE:
        desk.accept(order.oid)
    before = desk.engine.gate.rate(1, desk.now), desk.engine.gate.rate(0, desk.now)
    desk.engine.out = out = []
    for _ in range(2):
        desk.engine.orders.cancel(order)
    assert out == [CancelOrder(1, order.oid)]
    assert (order.state, order.cancel_ts) == (State.CANCELLING, desk.engine.ts)
    assert (desk.engine.gate.rate(1, desk.now), desk.engine.gate.rate(0, desk.now)) == (before[0] + 1, before[1])


def test_a_cancel_of_an_unknown_order_is_repeated_every_second_and_it_stays_unknown():
    desk = deaf()
    order = desk.one(1)
    unknown(desk, order)
    desk.engine.out = out = []
    for passed in (0, SECOND - 1, 1, SECOND - 1, 1):
        desk.engine.ts += passed
        desk.engine.orders.cancel(order)
    assert len(out) == 3 and order.state is State.UNKNOWN


def test_finished_orders_are_not_cancelled():
    desk = deaf()
    order = desk.one(1)
    desk.press("pause")
    desk.cancelled(order.oid)
    desk.engine.out = out = []
    desk.engine.orders.cancel(order)
    assert not out


def test_pulling_takes_the_quotes_of_one_instrument_and_leaves_orders_of_tasks():
    desk = two()
    place(desk, px=FAR + 9_000, purpose="flatten", i=1)
    desk.engine.out = out = []
    desk.engine.orders.pull(1)
    quotes = {order.oid for order in desk.open(i=1) if order.purpose == "quote"}
    assert {e.oid for e in out} == quotes and len(quotes) == 2


# ---------------------------------------------------------------- what the venue says


def test_an_acknowledgement_brings_the_venues_id_and_the_place_in_the_queue():
    desk = two()
    order = desk.one(1, i=1)
    desk.step(OrderAccepted(desk.now, desk.now - 5, 1, order.oid, "v-77", 120))
    assert (order.state, order.live_ts, order.ahead, order.venue_order_id) == (State.LIVE, desk.now, 120, "v-77")
    desk.step(QueueUpdate(desk.now, 1, [999, order.oid], [5, 60]))  # 999 has ended meanwhile
    assert order.ahead == 60


@pytest.mark.parametrize(
    "event",
    [
        OrderAccepted(0, 0, 0, 999, "x"),
        OrderRejected(0, 0, 0, 999, "x"),
        CancelRejected(0, 0, 0, 999, "x"),
        OrderUnknown(0, 0, 999, "x"),
    ],
    ids=lambda event: type(event).__name__,
)
def test_word_of_an_order_that_nobody_remembers_changes_nothing(event):
    desk = deaf()
    before, mark = desk.engine.state_hash(), desk.mark
    desk.engine.process(event)
    assert desk.engine.state_hash() == before and not desk.all(QueryOpenOrders, mark)


def test_a_cancelled_order_that_nobody_remembers_changes_nothing():
    desk = deaf()
    before = desk.engine.state_hash()
    desk.engine.process(OrderCancelled(desk.now, desk.now, 0, 999, "x"))
    assert desk.engine.state_hash() == before


def test_a_rejected_side_waits_a_quarter_second_and_the_other_venue_does_not():
    desk = two()
    order = desk.one(1, i=1)
    desk.step(OrderRejected(desk.now, desk.now, 1, order.oid, "post-only"))
    assert desk.engine.orders.reject_until == [0, desk.now + 250 * MS]
    assert order.done_ts == desk.now and order not in desk.engine.quoters[1].slots[1]
    desk.step(OrderRejected(desk.now + 100 * MS, desk.now, 1, order.oid, "post-only"))  # told twice
    assert desk.engine.orders.reject_until[1] == desk.now + 250 * MS


@pytest.mark.parametrize("ended", [False, True])
def test_a_refused_cancel_asks_only_about_an_order_that_may_be_open(ended):
    desk = two()
    order = desk.one(1, i=1)
    desk.accept(order.oid)
    desk.press("pause")
    if ended:
        desk.cancelled(order.oid)
    mark = desk.mark
    desk.step(CancelRejected(desk.now, desk.now, 1, order.oid, "unknown order"))
    assert [(e.v, e.endpoint) for e in desk.all(QueryOpenOrders, mark)] == ([] if ended else [(1, 1), (1, 2)])


def test_a_refused_cancel_of_an_order_that_was_not_being_cancelled_proves_nothing_at_all():
    desk = deaf()
    order = desk.one(1)
    desk.accept(order.oid)
    mark = desk.mark
    desk.step(CancelRejected(desk.now, desk.now, 0, order.oid, "late"))
    assert order.state is State.LIVE and not desk.all(QueryOpenOrders, mark)


def test_a_finished_order_does_not_become_unknown():
    desk = deaf()
    order = desk.one(1)
    desk.press("pause")
    desk.cancelled(order.oid)
    mark = desk.mark
    unknown(desk, order)
    assert order.state is State.CANCELLED and not desk.all(QueryOpenOrders, mark)


def test_an_unknown_order_stops_the_tasks_of_its_asset_only():
    second = item("linear", instrument_changes={"id": "perp:ETH", "symbol": "ETH", "base": "ETH"})
    desk = deaf(item("linear"), second)
    desk.trade_into(50, 0)
    desk.trade_into(50, 1)
    buys = [desk.one(1, i=i) for i in (0, 1)]
    desk.press("flatten")
    assert set(desk.engine.tasks.running) == {"BTC", "ETH"}
    version = desk.engine.version
    unknown(desk, buys[1])
    assert set(desk.engine.tasks.running) == {"BTC"} and desk.engine.version > version


def test_the_end_of_an_order_is_noted_and_its_rung_is_free_again():
    desk = deaf()
    order = desk.one(1)
    desk.wait(150)
    desk.cancelled(order.oid, "by venue")
    assert order.done_ts == desk.engine.ts
    fresh = desk.one(1)
    assert fresh is not order and desk.engine.quoters[0].slots[1] == [fresh]


# ---------------------------------------------------------------- quotes that nobody wants


@pytest.mark.parametrize("state", [State.LIVE, State.UNKNOWN])
@pytest.mark.parametrize("why", ["pause", "gap"])
def test_a_quote_that_comes_to_light_where_nothing_may_stand_is_cancelled(why, state):
    desk = deaf()
    buy = desk.one(1)
    desk.press("pause") if why == "pause" else desk.gap()
    desk.accept(buy.oid)
    desk.step(CancelRejected(desk.now, desk.now, 0, buy.oid, "unknown order"))
    desk.step(OrderAccepted(desk.now, desk.now, 0, buy.oid, "x"))
    if state is State.UNKNOWN:
        unknown(desk, buy)
    assert buy.state is state
    mark = desk.mark
    desk.wait(1_200)
    assert CancelOrder(0, buy.oid) in desk.all(CancelOrder, mark)


def test_a_quote_that_is_left_to_conclude_is_let_alone_until_its_data_go_bad():
    desk = deaf()
    for order in desk.open():
        desk.accept(order.oid)
    desk.press("stop", drain=True)
    mark = desk.mark
    desk.wait(3_000)
    assert not desk.cancels(mark) and {o.state for o in desk.open()} == {State.LIVE}
    desk.gap()
    assert len(desk.cancels(mark)) == 2


def test_an_order_of_a_task_is_not_taken_for_an_unwanted_quote():
    desk = deaf()
    desk.press("pause")
    for order in desk.open():
        desk.cancelled(order.oid)
    _, out = place(desk, px=PX - 1_000, purpose="manual")
    desk.accept(out[0].oid)
    mark = desk.mark
    desk.wait(2_000)
    assert not desk.cancels(mark) and desk.engine.tracker.get(out[0].oid).state is State.LIVE


# ---------------------------------------------------------------- fills


@pytest.mark.parametrize("purpose", ["quote", "flatten"])
def test_a_fill_is_booked_under_the_purpose_of_its_order(purpose):
    desk = deaf()
    desk.trade_into(10, px=999_000, purpose=purpose)
    parts = {name: value for name, value in desk.engine.ledger.parts().items() if value}
    assert parts == {{"quote": "spread", "flatten": "slippage"}[purpose]: 10**27}


def test_a_fill_of_nobodys_order_is_booked_like_a_manual_one():
    desk = deaf()
    desk.fill(999, 10, px=999_000)
    assert {name for name, value in desk.engine.ledger.parts().items() if value} == {"spread"}


def test_a_fill_changes_the_state_version_and_asks_for_new_quotes():
    desk = deaf(item("linear", max_position="0.02", levels=1))
    for order in desk.open():
        desk.accept(order.oid)
    version, mark = desk.engine.version, desk.mark
    buy = desk.one(1)
    desk.fill(buy.oid, 4)
    assert desk.engine.version == version + 1 and buy.open
    desk.fill(buy.oid, 6)
    assert desk.engine.version == version + 2
    assert [(e.side, e.purpose) for e in desk.places(mark)] == [(1, "quote")]
    assert desk.one(1) is not buy and buy.done_ts == desk.engine.ts


def test_a_fee_is_paid_at_the_rate_of_the_moment_even_before_the_first_mark():
    desk = Desk(setup_of(), execution="deaf")
    assert desk.engine.accounts[0].rate == 0
    desk.fill(999, 10, px=PX, fee="0.5")
    assert desk.engine.ledger.parts()["fees"] == -5 * 10**26


@pytest.mark.parametrize(("text", "atoms"), [("0.5", 5 * 10**17), ("-0.25", -25 * 10**16), ("0", 0), ("1e-18", 1)])
def test_a_fee_is_exact(text, atoms):
    assert fee_atoms(text) == atoms


def test_a_fee_that_is_no_fee_names_itself():
    with pytest.raises(ValueError, match=r"^1000000000$"):
        fee_atoms("1000000000")


def test_a_fill_tells_reconciliation_from_where_to_ask():
    desk, _, _ = pair()
    desk.fill(desk.one(1, i=1).oid, 2, ts_event=desk.now - 7)
    assert desk.engine.reconcile.newest == [0, desk.now - 7] and desk.engine.reconcile.bookings == [0, 1]


def test_the_same_trade_id_on_the_other_side_or_instrument_is_another_fill():
    desk = two()
    for i, side in ((0, 1), (0, -1), (1, 1), (0, 1)):
        desk.fill(desk.one(side, i=i).oid, 1, trade="same")
    assert [desk.position(i) for i in (0, 1)] == [0, 1] and desk.engine.accounts[0].fills == 2
