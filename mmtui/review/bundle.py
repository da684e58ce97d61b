"""`mmtui bundle SESSION --around T`: what somebody else needs to see an incident, in one file.

The part of the tape around T with the state that it begins from, the setup, the side journal of that time, a summary,
versions and hashes; `mmtui replay BUNDLE` opens it, with `--verify` it is proved, every other review takes it too.
Rules of this file: reads a session and writes one file; what looks like a secret of this user stops it.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import re
import tempfile
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from mmtui import __version__
from mmtui.core.effects import Effect
from mmtui.core.engine import Engine
from mmtui.core.errors import SourceError, UserError
from mmtui.core.events import MARKET, Event
from mmtui.core.orders.recorded import follow
from mmtui.review.bundle_file import CONFIG, SUMMARY, pack
from mmtui.review.bundle_text import Story, summary
from mmtui.review.export import opened
from mmtui.review.sessions import find_session
from mmtui.tape.checkpoint import Checkpoints, Keeper, Loaded
from mmtui.tape.format import ENCODER, Header, instant
from mmtui.tape.journal import SideJournal, read_journal
from mmtui.tape.part import PART, beginning
from mmtui.tape.reader import TapeReader
from mmtui.tape.writer import TapeWriter

MINUTE = 60_000_000_000
#: Longer is a session, not an incident.
MINUTES_MAX = 24 * 60
#: Names of environment variables that hold what nobody else may have.
_SECRET = re.compile(r"(KEY|SECRET|TOKEN|PASS(WORD|PHRASE)?|WEBHOOK(_URL)?|CREDENTIALS?)$", re.IGNORECASE)
#: A shorter value is a word like any other.
_SECRET_LEAST = 8
_MARKET = frozenset(MARKET)


class Span(NamedTuple):
    """What is cut out: records [first, last), around an instant (ns)."""

    around: int
    first: int
    last: int


def run(args: argparse.Namespace) -> int:
    """The sub-command."""
    directory = find_session(args.session)
    result = make(directory, args.around, args.minutes, args.out)
    if args.json:
        print(json.dumps(result))
        return 0
    size = result["bytes"] / 1e6
    print(f"{result['file']}: {result['records']:,} records, {instant(result['start'])} to {instant(result['end'])},"
          f" {size:.1f} MB")  # fmt: skip
    print(f"open it with: mmtui replay {result['file']}")
    return 0


def make(directory: Path, around: str, minutes: float, out: Path | None) -> dict[str, Any]:
    """Write the bundle; what was written, for JSON."""
    if not 0 < minutes <= MINUTES_MAX:
        raise UserError(f"--minutes {minutes:g}: a number above 0, at most {MINUTES_MAX}")
    reader = opened(directory)
    span = _span(reader, parse_instant(around, reader), minutes)
    name = f"{reader.header.session}-part-{span.first}"
    target = Path(out or f"{name}.zip").expanduser()
    if target.exists():
        raise UserError(f"--out {target}: is there already; a bundle never writes over anything")
    with tempfile.TemporaryDirectory(prefix="mmtui-bundle-") as folder:
        part = Path(folder) / name
        story = _cut(reader, span, part)
        journal = _journal(reader, part, story.start, story.end)
        config = msgspec.json.format(msgspec.json.encode(reader.header.setup), indent=1) + b"\n"
        manifest = _manifest(reader, span, name, story)
        text = summary(story, manifest, journal).encode()
        texts = {SUMMARY: text, CONFIG: config}
        _look_for_secrets([text, config, (part / "header.json").read_bytes(), json.dumps(journal).encode()])
        pack(part, texts, manifest, target)
    size = target.stat().st_size
    return {"file": str(target), **{key: manifest[key] for key in ("records", "start", "end")}, "bytes": size}


def parse_instant(text: str, reader: TapeReader) -> int:
    """ns since 1970; or 2026-11-20T14:03:22, or 14:03:22 (the first one in the session), UTC."""
    text = text.strip()
    if text.isascii() and text.isdigit() and len(text) <= 19:
        return int(text)
    try:
        if re.match(r"\d\d:\d\d", text):
            begun = datetime.fromtimestamp(reader.start // 10**9, tz=UTC)
            found = datetime.fromisoformat(f"{begun.date().isoformat()}T{text}").replace(tzinfo=UTC)
            if found < begun:
                found += timedelta(days=1)
        else:
            found = datetime.fromisoformat(text.removesuffix(" UTC"))
            found = found.replace(tzinfo=UTC) if found.tzinfo is None else found
    except ValueError:
        how = "ns since 1970, 2026-11-20T14:03:22 or 14:03:22 (UTC)"
        raise UserError(f"--around {text!r}: is no instant; give {how}") from None
    since = found - datetime(1970, 1, 1, tzinfo=UTC)
    return (since.days * 86_400 + since.seconds) * 10**9 + since.microseconds * 1_000


def _span(reader: TapeReader, around: int, minutes: float) -> Span:
    if not reader.start - 10**9 <= around <= reader.end + 10**9:
        raise UserError(
            f"--around {instant(max(0, around))}: the session runs from {instant(reader.start)}"
            f" to {instant(reader.end)}"
        )
    half = int(minutes * MINUTE)
    return Span(around, reader.index_at(around - half), reader.index_at(around + half + 1))


def _before(reader: TapeReader, number: int) -> Engine:
    """The engine before a record, from the nearest state. Raises SourceError where records before it are lost."""
    loaded: Loaded = Checkpoints(reader.directory, reader.header).load(number) or beginning(reader)
    for place, (index, event, recorded) in enumerate(reader.records(loaded.place.number), loaded.place.number):
        if place == number:
            break
        if index != place:
            raise SourceError(f"{reader.directory}: records from {place} on are lost before the part begins")
        made = loaded.engine.process(event)
        if 0 <= reader.partial_from <= index:
            follow(loaded.engine, made, recorded)
    return loaded.engine


def _cut(reader: TapeReader, span: Span, part: Path) -> Story:
    """Write the part's folder: the state, the records again as they stand on the tape, the state hash of its end."""
    engine = _before(reader, span.first)
    source = {"kind": PART, "of": reader.header.session, "first": span.first, "around": span.around}
    header = Header(
        session=part.name, created_ns=reader.header.created_ns, setup=engine.setup, source=source, version=__version__
    )
    tape = TapeWriter(part, header)
    keeper = Keeper(part, header, engine)
    keeper.keep()
    if keeper.trouble:
        raise SourceError(keeper.trouble)
    story = Story(engine, span.around)
    secrets = _secrets()
    for number, (index, event, recorded) in enumerate(reader.records(span.first), span.first):
        if index != number or index >= span.last:
            story.lost = index != number
            break
        if event.ts > span.around:
            story.look()
        made = _processed(engine, event, index)
        if 0 <= reader.partial_from <= index:
            follow(engine, made, recorded)
        if secrets and type(event) not in _MARKET:
            _refuse(_found(ENCODER.encode((event, recorded)), secrets), f"record {index}")
        tape.append(event, recorded)
        keeper.see(event)
        story.see(index, event, recorded, made)
    story.look()
    tape.close(engine.state_hash())
    return story


