"""A market-making obligation, as a venue or a token project writes it into its programme.

Rules of this file: data only; it stands in the setup of a desk, and so in every tape.
"""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta


class Obligation(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """[[obligation]]: what must be quoted, for how much of the day."""

    name: Annotated[str, Meta(pattern="^[A-Za-z0-9][A-Za-z0-9 ._-]{0,39}$")]
    instruments: list[str] = []
    max_spread_bps: Annotated[float, Meta(gt=0, le=10_000)] = 50.0
    min_depth: Annotated[float, Meta(ge=0, le=1e12)] = 1_000.0
    within_bps: Annotated[float, Meta(gt=0, le=10_000)] = 100.0
    both_sides: bool = True
    share_of_time: Annotated[float, Meta(gt=0, le=1)] = 0.9
    snapshot_s: Annotated[int, Meta(ge=1, le=3_600)] = 60
    coverage: Annotated[float, Meta(gt=0, le=1)] = 1.0
    from_day: str = ""
    to_day: str = ""
    keep: bool = False
    reward_per_day: Annotated[float, Meta(ge=0, le=1e9)] = 0.0
    reward_bps: Annotated[float, Meta(ge=0, le=100)] = 0.0


#: key -> what it does (config reference).
REFERENCE: dict[str, str] = {
    "name": "the programme's name, once in a config",
    "instruments": "venue:SYMBOL of each market that it asks for; empty: all of the desk",
    "max_spread_bps": "own best ask - own best bid may be so wide, bps of mid; one-sided: twice the distance from mid",
    "min_depth": "own live orders a side must be worth so much, in quote currency",
    "within_bps": "orders count towards min_depth up to so far from mid, bps",
    "both_sides": "true: bid and ask must hold at once; false: one side is enough",
    "share_of_time": "of the snapshots of a UTC day, so many must hold: 0.9 is 90 %",
    "snapshot_s": "seconds between two snapshots, counted from 00:00 UTC",
    "coverage": "of the instruments, so many must hold in a snapshot for it to count: 1.0 is all",
    "from_day": 'first day of the programme, "2026-11-01"; empty: since ever',
    "to_day": "last day of the programme, itself included; empty: for ever",
    "keep": "true: quotes are kept inside the obligation (width and size) as far as risk allows; false: only measured",
    "reward_per_day": "what a day that is kept is paid, in the desk's currency; booked as incentives, estimated",
    "reward_bps": "bps of own maker fills that the programme pays for on a day that is kept; estimated too",
}
