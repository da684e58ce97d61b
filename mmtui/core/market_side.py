"""Everything that comes from the market, and the quotes that follow from it.

Rules of this file: changes books, references and the quoters' ladders; orders leave through order_side.py.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

import msgspec

from mmtui.core import events as ev
from mmtui.core import zone_side
from mmtui.core.ladder_side import LadderSide
from mmtui.core.market.book import OrderBook
from mmtui.core.quoting import params_fair, reasons, skew
from mmtui.core.quoting.fair import NOBODY, Feeds, fair_value, touch
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
        self.feeds = Feeds(self.books, self.prints, engine.marks, engine.ledger, self.protections)
        self.ladders = LadderSide(engine)
        self._ladder = self.ladders.bring
        self.dependents: list[list[int]] = []
        self.listeners: list[list[int]] = []  # who counts the trades of each market as its lead's
        self.link_sources()

    def best_quote(self, event: ev.BestQuote) -> None:
        i = event.i
        book = self.books[i]
        book.messages += 1
        book.best_quote(event)
        self._moved(i, event.ts, event.ts_event, book)

    def delta(self, event: ev.BookDelta) -> None:
        i = event.i
        book = self.books[i]
        if event.seq > book.high_seq:  # an update that is replayed onto a snapshot was counted when it came
            book.high_seq = event.seq
            book.messages += 1
        book.delta(event)
        self._moved(i, event.ts, event.ts_event, book)

    def snapshot(self, event: ev.BookSnapshot) -> None:
        i = event.i
        book = self.books[i]
        book.messages += 1
        book.snapshot(event)
        self._moved(i, event.ts, event.ts_event, book)

    def trade(self, event: ev.Trade) -> None:
        i = event.i
        self.books[i].messages += 1
        self.prints[i].append((event.ts, event.px, event.sz, event.side))
        self.protections.seen[i] = event.ts
        self.engine.earn.trade(event)
        quoter = self.quoters[i]
        if quoter.pricing is not None:
            reference = self.accounts[i].references.before(event.ts_event)
            quoter.pricing.observe(event.ts_event, event.side, event.px, reference)
        if quoter.hears:
            self.ladders.trade(event)
        for j in self.listeners[i]:
            self.ladders.lead_trade(self.quoters[j], event)
        if not quoter.plain:
            if quoter.steps.signals is not None:
                quoter.steps.signals.flow.note(event.ts, event.side, event.sz)
            self._again(quoter, event.ts)

    def _again(self, quoter: Quoter, ts: int) -> None:
        """What fair value may be made of has changed beside the book."""
        book = self.books[quoter.i]
        if quoter.active and book.quotable:
            self._quote(quoter, ts, book)

    def _moved(self, i: int, ts: int, ts_event: int, book: OrderBook) -> None:
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
        moved = not references.mids or references.mids[-1] != mid2
        if moved:
            references.note(ts, mid2)
            quoter.volatility.note(ts, mid2)
        if not quoter.plain:
            quoter.steps.widening.message(ts, ts_event)
            if moved:
                quoter.steps.moved(self.feeds, i, quoter.shown(), ts)
        if quoter.active:
            self._quote(quoter, ts, book)
        elif not self.protections.ready[i] and self.protections.lift(i, ts):
            self.protections.ready[i] = True
            self.engine.activate(i)
        for j in self.dependents[i]:
            if self._good(j, ts):
                self._again(self.quoters[j], ts)

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
        if not self.quoters[event.i].plain:
            self._again(self.quoters[event.i], event.ts)

    def liquidation(self, event: ev.Liquidation) -> None:
        """A forced order of somebody else: it counts for every market of its base asset."""
        self.books[event.i].messages += 1
        self.protections.seen[event.i] = event.ts
        worth = self.feeds.worth(event.i, event.px, event.sz)
        for j in self.feeds.kin[event.i]:
            quoter = self.quoters[j]
            quoter.steps.widening.liquidated(event.ts, worth)
            quoter.refresh()
            if not quoter.plain:
                self._again(quoter, event.ts)

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
        self.engine.gate.position_limits[i] = self.quoters[i].capped()
        self.engine.gate.baselines[i] *= sz
        self.engine.gate.order_lots[i] *= sz
        self.engine.tasks.rescale(i, px, sz)
        self.engine.hedger.rescale(i, px)
        self.engine.tickets.rescale(i, px, sz)
        self.engine.earn.rescale(i, sz)
        self.engine.ledger.regrid()
        self.engine.version += 1

    def link_sources(self) -> None:
        """Who is priced from whom; called again when parameters change."""
        self.dependents = [[] for _ in self.quoters]
        self.listeners = [[] for _ in self.quoters]
        for i, quoter in enumerate(self.quoters):
            params = quoter.params
            kinds = {kind for kind, _ in params_fair.kinds(params)}
            lead = self.lead(quoter)
            self.sources[i] = lead if "other" in kinds else -1
            leads = {lead} if lead >= 0 and params_fair.leads(params) else set()
            if "consolidated" in kinds:
                leads.update(self.feeds.kin[i])
            if quoter.hedged is not None and quoter.hedged.leg >= 0:
                leads.add(quoter.hedged.leg)
            if params.burst_lead != "off" and (j := self.engine.setup.index(params.fair_source or params.leg)) >= 0:
                self.listeners[j].append(i)
            for j in sorted(leads - {i}):
                self.dependents[j].append(i)

    def lead(self, quoter: Quoter) -> int:
        """The instrument that a quoter is priced from beside its own; -1: none."""
        if quoter.hedged is not None:
            quoter.hedged.leg = self.engine.setup.index(quoter.params.leg)
        source = quoter.params.fair_source
        quoter.steps.fair.lead = self.engine.setup.index(source) if source else -1
        return quoter.steps.fair.lead

    def beat(self, quoter: Quoter, ts: int) -> None:
        """On the timer: what is too slow or too seldom for the way from a message to its quote."""
        quoter.calibrate(ts)
        params = quoter.params
        if self.engine.obligations.keepers[quoter.i]:
            kept = self.engine.obligations
            quoter.promise(kept.max_width_bps(quoter.i), kept.min_size(quoter.i))
        if params.risk_zone == "auto":
            zone_side.look(self.engine, quoter, ts)
        if not quoter.plain:
            quoter.steps.widening.beat(ts)
            quoter.refresh()
        if params.target_kind == "trend":
            share = skew.trend_share(quoter.steps.momentum(ts), params.target_trend_bps)
            quoter.aim(int(share * params.target_share * quoter.limit))
        elif params.target_kind == "equity":
            reference = self.accounts[quoter.i].references.last()
            lot = self.feeds.worth(quoter.i, reference // 2, 1)
            if lot > 0.0:
                quoter.aim(int(params.target_share * float(self.engine.setup.equity) / lot))

    def _quote(self, quoter: Quoter, ts: int, book: OrderBook) -> None:
        """The hot path: fair value, prices, and only if they changed the ladder. A strategy that fails pulls its own
        quotes and nothing else."""
        try:
            bid, ask = book.bid, book.ask
            if quoter.plain and quoter.micro:
                bid_sz, ask_sz = book.bid_sz, book.ask_sz
                fair = (bid * ask_sz + ask * bid_sz) / (bid_sz + ask_sz)
            else:
                fair = self.fair(quoter, ts, book)
            if fair <= 0.0:
                self._no_fair_value(quoter)
                return
            # below a small part of the tolerance a move of fair value cannot move an order
            if (
                not quoter.dirty
                and -quoter.deaf < fair - quoter.fair < quoter.deaf
                and bid == quoter.bid
                and ask == quoter.ask
                and (quoter.plain or not quoter.stirred())
            ):
                return
            if quoter.reprice(bid, ask, fair, self.accounts[quoter.i].position, ts):
                self._ladder(quoter, ts)
                if quoter.operator.exit:
                    quoter.reasons = {
                        side: reasons.EXIT if reason == reasons.REDUCE else reason
                        for side, reason in quoter.reasons.items()
                    }
        except Exception as error:  # whatever a step of the pipeline raises: said, and the instrument is safe
            self.engine.trip(quoter.i, f"quoting failed: {type(error).__name__}")
            quoter.dirty = True

    def fair(self, quoter: Quoter, ts: int, book: OrderBook) -> float:
        """Fair value in ticks by a quoter's parameters; 0.0 when it has none."""
        if not quoter.plain:
            return self._priced(quoter, ts, book)
        lead = quoter.steps.fair.lead if quoter.params.fair_value == "other" else -1
        return fair_value(book, quoter.params, self.feeds.price(quoter.i, lead) if lead >= 0 else 0.0)

    def _priced(self, quoter: Quoter, ts: int, book: OrderBook) -> float:
        """Fair value by the steps that are on, and what else they say into the quoter; 0.0 when it has no price."""
        i, steps, slots = quoter.i, quoter.steps, quoter.shown()
        if steps.fair.remembers and not steps.fair.mean.ts:
            steps.moved(self.feeds, i, slots, ts)
        fair = steps.fair.value(self.feeds, i, slots, ts)
        if fair <= 0.0:
            return 0.0
        if steps.signals is not None:
            quoter.shift = steps.signals.bps(self.feeds, steps.fair, i, slots, ts)
        lead = steps.fair.lead
        quoter.widen = steps.widening.bps(ts, (ts - self.protections.seen[lead]) * 1e-9 if lead >= 0 else 0.0)
        if quoter.hedged is not None and self.ladders.floors(quoter, quoter.hedged):
            quoter.dirty = True
        if quoter.params.cost_floor:
            quoter.cost = self.accounts[i].average()
        if quoter.operator.exit:
            others = touch(book, slots if quoter.live else NOBODY)
            quoter.others = others[0], others[2]
        return fair

    def _no_fair_value(self, quoter: Quoter) -> None:
        """Nothing is quoted from a price that is not known."""
        quoter.want = quoter.priced = ((), ())
        quoter.reasons = {1: reasons.NO_FAIR_VALUE, -1: reasons.NO_FAIR_VALUE}
        quoter.dirty = True
        self.engine.orders.pull(quoter.i)

    def _good(self, i: int, ts: int) -> bool:
        """Whether an instrument is quoted on data that is good at this instant, not only at the last beat: what makes
        it decide now (a fill, the end of an order, another book) says nothing of its own feed."""
        if not self.quoters[i].active:
            return False
        why = self.protections.condition(i, ts)
        if why:
            self.engine.trip(i, why)
        return not why

    def requote(self, i: int) -> None:
        """Decide again, whatever the book did: parameters, position, orders or state have changed."""
        quoter, book = self.quoters[i], self.books[i]
        if self._good(i, self.engine.ts) and book.quotable:
            quoter.dirty = True
            self._quote(quoter, self.engine.ts, book)
