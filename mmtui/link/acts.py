"""What a client sends as an act -> the Command that goes on the tape, or the reason why it does not.

Rules of this file: names become places of the desk's tables here; what an act does is the engine's business.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from mmtui.core.commands import BY_NAME
from mmtui.core.events import Command
from mmtui.link.messages import Cmd, Hello

if TYPE_CHECKING:
    from mmtui.core.setup import DeskSetup  # the cockpit reads this file and needs none of the desk's parameters


def canonical(args: dict[str, Any]) -> str:
    """Arguments of an act as they stand on the tape. Raises ValueError for a number that is not finite."""
    return json.dumps(args, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def typed(text: str) -> int | float | bool | str:
    """What somebody typed behind KEY=: a number, true or false, else the text itself."""
    if text in ("true", "false"):
        return text == "true"
    for kind in (int, float):
        try:
            number = kind(text)
        except ValueError:
            continue
        return number
    return text


def to_command(setup: DeskSetup, cmd: Cmd, who: Hello, ts: int) -> Command | str:
    """The act at the instant `ts`, or why it cannot be one."""
    i = -1 if cmd.instrument is None else setup.index(cmd.instrument)
    v = setup.venues.index(cmd.venue) if cmd.venue in setup.venues else -1
    if cmd.action not in BY_NAME:
        return f"there is no action {cmd.action!r}"
    if cmd.instrument is not None and i < 0:
        known = ", ".join(item.instrument.id for item in setup.instruments)
        return f"{cmd.instrument!r} is no instrument of this desk ({known})"
    if cmd.venue is not None and v < 0:
        return f"{cmd.venue!r} is no venue of this desk ({', '.join(setup.venues)})"
    try:
        args = canonical(cmd.args)
    except ValueError:
        return "a number must be finite"
    origin = who.origin if who.client == "cockpit" else f"ctl {who.origin}"
    return Command(ts, cmd.id, who.operator, who.role, origin, cmd.version, cmd.action, args, i, v, cmd.reason, who.uid)
