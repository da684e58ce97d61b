"""The hub: two lanes, greetings, rights, and clients that do not read."""

from __future__ import annotations

import asyncio
import os
import tempfile
from pathlib import Path

import pytest

from mmtui.host import hub as hub_module
from mmtui.host.hub import Hub, clean
from mmtui.host.lane import KEEP, Lane
from mmtui.host.server import Server
from mmtui.link.client import connect, open_connection
from mmtui.link.codec import LinkError
from mmtui.link.messages import (
    PROTOCOL,
    Cmd,
    Frame,
    Hello,
    Item,
    Refused,
    Snapshot,
    Status,
    StatusRequest,
    View,
    Welcome,
)
from mmtui.link.parts import PnlView


class FakeStage:
    """A stage that shows nothing and remembers what it was asked."""

    def __init__(self):
        self.acts = []
        self.refused = []
        self.journalled = []
        self.frames = 0
        self.padding = ""
        self.behind = False

    def welcome(self, role):
        return Welcome(
            protocol=PROTOCOL,
            name="fake",
            mode="PAPER",
            session="s",
            role=role,
            currency="USDT",
            instruments=[],
            venues=[],
            simulated=False,
            profiles=[],
        )

    def frame(self, view, cockpits, operators):
        self.frames += 1
        pnl = PnlView(ccy="USDT", total="0", parts={}, day="0", drawdown="0", history=[], rate_age_ms=0)
        return Frame(
            ts=self.frames,
            version=1,
            state="PAUSED",
            state_since=0,
            state_reason=self.padding,
            ended=False,
            books=[],
            orders=[],
            instruments=[],
            venues=[],
            assets=[],
            gauges=[],
            pnl=pnl,
            tasks=[],
            plans=[],
            trip=None,
            replay=None,
            loop_lag_ms=0.0,
            cockpits=cockpits,
            operators=operators,
        )

    def status(self, cockpits):
        return {"state": "PAUSED"}

    def command(self, cmd, who):
        self.acts.append(cmd.action)

    def transport(self, message):
        self.acts.append(message.op)

    def refuse(self, cmd, why, who):
        self.refused.append((cmd.action, why))

    def observer_may(self, action):
        return action == "kill"

    def journal(self, kind, **fields):
        self.journalled.append(kind)


def hello(role="operator", client="cockpit", protocol=PROTOCOL, operator="op1"):
    return Hello(protocol=protocol, role=role, operator=operator, origin="local", client=client)


def note(text="x"):
    return Item(n=0, ts=0, kind="note", text=text)


@pytest.fixture
async def served():
    """A hub behind a socket, and the path of that socket."""
    folder = Path(tempfile.mkdtemp(prefix="mm"))
    stage = FakeStage()
    hub = Hub(stage, asyncio.get_running_loop(), os.getuid())
    server = Server(folder / "x.sock", hub)
    yield hub, stage, folder / "x.sock"
    server.close()
    hub.close("the end")
    await asyncio.sleep(0.01)
    folder.rmdir()


async def receive(connection, kind, tries=200):
    for _ in range(tries):
        message = await asyncio.wait_for(connection.__anext__(), 5)
        if isinstance(message, kind):
            return message
    raise AssertionError(kind)


async def test_welcome_then_snapshot_then_items_without_a_hole(served):
    hub, _, path = served
    hub.publish([note("before")])
    async with connect(path, hello()) as connection:
        assert isinstance(await connection.__anext__(), Welcome)
        snapshot = await connection.__anext__()
        assert isinstance(snapshot, Snapshot)
        assert [item.text for item in snapshot.items] == ["before"]
        hub.publish([note(str(k)) for k in range(5)])
        got = [await receive(connection, Item) for _ in range(5)]
        assert [item.n for item in got] == [snapshot.n + 1 + k for k in range(5)]


async def test_frames_come_only_when_they_are_asked_for(served):
    _, stage, path = served
    async with connect(path, hello()) as connection:
        await receive(connection, Snapshot)
        await asyncio.sleep(0.2)
        assert stage.frames == 0
        await connection.send(View(fps=30.0))
        first = await receive(connection, Frame)
        second = await receive(connection, Frame)
        assert second.ts > first.ts
        assert first.cockpits == 1
        assert first.operators == ["op1 (local)"]


async def test_a_client_that_does_not_read_is_left_behind_and_gets_a_snapshot_when_it_reads_again(served):
    hub, stage, path = served
    stage.padding = "p" * 50_000
    slow = await open_connection(path, hello())
    await slow.send(View(fps=30.0))
    slow._writer.transport.pause_reading()
    await asyncio.sleep(0.1)
    for _ in range(40):
        hub.publish([note("y" * 5_000) for _ in range(20)])
        await asyncio.sleep(0.005)
    [client] = hub.clients
    assert client.behind
    assert client._transport.get_write_buffer_size() < 2 * hub_module.BEHIND
    made = stage.frames
    await asyncio.sleep(0.3)
    assert stage.frames == made, "frames are made for somebody who does not read"
    async with connect(path, hello()) as other:
        await receive(other, Snapshot)
        hub.publish([note("for the other")])
        while (await receive(other, Item)).text != "for the other":
            pass
    slow._writer.transport.resume_reading()
    last = 0
    while True:
        message = await receive(slow, (Item, Snapshot), tries=3000)
        if isinstance(message, Snapshot) and message.n:
            break
        last = max(last, getattr(message, "n", 0))
    assert message.n == hub.lane.n
    assert last < message.n
    hub.publish([note("again")])
    assert (await receive(slow, Item)).n == message.n + 1
    await slow.close()


