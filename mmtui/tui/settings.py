"""The user's cockpit.toml: what this terminal does with alerts.

    [alerts]
    bell = true
    desktop = "off"         # off | osc9 | osc777 | command (notify-send, osascript)
    repeat_s = 60           # a danger that nobody has acknowledged rings again; 0: never

Rules of this file: a file that is wrong costs its settings, never the cockpit: one sentence, and the defaults.
"""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

DESKTOPS = ("off", "osc9", "osc777", "command")


class AlertSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    bell: bool = True
    desktop: Literal["off", "osc9", "osc777", "command"] = "off"
    repeat_s: Annotated[float, Meta(ge=0, le=3_600)] = 60.0


class Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    alerts: AlertSettings = AlertSettings()


def load_settings(path: Path) -> tuple[Settings, str]:
    """(settings, what is wrong with the file): the defaults where there is none, or where it is wrong."""
    if not path.is_file():
        return Settings(), ""
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
        return msgspec.convert(table, Settings), ""
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
        return Settings(), f"{path.name}: {error}; the defaults are used"
