"""Latched states (KILLED, HALTED) of a desk, by its name (tape.latch).

Rules of this file: only where the desk's folder is and who writes.
"""

from __future__ import annotations

import os

from mmtui.config.paths import desk_dir
from mmtui.tape import latch
from mmtui.tape.files import DISK
from mmtui.tape.latch import FILE, change

__all__ = ["FILE", "change", "load", "save"]


def load(name: str) -> dict[str, str]:
    """Scope -> "STATE: reason" of what is latched."""
    return latch.load(DISK, desk_dir(name))


def save(name: str, latched: dict[str, str]) -> None:
    """Replace the file; returns when it is on the disk."""
    latch.save(DISK, desk_dir(name), latched, str(os.getpid()))
