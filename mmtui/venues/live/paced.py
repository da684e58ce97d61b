"""Messages to a venue on one socket, no more a second than it takes: the rest waits, in order.

Rules of this file: what waits for a socket that has ended is forgotten with it.
"""

from __future__ import annotations

import asyncio
from collections import deque

from mmtui.venues.live.sockets import Socket


class Paced:
    """`per_s`: messages in any second; 0: as many as there are."""

    def __init__(self, socket: Socket, per_s: int) -> None:
        self.socket = socket
        self._sent: deque[float] = deque(maxlen=per_s or 1)
        self._per_s = per_s

    def say(self, frames: list[bytes]) -> None:
        loop = asyncio.get_running_loop()
        for frame in frames:
            now = at = loop.time()
            if self._per_s:
                at = max(now, self._sent[0] + 1.0) if len(self._sent) == self._per_s else now
                self._sent.append(at)
            if at > now:
                loop.call_at(at, self.socket.say, frame)
            else:
                self.socket.say(frame)
