"""A line to a signer process: starting one, and the bytes to it and from it.

Rules of this file: no secret passes here; what a signer says when it cannot start is a sentence for the user.
"""

from __future__ import annotations

import contextlib
import select
import socket
import subprocess
import sys
from pathlib import Path

from mmtui.core.errors import UserError
from mmtui.venues.live.signer_wire import FrameError, Frames, Held, Load, Refused, Reply, encode, reply

#: A signer is ready by then; one that asks somebody waits for them.
READY_S, ASKED_S = 30.0, 300.0


class Line:
    """One socket to one signer process."""

    def __init__(self, sock: socket.socket) -> None:
        self.sock = sock
        self.frames = Frames()
        self.out = bytearray()
        self.pid = 0

    def close(self) -> None:
        self.sock.close()

    def read(self) -> list[Reply] | None:
        """What has come; None: the signer is gone."""
        found: list[Reply] = []
        try:
            while True:
                data = self.sock.recv(65_536)
                if not data:
                    return found or None
                found += [reply(body) for body in self.frames.feed(data)]
                if len(data) < 65_536:
                    return found
        except (BlockingIOError, InterruptedError):
            return found
        except (OSError, FrameError):
            return None

    def write(self, data: bytes) -> bool:
        """False: some of it waits."""
        self.out += data
        with contextlib.suppress(BlockingIOError, InterruptedError):
            del self.out[: self.sock.send(self.out)]
        return not self.out


def ready(sock: socket.socket) -> bool:
    return bool(select.select([sock], [], [], 0)[0])


def start(wanted: dict[str, str], base: Path) -> tuple[subprocess.Popen[bytes], Line, dict[str, tuple[str, bool, str]]]:
    """A signer that is ready. UserError: its own sentence."""
    ours, theirs = socket.socketpair()
    with theirs:
        process = subprocess.Popen(
            [sys.executable, "-m", "mmtui.host.signer", str(theirs.fileno())],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, pass_fds=(theirs.fileno(),),
        )  # fmt: skip
    try:
        first = _handshake(ours, wanted, base)
    except BaseException:
        ours.close()
        process.kill()
        process.wait()
        raise
    line = Line(ours)
    ours.setblocking(False)
    line.pid = first.pid
    return process, line, {market: (key, from_env, phrase) for market, key, from_env, phrase in first.keys}


def _handshake(sock: socket.socket, wanted: dict[str, str], base: Path) -> Held:
    asks = any(source.startswith(("sealed:", "keyring:")) for source in wanted.values())
    sock.settimeout(ASKED_S if asks else READY_S)
    frames = Frames()
    bodies: list[bytes] = []
    try:
        sock.sendall(encode(Load(list(wanted.items()), str(base))))
        while not bodies:
            data = sock.recv(65_536)
            if not data:
                raise UserError("the signer process ended while it started")
            bodies = frames.feed(data)
        first = reply(bodies[0])
    except TimeoutError:
        raise UserError("the signer process did not start in time") from None
    except (OSError, FrameError):
        raise UserError("the signer process ended while it started") from None
    if isinstance(first, Refused):
        raise UserError(first.why)
    if not isinstance(first, Held):
        raise UserError("the signer process said what no signer says")
    return first
