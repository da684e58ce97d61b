"""Kills at drawn instants of simulated desks, over all faults and states: nothing is created after one was accepted.

    python tests/kill_runs.py [KILLS] [FIRST SEED]        100,000 and 1 where none is given

Counted are kills of what was not killed already.  Each run is a seed of the simulator (its venues, faults and
operators) in which somebody kills the desk, a venue or an instrument again and again, and brings it back. Judged by a
model of its own, from the records and from what leaves:

    decided   no order and no amend in a scope from the record on in which its kill was accepted, that record included;
              after a flatten or close that an operator began later, slices of it only
    sent      no create and no amend leaves a session towards a venue for such a scope either, whenever it was decided
    kept      a kill survives crashes and restarts (one that the disk or a loss of power took is counted)
    the end   a minute after all faults are over the account is known, a last kill is proven, and no venue has an order
              of ours (dozens of kills a minute use up a venue's budget of calls; a desk that is killed once is held to
              10 s and 8 s by `mmtui sim`)

The command ends with 1 and names the seed (`python tests/kill_runs.py 1 SEED` repeats it) when one does not hold.
"""

from __future__ import annotations

import gc
import sys
import time
from collections import Counter
from typing import Any

import msgspec

from mmtui.core import events as ev
from mmtui.core.effects import AmendOrder, Effect, PlaceOrder, Result
from mmtui.core.engine import Engine
from mmtui.core.risk.states import Desk
from mmtui.link.messages import Cmd
from mmtui.sim import checks
from mmtui.sim.demands import Breach
from mmtui.sim.faults import FAULTS
from mmtui.sim.run import Simulation
from mmtui.sim.swarm import draw
from mmtui.sim.world import MS, SECOND, START
from mmtui.venues.account import AccountSession
from mmtui.venues.account_messages import Amend, Create, Request

#: Simulated seconds of a run, beside its beginning and end.
LENGTH_S = 60
#: What the end may take.
PATIENCE = 60 * SECOND
TASKS = ("flatten", "close")


class Judge:
    """What is killed, by a model of its own; stands behind the simulator's watcher."""

    def __init__(self, simulation: Simulation) -> None:
        watcher = self.watcher = simulation.watcher
        self.struck = simulation.world.struck
        self.venue_of = watcher.venue_of
        self.killed: set[tuple[int, int]] = set()  # scopes (venue, instrument), -1: all of them
        self.tasked: set[int] = set()  # instruments on which an operator has begun a task since their last kill
        self.tally: Counter[str] = Counter()
        self.kills = self.anew = self.forgotten = self.slices = 0
        self._record, self._left = watcher.record, watcher.left
        watcher.record, watcher.left = self.record, self.left  # type: ignore[method-assign]

    def scope(self, v: int, i: int) -> list[int]:
        return [k for k, at in enumerate(self.venue_of) if (i < 0 or k == i) and (v < 0 or at == v)]

    def is_killed(self, i: int) -> bool:
        return bool(self.killed & {(-1, -1), (self.venue_of[i], -1), (-1, i)})

    def record(self, engine: Engine, event: ev.Event, effects: list[Effect], count: int) -> None:
        if isinstance(event, ev.Command):
            if any(isinstance(one, Result) and one.ok and one.command == event.id for one in effects):
                self.accepted(event)
        elif isinstance(event, ev.HostStarted):
            self.restarted(engine)
        if self.killed:
            for effect in effects:
                if isinstance(effect, PlaceOrder | AmendOrder) and self.is_killed(effect.i):
                    self.decided(effect)
        self._record(engine, event, effects, count)

    def accepted(self, event: ev.Command) -> None:
        """An act of an operator was carried out."""
        at = (-1, event.i) if event.i >= 0 else (event.v, -1)
        if event.action == "kill":
            self.kills += 1
            self.anew += at not in self.killed and (-1, -1) not in self.killed
            scope = self.scope(event.v, event.i)
            self.met(event, scope)
            self.killed.add(at)
            self.tasked.difference_update(scope)
        elif event.action == "resume":
            self.killed.discard(at)
        elif event.action in TASKS:
            self.tasked.update(self.scope(event.v, event.i))

    def met(self, event: ev.Command, scope: list[int]) -> None:
        """Count what the kill met: its scope, the worst state in it, and the states of the orders in it."""
        tally, watcher = self.tally, self.watcher
        state = max((watcher.effective[i] for i in scope if watcher.effective), default=Desk.PAUSED)
        tally[f"{'instrument' if event.i >= 0 else 'venue' if event.v >= 0 else 'desk'} from {state.name}"] += 1
        states = {one.state.name for one in watcher.open.values() if one.i in scope}
        tally.update(f"with orders {name}" for name in states or {"none"})
        if any(one.purpose not in ("quote", "manual") for one in watcher.open.values() if one.i in scope):
            tally["with a task or hedge under way"] += 1

    def restarted(self, engine: Engine) -> None:
        """A new life knows what was killed; a disk that failed and a loss of power may take the last moment's."""
        for v, i in sorted(self.killed):
            if engine.lattice.get(v, i) is not Desk.KILLED:
                if not (self.watcher.power_lost or self.watcher.blurred or self.struck[30]):
                    raise Breach("kept", f"{engine.scope(v, i)} is {engine.lattice.get(v, i).name} after a restart")
                self.forgotten += 1
                self.killed.discard((v, i))

    def decided(self, effect: PlaceOrder | AmendOrder) -> None:
        if isinstance(effect, PlaceOrder) and effect.purpose in TASKS and effect.i in self.tasked:
            self.slices += 1
            return
        word = "amend" if isinstance(effect, AmendOrder) else f"{effect.purpose} order"
        raise Breach("decided", f"{word} {effect.oid} on instrument {effect.i}, whose kill was accepted")

    def left(self, session: AccountSession, request: Request, now: int) -> None:
        self._left(session, request, now)
        if not self.killed or not isinstance(request, Create | Amend):
            return
        for oid in [one.oid for one in request.orders] if isinstance(request, Create) else [request.order.oid]:
            order = self.watcher.orders.get(oid)
            if order is None or not self.is_killed(order.i):
                continue
            if isinstance(request, Amend) or order.purpose not in TASKS or order.i not in self.tasked:
                raise Breach("sent", f"order {oid} leaves for instrument {order.i}, whose kill was accepted")


