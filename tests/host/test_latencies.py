"""The venues page is told how late feeds and orders are, and how the venues' clocks stand."""

from collections import deque

import pytest
from test_frames import Watched

from mmtui.host.frames import Extras
from mmtui.host.latency import percentiles
from mmtui.link import messages as m

MS = 1_000_000


@pytest.fixture(scope="module")
def desk():
    return Watched(seconds=10.0)


@pytest.mark.parametrize(
    ("samples", "told"),
    [((), None), ((3 * MS,), (3.0, 3.0)), (tuple(n * MS for n in range(1, 101)), (51.0, 100.0))],
)
def test_percentiles_are_ranks_of_what_was_seen(samples, told):
    assert percentiles(deque(samples)) == told


def test_a_desk_tells_how_late_its_feeds_and_orders_are(desk):
    venues = desk.frame().venues
    assert all(0 <= v.feed_ms[0] <= v.feed_ms[1] < 1_000 for v in venues)
    orders = [v.order_ms for v in venues if v.order_ms]
    assert orders, "paper orders have latency in and out"
    assert all(5 <= p50 <= p99 < 100 for p50, p99 in orders)


def test_clocks_are_those_that_a_live_venue_has_measured(desk):
    assert all(v.clock_ms is None for v in desk.frame().venues)
    first = desk.engine.setup.venues[0]
    extras = Extras(now=desk.runner.now, clocks={first: (-1.8, 0.6)})
    told = {v.id: v.clock_ms for v in desk.builder.frame(m.View(), extras).venues}
    assert told[first] == (-1.8, 0.6) and set(told.values()) == {(-1.8, 0.6), None}
