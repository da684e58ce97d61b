"""The paper venue against the desk rules, as tables of a few events each. Own data: one linear instrument, tick 1."""

import importlib.util
from pathlib import Path

import pytest

from mmtui.core.effects import CancelAll, CancelOrder, QueryOpenOrders
from mmtui.core.events import (
    BookDelta,
    BookGap,
    CancelAllDone,
    CancelRejected,
    Fill,
    GridRefined,
    OpenOrders,
    OrderAccepted,
    OrderCancelled,
    OrderRejected,
    QueueUpdate,
)
from mmtui.core.runner import NEVER
from mmtui.venues.paper.venue import LEAST, PaperVenue

_spec = importlib.util.spec_from_file_location("paper_desk", Path(__file__).with_name("paper_desk.py"))
made = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(made)
ASKS, BIDS, MS, Desk, instrument = made.ASKS, made.BIDS, made.MS, made.Desk, made.instrument


@pytest.fixture
def desk():
    made = Desk()
    made.snapshot(BIDS, ASKS)
    return made


def test_an_order_joins_behind_the_displayed_size(desk):
    desk.place(1, +1, 1000, 10)
    (accepted,) = desk.later()
    assert isinstance(accepted, OrderAccepted)
    assert accepted.ahead == 50


def test_latency_is_there_both_ways_and_never_zero():
    desk = Desk(latency_in_ms=0, latency_out_ms=0, jitter_ms=0)
    desk.snapshot(BIDS, ASKS)
    desk.place(1, +1, 1000, 10)
    (accepted,) = desk.later()
    assert accepted.ts_event - MS == LEAST
    assert accepted.ts - accepted.ts_event == LEAST


def test_trades_consume_the_queue_and_a_remainder_fills_us(desk):
    desk.place(1, +1, 1000, 10)
    desk.later()
    desk.trade(1000, 45, -1)
    assert desk.ahead() == {1: 5}
    desk.trade(1000, 8, -1)
    desk.later()
    assert desk.fills() == [(1, 1000, 3, True)]
    desk.trade(1000, 100, -1)
    desk.later()
    assert desk.fills() == [(1, 1000, 3, True), (1, 1000, 7, True)]
    assert desk.venue.position(0) == 10


def test_a_buyer_at_our_bid_does_not_consume_the_bid_queue(desk):
    desk.place(1, +1, 1000, 10)
    desk.later()
    desk.trade(1000, 500, +1)
    assert desk.ahead() == {1: 50}
    assert not desk.fills()


@pytest.mark.parametrize(("side", "own", "through"), [(+1, 999, 998), (-1, 1003, 1004)])
def test_a_trade_through_our_price_fills_all_that_is_left(desk, side, own, through):
    desk.place(1, side, own, 10)
    desk.later()
    desk.trade(through, 1, -side)
    desk.later()
    assert desk.fills() == [(1, own, 10, True)]


def test_a_trade_that_is_older_than_the_depth_we_joined_is_in_it_already(desk):
    desk.place(1, +1, 1000, 10)
    desk.later()
    desk.trade(1000, 55, -1, ts_event=desk.books[0].ts_event - 1)
    assert desk.ahead() == {1: 50}
    assert not desk.fills()


@pytest.mark.parametrize("model", ["pessimistic", "optimistic"])
def test_a_decrease_that_a_trade_has_explained_does_not_advance_the_queue_again(model):
    desk = Desk(model=model)
    desk.snapshot(BIDS, ASKS)
    desk.place(1, +1, 1000, 10)
    desk.later()
    desk.trade(1000, 20, -1)
    desk.delta(bids=[(1000, 30)])
    assert desk.ahead() == {1: 30}


@pytest.mark.parametrize("model", ["pessimistic", "optimistic"])
def test_a_trade_that_comes_after_its_decrease_does_not_advance_the_queue_again(model):
    desk = Desk(model=model)
    desk.snapshot(BIDS, ASKS)
    desk.place(1, +1, 1000, 10)
    desk.later()
    desk.delta(bids=[(1000, 30)])
    desk.trade(1000, 20, -1, ts_event=desk.now)
    assert desk.ahead() == {1: 30}
    assert not desk.fills()


