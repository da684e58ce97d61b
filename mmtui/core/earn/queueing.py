"""How probably a resting order trades within a while, from its place in the queue and the market's recent trades.

Market orders against its side are taken for a Poisson process of equal sizes, as in Cont, Stoikov and Talreja (2010),
"A stochastic model for order book dynamics", section 2 (market orders of unit size at a constant rate).  With `rate`
trades a second of `mean` lots each over the last minute, the order trades whole within T seconds with

    P = P(N >= n),  N ~ Poisson(rate x T),  n = ceil((ahead + left) / mean)

ahead: lots before it at its price and at better prices.  Cancels ahead of it are left out, so that P is too low
rather than too high (the desk's pessimistic fill model).  Behind an unknown queue the whole level is taken to be ahead.

Rules of this file: pure functions; asked when somebody looks, never on the way of a quote.
"""

from __future__ import annotations

from mmtui.core.earn.flow import Recent
from mmtui.core.market.book import OrderBook
from mmtui.core.maths import exp
from mmtui.core.orders.tracker import Order

#: The while that a fill probability speaks of, seconds.
WITHIN = 10.0
#: Beyond so many expected trades several are counted as one, so that exp does not underflow.
_MOST = 500.0


def poisson_tail(n: int, expected: float) -> float:
    """P(N >= n) of a Poisson variable; 0..1."""
    if n <= 0:
        return 1.0
    if expected <= 0.0:
        return 0.0
    while expected > _MOST:
        n, expected = (n + 1) // 2, expected / 2
    term = below = exp(-expected)
    for k in range(1, n):
        term *= expected / k
        below += term
        if k > expected and term < below * 1e-17:
            break
    return min(1.0, max(0.0, 1.0 - below))


def lots_before(book: OrderBook, order: Order) -> int:
    """Lots that trade before an order: better prices, then those ahead in its own queue."""
    side = book.bids if order.side > 0 else book.asks
    mine = order.side * order.px
    better = 0
    for key in reversed(side.keys):
        if key <= mine:
            break
        better += side.sizes[key]
    level = book.size_at(order.side, order.px)
    return better + (level if order.ahead < 0 else order.ahead)


def fill_probability(book: OrderBook, order: Order, recent: Recent, ts: int, within: float = WITHIN) -> float:
    """Of trading whole within so many seconds; 0.0 when nothing has traded against its side for a minute."""
    rate, mean = recent.rate(ts, -order.side)
    if rate <= 0.0:
        return 0.0
    wanted = lots_before(book, order) + order.left
    return poisson_tail(int(-(-wanted // mean)), rate * within)
