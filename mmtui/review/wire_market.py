"""Public messages of the venues with native wire code, as JSON rows.

Rules of this file: a feed for every symbol that appears; events come from the venue's own decoder.
"""

from __future__ import annotations

import re
from typing import Any

from mmtui.core.events import Heartbeat
from mmtui.review.wire_rows import Rows
from mmtui.venues.market_feed import Feed
from mmtui.venues.market_table import DECODERS, MARKET_FACTS, inferred

_FAMILY = {name: MARKET_FACTS[name].family for name in DECODERS}

#: Family or venue id -> the venues whose messages it may hold.
FAMILIES: dict[str, tuple[str, ...]] = {
    **{name: (name,) for name in DECODERS},
    **{family: tuple(name for name in DECODERS if _FAMILY[name] == family) for family in _FAMILY.values()},
}

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
        self._rows = Rows()

    def rows(self, ts: int, body: bytes, address: str) -> list[dict[str, Any]]:
        asked = _ASKED.search(address)
        symbol = asked.group(1) if asked else ""
        rows: list[dict[str, Any]] = []
        for venue, decoder in self._decoders.items():
            if not decoder.mine(body, address):
                continue
            place = self._feeds[venue].by_place
            decoder.asked = symbol
            for event in decoder.decode(ts, body):
                i = getattr(event, "i", 0)
                item = place[i].instrument if i < len(place) else inferred(venue, "UNKNOWN")
                row = self._rows.row(item, event)
                if row is not None and not (isinstance(event, Heartbeat) and rows):
                    rows.append(row)
            for refused in decoder.refused:
                row = self._rows.row(place[refused.i].instrument, refused)
                rows.append({**(row or {}), "refused": True})
        return rows or [{"event": "PassedOver"}]
