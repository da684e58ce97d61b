"""One life of a simulated host's process: the real engine, runner, tape, sessions and feeds, without sockets.

Everything comes in through `come`: what a stopped process would not handle waits, what ends the process ends it, and
what another life asked for is not heard.  The engine's clock is the world's from the boot on, and never goes back.

Rules of this file: the order in a life is the real host's: engine, tape, watcher, and only then do effects leave.
"""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import msgspec

from mmtui.core.effects import (
    ADDS_RISK,
    AmendOrder,
    CancelAll,
    CancelOrder,
    Effect,
    Latch,
    PlaceOrder,
    QueryAccount,
    QueryOpenOrders,
    Shutdown,
)
from mmtui.core.engine import Engine
from mmtui.core.events import MARKET, AmendRejected, Command, Event, GridRefined, HostStopped, OrderRejected, Timer
from mmtui.core.runner import NEVER, Runner
from mmtui.link.acts import to_command
from mmtui.link.messages import Cmd, Hello
from mmtui.sim.demands import Breach, Crashed
from mmtui.sim.desk_hub import SimHub
from mmtui.sim.desk_keep import Keeping
from mmtui.sim.desk_streams import Feeds, Privates
from mmtui.sim.exchange import SECRET
from mmtui.sim.terms import terms_of
from mmtui.sim.world import MS, SECOND
from mmtui.tape.format import TapeError
from mmtui.tape.ids import OrderIds
from mmtui.tape.writer import TapeWriter
from mmtui.venues.account import AccountSession
from mmtui.venues.account_messages import Answer, Armed, Request

if TYPE_CHECKING:
    from mmtui.sim.desk import SimDesk

#: A process that stood still for longer takes its books for lost: what waits in the sockets is old.
STOOD_STILL = SECOND
#: A host whose tape is in trouble is started anew after this.
REPAIR = 3 * SECOND
#: What waits for a process that stands still; a reader that is slower still is disconnected by the venue.
HELD_MAX = 20_000
COMMANDS_KEPT = 10_000
WHY = "the tape cannot be written"
_MARKET = frozenset(MARKET)
_OF_INSTRUMENTS = (PlaceOrder, AmendOrder, CancelOrder)
_OF_VENUES = (CancelAll, QueryOpenOrders, QueryAccount)


