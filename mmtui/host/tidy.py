"""Retention as a host runs it: at its start and once an hour, beside the loop, said in one line.

Rules of this file: which sessions must stay is known here; what goes is the tape's (tape.retention).
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from concurrent.futures import Executor

from mmtui.config.paths import sessions_dir, state_dir
from mmtui.config.schema import Tape
from mmtui.host.life import LAST
from mmtui.tape.files import DISK
from mmtui.tape.retention import said, tidy

EVERY_S = 3600.0


def spared() -> set[str]:
    """The last session of every desk of this user."""
    found = set()
    for path in (state_dir() / "desks").glob(f"*/{LAST}"):
        try:
            found.add(path.read_text().strip())
        except OSError:
            continue
    return found


def once(keep: Tape) -> str:
    """Remove what is too much; what was said of it, "" when it was nothing."""
    try:
        gone, freed = tidy(DISK, sessions_dir(), keep.keep_days, keep.keep_gb, time.time_ns(), spared())
    except OSError as error:
        return f"retention: {error.filename}: {error.strerror}"
    return said(gone, freed) if gone else ""


def hourly(keep: Tape, disk: Executor, later: Callable[[float, Callable[[], None]], object]) -> None:
    """Now and every hour, on `disk`; `later` is the loop's call_later."""

    def work() -> None:
        if line := once(keep):
            print(line, file=sys.stderr, flush=True)

    def again() -> None:
        disk.submit(work)
        later(EVERY_S, again)

    again()