async def test_a_client_that_never_reads_again_is_let_go(served, monkeypatch):
    hub, stage, path = served
    monkeypatch.setattr(hub_module, "STALL_S", 0.3)
    slow = await open_connection(path, hello())
    slow._writer.transport.pause_reading()
    await slow.send(View(fps=30.0))
    for _ in range(50):
        hub.publish([note("y" * 5_000) for _ in range(10)])
        await asyncio.sleep(0.01)
    for _ in range(100):
        if not hub.clients:
            break
        await asyncio.sleep(0.05)
    assert not hub.clients
    assert "stalled" in stage.journalled
    await slow.close()


@pytest.mark.parametrize(
    ("first", "why"),
    [
        (hello(protocol=PROTOCOL + 1), "protocol"),
        (hello(role="root"), "observer, operator, admin"),
        (StatusRequest(id="a"), "greeting"),
    ],
)
async def test_a_wrong_greeting_is_refused_with_a_reason(served, first, why):
    hub, _, path = served
    connection = await open_connection(path, first)
    refused = await receive(connection, Refused)
    assert why in refused.why
    with pytest.raises(StopAsyncIteration):
        await connection.__anext__()
    assert not hub.clients
    await connection.close()


async def test_another_users_process_is_not_even_greeted(served):
    hub, stage, path = served
    hub.roles = {os.getuid() + 1: "admin"}
    try:
        connection = await open_connection(path, hello())
        with pytest.raises((StopAsyncIteration, LinkError)):
            await connection.__anext__()
        await connection.close()
    except LinkError:
        pass
    assert stage.journalled == ["refused"]


async def test_an_observer_may_look_and_kill_only(served):
    _, stage, path = served
    async with connect(path, hello(role="observer")) as connection:
        await receive(connection, Welcome)
        await connection.send(Cmd(id="1", action="start"))
        await connection.send(Cmd(id="2", action="kill"))
        await connection.send(StatusRequest(id="3"))
        await receive(connection, Status)
    assert stage.acts == ["kill"]
    assert [action for action, _ in stage.refused] == ["start"]


async def test_what_makes_the_desk_safer_overtakes_what_came_with_it(served):
    _, stage, path = served
    async with connect(path, hello()) as connection:
        await receive(connection, Snapshot)
        from mmtui.link.codec import encode

        acts = ["spread", "skew", "kill", "size"]
        connection._writer.write(b"".join(encode(Cmd(id=act, action=act)) for act in acts))
        await connection.send(StatusRequest(id="x"))
        await receive(connection, Status)
    assert stage.acts == ["kill", "spread", "skew", "size"]


async def test_a_flood_of_acts_is_refused_but_never_a_kill(served):
    _, stage, path = served
    async with connect(path, hello()) as connection:
        await receive(connection, Snapshot)
        for k in range(200):
            await connection.send(Cmd(id=str(k), action="skew"))
        await connection.send(Cmd(id="k", action="kill"))
        await connection.send(StatusRequest(id="x"))
        await receive(connection, Status)
    assert stage.refused
    assert "kill" in stage.acts
    assert len(stage.acts) < 150


async def test_an_attached_cockpit_and_its_leaving_are_in_the_side_journal(served):
    hub, stage, path = served
    async with connect(path, hello()) as connection:
        await receive(connection, Snapshot)
    for _ in range(100):
        if not hub.clients:
            break
        await asyncio.sleep(0.01)
    assert stage.journalled == ["attach", "detach"]


async def test_a_name_cannot_carry_escape_sequences(served):
    hub, _, path = served
    async with connect(path, hello(operator="\x1b]0;evil\x07bob")) as connection:
        await receive(connection, Snapshot)
        assert hub.operators == ["?]0;evil?bob (local)"]
    assert clean("a\nb") == "a?b"


def test_the_lane_keeps_the_newest_of_each_kind():
    lane = Lane()
    for k in range(KEEP + 50):
        lane.number(Item(n=0, ts=k, kind="order", text="o"))
    lane.number(Item(n=0, ts=1, kind="fill", text="f"))
    snapshot = lane.snapshot()
    assert snapshot.n == KEEP + 51
    assert len(snapshot.items) == KEEP + 1
    assert [item.n for item in snapshot.items] == sorted(item.n for item in snapshot.items)


async def test_cockpits_that_come_and_go_leave_no_task_and_no_socket_behind(served):
    """hummingbot#7462, #6479, #5556: leaks of tasks and of the terminal's library, out of memory after days."""
    hub, _, path = served

    async def visit():
        async with connect(path, hello()) as connection:
            await receive(connection, Snapshot)
            await connection.send(View(fps=30.0))
            await receive(connection, Frame)

    await visit()
    await asyncio.sleep(0.05)
    tasks, files = len(asyncio.all_tasks()), len(os.listdir("/dev/fd"))
    for _ in range(40):
        await visit()
    for _ in range(100):
        if not hub.clients and len(asyncio.all_tasks()) <= tasks:
            break
        await asyncio.sleep(0.02)
    assert not hub.clients
    assert len(asyncio.all_tasks()) <= tasks
    assert len(os.listdir("/dev/fd")) <= files + 1
