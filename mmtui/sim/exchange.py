"""One venue's trading side: its orders, executions and positions are the truth of the simulation.

It behaves by its TradingFacts; its private stream speaks Binance's JSON; requests and answers are the typed ones of
venues/account_messages.  What goes wrong is decided in exchange_faults.py and asked for here.

Rules of this file: integers on the venue's grid; nobody is called back inside a request; everything that happens
later goes through the world's heap.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

import msgspec

from mmtui.core.market.instrument import Instrument
from mmtui.sim.exchange_faults import Troubles
from mmtui.sim.exchange_limits import Budgets, DeadManSwitch
from mmtui.sim.exchange_orders import SimFill, SimOrder
from mmtui.sim.exchange_queries import Position, Queries
from mmtui.sim.exchange_wire import PrivateWire
from mmtui.sim.market import Frames, Market, Resting
from mmtui.sim.market_faults import PublicFeed
from mmtui.sim.network import Channel, Network
from mmtui.sim.world import MS, World
from mmtui.venues.account_messages import (
    Answer,
    ArmDeadMan,
    AskFills,
    AskLedger,
    AskOpen,
    AskPositions,
    Cancel,
    CancelEverything,
    Create,
    Done,
    NewOrder,
    OldOrder,
    OrderResult,
    Refused,
    Request,
)
from mmtui.venues.binance.grid import OffGrid, Units, WireError
from mmtui.venues.trading import Meaning, TradingFacts

Reply = Callable[[Answer, int], None]
#: A cancel whose ack proves nothing takes effect within this (ms).
CANCEL_EFFECT_MS = 200
MATCH_NS = 1 * MS


class Exchange:
    """A venue. `v` and the keys of `markets` are the desk's places of the venue and of its instruments."""

    def __init__(
        self, world: World, facts: TradingFacts, v: int, instruments: list[tuple[int, Instrument]],
        starts: dict[int, int], paces: dict[int, int], bases: dict[int, int],
    ) -> None:  # fmt: skip
        self.world = world
        self.facts = facts
        self.v = v
        self.markets = {i: Market(world, i, item, starts[i], paces[i]) for i, item in instruments}
        self.wires = {i: PrivateWire(market) for i, market in self.markets.items()}
        self.orders: dict[str, SimOrder] = {}  # every order ever, by client id
        self.open: dict[str, SimOrder] = {}  # by the venue's id
        self.fills: list[SimFill] = []  # in order of time
        self.positions = {i: Position(bases.get(i, 0)) for i, _ in instruments}
        self.taker_postonly: list[str] = []  # client ids of post-only orders that took
        self.crossed_own: list[tuple[str, str]] = []  # takers that would have met an order of the same account
        self.skew = 0  # the venue's clock minus the world's
        self.tick_units = {i: Units(item.tick) for i, item in instruments}
        self.lot_units = {i: Units(item.lot) for i, item in instruments}
        self.budgets = Budgets(world, facts)
        self.dead_man = DeadManSwitch(world, facts, self.dead_man_fires)
        self.queries = Queries(self)
        self.feed = PublicFeed(world, self.markets)
        self.net: Network | None = None
        self._rng = world.rng(f"exchange/{v}")
        self._numbers = 0
        self._trades = 0
        self.troubles = Troubles(self)
        for market in self.markets.values():
            market.execute = self.executed
            market.publish = self._publish

    def start(self, net: Network) -> None:
        """Begin to trade; frames and reports leave through `net`."""
        self.net = net
        for market in self.markets.values():
            market.start()
        self.troubles.start()

    # -- truth -------------------------------------------------------------------------------------------------

    def position(self, i: int) -> int:
        """Lots since the beginning, everything included (spot: without the balance that was there before)."""
        return self.positions[i].lots

    def external(self, i: int) -> int:
        """The part of it that did not come from orders of the desk."""
        return self.positions[i].external

    def open_ours(self, tag: str = "") -> list[SimOrder]:
        """Open orders that the desk sent, in order of creation; of one tag where it is given."""
        return [order for order in self.open.values() if order.ours and tag in order.client_id]

    def clock(self) -> int:
        return self.world.now + self.skew

    # -- streams -----------------------------------------------------------------------------------------------

    def connected(self, channel: Channel) -> str:
        return self.troubles.refuses(channel.kind)

    def disconnected(self, channel: Channel, graceful: bool) -> None:
        net = self.net
        if channel.kind == "private" and net is not None and not net.streams(self.v, "private"):
            self.dead_man.disconnected(graceful)

    def depth(self, i: int) -> bytes | None:
        return self.feed.snapshot(i)

    def _publish(self, i: int, frames: Frames) -> None:
        net = self.net
        if net is not None:
            bodies = self.feed.mangle(i, frames)
            for channel in net.channels:
                if channel.v == self.v and channel.kind == "public":
                    channel.send(bodies)

    def report(self, frames: list[bytes]) -> None:
        """Send private messages to whoever is logged in; there is no replay for who is not."""
        net = self.net
        if net is not None:
            for channel in net.channels:
                if channel.v == self.v and channel.kind == "private":
                    net.private_report(channel)
                    channel.send(frames)

    # -- requests ----------------------------------------------------------------------------------------------

    def handle(self, request: Request, reply: Reply) -> None:
        """A request has arrived."""
        troubles = self.troubles
        refused = troubles.refuse(request) or self.budgets.take(request)
        if refused is not None:
            reply(refused, 0)
            if isinstance(request, Create) and self.facts.rates.penalty == "closed" and self.net is not None:
                self.net.drop(self.v, "private", "too many requests: session closed")
        elif isinstance(request, Create):
            troubles.create(request, reply)
        elif isinstance(request, Cancel):
            troubles.cancel(request, reply)
        elif isinstance(request, CancelEverything):
            self._cancel_everything(request, reply)
        elif isinstance(request, ArmDeadMan):
            troubles.arm(request, reply)
        else:
            asked: AskOpen | AskFills | AskLedger | AskPositions = request
            reply(self.queries.answer(asked), 0)

    def refusal(self, meaning: Meaning, text: str = "") -> OrderResult:
        return OrderResult(False, "", self.facts.code(meaning), text or meaning)

    # -- creates -----------------------------------------------------------------------------------------------

    def create(self, request: Create, place: Callable[[NewOrder], OrderResult]) -> Answer:
        """Carry a create out, order by order, each by `place`."""
        if request.expires and self.clock() > request.expires:
            return Refused(self.facts.code("late"), "too late")
        if len(request.orders) > self.facts.batch_create:
            return Refused(self.facts.code("filter"), "too many orders in one request")
        return Done([place(new) for new in request.orders])

    def place(self, new: NewOrder, ours: bool = True) -> OrderResult:
        """One order: checked, taken, matched, and what is left rests."""
        known = self.orders.get(new.client_id)
        if known is not None:
            known.creates += 1
            facts = self.facts
            again = facts.duplicate == "accepts" or (facts.id_rule == "reusable" and not known.open)
            if not again:
                if facts.duplicate == "returns first":
                    return OrderResult(True, known.venue_id, status=_said(known))
                return self.refusal("duplicate id")
        order, why = self._checked(new, ours)
        if order is None:
            if known is None:
                order = SimOrder(new.client_id, new.oid, new.i, new.side, 0, 0, new.tif, new.reduce_only, ours)
                order.state = "rejected"
                self.orders[new.client_id] = order
            return why
        self._numbers += 1
        order.venue_id = str(self._numbers)
        order.created = self.world.now
        # a second order under an id that exists has a key of its own here; `creates` is counted at the first
        self.orders[new.client_id if known is None else f"{new.client_id}#{order.venue_id}"] = order
        return self._enter(order)

    def _checked(self, new: NewOrder, ours: bool) -> tuple[SimOrder | None, OrderResult]:
        facts, i = self.facts, new.i
        good = OrderResult(True)
        if len(new.client_id) > facts.id_max or i not in self.markets:
            return None, self.refusal("filter")
        closed = self.troubles.closed_to(i, new.tif == "GTX")
        if closed:
            return None, self.refusal(closed)
        try:
            px, sz = self.tick_units[i][new.price], self.lot_units[i][new.size]
        except (OffGrid, WireError):
            return None, self.refusal("filter", "off the grid")
        if px <= 0 or sz <= 0 or not self.troubles.fits(i, px, sz):
            return None, self.refusal("filter")
        order = SimOrder(new.client_id, new.oid, i, new.side, px, sz, new.tif, new.reduce_only, ours)
        if new.reduce_only and self.markets[i].futures and self._reduces(order) < sz:
            return None, self.refusal("filter", "reduce-only")
        return order, good

    def _reduces(self, order: SimOrder) -> int:
        """Lots by which the position can still be reduced on this side."""
        return max(0, -self.positions[order.i].lots * order.side)

    def _enter(self, order: SimOrder) -> OrderResult:
        market = self.markets[order.i]
        bid, ask = market.touch()
        crosses = order.px >= ask if order.side > 0 else order.px <= bid
        if order.tif == "GTX" and crosses:
            how = self.facts.post_only
            if how == "reject":
                order.state = "rejected"
                order.ended = self.world.now
                return self.refusal("would take")
            if how == "cancel":
                self.end(order, "expired", "post only")
                return OrderResult(True, order.venue_id, status="new")
            order.px = ask - 1 if order.side > 0 else bid + 1
            crosses = False
        order.state = "open"
        self.open[order.venue_id] = order
        if not self.troubles.eager:
            self.report([self.wires[order.i].order(order, self.clock())])
        if crosses:
            self._take(order)
        if order.open:
            if order.tif == "IOC":
                self.end(order, "expired", "ioc")
            else:
                market.join(order)
                if self.facts.silent_expiry_ms:
                    self.world.after(self.facts.silent_expiry_ms * MS, self._silent_end, order)
        self._tell(market)
        return OrderResult(True, order.venue_id, status=_said(order))

    def _take(self, order: SimOrder) -> None:
        """Trade at once what crosses; the taker ends where it would meet an order of its own account."""
        market = self.markets[order.i]
        while order.left > 0:
            bid, ask = market.touch()
            px = ask if order.side > 0 else bid
            if (px - order.px) * order.side > 0:
                return
            own = market.own.get(-order.side * px)
            if own:
                maker = own[0]
                assert isinstance(maker, SimOrder)
                if order.ours and maker.ours:
                    self.crossed_own.append((order.client_id, maker.client_id))
                self.end(order, "expired", "self-trade prevention")
                return
            got = market.hit(-order.side * px, order.left, order.side)
            if order.tif == "GTX":
                self.taker_postonly.append(order.client_id)
            self.book(order, px, got, False)

    # -- executions --------------------------------------------------------------------------------------------

    def executed(self, resting: Resting, lots: int) -> None:
        """The market has hit a resting order."""
        assert isinstance(resting, SimOrder)
        self.book(resting, resting.px, lots, True)

    def book(self, order: SimOrder, px: int, lots: int, maker: bool, kind: str = "trade") -> SimFill:
        """One execution: order, position, the list of fills, and the private stream."""
        i = order.i
        market, position, now = self.markets[i], self.positions[i], self.world.now
        instrument = market.instrument
        self._trades += 1
        order.left -= lots
        order.filled += lots
        external = not order.ours
        position.move(now, order.side * lots, external)
        wire = self.wires[i]
        fill = SimFill(
            order.client_id, order.venue_id, str(self._trades), i, order.side, px, lots, maker, self.clock(),
            wire.fee(px, lots, instrument.maker_bps if maker else instrument.taker_bps), kind, external,
        )  # fmt: skip
        self.fills.append(fill)
        if order.left <= 0:
            order.state = "filled"
            order.ended = now
            self.open.pop(order.venue_id, None)
            market.leave(order)
        self.troubles.fill(order, fill, [
            wire.fill(order, fill, order.filled, fill.ts),
            wire.account(fill.ts, position.base + position.lots, instrument.base),
        ])  # fmt: skip
        return fill

    def hit(self, order: SimOrder, lots: int) -> None:
        """Somebody takes from this order, whatever is before it."""
        market = self.markets[order.i]
        self.book(order, order.px, lots, True)
        market.print_trade(order.px, lots, -order.side)
        self._tell(market)

    def _tell(self, market: Market) -> None:
        """Publish soon, not inside a request."""
        self.world.after(MATCH_NS, market.tell)

    # -- ends --------------------------------------------------------------------------------------------------

    def end(self, order: SimOrder, state: str, reason: str, silent: bool = False) -> None:
        """An order is over without an execution: out of the book, and on the private stream unless silent."""
        order.state = state
        order.ended = self.world.now
        if self.open.pop(order.venue_id, None) is not None:
            market = self.markets[order.i]
            market.leave(order)
            self._tell(market)
        if not silent:
            self.report([self.wires[order.i].order(order, self.clock(), reason)])

    def _silent_end(self, order: SimOrder) -> None:
        if order.open:
            self.end(order, "expired", "", silent=True)

    def find(self, old: OldOrder) -> SimOrder | None:
        """The open order that a cancel names."""
        order = self.open.get(old.venue_order_id) or self.orders.get(old.client_id)
        return order if order is not None and order.open and order.i == old.i else None

    def cancel(self, request: Cancel, one: Callable[[OldOrder], OrderResult]) -> Answer:
        """Carry a cancel out, order by order, each by `one`."""
        if request.expires and self.clock() > request.expires:
            return Refused(self.facts.code("late"), "too late")
        if len(request.orders) > self.facts.batch_cancel:
            return Refused(self.facts.code("filter"), "too many orders in one request")
        return Done([one(old) for old in request.orders])

    def cancel_one(self, old: OldOrder) -> OrderResult:
        order = self.find(old)
        if order is None:
            return self.refusal("unknown order")
        self.gone_soon(order)
        return OrderResult(True, order.venue_id, status="cancelled" if self.facts.cancel_ack_final else "")

    def gone_soon(self, order: SimOrder) -> None:
        """A cancel takes effect: at once where its ack is final, else a little later."""
        if self.facts.cancel_ack_final:
            self.end(order, "cancelled", "requested")
        else:
            self.world.after(self._rng.below(CANCEL_EFFECT_MS) * MS, self._cancelled, order)

    def _cancelled(self, order: SimOrder) -> None:
        if order.open:
            self.end(order, "cancelled", "requested")

    def _cancel_everything(self, request: CancelEverything, reply: Reply) -> None:
        facts, i = self.facts, request.i
        if facts.cancel_all == "none" or (facts.cancel_all == "instrument" and i < 0):
            reply(Refused(facts.code("filter"), "no such request"), 0)
            return
        scope = [order for order in self.open.values() if facts.cancel_all == "venue" or order.i == i]
        if facts.cancel_all_max and len(scope) > facts.cancel_all_max:
            scope = scope[: facts.cancel_all_max]
        if self.troubles.cancels_everything(request, scope, reply):
            for order in scope:
                if order.open:
                    self.gone_soon(order)
            reply(Done(), 0)

    def dead_man_fires(self, key: int) -> None:
        """Everything of the scope is cancelled by the venue."""
        self.world.say(self.facts.id, "dead-man switch fires")
        for order in tuple(self.open.values()):
            if key < 0 or order.i == key:
                self.end(order, "cancelled", "dead-man")

    # -- the contract changes ----------------------------------------------------------------------------------

    def refine(self, i: int, factor: int) -> None:
        """The tick becomes so many times finer: prices of everything known are that many times as many ticks."""
        market = self.markets[i]
        tick = format((Decimal(market.instrument.tick) / factor).normalize(), "f")
        market.refine(factor, tick)
        market.instrument = msgspec.structs.replace(market.instrument, tick=tick)
        self.wires[i].rescale(market.instrument)
        self.tick_units[i] = Units(tick)
        for order in self.orders.values():
            if order.i == i:
                order.px *= factor
        self.fills = [fill._replace(px=fill.px * factor) if fill.i == i else fill for fill in self.fills]


def _said(order: SimOrder) -> str:
    """State of an order as an answer names it."""
    return {"open": "new", "pending": "new"}.get(order.state, order.state)
