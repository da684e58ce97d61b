"""Themes: the shipped ones and the user's, from TOML.

Rules of this file: reading and checking; a theme that is wrong is said in one sentence and left out.
"""

from __future__ import annotations

import os
import tomllib
from contextlib import suppress
from dataclasses import fields
from pathlib import Path

from textual.color import Color, ColorParseError
from textual.theme import Theme

from mmtui.config.paths import config_dir, data_dir, state_dir
from mmtui.tui.roles import NAMES

DEFAULT = "mmtui-dark"
_FIELDS = {field.name for field in fields(Theme)}
_COLOURS = {
    "primary",
    "secondary",
    "warning",
    "error",
    "success",
    "accent",
    "foreground",
    "background",
    "surface",
    "panel",
    "boost",
}


def read_theme(path: Path) -> Theme:
    """One theme. ValueError: one sentence that names the file, the key and what is wrong."""
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ValueError(f"theme {path.name}: {error}") from None
    table.setdefault("name", path.stem)
    for key, value in table.items():
        if key not in _FIELDS:
            raise ValueError(f"theme {path.name}: {key}: no such key; allowed are {', '.join(sorted(_FIELDS))}")
        if key in _COLOURS:
            _colour(path, key, value)
    variables = table.get("variables", {})
    if not isinstance(variables, dict):
        raise ValueError(f"theme {path.name}: variables: must be a table of name = colour")
    for key, value in variables.items():
        if key in NAMES:
            _colour(path, f"variables.{key}", value)
        elif not isinstance(value, str):
            raise ValueError(f"theme {path.name}: variables.{key}: must be text")
    if "primary" not in table:
        raise ValueError(f"theme {path.name}: primary: is missing")
    for key in ("dark", "ansi"):
        if not isinstance(table.get(key, False), bool):
            raise ValueError(f"theme {path.name}: {key}: must be true or false")
    return Theme(**table)


def _colour(path: Path, key: str, value: object) -> None:
    try:
        if not isinstance(value, str):
            raise ColorParseError("no text")
        Color.parse(value)
    except ColorParseError:
        raise ValueError(f'theme {path.name}: {key}: {value!r} is no colour; use "#rrggbb" or "ansi_green"') from None


def chosen_theme(default: str = DEFAULT) -> str:
    """MMTUI_THEME, else the theme that was chosen last, else the default."""
    named = os.environ.get("MMTUI_THEME")
    if named:
        return named
    try:
        return (state_dir() / "theme").read_text(encoding="utf-8").strip() or default
    except (OSError, UnicodeDecodeError):
        return default


def keep_theme(name: str) -> None:
    """Remember the choice; where it cannot be written it is for this time only."""
    with suppress(OSError):
        (state_dir() / "theme").write_text(name + "\n", encoding="utf-8")


def load_themes() -> tuple[list[Theme], list[str]]:
    """(themes, complaints): the shipped ones, then the user's, which may replace them by name."""
    found: dict[str, Theme] = {}
    wrong: list[str] = []
    for folder in (data_dir("themes"), config_dir() / "themes"):
        for path in sorted(folder.glob("*.toml")) if folder.is_dir() else []:
            try:
                theme = read_theme(path)
            except ValueError as error:
                wrong.append(str(error))
            else:
                found[theme.name] = theme
    ordered = sorted(found.values(), key=lambda t: (t.name != DEFAULT, not t.name.startswith("mmtui"), t.name))
    return ordered, wrong
