"""Benchmark of the tape: a session of a capture, written, read back, sought in.

Rules of this file: the product's own writer and reader in a temporary folder.
"""

from __future__ import annotations

import tempfile
import time
from pathlib import Path
from typing import Any

from mmtui.bench import material
from mmtui.bench.market import ROUNDS, _spread, quiet
from mmtui.core.effects import Effect
from mmtui.core.events import Event
from mmtui.review.request import places
from mmtui.review.whatif import Run, run_events
from mmtui.tape.format import Header
from mmtui.tape.reader import TapeReader
from mmtui.tape.writer import TapeWriter

SEEKS = 20


def bench_tape() -> dict[str, Any]:
    """Bytes and µs a record; the records are those of a quoting desk on the capture."""
    path, name = material.capture()
    captures = material.opened(path)
    setup = material.desk_of(captures)
    records: list[tuple[Event, list[Effect]]] = []
    one = Run(setup, "pessimistic", lambda event, effects: records.append((event, effects)))
    with quiet():
        run_events([one], captures.events(*places(setup)))
    writes, reads, seeks = [], [], []
    size = 0
    for number in range(ROUNDS):
        with tempfile.TemporaryDirectory() as folder, quiet():
            target = Path(folder) / f"s{number}"
            writer = TapeWriter(target, Header(session="bench", created_ns=0, setup=setup))
            begun = time.process_time()
            for event, effects in records:
                writer.append(event, effects)
            writer.close("")
            writes.append((time.process_time() - begun) / len(records) * 1e6)
            size = sum(file.stat().st_size for file in target.iterdir() if file.name in ("tape", "tail"))
            reader = TapeReader(target)
            begun = time.process_time()
            count = sum(1 for _ in reader.records())
            reads.append(count / (time.process_time() - begun))
            span = reader.end - reader.start
            begun = time.process_time()
            for k in range(SEEKS):
                next(iter(reader.records(reader.index_at(reader.start + span * k // SEEKS))))
            seeks.append((time.process_time() - begun) / SEEKS * 1e3)
    return {
        "source": name,
        "records": len(records),
        "bytes_per_record": round(size / len(records), 2),
        "write_us_per_record": _spread(writes),
        "read_records_per_s": _spread(reads, 0),
        "seek_ms": _spread(seeks),
    }
