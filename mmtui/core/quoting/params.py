"""Every quoting parameter: default, unit, range and the reference text that help, doctor and README print.

Rules of this file: data and their validation; the steps that use them are in fair.py, spread.py, ladder.py, requote.py.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

Bps = Annotated[float, Meta(ge=0, le=5_000)]


class Quoting(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A quoting profile. All bps are of fair value."""

    fair_value: Literal["mid", "micro", "weighted", "other"] = "micro"
    fair_source: str = ""
    fair_depth: Annotated[int, Meta(ge=1, le=50)] = 5
    spread_bps: Annotated[float, Meta(gt=0, le=5_000)] = 5.0
    vol_factor: Annotated[float, Meta(ge=0, le=100)] = 0.0
    vol_window_s: Annotated[float, Meta(ge=1, le=86_400)] = 60.0
    vol_horizon_s: Annotated[float, Meta(gt=0, le=3_600)] = 1.0
    min_spread_bps: Bps = 0.0
    max_spread_bps: Annotated[float, Meta(gt=0, le=5_000)] = 500.0
    levels: Annotated[int, Meta(ge=1, le=20)] = 1
    spacing_bps: Bps = 1.0
    spacing: Literal["linear", "geometric"] = "linear"
    spacing_factor: Annotated[float, Meta(ge=1, le=10)] = 1.5
    size: Annotated[float, Meta(gt=0, le=1e12)] = 0.01
    size_profile: Literal["flat", "linear", "exponential"] = "flat"
    size_factor: Annotated[float, Meta(gt=0, le=10)] = 1.5
    skew_bps: Bps = 2.0
    size_skew: Annotated[float, Meta(ge=0, le=1)] = 0.5
    requote_tolerance_bps: Bps = 0.2
    min_life_ms: Annotated[int, Meta(ge=0, le=600_000)] = 250
    post_only: bool = True


#: name -> (unit, what it does). The test suite checks that every field stands here.
REFERENCE: dict[str, tuple[str, str]] = {
    "fair_value": (
        "",
        "what the quotes are measured from: mid; micro (mid weighted by the opposite best sizes); weighted"
        " (size-weighted over fair_depth levels); other (the mid of fair_source)",
    ),
    "fair_source": ("instrument", "with fair_value = other: the instrument whose mid is used"),
    "fair_depth": ("levels", "with fair_value = weighted: levels a side that count"),
    "spread_bps": ("bps", "full width from own bid to own ask at level 1"),
    "vol_factor": ("", "adds vol_factor x volatility over vol_horizon_s (bps) to the full width"),
    "vol_window_s": ("s", "time constant of the exponentially weighted volatility"),
    "vol_horizon_s": ("s", "horizon to which volatility is scaled (square root of time)"),
    "min_spread_bps": ("bps", "the full width never goes below this, operator's offset included"),
    "max_spread_bps": ("bps", "the full width never goes above this"),
    "levels": ("", "rungs a side"),
    "spacing_bps": ("bps", "distance from rung to rung"),
    "spacing": ("", "linear: equal distances; geometric: each distance is spacing_factor times the last"),
    "spacing_factor": ("", "growth of the distance with spacing = geometric"),
    "size": ("base or contracts", "size of the first rung, in units of base (contracts on inverse instruments)"),
    "size_profile": (
        "",
        "flat; linear (n-th rung: 1 + (n-1)(size_factor-1) times); exponential (size_factor^(n-1) times)",
    ),
    "size_factor": ("", "growth of the size from rung to rung"),
    "skew_bps": ("bps", "shift of both quotes against inventory at the full position limit; linear in between"),
    "size_skew": ("", "share by which the side that adds to inventory shrinks at the full position limit"),
    "requote_tolerance_bps": ("bps", "an order is left where it is while its price is wrong by no more than this"),
    "min_life_ms": ("ms", "an order is not moved before it has lived so long, unless a protection pulls it"),
    "post_only": ("", "quotes never take"),
}


#: What msgspec calls the types of parameters.
_TYPES = {"`float`": "a number", "`int`": "a whole number", "`bool`": "true or false", "`str`": "a text"}


def in_words(error: msgspec.ValidationError, args: Mapping[str, object]) -> str:
    """A parameter that cannot be: "levels=100 is not allowed; give a whole number <= 20"."""
    why, _, path = str(error).partition(" - at `$.")
    key = path.rstrip("`")
    if not why.startswith("Expected ") or key not in args:
        return f"{key}={args.get(key)} is not allowed: {why[:1].lower()}{why[1:]}"
    wanted = why.removeprefix("Expected ").partition(", got ")[0]
    for name, words in _TYPES.items():
        wanted = wanted.replace(name, words)
    return f"{key}={args[key]} is not allowed; give {wanted}"
