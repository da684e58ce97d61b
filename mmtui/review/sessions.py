"""`mmtui sessions`: what has been recorded; and where a session is.

Rules of this file: opens tapes for reading only; a session that cannot be read is a line in the list, not an error.
"""

from __future__ import annotations

import argparse
import fcntl
import json
import os
from contextlib import suppress
from pathlib import Path
from typing import Any

from mmtui.config.paths import sessions_dir, state_dir
from mmtui.core.errors import SourceError, UserError
from mmtui.review.bundle_file import unpack
from mmtui.tape.format import instant
from mmtui.tape.reader import TapeReader


def find_session(name: str) -> Path:
    """The folder of a session, by its path or its name; a bundle is unpacked first."""
    path = Path(name).expanduser()
    if path.is_dir():
        return path
    if path.is_file():
        return unpack(path)
    named = sessions_dir() / name
    if path.name == name and named.is_dir():
        return named
    raise SourceError(f"{name}: there is no such session; `mmtui sessions` lists them")


def run(args: argparse.Namespace) -> int:
    """The sub-command."""
    rows = list_sessions()
    if args.json:
        print(json.dumps(rows))
    else:
        print_sessions(rows)
    return 0


def list_sessions() -> list[dict[str, Any]]:
    """Every session of this user, the oldest first."""
    running = running_sessions()
    rows = [_row(path, path.name in running) for path in sessions_dir().iterdir() if path.is_dir()]
    return sorted(rows, key=lambda row: (row["created_ns"], row["session"]))


def running_sessions() -> set[str]:
    """Names of the sessions whose host holds its desk's lock now."""
    found = set()
    for lock in (state_dir() / "desks").glob("*/host.lock"):
        try:
            fd = os.open(lock, os.O_RDWR | os.O_CLOEXEC)
        except OSError:
            continue
        try:
            fcntl.flock(fd, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except OSError:
            with suppress(ValueError, KeyError, TypeError):  # it is starting and has not said which
                found.add(str(json.loads(os.read(fd, 65536))["session"]))
        finally:
            os.close(fd)
    return found


def _row(path: Path, running: bool) -> dict[str, Any]:
    row: dict[str, Any] = {
        "session": path.name, "desk": "", "mode": "", "source": "", "created_ns": 0, "start_ns": 0, "end_ns": 0,
        "length_s": 0.0, "records": 0, "bytes": _size(path), "state": "unreadable", "pnl": None, "damage": [],
    }  # fmt: skip
    try:
        reader = TapeReader(path)
    except UserError as error:
        row["damage"] = [str(error)]
        return row
    setup = reader.header.setup
    row.update(
        desk=setup.name,
        mode=setup.mode,
        source=str(reader.header.source.get("kind", "")),
        created_ns=reader.header.created_ns,
        start_ns=reader.start,
        end_ns=reader.end,
        length_s=round((reader.end - reader.start) / 1e9, 3),
        records=reader.count,
        state="running" if running else "closed" if reader.closed else "crashed",
        pnl=_pnl(path),
        damage=reader.damage,
    )
    if not reader.count:
        row.update(_result_span(path))
    return row


def _result_span(path: Path) -> dict[str, Any]:
    """A what-if holds no records of its own: its market events are told by its result."""
    result = _result(path)
    return {"records": result["events"]} if isinstance(result.get("events"), int) else {}


def _result(path: Path) -> dict[str, Any]:
    try:
        found = json.loads((path / "result.json").read_text())
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _pnl(path: Path) -> dict[str, Any] | None:
    found = _result(path).get("pnl_total")
    return found if isinstance(found, dict) else None


def _size(path: Path) -> int:
    """Bytes of a session's files, the reserve left out: it is given back."""
    return sum(item.stat().st_size for item in path.iterdir() if item.is_file() and item.name != "reserve")


def print_sessions(rows: list[dict[str, Any]]) -> None:
    """For a person: a line each."""
    if not rows:
        print("no session has been recorded yet: `mmtui demo` records one")
        return
    head = ("session", "mode", "source", "start", "length", "records", "size", "state", "pnl")
    table = [head, *(_cells(row) for row in rows)]
    widths = [max(len(row[k]) for row in table) for k in range(len(head))]
    right = {"length", "records", "size", "pnl"}
    for line in table:
        cells = [
            cell.rjust(width) if name in right else cell.ljust(width)
            for name, cell, width in zip(head, line, widths, strict=True)
        ]
        print("  ".join(cells).rstrip())
    for row in rows:
        for sentence in row["damage"]:
            print(f"damage: {sentence}")


def _cells(row: dict[str, Any]) -> tuple[str, ...]:
    seconds = int(row["length_s"])
    length = f"{seconds // 3600}:{seconds // 60 % 60:02}:{seconds % 60:02}"
    pnl = row["pnl"]
    return (
        row["session"],
        row["mode"] or "?",
        row["source"] or "?",
        instant(row["start_ns"] or row["created_ns"])[:19],
        length,
        f"{row['records']:,}",
        f"{row['bytes'] / 1e6:,.1f} MB",
        row["state"],
        f"{pnl['total']:+,.2f} {pnl['ccy']}" if pnl else "",
    )
