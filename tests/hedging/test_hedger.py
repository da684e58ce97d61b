"""The hedger: back into the band by the cheapest contract, passive first, never too much; what fails is said."""

import itertools

import pytest
from desk_kit import INVERSE, LINEAR, MS, SECOND, SPOT, Desk, item, setup_of, three
from hedge_kit import BAND, alerts, hedged, hedges, market, net, state

from mmtui.core.events import FeedStatus, Fill, OrderRejected, OrderUnknown
from mmtui.core.ledger.account import PARTS


def test_a_desk_without_a_band_has_no_hedger():
    desk = Desk(three())
    assert desk.engine.hedger.assets == {}
    assert desk.engine.hedger.words("BTC") == ""


def test_delta_outside_of_the_band_is_brought_to_its_target():
    desk = hedged()
    desk.trade_into(300, SPOT)
    market(desk)
    assert desk.position(SPOT) == 300 and desk.position(LINEAR) + desk.position(INVERSE) == -300
    assert abs(net(desk)) == 0 and state(desk).text == "in band"
    assert all(e.side == -1 for e in hedges(desk))


@pytest.mark.parametrize("position", [50, -50, 49, 1])
def test_inside_the_band_nothing_is_done(position):
    desk = hedged()
    desk.trade_into(position, SPOT)
    market(desk, 1_000)
    assert not hedges(desk) and state(desk).since == 0


def test_the_band_is_about_the_target():
    items = (item("spot", quote=False, target="0.2", max_position="10"), item("linear", quote=False, max_position="10"))
    desk = hedged(*items)
    desk.trade_into(230, SPOT)
    market(desk, 1_000)
    assert not hedges(desk)
    desk.trade_into(300, SPOT)
    market(desk)
    assert desk.position(LINEAR) == -100 and net(desk) == 0


def test_aim_brings_delta_only_back_to_the_edge():
    desk = hedged(aim=1.0)
    desk.trade_into(300, SPOT)
    market(desk)
    assert float(net(desk)) == BAND
    half = hedged(aim=0.5)
    half.trade_into(300, SPOT)
    market(half)
    assert float(net(half)) == BAND / 2


def test_a_hedge_starts_with_the_fill_and_not_with_the_timer():
    desk = hedged()
    desk.trade_into(300, SPOT)
    assert isinstance(desk.events[-1], Fill) and len([e for e in desk.effects[-1] if getattr(e, "oid", 0)]) == 1


def test_the_cheapest_contract_is_taken():
    cheap = item("inverse", quote=False, max_position="5000", instrument_changes={"taker_bps": "0.5"})
    desk = hedged(item("spot", quote=False), item("linear", quote=False, max_position="10"), cheap)
    desk.trade_into(-300, SPOT)
    market(desk)
    assert {e.i for e in hedges(desk)} == {INVERSE} and desk.position(INVERSE) == 300


def test_a_thin_book_is_dearer_than_a_fee():
    desk = hedged(size=1_000)
    desk.book(999_000, 1_001_000, LINEAR, 1_000)
    desk.trade_into(300, SPOT)
    assert {e.i for e in hedges(desk)} == {INVERSE}


def test_instruments_are_those_that_are_named():
    desk = hedged(instruments=["coin:BTC"])
    desk.trade_into(300, SPOT)
    market(desk)
    assert {e.i for e in hedges(desk)} == {INVERSE}
    spot = hedged(instruments=["cash:BTC"])
    spot.trade_into(300, LINEAR)
    market(spot)
    assert state(spot).failed == "spot balance"  # a hedge does not sell the treasury


def test_spot_is_no_hedge_instrument_unless_it_is_named():
    desk = hedged()
    desk.trade_into(-300, LINEAR)
    market(desk)
    assert {e.i for e in hedges(desk)} <= {LINEAR, INVERSE}


def test_slices_are_a_tenth_of_the_depth_and_apart_in_time():
    desk = hedged()
    sent = []
    desk.after = lambda event, effects: sent.extend(
        event.ts for e in effects if getattr(e, "purpose", "") == "hedge"
    )
    desk.trade_into(1_000, SPOT)
    market(desk, 5_000)
    assert len(sent) >= 5 and net(desk) == 0
    assert all(e.sz <= 200 for e in hedges(desk))  # 10 % of 20 levels of 100
    assert min(b - a for a, b in itertools.pairwise(sent)) >= 250 * MS


def test_depth_share_and_gap_ms_do_what_they_say():
    desk = hedged(depth_share=0.05, gap_ms=700)
    sent = []
    desk.after = lambda event, effects: sent.extend(
        event.ts for e in effects if getattr(e, "purpose", "") == "hedge"
    )
    desk.trade_into(500, SPOT)
    market(desk, 5_000)
    assert all(e.sz <= 100 for e in hedges(desk)) and len(sent) == 5
    assert min(b - a for a, b in itertools.pairwise(sent)) >= 700 * MS


