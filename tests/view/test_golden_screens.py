"""The text of every screen, whole: what changes in it is to be looked at before it is kept.

MMTUI_GOLDEN=1 pytest tests/view/test_golden_screens.py -n 0      writes the files again
"""

import os
from pathlib import Path

import pytest

from mmtui.tui.actions import Keymap
from mmtui.view.desk import PANELS, panel, places
from mmtui.view.header import header, second_row
from mmtui.view.heat_history import SECOND
from mmtui.view.keys import help_page, key_bar
from mmtui.view.model import SCREENS
from mmtui.view.rows import plain, width

GOLDEN = Path(__file__).parent / "golden"
W, H = 120, 40


def drawn(model, helping=False):
    """The whole screen as text."""
    keymap = Keymap()
    canvas = [[" "] * W for _ in range(H)]
    for place in places(model, W, H, helping):
        if place.name in PANELS:
            rows = panel(model, place.name, place.w, place.h)
        elif place.name == "keys":
            rows = key_bar(model, keymap.entries(False), place.w, place.h - 1)
        elif place.name == "help":
            rows = help_page(keymap.listing(False), place.w, place.h, 0)
        else:
            rows = [{"header": header, "second": second_row}[place.name](model, place.w)]
        for y, row in enumerate(rows):
            canvas[place.y + y][place.x : place.x + width(row)] = plain(row)
    return "\n".join("".join(line).rstrip() for line in canvas) + "\n"


@pytest.mark.parametrize("screen", [*SCREENS[1:], "help"])
def test_every_screen_says_what_it_said(model, maker, screen):
    """The desk itself has its golden files in three sizes (test_panels.py)."""
    for k in range(120):  # the heat map wants some seconds
        frame = maker.frame()
        frame.ts += k * SECOND // 4
        model.framed(frame, 0.0)
    model.screen = screen if screen in SCREENS else "desk"
    said = drawn(model, screen == "help")
    file = GOLDEN / f"{screen}_{W}x{H}.txt"
    if os.environ.get("MMTUI_GOLDEN"):
        file.write_text(said, encoding="utf-8")
    assert said == file.read_text(encoding="utf-8")