def _processed(engine: Engine, event: Event, index: int) -> list[Effect]:
    try:
        return engine.process(event)
    except Exception as error:
        raise SourceError(f"the engine cannot go on after record {index}: {type(error).__name__}: {error}") from error


def _journal(reader: TapeReader, part: Path, start: int, end: int) -> list[dict[str, object]]:
    """The lines of the side journal of that time (all that have none: of older sessions), as a chain of their own."""
    kept = []
    for line in read_journal(reader.directory):
        ts = line.get("ts")
        if not isinstance(ts, int) or start <= ts <= end:
            kept.append({key: value for key, value in line.items() if key not in ("n", "hash")})
    if kept:
        journal = SideJournal(part)
        for line in kept:
            journal.write(str(line["kind"]), **{key: value for key, value in line.items() if key != "kind"})
        journal.close()
    return kept


def _manifest(reader: TapeReader, span: Span, name: str, story: Story) -> dict[str, Any]:
    header = reader.header
    chunks = [
        {"first": chunk.first, "records": chunk.records, "hash": chunk.hash.hex()}
        for chunk in reader.chunks
        if chunk.first < span.first + story.records and chunk.first + chunk.records > span.first
    ]
    return {
        "name": name,
        "session": header.session,
        "around": span.around,
        "first": span.first,
        "records": story.records,
        "start": story.start,
        "end": story.end,
        "effects_made_again": story.differences == 0,
        "mmtui": {"recorded": header.version, "bundled": __version__},
        "python": platform.python_version(),
        "platform": f"{platform.system()} {platform.machine()}",
        "chunks_of_the_session": chunks,
        "damage": [*reader.damage, *(["records after the part's last are lost"] if story.lost else [])],
    }


def _secrets() -> list[tuple[str, bytes]]:
    """(name, value) of the environment's secrets."""
    found = ((name, value) for name, value in os.environ.items() if _SECRET.search(name))
    return [(name, value.encode()) for name, value in found if len(value) >= _SECRET_LEAST and "/" not in value[:1]]


def _found(data: bytes, secrets: Iterable[tuple[str, bytes]]) -> str:
    return next((name for name, value in secrets if value in data), "")


def _look_for_secrets(blobs: list[bytes]) -> None:
    secrets = _secrets()
    for blob in blobs:
        _refuse(_found(blob, secrets), "the config, the journal or the summary")


def _refuse(name: str, where: str) -> None:
    if name:
        raise SourceError(f"the value of ${name} stands in {where}: nothing was written")
