"""The network between a desk and the venues: streams whose order holds, requests that overtake each other, and loss.

A stream (`Channel`) delivers bytes in order with latency and jitter, and loses them only by being lost itself: closed
by either end (the other end is told), or half-open (nobody is told).  Streams and requests do not keep order among
each other.  Everything is a call at an instant of the world; nothing is answered inside the call that asks.

Rules of this file: it knows instants, bytes and typed requests, never what they mean; faults 12, 21, 22, 23 and 40
are struck here, and `down(v)` says whether a venue can be reached.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Protocol

from mmtui.sim.world import ALL_ORDERS, MS, SECOND, World
from mmtui.venues.account_messages import Answer, Failed, Request

#: One way, drawn for each venue; the jitter of each packet is up to as much again.
LATENCY_MS = (1, 30)
#: A refused or failed connection is told after so long, an unanswered one after longer.
REFUSED_NS = 20 * MS
CONNECT_TIMEOUT_NS = 2 * SECOND
#: A venue notices a half-open stream by its own pings.
NOTICED_NS = 20 * SECOND
#: How often conditions of the network are drawn.
TICK_NS = SECOND
#: So many snapshots of one book within a second are too many.
STORM = 10


class Venue(Protocol):
    """A venue as the network sees it."""

    def connected(self, channel: Channel) -> str:
        """A stream has reached the venue: "" when it is taken, else why not."""

    def disconnected(self, channel: Channel, graceful: bool) -> None:
        """The venue has learnt that a stream is gone."""

    def handle(self, request: Request, reply: Callable[[Answer, int], None]) -> None:
        """A request has arrived; `reply(answer, delay_ns)` sends the answer, never calling it loses it."""

    def depth(self, i: int) -> bytes | None:
        """Body of a REST snapshot, None for an error."""


class Client(Protocol):
    """Who opened a stream."""

    def up(self, channel: Channel) -> None: ...

    def frame(self, channel: Channel, data: bytes) -> None: ...

    def pong(self, channel: Channel) -> None: ...

    def down(self, channel: Channel, why: str) -> None:
        """The stream is gone, or never came to be. Not called after the client's own close."""


class Channel:
    """One stream of one client. `kind` is "public" or "private"."""

    __slots__ = ("_arrival", "_net", "client", "dead", "frozen", "kind", "late", "open", "opened", "v")

    def __init__(self, net: Network, v: int, kind: str, client: Client) -> None:
        self._net = net
        self.v = v
        self.kind = kind
        self.client = client
        self.open = False  # seen from the client
        self.dead = False  # half-open: nothing passes any more, in either direction
        self.frozen = 0  # until this instant data is thrown away, pings are answered
        self.late = 0  # until this instant data is held back
        self.opened = 0
        self._arrival = 0

    def send(self, frames: list[bytes]) -> None:
        """From the venue: these frames arrive together, after everything sent before."""
        net = self._net
        world = net.world
        now = world.now
        if self.dead or now < self.frozen:
            return
        arrival = now + net.latency(self.v)
        if now < self.late:
            arrival = max(arrival, self.late)
        if arrival < self._arrival:
            arrival = self._arrival
        self._arrival = arrival
        world.at(arrival, self._deliver, frames)

    def _deliver(self, frames: list[bytes]) -> None:
        client = self.client
        for data in frames:
            if not self.open or self.dead:
                return
            client.frame(self, data)

    def ping(self) -> None:
        """From the client: `pong` is called if the stream lives."""
        if self.open and not self.dead:
            net = self._net
            net.world.after(net.latency(self.v) + net.latency(self.v), self._pong)

    def _pong(self) -> None:
        if self.open and not self.dead:
            self.client.pong(self)

    def close(self, graceful: bool = True) -> None:
        """From the client. The venue learns it, unless the stream is half-open: then much later."""
        if self.open:
            self.open = False
            net = self._net
            wait = NOTICED_NS if self.dead else net.latency(self.v)
            net.world.after(wait, net.gone, self, graceful)

    def drop(self, why: str) -> None:
        """From the venue, or from something between: the client learns it after what is on its way."""
        net = self._net
        net.forget(self)
        arrival = max(net.world.now + net.latency(self.v), self._arrival)
        net.world.at(arrival, self._dropped, why)

    def _dropped(self, why: str) -> None:
        if self.open and not self.dead:
            self.open = False
            self.client.down(self, why)


