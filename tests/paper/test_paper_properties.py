"""Properties of the paper venue over random markets and random own orders."""

from importlib import util
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mmtui.core.effects import CancelAll, CancelOrder
from mmtui.core.events import Fill, OrderAccepted, OrderCancelled, OrderRejected, QueueUpdate

_spec = util.spec_from_file_location("paper_desk", Path(__file__).with_name("paper_desk.py"))
table = util.module_from_spec(_spec)
_spec.loader.exec_module(table)

px = st.integers(995, 1007)
size = st.integers(0, 60)
side = st.sampled_from((1, -1))
step = st.one_of(
    st.tuples(st.just("bid"), st.integers(995, 1000), size),
    st.tuples(st.just("ask"), st.integers(1002, 1007), size),
    st.tuples(st.just("trade"), px, st.integers(1, 90), side, st.integers(0, 3)),
    st.tuples(st.just("quote"), st.integers(997, 1003), st.integers(1, 60), st.integers(1, 4), st.integers(1, 60)),
    st.tuples(st.just("place"), side, px, st.integers(1, 80), st.sampled_from(("GTX", "GTC", "IOC")), st.booleans()),
    st.tuples(st.just("cancel"), st.integers(1, 12)),
    st.tuples(st.just("cancel all")),
    st.tuples(st.just("wait"), st.integers(1, 30)),
)


def play(steps, model, seed=3):
    desk = table.Desk(model=model, seed=seed)
    desk.snapshot(table.BIDS, table.ASKS)
    placed = {}
    for kind, *args in steps:
        if kind == "bid":
            desk.delta(bids=[tuple(args)])
        elif kind == "ask":
            desk.delta(asks=[tuple(args)])
        elif kind == "trade":
            desk.trade(*args[:3], ts_event=desk.now + (1 - args[3]) * table.MS)
        elif kind == "quote":
            desk.quote(args[0], args[1], args[0] + args[2], args[3])
        elif kind == "place":
            oid = len(placed) + 1
            placed[oid] = args
            desk.place(oid, *args)
        elif kind == "cancel":
            desk.venue.send(CancelOrder(0, args[0]), desk.now)
        elif kind == "cancel all":
            desk.venue.send(CancelAll(0, 1), desk.now)
        else:
            desk.later(args[0])
    desk.later(1000)
    return desk, placed


@pytest.mark.parametrize("model", ["pessimistic", "optimistic"])
@settings(max_examples=150, deadline=None)
@given(steps=st.lists(step, max_size=60))
def test_fills_orders_and_positions_are_conserved(model, steps):
    desk, placed = play(steps, model)
    filled, ended, position, last = {}, set(), 0, 0
    places, ids = {}, set()
    for event in desk.got:
        assert event.ts >= last
        last = event.ts
        if isinstance(event, Fill):
            assert event.trade_id not in ids
            ids.add(event.trade_id)
            assert event.oid not in ended
            filled[event.oid] = filled.get(event.oid, 0) + event.sz
            side, limit, total, tif, reduce_only = placed[event.oid]
            assert event.side == side
            assert event.sz > 0
            assert filled[event.oid] <= total
            assert side * event.px <= side * limit if not event.maker else event.px == limit
            assert not (tif == "GTX" and not event.maker)
            before = position
            position += side * event.sz
            if reduce_only:
                assert abs(position) < abs(before) and position * before >= 0
        elif isinstance(event, OrderCancelled | OrderRejected):
            assert event.oid not in ended
            ended.add(event.oid)
        elif isinstance(event, OrderAccepted) and event.ahead >= 0:
            places[event.oid] = event.ahead
        elif isinstance(event, QueueUpdate):
            for oid, ahead in zip(event.oids, event.ahead, strict=True):
                assert 0 <= ahead <= places[oid]  # a place in the queue only gets better
                places[oid] = ahead
    assert position == desk.venue.position(0)
    for oid, (_, _, total, _, _) in placed.items():
        open_ = oid in desk.venue.open_orders(0)
        assert open_ + (oid in ended) + (filled.get(oid, 0) == total) == 1


@settings(max_examples=60, deadline=None)
@given(steps=st.lists(step, max_size=40), seed=st.integers(0, 1000))
def test_the_same_seed_gives_the_same_answers(steps, seed):
    assert play(steps, "pessimistic", seed)[0].got == play(steps, "pessimistic", seed)[0].got


@settings(max_examples=60, deadline=None)
@given(
    sizes=st.lists(st.integers(1, 40), min_size=1, max_size=4),
    trades=st.lists(st.integers(1, 60), max_size=12),
)
def test_several_own_orders_never_share_a_traded_lot(sizes, trades):
    desk = table.Desk()
    desk.snapshot(table.BIDS, table.ASKS)
    for oid, lots in enumerate(sizes, 1):
        desk.place(oid, +1, 1000, lots)
    desk.later()
    for lots in trades:
        desk.trade(1000, lots, -1)
    desk.later()
    got = sum(fill[2] for fill in desk.fills())
    assert got == min(sum(sizes), max(0, sum(trades) - 50))


order_flow = st.lists(
    st.one_of(
        st.tuples(st.just("join"), st.integers(1, 30), st.just(0), st.booleans()),
        st.tuples(st.just("leave"), st.integers(0, 30), st.integers(0, 9), st.booleans()),
        st.tuples(st.just("sell"), st.integers(1, 25), st.just(0), st.booleans()),
    ),
    max_size=40,
)


@settings(max_examples=300, deadline=None)
@given(flow=order_flow)
def test_the_pessimistic_queue_is_never_better_than_the_true_one(flow):
    """A true queue of others' orders, some ahead of us: trades and depth of it come in either order."""
    desk = table.Desk()
    desk.snapshot(table.BIDS, table.ASKS)
    desk.place(1, +1, 1000, 5)
    desk.later()
    queue = [[20, True], [20, True], [10, True]]  # lots, ahead of us
    for kind, lots, which, trade_first in flow:
        traded = 0
        if kind == "join":
            queue.append([lots, False])
        elif kind == "leave" and queue:
            chosen = queue[which % len(queue)]
            chosen[0] = max(0, chosen[0] - lots)
        elif kind == "sell":
            left = lots
            for order in queue:
                taken = min(left, order[0])
                order[0] -= taken
                left -= taken
            traded = lots - left
        queue = [order for order in queue if order[0]]
        ahead = sum(size for size, before in queue if before)
        shown = sum(size for size, _ in queue)
        event_ts = desk.now + table.MS
        if traded and trade_first:
            desk.trade(1000, traded, -1, ts_event=event_ts)
        desk.delta(bids=[(1000, shown)])
        if traded and not trade_first:
            desk.trade(1000, traded, -1, ts_event=event_ts)
        if not ahead:
            return
        assert not desk.fills()
        assert desk.ahead()[1] >= ahead
