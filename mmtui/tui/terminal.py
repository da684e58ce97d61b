"""Whether there is a terminal to be a cockpit in, and a keymap that can be used.

Rules of this file: nothing heavy, for it is asked before a host is started.
"""

from __future__ import annotations

import sys

from mmtui.config.paths import config_dir
from mmtui.core.errors import UserError


def require_terminal() -> None:
    """Raise UserError when input or output of this process is no terminal."""
    if not (sys.__stdin__ and sys.__stdin__.isatty() and sys.__stderr__ and sys.__stderr__.isatty()):
        raise UserError("the cockpit needs a terminal; `mmtui ctl` and `mmtui engine` work without one")


def require_keymap() -> None:
    """Raise UserError for a keymap that is wrong, before a host is started for it; most users have none."""
    path = config_dir() / "keymap.toml"
    if path.is_file():
        from mmtui.tui.keymap import load_keymap

        load_keymap(path)