@pytest.mark.parametrize(("model", "after"), [("pessimistic", 50), ("optimistic", 40)])
def test_other_decreases_come_from_behind_us_or_in_proportion(model, after):
    desk = Desk(model=model)
    desk.snapshot(BIDS, ASKS)
    desk.place(1, +1, 1000, 10)
    desk.later()
    desk.delta(bids=[(1000, 100)])
    desk.delta(bids=[(1000, 80)])
    assert desk.ahead() == {1: after}


def test_we_are_never_further_back_than_what_is_displayed(desk):
    desk.place(1, +1, 1000, 10)
    desk.later()
    desk.delta(bids=[(1000, 12)])
    assert desk.ahead() == {1: 12}
    desk.delta(bids=[(1000, 0)])
    assert desk.ahead() == {1: 0}


def test_the_best_quote_moving_away_leaves_us_first(desk):
    desk.place(1, +1, 1000, 10)
    desk.later()
    desk.quote(999, 80, 1002, 40)
    assert desk.ahead() == {1: 0}


def test_depth_that_is_older_than_the_best_quote_does_not_speak_for_the_touch(desk):
    desk.place(1, +1, 1000, 10)
    desk.later()
    desk.seq += 5
    desk.quote(1000, 20, 1002, 40)
    assert desk.ahead() == {1: 20}
    desk.market(BookDelta(desk.now, desk.now, 0, 2, 3, [1000], [0], [1000], [7]))
    assert desk.ahead() == {1: 20}
    assert not desk.fills()


@pytest.mark.parametrize("how", ["quote", "delta", "snapshot"])
@pytest.mark.parametrize("ask", [1000, 999])
def test_an_opposite_price_that_locks_or_crosses_ours_fills_us_at_our_price(desk, how, ask):
    desk.place(1, +1, 1000, 10)
    desk.later()
    if how == "quote":
        desk.quote(ask - 1, 5, ask, 1)
    elif how == "delta":
        desk.delta(bids=[(1000, 0)], asks=[(ask, 1)])
    else:
        desk.snapshot([(998, 5)], [(ask, 1), (1003, 5)])
    desk.later()
    assert desk.fills() == [(1, 1000, 10, True)]


def test_own_orders_at_one_price_are_first_in_first_out_and_share_one_trade(desk):
    desk.place(1, +1, 1000, 10)
    desk.place(2, +1, 1000, 10)
    desk.later()
    desk.trade(1000, 65, -1)
    desk.later()
    assert desk.fills() == [(1, 1000, 10, True), (2, 1000, 5, True)]


def test_a_take_walks_the_levels_as_taker_and_depletes_them_until_they_are_refreshed(desk):
    desk.place(1, +1, 1003, 70, tif="IOC")
    desk.later()
    assert desk.fills() == [(1, 1002, 40, False), (1, 1003, 30, False)]
    desk.place(2, +1, 1003, 70, tif="IOC")
    assert [type(event) for event in desk.later()] == [OrderAccepted, Fill, OrderCancelled]
    assert desk.fills()[2:] == [(2, 1003, 30, False)]
    desk.delta(asks=[(1002, 40)])
    desk.place(3, +1, 1003, 70, tif="IOC")
    desk.later()
    assert desk.fills()[3:] == [(3, 1002, 40, False)]


def test_the_same_best_quote_again_is_no_refresh(desk):
    desk.quote(1000, 50, 1002, 40)
    desk.place(1, +1, 1002, 40, tif="IOC")
    desk.later()
    desk.quote(1000, 55, 1002, 40)
    desk.place(2, +1, 1002, 40, tif="IOC")
    desk.later()
    assert desk.fills() == [(1, 1002, 40, False)]
    desk.quote(1000, 55, 1002, 41)
    desk.place(3, +1, 1002, 60, tif="IOC")
    desk.later()
    assert desk.fills()[1:] == [(3, 1002, 41, False)]


