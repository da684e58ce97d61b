"""Protections what is wrong with the data now, in which order it is said, and when it counts as good."""

import pytest
from desk_kit import DAY0, MS, SECOND, Desk, item, setup_of, three
from live_desk import ELSEWHERE

WINDOW = 600 * SECOND


def fresh(*items, **limits):
    desk = Desk(setup_of(*items, limits=limits) if items else three(limits=limits), execution="deaf")
    desk.books()
    return desk, desk.engine.protections


def test_a_desk_begins_without_snapshots_and_connected():
    protections = Desk(three(), execution="deaf").engine.protections
    assert protections.reasons == ["no snapshot"] * 3 and protections.connected == [True] * 3
    assert protections.ready == [False] * 3 and protections.blind == [""] * 3
    assert (protections.seen, protections.good_since) == ([0] * 3, [0] * 3)


@pytest.mark.parametrize(("major", "after"), [(True, 2_000), (False, 5_000)])
def test_data_is_stale_after_its_limit(major, after):
    desk, protections = fresh(item("linear", instrument_changes={"major": major}))
    seen = protections.seen[0]
    assert protections.condition(0, seen + after * MS) == ""
    assert protections.condition(0, seen + after * MS + 1) == "stale feed"
    assert desk.engine.books[0].valid


def test_the_limits_of_staleness_are_those_of_the_config():
    other = item("linear", instrument_changes={**ELSEWHERE, "major": False})
    _, protections = fresh(item("linear"), other, stale_major_ms=300, stale_other_ms=400)
    assert protections.stale_after == [300 * MS, 400 * MS]


def test_a_lead_venue_is_stale_after_a_second_and_named_only_at_its_follower():
    desk, protections = fresh(item("spot", quote=False), item("linear", fair_value="other", fair_source="cash:BTC"))
    assert protections.sources == [-1, 0]
    seen = protections.seen[0]
    protections.seen[1] = seen + SECOND
    assert protections.condition(1, seen + SECOND) == ""
    assert protections.condition(1, seen + SECOND + 1) == "lead venue"
    assert protections.condition(0, seen + SECOND + 1) == ""
    desk.gap(0)
    assert protections.condition(1, seen) == "lead venue"


def test_the_first_cause_in_this_order_is_the_one_that_is_said():
    """A feed that is down explains a stale book, not the other way round."""
    desk, protections = fresh(item("linear"))
    now = desk.now + 10 * SECOND
    book = desk.engine.books[0]
    assert protections.condition(0, now) == "stale feed"
    desk.quote(999_995, 1_000_005, sizes=(0, 5))
    assert protections.condition(0, now) == "one-sided book"
    desk.quote(1_000_005, 999_995)
    assert protections.condition(0, now) == "crossed book"
    desk.gap()
    assert protections.condition(0, now) == book.why == "gap"
    protections.blind[0] = "account stream down"
    assert protections.condition(0, now) == "account stream down"
    protections.connected[0] = False
    assert protections.condition(0, now) == "feed down"


def test_one_venue_down_is_not_the_others():
    desk, protections = fresh()
    protections.connected[1] = False
    protections.blind[2] = "reconciling"
    assert [protections.condition(i, desk.now) for i in range(3)] == ["", "feed down", "reconciling"]


def test_good_data_must_last_a_second():
    desk, protections = fresh(item("linear"))
    assert protections.ready[0] and protections.reasons[0] == ""
    protections.trip(0, "gap", desk.now)
    since = desk.now + SECOND
    protections.seen[0] = since + SECOND
    assert not protections.lift(0, since)
    assert not protections.lift(0, since + SECOND - 1)
    assert protections.reasons[0] == "gap"
    assert protections.lift(0, since + SECOND) and protections.reasons[0] == ""


@pytest.mark.parametrize("again", ["bad data", "again", "trip"])
def test_the_second_of_good_data_begins_anew_with_every_fault(again):
    desk, protections = fresh(item("linear"))
    protections.trip(0, "gap", desk.now)
    since = desk.now + SECOND
    protections.seen[0] = since + 2 * SECOND
    assert not protections.lift(0, since)
    if again == "bad data":
        protections.connected[0] = False
        assert not protections.lift(0, since + 500 * MS)
        assert protections.reasons[0] == "feed down"
        protections.connected[0] = True
    elif again == "again":
        protections.again(0, "feed down")
        assert protections.reasons[0] == "feed down"
    else:
        protections.trip(0, "stale feed", since)
        assert protections.reasons[0] == "stale feed"
    assert not protections.lift(0, since + SECOND)
    assert protections.lift(0, since + 2 * SECOND)


def test_the_first_good_book_needs_no_second():
    desk = Desk(setup_of(), execution="deaf")
    protections = desk.engine.protections
    assert not protections.lift(0, DAY0)
    desk.book()
    assert protections.ready[0] and not protections.reasons[0]


def test_more_than_three_trips_in_ten_minutes_are_too_many():
    _, protections = fresh()
    assert [protections.trip(1, "gap", DAY0 + k) for k in range(4)] == [False, False, False, True]
    assert not protections.trip(2, "gap", DAY0)  # each instrument has its own


@pytest.mark.parametrize(("late", "too_often"), [(0, True), (1, False)])
def test_a_trip_counts_for_exactly_the_window(late, too_often):
    _, protections = fresh()
    for _ in range(3):
        protections.trip(1, "gap", DAY0)
    assert protections.trip(1, "gap", DAY0 + WINDOW + late) is too_often


def test_window_and_number_of_trips_are_those_of_the_config():
    _, protections = fresh(trips_to_pause=1, trips_window_s=2.5, ease_back_s=7.5)
    assert not protections.trip(0, "gap", DAY0)
    assert not protections.trip(0, "gap", DAY0 + 2_500 * MS + 1)
    assert protections.trip(0, "gap", DAY0 + 2_500 * MS + 2)
    assert protections.ease_ns == 7_500 * MS


def test_reasons_and_readiness_are_part_of_the_state():
    desk, protections = fresh(item("linear"))
    assert protections.digest() == ([""], [True])
    desk.gap()
    assert protections.digest() == (["gap"], [True])
