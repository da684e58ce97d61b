"""Parameters of the flow of orders: when they move, when a side is held.

Rules of this file: data and their reference text; params.py puts the parts together, checks.py says what does not fit.
"""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta

from mmtui.core.quoting import params_guards
from mmtui.core.quoting.params_guards import Count, GuardParams, Seconds
from mmtui.core.quoting.params_price import Bps


class FlowParams(GuardParams, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """And what makes its orders come and go."""

    requote_tolerance_bps: Bps = 0.2
    min_life_ms: Annotated[int, Meta(ge=0, le=600_000)] = 250
    max_order_age_s: Seconds = 0.0
    queue_value_bps: Bps = 0.0
    amend: Literal["off", "keep", "always"] = "off"
    cooldown_ms: Annotated[int, Meta(ge=0, le=3_600_000)] = 0
    cooldown_sides: Literal["filled", "both"] = "filled"
    max_fills: Count = 0
    max_fills_s: Annotated[float, Meta(gt=0, le=86_400)] = 60.0
    ping_pong: bool = False
    sides: Literal["both", "bid", "ask"] = "both"
    sessions: Annotated[str, Meta(max_length=200)] = ""
    session_end: Literal["pull", "drain"] = "pull"
    funding_before_s: Seconds = 0.0
    funding_after_s: Seconds = 0.0


#: name -> (unit, what it does).
REFERENCE: dict[str, tuple[str, str]] = {
    "requote_tolerance_bps": ("bps", "an order is left where it is while its price is wrong by no more than this"),
    "min_life_ms": ("ms", "an order is not moved before it has lived so long, unless a protection pulls it"),
    "max_order_age_s": (
        "s",
        "an order is taken out and placed anew before it is older than this; each rung has its own moment in the"
        " second half of that time, so that a ladder never goes all at once; 0: never",
    ),
    "queue_value_bps": (
        "bps",
        "what the front place in the queue of a level is worth. An order keeps its place while its price is wrong by no"
        " more than this times the share of the level that stands behind it (or than requote_tolerance_bps, whichever"
        " is more). The queue is told by the paper venue, and estimated from book and trades at a live one; 0: off",
    ),
    "amend": (
        "",
        "how an open quote is changed where the venue can do it in place. off: by a cancel and a new order. keep: one"
        " that is too large becomes smaller where it stands, and keeps its place in the queue. always: other changes of"
        " price and size as well (one message instead of two and no moment without a quote; the place is lost as with a"
        " new order). Where a venue cannot, it is a cancel and a new order as ever",
    ),
    "cooldown_ms": ("ms", "after a fill the side is held so long (see cooldown_sides); 0: not"),
    "cooldown_sides": ("", "what cooldown_ms holds: the filled side, or both"),
    "max_fills": ("fills", "a side with so many fills within max_fills_s is held until the oldest is out; 0: off"),
    "max_fills_s": ("s", "window of max_fills"),
    "ping_pong": (
        "",
        "after a fill only the other side is quoted, until it has been filled as much (counted from the moment that"
        " this is turned on)",
    ),
    "sides": ("", "which sides are quoted at all: both, bid, ask"),
    "sessions": (
        "UTC",
        'times of the day at which is quoted, e.g. "08:00-12:00, 13:30-20:00"; one may go over midnight; empty: always',
    ),
    "session_end": ("", "at the end of a session: pull the quotes, or drain (open orders conclude by themselves)"),
    "funding_before_s": ("s", "both sides are held so long before a funding of this instrument; 0: not"),
    "funding_after_s": ("s", "both sides are held so long after a funding of this instrument; 0: not"),
    **params_guards.REFERENCE,
}
