"""What a desk is told of what it could lose: known as far as it is known, against limits, in frame and status."""

import json

import msgspec
import pytest
from desk_kit import Desk, instrument, item, setup_of, three

from mmtui.core.ledger.ledger import UNIT
from mmtui.host.frames import Extras, FrameBuilder
from mmtui.host.risk_gauges import readings
from mmtui.host.risk_parts import Meter, bases, risk_view, span
from mmtui.link import messages as m
from mmtui.link.risked import VarRow

PX = 1_000_000


def seen(desk, seconds, step=10):
    """A meter that has watched the desk for so long; the price saws up and down."""
    meter = Meter(desk.engine)
    meter.load()
    for k in range(seconds):
        for i in range(len(desk.engine.books)):
            desk.engine.accounts[i].references.note(desk.now + k, 2 * (PX + step * (k % 7)))
        meter.sample(1_000 + k)
    return meter


@pytest.fixture
def hedged():
    """Long one bitcoin of spot, short one of the contract: 100,000 each."""
    desk = Desk(three(), execution="deaf")
    desk.books()
    desk.trade_into(1_000, 0)
    desk.trade_into(-1_000, 1)
    return desk


def test_spot_is_the_base_factor_of_its_contracts(hedged):
    assert bases(hedged.engine) == [0, 0, 0]
    perps = Desk(setup_of(item("linear"), item("inverse")), execution="deaf")
    assert bases(perps.engine) == [0, 0]


def test_nothing_is_said_before_enough_is_known(hedged):
    view = risk_view(hedged.engine, None)
    assert all(row.var is None and row.why.startswith("n/a") for row in view.rows)
    view = seen(hedged, 121).view(hedged.now)
    assert view.known == "2 min known"
    rows = {(row.horizon_s, row.positions): row for row in view.rows}
    assert rows[60, "present"].var is not None and rows[60, "present"].samples == 61
    assert rows[300, "present"].why == "n/a: 2 min of 10 min known"
    assert span(59) == "59 s" and span(3_900) == "1 h 05 min"


def test_a_hedged_desk_has_no_base_risk_and_its_open_orders_do(hedged):
    meter = seen(hedged, 200)
    row = meter.view(hedged.now).rows[0]
    assert row.var == pytest.approx(0.0, abs=1e-6) and row.var_base == pytest.approx(0.0, abs=1e-6)
    hedged.engine.tracker.buys[0] += 1_000
    worst = risk_view(hedged.engine, meter.returns).rows[1]
    assert worst.positions == "worst" and worst.var > 1.0 and worst.es >= worst.var and worst.es_ewma > worst.var_ewma


def test_var_does_not_ask_what_the_desk_has_earned(hedged):
    meter = seen(hedged, 200)
    before = risk_view(hedged.engine, meter.returns)
    for account in hedged.engine.accounts[:2]:  # what a coin-margined one lost is coin that is missing
        account.cash -= 10**24  # a fortune is lost: the past profit is no part of it
    assert [row.var for row in risk_view(hedged.engine, meter.returns).rows[:2]] == [r.var for r in before.rows[:2]]


@pytest.mark.parametrize(("kind", "lots"), [("spot", 100), ("linear", 100), ("inverse", 100)])
def test_a_stress_is_the_positions_worth_times_the_move(kind, lots):
    desk = Desk(setup_of(item(kind)), execution="deaf")
    desk.books()
    desk.engine.accounts[0].position = lots
    worth = 10_000.0  # 0.1 bitcoin, or 100 contracts of 100 dollars
    rows = {row.name: row for row in risk_view(desk.engine, None).stress}
    for name, share in (("-10 %", -0.1), ("-1 %", -0.01), ("+2 %", 0.02), ("+5 %", 0.05)):
        assert rows[name].present == pytest.approx(worth * share)
        assert rows[name].worst <= rows[name].present


def test_basis_and_lost_venues_are_stressed(hedged):
    rows = {row.name: row for row in risk_view(hedged.engine, None).stress}
    assert rows["basis +50 bps"].present == pytest.approx(-500.0)
    assert rows["basis -50 bps"].present == pytest.approx(500.0)
    assert rows["cash lost"].present == pytest.approx(-5_000.0)  # the short contract is left: 5 % against it
    assert "n/a" in rows["cash lost"].note
    assert rows["coin lost"].present == pytest.approx(0.0, abs=1e-6)


def test_a_lost_venue_takes_its_equity():
    desk = Desk(three(venue_equity=["400000", "500000", "100000"]), execution="deaf")
    desk.books()
    rows = {row.name: row for row in risk_view(desk.engine, None).stress}
    assert rows["perp lost"].present == pytest.approx(-500_000.0) and "n/a" not in rows["perp lost"].note


