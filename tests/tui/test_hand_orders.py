"""A manual ticket: typed, priced by the host, asked about, and only then sent; the desk's EXIT NOW key."""

import pytest
from fakedesk import FakeHost
from test_actions import USDM, ready, until
from test_questions import shown

from mmtui.tui.app import Cockpit
from mmtui.tui.proposing import ticket_words


@pytest.mark.parametrize(
    ("line", "means"),
    [
        ("buy 0.1 market", {"side": "buy", "size": "0.1", "price": "market"}),
        ("sell 0.2 @ 60,000 post-only", {"side": "sell", "size": "0.2", "price": "60000", "type": "post-only"}),
        ("ticket buy 1 5 reduce-only", {"side": "buy", "size": "1", "price": "5", "reduce_only": True}),
    ],
)
def test_a_ticket_is_read_as_a_trader_writes_it(line, means):
    assert ticket_words(line) == means


@pytest.mark.parametrize("line", ["", "buy", "hold 1 market", "buy 1 2 3 4"])
def test_what_is_no_ticket_is_one_sentence(line):
    assert isinstance(ticket_words(line), str)


async def typed(pilot, line):
    await ready(pilot)
    await pilot.press("M")
    await pilot.press(*["space" if c == " " else _KEYS.get(c, c) for c in line], "enter")


_KEYS = {".": "full_stop", "@": "at", "-": "minus"}


async def test_a_ticket_is_priced_then_confirmed_then_sent_as_it_was_priced(clock):
    host = FakeHost(live=False)
    async with Cockpit(host.connector).run_test(size=(120, 40)) as pilot:
        await typed(pilot, "sell 0.2 @ 60000 post-only")
        await until(pilot, shown(pilot.app))
        (priced,) = host.commands
        assert (priced.action, priced.instrument, priced.args["preview"]) == ("ticket", USDM, True)
        asked = pilot.app.controller.asking.ask
        assert asked.title == "TICKET usdm"
        assert asked.lines[1] == "expected cost 1.20, worst 3,000.00 USDT"
        await pilot.press("right")  # another instrument is looked at: the ticket stays where it was priced
        await pilot.press("enter")
        assert len(host.commands) == 1, "too early"
        clock.now += 0.31
        await pilot.press("enter")
        await until(pilot, lambda: len(host.commands) == 2)
        sent = host.commands[1]
        assert (sent.action, sent.instrument) == ("ticket", USDM)
        assert sent.args == {"side": "sell", "size": "0.2", "price": "60000", "type": "post-only"}


async def test_a_ticket_that_is_left_or_late_is_not_sent(clock):
    host = FakeHost(live=False)
    async with Cockpit(host.connector).run_test(size=(80, 24)) as pilot:
        await typed(pilot, "buy 0.1 market")
        await until(pilot, shown(pilot.app))
        clock.now += 0.4
        await pilot.press("escape", "enter")
        await pilot.press("M", "escape")
        await typed(pilot, "buy 0.1 market")
        await until(pilot, shown(pilot.app))
        clock.now += 5.1
        await until(pilot, lambda: pilot.app.controller.asking is None)
        await pilot.press("enter")
        await pilot.pause()
        assert [bool(c.args.get("preview")) for c in host.commands] == [True, True]


async def test_a_refused_ticket_says_why_and_a_bad_line_stays_open():
    host = FakeHost(live=False)
    async with Cockpit(host.connector).run_test(size=(120, 40)) as pilot:
        await typed(pilot, "buy now")
        assert "a ticket is buy|sell" in pilot.app.store.model.notice.text
        assert pilot.app.controller.asking is not None
        assert not host.commands
        await pilot.press("escape")
        await typed(pilot, "buy 99 market")
        await until(pilot, lambda: pilot.app.store.model.notice is not None)
        notice = pilot.app.store.model.notice.text
        assert notice == "ticket refused: above the position limit; nothing was sent"
        assert pilot.app.controller.asking is None


async def test_a_ticket_or_roll_of_the_palette_is_asked_about_too(clock):
    host = FakeHost(live=False)
    async with Cockpit(host.connector).run_test(size=(120, 40)) as pilot:
        await ready(pilot)
        await pilot.press("slash", *"roll", "space", *"DEC", "enter")
        await until(pilot, shown(pilot.app))
        assert host.commands[0].args == {"to": "DEC", "preview": True}
        clock.now += 0.31
        await pilot.press("enter")
        await until(pilot, lambda: len(host.commands) == 2)
        assert host.commands[1].args == {"to": "DEC"}


async def test_no_ticket_is_typed_in_a_replay_or_by_an_observer():
    for more, mode in (({"observe": True}, "DEMO"), ({}, "REPLAY")):
        host = FakeHost(mode=mode, live=False)
        async with Cockpit(host.connector, **more).run_test(size=(120, 40)) as pilot:
            await ready(pilot)
            await pilot.press("M")
            assert pilot.app.controller.asking is None
            assert not host.commands


async def test_exit_now_stands_in_the_header():
    host = FakeHost(live=False)
    async with Cockpit(host.connector).run_test(size=(120, 40)) as pilot:
        await ready(pilot)
        await pilot.press("e")
        await until(pilot, lambda: host.commands)
        assert [(c.action, c.instrument) for c in host.commands] == [("exit", None)]
        frame = host.maker.frame()
        for view in frame.instruments:
            view.exit = True
        host.push(frame)
        await until(pilot, lambda: pilot.app.store.model.frame is frame)
        pilot.app.tick()
        assert "EXIT NOW" in "".join(text for text, _ in pilot.app.canvases["header"].rows[0])
