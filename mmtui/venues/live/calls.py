"""REST calls over aiohttp: connections, time-outs, answers as replies; and the venue's clock, measured by them.

Rules of this file: a call gives a Reply, whatever happens, and has no second try; addresses are told to nobody.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping

import aiohttp
from yarl import URL

from mmtui.venues.binance.rest_calls import Reply
from mmtui.venues.live.clock import ClockOffset

#: Nobody waits longer for an answer than the account session does.
TIMEOUT_S = 3.0
#: Bytes of an answer; more are not read.
BODY_MAX = 16 * 1024 * 1024
CONNECTIONS = 64
#: The venue's clock is measured so often.
CLOCK_S = 30.0


class Calls:
    """Of one venue. `timeout_s`: of a whole call."""

    def __init__(self, timeout_s: float = TIMEOUT_S) -> None:
        self.took_ms = 0.0  # of the newest answer
        self.clock = ClockOffset()
        self._timeout_s = timeout_s
        self._session: aiohttp.ClientSession | None = None

    @property
    def session(self) -> aiohttp.ClientSession:
        """The connections; made when the loop runs."""
        if self._session is None:
            connector = aiohttp.TCPConnector(limit=CONNECTIONS, ttl_dns_cache=300, keepalive_timeout=60)
            self._session = aiohttp.ClientSession(
                connector=connector, timeout=aiohttp.ClientTimeout(total=self._timeout_s), trust_env=False
            )
        return self._session

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()

    async def ask(self, method: str, url: URL, headers: Mapping[str, str], sent: int, body: bytes = b"") -> Reply:
        """One call, sent at `sent` (engine's clock)."""
        began = time.monotonic()
        try:
            async with self.session.request(
                method, url, headers=headers, data=body or None, allow_redirects=False
            ) as answer:
                read = await answer.content.read(BODY_MAX)
                while not answer.content.at_eof() and len(read) < BODY_MAX:
                    read += await answer.content.read(BODY_MAX)
        except TimeoutError:
            return Reply(0, text="timeout", sent=sent)
        except (aiohttp.ClientError, OSError, ValueError):
            return Reply(0, text="network", sent=sent)
        self.took_ms = (time.monotonic() - began) * 1e3
        self.answered(answer.headers)
        return Reply(answer.status, read, _retry_after(answer.headers), sent=sent, headers=answer.headers)

    def answered(self, headers: Mapping[str, str]) -> None:
        """Headers of every answer."""

    # -- the venue's clock ---------------------------------------------------------------------------------------

    async def measure(self) -> bool:
        """One pair of request and answer; False: no answer."""
        raise NotImplementedError

    async def settle(self, tries: int = 3) -> bool:
        """Know the venue's clock, before anything is signed."""
        for _ in range(tries):
            if not await self.measure():
                await asyncio.sleep(0.2)
        return self.clock.known

    async def keep_time(self) -> None:
        """Measure the venue's clock, again and again."""
        await self.settle()
        pause = 1.0
        while True:
            await asyncio.sleep(pause)
            await self.measure()
            pause = min(pause * 2, CLOCK_S)


def _retry_after(headers: Mapping[str, str]) -> int:
    """Retry-After in ms, 0: not said."""
    text = headers.get("Retry-After", "")
    return min(int(text), 86_400) * 1_000 if text.isdecimal() and len(text) < 8 else 0
