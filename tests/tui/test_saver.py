"""Thin lines: the level falls when the writer waits, rises with hysteresis, and what is painted is the newest state."""

import threading

import pytest
from fakedesk import FakeHost
from rich.color import ColorSystem
from rich.style import Style
from test_actions import cockpit, ready, until

from mmtui.link.messages import View
from mmtui.tui.driver import GATE, GateDriver, GateWriter
from mmtui.tui.roles import sixteen
from mmtui.tui.saver import CALM_S, LEVELS, Saver
from mmtui.view.desk import places


class LineMeter:
    """A writer's counters, a second at a time."""

    def __init__(self, saver, at=100.0):
        self.saver, self.at, self.bytes, self.busy = saver, at, 0, 0.0
        saver.look(at, 0, 0.0)

    def second(self, share, data=1_000):
        self.at += 1.0
        self.bytes += data
        self.busy += share
        return self.saver.look(self.at, self.bytes, self.busy)


def test_a_line_that_keeps_up_is_left_alone():
    saver = Saver(10.0)
    line = LineMeter(saver)
    assert not any(line.second(0.05) for _ in range(60))
    assert (saver.level, saver.frames, saver.rate) == (0, 10.0, 1_000.0)


def test_a_line_that_does_not_gets_less_and_less():
    saver = Saver(10.0)
    line = LineMeter(saver)
    assert [line.second(0.9) for _ in range(4)] == [True, True, True, False]
    assert saver.frames == 1.0 and not saver.now.panels and not saver.now.colours
    assert "fewer panels and colours" in saver.words()


def test_what_the_trader_chose_is_never_exceeded():
    saver = Saver(3.0)
    line = LineMeter(saver)
    line.second(0.9)
    assert saver.level == 1 and saver.frames == 3.0


def test_between_easy_and_busy_nothing_changes():
    saver = Saver(10.0)
    line = LineMeter(saver)
    line.second(0.9)
    assert not any(line.second(0.3) for _ in range(100))
    assert saver.level == 1


def test_an_easy_line_rises_after_a_calm_and_a_relapse_doubles_it():
    saver = Saver(10.0)
    line = LineMeter(saver)
    line.second(0.9)
    rises = [line.second(0.0) for _ in range(int(CALM_S))]
    assert rises.count(True) == 1 and rises[-1] and saver.level == 0
    assert line.second(0.9) and saver.level == 1
    again = [line.second(0.0) for _ in range(2 * int(CALM_S))]
    assert again.index(True) == 2 * int(CALM_S) - 1


def test_sixteen_colours_are_made_of_the_themes():
    (style,) = sixteen({"own": Style(color="#ffd75f", bgcolor="#101216", bold=True)}).values()
    assert style.bold
    codes = style.render("x", color_system=ColorSystem.TRUECOLOR)
    assert "38;2" not in codes and "48;2" not in codes


def test_the_writer_counts_what_the_terminal_took_and_how_long_it_waited():
    class Slow:
        def write(self, text):
            threading.Event().wait(0.02)

        def flush(self):
            pass

    writer = GateWriter(Slow())
    writer.start()
    writer.write("abc")
    writer.write("de")
    writer.stop()
    assert writer.bytes == 5 and writer.busy >= 0.04


class Blocked(GateDriver):
    """A driver whose terminal takes nothing until it is told to."""

    closed = False
    depth = 0

    def __init__(self):
        self.texts = []

    @property
    def _gate(self):
        return None

    def open(self):
        return not self.closed or self.depth < GATE

    def take(self, text):
        """In the place of the app's `_write`."""
        if text:
            self.depth += 1
            self.texts.append(text)


async def test_after_a_stall_the_newest_state_is_painted_and_no_backlog(monkeypatch):
    host = FakeHost(live=False)
    async with cockpit(host).run_test(size=(120, 40)) as pilot:
        await ready(pilot)
        app, driver = pilot.app, Blocked()
        monkeypatch.setattr(type(app), "_gate", property(lambda self: driver))
        monkeypatch.setattr(app, "_write", driver.take)
        driver.closed, driver.depth = True, GATE
        seen = app.store.model.frame
        for _ in range(50):
            host.push(host.maker.tick())
        await until(pilot, lambda: app.store.model.frame.ts == host.maker.ts)
        for _ in range(20):
            app.tick()
        assert not driver.texts
        assert app.store.changed and app.store.model.frame is not seen
        driver.closed = False
        app.tick(True)
        assert len(driver.texts) == 1, "one painting of the newest state, not fifty"
        assert not app.store.changed


async def test_a_thin_line_asks_the_host_for_fewer_frames_and_says_so(monkeypatch):
    host = FakeHost(live=False)
    async with cockpit(host).run_test(size=(140, 40)) as pilot:
        await ready(pilot)
        app, driver = pilot.app, Blocked()
        line = {"now": 1_000.0, "busy": 0.0}
        monkeypatch.setattr("mmtui.tui.app.monotonic", lambda: line["now"])
        monkeypatch.setattr(driver, "meter", lambda now: (0, line["busy"]), raising=False)
        monkeypatch.setattr(type(app), "_gate", property(lambda self: driver))
        app.tick()
        for _ in LEVELS:
            line["now"] += 1.0
            line["busy"] += 0.9
            app.tick()
            await pilot.pause()
        assert [m.fps for m in host.sent if isinstance(m, View)][-3:] == [5.0, 2.0, 1.0]
        model = app.store.model
        assert model.thin and "1 fps" in model.line
        assert {place.name for place in places(model, 140, 40)} >= {"summary", "newest"}
        app.tick(True)
        assert "line 0.0 KB/s" in "".join(text for text, _ in app.canvases["header"].rows[0])


async def test_the_meter_is_shown_on_request():
    host = FakeHost(live=False)
    async with cockpit(host).run_test(size=(140, 40)) as pilot:
        await ready(pilot)
        await pilot.press("Y")
        await pilot.pause()
        assert pilot.app.store.model.line == "line 0.0 KB/s"
        await pilot.press("Y")
        pilot.app.tick()
        assert pilot.app.store.model.line == ""


@pytest.mark.parametrize("level", LEVELS[1:])
def test_levels_only_ever_take_away(level):
    before = LEVELS[LEVELS.index(level) - 1]
    assert level.fps < before.fps and level.panels <= before.panels and level.colours <= before.colours
