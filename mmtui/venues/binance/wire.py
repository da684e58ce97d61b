"""Raw public frames of Binance -> events, for spot, USDS-M and COIN-M: combined streams, bare messages, REST snapshots.

Rules of this file: sans-IO and pure; one Feed an instrument keeps what the rules need (sequence, last ids, grid), one
Decoder a connection or file chooses the feed by symbol.  A frame that cannot be read is a WireError and changes
nothing; streams that mmtui does not use are passed over as a Heartbeat.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

import msgspec

from mmtui.core.events import (
    BestQuote,
    BookDelta,
    BookSnapshot,
    Event,
    GridRefined,
    Heartbeat,
    Liquidation,
    MarkPrice,
    Trade,
)
from mmtui.core.market.instrument import Instrument
from mmtui.venues.binance import messages as m
from mmtui.venues.binance import profile
from mmtui.venues.binance.grid import (
    PRODUCT_DECIMALS_MAX,
    OffGrid,
    RefinedError,
    Units,
    WireError,
    finer,
    parse_step,
)
from mmtui.venues.binance.sequence import Sequence

__all__ = ["Decoder", "Feed", "RefinedError", "WireError", "identify"]

_SIGNED = re.compile(r"-?[0-9]{1,18}(\.[0-9]{1,18})?", re.ASCII)
_PREFIX = b'{"stream":"'
#: A stamp from here on is in microseconds.
MICROS = 9_000_000_000_000
#: Names of streams that a decoder remembers.
STREAMS_MAX = 256
_UNREADABLE = (msgspec.MsgspecError, ValueError, RecursionError)


def _ns(stamp: int) -> int:
    """Nanoseconds of a venue's stamp: milliseconds, or microseconds when it is too large for those."""
    return stamp * 1_000_000 if stamp < MICROS else stamp * 1_000


class Feed:
    """What one instrument's messages need to be understood. `i` and `v` are its places in the session's tables."""

    __slots__ = ("i", "instrument", "lots", "sequence", "singles", "ticker_id", "ticks", "trade_id", "v")

    def __init__(self, instrument: Instrument, i: int, v: int) -> None:
        self.instrument = instrument
        self.i = i
        self.v = v
        self.ticks = Units(instrument.tick)
        self.lots = Units(instrument.lot)
        self.sequence = Sequence(instrument.kind != "spot")
        self.trade_id = -1
        self.singles = False  # single trades come: aggregated ones would count twice
        self.ticker_id = -1

    def depth(self, ts: int, d: m.Depth) -> list[Event]:
        if self.sequence.futures != (d.pu >= 0):
            raise WireError("a depth update of another market (pu)")
        if d.u < d.U:
            raise WireError(f"depth update ends ({d.u}) before it begins ({d.U})")
        bid_px, bid_sz = self._levels(d.b)
        ask_px, ask_sz = self._levels(d.a)
        # trades carry T: with E, those between T and E would count as already in this depth
        delta = BookDelta(ts, _ns(d.T or d.E), self.i, d.U, d.u, bid_px, bid_sz, ask_px, ask_sz)
        if self.ticks.zero and (0 in bid_px or 0 in ask_px):
            raise WireError("a depth update with a price of 0")
        return self.sequence.update(d.pu, delta) or [Heartbeat(ts, self.v)]

    def snapshot(self, ts: int, d: m.Snapshot) -> list[Event]:
        bid_px, bid_sz = self._levels(d.bids)
        ask_px, ask_sz = self._levels(d.asks)
        event = BookSnapshot(ts, _ns(d.E), self.i, d.lastUpdateId, bid_px, bid_sz, ask_px, ask_sz)
        if self.ticks.zero and (0 in bid_px or 0 in ask_px):
            raise WireError("a snapshot with a price of 0")
        return self.sequence.snapshot(event) or [Heartbeat(ts, self.v)]

    def _levels(self, texts: m.Levels) -> tuple[list[int], list[int]]:
        """Prices in ticks and sizes in lots."""
        px, sz = self.ticks, self.lots
        prices: list[int] = []
        sizes: list[int] = []
        for price, size in texts:  # one loop: faster than a list comprehension for each
            prices.append(px[price])
            sizes.append(sz[size])
        return prices, sizes

    def ticker(self, ts: int, d: m.Ticker) -> list[Event]:
        if d.u <= self.ticker_id:
            return [Heartbeat(ts, self.v)]
        px, sz, at = self.ticks, self.lots, d.E
        stamp = at * 1_000_000 if at < MICROS else at * 1_000
        event = BestQuote(ts, stamp, self.i, d.u, px[d.b], sz[d.B], px[d.a], sz[d.A])
        self.ticker_id = d.u
        return [event]

    def trade(self, ts: int, d: m.PublicTrade) -> list[Event]:
        """Trades outside the book (insurance fund, ADL) and repeated ids are passed over."""
        px, sz = self.ticks[d.p], self.lots[d.q]
        if d.t <= self.trade_id or d.X != "MARKET" or not px or not sz:
            return [Heartbeat(ts, self.v)]
        self.trade_id, self.singles = d.t, True
        return [Trade(ts, _ns(d.T), self.i, d.t, px, sz, -1 if d.m else 1)]

    def agg_trade(self, ts: int, d: m.AggTrade) -> list[Event]:
        """Used where single trades do not come by themselves."""
        px, sz = self.ticks[d.p], self.lots[d.q]
        if self.singles or d.f <= self.trade_id or d.l < d.f or not px or not sz:
            return [Heartbeat(ts, self.v)]
        self.trade_id = d.l
        return [Trade(ts, _ns(d.T), self.i, d.l, px, sz, -1 if d.m else 1)]

    def mark(self, ts: int, d: m.Mark) -> list[Event]:
        mark, index, rate = _scaled(d.p, 8), _scaled(d.i, 8), _scaled(d.r, 10)
        return [MarkPrice(ts, _ns(d.E), self.i, mark, index, rate, _ns(d.T))]

    def forced(self, ts: int, d: m.Forced) -> list[Event]:
        order = d.o
        side = 1 if order.S == "BUY" else -1
        return [Liquidation(ts, _ns(order.T), self.i, self.ticks[order.p], self.lots[order.q], side)]

    def refine(self, ts: int, off: OffGrid) -> GridRefined:
        """A finer tick or lot for what did not fit; everything kept is scaled with it."""
        step, factor = finer(off.units.step, off.text)
        tick, lot = (step, self.lots.step) if off.units is self.ticks else (self.ticks.step, step)
        if parse_step(tick)[1] + parse_step(lot)[1] > PRODUCT_DECIMALS_MAX:
            raise WireError(f"{off.text[:40]!r} would make tick {tick} x lot {lot} finer than money is counted")
        px, sz = (factor, 1) if off.units is self.ticks else (1, factor)
        off.units.refine(step)
        self.sequence.rescale(px, sz)
        self.instrument = msgspec.structs.replace(self.instrument, tick=tick, lot=lot)
        return GridRefined(ts, self.i, tick, lot, px, sz)


