"""Cockpits, observers and ctl: who is connected, what each may do, and the two lanes to each.

Rules of this file: a client can only hold itself back. Nothing here waits for one: lossless items go into its
transport until that holds too much, then it gets a snapshot when it has drained; frames are dropped while anything
is unsent.  What a client says about itself is cleaned of control characters before anyone sees it.
"""

from __future__ import annotations

import asyncio
import traceback
from collections.abc import Callable, Sequence
from typing import Any, Protocol, cast

import msgspec

from mmtui.core.commands import BY_NAME
from mmtui.host.lane import Lane
from mmtui.host.people import lower
from mmtui.host.wheel import Wheel
from mmtui.link.codec import LinkError, encode, host_decoder
from mmtui.link.messages import (
    PROTOCOL,
    ROLES,
    Cmd,
    Frame,
    Heard,
    Hello,
    Item,
    Params,
    ParamsRequest,
    Refused,
    Status,
    StatusRequest,
    ToCockpit,
    ToHost,
    Transport,
    View,
    Welcome,
)

#: Unsent bytes at which a client's lossless lane stops until it has drained.
BEHIND = 512 * 1024
#: A client that has taken nothing for so long is let go.
STALL_S = 120.0
GREETING_S = 5.0
#: Acts of one client a second, with a burst of twice that; acts that escalate are never held back.
ACTS_S = 40.0
CLIENTS_MAX = 64
#: While events are due a frame waits, but not longer than this after the one before it.
FRAME_WAITS_S = 0.25


class Sink(Protocol):
    """Where alerts go beside the cockpits."""

    def publish(self, items: Sequence[Item]) -> None: ...

    def heard(self, n: int) -> None: ...


class Stage(Protocol):
    """What is shown: a desk, or a replay."""

    behind: bool  # more is due than one slice could take

    def welcome(self, role: str) -> Welcome: ...

    def frame(self, view: View, cockpits: int, operators: list[str]) -> Frame: ...
    def parameters(self, request: ParamsRequest) -> Params: ...

    def status(self, cockpits: int) -> dict[str, Any]: ...

    def command(self, cmd: Cmd, who: Hello) -> None:
        """Carry out an act; its result goes to the lane as an item."""

    def transport(self, message: Transport) -> None: ...

    def refuse(self, cmd: Cmd, why: str, who: Hello) -> None:
        """Say to everyone that an act was not carried out."""

    def observer_may(self, action: str) -> bool: ...

    def journal(self, kind: str, **fields: Any) -> None: ...


def clean(text: str, limit: int = 64) -> str:
    """One short printable line."""
    return "".join(c if c.isprintable() else "?" for c in text[:limit])