class Network:
    """All ways between one desk (or several) and the venues, `v` being the place in the desk's table."""

    def __init__(self, world: World, venues: list[Venue]) -> None:
        self.world = world
        self.venues = venues
        self.channels: list[Channel] = []  # as the venues see them
        self._halves: list[Channel] = []  # half-open ones, whether the venue has noticed or not
        self._rng = world.rng("network")
        low, high = LATENCY_MS
        self._latency = [(low + self._rng.below(high - low)) * MS for _ in venues]
        self._down = [0] * len(venues)  # no way to the venue until
        self._why = [""] * len(venues)
        self._watched = [n for n in (21, 22, 23, 40) if world.draws(n)]
        if self._watched:
            for v in range(len(venues)):
                world.after(TICK_NS + v * 17 * MS, self._tick, v)
        self._late = world.draws(12)
        self.storm = ""  # what a desk did to a venue that asks for patience
        self._asked: dict[tuple[int, int], deque[int]] = {}
        world.on_heal(self._heal)

    # -- the desk's side ---------------------------------------------------------------------------------------

    def connect(self, v: int, kind: str, client: Client) -> Channel:
        """Open a stream; `up` or `down` of the client follows."""
        channel = Channel(self, v, kind, client)
        why = self.down(v)
        if why == "no answer":
            self.world.after(CONNECT_TIMEOUT_NS, self._connected, channel)  # sent again: the way may be open by then
        elif why:
            self.world.after(REFUSED_NS, client.down, channel, why)
        else:
            self.world.after(3 * self.latency(v), self._connected, channel)
        return channel

    def _connected(self, channel: Channel) -> None:
        why = self.down(channel.v) or self.venues[channel.v].connected(channel)
        if why:
            channel.client.down(channel, why)
            return
        channel.open = True
        channel.opened = self.world.now
        self.channels.append(channel)
        channel.client.up(channel)

    def request(self, v: int, request: Request, answer: Callable[[int, Answer], None]) -> None:
        """Send a request; `answer(request id, answer)` follows, or never."""
        if self.down(v):
            self.world.after(REFUSED_NS, answer, request.id, Failed("network"))
        else:
            self.world.after(self.latency(v), self._arrived, v, request, answer)

    def _arrived(self, v: int, request: Request, answer: Callable[[int, Answer], None]) -> None:
        def reply(said: Answer, delay: int = 0) -> None:
            self.world.after(self.latency(v) + delay, answer, request.id, said)

        self.venues[v].handle(request, reply)

    def depth(self, v: int, i: int, answer: Callable[[int, bytes | None], None]) -> None:
        """Ask for a REST snapshot: `answer(i, body)` follows, None for an error."""
        asked = self._asked.setdefault((v, i), deque(maxlen=STORM))
        asked.append(self.world.now)
        if len(asked) == STORM and asked[-1] - asked[0] < SECOND:
            self.storm = f"resync storm: {STORM} snapshots of one book were asked for within a second"
        if self.down(v):
            self.world.after(REFUSED_NS, answer, i, None)
        else:
            self.world.after(self.latency(v), self._depth, v, i, answer)

    def _depth(self, v: int, i: int, answer: Callable[[int, bytes | None], None]) -> None:
        self.world.after(self.latency(v), answer, i, self.venues[v].depth(i))

    def crash(self, client: Client) -> None:
        """The client's process has died: its streams close; what had left still arrives."""
        for channel in tuple(self.channels):
            if channel.client is client:
                channel.close(False)

    # -- the venues' side --------------------------------------------------------------------------------------

    def streams(self, v: int, kind: str = "") -> list[Channel]:
        """Streams that the venue has, of one kind or of all."""
        return [c for c in self.channels if c.v == v and (not kind or c.kind == kind)]

    def gone(self, channel: Channel, graceful: bool) -> None:
        """The venue learns that a stream was closed."""
        if channel in self.channels:
            self.forget(channel)
            self.venues[channel.v].disconnected(channel, graceful)

    def forget(self, channel: Channel) -> None:
        self.channels = [other for other in self.channels if other is not channel]

    def drop(self, v: int, kind: str, why: str) -> None:
        """The venue (or something between) closes its streams of a kind, or ("") all of them."""
        for channel in self.streams(v, kind):
            channel.drop(why)
            self.venues[v].disconnected(channel, False)

    def hold_private(self, v: int) -> None:
        """What the private stream tells from now on arrives after the answer that is about to leave."""
        until = self.world.now + 2 * self._latency[v] + MS
        for channel in self.streams(v, "private"):
            channel.late = max(channel.late, until)

    # -- conditions --------------------------------------------------------------------------------------------

    def latency(self, v: int) -> int:
        base = self._latency[v]
        return base + (self._rng.bits() * base >> 64)

    def down(self, v: int) -> str:
        """Why the venue cannot be reached, "" when it can."""
        return self._why[v] if self.world.now < self._down[v] else ""

    def private_report(self, channel: Channel) -> None:
        """Fault 12: the private stream falls behind the public one, or the public one behind it."""
        if self._late and self.world.strikes(12):
            dice = self.world.dice(12)
            until = self.world.now + (50 + dice.below(1_450)) * MS
            behind = [channel] if dice.below(2) else self.streams(channel.v, "public")
            for stream in behind:
                stream.late = until

    def _tick(self, v: int) -> None:
        """Once a second: conditions that come over a venue's connections."""
        world = self.world
        if world.healed:
            return
        world.after(TICK_NS, self._tick, v)
        for n in self._watched:
            if world.strikes(n, ALL_ORDERS):
                _CONDITIONS[n](self, v)

    def _freeze(self, v: int) -> None:
        """Fault 21."""
        until = self.world.now + (500 + self.world.dice(21).below(19_500)) * MS
        for channel in self.streams(v, "public"):
            channel.frozen = until

    def _half_open(self, v: int) -> None:
        """Fault 22: one stream is dead in both directions; the venue drops it after a while."""
        streams = [channel for channel in self.streams(v) if not channel.dead]
        if streams:
            channel = streams[self.world.dice(22).below(len(streams))]
            channel.dead = True
            self._halves.append(channel)
            self.world.after(NOTICED_NS, self.gone, channel, False)

    def _close_all(self, v: int) -> None:
        """Fault 23: the venue says that it goes, then does."""
        stamp = self.world.now // MS
        for channel in self.streams(v):
            channel.send([b'{"e":"serverShutdown","E":%d}' % stamp])
        self.world.after(self.world.dice(23).below(1_000) * MS, self._closed, v)

    def _closed(self, v: int) -> None:
        if not self.world.healed:
            self.drop(v, "", "the venue closed the connection")

    def _no_way(self, v: int) -> None:
        """Fault 40: nothing gets through, and what is connected is lost."""
        dice = self.world.dice(40)
        self._down[v] = self.world.now + (200 + dice.below(6_000)) * MS
        self._why[v] = ("DNS failure", "TLS failure", "address not allowed", "no answer")[dice.below(4)]
        self.drop(v, "", self._why[v])

    def _heal(self) -> None:
        """Everything can be reached, nothing is held back; what lost data unseen is reset."""
        self._down = [0] * len(self.venues)
        for channel in tuple(self.channels):
            lost = not channel.dead and channel.kind == "private" and self.world.now < channel.frozen
            channel.frozen = channel.late = 0
            if lost:
                self._reset(channel)
        for channel in self._halves:
            if channel.open:
                channel.dead = False
                self._reset(channel)

    def _reset(self, channel: Channel) -> None:
        known = channel in self.channels
        channel.drop("reset")
        if known:
            self.venues[channel.v].disconnected(channel, False)


#: Fault -> what it does to one venue's connections.
_CONDITIONS: dict[int, Callable[[Network, int], None]] = {
    21: Network._freeze,
    22: Network._half_open,
    23: Network._close_all,
    40: Network._no_way,
}
