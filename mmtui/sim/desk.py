"""A simulated host: lives of one desk on one disk, with the real engine, sessions, tape, latch, ids and recovery.

Boots, crashes, stands still, is asked by operators' bytes; what happens inside a life stands in desk_life.py.

Rules of this file: what survives a process is on the disk and nowhere else.
"""

from __future__ import annotations

import contextlib
from pathlib import Path

from mmtui.core.effects import Effect
from mmtui.core.engine import Engine
from mmtui.core.errors import SourceError
from mmtui.core.events import MARKET, Event, HostStarted, Timer
from mmtui.core.setup import DeskSetup
from mmtui.sim.demands import Crashed
from mmtui.sim.desk_keep import SYNC_NS
from mmtui.sim.desk_life import Life
from mmtui.sim.disk import SimDisk
from mmtui.sim.exchange import Exchange
from mmtui.sim.network import Network
from mmtui.sim.watcher import Watcher
from mmtui.sim.world import MS, World
from mmtui.tape import latch
from mmtui.tape.checkpoint import CheckpointWriter
from mmtui.tape.files import put
from mmtui.tape.format import Header, TapeError, new_session
from mmtui.tape.ids import OrderIds
from mmtui.tape.reader import TapeReader
from mmtui.tape.recovery import recover
from mmtui.tape.writer import TapeWriter

STATE = Path("/state")
#: The name of the desk's last session, in its folder.
LAST = "session"
#: Records between two checkpoints, one of these a seed; 0: none.
CHECKPOINTS = (0, 0, 300, 1_500)
_QUIET = frozenset({*MARKET, Timer})


