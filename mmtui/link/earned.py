"""What a frame says about how the desk earns: markouts, flow, health of markets, attribution, obligations.

Rules of this file: data only; parts of messages.py.
"""

from __future__ import annotations

import msgspec


class MarkoutPoint(msgspec.Struct, array_like=True):
    """A point of a markout curve: seconds, mean in bps, half the width of its interval of 95 %, fills."""

    seconds: float
    mean: float | None
    ci: float | None
    fills: int


class DepthWithin(msgspec.Struct, array_like=True):
    """Depth in quote currency within `pct` % of mid; where not `known`, that of the part of the book that is."""

    pct: float
    bid: float
    ask: float
    known: bool


class EarnView(msgspec.Struct, kw_only=True):
    """How an instrument earns, made once a second. Shares and ratios 0..1; None: nothing to say yet."""

    id: str
    markouts: list[MarkoutPoint]  # of both sides
    markouts_bid: list[MarkoutPoint]  # own purchases
    markouts_ask: list[MarkoutPoint]
    fill_ratio: float | None  # quotes that traded / quotes sent
    fill_ratio_bid: float | None
    fill_ratio_ask: float | None
    quote_to_trade: float | None  # order messages / executions
    half_life_s: float | None  # of inventory
    volume_share: float | None  # own lots / lots that the market traded
    best_bid: float  # share of the quoting time at the best price
    best_ask: float
    spread_pct: float | None
    depths: list[DepthWithin]
    known_pct: float  # how far from mid the book is known
    own_share: float  # of the depth within 1 %
    healthy: bool | None  # None: not known
    why: str  # what is missing; "" when healthy
    resilience_bid_s: float | None  # mean time until nine tenths of the depth are back after a sweep
    resilience_ask_s: float | None


class LineView(msgspec.Struct, kw_only=True):
    """What one purpose, side and level of an instrument earned; side 0, purpose carry: what no fill caused."""

    instrument: str
    purpose: str
    side: int
    level: int
    total: str
    parts: dict[str, str]  # those that are not zero


class ObligationView(msgspec.Struct, kw_only=True):
    """The meter of a programme now. Counts are snapshots of the UTC day."""

    name: str
    active: bool  # today belongs to it
    inside: bool
    why: str  # why it is not inside; "" when it is
    held: int
    taken: int
    elapsed: int
    total: int
    required: int
    earned: float  # held / elapsed
    rest: float  # share of the rest of the day that must hold; above 1: lost
    keep: bool
    reward: str = ""  # what the day has been booked, and would be; "" where the programme pays nothing
