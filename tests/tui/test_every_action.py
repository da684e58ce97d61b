"""The table of actions against a table of proofs: what each key does, and what it says where it does nothing.

An action that is added without a row here fails `test_every_action_has_its_proof`.
"""

from dataclasses import dataclass
from typing import Any

import pytest
from fakedesk import FakeHost
from test_actions import ready, until

from mmtui.link.messages import Heard, Transport
from mmtui.tui.actions import ACTIONS, BY_ID
from mmtui.tui.app import Cockpit
from mmtui.view.model import SCREENS


@dataclass
class Proof:
    """Keys before it, then what is different after it: `sends` acts, or `see` gives another value of the cockpit."""

    sends: tuple[str, dict[str, Any]] | None = None
    see: Any = None
    before: tuple[str, ...] = ()
    moves: str = ""  # a replay's transport op


def model(read):
    return lambda app: read(app.store.model)


def notice(app):
    return app.store.model.notice.text if app.store.model.notice else ""


def asked(app):
    return app.controller.asking.ask.action if app.controller.asking else ""


SENT = {
    "start": ("start", {}), "stop": ("stop", {}), "drain": ("stop", {"drain": True}), "pause": ("pause", {}),
    "resume": ("resume", {}), "reset": ("reset", {}), "undo": ("undo", {}), "wide": ("wide", {}),
    "size_down": ("size", {"pct": -10.0}), "size_up": ("size", {"pct": 10.0}),
    "tighter": ("spread", {"bps": -0.1}), "wider": ("spread", {"bps": 0.1}),
    "skew_down": ("skew", {"bps": -0.1}), "skew_up": ("skew", {"bps": 0.1}),
    "reduce": ("reduce", {}), "exit": ("exit", {}), "cancel": ("cancel", {}), "abort": ("abort", {}),
    "cancel_buys": ("cancel", {"side": "buy"}), "cancel_sells": ("cancel", {"side": "sell"}),
    "cancel_venue": ("cancel", {}), "cancel_desk": ("cancel", {}), "extend": ("extend", {}), "kill": ("kill", {}),
}  # fmt: skip

SEEN = {
    "flatten": Proof(see=asked), "close": Proof(see=asked), "hedge": Proof(see=asked), "ticket": Proof(see=asked),
    "limit": Proof(see=asked),
    "next_instrument": Proof(see=model(lambda m: m.selected)),
    "previous_instrument": Proof(see=model(lambda m: m.selected)),
    "next_venue": Proof(see=model(lambda m: m.selected)),
    "previous_venue": Proof(see=model(lambda m: m.selected)),
    "mark_next": Proof(see=model(lambda m: m.marked)), "mark_previous": Proof(see=model(lambda m: m.marked)),
    "next_screen": Proof(see=model(lambda m: m.screen)), "previous_screen": Proof(see=model(lambda m: m.screen)),
    "page_down": Proof(see=model(lambda m: m.scroll), before=("4",)),
    "page_up": Proof(see=model(lambda m: m.scroll), before=("4", "pagedown")),
    "coarser": Proof(see=model(lambda m: dict(m.steps))), "finer": Proof(see=model(lambda m: dict(m.steps))),
    "heat_span": Proof(see=model(lambda m: m.heat_span), before=("2",)),
    "filter": Proof(see=asked, before=("3",)), "sort": Proof(see=model(lambda m: m.sort), before=("3",)),
    "acknowledge": Proof(see=notice), "mute": Proof(see=model(lambda m: m.muted_until > 0)),
    "recentre": Proof(see=notice), "cumulative": Proof(see=model(lambda m: m.cumulative)),
    "adjust": Proof(see=model(lambda m: m.adjust)), "net": Proof(see=model(lambda m: m.net)),
    "meter": Proof(see=lambda app: app.metered), "default_layout": Proof(see=notice),
    "theme": Proof(see=lambda app: app.theme), "palette": Proof(see=lambda app: app.controller.palette),
    "help": Proof(see=lambda app: app.controller.look.helping),
    "leave": Proof(see=lambda app: app.controller.palette, before=("slash",)),
    "quit": Proof(see=lambda app: app.said),
    **{f"screen_{n}": Proof(see=model(lambda m: m.screen), before=("9",) if n == 1 else ())
       for n in range(1, len(SCREENS))},
    "screen_9": Proof(see=model(lambda m: m.screen)),
}  # fmt: skip

REPLAYED = {
    "replay_play": "pause", "replay_step": "step", "replay_back": "back", "replay_slower": "speed",
    "replay_faster": "speed", "next_fill": "next", "previous_fill": "prev", "next_alert": "next",
    "previous_alert": "prev", "next_key": "next", "previous_key": "prev",
}  # fmt: skip
#: Proven where their pages are: test_actions (a marked order, a parameter, a time), test_comparing, test_bookmarks.
ELSEWHERE = {
    "cancel_order", "profile_value", "replay_seek", "whatif", "whatif_difference", "bookmark", "next_bookmark",
    "previous_bookmark",
}  # fmt: skip


def test_every_action_has_its_proof():
    assert set(BY_ID) == {*SENT, *SEEN, *REPLAYED, *ELSEWHERE}


