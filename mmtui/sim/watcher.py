"""The invariants that are checked after every record of a desk: what must hold whatever fails.

The watcher keeps a shadow of orders, positions and states of its own, made from the records alone, and compares it
with the engine and with the truth of the simulated venues.  Numbers I1 ... I20 are those of the project's list of
invariants; what is checked less often stands in checks.py.

Rules of this file: reads the desk and the venues, changes neither; a breach is an exception that ends the seed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mmtui.core import events as ev
from mmtui.core.commands import BY_NAME
from mmtui.core.effects import SENT, Adjust, Alert, AmendOrder, Effect, PlaceOrder, Result
from mmtui.core.engine import Engine
from mmtui.core.orders.legs import told
from mmtui.core.orders.reconcile import ADOPTED
from mmtui.core.orders.table import State
from mmtui.core.risk.states import Desk
from mmtui.core.setup import DeskSetup
from mmtui.sim import egress, purposes
from mmtui.sim.demands import MAY, PATHS, REDUCING, Breach, Shadow, held, lots_text, may_lower
from mmtui.sim.truth import KEPT, Truth
from mmtui.sim.world import World
from mmtui.venues.account import AccountSession
from mmtui.venues.account_messages import Amend, Create, Request

if TYPE_CHECKING:
    from mmtui.sim.exchange import Exchange

_BOOKS = frozenset((ev.BestQuote, ev.BookDelta, ev.BookSnapshot, ev.Trade, ev.MarkPrice, ev.Liquidation))
_SENT = frozenset(SENT)


class Watcher:
    """Watches one desk over all its lives."""

    def __init__(self, world: World, setup: DeskSetup, exchanges: list[Exchange]) -> None:
        count = len(setup.instruments)
        self.world = world
        self.setup = setup
        self.exchanges = exchanges
        self.venue_of = [setup.venues.index(item.instrument.venue) for item in setup.instruments]
        self.records = 0
        self.opened = 0  # the desk's session began then
        self.count = 0  # records on the tape, this one included
        self.counted = 0  # ... and before it
        self.power_lost = False
        self.last_words = False  # a host that could not record any more has cancelled everything, whoever's it was
        self.acted = 0  # records of the tape up to the last one that somebody acted on
        self.ts = 0
        self.last_oid = 0
        self.orders: dict[int, Shadow] = {}  # every one that was sent, until it is forgotten
        self.open: dict[int, Shadow] = {}
        self.wishes: dict[int, None] = {}  # orders whose amend is not settled
        self.blurred = False  # a loss of power has taken records with it: the desk need not know of an amend
        self.position, self.shorts = [0] * count, [0] * count  # the net, and the short leg in hedge mode
        self.limits = [0] * count  # lots of position, as of the last record that caused something
        self.booked: dict[tuple[int, str, int], None] = {}
        self.moved: dict[tuple[int, str, str], None] = {}
        self.results: dict[str, bool] = {}
        self.traded: dict[tuple[int, int], int] = {}  # (instrument, side) -> when a quote was last executed
        self.resting: dict[int, tuple[int, int]] = {}  # order that may not rest -> since when, how often seen
        self.truth = Truth(exchanges)
        self.seen, self.valid = [0] * count, [False] * count
        self.feed = [True] * len(setup.venues)
        self.blind = [True] * len(setup.venues)
        self.stale = [
            (setup.limits.stale_major_ms if item.instrument.major else setup.limits.stale_other_ms) * 1_000_000
            for item in setup.instruments
        ]
        self.lattice: list[Desk] = []
        self.effective: list[Desk] = []
        self.lattice_version = 0

    def fail(self, name: str, text: str) -> None:
        raise Breach(name, text)

    # ------------------------------------------------------------ what leaves

    def left(self, session: AccountSession, request: Request, now: int) -> None:
        """A request leaves a session: no old create, and none while a cancel waits."""
        if isinstance(request, Amend):
            egress.left(self, session, request, now)
        if not isinstance(request, Create):
            return
        if session.cancels or session.everything.waiting:
            self.fail("I15", f"a create leaves while {len(session.cancels) or 'all'} cancels wait")
        for new in request.orders:
            order = self.orders.get(new.oid)
            if order is None:
                continue
            if now - order.sent > egress.OLD:
                self.fail("I2", f"order {new.oid} leaves {(now - order.sent) // 1_000_000} ms after it was decided")
            if order.state is not State.SENT:
                self.fail("I2", f"order {new.oid} leaves when it is {order.state.name}")

    def forget(self, before: int) -> None:
        """For runs of days: let go of what can hardly be named again."""
        self.truth.forget(before)
        self.orders = {oid: one for oid, one in self.orders.items() if oid in self.open or one.since >= before}
        memories: list[dict[Any, Any]] = [self.booked, self.moved, self.results]
        for memory in memories:
            for key in list(memory)[:-KEPT]:
                del memory[key]

    # ------------------------------------------------------------ every record

    def record(self, engine: Engine, event: ev.Event, effects: list[Effect], count: int) -> None:
        """After the engine has processed an event and before its effects leave; `count` records are on the tape."""
        self.counted, self.count = self.count, count
        self.records += 1
        kind, ts = type(event), event.ts
        last = event.last if isinstance(event, ev.HostStarted) else self.ts  # what a crash lost was later, maybe
        if ts < last:
            self.fail("I17", f"an event of {ts} after {last}")
        self.ts = ts
        if kind in _BOOKS:
            i: int = event.i  # type: ignore[union-attr]
            self.seen[i] = ts
            if kind is ev.BookSnapshot:
                self.valid[i] = True
            if not effects:
                return
        else:
            self._other(engine, event)
        if engine.tracker.open.keys() != self.open.keys():
            self._gone(engine, event)
        if self.wishes:
            egress.settled(self, engine)
        if effects:
            self._effects(engine, effects, event, count)
        self._states(engine, event)
        if engine.tracker.open.keys() != self.open.keys():
            self._come(engine)

    def _other(self, engine: Engine, event: ev.Event) -> None:
        handler = _HANDLERS.get(type(event))
        if handler is not None:
            handler(self, engine, event)

    def _effects(self, engine: Engine, effects: list[Effect], event: ev.Event, count: int) -> None:
        for effect in effects:
            if isinstance(effect, PlaceOrder):
                self._placed(engine, effect, event)
            elif isinstance(effect, AmendOrder):
                egress.decided(self, engine, effect, event.ts)
            elif isinstance(effect, Adjust):
                self.position[effect.i] = effect.after
                self.shorts[effect.i] = held(engine, effect.i)[1]
                if effect.why == ADOPTED:
                    continue
                if effect.before == effect.after or engine.lattice.instruments[effect.i] < Desk.HALTED:
                    self.fail("I5", f"ADJUST of {effect.before} to {effect.after} without HALTED")
            elif isinstance(effect, Result):
                self._result(engine, effect, event)
            elif isinstance(effect, Alert) and effect.code == "kill":
                self._proven(engine)
            if type(effect) in _SENT:
                self.acted = count
        self.limits = list(engine.gate.position_limits)

    def _proven(self, engine: Engine) -> None:
        """I13: a kill is not proven while the desk itself knows of an order that may still land."""
        for sweep in engine.sweeper.sweeps:
            for order in engine.tracker.open.values():
                if sweep.done and sweep.covers(order, self.venue_of) and order.sent_ts <= sweep.ts:
                    self.fail("I13", f"a kill was called proven, and order {order.oid} is {order.state.name}")

    # ------------------------------------------------------------ orders that leave

    def _placed(self, engine: Engine, effect: PlaceOrder, event: ev.Event) -> None:
        i = effect.i
        if effect.oid <= self.last_oid:
            self.fail("I1", f"order id {effect.oid} after {self.last_oid}")
        self.last_oid = effect.oid
        if effect.px <= 0 or effect.sz <= 0:
            self.fail("I3", f"order {effect.oid} of {effect.sz} at {effect.px}")
        before = self.effective[i] if self.effective else Desk.PAUSED
        state = engine.lattice.effective(i)
        halted = Desk.HALTED in (before, state) and effect.purpose in REDUCING and self._reduces(effect)
        if effect.purpose not in MAY[before] and effect.purpose not in MAY[state] and not halted:
            self.fail("I2", f"a {effect.purpose} order leaves in {engine.lattice.effective(i).name}")
        order = self.orders[effect.oid] = self.open[effect.oid] = Shadow(effect, event.ts)
        if effect.purpose in ("quote", "manual", "hedge", "roll"):
            egress.exposed(self, engine, order, effect.oid)
        if effect.reduce_only and engine.accounts[i].legs is not None:
            egress.closes(self, order, effect.oid)
        purposes.leaves(self, engine, effect)
        if effect.purpose == "quote":
            egress.book_is_good(self, engine, i, event.ts)
            egress.uncrossed(self, engine, i, effect.side, effect.px, effect.oid)

    def _reduces(self, effect: PlaceOrder) -> bool:
        """Whether everything open on its side and the order itself leave the position on its side of flat."""
        mine = [o for o in self.open.values() if o.i == effect.i and o.side == effect.side]
        return effect.side * self.position[effect.i] + sum(o.left for o in mine) + effect.sz <= 0

    # ------------------------------------------------------------ orders that end

    def _gone(self, engine: Engine, event: ev.Event) -> None:
        """I4: what the desk lets go is not open at the venue."""
        live = engine.tracker.open
        for oid in [oid for oid in self.open if oid not in live]:
            order = self.open.pop(oid)
            if self.blurred and isinstance(event, ev.HostStarted) and order.sent > event.last:
                continue  # decided after all that is on the tape: an orphan of this desk, to be found
            if order.left and oid in self.truth.open_at(self.venue_of[order.i]):
                self.fail("I4", f"order {oid} is let go by {type(event).__name__}, and the venue has it open")

    def _come(self, engine: Engine) -> None:
        """Orders that the desk has found, or found again."""
        for oid, found in engine.tracker.open.items():
            if oid not in self.open:
                order = self.orders.get(oid)
                if order is None:
                    effect = PlaceOrder(found.i, oid, found.side, found.px, found.sz, "GTC", False, "found", 0)
                    order = self.orders[oid] = Shadow(effect, self.ts)
                    order.state = found.state
                    self.last_oid = max(self.last_oid, oid)
                self.open[oid] = order

    def _states(self, engine: Engine, event: ev.Event) -> None:
        """I7 for the orders that the event may have changed, I13 for the states of the desk."""
        oid = getattr(event, "oid", 0)
        named = [oid] if oid else self.open
        for one in named:
            order, now = self.orders.get(one), engine.tracker.get(one)
            if order is not None and now is not None and now.state is not order.state:
                if now.state not in PATHS[order.state]:
                    self.fail("I7", f"order {one} went from {order.state.name} to {now.state.name}")
                order.state, order.since = now.state, event.ts
        if engine.lattice_version != self.lattice_version or not self.effective:
            self._lattice(engine, event)

    def _lattice(self, engine: Engine, event: ev.Event) -> None:
        lattice = engine.lattice
        now = [lattice.desk, *lattice.venues, *lattice.instruments]
        # market events that a full disk or a loss of power took: an instrument that they had paused waits with the desk
        lost = isinstance(event, ev.HostStarted) and (self.power_lost or self.world.struck[30] > 0)
        for before, after in zip(self.lattice, now, strict=False):
            if lost and before is Desk.PAUSED and lattice.desk >= Desk.PAUSED:
                continue
            if after < before and not may_lower(event, before):
                self.fail("I13", f"{before.name} became {after.name} by {type(event).__name__}")
        self.lattice = now
        self.effective = [lattice.effective(i) for i in range(len(self.venue_of))]
        self.lattice_version = engine.lattice_version

    # ------------------------------------------------------------ what the venues and operators say

    def on_fill(self, engine: Engine, event: ev.Fill) -> None:
        key = (event.i, event.trade_id, event.side)
        if key not in self.booked and event.ts_event >= self.opened:
            self.booked[key] = None
            self._leg(event.i, told(event), event.side * event.sz)
            if event.px <= 0 or event.sz <= 0:
                self.fail("I5", f"fill {event.trade_id} of {event.sz} lots at {event.px} is booked")
            truth = self.truth.fill(self.venue_of[event.i], event.trade_id)
            if truth is None:
                self.fail("I5", f"fill {event.trade_id} never happened")
            elif truth != (event.side * event.sz, told(event)):
                was = f"{truth[0]} (leg {truth[1]}) is booked as {event.side * event.sz} (leg {told(event)})"
                self.fail("I5", f"fill {event.trade_id} of {was}")
            order = self.orders.get(event.oid)
            if order is not None:
                order.filled += event.sz
                if order.purpose == "quote":
                    self.traded[event.i, event.side] = event.ts
                if order.filled > max(order.sz, order.wish) and engine.lattice.instruments[event.i] < Desk.HALTED:
                    self.fail("I6", f"order {event.oid} is overfilled and {engine.name(event.i)} is not HALTED")
        have, want = held(engine, event.i), (self.position[event.i], self.shorts[event.i])
        if have != want:
            name, lots, but = engine.name(event.i), lots_text(have), lots_text(want)
            self.fail("I5", f"{name} is booked at {lots} after fill {event.trade_id}, not {but}")

    def _leg(self, i: int, leg: int, lots: int) -> None:
        """Signed lots come to a position, or to a leg of it in hedge mode."""
        self.position[i] += lots
        if leg < 0:
            self.shorts[i] -= lots

    def on_move(self, engine: Engine, event: ev.AccountMove) -> None:
        key = (event.v, event.cause, event.ref)
        if event.i < 0 or key in self.moved or event.ts_event < self.opened:
            return
        self.moved[key] = None
        self._leg(event.i, told(event), event.lots)
        if held(engine, event.i) != (self.position[event.i], self.shorts[event.i]):
            self.fail("I5", f"{engine.name(event.i)} is not where {event.cause} {event.ref} takes it")

    def on_gap(self, engine: Engine, event: ev.BookGap) -> None:
        self.valid[event.i] = False
        self.seen[event.i] = event.ts

    def on_feed(self, engine: Engine, event: ev.FeedStatus) -> None:
        self.feed[event.v] = event.connected
        for i, v in enumerate(self.venue_of):
            if v == event.v and not event.connected:
                self.valid[i] = False

    def on_heartbeat(self, engine: Engine, event: ev.Heartbeat) -> None:
        for i, v in enumerate(self.venue_of):
            if v == event.v:
                self.seen[i] = event.ts

    def on_account(self, engine: Engine, event: ev.AccountStatus) -> None:
        self.blind[event.v] = not event.connected

    def on_grid(self, engine: Engine, event: ev.GridRefined) -> None:
        self.position[event.i] *= event.sz_factor
        self.shorts[event.i] *= event.sz_factor
        for order in self.orders.values():
            if order.i == event.i:
                order.sz *= event.sz_factor
                order.wish *= event.sz_factor
                order.filled *= event.sz_factor

    def on_start(self, engine: Engine, event: ev.HostStarted) -> None:
        if event.cause == "start":  # a session of its own, with what the account holds
            self.opened = event.ts
            self.position = [0] * len(self.position)
            self.shorts = [0] * len(self.position)
        else:
            self._recovered(engine)
        if event.cause == "recovery" and engine.lattice.desk < Desk.PAUSED:
            self.fail("I12", f"a desk that crashed is {engine.lattice.desk.name}")
        for scope, text in event.latched.items():
            state = Desk[text.partition(":")[0]]
            if self._scope(engine, scope) < state:
                self.fail("I12", f"{scope} was {state.name} and is not any more")
        self.last_oid = max(self.last_oid, event.first_oid - 1)
        self.traded.clear()

    def crashed(self, power_loss: bool) -> None:
        """The process has died; a loss of power may take the end of the tape with it, a kill -9 nothing that left."""
        self.power_lost = self.power_lost or power_loss

    def _recovered(self, engine: Engine) -> None:
        """I10 and I12: what was acted on is there again, and where nothing was lost everything is as it was."""
        found = self.count - 1  # without the record of the start itself
        whole = not self.power_lost and not self.world.struck[30]
        if whole and found < self.acted:
            self.fail("I10", f"{self.acted} records were acted on, {found} came back after a kill -9")
        if found >= self.counted:
            for i, was in enumerate(zip(self.position, self.shorts, strict=True)):
                if held(engine, i) != was:
                    now = lots_text(held(engine, i))
                    self.fail("I12", f"{engine.name(i)} came back with {now}, not {lots_text(was)}")
        else:  # the end of the tape is gone: the venue tells again what was on it
            self.blurred = True
            self.position = [account.position for account in engine.accounts]
            self.shorts = [held(engine, i)[1] for i in range(len(self.shorts))]
            self.booked = {(i, *key): None for i, one in enumerate(engine.orders.booked) for key in one.known}
            for oid, order in self.orders.items():
                known = engine.tracker.get(oid)
                order.filled = known.filled if known is not None else 0
                if known is not None and known.open and order.state is State.FILLED:
                    order.state = known.state  # its last fill is not on the tape
            self.moved = {(v, *key): None for v, one in enumerate(engine.orders.moves) for key in one.known}
        self.power_lost = False

    def _scope(self, engine: Engine, scope: str) -> Desk:
        kind, _, ident = scope.partition(":")
        v = engine.setup.venues.index(ident) if kind == "venue" else -1
        return engine.lattice.get(v, engine.setup.index(ident) if kind == "instrument" else -1)

    def _result(self, engine: Engine, result: Result, event: ev.Event) -> None:
        """I18: once, by somebody, and up the table only by an operator who has seen the present state."""
        if not isinstance(event, ev.Command) or event.id != result.command:
            self.fail("I18", f"a result of command {result.command} without the command")
            return
        if result.command in self.results:
            self.fail("I18", f"command {result.command} ({event.action}) was carried out twice")
        self.results[result.command] = result.ok
        if not (event.operator and event.role and event.origin):
            self.fail("I18", f"command {result.command} is nobody's")
        act = BY_NAME.get(event.action)
        if result.ok and act is not None:
            if event.role != "operator" and event.action != "kill":
                self.fail("I18", f"an {event.role} did {event.action}")
            if not act.escalates and event.version and event.version < self.lattice_version:
                self.fail("I18", f"{event.action} was pressed before the state changed, and was carried out")


_HANDLERS: dict[type, Any] = {
    ev.Fill: Watcher.on_fill,
    ev.LegFill: Watcher.on_fill,
    ev.AccountMove: Watcher.on_move,
    ev.LegMove: Watcher.on_move,
    ev.BookGap: Watcher.on_gap,
    ev.FeedStatus: Watcher.on_feed,
    ev.Heartbeat: Watcher.on_heartbeat,
    ev.AccountStatus: Watcher.on_account,
    ev.GridRefined: Watcher.on_grid,
    ev.HostStarted: Watcher.on_start,
}
