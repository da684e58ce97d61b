"""The flow of orders: when one is moved or left, and what holds a side for a while.

Rules of this file: reads what it is given and keeps what must be remembered; instants are ns on the engine's clock,
sizes lots; sending is the engine's.
"""

from __future__ import annotations

from collections import deque

from mmtui.core.market.instrument import Grid
from mmtui.core.orders.inplace import Amending
from mmtui.core.orders.table import State
from mmtui.core.orders.tracker import Order
from mmtui.core.quoting.bands import Bands
from mmtui.core.quoting.params import Quoting

SECOND = 1_000_000_000
MINUTE = 60 * SECOND
DAY = 86_400 * SECOND


class Life:
    """How long an order lives: at least, and at most."""

    __slots__ = ("least", "most", "rungs")

    def __init__(self, params: Quoting) -> None:
        self.least = params.min_life_ms * 1_000_000
        self.most = int(params.max_order_age_s * SECOND)  # 0: no end
        self.rungs = params.levels

    def over(self, order: Order, ts: int) -> bool:
        """Whether an order is to be placed anew: every rung of either side at its own age, the farthest first."""
        place = 2 * min(order.level, self.rungs - 1) + (order.side < 0)
        return ts - order.live_ts >= self.most - self.most * place // (4 * self.rungs)


def keep(order: Order, want_px: int, want_sz: int, ts: int, band: float, life: Life, reducing: bool) -> bool | None:
    """True: leave the order; False: cancel it now; None: it should go, but has not lived long enough.

    `band`: the tolerance in ticks; `reducing`: no more than is wanted may stand.
    """
    if order.state is not State.LIVE:  # one whose amend is on its way can be cancelled over it
        return order.state is not State.AMENDING or want_sz > 0
    if want_sz <= 0 or order.left > want_sz * 2 or (reducing and order.left > want_sz):
        return False
    if -band <= order.px - want_px <= band:
        return not (life.most and life.over(order, ts))
    return False if ts - order.live_ts >= life.least else None


def amends(params: Quoting, venue: Amending | None) -> tuple[bool, bool] | None:
    """Whether a venue's orders change price, and grow, in place; None: quotes are not amended there."""
    if venue is None or params.amend == "off":
        return None
    if params.amend == "keep":
        return (False, False) if venue.keeps else None
    return venue.price, venue.up


def queue_share(ahead: int, others: int) -> float:
    """Share of the others' lots at a level that stands behind an order with `ahead` before it; 0.0: none, or unknown.

    The place is worth nothing when nobody is behind: it can be had again.
    """
    return 0.0 if ahead < 0 or others <= 0 else max(0.0, 1.0 - ahead / others)


def sessions(text: str) -> tuple[tuple[int, int], ...]:
    """ "08:00-12:00, 22:00-02:00" as (begin, end) in ns of the UTC day, end before begin over midnight; ValueError."""
    out = []
    for part in text.split(",") if text.strip() else ():
        begin, dash, end = part.strip().partition("-")
        span = _minute(begin), _minute(end)
        if not dash or span[0] == span[1] or span[0] >= DAY:
            raise ValueError(part)
        out.append(span)
    return tuple(out)


def _minute(text: str) -> int:
    """ "13:30" in ns of the day, "24:00" included."""
    hours, colon, minutes = text.strip().partition(":")
    if not (colon and len(hours) == len(minutes) == 2 and hours.isascii() and minutes.isascii()):
        raise ValueError(text)
    at = (int(hours) * 60 + int(minutes)) * MINUTE
    if not (hours.isdigit() and minutes.isdigit()) or int(minutes) > 59 or at > DAY:
        raise ValueError(text)
    return at


def within(spans: tuple[tuple[int, int], ...], ts: int) -> bool:
    """Whether an instant lies in one of the sessions (always, when there are none)."""
    at = ts % DAY
    return not spans or any(b <= at < e if b < e else at >= b or at < e for b, e in spans)


