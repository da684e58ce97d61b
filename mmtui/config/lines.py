"""On which line of a TOML text a key stands; tomllib does not tell."""

from __future__ import annotations

import re

_HEADER = re.compile(r"^\s*(\[\[?)\s*([^\[\]]+?)\s*\]\]?\s*(#.*)?$")
_KEY = re.compile(r"""^\s*((?:[A-Za-z0-9_-]+|"[^"]*"|'[^']*')(?:\s*\.\s*(?:[A-Za-z0-9_-]+|"[^"]*"|'[^']*'))*)\s*=""")
_PART = re.compile(r"""[A-Za-z0-9_-]+|"[^"]*"|'[^']*'""")


class KeyLines:
    """path -> line: ("quoting", "tight", "size") or ("venue", "1", "id"); a section's path gives its header."""

    def __init__(self, text: str) -> None:
        self._lines: dict[tuple[str, ...], int] = {}
        counts: dict[str, int] = {}
        section: tuple[str, ...] = ()
        for number, line in enumerate(text.splitlines(), 1):
            if header := _HEADER.match(line):
                section = _path(header.group(2))
                if header.group(1) == "[[":
                    name = ".".join(section)
                    counts[name] = counts.get(name, -1) + 1
                    section = (*section, str(counts[name]))
                for length in range(1, len(section) + 1):
                    self._lines.setdefault(section[:length], number)
            elif key := _KEY.match(line):
                path = (*section, *_path(key.group(1)))
                for length in range(len(section) + 1, len(path) + 1):
                    self._lines.setdefault(path[:length], number)

    def find(self, *path: str) -> int:
        """Line of the key, else of the nearest table around it, 0 when there is none."""
        for length in range(len(path), 0, -1):
            if line := self._lines.get(path[:length]):
                return line
        return 0


def _path(text: str) -> tuple[str, ...]:
    return tuple(part.strip("\"'") for part in _PART.findall(text))
