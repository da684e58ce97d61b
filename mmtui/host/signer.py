"""The signer process: it alone holds the secrets of a desk's keys. `python -m mmtui.host.signer FD` (a socket).

It loads the keys that its first frame names (and asks for a passphrase on the terminal, where one is needed), then
signs what the list allows, until the other end of its socket closes: it dies with its desk.  At its desk's wish it
makes a twin, which takes over without anybody being asked again.

Rules of this file: nothing is written anywhere but to the socket, no traceback, no core; signals meant for the desk do
not end it, because the desk cancels with it before it ends itself.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import resource
import signal
import socket
import sys
import time
from pathlib import Path

from mmtui.core.errors import UserError
from mmtui.venues.live.keys import load_pair
from mmtui.venues.live.signer_wire import (
    Fork,
    FrameError,
    Frames,
    Held,
    Load,
    Mask,
    Question,
    Refused,
    Sign,
    encode,
    question,
)
from mmtui.venues.live.vault import Vault

PR_SET_DUMPABLE = 4
#: What a terminal or a service manager sends to the whole group.
DEAF = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT, signal.SIGTSTP, signal.SIGUSR1, signal.SIGUSR2)


def harden() -> None:
    """No core dumps; on Linux no ptrace, and nobody but root reads this process under /proc."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if sys.platform == "linux":
        with contextlib.suppress(OSError, AttributeError):
            ctypes.CDLL(None).prctl(PR_SET_DUMPABLE, 0, 0, 0, 0)


class Signer:
    """Serves one socket."""

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock
        self._frames = Frames()
        self._vault: Vault | None = None

    def run(self) -> None:
        """Until the other end is gone, or sends what nobody of ours sends."""
        while True:
            data, fds, _, _ = socket.recv_fds(self._sock, 65_536, 1)
            if not data:
                return
            for body in self._frames.feed(data):
                asked = question(body)
                if not isinstance(asked, Fork):
                    self._sock.sendall(self._reply(asked))  # at once: a cancel-all does not wait for cancels by id
                elif self._twin(fds):
                    break
            for fd in fds:
                os.close(fd)

    def _reply(self, asked: Question) -> bytes:
        if isinstance(asked, Load):
            return self._load(asked)
        if self._vault is None or not isinstance(asked, Sign | Mask):
            raise FrameError("a question before its keys")
        return encode(self._vault.answer(asked))

    def _load(self, wanted: Load) -> bytes:
        try:
            if self._vault is not None:
                raise UserError("this signer holds its keys already")
            pairs = {market: load_pair(market, source, Path(wanted.base)) for market, source in wanted.wanted}
        except UserError as error:
            return encode(Refused(-1, str(error)))
        for number in DEAF:
            signal.signal(number, signal.SIG_IGN)
        self._vault = Vault(pairs, time.monotonic)
        return encode(self._held(self._vault))

    def _held(self, vault: Vault) -> Held:
        rows = [(market, pair.key, pair.open, pair.passphrase) for market, pair in vault.pairs.items()]
        return Held(os.getpid(), rows)

    def _twin(self, fds: list[int]) -> bool:
        """Fork; the child (True) serves the socket that came along and nothing else."""
        if self._vault is None or not fds or os.fork():
            return False
        self._sock.close()
        self._sock = socket.socket(fileno=fds.pop())
        for fd in fds:
            os.close(fd)
        fds.clear()
        self._frames = Frames()
        self._sock.sendall(encode(self._held(self._vault)))
        return True


def main() -> None:
    harden()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # twins leave no zombies
    with contextlib.suppress(OSError, FrameError):
        Signer(socket.socket(fileno=int(sys.argv[1]))).run()


if __name__ == "__main__":
    try:
        main()
    except BaseException:  # a traceback could tell what it must not
        os._exit(1)
