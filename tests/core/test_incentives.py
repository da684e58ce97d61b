"""Incentives: what a kept day books, what is booked by hand; the parts still add up, and no limit is loosened."""

from __future__ import annotations

import pytest
from desk_kit import DAY, MS, SECOND, Desk, setup_of, three
from hypothesis import given, settings
from hypothesis import strategies as st

from mmtui.core.earn.attribution import attribution, grouped, in_cents
from mmtui.core.earn.programme import Obligation
from mmtui.core.events import Timer, Trade
from mmtui.core.ledger.account import PARTS
from mmtui.core.ledger.ledger import UNIT, money
from mmtui.host.earn_parts import obligation_views
from mmtui.tape import image
from mmtui.view.earn import obligations as rows_of

#: Ten snapshots of the day are enough: reached a minute after the start.
EASY = {"max_spread_bps": 50.0, "min_depth": 500.0, "snapshot_s": 6, "share_of_time": 0.0006}


def programme(**changes):
    return Obligation(**{"name": "Alpha", **EASY, **changes})


def desk_of(*programmes, setup=None):
    return Desk(setup or setup_of(obligations=list(programmes))).running()


def booked(desk, i=0):
    return money(desk.engine.accounts[i].parts["incentives"])


def buy(desk, lots=10):
    """A taker of the market sells to our bid."""
    ts = desk.now + MS
    desk.event(Trade(ts, ts, 0, 1, desk.one(1).px, lots, -1))
    desk.wait(300)


def paid(desk):
    """Ten bps of what our bid is worth: lots of 0.001, ticks of 0.1."""
    return desk.one(1).left * 0.001 * desk.one(1).px * 0.1 * 10e-4


def test_reward_per_day_is_booked_once_when_the_day_is_kept():
    desk = desk_of(programme(reward_per_day=50.0))
    desk.wait(40_000)
    assert booked(desk) == "0.00"
    assert "0.00 USDT booked, 50.00 if the day is kept" in obligation_views(desk.engine, desk.now)[0].reward
    desk.wait(25_000)
    assert booked(desk) == "50.00"
    (alert,) = [alert for alert in desk.alerts if alert.code == "incentive"]
    assert alert.text == "Alpha: 50.00 USDT for today (estimated: the programme's own count decides)"
    desk.wait(20_000)
    assert booked(desk) == "50.00" and money(desk.engine.ledger.total()) == "50.00"


