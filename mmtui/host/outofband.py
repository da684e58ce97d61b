"""Cancelling a live desk's orders without its host: straight to the venues, until each of them says zero.

For `mmtui kill` and for the guard: cancel-all of the desk's instruments *and* cancels by id, all venues at once, on
connections of their own; a venue counts as verified when two endpoints, asked after the last order was seen, both name
none of the session's orders.  (controls.md 1b, steps 3 and 4.)

Rules of this file: needs the desk's config and keys, no engine and no tape; never gives up by itself; what a venue
answers, or does not, never ends it.
"""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from mmtui.config.load import load_config
from mmtui.config.schema import DeskConfig
from mmtui.core.errors import UserError
from mmtui.core.market.instrument import Instrument
from mmtui.host.golive import access_of
from mmtui.host.live import VenueAccess
from mmtui.venues.account_ids import ClientIds
from mmtui.venues.account_messages import (
    Answer,
    AskOpen,
    Cancel,
    CancelEverything,
    Failed,
    OldOrder,
    OpenList,
    Refused,
    Request,
)
from mmtui.venues.binance.links import Links
from mmtui.venues.binance.rest import BinanceRest
from mmtui.venues.binance.rest_calls import step
from mmtui.venues.facts import facts_of
from mmtui.venues.live.account_link import Talker
from mmtui.venues.live.http import Http
from mmtui.venues.live.market_http import MarketHttp
from mmtui.venues.live.trade_http import TradeHttp
from mmtui.venues.market_links import MarketLinks
from mmtui.venues.traders import TRADERS

#: Between two rounds; longer the longer it lasts, never above the second.
AGAIN_S, AGAIN_MAX_S = 0.05, 1.0
#: A call that has no answer by then is made again: everything asked for here may be asked for twice.
CALL_S = 1.5
#: A venue that has not answered anything for so long is said to be dead.
DEAD_S = 0.8
SAY_S = 2.0
#: What keeps a venue from being asked at all, and for how long at the least (s).
_PAUSES = {"429": 0.5, "418": 5.0, "403": 5.0}
_PAUSE_MAX_S = 600.0


