"""A canvas: rows on the screen by Textual's Line API; only lines that changed are painted.

Rules of this file: no state but the rows on screen; every segment carries a style.
"""

from __future__ import annotations

from rich.segment import Segment
from rich.style import Style
from textual.geometry import Region
from textual.strip import Strip
from textual.widget import Widget

from mmtui.view.rows import Row


class Canvas(Widget):
    """Shows rows; `show` compares them with what is on screen."""

    DEFAULT_CSS = "Canvas { position: absolute; width: 1; height: 1; }"
    can_focus = False

    def __init__(self, name: str, palette: dict[str, Style]) -> None:
        super().__init__(id=f"panel-{name}")
        self.palette = palette
        self.rows: list[Row] = []
        self.painted = 0  # lines asked to be painted, for tests

    def show(self, rows: list[Row]) -> int:
        """Paint what differs; the number of lines that do."""
        old = self.rows
        if rows == old:
            return 0
        self.rows = rows
        height = self.size.height
        regions: list[Region] = []
        for y in range(min(height, max(len(rows), len(old)))):
            new_row = rows[y] if y < len(rows) else ()
            old_row = old[y] if y < len(old) else ()
            if new_row != old_row:
                regions.append(Region(0, y, self._reach(old_row, new_row), 1))
        if regions:
            self.painted += len(regions)
            self.refresh(*regions)
        return len(regions)

    def _reach(self, old: Row, new: Row) -> int:
        """Cells from the left to the last one that changed (a region is sent from the widget's left edge anyway)."""
        tail = 0
        for (a, role_a), (b, role_b) in zip(reversed(old), reversed(new), strict=False):
            if a != b or role_a != role_b:
                break
            tail += len(a)
        ends_old, ends_new = sum(len(t) for t, _ in old), sum(len(t) for t, _ in new)
        if ends_old != ends_new:
            return max(1, min(self.size.width, max(ends_old, ends_new)))
        return max(1, min(self.size.width, ends_new - tail))

    def repaint(self) -> None:
        """Everything again: another theme or size."""
        self.refresh()

    def render_line(self, y: int) -> Strip:
        palette = self.palette
        text = palette["text"]
        cells = self.size.width
        row = self.rows[y] if y < len(self.rows) else ()
        segments: list[Segment] = []
        used = 0
        for part, role in row:
            if used + len(part) > cells:
                part = part[: cells - used]
            if part:
                segments.append(Segment(part, palette[role]))
                used += len(part)
        if used < cells:
            segments.append(Segment(" " * (cells - used), text))
        return Strip(segments, cells)
