"""Who goes first on a host's loop: market data gives way to a cancel-all, and between a few frames to everybody.

A reader whose socket has a backlog finds every frame ready, and would never let go of the loop: an act of an operator
would wait for the whole of it.

Rules of this file: nothing is dropped, it waits; never longer than GIVE_S after the last cancel-all has begun.
"""

from __future__ import annotations

import asyncio
import time

#: Market data waits so long while a cancel-all is signed and written (s).
GIVE_S = 0.02
#: Frames that one socket may bring before the others of the loop have their turn.
FRAMES = 8


class Way:
    """Of one host."""

    def __init__(self) -> None:
        self._until = 0.0

    def clear(self) -> None:
        """A cancel-all begins."""
        self._until = time.monotonic() + GIVE_S

    async def turn(self) -> None:
        """Of a reader of market data: let the others go."""
        left = self._until - time.monotonic()
        await asyncio.sleep(left if left > 0.0 else 0)
