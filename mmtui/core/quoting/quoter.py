"""The quoter of one instrument: keeps its ladder in the market, and knows why a side is not there.

Rules of this file: reads the book, the position and the gate's answers; changes only its own slots; a requote is
decided here, sending is the engine's.  One order a slot: the next is placed when the last is proven gone.
"""

from __future__ import annotations

from decimal import Decimal

from mmtui.core.market.instrument import Grid
from mmtui.core.orders.inplace import Amending
from mmtui.core.orders.tracker import Order
from mmtui.core.quoting import explain, flow, ladder, model, skew, width
from mmtui.core.quoting.best import Best
from mmtui.core.quoting.flow import Flow, Life
from mmtui.core.quoting.guards import Guards
from mmtui.core.quoting.hanging import Hanging
from mmtui.core.quoting.hedged import Hedged
from mmtui.core.quoting.params import Quoting
from mmtui.core.quoting.params_price import curve
from mmtui.core.quoting.pongs import Pongs
from mmtui.core.quoting.pricing import Pricing
from mmtui.core.quoting.sizes import Sizes
from mmtui.core.quoting.steps import Steps
from mmtui.core.quoting.volatility import Estimator, estimator
from mmtui.core.quoting.waterfall import Line
from mmtui.core.quoting.zones import VOLATILITY, Zones
from mmtui.core.setup import InstrumentSetup

#: A side whose orders an operator cancelled one by one comes back after this.
HOLD_ORDER_NS = 5_000_000_000
FOREVER = 1 << 62
#: Share of the requote tolerance by which fair value may move before prices are computed again.
DEAF = 0.1