class Run(Simulation):
    """One seed; `most`: kills after which it has enough."""

    def __init__(self, seed: int, most: int = 1 << 30) -> None:
        plan = msgspec.structs.replace(draw(seed), seconds=LENGTH_S)
        super().__init__(plan, None, frozenset())
        self.dice = self.world.rng("kills")
        self.most = most
        self.judge = Judge(self)

    def play(self) -> None:
        world = self.world
        self.desk.boot()
        self.operators.begin()
        world.after(SECOND, self._look)
        world.after(1_300 * MS + self.dice.below(400) * MS, self.kill)
        while world.now < START + LENGTH_S * SECOND and self.judge.kills < self.most:
            world.run(world.now + SECOND)
        self._heal()
        self._kill()

    def kill(self) -> None:
        """Somebody kills something; somebody else brings it back, a moment or a while later."""
        dice, operators = self.dice, self.operators
        if operators.ended:
            return
        who = (operators.ann, operators.ann, operators.bob, operators.eve)[dice.below(4)]
        where: dict[str, Any] = {}
        setup = self.plan.setup
        if (draw := dice.below(8)) == 0:
            where["venue"] = setup.venues[dice.below(len(setup.venues))]
        elif draw == 1:
            where["instrument"] = setup.instruments[dice.below(len(setup.instruments))].instrument.id
        self.press("kill", who, where)
        self.world.after((20, 100, 400, 900)[dice.below(4)] * MS, self.back, where, (2, 60, 60, 60)[dice.below(4)])

    def back(self, where: dict[str, Any], tries: int) -> None:
        """Resume and start until that is let; then the next kill, after a drawn while (or before it has worked)."""
        if self.operators.ended:
            return
        before = self.judge.killed.copy()
        self.press("resume", self.operators.ann, where)
        if where:
            self.press("start", self.operators.ann, where)
        self.press("start", self.operators.ann, {})
        if before == self.judge.killed and before and tries:
            self.world.after(120 * MS, self.back, where, tries - 1)
            return
        self.world.after((1 + self.dice.below((30, 200, 500, 2_000)[self.dice.below(4)])) * MS, self.kill)

    def press(self, action: str, who: Any, where: dict[str, Any]) -> None:
        operators = self.operators
        operators.pressed += 1
        version = self.desk.seen_version() if self.desk.alive else 0
        who.send(Cmd(id=f"c{operators.pressed}", action=action, version=version, reason="drill", **where))

    def _heal(self) -> None:
        world, desk = self.world, self.desk
        self.operators.ended = True
        world.heal()
        self.operators.revive()
        if why := self._until(PATIENCE, lambda: checks.unsettled(self.watcher, desk)):
            raise Breach("the end", f"{PATIENCE // SECOND} s after all faults ended: {why}")

    def _kill(self) -> None:
        self.operators.press("kill", "the end")
        if why := self._until(PATIENCE, lambda: checks.dead(self.watcher, self.desk.engine)):
            raise Breach("the end", f"{PATIENCE // SECOND} s after a kill: {why}")


def main(argv: list[str]) -> int:
    wanted = int(argv[0]) if argv else 100_000
    seed = int(argv[1]) if len(argv) > 1 else 1
    first, begun = seed, time.process_time()
    tally: Counter[str] = Counter()
    faults: Counter[int] = Counter()
    kills = anew = forgotten = slices = broken = 0
    while anew < wanted:
        run = Run(seed)
        try:
            run.play()
        except Breach as error:
            broken += 1
            print(f"seed {seed}: {error}", file=sys.stderr, flush=True)
        judge = run.judge
        kills, anew = kills + judge.kills, anew + judge.anew
        forgotten, slices = forgotten + judge.forgotten, slices + judge.slices
        tally += judge.tally
        faults.update({n: k for n, k in enumerate(run.world.struck) if k})
        seed += 1
        del run, judge
        gc.collect()
        if (seed - first) % 50 == 0:
            took = time.process_time() - begun
            print(f"{seed - first} seeds, {kills:,} kills, {broken} broken, {took:.0f} s", file=sys.stderr, flush=True)
    took = time.process_time() - begun
    said = ", ".join(f"{name} {count:,}" for name, count in sorted(tally.items()))
    print(f"{anew:,} kills of what was not killed, {kills:,} accepted in all, in {seed - first:,} seeds from {first}:")
    print(f"{broken} seeds broken, {'see above' if broken else '0 creates after a kill was accepted'};")
    print(f"{forgotten} kills taken by a failed disk or a loss of power; {slices:,} slices of tasks that an operator")
    print(f"began from KILLED; {len(faults)} kinds of faults struck {sum(faults.values()):,} times; killed: {said};")
    if missing := [str(n) for n, fault in FAULTS.items() if fault.low and n not in faults]:
        print(f"faults that did not strike: {', '.join(missing)};")
    print(f"{took:.0f} s, {60 * anew / max(took, 1e-9):,.0f} kills a minute of one core")
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
