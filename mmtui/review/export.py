"""`mmtui export SESSION --format F --out DIR`: a session for other programs.

Rules of this file: reads the tape and writes into one new folder; what is interrupted leaves nothing behind. A what-if
holds no market of its own: it is run again from its sources first, as `replay` does.
"""

from __future__ import annotations

import argparse
import contextlib
import gc
import sys
from collections.abc import Iterator
from pathlib import Path

from mmtui.core.effects import Effect
from mmtui.core.errors import SourceError, UserError
from mmtui.core.events import Event
from mmtui.review.progress import watched
from mmtui.review.sessions import find_session
from mmtui.tape.export_files import BATCH, SINKS, Sink, read_me
from mmtui.tape.export_rows import Rows
from mmtui.tape.part import beginning
from mmtui.tape.reader import TapeReader

Record = tuple[int, Event, list[Effect]]


def run(args: argparse.Namespace) -> int:
    """The sub-command."""
    reader = opened(find_session(args.session))
    out: Path = args.out.expanduser()
    with folder(out) as made:
        if args.format == "hftbacktest":
            counts = export_hftbacktest(reader, out, made)
        else:
            counts = export_tables(reader, out, args.format, made)
    for sentence in reader.damage:
        print(f"mmtui: {sentence}", file=sys.stderr)
    print(f"{out}: {', '.join(f'{name} {count:,}' for name, count in counts.items() if count)}")
    return 0


def opened(directory: Path) -> TapeReader:
    """A session that has records: a what-if's are made again from its sources."""
    reader = TapeReader(directory)
    if reader.header.source.get("kind") == "whatif" and not reader.count:
        from mmtui.review.whatif import expand

        reader = TapeReader(expand(directory))
    if not reader.count:
        raise UserError(f"session {reader.header.session} has no records: there is nothing to export")
    return reader


@contextlib.contextmanager
def folder(out: Path) -> Iterator[list[Path]]:
    """A folder of our own; the files that are named in the list are taken away if the export does not end well."""
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise UserError(f"--out {out}: is there already and not empty; an export never writes over anything")
    fresh = not out.exists()
    made: list[Path] = []
    try:
        out.mkdir(parents=True, exist_ok=True)
        yield made
    except BaseException as error:
        for path in made:
            path.unlink(missing_ok=True)
        if fresh and out.is_dir():
            with contextlib.suppress(OSError):
                out.rmdir()
        if isinstance(error, OSError):
            raise SourceError(f"{out}: the export cannot be written: {error.strerror}") from error
        raise


def records(reader: TapeReader) -> Iterator[Record]:
    """Every record, with a bar on a terminal; no collector while they pass."""
    done = 0

    def counted() -> Iterator[Record]:
        nonlocal done
        for record in reader.records():
            done = record[0] + 1
            yield record

    gc.collect()
    gc.freeze()
    gc.disable()
    try:
        yield from watched(counted(), lambda: done / reader.count)
    finally:
        gc.enable()
        gc.unfreeze()


def export_tables(reader: TapeReader, out: Path, form: str, made: list[Path]) -> dict[str, int]:
    """CSV or Parquet; rows by table."""
    rows = Rows(reader.header.setup, beginning(reader).engine)
    counts = dict.fromkeys(rows.out, 0)
    count = 0
    sink = SINKS[form](out)
    made += sink.files
    try:
        for number, event, effects in records(reader):
            rows.record(number, event, effects)
            count += 1
            if not count % 1024:
                _pass_on(rows, sink, counts, BATCH)
        rows.finish()
        _pass_on(rows, sink, counts, 1)
    finally:
        sink.close()
    if rows.trouble:
        print(f"mmtui: {rows.trouble}", file=sys.stderr)
    notes = [rows.trouble] if rows.trouble else []
    made.append(out / "README.md")
    made[-1].write_text(read_me(reader.header, form, counts, count, [*notes, *reader.damage]))
    return counts


def _pass_on(rows: Rows, sink: Sink, counts: dict[str, int], least: int) -> None:
    """Hand on the tables that hold so many rows."""
    for name, waiting in rows.out.items():
        if len(waiting) >= least:
            sink.put(name, waiting)
            counts[name] += len(waiting)
            waiting.clear()


def export_hftbacktest(reader: TapeReader, out: Path, made: list[Path]) -> dict[str, int]:
    """One npz an instrument; rows by instrument."""
    from mmtui.tape.export_hft import HftFile

    files = [HftFile(out, item.instrument) for item in reader.header.setup.instruments]
    made += [path for file in files for path in (file.part, file.path)]
    count = 0
    try:
        for _, event, _ in records(reader):
            i = getattr(event, "i", -1)
            if i >= 0:
                files[i].add(event)
            count += 1
        for file in files:
            file.finish()
    except BaseException:
        for file in files:
            file.abandon()
        raise
    for file in files:
        if not file.rows:
            print(f"mmtui: {file.instrument.id}: no market on the tape, so no file", file=sys.stderr)
    lines = [f"# Session {reader.header.session}, for hftbacktest 2", ""]
    lines += [
        "Array `data` of each file is hftbacktest's event array; exch_ts is the venue's time, local_ts ours (ns)."
    ]
    lines += ["Sizes are as the venue counts them. Best quotes (tickers) are not in it: depth and trades only.", ""]
    lines += ["| file | instrument | rows | tick_size | lot_size | contract_size | exch_ts moved by |"]
    lines += ["|---|---|---|---|---|---|---|"]
    for file in files:
        one = file.instrument
        lines.append(
            f"| {file.path.name} | {one.id} ({one.kind}) | {file.rows} | {one.tick} | {one.lot} | {one.contract_size}"
            f" | {-file.lead} |"
        )
    lines += ["", *reader.damage]
    made.append(out / "README.md")
    made[-1].write_text("\n".join(lines).rstrip() + "\n")
    return {file.instrument.id: file.rows for file in files}
