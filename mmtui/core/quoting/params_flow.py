"""Parameters of the flow of orders: when they move, when a side is held, what protects them.

Rules of this file: data and their reference text; params.py puts the parts together.
"""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from mmtui.core.quoting.params_ladder import LadderParams
from mmtui.core.quoting.params_price import Bps


class FlowParams(LadderParams, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """And what makes its orders come and go."""

    requote_tolerance_bps: Bps = 0.2
    min_life_ms: Annotated[int, Meta(ge=0, le=600_000)] = 250


#: name -> (unit, what it does).
REFERENCE: dict[str, tuple[str, str]] = {
    "requote_tolerance_bps": ("bps", "an order is left where it is while its price is wrong by no more than this"),
    "min_life_ms": ("ms", "an order is not moved before it has lived so long, unless a protection pulls it"),
}
