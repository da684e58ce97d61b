"""The user's keymap.toml: which keys, checked before anything starts.

    [keys]
    start = "s"
    flatten = "f,ctrl+f"

Rules of this file: what is wrong is one sentence; kill may move, but not away, and not to a key that writes text.
"""

from __future__ import annotations

import tomllib
from pathlib import Path

from textual.keys import Keys

from mmtui.core.errors import UserError
from mmtui.tui.actions import ACTIONS, BY_ID, Keymap

_NAMED = {key.value for key in Keys}
#: Chords that an Input takes for editing: kill on one of these would not fire there.
_EDITING = {f"ctrl+{letter}" for letter in "acdefhijkmuvwxz"} | {
    "left", "right", "home", "end", "backspace", "delete", "enter", "tab", "escape", "up", "down", "space",
}  # fmt: skip


def load_keymap(path: Path) -> Keymap:
    """The keymap in force: the table's where there is no file. UserError names file, key and what is allowed."""
    if not path.is_file():
        return Keymap()
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise UserError(f"{path}: {error}") from None
    extra = set(table) - {"keys"}
    keys = table.get("keys", {})
    if extra or not isinstance(keys, dict):
        raise UserError(f"{path}: {', '.join(sorted(extra)) or 'keys'}: only a table [keys] is allowed here")
    chosen = {name: _keys(path, name, value) for name, value in keys.items()}
    keymap = Keymap(chosen)
    _check(path, keymap)
    return keymap


def _keys(path: Path, name: str, value: object) -> tuple[str, ...]:
    if name not in BY_ID:
        raise UserError(f"{path}: {name}: there is no such action; allowed are {', '.join(BY_ID)}")
    if not isinstance(value, str):
        raise UserError(f"{path}: {name}: must be text, keys with commas between them")
    keys = tuple(key.strip() for key in value.split(",") if key.strip())
    for key in keys:
        bare = key
        for lead in ("ctrl+", "shift+", "alt+"):
            bare = bare.removeprefix(lead)
        if not (key in _NAMED or len(bare) == 1 or bare in _NAMED or bare in _TABLE_KEYS):
            raise UserError(f"{path}: {name}: {key!r} is no key; write a letter, f5, ctrl+t, left_square_bracket ...")
    if name == "kill":
        if not keys:
            raise UserError(f"{path}: kill: may be moved, but not away")
        for key in keys:
            chord = key.startswith(("ctrl+", "alt+")) or (key.startswith("f") and key[1:].isdigit())
            if key in _EDITING or not chord:
                raise UserError(
                    f"{path}: kill: {key!r} is used when typing text; choose a ctrl+ chord or a function key"
                )
    return keys


def _check(path: Path, keymap: Keymap) -> None:
    """No key means two things in one mode; none is taken from kill."""
    for mode in ("live", "replay"):
        seen: dict[str, str] = {}
        for action in ACTIONS:
            if action.where not in (mode, "any"):
                continue
            for key in keymap.keys[action.id]:
                other = seen.setdefault(key, action.id)
                if other != action.id:
                    if "kill" in (other, action.id):
                        taker = action.id if other == "kill" else other
                        raise UserError(f"{path}: {taker}: {key!r} belongs to kill; move kill first, in the same file")
                    raise UserError(f"{path}: {key!r} is given to both {other} and {action.id}")


_TABLE_KEYS = {key for action in ACTIONS for key in action.keys}
