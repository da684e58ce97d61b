"""Raw public frames of Gate (v4, spot and futures) -> events.

The rule of a book: U is the u before + 1.  obu begins with a full message; order_book_update joins a book of the REST
interface whose id it passes (U <= id + 1 <= u), with the updates since kept and replayed on it.

Rules of this file: sans-IO and pure; `decode` never raises.
"""

from __future__ import annotations

from typing import ClassVar

import msgspec

from mmtui.core.events import Event
from mmtui.venues.binance.grid import WireError
from mmtui.venues.binance.sequence import Sequence
from mmtui.venues.gate import messages as m
from mmtui.venues.gate.public import FUTURES, SPOT
from mmtui.venues.market_decoder import MarketDecoder
from mmtui.venues.market_facts import MarketFacts
from mmtui.venues.market_feed import Feed
from mmtui.venues.numbers import ns_of_ms, text

MS = 1_000_000
_FRAME = msgspec.json.Decoder(m.Frame)
_UPDATE = msgspec.json.Decoder(m.Update)
_BOOK = msgspec.json.Decoder(m.Book)
_TICKER = msgspec.json.Decoder(m.Ticker)
_SPOT_TRADE = msgspec.json.Decoder(m.SpotTrade)
_FUTURES_TRADES = msgspec.json.Decoder(list[m.FuturesTrade])
_FUTURES_TICKERS = msgspec.json.Decoder(list[m.FuturesTicker])
_LIQUIDATIONS = msgspec.json.Decoder(m.Liquidation | list[m.Liquidation])


def _levels(side: m.Side) -> list[tuple[str, str]]:
    return [level if isinstance(level, tuple) else (level.p, text(level.s)) for level in side]


def _sequence(feed: Feed) -> Sequence:
    if feed.sequence is None:
        feed.sequence = Sequence(futures=False)
    return feed.sequence


def _full(feed: Feed, ts: int, d: m.Update) -> list[Event]:
    event = feed.snapshot(ts, d.t * MS, d.u, _levels(d.b), _levels(d.a))
    feed.begin(d.u)
    return [event]


def _next(feed: Feed, ts: int, d: m.Update) -> list[Event]:
    delta = feed.delta(ts, d.t * MS, d.U, d.u, _levels(d.b), _levels(d.a))
    return [*feed.link(ts, feed.last + 1, d.U, d.u, "U is not the u before + 1"), delta]


def _update(feed: Feed, ts: int, d: m.Update) -> list[Event]:
    if d.u < d.U:
        raise WireError(f"an update ends ({d.u}) before it begins ({d.U})")
    delta = feed.delta(ts, d.t * MS, d.U, d.u, _levels(d.b), _levels(d.a))
    sequence = _sequence(feed)
    events = sequence.update(-1, delta)
    feed.valid, feed.gaps = sequence.valid, sequence.gaps
    return events


def _book(feed: Feed, ts: int, d: m.Book) -> list[Event]:
    event = feed.snapshot(ts, 0, d.id, _levels(d.bids), _levels(d.asks))
    sequence = _sequence(feed)
    events = sequence.snapshot(event)
    feed.valid = sequence.valid
    return events


def _ticker(feed: Feed, ts: int, d: m.Ticker) -> list[Event]:
    """Counts in the ids of the book."""
    bid, ask = (d.b or "0", text(d.B) or "0"), (d.a or "0", text(d.A) or "0")
    return [feed.quote(ts, d.t * MS, d.u, bid, ask)]


def _spot_trade(feed: Feed, ts: int, d: m.SpotTrade) -> list[Event]:
    stamp = ns_of_ms(text(d.create_time_ms))
    return feed.next_trade(ts, stamp, d.id, d.price, d.amount, 1 if d.side == "buy" else -1)


def _signed(raw: msgspec.Raw) -> tuple[str, int]:
    """A signed size: the size, and the side."""
    size = text(raw)
    return (size[1:], -1) if size.startswith("-") else (size, 1)


def _futures_trade(feed: Feed, ts: int, d: m.FuturesTrade) -> list[Event]:
    if d.is_internal:
        return []
    size, side = _signed(d.size)
    return feed.next_trade(ts, ns_of_ms(text(d.create_time_ms)), d.id, d.price, size, side)


def _futures_ticker(feed: Feed, ts: int, stamp: int, d: m.FuturesTicker) -> list[Event]:
    return feed.marks(ts, stamp, d.mark_price, d.index_price, d.funding_rate)


