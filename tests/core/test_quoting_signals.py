"""Signals: what each says of the market, its weight and cap, and its line in the waterfall."""

import pytest
from desk_kit import MS, SECOND, Desk, item, setup_of

from mmtui.core.events import GridRefined, Trade
from mmtui.core.quoting.signals import Flow


def desk_of(*items, **quoting):
    return Desk(setup_of(*(items or (item("linear", **quoting),)))).running()


def shift(desk, i=0):
    return desk.engine.quoters[i].shift


def trade(desk, side, sz=10, i=0):
    ts = desk.now + MS
    desk.event(Trade(ts, ts, i, 1, 1_000_000, sz, side))


@pytest.mark.parametrize(("weight", "cap", "bps"), [(4.0, 5.0, 2.0), (-4.0, 5.0, -2.0), (40.0, 5.0, 5.0)])
def test_imbalance_bps_and_imbalance_cap_bps(weight, cap, bps):
    desk = desk_of(imbalance_bps=weight, imbalance_cap_bps=cap, imbalance_depth=1, fair_value="mid")
    assert shift(desk) == 0.0
    desk.quote(999_995, 1_000_005, sizes=(30_000, 10_000))
    assert shift(desk) == bps
    desk.wait(300)
    assert desk.one(1).px == 999_500 + bps * 100 and desk.one(-1).px == 1_000_500 + bps * 100


def test_imbalance_depth_counts_so_many_levels():
    desk = desk_of(imbalance_bps=1.0, imbalance_depth=1)
    desk.delta(bids=[(999_994, 50_000)])
    assert shift(desk) == 0.0
    desk.press("set", imbalance_depth=2)
    assert shift(desk) == pytest.approx(40_000 / 80_000)


def test_flow_bps_and_flow_cap_bps():
    desk = desk_of(flow_bps=2.0)
    trade(desk, 1, 30)
    assert shift(desk) == pytest.approx(2.0)
    trade(desk, -1, 10)
    assert shift(desk) == pytest.approx(1.0, rel=1e-3)
    assert desk.press("set", flow_cap_bps=0.5).ok
    assert shift(desk) == 0.5


def test_flow_fades_with_flow_tau_s_while_nothing_trades():
    flow = Flow(2.0)
    flow.note(SECOND, 1, 5)
    assert flow.at(SECOND) == 1.0
    assert flow.at(3 * SECOND) == pytest.approx(2.718281828459045**-1)
    flow.note(3 * SECOND, -1, 5)
    assert flow.at(3 * SECOND) == pytest.approx((0.36787944 - 1) / 1.36787944)
    flow.note(2 * SECOND, -1, 5)  # a late one counts where the sums stand
    assert -1.0 <= flow.at(2 * SECOND) <= 1.0


def test_momentum_weight_with_its_means_and_momentum_cap_bps():
    desk = desk_of(momentum_weight=0.5, momentum_fast_s=0.2, momentum_slow_s=20.0)
    desk.quote(1_000_495, 1_000_505)  # 5 bps up
    desk.wait(2_000)
    held = shift(desk)
    assert 1.5 < held < 2.5  # half of 5 bps, less what the slow mean has followed
    assert desk.press("set", momentum_slow_s=2.0).ok
    desk.wait(3_000)
    assert 0 < shift(desk) < held / 2
    desk.quote(1_002_495, 1_002_505)
    desk.wait(1_000)
    assert desk.press("set", momentum_cap_bps=1.0).ok
    assert shift(desk) == 1.0


def test_momentum_fast_s_is_to_be_below_momentum_slow_s():
    result = desk_of().press("set", momentum_fast_s=60.0)
    assert result.text == "momentum_fast_s 60 is not below momentum_slow_s 60; give a smaller one"


def test_premium_weight_and_premium_cap_bps_follow_the_lead():
    follower = item("linear", premium_weight=0.5, fair_source="cash:BTC")
    desk = desk_of(item("spot", quote=False), follower)
    desk.quote(1_000_395, 1_000_405, i=0)  # 4 bps above; the follower's own book has not moved
    assert shift(desk, 1) == pytest.approx(2.0)
    desk.quote(1_002_995, 1_003_005, i=0)
    assert shift(desk, 1) == 5.0
    assert desk.press("set", i=1, premium_cap_bps=1.0).ok
    assert shift(desk, 1) == 1.0
    desk.gap(i=0)
    desk.wait(100)
    assert shift(desk, 1) == 0.0 and desk.open(1, 1)  # a lead that is gone says nothing


def test_the_premium_is_over_the_basis():
    follower = item("linear", premium_weight=1.0, fair_source="cash:BTC", basis="fixed", basis_bps=3.0)
    desk = desk_of(item("spot", quote=False), follower)
    assert shift(desk, 1) == pytest.approx(3.0)


def test_premium_weight_needs_a_lead():
    result = desk_of().press("set", premium_weight=1.0)
    assert result.text == "premium_weight 1 needs a lead; give fair_source as well"


def test_every_signal_has_its_line_and_none_moves_fair_value_itself():
    on = {"imbalance_bps": 4.0, "flow_bps": 2.0, "momentum_weight": 0.5, "imbalance_depth": 1}
    desk = desk_of(fair_value="mid", requote_tolerance_bps=1.0, **on)
    trade(desk, 1)
    desk.quote(1_000_015, 1_000_025, sizes=(30_000, 10_000))
    desk.wait(300)
    quoter = desk.engine.quoters[0]
    assert quoter.fair == 1_000_020
    for side in (1, -1):
        lines = quoter.why(side)
        assert [line.label for line in lines[:5]] == ["fair", "book imbalance", "trade flow", "momentum", "half-spread"]
        assert sum(line.value for line in lines) == pytest.approx(desk.one(side).px)


def test_a_finer_grid_changes_no_signal():
    desk = desk_of(flow_bps=2.0, momentum_weight=0.5, target_kind="equity", target_share=0.05)
    trade(desk, 1, 30)
    desk.quote(1_000_015, 1_000_025)
    desk.wait(200)
    quoter = desk.engine.quoters[0]
    trade(desk, -1, 10)
    flow, momentum, target = quoter.steps.signals.flow.at(desk.now), quoter.steps.momentum(desk.now), quoter.target
    desk.event(GridRefined(desk.now, 0, "0.01", "0.0001", 10, 10))
    assert quoter.steps.signals.flow.at(desk.now) == pytest.approx(flow)
    assert quoter.steps.momentum(desk.now) == pytest.approx(momentum, rel=1e-6)
    assert quoter.target == 10 * target != 0
    trade(desk, -1, 200)  # lots of the finer grid: what were 20
    assert abs(quoter.steps.signals.flow.at(desk.now)) < 0.05


def test_what_is_off_is_not_there():
    desk = desk_of(flow_bps=2.0)
    quoter = desk.engine.quoters[0]
    assert quoter.steps.signals is not None and not quoter.plain
    desk.press("set", flow_bps=0.0)
    assert quoter.steps.signals is None and quoter.plain and quoter.shift == 0.0
