"""Limits and protections' numbers: defaults are those of the desk rules.

Rules of this file: data and their validation.
"""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

Positive = Annotated[float, Meta(gt=0, le=1e15)]  # money stays far inside 64 bits of the tape


#: The screen warns of data older than this; quotes are pulled at the limits below.
STALE_WARN_MS = 500


class Limits(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Limits of the desk, in its currency unless a unit is named. None: the default share of equity applies."""

    daily_loss: Positive | None = None  # default 1 % of equity
    drawdown: Positive | None = None  # default 1.5 % of equity
    order_notional: Positive | None = None  # one order; default 10 % of equity
    gross_notional: Positive | None = None  # worst case over all instruments; default 3 x equity
    messages_per_s: Annotated[int, Meta(ge=1, le=1_000_000)] = 50  # creates and amends a venue, never cancels
    cancel_share: Annotated[float, Meta(ge=0.2, le=0.9)] = 0.2
    collar_major_bps: Positive = 100.0
    collar_other_bps: Positive = 300.0
    collar_manual_bps: Positive = 50.0
    flatten_cap_major_bps: Positive = 30.0
    flatten_cap_other_bps: Positive = 100.0
    stale_major_ms: Annotated[int, Meta(ge=1, le=86_400_000)] = 2_000
    stale_other_ms: Annotated[int, Meta(ge=1, le=86_400_000)] = 5_000
    ease_back_s: Annotated[float, Meta(ge=0, le=86_400)] = 60.0  # a quarter of the size after a protection
    trips_to_pause: Annotated[int, Meta(ge=1, le=1_000_000)] = 3  # more trips than this in trips_window_s: PAUSED
    trips_window_s: Annotated[float, Meta(gt=0, le=86_400)] = 600.0
    observers_may_kill: bool = True
    leverage: Annotated[float, Meta(gt=0, le=1_000)] = 3.0  # gross of a venue's contracts / its equity
    leg_order: Literal["size", "cost"] = "size"  # which leg a flatten or close takes first: cost: dearest in funding
