"""Pictures of whole screens; after a wanted change: pytest --snapshot-update, and look at them."""

import pytest
from fakedesk import FakeHost
from test_actions import ready, until

from mmtui.tui.app import Cockpit
from mmtui.view.model import Model


@pytest.fixture
def still(monkeypatch):
    """No age moves while the picture is taken."""
    monkeypatch.setattr(Model, "frame_age_ms", lambda self: 0.0)


@pytest.mark.parametrize(
    ("size", "theme", "keys"),
    [((120, 40), "mmtui-dark", []), ((80, 24), "mmtui-light", ["f12"]), ((80, 24), "mmtui-safe", ["slash"])],
    ids=["desk", "killed", "palette"],
)
def test_the_screen_looks_as_it_did(snap_compare, still, monkeypatch, size, theme, keys):
    monkeypatch.setenv("MMTUI_THEME", theme)
    host = FakeHost(live=False)

    async def settle(pilot):
        await ready(pilot)
        await pilot.press(*keys)
        if keys == ["f12"]:
            frame = host.maker.frame()
            host.push(frame)
            await until(pilot, lambda: pilot.app.store.model.frame is frame)
        await pilot.pause()
        pilot.app.store.model.echoes = []
        pilot.app.store.model.flash = ""
        pilot.app.store.changed = True
        pilot.app.tick()
        await until(pilot, lambda: not pilot.app.store.changed)
        await pilot.pause()

    assert snap_compare(Cockpit(host.connector), terminal_size=size, run_before=settle)
