"""When an order is moved or left: its age, and the worth of its place in the queue."""

import pytest
from desk_kit import Desk, item, setup_of
from live_desk import live, up

from mmtui.core.events import QueueUpdate, Trade
from mmtui.core.quoting.flow import queue_share


def quoted(**quoting):
    return Desk(setup_of(item("linear", **quoting))).running()


def test_max_order_age_s_places_every_order_anew_and_never_all_at_once():
    desk = quoted(max_order_age_s=4.0, levels=2)
    ages, gone = {}, []

    def watch(event, effects):
        now = {o.oid: o for o in desk.open() if o.live_ts}
        for oid in ages.keys() - now.keys():
            gone.append((desk.now, ages[oid]))
        ages.clear()
        ages.update({oid: desk.now - o.live_ts for oid, o in now.items()})

    desk.after = watch
    desk.wait(4_200)
    assert len(gone) >= 4
    assert max(age for _, age in gone) <= 4.1e9 and min(age for _, age in gone) >= 1.9e9
    assert len({ts for ts, _ in gone}) == len(gone)
    assert len(desk.open(1)) == len(desk.open(-1)) == 2


def test_without_max_order_age_orders_stay():
    desk = quoted()
    before = {o.oid for o in desk.open()}
    desk.wait(10_000)
    assert {o.oid for o in desk.open()} == before


def test_an_age_below_two_least_lives_is_refused():
    result = Desk().press("set", max_order_age_s=0.3, min_life_ms=200)
    assert not result.ok and "max_order_age_s 0.3 s is less than twice min_life_ms 200" in result.text


@pytest.mark.parametrize(
    ("ahead", "others", "share"), [(0, 100, 1.0), (100, 100, 0.0), (25, 100, 0.75), (-1, 100, 0), (0, 0, 0), (9, 5, 0)]
)
def test_a_place_is_worth_what_stands_behind_it(ahead, others, share):
    assert queue_share(ahead, others) == share


def front(desk, ahead):
    """The bid joins a level of 400 lots of others; `ahead` of them are before it."""
    desk.delta(bids=[(999_500, 400)])
    order = desk.one(1)
    desk.step(QueueUpdate(desk.now, 0, [order.oid], [ahead]))
    return order


@pytest.mark.parametrize(("ahead", "stays"), [(0, True), (100, True), (300, False)])
def test_queue_value_bps_keeps_a_place_unless_the_price_is_wrong_by_more(ahead, stays):
    desk = quoted(queue_value_bps=1.0, fair_value="mid")
    order = front(desk, ahead)
    desk.quote(1_000_045, 1_000_055)  # 0.5 bps up: worth the last half of the queue
    desk.wait(200)
    assert (desk.open(1)[0].oid == order.oid) is stays
    desk.quote(1_000_115, 1_000_125)  # 1.2 bps: worth no place
    desk.wait(200)
    assert desk.open(1)[0].oid != order.oid


def test_a_live_desk_estimates_its_place_from_book_and_trades():
    desk, _ = up(live(item("linear", queue_value_bps=1.0, fair_value="mid")))
    for order in desk.open():
        desk.accept(order.oid)
    bid = desk.one(1)
    desk.delta(bids=[(999_500, 110)])  # a hundred of others and our ten
    desk.wait(200)
    assert bid.ahead == 100
    desk.event(Trade(desk.now, desk.now, 0, 1, 999_500, 30, -1))
    assert bid.ahead == 70
    desk.delta(bids=[(999_500, 60)])  # cancels left fifty of others
    desk.wait(200)
    assert bid.ahead == 50
    desk.event(Trade(desk.now, desk.now, 0, 2, 999_400, 5, -1))  # through our price
    assert bid.ahead == 0
    desk.wait(200)
    assert bid.ahead == 0
