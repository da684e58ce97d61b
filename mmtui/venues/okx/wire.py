"""Raw public frames of OKX -> events.

The rule of a book: an update's prevSeqId is the seqId of the message before.  A snapshot has -1; an update that
changes nothing repeats the seqId; at maintenance the seqId may step back, with the right prevSeqId.  The checksum is
always 0 and is not looked at.

Rules of this file: sans-IO and pure; `decode` never raises.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

import msgspec

from mmtui.core.events import Event
from mmtui.venues.binance.grid import WireError
from mmtui.venues.market_decoder import MarketDecoder, chunks
from mmtui.venues.market_facts import MarketFacts
from mmtui.venues.market_feed import Feed
from mmtui.venues.numbers import id_of, ns_of_ms
from mmtui.venues.okx import messages as m
from mmtui.venues.okx.public import OKX, index_of, kind_name

_FRAME = msgspec.json.Decoder(m.Frame)
_BOOKS = frozenset({"books", "books-l2-tbt", "books50-l2-tbt"})
_LIQUIDATIONS = msgspec.json.Decoder(list[m.Liquidations])
_INDEX = msgspec.json.Decoder(list[m.Index])
_TRADES = msgspec.json.Decoder(list[m.PublicTrade])
_BOOK = msgspec.json.Decoder(list[m.Book])


def _update(feed: Feed, ts: int, d: m.Book) -> list[Event]:
    if d.seqId == d.prevSeqId == feed.last >= 0 and not d.bids and not d.asks:
        return []  # nothing has changed for a minute
    first = min(d.prevSeqId + 1, d.seqId)
    delta = feed.delta(ts, ns_of_ms(d.ts), max(first, 0), max(d.seqId, 0), d.bids, d.asks)
    gap = feed.link(ts, feed.last, d.prevSeqId, d.seqId, "prevSeqId is not the seqId before")
    return [*gap, delta]


def _snapshot(feed: Feed, ts: int, d: m.Book) -> list[Event]:
    event = feed.snapshot(ts, ns_of_ms(d.ts), max(d.seqId, 0), d.bids, d.asks)
    feed.begin(d.seqId)
    return [event]


def _best(feed: Feed, ts: int, d: m.Book) -> list[Event]:
    bid = d.bids[0] if d.bids else ("0", "0")
    ask = d.asks[0] if d.asks else ("0", "0")
    return [feed.quote(ts, ns_of_ms(d.ts), max(d.seqId, 0), bid, ask)]


def _trade(feed: Feed, ts: int, d: m.PublicTrade) -> list[Event]:
    side = 1 if d.side == "buy" else -1
    return feed.next_trade(ts, ns_of_ms(d.ts), id_of(d.tradeId), d.px, d.sz, side)


def _ticker(feed: Feed, ts: int, d: m.Ticker) -> list[Event]:
    """Has no id: never newer than the book that is known."""
    bid, ask = (d.bidPx or "0", d.bidSz or "0"), (d.askPx or "0", d.askSz or "0")
    return [feed.quote(ts, ns_of_ms(d.ts), max(feed.last, 0), bid, ask)]


def _mark(feed: Feed, ts: int, d: m.Mark) -> list[Event]:
    return feed.marks(ts, ns_of_ms(d.ts), mark=d.markPx)


def _index(feed: Feed, ts: int, d: m.Index) -> list[Event]:
    return feed.marks(ts, ns_of_ms(d.ts), index=d.idxPx)


def _funding(feed: Feed, ts: int, d: m.Funding) -> list[Event]:
    return feed.marks(ts, ns_of_ms(d.ts), funding=d.fundingRate, next_funding=ns_of_ms(d.fundingTime))


def _liquidation(feed: Feed, ts: int, d: m.Bankruptcy) -> list[Event]:
    return feed.liquidation(ts, ns_of_ms(d.ts), d.bkPx, d.sz, 1 if d.side == "buy" else -1)


def _reader(shape: type) -> msgspec.json.Decoder[Any]:
    return msgspec.json.Decoder(list[shape])  # type: ignore[valid-type]


#: channel of one instrument -> (shape of an item, what it means).
_CHANNELS: dict[str, tuple[msgspec.json.Decoder[Any], Callable[..., list[Event]]]] = {
    "books5": (_reader(m.Book), _snapshot),
    "bbo-tbt": (_reader(m.Book), _best),
    "trades": (_reader(m.PublicTrade), _trade),
    "trades-all": (_reader(m.PublicTrade), _trade),
    "tickers": (_reader(m.Ticker), _ticker),
    "mark-price": (_reader(m.Mark), _mark),
    "funding-rate": (_reader(m.Funding), _funding),
}


class Decoder(MarketDecoder):
    """Public frames of OKX, spot and contracts on one connection."""

    facts: ClassVar[MarketFacts] = OKX

    def __init__(self, v: int, feeds: dict[str, Feed], everything: bool = False) -> None:
        super().__init__(v, feeds, everything)
        self._indices: dict[str, list[Feed]] = {}
        for symbol, feed in feeds.items():
            if index_of(symbol) != symbol:
                self._indices.setdefault(index_of(symbol), []).append(feed)

    def _frame(self, ts: int, body: bytes) -> None:
        if body == b"pong":
            return
        frame = _FRAME.decode(body)
        arg = frame.arg
        if frame.event == "error":
            self._refusal(ts, f"{frame.code} {frame.msg}")
            return
        if arg is None or not frame.data or frame.event:
            if self.everything and frame.code == "0":
                self._answer(ts, frame.data)
            return
        channel = arg.channel
        self._kind = f"{channel} {arg.instId}"[:80]
        if channel in _BOOKS:
            self._book(ts, arg.instId, frame)
        elif channel in _CHANNELS and (channel != "books5" or self.everything):
            decoder, method = _CHANNELS[channel]
            for item in decoder.decode(frame.data):
                self._apply(ts, self._feed(arg.instId), method, item)
        elif channel == "index-tickers":
            for index in _INDEX.decode(frame.data):
                for feed in self._indices.get(arg.instId) or [self._feed(arg.instId)]:
                    self._apply(ts, feed, _index, index)
        elif channel == "liquidation-orders":
            for entry in _LIQUIDATIONS.decode(frame.data):
                wanted = self.feeds.get(entry.instId)
                if wanted is None:
                    continue  # the channel tells of every instrument of a kind
                for detail in entry.details:
                    self._apply(ts, wanted, _liquidation, detail)

    def _book(self, ts: int, symbol: str, frame: m.Frame) -> None:
        feed = self._feed(symbol)
        if frame.action not in ("snapshot", "update"):
            raise WireError(f"action {frame.action[:40]!r}")
        for book in _BOOK.decode(frame.data):
            if book.seqId < 0 and not self.everything:
                raise WireError("no seqId")
            self._apply(ts, feed, _snapshot if frame.action == "snapshot" else _update, book)

    def _answer(self, ts: int, data: msgspec.Raw) -> None:
        """A REST answer in a file: a book names no instrument, trades come newest first."""
        raw = bytes(data)
        if b'"asks"' in raw and b'"bids"' in raw:
            for book in _BOOK.decode(raw):
                self._apply(ts, self._feed(self.asked or "UNKNOWN"), _snapshot, book)
        elif b'"tradeId"' in raw and b'"px"' in raw and b'"ordId"' not in raw:
            for trade in sorted(_TRADES.decode(raw), key=lambda trade: id_of(trade.tradeId)):
                self._apply(ts, self._feed(trade.instId), _trade, trade)

    # -- what leaves ---------------------------------------------------------------------------------------------

    def subscriptions(self) -> list[bytes]:
        args: list[dict[str, str]] = []
        kinds: dict[str, None] = {}
        indices: dict[str, None] = {}
        for symbol in self.feeds:
            args += [{"channel": name, "instId": symbol} for name in (OKX.book, OKX.trades, OKX.quotes)]
            kind = kind_name(symbol)
            if kind != "SPOT":
                args.append({"channel": "mark-price", "instId": symbol})
                kinds[kind] = indices[index_of(symbol)] = None
            if kind == "SWAP":
                args.append({"channel": "funding-rate", "instId": symbol})
        args += [{"channel": "index-tickers", "instId": name} for name in indices]
        args += [{"channel": "liquidation-orders", "instType": kind} for kind in kinds]
        return [_request("subscribe", part) for part in chunks(args, OKX.batch)]

    def resubscribe(self, symbol: str) -> list[bytes]:
        args = [{"channel": OKX.book, "instId": symbol}]
        return [_request("unsubscribe", args), _request("subscribe", args)]


def _request(op: str, args: list[dict[str, str]]) -> bytes:
    return msgspec.json.encode({"op": op, "args": args})
