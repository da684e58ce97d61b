"""Who talks to a simulated desk: bytes of cockpits in, commands out, by the real codec and the hub's rules.

Rules of this file: a connection that does not speak the protocol ends; what makes the desk safer goes first.
"""

from __future__ import annotations

from collections.abc import Callable

from mmtui.core.commands import BY_NAME
from mmtui.core.setup import DeskSetup
from mmtui.link.codec import Decoder, LinkError, host_decoder
from mmtui.link.messages import PROTOCOL, ROLES, Cmd, Hello, ToHost


class Line:
    """One connection."""

    __slots__ = ("decoder", "who")

    def __init__(self) -> None:
        self.decoder: Decoder[ToHost] = host_decoder()
        self.who: Hello | None = None


class SimHub:
    """All connections of one life. `command(cmd, who)` carries an act out."""

    def __init__(self, setup: DeskSetup, command: Callable[[Cmd, Hello], None]) -> None:
        self._setup = setup
        self._command = command
        self._lines: dict[int, Line] = {}

    def attach(self, connection: int) -> None:
        self._lines[connection] = Line()

    def detach(self, connection: int) -> None:
        """The line breaks; half a message is no message."""
        self._lines.pop(connection, None)

    def receive(self, connection: int, data: bytes) -> None:
        line = self._lines.get(connection)
        if line is None:
            return
        try:
            messages = line.decoder.feed(data)
        except LinkError:
            self.detach(connection)
            return
        for message in sorted(messages, key=lambda message: not isinstance(message, Hello)):
            if line.who is not None:
                break
            self._greet(connection, line, message)
        for message in sorted(messages, key=lambda message: not _escalates(message)):
            if isinstance(message, Cmd) and line.who is not None and self._may(line.who, message):
                self._command(message, line.who)

    def _greet(self, connection: int, line: Line, message: ToHost) -> None:
        if isinstance(message, Hello) and message.protocol == PROTOCOL and message.role in ROLES:
            line.who = message
        else:
            self.detach(connection)

    def _may(self, who: Hello, cmd: Cmd) -> bool:
        """An observer can only look, and kill where the desk lets observers."""
        return who.role != "observer" or (cmd.action == "kill" and self._setup.limits.observers_may_kill)


def _escalates(message: ToHost) -> bool:
    act = BY_NAME.get(message.action) if isinstance(message, Cmd) else None
    return act is not None and act.escalates
