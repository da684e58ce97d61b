"""What stands in a place of the screen: a panel of view, or one that needs the keymap; the style sheet.

Rules of this file: no Textual; which builder makes which place.
"""

from __future__ import annotations

from mmtui.tui.actions import Keymap
from mmtui.view.desk import PANELS, SMALLEST, Place, panel
from mmtui.view.header import header, second_row
from mmtui.view.keys import help_page, key_bar
from mmtui.view.model import Model
from mmtui.view.rows import Row, clip

#: Of the few widgets that Textual itself lays out.
STYLES = """
DeskScreen { layers: base above; background: $background; overflow: hidden; }
#panel-dock { layer: above; }
#typed, #typed:focus {
    layer: above; position: absolute; height: 1; border: none; padding: 0 1;
    background: $surface; color: $foreground;
}
"""


def rows_of(model: Model, keymap: Keymap, place: Place) -> list[Row]:
    """The rows of a place."""
    name, w, h = place.name, place.w, place.h
    if name == "header":
        return [header(model, w)]
    if name == "second":
        return [second_row(model, w)]
    if name == "keys":
        return key_bar(model, keymap.entries(model.replaying), w, h - 1)
    if name == "help":
        return help_page(keymap.listing(model.replaying), w, h, model.scroll)
    if name == "sentence":
        kill = keymap.shown("kill").split()[0]
        text = f"{w}×{h}: mmtui needs {SMALLEST[0]}×{SMALLEST[1]}; {kill} still kills."
        return [clip([(text[at : at + w], "warn")], w) for at in range(0, len(text), max(1, w))][:h]
    return panel(model, name, w, h) if name in PANELS else []
