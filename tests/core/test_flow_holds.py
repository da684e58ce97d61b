"""What holds a side for a while, one test a parameter: fills, ping-pong, sides, sessions, funding."""

import pytest
from desk_kit import DAY0, MS, SECOND, Desk, item, setup_of

from mmtui.core.events import MarkPrice
from mmtui.core.quoting.flow import sessions as parsed
from mmtui.core.quoting.flow import within


def quoted(**quoting):
    return Desk(setup_of(item("linear", **quoting))).running()


def hit(desk, side=1, lots=0):
    """Somebody trades with our nearest order of that side."""
    order = min(desk.open(side), key=lambda o: -side * o.px)
    desk.fill(order.oid, lots or order.left)


def held(desk):
    """Sides without an order, with their reasons."""
    reasons = desk.engine.quoters[0].reasons
    return {side: reasons[side] for side in (1, -1) if not desk.open(side)}


def test_cooldown_ms_holds_the_filled_side():
    desk = quoted(cooldown_ms=2_000)
    hit(desk, 1)
    desk.wait(300)
    assert held(desk) == {1: "after a fill"}
    desk.wait(1_400)
    assert held(desk) == {1: "after a fill"}
    desk.wait(500)
    assert held(desk) == {}


def test_cooldown_ends_by_the_timer_alone():
    desk = quoted(cooldown_ms=500)
    hit(desk, 1)
    desk.wait(300, alive=False)
    assert 1 in held(desk)
    desk.wait(400, alive=False)
    assert held(desk) == {}


def test_cooldown_sides_both_holds_both():
    desk = quoted(cooldown_ms=1_000, cooldown_sides="both")
    hit(desk, -1)
    desk.wait(300)
    assert held(desk) == {1: "after a fill", -1: "after a fill"}
    desk.wait(1_000)
    assert held(desk) == {}


def test_max_fills_holds_a_side_until_the_oldest_is_out_of_max_fills_s():
    desk = quoted(max_fills=2, max_fills_s=4.0)
    hit(desk, 1)
    desk.wait(1_500)
    assert held(desk) == {}
    hit(desk, 1)
    desk.wait(500)
    assert held(desk) == {1: "fills in the window"}
    desk.wait(1_500)
    assert 1 in held(desk)
    desk.wait(1_000)
    assert held(desk) == {}


def test_ping_pong_quotes_the_other_side_until_it_was_filled_as_much():
    desk = quoted(ping_pong=True)
    hit(desk, 1, 4)
    desk.wait(300)
    assert held(desk) == {1: "ping-pong: waiting for the other side"}
    hit(desk, -1, 3)
    desk.wait(300)
    assert 1 in held(desk)
    hit(desk, -1, 1)
    desk.wait(300)
    assert held(desk) == {}
    hit(desk, -1, 5)
    desk.wait(300)
    assert held(desk) == {-1: "ping-pong: waiting for the other side"}
    desk.press("set", ping_pong=False)
    desk.wait(300)
    assert held(desk) == {}


@pytest.mark.parametrize(("sides", "there", "why"), [("bid", 1, "bids only"), ("ask", -1, "asks only")])
def test_sides_quotes_one_side(sides, there, why):
    desk = quoted(sides=sides)
    assert held(desk) == {-there: why}
    assert desk.press("set", sides="both").ok
    desk.wait(300)
    assert held(desk) == {}


def at(desk, clock):
    """Go to a time of the UTC day; the market was silent meanwhile, and is there again."""
    hours, minutes = map(int, clock.split(":"))
    desk.runner.advance(DAY0 + (hours * 3_600 + minutes * 60) * SECOND)
    desk.books()
    desk.wait(1_500)


def test_sessions_pull_the_quotes_outside():
    desk = quoted(sessions="00:00-00:01, 00:02-24:00")
    assert held(desk) == {}
    at(desk, "00:01")
    assert held(desk) == {1: "outside sessions", -1: "outside sessions"}
    at(desk, "00:02")
    assert held(desk) == {}


def test_session_end_drain_lets_open_orders_conclude():
    desk = quoted(sessions="00:00-00:01", session_end="drain", levels=2)
    before = {o.oid for o in desk.open()}
    desk.wait(61_000)
    assert {o.oid for o in desk.open()} == before
    hit(desk, 1)
    desk.quote(1_000_095, 1_000_105)
    desk.wait(500)
    assert len(desk.open()) == 3 and {o.oid for o in desk.open()} < before  # neither moved nor placed again
    desk.press("set", session_end="pull")
    desk.wait(500)
    assert held(desk) == {1: "outside sessions", -1: "outside sessions"}


def test_sessions_over_midnight():
    spans = parsed("22:00-02:00, 08:00-09:30")
    hour = 3_600 * SECOND
    assert [within(spans, DAY0 + h * hour) for h in (1, 2, 8, 9, 10, 21, 22, 23)] == [
        True, False, True, True, False, False, True, True,
    ]  # fmt: skip
    assert within((), DAY0)


@pytest.mark.parametrize("text", ["8-9", "08:00", "08:00-08:00", "25:00-26:00", "08:60-09:00", "24:00-01:00", "a", ","])
def test_a_bad_text_of_sessions_is_refused(text):
    desk = Desk()
    result = desk.press("set", sessions=text)
    assert not result.ok and result.text.startswith(f'sessions "{text}" is not allowed; give times of the day in UTC')


def funding_in(desk, seconds):
    due = desk.now + int(seconds * SECOND)
    desk.event(MarkPrice(desk.now + MS, desk.now, 0, 10**13, 0, 10**4, due))


def test_funding_before_s_and_funding_after_s_hold_both_sides():
    desk = quoted(funding_before_s=2.0, funding_after_s=3.0)
    funding_in(desk, 4.0)
    desk.wait(1_500)
    assert held(desk) == {}
    desk.wait(1_000)
    assert held(desk) == {1: "around funding", -1: "around funding"}
    desk.wait(2_500)
    funding_in(desk, 100)  # the next period is known: the last funding still counts
    desk.wait(1_000)
    assert held(desk) == {1: "around funding", -1: "around funding"}
    desk.wait(2_000)
    assert held(desk) == {}


def test_a_desk_without_such_parameters_has_no_flow():
    quoter = quoted().engine.quoters[0]
    assert quoter.flow is None and quoter.guards is None and quoter.best is None and not quoter.hears


def test_what_is_remembered_is_part_of_the_state():
    one, other = quoted(cooldown_ms=5_000), quoted(cooldown_ms=5_000)
    assert one.engine.state_hash() == other.engine.state_hash()
    one.engine.quoters[0].flow.cool[1] = 1
    assert one.engine.state_hash() != other.engine.state_hash()


def test_a_change_of_parameters_forgets_no_hold():
    desk = quoted(cooldown_ms=3_000)
    hit(desk, 1)
    desk.press("set", spread_bps=12.0)
    desk.wait(300)
    assert held(desk) == {1: "after a fill"}
