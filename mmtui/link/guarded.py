"""How the guards of a live desk stand, as cockpits are told.

Rules of this file: data only.
"""

from __future__ import annotations

import msgspec


class GuardView(msgspec.Struct, kw_only=True):
    """One guard: the process beside the host, or the one on a second host."""

    name: str  # guard | remote guard
    state: str  # armed | waiting | absent | off | cancelling | cancelled, verified zero | cannot reach its venues
    text: str  # one sentence
    seen_ms: int  # since it was last heard; -1: never
    level: str  # ok | warn | danger
