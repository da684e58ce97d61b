"""Random lives of a desk with random parameters of ladder, flow and guards: the invariants hold, checkpoints go on."""

import msgspec
from desk_kit import Desk
from hypothesis import given, settings
from hypothesis import strategies as st
from random_desk import Walk, desk_setup
from test_random_desk import Invariants, settle

from mmtui.core.quoting.checks import misfit
from mmtui.core.quoting.params import Quoting
from mmtui.tape import image

CHOICES = {
    "levels": st.integers(1, 4),
    "best_price": st.sampled_from(("join", "improve", "behind")),
    "best_price_ask": st.sampled_from(("same", "off", "join")),
    "best_depth": st.sampled_from((0.0, 0.01, 0.2)),
    "improve": st.booleans(),
    "spacing": st.sampled_from(("linear", "geometric")),
    "size_profile": st.sampled_from(("flat", "linear", "exponential")),
    "equity_pct": st.sampled_from((0.01, 0.2)),
    "price_ceiling": st.sampled_from((99_990.0, 100_010.0)),
    "moving_band_above_pct": st.sampled_from((0.01, 0.1)),
    "moving_band_s": st.sampled_from((1.0, 5.0)),
    "max_order_age_s": st.sampled_from((0.5, 2.0)),
    "queue_value_bps": st.sampled_from((0.5, 5.0)),
    "cooldown_ms": st.sampled_from((50, 500)),
    "cooldown_sides": st.sampled_from(("filled", "both")),
    "max_fills": st.integers(1, 4),
    "ping_pong": st.booleans(),
    "sides": st.sampled_from(("both", "both", "bid", "ask")),
    "session_end": st.sampled_from(("pull", "drain")),
    "sessions": st.sampled_from(("", "00:00-00:01", "12:00-13:00")),
    "funding_before_s": st.sampled_from((0.5, 2.0)),
    "vol_pause_bps": st.sampled_from((0.5, 3.0)),
    "vol_resume_s": st.sampled_from((0.1, 1.0)),
    "trend_hold_bps": st.sampled_from((0.2, 2.0)),
    "toxic_bps": st.sampled_from((0.01, 1.0)),
    "toxic_fills": st.integers(1, 5),
    "toxic_horizon_s": st.sampled_from((0.1, 1.0)),
    "toxic_action": st.sampled_from(("pause", "widen")),
    "burst_trades": st.integers(1, 20),
    "leg": st.sampled_from(("cash:BTC", "perp:BTC", "coin:BTC")),
    "throttle_fills": st.integers(1, 4),
}
drawn = st.dictionaries(st.sampled_from(sorted(CHOICES)), st.none(), max_size=8).flatmap(
    lambda keys: st.fixed_dictionaries({key: CHOICES[key] for key in keys})
)


def setup(seed, parameters):
    base = desk_setup(seed)
    items = []
    for one in base.instruments:
        mine = {key: value for key, value in parameters.items() if (key, value) != ("leg", one.instrument.id)}
        quoting = msgspec.structs.replace(one.quoting, **mine)
        assert misfit(quoting) == ("", "")
        items.append(msgspec.structs.replace(one, quoting=quoting))
    return msgspec.structs.replace(base, instruments=items)


def begun(seed, parameters):
    desk = Desk(setup(seed, parameters), seed=seed)
    desk.books()
    desk.press("start")
    return desk


@given(seed=st.integers(0, 1 << 40), first=drawn, second=drawn)
@settings(max_examples=30, deadline=None)
def test_with_any_parameters_the_invariants_hold(seed, first, second):
    desk = Desk(setup(seed, first), seed=seed)
    desk.after = Invariants(desk)
    desk.books()
    desk.press("start")
    walk = Walk(desk, seed)
    for step in range(200):
        if step == 100:
            desk.press("set", i=1, **{key: value for key, value in second.items() if value != "perp:BTC"})
        walk.step()
    settle(desk)
    assert [a.position for a in desk.engine.accounts] == [desk.venue.position(i) for i in range(3)]
    for event in desk.alerts:
        assert "quoting failed" not in event.text


@given(seed=st.integers(0, 1 << 40), parameters=drawn)
@settings(max_examples=15, deadline=None)
def test_a_checkpoint_in_the_middle_changes_nothing(seed, parameters):
    desk = begun(seed, parameters)
    walk = Walk(desk, seed)
    for _ in range(80):
        walk.step()
    again = image.decode(image.encode(desk.engine))
    kept = len(desk.events)
    for _ in range(60):
        walk.step()
    for event in desk.events[kept:]:
        again.process(event)
    assert again.state_hash() == desk.engine.state_hash()


def test_the_defaults_turn_nothing_on():
    assert misfit(Quoting()) == ("", "")
    quoter = Desk().engine.quoters[0]
    assert (quoter.flow, quoter.guards, quoter.best) == (None, None, None)
