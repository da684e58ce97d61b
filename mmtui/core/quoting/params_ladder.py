"""Parameters of the ladder: rungs, sizes, bands.

Rules of this file: data and their reference text; params.py puts the parts together.
"""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta

from mmtui.core.quoting.params_price import Bps, PriceParams


class LadderParams(PriceParams, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """And what makes its rungs."""

    levels: Annotated[int, Meta(ge=1, le=20)] = 1
    spacing_bps: Bps = 1.0
    spacing: Literal["linear", "geometric"] = "linear"
    spacing_factor: Annotated[float, Meta(ge=1, le=10)] = 1.5
    size: Annotated[float, Meta(gt=0, le=1e12)] = 0.01
    size_profile: Literal["flat", "linear", "exponential"] = "flat"
    size_factor: Annotated[float, Meta(gt=0, le=10)] = 1.5
    size_skew: Annotated[float, Meta(ge=0, le=1)] = 0.5
    post_only: bool = True


#: name -> (unit, what it does).
REFERENCE: dict[str, tuple[str, str]] = {
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
    "size_skew": ("", "share by which the side that adds to inventory shrinks at the full position limit"),
    "post_only": ("", "quotes never take"),
}