def test_passive_first_post_only_at_the_touch_then_it_takes():
    desk = hedged(passive_s=1.0)
    desk.trade_into(100, SPOT)
    first = hedges(desk)[0]
    assert first.tif == "GTX" and first.px == 1_000_005
    market(desk, 900)
    assert len(hedges(desk)) == 1 and state(desk).oid
    market(desk, 1_500)
    assert hedges(desk)[-1].tif == "IOC" and net(desk) == 0


def test_a_passive_hedge_moves_with_the_touch():
    desk = hedged(passive_s=3.0)
    desk.trade_into(100, SPOT)
    i = hedges(desk)[0].i
    market(desk, 500)
    market(desk, 900, bid=999_985, ask=999_995)
    moved = hedges(desk)[-1]
    assert moved.tif == "GTX" and moved.px == 999_995 and moved.i == i and len(hedges(desk)) == 2


def test_a_passive_hedge_that_is_too_much_goes():
    desk = hedged(passive_s=30.0)
    desk.trade_into(200, SPOT)
    market(desk, 300)
    desk.trade_into(90, SPOT)
    market(desk, 1_000)
    (order,) = desk.open()
    assert order.left <= 90


def test_a_passive_hedge_goes_when_delta_comes_back_by_itself():
    desk = hedged(passive_s=30.0)
    desk.trade_into(200, SPOT)
    market(desk, 300)
    desk.trade_into(0, SPOT)
    market(desk, 500)
    assert not desk.open() and state(desk).text == "in band"


def test_beyond_the_cap_it_has_failed_and_pulls_the_quotes_that_would_need_it():
    items = (item("spot", max_position="10"), item("linear", max_position="10"), item("inverse", quote=False))
    desk = hedged(*items, cap_bps=5.0)
    desk.press("start")
    market(desk, 1_500)
    assert desk.open(1, SPOT) and desk.open(-1, SPOT)
    desk.trade_into(1_000, SPOT)
    market(desk, 600, bid=998_995, ask=999_005)  # 10 bps lower: every contract is beyond 5 bps
    assert state(desk).failed == "cap 5 bps reached"
    market(desk, 300, bid=998_995, ask=999_005)
    engine = desk.engine
    for i in (SPOT, LINEAR):
        assert not desk.open(1, i), "buys would need more of the hedge"
        assert engine.quoters[i].reasons[1] == "hedge failed: cap 5 bps reached"
        assert engine.quoters[i].reasons[-1] == ""
    assert alerts(desk)[-1] == "hedge BTC failed: cap 5 bps reached"


def test_after_a_while_it_tries_again_from_the_mid_of_then_and_the_quotes_come_back():
    items = (item("spot", max_position="10"), item("linear", max_position="10"), item("inverse", quote=False))
    desk = hedged(*items, cap_bps=5.0, retry_s=2.0)
    desk.press("start")
    market(desk, 1_500)
    desk.trade_into(1_000, SPOT)
    market(desk, 1_000, bid=998_995, ask=999_005)
    assert state(desk).failed
    count = len(hedges(desk))
    market(desk, 1_000, bid=998_995, ask=999_005)
    assert len(hedges(desk)) == count
    market(desk, 6_000, bid=998_995, ask=999_005)
    assert len(hedges(desk)) > count and not state(desk).failed and not desk.engine.gate.pulled
    assert desk.open(1, SPOT) and desk.open(-1, SPOT)


def test_dead_hedge_venues_are_a_failure():
    desk = hedged(item("spot", max_position="10"), item("linear", quote=False))
    desk.press("start")
    market(desk, 300)
    desk.event(FeedStatus(desk.now, 1, False, "line"))
    desk.trade_into(300, SPOT)
    assert state(desk).failed == "perp:BTC is dead" and desk.engine.gate.held(SPOT, 1)
    market(desk, 200)
    assert not desk.open(1, SPOT) and desk.open(-1, SPOT)


def test_a_rejected_hedge_is_a_failure():
    desk = hedged(execution="deaf")
    desk.trade_into(300, SPOT)
    order = hedges(desk)[-1]
    desk.step(OrderRejected(desk.now, desk.now, order.i, order.oid, "no margin"))
    assert state(desk).failed == f"order rejected on {desk.engine.name(order.i)}"


def test_post_only_rejects_are_no_failure_and_after_three_it_takes():
    desk = hedged(execution="deaf", passive_s=60.0)
    desk.trade_into(300, SPOT)
    for _ in range(3):
        order = hedges(desk)[-1]
        assert order.tif == "GTX"
        desk.step(OrderRejected(desk.now, desk.now, order.i, order.oid, "would take"))
        desk.wait(400)
    assert hedges(desk)[-1].tif == "IOC" and not state(desk).failed


