"""The streams of one life: a public feed and a private stream a venue, over the simulated network.

Rules of this file: carries bytes between Network and the sessions and does what their connections ask for; a stream of
an earlier connection is not heard.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from mmtui.core.events import Event, GridRefined
from mmtui.core.runner import NEVER
from mmtui.sim import checks
from mmtui.sim.network import Channel
from mmtui.venues.binance.grid import WireError
from mmtui.venues.binance.private import decode_text
from mmtui.venues.connection import Connect, Connection, Disconnect, Ping
from mmtui.venues.feed import AskSnapshot, FeedRequest, FeedSession

if TYPE_CHECKING:
    from mmtui.sim.desk_life import Life


class Stream:
    """One connection of one venue, as the network's client. `over`: given up, whatever still comes."""

    __slots__ = ("_owner", "channel", "over", "v")

    def __init__(self, owner: Streams, v: int, kind: str) -> None:
        self._owner = owner
        self.v = v
        self.over = False
        self.channel: Channel = owner.life.desk.net.connect(v, kind, self)

    def up(self, channel: Channel) -> None:
        if self.over:
            channel.close()
        else:
            self._owner.life.come(self._owner.up, self)

    def frame(self, channel: Channel, data: bytes) -> None:
        self._owner.life.come(self._owner.frame, self, data)

    def pong(self, channel: Channel) -> None:
        self._owner.life.come(self._owner.pong, self)

    def down(self, channel: Channel, why: str) -> None:
        self._owner.life.come(self._owner.down, self, why)

    def close(self) -> None:
        self.over = True
        self.channel.close()


class Streams:
    """One kind of streams of all venues."""

    kind = ""

    def __init__(self, life: Life) -> None:
        self.life = life
        self.due = 0  # when to tick
        self.streams: list[Stream | None] = [None] * len(life.engine.setup.venues)

    def carry_out(self, v: int, request: Connect | Disconnect | Ping) -> None:
        stream = self.streams[v]
        if type(request) is Connect:
            self.streams[v] = Stream(self, v, self.kind)
        elif stream is not None and type(request) is Ping:
            stream.channel.ping()
        elif stream is not None:
            if type(request) is Disconnect:
                checks.closed(self.life.world, stream.channel, request.why)
            self.close(v)

    def close(self, v: int) -> None:
        """The desk leaves."""
        stream, self.streams[v] = self.streams[v], None
        if stream is not None:
            stream.close()

    def heard(self, stream: Stream) -> bool:
        """The stream is the present one of its venue."""
        return not stream.over and self.streams[stream.v] is stream

    def close_all(self) -> None:
        """The process has died."""
        for stream in self.streams:
            if stream is not None:
                stream.over = True
                stream.channel.close(False)

    def up(self, stream: Stream) -> None:
        raise NotImplementedError

    def frame(self, stream: Stream, data: bytes) -> None:
        raise NotImplementedError

    def pong(self, stream: Stream) -> None:
        raise NotImplementedError

    def down(self, stream: Stream, why: str) -> None:
        raise NotImplementedError


