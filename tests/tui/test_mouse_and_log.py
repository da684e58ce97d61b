"""The mouse chooses what is looked at; alerts are counted, rung and acknowledged; a filter is typed."""

import pytest
from fakedesk import FakeHost
from fakeframes import INSTRUMENTS
from test_actions import ready, until

from mmtui.tui.app import Cockpit
from mmtui.tui.mouse import instrument_of
from mmtui.view.header import screen_at
from mmtui.view.model import SCREENS


async def test_a_click_on_a_screens_name_goes_there():
    async with Cockpit(FakeHost(live=False).connector).run_test(size=(120, 40)) as pilot:
        await ready(pilot)
        model = pilot.app.store.model
        for name in ("risk", "log", "desk"):
            row = "".join(text for text, _ in pilot.app.canvases["second"].rows[0])
            await pilot.click("#panel-second", offset=(row.index(f" {name}") + 2, 0))
            assert model.screen == name


def test_the_second_row_is_read_as_it_is_drawn(monkeypatch):
    from mmtui.view.model import Model

    model = Model()
    assert [screen_at(model, 80, x) for x in (0, 2, 9, 12)] == [0, 0, 1, 2]
    assert screen_at(model, 120, 119) == -1
    assert len(SCREENS) == 9


async def test_a_click_on_an_instruments_row_selects_it_and_sends_nothing():
    host = FakeHost(live=False)
    async with Cockpit(host.connector).run_test(size=(200, 50)) as pilot:
        await ready(pilot)
        model = pilot.app.store.model
        for panel in ("instruments", "inventory"):
            rows = ["".join(text for text, _ in row) for row in pilot.app.canvases[panel].rows]
            for item in INSTRUMENTS:
                at = next(n for n, row in enumerate(rows) if instrument_of(model, row) == INSTRUMENTS.index(item))
                await pilot.click(f"#panel-{panel}", offset=(3, at))
                assert model.instrument is item
        model.tops["BTC"] = (1, 1, 1)
        await pilot.click("#panel-ladder", offset=(20, 9))
        await until(pilot, lambda: model.tops.get("BTC") != (1, 1, 1))
        assert not host.commands


async def test_a_click_marks_an_order_and_the_wheel_scrolls_a_page():
    host = FakeHost(live=False)
    async with Cockpit(host.connector).run_test(size=(120, 40)) as pilot:
        await ready(pilot)
        app = pilot.app
        model = app.store.model
        await pilot.press("3")
        await until(pilot, lambda: "page" in app.canvases and len(app.canvases["page"].rows) > 5)
        row = "".join(text for text, _ in app.canvases["page"].rows[3])
        await pilot.click("#panel-page", offset=(10, 3))
        marked = next(o for o in model.frame.orders if o.oid == model.marked)
        assert ("BUY" if marked.side > 0 else "SELL") in row
        await pilot.press("9")
        for n in range(40):
            host.push(host.item("note", f"note {n}"))
        await until(pilot, lambda: len(model.log) == 40)
        from mmtui.tui.mouse import wheel

        wheel(app.controller, 1)
        assert model.scroll == 3
        wheel(app.controller, -1)
        assert model.scroll == 0
        await pilot.press("1")
        wheel(app.controller, 1)
        assert model.scroll == 0


async def test_danger_rings_once_and_h_acknowledges(monkeypatch):
    rung = []
    monkeypatch.setattr(Cockpit, "bell", lambda self: rung.append(1))
    host = FakeHost(live=False)
    async with Cockpit(host.connector).run_test(size=(120, 40)) as pilot:
        await ready(pilot)
        app = pilot.app
        host.push(host.item("alert", "usdm feed resynced", severity="warn"))
        await until(pilot, lambda: app.store.model.alerts)
        assert not rung
        host.push(host.item("alert", "position break", severity="danger"))
        await until(pilot, lambda: rung)
        app.tick()
        assert len(rung) == 1
        header = "".join(text for text, _ in app.canvases["header"].rows[0])
        assert "‼ 2 alerts" in header
        await pilot.press("h")
        header = "".join(text for text, _ in app.canvases["header"].rows[0])
        assert "alerts" not in header
        assert not app.store.model.unheard()
        monkeypatch.setenv("MMTUI_BELL", "0")
        host.push(host.item("alert", "another break", severity="danger"))
        await until(pilot, lambda: len(app.store.model.alerts) == 3 and not app.store.dangers)
        assert len(rung) == 1


async def test_a_filter_is_typed_on_its_pages_and_escape_takes_it_away():
    host = FakeHost(live=False)
    async with Cockpit(host.connector).run_test(size=(120, 40)) as pilot:
        await ready(pilot)
        app = pilot.app
        await pilot.press("F")
        assert "works on the pages orders, parameters, log" in app.store.model.notice.text
        for word in ("alpha", "beta"):
            host.push(host.item("note", f"note {word}"))
        await pilot.press("9", "F", *"beta", "enter")
        await until(pilot, lambda: app.controller.asking is None)
        assert app.store.model.filter == "beta"
        app.tick()
        said = "\n".join("".join(text for text, _ in row) for row in app.canvases["page"].rows)
        assert "note beta" in said
        assert "note alpha" not in said
        await pilot.press("escape")
        assert app.store.model.filter == ""
        assert not host.commands


@pytest.mark.parametrize("key", ["M", "slash"])
async def test_keys_right_after_an_opened_line_are_text_and_no_acts(key):
    host = FakeHost(live=False)
    async with Cockpit(host.connector).run_test(size=(120, 40)) as pilot:
        await ready(pilot)
        app = pilot.app
        app.controller.press(key)
        assert app.focused is not None
        assert app.focused.id == "typed"
