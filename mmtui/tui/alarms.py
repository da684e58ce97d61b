"""When this terminal makes itself heard: the bell and the desktop's notices, again until acknowledged, or muted.

A mute is for a time and for this terminal alone (a webhook goes on); a kill is heard through it.
Rules of this file: no Textual, no clock (`now` is given); what is due comes out as text, app.py makes the noise.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable

from mmtui.link.messages import Item
from mmtui.tui.settings import AlertSettings
from mmtui.tui.store import Store
from mmtui.view.rows import clean

MUTE_MIN = 10.0
MUTE_MAX = 480.0
TEXT_MAX = 200


class Alarms:
    def __init__(self, store: Store, settings: AlertSettings) -> None:
        self.store = store
        self.settings = settings
        self._waiting: Item | None = None  # the newest danger that nobody here has acknowledged
        self._rung = 0.0

    def toggle(self, now: float) -> None:
        """Mute for ten minutes, or not at all any more."""
        self.mute("off" if self.store.model.muted_until > now else f"{MUTE_MIN:g}", now)

    def mute(self, text: str, now: float) -> None:
        """`30`: minutes; `off`."""
        try:
            minutes = 0.0 if text == "off" else float(text)
        except ValueError:
            minutes = -1.0
        if not 0 <= minutes <= MUTE_MAX:
            self.store.say(f"mute takes minutes, at most {MUTE_MAX:g}, or off", now)
            return
        self.store.model.muted_until = now + 60 * minutes if minutes else 0.0
        said = f"muted for {minutes:g} min; a kill is heard all the same" if minutes else "bell and notices are on"
        self.store.say(said, now, "hot")

    def due(self, now: float) -> str:
        """What is to be heard now; "" when nothing is."""
        model = self.store.model
        fresh, self.store.dangers = self.store.dangers, []
        if fresh:
            self._waiting = fresh[-1]
        if self._waiting is not None and (self._waiting.n <= model.heard or model.replaying):
            self._waiting = None
        muted = model.muted_until > now
        loud = [item for item in fresh if not muted or killing(item)]
        if loud:
            self._rung = now
            return loud[-1].text
        waiting = self._waiting
        again = self.settings.repeat_s
        if waiting is None or not again or now - self._rung < again or (muted and not killing(waiting)):
            return ""
        self._rung = now
        return f"not acknowledged: {waiting.text}"


def killing(item: Item) -> bool:
    """The alarm of a kill, which nothing mutes."""
    return item.code == "kill" or "KILL" in item.text


def sequence(desktop: str, desk: str, text: str) -> str:
    """What makes the terminal show a notice: OSC 9 (iTerm2, kitty, WezTerm ...) or OSC 777 (urxvt, foot, Ghostty)."""
    said = clean(text)[:TEXT_MAX]
    if desktop == "osc9":
        return f"\x1b]9;mmtui {desk}: {said}\x07"
    return f"\x1b]777;notify;mmtui {clean(desk).replace(';', ',')};{said}\x07" if desktop == "osc777" else ""


def notify(desk: str, text: str) -> str:
    """By the desktop's own program; why it cannot be, or ""."""
    title, said = f"mmtui {desk}", clean(text)[:TEXT_MAX]
    if sys.platform == "darwin":
        script = ("on run argv", "display notification (item 2 of argv) with title (item 1 of argv)", "end run")
        command = ["osascript", *(word for line in script for word in ("-e", line)), title, said]
    else:
        command = ["notify-send", "--urgency=critical", "--", title, said]
    if shutil.which(command[0]) is None:
        return f"desktop notices need {command[0]}, which is not here"
    try:
        subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    except OSError as error:
        return f"{command[0]}: {error.strerror}"
    return ""


def sound(
    settings: AlertSettings, desk: str, text: str, bell: Callable[[], None], write: Callable[[str], None] | None
) -> str:
    """Make the noise that the settings ask for; why it cannot be, or "". MMTUI_BELL=0 keeps the bell silent."""
    if settings.bell and os.environ.get("MMTUI_BELL") != "0":
        bell()
    if settings.desktop == "command":
        return notify(desk, text)
    if write is not None and settings.desktop != "off":
        write(sequence(settings.desktop, desk, text))
    return ""
