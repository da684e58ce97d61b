"""Futures desk: leverage cap, which leg goes first, what is locked, funding in the skew."""

from decimal import Decimal

import pytest
from desk_kit import INVERSE, LINEAR, SPOT, Desk, item, setup_of, three
from hedge_kit import ROOMY, market
from hypothesis import given
from hypothesis import strategies as st

from mmtui.core.events import MarkPrice
from mmtui.core.hedging.funding import REFERENCE, carry_bps, funding_skew_bps

PX = 1_000_000


def check(desk, i, side, lots, purpose="quote"):
    engine = desk.engine
    state = engine.lattice.effective(i)
    state = type(state).RUNNING
    return engine.gate.check(i, side, PX, lots, purpose, state, desk.now, 2 * PX, 100.0)


def levered(leverage=3.0, equity="10000", venue_equity=(), **limits):
    limits = {**ROOMY, "gross_notional": 1e9, "order_notional": 1e9, "leverage": leverage, **limits}
    items = [item(kind, quote=False, max_position="5000") for kind in ("spot", "linear", "inverse")]
    desk = Desk(setup_of(*items, equity=equity, venue_equity=list(venue_equity), limits=limits))
    desk.books()
    return desk


def test_leverage_is_gross_of_a_venues_contracts_over_its_equity():
    desk = levered()
    assert check(desk, LINEAR, 1, 300) == ""  # 0.3 BTC: 30 000 of 3 x 10 000
    assert check(desk, LINEAR, 1, 301) == "leverage limit"
    assert check(desk, INVERSE, 1, 300) == "" and check(desk, INVERSE, 1, 301) == "leverage limit"
    assert check(desk, SPOT, 1, 1_000) == "", "spot has no leverage"


def test_other_venues_do_not_count_and_what_reduces_is_never_stopped():
    desk = levered()
    desk.trade_into(400, INVERSE)
    assert check(desk, LINEAR, 1, 300) == ""
    desk.trade_into(400, LINEAR)
    assert check(desk, LINEAR, 1, 1) == "leverage limit"
    assert check(desk, LINEAR, -1, 400) == "" and check(desk, LINEAR, -1, 1, "hedge") == ""


@pytest.mark.parametrize(("leverage", "fits"), [(1.0, 100), (5.0, 500)])
def test_the_limit_leverage(leverage, fits):
    desk = levered(leverage)
    assert check(desk, LINEAR, 1, fits) == "" and check(desk, LINEAR, 1, fits + 1) == "leverage limit"


def test_the_equity_of_a_venue():
    desk = levered(venue_equity=("0", "20000", "0"))
    assert check(desk, LINEAR, 1, 600) == "" and check(desk, LINEAR, 1, 601) == "leverage limit"
    assert check(desk, INVERSE, 1, 300) == "" and check(desk, INVERSE, 1, 301) == "leverage limit"


def test_the_gauge_of_leverage_is_the_venue_nearest_to_its_cap():
    desk = levered()
    desk.trade_into(-150, LINEAR)
    desk.trade_into(30, INVERSE)
    (gauge,) = [one for one in desk.engine.watch.readings(desk.engine) if one.name == "leverage"]
    assert (gauge.scope, gauge.share, gauge.text) == ("perp", 0.5, "1.50x of 3x on perp")
    spot = Desk(setup_of(item("spot")))
    assert "leverage" not in {one.name for one in spot.engine.watch.readings(spot.engine)}


def test_what_is_locked_is_held_long_and_short_at_once():
    desk = Desk(three(limits=ROOMY))
    desk.books()
    tasks = desk.engine.tasks
    assert tasks.desk.locked("BTC") == 0
    desk.trade_into(300, SPOT)
    desk.trade_into(-100, LINEAR)
    desk.trade_into(-50, INVERSE)
    assert tasks.desk.locked("BTC") == Decimal("0.15")
    desk.trade_into(-900, LINEAR)
    assert tasks.desk.locked("BTC") == Decimal("0.3")