class Canceller:
    """Of one venue. Instants are seconds of time.monotonic(); 0.0: not yet."""

    def __init__(self, access: VenueAccess, places: list[tuple[int, Instrument]]) -> None:
        self.venue = access.venue
        self.places = places
        self.facts = facts_of(access.venue)
        self.http, self._rest = _speaks(access, places)
        self._mask = access.pair.mask if access.pair is not None else str  # a venue may repeat what it was sent
        self.begin("")

    def begin(self, tag: str) -> None:
        """A new kill: nothing of the last one counts."""
        self._ids = ClientIds(self.facts, tag) if tag else None
        self.began = time.monotonic()
        self.sent = self.acked = self.verified = self.answered = 0.0
        self.cancelled: dict[str, None] = {}  # client ids of ours that were seen open
        self.open = -1  # of ours at the last answer; -1: nobody knows
        self.trouble = ""
        self.rounds = 0
        self._zeros: dict[int, float] = {}  # endpoint -> when the question was asked that it answered with zero
        self._seen = 0.0  # when one of ours was last seen
        self._paused = 0.0

    # -- what a report shows -------------------------------------------------------------------------------------

    def row(self) -> dict[str, Any]:
        """Times in ms since it began, None: not yet."""
        return {
            "sent_ms": self._ms(self.sent), "acked_ms": self._ms(self.acked), "verified_ms": self._ms(self.verified),
            "cancelled": len(self.cancelled), "open_orders": self.open if self.open >= 0 else None,
            "trouble": self.said(),
        }  # fmt: skip

    def said(self) -> str:
        """What is wrong with the venue now; "" when nothing is."""
        if self.verified:
            return ""
        silent = time.monotonic() - max(self.answered, self.began)
        return "no answer" if silent > DEAD_S else self.trouble

    def _ms(self, at: float) -> float | None:
        return round((at - self.began) * 1e3, 1) if at else None

    # -- work ----------------------------------------------------------------------------------------------------

    async def warm(self) -> bool:
        """Know the venue's clock, keep a connection open; True: the account answers to these keys."""
        if not (await self.http.measure() or self.http.clock.known):
            return False
        return isinstance(await self._converse(AskOpen(0, 1)), OpenList)

    async def until_zero(self, settled: float = 0.0) -> None:
        """Cancel and ask until two endpoints say zero; then ask on until zero stands at the instant `settled` too."""
        if not self.http.clock.known:
            await self.http.settle(1)
        while True:
            await self._round(after=settled if self.verified else 0.0)
            if self.verified and self._zero_since(max(settled, self._seen)):
                return
            pause = min(AGAIN_S * self.rounds, AGAIN_MAX_S)
            wake = max(self._paused, time.monotonic() + pause)
            if self.verified and time.monotonic() < settled:
                wake = max(wake, settled)
            await asyncio.sleep(max(0.0, wake - time.monotonic()))

    async def look(self) -> bool:
        """One round after it was verified; False: something is open again, or nobody knows."""
        asked = time.monotonic()
        await self._round(after=asked)
        return self._zero_since(asked)

    async def _round(self, after: float) -> None:
        """Questions by both endpoints, beside the cancel-all until it is acknowledged, and before it afterwards."""
        self.rounds += 1
        work = [self._ask(endpoint) for endpoint in (1, 2) if self._zeros.get(endpoint, -1.0) < max(after, self._seen)]
        if not self.verified and not self.acked:
            await asyncio.gather(self._everything(), *work)
        else:
            await asyncio.gather(*work)
            if not self.verified and self.open > 0:
                await self._everything()
        if not self.verified and self._zero_since(max(after, self._seen)) and (self.acked or self.rounds > 1):
            self.verified = time.monotonic()

    def _zero_since(self, instant: float) -> bool:
        return len(self._zeros) == 2 and min(self._zeros.values()) >= instant

    async def _everything(self) -> None:
        self.sent = self.sent or time.monotonic()
        answer = await self._converse(CancelEverything(0, -1))
        if isinstance(answer, Failed | Refused):
            return
        now = time.monotonic()
        self.acked = self.acked or now
        self._zeros = {}  # a list that was made before it says nothing about what it found
        self._seen = now

    async def _ask(self, endpoint: int) -> None:
        """Open orders by one endpoint; ours are cancelled by id at once."""
        asked = time.monotonic()
        answer = await self._converse(AskOpen(0, endpoint))
        if not isinstance(answer, OpenList):
            return
        assert self._ids is not None
        ours = {row.client_id: row for row in answer.orders if self._ids.parse(row.client_id) is not None}
        self.open = len(ours)
        if not ours:
            if asked >= self._seen:
                self._zeros[endpoint] = asked
            return
        self.verified = 0.0
        self._zeros = {}
        self.cancelled |= dict.fromkeys(ours)
        orders = [OldOrder(0, row.i, row.client_id, row.venue_order_id) for row in ours.values() if row.i >= 0]
        size = self.facts.batch_cancel
        await asyncio.gather(
            *(self._converse(Cancel(0, orders[at : at + size])) for at in range(0, len(orders), size))
        )  # fmt: skip
        self._seen = time.monotonic()

    async def _converse(self, request: Request) -> Answer:
        """One request; a pause that the venue asked for is kept, for a ban is worse."""
        if (left := self._paused - time.monotonic()) > 0:
            await asyncio.sleep(left)
        try:
            talk = self._rest.talk(request)
            calls, answer = step(talk, None)
            while answer is None:
                calls, answer = step(talk, list(await asyncio.gather(*(self.http.signed(call) for call in calls))))
        except (asyncio.CancelledError, GeneratorExit):
            raise
        except Exception as error:  # a fault of ours must not end a kill
            answer = Failed(type(error).__name__)
        if isinstance(answer, Failed):
            self._failed(answer)
        else:
            self.answered = time.monotonic()
            self.trouble = f"refused: {self._mask(answer.text) or answer.code}" if isinstance(answer, Refused) else ""
            if isinstance(answer, Refused) and self.facts.meaning(answer.code) == "late":
                await self.http.measure()
        return answer

    def _failed(self, answer: Failed) -> None:
        self.trouble = {"timeout": "no answer", "network": "no connection"}.get(answer.kind, f"answers {answer.kind}")
        least = _PAUSES.get(answer.kind)
        if least is not None:
            self.answered = time.monotonic()
            pause = min(max(answer.retry_after_ms / 1e3, least), _PAUSE_MAX_S)
            self._paused = max(self._paused, time.monotonic() + pause)


