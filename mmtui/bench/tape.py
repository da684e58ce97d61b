"""Benchmark of the tape: a session of a capture, written, read back, sought in; and a session of a day, opened.

Rules of this file: the product's own writer and readers in a temporary folder.
"""

from __future__ import annotations

import os
import tempfile
import time
from pathlib import Path
from typing import Any

from mmtui.bench import material
from mmtui.bench.market import ROUNDS, _spread, quiet
from mmtui.core.effects import Effect
from mmtui.core.events import MARKET, Event
from mmtui.core.setup import DeskSetup
from mmtui.review.request import places
from mmtui.review.whatif import Run, run_events
from mmtui.tape.arrays import chunks
from mmtui.tape.files import DISK
from mmtui.tape.format import Header, chain_start, pack_chunk, read_chunk_head
from mmtui.tape.index import INDEX, IndexWriter
from mmtui.tape.reader import TapeReader
from mmtui.tape.writer import TapeWriter

SEEKS = 20
DAY_RECORDS = 86_000_000
#: Of the chunks of the made day so many have a body that can be read; the others are holes of the file.
BODY_EVERY = 500
Records = list[tuple[Event, list[Effect]]]


def bench_tape() -> dict[str, Any]:
    """Bytes and µs a record of the capture's market messages, and of a desk that quotes on them; reading, seeking."""
    path, name = material.capture()
    captures = material.opened(path)
    setup = material.desk_of(captures)
    market: Records = [(event, []) for event in material.opened(path).events(*places(setup))]
    desk: Records = []
    one = Run(setup, "pessimistic", lambda event, effects: desk.append((event, effects)))
    with quiet():
        run_events([one], captures.events(*places(setup)))
    out: dict[str, Any] = {"source": name}
    with tempfile.TemporaryDirectory() as folder:
        for kind, records in (("market", market), ("desk", desk)):
            out.update(_measured(Path(folder) / kind, kind, records, setup))
        out.update(_day(Path(folder), setup))
    return out


def _measured(folder: Path, kind: str, records: Records, setup: DeskSetup) -> dict[str, Any]:
    writes, reads, columns, seeks = [], [], [], []
    size = 0
    events = sum(isinstance(event, MARKET) for event, _ in records)
    for number in range(ROUNDS):
        target = Path(f"{folder}{number}")
        with quiet():
            writer = TapeWriter(target, Header(session="bench", created_ns=0, setup=setup))
            append = writer.append
            begun = time.process_time()
            for event, effects in records:
                append(event, effects)
            writer.close("")
            writes.append((time.process_time() - begun) / len(records) * 1e6)
            size = sum(file.stat().st_size for file in target.iterdir() if file.name in ("tape", "tail", "index"))
            reader = TapeReader(target)
            begun = time.process_time()
            count = sum(len(found) for _, found in reader.batches())
            reads.append(count / (time.process_time() - begun))
            begun = time.process_time()
            seen = sum(len(made.ts) for chunk in chunks(reader) for made in chunk.columns.values())
            columns.append(seen / (time.process_time() - begun))
            span = reader.end - reader.start
            begun = time.process_time()
            for k in range(SEEKS):
                next(iter(reader.records(reader.index_at(reader.start + span * k // SEEKS))))
            seeks.append((time.process_time() - begun) / SEEKS * 1e3)
    return {
        f"{kind}_records": len(records),
        f"{kind}_bytes_per_market_event": round(size / events, 2),
        f"{kind}_write_us_per_record": _spread(writes),
        f"{kind}_read_records_per_s": _spread(reads, 0),
        f"{kind}_read_columns_per_s": _spread(columns, 0),
        f"{kind}_seek_ms": _spread(seeks),
    }


def _day(folder: Path, setup: DeskSetup) -> dict[str, Any]:
    """A session of 24 hours, its chunks being those of the capture over and over: how long opening and seeking take."""
    target = folder / "day"
    source = TapeReader(folder / "market0")
    TapeWriter(target, Header(session="day", created_ns=0, setup=setup)).abandon()
    (target / "tail").unlink()
    tape = (folder / "market0" / "tape").read_bytes()
    index = IndexWriter(DISK, target / INDEX)
    previous = chain_start((target / "header.json").read_bytes())
    first = offset = number = 0
    step = 86_400 * 10**9 // (DAY_RECORDS // max(chunk.records for chunk in source.chunks))
    fd = os.open(target / "tape", os.O_WRONLY)
    while first < DAY_RECORDS:
        model = source.chunks[number % len(source.chunks)]
        body = tape[model.body : model.end]
        ts = source.start + number * step
        made = pack_chunk(previous, model.records, first, ts, ts + step - 1, model.raw, body)
        os.pwrite(fd, made if number % BODY_EVERY == 0 else made[: len(made) - len(body)], offset)
        head = read_chunk_head(made, offset)
        if head is not None:
            index.add(head)
            previous = head.hash
        first, offset, number = first + model.records, offset + len(made), number + 1
    os.ftruncate(fd, offset)
    os.close(fd)
    index.close()
    opens, seeks = [], []
    for k in range(ROUNDS):
        with quiet():
            begun = time.process_time()
            reader = TapeReader(target)
            opens.append((time.process_time() - begun) * 1e3)
            begun = time.process_time()
            for place in range(k, k + 5):
                at = reader.chunks[place * 7 * BODY_EVERY].first
                next(iter(reader.batches(at)))
            seeks.append((time.process_time() - begun) / 5 * 1e3)
    return {
        "day_records": reader.count,
        "day_gb": round(offset / 1e9, 2),
        "day_chunks": number,
        "day_open_ms": _spread(opens),
        "day_seek_ms": _spread(seeks),
    }
