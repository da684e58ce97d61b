"""A desk that runs: source, engine, execution and tape, driven by a clock in short slices.

Rules of this file: no sockets, no event loop.  Nothing about cockpits, pacing or the wall clock enters an event: a
command carries the source's instant, and two runs of one capture record the same whether somebody watches or not.
"""

from __future__ import annotations

import os
import sys
import time
import traceback
from collections import OrderedDict
from collections.abc import Callable, Iterator
from typing import Any

from mmtui.core.effects import SENT, Effect, Latch, Shutdown
from mmtui.core.engine import Engine
from mmtui.core.events import (
    MARKET,
    AmendRejected,
    CancelAllDone,
    CancelRejected,
    Command,
    Event,
    Fill,
    GridRefined,
    HostStarted,
    HostStopped,
    IdsReserved,
    OpenOrders,
    OrderAccepted,
    OrderAmended,
    OrderCancelled,
    OrderRejected,
)
from mmtui.core.market.instrument import Instrument
from mmtui.core.runner import NEVER, Execution, Runner
from mmtui.core.setup import DeskSetup
from mmtui.host import latch, parameters
from mmtui.host.ahead import Ahead
from mmtui.host.blocks import IdBlocks
from mmtui.host.brake import Brake
from mmtui.host.frames import Extras, FrameBuilder
from mmtui.host.pace import Lag, Pace
from mmtui.host.recorder import Recorder
from mmtui.link.acts import to_command
from mmtui.link.messages import PROTOCOL, Cmd, Frame, Hello, Item, Params, ParamsRequest, Transport, View, Welcome
from mmtui.tape.format import TapeError
from mmtui.tape.journal import SideJournal
from mmtui.tape.writer import TapeWriter

#: How long a slice may hold the loop: a kill waits no longer than this behind a burst.
SLICE_NS = 2_000_000
#: After the source's end its clock goes on for so long after the last thing that happened, then stands still.
QUIET_NS = 2_000_000_000
COMMANDS_KEPT = 10_000
_MARKET = frozenset(MARKET)
_ANSWERS = (
    OrderAccepted, OrderRejected, OrderCancelled, CancelRejected, OrderAmended, AmendRejected, Fill, OpenOrders,
    CancelAllDone,
)  # fmt: skip


