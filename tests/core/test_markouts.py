"""Markouts by side and horizon: means, counts and how sure they are."""

import statistics

import pytest
from desk_kit import DAY0, MS, SECOND, Desk, instrument, item, setup_of
from hypothesis import given
from hypothesis import strategies as st

from mmtui.core.ledger.account import RATE, Account
from mmtui.core.ledger.markouts import CURVE, Markouts, Tally


def account_at(mid2=2_000_000):
    account = Account(instrument("linear"))
    account.references.note(DAY0, mid2)
    account.mark(mid2, RATE, 0)
    return account


def test_the_horizons_are_those_that_are_asked_for():
    assert CURVE == (0.1, 1, 5, 30, 60)


@pytest.mark.parametrize(("side", "sign"), [(1, 1), (-1, -1)])
def test_the_curve_looks_at_the_reference_of_its_very_instant(side, sign):
    account = account_at()
    account.fill(side, 1_000_000, 5, DAY0, 0, "quote")
    for seconds, mid in zip(CURVE, (1_000_100, 1_000_200, 1_000_300, 1_000_400, 1_000_500), strict=True):
        account.references.note(DAY0 + int(seconds * SECOND), 2 * mid)
    assert [point.fills for point in account.markouts.curve()] == [0] * 5
    account.markouts_due(DAY0 + 61 * SECOND)  # late: each horizon still looks at its own instant
    assert [point.mean for point in account.markouts.curve(side)] == pytest.approx([sign * k for k in (1, 2, 3, 4, 5)])
    assert [point.fills for point in account.markouts.curve(-side)] == [0] * 5
    assert [point.mean for point in account.markouts.curve(-side)] == [None] * 5
    assert [point.seconds for point in account.markouts.curve()] == list(CURVE)


@given(st.lists(st.tuples(st.sampled_from((1, -1)), st.floats(-50, 50), st.integers(1, 99)), max_size=40))
def test_mean_and_interval_are_those_of_the_textbook(fills):
    marks = Markouts()
    for side, bps, lots in fills:
        marks.tallies[side][0].add(bps, lots)
    for side in (1, -1, 0):
        values = [bps for s, bps, _ in fills if not side or s == side]
        point = marks.curve(side)[0]
        assert point.fills == len(values)
        assert point.mean == (pytest.approx(statistics.fmean(values), abs=1e-9) if values else None)
        if len(values) < 2:
            assert point.ci is None
        else:
            wanted = 1.96 * statistics.stdev(values) / len(values) ** 0.5
            assert point.ci == pytest.approx(wanted, abs=1e-5)


def test_equal_markouts_are_sure_and_two_that_differ_are_not():
    tally = Tally()
    tally.add(2.0, 1)
    assert tally.point(1) == (1, 2.0, None, 1)
    tally.add(2.0, 1)
    assert tally.point(1) == (1, 2.0, 0.0, 2)
    tally.add(5.0, 1)
    assert tally.point(1)[1:] == (3.0, pytest.approx(1.96 * 3**0.5 / 3**0.5), 3)


def test_by_lots_a_large_fill_counts_for_more_and_by_fill_it_does_not():
    account = account_at()
    account.fill(1, 1_000_000, 9, DAY0, 0, "quote")
    account.fill(1, 1_000_100, 1, DAY0, 0, "quote")
    account.references.note(DAY0 + SECOND, 2_000_200)  # +1 bp for the first, none for the second
    account.markouts_due(DAY0 + SECOND)
    assert account.markout(0) == pytest.approx(0.9)
    assert account.markouts.curve()[1].mean == pytest.approx(0.5)


def test_a_finer_grid_changes_no_markout_that_is_due_or_booked():
    account = account_at()
    account.fill(1, 1_000_000, 5, DAY0, 0, "quote")
    account.references.note(DAY0 + 100 * MS, 2_000_200)
    account.markouts_due(DAY0 + 100 * MS)
    account.rescale(instrument("linear", tick="0.01", lot="0.0001"), 10, 10)
    account.references.note(DAY0 + SECOND, 20_004_000)
    account.markouts_due(DAY0 + SECOND)
    curve = account.markouts.curve(1)
    assert [point.mean for point in curve[:2]] == pytest.approx([1, 2])
    assert account.markouts.tallies[1][0].lots == 50


def test_the_desk_books_them_on_its_beat():
    desk = Desk(setup_of(item("linear")))
    desk.book()
    desk.trade_into(10)
    desk.wait(1_200)
    assert [point.fills for point in desk.engine.accounts[0].markouts.curve(1)] == [1, 1, 0, 0, 0]
