"""Cancelling a live desk's orders without its host: straight to the venues, until each of them says zero.

Rules of this file: needs the desk's config and keys, no engine and no tape; cancels orders of the desk's last session
and nobody else's; never gives up by itself.
"""

from __future__ import annotations

import asyncio
import sys
import time
from pathlib import Path

from mmtui.config.load import load_config
from mmtui.core.errors import UserError
from mmtui.core.market.instrument import Instrument
from mmtui.host.golive import access_of
from mmtui.host.live import VenueAccess
from mmtui.venues.account_ids import ClientIds
from mmtui.venues.account_messages import Answer, AskOpen, Cancel, OldOrder, OpenList, OpenRow, Request
from mmtui.venues.binance.links import Links
from mmtui.venues.binance.rest import BinanceRest
from mmtui.venues.binance.rest_calls import step
from mmtui.venues.facts import facts_of
from mmtui.venues.live.http import Http

AGAIN_S = 0.3
SAY_S = 2.0


def cancel_until_zero(name: str, left: dict[str, str]) -> int:
    """Cancel and ask until every venue has reported zero open orders of the session; how many were cancelled."""
    config = load_config(Path(left["config"]))
    if config.setup.mode != "live":
        raise UserError(f'desk {name!r}: {left["config"]} is not mode = "live" any more: its keys are not named there')
    access = access_of(config, live=True)
    tag = left["session"][-4:]

    async def everywhere() -> int:
        work = []
        for one in access:
            places = [
                (i, item.instrument)
                for i, item in enumerate(config.setup.instruments)
                if item.instrument.venue == one.venue
            ]
            work.append(_at_venue(name, one, places, tag))
        return sum(await asyncio.gather(*work))

    return asyncio.run(everywhere())


async def _at_venue(name: str, access: VenueAccess, places: list[tuple[int, Instrument]], tag: str) -> int:
    if not isinstance(access.links, Links):
        return 0  # no order can be there
    http = Http(access.venue, access.links, access.pair, time.time_ns)
    rest = BinanceRest(access.venue, places)
    facts = facts_of(access.venue)
    ids = ClientIds(facts, tag)
    cancelled: dict[str, None] = {}
    said = 0.0
    try:
        await http.settle()
        while True:
            rows = [await _open(http, rest, endpoint) for endpoint in (1, 2)]
            if all(row is not None for row in rows):
                ours = {row.client_id: row for found in rows for row in found or () if ids.parse(row.client_id)}
                if not ours:
                    return len(cancelled)
                orders = [OldOrder(0, row.i, row.client_id, row.venue_order_id) for row in ours.values()]
                for at in range(0, len(orders), facts.batch_cancel):
                    await _converse(http, rest, Cancel(0, orders[at : at + facts.batch_cancel]))
                cancelled |= dict.fromkeys(ours)
            if time.monotonic() - said > SAY_S:
                said = time.monotonic()
                what = f"{len(cancelled)} orders cancelled" if all(row is not None for row in rows) else "no answer"
                print(f"mmtui: desk {name!r}: {access.venue}: {what}, still trying", file=sys.stderr)
            await asyncio.sleep(AGAIN_S)
    finally:
        await http.close()


async def _open(http: Http, rest: BinanceRest, endpoint: int) -> list[OpenRow] | None:
    """Open orders by one of the two questions; None: no answer."""
    answer = await _converse(http, rest, AskOpen(0, endpoint))
    return answer.orders if isinstance(answer, OpenList) else None


async def _converse(http: Http, rest: BinanceRest, request: Request) -> Answer:
    talk = rest.talk(request)
    calls, answer = step(talk, None)
    while answer is None:
        calls, answer = step(talk, [await http.signed(call) for call in calls])
    return answer