def test_the_clock_of_unhedged_seconds_alerts_once_and_has_a_gauge():
    desk = hedged(item("spot", quote=False, max_position="10"), unhedged_s=2.0)
    desk.trade_into(300, SPOT)
    market(desk, 1_000)
    (gauge,) = [one for one in desk.engine.watch.readings(desk.engine) if one.name == "unhedged"]
    assert gauge.scope == "BTC" and 0.45 < gauge.share < 0.55 and gauge.fires_at == "would alert at 2 s"
    market(desk, 3_000)
    assert [text for text in alerts(desk) if "unhedged" in text] == ["BTC unhedged for 2 s: delta 0.3 off target"]
    desk.trade_into(0, SPOT)
    market(desk, 200)
    assert state(desk).since == 0 and 3.8 * SECOND < state(desk).outside_ns < 4.4 * SECOND


@pytest.mark.parametrize(("act", "runs"), [("pause", True), ("stop", False), ("kill", False)])
def test_it_runs_in_running_and_paused_only(act, runs):
    desk = hedged()
    desk.press("start")
    desk.press(act)
    desk.trade_into(300, SPOT)
    market(desk, 1_000)
    assert bool(hedges(desk)) is runs
    assert state(desk).text == ("in band" if runs else {"stop": "STOPPED", "kill": "KILLED"}[act])


def test_not_in_halted():
    desk = hedged()
    desk.halt()
    desk.trade_into(300, SPOT)
    market(desk, 1_000)
    assert not hedges(desk)


@pytest.mark.parametrize("act", ["stop", "kill"])
def test_what_rests_is_cancelled_when_the_state_goes_down(act):
    desk = hedged(passive_s=60.0)
    desk.press("start")
    desk.trade_into(300, SPOT)
    market(desk, 300)
    assert len(desk.open()) == 1
    desk.press(act)
    market(desk, 500)
    assert not desk.open()


def test_a_flatten_takes_the_place_of_the_hedge():
    desk = hedged(passive_s=60.0)
    desk.trade_into(300, SPOT)
    market(desk, 300)
    assert desk.press("flatten").ok
    market(desk, 200)
    assert state(desk).text == "flatten of BTC runs"
    market(desk, 3_000)
    assert net(desk) == 0 and not desk.open()


def test_an_unknown_order_holds_it_and_pulls_what_would_need_it():
    desk = hedged(execution="deaf")
    desk.trade_into(300, SPOT)
    order = hedges(desk)[-1]
    desk.step(OrderUnknown(desk.now, order.i, order.oid, "timeout"))
    desk.wait(500)
    assert state(desk).text == "failed: an order is UNKNOWN" or state(desk).text == "an order is UNKNOWN"
    assert len(hedges(desk)) == 1 and desk.engine.gate.held(SPOT, 1) == "hedge failed: an order is UNKNOWN"


def test_a_break_switches_it_off_until_an_operator_switches_it_on():
    desk = hedged()
    desk.engine.out = []
    desk.engine.broken(LINEAR, "position break")
    desk.trade_into(300, SPOT)
    market(desk, 1_000)
    assert not hedges(desk) and desk.engine.hedger.words("BTC") == "off: position break"
    assert desk.press("hedge", op="on").ok
    market(desk, 2_000)
    assert hedges(desk) and {e.i for e in hedges(desk)} == {INVERSE}


def test_its_edge_is_its_own_line_of_the_profit():
    desk = hedged()
    desk.trade_into(300, SPOT, purpose="found")
    market(desk)
    hedge = {p: sum(a.parts[p] for a in desk.engine.accounts[1:]) for p in PARTS}
    assert hedge["hedge"] < 0 and hedge["spread"] == 0 and hedge["slippage"] == 0
    for account in desk.engine.accounts:
        assert account.total() == account.equity() * account.rate


def test_own_quotes_are_out_of_the_way_before_it_takes():
    items = (item("spot", quote=False, max_position="10"), item("linear", max_position="10"))
    desk = hedged(*items)
    desk.press("start")
    market(desk, 1_500)
    assert desk.open(1, LINEAR)

    def watch(event, effects):
        for effect in effects:
            if getattr(effect, "purpose", "") == "hedge":
                across = [o for o in desk.open(-effect.side, effect.i) if effect.side * effect.px >= effect.side * o.px]
                assert not across

    desk.after = watch
    desk.trade_into(300, SPOT)
    market(desk, 4_000)
    assert net(desk) == 0 and hedges(desk) and desk.open(1, LINEAR)


def test_position_limits_bound_a_hedge():
    items = (item("spot", quote=False, max_position="10"), item("linear", quote=False, max_position="0.1"))
    desk = hedged(*items)
    desk.trade_into(300, SPOT)
    market(desk)
    assert desk.position(LINEAR) == -100 and state(desk).failed == "position limit"


def test_one_order_is_cut_to_the_order_notional_limit():
    desk = hedged(limits={"order_notional": 2_000.0}, size=10_000)
    desk.trade_into(100, SPOT)
    assert hedges(desk)[0].sz == 20
    setup = setup_of(item("spot"))
    assert setup.hedges == {}
