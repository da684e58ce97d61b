"""Every action of the table: its key reaches the host as the right command, or changes what is shown."""

from time import monotonic

import pytest
from fakedesk import FakeHost
from fakeframes import INSTRUMENTS

from mmtui.core.commands import BY_NAME
from mmtui.link.messages import Transport, View
from mmtui.tui.actions import ACTIONS, BY_ID, Keymap
from mmtui.tui.app import Cockpit
from mmtui.tui.commands import parse_line

USDM = INSTRUMENTS[1].id
SENDS = [a for a in ACTIONS if a.trades and a.id not in ("flatten", "close", "hedge", "ticket", "limit")]
LOOKS = [a for a in ACTIONS if not a.trades and a.where != "replay"]
REPLAYS = [a for a in ACTIONS if a.where == "replay" and "bookmark" not in a.id]  # those: test_bookmarks.py


async def until(pilot, come):
    """Wait for something to come to pass, however slow the machine is."""
    end = monotonic() + 30
    while not come():
        assert monotonic() < end, "it did not come to pass"
        await pilot.pause(0.02)


async def ready(pilot):
    app = pilot.app
    await until(pilot, lambda: app.store.model.frame is not None and app.laid and not app.store.changed)
    await pilot.pause()


def cockpit(host, **more):
    return Cockpit(host.connector, **more)


@pytest.mark.parametrize("action", SENDS, ids=lambda a: a.id)
async def test_a_trading_key_sends_its_act_once(action):
    host = FakeHost(live=False)
    async with cockpit(host).run_test(size=(120, 40)) as pilot:
        await ready(pilot)
        if action.id == "cancel_order":
            await pilot.press("o")
        if action.id == "profile_value":
            await pilot.press("7")
            await until(pilot, lambda: pilot.app.store.model.params is not None)
        await pilot.press(action.keys[0])
        await pilot.pause()
        assert len(host.commands) == 1
        cmd = host.commands[0]
        assert cmd.action == action.act
        assert cmd.action in BY_NAME
        assert (cmd.instrument == USDM) is (action.scope == "instrument")
        assert (cmd.venue == "sim-usdm") is (action.scope == "venue")
        assert cmd.version == 1
        assert cmd.id
        echo = pilot.app.store.model.echoes[-1]
        assert (echo.id, echo.state) == (cmd.id, "done")


@pytest.mark.parametrize("action", LOOKS, ids=lambda a: a.id)
async def test_a_looking_key_sends_nothing_and_does_not_fail(action):
    host = FakeHost(mode="PAPER", live=False)
    app = cockpit(host)
    async with app.run_test(size=(120, 40)) as pilot:
        await ready(pilot)
        await pilot.press(action.keys[0])
        await pilot.pause()
        assert not host.commands
    if action.id == "quit":
        assert app.return_code == 0
        assert "mmtui attach demo" in app.said


@pytest.mark.parametrize("action", REPLAYS, ids=lambda a: a.id)
async def test_replay_keys_move_the_tape(action):
    host = FakeHost(mode="REPLAY", live=False)
    async with cockpit(host).run_test(size=(120, 40)) as pilot:
        await ready(pilot)
        await pilot.press(action.keys[0])
        if action.id == "replay_seek":
            await pilot.press(*"14:05:06", "enter")
        if action.id == "whatif":
            await pilot.press(*"spread_bps=8", "enter")
        await pilot.pause()
        if action.id == "whatif_difference":
            assert "w asks for one" in pilot.app.store.model.notice.text
            return
        moves = [m for m in host.sent if isinstance(m, Transport)]
        assert len(moves) == 1
        want = {
            "replay_play": "pause",
            "replay_step": "step",
            "replay_back": "back",
            "replay_slower": "speed",
            "replay_faster": "speed",
            "replay_seek": "seek",
            "whatif": "whatif",
        }.get(action.id, "next" if action.id.startswith("next") else "prev")
        assert moves[0].op == want
        if action.id == "replay_seek":
            assert moves[0].at % (60 * 10**9) == 6 * 10**9
        if want in ("next", "prev"):
            assert moves[0].kind == action.id.partition("_")[2]
        if want == "speed":
            assert moves[0].value == (2.0 if action.id == "replay_slower" else 8.0)


@pytest.mark.parametrize("key", ["s", "x", "ctrl+backslash", "f12", "f", "c", "right_square_bracket"])
async def test_in_a_replay_nothing_is_sent(key):
    host = FakeHost(mode="REPLAY", live=False)
    async with cockpit(host).run_test(size=(80, 24)) as pilot:
        await ready(pilot)
        await pilot.press(key)
        await pilot.pause()
        assert not host.commands
        assert pilot.app.store.model.notice.text == "replay: nothing is sent"


async def test_an_observer_only_looks_and_kills():
    host = FakeHost(live=False)
    async with cockpit(host, observe=True).run_test(size=(120, 40)) as pilot:
        await ready(pilot)
        await pilot.press("s", "x", "f", "enter", "c", "right_square_bracket")
        assert not host.commands
        await pilot.press("f12")
        await pilot.pause()
        assert [c.action for c in host.commands] == ["kill"]


