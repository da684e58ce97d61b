"""The steps from a book to the price of each side: pure functions, one a step, and the waterfall that explains them.

Rules of this file: prices are in ticks (floats until the last step rounds outwards: asks up, bids down); bps are of
fair value; every step that moves a price has a line in `explain`.
"""

from __future__ import annotations

from math import ceil, floor
from typing import NamedTuple

from mmtui.core.market.book import OrderBook
from mmtui.core.quoting.params import Quoting

#: Guards floor and ceil against a sum that is a hair beyond a whole tick.
EPSILON = 1e-9


class Operator:
    """What the operator has set by keys, beside the profile."""

    __slots__ = ("owner", "set_ts", "size_pct", "skew_bps", "spread_bps", "wide")

    def __init__(self) -> None:
        self.spread_bps = 0.0
        self.skew_bps = 0.0
        self.size_pct = 0.0
        self.wide = False
        self.owner = ""
        self.set_ts = 0

    def digest(self) -> tuple[object, ...]:
        return (self.spread_bps, self.skew_bps, self.size_pct, self.wide)


def fair_value(book: OrderBook, params: Quoting, other_ticks: float) -> float:
    """Fair value in ticks of a quotable book. `other_ticks`: mid of fair_source in ticks of this instrument."""
    kind = params.fair_value
    if kind == "micro":
        bid_sz, ask_sz = book.bid_sz, book.ask_sz
        return (book.bid * ask_sz + book.ask * bid_sz) / (bid_sz + ask_sz)
    if kind == "mid":
        return (book.bid + book.ask) / 2
    if kind == "other":
        return other_ticks
    bids, asks = book.display(params.fair_depth)
    bid_lots = sum(q for _, q in bids)
    ask_lots = sum(q for _, q in asks)
    bid_mean = sum(p * q for p, q in bids) / bid_lots
    ask_mean = sum(p * q for p, q in asks) / ask_lots
    return (bid_mean * ask_lots + ask_mean * bid_lots) / (bid_lots + ask_lots)


def full_width(params: Quoting, operator: Operator, base_bps: float) -> float:
    """Full width in bps: the model's base + operator, doubled by WIDE, inside its bounds."""
    width = base_bps + operator.spread_bps
    if operator.wide:
        width *= 2
    return min(max(width, params.min_spread_bps), params.max_spread_bps)


def inventory_skew(params: Quoting, ratio: float) -> float:
    """Shift in bps against inventory; ratio is (position - target) / limit in [-1, 1]. Long leans to sell: negative."""
    return -params.skew_bps * ratio


def rungs(params: Quoting) -> tuple[float, ...]:
    """Distance of each rung from the first, bps."""
    out, distance, step = [], 0.0, params.spacing_bps
    for _ in range(params.levels):
        out.append(distance)
        distance += step
        if params.spacing == "geometric":
            step *= params.spacing_factor
    return tuple(out)


def shape(params: Quoting) -> tuple[float, ...]:
    """Size of each rung as a multiple of the first."""
    factor = params.size_factor
    if params.size_profile == "linear":
        return tuple(1.0 + n * (factor - 1.0) for n in range(params.levels))
    if params.size_profile == "exponential":
        out = [1.0]
        for _ in range(params.levels - 1):
            out.append(out[-1] * factor)
        return tuple(out)
    return (1.0,) * params.levels


def prices(
    fair: float, half_bps: float, skew_bps: float, offsets: tuple[float, ...], bid: int, ask: int, step: int = 1
) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Ticks of the bids and asks, nearest first, rounded outwards and never through the touch (post-only).

    `step`: ticks between prices that an order may have (more than one where the book is finer than orders may be).
    """
    unit = fair * 1e-4
    centre = fair + skew_bps * unit
    top_bid, top_ask = ask - 1, bid + 1
    bids, asks = [], []
    last_bid, last_ask = top_bid + 1, top_ask - 1
    for offset in offsets:
        distance = (half_bps + offset) * unit
        last_bid = min(floor(centre - distance + EPSILON), last_bid - 1)
        last_ask = max(ceil(centre + distance - EPSILON), last_ask + 1)
        bids.append(last_bid)
        asks.append(last_ask)
    if step > 1:
        bids, asks = _on_step(bids, step, -1), _on_step(asks, step, 1)
    if asks[0] <= bids[0]:  # no width left: own quotes never meet
        asks = [max(px, bids[0] + (1 + k) * step) for k, px in enumerate(asks)]
    return tuple(bids), tuple(asks)


def _on_step(prices_: list[int], step: int, outwards: int) -> list[int]:
    """Prices moved outwards to multiples of step, no two the same."""
    out: list[int] = []
    for px in prices_:
        px += outwards * (outwards * -px % step)
        if out:
            px = outwards * max(outwards * px, outwards * out[-1] + step)
        out.append(px)
    return out


class Line(NamedTuple):
    """A line of the waterfall: price units (ticks here), and the price after it."""

    label: str
    value: float
    after: float


def explain(
    side: int,
    fair: float,
    half_bps: float,
    skew_inventory: float,
    skew_operator: float,
    clip: int,
    mine: int,
    step: int = 1,
    words: tuple[str, str] = ("inventory skew", "half-spread"),
) -> list[Line]:
    """Why a side's first rung is where it is, in ticks: the lines add up to the quote, and the last one rounds.

    `words`: what the inventory's skew and the half-spread are called (a spread model has its own).
    """
    unit = fair * 1e-4
    lines = [Line("fair", fair, fair)]
    at = fair
    for label, bps in ((words[0], skew_inventory), ("operator skew", skew_operator)):
        if bps:
            at += bps * unit
            lines.append(Line(label, bps * unit, at))
    at += side * -1 * half_bps * unit
    lines.append(Line(words[1], -side * half_bps * unit, at))
    rounded = floor(at + EPSILON) if side > 0 else ceil(at - EPSILON)
    rounded += -(rounded % step) if side > 0 else -rounded % step
    lines.append(Line("down to tick" if side > 0 else "up to tick", rounded - at, float(rounded)))
    if mine and mine != rounded:
        label = "kept post-only" if mine == clip else "held within tolerance"
        lines.append(Line(label, float(mine - rounded), float(mine)))
    return lines