class Desk:
    """The stage of a live, paper or demo host (host.hub.Stage)."""

    def __init__(
        self,
        setup: DeskSetup,
        engine: Engine,
        execution: Execution,
        events: Iterator[Event],
        tape: TapeWriter,
        journal: SideJournal,
        *,
        session: str,
        speed: float,
        latched: dict[str, str],
        blocks: IdBlocks | None = None,
    ) -> None:
        self.setup = setup
        self.engine = engine
        self.source = Ahead(events, lambda why: self._alert("danger", "source", why))
        self.tape = tape
        self.recorder = Recorder(tape, journal, self._in_trouble)
        self.journal = self.recorder.journal
        self.flush = self.recorder.flush
        self.session = session
        self.pace = Pace(speed)
        self.lag = Lag()
        self.frames = FrameBuilder(engine)
        self.runner = Runner(engine, execution, self._record, self._other)
        self.latched = latched
        self.blocks = blocks
        self.outbox: list[Item] = []
        self.finished: Shutdown | None = None
        self.fault = ""
        self.stopping = False
        self.behind = False  # more is due than one slice could take
        self.on_due: Callable[[], None] = lambda: None  # something came, or is due, between two slices
        self.on_latch: Callable[[dict[str, str]], None] = lambda latched: None
        self._ended = False
        self._quiet_at = NEVER
        self._results: OrderedDict[str, Item | None] = OrderedDict()
        self.regrid = False  # a grid has changed: cockpits need the instruments again
        self._kill_mono = 0
        self._blocked_ns = 0  # of the last kill: from the command to the latched state
        self._sent_ns = 0  # ... to the last cancel handed out
        self._signals = 0

    # ------------------------------------------------------------ life

    def start(self, epoch: int, cause: str, last: int, mono: int) -> None:
        """The first event of this life, at the instant of the source's next event; then its clock runs.

        last: instant of the last record of the life before, 0 when there was none.
        """
        self.source.step()
        ts = self.runner.now
        if self.source.pending is not None:
            ts = max(ts, self.source.pending.ts) if cause == "start" else ts
        self.runner.now = ts
        autostart = self.setup.autostart and cause == "start"
        first, limit = (self.blocks.ids.first, self.blocks.ids.limit) if self.blocks is not None else (0, 0)
        self._step(HostStarted(ts, epoch, cause, dict(self.latched), autostart, first, limit, last))
        self.pace.anchor(self.source.pending.ts if self.source.pending is not None else ts, mono)
        if self.source.pending is None:
            self._source_over()

    def slice(self, budget_ns: int = SLICE_NS) -> float | None:
        """Process what is due, for at most `budget_ns`; seconds until there is more (None: not by itself)."""
        mono = time.monotonic_ns()
        stop = mono + budget_ns
        runner, pace, lag, source = self.runner, self.pace, self.lag, self.source
        while (event := self.source.pending) is not None:
            now = pace.now(mono)
            if event.ts > now:
                self._guarded(runner.advance, now)
                break
            if not self._guarded(runner.feed, event):
                break
            self.source.step()
            mono = time.monotonic_ns()
            if pace.speed:
                lag.add(pace.now(mono) - event.ts)
            if self.source.pending is None:
                self._source_over()
            if mono >= stop:
                self.behind = True
                return 0.0
        self.behind = False
        if self.source.pending is not None:
            due = min(self.source.pending.ts, runner.wake, runner.execution.next_ts())
            return source.fill(pace, due, stop)
        return self._idle(mono)

    def _idle(self, mono: int) -> float | None:
        """After the source's end: answers and timers, until everything has been quiet for a while."""
        runner = self.runner
        self._guarded(runner.advance, min(self.pace.now(mono), self._quiet_at))
        due = min(runner.wake, runner.execution.next_ts(), self._quiet_at)
        if self.fault or runner.now >= self._quiet_at:
            return None
        return self.pace.seconds_until(due, mono)

    async def leave(self) -> None:
        """The loop ends: a desk without sockets of its own has nothing to close."""

    def stop(self, cause: str) -> bool:
        """Close the tape; True when the desk ended in order."""
        self._step(HostStopped(self.runner.now, cause))
        self.recorder.close(self.engine.state_hash())
        self.journal("stop", cause=cause, lag=self.lag.body())
        return self.finished is not None and self.finished.ok

    # ------------------------------------------------------------ acts

    def command(self, cmd: Cmd, who: Hello) -> None:
        """An operator's act: into the engine at once, at the source's instant."""
        if cmd.id in self._results:
            if (known := self._results[cmd.id]) is not None:
                self.outbox.append(known)
            return
        command = to_command(self.setup, cmd, who, self._now())
        if isinstance(command, str):
            self.refuse(cmd, command, who)
            return
        if cmd.action in ("start", "resume") and (trouble := self.recorder.trouble):
            self.refuse(cmd, f"{trouble}; make room, then start the desk's host anew", who)
            return
        self._remember(cmd.id, None)
        self._process(command)

    def act(self, action: str, origin: str, id: str, reason: str = "") -> None:
        """An act of the host itself: a signal, a broken tape."""
        id = f"{id}-{self.engine.epoch}"  # of this life: the engine takes no id twice
        command = Command(self._now(), id, "host", "operator", origin, 0, action, "{}", -1, -1, reason, os.getuid())
        self._process(command)

    @property
    def over(self) -> bool:
        return self.finished is not None

    def signalled(self, action: str, name: str) -> None:
        self._signals += 1
        self.act(action, "signal", f"{name}-{self._signals}", name)

    def refuse(self, cmd: Cmd, why: str, who: Hello) -> None:
        """Not carried out, and not on the tape: said to everyone, kept in the side journal."""
        text = f"{cmd.action} refused: {why}"
        self.journal("refused", operator=who.operator, role=who.role, action=cmd.action, why=why)
        self.outbox.append(
            Item(
                n=0,
                ts=self.runner.now,
                kind="result",
                text=text,
                severity="warn",
                code="command",
                command=cmd.id,
                ok=False,
            )
        )

    def transport(self, message: Transport) -> None:
        """A desk has no transport keys: only a replay does."""

    def observer_may(self, action: str) -> bool:
        return action == "kill" and self.setup.limits.observers_may_kill

    def _now(self) -> int:
        """The instant of an act: the source's clock, but before everything that is not processed yet."""
        mono = time.monotonic_ns()
        now = self.runner.now
        if self.source.pending is not None:
            return max(now, min(self.pace.now(mono), self.source.pending.ts))
        if self.fault or now >= self._quiet_at:
            # the clock stands since the source's end: it goes on from here
            self.pace.anchor(now, mono)
            return now
        return max(now, min(self.pace.now(mono), self._quiet_at))

    def _process(self, command: Command) -> None:
        self.stopping = self.stopping or command.action == "shutdown"
        if command.action == "kill":
            self._kill_mono = time.monotonic_ns()
        self._guarded(self.runner.command, command)
        if self._kill_mono:
            self._sent_ns = time.monotonic_ns() - self._kill_mono
            self._kill_mono = 0
        if self._ended:
            self._quiet_at = self.runner.now + QUIET_NS

    # ------------------------------------------------------------ what the cockpit sees

    def welcome(self, role: str) -> Welcome:
        return Welcome(
            protocol=PROTOCOL,
            name=self.setup.name,
            mode=self.setup.mode.upper(),
            session=self.session,
            role=role,
            currency=self.setup.currency,
            instruments=self.instruments(),
            venues=list(self.setup.venues),
            simulated=any(item.simulated for item in self.instruments()),
            profiles=sorted(self.setup.profiles),
        )

    def instruments(self) -> list[Instrument]:
        """The instruments with the grids that are in force now (a capture may have refined them)."""
        return [account.instrument for account in self.engine.accounts]

    def frame(self, view: View, cockpits: int, operators: list[str]) -> Frame:
        return self.frames.frame(view, self._extras(self.lag.recent_ms(), cockpits, operators))

    def parameters(self, request: ParamsRequest) -> Params:
        return parameters.answer(self.engine, request)

    def status(self, cockpits: int = 0) -> dict[str, Any]:
        return {**self.frames.status(self._extras(0.0, cockpits, [])), "loop": self.lag.body()}

    def _extras(self, lag_ms: float, cockpits: int, operators: list[str]) -> Extras:
        return Extras(
            now=self._clock(),
            loop_lag_ms=lag_ms,
            cockpits=cockpits,
            operators=operators,
            blocked_us=self._blocked_ns // 1000,
            sent_us=self._sent_ns // 1000 if self._sent_ns else -1,
            mode=self.setup.mode.upper(),
            session=self.session,
        )

    def _clock(self) -> int:
        """The source's clock, for ages on the screen; it stands after the source's end, and runs free at no pace."""
        now = self.runner.now
        if not self.pace.speed or self.fault:
            return now
        return max(now, min(self.pace.now(time.monotonic_ns()), self._quiet_at))

    # ------------------------------------------------------------ inside

    def _source_over(self) -> None:
        self._ended = True
        self._quiet_at = self.runner.now + QUIET_NS

    def _step(self, event: Event) -> None:
        self._guarded(self.runner.step, event)

    def _guarded(self, act: Callable[[Any], None], argument: Any) -> bool:
        """Run one act of the runner; an exception becomes an alert and a safe state. False: it failed."""
        try:
            act(argument)
            return True
        except Exception as error:
            traceback.print_exc()
            first = not self.fault
            self.fault = f"{type(error).__name__}: {error}"
            self.source.drop()
            self._ended = True
            self._alert("danger", "fault", f"engine fault, the desk is killed: {self.fault}")
            self.journal("fault", what=self.fault)
            if first:
                self.act("kill", "host", "host-fault", self.fault)
            return False

    def _record(self, event: Event, effects: list[Effect]) -> None:
        if self._kill_mono and isinstance(event, Command):
            self._blocked_ns = time.monotonic_ns() - self._kill_mono
        if type(event) is GridRefined:
            self.regrid = True
        self.recorder.append(event, effects)
        if effects or type(event) not in _MARKET:
            if self._ended:
                self._stay_awake(event, effects)
            for item in self.frames.items(event, effects):
                if item.command and item.kind == "result":
                    self._remember(item.command, item)
                self.outbox.append(item)

    def _stay_awake(self, event: Event, effects: list[Effect]) -> None:
        """Something was sent or answered after the end: the clock goes on for a while."""
        if isinstance(event, _ANSWERS) or any(isinstance(effect, SENT) for effect in effects):
            self._quiet_at = self.runner.now + QUIET_NS

    def _other(self, effect: Effect, now: int) -> None:
        if isinstance(effect, Latch):
            self.latched = latch.change(self.latched, effect.scope, effect.state, effect.reason)
            self.on_latch(self.latched)
        elif isinstance(effect, Shutdown):
            self.finished = effect
            severity = "info" if effect.ok else "danger"
            self.outbox.append(
                Item(n=0, ts=now, kind="state", text=effect.text, severity=severity, code="shutdown", ok=effect.ok)
            )

    def _in_trouble(self, why: str) -> None:
        """The desk may only get smaller from here on: what adds risk is rejected, and the engine pauses."""
        self._alert("danger", "tape", why)
        if not isinstance(self.runner.execution, Brake):
            self.runner.execution = Brake(self.runner.execution)

    def after_slice(self) -> None:
        """What must not happen inside an event: pausing because the tape is in trouble, new order ids."""
        if self.blocks is not None:
            self._renew_ids(self.blocks)
        if why := self.recorder.look():
            self.act("pause", "tape", "tape-fault", why)

    def _renew_ids(self, blocks: IdBlocks) -> None:
        try:
            limit = blocks.look(self.engine.tracker.next_oid)
        except TapeError as error:
            self.blocks = None  # quoting ends with the block that there is
            self.recorder.failed(str(error))
            return
        if limit:
            self._step(IdsReserved(self.runner.now, limit))

    def say(self, text: str, severity: str = "warn") -> None:
        """A line for everyone who watches; not on the tape."""
        self._alert(severity, "host", text)

    def trouble(self, text: str) -> None:
        """A sentence about the host's own surroundings, for the log and for everyone who looks."""
        print(text, file=sys.stderr, flush=True)
        self._alert("warn", "webhook", text)

    def _alert(self, severity: str, code: str, text: str) -> None:
        self.outbox.append(Item(n=0, ts=self.runner.now, kind="alert", text=text, severity=severity, code=code))

    def _remember(self, id: str, item: Item | None) -> None:
        self._results[id] = item
        if len(self._results) > COMMANDS_KEPT:
            self._results.popitem(last=False)
