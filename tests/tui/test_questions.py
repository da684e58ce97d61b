"""Flatten, close, resume: the docked bar, and when Enter counts."""

from fakedesk import FakeHost
from test_actions import ready, until

from mmtui.tui.app import Cockpit
from mmtui.tui.asking import Asking, Pace
from mmtui.view.model import Ask


def asking():
    made = Asking(Ask("flatten", "FLATTEN", [], 0.0))
    made.painted(3)
    return made


def test_enter_does_not_count_before_the_bar_is_written_out():
    question = asking()
    assert question.enter(10.0) == "early"
    question.written(20.0)
    assert question.enter(20.1) == "early"
    assert question.enter(20.45) == "yes"


def test_a_held_enter_never_confirms():
    question = asking()
    question.written(0.0)
    now = 0.0
    while now < 4.9:
        assert question.enter(now) == "early"
        now += 0.03
    assert question.enter(5.1) == "late"


def test_after_five_seconds_it_is_over():
    question = asking()
    question.written(1.0)
    assert not question.over(5.9)
    assert question.over(6.0)
    assert question.enter(6.0) == "late"


def test_ten_steps_in_any_second():
    pace = Pace()
    assert [pace.take(0.05 * n) for n in range(12)] == [True] * 10 + [False] * 2
    assert pace.take(1.0)
    assert not pace.take(1.01)


def shown(app):
    """The bar has been written out: the times of the question run."""
    return lambda: app.controller.asking is not None and app.controller.asking.ask.ready


async def test_flatten_asks_and_enter_does_it(clock):
    host = FakeHost(live=False)
    async with Cockpit(host.connector).run_test(size=(120, 40)) as pilot:
        await ready(pilot)
        await pilot.press("f")
        app = pilot.app
        await until(pilot, shown(app))
        assert app.canvases["dock"].display
        assert app.canvases["ladder"].display, "the books stay visible"
        clock.now += 0.2
        await pilot.press("enter")
        assert not host.commands, "too early"
        clock.now += 0.31
        await pilot.press("enter")
        await until(pilot, lambda: host.commands)
        assert [(c.action, c.args) for c in host.commands] == [("flatten", {"asset": "BTC"})]
        await until(pilot, lambda: not app.canvases["dock"].display)
        await pilot.press("enter")
        await pilot.pause()
        assert len(host.commands) == 1, "a second Enter does nothing"


async def test_a_hedge_in_two_keys_sends_the_ticket_that_the_host_has_filled_in(clock):
    host = FakeHost(live=False)
    async with Cockpit(host.connector).run_test(size=(120, 40)) as pilot:
        await ready(pilot)
        await pilot.press("H")
        app = pilot.app
        await until(pilot, shown(app))
        assert app.controller.asking.ask.title == "HEDGE BTC"
        clock.now += 0.51
        await pilot.press("enter")
        await until(pilot, lambda: host.commands)
        (sent,) = host.commands
        assert (sent.action, sent.instrument) == ("ticket", "sim-usdm:BTCUSDT")
        assert sent.args == {"side": "sell", "size": "0.412", "price": "market", "type": "ioc"}


async def test_a_question_without_an_enter_closes_itself(clock):
    host = FakeHost(live=False)
    async with Cockpit(host.connector).run_test(size=(120, 40)) as pilot:
        await ready(pilot)
        await pilot.press("f")
        await until(pilot, shown(pilot.app))
        clock.now += 5.01
        await until(pilot, lambda: pilot.app.controller.asking is None)
        assert "nothing was sent" in pilot.app.store.model.notice.text
        assert not host.commands


async def test_close_is_left_by_escape(clock):
    host = FakeHost(live=False)
    async with Cockpit(host.connector).run_test(size=(80, 24)) as pilot:
        await ready(pilot)
        await pilot.press("C")
        await until(pilot, shown(pilot.app))
        clock.now += 0.4
        await pilot.press("escape", "enter")
        await pilot.pause()
        assert not host.commands
        await pilot.press("C")
        await until(pilot, shown(pilot.app))
        clock.now += 0.4
        await pilot.press("enter")
        await until(pilot, lambda: host.commands)
        assert [c.action for c in host.commands] == ["close"]


async def test_resume_out_of_a_latch_needs_a_typed_reason():
    host = FakeHost(live=False)
    async with Cockpit(host.connector).run_test(size=(120, 40)) as pilot:
        await ready(pilot)
        await pilot.press("f12")
        frame = host.maker.tick()
        host.push(frame)
        await until(pilot, lambda: pilot.app.store.model.frame is frame)
        await pilot.press("r")
        await pilot.press("enter")
        await pilot.pause()
        assert [c.action for c in host.commands] == ["kill"], "no reason, no resume"
        await pilot.press(*"books checked", "enter")
        await pilot.pause()
        assert host.commands[-1].action == "resume"
        assert host.commands[-1].reason == "books checked"


async def test_no_question_is_confirmed_on_a_screen_too_small_to_show_it(clock):
    host = FakeHost(live=False)
    async with Cockpit(host.connector).run_test(size=(30, 8)) as pilot:
        await ready(pilot)
        await pilot.press("f")
        for _ in range(5):
            clock.now += 0.4
            await pilot.pause(0.05)
            await pilot.press("enter")
        assert not host.commands


async def test_keys_typed_into_a_stalled_line_are_dropped_but_not_kill():
    host = FakeHost(live=False)
    async with Cockpit(host.connector).run_test(size=(120, 40)) as pilot:
        await ready(pilot)
        press = pilot.app.controller.press
        for key in ("s", "right_square_bracket", "f", "enter"):
            press(key, stalled=True, stalled_for=3.0)
        assert not host.commands
        assert "dropped" in pilot.app.store.model.notice.text or "early" in pilot.app.store.model.notice.text
        for key in ("p", "c", "f12"):
            press(key, stalled=True, stalled_for=3.0)
        await pilot.pause()
        assert [c.action for c in host.commands] == ["pause", "cancel", "kill"]


async def test_resume_of_one_halted_instrument_is_for_it_alone():
    host = FakeHost(live=False)
    async with Cockpit(host.connector).run_test(size=(120, 40)) as pilot:
        await ready(pilot)
        frame = host.maker.frame()
        frame.instruments[1].state = "HALTED"
        frame.instruments[1].state_reason = "gap too long"
        host.push(frame)
        await until(pilot, lambda: pilot.app.store.model.frame is frame)
        await pilot.press("r")
        assert "latched: gap too long" in pilot.app.controller.asking.ask.lines[0]
        await pilot.press(*"ok", "enter")
        await until(pilot, lambda: host.commands)
        assert [(c.action, c.instrument, c.reason) for c in host.commands] == [("resume", "sim-usdm:BTCUSDT", "ok")]