class Feeds(Streams):
    """The public feeds."""

    kind = "public"

    def __init__(self, life: Life) -> None:
        super().__init__(life)
        engine = life.engine
        self.sessions = [
            FeedSession(v, venue, [(i, a.instrument) for i, a in enumerate(engine.accounts) if engine.venue_of[i] == v])
            for v, venue in enumerate(engine.setup.venues)
        ]

    def tick(self, now: int) -> None:
        if self.due > now:
            return
        for v, session in enumerate(self.sessions):
            if session.next_ts() <= now:
                self.life.steps(session.tick(now))
                self._requests(v, session.take())
        self._plan()

    def _plan(self) -> None:
        self.due = min((session.next_ts() for session in self.sessions), default=NEVER)

    def _requests(self, v: int, requests: list[FeedRequest]) -> None:
        for request in requests:
            if isinstance(request, AskSnapshot):
                self.life.desk.net.depth(v, request.i, self._reply_of(v))
            else:
                self.carry_out(v, request)

    def _reply_of(self, v: int) -> Callable[[int, bytes | None], None]:
        def reply(i: int, data: bytes | None) -> None:
            self.life.come(self._snapshot, v, i, data)

        return reply

    def _snapshot(self, v: int, i: int, data: bytes | None) -> None:
        self._took(self.sessions[v].snapshot(i, data, self.life.now()))

    def _took(self, events: list[Event]) -> None:
        self.life.steps(events)
        self._plan()
        self.life.pump()

    def up(self, stream: Stream) -> None:
        if self.heard(stream):
            self._took(self.sessions[stream.v].up(self.life.now()))

    def frame(self, stream: Stream, data: bytes) -> None:
        if not self.heard(stream):
            return
        life = self.life
        events = self.sessions[stream.v].frame(data, life.now())
        for event in events:
            life.step(event)
        if len(events) > 1:  # a gap, perhaps: a snapshot is to be asked for
            self._plan()
        life.after_frame(len(events) > 1)

    def pong(self, stream: Stream) -> None:
        if self.heard(stream):
            self._took(self.sessions[stream.v].pong(self.life.now()))

    def down(self, stream: Stream, why: str) -> None:
        if self.heard(stream):
            self.streams[stream.v] = None
            self._took(self.sessions[stream.v].down(self.life.now(), why))

    # -- a process that stood still ------------------------------------------------------------------------------

    def is_frame(self, act: Callable[..., Any]) -> bool:
        return act == self.frame

    def stood_still(self, why: str) -> None:
        """What waits in the sockets is old, and so are the books: begin again."""
        for v, session in enumerate(self.sessions):
            if session.connection.connected:
                self.close(v)
                self._took(session.down(self.life.now(), why))

    def lose(self) -> None:
        """Nobody has read for so long that the venues end their public streams."""
        for stream in self.streams:
            if stream is not None and stream.channel.open:
                stream.channel.drop("slow reader")

    def refined(self, event: GridRefined) -> None:
        for session in self.sessions:
            session.refined(event)


class Privates(Streams):
    """The private streams, each with the account session of its venue."""

    kind = "private"

    def __init__(self, life: Life) -> None:
        super().__init__(life)
        self.connections = [Connection(busy=False) for _ in life.sessions]

    def tick(self, now: int) -> None:
        if self.due > now:
            return
        for v, connection in enumerate(self.connections):
            if connection.next_ts() <= now:
                request = connection.tick(now)
                if request is not None:
                    self.carry_out(v, request)
                    if type(request) is Disconnect:
                        self._gone(v, request.why)
        self._plan()

    def _plan(self) -> None:
        self.due = min((connection.next_ts() for connection in self.connections), default=NEVER)

    def up(self, stream: Stream) -> None:
        if self.heard(stream):
            now = self.life.now()
            self.connections[stream.v].up(now)
            self.life.steps(self.life.sessions[stream.v].stream_up(now))
            self.life.touch(stream.v)
            self._plan()
            self.life.pump()

    def frame(self, stream: Stream, data: bytes) -> None:
        if not self.heard(stream):
            return
        life, now = self.life, self.life.now()
        session = life.sessions[stream.v]
        self.connections[stream.v].frame(now)
        try:
            reports = decode_text(data) or []
        except WireError as error:
            life.steps(session.unreadable(str(error), now))
            reports = []
        for report in reports:
            life.steps(session.report(report, now))
        life.touch(stream.v)
        life.pump()

    def pong(self, stream: Stream) -> None:
        if self.heard(stream):
            self.connections[stream.v].pong(self.life.now())

    def down(self, stream: Stream, why: str) -> None:
        if self.heard(stream):
            self.streams[stream.v] = None
            self._gone(stream.v, why)
            self._plan()
            self.life.pump()

    def _gone(self, v: int, why: str) -> None:
        now = self.life.now()
        if self.connections[v].down(now):
            self.life.touch(v)
            self.life.steps(self.life.sessions[v].stream_down(now, why))
