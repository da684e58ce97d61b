"""Between a desk and a loopback exchange: when each cancel's bytes arrived, and a market that says everything n times.

`Relay` passes bytes both ways.  Of calls it notes when a DELETE came and what it names; of market streams it repeats
every frame of the venue, which the desk decodes and finds old: a flood of whole messages without another exchange.
"""

from __future__ import annotations

import contextlib
import json
import socket
import threading
import time
from urllib.parse import parse_qs, urlsplit

IDS = ("origClientOrderId", "origClientOrderIdList")


class Cancel:
    """One DELETE: when its first bytes came (monotonic, ns), its symbol, the orders named; none: all of the symbol."""

    def __init__(self, at: int, path: str) -> None:
        parts = urlsplit(path)
        fields = parse_qs(parts.query)
        self.at = at
        self.symbol = fields.get("symbol", ["?"])[0]
        self.algo = "algo" in parts.path
        self.ids: list[str] = []
        for name in IDS:
            for text in fields.get(name, []):
                self.ids += json.loads(text) if text.startswith("[") else [text]


class Relay:
    """One port before another."""

    def __init__(self, upstream: int) -> None:
        self.upstream = upstream
        self.times = 1  # a market frame is said so often
        self.frames = 0  # market frames, repeated ones included
        self.cancels: list[Cancel] = []
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        self._listener.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                near, _ = self._listener.accept()
                far = socket.create_connection(("127.0.0.1", self.upstream))
                for line in (near, far):
                    line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                market = threading.Event()
                threading.Thread(target=self._out, args=(near, far, market), daemon=True).start()
                threading.Thread(target=self._back, args=(near, far, market), daemon=True).start()

    def _out(self, near: socket.socket, far: socket.socket, market: threading.Event) -> None:
        """What the desk says. A request begins with a chunk of its own: it has waited for the answer before."""
        with contextlib.suppress(OSError):
            while data := near.recv(1 << 16):
                at = time.monotonic_ns()
                method, _, rest = data[:4_096].partition(b" ")
                if method == b"DELETE":
                    self.cancels.append(Cancel(at, rest.partition(b" ")[0].decode()))
                elif method == b"GET" and b"/stream?streams=" in data[:4_096]:
                    market.set()
                far.sendall(data)
        _end(near, far)

    def _back(self, near: socket.socket, far: socket.socket, market: threading.Event) -> None:
        """What the venue says: as it comes, and market frames `times` over."""
        waiting = bytearray()
        upgraded = False
        with contextlib.suppress(OSError):
            while data := far.recv(1 << 16):
                if not market.is_set():
                    near.sendall(data)
                    continue
                waiting += data
                if not upgraded:
                    end = waiting.find(b"\r\n\r\n")
                    if end < 0:
                        continue
                    upgraded = True
                    near.sendall(waiting[: end + 4])
                    del waiting[: end + 4]
                near.sendall(self._repeated(waiting))
        _end(near, far)

    def _repeated(self, waiting: bytearray) -> bytes:
        """Whole frames out of what waits; those with text so many times."""
        out = bytearray()
        while (size := _frame(waiting)) and len(waiting) >= size:
            frame = bytes(waiting[:size])
            del waiting[:size]
            text = frame[0] & 0x0F == 1
            self.frames += self.times if text else 0
            out += frame * (self.times if text else 1)
        return bytes(out)


def _frame(data: bytearray) -> int:
    """Bytes of the WebSocket frame that begins here, which no server masks (RFC 6455, 5.2); 0: not known yet."""
    if len(data) < 2:
        return 0
    size = data[1] & 0x7F
    if size < 126:
        return 2 + size
    more = 2 if size == 126 else 8
    return 2 + more + int.from_bytes(data[2 : 2 + more], "big") if len(data) >= 2 + more else 0


def _end(*lines: socket.socket) -> None:
    for line in lines:
        with contextlib.suppress(OSError):
            line.shutdown(socket.SHUT_RDWR)
        line.close()
