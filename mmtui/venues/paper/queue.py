"""The queue at one price: own orders in arrival order, and how much displayed size stands ahead of each.

Rules of this file: integer lots; pure; it knows trades and displayed sizes of its price, and nothing else.

Trades and depth are two streams about the same fact and come in either order.  `credit` holds traded lots that a later
decrease of the displayed size will repeat; `loose` holds a decrease that no trade has explained yet, so that a trade
which turns up late gives back what the decrease had advanced before it takes from the front.
"""

from __future__ import annotations

#: Trades and depth of one match reach us within this time of each other; older bookkeeping is dropped.
WINDOW = 250_000_000


class Resting:
    """An own order in the book."""

    __slots__ = ("ahead", "gain", "left", "oid", "px", "reduce_only", "side", "since", "sz", "tif", "told")

    def __init__(
        self, oid: int, side: int, px: int, sz: int, left: int, ahead: int, since: int, reduce_only: bool, tif: str
    ) -> None:
        self.oid = oid
        self.side = side
        self.px = px
        self.sz = sz  # whole size; what is not left of it was filled
        self.left = left
        self.ahead = ahead
        self.since = since  # venue's clock of the depth that we joined: older trades are in it already
        self.reduce_only = reduce_only
        self.tif = tif
        self.gain = 0  # lots advanced by `loose` decreases
        self.told = ahead  # the queue place that was last reported


class Level:
    """One price of one side with own orders in it."""

    __slots__ = ("credit", "credit_ts", "loose", "loose_ts", "orders", "shown")

    def __init__(self, shown: int) -> None:
        self.shown = shown
        self.orders: list[Resting] = []
        self.credit = 0
        self.credit_ts = 0
        self.loose = 0
        self.loose_ts = 0

    def observe(self, size: int, ts_event: int, optimistic: bool) -> None:
        """The displayed size is `size` now (venue's instant `ts_event`)."""
        decrease = self.shown - size
        self.shown = size
        if self.credit and ts_event > self.credit_ts + WINDOW:
            self.credit = 0
        if decrease <= 0:
            return
        explained = min(decrease, self.credit)
        self.credit -= explained
        free = decrease - explained
        if free:
            if ts_event > self.loose_ts + WINDOW:
                self._forget_loose()
            self.loose += free
            self.loose_ts = max(self.loose_ts, ts_event)
        for order in self.orders:
            ahead = order.ahead
            if optimistic and free:
                ahead -= ahead * free // (size + free)
            ahead = min(ahead, size)
            if free:
                order.gain += order.ahead - ahead
            order.ahead = ahead

    def trade(self, size: int, ts_event: int) -> list[tuple[Resting, int]]:
        """A trade of `size` lots hit this price: fills as (order, lots). The caller takes them off `left`."""
        late = 0
        if self.loose and ts_event <= self.loose_ts:
            late = min(size, self.loose)
            self._give_back(late, ts_event)
        self.credit += size - late
        self.credit_ts = max(self.credit_ts, ts_event)
        fills: list[tuple[Resting, int]] = []
        consumed, rest = 0, size
        for order in self.orders:
            if ts_event < order.since:
                continue
            before = min(max(order.ahead - consumed, 0), rest)
            consumed += before
            rest -= before
            if rest:
                filled = min(order.left, rest)
                rest -= filled
                fills.append((order, filled))
        for order in self.orders:
            if ts_event >= order.since:
                order.ahead = max(0, order.ahead - consumed)
        return fills

    def rescale(self, px: int, sz: int) -> None:
        self.shown *= sz
        self.credit *= sz
        self.loose *= sz
        for order in self.orders:
            order.px *= px
            order.sz *= sz
            order.left *= sz
            order.ahead *= sz
            order.gain *= sz
            order.told *= sz

    def _give_back(self, late: int, ts_event: int) -> None:
        for order in self.orders:
            if ts_event >= order.since:
                back = -(-order.gain * late // self.loose)
                order.ahead += back
                order.gain -= back
        self.loose -= late
        if not self.loose:
            self._forget_loose()

    def _forget_loose(self) -> None:
        self.loose = 0
        for order in self.orders:
            order.gain = 0
