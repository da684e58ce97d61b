"""The steps from a book to the price of each side: pure functions, one a step, and the waterfall that explains them.

Rules of this file: prices are in ticks (floats until the last step rounds outwards: asks up, bids down); bps are of
fair value; every step that moves a price has a line in `explain`.
"""

from __future__ import annotations

from math import ceil, floor
from typing import NamedTuple

from mmtui.core.market.book import OrderBook
from mmtui.core.quoting.ladder import EPSILON
from mmtui.core.quoting.params import Quoting


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
