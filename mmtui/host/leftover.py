"""What a live desk leaves behind when it does not end in order: where its orders can be reached without it.

Rules of this file: one small file in the desk's folder; nothing heavy is imported, nothing secret is written.
"""

from __future__ import annotations

import contextlib
import json
from pathlib import Path
from typing import Any

from mmtui.config.paths import desk_dir
from mmtui.tape.files import DISK, put

FILE = "live.json"
#: What the guard did in the desk's place, and where a guard that the host started writes.
GUARD, GUARD_LOG = "guard.json", "guard.log"
#: On a second host: the life up to which its guard has cancelled.
FENCE = "guard.fence"


def remember(name: str, config: Path, session: str) -> None:
    """Before the first order of a live desk: how to reach its orders without it."""
    body = {"config": str(config.resolve()), "session": session}
    (desk_dir(name) / FILE).write_text(json.dumps(body))


def forget(name: str) -> None:
    """The desk has ended with zero open orders, proven."""
    (desk_dir(name) / FILE).unlink(missing_ok=True)


def left_behind(name: str) -> dict[str, str] | None:
    """What `remember` wrote, where the desk has not ended in order; None: nothing of it can be open."""
    with contextlib.suppress(OSError, ValueError):
        body = json.loads((desk_dir(name) / FILE).read_text())
        return {"config": str(body["config"]), "session": str(body["session"])}
    return None


def guard_log(name: str) -> Path:
    return desk_dir(name) / GUARD_LOG


def guard_did(name: str, body: dict[str, Any]) -> None:
    """The guard's report, for the desk when it lives again; replaced whole."""
    put(DISK, desk_dir(name) / GUARD, json.dumps(body).encode())


def guard_report(name: str) -> dict[str, Any]:
    """What the guard reported last; {} where it never did anything."""
    with contextlib.suppress(OSError, ValueError):
        body = json.loads((desk_dir(name) / GUARD).read_text())
        if isinstance(body, dict):
            return body
    return {}


def keep_guard_fence(name: str, life: int) -> None:
    """Replaced whole; a guard that is started again begins with it."""
    put(DISK, desk_dir(name) / FENCE, str(life).encode())


def guard_fence(name: str) -> int:
    """0: nothing was ever fenced."""
    with contextlib.suppress(OSError, ValueError):
        return int((desk_dir(name) / FENCE).read_text())
    return 0
