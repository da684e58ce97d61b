"""From wanted prices to orders: what each rung of a ladder does with the order that stands there, and what holds it.

Rules of this file: decides for one quoter at a time; orders leave through order_side.py.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mmtui.core.events import Fill, Trade
from mmtui.core.ledger.ledger import UNIT
from mmtui.core.orders.table import State
from mmtui.core.orders.tracker import Order
from mmtui.core.quoting import flow, reasons
from mmtui.core.quoting.best import Best
from mmtui.core.quoting.fair import NOBODY, touch
from mmtui.core.quoting.guards import SIDES, Guards
from mmtui.core.quoting.hanging import Hanging
from mmtui.core.quoting.hedged import Hedged, per_lot
from mmtui.core.quoting.quoter import Quoter
from mmtui.core.quoting.sizes import MEASURE_NS, full, opens
from mmtui.core.risk.states import LATCHED, Desk

if TYPE_CHECKING:
    from mmtui.core.engine import Engine


class LadderSide:
    """The ladders of the engine that owns it."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.books = engine.books
        self.accounts = engine.accounts
        self.quoters = engine.quoters
        self.shown = engine.setup.mode == "live"  # the venue's book shows own orders
        self.equity = int(float(engine.setup.equity) * 1e6) * (UNIT // 10**6)

    def bring(self, quoter: Quoter, ts: int) -> None:
        """Bring the orders of both sides to the wanted prices and sizes."""
        i = quoter.i
        position = self.accounts[i].position
        quoter.dirty = False
        if quoter.guards is not None:
            self._guard(quoter, quoter.guards, ts)
            if not quoter.active:  # tripped too often: paused
                return
        self.shape(quoter, position, ts)
        if quoter.flow is not None:
            quoter.flow.look(ts, quoter.fair, self._fundings(i))
        if quoter.swept:
            self._sweep(quoter, position, ts)
        band = quoter.params.requote_tolerance_bps * 1e-4 * quoter.fair
        for side in (1, -1):
            self._side(quoter, side, position, ts, band)

    def shape(self, quoter: Quoter, position: int, ts: int) -> None:
        """Prices and sizes of the ladder by what needs more than the model: the book, the equity."""
        if quoter.params.wide_market:
            self._boost(quoter)
        if quoter.best is not None:
            self._follow(quoter, quoter.best, ts)
        if quoter.sizes.by_equity and ts - quoter.sizes.measured_ts >= MEASURE_NS:
            quoter.sizes.measure(self._share(quoter), ts)
        quoter.sizes.resize(quoter, position, ts)
        quoter.followed = quoter.want
        if quoter.hedged is not None and not quoter.operator.exit:
            self.floors(quoter, quoter.hedged)
            quoter.want = quoter.hedged.keep(quoter.want, quoter.tick_step)

    def floors(self, quoter: Quoter, hedged: Hedged) -> bool:
        """Measure what the hedge of each rung costs now; True when it has moved."""
        own = self.quoters[hedged.leg].shown() if self.shown and hedged.leg >= 0 else NOBODY
        return hedged.look(self.engine.market.feeds, quoter.i, quoter.sizes.of, own)

    def _boost(self, quoter: Quoter) -> None:
        """More size, and more fills, while others stand far apart."""
        bid, _, ask, _ = touch(self.books[quoter.i], quoter.shown() if quoter.live else NOBODY)
        wide = ask - bid >= quoter.params.wide_market * 2e-4 * quoter.half_bps * quoter.fair
        quoter.boost = quoter.params.wide_market_size if wide else 1.0
        if quoter.flow is not None:
            quoter.flow.boost = quoter.params.wide_market_fills if wide else 1.0

    def _sweep(self, quoter: Quoter, position: int, ts: int) -> None:
        """Orders that go whatever tolerance and least life say: those that stayed too long, or open what may not."""
        cancel, tracker, hanging = self.engine.orders.cancel, self.engine.tracker, quoter.hanging
        for side in (1, -1):
            sizes, closes = quoter.sizes.of[side], not opens(quoter.params, side)
            open_lots = (tracker.buys if side > 0 else tracker.sells)[quoter.i]
            if closes or side * position + open_lots > quoter.capped():
                for order, lots in zip(quoter.slots[side], sizes, strict=False):
                    if order is not None and order.left > lots:
                        cancel(order)
            if quoter.hedged is not None and not quoter.operator.exit:
                for order in quoter.shown()[side]:
                    if order is not None and quoter.hedged.fails(side, order.level, order.px):
                        cancel(order)
            if hanging is not None and hanging.orders:
                why, concludes = self._held(quoter, side, ts)
                only = quoter.reduce_mode or quoter.guard or closes or not any(sizes)
                if only or (why and not concludes):
                    for order in hanging.of(side):
                        cancel(order)
        for order in hanging.over(quoter.fair, ts) if hanging is not None else ():
            cancel(order)

    def _side(self, quoter: Quoter, side: int, position: int, ts: int, band: float) -> None:
        """The rungs of one side. `band`: the requote tolerance, in ticks."""
        orders = self.engine.orders
        want = quoter.want[0] if side > 0 else quoter.want[1]
        sizes = quoter.sizes.of[side]
        reason, concludes = self._held(quoter, side, ts)
        pulled = bool(reason) and not concludes
        reducing = quoter.reduce_mode or bool(quoter.guard)
        waiting = False
        for k, order in enumerate(quoter.slots[side]):
            px, sz = (want[k], sizes[k]) if k < len(want) and not pulled else (0, 0)
            if order is not None:
                if concludes and sz > 0 and not reducing:
                    waiting = True
                    continue
                around = self._tolerance(quoter, order, band) if quoter.params.queue_value_bps else band
                keep = flow.keep(order, px, sz, ts, around, quoter.life, reducing)
                if keep is False and not self._amended(quoter, order, px, sz, around):
                    orders.cancel(order)
                else:
                    waiting = True
            elif sz <= 0:
                reason = reason or self._no_size(quoter, side, position)
            elif concludes or (reason == reasons.MESSAGE_RATE and side * position >= 0):  # nothing here reduces
                continue
            elif ts < orders.reject_until[quoter.i]:
                reason = reason or "after a reject"
            else:
                tif = "GTX" if quoter.params.post_only else "GTC"
                why = orders.place(quoter.i, side, px, sz, tif, "quote", k)
                reason = reason or why
                waiting = waiting or not why
        quoter.reasons[side] = "" if waiting else reason or "between orders"

    def _amended(self, quoter: Quoter, order: Order, px: int, sz: int, band: float) -> bool:
        """Whether an order that should go has been changed in place instead."""
        how = quoter.amends
        return how is not None and sz > 0 and self.engine.orders.amends.instead(order, px, sz, band, *how)

    def _held(self, quoter: Quoter, side: int, ts: int) -> tuple[str, bool]:
        """Why a side is held ("": it is not), and whether its open orders may conclude."""
        if quoter.hold[side] > ts:
            return f"cancelled by {quoter.hold_by[side]}", False
        if quoter.guards is not None and quoter.guards.reasons[side]:
            return quoter.guards.reasons[side], False
        if quoter.best is not None and quoter.best.reasons[side] and not quoter.operator.exit:
            return quoter.best.reasons[side], False
        if quoter.hedged is not None and quoter.hedged.reasons[side] and not quoter.operator.exit:
            return quoter.hedged.reasons[side], False
        if quoter.flow is not None and quoter.flow.reasons[side] and not quoter.operator.exit:  # the way out waits not
            return quoter.flow.reasons[side], quoter.flow.draining[side]
        return "", False

    def _no_size(self, quoter: Quoter, side: int, position: int) -> str:
        if quoter.reduce_mode and side * position >= 0:
            return "REDUCE"
        if quoter.guard and side * position >= 0:
            return quoter.guard
        if not opens(quoter.params, side) and side * (quoter.target - position) <= 0:
            return reasons.CLOSES
        limit = quoter.capped()
        if limit - side * position <= 0:
            return "position limit"
        return "position at 90 % of its limit" if full(side, position, limit) else "size below one lot"

    # ------------------------------------------------------------ what happens beside the price

    def filled(self, event: Fill) -> None:
        """A quote was executed."""
        quoter = self.quoters[event.i]
        if quoter.flow is not None:
            quoter.flow.filled(event.side, event.sz, event.ts)
        if quoter.guards is not None:
            quoter.guards.filled(event.side, event.px, event.sz, event.ts)
        if quoter.pongs is not None:
            quoter.pongs.filled(event.side, event.px, event.sz, event.ts)
        if quoter.hanging is not None and quoter.hanging.on:
            self._hang(quoter, quoter.hanging, event)

    def _hang(self, quoter: Quoter, hanging: Hanging, event: Fill) -> None:
        """A rung that is filled in whole leaves the order opposite where it stands."""
        order = self.engine.tracker.get(event.oid)
        if order is None or order.left > event.sz or order not in quoter.slots[order.side]:
            return
        opposite = quoter.slots[-order.side]
        partner = opposite[order.level]
        if partner is not None and partner.state is State.LIVE:
            opposite[order.level] = None
            hanging.stay(partner, event.ts)

    def trade(self, event: Trade) -> None:
        """A trade of the market, where it matters: places in the queue, bursts."""
        quoter = self.quoters[event.i]
        if self.shown and quoter.params.queue_value_bps:
            for order in quoter.open(-event.side):
                if order.ahead > 0 and order.px * event.side <= event.px * event.side:
                    order.ahead = max(0, order.ahead - event.sz) if order.px == event.px else 0
        guards = quoter.guards
        if guards is not None and guards.params.burst_lead != "only" and guards.trade(event.ts, event.sz):
            self.engine.market.requote(event.i)

    def lead_trade(self, quoter: Quoter, event: Trade) -> None:
        """A trade of the lead, where it counts as a burst of this market."""
        mine, theirs = self.accounts[quoter.i], self.accounts[event.i]
        mid = mine.references.last() / 2
        if quoter.guards is None or not mid:
            return
        lots = event.sz * per_lot(theirs.grid, float(event.px)) / per_lot(mine.grid, mid)
        if quoter.guards.trade(event.ts, int(lots + 0.5)):
            self.engine.market.requote(quoter.i)

    def sample(self, i: int, guards: Guards, ts: int) -> None:
        """The guards see the market on every beat, whether it is quoted or not."""
        book = self.books[i]
        guards.sample(ts, book.mid2() if book.valid else 0, self.accounts[i].references)

    def _guard(self, quoter: Quoter, guards: Guards, ts: int) -> None:
        """What has just tripped or lifted is said once, counted and eased like any protection (desk rules)."""
        engine, i = self.engine, quoter.i
        self.sample(i, guards, ts)
        for change in guards.look(ts, self._leg(guards, ts)):
            what = SIDES[change.side]
            quoter.dirty = True  # a widening is priced with the next message
            if not change.on:
                if change.pulls:
                    quoter.ease_until = ts + engine.protections.ease_ns
                engine.alert("info", "guard", f"{engine.name(i)}: {change.name} of {what} lifted: {change.text}", i)
                continue
            engine.alert("warn", "guard", f"{engine.name(i)}: {change.name} of {what}: {change.text}", i)
            if change.pulls and engine.protections.count(i, ts) and engine.lattice.instruments[i] < Desk.PAUSED:
                engine.set_state(-1, i, Desk.PAUSED, f"{change.name}: tripped too often")

    def _leg(self, guards: Guards, ts: int) -> str:
        """What is wrong with the instrument that hedges this one; "" when nothing is, or none is named."""
        if not guards.params.leg:
            return ""
        if guards.leg == -2:
            guards.leg = self.engine.setup.index(guards.params.leg)
        if guards.leg < 0:
            return "is no instrument of this desk"
        state = self.engine.lattice.effective(guards.leg)
        return state.name if state in LATCHED else self.engine.protections.condition(guards.leg, ts)

    def _fundings(self, i: int) -> tuple[int, ...]:
        """Instants of the next funding and of the last one."""
        mark, last = self.engine.marks[i], self.engine.funded[i]
        return tuple(at for at in (mark.next_funding if mark is not None else 0, last) if at)

    def _tolerance(self, quoter: Quoter, order: Order, band: float) -> float:
        """Ticks by which a price may be wrong: the tolerance, or what the place in the queue is worth."""
        others = self.books[quoter.i].size_at(order.side, order.px)
        if self.shown:
            others = max(0, others - order.left)
            if order.state is State.LIVE:
                order.ahead = others if order.ahead < 0 else min(order.ahead, others)
        share = flow.queue_share(order.ahead, others)
        return max(band, quoter.params.queue_value_bps * share * 1e-4 * quoter.fair)

    # ------------------------------------------------------------ prices and sizes that need more than the model

    def _follow(self, quoter: Quoter, best: Best, ts: int) -> None:
        """The best price of others: looked at when prices are made, and on every beat."""
        book = self.books[quoter.i]
        if quoter.operator.exit:  # the way out follows nobody
            return
        best.find(book, self._own(quoter.i) if self.shown else None, ts)
        quoter.want = quoter.held(best.place(quoter.priced, quoter.fair, book, quoter.tick_step))

    def _own(self, i: int) -> dict[int, list[Order]]:
        own: dict[int, list[Order]] = {1: [], -1: []}
        for order in self.engine.tracker.of(i):
            own[order.side].append(order)
        return own

    def _share(self, quoter: Quoter) -> float:
        """Lots of the first rung by its share of equity, at the reference; 0.0 while it has no rate."""
        account = self.accounts[quoter.i]
        equity = self.equity + self.engine.ledger.total()
        lot = account.grid.notional_atoms(account.references.last(), 1) * self.engine.ledger.quote_rate(quoter.i)
        return max(0.0, equity * quoter.params.equity_pct / 100.0 / lot) if lot else 0.0
