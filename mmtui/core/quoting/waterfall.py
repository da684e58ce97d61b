"""The waterfall: fair value, every step that moved it, and the price of a side's first rung; the lines add up to it.

Rules of this file: made on demand from what the quoter has at hand, nothing is kept; prices in ticks, steps in bps of
fair value (widths in bps of full width: half of it is a side's).
"""

from __future__ import annotations

from collections.abc import Iterable
from math import ceil, floor
from typing import NamedTuple

#: Guards floor and ceil against a sum that is a hair beyond a whole tick.
EPSILON = 1e-9


class Line(NamedTuple):
    """A line of the waterfall: price units (ticks here), and the price after it."""

    label: str
    value: float
    after: float


def waterfall(
    side: int,
    fair: float,
    shifts: Iterable[tuple[str, float]],
    widths: Iterable[tuple[str, float]],
    ends: Iterable[tuple[str, int]],
    step: int = 1,
) -> list[Line]:
    """Why a side's first rung is where it is: the lines add up to its price.

    `shifts`: bps that move both sides; `widths`: bps of the full width; `ends`: what whole prices were moved to after
    rounding (0: nowhere), in their order. Steps of nothing have no line, but for the first of the widths.
    """
    unit = fair * 1e-4
    lines = [Line("fair", fair, fair)]
    at = fair
    for label, bps in shifts:
        if bps:
            at += bps * unit
            lines.append(Line(label, bps * unit, at))
    for k, (label, bps) in enumerate(widths):
        if bps or not k:
            move = -side * 0.5 * bps * unit
            at += move
            lines.append(Line(label, move, at))
    rounded = floor(at + EPSILON) if side > 0 else ceil(at - EPSILON)
    rounded += -(rounded % step) if side > 0 else -rounded % step
    lines.append(Line("down to tick" if side > 0 else "up to tick", rounded - at, float(rounded)))
    for label, px in ends:
        if px and px != rounded:
            lines.append(Line(label, float(px - rounded), float(px)))
            rounded = px
    return lines
