"""The private stream of one account: connects, enters, keeps alive, decodes. How it is entered is its Entrance's.

Rules of this file: carries messages; what a report means is the account session's.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol

from mmtui.core.events import Event
from mmtui.venues.binance.grid import WireError
from mmtui.venues.binance.reports import Report
from mmtui.venues.connection import Connect, Connection, Disconnect, Ping
from mmtui.venues.live.shift import report_shifted
from mmtui.venues.live.signing import UNSIGNED, Unsigned
from mmtui.venues.live.sockets import Socket
from mmtui.venues.trader import Said

if TYPE_CHECKING:
    from mmtui.venues.live.account_link import AccountLink


class Entrance(Protocol):
    """One venue's way into its private stream. `ping`: a text; b"": the WebSocket's own."""

    ping: bytes

    async def where(self) -> str | None:
        """The address; None: it cannot be had."""

    def entered(self, say: Callable[[bytes], None]) -> None:
        """The connection is whole: what may be said on it is said so."""

    async def greeting(self) -> list[bytes]:
        """What is said first; []: whoever is connected is in. Unsigned: nobody signs."""

    async def answer(self, challenge: str) -> list[bytes]:
        """What is said to a challenge. Unsigned: nobody signs; PermissionError: it is none."""

    def said(self, data: bytes) -> tuple[Said, list[bytes]]:
        """What a message says of the connection ("up": it is whole), and what is to be said to that."""

    def told(self, data: bytes) -> list[Report]:
        """What it says of the account. WireError: it cannot be read."""

    def close(self) -> None:
        """The connection is gone."""


class PrivateStream:
    """Of one account."""

    def __init__(self, link: AccountLink, entrance: Entrance) -> None:
        self.link = link
        self.connection = Connection(busy=False)
        self._entrance = entrance
        self._socket: Socket | None = None
        self._acts = {"up": self._up, "pong": self._ponged}

    def close(self) -> None:
        self._entrance.close()
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    # -- time ----------------------------------------------------------------------------------------------------

    def next_ts(self) -> int:
        return self.connection.next_ts()

    def tick(self, now: int) -> list[Event]:
        request = self.connection.tick(now)
        if isinstance(request, Connect):
            self._socket = Socket(self.link.http.session, self._where, self)
        elif isinstance(request, Ping):
            self._ping()
        elif isinstance(request, Disconnect):
            self.close()
            return self._gone(now, request.why)
        return []

    def _ping(self) -> None:
        if self._socket is None:
            return
        if self._entrance.ping:
            self._socket.say(self._entrance.ping)
        else:
            self._socket.ping()

    async def _where(self) -> str | None:
        """The address; what it needs is asked for first."""
        http = self.link.http
        if not self.link.signs:
            return None
        if not http.clock.known and not await http.settle():
            return None
        return await self._entrance.where()

    # -- sockets.Owner -------------------------------------------------------------------------------------------

    def opened(self, socket: Socket) -> None:
        if socket is self._socket:
            self.link.spawn(self._enter(socket))

    async def _enter(self, socket: Socket, challenge: str = "") -> None:
        try:
            messages = await (self._entrance.answer(challenge) if challenge else self._entrance.greeting())
        except (Unsigned, PermissionError) as error:
            if socket is self._socket:
                self._lost(UNSIGNED if isinstance(error, Unsigned) else "what is to be signed is no challenge")
            return
        if socket is not self._socket:
            return
        if not messages:
            self._up()
        for message in messages:
            socket.say(message)

    def unsigned(self) -> None:
        """Nobody can sign: without that nothing here is of use."""
        if self._socket is not None:
            self._lost(UNSIGNED)

    def _up(self) -> None:
        now = self.link.host.now()
        if self._socket is not None:
            self._entrance.entered(self._socket.say)
        self.connection.up(now)
        self.link.host.come(self.link.session.stream_up(now))

    def _ponged(self) -> None:
        self.connection.pong(self.link.host.now())

    def received(self, socket: Socket, data: bytes) -> None:
        if socket is not self._socket:
            return
        now = self.link.host.now()
        said, answers = self._entrance.said(data)
        if said.kind != "pong":
            self.connection.frame(now)
        for answer in answers:
            socket.say(answer)
        if said.kind == "over":
            self._lost(said.why)
        elif said.kind == "challenge":
            self.link.spawn(self._enter(socket, said.why))
        elif said.kind in self._acts:
            self._acts[said.kind]()
        elif not said.kind:
            self.link.host.come(self._reports(data, now))

    def _reports(self, data: bytes, now: int) -> list[Event]:
        session = self.link.session
        try:
            reports = self._entrance.told(data)
        except WireError as error:
            return session.unreadable(str(error), now)
        events: list[Event] = []
        for report in reports:
            events += session.report(report_shifted(report, self.link.http.clock.offset), now)
        return events

    def ponged(self, socket: Socket) -> None:
        if socket is self._socket:
            self._ponged()

    def ended(self, socket: Socket, why: str) -> None:
        if socket is self._socket:
            self._lost(why)

    def _lost(self, why: str) -> None:
        self.close()
        self.link.host.come(self._gone(self.link.host.now(), why))
        self.link.host.look()

    def _gone(self, now: int, why: str) -> list[Event]:
        return self.link.session.stream_down(now, why) if self.connection.down(now) else []
