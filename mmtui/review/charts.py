"""Charts of reports on a terminal, drawn by plotext.

Rules of this file: numbers in, text out; plotext is imported when something is drawn.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from typing import Any, NamedTuple

WIDTH, HEIGHT = 76, 20


class Series(NamedTuple):
    """Points of one kind: (x, y) each; `joined` ones are connected."""

    label: str
    points: Sequence[tuple[float, float]]
    marker: str = "hd"
    joined: bool = False


def chart(series: Sequence[Series], title: str, x: str, y: str, width: int = WIDTH, height: int = HEIGHT) -> str:
    """A chart as text; colours only where standard output is a terminal that wants them. "" when there is no point."""
    import plotext

    found = [one for one in series if one.points]
    if not found:
        return ""
    figure: Any = plotext.figure
    figure.clear()
    figure.theme("default" if _coloured() else "colorless")
    figure.canvas("default")
    figure.plot_size(width, height)
    figure.title(title)
    figure.label(x, "x")
    figure.label(y, "y")
    for one in found:
        xs, ys = [p[0] for p in one.points], [p[1] for p in one.points]
        made = figure.signal(xs, ys, marker=one.marker)
        if one.label:
            made.label(one.label)
        if one.joined:
            made.lines()
        figure.draw(made)
    text = str(figure.build())
    figure.clear()
    return text if _coloured() else plotext.uncolorize(text)


def _coloured() -> bool:
    return sys.stdout.isatty() and not os.environ.get("NO_COLOR")