def test_venues_say_share_leverage_and_what_is_not_known(hedged):
    by_name = {one.venue: one for one in risk_view(hedged.engine, None).venues}
    assert by_name["perp"].leverage == pytest.approx(hedged.engine.gate.contracts(1) / UNIT / 1e6)
    assert by_name["cash"].leverage is None
    assert by_name["cash"].share == pytest.approx(0.5) and by_name["cash"].share_of == "gross"
    assert by_name["perp"].margin is None and by_name["perp"].liquidation_pct is None
    assert by_name["perp"].why == "n/a: a paper account has no margin"


def test_a_coin_off_its_peg_is_seen_in_either_book_and_is_n_a_without_one():
    pair = instrument("spot", base="USDC", quote="USDT", settle="USDT", id="cash:USDCUSDT", tick="0.0001", lot="1")
    other = instrument("linear", quote="USDC", settle="USDC")
    desk = Desk(setup_of(msgspec.structs.replace(item("spot"), instrument=pair),
                         msgspec.structs.replace(item("linear"), instrument=other)), execution="deaf")  # fmt: skip
    desk.book(9_799, 9_801, 0)
    found = {peg.currency: peg for peg in risk_view(desk.engine, None).pegs}
    assert found["USDC"].bps == pytest.approx(-200.0) and found["USDC"].against == "USDT"
    assert found["USDT"].bps == pytest.approx(204.08, abs=0.01) and found["USDT"].book == "cash:USDCUSDT"
    gauge = {one.name: one for one in readings(desk.engine, risk_view(desk.engine, None))}["depeg"]
    assert gauge.level == "act" and "204.1 bps" in gauge.text
    lone = Desk(setup_of(), execution="deaf")
    assert [peg.bps for peg in risk_view(lone.engine, None).pegs] == [None]
    assert readings(lone.engine, risk_view(lone.engine, None)) == []


def test_gauges_stand_against_their_limits():
    limits = {"var_30m": 50.0, "venue_share": 0.5, "depeg_bps": 10.0}
    desk = Desk(three(limits=limits, venue_equity=["600000", "300000", "100000"]), execution="deaf")
    view = risk_view(desk.engine, None)
    for row in view.rows:
        if (row.horizon_s, row.positions) == (1_800, "worst"):
            row.var = 40.0
    found = {one.name: one for one in readings(desk.engine, view)}
    assert found["VaR 30m"].level == "warn" and "40.00 of 50.00 USDT" in found["VaR 30m"].text
    assert found["venue share"].level == "act" and "60% of the equity on cash" in found["venue share"].text


def test_the_distance_to_a_liquidation_stands_against_its_limit_where_a_venue_tells_it():
    desk = Desk(three(limits={"liquidation": 0.2}), execution="deaf")
    frames = FrameBuilder(desk.engine)
    venue = desk.engine.setup.venues[1]
    assert "liquidation" not in {one.name for one in readings(desk.engine, frames.meter.view(0))}
    frames.meter.margins = {venue: (12.5, 0.25)}
    view = frames.meter.view(2 * 10**9)
    row = next(one for one in view.venues if one.venue == venue)
    assert (row.margin, row.liquidation_pct, row.why) == (12.5, 25.0, "")
    gauge = {one.name: one for one in readings(desk.engine, view)}["liquidation"]
    assert gauge.level == "warn" and "25.0% from a liquidation" in gauge.text
    frames.meter.margins = {venue: (12.5, 0.19)}
    found = {one.name: one for one in readings(desk.engine, frames.meter.view(4 * 10**9))}
    assert found["liquidation"].level == "act" and "stops nothing" in found["liquidation"].fires_at
    frames.meter.margins = {venue: (12.5, None)}
    view = frames.meter.view(6 * 10**9)
    assert "liquidation" not in {one.name for one in readings(desk.engine, view)}
    assert next(one for one in view.venues if one.venue == venue).why.startswith("no position")


def test_frame_and_status_carry_it_and_it_is_made_once_a_second(hedged):
    frames = FrameBuilder(hedged.engine)
    frame = frames.frame(m.View(), Extras(now=5 * 10**9))
    assert msgspec.msgpack.decode(msgspec.msgpack.encode(frame), type=m.Frame).risk == frame.risk
    assert frames.frame(m.View(), Extras(now=5 * 10**9 + 1)).risk is frame.risk
    assert frames.frame(m.View(), Extras(now=6 * 10**9)).risk is not frame.risk
    body = json.loads(json.dumps(frames.status(Extras(now=7 * 10**9))["exposure"]))
    assert body["confidence"] == 0.99 and {row["name"] for row in body["stress"]} >= {"-10 %", "basis +50 bps"}
    assert set(body["rows"][0]) == set(VarRow.__struct_fields__)
