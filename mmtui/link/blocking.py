"""The other end of the socket without an event loop: ctl and `mmtui kill` must start in no time.

Rules of this file: standard sockets and time-outs; every wait is bounded.
"""

from __future__ import annotations

import getpass
import os
import socket
import time
from collections import deque
from pathlib import Path

from mmtui.link.codec import LinkError, cockpit_decoder, encode
from mmtui.link.messages import PROTOCOL, Hello, Refused, ToCockpit, ToHost, Welcome

_CHUNK = 1 << 18


def origin() -> str:
    """Where this terminal is: `local`, or `ssh ADDRESS`."""
    connection = os.environ.get("SSH_CONNECTION", "").split()
    return f"ssh {connection[0]}" if connection else "local"


def operator() -> str:
    """Who presses: the login name (the host knows the uid from the socket itself)."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return f"uid{os.getuid()}"


def hello(role: str = "operator", client: str = "cockpit") -> Hello:
    """What this process says of itself when it connects."""
    return Hello(protocol=PROTOCOL, role=role, operator=operator(), origin=origin(), client=client)


class BlockingConnection:
    """One connection to a host; `welcome` is its answer to Hello."""

    def __init__(self, path: Path, hello: Hello, timeout: float = 5.0) -> None:
        self._decoder = cockpit_decoder()
        self._ready: deque[ToCockpit] = deque()
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._socket.settimeout(timeout)
        try:
            self._socket.connect(str(path))
        except (OSError, ValueError) as error:
            self._socket.close()
            raise LinkError(f"no host listens at {path} ({error})") from None
        self.send(hello)
        first = self.receive(timeout)
        if isinstance(first, Refused):
            self.close()
            raise LinkError(first.why)
        if not isinstance(first, Welcome):
            self.close()
            raise LinkError("the host did not answer the greeting")
        self.welcome: Welcome = first

    def send(self, message: ToHost) -> None:
        try:
            self._socket.sendall(encode(message))
        except OSError as error:
            raise LinkError(f"the host has gone ({error})") from None

    def receive(self, timeout: float) -> ToCockpit | None:
        """The next message; None when none came in time. Raises LinkError when the host has gone."""
        until = time.monotonic() + timeout
        while not self._ready:
            left = until - time.monotonic()
            if left <= 0:
                return None
            self._socket.settimeout(left)
            try:
                data = self._socket.recv(_CHUNK)
            except TimeoutError:
                return None
            except OSError as error:
                raise LinkError(f"the host has gone ({error})") from None
            if not data:
                raise LinkError("the host has closed the connection")
            self._ready.extend(self._decoder.feed(data))
        return self._ready.popleft()

    def close(self) -> None:
        self._socket.close()

    def __enter__(self) -> BlockingConnection:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()
