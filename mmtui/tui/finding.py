"""The palette's search: how well a typed line names an action.

Rules of this file: no Textual; pure.
"""

from __future__ import annotations

from collections.abc import Sequence

from mmtui.view.keys import Key

_NO = 9


def found(entries: Sequence[Key], line: str) -> list[tuple[str, str, str]]:
    """(keys, name, help) of what the typed line matches, best first; all of them for an empty line."""
    line = line.strip().lower()
    names = [(e.keys, e.id.replace("_", " "), e.help) for e in entries if e.id not in ("palette", "leave")]
    if not line:
        return names
    ranked = [(_rank(line, name, text), at) for at, (_, name, text) in enumerate(names)]
    return [names[at] for score, at in sorted(ranked) if score < _NO]


def _rank(line: str, name: str, text: str) -> int:
    """How well a typed line names an action: -1 is its name, _NO not at all."""
    if name == line:
        return -1
    if name.startswith(line):
        return 0
    if text.lower().startswith(line):  # "sp": spread tighter, spread wider
        return 1
    if any(word.startswith(line) for word in name.split()):
        return 2
    if line in name:
        return 3
    if line in text.lower():
        return 4
    letters = iter(name)
    return 5 if all(c in letters for c in line) else _NO
