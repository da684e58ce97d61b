"""Messages of the venues with native wire code, as JSON rows: public ones as events, private ones as reports.

Rules of this file: a feed for every symbol that appears; events and reports come from the venue's own code.
"""

from __future__ import annotations

import re
from typing import Any

import msgspec

from mmtui.core.events import Event, GridRefined, Heartbeat
from mmtui.core.market.instrument import Instrument
from mmtui.review.wire_rows import Rows
from mmtui.venues.bitmex import private as bitmex
from mmtui.venues.bybit import private as bybit
from mmtui.venues.coinbase import private as coinbase
from mmtui.venues.deribit import private as deribit
from mmtui.venues.dydx import private as dydx
from mmtui.venues.hyperliquid import private as hyperliquid
from mmtui.venues.kraken import private as kraken
from mmtui.venues.market_feed import Feed
from mmtui.venues.market_table import DECODERS, MARKET_FACTS, inferred
from mmtui.venues.okx import private as okx
from mmtui.venues.private_words import Shapes, reports

#: Family -> the shapes of its private messages.
PRIVATE: dict[str, Shapes] = {
    "okx": okx.SHAPES,
    "bybit": bybit.SHAPES,
    "hyperliquid": hyperliquid.SHAPES,
    "deribit": deribit.SHAPES,
    "kraken": kraken.SHAPES,
    "coinbase": coinbase.SHAPES,
    "dydx": dydx.SHAPES,
    "bitmex": bitmex.SHAPES,
}

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
            feed = self[symbol] = Feed(inferred(self.venue, symbol), len(self.by_place), as_sent=True)
            self.by_place.append(feed)
        return feed


class MarketTranslator:
    """Decodes messages of one family, with a decoder a venue."""

    def __init__(self, family: str) -> None:
        self._feeds = {venue: Everything(venue) for venue in FAMILIES[family]}
        self._decoders = {venue: DECODERS[venue](0, feeds, everything=True) for venue, feeds in self._feeds.items()}
        self._items: dict[tuple[str, int], Instrument] = {}  # on the grid of the events told so far
        self._private = PRIVATE.get(MARKET_FACTS[FAMILIES[family][0]].family, ())
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
        if all(row["event"] == "PassedOver" for row in rows):
            private = reports(body, self._private) if body[:1] in (b"{", b"[") else []
            return [msgspec.to_builtins(report) for report in private] or [{"event": "PassedOver"}]
        return rows

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
