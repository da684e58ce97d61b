"""What is heard and when: danger once, again until acknowledged, muted for a time but for a kill."""

import asyncio

import pytest
from fakedesk import FakeHost
from test_actions import cockpit, ready, until

from mmtui.link.messages import Heard, Item
from mmtui.tui import alarms as heard_module
from mmtui.tui.alarms import Alarms, notify, sequence
from mmtui.tui.settings import AlertSettings, Settings, load_settings
from mmtui.tui.store import Store


def danger(n, text="position break", code="break"):
    return Item(n=n, ts=1, kind="alert", text=text, severity="danger", code=code)


@pytest.fixture
def store():
    return Store(False, "op1")


def made(store, **more):
    return Alarms(store, AlertSettings(**more))


def test_a_danger_is_heard_once_and_again_after_a_time_until_acknowledged(store):
    alarms = made(store, repeat_s=60.0)
    store.apply(danger(1), 0.0)
    assert alarms.due(0.0) == "position break"
    assert alarms.due(59.0) == ""
    assert alarms.due(60.0) == "not acknowledged: position break"
    assert alarms.due(61.0) == ""
    store.model.heard = 1
    assert alarms.due(500.0) == ""


def test_a_warning_is_not_heard(store):
    store.apply(Item(n=1, ts=1, kind="alert", text="resynced", severity="warn"), 0.0)
    assert made(store).due(0.0) == ""


def test_a_mute_is_silent_for_its_time_but_not_to_a_kill(store):
    alarms = made(store, repeat_s=60.0)
    alarms.mute("5", 100.0)
    assert store.model.muted_until == 400.0
    store.apply(danger(1), 101.0)
    assert alarms.due(101.0) == "" == alarms.due(399.0)
    store.apply(danger(2, "desk KILLED by op1", "state"), 150.0)
    assert alarms.due(150.0) == "desk KILLED by op1"
    assert alarms.due(210.0) == "not acknowledged: desk KILLED by op1"
    alarms.mute("off", 300.0)
    assert store.model.muted_until == 0.0


def test_after_the_mute_what_nobody_acknowledged_is_heard(store):
    alarms = made(store, repeat_s=60.0)
    alarms.mute("1", 0.0)
    store.apply(danger(1), 1.0)
    assert alarms.due(1.0) == ""
    assert alarms.due(61.0) == "not acknowledged: position break"


def test_a_repeat_of_nothing_never_comes(store):
    alarms = made(store, repeat_s=0.0)
    store.apply(danger(1), 0.0)
    alarms.due(0.0)
    assert alarms.due(10_000.0) == ""


@pytest.mark.parametrize("text", ["long", "-1", "481", "nan"])
def test_a_mute_that_cannot_be_is_one_sentence(store, text):
    made(store).mute(text, 0.0)
    assert store.model.muted_until == 0.0
    assert "at most 480, or off" in store.model.notice.text


def test_notices_of_the_terminal_are_escape_sequences_without_the_texts_own():
    assert sequence("osc9", "d", "a\x07b\x1b]52") == "\x1b]9;mmtui d: a?b?]52\x07"
    assert sequence("osc777", "d;e", "x") == "\x1b]777;notify;mmtui d,e;x\x07"
    assert sequence("off", "d", "x") == ""


def test_a_desktop_program_that_is_not_there_is_said(monkeypatch):
    monkeypatch.setattr(heard_module.shutil, "which", lambda name: None)
    assert "which is not here" in notify("d", "x")


def test_a_desktop_program_gets_the_text_as_an_argument(monkeypatch):
    calls = []
    monkeypatch.setattr(heard_module.shutil, "which", lambda name: name)
    monkeypatch.setattr(heard_module.subprocess, "Popen", lambda command, **more: calls.append(command))
    assert notify("d", "; rm -rf $HOME") == ""
    assert calls[0][-2:] == ["mmtui d", "; rm -rf $HOME"]


def test_settings_that_are_wrong_cost_only_themselves(tmp_path):
    path = tmp_path / "cockpit.toml"
    assert load_settings(path) == (Settings(), "")
    path.write_text('[alerts]\nbell = false\ndesktop = "osc9"\nrepeat_s = 30\n')
    settings, wrong = load_settings(path)
    assert settings.alerts == AlertSettings(False, "osc9", 30.0) and not wrong
    for text in ("[alerts", '[alerts]\ndesktop = "loud"', "[alert]\n", "[alerts]\nrepeat_s = -1"):
        path.write_text(text)
        settings, wrong = load_settings(path)
        assert settings == Settings() and wrong.startswith("cockpit.toml: ") and wrong.endswith("the defaults are used")


async def test_the_mute_stands_in_the_header_and_its_key_takes_it_away():
    host = FakeHost(live=False)
    async with cockpit(host).run_test(size=(140, 40)) as pilot:
        await ready(pilot)
        app = pilot.app
        await pilot.press("Z")
        await pilot.pause()
        assert "MUTED 10 min" in "".join(text for text, _ in app.canvases["header"].rows[0])
        await pilot.press("Z")
        assert app.store.model.muted_until == 0.0
        await pilot.press("slash", *"mute 30", "enter")
        assert "muted for 30 min" in app.store.model.notice.text


async def test_a_kill_is_heard_until_it_is_acknowledged():
    host = FakeHost(live=False)
    async with cockpit(host).run_test(size=(120, 40)) as pilot:
        await ready(pilot)
        app = pilot.app
        host.push(host.item("state", "desk RUNNING -> KILLED", severity="danger", code="state"))
        await until(pilot, lambda: app.controller.alarms._waiting is not None)
        await pilot.press("h")
        app.tick()
        assert app.controller.alarms._waiting is None


async def test_an_acknowledgement_is_told_to_the_host():
    host = FakeHost(live=False)
    async with cockpit(host).run_test(size=(120, 40)) as pilot:
        await ready(pilot)
        host.push(host.item("alert", "position break", severity="danger"))
        await until(pilot, lambda: pilot.app.store.model.alerts)
        await pilot.press("h")
        await asyncio.sleep(0)
        await pilot.pause()
        assert [m.n for m in host.sent if isinstance(m, Heard)] == [1]
