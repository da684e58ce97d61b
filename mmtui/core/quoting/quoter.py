"""The quoter of one instrument: keeps its ladder in the market, and knows why a side is not there.

Rules of this file: reads the book, the position and the gate's answers; changes only its own slots; a requote is
decided here, sending is the engine's.  One order a slot: the next is placed when the last is proven gone.
"""

from __future__ import annotations

from decimal import Decimal

from mmtui.core.market.instrument import Grid
from mmtui.core.orders.tracker import Order
from mmtui.core.quoting import ladder, model
from mmtui.core.quoting.best import Best
from mmtui.core.quoting.flow import Flow, Life
from mmtui.core.quoting.guards import Guards
from mmtui.core.quoting.params import Quoting
from mmtui.core.quoting.pricing import Pricing
from mmtui.core.quoting.sizes import Sizes
from mmtui.core.quoting.volatility import Volatility
from mmtui.core.setup import InstrumentSetup

#: A side whose orders an operator cancelled one by one comes back after this.
HOLD_ORDER_NS = 5_000_000_000
FOREVER = 1 << 62
#: Share of the requote tolerance by which fair value may move before prices are computed again.
DEAF = 0.1


class Quoter:
    """State of quoting on one instrument. Sizes in lots, prices in ticks."""

    def __init__(self, i: int, setup: InstrumentSetup) -> None:
        self.i = i
        self.base = setup.quoting
        self.params = setup.quoting
        self.enabled = setup.quote
        self.operator = model.Operator()
        self.reduce_mode = False
        self.guard = ""  # a gauge at 90 %: reduce-only, and why
        self.volatility = Volatility(setup.quoting.vol_window_s)
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
        self.half_bps = 0.0
        self.skew_inventory = 0.0
        self.pricing: Pricing | None = None  # the spread model; None: fixed
        self.ts = self.position = 0  # at the last pricing of a spread model
        self.want: tuple[tuple[int, ...], tuple[int, ...]] = ((), ())
        self.sizes = Sizes()
        self.offsets: tuple[float, ...] = ()
        self.best: Best | None = None  # the best price of others; None: not followed
        self.flow: Flow | None = None  # what holds a side for a while; None: nothing of it is on
        self.guards: Guards | None = None  # protections of the strategy; None: none is on
        self.life = Life(setup.quoting)
        self.hears = False  # trades of the market matter to guards, or to places in the queue
        self.grid = Grid(setup.instrument)
        self.tick_step = self.lot_step = 1  # prices and sizes of orders are multiples of these
        self.unit = 0.0  # lots of `size`
        self.target = 0
        self.limit = 0
        self.setup = setup
        self.derive(setup.quoting)

    def derive(self, params: Quoting) -> None:
        """Everything that depends on parameters alone, prepared once a change."""
        lot = self.grid.lot
        if params.vol_window_s != self.params.vol_window_s:
            self.volatility.tau = params.vol_window_s
        self.params = params
        self.micro = params.fair_value == "micro"
        self.offsets = ladder.rungs(params)
        self.unit = float(Decimal(repr(params.size)) / lot)
        self.sizes.derive(params, self.unit)
        follows = params.best_price != "off" or params.best_price_ask not in ("same", "off")
        self.best = Best(params, self.grid, self.best) if follows else None
        self.flow = Flow.made(params, self.grid, self.flow)
        self.guards = Guards.made(params, self.grid, self.guards)
        self.life = Life(params)
        self.hears = self.guards is not None or params.queue_value_bps > 0.0
        self.target = int(Decimal(self.setup.target) / lot)
        explicit = Decimal(self.setup.max_position) / lot
        self.limit = int(explicit) if explicit > 0 else max(1, int(20 * self.unit))
        self.pricing = None if params.spread_model == "fixed" else Pricing(params, self.pricing)
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
        self.volatility.last_mid *= px
        self.derive(self.params)

    # ------------------------------------------------------------ deciding

    def reprice(self, bid: int, ask: int, fair: float, position: int, ts: int) -> bool:
        """New wanted prices; True when they, or anything else that matters, differ from the last."""
        operator, params = self.operator, self.params
        self.fair, self.bid, self.ask = fair, bid, ask
        self.deaf = DEAF * params.requote_tolerance_bps * 1e-4 * fair
        if self.pricing is None:
            self.half_bps = self._fixed_width() * 0.5
            self.skew_inventory = model.inventory_skew(params, self.load(position))
        else:
            self.ts, self.position = ts, position
            width, self.skew_inventory = self.modelled(self.pricing, position)
            self.half_bps = width * 0.5
        skew = self.skew_inventory + operator.skew_bps
        want = ladder.prices(fair, self.half_bps, skew, self.offsets, bid, ask, self.tick_step)
        if want == self.want and not self.dirty:
            return False
        self.want = want
        return True

    def width(self) -> float:
        """Full width in force, bps; the same whether quotes are out or not."""
        return self._fixed_width() if self.pricing is None else self.modelled(self.pricing, self.position)[0]

    def _fixed_width(self) -> float:
        params = self.params
        base = params.spread_bps
        if params.vol_factor:
            base += params.vol_factor * self.volatility.bps(params.vol_horizon_s)
        return model.full_width(params, self.operator, base)

    def modelled(self, pricing: Pricing, position: int) -> tuple[float, float]:
        """Full width and inventory skew of the spread model at this position, bps, inside their bounds."""
        params = self.params
        sigma = params.sigma_bps if params.sigma == "fixed" else self.volatility.bps(1.0)
        width, skew = pricing.quote(sigma, self.ts, (position - self.target) / self.unit, self.limit / self.unit)
        most = params.max_spread_bps * 0.5
        return model.full_width(params, self.operator, width), max(-most, min(most, skew))

    def calibrate(self, ts: int) -> None:
        """Take what has been measured into the spread model: on the timer, never between a message and its quote."""
        if self.pricing is not None and self.volatility.last_mid:
            self.pricing.calibrate(ts, 2e4 / self.volatility.last_mid)

    def load(self, position: int) -> float:
        """How full the position is: (position - target) / limit, in [-1, 1]."""
        return max(-1.0, min(1.0, (position - self.target) / (self.limit or 1)))

    def lean(self, position: int) -> float:
        """Inventory skew at this position, bps."""
        if self.pricing is not None:
            return self.modelled(self.pricing, position)[1]
        return model.inventory_skew(self.params, self.load(position))

    def clear_slot(self, order: Order) -> None:
        """The order has ended: its rung is free again."""
        slots = self.slots[order.side]
        if order.level < len(slots) and slots[order.level] is order:
            slots[order.level] = None
            self.dirty = True

    def open(self, side: int) -> list[Order]:
        return [order for order in self.slots[side] if order is not None]

    # ------------------------------------------------------------ explaining

    def why(self, side: int) -> list[model.Line]:
        """The waterfall of a side's first rung in ticks; empty when nothing is quoted there."""
        want = self.want[0] if side > 0 else self.want[1]
        if not want or not self.active or self.reasons[side]:
            return []
        first = self.slots[side][0]
        mine = first.px if first is not None else want[0]
        skews = self.skew_inventory, self.operator.skew_bps
        known = side, self.fair, self.half_bps, *skews, want[0], mine, self.tick_step
        if self.pricing is None:
            return model.explain(*known)
        return model.explain(*known, ("reservation price (skew)", self.pricing.words()))

    def digest(self) -> tuple[object, ...]:
        return (
            self.operator.digest(),
            self.reduce_mode,
            self.want,
            self.fair,
            self.volatility.variance,
            [self.reasons[1], self.reasons[-1]],
            self.ease_until,
            *(() if self.pricing is None else self.pricing.digest()),
            *(part.digest() for part in (self.best, self.flow, self.guards) if part is not None),
            *((self.sizes.unit,) if self.sizes.by_equity else ()),
            *([order.ahead for order in self.open(1) + self.open(-1)] if self.params.queue_value_bps else ()),
        )
