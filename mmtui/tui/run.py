"""From a socket to a cockpit in this terminal, and its exit code.

Rules of this file: reads the user's keymap and settings, starts the app, says its last sentence to the shell.
"""

from __future__ import annotations

import os
import sys
import threading
from contextlib import AbstractAsyncContextManager, suppress
from pathlib import Path
from typing import cast

from mmtui.config.paths import config_dir
from mmtui.link.client import connect
from mmtui.link.messages import Hello
from mmtui.tui.app import Cockpit
from mmtui.tui.driver import GateDriver
from mmtui.tui.keymap import load_keymap
from mmtui.tui.session import Line
from mmtui.tui.settings import load_settings
from mmtui.tui.terminal import require_terminal


def run_cockpit(socket: Path, *, observe: bool = False) -> int:
    """Become the cockpit of the desk that listens at `socket`; the exit code. UserError without a terminal."""
    require_terminal()
    keymap = load_keymap(config_dir() / "keymap.toml")
    settings, complaint = load_settings(config_dir() / "cockpit.toml")

    def connector(hello: Hello) -> AbstractAsyncContextManager[Line]:
        return cast("AbstractAsyncContextManager[Line]", connect(socket, hello))

    app = Cockpit(
        connector, observe=observe, keymap=keymap, driver_class=GateDriver, settings=settings, complaint=complaint
    )
    code = app.run()
    with suppress(OSError):
        if app.said:
            print(f"mmtui: {app.said}", file=sys.stderr)
    code = code if code is not None else (app.return_code or 0)
    if any(thread.name.startswith("textual-") and thread.is_alive() for thread in threading.enumerate()):
        os._exit(code)  # the terminal has gone while Textual shut down: its threads would keep the process for ever
    return code
