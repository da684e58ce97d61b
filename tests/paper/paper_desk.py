"""A desk for tests of the paper venue: one venue, its books, and hands that move time and the market."""

from __future__ import annotations

from mmtui.core.effects import PlaceOrder
from mmtui.core.events import (
    BestQuote,
    BookDelta,
    BookGap,
    BookSnapshot,
    Fill,
    GridRefined,
    OrderAccepted,
    QueueUpdate,
    Trade,
)
from mmtui.core.market.book import OrderBook
from mmtui.core.market.instrument import Instrument
from mmtui.core.quoting.params import Quoting
from mmtui.core.setup import DeskSetup, InstrumentSetup, PaperSetup
from mmtui.venues.paper.venue import PaperVenue

MS = 1_000_000


def instrument(symbol="AB", kind="linear", **changes):
    fields = {
        "id": f"x:{symbol}", "venue": "x", "symbol": symbol, "kind": kind, "base": "A", "quote": "B",
        "settle": "A" if kind == "inverse" else "B", "tick": "1", "lot": "0.01", "maker_bps": "2",
        "taker_bps": "4", "min_notional": "5",
    }
    return Instrument(**{**fields, **changes})


class Desk:
    """One venue, its books, and the hands of a tester: time moves by market events and by `answers`."""

    def __init__(self, *instruments, seed=7, **paper):
        instruments = instruments or (instrument(),)
        self.setup = DeskSetup(
            name="t", mode="paper", currency="B", equity="1000", venues=["x"], paper=PaperSetup(**paper),
            instruments=[InstrumentSetup(instrument=item, quoting=Quoting()) for item in instruments],
        )
        self.books = [OrderBook() for _ in instruments]
        self.venue = PaperVenue(self.setup, self.books, seed)
        self.now = 0
        self.seq = 0
        self.got = []

    def market(self, event):
        self.answers(event.ts)
        self.now = event.ts
        self.venue.on_market(event)
        book = self.books[event.i]
        if isinstance(event, BookSnapshot):
            book.snapshot(event)
        elif isinstance(event, BookDelta):
            book.delta(event)
        elif isinstance(event, BestQuote):
            book.best_quote(event)
        elif isinstance(event, BookGap):
            book.invalidate("gap")
        elif isinstance(event, GridRefined):
            book.rescale(event.px_factor, event.sz_factor)

    def answers(self, until):
        new = []
        while self.venue.next_ts() <= until:
            due = self.venue.next_ts()
            event = self.venue.pop()
            assert event.ts == due
            new.append(event)
            self.now = max(self.now, due)
        self.now = max(self.now, until)
        self.got += new
        return new

    def later(self, ms=50):
        return self.answers(self.now + ms * MS)

    def snapshot(self, bids, asks, i=0):
        self.seq += 1
        self.now += MS
        bid_px, bid_sz = map(list, zip(*bids, strict=True))
        ask_px, ask_sz = map(list, zip(*asks, strict=True))
        self.market(BookSnapshot(self.now, self.now, i, self.seq, bid_px, bid_sz, ask_px, ask_sz))

    def delta(self, bids=(), asks=(), i=0):
        self.seq += 1
        self.now += MS
        pairs = [[px for px, _ in bids], [sz for _, sz in bids], [px for px, _ in asks], [sz for _, sz in asks]]
        self.market(BookDelta(self.now, self.now, i, self.seq, self.seq, *pairs))

    def quote(self, bid, bid_sz, ask, ask_sz):
        self.seq += 1
        self.now += MS
        self.market(BestQuote(self.now, self.now, 0, self.seq, bid, bid_sz, ask, ask_sz))

    def trade(self, px, sz, side, ts_event=None):
        self.now += MS
        self.market(Trade(self.now, self.now if ts_event is None else ts_event, 0, 1, px, sz, side))

    def place(self, oid, side, px, sz, tif="GTX", reduce_only=False, i=0):
        self.venue.send(PlaceOrder(i, oid, side, px, sz, tif, reduce_only, "quote", 0), self.now)

    def fills(self):
        return [(event.oid, event.px, event.sz, event.maker) for event in self.got if isinstance(event, Fill)]

    def ahead(self):
        self.later(500)
        places = {}
        for event in self.got:
            if isinstance(event, OrderAccepted):
                places[event.oid] = event.ahead
            elif isinstance(event, QueueUpdate):
                places.update(zip(event.oids, event.ahead, strict=True))
        return places


BIDS = [(1000, 50), (999, 80), (998, 100)]
ASKS = [(1002, 40), (1003, 60), (1004, 100)]
