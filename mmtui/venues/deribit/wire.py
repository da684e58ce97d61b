"""Raw public frames of Deribit (JSON-RPC v2) -> events.

The rule of a book: an update's prev_change_id is the change_id before; a snapshot replaces the book.  A best quote has
no id of its own and never leads the book.

Rules of this file: sans-IO and pure; `decode` never raises.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

import msgspec

from mmtui.core.events import Event
from mmtui.venues.binance.grid import WireError
from mmtui.venues.deribit import messages as m
from mmtui.venues.deribit.public import DERIBIT
from mmtui.venues.market_decoder import MarketDecoder, chunks
from mmtui.venues.market_facts import MarketFacts
from mmtui.venues.market_feed import Feed
from mmtui.venues.numbers import id_of, text

MS = 1_000_000
_FRAME = msgspec.json.Decoder(m.Frame)
_BOOK = msgspec.json.Decoder(m.Book)
_TRADES = msgspec.json.Decoder(list[m.PublicTrade])
_TICKER = msgspec.json.Decoder(m.Ticker)
_REST_BOOK = msgspec.json.Decoder(m.RestBook)
_REST_TRADES = msgspec.json.Decoder(m.RestTrades)


def _levels(changes: list[m.Change]) -> list[tuple[str, str]]:
    return [(text(price), "0" if act == "delete" else text(amount)) for act, price, amount in changes]


def _book(feed: Feed, ts: int, d: m.Book) -> list[Event]:
    stamp, bids, asks = d.timestamp * MS, _levels(d.bids), _levels(d.asks)
    if d.type == "snapshot":
        event = feed.snapshot(ts, stamp, d.change_id, bids, asks)
        feed.begin(d.change_id)
        return [event]
    if d.prev_change_id is None:
        raise WireError("a change without prev_change_id")
    delta = feed.delta(ts, stamp, d.prev_change_id + 1, d.change_id, bids, asks)
    why = "prev_change_id is not the change_id before"
    return [*feed.link(ts, feed.last, d.prev_change_id, d.change_id, why), delta]


def _rest_book(feed: Feed, ts: int, d: m.RestBook) -> list[Event]:
    bids, asks = ([(text(price), text(amount)) for price, amount in side] for side in (d.bids, d.asks))
    event = feed.snapshot(ts, d.timestamp * MS, d.change_id, bids, asks)
    feed.begin(d.change_id)
    return [event]


def _trade(feed: Feed, ts: int, d: m.PublicTrade) -> list[Event]:
    if d.block_trade_id:
        return []  # agreed outside the book
    stamp, price, amount = d.timestamp * MS, text(d.price), text(d.amount)
    side = 1 if d.direction == "buy" else -1
    events = feed.trade(ts, stamp, id_of(d.trade_id), price, amount, side)
    for forced, of in (("T", side), ("M", -side)):
        if forced in d.liquidation:
            events += feed.liquidation(ts, stamp, price, amount, of)
    return events


def _number(raw: msgspec.Raw) -> str:
    """"" for null and for what is not there."""
    found = text(raw)
    return "" if found == "null" else found


def _side(price: msgspec.Raw, amount: msgspec.Raw) -> tuple[str, str]:
    found = _number(price) or "0", _number(amount) or "0"
    return ("0", "0") if not found[1].strip("0.") else found


def _ticker(feed: Feed, ts: int, d: m.Ticker) -> list[Event]:
    stamp = d.timestamp * MS
    bid, ask = _side(d.best_bid_price, d.best_bid_amount), _side(d.best_ask_price, d.best_ask_amount)
    events: list[Event] = [feed.quote(ts, stamp, max(feed.last, 0), bid, ask)]
    if d.mark_price:
        funding = _number(d.current_funding) if d.current_funding else None
        events += feed.marks(ts, stamp, _number(d.mark_price), _number(d.index_price), funding)
    return events


class Decoder(MarketDecoder):
    """Public frames of Deribit."""

    facts: ClassVar[MarketFacts] = DERIBIT

    def _frame(self, ts: int, body: bytes) -> None:
        frame = _FRAME.decode(body)
        params = frame.params
        if frame.method == "heartbeat" and params is not None and params.type == "test_request":
            self._answers.append(_request("public/test", {}))
        elif frame.method == "subscription" and params is not None:
            self._notification(ts, params)
        elif frame.error:
            self._refusal(ts, bytes(frame.error).decode(errors="replace"))
        elif frame.result and self.everything:
            self._answer(ts, bytes(frame.result))

    def _notification(self, ts: int, params: m.Params) -> None:
        self._kind = params.channel[:80]
        name, _, rest = params.channel.partition(".")
        if name == "book" and rest.rpartition(".")[2] in ("raw", "100ms", "agg2") and rest.count(".") == 1:
            book = _BOOK.decode(params.data)
            self._apply(ts, self._feed(book.instrument_name), _book, book)
        elif name == "trades":
            for trade in _TRADES.decode(params.data):
                self._apply(ts, self._feed(trade.instrument_name), _trade, trade)
        elif name in ("ticker", "quote"):
            ticker = _TICKER.decode(params.data)
            self._apply(ts, self._feed(ticker.instrument_name), _ticker, ticker)

    def _answer(self, ts: int, result: bytes) -> None:
        """The answer to a REST question, in a file."""
        if b'"change_id"' in result and b'"bids"' in result:
            self._kind = "get_order_book"
            book = _REST_BOOK.decode(result)
            self._apply(ts, self._feed(book.instrument_name), _rest_book, book)
        elif b'"has_more"' in result and b'"trades"' in result and b'"order_id"' not in result:
            self._kind = "get_last_trades"
            for trade in _REST_TRADES.decode(result).trades:
                self._apply(ts, self._feed(trade.instrument_name), _trade, trade)

    # -- what leaves ---------------------------------------------------------------------------------------------

    def subscriptions(self) -> list[bytes]:
        names = (DERIBIT.book, DERIBIT.quotes, DERIBIT.trades, DERIBIT.marks)
        channels = [name.format(symbol) for symbol in self.feeds for name in names]
        heartbeat = _request("public/set_heartbeat", {"interval": DERIBIT.ping_s})
        requests = [_request("public/subscribe", {"channels": part}) for part in chunks(channels, DERIBIT.batch)]
        return [heartbeat, *requests]

    def resubscribe(self, symbol: str) -> list[bytes]:
        channels = {"channels": [DERIBIT.book.format(symbol)]}
        return [_request("public/unsubscribe", channels), _request("public/subscribe", channels)]


def _request(method: str, params: Mapping[str, object]) -> bytes:
    return msgspec.json.encode({"jsonrpc": "2.0", "id": 1, "method": method, "params": params})
