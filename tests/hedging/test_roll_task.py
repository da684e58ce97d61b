"""Roll of a dated contract: lockstep, never naked by more than a slice, never beyond, and it says what is left."""

import pytest
from desk_kit import LINEAR, Desk, item, setup_of
from hedge_kit import ROOMY, market
from hypothesis import given, settings
from hypothesis import strategies as st

from mmtui.core.events import FeedStatus

OLD, NEW, SPOT = 0, 1, 2


def dated(kind="linear", limits=None, new=None, positions=(1_000, 0, 0), size=100):
    """Two dated contracts of one asset on two venues, and its spot."""
    items = (
        item(kind, quote=False, max_position="5000" if kind == "inverse" else "10"),
        item(kind, quote=False, max_position="5000" if kind == "inverse" else "10",
             instrument_changes={"id": "next:BTC_DEC", "venue": "next", "symbol": "BTC_DEC", **(new or {})}),
        item("spot", quote=False, max_position="10"),
    )  # fmt: skip
    desk = Desk(setup_of(*items, limits={**ROOMY, **(limits or {})}))
    for i in range(3):
        desk.book(i=i, size=size)
    for i, position in enumerate(positions):
        if position:
            desk.trade_into(position, i)
    desk.track = []
    desk.after = lambda event, effects: desk.track.append([a.position for a in desk.engine.accounts])
    return desk


def roll_of(desk, **args):
    return desk.press("roll", i=OLD, to="next:BTC_DEC", **args)


@pytest.mark.parametrize("position", [1_000, -1_000])
@pytest.mark.parametrize("kind", ["linear", "inverse"])
def test_the_position_goes_over_in_lockstep(kind, position):
    desk = dated(kind, positions=(position, 0, 0))
    assert roll_of(desk).ok
    market(desk, 8_000)
    assert desk.position(OLD) == 0 and abs(desk.position(NEW) - position) <= (2 if kind == "inverse" else 0)
    slice_ = 200  # 10 % of 20 x 100
    for old, new, _ in desk.track:
        assert abs(old + new - position) <= slice_ and old * position >= 0 and new * position >= 0
        assert abs(old) <= 1_000 and abs(new) <= 1_002
    assert [a.text for a in desk.alerts if a.code == "task"][-1].startswith("roll BTC: done")


def test_post_only_opens_at_the_touch_and_closes_by_taking():
    desk = dated(positions=(150, 0, 0))
    assert roll_of(desk, post_only=True).ok
    market(desk, 600)
    order = desk.one(1, NEW)
    assert order.tif == "GTX" and order.px == 999_995
    market(desk, 600, bid=1_000_005, ask=1_000_015)
    assert desk.one(1, NEW).px == 1_000_005, "it moves with the touch"
    market(desk, 3_000, bid=999_905, ask=999_915)  # the market comes through it
    market(desk, 3_000)
    assert desk.position(NEW) > 0
    tifs = {e.i: e.tif for e in desk.places() if e.purpose == "roll"}
    assert tifs[OLD] == "IOC"
    for old, new, _ in desk.track:
        assert abs(old + new - 150) <= 150


def test_part_of_a_position():
    desk = dated()
    assert roll_of(desk, size="0.3").ok
    market(desk, 4_000)
    assert (desk.position(OLD), desk.position(NEW)) == (700, 300)


def test_a_preview_prices_both_legs():
    desk = dated()
    result = roll_of(desk, preview=True)
    assert result.text.startswith("roll 1 BTC long from perp:BTC to next:BTC_DEC: expected cost ")
    assert not desk.engine.tasks.running


@pytest.mark.parametrize(
    ("args", "says"),
    [
        ({"to": "perp:BTC"}, "'perp:BTC' is no other instrument of BTC here"),
        ({"to": "nothing"}, "'nothing' is no other instrument of BTC here"),
        ({"to": "cash:BTC"}, "a roll is between two contracts, not spot"),
        ({"size": "1.001"}, "the position on perp:BTC is 1: there is not so much to roll"),
        ({"size": "0.0001"}, "size of the roll goes in steps of 0.001: 0.0001 is between two"),
    ],
)
def test_what_cannot_be_rolled_is_one_sentence(args, says):
    desk = dated()
    result = desk.press("roll", **{"i": OLD, "to": "next:BTC_DEC", **args})
    assert not result.ok and result.text == says
    assert desk.press("roll", to="next:BTC_DEC").text == "roll needs the instrument that it rolls from"


def test_at_its_cap_it_stops_and_is_carried_on_once():
    desk = dated()
    roll_of(desk)
    market(desk, 600)
    market(desk, 1_000, bid=1_009_995, ask=1_010_005)  # 100 bps: beyond the cap of 30 for the buyer
    (task,) = desk.engine.tasks.running.values()
    assert task.at_cap
    assert desk.press("extend").ok
    market(desk, 8_000, bid=1_009_995, ask=1_010_005)
    assert desk.position(OLD) == 0 and desk.position(NEW) == 1_000


def test_a_refused_new_leg_ends_it_with_nothing_naked():
    desk = dated(limits={"gross_notional": 120_000.0})
    roll_of(desk)
    market(desk, 3_000)
    assert not desk.engine.tasks.running
    assert desk.position(OLD) + desk.position(NEW) == 1_000


@pytest.mark.parametrize("act", ["abort", "stop", "kill"])
def test_an_operator_stops_it_and_what_rests_goes(act):
    desk = dated(positions=(150, 0, 0))
    roll_of(desk, post_only=True)
    market(desk, 600)
    assert desk.open()
    assert desk.press(act).ok
    market(desk, 500)
    assert not desk.open() and not desk.engine.tasks.running


def test_a_dead_leg_ends_it():
    desk = dated()
    roll_of(desk)
    market(desk, 600)
    desk.event(FeedStatus(desk.now, 1, False, "line"))
    desk.wait(1_000)
    assert "next:BTC_DEC is dead" in [a.text for a in desk.alerts if a.code == "task"][-1]


def test_in_halted_the_old_leg_is_still_closed_and_the_new_one_not_opened():
    desk = dated()
    roll_of(desk)
    while desk.position(NEW) == 0:
        market(desk, 100)
    ahead = desk.position(OLD) + desk.position(NEW) - 1_000
    desk.halt()
    market(desk, 2_000)
    assert ahead > 0 and desk.position(OLD) + desk.position(NEW) == 1_000
    assert not desk.engine.tasks.running


@settings(max_examples=30, deadline=None)
@given(
    position=st.integers(-1_500, 1_500).filter(bool),
    sizes=st.lists(st.tuples(st.integers(1, 300), st.integers(-15, 15)), min_size=5, max_size=12),
    passive=st.booleans(),
)
def test_whatever_the_market_does_it_never_flips_nor_passes_its_start_by_more_than_a_slice(position, sizes, passive):
    desk = dated(positions=(position, 0, 0))
    roll_of(desk, post_only=passive)
    for size, move in sizes:
        market(desk, 500, 999_995 + move, 1_000_005 + move, size)
    slice_ = 30 * 20  # 10 % of 20 levels of 300
    for old, new, _ in desk.track:
        assert old * position >= 0 and new * position >= 0 and abs(old) <= abs(position) and abs(new) <= abs(position)
        assert abs(old + new) <= abs(position) + slice_
    assert LINEAR == NEW
