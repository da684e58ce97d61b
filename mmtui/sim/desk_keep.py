"""What one life of a simulated host keeps on its disk beside the tape's records: latch, order ids, checkpoints, syncs.

Rules of this file: a disk that refuses is asked again, off the path from tick to order; what must be on the disk
before anything else happens is there when the call returns.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mmtui.core.effects import Latch
from mmtui.core.events import IdsReserved
from mmtui.sim.world import MS
from mmtui.tape import latch
from mmtui.tape.checkpoint import CheckpointWriter, Place
from mmtui.tape.format import TapeError
from mmtui.tape.ids import OrderIds

if TYPE_CHECKING:
    from mmtui.sim.desk_life import Life

#: The tape is on the disk within this.
SYNC_NS = 50 * MS
#: What the disk has refused is tried again after this.
AGAIN = 200 * MS


class Keeping:
    """Of one life."""

    def __init__(self, life: Life, ids: OrderIds, latched: dict[str, str]) -> None:
        self.life = life
        self.market = 0  # market events on the tape
        self._ids = ids
        self._latched = latched
        self._unlatched = False  # a latch waits for the disk
        self._renewing = False
        self._checkpoints: CheckpointWriter | None = None
        self._every = 0

    def latch(self, effect: Latch) -> None:
        """On the disk before anything else happens."""
        self._latched = latch.change(self._latched, effect.scope, effect.state, effect.reason)
        self._save()

    def _save(self) -> None:
        desk = self.life.desk
        try:
            latch.save(desk.disk, desk.folder, self._latched)
            self._unlatched = False
        except OSError:
            if not self._unlatched:
                self._unlatched = True
                self.life.world.after(AGAIN, self.life.come, self._again)

    def _again(self) -> None:
        self._unlatched = False
        self._save()

    def look(self) -> None:
        """The next block of order ids is reserved when half of one is used."""
        if not self._renewing and self.life.engine.tracker.next_oid >= self._ids.renew_at:
            self._renewing = True
            self.life.world.after(MS, self.life.come, self._renew)

    def _renew(self) -> None:
        life = self.life
        try:
            limit = self._ids.extend()
        except TapeError:  # no order goes without an id
            life.world.after(AGAIN, life.come, self._renew)
            return
        self._renewing = False
        life.step(IdsReserved(life.now(), limit))
        life.pump()

    def sync(self) -> None:
        """Group commit; comes by itself again."""
        life = self.life
        life.world.after(SYNC_NS, life.come, self.sync)
        life.tape.flush()
        life.tape.sync()
        if life.tape.trouble:
            life.in_trouble()
            life.pump()
        else:
            self._checkpoint()

    def checkpoints(self, writer: CheckpointWriter, every: int, market: int) -> None:
        """Write the engine's state each so many records; `market` events are on the tape already."""
        self._checkpoints, self._every, self.market = writer, every, market

    def _checkpoint(self) -> None:
        """Where it cannot be written a later start takes longer, and that is all."""
        writer, engine, count = self._checkpoints, self.life.engine, self.life.tape.count
        if writer is None or count - (writer.last.number if writer.last else 0) < self._every:
            return
        try:
            writer.write(Place(count, engine.ts, self.market, engine.epoch), engine)
        except (OSError, TapeError):
            self._checkpoints = None
