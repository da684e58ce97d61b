"""Raw public frames of BitMEX -> events.

There is neither sequence nor checksum; levels have ids.  An update or a delete of an id that is not known, or an insert
of one that is, shows that something was lost: a gap.  So does a frame of books that cannot be read.  The ids of the
events are a count of our own.

Rules of this file: sans-IO and pure; `decode` never raises.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

import msgspec

from mmtui.core.events import Event
from mmtui.venues.binance.grid import WireError
from mmtui.venues.bitmex import messages as m
from mmtui.venues.bitmex.public import BITMEX
from mmtui.venues.market_decoder import MarketDecoder
from mmtui.venues.market_facts import MarketFacts
from mmtui.venues.market_feed import Feed
from mmtui.venues.numbers import id_of, ns_of_iso, text

_FRAME = msgspec.json.Decoder(m.Frame)
_ROWS = msgspec.json.Decoder(list[m.Row])
_ROW = msgspec.json.Decoder(m.Row)
_ACTIONS = frozenset({"partial", "insert", "update", "delete"})


def _number(raw: msgspec.Raw) -> str:
    found = text(raw)
    return "" if found == "null" else found


def _book(feed: Feed, ts: int, action: str, rows: list[m.Row]) -> list[Event]:
    """Rows of one symbol. The texts of prices are kept by id: changes may name the id alone."""
    known = {} if action == "partial" else feed.quoted
    changed: dict[str, str] = {}  # "": gone
    bids: list[tuple[str, str]] = []
    asks: list[tuple[str, str]] = []
    wrong = -1
    for row in rows:
        name, price = str(row.id), _number(row.price)
        old = changed[name] if name in changed else known.get(name, "")
        if bool(old) == (action in ("partial", "insert")) and feed.valid:
            wrong = row.id
        price = price or old
        if not price:
            continue  # an id whose price nobody has told
        changed[name] = "" if action == "delete" else price
        (bids if row.side == "Buy" else asks).append((price, "0" if action == "delete" else _number(row.size)))
    seq, stamp = max(feed.last, 0) + 1, max((ns_of_iso(row.timestamp) for row in rows), default=0)
    if action == "partial":
        event: Event = feed.snapshot(ts, stamp, seq, bids, asks)
        gap: list[Event] = []
        feed.begin(seq)
    else:
        event = feed.delta(ts, stamp, seq, seq, bids, asks)
        gap = [feed.lose(ts, wrong, wrong, f"{action} of a level id that does not fit")] if wrong >= 0 else []
        feed.last = seq
    feed.quoted = known
    for name, price in changed.items():
        if price:
            known[name] = price
        else:
            known.pop(name, None)
    return [*gap, event]


def _ten(feed: Feed, ts: int, d: m.Ten) -> list[Event]:
    bids, asks = ([(text(level[0]), text(level[1])) for level in side] for side in (d.bids, d.asks))
    seq = max(feed.last, 0) + 1
    event = feed.snapshot(ts, ns_of_iso(d.timestamp), seq, bids, asks)
    feed.begin(seq)
    return [event]


def _quote(feed: Feed, ts: int, d: m.Quote) -> list[Event]:
    """Has no id: never newer than the book."""
    bid, ask = (
        (_number(price) or "0", _number(size) or "0")
        for price, size in ((d.bidPrice, d.bidSize), (d.askPrice, d.askSize))
    )
    return [feed.quote(ts, ns_of_iso(d.timestamp), max(feed.last, 0), bid, ask)]


def _trade(feed: Feed, ts: int, d: m.PublicTrade) -> list[Event]:
    side = 1 if d.side == "Buy" else -1
    number = id_of("x" + d.trdMatchID.replace("-", ""))
    return feed.trade(ts, ns_of_iso(d.timestamp), number, text(d.price), text(d.size), side)


def _marks(feed: Feed, ts: int, d: m.Marks) -> list[Event]:
    mark, index, funding = (_number(raw) or None for raw in (d.markPrice, d.indexPrice, d.fundingRate))
    if mark is None and index is None and funding is None:
        return []
    due = ns_of_iso(d.fundingTimestamp) if d.fundingTimestamp else None
    return feed.marks(ts, ns_of_iso(d.timestamp), mark, index, funding, due)


def _liquidation(feed: Feed, ts: int, d: m.Liquidation) -> list[Event]:
    return feed.liquidation(ts, 0, text(d.price), text(d.leavesQty), 1 if d.side == "Buy" else -1)


_Reader = tuple[msgspec.json.Decoder[Any], Callable[..., list[Event]]]


def _reader(shape: type, method: Callable[..., list[Event]]) -> _Reader:
    return msgspec.json.Decoder(list[shape]), method  # type: ignore[valid-type]


#: table -> (shape of its rows, what a row means).
_TABLES: dict[str, _Reader] = {
    "orderBook10": _reader(m.Ten, _ten),
    "quote": _reader(m.Quote, _quote),
    "trade": _reader(m.PublicTrade, _trade),
    "instrument": _reader(m.Marks, _marks),
    "funding": _reader(m.Marks, _marks),
    "liquidation": _reader(m.Liquidation, _liquidation),
}

#: A bare row in a file: a field that only rows of this table have -> table.
_FIELDS = {b'"trdMatchID"': "trade", b'"bids"': "orderBook10", b'"bidPrice"': "quote", b'"fundingInterval"': "funding",
           b'"indicativeSettlePrice"': "instrument"}  # fmt: skip
#: Rows with these fields are of orders and accounts.
_PRIVATE = (b'"orderID"', b'"account"', b'"execID"')


class Decoder(MarketDecoder):
    """Public frames of BitMEX."""

    facts: ClassVar[MarketFacts] = BITMEX
    book_bytes: ClassVar[bytes | None] = b"orderBookL2"

    def _frame(self, ts: int, body: bytes) -> None:
        if body == b"pong":
            return
        frame = _FRAME.decode(body)
        table = frame.table
        self._kind = table[:80] or "frame"
        if frame.error:
            self._refusal(ts, bytes(frame.error).decode(errors="replace"))
        elif table == "orderBookL2" or table.startswith("orderBookL2_"):
            if frame.action not in _ACTIONS:
                raise WireError(f"action {frame.action[:40]!r}")
            by_symbol: dict[str, list[m.Row]] = {}
            for row in _ROWS.decode(frame.data):
                by_symbol.setdefault(row.symbol, []).append(row)
            for symbol, rows in by_symbol.items():
                self._apply(ts, self._feed(symbol), _book, frame.action, rows)
        elif table in _TABLES and (frame.action != "partial" or table not in ("trade", "liquidation")):
            self._table(ts, table, frame.data)  # the partial of trades is of the past
        elif not table and self.everything:
            self._bare(ts, body)

    def _table(self, ts: int, table: str, data: bytes | msgspec.Raw) -> None:
        decoder, method = _TABLES[table]
        for row in decoder.decode(data):
            self._apply(ts, self._feed(row.symbol), method, row)

    def _bare(self, ts: int, body: bytes) -> None:
        """A row without its frame, as files have it."""
        if b'"leavesQty"' in body and b'"clOrdID"' not in body and b'"account"' not in body:
            self._table(ts, "liquidation", b"[" + body + b"]")
        elif not any(field in body for field in _PRIVATE):
            if b'"id"' in body and b'"side"' in body:
                row = _ROW.decode(body)
                self._apply(ts, self._feed(row.symbol), _book, "insert", [row])
            for field, table in _FIELDS.items():
                if field in body:
                    self._table(ts, table, b"[" + body + b"]")
                    return

    # -- what leaves ---------------------------------------------------------------------------------------------

    def subscriptions(self) -> list[bytes]:
        tables = (BITMEX.book, BITMEX.trades, BITMEX.quotes, *BITMEX.marks.split(", "), BITMEX.liquidations)
        return [_request("subscribe", [f"{table}:{symbol}" for table in tables]) for symbol in self.feeds]

    def resubscribe(self, symbol: str) -> list[bytes]:
        return [_request(op, [f"{BITMEX.book}:{symbol}"]) for op in ("unsubscribe", "subscribe")]


def _request(op: str, args: list[str]) -> bytes:
    return msgspec.json.encode({"op": op, "args": args})
