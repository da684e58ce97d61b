"""Everything that comes from the market, and the quotes that follow from it.

Rules of this file: changes books, references and the quoters' ladders; orders leave through order_side.py.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

import msgspec

from mmtui.core import events as ev
from mmtui.core.market.book import OrderBook
from mmtui.core.quoting.model import fair_value
from mmtui.core.quoting.quoter import Quoter
from mmtui.core.risk.states import Desk

if TYPE_CHECKING:
    from mmtui.core.engine import Engine


class MarketSide:
    """Handlers of market events of the engine that owns it, and its quoting."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.books = engine.books
        self.prints = engine.prints
        self.quoters = engine.quoters
        self.accounts = engine.accounts
        self.protections = engine.protections
        self.sources = engine.sources
        self.dependents: list[list[int]] = []
        self.link_sources()

    def best_quote(self, event: ev.BestQuote) -> None:
        i = event.i
        book = self.books[i]
        book.messages += 1
        book.best_quote(event)
        self._moved(i, event.ts, book)

    def delta(self, event: ev.BookDelta) -> None:
        i = event.i
        book = self.books[i]
        if event.seq > book.high_seq:  # an update that is replayed onto a snapshot was counted when it came
            book.high_seq = event.seq
            book.messages += 1
        book.delta(event)
        self._moved(i, event.ts, book)

    def snapshot(self, event: ev.BookSnapshot) -> None:
        i = event.i
        book = self.books[i]
        book.messages += 1
        book.snapshot(event)
        self._moved(i, event.ts, book)

    def trade(self, event: ev.Trade) -> None:
        i = event.i
        self.books[i].messages += 1
        self.prints[i].append((event.ts, event.px, event.sz, event.side))
        self.protections.seen[i] = event.ts
        pricing = self.quoters[i].pricing
        if pricing is not None:
            pricing.observe(event.ts_event, event.side, event.px, self.accounts[i].references.before(event.ts_event))

    def _moved(self, i: int, ts: int, book: OrderBook) -> None:
        """The touch of a book may have moved: reference, volatility, quotes."""
        self.protections.seen[i] = ts
        bid, ask = book.bid, book.ask
        quoter = self.quoters[i]
        if not (book.valid and 0 < bid < ask):
            if quoter.active:
                self.engine.trip(i, self.protections.condition(i, ts) or "bad book")
            else:
                self.protections.good_since[i] = 0
            return
        references = self.accounts[i].references
        mid2 = bid + ask
        if not references.mids or references.mids[-1] != mid2:
            references.note(ts, mid2)
            quoter.volatility.note(ts, mid2)
        if quoter.active:
            self._quote(quoter, ts, book)
        elif not self.protections.ready[i] and self.protections.lift(i, ts):
            self.protections.ready[i] = True
            self.engine.activate(i)
        for j in self.dependents[i]:
            follower = self.quoters[j]
            if follower.active and self.books[j].quotable:
                self._quote(follower, ts, self.books[j])

    def gap(self, event: ev.BookGap) -> None:
        book = self.books[event.i]
        book.gaps += 1
        book.invalidate("gap")
        self.protections.seen[event.i] = event.ts
        text = f"sequence gap: expected {event.expected}, got {event.got} ({event.why})"
        self.engine.alert("warn", "gap", text, event.i)
        if not self.protections.reasons[event.i]:
            self.engine.trip(event.i, "gap")
        else:
            self.protections.again(event.i, "gap")

    def mark_price(self, event: ev.MarkPrice) -> None:
        self.books[event.i].messages += 1
        last = self.engine.marks[event.i]
        if last is not None and event.next_funding > last.next_funding:
            self.engine.settle(event.i, last)  # the new period came before our timer did
        self.engine.marks[event.i] = event
        self.protections.seen[event.i] = event.ts

    def alive(self, event: ev.Liquidation) -> None:
        self.books[event.i].messages += 1
        self.protections.seen[event.i] = event.ts

    def heartbeat(self, event: ev.Heartbeat) -> None:
        for i, v in enumerate(self.engine.venue_of):
            if v == event.v:
                self.protections.seen[i] = event.ts

    def feed_status(self, event: ev.FeedStatus) -> None:
        self.protections.connected[event.v] = event.connected
        venue = self.engine.setup.venues[event.v]
        if event.connected:
            self.engine.alert("info", "feed", f"{venue} feed up: {event.why}", v=event.v)
            return
        self.engine.alert("warn", "feed", f"{venue} feed down: {event.why}", v=event.v)
        for i, v in enumerate(self.engine.venue_of):
            if v == event.v:
                self.books[i].invalidate("feed down")
                if not self.protections.reasons[i]:
                    self.engine.trip(i, "feed down")
                else:
                    self.protections.again(i, "feed down")

    def source_ended(self, event: ev.SourceEnded) -> None:
        self.engine.ended = True
        if self.engine.lattice.desk < Desk.PAUSED:
            self.engine.set_state(-1, -1, Desk.PAUSED, "SOURCE ENDED")
        self.engine.alert("warn", "ended", f"SOURCE ENDED: {event.source}")

    def damage(self, event: ev.Damage) -> None:
        self.engine.damaged[event.source] = event.count
        if event.count <= 3 or event.count % 100 == 0:
            text = f"{event.source}: line {event.line}: {event.what} (damaged so far: {event.count})"
            self.engine.alert("warn", "damage", text)

    def refined(self, event: ev.GridRefined) -> None:
        """A finer tick or lot: everything that counts in ticks or lots is multiplied, nothing changes its worth."""
        i, px, sz = event.i, event.px_factor, event.sz_factor
        instrument = msgspec.structs.replace(self.accounts[i].instrument, tick=event.tick, lot=event.lot)
        self.books[i].rescale(px, sz)
        self.prints[i] = deque(((t, p * px, q * sz, s) for t, p, q, s in self.prints[i]), maxlen=64)
        self.engine.tracker.rescale(i, px, sz)
        self.accounts[i].rescale(instrument, px, sz)
        self.quoters[i].rescale(self.accounts[i].grid, px, sz)
        self.engine.gate.position_limits[i] = self.quoters[i].limit
        self.engine.gate.baselines[i] *= sz
        self.engine.tasks.rescale(i, px, sz)
        self.engine.hedger.rescale(i, px)
        self.engine.tickets.rescale(i, px, sz)
        self.engine.ledger.regrid()
        self.engine.version += 1

    def link_sources(self) -> None:
        """Who is priced from whom; called again when fair_source changes."""
        self.dependents = [[] for _ in self.quoters]
        for i, quoter in enumerate(self.quoters):
            params = quoter.params
            self.sources[i] = self.engine.setup.index(params.fair_source) if params.fair_value == "other" else -1
            if self.sources[i] >= 0:
                self.dependents[self.sources[i]].append(i)

    def _quote(self, quoter: Quoter, ts: int, book: OrderBook) -> None:
        """The hot path: fair value, prices, and only if they changed the ladder. A strategy that fails pulls its own
        quotes and nothing else."""
        try:
            bid, ask = book.bid, book.ask
            if quoter.micro:
                bid_sz, ask_sz = book.bid_sz, book.ask_sz
                fair = (bid * ask_sz + ask * bid_sz) / (bid_sz + ask_sz)
            else:
                source = self.sources[quoter.i]
                fair = fair_value(book, quoter.params, self._other(quoter.i, source) if source >= 0 else 0.0)
                if fair <= 0:
                    return
            # below a small part of the tolerance a move of fair value cannot move an order
            if (
                not quoter.dirty
                and -quoter.deaf < fair - quoter.fair < quoter.deaf
                and bid == quoter.bid
                and ask == quoter.ask
            ):
                return
            if quoter.reprice(bid, ask, fair, self.accounts[quoter.i].position, ts):
                self._ladder(quoter, ts)
        except Exception as error:  # whatever a step of the pipeline raises: said, and the instrument is safe
            self.engine.trip(quoter.i, f"quoting failed: {type(error).__name__}")
            quoter.dirty = True

    def fair(self, quoter: Quoter, ts: int, book: OrderBook) -> float:
        """Fair value in ticks by a quoter's parameters, for those who look; 0.0 when it has none."""
        source = self.sources[quoter.i]
        return fair_value(book, quoter.params, self._other(quoter.i, source) if source >= 0 else 0.0)

    def _other(self, i: int, source: int) -> float:
        """Mid of the fair source in ticks of instrument i; 0.0 when it has none."""
        book = self.books[source]
        return book.mid2() / 2 * float(self.accounts[source].grid.tick) / float(self.accounts[i].grid.tick)

    def _ladder(self, quoter: Quoter, ts: int) -> None:
        """Bring the orders of both sides to the wanted prices and sizes."""
        i = quoter.i
        position = self.accounts[i].position
        quoter.resize(position, ts)
        quoter.dirty = False
        band = quoter.tolerance()
        for side in (1, -1):
            want = quoter.want[0] if side > 0 else quoter.want[1]
            sizes = quoter.sizes[side]
            held = quoter.hold[side] > ts
            reason = f"cancelled by {quoter.hold_by[side]}" if held else ""
            waiting = False
            slots = quoter.slots[side]
            for k, order in enumerate(slots):
                px, sz = (want[k], sizes[k]) if k < len(want) and not held else (0, 0)
                if order is not None:
                    keep = quoter.keep(order, px, sz, ts, band)
                    waiting = waiting or keep is not False
                    if keep is False:
                        self.engine.orders.cancel(order)
                    continue
                if sz <= 0:
                    reason = reason or self._no_size(quoter, side, position)
                elif ts >= self.engine.orders.reject_until[i]:
                    tif = "GTX" if quoter.params.post_only else "GTC"
                    why = self.engine.orders.place(i, side, px, sz, tif, "quote", k)
                    if why:
                        reason = reason or why
                    else:
                        waiting = True
                else:
                    reason = reason or "after a reject"
            quoter.reasons[side] = "" if waiting else reason or "between orders"

    def _no_size(self, quoter: Quoter, side: int, position: int) -> str:
        if quoter.reduce_mode and side * position >= 0:
            return "REDUCE"
        if quoter.guard and side * position >= 0:
            return quoter.guard
        if quoter.limit - side * position <= 0:
            return "position limit"
        return "position at 90 % of its limit" if quoter.full(side, position) else "size below one lot"

    def requote(self, i: int) -> None:
        """Decide again, whatever the book did: parameters, position, orders or state have changed."""
        quoter, book = self.quoters[i], self.books[i]
        if quoter.active and book.quotable:
            quoter.dirty = True
            self._quote(quoter, self.engine.ts, book)
