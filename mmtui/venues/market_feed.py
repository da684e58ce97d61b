"""What one instrument's public messages need to be understood: its grid, its place in the sequence, its marks.

Rules of this file: texts and ids in, events out; a method converts everything before it changes anything, so that it
can be called again on a finer grid; no message shape of any venue.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal

import msgspec

from mmtui.core.events import (
    BestQuote,
    BookDelta,
    BookGap,
    BookSnapshot,
    Event,
    GridRefined,
    Liquidation,
    MarkPrice,
    Trade,
)
from mmtui.core.market.instrument import Instrument
from mmtui.venues.binance.grid import PRODUCT_DECIMALS_MAX, OffGrid, Units, WireError, finer, parse_step
from mmtui.venues.binance.sequence import Sequence as UpdateSequence
from mmtui.venues.numbers import scaled
from mmtui.venues.top_book import TopBook

Levels = Iterable[Sequence[str]]  # price, size, and whatever the venue adds


#: An offset beyond this has no honest cause.
IDS_MAX = 1 << 60


class Feed:
    """State of one instrument's stream. `i` is its place in the session's table.

    `last` is the id that the next update must follow (-1: none known), `valid` whether the book is what the venue has.
    `as_sent`: the ids of events are the venue's even where they step back, for people who read them.
    """

    __slots__ = (
        "as_sent",
        "fence",
        "funding",
        "gaps",
        "high",
        "i",
        "index",
        "instrument",
        "last",
        "lots",
        "mark",
        "next_funding",
        "offset",
        "quoted",
        "raw",
        "sequence",
        "ticks",
        "top",
        "trade_id",
        "valid",
    )

    def __init__(self, instrument: Instrument, i: int, as_sent: bool = False) -> None:
        self.instrument = instrument
        self.i = i
        self.as_sent = as_sent
        self.ticks = Units(instrument.tick)
        self.lots = Units(instrument.lot)
        self.last = -1
        self.valid = False
        self.gaps = 0
        self.trade_id = -1
        self.top: TopBook | None = None  # best levels as the venue wrote them, where a checksum needs them
        self.sequence: UpdateSequence | None = None  # where updates join a snapshot of the REST interface
        # Ids of events never step back, though a venue's may: at a restart, or with a new connection.
        self.raw = 0  # the venue's id of the last book event
        self.offset = 0  # added to the venue's ids
        self.high = 0  # greatest id that was told
        self.fence = 1 << 62  # the venue's id before the ids stepped back: a quote beyond it is of that time
        self.quoted: dict[str, str] = {}  # fields of a ticker that is told in parts
        self.mark = self.index = self.funding = self.next_funding = 0

    # -- book ----------------------------------------------------------------------------------------------------

    def snapshot(self, ts: int, ts_event: int, seq: int, bids: Levels, asks: Levels) -> BookSnapshot:
        """A whole book; levels of size 0 are left out. The caller says that it is valid, with `begin`."""
        px, sz = self.ticks, self.lots
        bid = [(p, q) for p, q in [(px[level[0]], sz[level[1]]) for level in bids] if q]
        ask = [(p, q) for p, q in [(px[level[0]], sz[level[1]]) for level in asks] if q]
        bid_px, bid_sz = [p for p, _ in bid], [q for _, q in bid]
        ask_px, ask_sz = [p for p, _ in ask], [q for _, q in ask]
        if 0 in bid_px or 0 in ask_px:
            raise WireError("a snapshot with a price of 0")
        return BookSnapshot(ts, ts_event, self.i, self._told(seq), bid_px, bid_sz, ask_px, ask_sz)

    def delta(self, ts: int, ts_event: int, first: int, seq: int, bids: Levels, asks: Levels) -> BookDelta:
        """Absolute sizes of some levels."""
        px, sz = self.ticks, self.lots
        bid_px, bid_sz = [px[level[0]] for level in bids], [sz[level[1]] for level in bids]
        ask_px, ask_sz = [px[level[0]] for level in asks], [sz[level[1]] for level in asks]
        if 0 in bid_px or 0 in ask_px:
            raise WireError("an update with a price of 0")
        told = self._told(seq)
        return BookDelta(ts, ts_event, self.i, told - max(seq - first, 0), told, bid_px, bid_sz, ask_px, ask_sz)

    def _told(self, raw: int) -> int:
        """The id of a book event. Where the venue's ids step back, those that are told go on from the greatest."""
        if self.as_sent or self.sequence is not None:
            return raw
        if raw < self.raw:
            if self.offset > IDS_MAX:
                raise WireError("ids that step back again and again")
            self.fence, self.offset = self.raw, self.high + 1 - raw
        self.raw = raw
        if raw >= self.fence:
            self.fence = 1 << 62
        told = raw + self.offset
        self.high = max(self.high, told)
        return told

    def follow(self, other: Feed) -> None:
        """Go on with the ids of another connection's feed of the same instrument."""
        self.raw, self.offset, self.high, self.fence = other.raw, other.offset, other.high, other.fence
        self.trade_id = other.trade_id
        self.mark, self.index, self.funding, self.next_funding = (
            other.mark, other.index, other.funding, other.next_funding,
        )  # fmt: skip

    def begin(self, last: int) -> None:
        """A snapshot has made the book valid."""
        self.last, self.valid = last, True

    def link(self, ts: int, expected: int, got: int, last: int, why: str) -> list[Event]:
        """The place of an update in the sequence; [] when it follows (or nothing is known yet), else the gap."""
        known = self.last >= 0
        self.last = last
        if not known or expected == got:
            return []
        return [self.lose(ts, expected, got, why)]

    def lose(self, ts: int, expected: int, got: int, why: str) -> BookGap:
        """The book is invalid until the next snapshot."""
        self.valid = False
        self.top = None
        self.gaps += 1
        return BookGap(ts, self.i, expected, got, why)

    # -- the rest ------------------------------------------------------------------------------------------------

    def quote(self, ts: int, ts_event: int, seq: int, bid: Sequence[str], ask: Sequence[str]) -> BestQuote:
        """Best bid and ask as (price, size); an empty side is ("0", "0")."""
        px, sz = self.ticks, self.lots
        bid_px, bid_sz, ask_px, ask_sz = px[bid[0]], sz[bid[1]], px[ask[0]], sz[ask[1]]
        told = (self.raw if seq >= self.fence else seq) + self.offset
        self.high = max(self.high, told)
        return BestQuote(ts, ts_event, self.i, told, bid_px, bid_sz, ask_px, ask_sz)

    def trade(self, ts: int, ts_event: int, trade_id: int, price: str, size: str, side: int) -> list[Event]:
        """A public trade, side the taker's; [] for one that is nothing."""
        px, sz = self.ticks[price], self.lots[size]
        return [Trade(ts, ts_event, self.i, trade_id, px, sz, side)] if px and sz else []

    def next_trade(self, ts: int, ts_event: int, trade_id: int, price: str, size: str, side: int) -> list[Event]:
        """`trade` of a venue whose ids ascend: one that has been told is passed over."""
        if trade_id <= self.trade_id:
            return []
        events = self.trade(ts, ts_event, trade_id, price, size, side)
        self.trade_id = trade_id
        return events

    def liquidation(self, ts: int, ts_event: int, price: str, size: str, side: int) -> list[Event]:
        """A forced order, side that order's. Price and size need not lie on the grid: cut to it where it is known."""
        px, sz = self._near(self.ticks, price), self._near(self.lots, size)
        return [Liquidation(ts, ts_event, self.i, px, sz, side)] if px and sz else []

    def marks(
        self,
        ts: int,
        ts_event: int,
        mark: str | None = None,
        index: str | None = None,
        funding: str | None = None,
        next_funding: int | None = None,
    ) -> list[Event]:
        """The latest of all four, of which a message may tell only some (None: not told)."""
        new = (
            self.mark if mark is None else scaled(mark, 8),
            self.index if index is None else scaled(index, 8),
            self.funding if funding is None else scaled(funding, 10),
            self.next_funding if next_funding is None else next_funding,
        )
        self.mark, self.index, self.funding, self.next_funding = new
        return [MarkPrice(ts, ts_event, self.i, *new)]

    def _near(self, units: Units, text: str) -> int:
        """Whole steps in a text that may lie between two; only a grid that is guessed is made finer for it."""
        try:
            return units[text]
        except OffGrid as off:
            if self.instrument.grid == "inferred" and self._fits(*self._finer(off)[:2]):
                raise
            return int(Decimal(text) / Decimal(units.step))

    def _finer(self, off: OffGrid) -> tuple[str, str, int, int]:
        """Tick and lot on which a text lies, and the old ones over these."""
        step, factor = finer(off.units.step, off.text)
        if off.units is self.ticks:
            return step, self.lots.step, factor, 1
        return self.ticks.step, step, 1, factor

    def _fits(self, tick: str, lot: str) -> bool:
        return parse_step(tick)[1] + parse_step(lot)[1] <= PRODUCT_DECIMALS_MAX

    def refine(self, ts: int, off: OffGrid) -> GridRefined:
        """A finer tick or lot for what did not fit."""
        tick, lot, px, sz = self._finer(off)
        if not self._fits(tick, lot):
            raise WireError(f"{off.text[:40]!r} would make tick {tick} x lot {lot} finer than money is counted")
        self.regrid(tick, lot, px, sz)
        return GridRefined(ts, self.i, tick, lot, px, sz)

    def regrid(self, tick: str, lot: str, px: int, sz: int) -> None:
        """A finer grid, found here or elsewhere; `px` is the old tick over the new, `sz` the old lot."""
        self.ticks.refine(tick)
        self.lots.refine(lot)
        if self.top is not None:
            self.top.rescale(px)
        if self.sequence is not None:
            self.sequence.rescale(px, sz)
        self.instrument = msgspec.structs.replace(self.instrument, tick=tick, lot=lot)
