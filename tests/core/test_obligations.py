"""Obligations: when a snapshot holds, what has been earned, what the rest of the day must hold, what keeps inside."""

import pytest
from desk_kit import DAY, DAY0, SECOND, Desk, item, setup_of, three
from hypothesis import given
from hypothesis import strategies as st

from mmtui.core.earn.days import day_number, day_text
from mmtui.core.earn.obligations import Meter, shortfall
from mmtui.core.earn.programme import REFERENCE, Obligation
from mmtui.core.effects import PlaceOrder
from mmtui.core.events import GridRefined, Timer
from mmtui.core.market.book import OrderBook
from mmtui.core.market.instrument import ATOMS, Grid
from mmtui.core.orders.table import State
from mmtui.core.orders.tracker import Order

LINEAR = "perp:BTC"
MID = 1_000_000  # ticks of 0.1: 100,000 USDT; a lot of 0.001 BTC is worth 100


def terms(**changes):
    return Obligation(**{"name": "x", "max_spread_bps": 10, "min_depth": 1_000, "within_bps": 20, **changes})


def order(side, ticks, lots=10, state=State.LIVE, level=0):
    """An own order so many ticks from mid, on its own side (10 ticks: 0.1 bps)."""
    made = Order(PlaceOrder(0, 1, side, MID - side * ticks, lots, "GTC", False, "quote", level), DAY0)
    made.state = state
    return made


def why(what, *orders):
    desk = Desk(setup_of(item("linear")))
    desk.book(MID - 5, MID + 5)
    grid = desk.engine.accounts[0].grid
    return shortfall(what, int(what.min_depth) * ATOMS, desk.engine.books[0], grid, list(orders))


@pytest.mark.parametrize(
    ("changes", "orders", "answer"),
    [
        ({}, [(1, 490), (-1, 490)], ""),
        ({}, [(1, 510), (-1, 510)], "spread 10.2 of 10 bps"),
        ({"max_spread_bps": 11}, [(1, 510), (-1, 510)], ""),
        ({}, [(1, 490)], "no ask"),
        ({}, [(-1, 490)], "no bid"),
        ({}, [], "no quotes"),
        ({}, [(1, 490), (-1, 490, 10, State.CANCELLING)], "no ask"),
        ({}, [(1, 490, 10, State.UNKNOWN), (-1, 490)], "no bid"),
        ({}, [(1, 490, 10, State.SENT), (-1, 490)], "no bid"),
        ({}, [(1, 490, 9), (-1, 490)], "bid depth 899 of 1,000 within 20 bps"),
        ({}, [(1, 490, 10), (-1, 490)], ""),  # 10 x 99,951 x 0.001 is a little under: see below
        ({}, [(1, 100, 11), (-1, 490, 5), (-1, 1_990, 5)], ""),
        ({}, [(1, 100, 11), (-1, 490, 5), (-1, 2_010, 5)], "ask depth 500 of 1,000 within 20 bps"),
        ({"within_bps": 30}, [(1, 100, 11), (-1, 490, 5), (-1, 2_010, 5)], ""),
        ({"min_depth": 500}, [(1, 100, 6), (-1, 490, 5), (-1, 2_010, 5)], ""),
        ({"both_sides": False}, [(1, 490, 11)], ""),
        ({"both_sides": False}, [(-1, 490, 10)], ""),
        ({"both_sides": False}, [(1, 510, 11)], "spread 10.2 of 10 bps"),
        ({"both_sides": False}, [(1, 490, 1), (-1, 490, 10)], ""),
        ({"both_sides": False}, [], "no quotes"),
    ],
)
def test_an_instrument_holds_or_says_why_not(changes, orders, answer):
    made = [order(*one) for one in orders]
    if answer == "" and made and made[0].sz == 10 and made[0].side > 0:
        made[0].sz = 11  # bids below mid are worth a little less
    assert why(terms(**changes), *made) == answer


def test_without_a_valid_book_nothing_holds():
    grid = Grid(setup_of().instruments[0].instrument)
    assert shortfall(terms(), 0, OrderBook(), grid, [order(1, 10), order(-1, 10)]) == "no valid book"


def test_every_key_has_its_text():
    assert set(REFERENCE) == set(Obligation.__struct_fields__)


def quoting(*obligations, **changes):
    """A desk that quotes 10 bps wide, 11 lots a side: worth 1,100 a side."""
    one = item("linear", size=0.011, **changes)
    return Desk(setup_of(one, obligations=[Obligation(**fields) for fields in obligations]))


