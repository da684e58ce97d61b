"""What is painted: every size and theme, only lines that changed, never through a stalled terminal."""

import pytest
from fakedesk import FakeHost
from test_actions import ready, until

from mmtui.config.paths import data_dir
from mmtui.tui.app import Cockpit
from mmtui.tui.roles import NAMES
from mmtui.tui.themes import load_themes, read_theme
from mmtui.view.model import Model

THEMES = sorted(data_dir("themes").glob("*.toml"))


def screen_text(app):
    return "\n".join("".join(part for part, _ in row) for c in app.canvases.values() if c.display for row in c.rows)


@pytest.mark.parametrize("size", [(200, 50), (120, 40), (80, 24), (40, 10)])
async def test_every_size_says_what_matters(size):
    host = FakeHost()
    async with Cockpit(host.connector).run_test(size=size) as pilot:
        await ready(pilot)
        await until(pilot, lambda: "RUNNING" in screen_text(pilot.app))
        said = screen_text(pilot.app)
        for word in ("DEMO", "RUNNING", "SIMULATED", "Δ", "PnL", "KILL", "61,66"):
            assert word in said, word
        svg = pilot.app.export_screenshot()
        assert "RUNNING" in svg


async def test_a_terminal_too_small_says_so_and_comes_back():
    host = FakeHost(live=False)
    async with Cockpit(host.connector).run_test(size=(39, 9)) as pilot:
        await ready(pilot)
        assert "needs 40×10" in screen_text(pilot.app).replace("\n", "")
        await pilot.resize_terminal(120, 40)
        await until(pilot, lambda: "inventory" in screen_text(pilot.app))
        await pilot.resize_terminal(80, 24)
        await until(pilot, lambda: "inventory" not in screen_text(pilot.app))
        shown = {name for name, canvas in pilot.app.canvases.items() if canvas.display}
        assert "summary" in shown
        assert "inventory" not in shown


async def test_nothing_is_painted_when_nothing_changed(monkeypatch):
    monkeypatch.setattr(Model, "frame_age_ms", lambda self: 0.0)
    host = FakeHost(live=False)
    async with Cockpit(host.connector).run_test(size=(120, 40)) as pilot:
        await ready(pilot)
        app = pilot.app
        await pilot.pause(0.2)
        before = {name: canvas.painted for name, canvas in app.canvases.items()}
        for _ in range(5):
            app.store.apply(host.maker.frame(), app.store.model.now)
            app.tick()
        assert {name: canvas.painted for name, canvas in app.canvases.items()} == before


async def test_only_changed_lines_are_painted(monkeypatch):
    monkeypatch.setattr(Model, "frame_age_ms", lambda self: 0.0)
    host = FakeHost(live=False)
    async with Cockpit(host.connector).run_test(size=(120, 40)) as pilot:
        await ready(pilot)
        app = pilot.app
        await pilot.pause(0.1)
        before = {name: canvas.painted for name, canvas in app.canvases.items()}
        frame = host.maker.frame()
        frame.pnl.total = "1300.00"
        frame.books[0].bids[0].sz += 100_000
        app.store.apply(frame, app.store.model.now)
        app.tick()
        after = {name: canvas.painted - before[name] for name, canvas in app.canvases.items()}
        assert after["header"] == 1
        assert after["pnl"] == 1
        assert 1 <= after["ladder"] <= 2
        assert after["keys"] == after["fills"] == after["risk"] == 0


async def test_what_is_on_screen_is_what_was_shown():
    """No stale cells: the compositor's text equals the rows, after many frames."""
    host = FakeHost(fps=30)
    async with Cockpit(host.connector).run_test(size=(120, 40)) as pilot:
        await ready(pilot)
        await pilot.press("right_square_bracket", "f")
        await pilot.pause(0.6)
        await pilot.press("escape")
        await pilot.pause(0.3)
        app = pilot.app
        app.tick()
        await until(pilot, lambda: all(app.canvases[p.name].size == (p.w, p.h) for p in app.laid))
        await pilot.pause()
        app.tick()
        strips = app.screen._compositor.render_strips()
        lines = [strip.text for strip in strips]
        for place in app.laid:
            for y, row in enumerate(app.canvases[place.name].rows):
                text = "".join(part for part, _ in row)
                assert lines[place.y + y][place.x : place.x + place.w].rstrip() == text.rstrip(), place