def funded(rates, order="cost", positions=(0, 0, 0)):
    """Three perpetuals with funding rates in 1e-10."""
    items = [
        item("linear", quote=False, max_position="10",
             instrument_changes={"id": f"v{k}:BTC", "venue": f"v{k}", "taker_bps": "4"})
        for k in range(3)
    ]  # fmt: skip
    desk = Desk(setup_of(*items, limits={**ROOMY, "leg_order": order}))
    for i in range(3):
        desk.book(i=i, size=100)
        desk.event(MarkPrice(desk.now, desk.now, i, 0, 0, rates[i], desk.now + 10**15))
    for i, position in enumerate(positions):
        if position:
            desk.trade_into(position, i)
    desk.press("pause")
    return desk


def first_legs(desk, act, count=1):
    desk.press(act)
    market(desk, 4_000)
    return [e.i for e in desk.places() if e.purpose == act][:count]


def test_leg_order_cost_flattens_where_funding_is_dearest():
    # long 0.1 net; v1's longs pay 5 bps, v2's receive 5 bps
    rates = (0, 5_000_000, -5_000_000)
    assert first_legs(funded(rates, positions=(100, 0, 0)), "flatten") == [1], "to be short where longs pay"
    assert first_legs(funded(rates, "size", (100, 0, 0)), "flatten") == [0]


def test_leg_order_cost_closes_the_dearest_leg_first():
    rates = (1_000_000, 9_000_000, 2_000_000)
    positions = (300, 100, 200)
    assert first_legs(funded(rates, "cost", positions), "close") == [1]
    assert first_legs(funded(rates, "size", positions), "close") == [0]


@pytest.mark.parametrize("order", ["size", "cost"])
def test_a_close_of_locked_legs_stays_in_lockstep_whichever_goes_first(order):
    desk = funded((9_000_000, 1_000_000, 0), order, (800, -800, 0))
    track = []
    desk.after = lambda event, effects: track.append([a.position for a in desk.engine.accounts])
    legs = first_legs(desk, "close", 2)
    market(desk, 6_000)
    assert [a.position for a in desk.engine.accounts] == [0, 0, 0]
    assert max(abs(sum(positions)) for positions in track) <= 200, "a slice is 10 % of 20 x 100"
    assert all(p[0] >= 0 >= p[1] for p in track)
    assert legs[0] == (0 if order == "cost" else 1), "cost: the long that pays"


def test_carry_is_paid_by_who_buys_at_a_positive_rate():
    assert carry_bps(1_000_000, 1) == 1.0 and carry_bps(1_000_000, -1) == -1.0


@pytest.mark.parametrize(
    ("rate", "hours", "factor", "cap", "skew"),
    [
        (0.0001, 0.0, 1.0, 10.0, -1.0),  # 1 bp, now: lean SELL by 1 bp
        (0.0001, 4.0, 1.0, 10.0, -0.5),  # half of it 4 hours before
        (0.0001, 8.0, 1.0, 10.0, 0.0),
        (0.0001, -0.1, 1.0, 10.0, 0.0),
        (-0.0003, 0.0, 0.5, 10.0, 1.5),  # shorts pay: lean BUY
        (0.01, 0.0, 1.0, 5.0, -5.0),  # the cap
        (-0.01, 0.0, 1.0, 5.0, 5.0),
        (0.01, 0.0, 0.0, 5.0, 0.0),
    ],
)
def test_funding_skew(rate, hours, factor, cap, skew):
    assert funding_skew_bps(rate, hours, factor, cap) == pytest.approx(skew, abs=1e-12)
    assert set(REFERENCE) == {"funding_skew", "funding_skew_cap_bps"}


@given(
    rate=st.floats(-0.05, 0.05),
    hours=st.floats(0, 24),
    factor=st.floats(0, 5),
    cap=st.floats(0, 100),
)
def test_funding_skew_is_odd_bounded_and_grows_towards_the_payment(rate, hours, factor, cap):
    skew = funding_skew_bps(rate, hours, factor, cap)
    assert abs(skew) <= cap and skew * rate <= 0
    assert funding_skew_bps(-rate, hours, factor, cap) == -skew
    assert abs(funding_skew_bps(rate, hours / 2, factor, cap)) >= abs(skew)
