"""The dead-man switch of an account session: armed, refreshed, late, fired, refused, stood down."""


import pytest
from account_kit import MS, SECOND, T0, kinds, session

from mmtui.venues.account_messages import ArmDeadMan, Armed, Failed, Refused
from mmtui.venues.facts import facts_of

# ---------------------------------------------------------------- dead-man switch


def arm(one, now, ms_late=0):
    for request in one.take(now):
        if isinstance(request, ArmDeadMan):
            yield from one.answer(request.id, Armed(now + request.ms * MS), now + ms_late * MS)


def test_the_switch_is_armed_a_symbol_each_and_refreshed():
    one = session()
    one.stream_up(T0)
    requests = one.take(T0)
    assert [(r.i, r.ms) for r in requests] == [(0, 10_000), (1, 10_000)]
    assert one.answer(requests[0].id, Armed(T0 + 10 * SECOND), T0) == []
    (event,) = one.answer(requests[1].id, Armed(T0 + 10 * SECOND), T0)
    assert (event.state, event.until) == ("armed", T0 + 10 * SECOND)
    assert one.next_ts() == T0 + 3 * SECOND
    assert kinds(one.take(T0 + 3 * SECOND)) == ["ArmDeadMan"] * 2


@pytest.mark.parametrize(
    ("venue", "ms", "every"),
    [
        ("binance-usdm", 10_000, 3_000),
        ("okx", 10_000, 3_000),
        ("kraken-spot", 15_000, 4_500),
        ("hyperliquid", 10_000, 3_000),
        ("gate", 10_000, 3_000),
    ],
)
def test_times_of_the_switch_keep_to_the_venues_limits(venue, ms, every):
    one = session(venue)
    one.stream_up(T0)
    assert {r.ms for r in one.take(T0)} == {ms}
    assert one.dead_man.every_ms == every


def test_more_symbols_than_the_weight_allows_are_refreshed_slowly():
    from mmtui.venues.account_deadman import plan

    usdm = facts_of("binance-usdm")
    assert plan(usdm, 4) == (10_000, 3_000)
    assert plan(usdm, 5) == (120_000, 30_000)


def test_a_late_refresh_is_an_alarm_and_a_missed_one_has_fired():
    one = session("okx")
    one.stream_up(T0)
    assert [e.state for e in arm(one, T0)] == ["armed"]
    (request,) = one.take(T0 + 3 * SECOND)
    late = T0 + 3 * SECOND + 10 * SECOND // 3
    assert one.next_ts() <= late
    events = one.tick(late)
    assert [getattr(e, "state", "") for e in events] == ["refused"]
    one.answer(request.id, Failed("timeout"), late)
    assert [e.state for e in one.tick(T0 + 10 * SECOND)] == ["fired"]
    assert [e.state for e in arm(one, T0 + 11 * SECOND)] == ["armed"]


def test_an_instant_that_was_not_asked_for_is_no_armed_switch():
    one = session("okx")
    one.stream_up(T0)
    (request,) = one.take(T0)
    assert [e.state for e in one.answer(request.id, Armed(T0 + 3600 * SECOND), T0)] == ["refused"]


def test_a_venue_that_refuses_the_switch_is_unbounded_and_that_is_said():
    one = session("hyperliquid")
    one.stream_up(T0)
    (request,) = one.take(T0)
    (event,) = one.answer(request.id, Refused("Cannot set scheduled cancel", "volume"), T0)
    assert event.state == "unavailable"


def test_the_days_quota_of_firings_ends_the_switch_until_tomorrow():
    one = session("hyperliquid")
    one.stream_up(T0)
    now, states = T0, []
    for _ in range(12):
        states += [e.state for e in arm(one, now)]
        now += 20 * SECOND
        states += [e.state for e in one.tick(now)]
    assert states.count("fired") == 10
    assert states[-1] == "unavailable"
    assert one.next_ts() == T0 + 86_400 * SECOND


def test_the_switch_is_disarmed_only_by_standing_down():
    one = session("okx")
    one.stream_up(T0)
    list(arm(one, T0))
    one.stream_down(T0, "closed")
    for step in range(1, 20):
        now = T0 + step * SECOND
        for request in one.take(now):
            assert request.ms > 0
            one.answer(request.id, Armed(now + request.ms * MS), now)
        one.tick(now)
    one.stand_down(now)
    (request,) = one.take(now)
    assert request.ms == 0
    assert [e.state for e in one.answer(request.id, Armed(0), now)] == ["off"]
    assert one.take(now + 60 * SECOND) == []


def test_where_the_connection_is_the_switch_losing_it_fires_it():
    one = session("deribit")
    one.stream_up(T0)
    assert [e.state for e in arm(one, T0)] == ["armed"]
    assert [e.state for e in one.stream_down(T0, "reset")[1:]] == ["fired"]
    one.stream_up(T0 + SECOND)
    assert kinds(one.take(T0 + SECOND)) == ["ArmDeadMan"]
