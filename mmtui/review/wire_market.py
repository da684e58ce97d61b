"""Public messages of the venues with native wire code, as JSON rows.

Rules of this file: a feed for every symbol that appears; events come from the venue's own decoder.
"""

from __future__ import annotations

import re
from typing import Any

import msgspec

from mmtui.core.events import Event, GridRefined, Heartbeat
from mmtui.core.market.instrument import Instrument
from mmtui.review.wire_rows import Rows
from mmtui.venues.market_feed import Feed
from mmtui.venues.market_table import DECODERS, MARKET_FACTS, inferred

_FAMILY = {name: MARKET_FACTS[name].family for name in DECODERS}

#: Family or venue id -> the venues whose messages it may hold.
FAMILIES: dict[str, tuple[str, ...]] = {
    **{name: (name,) for name in DECODERS},
    **{family: tuple(name for name in DECODERS if _FAMILY[name] == family) for family in _FAMILY.values()},
}

#: For events of no instrument, whose rows name none.
_NOBODY = inferred("okx", "NOBODY")

_SYMBOL = re.compile(r"[\w@:/.\-]{1,60}")
#: What an answer to a REST question calls its instrument.
_ASKED = re.compile(r"[?&](?:symbol|instId|currency_pair|contract|instrument_name|product_id|pair)=([^&\s]+)")


class Everything(dict[str, Feed]):
    """Feeds by symbol; one that is asked for is there."""

    def __init__(self, venue: str) -> None:
        super().__init__()
        self.venue = venue
        self.by_place: list[Feed] = []

    def get(self, symbol: str, default: Any = None) -> Any:
        feed = super().get(symbol)
        if feed is None and _SYMBOL.fullmatch(symbol) is not None:
            feed = self[symbol] = Feed(inferred(self.venue, symbol), len(self.by_place))
            self.by_place.append(feed)
        return feed


class MarketTranslator:
    """Decodes messages of one family, with a decoder a venue."""

    def __init__(self, family: str) -> None:
        self._feeds = {venue: Everything(venue) for venue in FAMILIES[family]}
        self._decoders = {venue: DECODERS[venue](0, feeds, everything=True) for venue, feeds in self._feeds.items()}
        self._items: dict[tuple[str, int], Instrument] = {}  # on the grid of the events told so far
        self._rows = Rows()

    def rows(self, ts: int, body: bytes, address: str) -> list[dict[str, Any]]:
        asked = _ASKED.search(address)
        symbol = asked.group(1) if asked else ""
        rows: list[dict[str, Any]] = []
        for venue, decoder in self._decoders.items():
            if not decoder.mine(body, address):
                continue
            decoder.asked = symbol
            for event in decoder.decode(ts, body):
                row = self._row(venue, event)
                if row is not None and not (isinstance(event, Heartbeat) and rows):
                    rows.append(row)
            for refused in decoder.refused:
                rows.append({**(self._row(venue, refused) or {}), "refused": True})
        return rows or [{"event": "PassedOver"}]

    def _row(self, venue: str, event: Event) -> dict[str, Any] | None:
        i: int = getattr(event, "i", -1)
        if i < 0:
            return self._rows.row(_NOBODY, event)
        item = self._items.get((venue, i))
        if item is None:
            symbol = self._feeds[venue].by_place[i].instrument.symbol
            item = self._items[venue, i] = inferred(venue, symbol)
        if isinstance(event, GridRefined):
            self._items[venue, i] = msgspec.structs.replace(item, tick=event.tick, lot=event.lot)
        return self._rows.row(item, event)
