"""What the painter writes, read by a small terminal: the screen is the new row, for any old and new one."""

import re

from hypothesis import given
from hypothesis import strategies as st
from rich.color import ColorSystem

from mmtui.tui.painter import Painter
from mmtui.tui.roles import DARK, styles
from mmtui.view.rows import ROLES

WIDTH = 24
LOOKS = styles({}, True, False)
TOKEN = re.compile(r"\x1b\[([0-9;]*)([HCm])|(.)", re.DOTALL)


def painter(system=ColorSystem.TRUECOLOR):
    made = Painter()
    made.restyle(LOOKS, system)
    return made


class Glass:
    """One line of a terminal: characters with bold, foreground and background."""

    def __init__(self):
        self.cells = [(" ", None)] * WIDTH
        self.pen = (False, "39", "49")
        self.at = self.line = 0

    def feed(self, text):
        for codes, kind, char in TOKEN.findall(text):
            if kind == "H":
                self.line, self.at = (int(n) - 1 for n in codes.split(";"))
            elif kind == "C":
                self.at += int(codes or 1)
            elif kind == "m":
                self.style(codes.split(";"))
            else:
                assert char.isprintable()
                self.cells[self.at] = (char, self.pen)
                self.at += 1

    def style(self, codes):
        bold, fore, back = self.pen
        while codes:
            code = codes.pop(0)
            if code in ("0", ""):
                bold, fore, back = False, "39", "49"
            elif code in ("1", "22"):
                bold = code == "1"
            elif code in ("38", "48"):
                colour = ";".join([code, *codes[:4]])
                del codes[:4]
                fore, back = (colour, back) if code == "38" else (fore, colour)
            else:
                raise AssertionError(code)
        self.pen = (bold, fore, back)

    def seen(self):
        """A blank shows its background alone."""
        return [(c, pen[2] if c == " " else pen) for c, pen in self.cells]


text = st.text(alphabet="  019.▁█─x", max_size=7)
rows = st.lists(st.tuples(text, st.sampled_from(["text", "dim", "own", "bid", "own~", "alarm", "rule", "hot"]))).map(
    tuple
)


@given(st.lists(rows, min_size=2, max_size=5))
def test_a_row_changed_step_by_step_looks_as_one_drawn_at_once(history):
    paint, glass, before = painter(), Glass(), None
    blank = paint.cells((("#" * WIDTH, "flash"),), WIDTH)
    for row in history:
        after = paint.cells(row, WIDTH)
        paint.change(before or blank, after, 0, 3)
        glass.feed(paint.take())
        before = after
    fresh, whole = painter(), Glass()
    fresh.change(fresh.cells((("#" * WIDTH, "flash"),), WIDTH), fresh.cells(history[-1], WIDTH), 0, 3)
    whole.feed(fresh.take())
    expected = ("".join(part for part, _ in history[-1]) + " " * WIDTH)[:WIDTH]
    assert "".join(c for c, _ in glass.cells) == expected
    assert glass.seen() == whole.seen()


@given(rows, rows)
def test_every_cell_has_the_style_of_its_role(before, row):
    paint, glass = painter(), Glass()
    paint.change(paint.cells((("#" * WIDTH, "flash"),), WIDTH), paint.cells(before, WIDTH), 0, 0)
    paint.change(paint.cells(before, WIDTH), paint.cells(row, WIDTH), 0, 0)
    glass.feed(paint.take())
    roles = [role for part, role in row for _ in part][:WIDTH]
    for (char, pen), role in zip(glass.cells, roles, strict=False):
        style = LOOKS[role]
        back = ";".join(style.bgcolor.get_ansi_codes(False))
        assert pen[2] == back
        if char != " ":
            assert pen[:2] == (style.bold, ";".join(style.color.get_ansi_codes(True)))


def test_nothing_is_written_for_an_equal_row():
    paint = painter()
    row = paint.cells((("mid ", "dim"), ("61,660.05", "bright")), WIDTH)
    paint.change(row, paint.cells((("mid ", "dim"), ("61,660.05", "bright")), WIDTH), 0, 0)
    assert paint.take() == ""


def test_one_digit_costs_a_move_a_style_and_the_digit():
    paint = painter()
    paint.change(
        paint.cells((("mid ", "dim"), ("61,660.05", "bright")), WIDTH),
        paint.cells((("mid ", "dim"), ("61,660.15", "bright")), WIDTH),
        10,
        4,
    )
    written = paint.take()
    assert written.startswith("\x1b[5;22H")
    assert written.endswith("1\x1b[0m")
    assert len(written) < 60


def test_a_terminal_without_colours_gets_text_alone():
    paint = painter(None)
    paint.change(paint.cells((), WIDTH), paint.cells((("x", "danger"), ("y", "own")), WIDTH), 0, 0)
    assert paint.take() == "\x1b[1;1Hxy"


def test_every_role_has_a_mark():
    paint = painter()
    for role in ROLES:
        assert len(paint.cells(((DARK["own"], role), (" ", role + "~")), 8).marks) == 8
