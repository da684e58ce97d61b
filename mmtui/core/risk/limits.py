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
    admins_raise: bool = False
    leverage: Annotated[float, Meta(gt=0, le=1_000)] = 3.0
    leg_order: Literal["size", "cost"] = "size"
    var_30m: Positive | None = None  # default 1 % of equity
    venue_share: Annotated[float, Meta(gt=0, le=1)] = 0.35
    depeg_bps: Positive = 100.0
    liquidation: Annotated[float, Meta(gt=0, le=1)] = 0.15
    repeated_fills: Annotated[int, Meta(ge=0, le=1_000)] = 0
    repeated_s: Annotated[float, Meta(gt=0, le=86_400)] = 60.0
    clock_step_ms: Annotated[int, Meta(ge=0, le=86_400_000)] = 2_500
    loop_lag_ms: Annotated[int, Meta(ge=0, le=86_400_000)] = 5_000
    disk_free_mb: Annotated[int, Meta(ge=0, le=1_000_000)] = 100


#: What a config that does not say otherwise gets; a desk that was recorded before there was such a limit has none.
CONFIGURED: dict[str, int] = {"repeated_fills": 200}


#: name -> (unit, what it does). The test suite checks that every field stands here.
REFERENCE: dict[str, tuple[str, str]] = {
    "daily_loss": ("currency", "the desk is HALTED at this loss of the UTC day or of rolling 24 h (1 % of equity)"),
    "drawdown": ("currency", "the desk is HALTED when PnL has fallen so far from its peak (1.5 % of equity)"),
    "order_notional": ("currency", "a larger order is refused (10 % of equity)"),
    "gross_notional": ("currency", "orders that add beyond this, in the worst case, are refused (3 x equity)"),
    "messages_per_s": ("1/s", "creates and amends a venue takes from us a second; cancels are never held back"),
    "cancel_share": ("", "share of every rate budget that is kept for cancels"),
    "collar_major_bps": ("bps", "quotes of majors farther than this from the reference are refused"),
    "collar_other_bps": ("bps", "quotes of other assets farther than this from the reference are refused"),
    "collar_manual_bps": ("bps", "manual orders farther than this from the reference are refused"),
    "flatten_cap_major_bps": ("bps", "a flatten or close of majors stops at this slippage, and says what is left"),
    "flatten_cap_other_bps": ("bps", "a flatten or close of other assets stops at this slippage"),
    "stale_major_ms": ("ms", "quotes of majors are pulled when nothing has been heard for so long"),
    "stale_other_ms": ("ms", "quotes of other assets are pulled when nothing has been heard for so long"),
    "ease_back_s": ("s", "after a protection quotes come back at a quarter of their size for so long"),
    "trips_to_pause": ("", "an instrument that trips more often than this within trips_window_s is PAUSED"),
    "trips_window_s": ("s", "the window of trips_to_pause"),
    "observers_may_kill": ("", "whether a cockpit that only looks may kill"),
    "admins_raise": ("", "true: raising a limit takes the role admin (`mmtui ctl --admin`), and not only a reason"),
    "leverage": ("", "contract orders that add beyond this gross of a venue over its equity, worst case, are refused"),
    "leg_order": (
        "", "which leg a flatten or close takes first: size: cheapest or largest; cost: dearest in funding, and of the "
        "two legs of hedge mode, where funding is even, the one that has lost more from its entry"
    ),
    "var_30m": ("currency", "the gauge of the 99 % VaR over 30 minutes, worst case, is red here (1 % of equity)"),
    "venue_share": ("", "the gauge of one venue's share of the equity of all venues is red here"),
    "depeg_bps": ("bps", "the gauge of a stablecoin's distance from the one it is traded against is red here"),
    "liquidation": (
        "", "the gauge of the distance from mark to the nearest liquidation price, where a venue tells it, is red here"
    ),
    "repeated_fills": (
        "fills", "an instrument is PAUSED when so many of its quotes are filled on one side within repeated_s and none "
        "on the other, and an operator starts it again; 0: never. A config that does not say has 200"
    ),
    "repeated_s": ("s", "the window of repeated_fills"),
    "clock_step_ms": (
        "ms", "a desk on live venues is PAUSED when this machine's clock steps by more (a tenth of it warns); 0: never"
    ),
    "loop_lag_ms": (
        "ms", "a desk on live venues is PAUSED when its loop stood still for longer (a fifth of it warns); 0: never"
    ),
    "disk_free_mb": (
        "MB", "the desk is PAUSED when less is free where its tape stands (five times as much warns); 0: never"
    ),
}