def _speaks(access: VenueAccess, places: list[tuple[int, Instrument]]) -> tuple[Http | TradeHttp, Talker]:
    """Calls and words of a venue that trades."""
    if isinstance(access.links, Links):
        return Http(access.venue, access.links, access.pair, time.time_ns, CALL_S), BinanceRest(access.venue, places)
    assert isinstance(access.links, MarketLinks) and access.pair is not None
    trader, market = TRADERS[access.venue](places), MarketHttp(access.links, time.time_ns, CALL_S)
    return TradeHttp(trader, market, access.pair, time.time_ns, CALL_S), trader


def cancellers(config: DeskConfig, where: str) -> list[Canceller]:
    """One for every venue of a live desk, with the keys that are kept for this. UserError: it is none, or no keys."""
    if config.setup.mode != "live":
        raise UserError(f'{where} is not mode = "live": nothing of it stands at a venue')
    out = []
    for access in access_of(config, live=True, kill=True):
        if not isinstance(access.links, Links) and access.venue not in TRADERS:
            continue  # market data alone: no order can be there
        items = [(i, item.instrument) for i, item in enumerate(config.setup.instruments)]
        out.append(Canceller(access, [(i, item) for i, item in items if item.venue == access.venue]))
    return out


async def cancel_everywhere(
    work: Iterable[Canceller], tag: str, say: Callable[[str], None], settled: float = 0.0
) -> None:
    """All venues at once; every SAY_S one line about each that has not said zero (the first as soon as one is dead)."""
    work = list(work)
    for one in work:
        one.begin(tag)
    tasks = [asyncio.ensure_future(one.until_zero(settled)) for one in work]
    pause = DEAD_S + 0.05
    try:
        while (await asyncio.wait(tasks, timeout=pause))[1]:
            pause = SAY_S
            for one, task in zip(work, tasks, strict=True):
                if not task.done() and not one.verified:
                    open_now = f"{one.open} open" if one.open >= 0 else "open orders not known"
                    trouble = f", {one.said()}" if one.said() else ""
                    say(f"{one.venue}: {len(one.cancelled)} orders cancelled, {open_now}{trouble}, still trying")
        for task in tasks:
            task.result()
    finally:
        for task in tasks:
            task.cancel()


def cancel_until_zero(name: str, left: dict[str, str]) -> dict[str, dict[str, Any]]:
    """Cancel and ask until every venue has reported zero open orders of the session; venue -> times and counts."""
    config = load_config(Path(left["config"]))
    if config.setup.mode != "live":
        raise UserError(f'desk {name!r}: {left["config"]} is not mode = "live" any more: its keys are not named there')
    work = cancellers(config, left["config"])

    def say(text: str) -> None:
        print(f"mmtui: desk {name!r}: {text}", file=sys.stderr, flush=True)

    async def everywhere() -> None:
        try:
            await cancel_everywhere(work, left["session"][-4:], say)
        finally:
            await asyncio.gather(*(one.http.close() for one in work))

    asyncio.run(everywhere())
    return {one.venue: one.row() for one in work}
