"""A desk to try things on: builders of setups and market events, an engine with the paper venue, and a faulty venue.

Prices in ticks and sizes in lots; instants start at DAY0 (a UTC midnight) and move only by what a test feeds.
"""

from __future__ import annotations

import json

from mmtui.core.effects import Alert, CancelAll, CancelOrder, PlaceOrder, QueryOpenOrders, Result
from mmtui.core.engine import Engine
from mmtui.core.events import (
    BestQuote,
    BookDelta,
    BookGap,
    BookSnapshot,
    CancelAllDone,
    Command,
    Fill,
    HostStarted,
    OpenOrders,
    OrderAccepted,
    OrderCancelled,
    Timer,
)
from mmtui.core.market.instrument import Instrument
from mmtui.core.orders.table import State
from mmtui.core.orders.tracker import Order
from mmtui.core.quoting.params import Quoting
from mmtui.core.risk.limits import Limits
from mmtui.core.runner import NEVER, Runner
from mmtui.core.setup import DeskSetup, InstrumentSetup, PaperSetup
from mmtui.venues.paper.venue import PaperVenue

MS = 1_000_000
SECOND = 1_000 * MS
DAY = 86_400 * SECOND
DAY0 = 20_000 * DAY
SPOT, LINEAR, INVERSE = 0, 1, 2

KINDS = {
    "spot": {"tick": "0.1", "lot": "0.001", "settle": "USDT", "quote": "USDT"},
    "linear": {"tick": "0.1", "lot": "0.001", "settle": "USDT", "quote": "USDT"},
    "inverse": {"tick": "0.1", "lot": "1", "settle": "BTC", "quote": "USD", "contract_size": "100"},
}


def instrument(kind="linear", venue="", **changes):
    venue = venue or {"spot": "cash", "linear": "perp", "inverse": "coin"}[kind]
    fields = {
        "id": f"{venue}:BTC",
        "venue": venue,
        "symbol": "BTC",
        "kind": kind,
        "base": "BTC",
        "maker_bps": "2",
        "taker_bps": "4",
        **KINDS[kind],
        **changes,
    }
    return Instrument(**fields)


def item(kind="linear", *, quote=True, target="0", max_position="1", baseline="", instrument_changes=None, **quoting):
    """One instrument of a desk. Defaults: one rung of 0.01 BTC (1 contract), 10 bps wide, moved at once."""
    size = 1.0 if kind == "inverse" else 0.01
    fields = {"size": size, "spread_bps": 10.0, "min_life_ms": 0, "requote_tolerance_bps": 0.0, "skew_bps": 0.0}
    if kind == "inverse":
        max_position = max_position if max_position != "1" else "500"
    return InstrumentSetup(
        instrument=instrument(kind, **(instrument_changes or {})),
        quoting=Quoting(**{**fields, **quoting}),
        quote=quote,
        target=target,
        max_position=max_position,
        baseline=baseline or ("100" if kind == "spot" else "0"),
    )


def setup_of(*items, limits=None, **changes):
    items = list(items or (item("linear"),))
    venues = list(dict.fromkeys(one.instrument.venue for one in items))
    fields = {"name": "t", "mode": "paper", "currency": "USDT", "equity": "1000000", "seed": 7, **changes}
    return DeskSetup(
        instruments=items, venues=venues, limits=Limits(**(limits or {})), paper=PaperSetup(jitter_ms=0.0), **fields
    )


def three(**changes):
    return setup_of(item("spot"), item("linear"), item("inverse"), **changes)


class Deaf:
    """An execution that takes every order and says nothing until a test makes it speak: every fault is a script."""

    def __init__(self, setup):
        self.venue_of = [setup.venues.index(one.instrument.venue) for one in setup.instruments]
        self.sent = []
        self.answers = []

    def on_market(self, event):
        pass

    def send(self, effect, now):
        self.sent.append(effect)

    def next_ts(self):
        return self.answers[0].ts if self.answers else NEVER

    def pop(self):
        return self.answers.pop(0)


def resting(side, px, lots, state=State.LIVE):
    """An own order, as the book shows it."""
    order = Order(PlaceOrder(0, 1, side, px, lots, "GTX", False, "quote", 0), DAY0)
    order.state = state
    return order


def slots_of(one):
    """Every attribute of an object without a dictionary, by name: mypyc keeps the names in a list of its own."""
    kind = type(one)
    names = getattr(kind, "__mypyc_attrs__", None) or kind.__slots__
    return {name: getattr(one, name) for name in names}


