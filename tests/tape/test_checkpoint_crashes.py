"""Lives of a host on a disk that loses power: no checkpoint ever speaks of records that the tape does not have."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from taped_desk import desk_records, header_of

from mmtui.core.engine import Engine
from mmtui.core.events import MARKET, Command, HostStarted, Timer
from mmtui.sim.disk import SimDisk
from mmtui.sim.world import World
from mmtui.tape.checkpoint import Checkpoints, CheckpointWriter, Place
from mmtui.tape.reader import TapeReader
from mmtui.tape.recovery import recover
from mmtui.tape.writer import TapeWriter

HOME = Path("/desk/s")


def write_back(disk, states):
    """The kernel writes the checkpoints to the platter when it likes, before the tape's tail if it likes."""
    for path in (states.path, states.index):
        handle = disk.append(path)
        handle.sync()
        handle.close()
    disk.sync_folder(HOME)


def replayed(disk):
    reader = TapeReader(HOME, disk)
    engine = Engine(reader.header.setup)
    market = 0
    for _, event, _ in reader.records():
        engine.process(event)
        market += isinstance(event, MARKET)
    return engine.state_hash(), reader.count, market


@pytest.mark.parametrize("seed", range(12))
def test_every_life_begins_with_the_state_of_its_tape(seed):
    setup, records = desk_records()
    dice = random.Random(seed)
    disk = SimDisk(World(seed, {}))
    disk.make_folder(HOME.parent)
    header = header_of(setup, "s")
    events = iter([event for event, _ in records if isinstance(event, (*MARKET, Timer, Command))])
    tape = TapeWriter(HOME, header, disk)
    tape.sync()
    engine, market, used = Engine(setup), 0, 0
    for life in range(1, 9):
        states = CheckpointWriter(HOME, header, tape.count, disk)
        started = HostStarted(engine.ts or records[0][0].ts, life, "start" if life == 1 else "recovery", {})
        tape.append(started, engine.process(started))
        for _ in range(dice.randrange(20, 400)):
            event = next(events, None)
            if event is None:
                break
            tape.append(event, engine.process(event))
            market += isinstance(event, MARKET)
            draw = dice.randrange(100)
            if draw == 0:
                tape.flush()
                tape.sync()
            elif draw < 4:
                tape.flush()
                if states.last is None or states.last.number < tape.count:
                    states.write(Place(tape.count, engine.ts, market, life), engine)
                    if dice.randrange(3):
                        write_back(disk, states)
        tape.abandon()
        disk.crash(power_loss=dice.randrange(3) > 0)
        found = recover(HOME, disk)
        assert (found.engine.state_hash(), found.records, found.market) == replayed(disk)
        used += found.began > 0
        engine, market = found.engine, found.market
        tape = TapeWriter.resume(HOME, disk)
        assert tape.count == found.records
    assert used


def test_what_was_cut_does_not_come_back_with_the_power():
    setup, records = desk_records()
    disk = SimDisk(World(1, {}))
    disk.make_folder(HOME)
    disk.sync_folder(HOME)
    header = header_of(setup, "s")
    engine = Engine(setup)
    states = CheckpointWriter(HOME, header, 0, disk)
    for number, (event, _) in enumerate(records[:400], 1):
        engine.process(event)
        if number % 100 == 0:
            states.write(Place(number, event.ts, 0, 1), engine)
    write_back(disk, states)
    CheckpointWriter(HOME, header, 250, disk)
    disk.crash(power_loss=True)
    assert [one.place.number for one in Checkpoints(HOME, header, disk)] == [100, 200]
