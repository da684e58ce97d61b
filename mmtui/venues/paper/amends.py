"""Amends at the paper venue: what it refuses, and answers on their way brought to a finer grid.

Rules of this file: pure functions.
"""

from __future__ import annotations

import msgspec

from mmtui.core.effects import AmendOrder
from mmtui.core.events import Event, Fill, LegPositions, OrderAccepted, OrderAmended, Positions
from mmtui.core.orders.inplace import Amending
from mmtui.venues.paper.queue import Resting


def refusal(how: Amending | None, order: Resting, request: AmendOrder, takes: bool, enough: bool) -> str:
    """The venue's reason to refuse a change; empty when it makes it. `takes`: its new price reaches the other side;
    `enough`: what would be left is worth the minimum."""
    if how is None:
        return "orders are not amended here"
    if not how.price and request.px != order.px:
        return "only the size can be changed"
    if not how.up and request.sz > order.sz:
        return "the size can only become smaller"
    if request.px <= 0:
        return "price and size must be whole positive ticks and lots"
    if not enough:
        return "notional too small"
    return "post-only would take" if takes and order.tif == "GTX" else ""


def rescaled(event: Event, i: int, px: int, sz: int) -> Event:
    """An answer in the units of a grid that is finer by these factors."""
    if isinstance(event, Fill) and event.i == i:
        return msgspec.structs.replace(event, px=event.px * px, sz=event.sz * sz)
    if isinstance(event, OrderAccepted) and event.i == i and event.ahead > 0:
        return msgspec.structs.replace(event, ahead=event.ahead * sz)
    if isinstance(event, OrderAmended) and event.i == i:
        ahead = event.ahead * sz if event.ahead > 0 else event.ahead
        return msgspec.structs.replace(event, px=event.px * px, sz=event.sz * sz, ahead=ahead)
    if isinstance(event, Positions) and i in event.idx:
        lots = [n * sz if k == i else n for k, n in zip(event.idx, event.lots, strict=True)]
        if isinstance(event, LegPositions):
            shorts = [n * sz if k == i else n for k, n in zip(event.idx, event.shorts, strict=True)]
            return msgspec.structs.replace(event, lots=lots, shorts=shorts)
        return msgspec.structs.replace(event, lots=lots)
    return event
