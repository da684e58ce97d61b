"""`mmtui wire`: raw messages of a venue, decoded to events and reports, as JSON lines with exact decimal texts."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from mmtui.core.errors import SourceError, UserError
from mmtui.core.events import (
    BestQuote,
    BookDelta,
    BookGap,
    BookSnapshot,
    Event,
    GridRefined,
    Heartbeat,
    Liquidation,
    MarkPrice,
    Trade,
)
from mmtui.core.market.instrument import Grid, plain
from mmtui.venues.binance import profile
from mmtui.venues.binance.private import decode_text
from mmtui.venues.binance.wire import Decoder, Feed, RefinedError, WireError, identify
from mmtui.venues.capture.reader import LineReader, split_line

#: What `mmtui wire` can read: the family, or one of its markets.
VENUES = (profile.FAMILY, *profile.MARKETS)
#: Messages looked at to learn a symbol for snapshots that name none.
LOOK = 2_000
#: A whole file is read at once only up to this size.
DOCUMENT_MAX = 64 * 1024 * 1024

Message = tuple[int, int, bytes]  # line, receive time (0: none), body


class Translator:
    """Decodes messages of one venue; a feed for every market and symbol that appears."""

    def __init__(self, market: str, default: tuple[str, str]) -> None:
        self.market = market  # "": told by each message
        self.default = default  # market and symbol of messages that do not tell
        self._feeds: dict[tuple[str, str], Feed] = {}
        self._grids: dict[tuple[str, str, str], Grid] = {}

    def rows(self, ts: int, body: bytes) -> list[dict[str, Any]]:
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
        return [row for event in events if (row := self._row(feed, event))]

    def _feed(self, market: str, symbol: str) -> Feed:
        feed = self._feeds.get((market, symbol))
        if feed is None:
            tick, lot = profile.known_grid(market, symbol) or ("0.01", "0.001")
            item = profile.instrument(profile.MARKETS[market], symbol, tick, lot, "inferred")
            feed = self._feeds[market, symbol] = Feed(item, 0, 0)
        return feed

    def _row(self, feed: Feed, event: Event) -> dict[str, Any] | None:
        if isinstance(event, GridRefined):
            return None  # prices are told as text
        if isinstance(event, Heartbeat):
            return {"event": "PassedOver"}
        item = feed.instrument
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
    from decimal import Decimal

    return plain(Decimal(value).scaleb(-places))


def messages(path: Path, damage: list[tuple[int, str]]) -> Iterator[Message]:
    """One message a line, with or without a receive time; or the file is one JSON document (an array: each item)."""
    document = _document(path)
    if document is not None:
        for item in document:
            yield 1, 0, bytes(item)
        return
    reader = LineReader(path)
    for number, line in reader:
        line = line.strip()
        if not line:
            continue
        if line[:1] in b"{[":
            yield number, 0, line
            continue
        try:
            ts, body = split_line(line)
        except ValueError as error:
            damage.append((number, str(error)))
            continue
        yield number, ts, body
    damage += reader.damage


def _document(path: Path) -> list[msgspec.Raw] | None:
    """The messages of a file that is one JSON document; None when it is lines."""
    reader = LineReader(path)
    head = next(((line for _, line in reader if line.strip())), b"").strip()
    if head[:1] not in (b"{", b"["):
        return None
    try:
        first = msgspec.json.decode(head, type=msgspec.Raw | list[msgspec.Raw])
        whole = isinstance(first, list)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        whole = True
    if not whole:
        return None
    size, lines = 0, []
    for _, line in LineReader(path):
        size += len(line)
        if size > DOCUMENT_MAX:
            return None
        lines.append(line)
    text = b"\n".join(lines)
    try:
        value = msgspec.json.decode(text)
        if isinstance(value, list) and value and all(isinstance(item, dict) for item in value):
            return msgspec.json.decode(text, type=list[msgspec.Raw])
        return [msgspec.Raw(msgspec.json.encode(value))]
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return None


def _default(path: Path, market: str) -> tuple[str, str]:
    """Market and symbol for messages that tell neither: those of the first message that does."""
    found = (market, "")
    for place, (_, _, body) in enumerate(messages(path, [])):
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


def run(args: argparse.Namespace) -> int:
    """Print a JSON line for every event; exit 3 when no message could be read."""
    if args.venue not in VENUES:
        raise UserError(f"no venue {args.venue!r}; there are: {', '.join(VENUES)}")
    path = Path(args.file).expanduser()
    market = "" if args.venue == profile.FAMILY else args.venue
    damage: list[tuple[int, str]] = []
    translator = Translator(market, _default(path, market))
    encode, write, read = msgspec.json.encode, sys.stdout.write, 0
    for line, ts, body in messages(path, damage):
        try:
            rows = translator.rows(ts, body)
            read += 1
        except (WireError, RefinedError) as error:
            damage.append((line, str(error)))
            rows = [{"event": "Damage", "what": str(error)}]
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
