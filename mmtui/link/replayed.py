"""What a replay tells: where it stands on its tape, what is marked there, and what a what-if beside it has come to.

Rules of this file: data only, as in messages.py.
"""

from __future__ import annotations

import msgspec


class RunRow(msgspec.Struct, kw_only=True):
    """One instrument of one run. Prices and sizes are decimal text of its first rung, "" where there is none."""

    id: str
    bid: str
    ask: str
    bid_size: str
    ask_size: str
    reason_bid: str
    reason_ask: str
    position: str
    orders: int
    fills: int
    pnl: str


class RunView(msgspec.Struct, kw_only=True):
    """One run: recorded, as it was (again, on paper), what if."""

    name: str
    rows: list[RunRow]
    pnl: dict[str, str]  # total and its parts, in the desk's currency


class WhatifView(msgspec.Struct, kw_only=True):
    """Runs beside each other. `at`: the instant of the second and third run's figures, 0: none yet."""

    what: str
    progress: float  # 0..1 of the session
    at: int
    runs: list[RunView]
    first: int = 0  # ts of the first decision that differs, 0: none so far
    was: str = ""  # that decision of each
    then: str = ""
    wrong: str = ""  # why there is none, or why it stopped


class Mark(msgspec.Struct, array_like=True):
    ts: int
    kind: str  # fill | alert | key | whatif
    text: str


class ReplayView(msgspec.Struct, kw_only=True):
    session: str
    start: int
    end: int
    at: int
    playing: bool
    speed: float
    marks: list[Mark]  # fills, alerts, key presses
    last_key: str  # what the operator pressed last, as text
    whatif: WhatifView | None = None
