"""Public REST questions of the venues of market_links: their clock, their list of instruments.

Rules of this file: nothing is signed; an answer that is none is None.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec
from yarl import URL

from mmtui.core.market.instrument import Instrument
from mmtui.venues.binance.grid import WireError
from mmtui.venues.binance.rest_calls import Reply
from mmtui.venues.listings import listed
from mmtui.venues.live.calls import Calls
from mmtui.venues.market_links import MarketLinks, Question
from mmtui.venues.numbers import ns_of_iso, ns_of_ms

#: A list of all instruments may be long.
TIMEOUT_S = 10.0
#: Steps in which a clock is told, ns, by its unit.
_STEPS = {"ms": 1_000_000, "s": 1_000_000_000, "iso": 1_000_000}


class MarketHttp(Calls):
    """Of one venue. `now`: the engine's clock, ns."""

    def __init__(self, links: MarketLinks, now: Callable[[], int], timeout_s: float = TIMEOUT_S) -> None:
        super().__init__(timeout_s)
        self.links = links
        self._now = now

    async def put(self, question: Question) -> Reply:
        method, headers = ("POST", {"Content-Type": "application/json"}) if question.body else ("GET", {})
        url = URL(self.links.asked(question), encoded=True)
        return await self.ask(method, url, headers, self._now(), question.body.encode())

    async def measure(self) -> bool:
        """One pair of request and answer about the venue's clock; False: no answer."""
        clock = self.links.clock
        if clock is None:
            return False
        sent = self._now()
        reply = await self.put(clock.ask)
        received = self._now()
        stamp = _instant(reply.body, clock.at, clock.unit) if reply.status == 200 else 0
        if not stamp:
            return False
        self.clock.sample(sent, received, stamp, _STEPS[clock.unit])
        return True

    async def instruments(self) -> list[Instrument] | None:
        """Everything that the venue lists; None: an answer that cannot be read."""
        found: list[Instrument] = []
        for question in self.links.lists:
            reply = await self.put(question)
            if reply.status != 200:
                return None
            try:
                found += listed(self.links.venue, reply.body)
            except WireError:
                return None
        return found


def _instant(body: bytes, at: tuple[str | int, ...], unit: str) -> int:
    """The instant in an answer, ns; 0: none."""
    try:
        value: Any = msgspec.json.decode(body)
        for key in at:
            value = value[key]
        if unit == "iso":
            return ns_of_iso(str(value))
        return ns_of_ms(f"{value}000" if unit == "s" else str(value))
    except (msgspec.MsgspecError, LookupError, TypeError, WireError):
        return 0