@pytest.mark.parametrize("no_color", [False, True])
@pytest.mark.parametrize("file", THEMES, ids=lambda p: p.stem)
async def test_every_theme_renders(file, no_color, monkeypatch):
    if no_color:
        monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("MMTUI_THEME", file.stem)
    host = FakeHost()
    async with Cockpit(host.connector).run_test(size=(120, 40)) as pilot:
        await ready(pilot)
        await pilot.press("f", "escape", "slash", "escape", "f12")
        app = pilot.app
        await until(pilot, lambda: "KILLED" in screen_text(app))
        assert app.theme == file.stem
        assert "KILLED" in screen_text(app), "danger is a word too"
        assert all(style.color is not None and style.bgcolor is not None for style in app.looks.values())
        app.export_screenshot()


@pytest.mark.parametrize("file", THEMES, ids=lambda p: p.stem)
def test_every_theme_is_whole(file):
    theme = read_theme(file)
    assert theme.name == file.stem
    assert set(NAMES) <= set(theme.variables)


def test_there_are_six_themes_and_the_default_is_first():
    themes, wrong = load_themes()
    assert len(themes) >= 6
    assert not wrong
    assert themes[0].name == "mmtui-dark"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('name = "x"\nprimary = "#zzz"', "primary: '#zzz' is no colour"),
        ('name = "x"', "primary: is missing"),
        ('primary = "red"\nfont = "big"', "font: no such key"),
        ('primary = "red"\n[variables]\nown = 5', "variables.own: 5 is no colour"),
        ('primary = "red"\ndark = "yes"', "dark: must be true or false"),
        ("primary = ", "theme mine.toml"),
    ],
)
async def test_a_bad_user_theme_is_said_in_a_sentence_and_left_out(tmp_path, monkeypatch, text, said):
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    folder = tmp_path / "mmtui" / "themes"
    folder.mkdir(parents=True)
    (folder / "mine.toml").write_text(text)
    (folder / "good.toml").write_text('primary = "red"\n[variables]\nown = "#00ff00"\n')
    themes, wrong = load_themes()
    assert said in wrong[0]
    assert len(wrong) == 1
    assert "good" in [theme.name for theme in themes]
    async with Cockpit(FakeHost(live=False).connector).run_test(size=(120, 40)) as pilot:
        await ready(pilot)
        assert pilot.app.theme == "mmtui-dark"
        assert "theme mine.toml" in screen_text(pilot.app)


async def test_themes_are_walked():
    async with Cockpit(FakeHost(live=False).connector).run_test(size=(80, 24)) as pilot:
        await ready(pilot)
        names = [theme.name for theme in pilot.app.themes_found]
        for name in [*names[1:], names[0]]:
            await pilot.press("T")
            assert pilot.app.theme == name
        await pilot.press("T")
        chosen = pilot.app.theme
    again = Cockpit(FakeHost(live=False).connector)
    async with again.run_test(size=(80, 24)) as pilot:
        await ready(pilot)
        assert again.theme == chosen, "remembered"


async def test_a_lost_host_is_said_and_comes_back_with_the_same_numbers(monkeypatch):
    monkeypatch.setattr(Model, "frame_age_ms", lambda self: 0.0)  # the numbers, not their ages
    host = FakeHost(live=False)
    async with Cockpit(host.connector).run_test(size=(120, 40)) as pilot:
        await ready(pilot)
        before = screen_text(pilot.app)
        host.drop()
        await until(pilot, lambda: "HOST LOST" in screen_text(pilot.app))
        host.up = True
        await until(pilot, lambda: screen_text(pilot.app) == before)


async def test_sixteen_colours_get_the_theme_that_is_made_of_them(monkeypatch):
    monkeypatch.delenv("COLORTERM")
    monkeypatch.setenv("TERM", "xterm")
    async with Cockpit(FakeHost(live=False).connector).run_test(size=(80, 24)) as pilot:
        await ready(pilot)
        assert pilot.app.theme == ("mmtui-ansi" if pilot.app.console.color_system == "standard" else "mmtui-dark")
    monkeypatch.setattr("rich.console.Console.color_system", property(lambda self: "standard"))
    async with Cockpit(FakeHost(live=False).connector).run_test(size=(80, 24)) as pilot:
        await ready(pilot)
        assert pilot.app.theme == "mmtui-ansi"