def _scaled(text: str, places: int) -> int:
    """Signed decimal text times 10**places, cut toward zero (only marks and rates may be that fine); "" is 0."""
    if not text:
        return 0
    value = signed_decimal(text)
    if abs(value) >= 10**9:
        raise WireError(f"{text[:40]!r} is no price or rate")
    return int(value.scaleb(places))


def signed_decimal(text: str) -> Decimal:
    """A plain decimal text with an optional minus; WireError for anything else."""
    if _SIGNED.fullmatch(text) is None:
        raise WireError(f"{text[:40]!r} is no plain decimal number")
    return Decimal(text)


def _combined(shape: type) -> msgspec.json.Decoder[Any]:
    return msgspec.json.Decoder(msgspec.defstruct(f"Combined{shape.__name__}", [("data", shape)], gc=False))


#: kind -> (shape, what the feed does with it).
_METHODS: dict[int, tuple[type, Callable[..., list[Event]]]] = {
    m.DEPTH: (m.Depth, Feed.depth),
    m.TICKER: (m.Ticker, Feed.ticker),
    m.TRADE: (m.PublicTrade, Feed.trade),
    m.AGG: (m.AggTrade, Feed.agg_trade),
    m.MARK: (m.Mark, Feed.mark),
    m.FORCED: (m.Forced, Feed.forced),
}
_Readers = dict[int, tuple[msgspec.json.Decoder[Any], Callable[..., list[Event]]]]
_IN_STREAM: _Readers = {kind: (_combined(shape), method) for kind, (shape, method) in _METHODS.items()}
_BARE: _Readers = {kind: (msgspec.json.Decoder(shape), method) for kind, (shape, method) in _METHODS.items()}
_SNAPSHOT = msgspec.json.Decoder(m.Snapshot)