def reading(desk, k=0):
    return desk.engine.obligations.meters[k].reading(desk.engine.ts)


WIDE_ENOUGH = {"name": "a", "max_spread_bps": 12, "min_depth": 1_000, "within_bps": 20, "snapshot_s": 2}


def test_snapshots_are_counted_from_the_beat_and_say_what_is_missing():
    desk = quoting(WIDE_ENOUGH, {**WIDE_ENOUGH, "name": "b", "max_spread_bps": 8}).running()
    desk.wait(8_000)
    inside, outside = reading(desk), reading(desk, 1)
    assert (inside.taken, inside.elapsed, inside.total) == (5, 5, 43_200)
    assert (inside.held, inside.inside, inside.why) == (5, True, "")
    assert (outside.held, outside.inside) == (0, False)
    assert outside.why.startswith(f"{LINEAR}: spread 10.")
    assert (inside.earned, outside.earned) == (1.0, 0.0)


def test_a_pause_is_seen_at_the_next_snapshot():
    desk = quoting(WIDE_ENOUGH).running()
    desk.wait(4_000)
    held = reading(desk).held
    desk.press("pause")
    desk.wait(4_000)
    assert reading(desk).held == held
    assert (reading(desk).inside, reading(desk).why) == (False, f"{LINEAR}: no quotes")


def meter_of(names=(LINEAR,), **changes):
    return Meter(terms(**changes), list(names))


def at(meter, snapshots, held):
    """A meter that has looked at so many snapshots since midnight."""
    meter.day, meter.slot = DAY0 // DAY, snapshots - 1
    meter.taken, meter.held = snapshots, held
    return meter.reading(DAY0 + (snapshots - 1) * meter.terms.snapshot_s * SECOND)


@pytest.mark.parametrize(
    ("snapshots", "held", "rest"),
    [(1, 1, 1_295 / 1_439), (720, 720, 576 / 720), (720, 0, 1_296 / 720), (1_439, 1_296, 0.0), (1_440, 1_296, 0.0),
     (1_440, 1_295, 2.0), (1_296, 1_296, 0.0)],
)  # fmt: skip
def test_the_rest_of_the_day_must_hold_what_is_still_missing(snapshots, held, rest):
    found = at(meter_of(share_of_time=0.9), snapshots, held)
    assert (found.total, found.required) == (1_440, 1_296)
    assert found.rest == pytest.approx(rest)


@given(share=st.floats(0.01, 1), every=st.integers(1, 3_600), taken=st.integers(1, 2_000), data=st.data())
def test_holding_that_share_of_the_rest_earns_the_day(share, every, taken, data):
    meter = meter_of(share_of_time=share, snapshot_s=every)
    taken = min(taken, meter.total)
    held = data.draw(st.integers(0, taken))
    found = at(meter, taken, held)
    left = found.total - taken
    assert found.elapsed == taken
    if found.rest <= 1:
        assert held + found.rest * left >= found.required - 1e-6
        assert found.rest == 0 or held + found.rest * left == pytest.approx(found.required)
    else:
        assert held + left < found.required


def test_a_snapshot_that_nobody_took_does_not_hold():
    desk = quoting({**WIDE_ENOUGH, "snapshot_s": 60}).running()
    desk.wait(61_000)
    assert reading(desk).held == 2
    late = desk.engine.obligations.meters[0].reading(DAY0 + 600 * SECOND)
    assert (late.held, late.elapsed, late.earned) == (2, 11, 2 / 11)


def test_a_day_ends_at_midnight_and_is_kept():
    desk = quoting({**WIDE_ENOUGH, "snapshot_s": 60}).running()
    desk.wait(61_000)
    desk.engine.process(Timer(DAY0 + DAY))
    meter = desk.engine.obligations.meters[0]
    (day,) = meter.days
    assert (day_text(day.day), day.taken, day.held, day.total, day.by_instrument) == ("2024-10-04", 2, 2, 1_440, (2,))
    assert (meter.taken, meter.held) == (1, 0)  # nothing came for a day: the quotes are pulled


@pytest.mark.parametrize(
    ("days", "active"),
    [({}, True), ({"from_day": "2024-10-04"}, True), ({"from_day": "2024-10-05"}, False),
     ({"to_day": "2024-10-04"}, True), ({"to_day": "2024-10-03"}, False)],
)  # fmt: skip
def test_only_days_of_the_programme_count(days, active):
    desk = quoting({**WIDE_ENOUGH, **days, "keep": True}).running()
    desk.wait(4_000)
    found = reading(desk)
    assert (found.active, found.taken > 0) == (active, active)
    assert (desk.engine.obligations.max_width_bps(0) > 0) is active
    assert (desk.engine.obligations.min_size(0) > 0) is active


