"""Over random parameters, markets and operators: the waterfall adds up to every resting quote, and replays exactly."""

import random

import pytest
from desk_kit import MS, Desk, item, setup_of

from mmtui.core.engine import Engine
from mmtui.core.events import Liquidation, MarkPrice, Trade
from mmtui.core.quoting import reasons
from mmtui.core.quoting.waterfall import waterfall
from mmtui.tape import image


def drawn(dice):
    """Parameters of a seed."""
    choice = dice.choice
    return {
        "spread_bps": choice((1.0, 4.0, 12.0)), "skew_bps": choice((0.0, 3.0)), "levels": choice((1, 2, 3)),
        "requote_tolerance_bps": choice((0.2, 0.5, 1.0)), "min_life_ms": 0,
        "fair_value": choice(("mid", "micro", "weighted", "last", "ewma", "mark", "other", "consolidated", "blend")),
        "fair_blend": "micro:1, ewma:2", "fair_source": "cash:BTC", "basis": choice(("none", "fixed", "learned")),
        "basis_bps": choice((-1.0, 2.0)), "imbalance_bps": choice((0.0, 2.0)), "flow_bps": choice((0.0, -1.0)),
        "momentum_weight": choice((0.0, 0.4)), "premium_weight": choice((0.0, 0.3)),
        "vol_factor": choice((0.0, 1.5)), "vol_estimator": choice(("ewma", "realised", "parkinson")),
        "fee_floor": choice((True, False)), "min_spread_bps": choice((0.0, 6.0)), "liquidation_notional": 5_000.0,
        "latency_bps_per_ms": choice((0.0, 0.05)), "latency_threshold_ms": 0.0,
        "lead_age_bps_per_s": choice((0.0, 1.0)), "risk_zone": choice(("green", "amber", "red", "auto")),
        "skew_curve": choice(("", "0.3:1, 1:5")), "dead_band": choice((0.0, 0.1)),
        "target_kind": choice(("absolute", "equity", "trend")), "target_share": choice((-0.02, 0.02)),
        "cost_floor": choice((True, False)),
        "best_price": choice(("off", "off", "join", "improve", "behind")), "improve": choice((True, False)),
        "toxic_bps": 0.1, "toxic_fills": 3, "toxic_horizon_s": 0.5, "toxic_hold_s": 5.0, "toxic_action": "widen",
        "ping_pong": choice((True, False, False)), "max_fills": choice((0, 3)), "moving_band_s": 5.0,
        "moving_band_above_pct": choice((0.0, 0.1)), "moving_band_below_pct": choice((0.0, 0.1)),
        "pong": choice(("off", "off", "last", "restart", "short", "average", "long")),
        "pong_fair": choice((True, False)), "hanging": choice((True, False)),
        "ping_at": choice(("both", "both", "bid", "ask")),
        "leg": "cash:BTC", "hedge_floor": choice((True, False)), "hedge_cancel_bps": choice((-3.0, 0.0)),
        "zone_rules": choice(("", "inventory:0.3/0.6, spread:0.1/1")), "wide_market": choice((0.0, 0.01)),
        "wide_market_size": 1.5, "spread_model": choice(("fixed", "fixed", "avellaneda-stoikov", "glft")),
    }  # fmt: skip


ACTS = (("spread", {"bps": 1.0}), ("skew", {"bps": -0.7}), ("wide", {}), ("exit", {}), ("exit", {}), ("reset", {}))


def life(seed, check, hand=True):
    """A desk of a lead and a follower; `check` sees it after every step. `hand`: positions are also set by hand."""
    dice = random.Random(seed)
    desk = Desk(setup_of(item("spot", quote=False), item("linear", **drawn(dice))))
    desk.running()
    mid = 1_000_000
    for _ in range(120):
        mid += dice.randint(-300, 300)
        what, ts, i = dice.random(), desk.now + MS, dice.randint(0, 1)
        if what < 0.6:
            sizes = (dice.randint(1, 99), dice.randint(1, 99))
            desk.quote(mid - dice.randint(1, 9), mid + dice.randint(1, 9), i, sizes)
        elif what < 0.75:
            desk.event(Trade(ts, ts, i, 1, mid, dice.randint(1, 40), dice.choice((1, -1))))
        elif what < 0.8:
            desk.event(MarkPrice(ts, ts, i, mid * 10**7, mid * 10**7, 0, 0))
        elif what < 0.85:
            desk.event(Liquidation(ts, ts, 1, mid, 40, -1))
        elif what < 0.9 and hand:
            desk.trade_into(dice.randint(-400, 400), 1, mid)
        else:
            action, args = dice.choice(ACTS)
            desk.press(action, i=1, **args)
        desk.wait(dice.choice((20, 120, 400)), alive=dice.random() < 0.5)
        check(desk)
    return desk


