"""Fair value: one function a kind, in ticks of the instrument; own orders out; basis to other instruments' prices.

Microprice: bid and ask weighted by the opposite sizes (Stoikov, "The micro-price", Quantitative Finance 18, 2018, its
first approximation).  `weighted` is the volume-adjusted mid price of several levels (VAMP).

Rules of this file: reads the engine's tables through `Feeds`; a price that is not known is 0.0; own state is only what
must be remembered (means of the mid and of the basis).
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from decimal import Decimal
from functools import lru_cache

from mmtui.core.events import MarkPrice
from mmtui.core.ledger.ledger import Ledger
from mmtui.core.market.book import OrderBook
from mmtui.core.orders.table import State
from mmtui.core.orders.tracker import Order
from mmtui.core.quoting import params_fair
from mmtui.core.quoting.ewma import Ewma
from mmtui.core.quoting.params import Quoting
from mmtui.core.risk.protections import Protections

Levels = list[tuple[int, int]]
Slots = dict[int, list[Order | None]]
#: Own orders that the venue shows in its book.
SHOWN = (State.LIVE, State.CANCELLING, State.AMENDING)
#: Kinds that are prices of other instruments: a basis may lie between them and this one.
OUTSIDE = ("index", "other", "consolidated")
NOBODY: Slots = {1: [], -1: []}


class Feeds:
    """The engine's own tables, by instrument: what fair values and signals are read from."""

    __slots__ = ("books", "kin", "ledger", "marks", "prints", "protections")

    def __init__(
        self,
        books: list[OrderBook],
        prints: list[deque[tuple[int, int, int, int]]],
        marks: list[MarkPrice | None],
        ledger: Ledger,
        protections: Protections,
    ) -> None:
        self.books = books
        self.prints = prints
        self.marks = marks
        self.ledger = ledger
        self.protections = protections
        bases = [account.instrument.base for account in ledger.accounts]
        self.kin = [[j for j, base in enumerate(bases) if base == one] for one in bases]  # same base, itself included

    def factor(self, i: int, j: int) -> float:
        """Ticks of i a tick of j, by the desk's currency rates; 0.0 while they are not known."""
        accounts = self.ledger.accounts
        mine, theirs = accounts[i], accounts[j]
        ticks = _ratio(theirs.instrument.tick, mine.instrument.tick)
        if mine.instrument.quote == theirs.instrument.quote:
            return ticks
        own, other = self.ledger.quote_rate(i), self.ledger.quote_rate(j)
        return ticks * (other / own) if own and other else 0.0

    def price(self, i: int, j: int) -> float:
        """Mid of instrument j in ticks of i; 0.0 when it has none."""
        return self.books[j].mid2() / 2 * self.factor(i, j)

    def fresh(self, j: int, ts: int) -> bool:
        """Whether the book of j may be priced from now."""
        protections = self.protections
        return ts - protections.seen[j] <= protections.stale_after[j] and self.books[j].quotable

    def worth(self, i: int, px: int, lots: int) -> float:
        """Worth of `lots` at a price, in the desk's currency; 0.0 while its rate is not known."""
        atoms = self.ledger.accounts[i].grid.notional_atoms(2 * px, lots)
        return atoms / 10**18 * (self.ledger.quote_rate(i) / 10**9)


@lru_cache(maxsize=1_024)
def _ratio(theirs: str, mine: str) -> float:
    """One tick in another: parsed once, not with every price."""
    return float(Decimal(theirs)) / float(Decimal(mine))


# -- the own book ------------------------------------------------------------------------------------------------------


def fair_value(book: OrderBook, params: Quoting, other_ticks: float) -> float:
    """Fair value of the plain kinds, nothing filtered. `other_ticks`: mid of fair_source in ticks of this one."""
    kind = params.fair_value
    if kind == "micro":
        return micro(book.bid, book.bid_sz, book.ask, book.ask_sz)
    if kind == "mid":
        return (book.bid + book.ask) / 2
    if kind == "other":
        return other_ticks
    return weighted(*book.display(params.fair_depth))


