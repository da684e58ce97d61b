"""The list of the peers' failures, each with what covers it: rows.toml, typed."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import NamedTuple

FILE = Path(__file__).with_name("rows.toml")
COUNT = 40


class Row(NamedTuple):
    """One failure. `planted`: names of bugs; `tests`: file::name from the project's root."""

    number: int
    peer: str
    failure: str
    planted: list[str]
    tests: list[str]


def rows() -> list[Row]:
    """All of them, by number."""
    table = tomllib.loads(FILE.read_text())
    return [
        Row(int(number), one["peer"], one["failure"], one.get("planted", []), one.get("tests", []))
        for number, one in sorted(table.items(), key=lambda pair: int(pair[0]))
    ]
