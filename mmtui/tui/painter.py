"""The painter: turns a changed row into the fewest bytes a terminal needs, cell by cell.

Textual sends a changed region again from the widget's left edge; at ten frames a second that is most of the
cockpit's CPU and bytes.  Canvases that nothing covers are therefore written here, past its compositor, which still
draws everything after a layout, a theme or a resize, from the same rows.

Rules of this file: text and styles in, escape sequences out; it knows no widget and no driver.
"""

from __future__ import annotations

from typing import NamedTuple

from rich.color import Color, ColorSystem
from rich.style import Style

from mmtui.view.rows import Row

#: Unchanged cells between two changes that are cheaper to write again than to jump over.
_BRIDGE = 3
#: Cells of a row that are compared at once.
_PIECE = 16
RESET = "\x1b[0m"


class Cells(NamedTuple):
    """A row as the terminal shows it: a character and the mark of a style for every cell."""

    text: str
    marks: str


class _Look(NamedTuple):
    fore: str
    back: str
    attributes: frozenset[str]

    @property
    def whole(self) -> str:
        return f"\x1b[{';'.join(filter(None, ['0', *sorted(self.attributes), self.fore, self.back]))}m"


class Painter:
    """Writes differences between rows in the styles of one theme and the colours of one terminal."""

    def __init__(self) -> None:
        self._marks: dict[str, str] = {}  # role -> mark; equal styles share one
        self._blanks: dict[str, str] = {}  # role -> mark of a blank on its background
        self._looks: dict[str, _Look] = {}
        self._turns: dict[tuple[str, str], str] = {}
        self._void: frozenset[str] = frozenset()  # marks of blanks
        self._plain = True
        self._pen = ""
        self._out: list[str] = []

    def restyle(self, styles: dict[str, Style], system: ColorSystem | None) -> None:
        """Take another theme; cells made before are void."""
        self._marks.clear()
        self._blanks.clear()
        self._looks.clear()
        self._turns.clear()
        self._plain = system is None
        known: dict[tuple[_Look, bool], str] = {}
        for role, style in styles.items():
            look = _look(style, system)
            for blank, marks in ((False, self._marks), (True, self._blanks)):
                key = _Look("", look.back, frozenset()) if blank else look
                mark = known.setdefault((key, blank), chr(0x21 + len(known)))
                self._looks[mark] = key
                marks[role] = mark
        self._void = frozenset(self._blanks.values())

    def cells(self, row: Row, width: int) -> Cells:
        """A row, cut or filled to its width."""
        text = "".join([part for part, _ in row])
        marks = "".join([(self._blanks if part.isspace() else self._marks)[role] * len(part) for part, role in row])
        short = width - len(text)
        if short > 0:
            text += " " * short
            marks += self._blanks["text"] * short
        return Cells(text[:width], marks[:width])

    def change(self, old: Cells, new: Cells, x: int, y: int) -> None:
        """Write the cells of a row at (x, y) that differ."""
        differ = _differing(old, new)
        if not differ:
            return
        marks = new.marks
        self._out.append(f"\x1b[{y + 1};{x + differ[0] + 1}H")
        first = last = differ[0]
        for at in differ:
            if at > last + 1 and not (at <= last + 1 + _BRIDGE and self._same(marks, last, at)):
                self._write(new, first, last + 1)
                self._out.append(f"\x1b[{at - last - 1}C" if at - last > 2 else "\x1b[C")
                first = at
            last = at
        self._write(new, first, last + 1)

    def take(self) -> str:
        """What has been written since, closed with a reset; empty when nothing was."""
        if not self._out:
            return ""
        text = "".join(self._out) + ("" if self._plain else RESET)
        self._out.clear()
        self._pen = ""
        return text

    def _same(self, marks: str, at: int, to: int) -> bool:
        """Whether the cells between need no style of their own."""
        return marks[at + 1 : to] == marks[at] * (to - at - 1)

    def _write(self, cells: Cells, at: int, to: int) -> None:
        text, marks = cells
        out = self._out
        while at < to:
            mark = marks[at]
            end = at + 1
            while end < to and marks[end] == mark:
                end += 1
            if mark != self._pen and not self._plain:
                turn = self._turns.get((self._pen, mark))
                if turn is None:
                    turn = self._turns[self._pen, mark] = self._turn(self._pen, mark)
                out.append(turn)
                # a blank takes any pen of its background: the pen stays
                if turn or mark not in self._void:
                    self._pen = mark
            out.append(text[at:end])
            at = end

    def _turn(self, pen: str, mark: str) -> str:
        """The sequence from one style to another."""
        to = self._looks[mark]
        if not pen:
            return to.whole
        now = self._looks[pen]
        codes: list[str] = []
        if mark not in self._void and now.attributes != to.attributes:
            gone = now.attributes - to.attributes
            if gone - {"1", "2"}:
                return to.whole
            codes += ["22", *sorted(to.attributes)] if gone else sorted(to.attributes - now.attributes)
        if mark not in self._void and now.fore != to.fore:
            codes.append(to.fore)
        if now.back != to.back:
            if mark in self._void:
                return to.whole
            codes.append(to.back)
        return f"\x1b[{';'.join(codes)}m" if codes else ""


def _differing(old: Cells, new: Cells) -> list[int]:
    """Places of the cells that differ: pieces of a row are compared whole, since most of it is as it was."""
    before, after = old.text, new.text
    marks, other = old.marks, new.marks
    cells = len(after)
    found: list[int] = []
    for at in range(0, cells, _PIECE):
        to = at + _PIECE
        if before[at:to] != after[at:to] or marks[at:to] != other[at:to]:
            found += [
                k for k in range(at, min(to, cells)) if before[k] != after[k] or marks[k] != other[k]
            ]
    return found


def _look(style: Style, system: ColorSystem | None) -> _Look:
    def codes(color: Color | None, foreground: bool) -> str:
        if color is None or system is None:
            return "39" if foreground else "49"
        return ";".join(color.downgrade(system).get_ansi_codes(foreground))

    names = (("1", style.bold), ("2", style.dim), ("3", style.italic), ("4", style.underline), ("7", style.reverse))
    return _Look(codes(style.color, True), codes(style.bgcolor, False), frozenset(code for code, on in names if on))
