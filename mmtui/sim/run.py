"""One seed from its plan to its verdict: faults, healing, convergence, a last kill, and the tape replayed.

Rules of this file: the order of the phases; the demands stand in watcher.py and checks.py.
"""

from __future__ import annotations

from collections.abc import Callable
from hashlib import blake2b

import msgspec

from mmtui.sim import checks
from mmtui.sim.demands import Breach
from mmtui.sim.desk import SimDesk
from mmtui.sim.disk import SimDisk
from mmtui.sim.exchange import Exchange
from mmtui.sim.network import Network
from mmtui.sim.operators import Operators
from mmtui.sim.story import Book
from mmtui.sim.swarm import Plan, draw
from mmtui.sim.terms import terms_of
from mmtui.sim.watcher import Watcher
from mmtui.sim.world import MS, SECOND, START, World

#: Healed, everything must have converged within this (I14).
LIVENESS = 10 * SECOND
#: A kill with nothing in its way must be proven within this.
KILL = 8 * SECOND
POLL = 250 * MS


class Outcome(msgspec.Struct, kw_only=True):
    """What became of a seed."""

    seed: int
    records: int  # on the tape
    events: int = 0  # of the simulated world: a message that arrives, a timer, an act of a venue, disk or operator
    hash: str  # of everything on the simulated disk
    seconds: float  # simulated
    lives: int
    breach: str = ""  # number of the invariant, "" when all held
    text: str = ""
    converged_ms: int = -1
    cells: dict[str, int] = {}  # "fault state" -> strikes
    script: list[tuple[int, int, int, int]] = []  # strikes: instant, fault, ordinal, order
    lines: list[str] = []  # the last of the story, where one was kept


class Simulation:
    """A desk, its venues, operators and disk, made from a plan."""

    def __init__(self, plan: Plan, book: Book | None, skip: frozenset[tuple[int, int]]) -> None:
        self.plan = plan
        self.world = world = World(plan.seed, plan.rates, book, skip)
        setup = plan.setup
        self.exchanges: list[Exchange] = []
        for v, venue in enumerate(setup.venues):
            mine = [(i, item.instrument) for i, item in enumerate(setup.instruments) if item.instrument.venue == venue]
            places = [i for i, _ in mine]
            self.exchanges.append(
                Exchange(
                    world,
                    terms_of(venue),
                    v,
                    mine,
                    {i: plan.starts[i] for i in places},
                    {i: plan.paces[i] for i in places},
                    {i: plan.bases[i] for i in places},
                )
            )
        self.net = Network(world, list(self.exchanges))
        self.disk = SimDisk(world)
        self.watcher = Watcher(world, setup, self.exchanges)
        self.desk = SimDesk(world, setup, self.exchanges, self.net, self.disk, self.watcher)
        self.operators = Operators(world, self.desk, plan.busy_ms, plan.setup)
        self.converged_ms = -1
        for exchange in self.exchanges:
            exchange.start(self.net)

    def play(self) -> None:
        """All phases. Raises Breach."""
        world = self.world
        self.desk.boot()
        self.operators.begin()
        world.after(SECOND, self._look)
        world.run(START + self.plan.seconds * SECOND)
        self._heal()
        self._arm()
        self._kill()
        self._judge()

    def _look(self) -> None:
        self.world.after(SECOND, self._look)
        if self.desk.alive:
            checks.checkpoint(self.watcher, self.desk.engine)
        elif not self.world.healed:
            self.world.after(500 * MS, self.operators.revive)

    def _heal(self) -> None:
        """Faults end; the host is started if it is down; everything must be known and equal soon."""
        world, desk = self.world, self.desk
        self.operators.ended = True
        world.heal()
        begun = world.now
        self.operators.revive()
        why = self._until(LIVENESS, lambda: checks.unsettled(self.watcher, desk))
        if why:
            raise Breach("I14", f"not converged {LIVENESS // SECOND} s after all faults ended: {why}")
        self.converged_ms = (world.now - begun) // MS

    def _arm(self) -> None:
        """Quotes come back when an operator says so, and only then."""
        world, desk, operators = self.world, self.desk, self.operators
        if desk.engine.lattice.desk.name in ("HALTED", "KILLED"):
            operators.press("resume", "all is well again")
            world.run(world.now + 300 * MS)
        operators.press("abort")
        operators.press("start")
        why = self._until(6 * SECOND, lambda: checks.quoting(self.watcher, desk.engine))
        if why:
            raise Breach("I14", why)

    def _kill(self) -> None:
        world, desk = self.world, self.desk
        self.operators.press("kill", "the end")
        why = self._until(KILL, lambda: checks.dead(self.watcher, desk.engine))
        if why:
            raise Breach("I13", f"{KILL // SECOND} s after a kill: {why}")
        world.run(world.now + SECOND)
        late = checks.dead(self.watcher, desk.engine)
        if late:
            raise Breach("I13", f"after a kill was proven: {late}")

    def _until(self, patience: int, unmet: Callable[[], str]) -> str:
        """Run until nothing is unmet; what still is when patience has ended."""
        world = self.world
        end = world.now + patience
        while True:
            world.run(world.now + POLL)
            why = unmet()
            if not why or world.now >= end:
                return why

    def _judge(self) -> None:
        """What a kill -9 at this moment would leave is enough, and the whole tape makes the same desk."""
        desk = self.desk
        checks.created_once(self.watcher)
        kept = desk.reader().count
        if kept < self.watcher.acted:
            raise Breach("I10", f"{self.watcher.acted} records were acted on, {kept} are on the disk")
        desk.flush()
        reader = desk.reader()
        checks.replayed(reader, desk.engine, desk.count)
        checks.no_secret(reader, self.disk)


def run_seed(seed: int, book: Book | None = None, skip: frozenset[tuple[int, int]] = frozenset()) -> Outcome:
    """Simulate one seed. A breach is in the outcome; anything else that is raised is a fault of the simulator."""
    simulation = Simulation(draw(seed), book, skip)
    breach = text = ""
    try:
        simulation.play()
    except Breach as error:
        breach, text = error.name, error.text
    world = simulation.world
    return Outcome(
        seed=seed,
        records=simulation.watcher.records,
        events=world.count,
        hash=digest(simulation.disk),
        seconds=(world.now - START) / 1e9,
        lives=simulation.desk.lives,
        breach=breach,
        text=text,
        converged_ms=simulation.converged_ms,
        cells={f"{n} {state}": count for (n, state), count in sorted(world.cells.items())},
        script=list(world.script),
        lines=list(book.lines) if book is not None else [],
    )


def digest(disk: SimDisk) -> str:
    """Of every file on the disk, by name and content."""
    out = blake2b(digest_size=16)
    for name, data in disk.contents():
        out.update(f"{name} {len(data)}\n".encode())
        out.update(data)
    return out.hexdigest()
