"""The end of a tape, as an engine: the last usable checkpoint, and every record after it.

Rules of this file: the state is that of a replay from the first record, whatever checkpoints there are; a hole in what
is rolled forward is an error, never guessed over; where a tape is partial its orders are the recorded ones.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from mmtui.core.effects import Effect
from mmtui.core.engine import Engine
from mmtui.core.errors import SourceError
from mmtui.core.events import MARKET, Event, HostStarted
from mmtui.core.orders.recorded import follow
from mmtui.tape.checkpoint import Checkpoints, Loaded, Place
from mmtui.tape.files import DISK, Files
from mmtui.tape.format import Header
from mmtui.tape.part import beginning
from mmtui.tape.reader import TapeReader

_MARKET = frozenset(MARKET)
#: Sees every record that is rolled forward, after the engine has.
Watch = Callable[[Event, list[Effect]], None]


class Recovered(NamedTuple):
    """What a tape gives back."""

    header: Header
    engine: Engine
    epoch: int
    ts: int  # of the last record
    market: int  # market events on the tape
    records: int
    began: int  # number of the first record that was rolled forward
    reader: TapeReader  # for the writer that goes on


def recover(directory: Path, files: Files = DISK, begin: Callable[[Engine, bytes], Watch] | None = None) -> Recovered:
    """The engine as it was at the last record of a session's tape. Raises SourceError when records are lost.

    begin: is told of the state from which the engine is rolled forward, with what the host added to it (b"" at the
    start), and says who sees the records that follow.
    """
    reader = TapeReader(directory, files)
    loaded = Checkpoints(directory, reader.header, files).load(reader.count)
    loaded = loaded or beginning(reader)
    place, lost = roll(reader, loaded, begin(loaded.engine, loaded.extra) if begin is not None else None)
    if lost:  # a crash never costs more than the end of the tail: this is the disk
        raise SourceError(
            f"{directory}: its tape is damaged from record {place.number} on, so the desk's positions are not known;"
            " `mmtui audit verify` says what is lost; move the folder away to begin a new session"
        )
    number, ts, market, epoch = place
    return Recovered(reader.header, loaded.engine, epoch, ts, market, number, loaded.place.number, reader)


def roll(reader: TapeReader, loaded: Loaded, watch: Watch | None = None) -> tuple[Place, bool]:
    """Roll an engine forward to the tape's end, or to the first hole; (where it stands, whether records are lost)."""
    number, ts, market, epoch = loaded.place
    process = loaded.engine.process
    partial = reader.partial_from
    for index, event, recorded in reader.records(number):
        if index != number:
            break
        number += 1
        made = process(event)
        if 0 <= partial <= index:
            follow(loaded.engine, made, recorded)
        ts = event.ts
        if type(event) in _MARKET:
            market += 1
        elif isinstance(event, HostStarted):
            epoch = event.epoch
        if watch is not None:
            watch(event, recorded)
    return Place(number, ts, market, epoch), number != reader.count