class Client(asyncio.Protocol):
    """One connection."""

    def __init__(self, hub: Hub, uid: int, pid: int) -> None:
        self.hub = hub
        self.uid = uid
        self.pid = pid
        self.who: Hello | None = None
        self.view: View | None = None
        self.behind = False
        self._decoder = host_decoder()
        self._transport: asyncio.Transport | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._framed = 0.0  # loop time of the last frame
        self._clear = 0.0  # loop time at which nothing was unsent
        self._allowance = 2 * ACTS_S
        self._allowed_at = 0.0

    # ------------------------------------------------------------ asyncio's side

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._clear = self._allowed_at = self.hub.loop.time()
        self._timer = self.hub.loop.call_later(GREETING_S, self._no_greeting)

    def data_received(self, data: bytes) -> None:
        try:
            messages = self._decoder.feed(data)
        except LinkError as error:
            self.refuse(str(error))
            return
        # what makes the desk safer goes first, whatever was sent before it
        messages.sort(key=lambda message: not (isinstance(message, Cmd) and _escalates(message)))
        for message in messages if self.who else sorted(messages, key=lambda message: not isinstance(message, Hello)):
            if self._transport is None or self._transport.is_closing():
                return
            self.hub.receive(self, message)

    def connection_lost(self, exc: Exception | None) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._transport = None
        self.hub.left(self)

    # ------------------------------------------------------------ the hub's side

    def send(self, message: ToCockpit) -> None:
        if self._transport is not None:
            self._transport.write(encode(message))

    def lossless(self, data: bytes) -> None:
        """An item of the lane, encoded; dropped when the client is behind (a snapshot follows)."""
        if self.behind or self._transport is None:
            return
        if self._transport.get_write_buffer_size() > BEHIND:
            self.behind = True
            return
        self._transport.write(data)

    def refuse(self, why: str) -> None:
        """End the connection, and say why."""
        if self._transport is not None:
            self._transport.write(encode(Refused(why)))
            self._transport.close()

    def abort(self) -> None:
        if self._transport is not None:
            self._transport.abort()

    def show(self, view: View | None) -> None:
        """(Re)start the frames at the rate that the client asks for."""
        self.view = view
        if self._timer is not None:
            self._timer.cancel()
        self._tick()

    def may_act(self) -> bool:
        now = self.hub.loop.time()
        self._allowance = min(2 * ACTS_S, self._allowance + (now - self._allowed_at) * ACTS_S)
        self._allowed_at = now
        if self._allowance < 1.0:
            return False
        self._allowance -= 1.0
        return True

    def _tick(self) -> None:
        transport = self._transport
        if transport is None or transport.is_closing():
            return
        loop = self.hub.loop
        now = loop.time()
        fps = self.view.fps if self.view is not None else 0.0
        if transport.get_write_buffer_size() == 0:
            self._clear = now
            if self.behind:
                self.behind = False
                self.send(self.hub.lane.snapshot())
            elif self.view is not None and fps > 0:
                if self.hub.stage.behind and now - self._framed < FRAME_WAITS_S:
                    self._timer = loop.call_later(0.004, self._tick)  # events first
                    return
                self._framed = now
                try:
                    transport.write(self.hub.frame(self.view, now))
                except Exception as error:  # a frame that cannot be made is said, and never stops the desk
                    traceback.print_exc()
                    self.hub.stage.journal("fault", what=f"frame: {type(error).__name__}: {error}")
                    fps = 1.0
        elif now - self._clear > STALL_S:
            self.hub.stage.journal("stalled", pid=self.pid, seconds=round(now - self._clear))
            transport.abort()
            return
        period = 1.0 / min(30.0, max(1.0, fps))
        self._timer = loop.call_later(period, self._tick)

    def _no_greeting(self) -> None:
        self.refuse("no greeting within 5 s")


