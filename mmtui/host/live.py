"""A desk on live venues: what the venues say comes when it comes, and what the engine wants leaves at once.

Modes: live (orders go to the venue), paper (live market, paper fills), shadow (nothing is sent, nothing fills).

Rules of this file: the order is that of every desk: engine, tape, and only then do effects leave; the engine's clock is
the wall clock at the start plus the monotonic one, and never goes back.
"""

from __future__ import annotations

import time
from typing import Any, NamedTuple

import msgspec

from mmtui.core.effects import (
    AmendOrder,
    CancelAll,
    CancelOrder,
    Effect,
    PlaceOrder,
    QueryAccount,
    QueryOpenOrders,
    Shutdown,
)
from mmtui.core.engine import Engine
from mmtui.core.events import MARKET, Command, Event, GridRefined, HostStarted
from mmtui.core.runner import NEVER, Execution
from mmtui.core.setup import DeskSetup
from mmtui.host.blocks import IdBlocks
from mmtui.host.brake import Brake
from mmtui.host.desk import SLICE_NS, Desk
from mmtui.host.frames import Extras
from mmtui.host.guarding import Guarding, says
from mmtui.host.surroundings import Surroundings
from mmtui.link.messages import Cmd, Hello
from mmtui.tape.journal import SideJournal
from mmtui.tape.writer import TapeWriter
from mmtui.venues.binance.links import Links
from mmtui.venues.ccxt_market.link import CcxtLink
from mmtui.venues.ccxt_market.names import CcxtLinks
from mmtui.venues.live.market import MarketLink
from mmtui.venues.live.shadow import ShadowVenue
from mmtui.venues.live.signing import Credential
from mmtui.venues.live.venue import VenueLink
from mmtui.venues.live.way import Way
from mmtui.venues.market_links import MarketLinks
from mmtui.venues.paper.venue import PaperVenue

_MARKET = frozenset(MARKET)
#: Nothing waits longer than this for the loop to look again (s).
LOOK_S = 0.02
#: After a shutdown that is proven the dead-man switches get so long to be turned off (ns).
STAND_DOWN_NS = 1_000_000_000


#: Where a venue is: a market of Binance, one of market_links, one through ccxt.
Access = Links | MarketLinks | CcxtLinks


class VenueAccess(NamedTuple):
    """Where a venue is, and who signs for its account (None: nothing is sent there)."""

    venue: str
    links: Access
    pair: Credential | None


AnyLink = VenueLink | MarketLink | CcxtLink


class LiveExecution:
    """core.runner.Execution: effects into the session of their venue; answers come by themselves."""

    def __init__(self, setup: DeskSetup) -> None:
        self.links: list[AnyLink] = []
        self.dirty = False  # something was queued since the last pump
        self._venue_of = [setup.venues.index(item.instrument.venue) for item in setup.instruments]

    def on_market(self, event: Event) -> None:
        """Nothing here matches by itself."""

    def send(self, effect: Effect, now: int) -> None:
        if isinstance(effect, PlaceOrder | AmendOrder | CancelOrder):
            v = self._venue_of[effect.i]
        elif isinstance(effect, CancelAll | QueryOpenOrders | QueryAccount):
            v = effect.v
        else:
            return
        session = self.links[v].session
        assert session is not None
        session.send(effect, now)
        self.dirty = True

    def next_ts(self) -> int:
        return NEVER

    def pop(self) -> Event:
        raise AssertionError("answers come by themselves")


def execution_of(setup: DeskSetup, engine: Engine) -> Execution:
    """Who carries a live, paper or shadow desk's orders out."""
    positions, shorts = engine.ledger.held()
    if setup.mode == "live":
        return LiveExecution(setup)
    if setup.mode == "shadow":
        return ShadowVenue(setup, positions, shorts)
    paper = PaperVenue(setup, engine.books, setup.seed)
    paper.restore(positions, shorts)
    return paper


