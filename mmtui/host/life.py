"""The life of a desk's host: a new session, or the one that a crash left open, brought back from its tape.

Rules of this file: everything before the loop runs; the order of what is opened, locked and written is here.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from mmtui import __version__
from mmtui.config.paths import desk_dir, sessions_dir
from mmtui.core.engine import Engine
from mmtui.core.errors import UserError
from mmtui.core.events import Event
from mmtui.core.setup import DeskSetup
from mmtui.host import latch
from mmtui.host.blocks import IdBlocks
from mmtui.host.desk import Desk
from mmtui.host.feed import Source, open_source
from mmtui.host.frames import FrameBuilder
from mmtui.host.snapshot import follow, restored
from mmtui.tape.checkpoint import CheckpointWriter
from mmtui.tape.files import DISK, put
from mmtui.tape.format import SCHEMA, Header
from mmtui.tape.ids import OrderIds
from mmtui.tape.journal import SideJournal
from mmtui.tape.reader import TapeReader
from mmtui.tape.recovery import Watch, recover
from mmtui.tape.writer import TapeWriter
from mmtui.venues.paper.venue import PaperVenue

if TYPE_CHECKING:
    from mmtui.host.live import VenueAccess

#: The name of the desk's last session, in its folder.
LAST = "session"


def session_name(desk: str) -> str:
    """NAME-YYYYMMDDTHHMMSS-xxxx, in UTC."""
    return f"{desk}-{datetime.now(UTC):%Y%m%dT%H%M%S}-{os.urandom(2).hex()}"


def unclosed(name: str) -> Path | None:
    """The folder of the desk's last session, if its host never closed it."""
    try:
        last = (desk_dir(name) / LAST).read_text().strip()
    except OSError:
        return None
    path = sessions_dir() / last
    if not last or not path.is_dir():
        return None
    reader = TapeReader(path)
    return None if reader.closed or not reader.count else path


def open_desk(
    setup: DeskSetup, source: Source, *, speed: float, keep: bool, access: Sequence[VenueAccess] = ()
) -> Desk:
    """A desk ready to run. keep: latched states survive on disk and a crash is recovered (all but the demo).

    access: the live venues of a desk that has no source.
    """
    crashed = unclosed(setup.name) if keep else None
    latched = latch.load(setup.name) if keep else {}
    if crashed is not None:
        return _resume(crashed, source, setup, speed, latched, access)
    session = session_name(setup.name)
    path = sessions_dir() / session
    engine = Engine(setup)
    header = Header(
        schema=SCHEMA,
        session=session,
        created_ns=time.time_ns(),
        setup=setup,
        source=source.body(),
        version=__version__,
    )
    blocks = _blocks(setup) if keep else None
    tape = TapeWriter(path, header)
    _remember(setup.name, session)
    events = open_source(source, [item.instrument for item in setup.instruments], setup.venues)
    desk = _desk(setup, engine, events, tape, path, speed, latched, blocks, access)
    desk.start(blocks.ids.epoch if blocks else 1, "start", 0, time.monotonic_ns())
    return desk


def _blocks(setup: DeskSetup) -> IdBlocks | None:
    """Epoch and first block of order ids of this life, on the disk before anything is sent.

    A paper venue lives in its host and knows no earlier orders: its ids begin anew, so that two runs are the same.
    """
    if setup.mode != "live":
        return None
    ids = OrderIds(DISK, desk_dir(setup.name))
    ids.begin()
    return IdBlocks(ids)


def _resume(
    path: Path, source: Source, setup: DeskSetup, speed: float, latched: dict[str, str], access: Sequence[VenueAccess]
) -> Desk:
    """The same session, with the setup and the source that its tape names."""
    shown: list[FrameBuilder] = []

    def begin(engine: Engine, extra: bytes) -> Watch:
        shown.append(restored(engine, extra))
        return follow(shown[0])

    before = TapeReader(path).header.setup.mode
    if before != setup.mode and "live" in (before, setup.mode):
        raise UserError(
            f"desk {setup.name!r} did not end its last session ({path.name}), which was {before}; this config says "
            f"{setup.mode}: run it as {before} once more and shut it down, or give the desk another name"
        )
    blocks = _blocks(setup)
    found = recover(path, begin=begin)
    CheckpointWriter(path, found.header, found.records)  # cuts those of records that the crash took
    recorded = found.header.setup
    again = Source.of(found.header.source)
    instruments = [item.instrument for item in recorded.instruments]
    events = islice(open_source(again, instruments, recorded.venues), found.market, None)
    tape = TapeWriter.resume(path, reader=found.reader)
    desk = _desk(recorded, found.engine, events, tape, path, speed, latched, blocks, access)
    desk.frames = shown[0]
    desk.source.read = found.market
    desk.runner.now = found.ts
    epoch = max(found.epoch + 1, blocks.ids.epoch if blocks else 0)
    desk.start(epoch, "recovery", found.ts, time.monotonic_ns())
    if recorded != setup or again.files != source.files:
        desk.say("the config has changed since the crash: this session goes on with the one that it recorded")
    return desk


def _desk(
    setup: DeskSetup,
    engine: Engine,
    events: Iterator[Event],
    tape: TapeWriter,
    path: Path,
    speed: float,
    latched: dict[str, str],
    blocks: IdBlocks | None,
    access: Sequence[VenueAccess],
) -> Desk:
    if access:
        from mmtui.host.live import LiveDesk

        return LiveDesk(
            setup, engine, tape, SideJournal(path), list(access), session=path.name, latched=latched, blocks=blocks
        )
    execution = PaperVenue(setup, engine.books, setup.seed)
    execution.restore(*engine.ledger.held())  # all zero in a first life
    journal = SideJournal(path)
    return Desk(
        setup,
        engine,
        execution,
        events,
        tape,
        journal,
        session=path.name,
        speed=speed,
        latched=latched,
        blocks=blocks,
    )


def _remember(name: str, session: str) -> None:
    """The desk's last session, for the next life; replaced whole."""
    put(DISK, desk_dir(name) / LAST, f"{session}\n".encode())