class Life:
    """From a boot to the end of its process. `shift`: engine's clock minus the world's."""

    def __init__(
        self,
        desk: SimDesk,
        engine: Engine,
        tape: TapeWriter,
        ids: OrderIds,
        latched: dict[str, str],
        shift: int,
        tag: str,
    ) -> None:
        self.desk = desk
        self.world = desk.world
        self.engine = engine
        self.tape = tape
        self.shift = shift
        self.dead = False
        self.held = False
        self.held_since = 0
        self.runner = Runner(self, self, self._record, self._other)
        setup = engine.setup
        self.sessions: list[AccountSession] = []
        for v, venue in enumerate(setup.venues):
            places = [(i, a.instrument) for i, a in enumerate(engine.accounts) if engine.venue_of[i] == v]
            self.sessions.append(AccountSession(terms_of(venue), v, places, tag, (SECRET,)))
        self.feeds = Feeds(self)
        self.privates = Privates(self)
        self.hub = SimHub(setup, self._command)
        self.keeping = Keeping(self, ids, latched)
        self._dirty = False
        self._touched = [True] * len(self.sessions)  # something may leave, or be due, at another instant
        self._due = [0] * len(self.sessions)
        self._armed = NEVER
        self._held: deque[tuple[Callable[..., None], tuple[Any, ...]]] = deque()
        self._results: OrderedDict[str, None] = OrderedDict()
        self.brake = False
        self._pause_due = ""
        self._closing = False
        self._rejected: list[OrderRejected | AmendRejected] = []
        self._replies = [self._reply_of(v) for v in range(len(setup.venues))]

    # -- what comes ----------------------------------------------------------------------------------------------

    def now(self) -> int:
        """The engine's clock."""
        before, now = self.runner.now, self.world.now + self.shift
        return now if now > before else before

    def come(self, act: Callable[..., None], *args: Any) -> None:
        """Something from outside, or a timer: handled now, later (the process stands still), or never."""
        if self.dead:
            return
        if self.held:
            self._hold(act, args)
            return
        try:
            act(*args)
        except Crashed:
            self.desk.crash(False)
        except TapeError as error:
            self._unwritable(str(error))

    def _hold(self, act: Callable[..., None], args: tuple[Any, ...]) -> None:
        if act == self._timer:  # timers are looked at on resuming
            return
        if len(self._held) >= HELD_MAX:
            self._held = deque(entry for entry in self._held if not self.feeds.is_frame(entry[0]))
            self.feeds.lose()
        self._held.append((act, args))

    def stand_still(self, until: int) -> None:
        """SIGSTOP, or a loop that is blocked: nothing is handled before `until` (the world's clock)."""
        if not self.held:
            self.held, self.held_since = True, self.world.now
        self.world.at(until, self._go_on, until)

    def _go_on(self, until: int) -> None:
        if self.dead or not self.held or until < self.desk.stalled_until:
            return
        self.held = False
        stood = self.world.now - self.held_since
        if stood > STOOD_STILL:
            self.come(self.feeds.stood_still, f"the process stood still for {stood // MS} ms")
        held, self._held = self._held, deque()
        for act, args in held:
            if not (stood > STOOD_STILL and self.feeds.is_frame(act)):
                self.come(act, *args)
        self.come(self._timer)  # after the answers that were there all the time

    # -- the loop body -------------------------------------------------------------------------------------------

    def step(self, event: Event) -> None:
        """One event: engine, tape, watcher, effects."""
        self.runner.now = event.ts
        self.runner.step(event)
        if type(event) is GridRefined:
            self.feeds.refined(event)
            for session in self.sessions:
                session.refined(event)

    def steps(self, events: list[Event]) -> None:
        for event in events:
            self.step(event)

    def process(self, event: Event) -> list[Effect]:
        """The engine; what it raises is a breach, whatever it is."""
        try:
            return self.engine.process(event)
        except Exception as error:
            raise Breach("engine exception", f"{type(event).__name__}: {type(error).__name__}: {error}") from error

    def _record(self, event: Event, effects: list[Effect]) -> None:
        tape = self.tape
        tape.append(event, effects)
        if type(event) in _MARKET:
            self.keeping.market += 1
        desk = self.desk
        desk.watcher.record(self.engine, event, effects, tape.count)
        if self.world.story is not None:
            desk.tell(event, effects)
        if tape.trouble:
            self.in_trouble()

    def in_trouble(self) -> None:
        """The tape goes on in its reserve: the desk may only get smaller until somebody makes room and starts anew."""
        if self.brake:
            return
        self.brake, self._pause_due = True, self.tape.trouble
        self.world.say("host", self.tape.trouble)
        self.world.after(REPAIR, self.come, self.desk.restart)

    def pump(self) -> None:
        """Everything that was queued leaves, with what becomes known by sending it; then the next timer is set."""
        for _ in range(1_000):
            self._dirty = False
            now = self.now()
            if self._rejected:
                rejected, self._rejected = self._rejected, []
                self.steps([*rejected])
            for v, touched in enumerate(self._touched):
                if touched:
                    self._take(v, now)
            if self._pause_due:
                why, self._pause_due = self._pause_due, ""
                self.act("pause", "tape", why)
            if not self._dirty and not self._rejected:
                break
        self.keeping.look()
        self._arm()

    def _take(self, v: int, now: int) -> None:
        session = self.sessions[v]
        self._touched[v] = False
        for request in session.take(now):
            self._request(v, request)
        if session.out:
            self.steps(session.tick(now))
            self._dirty = self._touched[v] = True
        self._due[v] = session.next_ts()

    def touch(self, v: int) -> None:
        """A session has been spoken to."""
        self._touched[v] = True

    def after_frame(self, several: bool) -> None:
        """The end of a market frame: only seldom is there anything to send."""
        if self._dirty or several or self._pause_due:
            self.pump()

    def _arm(self) -> None:
        due = min(self.runner.wake, self.feeds.due, self.privates.due, *self._due) - self.shift
        armed, now = self._armed, self.world.now
        if due < armed and now < armed:
            at = self._armed = max(due, now)
            self.world.at(at, self._fire, at)

    def _fire(self, at: int) -> None:
        if at == self._armed:  # else an earlier one was set meanwhile
            self._armed = NEVER
            self.come(self._timer)

    def _timer(self) -> None:
        now = self.now()
        if self.runner.wake <= now:
            self.runner.wake = NEVER
            self.step(Timer(now))
        self.feeds.tick(now)
        self.privates.tick(now)
        for v, due in enumerate(self._due):
            if due <= now:
                self._touched[v] = True
                self.steps(self.sessions[v].tick(now))
        self.pump()

    # -- effects (core.runner.Execution) -------------------------------------------------------------------------

    def on_market(self, event: Event) -> None:
        """Nothing here matches by itself."""

    def send(self, effect: Effect, now: int) -> None:
        """Carry out one of `SENT`: into the session of its venue; it leaves with the next `pump`."""
        self._dirty = True
        if self.brake and isinstance(effect, PlaceOrder) and effect.purpose in ADDS_RISK:
            self._rejected.append(OrderRejected(now, now, effect.i, effect.oid, WHY))
            return
        if self.brake and isinstance(effect, AmendOrder):
            self._rejected.append(AmendRejected(now, now, effect.i, effect.oid, effect.amend, True, WHY))
            return
        if isinstance(effect, _OF_INSTRUMENTS):
            v = self.engine.venue_of[effect.i]
        elif isinstance(effect, _OF_VENUES):
            v = effect.v
        else:
            return
        self._touched[v] = True
        self.sessions[v].send(effect, now)

    def next_ts(self) -> int:
        return NEVER

    def pop(self) -> Event:
        raise AssertionError("answers come by themselves")

    def _other(self, effect: Effect, now: int) -> None:
        if isinstance(effect, Latch):
            self.keeping.latch(effect)
        elif isinstance(effect, Shutdown) and not self._closing:
            self._closing = True
            for v, session in enumerate(self.sessions):
                session.stand_down(now)
                self._touched[v] = True
            self.world.after(SECOND, self.come, self.desk.close)

    def _request(self, v: int, request: Request) -> None:
        self.desk.watcher.left(self.sessions[v], request, self.now())
        if self.shift and request.expires:
            request = msgspec.structs.replace(request, expires=request.expires - self.shift)
        self.desk.net.request(v, request, self._replies[v])

    def _reply_of(self, v: int) -> Callable[[int, Answer], None]:
        def reply(id: int, answer: Answer) -> None:
            self.come(self._answered, v, id, answer)

        return reply

    def _answered(self, v: int, id: int, answer: Answer) -> None:
        if self.shift and isinstance(answer, Armed) and answer.trigger:
            answer = Armed(answer.trigger + self.shift)
        self._touched[v] = True
        self.steps(self.sessions[v].answer(id, answer, self.now()))
        self.pump()

    # -- commands ------------------------------------------------------------------------------------------------

    def _command(self, cmd: Cmd, who: Hello) -> None:
        """As the real desk does: once, refused where the tape is in trouble, else into the engine."""
        if cmd.id in self._results:
            return
        command = to_command(self.engine.setup, cmd, who, self.now())
        if isinstance(command, str) or (cmd.action in ("start", "resume") and self.tape.trouble):
            return
        self._results[cmd.id] = None
        if len(self._results) > COMMANDS_KEPT:
            self._results.popitem(last=False)
        self.step(command)
        self.pump()

    def act(self, action: str, origin: str, reason: str) -> None:
        """An act of the host itself."""
        ident = f"host-{action}-{self.engine.epoch}-{self.tape.count}"
        self.step(Command(self.now(), ident, "host", "operator", origin, 0, action, "{}", -1, -1, reason))

    # -- the end -------------------------------------------------------------------------------------------------

    def _unwritable(self, why: str) -> None:
        """A record that cannot be kept: the process asks every venue to cancel everything, and ends."""
        self.world.say("host", f"ends: {why}")
        self.desk.watcher.last_words = True
        now = self.now()
        for v, session in enumerate(self.sessions):
            session.send(CancelAll(v, 0), now)
            for request in session.take(now):
                self._request(v, request)
        self.desk.crash(False)

    def close(self) -> None:
        """The clean end."""
        self.step(HostStopped(self.now(), "shutdown"))
        self.tape.close(self.engine.state_hash())