class Quoter:
    """State of quoting on one instrument. Sizes in lots, prices in ticks."""

    def __init__(
        self, i: int, setup: InstrumentSetup, live: bool = False, amending: Amending | None = None
    ) -> None:
        self.i = i
        self.base = setup.quoting
        self.params = setup.quoting
        self.enabled = setup.quote
        self.operator = model.Operator()
        self.reduce = False
        self.guard = ""  # a gauge at 90 %: reduce-only, and why
        self.live = live  # own orders stand in the displayed book
        self.amending = amending  # how the venue changes orders in place; None: it does not
        self.amends: tuple[bool, bool] | None = None  # whether prices move, and sizes grow, in place; None: not amended
        self.volatility: Estimator = estimator(setup.quoting, setup.quoting, None)
        self.slots: dict[int, list[Order | None]] = {1: [], -1: []}
        self.hold = {1: 0, -1: 0}  # until when a side is held back by the operator
        self.hold_by = {1: "", -1: ""}
        self.reasons = {1: "not started", -1: "not started"}
        self.dirty = True
        self.active = False  # set by the engine: state and protections allow quotes
        self.ease_until = 0  # a quarter of the size until then
        self.fair = 0.0
        self.bid = self.ask = 0  # touch at the last pricing
        self.deaf = 0.0  # ticks of fair value that are not worth a new pricing
        self.micro = setup.quoting.fair_value == "micro"
        self.base_bps = 0.0  # width by parameters or model, at the last pricing
        self.half_bps = 0.0
        self.skew_inventory = 0.0
        self.steps = Steps(setup.quoting, live, None)
        self.plain = True  # none of the steps below is on
        self.shift = self.widen = 0.0  # bps: of the signals, and of what widens beside the operator
        self.event_bps = 0.0  # bps by which an event of the calendar widens
        self.guarded = 0.0  # bps by which a guard widened at the last pricing
        self.told = (0.0, 0.0)  # those at the last pricing, and what each of their steps said then
        self.said: tuple[list[tuple[str, float]], list[tuple[str, float]]] = ([], [])
        self.cost = 0.0  # average entry in ticks, with cost_floor; 0.0: none
        self.others = (0, 0)  # touch of everybody else, with EXIT NOW
        self.zone, self.zone_why = "green", ""
        self.zones = Zones(setup.quoting.zone_rules, None)
        self.zone_spread = self.zone_size = self.zone_limit = 1.0
        self.floor = 0.0  # bps of full width that fees ask for
        self.curve: skew.Points = ()  # () : skew_bps
        self.pricing: Pricing | None = None  # the spread model; None: fixed
        self.ts = self.position = 0  # at the last pricing of a spread model
        self.want: skew.Sides = ((), ())
        self.laddered: skew.Sides = ((), ())  # as the ladder made them, before cost_floor and EXIT NOW
        self.priced: skew.Sides = ((), ())  # as the pricing left them
        self.sizes = Sizes()
        self.offsets: tuple[float, ...] = ()
        self._nothing_on()
        self.promised_bps = 0.0  # an obligation asks for no more width than this; 0.0: none does
        self.promised_lots = 0  # and for so much a side
        self.life = Life(setup.quoting)
        self.hears = False  # trades of the market matter to guards, or to places in the queue
        self.grid = Grid(setup.instrument)
        self.tick_step = self.lot_step = 1  # prices and sizes of orders are multiples of these
        self.unit = 0.0  # lots of `size`
        self.target = 0
        self.limit = 0
        self.setup = setup
        self.derive(setup.quoting)

    def _nothing_on(self) -> None:
        """The parts that are only there while a parameter asks for them."""
        self.best: Best | None = None  # the best price of others; None: not followed
        self.flow: Flow | None = None  # what holds a side for a while; None: nothing of it is on
        self.guards: Guards | None = None  # protections of the strategy; None: none is on
        self.pongs: Pongs | None = None  # prices that the other side has to close; None: not kept
        self.hanging: Hanging | None = None  # orders that stay after their opposite was filled; None: none does
        self.hedged: Hedged | None = None  # the floor of a hedge venue; None: none
        self.followed: skew.Sides = ((), ())  # the ladder before that floor
        self.boost = 1.0  # factor of the sizes in a wide market
        self.swept = False  # some orders may have to go whatever their own price is worth

    def derive(self, params: Quoting) -> None:
        """Everything that depends on parameters alone, prepared once a change."""
        lot = self.grid.lot
        self.volatility = estimator(params, self.params, self.volatility)
        self.params = params
        self.micro = params.fair_value == "micro"
        self.offsets = ladder.rungs(params)
        self.unit = float(Decimal(repr(params.size)) / lot)
        self.sizes.derive(params, self.unit)
        follows = params.best_price != "off" or params.best_price_ask not in ("same", "off")
        self.best = Best(params, self.grid, self.best) if follows else None
        self.flow = Flow.made(params, self.grid, self.flow)
        self.guards = Guards.made(params, self.grid, self.guards)
        self.pongs = Pongs(params, self.pongs) if params.pong != "off" else None
        self.hanging = Hanging.made(params, self.hanging)
        self.hedged = Hedged(params, self.grid, self.hedged) if params.hedge_floor else None
        self.boost = self.boost if params.wide_market else 1.0
        self.life = Life(params)
        self.amends = flow.amends(params, self.amending)
        self.hears = self.guards is not None or params.queue_value_bps > 0.0
        if params.target_kind == "absolute":
            self.target = int(Decimal(self.setup.target) / lot)
        explicit = Decimal(self.setup.max_position) / lot
        self.limit = int(explicit) if explicit > 0 else max(1, int(20 * self.unit))
        self.pricing = None if params.spread_model == "fixed" else Pricing(params, self.pricing)
        self.steps = Steps(params, self.live, self.steps)
        self.floor = width.floor_bps(params, float(self.setup.instrument.maker_bps))
        self.curve = curve(params.skew_curve) if params.skew_curve else ()
        self.zones = Zones(params.zone_rules, self.zones)
        if params.risk_zone == "auto":
            bounds = params.amber_vol_bps, params.red_vol_bps
            self.zones.measured(VOLATILITY, self.volatility.bps(params.vol_horizon_s), *bounds)
            self.enter(*self.zones.worst())
        else:
            self.enter(params.risk_zone, "")
        stays = self.hanging is not None or self.hedged is not None
        self.swept = stays or params.ping_at != "both" or self.zone_limit < 1.0
        self.refresh()
        for side in (1, -1):
            slots = self.slots[side]
            while len(slots) < params.levels:
                slots.append(None)
        self.dirty = True

    def rescale(self, grid: Grid, px: int, sz: int) -> None:
        self.grid = grid
        if grid.instrument.grid != "inferred":  # the book is finer than orders may be
            self.tick_step *= px
            self.lot_step *= sz
        self.fair *= px
        self.want = ((), ())
        if self.best is not None:
            self.best.rescale(px)
        if self.flow is not None:
            self.flow.rescale(px, sz)
        if self.guards is not None:
            self.guards.rescale(px, sz)
        if self.pongs is not None:
            self.pongs.rescale(px, sz)
        self.volatility.rescale(px)
        self.steps.rescale(px, sz)
        self.target *= sz
        self.derive(self.params)

    def refresh(self) -> None:
        """Which path the prices take: after a change of what is on."""
        closes = self.params.cost_floor or self.pongs is not None or self.operator.exit
        self.plain = self.steps.idle and not closes and self.hedged is None
        if self.plain:
            self.shift = self.widen = self.cost = 0.0
            self.told, self.said = (0.0, 0.0), ([], [])

    def capped(self) -> int:
        """The position limit in lots, as the risk zone leaves it."""
        return int(self.limit * self.zone_limit)

    def enter(self, zone: str, why: str) -> bool:
        """The risk zone in force, and the rule that asks for it; True when it is another, or has other factors."""
        before = (self.zone, self.zone_spread, self.zone_size, self.zone_limit)
        self.zone_spread, self.zone_size, self.zone_limit = width.factors(self.params, zone)
        self.zone, self.zone_why = zone, why
        self.swept = self.swept or self.zone_limit < 1.0
        if before == (zone, self.zone_spread, self.zone_size, self.zone_limit):
            return False
        self.sizes.made_for = ()
        self.dirty = True
        return True

    def aim(self, lots: int) -> None:
        """The inventory to lean to, where it is not the instrument's target."""
        if lots != self.target:
            self.target = lots
            self.sizes.made_for = ()
            self.dirty = True

    # ------------------------------------------------------------ deciding

    def reprice(self, bid: int, ask: int, fair: float, position: int, ts: int) -> bool:
        """New wanted prices; True when they, or anything else that matters, differ from the last."""
        operator, params = self.operator, self.params
        self.fair, self.bid, self.ask = fair, bid, ask
        self.deaf = DEAF * params.requote_tolerance_bps * 1e-4 * fair
        self.ts, self.position = ts, position
        if self.pricing is None:
            base = self._spread()
            self.skew_inventory = self.leaning(position)
        else:
            base, self.skew_inventory = self.modelled(self.pricing, position)
        self.base_bps = base
        self.guarded = self.guards.widen_bps if self.guards is not None else 0.0
        base = (base + self.widen + self.guarded + self.event_bps) * self.zone_spread
        self.half_bps = model.full_width(params, operator, base, self.floor) * 0.5
        skew_bps = self.shift + self.skew_inventory + operator.skew_bps
        want = self.laddered = ladder.prices(fair, self.half_bps, skew_bps, self.offsets, bid, ask, self.tick_step)
        if not self.plain:
            self.told, self.said = (self.shift, self.widen), self.steps.said()
            want = self.held(want)
        self.priced = want
        if want == self.want and not self.dirty:
            return False
        self.want = want
        return True

    def held(self, want: skew.Sides) -> skew.Sides:
        """The ladder as the cost of the inventory, or EXIT NOW, holds it."""
        if self.operator.exit:
            return skew.way_out(want, self.position, *self.others, self.tick_step)
        if self.cost:
            want = skew.no_loss(want, self.position, self.cost, self.tick_step)
        if self.pongs is not None:
            want = self.pongs.keep(want, self.fair, self.ts, self.tick_step)
        return want

    def stirred(self) -> bool:
        """Whether signals or widening have moved by more than is worth a new pricing."""
        moved = abs(self.shift - self.told[0]) + 0.5 * abs(self.widen - self.told[1])
        return moved > DEAF * self.params.requote_tolerance_bps

    def width(self) -> float:
        """Full width in force, bps; the same whether quotes are out or not."""
        return model.full_width(self.params, self.operator, self.base_width(), self.floor)

    def base_width(self) -> float:
        """Full width in force before the operator and the bounds, bps."""
        base = self._spread() if self.pricing is None else self.modelled(self.pricing, self.position)[0]
        guarded = self.guards.widen_bps if self.guards is not None else 0.0
        return (base + self.widen + guarded + self.event_bps) * self.zone_spread

    def promise(self, bps: float, lots: int) -> None:
        """Keep inside an obligation: WIDE, guards and what else widens for a risk pass over it."""
        if (bps, lots) != (self.promised_bps, self.promised_lots):
            self.promised_bps, self.promised_lots = bps, lots
            self.sizes.made_for = ()
            self.dirty = True

    def _spread(self) -> float:
        params = self.params
        if params.vol_factor:
            return self._kept(params.spread_bps + params.vol_factor * self.volatility.bps(params.vol_horizon_s))
        return self._kept(params.spread_bps)

    def _kept(self, base: float) -> float:
        """No wider than what is promised, rounding included."""
        if not self.promised_bps:
            return base
        rounding = 2e4 * self.tick_step / self.fair if self.fair else 0.0
        return min(base, max(self.promised_bps - rounding, 0.0))

    def modelled(self, pricing: Pricing, position: int) -> tuple[float, float]:
        """Width and inventory skew of the spread model at this position, bps; the skew inside its bounds."""
        params = self.params
        sigma = params.sigma_bps if params.sigma == "fixed" else self.volatility.bps(1.0)
        room = self.limit / self.unit
        q = self.load(position) * room if params.dead_band else (position - self.target) / self.unit
        base, skew_bps = pricing.quote(sigma, self.ts, q, room)
        most = params.max_spread_bps * 0.5
        return self._kept(base), max(-most, min(most, skew_bps))

    def calibrate(self, ts: int) -> None:
        """Take what has been measured into the spread model: on the timer, never between a message and its quote."""
        if self.pricing is not None and self.volatility.last_mid:
            self.pricing.calibrate(ts, 2e4 / self.volatility.last_mid)

    def load(self, position: int) -> float:
        """How full the position is: (position - target) / limit, in [-1, 1]; 0 inside the dead band."""
        share = max(-1.0, min(1.0, (position - self.target) / (self.limit or 1)))
        band = self.params.dead_band
        return skew.banded(share, band) if band else share

    def leaning(self, position: int) -> float:
        """Inventory skew without a model, bps."""
        if self.curve:
            return skew.on_curve(self.curve, self.load(position))
        return model.inventory_skew(self.params, self.load(position))

    def lean(self, position: int) -> float:
        """Inventory skew at this position, bps."""
        return self.leaning(position) if self.pricing is None else self.modelled(self.pricing, position)[1]

    @property
    def reduce_mode(self) -> bool:
        """Only the side that reduces is quoted: by REDUCE or by EXIT NOW."""
        return self.reduce or self.operator.exit

    def clear_slot(self, order: Order) -> None:
        """The order has ended: its rung is free again."""
        slots = self.slots[order.side]
        if order.level < len(slots) and slots[order.level] is order:
            slots[order.level] = None
            self.dirty = True
        elif self.hanging is not None:
            self.hanging.forget(order)

    def shown(self) -> dict[int, list[Order | None]]:
        """Own orders of the ladder and those that stay beside it, by side."""
        if self.hanging is None or not self.hanging.orders:
            return self.slots
        return {side: [*self.slots[side], *self.hanging.of(side)] for side in (1, -1)}

    def open(self, side: int) -> list[Order]:
        return [order for order in self.slots[side] if order is not None]

    # ------------------------------------------------------------ explaining

    def why(self, side: int) -> list[Line]:
        """The waterfall of a side's first rung in ticks; empty when nothing is quoted there."""
        return explain.why(self, side)

    def parts(self) -> tuple[Best | Flow | Guards | Pongs | Hanging | Hedged | None, ...]:
        """What remembers something of its own, where it is on."""
        return (self.best, self.flow, self.guards, self.pongs, self.hanging, self.hedged)

    def digest(self) -> tuple[object, ...]:
        return (
            self.operator.digest(),
            self.reduce,
            self.operator.exit,
            self.want,
            self.fair,
            self.volatility.variance,
            [self.reasons[1], self.reasons[-1]],
            self.ease_until,
            self.zone,
            self.target,
            *(() if self.pricing is None else self.pricing.digest()),
            *(() if self.plain else (self.shift, self.widen, self.cost, self.steps.digest())),
            *(() if self.params.vol_estimator == "ewma" else self.volatility.digest()),
            *(part.digest() for part in self.parts() if part is not None),
            *((self.event_bps,) if self.event_bps else ()),
            *(self.zones.digest() if self.params.zone_rules else ()),
            *((self.boost,) if self.boost != 1.0 else ()),
            *((self.sizes.unit,) if self.sizes.by_equity else ()),
            *((self.promised_bps, self.promised_lots) if self.promised_bps or self.promised_lots else ()),
            *([order.ahead for order in self.open(1) + self.open(-1)] if self.params.queue_value_bps else ()),
        )
