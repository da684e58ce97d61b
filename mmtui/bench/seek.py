"""Benchmark of opening a session at any instant: the nearest checkpoint, then the roll-forward from it.

Rules of this file: a session that the product's own engine, tape and checkpoints make in a temporary folder; opened as
the replay host opens it.
"""

from __future__ import annotations

import os
import random
import tempfile
import time
from pathlib import Path
from typing import Any

from mmtui.bench.market import _spread, quiet
from mmtui.config.defaults import default_setup
from mmtui.core.effects import Effect
from mmtui.core.events import Event
from mmtui.host.frames import FrameBuilder
from mmtui.host.replay import Replay
from mmtui.host.snapshot import follow, pack_shown
from mmtui.link.messages import Transport
from mmtui.review.request import limited, places
from mmtui.review.whatif import Run, run_events
from mmtui.tape.checkpoint import (
    INDEX,
    LOOK,
    NAME,
    Checkpoints,
    CheckpointWriter,
    Place,
    due,
    encode_head,
    encode_state,
)
from mmtui.tape.format import Header
from mmtui.tape.reader import TapeReader
from mmtui.tape.writer import TapeWriter
from mmtui.venues.synthetic.market import SyntheticMarket

SECONDS = 600.0
SEEKS = 12
FORKS = 10
#: A checkpoint a minute.
DAY = 1_440
START_NS = 1_700_000_000_000_000_000


def bench_seek() -> dict[str, Any]:
    """CPU of opening a session at an instant; MMTUI_BENCH_SECONDS makes a longer one than the ten minutes here."""
    seconds = float(os.environ.get("MMTUI_BENCH_SECONDS", SECONDS))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "session"
        with quiet():
            run, frames = _made(path, seconds)
        reader = TapeReader(path)
        states = Checkpoints(path, reader.header)
        size = {name: (path / name).stat().st_size for name in ("tape", NAME)}
        dice = random.Random(1)
        opens, rolls, records = [], [], []
        for _ in range(SEEKS):
            at = reader.start + dice.randrange(reader.end - reader.start)
            spent, rolled, count = _opened(path, at)
            opens.append(spent)
            rolls.append(rolled)
            records.append(float(count))
        walls, forks, encodes = _forked(run, frames)
        return {
            "session": f"{seconds:.0f} s of the synthetic market, quoting: {reader.count} records",
            "checkpoints": len(list(states)),
            "checkpoint_kb": round(size[NAME] / max(1, len(states.found)) / 1e3, 1),
            "checkpoints_share_of_tape": round(size[NAME] / size["tape"], 3),
            "open_ms": _spread(opens),
            "roll_forward_ms": _spread(rolls),
            "roll_forward_records": _spread(records, 0),
            "load_ms_of_a_day": _day(Path(folder), reader.header, states),
            "fork_ms": _spread(forks),
            "fork_wall_ms": _spread(walls),
            "encode_ms_in_the_child": _spread(encodes),
        }


def _made(path: Path, seconds: float) -> tuple[Run, FrameBuilder]:
    """A desk on the synthetic market, recorded with what a host adds to its checkpoints."""
    market = SyntheticMarket(7, "calm", START_NS)
    run = Run(default_setup(market.setup_instruments(), "bench"), "pessimistic")
    header = Header(session="session", created_ns=START_NS, setup=run.setup)
    tape, states, frames = TapeWriter(path, header), CheckpointWriter(path, header), FrameBuilder(run.engine)
    see = follow(frames)

    def record(event: Event, effects: list[Effect]) -> None:
        tape.append(event, effects)
        see(event, effects)
        if not tape.count % LOOK and due(states.last, states.weight, tape.count, event.ts):
            states.write(Place(tape.count, event.ts, 0, 1), run.engine, pack_shown(frames))

    run.runner.record = record
    run_events([run], limited(market.events(*places(run.setup)), seconds))
    tape.close(run.engine.state_hash())
    return run, frames


def _opened(path: Path, at: int) -> tuple[float, float, int]:
    """CPU ms until the engine stands at the nearest state, CPU ms of rolling on from there, records of that."""
    with quiet():
        begun = time.process_time()
        replay = Replay(TapeReader(path), 1.0)
        replay.transport(Transport(op="pause"))
        replay.transport(Transport(op="seek", at=at))
        loaded = time.process_time()
        place = replay.index
        while replay.target is not None:
            replay.slice()
        return (loaded - begun) * 1e3, (time.process_time() - loaded) * 1e3, replay.index - place


def _day(folder: Path, header: Header, states: Checkpoints) -> dict[str, float]:
    """CPU ms of finding and loading a state among those of a day: the last one made, under the heads of 1,440."""
    (folder / NAME).write_bytes(states.path.read_bytes())
    one = states.found[-1]
    heads = (one._replace(place=one.place._replace(number=number)) for number in range(1, DAY + 1))
    (folder / INDEX).write_bytes(b"".join(map(encode_head, heads)))
    spent = []
    for number in (DAY, DAY // 2, 1):
        with quiet():
            begun = time.process_time()
            found = Checkpoints(folder, header).load(number)
            spent.append((time.process_time() - begun) * 1e3)
        assert found is not None and found.place.number == number
    return _spread(spent)


def _forked(run: Run, frames: FrameBuilder) -> tuple[list[float], list[float], list[float]]:
    """Wall and CPU ms that a fork costs its parent, CPU ms of what the child then does (measured here)."""
    walls, forks, encodes = [], [], []
    with quiet():
        for _ in range(FORKS):
            begun, spent = time.perf_counter(), time.process_time()
            child = os.fork()
            if not child:
                os._exit(0)
            forks.append((time.process_time() - spent) * 1e3)
            walls.append((time.perf_counter() - begun) * 1e3)
            os.waitpid(child, 0)
            spent = time.process_time()
            encode_state(Place(1, 0, 0, 1), bytes(16), 0, run.engine, pack_shown(frames))
            encodes.append((time.process_time() - spent) * 1e3)
    return walls, forks, encodes