class SimDesk:
    """A desk's host. `engine` is that of the present life, or of the last one."""

    def __init__(
        self, world: World, setup: DeskSetup, exchanges: list[Exchange], net: Network, disk: SimDisk, watcher: Watcher
    ) -> None:  # fmt: skip
        self.world = world
        self.setup = setup
        self.exchanges = exchanges
        self.net = net
        self.disk = disk
        self.watcher = watcher
        self.engine = Engine(setup)
        self.lives = 0
        self.stalled_until = 0
        self.folder = STATE / "desks" / setup.name
        self.path = Path()  # of the session
        self._life: Life | None = None
        self._wall = 0  # the machine's wall clock minus the world's
        self._connections = 0
        #: Records between two checkpoints, 0: none.
        self.every = CHECKPOINTS[world.rng("host/checkpoints").below(len(CHECKPOINTS))]
        world.order_state = self._order_state
        world.open_states = self._open_states
        world.on_heal(self._healed)

    # -- life ----------------------------------------------------------------------------------------------------

    @property
    def alive(self) -> bool:
        return self._life is not None

    @property
    def count(self) -> int:
        """Records on the tape."""
        return self._life.tape.count if self._life is not None else self.reader().count

    def boot(self) -> None:
        """Start the process; it is not alive afterwards where the disk does not let it."""
        if self._life is not None:
            return
        self.disk.armed = True
        try:
            self._boot()
        except Crashed:
            self.crash(False)
        except (OSError, SourceError) as error:
            self.world.say("host", f"cannot start: {error}")
            self.crash(False)

    def _boot(self) -> None:
        disk, world = self.disk, self.world
        for folder in (self.folder, STATE / "sessions"):
            disk.make_folder(folder)
        ids = OrderIds(disk, self.folder)
        ids.begin()
        latched = latch.load(disk, self.folder)
        engine, tape, header, cause, ts, market = self._session()
        wall = max(ts, world.now + self._wall)
        life = Life(self, engine, tape, ids, latched, wall - world.now, tape.directory.name[-4:])
        if self.every:
            life.keeping.checkpoints(CheckpointWriter(tape.directory, header, tape.count, disk), self.every, market)
        self._life, self.engine, self.path = life, engine, tape.directory
        self.lives += 1
        world.say("host", f"life {self.lives}: {cause} of {tape.directory.name} at record {tape.count}")
        life.runner.now = wall
        life.come(self._begin, life, HostStarted(
            wall, ids.epoch, cause, dict(latched), self.setup.autostart and cause == "start", ids.first, ids.limit, ts
        ))  # fmt: skip

    def _begin(self, life: Life, started: HostStarted) -> None:
        life.step(started)
        life.tape.flush()
        life.tape.sync()
        self.world.after(SYNC_NS, life.come, life.keeping.sync)
        life.feeds.tick(life.now())
        life.privates.tick(life.now())
        life.pump()

    def _session(self) -> tuple[Engine, TapeWriter, Header, str, int, int]:
        """The session that was never closed, brought back; else a new one."""
        disk = self.disk
        try:
            path = STATE / "sessions" / disk.read(self.folder / LAST).decode()
            if not TapeReader(path, disk).closed:
                found = recover(path, disk)
                tape = TapeWriter.resume(path, disk, found.reader)
                return found.engine, tape, found.header, "recovery", found.ts, found.market
        except FileNotFoundError:
            pass
        except SourceError as error:  # what a person would do: the folder is moved away
            self.world.say("host", f"a new session: {error}")
        name = new_session(self.setup.name, self.world.now)
        header = Header(session=name, created_ns=self.world.now, setup=self.setup, source={"kind": "sim"})
        tape = TapeWriter(STATE / "sessions" / name, header, disk)
        put(disk, self.folder / LAST, name.encode(), sync=True)
        return Engine(self.setup), tape, header, "start", 0, 0

    def crash(self, power_loss: bool) -> None:
        """kill -9, or the power fails."""
        self.watcher.crashed(power_loss)
        life, self._life = self._life, None
        self.stalled_until = 0
        if life is not None:
            life.dead = True
            life.feeds.close_all()
            life.privates.close_all()
            life.tape.abandon()
        self.disk.crash(power_loss)

    def restart(self) -> None:
        """Somebody has made room on the disk, they think."""
        self.crash(False)
        self.boot()

    def close(self) -> None:
        """The clean end of a session that was shut down."""
        life = self._life
        if life is not None:
            life.close()
            self.crash(False)

    def stall(self, ns: int) -> None:
        """SIGSTOP and, after `ns`, SIGCONT."""
        if self._life is not None:
            self.stalled_until = max(self.stalled_until, self.world.now + ns)
            self._life.stand_still(self.stalled_until)

    def _healed(self) -> None:
        """Nothing keeps a process standing still any more, and there is room on the disk."""
        self.stalled_until = 0
        life = self._life
        if life is not None and life.held:
            life.stand_still(self.world.now)
        if life is not None and life.tape.trouble:
            self.world.after(100 * MS, life.come, self.restart)

    def step_clock(self, ns: int) -> None:
        """The wall clock steps; a process that runs goes on with its monotonic one, the next one begins from here."""
        self._wall += ns

    # -- operators -----------------------------------------------------------------------------------------------

    def attach(self) -> int:
        self._connections += 1
        if self._life is not None:
            self._life.come(self._life.hub.attach, self._connections)
        return self._connections

    def receive(self, connection: int, data: bytes) -> None:
        if self._life is not None:
            self._life.come(self._life.hub.receive, connection, data)

    def detach(self, connection: int) -> None:
        if self._life is not None:
            self._life.come(self._life.hub.detach, connection)

    def seen_version(self) -> int:
        """The state version that a cockpit shows."""
        return self.engine.version

    # -- what others look at -------------------------------------------------------------------------------------

    def reader(self) -> TapeReader:
        """The tape as a process that starts now would find it."""
        return TapeReader(self.path, self.disk)

    def flush(self) -> None:
        if self._life is not None:
            with contextlib.suppress(TapeError):
                self._life.tape.flush()

    def tell(self, event: Event, effects: list[Effect]) -> None:
        """The story: everything but market data that caused nothing."""
        if effects or type(event) not in _QUIET:
            caused = "".join(f"\n      -> {effect}" for effect in effects)
            self.world.say("desk", f"{event}{caused}")

    def _order_state(self, oid: int) -> str:
        order = self.engine.tracker.get(oid)
        return order.state.name if order is not None else "-"

    def _open_states(self) -> list[str]:
        return list({order.state.name: None for order in self.engine.tracker.open.values()})
