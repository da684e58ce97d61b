"""Aligned tables: columns with a head, a width and a side; the ones that matter least go first where cells are few.

Rules of this file: rows only, no model.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from mmtui.view.rows import Row, Span, clip, cut, pad


class Col(NamedTuple):
    """A column. `keep`: 0 stays longest; `left`: words stand left, numbers right."""

    head: str
    cells: int
    keep: int = 0
    left: bool = False


def fitting(columns: Sequence[Col], cells: int) -> list[int]:
    """The places of the columns that fit: a blank before numbers, two before words."""
    kept = list(range(len(columns)))
    while sum(columns[at].cells + 1 + columns[at].left for at in kept) - 1 > cells and len(kept) > 1:
        kept.remove(max(kept, key=lambda at: (columns[at].keep, at)))
    return kept


def table(columns: Sequence[Col], lines: Sequence[Sequence[Span]], cells: int) -> list[Row]:
    """Head and lines; a line has a span for every column, cut to its width."""
    kept = fitting(columns, cells)

    def placed(at: int, text: str) -> str:
        column = columns[at]
        text = cut(text, column.cells)
        lead = "  " if column.left and at != kept[0] else " "
        return lead + (text.ljust(column.cells) if column.left else text.rjust(column.cells))

    rows: list[Row] = [clip([(placed(at, columns[at].head), "dim") for at in kept], cells)]
    return rows + [clip([(placed(at, line[at][0]), line[at][1]) for at in kept], cells) for line in lines]


def beside(left: list[Row], right: list[Row], at: int, cells: int) -> list[Row]:
    """Two blocks side by side, the right one from cell `at`, a gap of two before it."""
    tall = max(len(left), len(right))
    filled = [*left, *[()] * (tall - len(left))], [*right, *[()] * (tall - len(right))]
    return [
        clip((*pad(a, at - 2), ("  ", "text"), *b), cells) if b else a for a, b in zip(*filled, strict=True)
    ]
