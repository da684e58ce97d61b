"""`mmtui wire`: raw messages of a venue, decoded to events and reports, as JSON lines with exact decimal texts.

Rules of this file: the sub-command, and Binance's messages, public and private; wire_market.py reads the other venues.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any, Protocol

import msgspec

from mmtui.core.errors import SourceError, UserError
from mmtui.review.wire_files import messages
from mmtui.review.wire_market import FAMILIES, MarketTranslator
from mmtui.review.wire_rows import Rows
from mmtui.venues.binance import profile
from mmtui.venues.binance.private import decode_text
from mmtui.venues.binance.wire import Decoder, Feed, RefinedError, WireError, identify

#: What `mmtui wire` can read: a family, or one of its markets.
VENUES = (profile.FAMILY, *profile.MARKETS, *FAMILIES)
#: Messages looked at to learn a symbol for snapshots that name none.
LOOK = 2_000


class Reader(Protocol):
    """Rows of one message; WireError when it cannot be read."""

    def rows(self, ts: int, body: bytes, address: str) -> list[dict[str, Any]]: ...


class Translator:
    """Decodes messages of one venue; a feed for every market and symbol that appears."""

    def __init__(self, market: str, default: tuple[str, str]) -> None:
        self.market = market  # "": told by each message
        self.default = default  # market and symbol of messages that do not tell
        self._feeds: dict[tuple[str, str], Feed] = {}
        self._rows = Rows()

    def rows(self, ts: int, body: bytes, address: str) -> list[dict[str, Any]]:
        """JSON rows of one message; WireError when it cannot be read."""
        reports = decode_text(body)
        if reports is not None:
            return [msgspec.to_builtins(report) for report in reports] or [{"event": "PassedOver"}]
        market, symbol = identify(body)
        market = self.market or market or self.default[0]
        symbol = symbol or self.default[1]
        if not market or not symbol:
            return [{"event": "PassedOver"}]
        feed = self._feed(market, symbol)
        decoder = Decoder(0, {symbol: feed}, feed)
        events = decoder.decode(ts, body)
        return [row for event in events if (row := self._rows.row(feed.instrument, event))]

    def _feed(self, market: str, symbol: str) -> Feed:
        feed = self._feeds.get((market, symbol))
        if feed is None:
            tick, lot = profile.known_grid(market, symbol) or ("0.01", "0.001")
            item = profile.instrument(profile.MARKETS[market], symbol, tick, lot, "inferred")
            feed = self._feeds[market, symbol] = Feed(item, 0, 0)
        return feed


def _default(path: Path, market: str) -> tuple[str, str]:
    """Market and symbol for messages that tell neither: those of the first message that does."""
    found = (market, "")
    for place, (_, _, body, _) in enumerate(messages(path, [])):
        try:
            told, symbol = identify(body)
        except WireError:
            continue
        if symbol and (told or market):
            return market or told, symbol
        if told and not found[0]:
            found = (told, "")
        if place >= LOOK:
            break
    return found[0], found[1] or "UNKNOWN"


def _reader(venue: str, path: Path) -> Reader:
    if venue in FAMILIES:
        return MarketTranslator(venue)
    market = "" if venue == profile.FAMILY else venue
    return Translator(market, _default(path, market))


def run(args: argparse.Namespace) -> int:
    """Print a JSON line for every event; exit 3 when no message could be read."""
    if args.venue not in VENUES:
        raise UserError(f"no venue {args.venue!r}; there are: {', '.join(VENUES)}")
    path = Path(args.file).expanduser()
    reader = _reader(args.venue, path)
    damage: list[tuple[int, str]] = []
    encode, write, read = msgspec.json.encode, sys.stdout.write, 0
    for line, ts, body, address in messages(path, damage):
        try:
            rows = reader.rows(ts, body, address)
        except (WireError, RefinedError) as error:
            rows = [{"event": "Damage", "what": str(error)}]
        wrong = [row["what"] for row in rows if row["event"] == "Damage"]
        damage += [(line, what) for what in wrong]
        read += not wrong
        for row in rows if read else ():
            write(encode({"line": line, **row}).decode() + "\n")
    if not read:
        first = f": line {damage[0][0]} {damage[0][1]}" if damage else ""
        raise SourceError(f"{path}: no message of {args.venue} in it{first}")
    for line, what in damage[:20]:
        print(f"mmtui: {path}:{line}: {what}", file=sys.stderr)
    if len(damage) > 20:
        print(f"mmtui: {len(damage)} damaged messages in all", file=sys.stderr)
    return 0
