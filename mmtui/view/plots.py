"""Small plots in text: braille lines, sparklines, a centred scale.

Rules of this file: pure; lists of numbers in, strings of the asked size out.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

_DOT = ((1, 8), (2, 16), (4, 32), (64, 128))


def resample(values: list[float], count: int) -> list[float]:
    """So many values over the whole span, the last one kept."""
    if len(values) <= 1 or count <= 1:
        return values[-1:] * max(1, count)
    last = len(values) - 1
    return [values[round(i * last / (count - 1))] for i in range(count)]


def braille(values: list[float], cells: int, rows: int) -> list[str]:
    """A joined line of the values, `cells` wide and `rows` high."""
    if not values or cells < 1 or rows < 1:
        return [" " * max(0, cells)] * max(0, rows)
    return list(_joined(tuple(resample(values, cells * 2)), cells, rows))


@lru_cache(maxsize=8)  # a history grows once a second, frames come ten times
def _joined(series: tuple[float, ...], cells: int, rows: int) -> tuple[str, ...]:
    low, high = min(series), max(series)
    span = high - low
    tall = rows * 4 - 1
    grid = [[0] * cells for _ in range(rows)]
    before: int | None = None
    for x, value in enumerate(series):
        y = round((high - value) / span * tall) if span else tall // 2
        first, last = (y, y) if before is None else (min(y, before), max(y, before))
        for at in range(first, last + 1):
            grid[at >> 2][x >> 1] |= _DOT[at & 3][x & 1]
        before = y
    return tuple("".join([chr(0x2800 | bits) for bits in line]) for line in grid)


def charted(values: list[float], cells: int, rows: int, text: Callable[[float], str]) -> list[tuple[str, str]]:
    """(label, line) of each row, `cells` wide together: a braille line with its highest and lowest value, and zero."""
    low, high = min(values, default=0.0), max(values, default=0.0)
    labels = {0: text(high), rows - 1: text(low)} if high > low else {rows // 2: text(high)}
    if low < 0.0 < high:
        labels.setdefault(round(high / (high - low) * (rows * 4 - 1)) // 4, text(0.0))
    room = max(len(label) for label in labels.values())
    lines = braille(values, max(1, cells - room - 1), rows)
    return [(f"{labels.get(at, ''):>{room}} ", line) for at, line in enumerate(lines)]


def balance(share: float, cells: int) -> tuple[str, str, str]:
    """A scale from -1 to +1 with its zero in the middle: (left, centre, right), the filled part in blocks."""
    half = (cells - 1) // 2
    filled = min(half, round(abs(share) * half)) or (1 if share else 0)
    if share < 0:
        return "▁" * (half - filled) + "▆" * filled, "│", "▁" * half
    return "▁" * half, "│", "▆" * filled + "▁" * (half - filled)
