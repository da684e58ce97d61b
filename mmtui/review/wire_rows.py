"""Events of raw messages as JSON rows with exact decimal texts.

Rules of this file: event in, row out.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from mmtui.core.events import (
    BestQuote,
    BookDelta,
    BookGap,
    BookSnapshot,
    Damage,
    Event,
    GridRefined,
    Heartbeat,
    Liquidation,
    MarkPrice,
    Trade,
)
from mmtui.core.market.instrument import Grid, Instrument, plain


class Rows:
    """Rows of events; the grid of an instrument is prepared once."""

    def __init__(self) -> None:
        self._grids: dict[tuple[str, str, str], Grid] = {}

    def row(self, item: Instrument, event: Event) -> dict[str, Any] | None:
        """None for what is not told: prices are texts, so a finer grid says nothing."""
        if isinstance(event, GridRefined):
            return None
        if isinstance(event, Heartbeat):
            return {"event": "PassedOver"}
        if isinstance(event, Damage):
            return {"event": "Damage", "what": event.what}
        key = (item.id, item.tick, item.lot)
        grid = self._grids.get(key)
        if grid is None:
            grid = self._grids[key] = Grid(item)
        return {"event": type(event).__name__, "instrument": item.id, "ts": event.ts, **_fields(grid, event)}


def _fields(grid: Grid, event: Event) -> dict[str, Any]:
    px, sz = grid.price_text, grid.size_text
    if isinstance(event, BookSnapshot | BookDelta):
        first = {"first_seq": event.first_seq} if isinstance(event, BookDelta) else {}
        return {
            "ts_event": event.ts_event,
            **first,
            "seq": event.seq,
            "bids": [[px(p), sz(q)] for p, q in zip(event.bid_px, event.bid_sz, strict=True)],
            "asks": [[px(p), sz(q)] for p, q in zip(event.ask_px, event.ask_sz, strict=True)],
        }
    if isinstance(event, BestQuote):
        bid, ask = [px(event.bid_px), sz(event.bid_sz)], [px(event.ask_px), sz(event.ask_sz)]
        return {"ts_event": event.ts_event, "seq": event.seq, "bid": bid, "ask": ask}
    if isinstance(event, Trade | Liquidation):
        number = {"trade_id": event.trade_id} if isinstance(event, Trade) else {}
        side = "buy" if event.side > 0 else "sell"
        return {"ts_event": event.ts_event, **number, "price": px(event.px), "size": sz(event.sz), "side": side}
    if isinstance(event, MarkPrice):
        return {
            "ts_event": event.ts_event,
            "mark": _scaled(event.mark, 8),
            "index": _scaled(event.index, 8),
            "funding": _scaled(event.funding, 10),
            "next_funding": event.next_funding,
        }
    if isinstance(event, BookGap):
        return {"expected": event.expected, "got": event.got, "why": event.why}
    return {}


def _scaled(value: int, places: int) -> str:
    return plain(Decimal(value).scaleb(-places))
