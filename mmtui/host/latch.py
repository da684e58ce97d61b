"""Latched states (KILLED, HALTED) on disk: they survive hosts, sessions and midnight.

Rules of this file: one small JSON file a desk, replaced whole and synced; a file that cannot be read means KILLED.
"""

from __future__ import annotations

import json
import os
from pathlib import Path

from mmtui.config.paths import desk_dir

FILE = "latch.json"


def load(name: str) -> dict[str, str]:
    """Scope -> "STATE: reason" of what is latched."""
    path = desk_dir(name) / FILE
    try:
        found = json.loads(path.read_bytes())
        return {str(scope): str(text) for scope, text in found.items()}
    except FileNotFoundError:
        return {}
    except (ValueError, AttributeError):
        return {"desk": f"KILLED: {path} cannot be read"}


def save(name: str, latched: dict[str, str]) -> None:
    """Replace the file; returns when it is on the disk."""
    directory = desk_dir(name)
    _write(directory, json.dumps(latched, sort_keys=True, ensure_ascii=False).encode())


def change(latched: dict[str, str], scope: str, state: str, reason: str) -> dict[str, str]:
    """`latched` after one Latch effect; an empty state clears the scope."""
    after = {key: text for key, text in latched.items() if key != scope}
    if state:
        after[scope] = f"{state}: {reason}"
    return after


def _write(directory: Path, data: bytes) -> None:
    temporary = directory / f"{FILE}.{os.getpid()}"
    fd = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    try:
        os.write(fd, data)
        os.fsync(fd)
    finally:
        os.close(fd)
    temporary.replace(directory / FILE)
    folder = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(folder)  # the new name, too
    finally:
        os.close(folder)