def micro(bid: int, bid_sz: int, ask: int, ask_sz: int) -> float:
    return (bid * ask_sz + ask * bid_sz) / (bid_sz + ask_sz)


def weighted(bids: Levels, asks: Levels) -> float:
    """Size-weighted mean of each side, each weighted by the other side's size."""
    bid_lots = sum(q for _, q in bids)
    ask_lots = sum(q for _, q in asks)
    bid_mean = sum(p * q for p, q in bids) / bid_lots
    ask_mean = sum(p * q for p, q in asks) / ask_lots
    return (bid_mean * ask_lots + ask_mean * bid_lots) / (bid_lots + ask_lots)


def others(levels: Levels, mine: list[Order | None], depth: int) -> Levels:
    """The first `depth` levels without what own orders show in them; a level that is all ours is left out."""
    own: dict[int, int] = {}
    for order in mine:
        if order is not None and order.state in SHOWN:
            own[order.px] = own.get(order.px, 0) + order.left
    if not own:
        return levels[:depth]
    left = [(px, q - own.get(px, 0)) for px, q in levels]
    return [level for level in left if level[1] > 0][:depth]


def foreign(book: OrderBook, slots: Slots, depth: int) -> tuple[Levels, Levels]:
    """The first levels a side of everybody else; of a side where nobody else is, ours."""
    if slots is NOBODY:
        return book.display(depth)
    bids, asks = book.display(depth + max(len(slots[1]), len(slots[-1])))
    return others(bids, slots[1], depth) or bids[:depth], others(asks, slots[-1], depth) or asks[:depth]


def touch(book: OrderBook, slots: Slots) -> tuple[int, int, int, int]:
    """Bid, its size, ask, its size, without own orders."""
    if slots is not NOBODY:
        for side, px in ((1, book.bid), (-1, book.ask)):
            for order in slots[side]:
                if order is not None and order.px == px:
                    bids, asks = foreign(book, slots, 1)
                    return *bids[0], *asks[0]
    return book.bid, book.bid_sz, book.ask, book.ask_sz


# -- kinds -------------------------------------------------------------------------------------------------------------


def _mid(fair: Fair, feeds: Feeds, i: int, slots: Slots, ts: int) -> float:
    bid, _, ask, _ = touch(feeds.books[i], slots)
    return (bid + ask) / 2


def _micro(fair: Fair, feeds: Feeds, i: int, slots: Slots, ts: int) -> float:
    return micro(*touch(feeds.books[i], slots))


def _weighted(fair: Fair, feeds: Feeds, i: int, slots: Slots, ts: int) -> float:
    return weighted(*foreign(feeds.books[i], slots, fair.params.fair_depth))


def _last(fair: Fair, feeds: Feeds, i: int, slots: Slots, ts: int) -> float:
    prints = feeds.prints[i]
    return float(prints[-1][1]) if prints else 0.0


def _ewma(fair: Fair, feeds: Feeds, i: int, slots: Slots, ts: int) -> float:
    return fair.mean.at(ts) / 2


def _published(feeds: Feeds, i: int, index: bool) -> float:
    mark = feeds.marks[i]
    if mark is None:
        return 0.0
    return (mark.index if index else mark.mark) * 1e-8 / float(feeds.ledger.accounts[i].grid.tick)


def _mark(fair: Fair, feeds: Feeds, i: int, slots: Slots, ts: int) -> float:
    return _published(feeds, i, index=False)


def _index(fair: Fair, feeds: Feeds, i: int, slots: Slots, ts: int) -> float:
    return _published(feeds, i, index=True)


def _other(fair: Fair, feeds: Feeds, i: int, slots: Slots, ts: int) -> float:
    return feeds.price(i, fair.lead) if fair.lead >= 0 else 0.0


