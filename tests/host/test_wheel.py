"""Who drives: said to everyone, by a lease that the newest act takes and that hinders nobody."""

from __future__ import annotations

import asyncio
import os

import msgspec
from test_host_hub import FakeStage, hello

from mmtui.host.hub import Hub
from mmtui.host.wheel import LEASE_S, Wheel
from mmtui.link.messages import Cmd, StatusRequest


def test_a_lease_is_of_the_newest_act_and_ends_by_itself():
    wheel = Wheel()
    assert wheel.driver(10.0) == ""
    assert wheel.take("ann (local)", 10.0) == ""
    assert wheel.take("ann (local)", 20.0) == ""
    assert wheel.driver(19.0 + LEASE_S) == "ann (local)"
    assert wheel.take("bob (ssh)", 30.0) == "ann (local)"
    assert wheel.driver(31.0) == "bob (ssh)"
    assert wheel.driver(30.0 + LEASE_S) == ""
    assert wheel.take("ann (local)", 31.0 + LEASE_S) == ""  # from nobody


def clients(hub, *names, client="cockpit"):
    found = []
    for name in names:
        one = hub.accept(os.getuid(), 1)
        one.sent = []
        one.send = one.sent.append
        hub.receive(one, hello(operator=name, client=client))
        found.append(one)
    return found


def test_acts_take_the_wheel_escalations_do_not_and_everyone_sees_who_has_it():
    loop = asyncio.new_event_loop()
    stage = FakeStage()
    hub = Hub(stage, loop, os.getuid())
    ann, bob = clients(hub, "ann", "bob")
    assert hub.operators == ["ann (local)", "bob (local)"]
    hub.receive(ann, Cmd(id="1", action="start"))
    assert hub.operators == ["ann (local) drives", "bob (local)"]
    for n, action in enumerate(("pause", "stop", "kill")):
        hub.receive(bob, Cmd(id=f"e{n}", action=action))
    assert hub.operators == ["ann (local) drives", "bob (local)"]
    hub.receive(bob, Cmd(id="2", action="spread"))
    assert hub.operators == ["ann (local)", "bob (local) drives"]
    assert stage.journalled.count("drives") == 1
    assert stage.acts == ["start", "pause", "stop", "kill", "spread"]  # nothing is held back
    (far,) = clients(hub, "eve", client="ctl")
    hub.receive(far, Cmd(id="3", action="size"))
    assert hub.operators == ["ann (local)", "bob (local)", "eve (local) drives"]
    hub.receive(far, StatusRequest(id="s"))
    assert msgspec.msgpack.decode(far.sent[-1].body)["driver"] == "eve (local)"
    loop.close()