@pytest.mark.parametrize(
    ("coverage", "named", "holds"),
    [(1.0, [LINEAR], True), (1.0, [], False), (0.5, [], False), (0.3, [], True), (0.34, [], False),
     (0.5, [LINEAR, "gone:X"], True), (0.6, [LINEAR, "gone:X"], False), (1.0, ["gone:X"], False)],
)  # fmt: skip
def test_coverage_says_how_many_instruments_must_hold(coverage, named, holds):
    desk = Desk(three())
    desk.books()
    names = [one.instrument.id for one in desk.setup.instruments]
    meter = Meter(terms(coverage=coverage, instruments=named, min_depth=0), names)
    mine = [order(1, 100), order(-1, 100)]
    for one in mine:
        one.i = 1
    meter.snapshot(desk.engine.books, [account.grid for account in desk.engine.accounts], mine)
    assert meter.inside is holds
    assert ("gone:X: not on this desk" in meter.why) is (not holds and "gone:X" in named)


def test_what_keeps_inside_is_the_narrowest_width_and_the_largest_size():
    one = {"name": "a", "max_spread_bps": 30, "min_depth": 1_000, "within_bps": 10, "keep": True}
    two = {"name": "b", "max_spread_bps": 15, "min_depth": 5_000, "within_bps": 50, "keep": True}
    measured = {"name": "c", "max_spread_bps": 1, "min_depth": 10**6, "within_bps": 50}
    desk = quoting(one, two, measured).running()
    keeps = desk.engine.obligations
    assert keeps.max_width_bps(0) == 15
    assert keeps.min_size(0) == 51  # 5,000 at 0.5 % under 100,000 is 50.25 lots of 0.001
    alone = quoting(one).running().engine.obligations
    assert (alone.max_width_bps(0), alone.min_size(0)) == (20, 11)
    none = quoting(measured).running().engine.obligations
    assert (none.max_width_bps(0), none.min_size(0)) == (0.0, 0)


@given(within=st.integers(1, 500), depth=st.integers(1, 10**6), away=st.floats(0, 1))
def test_the_least_size_holds_wherever_it_stands(within, depth, away):
    desk = quoting({"name": "a", "within_bps": within, "min_depth": depth, "max_spread_bps": 10_000, "keep": True})
    desk.book(MID - 5, MID + 5)
    desk.timer()
    keeps = desk.engine.obligations
    ticks = int(away * within * 100)
    pair = [order(side, ticks, keeps.min_size(0)) for side in (1, -1)]
    meter = keeps.meters[0]
    assert shortfall(meter.terms, meter.depth, desk.engine.books[0], desk.engine.accounts[0].grid, pair) == ""


def test_a_finer_grid_changes_nothing():
    desk = quoting({**WIDE_ENOUGH, "keep": True}).running()
    desk.wait(3_000)
    size = desk.engine.obligations.min_size(0)
    desk.event(GridRefined(desk.now, 0, "0.01", "0.0001", 10, 10))
    desk.wait(5_000)
    assert reading(desk).inside
    assert size * 10 - 10 < desk.engine.obligations.min_size(0) <= size * 10


@given(st.integers(0, 2_900_000))
def test_a_day_and_its_text_are_one(number):
    assert day_number(day_text(number)) == number


@pytest.mark.parametrize("text", ["2026-02-29", "2026-13-01", "2026-1-1", "1969-12-31", "", "today", "2026-04-31"])
def test_what_is_no_day_is_said(text):
    with pytest.raises(ValueError, match="write it as 2026-11-01"):
        day_number(text)


def test_known_days():
    assert [day_text(n) for n in (0, 59, 11_016, 20_778)] == ["1970-01-01", "1970-03-01", "2000-02-29", "2026-11-21"]


def test_the_meter_survives_a_restart_from_an_image():
    from mmtui.tape.image import decode, encode

    desk = quoting({**WIDE_ENOUGH, "keep": True}).running()
    desk.wait(8_000)
    again = decode(encode(desk.engine))
    assert again.state_hash() == desk.engine.state_hash()
    assert again.obligations.meters[0].reading(desk.now) == reading(desk)
    assert again.obligations.min_size(0) == desk.engine.obligations.min_size(0) > 0
    for engine in (again, desk.engine):
        engine.process(Timer(desk.now + 4 * SECOND))
    assert again.state_hash() == desk.engine.state_hash()
