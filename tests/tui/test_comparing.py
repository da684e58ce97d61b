"""The what-if beside a replay, from key and palette."""

import pytest
from test_actions import FakeHost, cockpit, ready

from mmtui.link.messages import Transport
from mmtui.link.replayed import WhatifView


def moves(host):
    return [m for m in host.sent if isinstance(m, Transport)]


@pytest.mark.parametrize(
    ("line", "args", "everywhere"),
    [
        ("whatif spread_bps=8", {"spread_bps": "8"}, False),
        ("whatif all levels=3 size=1", {"levels": "3", "size": "1"}, True),
    ],
)
async def test_the_palette_runs_one(line, args, everywhere):
    host = FakeHost(mode="REPLAY", live=False)
    async with cockpit(host).run_test(size=(120, 40)) as pilot:
        await ready(pilot)
        await pilot.press("slash", *line, "enter")
        await pilot.pause()
        (move,) = moves(host)
        assert (move.op, move.args) == ("whatif", args)
        assert bool(move.instrument) is not everywhere
        assert pilot.app.store.model.screen == "whatif"
        await pilot.press("tab")
        assert pilot.app.store.model.screen == "desk"


async def test_a_line_that_is_none_says_how():
    host = FakeHost(mode="REPLAY", live=False)
    async with cockpit(host).run_test(size=(120, 40)) as pilot:
        await ready(pilot)
        await pilot.press("w", *"wider", "enter")
        assert "KEY=VALUE" in pilot.app.store.model.notice.text
        assert not moves(host)
        await pilot.press("slash", *"whatif off", "enter")
        assert moves(host)[-1].args == {} and pilot.app.store.model.screen == "desk"


async def test_live_it_says_why_not():
    host = FakeHost(mode="PAPER", live=False)
    async with cockpit(host).run_test(size=(120, 40)) as pilot:
        await ready(pilot)
        await pilot.press("slash", *"whatif spread_bps=8", "enter")
        assert "mmtui whatif SESSION" in pilot.app.store.model.notice.text
        assert not moves(host)


async def test_j_goes_to_the_first_difference():
    host = FakeHost(mode="REPLAY", live=False)
    async with cockpit(host).run_test(size=(120, 40)) as pilot:
        await ready(pilot)
        model = pilot.app.store.model
        model.frame.replay.whatif = WhatifView(what="x=1", progress=0.5, at=0, runs=[])
        await pilot.press("j")
        assert model.notice.text == "no decision differs in 50% of the session so far"
        model.frame.replay.whatif.first = 1_763_647_440 * 10**9
        await pilot.press("j")
        await pilot.pause()
        assert (moves(host)[-1].op, moves(host)[-1].at) == ("seek", 1_763_647_440 * 10**9)
