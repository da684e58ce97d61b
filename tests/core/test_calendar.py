"""The calendar of events: pulls or widens round what is known to come, by itself, and says so."""

import msgspec
import pytest
from desk_kit import DAY, DAY0, SECOND, Desk, item, setup_of, three
from hypothesis import given
from hypothesis import strategies as st

from mmtui.core.quoting.reasons import word_of
from mmtui.core.risk.calendar import REFERENCE, Calendar, CalendarEvent, instant, minute, misplaced
from mmtui.host.risk_parts import events as views


def event(**changes):
    return CalendarEvent(**{"name": "CPI", "every": "00:01", "before_s": 30.0, "after_s": 60.0, **changes})


def desk_with(*events, **changes):
    return Desk(setup_of(item("linear"), events=list(events), **changes)).running()


def until(desk, second):
    desk.wait((DAY0 + second * SECOND - desk.now) // 1_000_000)


def test_a_pull_begins_before_it_and_ends_after_it():
    desk = desk_with(event())
    until(desk, 29)
    assert desk.open()
    until(desk, 31)
    assert not desk.open()
    assert set(desk.engine.quoters[0].reasons.values()) == {"event: CPI"}
    assert desk.alerts[-1].code == "event"
    until(desk, 119)
    assert not desk.open()
    until(desk, 122)
    assert len(desk.open()) == 2 and desk.state == "RUNNING"
    assert desk.alerts[-1].text == "event: CPI: over"


def test_action_widen_adds_bps_to_the_width_and_takes_them_back():
    desk = desk_with(event(action="widen", bps=15.0))
    assert desk.engine.quoters[0].width() == pytest.approx(10.0)
    until(desk, 32)
    assert desk.engine.quoters[0].width() == pytest.approx(25.0)
    ask, bid = desk.one(-1), desk.one(1)
    assert ask.px - bid.px >= 2_500
    lines = {line.label: line for line in desk.engine.quoters[0].why(1)}
    assert "event" in lines
    until(desk, 122)
    assert desk.engine.quoters[0].width() == pytest.approx(10.0)


def test_of_two_widenings_the_larger_holds():
    desk = desk_with(event(action="widen", bps=15.0), event(name="unlock", action="widen", bps=5.0, after_s=120.0))
    until(desk, 32)
    assert desk.engine.quoters[0].event_bps == 15.0
    until(desk, 122)
    assert desk.engine.quoters[0].event_bps == 5.0


def test_two_pulls_end_one_by_one():
    desk = desk_with(event(), event(name="unlock", after_s=90.0))
    until(desk, 125)
    assert not desk.open() and desk.engine.quoters[0].reasons[1] == "event: unlock"
    until(desk, 153)
    assert len(desk.open()) == 2


def test_instruments_says_which_markets_it_concerns():
    desk = Desk(three(events=[event(instruments=["perp:BTC"])])).running()
    until(desk, 32)
    assert not desk.open(i=1) and desk.open(i=2)


def test_an_event_at_an_instant_comes_once():
    calendar = Calendar([event(at="2024-10-04T00:01", every="")], ["a"])
    assert instant("2024-10-04T00:01") == DAY0 + 60 * SECOND
    assert calendar.window(0, DAY0) == (DAY0 + 30 * SECOND, DAY0 + 120 * SECOND)
    assert calendar.window(0, DAY0 + 121 * SECOND) is None


@given(st.integers(0, 3 * 86_400), st.integers(0, 1_439), st.integers(0, 40_000), st.integers(0, 40_000))
def test_a_daily_window_is_open_exactly_round_its_time(second, at, before, after):
    one = event(every=f"{at // 60:02d}:{at % 60:02d}", before_s=float(before), after_s=float(after))
    ts = DAY0 + second * SECOND
    window = Calendar([one], ["a"]).window(0, ts)
    near = any(-before <= second - day * 86_400 - at * 60 <= after for day in range(-2, 5))
    assert (window.starts <= ts) is near
    assert window.ends >= ts and window.ends - window.starts == (before + after) * SECOND
    assert (window.ends - after * SECOND) % DAY == minute(one.every)


@pytest.mark.parametrize(
    ("changes", "key"),
    [
        ({"every": ""}, "at"),
        ({"at": "2026-12-10T13:30"}, "at"),
        ({"every": "24:00"}, "every"),
        ({"every": "8:00"}, "every"),
        ({"at": "2026-02-30T13:30", "every": ""}, "at"),
        ({"at": "2026-12-10", "every": ""}, "at"),
    ],
)
def test_what_is_no_time_is_said(changes, key):
    assert misplaced(event(**changes))[0] == key
    assert misplaced(event()) == ("", "")


def test_the_state_covers_what_is_in_force_and_a_desk_without_events_keeps_its_hash():
    desk = desk_with(event())
    before = desk.engine.calendar.digest()
    until(desk, 32)
    assert (before, desk.engine.calendar.digest()) == ([], ["CPI"])
    plain = Desk(setup_of(item("linear")))
    assert plain.engine.calendar is None and views(plain.engine) == []


def test_the_screen_is_told_the_next_event_and_the_one_in_force():
    desk = desk_with(event(action="widen", bps=15.0), event(name="gone", at="2001-01-01T00:00", every=""))
    (view,) = views(desk.engine)
    assert (view.name, view.action, view.active) == ("CPI", "widen 15 bps", False)
    until(desk, 32)
    assert views(desk.engine)[0].active


def test_an_event_pulls_quotes_and_nothing_else():
    desk = desk_with(event())
    until(desk, 32)
    gate = desk.engine.gate
    assert gate.held(0, 1) and word_of(gate.held(0, 1)) == "event"
    assert desk.press("ticket", i=0, side="buy", size=0.01, price=99_990).ok


def test_every_key_has_its_reference():
    assert set(REFERENCE) == {field.name for field in msgspec.structs.fields(CalendarEvent)}
