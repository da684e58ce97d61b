"""One venue through ccxt.pro as the live host drives it: its books and trades, and nothing else.

Every instrument is watched by two tasks; when one fails, or a book stays wrong, the exchange is closed and made anew
after a pause that grows.  ccxt is imported when the first exchange is made, on a thread: that takes seconds.

Rules of this file: everything runs on the host's loop; whatever is learnt goes to `host.come`, at once and in order;
a fault of ccxt's is told by its name: its text may hold an address.
"""

from __future__ import annotations

import asyncio
import contextlib
import importlib
import logging
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Protocol

from mmtui.core.events import Event, FeedStatus, GridRefined
from mmtui.core.market.instrument import Instrument
from mmtui.core.runner import NEVER
from mmtui.venues.account import AccountSession
from mmtui.venues.binance.grid import WireError
from mmtui.venues.ccxt_market.book import CcxtBook, listed
from mmtui.venues.ccxt_market.names import CcxtLinks
from mmtui.venues.connection import pause
from mmtui.venues.live.account_link import Host
from mmtui.venues.live.checks import Listed, Report

SECOND = 1_000_000_000
#: A close that takes longer is left to itself.
CLOSE_S = 2.0
#: What has held for so long was no flicker.
STEADY = 30 * SECOND


class Exchange(Protocol):
    """What is used of a ccxt.pro exchange."""

    precisionMode: int
    markets: Mapping[str, Any]

    async def load_markets(self) -> Any: ...

    async def watch_order_book(self, symbol: str) -> Mapping[str, Any]: ...

    async def watch_trades(self, symbol: str) -> list[Mapping[str, Any]]: ...

    async def close(self) -> Any: ...


def make(name: str) -> Exchange:
    """An exchange of ccxt.pro, silent, without keys."""
    for logger in ("ccxt", "ccxt.base.exchange"):
        logging.getLogger(logger).setLevel(logging.CRITICAL)
    module = importlib.import_module(f"ccxt.pro.{name}")
    found: Exchange = getattr(module, name)({"enableRateLimit": True, "newUpdates": True, "verbose": False})
    return found


Maker = Callable[[str], Exchange]


class CcxtLink:
    """Of one venue; it has no account."""

    def __init__(
        self, host: Host, v: int, venue: str, instruments: list[tuple[int, Instrument]], links: CcxtLinks,
        maker: Maker = make,
    ) -> None:  # fmt: skip
        self.host = host
        self.v = v
        self.venue = venue
        self.links = links
        self.session: AccountSession | None = None
        self.connected = False
        self.failures = 0
        self._make = maker
        self._books = [CcxtBook(i, instrument) for i, instrument in instruments]
        self._again = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    # -- life ----------------------------------------------------------------------------------------------------

    def start(self) -> None:
        """The loop runs."""
        self._task = asyncio.get_running_loop().create_task(self._run())

    async def close(self) -> None:
        """The connection ends; nothing is told any more."""
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task

    async def _run(self) -> None:
        attempts = 0
        while True:
            since = self.host.now()
            why = await self._once()
            self.failures += 1
            attempts = 0 if self.host.now() - since >= STEADY else attempts
            self._down(why)
            await asyncio.sleep(pause(attempts) / SECOND)
            attempts += 1

    async def _once(self) -> str:
        """One exchange's life; why it ended."""
        exchange: Exchange | None = None
        self._again.clear()
        tasks: list[asyncio.Task[None]] = []
        try:
            exchange = await asyncio.to_thread(self._make, self.links.exchange)
            await exchange.load_markets()
            work: list[Awaitable[None]] = [self._ask_again()]
            for book in self._books:
                work += [self._book(exchange, book), self._trades(exchange, book)]
            tasks = [asyncio.ensure_future(one) for one in work]
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            error = next((task.exception() for task in done if task.exception() is not None), None)
            return "a book stays wrong" if error is None else type(error).__name__
        except Exception as error:
            return type(error).__name__
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            if exchange is not None:
                with contextlib.suppress(Exception):
                    await asyncio.wait_for(exchange.close(), CLOSE_S)

    async def _ask_again(self) -> None:
        await self._again.wait()

    async def _book(self, exchange: Exchange, book: CcxtBook) -> None:
        while True:
            found = await exchange.watch_order_book(book.instrument.symbol)
            now = self.host.now()
            events = book.book(now, found)
            if not self.connected and book.valid:
                self.connected = True
                events.insert(0, FeedStatus(now, self.v, True, f"connected through ccxt: {self.links.proof}"))
            self.host.come(events)

    async def _trades(self, exchange: Exchange, book: CcxtBook) -> None:
        while True:
            rows = await exchange.watch_trades(book.instrument.symbol)
            if self.connected:
                self.host.come(book.trades(self.host.now(), rows))

    def _down(self, why: str) -> None:
        for book in self._books:
            book.reset()
        if self.connected:
            self.connected = False
            self.host.come([FeedStatus(self.host.now(), self.v, False, why)])

    # -- time ----------------------------------------------------------------------------------------------------

    def next_ts(self) -> int:
        """When to tick."""
        return min((ts for book in self._books if (ts := book.next_ts())), default=NEVER)

    def tick(self, now: int) -> list[Event]:
        """What time alone brings."""
        events = [event for book in self._books for event in book.tick(now)]
        if any(book.hopeless(now) for book in self._books):
            self._again.set()
            for book in self._books:
                book.wrong_since = 0
        return events

    def pump(self, now: int) -> list[Event]:
        """Nothing waits: there are no orders."""
        return []

    def refined(self, event: GridRefined) -> None:
        """The grid is the venue's: nobody refines it."""

    def body(self, now: int) -> dict[str, Any]:
        """For `ctl status --json`."""
        return {"feed": self.connected, "book": self.links.proof, "failures": self.failures}


async def ask_ccxt(venue: str, links: CcxtLinks, instruments: list[Instrument], maker: Maker = make) -> Report:
    """What a venue lists, as ccxt tells it."""
    report = Report(venue, symbols={}, fees={}, holds=[], prices={}, found={}, dead_man="no orders here")
    exchange = await asyncio.to_thread(maker, links.exchange)
    try:
        await exchange.load_markets()
        report.reached = True
        for item in instruments:
            market = exchange.markets.get(item.symbol)
            if market is None or market.get("active") is False:
                continue
            try:
                found = listed(item, market, exchange.precisionMode)
            except (WireError, ArithmeticError) as error:
                report.why = f"{item.symbol}: {error}"
                continue
            report.found[item.symbol] = found
            report.symbols[item.symbol] = Listed("TRADING", found.tick, found.lot, found.min_notional)
    except Exception as error:  # ccxt's own, of any kind: its text may hold an address
        report.why = f"ccxt cannot list its markets: {type(error).__name__}"
    finally:
        with contextlib.suppress(Exception):
            await asyncio.wait_for(exchange.close(), CLOSE_S)
    return report
