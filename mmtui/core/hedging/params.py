"""Parameters of the hedger of one asset: [hedge.ASSET] of a config, `hedge set` of an operator.

Rules of this file: data, ranges and reference text.
"""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta


class Hedge(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """[hedge.ASSET]"""

    band: Annotated[float, Meta(gt=0, le=1e12)]
    on: bool = True
    aim: Annotated[float, Meta(ge=0, le=1)] = 0.0
    instruments: list[str] = []
    passive_s: Annotated[float, Meta(ge=0, le=3_600)] = 2.0
    cap_bps: Annotated[float, Meta(gt=0, le=1_000)] = 15.0
    depth_share: Annotated[float, Meta(gt=0, le=0.1)] = 0.1
    gap_ms: Annotated[int, Meta(ge=250, le=600_000)] = 250
    unhedged_s: Annotated[float, Meta(gt=0, le=86_400)] = 30.0
    retry_s: Annotated[float, Meta(ge=0.25, le=3_600)] = 5.0


#: name -> (unit, what it does). The test suite checks that every field stands here.
REFERENCE: dict[str, tuple[str, str]] = {
    "band": (
        "base units",
        "delta may be so far from its target, either way, before the hedger acts; wide bands cost risk, narrow ones "
        "fees. It has no default: an asset without a band is not hedged",
    ),
    "on": ("", "false: the hedger is there, and off until an operator switches it on"),
    "aim": (
        "share of the band",
        "where a hedge ends: 0 brings delta to its target, 1 only back to the edge of the band (cheaper where costs "
        "are proportional, but it acts more often)",
    ),
    "instruments": (
        "",
        "ids that may be traded for it; none named: every linear and inverse contract of the asset on the desk. The "
        "cheapest by half spread, fee and depth is taken each time",
    ),
    "passive_s": ("s", "so long a hedge waits post-only at the touch, moved with it, before it takes; 0: it takes"),
    "cap_bps": ("bps", "how far from the mid at its beginning a hedge may trade; beyond it has failed"),
    "depth_share": ("share", "of the depth within 10 bps of the touch that one slice may be"),
    "gap_ms": ("ms", "least time between two slices"),
    "unhedged_s": ("s", "delta outside of its band for longer is an alert; the gauge `unhedged` is the share of this"),
    "retry_s": ("s", "a hedge that has failed is tried again after so long, from the mid of then"),
}
