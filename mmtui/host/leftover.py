"""What a live desk leaves behind when it does not end in order: where its orders can be reached without it.

Rules of this file: one small file in the desk's folder; nothing heavy is imported, nothing secret is written.
"""

from __future__ import annotations

import contextlib
import json
from pathlib import Path

from mmtui.config.paths import desk_dir

FILE = "live.json"


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
