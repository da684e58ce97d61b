"""From a price and a width to the prices of a ladder: rungs, sizes, rounding, the best price of others.

Rules of this file: pure functions; prices are in ticks, sizes in lots, distances in bps of fair value; the last step
rounds outwards (asks up, bids down).
"""

from __future__ import annotations

from math import ceil, floor, isfinite

from mmtui.core.quoting.params import Quoting

#: Guards floor and ceil against a sum that is a hair beyond a whole tick.
EPSILON = 1e-9
#: Ticks nearer to the market than the best of others.
NEARER = {"join": 0, "improve": 1, "behind": -1, "biggest": 1, "inverse-join": 0, "inverse-top": 1}


def numbers(text: str) -> tuple[float, ...]:
    """Numbers of a text like "0.5, 1, 2"; ValueError for one that is none."""
    found = tuple(float(part) for part in text.split(",")) if text.strip() else ()
    if not all(isfinite(value) for value in found):
        raise ValueError(text)
    return found


def rungs(params: Quoting) -> tuple[float, ...]:
    """Distance of each rung from the first, bps."""
    if params.spacing == "list":
        return (0.0, *numbers(params.spacing_list)[: params.levels - 1])
    out, distance, step = [], 0.0, params.spacing_bps
    for _ in range(params.levels):
        out.append(distance)
        distance += step
        if params.spacing == "geometric":
            step *= params.spacing_factor
    return tuple(out)


def shape(params: Quoting) -> tuple[float, ...]:
    """Size of each rung as a multiple of the first size."""
    factor = params.size_factor
    if params.size_profile == "list":
        return numbers(params.size_list)[: params.levels]
    if params.size_profile == "linear":
        return tuple(max(0.0, 1.0 + n * (factor - 1.0)) for n in range(params.levels))
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


def outwards(side: int, px: int, step: int) -> int:
    """A price moved away from the market to a multiple of step."""
    return px - px % step if side > 0 else px + -px % step


def _on_step(prices_: list[int], step: int, away: int) -> list[int]:
    """Prices moved outwards to multiples of step, no two the same."""
    out: list[int] = []
    for px in prices_:
        px += away * (away * -px % step)
        if out:
            px = away * max(away * px, away * out[-1] + step)
        out.append(px)
    return out


def best_of_others(levels: list[tuple[int, int]], own: dict[int, int], dust: int) -> int:
    """Price at which more than `dust` lots of others stand from the touch on; 0 when there is none.

    `levels`: (price, lots) best first; `own`: price -> own lots that are among them.
    """
    seen = 0
    for px, lots in levels:
        others = lots - own.get(px, 0)
        if others > 0:
            seen += others
            if seen > dust:
                return px
    return 0


def biggest_of_others(levels: list[tuple[int, int]], own: dict[int, int]) -> int:
    """Price of the level where most lots of others stand, the best of equals; 0 when there is none."""
    found, most = 0, 0
    for px, lots in levels:
        others = lots - own.get(px, 0)
        if others > most:
            found, most = px, others
    return found


def nearest(side: int, fair: float, floor_bps: float, touch: int, step: int) -> int:
    """The price nearest to the market that `improve` may go to: `floor_bps` from fair value, and not onto the other
    side, whose best price is `touch`."""
    if side > 0:
        return outwards(1, min(floor(fair * (1.0 - floor_bps * 1e-4) + EPSILON), touch - 1), step)
    return outwards(-1, max(ceil(fair * (1.0 + floor_bps * 1e-4) - EPSILON), touch + 1), step)


def by_best(
    side: int, want: tuple[int, ...], mode: str, best: int, bound: int | None, step: int = 1
) -> tuple[int, ...]:
    """A side moved so that its first rung joins, improves or stands behind the best of others.

    Only away from the market; nearer than the model price, up to `bound`, where a bound is given (improve = true).
    """
    first = want[0]
    target = outwards(side, best + side * NEARER[mode] * step, step)
    if side * target > side * first:
        if bound is None or side * bound <= side * first:
            return want
        target = side * min(side * target, side * bound)
    return tuple(px + target - first for px in want)