class Hub:
    """Everyone who is connected to one stage."""

    def __init__(
        self, stage: Stage, loop: asyncio.AbstractEventLoop, uid: int, roles: dict[int, str] | None = None
    ) -> None:
        self.stage = stage
        self.loop = loop
        self.uid = uid
        self.roles = roles or {uid: ROLES[-1]}  # uid -> the highest role that it has
        self.lane = Lane()
        self.wheel = Wheel()
        self.clients: set[Client] = set()
        self.on_change: Callable[[], None] = lambda: None
        self.sink: Sink | None = None
        self.last_cockpit = loop.time()
        self._frames: dict[tuple[object, ...], tuple[float, bytes]] = {}

    @property
    def cockpits(self) -> int:
        return sum(1 for client in self.clients if client.who and client.who.client == "cockpit")

    @property
    def operators(self) -> list[str]:
        """Who can act here, by name and place, and who drives."""
        here = [_hand(client.who) for client in self.clients if client.who and _acts(client.who)]
        driver = self.wheel.driver(self.loop.time())
        away = [driver] if driver and driver not in here else []  # by ctl, or gone since
        return sorted(f"{one} drives" if one == driver else one for one in here + away)

    def accept(self, uid: int, pid: int) -> Client:
        """A new connection of the process `pid` of user `uid`."""
        return Client(self, uid, pid)

    def publish(self, items: Sequence[Item]) -> None:
        """Number items and send them to everyone."""
        for item in items:
            data = encode(self.lane.number(item))
            for client in self.clients:
                client.lossless(data)
        if self.sink is not None:
            self.sink.publish(items)

    def welcome_all(self) -> None:
        """The instruments have changed (a finer tick or lot): everyone is told what they are."""
        for client in self.clients:
            if client.who is not None:
                client.send(self.stage.welcome(client.who.role))

    def jumped(self) -> None:
        """A replay has jumped: everyone starts the lossless lane again."""
        self.welcome_all()
        self.lane.clear()
        snapshot = encode(self.lane.snapshot())
        for client in self.clients:
            client.lossless(snapshot)

    def frame(self, view: View, now: float) -> bytes:
        """A frame for this view, encoded; cockpits that show the same share it."""
        wanted, near = (None if ids is None else tuple(ids) for ids in (view.instruments, view.near))
        key = (view.depth, wanted, near)
        made = self._frames.get(key)
        if made is not None and now - made[0] < 0.4 / min(30.0, max(2.0, view.fps)):
            return made[1]
        data = encode(self.stage.frame(view, self.cockpits, self.operators))
        if len(self._frames) > CLIENTS_MAX:
            self._frames.clear()
        self._frames[key] = (now, data)
        return data

    def receive(self, client: Client, message: ToHost) -> None:
        """One message of a client."""
        if client.who is None:
            self._greet(client, message)
        elif isinstance(message, Cmd):
            self._command(client, client.who, message)
        elif isinstance(message, View):
            message.depth = min(1000, max(1, message.depth))
            client.show(message)
        elif isinstance(message, StatusRequest):
            status = {**self.stage.status(self.cockpits), "driver": self.wheel.driver(self.loop.time())}
            client.send(Status(id=message.id, body=msgspec.Raw(msgspec.msgpack.encode(status))))
        elif isinstance(message, ParamsRequest):
            client.send(self.stage.parameters(message))
        elif isinstance(message, Heard):
            self.stage.journal("heard", operator=client.who.operator, role=client.who.role, alerts=message.n)
            if self.sink is not None and client.who.role != "observer":
                self.sink.heard(message.n)
        elif isinstance(message, Transport):
            self.stage.transport(message)
            self.on_change()
        else:
            client.refuse("greeted twice")

    def left(self, client: Client) -> None:
        """A client has gone."""
        if client not in self.clients:
            return
        self.clients.discard(client)
        if client.who is not None and client.who.client == "cockpit":
            self.last_cockpit = self.loop.time()
            self.stage.journal("detach", pid=client.pid, operator=client.who.operator, role=client.who.role)
        self.on_change()

    def close(self, why: str) -> None:
        """End every connection."""
        for client in list(self.clients):
            client.refuse(why)

    def _greet(self, client: Client, message: ToHost) -> None:
        if not isinstance(message, Hello):
            client.refuse("the first message must be a greeting")
        elif message.protocol != PROTOCOL:
            client.refuse(f"this host speaks protocol {PROTOCOL}, not {message.protocol}: the versions of mmtui differ")
        elif message.role not in ROLES or message.client not in ("cockpit", "ctl"):
            client.refuse(f"a client is a cockpit or ctl, as one of: {', '.join(ROLES)}")
        elif client.uid not in self.roles:
            client.refuse("this desk belongs to another user")
        elif len(self.clients) >= CLIENTS_MAX:
            client.refuse(f"{CLIENTS_MAX} clients are connected already")
        else:
            message.operator = clean(message.operator)
            message.origin = clean(message.origin)
            message.uid = client.uid
            message.role = lower(message.role, self.roles[client.uid])
            client.who = message
            self.clients.add(client)
            client.send(self.stage.welcome(message.role))
            client.send(self.lane.snapshot())
            if message.client == "cockpit":
                self.stage.journal(
                    "attach",
                    pid=client.pid,
                    uid=client.uid,
                    operator=message.operator,
                    role=message.role,
                    origin=message.origin,
                )
            client.show(None)
            self.on_change()

    def _command(self, client: Client, who: Hello, cmd: Cmd) -> None:
        if who.role == "observer" and not self.stage.observer_may(cmd.action):
            self.stage.refuse(cmd, "an observer can only look", who)
            self.on_change()
        elif not _escalates(cmd) and not client.may_act():
            self.stage.refuse(cmd, f"more than {ACTS_S:.0f} acts a second", who)
            self.on_change()
        else:
            cmd.reason = clean(cmd.reason, 400)
            if not _escalates(cmd):
                self._drives(_hand(who))
            self.stage.command(cmd, who)
            self.on_change()

    def _drives(self, hand: str) -> None:
        if before := self.wheel.take(hand, self.loop.time()):
            self.stage.journal("drives", operator=hand, before=before)


def _hand(who: Hello) -> str:
    return f"{who.operator} ({who.origin})"


def _acts(who: Hello) -> bool:
    return who.client == "cockpit" and who.role != "observer"


def _escalates(cmd: Cmd) -> bool:
    act = BY_NAME.get(cmd.action)
    return act is not None and act.escalates
