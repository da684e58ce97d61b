"""Kill works from everywhere, asks nothing, and tells requested, acknowledged and proven apart."""

import pytest
from fakedesk import FakeHost
from test_actions import ready, until

from mmtui.tui.app import Cockpit
from mmtui.tui.keymap import load_keymap

WAYS = {
    "desk": (),
    "palette": ("slash", "s", "t"),
    "help": ("question_mark",),
    "confirm bar": ("f",),
    "orders": ("2",),
    "alerts": ("4",),
}


@pytest.mark.parametrize("key", ["ctrl+backslash", "f12"])
@pytest.mark.parametrize("way", WAYS)
async def test_kill_from_everywhere(way, key):
    host = FakeHost(live=False)
    async with Cockpit(host.connector).run_test(size=(120, 40)) as pilot:
        await ready(pilot)
        await pilot.press(*WAYS[way])
        await pilot.press(key)
        await pilot.pause()
        assert [c.action for c in host.commands] == ["kill"]
        assert host.commands[0].instrument is None
        assert host.commands[0].venue is None


async def test_kill_from_the_field_of_a_reason():
    host = FakeHost(live=False)
    async with Cockpit(host.connector).run_test(size=(120, 40)) as pilot:
        await ready(pilot)
        host.maker.state = "HALTED"
        frame = host.maker.tick()
        host.push(frame)
        await until(pilot, lambda: pilot.app.store.model.frame is frame)
        await pilot.press("r", *"wh", "ctrl+backslash")
        await pilot.pause()
        assert [c.action for c in host.commands] == ["kill"]


@pytest.mark.parametrize("size", [(80, 24), (40, 10), (39, 9), (12, 3)])
async def test_kill_at_any_size(size):
    host = FakeHost(live=False)
    async with Cockpit(host.connector).run_test(size=size) as pilot:
        await ready(pilot)
        await pilot.press("f12")
        await pilot.pause()
        assert [c.action for c in host.commands] == ["kill"]


async def test_requested_acknowledged_proven():
    host = FakeHost(live=False)
    answers = []
    host.push = answers.append
    async with Cockpit(host.connector).run_test(size=(120, 40)) as pilot:
        await ready(pilot)
        await pilot.press("f12")
        await pilot.pause()
        store = pilot.app.store
        assert store.model.echoes[-1].state == "requested"
        for message in answers:
            store.apply(message, 1e9)
        assert store.model.echoes[-1].state == "done"
        frame = host.maker.tick()
        store.apply(frame, 1e9)
        assert store.model.echoes[-1].state == "done", "not yet proven"
        frame.trip.proven = True
        store.apply(frame, 1e9)
        assert store.model.echoes[-1].state == "proven"


async def test_a_kill_without_a_host_is_kept_and_said():
    host = FakeHost(live=False)
    async with Cockpit(host.connector).run_test(size=(120, 40)) as pilot:
        await ready(pilot)
        host.drop()
        await until(pilot, lambda: pilot.app.store.model.link == "lost")
        await pilot.press("f12", "s")
        echoes = pilot.app.store.model.echoes
        assert "mmtui kill demo" in echoes[0].label
        assert (echoes[1].state, echoes[1].text) == ("refused", "no host: nothing was sent")
        assert not host.commands
        host.up = True
        await until(pilot, lambda: pilot.app.store.model.link == "up" and host.commands)
        assert [c.action for c in host.commands] == ["kill"], "the kill is sent on return, the start is not"


async def test_kill_on_its_moved_key(tmp_path):
    file = tmp_path / "keymap.toml"
    file.write_text('[keys]\nkill = "f9"\n')
    host = FakeHost(live=False)
    async with Cockpit(host.connector, keymap=load_keymap(file)).run_test(size=(120, 40)) as pilot:
        await ready(pilot)
        await pilot.press("slash", "f12")
        assert not host.commands
        await pilot.press("f9")
        await pilot.pause()
        assert [c.action for c in host.commands] == ["kill"]
