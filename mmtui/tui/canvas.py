"""A canvas: rows on the screen by Textual's Line API; only lines that changed are painted.

What changes between layouts is written by the painter; Textual's compositor draws the same rows whenever it must.

Rules of this file: no state but the rows on screen; every segment carries a style.
"""

from __future__ import annotations

from rich.segment import Segment
from rich.style import Style
from textual.events import Click, MouseScrollDown, MouseScrollUp, Resize
from textual.geometry import Region
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget

from mmtui.tui.painter import Cells, Painter
from mmtui.view.rows import Row


class Canvas(Widget):
    """Shows rows; `show` compares them with what is on screen."""

    DEFAULT_CSS = "Canvas { position: absolute; width: 1; height: 1; }"
    can_focus = False

    class Pointed(Message):
        """A click in a cell of the canvas."""

        def __init__(self, canvas: Canvas, x: int, y: int) -> None:
            super().__init__()
            self.canvas = canvas
            self.at = (x, y)

    class Wheeled(Message):
        """A notch of the wheel: +1 down, -1 up."""

        def __init__(self, by: int) -> None:
            super().__init__()
            self.by = by

    def __init__(self, name: str, palette: dict[str, Style]) -> None:
        super().__init__(id=f"panel-{name}")
        self.palette = palette
        self.rows: list[Row] = []
        self.laid = (0, 0)  # width and height that Textual has given us
        self.drawn = False  # the compositor has drawn us where we stand now
        self._place: tuple[int, ...] = ()
        self.painted = 0  # lines asked to be painted, for tests
        self._lines: dict[int, Strip] = {}
        self._cells: dict[int, tuple[Row, Cells]] = {}

    def show(self, rows: list[Row], painter: Painter | None = None, x: int = 0, y: int = 0) -> int:
        """Paint what differs, with the painter of a canvas that lies free at (x, y); the number of such lines."""
        old = self.rows
        if rows == old:
            return 0
        self.rows = rows
        # our own size comes a moment after Textual has laid and drawn us
        cells, height = self.laid if painter is not None else self.size
        regions: list[Region] = []
        lines = 0
        for at in range(min(height, max(len(rows), len(old)))):
            new_row = rows[at] if at < len(rows) else ()
            old_row = old[at] if at < len(old) else ()
            if new_row == old_row:
                continue
            lines += 1
            self._lines.pop(at, None)
            if painter is None:
                regions.append(Region(0, at, _reach(old_row, new_row, cells), 1))
            else:
                self._change(painter, at, old_row, new_row, x, y)
        self.painted += lines
        if regions:
            self.refresh(*regions)
        return lines

    def move(self, place: tuple[str, int, int, int, int]) -> None:
        """Another place: all of it is drawn there by the compositor before the painter changes anything."""
        if place[1:] != self._place:
            self._place, self.drawn = place[1:], False
            self.repaint()

    def on_resize(self, event: Resize) -> None:
        self.laid = (event.size.width, event.size.height)

    def on_click(self, event: Click) -> None:
        self.post_message(self.Pointed(self, event.x, event.y))

    def on_mouse_scroll_down(self, event: MouseScrollDown) -> None:
        self.post_message(self.Wheeled(1))

    def on_mouse_scroll_up(self, event: MouseScrollUp) -> None:
        self.post_message(self.Wheeled(-1))

    def _change(self, painter: Painter, at: int, old_row: Row, new_row: Row, x: int, y: int) -> None:
        width = self.laid[0]
        row, before = self._cells.get(at, ((), None))
        if before is None or row != old_row or len(before.text) != width:
            before = painter.cells(old_row, width)
        after = painter.cells(new_row, width)
        self._cells[at] = new_row, after
        painter.change(before, after, x, y + at)

    def repaint(self) -> None:
        """Everything again: another theme or size."""
        self._lines.clear()
        self._cells.clear()
        self.refresh()

    def render_lines(self, crop: Region) -> list[Strip]:
        """Lines from our own cache: no borders, no padding, and the app's filters are in the palette already."""
        left, right = crop.column_span
        cells = self.size.width
        if crop.height >= self.size.height > 0:
            self.drawn = True
        lines = self._lines
        out: list[Strip] = []
        for y in crop.line_range:
            line = lines.get(y)
            if line is None or line.cell_length != cells:
                line = lines[y] = self.render_line(y)
            out.append(line if not left and right == cells else line.crop(left, right))
        return out

    def render_line(self, y: int) -> Strip:
        palette = self.palette
        text = palette["text"]
        cells = self.size.width
        row = self.rows[y] if y < len(self.rows) else ()
        runs: list[tuple[str, Style]] = []
        used = 0
        for part, role in row:
            if used + len(part) > cells:
                part = part[: cells - used]
            if not part:
                continue
            used += len(part)
            style = palette[role]
            # blanks of one background cost no style of their own: half of all bytes would be style codes
            if runs and (runs[-1][1] is style or (part.isspace() and style.bgcolor == runs[-1][1].bgcolor)):
                runs[-1] = (runs[-1][0] + part, runs[-1][1])
            else:
                runs.append((part, style))
        if used < cells:
            runs.append((" " * (cells - used), text))
        return Strip([Segment(part, style) for part, style in runs], cells)


def _reach(old: Row, new: Row, cells: int) -> int:
    """Cells from the left to the last one that changed (a region is sent from the widget's left edge anyway)."""
    tail = 0
    for a, b in zip(reversed(old), reversed(new), strict=False):
        if a != b:
            break
        tail += len(a[0])
    before, after = sum(len(t) for t, _ in old), sum(len(t) for t, _ in new)
    if before != after:
        return max(1, min(cells, max(before, after)))
    return max(1, min(cells, after - tail))