def test_a_day_that_is_not_kept_books_nothing():
    desk = desk_of(programme(reward_per_day=50.0, reward_bps=1.0, max_spread_bps=1.0))
    buy(desk)
    desk.wait(70_000)
    desk.step(Timer((desk.now // DAY + 1) * DAY))
    assert booked(desk) == "0.00"


def test_reward_bps_pays_for_maker_fills_before_and_after_the_day_is_kept():
    desk = desk_of(programme(reward_bps=10.0))
    first = paid(desk)
    buy(desk)
    desk.wait(30_000)
    assert booked(desk) == "0.00"
    desk.wait(35_000)
    assert float(booked(desk)) == pytest.approx(first, abs=0.01)
    second = paid(desk)
    buy(desk)
    assert float(booked(desk)) == pytest.approx(first + second, abs=0.01)


def test_a_reward_of_several_markets_is_shared_and_not_a_cent_is_lost():
    desk = desk_of(setup=three(obligations=[programme(reward_per_day=100.0, coverage=0.3)]))
    desk.wait(65_000)
    parts = [desk.engine.accounts[i].parts["incentives"] for i in range(3)]
    assert [money(one) for one in parts] == ["33.33", "33.33", "33.33"] and money(sum(parts)) == "100.00"
    assert abs(sum(parts) - 100 * UNIT) < 3 * max(account.rate for account in desk.engine.accounts)


def test_the_next_day_begins_anew():
    desk = desk_of(programme(reward_per_day=50.0))
    desk.wait(65_000)
    reward = desk.engine.earn.incentives.rewards[0]
    assert reward.kept and reward.today == 50 * UNIT
    reward.meter.day, reward.meter.held = reward.meter.day + 1, 0
    assert not reward.beat() and not reward.kept and reward.today == 0
    reward.meter.held = reward.meter.required
    assert reward.beat() and reward.due == [50 * UNIT]
    assert not reward.beat()


def test_an_incentive_by_hand_is_booked_on_its_instrument_and_needs_a_reason():
    desk = desk_of()
    assert "needs a reason" in desk.press("incentive", i=0, amount=12.5).text
    assert "name it" in desk.press("incentive", amount=12.5, reason="x").text
    assert "other than 0" in desk.press("incentive", i=0, amount=0.0, reason="x").text
    assert not desk.press("incentive", i=0, amount=1.0, reason="x", role="observer").ok
    assert desk.press("incentive", i=0, amount=12.5, reason="statement of October").ok
    assert desk.press("incentive", i=0, amount=-2.25, reason="they counted less").ok
    assert booked(desk) == "10.25"
    (cell,) = [cell for cell, parts in attribution(desk.engine.ledger).items() if "incentives" in parts]
    assert (cell.purpose, cell.side) == ("carry", 0)


def test_what_is_estimated_or_typed_buys_no_room_under_a_loss_limit():
    desk = Desk(setup_of(limits={"daily_loss": 100.0, "drawdown": 100.0})).running()
    assert desk.press("incentive", i=0, amount=500.0, reason="much").ok
    desk.trade_into(1_000, px=1_000_600)  # 60 too dear
    desk.trade_into(0, px=999_400)  # 60 too cheap
    desk.wait(300)
    assert desk.state == "HALTED"
    desk = Desk(setup_of(limits={"daily_loss": 100.0, "drawdown": 1_000.0})).running()
    assert desk.press("incentive", i=0, amount=-150.0, reason="taken back").ok  # a loss that is said counts
    desk.wait(300)
    assert desk.state == "HALTED"


@settings(max_examples=30)
@given(
    acts=st.lists(
        st.one_of(
            st.tuples(st.just("incentive"), st.floats(-1e4, 1e4).filter(lambda x: abs(x) > 1e-6)),
            st.tuples(st.just("trade"), st.integers(-50, 50)),
            st.tuples(st.just("move"), st.integers(990_000, 1_010_000)),
        ),
        max_size=8,
    )
)  # fmt: skip
def test_the_parts_add_up_to_the_cent_whatever_is_booked(acts):
    desk = Desk(three(limits={"daily_loss": 1e9, "drawdown": 1e9}))
    desk.books()
    total = 0.0
    for k, (what, value) in enumerate(acts):
        if what == "incentive":
            assert desk.press("incentive", i=k % 3, amount=value, reason="x").ok
            total += value
        elif what == "trade":
            desk.trade_into(value, i=k % 3)
        else:
            desk.book(value - 5, value + 5, i=k % 3)
    desk.timer()
    engine = desk.engine
    for account in engine.accounts:
        assert sum(account.parts.values()) == account.equity() * account.rate
    (row,) = grouped(attribution(engine.ledger)).values() if attribution(engine.ledger) else ({"total": 0},)
    assert row["total"] == engine.ledger.total()
    parts = engine.ledger.parts()
    cents = in_cents({part: parts[part] for part in PARTS})
    assert round(sum(float(one) for one in cents.values()), 2) == float(money(engine.ledger.total()))
    assert float(money(parts["incentives"], 6)) == pytest.approx(total, abs=1e-4)


def test_the_page_says_what_is_booked_and_that_it_is_an_estimate():
    desk = desk_of(programme(reward_per_day=50.0))
    desk.wait(65_000)
    text = "\n".join("".join(span[0] for span in row) for row in rows_of(obligation_views(desk.engine, desk.now), 120))
    assert "50.00 USDT booked (estimated: the programme's own count decides)" in text


def test_rewards_survive_a_checkpoint():
    desk = desk_of(programme(reward_per_day=50.0, reward_bps=5.0))
    buy(desk)
    desk.wait(65_000)
    again = image.decode(image.encode(desk.engine))
    assert again.state_hash() == desk.engine.state_hash()
    again.process(Timer(desk.now + SECOND))
    desk.engine.process(Timer(desk.now + SECOND))
    assert again.state_hash() == desk.engine.state_hash()