async def test_spread_steps_by_a_tick_or_a_tenth():
    host = FakeHost(live=False)
    host.maker.spread = 6.0
    async with cockpit(host).run_test(size=(120, 40)) as pilot:
        await ready(pilot)
        await pilot.press("right_square_bracket", "left_square_bracket", "right_curly_bracket")
        assert [c.args["bps"] for c in host.commands] == [0.6, -0.6, 0.6]
        host.maker.spread = 0.1
        frame = host.maker.tick()
        host.push(frame)
        await until(pilot, lambda: pilot.app.store.model.frame is frame)
        await pilot.press("right_square_bracket")
        tick = 0.1 / 61_660 * 10_000
        assert host.commands[-1].args["bps"] == pytest.approx(max(tick, 0.01), abs=2e-4)


async def test_ten_steps_a_second_are_taken(clock):
    host = FakeHost(live=False)
    async with cockpit(host).run_test(size=(120, 40)) as pilot:
        await ready(pilot)
        for _ in range(14):
            pilot.app.controller.press("right_square_bracket")
        await pilot.pause()
        assert len(host.commands) == 10
        assert "ten steps a second" in pilot.app.store.model.notice.text


async def test_the_palette_finds_and_does_every_action():
    host = FakeHost(live=False)
    async with cockpit(host).run_test(size=(120, 40)) as pilot:
        await ready(pilot)
        app = pilot.app
        for entry in Keymap().listing(False):
            if entry.id in ("palette", "leave"):
                continue
            app.controller.palette = entry.id.replace("_", " ")
            assert app.controller.found()[0][1] == entry.id.replace("_", " ")
        app.controller.palette = None
        await pilot.press("slash", *"start", "enter")
        await pilot.press("ctrl+p", *"skew -2.5", "enter")
        await pilot.press("slash", *"set levels=3 size=0.1", "enter")
        await pilot.pause()
        assert [(c.action, c.args) for c in host.commands] == [
            ("start", {}),
            ("skew", {"bps": -2.5}),
            ("set", {"levels": "3", "size": "0.1"}),
        ]
        await pilot.press("slash", *"zzzz", "enter")
        assert "no action has that name" in app.store.model.notice.text
        assert len(host.commands) == 3


async def test_screens_are_walked_both_ways_and_by_number():
    async with cockpit(FakeHost(live=False)).run_test(size=(120, 40)) as pilot:
        await ready(pilot)
        model = pilot.app.store.model
        await pilot.press("tab")
        assert model.screen == "heat"
        await pilot.press("shift+tab", "shift+tab")
        assert model.screen == "log"
        await pilot.press("5")
        assert model.screen == "pnl"


async def test_instruments_venues_and_orders_are_chosen():
    async with cockpit(FakeHost(live=False)).run_test(size=(120, 40)) as pilot:
        await ready(pilot)
        model = pilot.app.store.model
        assert model.instrument.id == USDM, "begins on the market that is quoted"
        await pilot.press("right")
        assert model.instrument.venue == "sim-coinm"
        await pilot.press("down")
        assert model.instrument.venue == "sim-spot"
        await pilot.press("up", "left")
        await pilot.press("o")
        first = model.marked
        await pilot.press("o")
        assert {first, model.marked} < {o.oid for o in model.frame.orders}
        assert first != model.marked


def test_every_act_of_the_engine_has_a_key_or_a_line():
    keyed = {a.act for a in ACTIONS if a.act}
    assert set(BY_NAME) - keyed == {"set", "profile", "shutdown", "hedge", "roll", "incentive"}


@pytest.mark.parametrize(
    ("line", "means"),
    [
        ("ticket buy 0.1 market", ("ticket", {"side": "buy", "size": "0.1", "price": "market"})),
        ("hedge off", ("hedge", {"op": "off"})),
        ("hedge set band=0.2", ("hedge", {"op": "set", "band": 0.2})),
        ("roll usdm:BTC_DEC", ("roll", {"to": "usdm:BTC_DEC"})),
        ("hedge", None),
    ],
)
def test_ticket_hedge_and_roll_are_typed_in_the_palette(line, means):
    assert parse_line(None, line) == means
    assert parse_line(None, "ticket buy").startswith("usage: ticket ")


def test_no_key_means_two_things_in_one_mode():
    keymap = Keymap()
    for replaying in (False, True):
        seen = {}
        for action in ACTIONS:
            if action.where == ("live" if replaying else "replay"):
                continue
            for key in action.keys:
                assert seen.setdefault(key, action.id) == action.id, key
                assert keymap.resolve(key, replaying) is action


def test_ids_are_stable_words():
    assert all(id.replace("_", "").isalnum() and id.islower() for id in BY_ID)


async def test_frames_a_second_are_asked_for():
    host = FakeHost(live=False)
    async with cockpit(host).run_test(size=(120, 40)) as pilot:
        await ready(pilot)
        await pilot.press("slash", *"fps 5", "enter")
        await pilot.press("slash", *"fps 99", "enter")
        await pilot.pause()
        assert list(dict.fromkeys(m.fps for m in host.sent if isinstance(m, View))) == [10.0, 5.0]
        assert "from 2 to 30" in pilot.app.store.model.notice.text