def test_what_a_marketable_gtc_cannot_take_rests(desk):
    desk.place(1, -1, 1000, 60, tif="GTC")
    answers = desk.later()
    assert [type(event) for event in answers] == [OrderAccepted, Fill]
    assert answers[0].ahead == 0
    desk.quote(999, 80, 1002, 40)
    desk.trade(1000, 4, +1)
    desk.later()
    assert desk.fills() == [(1, 1000, 50, False), (1, 1000, 4, True)]


@pytest.mark.parametrize(
    ("order", "reason"),
    [
        ({"side": +1, "px": 1002, "sz": 10}, "post-only would take"),
        ({"side": -1, "px": 1000, "sz": 10}, "post-only would take"),
        ({"side": +1, "px": 0, "sz": 10}, "price and size must be whole positive ticks and lots"),
        ({"side": +1, "px": 1000, "sz": 0}, "price and size must be whole positive ticks and lots"),
        ({"side": +1, "px": 400, "sz": 1}, "notional below 5 B"),
        ({"side": +1, "px": 1000, "sz": 10, "reduce_only": True}, "reduce-only would open or flip the position"),
        ({"side": +1, "px": 1000, "sz": 10, "tif": "FOK"}, "unknown time in force FOK"),
    ],
)
def test_orders_that_the_venue_would_not_take_are_rejected(desk, order, reason):
    desk.place(1, **order)
    (answer,) = desk.later()
    assert (type(answer), answer.reason) == (OrderRejected, reason)
    assert desk.venue.open_orders(0) == []


def test_post_only_is_judged_when_the_order_arrives_not_when_it_was_sent(desk):
    desk.place(1, +1, 1002, 10)
    desk.quote(1001, 50, 1004, 40)
    (answer,) = desk.later()
    assert isinstance(answer, OrderAccepted)


def test_nothing_is_placed_into_an_invalid_book_but_cancels_work(desk):
    desk.place(1, +1, 1000, 10)
    desk.later()
    desk.now += MS
    desk.market(BookGap(desk.now, 0, 5, 9, "gap"))
    desk.place(2, +1, 1000, 10)
    desk.venue.send(CancelOrder(0, 1), desk.now)
    rejected, cancelled = desk.later()
    assert (rejected.reason, cancelled.reason) == ("no market", "requested")


def test_an_order_can_be_hit_while_its_cancel_is_under_way(desk):
    desk.place(1, +1, 1000, 10)
    desk.later()
    desk.venue.send(CancelOrder(0, 1), desk.now)
    desk.trade(1000, 54, -1)
    fill, cancelled = desk.later()
    assert (fill.sz, type(cancelled)) == (4, OrderCancelled)
    desk.trade(1000, 54, -1)
    assert not desk.later()


def test_a_cancel_of_a_finished_order_is_rejected(desk):
    desk.venue.send(CancelOrder(0, 9), desk.now)
    (answer,) = desk.later()
    assert (type(answer), answer.reason) == (CancelRejected, "unknown order")


def test_cancel_all_then_zero_then_a_late_create_lives():
    desk = Desk(instrument("AB"), instrument("CD"))
    desk.snapshot(BIDS, ASKS, i=0)
    desk.snapshot(BIDS, ASKS, i=1)
    for oid in range(1, 5):
        desk.place(oid, +1, 1000, 10, i=oid % 2)
    desk.later()
    desk.venue.send(CancelAll(0, 77, 1), desk.now)
    desk.venue.send(QueryOpenOrders(0, 78, 1), desk.now)
    desk.venue.send(CancelAll(0, 79), desk.now)
    desk.place(5, +1, 1000, 10)
    desk.venue.send(QueryOpenOrders(0, 80, 2), desk.now)
    answers = desk.later()
    assert [event.oid for event in answers if isinstance(event, OrderCancelled)] == [1, 3, 2, 4]
    assert [event.query for event in answers if isinstance(event, CancelAllDone)] == [77, 79]
    told = [(event.query, event.endpoint, event.oids) for event in answers if isinstance(event, OpenOrders)]
    assert told == [(78, 1, [2, 4]), (80, 2, [5])]


