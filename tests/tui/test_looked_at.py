"""What the cockpit asks of its host: whole books of what is on the screen, no more."""

from fakedesk import FakeHost
from test_actions import ready

from mmtui.link.messages import Item, View
from mmtui.tui.app import Cockpit
from mmtui.tui.store import Store


def asked(host):
    return next(message.near for message in reversed(host.sent) if isinstance(message, View))


async def test_whole_books_are_asked_for_by_screen_and_instrument():
    host = FakeHost()
    async with Cockpit(host.connector).run_test(size=(120, 40)) as pilot:
        await ready(pilot)
        chosen = pilot.app.store.model.instrument.id
        await pilot.press("2")
        await pilot.pause()
        assert asked(host) == [chosen]
        await pilot.press("5")
        await pilot.pause()
        assert asked(host) == []
        await pilot.press("1")
        await pilot.pause()
        assert asked(host) == [item.id for item in pilot.app.store.model.family()]


def test_orders_and_fills_wait_for_the_next_frame_and_answers_do_not():
    store = Store(False, "op1")
    for kind, waits in (("order", True), ("fill", True), ("result", False), ("state", False), ("alert", False)):
        store.changed = False
        store.apply(Item(n=0, ts=1, kind=kind, text="x"), 1.0)
        assert store.changed is not waits, kind
    assert len(store.model.fills) == 1