@pytest.mark.parametrize("seed", range(16))
def test_the_lines_add_up_to_the_resting_quote(seed):
    seen = []

    def check(desk):
        quoter = desk.engine.quoters[1]
        for side in (1, -1):
            assert not quoter.reasons[side] or reasons.word_of(quoter.reasons[side]), quoter.reasons[side]
            lines = quoter.why(side)
            if not lines:
                continue
            total = 0.0
            for line in lines:
                total += line.value
                assert line.after == pytest.approx(total, abs=1e-4), line
            first = quoter.slots[side][0]
            want = quoter.want[0 if side > 0 else 1][0]
            assert total == pytest.approx(first.px if first is not None else want, abs=1e-4)
            rounding = next(line for line in lines if line.label in ("down to tick", "up to tick"))
            assert abs(rounding.value) < 1 + 1e-6
            post_only = [line.value for line in lines if line.label == "kept post-only"]
            assert all(side * value < 0 for value in post_only), lines  # away from the touch, never nearer
            seen.append(side)

    life(seed, check)
    assert len(seen) > 10


@pytest.mark.parametrize("seed", range(16, 22))
def test_the_same_events_make_the_same_state_and_an_image_goes_on_as_if_nothing_had_been(seed):
    desk = life(seed, lambda desk: None, hand=False)
    again = Engine(desk.setup)
    half = len(desk.events) // 2
    for k, (event, effects) in enumerate(zip(desk.events, desk.effects, strict=True)):
        if k == half:
            before = again.state_hash()
            again = image.decode(image.encode(again))
            assert again.state_hash() == before
        assert again.process(event) == effects
    assert again.state_hash() == desk.engine.state_hash()


@pytest.mark.parametrize(
    "change",
    [
        lambda steps: steps.signals.flow.note(1 << 62, 1, 1),
        lambda steps: steps.signals.momentum.fast.note(1 << 62, 1.0),
        lambda steps: steps.fair.mean.note(1 << 62, 1.0),
        lambda steps: steps.fair.basis["other"].note(1 << 62, 1.0),
        lambda steps: steps.widening.liquidated(1 << 62, 1.0),
        lambda steps: steps.widening.message(1 << 62, 0),
    ],
)
def test_the_state_hash_covers_what_the_steps_remember(change):
    on = {
        "fair_value": "ewma", "flow_bps": 1.0, "premium_weight": 0.5, "fair_source": "cash:BTC", "basis": "learned",
        "latency_bps_per_ms": 0.1,
    }  # fmt: skip
    desk = Desk(setup_of(item("spot", quote=False), item("linear", **on))).running()
    before = desk.engine.state_hash()
    change(desk.engine.quoters[1].steps)
    assert desk.engine.state_hash() != before


def test_steps_of_nothing_have_no_line():
    lines = waterfall(1, 100.0, [("skew", 0.0)], [("half-spread", 0.0), ("WIDE", 0.0)], [("kept", 0), ("held", 99)])
    assert [line.label for line in lines] == ["fair", "half-spread", "down to tick", "held"]


def test_no_waterfall_is_made_unless_somebody_looks(monkeypatch):
    """On the way from a message to its quote nothing of it is put together: not the list, not a line."""
    made = []
    monkeypatch.setattr("mmtui.core.quoting.explain.waterfall", lambda *parts: made.append(parts) or waterfall(*parts))
    desk = Desk(setup_of(item("linear", imbalance_bps=1.0, best_price="join", vol_factor=1.0))).running()
    for k in range(40):
        desk.quote(999_995 + 7 * k, 1_000_005 + 7 * k, sizes=(100 + k, 300))
        desk.wait(100)
    assert desk.open() and not made
    assert desk.engine.quoters[0].why(1)[-1].label