class LiveDesk(Desk):
    """The stage of a host on live venues (host.hub.Stage, venues.live.account_link.Host)."""

    def __init__(
        self,
        setup: DeskSetup,
        engine: Engine,
        tape: TapeWriter,
        journal: SideJournal,
        access: list[VenueAccess],
        *,
        session: str,
        latched: dict[str, str],
        blocks: IdBlocks | None = None,
    ) -> None:
        execution = execution_of(setup, engine)
        super().__init__(
            setup, engine, execution, iter(()), tape, journal, session=session, speed=1.0, latched=latched,
            blocks=blocks,
        )  # fmt: skip
        self.way = Way()
        self.links: list[AnyLink] = []
        for v, one in enumerate(access):
            places = [(i, a.instrument) for i, a in enumerate(engine.accounts) if engine.venue_of[i] == v]
            pair = one.pair if setup.mode == "live" else None
            if isinstance(one.links, MarketLinks):
                self.links.append(MarketLink(self, v, one.venue, places, one.links, pair, session[-4:]))
                continue
            if isinstance(one.links, CcxtLinks):
                self.links.append(CcxtLink(self, v, one.venue, places, one.links))
                continue
            self.links.append(VenueLink(self, v, one.venue, places, one.links, pair, session[-4:]))
        self._live = execution if isinstance(execution, LiveExecution) else LiveExecution(setup)
        self._live.links = self.links
        self._shift = 0  # engine's clock minus the monotonic one
        self._begun = False
        self._depth = 0  # of what came while something else was handled
        self._waiting: list[Event] = []
        self._standing_down = 0
        self.guarding: Guarding | None = None
        self.around = Surroundings(setup.limits, tape.directory)
        self._found = 0  # things that were wrong round the desk

    def guard(self, guarding: Guarding) -> None:
        """From now on the loop's turns are watched, and creates pass a fence at the egress of each venue."""
        self.guarding = guarding
        for link in self.links:
            if not isinstance(link, CcxtLink) and link.account is not None:  # the others send no orders
                link.account.fenced = lambda: guarding.fenced

    # ------------------------------------------------------------ life

    def start(self, epoch: int, cause: str, last: int, mono: int) -> None:
        """The first event of this life, now."""
        ts = max(self.runner.now, time.time_ns())
        self._shift = ts - mono
        self.runner.now = ts
        autostart = self.setup.autostart and cause == "start"
        first, limit = (self.blocks.ids.first, self.blocks.ids.limit) if self.blocks is not None else (0, 0)
        self._step(HostStarted(ts, epoch, cause, dict(self.latched), autostart, first, limit, last))

    def now(self) -> int:
        """The engine's clock."""
        return max(self.runner.now, time.monotonic_ns() + self._shift)

    def slice(self, budget_ns: int = SLICE_NS) -> float | None:
        """Timers of engine and venues, and what leaves by them."""
        if not self._begun:
            self._begun = True
            for link in self.links:
                link.start()
        now = self.now()
        self._guarded(self.runner.advance, now)
        for link in self.links:
            if link.next_ts() <= now:
                self._take(link.tick(now))
        self._pump()
        if self.guarding is not None:
            self.guarding.turn(self)
        return min(max(0, self._due() - self.now()) / 1e9, LOOK_S)

    def after_slice(self) -> None:
        """As every desk, and a look at loop, clock and disk: a warning, or PAUSED with what was measured."""
        super().after_slice()
        for one in self.around.look(time.monotonic_ns()):
            self._alert("danger" if one.pauses else "warn", "host", one.text)
            if one.pauses:
                self._found += 1
                self.act("pause", "host", f"around-{self._found}", one.text)

    def _due(self) -> int:
        due = min(self.runner.wake, self.runner.execution.next_ts())
        return min([due, *(link.next_ts() for link in self.links)])

    @property
    def over(self) -> bool:
        """Ended, and the dead-man switches are off, or have had their time."""
        if self.finished is None:
            return False
        return not self._standing_down or self.now() >= self._standing_down

    async def leave(self) -> None:
        """Every connection ends."""
        if self.guarding is not None:
            self.guarding.close()
        for link in self.links:
            await link.close()

    # ------------------------------------------------------------ what comes

    def come(self, events: list[Event]) -> None:
        """What a venue has said: processed in order, and what it causes leaves."""
        if self._depth:
            self._waiting += events
            return
        self._depth += 1
        try:
            self._take(events)
            quiet = len(events) == 1 and type(events[0]) in _MARKET and not self._live.dirty and not self._waiting
            if not quiet:
                self._all()
        finally:
            self._depth -= 1
        if self.outbox or (not quiet and self._due() <= self.now()):
            self.on_due()

    def _all(self) -> None:
        """What is queued leaves, and what came meanwhile is processed."""
        self._pump()
        while self._waiting:
            events, self._waiting = self._waiting, []
            self._take(events)
            self._pump()

    def look(self) -> None:
        """A timer is due earlier than it was: the loop looks often enough."""

    def _take(self, events: list[Event]) -> None:
        runner = self.runner
        for event in events:
            began = time.monotonic_ns()
            now = self.now()
            if event.ts < runner.now:
                event = msgspec.structs.replace(event, ts=now)
            if type(event) in _MARKET:
                self.source.read += 1
                self._guarded(runner.feed, event)
            else:
                self._guarded(self._answer, event)
            if type(event) is GridRefined:
                for link in self.links:
                    link.refined(event)
            self.lag.add(time.monotonic_ns() - began)

    def _answer(self, event: Event) -> None:
        self.runner.advance(event.ts)
        self.runner.step(event)

    def _pump(self) -> None:
        """Everything that was queued leaves, with what becomes known by sending it."""
        for _ in range(100):
            self._live.dirty = False
            now = self.now()
            events = [event for link in self.links for event in link.pump(now)]
            if not events:
                return
            self._take(events)

    # ------------------------------------------------------------ acts

    def command(self, cmd: Cmd, who: Hello) -> None:
        """Quoting does not begin without the guard that the config wants on a second host."""
        if self.guarding is not None and cmd.action in ("start", "resume") and (why := self.guarding.hinders()):
            self.refuse(cmd, why, who)
        else:
            super().command(cmd, who)

    def _process(self, command: Command) -> None:
        super()._process(command)
        self._pump()

    def _now(self) -> int:
        return self.now()

    def _clock(self) -> int:
        return self.now()

    def _other(self, effect: Effect, now: int) -> None:
        super()._other(effect, now)
        if isinstance(effect, Shutdown):
            if effect.ok and self.guarding is not None:
                self.guarding.end()
            for link in self.links:
                if link.session is not None and effect.ok:
                    link.session.stand_down(now)
                    self._standing_down = now + STAND_DOWN_NS

    def _in_trouble(self, why: str) -> None:
        """A tape that takes nothing more: everything is cancelled, and only cancels leave from here on."""
        super()._in_trouble(why)
        if self.recorder.fault and self.setup.mode == "live":
            brake = self.runner.execution
            if isinstance(brake, Brake):
                brake.cancels_only = True
            now = self.now()
            for link in self.links:
                if link.session is not None:
                    link.session.send(CancelAll(link.v, 0), now)

    # ------------------------------------------------------------ what the cockpit sees

    def _extras(self, lag_ms: float, cockpits: int, operators: list[str]) -> Extras:
        extras = super()._extras(lag_ms, cockpits, operators)
        extras.execution = "live" if self.setup.mode == "live" else "paper"
        margins = {link.venue: link.margin for link in self.links if isinstance(link, VenueLink | MarketLink)}
        self.frames.meter.margins = {venue: told for venue, told in margins.items() if told is not None}
        extras.readings = self.around.readings()
        clocks = {link.venue: link.http.clock for link in self.links if isinstance(link, VenueLink | MarketLink)}
        extras.clocks = {v: (clock.offset / 1e6, clock.error / 1e6) for v, clock in clocks.items() if clock.known}
        if self.guarding is not None:
            extras.guards = self.guarding.views()
        return extras

    def status(self, cockpits: int = 0) -> dict[str, Any]:
        """With how each venue's clock and budget stand."""
        body = {**super().status(cockpits), "links": {link.venue: link.body(self.now()) for link in self.links}}
        return body if self.guarding is None else {**body, "guards": says(self.guarding.views)}