class Desk:
    """An engine behind the runner that the host uses, with a tester's hands."""

    def __init__(
        self, setup=None, execution="paper", start=True, cause="start", latched=None, seed=3, engine=Engine
    ):  # fmt: skip
        self.setup = setup or setup_of()
        self.engine = engine(self.setup)
        self.events, self.effects, self.results, self.alerts = [], [], [], []
        if execution == "paper":
            self.venue = PaperVenue(self.setup, self.engine.books, seed)
        else:
            self.venue = Deaf(self.setup)
        self.runner = Runner(self.engine, self.venue, self._record, lambda effect, now: None)
        self.runner.now = DAY0
        self.seq = 0
        self.commands = 0
        self.trades = 0
        self.after = None  # called after every event
        if start:
            self.runner.step(HostStarted(DAY0, 1, cause, latched or {}))

    def _record(self, event, effects):
        self.events.append(event)
        self.effects.append(list(effects))
        self.alerts += [effect for effect in effects if isinstance(effect, Alert)]
        self.results += [effect for effect in effects if isinstance(effect, Result)]
        if self.after is not None:
            self.after(event, effects)

    # -- time and market -----------------------------------------------------------------------------------------

    @property
    def now(self):
        return self.runner.now

    def wait(self, ms=1_000, alive=True):
        """Let time pass; `alive`: the venues keep sending (the same best quotes)."""
        end = self.now + ms * MS
        while self.now < end:
            step = min(end, self.now + 100 * MS)
            self.runner.advance(step)
            if alive:
                for i, book in enumerate(self.engine.books):
                    if book.valid and book.bid and book.ask:
                        self.quote(book.bid, book.ask, i=i, sizes=(book.bid_sz, book.ask_sz))

    def event(self, event):
        self.runner.feed(event)

    def book(self, bid=999_995, ask=1_000_005, i=0, size=10_000, levels=20, gap=1, ts=None):
        """A snapshot with `levels` levels of `size` lots a side."""
        self.seq += 1
        ts = ts or self.now + MS
        bids = [bid - k * gap for k in range(levels)]
        asks = [ask + k * gap for k in range(levels)]
        self.event(BookSnapshot(ts, ts, i, self.seq, bids, [size] * levels, asks, [size] * levels))

    def books(self, bid=999_995, ask=1_000_005, size=10_000):
        for i in range(len(self.setup.instruments)):
            self.book(bid, ask, i, size)

    def quote(self, bid, ask, i=0, sizes=(10_000, 10_000)):
        self.seq += 1
        ts = self.now + MS
        self.event(BestQuote(ts, ts, i, self.seq, bid, sizes[0], ask, sizes[1]))

    def delta(self, bids=(), asks=(), i=0):
        self.seq += 1
        ts = self.now + MS
        sides = [[p for p, _ in bids], [q for _, q in bids], [p for p, _ in asks], [q for _, q in asks]]
        self.event(BookDelta(ts, ts, i, self.seq, self.seq, *sides))

    def gap(self, i=0):
        self.event(BookGap(self.now + MS, i, self.seq + 1, self.seq + 5, "u"))

    def timer(self):
        """A beat, without waiting for the runner's own."""
        self.runner.step(Timer(self.now))

    # -- operator ------------------------------------------------------------------------------------------------

    def press(self, action, i=-1, v=-1, role="operator", operator="ann", version=0, reason="", cid="", **args):
        """An operator's act; its Result (None for a repeated id)."""
        self.commands += 1
        before = len(self.results)
        ident = cid or f"c{self.commands}"
        event = Command(self.now, ident, operator, role, "local", version, action, json.dumps(args), i, v, reason)
        self.runner.command(event)
        return self.results[before] if len(self.results) > before else None

    def running(self, **book):
        """Books on every instrument and quotes in the market."""
        for i in range(len(self.setup.instruments)):
            self.book(i=i, **book)
        result = self.press("start")
        assert result.ok, result.text
        self.wait(100)
        return self

    def halt(self, i=-1, reason="daily loss"):
        """A limit or a break, as the engine itself would find it."""
        self.engine.out = effects = []
        self.engine.halt(i, reason)
        for effect in effects:
            if isinstance(effect, CancelOrder):
                self.venue.send(effect, self.now)
        self.effects.append(effects)

    # -- what the venue says (Deaf) --------------------------------------------------------------------------------

    def step(self, event):
        self.runner.step(event)

    def accept(self, oid):
        order = self.engine.tracker.get(oid)
        self.step(OrderAccepted(self.now, self.now, order.i, oid, f"x{oid}"))

    def cancelled(self, oid, reason="requested"):
        order = self.engine.tracker.get(oid)
        self.step(OrderCancelled(self.now, self.now, order.i, oid, reason))

    def fill(self, oid, sz, px=0, trade="", i=0, side=1, fee="0", ts_event=0):
        order = self.engine.tracker.get(oid)
        if order is not None:
            i, side, px = order.i, order.side, px or order.px
        self.trades += 1
        ident = trade or f"t{self.trades}"
        self.step(Fill(self.now, ts_event or self.now, i, oid, ident, side, px, sz, True, fee, "USDT"))

    def trade_into(self, position, i=0, px=1_000_000, purpose="quote"):
        """Bring an instrument to a position by a fill of a known order (booked straight, without a venue)."""
        engine = self.engine
        side = 1 if position > engine.accounts[i].position else -1
        lots = abs(position - engine.accounts[i].position)
        effect = PlaceOrder(i, engine.tracker.next_oid, side, px, lots, "GTC", False, purpose, 99)
        engine.tracker.next_oid += 1
        engine.tracker.add(effect, self.now)
        self.fill(effect.oid, lots, px)
        if isinstance(self.venue, PaperVenue):
            self.venue._markets[i].position = position
        return effect.oid

    def answer_zero(self, v=0, endpoints=(1, 2), oids=()):
        """The venue answers its latest question about open orders."""
        query = max(e.query for e in self.all(QueryOpenOrders) if e.v == v)
        self.step(CancelAllDone(self.now, v, query))
        for endpoint in endpoints:
            self.step(OpenOrders(self.now, v, query, endpoint, list(oids)))

    # -- looking -------------------------------------------------------------------------------------------------

    def all(self, kind, since=0):
        return [effect for effects in self.effects[since:] for effect in effects if isinstance(effect, kind)]

    def places(self, since=0, purpose=""):
        return [e for e in self.all(PlaceOrder, since) if not purpose or e.purpose == purpose]

    def cancels(self, since=0):
        return self.all((CancelOrder, CancelAll), since)

    @property
    def mark(self):
        """A place in the record, for `since`."""
        return len(self.effects)

    def open(self, side=0, i=-1):
        return [o for o in self.engine.tracker.open.values() if (not side or o.side == side) and (i < 0 or o.i == i)]

    def one(self, side=1, i=0):
        (order,) = self.open(side, i)
        return order

    @property
    def state(self):
        return self.engine.lattice.desk.name

    def position(self, i=0):
        return self.engine.accounts[i].position
