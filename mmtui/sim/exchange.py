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
from mmtui.sim.exchange_amends import OrderAmends
from mmtui.sim.exchange_entry import OrderEntry
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
    Amend,
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
    OldOrder,
    OrderResult,
    Refused,
    Request,
)
from mmtui.venues.binance.grid import Units
from mmtui.venues.trading import Meaning, TradingFacts

Reply = Callable[[Answer, int], None]
#: A cancel whose ack proves nothing takes effect within this (ms).
CANCEL_EFFECT_MS = 200
MATCH_NS = 1 * MS
#: The account's key. One venue in so many echoes it in its errors; it must be nowhere on the desk's disk (I19).
SECRET = "sk-7Qz9canary/Xw+41"
ECHOES = 4


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
        self.forgotten = 0  # fills before these that are not kept any more
        self.positions = {i: Position(bases.get(i, 0)) for i, _ in instruments}
        self.taker_postonly: list[str] = []  # client ids of post-only orders that took
        self.foreign_hit: list[str] = []  # orders of others that a request of the desk cancelled
        self.crossed_own: list[tuple[str, str]] = []  # takers that would have met an order of the same account
        self.skew = 0  # the venue's clock minus the world's
        self.tick_units = {i: Units(item.tick) for i, item in instruments}
        self.lot_units = {i: Units(item.lot) for i, item in instruments}
        self.budgets = Budgets(world, facts)
        self.dead_man = DeadManSwitch(world, facts, self.dead_man_fires)
        self.queries = Queries(self)
        self.entry = OrderEntry(self)
        self.amends = OrderAmends(self)
        self.feed = PublicFeed(world, self.markets)
        self.net: Network | None = None
        self._rng = world.rng(f"exchange/{v}")
        self._trades = 0
        self._echo = f" (key {SECRET})" if world.rng(f"exchange/{v}/echo").below(ECHOES) == 0 else ""
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

    def forget(self, before: int) -> None:
        """For runs of days: let go of orders that ended, and fills that were made, before an instant."""
        orders = self.orders.items()
        self.orders = {name: one for name, one in orders if one.open or max(one.ended, one.created) >= before}
        kept = [fill for fill in self.fills if fill.ts >= before]
        self.forgotten += len(self.fills) - len(kept)
        self.fills = kept

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
        elif isinstance(request, Amend):
            troubles.amend(request, reply)
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
        return OrderResult(False, "", self.facts.code(meaning), f"{text or meaning}{self._echo}")

    # -- executions --------------------------------------------------------------------------------------------

    def executed(self, resting: Resting, lots: int) -> None:
        """The market has hit a resting order; one whose leg the same taker has closed before it is gone."""
        assert isinstance(resting, SimOrder)
        if resting.open:
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
        position.move(now, order.side * lots, external, order.leg)
        wire = self.wires[i]
        fill = SimFill(
            order.client_id, order.venue_id, str(self._trades), i, order.side, px, lots, maker, self.clock(),
            wire.fee(px, lots, instrument.maker_bps if maker else instrument.taker_bps), kind, external,
            order.leg,
        )  # fmt: skip
        self.fills.append(fill)
        if order.left <= 0:
            order.state = "filled"
            order.ended = now
            self.open.pop(order.venue_id, None)
            market.leave(order)
        self.troubles.fill(order, fill, [
            wire.fill(order, fill, order.filled, fill.ts),
            wire.account(fill.ts, position.base + position.of(order.leg), instrument.base, leg=order.leg),
        ])  # fmt: skip
        if order.leg and order.reduce_only:
            self._leg_shrank(i, order.leg)
        return fill

    def _leg_shrank(self, i: int, leg: int) -> None:
        """Hedge mode: orders that would reduce more than is left of a leg are taken out by the venue."""
        held = abs(self.positions[i].of(leg))
        for order in tuple(self.open.values()):
            if order.i == i and order.leg == leg and order.reduce_only and order.left > held:
                self.end(order, "expired", "reduce-only")

    def hit(self, order: SimOrder, lots: int) -> None:
        """Somebody takes from this order, whatever is before it."""
        if not order.open:
            return
        market = self.markets[order.i]
        self.book(order, order.px, lots, True)
        market.print_trade(order.px, lots, -order.side)
        self.tell(market)

    def tell(self, market: Market) -> None:
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
            self.tell(market)
        if not silent:
            self.report([self.wires[order.i].order(order, self.clock(), reason)])

    def silent_end(self, order: SimOrder) -> None:
        """An order has reached its age: gone, and nobody is told."""
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
        if not order.ours:
            self.foreign_hit.append(order.client_id)
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