def _consolidated(fair: Fair, feeds: Feeds, i: int, slots: Slots, ts: int) -> float:
    """Mids of the desk's markets of the same base, weighted by base size at the touch."""
    total = weights = 0.0
    for j in feeds.kin[i]:
        factor = feeds.factor(i, j) if feeds.fresh(j, ts) else 0.0
        if not factor:
            continue
        bid, bid_sz, ask, ask_sz = touch(feeds.books[j], slots if j == i else NOBODY)
        mid = (bid + ask) / 2
        grid = feeds.ledger.accounts[j].grid
        size = (bid_sz + ask_sz) * float(grid.size_base)
        if grid.inverse:
            size /= mid * float(grid.tick)
        total += mid * factor * size
        weights += size
    return total / weights if weights else 0.0


_KINDS: dict[str, Callable[[Fair, Feeds, int, Slots, int], float]] = {
    "mid": _mid,
    "micro": _micro,
    "weighted": _weighted,
    "last": _last,
    "ewma": _ewma,
    "mark": _mark,
    "index": _index,
    "other": _other,
    "consolidated": _consolidated,
}


class Fair:
    """The fair value of one instrument: its kinds and weights, and what they remember. Prices in ticks."""

    __slots__ = ("basis", "filtered", "lead", "mean", "params", "parts", "remembers")

    def __init__(self, params: Quoting, live: bool, last: Fair | None) -> None:
        self.params = params
        self.parts = params_fair.kinds(params)
        self.filtered = live and params.fair_filter_own
        self.lead: int = last.lead if last is not None else -1  # MarketSide.link_sources
        kept = last.mean if last is not None and last.remembers else None
        self.mean: Ewma = kept or Ewma(params.fair_tau_s)  # of the mid, half ticks
        self.mean.tau = params.fair_tau_s
        outside = [kind for kind, _ in self.parts if kind in OUTSIDE]
        if params.premium_weight and "other" not in outside:
            outside.append("other")
        before = last.basis if last is not None else {}
        learned = outside if params.basis == "learned" else []
        self.basis: dict[str, Ewma] = {kind: before.get(kind) or Ewma(params.basis_tau_s) for kind in learned}
        for one in self.basis.values():
            one.tau = params.basis_tau_s
        self.remembers: bool = bool(self.basis) or any(kind == "ewma" for kind, _ in self.parts)

    def slots(self, slots: Slots) -> Slots:
        """Own orders that are to be taken out of the book."""
        return slots if self.filtered else NOBODY

    def note(self, feeds: Feeds, i: int, slots: Slots, ts: int) -> None:
        """The own book has moved."""
        mid2 = feeds.books[i].mid2()
        self.mean.note(ts, float(mid2))
        for kind, basis in self.basis.items():
            outside = _KINDS[kind](self, feeds, i, self.slots(slots), ts)
            if outside > 0.0:
                basis.note(ts, (mid2 / 2 - outside) / outside)

    def value(self, feeds: Feeds, i: int, slots: Slots, ts: int) -> float:
        """Fair value in ticks; 0.0 when a part of it has no price."""
        total = 0.0
        for kind, weight in self.parts:
            price = self.part(kind, feeds, i, slots, ts)
            if price <= 0.0:
                return 0.0
            total += weight * price
        return total

    def part(self, kind: str, feeds: Feeds, i: int, slots: Slots, ts: int) -> float:
        """One kind, with its basis."""
        price = _KINDS[kind](self, feeds, i, self.slots(slots), ts)
        if kind not in OUTSIDE or self.params.basis == "none":
            return price
        if self.params.basis == "fixed":
            return price * (1.0 + self.params.basis_bps * 1e-4)
        return price * (1.0 + self.basis[kind].at(ts))

    def rescale(self, px: int) -> None:
        self.mean.rescale(px)

    def digest(self) -> tuple[object, ...]:
        return (*self.mean.digest(), *((kind, one.digest()) for kind, one in self.basis.items()))
