"""Latched states (KILLED, HALTED) on disk: they survive hosts, sessions, midnight and a loss of power.

Rules of this file: one small JSON file a desk, replaced whole and synced; a file that cannot be read means KILLED.
"""

from __future__ import annotations

from pathlib import Path

import msgspec

from mmtui.tape.files import Files, put

FILE = "latch.json"


def load(files: Files, folder: Path) -> dict[str, str]:
    """Scope -> "STATE: reason" of what is latched in the desk's folder."""
    path = folder / FILE
    try:
        return msgspec.json.decode(files.read(path), type=dict[str, str])
    except FileNotFoundError:
        return {}
    except (OSError, msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return {"desk": f"KILLED: {path} cannot be read"}


def save(files: Files, folder: Path, latched: dict[str, str], writer: str = "") -> None:
    """Replace the file; returns when it is on the disk. `writer` tells apart two processes that do it at once."""
    put(files, folder / FILE, msgspec.json.encode(latched, order="sorted"), sync=True, mark=writer)


def change(latched: dict[str, str], scope: str, state: str, reason: str) -> dict[str, str]:
    """`latched` after one Latch effect; an empty state clears the scope."""
    after = {key: text for key, text in latched.items() if key != scope}
    if state:
        after[scope] = f"{state}: {reason}"
    return after
