"""The page of parameters in the cockpit: choosing, editing with a preview, back to the profile."""

from fakedesk import FakeHost
from test_actions import cockpit, ready, until

from mmtui.link.messages import ParamsRequest


def asked(host):
    return [m for m in host.sent if isinstance(m, ParamsRequest)]


async def on_page(pilot):
    await ready(pilot)
    await pilot.press("7")
    await until(pilot, lambda: pilot.app.store.model.params is not None)


async def test_a_value_is_edited_previewed_and_set():
    host = FakeHost(live=False)
    async with cockpit(host).run_test(size=(120, 40)) as pilot:
        await on_page(pilot)
        model = pilot.app.store.model
        await pilot.press("down", "enter")
        assert model.ask is not None and model.ask.title == "SET levels"
        await pilot.press("4")
        await until(pilot, lambda: asked(host)[-1].preview == {"levels": "4"})
        await until(pilot, lambda: model.params.then is not None)
        assert not host.commands
        await pilot.press("enter")
        await pilot.pause()
        assert [(c.action, c.args, c.instrument) for c in host.commands] == [
            ("set", {"levels": "4"}, model.instrument.id)
        ]
        assert model.ask is None and model.screen == "parameters"


async def test_escape_sends_nothing_and_the_preview_goes():
    host = FakeHost(live=False)
    async with cockpit(host).run_test(size=(120, 40)) as pilot:
        await on_page(pilot)
        await pilot.press("down", "enter", "4", "escape")
        await until(pilot, lambda: not asked(host)[-1].preview)
        assert not host.commands and pilot.app.store.model.ask is None


async def test_back_to_the_profile():
    host = FakeHost(live=False)
    async with cockpit(host).run_test(size=(120, 40)) as pilot:
        await on_page(pilot)
        await pilot.press("down", "y")
        await pilot.pause()
        assert [(c.action, c.args) for c in host.commands] == [("revert", {"keys": ["levels"]})]
        await pilot.press("1", "y")
        assert len(host.commands) == 1 and "page of parameters" in pilot.app.store.model.notice.text


async def test_a_replay_and_an_observer_cannot_edit():
    for made in (lambda: cockpit(FakeHost(mode="REPLAY", live=False)), lambda: cockpit(FakeHost(), observe=True)):
        async with made().run_test(size=(120, 40)) as pilot:
            await on_page(pilot)
            await pilot.press("down", "enter")
            assert pilot.app.store.model.ask is None and pilot.app.store.model.notice is not None


async def test_kill_works_while_a_value_is_typed():
    host = FakeHost(live=False)
    async with cockpit(host).run_test(size=(120, 40)) as pilot:
        await on_page(pilot)
        await pilot.press("down", "enter", "4", "ctrl+backslash")
        await pilot.pause()
        assert [c.action for c in host.commands] == ["kill"]


async def test_no_other_page_asks_the_host():
    host = FakeHost(live=False)
    async with cockpit(host).run_test(size=(120, 40)) as pilot:
        await ready(pilot)
        await pilot.press("2", "3", "4", "5", "6", "8", "9", "1")
        await pilot.pause()
        assert not asked(host)
