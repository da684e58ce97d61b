"""Bookmarks of a replay: kept by session, jumped to both ways, drawn on the tape; a bad file costs only them."""

import msgspec
from fakedesk import FakeHost
from test_actions import ready, until

from mmtui.config.paths import state_dir
from mmtui.link.messages import Transport
from mmtui.tui.app import Cockpit
from mmtui.view.rows import plain
from mmtui.view.transport import near_marks, transport

S = 1_000_000_000


async def stand(pilot, host, at):
    host.maker.at, host.maker.playing = at, False
    frame = host.maker.frame()
    host.push(frame)
    await until(pilot, lambda: pilot.app.store.model.frame is frame)
    pilot.app.tick()


def seeks(host):
    return [m.at for m in host.sent if isinstance(m, Transport) and m.op == "seek"]


async def test_bookmarks_are_kept_jumped_to_and_taken_away():
    host = FakeHost(mode="REPLAY", live=False)
    start = host.maker.at
    async with Cockpit(host.connector).run_test(size=(120, 40)) as pilot:
        await ready(pilot)
        model = pilot.app.store.model
        for at in (start + 10 * S, start + 50 * S):
            await stand(pilot, host, at)
            await pilot.press("b")
        assert model.bookmarks == [start + 10 * S, start + 50 * S]
        assert "bookmark at" in model.notice.text
        assert plain(transport(model.frame.replay, 120, model.bookmarks)).count("◆") == 2
        assert any("bookmark" in plain(row) for row in near_marks(model.frame.replay, 80, 12, model.bookmarks))
        await stand(pilot, host, start + 30 * S)
        await pilot.press("l", "semicolon")
        assert seeks(host) == [start + 50 * S, start + 10 * S]
        await stand(pilot, host, start + 60 * S)
        await pilot.press("l")
        assert "no bookmark further on" in model.notice.text and len(seeks(host)) == 2
        await stand(pilot, host, start + 50 * S)
        await pilot.press("b")
        assert model.bookmarks == [start + 10 * S] and "taken away" in model.notice.text
    async with Cockpit(host.connector).run_test(size=(120, 40)) as pilot:
        await ready(pilot)
        pilot.app.tick()
        assert pilot.app.store.model.bookmarks == [start + 10 * S], "kept from one opening to the next"


async def test_a_bad_file_costs_the_bookmarks_alone():
    folder = state_dir() / "bookmarks"
    folder.mkdir()
    (folder / "desk-1.json").write_text("{what")
    host = FakeHost(mode="REPLAY", live=False)
    async with Cockpit(host.connector).run_test(size=(120, 40)) as pilot:
        await ready(pilot)
        assert pilot.app.store.model.bookmarks == []
        await pilot.press("l")
        assert "b keeps an instant" in pilot.app.store.model.notice.text
        await pilot.press("b")
        assert msgspec.json.decode((folder / "desk-1.json").read_bytes()) == [host.maker.at]
