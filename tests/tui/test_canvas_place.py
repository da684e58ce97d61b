"""A panel that has moved is drawn whole by the compositor before the painter changes single cells of it."""

from fakedesk import FakeHost
from test_actions import cockpit, ready, until


async def test_every_panel_is_drawn_whole_where_it_stands():
    async with cockpit(FakeHost(live=False)).run_test(size=(130, 40)) as pilot:
        await ready(pilot)
        canvases = pilot.app.canvases
        await until(pilot, lambda: all(canvases[place.name].drawn for place in pilot.app.laid))


async def test_a_panel_that_moves_waits_for_the_compositor():
    async with cockpit(FakeHost(live=False)).run_test(size=(130, 40)) as pilot:
        await ready(pilot)
        canvas = pilot.app.canvases["ladder"]
        await until(pilot, lambda: canvas.drawn)
        canvas.move(("ladder", 0, 2, 60, 20))
        assert not canvas.drawn
        await until(pilot, lambda: canvas.drawn)
        canvas.move(("ladder", 0, 2, 60, 20))
        assert canvas.drawn, "the same place is no move"
