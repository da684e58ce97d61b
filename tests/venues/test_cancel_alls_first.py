"""What leaves first: the cancel-alls of every venue, then cancels by id; and market data lets go of the loop."""

from __future__ import annotations

import asyncio
import time
from types import SimpleNamespace

import aiohttp
from aiohttp import WSMsgType

from mmtui.core.market.instrument import Instrument
from mmtui.venues.account_messages import AskOpen, Cancel, CancelEverything
from mmtui.venues.binance.rest_calls import Call
from mmtui.venues.live.account_link import AccountLink
from mmtui.venues.live.clock import ClockOffset
from mmtui.venues.live.sockets import Socket
from mmtui.venues.live.way import FRAMES, GIVE_S, Way

ITEM = Instrument(id="okx:BTCUSDT", venue="okx", symbol="BTCUSDT", kind="linear", base="BTC", quote="USDT",
                  settle="USDT", tick="0.1", lot="0.001")  # fmt: skip


class Host:
    def __init__(self):
        self.way = Way()

    def now(self):
        return time.time_ns()

    def come(self, events): ...

    def look(self): ...


class Pair:
    key, alive = "k", True

    def mask(self, text):
        return text

    def watch(self, told): ...


class Http:
    """Notes what is to be signed, and never answers."""

    def __init__(self, venue, noted):
        self.clock, self.venue, self.noted = ClockOffset(), venue, noted

    async def signed(self, call, expires=0, still=None):
        self.noted.append((self.venue, call.path))
        await asyncio.Event().wait()


class Session:
    fence, out = 0, ()

    def __init__(self, *requests):
        self.requests = requests

    def take(self, now):
        return list(self.requests)


def talk(request):
    yield [Call("DELETE", type(request).__name__, {})]


def link(host, venue, noted, *requests):
    made = AccountLink(host, 0, "okx", [(0, ITEM)], Http(venue, noted), SimpleNamespace(talk=talk),
                       SimpleNamespace(close=lambda: None), Pair(), "aa")  # fmt: skip
    made.session = Session(*requests)
    return made


def test_cancel_alls_of_every_venue_are_signed_before_any_cancel_by_id():
    async def go():
        host, noted = Host(), []
        both = [CancelEverything(1, 0), *(Cancel(k, []) for k in range(2, 30)), AskOpen(40, 1)]
        links = [link(host, "a", noted, *both), link(host, "b", noted, *both), link(host, "c", noted, *both[1:])]
        for one in links:
            one.pump(1)
        await asyncio.sleep(0.01)
        assert noted[:2] == [("a", "CancelEverything"), ("b", "CancelEverything")]
        assert len(noted) == sum(len(one.session.requests) for one in links)
        for venue in "ab":  # and each venue's own order stays
            mine = [path for name, path in noted if name == venue]
            assert mine == ["CancelEverything", *["Cancel"] * 28, "AskOpen"]
        for one in links:
            one.close()

    asyncio.run(go())


def test_a_link_that_is_closed_between_the_two_begins_nothing_more():
    async def go():
        noted = []
        one = link(Host(), "a", noted, CancelEverything(1, 0), Cancel(2, []))
        one.pump(1)
        one.close()
        await asyncio.sleep(0.01)
        assert noted == []

    asyncio.run(go())


class Backlog:
    """A WebSocket whose messages are all there already."""

    def __init__(self, count):
        self.left = count

    async def receive(self):
        self.left -= 1
        if self.left < 0:
            return SimpleNamespace(type=WSMsgType.CLOSED, data=None)
        return SimpleNamespace(type=WSMsgType.TEXT, data="{}")


async def reading(count, way):
    got = []
    owner = SimpleNamespace(received=lambda socket, data: got.append(data), ponged=lambda socket: None,
                            opened=lambda socket: None, ended=lambda socket, why: None)  # fmt: skip

    async def where():
        return None

    async with aiohttp.ClientSession() as session:
        socket = Socket(session, where, owner, way)
        await asyncio.sleep(0)
        return got, asyncio.ensure_future(socket._read(Backlog(count)))


def test_a_backlog_of_market_data_lets_go_of_the_loop_after_a_few_frames_and_loses_none():
    async def go():
        got, task = await reading(1_000, Way())
        seen = []
        while not task.done():
            seen.append(len(got))
            await asyncio.sleep(0)
        assert len(got) == 1_000
        assert max(after - before for before, after in zip(seen, [*seen[1:], 1_000], strict=True)) <= FRAMES
        got, task = await reading(1_000, None)  # an account's stream waits for nobody
        await asyncio.sleep(0)
        assert len(got) == 1_000

    asyncio.run(go())


def test_market_data_waits_while_a_cancel_all_begins_and_then_goes_on():
    async def go():
        way = Way()
        got, task = await reading(100, way)
        way.clear()
        began = time.monotonic()
        await task
        assert time.monotonic() - began >= GIVE_S * 0.9
        assert len(got) == 100

    asyncio.run(go())
