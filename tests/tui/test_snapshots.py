"""Pictures of whole screens; after a wanted change: pytest --snapshot-update, and look at them."""

from typing import NamedTuple

import msgspec
import pytest
from fakedesk import FakeHost
from fakeframes import S
from test_actions import ready, until

from mmtui.link.replayed import RunRow, RunView, WhatifView
from mmtui.tui.app import Cockpit
from mmtui.tui.asking import Asking
from mmtui.view.model import SCREENS, Model

NARROW, MIDDLE, WIDE = (80, 24), (120, 40), (200, 50)


class Shot(NamedTuple):
    keys: tuple[str, ...] = ()
    size: tuple[int, int] = MIDDLE
    theme: str = "mmtui-dark"
    mode: str = "DEMO"


#: Each screen once at least; sizes and themes go round.
SHOTS = {
    "desk": Shot(),
    "killed": Shot(("f12",), NARROW, "mmtui-light"),
    "palette": Shot(("slash",), NARROW, "mmtui-safe"),
    "desk-wide": Shot((), WIDE, "mmtui-light"),
    "heat": Shot(("2",)),
    "orders": Shot(("3", "o"), MIDDLE, "mmtui-light"),
    "risk": Shot(("4",), NARROW, "mmtui-contrast"),
    "pnl": Shot(("5",), MIDDLE, "mmtui-ansi"),
    "venues": Shot(("6",), NARROW),
    "parameters": Shot(("7", "down"), NARROW, "mmtui-light"),
    "why": Shot(("8",), MIDDLE, "mmtui-amber"),
    "log": Shot(("9",), MIDDLE, "mmtui-paper"),
    "help": Shot(("question_mark",), MIDDLE, "mmtui-safe"),
    "flatten": Shot(("f",), NARROW),
    "ticket": Shot(("M",), NARROW, "mmtui-light"),
    "replay": Shot(("b",), NARROW, mode="REPLAY"),
    "whatif": Shot(("w",), NARROW, "mmtui-ansi", "REPLAY"),
}


@pytest.fixture
def still(monkeypatch):
    """No age moves while the picture is taken, and a question stays as it opened."""
    monkeypatch.setattr(Model, "frame_age_ms", lambda self: 0.0)
    monkeypatch.setattr(Asking, "written", lambda self, now: None)


def compared(replay):
    """Three runs beside each other, with the first decision that differs."""
    def run(name, total):
        row = RunRow(
            id="sim-usdm:BTCUSDT", bid="61656.5", ask="61663.1", bid_size="0.05", ask_size="0.05", reason_bid="",
            reason_ask="", position="-0.792", orders=1, fills=1, pnl=total,
        )  # fmt: skip
        return RunView(name=name, rows=[row], pnl={"total": total})

    runs = [run("recorded", "10"), run("as it was", "8.5"), run("what if", "11")]
    was, then = "sim-usdm:BTCUSDT BUY 0.05 @ 61654.2", "sim-usdm:BTCUSDT BUY 0.05 @ 61652.9"
    found = WhatifView(what="spread_bps=8", progress=1.0, at=replay.at, runs=runs, first=replay.start + 40 * S,
                       was=was, then=then)  # fmt: skip
    return msgspec.structs.replace(replay, whatif=found)


async def brought(pilot, host, frame):
    host.push(frame)
    await until(pilot, lambda: pilot.app.store.model.frame is frame)


async def posed(pilot, host, name, shot):
    """The screen of a shot, with what it needs to have seen."""
    await ready(pilot)
    model = pilot.app.store.model
    if name in ("heat", "pnl", "orders"):
        for k in range(60):  # a minute of frames, at once
            frame = host.maker.frame()
            frame.ts += k * S
            pilot.app.store.apply(frame, 0.0)
            host.maker.mid += host.maker.rng.gauss(0, 1.5)
    if name == "orders":
        pilot.app.store.apply(host.fill(), 0.0)
    if name == "log":
        for text, how in (("usdm feed resynced in 210 ms", "warn"), ("sim-spot feed down", "danger")):
            pilot.app.store.apply(host.item("alert", text, severity=how), 0.0)
    if name == "whatif":
        frame = host.maker.frame()
        await brought(pilot, host, msgspec.structs.replace(frame, replay=compared(frame.replay)))
    await pilot.press(*shot.keys)
    if name == "killed":
        await brought(pilot, host, host.maker.frame())
    if name == "parameters":
        await until(pilot, lambda: model.params is not None)
    if name == "whatif":
        model.screen = "whatif"
        pilot.app.controller.dismiss()
    model.echoes, model.flash, model.notice = [], "", None


@pytest.mark.parametrize("name", SHOTS)
def test_the_screen_looks_as_it_did(snap_compare, still, monkeypatch, name):
    shot = SHOTS[name]
    monkeypatch.setenv("MMTUI_THEME", shot.theme)
    host = FakeHost(mode=shot.mode, live=False)

    async def settle(pilot):
        await posed(pilot, host, name, shot)
        await pilot.pause()
        model = pilot.app.store.model
        model.echoes, model.flash, model.notice = [], "", None
        pilot.app.store.changed = True
        pilot.app.tick()
        await until(pilot, lambda: not pilot.app.store.changed)
        await pilot.pause()
        assert name not in SCREENS or model.screen == name

    assert snap_compare(Cockpit(host.connector), terminal_size=shot.size, run_before=settle)


def test_every_screen_has_its_picture():
    assert set(SCREENS) < set(SHOTS)