class Flow:
    """What holds the sides of one quoter by the rules of its flow."""

    __slots__ = (
        "after", "bands", "before", "boost", "cool", "cool_both", "cool_ns", "draining", "drains", "fills", "most",
        "net", "ping_pong", "reasons", "sides", "spans", "window",
    )  # fmt: skip

    def __init__(self, params: Quoting, grid: Grid, last: Flow | None) -> None:
        self.sides = {"both": 0, "bid": 1, "ask": -1}[params.sides]
        self.cool_ns = params.cooldown_ms * 1_000_000
        self.cool_both = params.cooldown_sides == "both"
        self.most = params.max_fills
        self.boost = 1.0  # factor of max_fills in a wide market
        self.window = int(params.max_fills_s * SECOND)
        self.ping_pong = params.ping_pong
        self.spans = sessions(params.sessions)
        self.drains = params.session_end == "drain"
        self.before, self.after = int(params.funding_before_s * SECOND), int(params.funding_after_s * SECOND)
        banded = params.price_ceiling or params.price_floor
        banded = banded or params.moving_band_above_pct or params.moving_band_below_pct
        bands = last.bands if last is not None else None
        self.bands: Bands | None = Bands(params, grid, bands) if banded else None
        # until when a side is held after a fill
        self.cool: dict[int, int] = dict(last.cool) if last is not None else {1: 0, -1: 0}
        self.fills: dict[int, deque[int]] = {1: deque(), -1: deque()}
        if last is not None and self.most:
            self.fills = last.fills
        self.net: int = last.net if last is not None and self.ping_pong else 0  # lots bought less sold
        self.reasons = {1: "", -1: ""}
        self.draining = {1: False, -1: False}  # held, but its open orders conclude

    @staticmethod
    def made(params: Quoting, grid: Grid, last: Flow | None) -> Flow | None:
        """A flow that continues the last one; None where nothing of it is on."""
        on = (
            params.sides != "both", params.cooldown_ms, params.max_fills, params.ping_pong, params.sessions.strip(),
            params.funding_before_s, params.funding_after_s, params.price_ceiling, params.price_floor,
            params.moving_band_above_pct, params.moving_band_below_pct,
        )  # fmt: skip
        return Flow(params, grid, last) if any(on) else None

    def filled(self, side: int, lots: int, ts: int) -> None:
        """A quote of this side was executed."""
        if self.cool_ns:
            for held in (1, -1) if self.cool_both else (side,):
                self.cool[held] = ts + self.cool_ns
        if self.most:
            self.fills[side].append(ts)
        if self.ping_pong:
            self.net += side * lots

    def look(self, ts: int, fair: float, fundings: tuple[int, ...]) -> None:
        """Decide anew what holds each side. `fundings`: instants of the next and the last funding that are known."""
        if self.bands is not None:
            self.bands.look(fair, ts)
        funding = any(-self.before <= ts - at < self.after for at in fundings)
        closed = not within(self.spans, ts)
        for side in (1, -1):
            why = self._held(side, ts) or ("around funding" if funding else "")
            self.draining[side] = closed and self.drains and not why
            self.reasons[side] = why or ("outside sessions" if closed else "")

    def _held(self, side: int, ts: int) -> str:
        if self.sides == -side:
            return "bids only" if side < 0 else "asks only"
        if ts < self.cool[side]:
            return "after a fill"
        fills = self.fills[side]
        while fills and fills[0] <= ts - self.window:
            fills.popleft()
        if self.most and len(fills) >= self.most * self.boost:
            return "fills in the window"
        if side * self.net > 0:
            return "ping-pong: waiting for the other side"
        return self.bands.reasons[side] if self.bands is not None else ""

    def rescale(self, px: int, sz: int) -> None:
        self.net *= sz
        if self.bands is not None:
            self.bands.rescale(px)

    def digest(self) -> tuple[object, ...]:
        bands = self.bands.digest() if self.bands is not None else ()
        return (self.cool[1], self.cool[-1], list(self.fills[1]), list(self.fills[-1]), self.net, bands)