class Decoder:
    """Frames of one connection or file. `default` is the feed of snapshots that name no symbol; a symbol in `ignored`
    belongs to the source but is not wanted."""

    __slots__ = ("_streams", "_v", "default", "feeds", "ignored")

    def __init__(
        self, v: int, feeds: Mapping[str, Feed], default: Feed | None, ignored: frozenset[str] = frozenset()
    ) -> None:
        self._v = v
        self.feeds = dict(feeds)
        self.default = default
        self.ignored = ignored
        #: first bytes of a combined frame, up to the end of its stream's name -> how it is read
        self._streams: dict[bytes, tuple[Callable[[bytes], Any], Callable[..., list[Event]]]] = {}

    def decode(self, ts: int, body: bytes) -> list[Event]:
        """Events of one frame received at `ts`; WireError when it cannot be read."""
        known = self._streams.get(body[: body.find(b'"', 11, 75)])
        if known is None:
            return self._seldom(ts, body)
        try:
            message = known[0](body).data
            feed = self.feeds.get(message.s)
            if feed is not None:
                try:
                    return known[1](feed, ts, message)
                except OffGrid:
                    pass  # seldom: the way below refines the grid
            return self._apply(ts, known[1], message)
        except WireError:
            raise
        except _UNREADABLE as error:
            raise WireError(_reason(error)) from None

    def _seldom(self, ts: int, body: bytes) -> list[Event]:
        """A frame of a stream that was not seen yet, or of none."""
        try:
            if body.startswith(_PREFIX):
                at = body.find(b"@", 11, 64)
                kind = m.STREAMS.get(body[at + 1 : body.find(b'"', at)], -1) if at > 0 else -1
                if kind >= 0:
                    decoder, method = _IN_STREAM[kind]
                    end = body.find(b'"', 11, 75)
                    if kind != m.FORCED and 0 < at < end and len(self._streams) < STREAMS_MAX:
                        self._streams[body[:end]] = decoder.decode, method
                    return self._apply(ts, method, decoder.decode(body).data)
            return self._slow(ts, body)
        except WireError:
            raise
        except _UNREADABLE as error:
            raise WireError(_reason(error)) from None

    def _slow(self, ts: int, body: bytes | msgspec.Raw) -> list[Event]:
        body, probe = _inner(body)
        kind = m.kind_of(probe)
        if kind == m.SNAPSHOT:
            return self._apply(ts, Feed.snapshot, _SNAPSHOT.decode(body))
        if kind == m.OTHER:
            return [Heartbeat(ts, self._v)]
        decoder, method = _BARE[kind]
        return self._apply(ts, method, decoder.decode(body))

    def _apply(self, ts: int, method: Callable[..., list[Event]], message: object) -> list[Event]:
        feed = self._feed(message)
        if feed is None:
            return [Heartbeat(ts, self._v)]
        refined: list[Event] = []
        while True:
            try:
                events = method(feed, ts, message)
            except OffGrid as off:
                refined.append(feed.refine(ts, off))
                continue
            except WireError as error:
                if refined:  # the grid has changed already: that must be told, and the message is still refused
                    raise RefinedError(str(error), refined) from None
                raise
            return refined + events if refined else events

    def _feed(self, message: object) -> Feed | None:
        if isinstance(message, m.Snapshot):
            symbol = message.symbol
            if not symbol:
                if self.default is None:
                    raise WireError("a snapshot that names no symbol, from a source of several")
                return self.default
        else:
            symbol = message.o.s if isinstance(message, m.Forced) else message.s  # type: ignore[attr-defined]
        feed = self.feeds.get(symbol)
        if feed is None and symbol not in self.ignored:
            raise WireError(f"symbol {symbol[:40]!r} does not belong to this source")
        return feed


def _inner(body: bytes | msgspec.Raw) -> tuple[bytes | msgspec.Raw, m.Probe]:
    """The message itself, out of a combined frame where there is one, and what it shows of itself."""
    probe = _probe(body)
    if not probe.data:
        return body, probe
    return probe.data, m.Probe() if m.PARTIAL.search(probe.stream) else _probe(probe.data)


def _probe(body: bytes | msgspec.Raw) -> m.Probe:
    """Other shapes than objects (arrays of all-market streams) are none of ours."""
    if bytes(body).lstrip()[:1] == b"[":
        msgspec.json.decode(body)
        return m.Probe()
    try:
        return m.PROBE.decode(body)
    except msgspec.ValidationError:
        if isinstance(msgspec.json.decode(body), dict):
            return m.Probe()
        raise


def _reason(error: Exception) -> str:
    if isinstance(error, msgspec.ValidationError):
        return f"not the message that it says it is: {error}"
    if isinstance(error, msgspec.DecodeError):
        return f"no JSON: {error}"
    return f"unreadable: {type(error).__name__}"


def identify(body: bytes) -> tuple[str, str]:
    """Market id and symbol of one frame, "" where it does not tell. WireError when it cannot be read."""
    try:
        outer = _probe(body)
        probe = _inner(body)[1]
        symbol = probe.s or probe.symbol
        if probe.e == "forceOrder" and probe.o:
            symbol = msgspec.json.decode(probe.o, type=m.Probe).s
        named = outer.stream.partition("@")[0]
    except _UNREADABLE as error:
        raise WireError(_reason(error)) from None
    if symbol and not profile.is_symbol(symbol):
        raise WireError(f"{symbol[:40]!r} is no symbol")
    if symbol and named and named[0] != "!" and named != symbol.lower():
        raise WireError(f"symbol {symbol[:40]!r} in a stream of {named[:40]!r}")
    return _market(probe, symbol), symbol


def _market(probe: m.Probe, symbol: str) -> str:
    if symbol and profile.is_coinm(symbol):
        return profile.COINM.id
    futures = ""
    if probe.e == "depthUpdate":
        futures = "y" if probe.pu >= 0 else "n"
    elif probe.e in ("trade", "aggTrade"):
        futures = "n" if probe.M is not None else "y"
    elif probe.e in ("markPriceUpdate", "forceOrder", "bookTicker"):
        futures = "y"
    elif m.kind_of(probe) == m.TICKER:
        futures = "n"
    elif m.kind_of(probe) == m.SNAPSHOT:
        futures = "y" if probe.E >= 0 else "n"
    return {"y": profile.USDM.id, "n": profile.SPOT.id}.get(futures, "")
