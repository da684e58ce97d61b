"""Retention: sessions that are too old, or too many, go; the oldest closed ones first.

Never one that is open (it has no clean end), never the last one of a desk. What-if sessions count like any other.
Rules of this file: a session is taken out of sight by one rename before its files go, so that none is ever half there.
"""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import NamedTuple

import msgspec

from mmtui.tape.files import Files
from mmtui.tape.format import UNREADABLE
from mmtui.tape.tails import RESERVE

DAY_NS = 86_400 * 10**9
GB = 10**9
_GONE = ".gone-"


class _Created(msgspec.Struct):
    created_ns: int


class Session(NamedTuple):
    created_ns: int
    name: str
    size: int  # bytes
    closed: bool


def sessions(files: Files, folder: Path) -> list[Session]:
    """The sessions under a folder, the oldest first; what is no session is passed over."""
    found = []
    for name in files.names(folder):
        path = folder / name
        try:
            created = msgspec.json.decode(files.read(path / "header.json"), type=_Created).created_ns
            names = files.names(path)
            size = sum(files.size(path / file) for file in names if file != RESERVE)
        except (OSError, *UNREADABLE):
            continue
        if not name.startswith("."):
            found.append(Session(created, name, size, "end.json" in names))
    return sorted(found)


def tidy(
    files: Files, folder: Path, keep_days: float, keep_gb: float, now_ns: int, spared: Collection[str]
) -> tuple[list[str], int]:
    """Remove what is older than `keep_days`, then the oldest until `keep_gb` are left (0: no limit).

    Names that are gone, and their bytes. `spared`: sessions that stay in any case.
    """
    for name in files.names(folder):
        if name.startswith(_GONE):  # a host died over it
            files.remove_folder(folder / name)
    known = sessions(files, folder)
    total = sum(session.size for session in known)
    gone: list[str] = []
    freed = 0
    for session in known:
        old = keep_days > 0 and now_ns - session.created_ns > keep_days * DAY_NS
        large = keep_gb > 0 and total - freed > keep_gb * GB
        if (old or large) and session.closed and session.name not in spared:
            hidden = folder / f"{_GONE}{session.name}"
            files.replace(folder / session.name, hidden)
            files.remove_folder(hidden)
            gone.append(session.name)
            freed += session.size
    return gone, freed


def said(gone: list[str], freed: int) -> str:
    """One line for people."""
    which = gone[0] if len(gone) == 1 else f"{len(gone)} sessions, {gone[0]} to {gone[-1]}"
    return f"retention: removed {which} ({freed / 1e6:,.1f} MB)"