def _liquidation(feed: Feed, ts: int, d: m.Liquidation) -> list[Event]:
    size, side = _signed(d.size)
    return feed.liquidation(ts, ns_of_ms(text(d.time_ms)), text(d.price), size, side)


class SpotDecoder(MarketDecoder):
    """Public frames of Gate spot."""

    facts: ClassVar[MarketFacts] = SPOT

    @classmethod
    def mine(cls, body: bytes, address: str = "") -> bool:
        return b'"futures.' not in body and "/futures/" not in address

    def _frame(self, ts: int, body: bytes) -> None:
        frame = _FRAME.decode(body)
        self._kind = frame.channel[:80] or "frame"
        if not frame.channel:
            if frame.id and frame.bids and self.asked:
                self._kind = f"order book {self.asked}"[:80]
                self._apply(ts, self._feed(self.asked), _book, _BOOK.decode(body))
        elif frame.error and bytes(frame.error) != b"null":
            self._refusal(ts, bytes(frame.error).decode(errors="replace"))
        elif frame.event in ("update", "all", "snapshot"):
            self._channel(ts, frame.channel.partition(".")[2], frame)

    def _channel(self, ts: int, name: str, frame: m.Frame) -> None:
        if name == "obu":
            update = _UPDATE.decode(frame.result)
            symbol = update.s.removeprefix("ob.").rpartition(".")[0]
            self._apply(ts, self._feed(symbol), _full if update.full else _next, update)
        elif name == "order_book_update" and frame.symbol:
            self._apply(ts, self._feed(frame.symbol), _book, _BOOK.decode(frame.result))
        elif name == "order_book_update":
            update = _UPDATE.decode(frame.result)
            self._apply(ts, self._feed(update.s), _update, update)
        elif name == "book_ticker":
            ticker = _TICKER.decode(frame.result)
            self._apply(ts, self._feed(ticker.s), _ticker, ticker)
        else:
            self._market(ts, name, frame)

    def _market(self, ts: int, name: str, frame: m.Frame) -> None:
        """What spot and futures tell in different words."""
        if name == "trades":
            trade = _SPOT_TRADE.decode(frame.result)
            self._apply(ts, self._feed(trade.currency_pair), _spot_trade, trade)

    def resnapshot(self, ts: int, symbol: str, body: bytes) -> list[Event]:
        """The answer of the REST interface about a book, where order_book_update is subscribed."""
        self.asked = symbol
        events = self.decode(ts, body)
        self.asked = ""
        return events

    # -- what leaves ---------------------------------------------------------------------------------------------

    def subscriptions(self) -> list[bytes]:
        facts, symbols = self.facts, list(self.feeds)
        names = [name for name in (facts.trades, facts.quotes, facts.marks, facts.liquidations) if name]
        books = [self._request(facts.book, "subscribe", [_topic(symbol)]) for symbol in symbols]
        return [*books, *(self._request(name, "subscribe", symbols) for name in names)]

    def resubscribe(self, symbol: str) -> list[bytes]:
        return [self._request(self.facts.book, event, [_topic(symbol)]) for event in ("unsubscribe", "subscribe")]

    def _request(self, channel: str, event: str, payload: list[str]) -> bytes:
        return msgspec.json.encode({"time": 1, "channel": channel, "event": event, "payload": payload})


class FuturesDecoder(SpotDecoder):
    """Public frames of Gate futures."""

    facts: ClassVar[MarketFacts] = FUTURES

    @classmethod
    def mine(cls, body: bytes, address: str = "") -> bool:
        return not SpotDecoder.mine(body, address)

    def _market(self, ts: int, name: str, frame: m.Frame) -> None:
        if name == "trades":
            for trade in _FUTURES_TRADES.decode(frame.result):
                self._apply(ts, self._feed(trade.contract), _futures_trade, trade)
        elif name == "tickers":
            for ticker in _FUTURES_TICKERS.decode(frame.result):
                self._apply(ts, self._feed(ticker.contract), _futures_ticker, frame.time_ms * MS, ticker)
        elif name == "public_liquidates":
            found = _LIQUIDATIONS.decode(frame.result)
            for one in found if isinstance(found, list) else [found]:
                self._apply(ts, self._feed(one.contract), _liquidation, one)


def _topic(symbol: str) -> str:
    return f"ob.{symbol}.{SPOT.depth}"
