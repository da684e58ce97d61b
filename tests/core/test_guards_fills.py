"""Guards that watch the own fills: toxic flow and repeated executions; and the memory of guards."""

import pytest
from desk_kit import Desk, item, setup_of

from mmtui.core.events import GridRefined
from mmtui.tape import image


def quoted(**quoting):
    return Desk(setup_of(item("linear", **quoting), limits={"ease_back_s": 2.0})).running()


def hit(desk, side=1, lots=1):
    order = min(desk.open(side), key=lambda o: -side * o.px)
    desk.fill(order.oid, lots)


def held(desk):
    reasons = desk.engine.quoters[0].reasons
    return {side: reasons[side] for side in (1, -1) if not desk.open(side)}


def said(desk):
    return [alert.text for alert in desk.alerts if alert.code == "guard"]


def bought_before_falls(desk, count, fall=400, wait=1_200):
    """Buys of one lot at the mid, each before the market falls by so many ticks (not through our next bid)."""
    for _ in range(count):
        mid = desk.engine.books[0].mid2() // 2
        desk.fill(max(desk.open(1), key=lambda o: o.px).oid, 1, mid)
        mid -= fall
        desk.quote(mid - 5, mid + 5)
        desk.wait(wait)


TOXIC = {"toxic_bps": 2.0, "toxic_fills": 3, "toxic_horizon_s": 1.0, "toxic_hold_s": 4.0, "size_skew": 0.0}


def test_toxic_bps_pauses_the_side_whose_fills_lose():
    desk = quoted(**TOXIC)
    bought_before_falls(desk, 2)
    assert held(desk) == {}
    bought_before_falls(desk, 1)
    assert held(desk) == {1: "toxic flow"}
    assert said(desk)[0].startswith("perp:BTC: toxic flow of bids: markout -")
    desk.wait(5_000)
    assert held(desk) == {}
    assert said(desk)[1].startswith("perp:BTC: toxic flow of bids lifted")
    assert not desk.engine.quoters[0].guards.marks[1]  # what caused it is forgotten


def test_fills_that_earn_are_not_toxic():
    desk = quoted(**TOXIC)
    bought_before_falls(desk, 5, fall=-300)
    assert held(desk) == {} and said(desk) == []


def test_toxic_bps_is_how_bad_the_mean_may_be():
    desk = quoted(**{**TOXIC, "toxic_bps": 5.0})
    bought_before_falls(desk, 4)
    assert said(desk) == []


def test_toxic_horizon_s_is_when_the_markout_is_taken():
    desk = quoted(**{**TOXIC, "toxic_horizon_s": 30.0})
    bought_before_falls(desk, 4)
    assert said(desk) == [] and len(desk.engine.quoters[0].guards.due) == 4
    desk.wait(31_000)
    assert len(said(desk)) >= 1


def test_toxic_action_widen_widens_and_keeps_quoting():
    desk = quoted(**TOXIC, toxic_action="widen", toxic_widen_bps=3.0)
    guards = desk.engine.quoters[0].guards
    assert guards.widen_bps == 0.0
    bought_before_falls(desk, 3)
    assert held(desk) == {} and guards.widen_bps == 3.0
    assert not desk.engine.protections.trips[0]  # nothing was pulled
    desk.wait(5_000)
    assert guards.widen_bps == 0.0


def test_throttle_fills_holds_a_side_for_throttle_hold_s():
    desk = quoted(throttle_fills=3, throttle_window_s=2.0, throttle_hold_s=3.0)
    for _ in range(2):
        hit(desk, -1)
    desk.wait(300)
    assert held(desk) == {}
    hit(desk, -1)
    desk.wait(300)
    assert held(desk) == {-1: "repeated executions"}
    desk.wait(2_500)
    assert held(desk) == {-1: "repeated executions"}
    desk.wait(500)
    assert held(desk) == {}
    assert said(desk) == [
        "perp:BTC: repeated executions of asks: 3 fills within 2 s",
        "perp:BTC: repeated executions of asks lifted: 0 fills within 2 s",
    ]


def test_throttle_window_s_forgets_older_fills():
    desk = quoted(throttle_fills=3, throttle_window_s=1.0)
    for _ in range(6):
        hit(desk, 1)
        desk.wait(600)
    assert held(desk) == {} and said(desk) == []


EVERYTHING = {
    "vol_pause_bps": 100.0, "trend_hold_bps": 100.0, "burst_trades": 100, "throttle_fills": 50, "ping_pong": True,
    "max_fills": 50, "moving_band_above_pct": 5.0, "best_price": "join", "max_order_age_s": 30.0, **TOXIC,
}  # fmt: skip


def busy():
    desk = quoted(**EVERYTHING)
    bought_before_falls(desk, 1)
    return desk


def test_a_checkpoint_carries_flow_and_guards():
    desk = busy()
    again = image.decode(image.encode(desk.engine))
    assert again.state_hash() == desk.engine.state_hash()
    guards, before = again.quoters[0].guards, desk.engine.quoters[0].guards
    assert guards.digest() == before.digest() and guards.marks[1].maxlen == 3
    assert again.quoters[0].flow.net == 1


def test_a_change_of_another_parameter_forgets_nothing():
    desk = busy()
    desk.press("set", levels=2)  # the guards have seen the market of this instant
    before = desk.engine.quoters[0].guards.digest()
    desk.press("set", spread_bps=11.0)
    assert desk.engine.quoters[0].guards.digest() == before


def test_a_finer_grid_changes_no_judgement():
    desk = busy()
    quoter = desk.engine.quoters[0]
    off, range_bps, reference = quoter.guards.off, quoter.guards.range.bps(), quoter.flow.bands.reference
    desk.event(GridRefined(desk.now, 0, "0.01", "0.0001", 10, 10))
    desk.wait(100)
    assert quoter.guards.off == pytest.approx(off, rel=0.1)
    assert quoter.guards.range.bps() == pytest.approx(range_bps)
    assert quoter.flow.bands.reference == pytest.approx(reference * 10)
    assert quoter.flow.net == 10


def test_what_guards_remember_is_part_of_the_state():
    one, other = busy(), busy()
    assert one.engine.state_hash() == other.engine.state_hash()
    one.engine.quoters[0].guards.mean += 1.0
    assert one.engine.state_hash() != other.engine.state_hash()
