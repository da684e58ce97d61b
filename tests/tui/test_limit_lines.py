"""Limits from the cockpit: lowered at once, raised only by the word and a reason typed after the engine's no."""

import pytest
from fakedesk import FakeHost
from fakeframes import INSTRUMENTS
from test_actions import cockpit, ready, until


async def typed(pilot, text):
    await pilot.press(*["space" if c == " " else c for c in text], "enter")
    await pilot.pause()


async def test_a_lower_limit_is_sent_at_once():
    host = FakeHost(live=False)
    async with cockpit(host).run_test(size=(120, 40)) as pilot:
        await ready(pilot)
        await pilot.press("L")
        await typed(pilot, "daily_loss=400")
        (cmd,) = host.commands
        assert (cmd.action, cmd.args, cmd.instrument, cmd.reason) == ("limit", {"daily_loss": 400}, None, "")
        await until(pilot, lambda: pilot.app.store.model.echoes[-1].state == "done")
        assert pilot.app.controller.asking is None


async def test_a_raise_needs_the_word_and_a_reason():
    host = FakeHost(live=False)
    async with cockpit(host).run_test(size=(120, 40)) as pilot:
        await ready(pilot)
        app = pilot.app
        await pilot.press("slash")
        await typed(pilot, "limit daily_loss=5000")
        await until(pilot, lambda: app.controller.asking is not None)
        assert app.controller.asking.ask.title == "RAISE daily_loss=5000"
        for text in ("yes", "raise", "because"):
            await typed(pilot, text)
            assert len(host.commands) == 1 and "nothing was raised" in app.store.model.notice.text
            app._typed.value = ""
        await typed(pilot, "raise risk has agreed")
        assert (host.commands[1].args, host.commands[1].reason) == ({"daily_loss": 5000}, "risk has agreed")
        assert app.controller.asking is None


async def test_escape_raises_nothing():
    host = FakeHost(live=False)
    async with cockpit(host).run_test(size=(120, 40)) as pilot:
        await ready(pilot)
        await pilot.press("slash")
        await typed(pilot, "limit daily_loss=5000")
        await until(pilot, lambda: pilot.app.controller.asking is not None)
        await pilot.press("escape")
        await pilot.pause()
        assert pilot.app.controller.asking is None and len(host.commands) == 1


async def test_a_position_limit_is_the_instruments():
    host = FakeHost(live=False)
    async with cockpit(host).run_test(size=(120, 40)) as pilot:
        await ready(pilot)
        await pilot.press("L")
        await typed(pilot, "max_position=0.5")
        assert host.commands[0].instrument == INSTRUMENTS[1].id


@pytest.mark.parametrize("text", ["daily_loss", "nothing=1", "daily_loss=", "daily_loss=1 max_position=1"])
async def test_a_line_that_is_none_sends_nothing(text):
    host = FakeHost(live=False)
    async with cockpit(host).run_test(size=(120, 40)) as pilot:
        await ready(pilot)
        await pilot.press("slash")
        await typed(pilot, f"limit {text}")
        assert not host.commands
        assert "limit" in pilot.app.store.model.notice.text


@pytest.mark.parametrize("how", ["replay", "observer"])
async def test_where_nothing_is_sent_it_says_so(how):
    host = FakeHost(mode="REPLAY" if how == "replay" else "PAPER", live=False)
    async with cockpit(host, observe=how == "observer").run_test(size=(120, 40)) as pilot:
        await ready(pilot)
        for press in (("L",), ("slash", *"limit", "space", *"leverage=1", "enter")):
            await pilot.press(*press)
            await pilot.pause()
            assert how in pilot.app.store.model.notice.text and not host.commands