async def test_every_trading_key_sends_its_act_and_arguments():
    """One cockpit for all: what a key does does not depend on the key before it."""
    host = FakeHost(live=False)
    host.maker.spread = 1.0
    async with Cockpit(host.connector).run_test(size=(120, 40)) as pilot:
        await ready(pilot)
        for id, (act, args) in SENT.items():
            host.sent.clear()
            pilot.app.controller.pace.__init__()
            await pilot.press(BY_ID[id].keys[0])
            await pilot.pause()
            assert [(c.action, {k: c.args.get(k) for k in args}) for c in host.commands] == [
                (act, {k: pytest.approx(v, rel=0.2) if isinstance(v, float) else v for k, v in args.items()})
            ], id


@pytest.mark.parametrize("id", SEEN)
async def test_every_looking_key_changes_what_it_says(id):
    host = FakeHost(mode="PAPER", live=False)
    proof = SEEN[id]
    async with Cockpit(host.connector).run_test(size=(120, 40)) as pilot:
        await ready(pilot)
        app = pilot.app
        await pilot.press(*proof.before)
        if id == "recentre":
            app.store.model.tops["BTC"] = (1, 1, 1)
            await pilot.press("v")
            await pilot.pause()
            assert app.store.model.tops.get("BTC") != (1, 1, 1)
            return
        then = proof.see(app)
        await pilot.press(BY_ID[id].keys[0])
        await pilot.pause()
        assert proof.see(app) != then
        assert not host.commands
        if id == "acknowledge":
            assert any(isinstance(m, Heard) for m in host.sent)


async def test_every_key_of_the_tape_moves_it():
    host = FakeHost(mode="REPLAY", live=False)
    async with Cockpit(host.connector).run_test(size=(120, 40)) as pilot:
        await ready(pilot)
        for id, op in REPLAYED.items():
            host.sent.clear()
            await pilot.press(BY_ID[id].keys[0])
            await pilot.pause()
            moved = [m for m in host.sent if isinstance(m, Transport)]
            assert [(m.op, m.kind) for m in moved] == [(op, id.partition("_")[2] if op in ("next", "prev") else "")], id


async def test_in_a_replay_every_trading_key_says_that_nothing_is_sent():
    host = FakeHost(mode="REPLAY", live=False)
    async with Cockpit(host.connector).run_test(size=(80, 24)) as pilot:
        await ready(pilot)
        for action in ACTIONS:
            taken = any(key in other.keys for key in action.keys for other in ACTIONS if other.where == "replay")
            if not action.trades or (taken and action.id != "kill"):
                continue  # the tape has the key: it moves the tape
            for key in action.keys:
                pilot.app.store.model.notice = None
                await pilot.press(key)
                await pilot.pause()
                assert notice(pilot.app) == "replay: nothing is sent", (action.id, key)
        assert not host.commands and pilot.app.controller.asking is None


async def test_on_a_desk_the_keys_of_the_tape_say_where_they_work():
    host = FakeHost(live=False)
    async with Cockpit(host.connector).run_test(size=(80, 24)) as pilot:
        await ready(pilot)
        mine = {key for action in ACTIONS if action.where != "replay" for key in action.keys}
        only = [a for a in ACTIONS if a.where == "replay" and not set(a.keys) & mine]
        assert len(only) > 8
        for action in only:
            pilot.app.store.model.notice = None
            await pilot.press(action.keys[0])
            await pilot.pause()
            assert "works in a replay" in notice(pilot.app), action.id
        assert not host.commands


# ---------------------------------------------------------------- kill: in every screen, input, bar and palette

FIELDS = {
    "palette": ("slash", "s"), "ticket": ("M", "b"), "limit": ("L", "d"), "filter": ("3", "F", "u"),
    "parameter": ("7", "enter", "1"), "help": ("question_mark",), "flatten": ("f",), "close": ("C",), "hedge": ("H",),
}  # fmt: skip


@pytest.mark.parametrize("key", BY_ID["kill"].keys)
async def test_kill_in_every_screen(key):
    host = FakeHost(live=False)
    async with Cockpit(host.connector).run_test(size=(80, 24)) as pilot:
        await ready(pilot)
        for at, screen in enumerate(SCREENS, 1):
            await pilot.press(str(at))
            assert pilot.app.store.model.screen == screen
            host.sent.clear()
            await pilot.press(key)
            await pilot.pause()
            assert [c.action for c in host.commands] == ["kill"], screen


@pytest.mark.parametrize("field", FIELDS)
async def test_kill_in_every_input_and_bar(field):
    host = FakeHost(live=False)
    async with Cockpit(host.connector).run_test(size=(80, 24)) as pilot:
        await ready(pilot)
        if field == "parameter":
            await pilot.press("7")
            await until(pilot, lambda: pilot.app.store.model.params is not None)
        for key in BY_ID["kill"].keys:
            await pilot.press("escape", *FIELDS[field])
            app = pilot.app
            assert app.controller.asking or app.controller.palette is not None or app.controller.look.helping
            host.sent.clear()
            await pilot.press(key)
            await pilot.pause()
            assert [(c.action, c.instrument) for c in host.commands] == [("kill", None)], (field, key)


