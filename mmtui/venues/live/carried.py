"""Calls that leave on a private stream, and their answers by number.

A venue may bind what a call makes to the life of the connection that it came by (cancel on disconnect).  Such a call
leaves there or not at all; when the connection ends first, nobody knows what became of it.

Rules of this file: a call gives a Reply, whatever happens, and has no second try.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from mmtui.venues.binance.rest_calls import Reply


class Carried:
    """Of one private stream. `say`: puts a message on it; None: it is not whole."""

    def __init__(self, timeout_s: float) -> None:
        self.say: Callable[[bytes], None] | None = None
        self.waiting: dict[str, asyncio.Future[bytes | None]] = {}
        self._timeout_s = timeout_s

    async def call(self, number: str, message: bytes, sent: int) -> Reply:
        """A message with this number; without a stream nothing is sent."""
        if self.say is None:
            return Reply(0, text="auth", sent=sent)
        answer: asyncio.Future[bytes | None] = asyncio.get_running_loop().create_future()
        self.waiting[number] = answer
        try:
            self.say(message)
            body = await asyncio.wait_for(answer, self._timeout_s)
        except TimeoutError:
            return Reply(0, text="timeout", sent=sent)
        finally:
            del self.waiting[number]
        return Reply(200, body, sent=sent) if body is not None else Reply(0, text="network", sent=sent)

    def answered(self, number: str, body: bytes) -> bool:
        """An answer has come; False: nobody waits for it."""
        answer = self.waiting.get(number)
        if answer is None:
            return False
        if not answer.done():
            answer.set_result(body)
        return True

    def closed(self) -> None:
        """The connection is gone: what had left on it may have been done."""
        self.say = None
        for answer in self.waiting.values():
            if not answer.done():
                answer.set_result(None)