def test_reduce_only_never_passes_zero_and_is_taken_out_when_nothing_is_left(desk):
    desk.place(1, +1, 1002, 10, tif="IOC")
    desk.later()
    desk.place(2, -1, 1003, 10, reduce_only=True)
    desk.place(3, -1, 1004, 10, reduce_only=True)
    desk.place(4, -1, 1004, 11, reduce_only=True)
    assert desk.later()[-1].reason == "reduce-only would open or flip the position"
    desk.trade(1005, 500, +1)
    *_, expired = desk.later()
    assert desk.fills()[1:] == [(2, 1003, 10, True)]
    assert (expired.oid, expired.reason) == (3, "reduce-only: nothing left to reduce")
    assert desk.venue.position(0) == 0


def test_fees_are_exact_and_in_coin_on_inverse_contracts():
    linear = Desk()
    linear.snapshot(BIDS, ASKS)
    linear.place(1, +1, 1002, 3, tif="IOC")
    fill = linear.later()[1]
    assert (fill.fee, fill.fee_asset) == ("0.012024", "B")  # 1002 x 0.03 x 4 bps
    inverse = Desk(instrument(kind="inverse", lot="1", contract_size="100"))
    inverse.snapshot(BIDS, ASKS)
    inverse.place(1, +1, 1002, 3, tif="IOC")
    fill = inverse.later()[1]
    assert fill.fee_asset == "A"
    assert fill.fee.startswith("0.000119760479041")  # 300 / 1002 x 4 bps
    inverse.place(2, +1, 1000, 3)
    inverse.later()
    inverse.trade(999, 1, -1)
    assert inverse.later()[0].fee == "0.00006"  # 300 / 1000 x 2 bps


def test_a_refined_grid_rescales_what_rests_and_what_is_under_way(desk):
    desk.place(1, +1, 1000, 10)
    desk.later()
    desk.trade(999, 1, -1)  # its fill is on the way back
    desk.place(2, +1, 999, 10)
    desk.market(GridRefined(desk.now, 0, "0.1", "0.001", 10, 10))
    fill, accepted = desk.later()
    assert (fill.px, fill.sz, accepted.ahead) == (10_000, 100, 800)
    assert desk.venue.position(0) == 100
    desk.trade(9980, 1, -1)
    desk.later()
    assert desk.fills()[-1] == (2, 9990, 100, True)


def test_queue_places_are_told_at_most_ten_times_a_second_and_only_when_they_move(desk):
    desk.place(1, +1, 1000, 10)
    desk.later()
    start = desk.now
    for size in range(49, 0, -1):
        desk.delta(bids=[(1000, size)])
        desk.later(19)
    told = [event for event in desk.got if isinstance(event, QueueUpdate)]
    assert len(told) <= (desk.now - start) // (100 * MS) + 1
    assert told[-1].ahead == [1] or desk.ahead() == {1: 1}
    desk.later(1000)
    assert desk.venue.next_ts() == NEVER


def test_after_a_recovery_positions_are_known_and_trade_ids_are_new(desk):
    desk.place(1, +1, 1002, 25, tif="IOC")
    before = desk.later()[1]
    again = PaperVenue(desk.setup, desk.books, 7)
    again.restore([25])
    desk.venue = again
    desk.place(2, -1, 1000, 25, tif="IOC", reduce_only=True)
    after = desk.later()[1]
    assert after.trade_id != before.trade_id
    assert desk.venue.position(0) == 0


def test_no_order_no_work(desk):
    """Without own orders or takes, market events leave no trace in the venue."""
    for size in (1, 2, 3):
        desk.delta(bids=[(1000, size)])
        desk.trade(1000, size, -1)
    assert desk.venue.next_ts() == NEVER
    assert not desk.venue._busy
