"""Risk zones by rule: what each measures, the worst of them, its hysteresis, and the limit that goes with the zone."""

from __future__ import annotations

import pytest
from desk_kit import MS, Desk, item, setup_of
from hypothesis import given
from hypothesis import strategies as st

from mmtui.core.events import BestQuote
from mmtui.core.orders.table import State
from mmtui.core.quoting import zones
from mmtui.core.quoting.zones import Zones


def desk_of(rules, *more, limits=None, **quoting):
    calm = {"amber_vol_bps": 5_000.0, "red_vol_bps": 5_000.0, "risk_zone": "auto", "zone_rules": rules}
    return Desk(setup_of(item("linear", **{**calm, **quoting}), *more, limits=limits)).running()


def zone(desk):
    return desk.engine.quoters[0].zone


def told(desk):
    return [alert.text for alert in desk.alerts if alert.code == "zone"]


# -- rules -------------------------------------------------------------------------------------------------------------


def test_zone_rules_inventory_goes_by_the_share_of_the_position_limit():
    desk = desk_of("inventory:0.5/0.8")
    desk.trade_into(499)
    desk.wait(200)
    assert zone(desk) == "green"
    desk.trade_into(500)
    desk.wait(200)
    assert zone(desk) == "amber" and told(desk) == ["perp:BTC: risk zone green -> amber: inventory"]
    desk.trade_into(-800)
    desk.wait(200)
    assert zone(desk) == "red"
    desk.trade_into(-650)  # above 80 % of 0.8
    desk.wait(200)
    assert zone(desk) == "red"
    desk.trade_into(-410)
    desk.wait(200)
    assert zone(desk) == "amber"
    desk.trade_into(-390)
    desk.wait(200)
    assert zone(desk) == "green" and len(told(desk)) == 4


@pytest.mark.parametrize("rule", ["loss", "drawdown"])
def test_zone_rules_loss_and_drawdown_go_by_the_share_of_their_limit(rule):
    desk = desk_of(f"{rule}:0.3/0.6", limits={"daily_loss": 1_000.0, "drawdown": 1_000.0})
    desk.trade_into(1_000, px=1_002_000)  # 1 BTC bought 200 too dear
    desk.wait(200)
    assert zone(desk) == "green"
    desk.trade_into(0, px=998_000)  # and sold 200 too cheap
    desk.wait(200)
    assert zone(desk) == "amber"
    assert any(line.label == f"risk zone amber ({rule})" for line in desk.engine.quoters[0].why(1))


def test_zone_rules_spread_goes_by_the_markets_own():
    desk = desk_of("spread:5/20")
    desk.book(999_700, 1_000_300)
    desk.wait(200)
    assert zone(desk) == "amber"
    desk.book(998_900, 1_001_100)
    desk.wait(200)
    assert zone(desk) == "red"


def test_zone_rules_age_goes_by_the_silence_of_the_feed():
    desk = desk_of("age:0.5/1.5")
    desk.wait(1_000, alive=False)
    assert zone(desk) == "amber"
    desk.wait(700, alive=False)
    assert zone(desk) == "red"
    desk.wait(300)
    assert zone(desk) == "green"


def test_zone_rules_latency_goes_by_how_late_messages_come():
    desk = desk_of("latency:100/500")
    for _ in range(40):
        desk.seq += 1
        ts = desk.now + 100 * MS
        desk.event(BestQuote(ts, ts - 200 * MS, 0, desk.seq, 999_995, 10_000, 1_000_005, 10_000))
    assert zone(desk) == "amber"


COIN = {"id": "cash:USDC", "symbol": "USDC", "base": "USDC", "tick": "0.0001", "lot": "1"}


def test_zone_rules_depeg_goes_by_the_dollars_market_and_needs_one():
    coin = item("spot", quote=False, instrument_changes=COIN)
    desk = Desk(setup_of(item("linear", risk_zone="auto", zone_rules="depeg:20/100"), coin))
    desk.book()
    desk.book(9_999, 10_001, i=1)
    desk.press("start")
    desk.wait(200)
    assert zone(desk) == "green"
    desk.book(9_960, 9_964, i=1)
    desk.wait(200)
    assert zone(desk) == "amber"
    desk.book(10_110, 10_112, i=1)
    desk.wait(200)
    assert zone(desk) == "red"
    result = desk_of("").press("set", zone_rules="depeg:20/100")
    assert not result.ok and "needs a market of its quote" in result.text


def test_the_worst_rule_holds_and_volatility_is_one_of_them():
    desk = desk_of("inventory:0.5/0.8, spread:5/20", amber_vol_bps=1.0)
    desk.trade_into(600)
    desk.book(998_900, 1_001_100)
    desk.wait(200)
    assert zone(desk) == "red" and desk.engine.quoters[0].zone_why == "spread"
    desk.book()
    desk.wait(200)
    assert zone(desk) == "amber"
    desk.press("set", risk_zone="green")
    desk.wait(200)
    assert zone(desk) == "green"  # by hand no rule is asked


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("mood:1/2", "'mood' is no rule"),
        ("spread:1", "'spread:1' is no NAME:AMBER/RED"),
        ("spread:3/2", "bounds of spread are not above 0"),
        ("spread:0/2", "bounds of spread are not above 0"),
        ("spread:nan/2", "bounds of spread are not above 0"),
        ("spread:1/2, spread:1/2", "spread stands twice"),
    ],
)
def test_zone_rules_that_are_none_are_refused_in_words(text, words):
    result = desk_of("").press("set", zone_rules=text)
    assert not result.ok and words in result.text and "like" in result.text


@given(values=st.lists(st.floats(0, 10), max_size=30))
def test_a_zone_is_never_lower_than_its_bounds_ask_and_left_only_below_four_fifths(values):
    found = Zones("spread:2/5", None)
    for value in values:
        before = zones.ZONES.index(found.worst()[0])
        found.measured("spread", value, 2.0, 5.0)
        after = zones.ZONES.index(found.worst()[0])
        assert after >= (value >= 2) + (value >= 5)
        assert after >= before or value < (2.0, 5.0)[before - 1] * zones.LEAVE


# -- the limit ---------------------------------------------------------------------------------------------------------


def test_the_zones_limit_holds_at_the_gate_and_comes_back():
    desk = desk_of("spread:5/20", amber_limit=0.5)
    gate = desk.engine.gate
    assert gate.position_limits == [1_000]
    desk.book(999_700, 1_000_300)
    desk.wait(200)
    assert gate.position_limits == [500]
    desk.trade_into(495)
    ticket = {"side": "buy", "size": 0.01, "price": 99_990.0}
    assert "position limit" in desk.press("ticket", i=0, **ticket).text
    desk.book()
    desk.wait(200)
    assert gate.position_limits == [1_000]
    desk.press("set", risk_zone="amber", amber_limit=0.25)
    assert gate.position_limits == [250]
    desk.press("limit", i=0, max_position=0.8)
    assert gate.position_limits == [200]


def test_orders_that_could_pass_the_zones_limit_go():
    desk = desk_of("spread:5/20", amber_limit=0.5, amber_size=1.0, levels=3, size=0.1, max_order_age_s=0.0)
    desk.trade_into(250)
    desk.wait(200)
    assert sum(o.left for o in desk.open(1)) == 300
    desk.book(999_700, 1_000_300)
    desk.wait(500)
    live = [o for o in desk.open(1) if o.state is State.LIVE]
    assert 250 + sum(o.left for o in live) <= 500
