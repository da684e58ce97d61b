"""Rows: what every panel gives to the screen. A row is a tuple of spans, a span is (text, role).

Rules of this file: pure text and roles, no colours, no Textual; one character is one cell (`clean` sees to it), rows
are hashable and compare cheaply, so that the screen paints only what changed.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable

Span = tuple[str, str]
Row = tuple[Span, ...]

#: Every role that a row may use; each theme gives each a colour (tui/roles.py). `role + FADE` is one step paler.
ROLES = (
    "text", "bright", "dim", "faint", "head", "title", "rule",
    "own", "bid", "ask", "bidbar", "askbar", "ok", "loss", "warn", "danger",
    "alarm", "caution", "select", "key", "hot", "flash",
    "live", "paper", "demo", "replay", "shadow",
    "running", "paused", "stopped", "halted", "killed",
)  # fmt: skip
#: Steps from no liquidity to much, a side, of the heat map.
HEAT = 4
#: Roles of its half blocks, upper and lower: 0 nothing, 1 .. HEAT bids, HEAT + 1 .. 2 HEAT asks.
HEAT_ROLES = tuple(f"heat{a}.{b}" for a in range(2 * HEAT + 1) for b in range(2 * HEAT + 1) if a or b)
FADE = "~"

BLANK: Row = ()
_EIGHTHS = " ▏▎▍▌▋▊▉█"


def width(row: Row) -> int:
    """Cells of a row."""
    return sum(len(text) for text, _ in row)


def plain(row: Row) -> str:
    """A row as text, for tests and logs."""
    return "".join(text for text, _ in row)


def clean(text: str) -> str:
    """Text from outside, made safe for the grid: one cell a character, no control characters."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(
        c if c.isprintable() and unicodedata.east_asian_width(c) not in "WF" and not unicodedata.combining(c) else "?"
        for c in text.replace("\n", " ").replace("\t", " ")
    )


def cut(text: str, cells: int) -> str:
    """Text in at most so many cells; what is cut is shown by an ellipsis."""
    if len(text) <= cells:
        return text
    return text[: max(0, cells - 1)] + "…" if cells > 0 else ""


def wrap(text: str, cells: int) -> list[str]:
    """Text in lines of at most so many cells, broken at blanks where there are any."""
    lines: list[str] = []
    rest = text.strip()
    while len(rest) > cells > 0:
        at = rest.rfind(" ", 0, cells + 1)
        at = at if at > 0 else cells
        lines.append(rest[:at].rstrip())
        rest = rest[at:].lstrip()
    return [*lines, rest] if rest or not lines else lines


def clip(spans: Iterable[Span], cells: int) -> Row:
    """The spans in at most so many cells, ellipsis where cut."""
    out: list[Span] = []
    room = cells
    for text, role in spans:
        if not text:
            continue
        if len(text) > room:
            if room > 0:
                out.append((cut(text, room), role))
            elif out:
                last, last_role = out[-1]
                out[-1] = (last[:-1] + "…", last_role)
            return tuple(out)
        out.append((text, role))
        room -= len(text)
    return tuple(out)


def flow(spans: Iterable[Span], cells: int) -> Row:
    """The spans in at most so many cells, cut without an ellipsis: lines run on."""
    out: list[Span] = []
    room = cells
    for text, role in spans:
        if room <= 0:
            break
        out.append((text[:room], role))
        room -= len(text[:room])
    return tuple(out)


def pad(row: Row, cells: int, role: str = "text") -> Row:
    """The row, exactly so many cells wide."""
    have = width(row)
    if have > cells:
        return clip(row, cells)
    return (*row, (" " * (cells - have), role)) if have < cells else row


def ends(left: Iterable[Span], right: Iterable[Span], cells: int) -> Row:
    """Left and right parts of one row; the right part keeps its place, the left one is cut."""
    right = clip(right, cells)
    room = cells - width(right)
    body = pad(clip(left, room), room)
    return (*body, *right)


def fade(rows: list[Row]) -> list[Row]:
    """One step paler: the data is older than the panel promises."""
    return [tuple((text, role if role.endswith(FADE) else role + FADE) for text, role in row) for row in rows]


def bar(share: float, cells: int) -> str:
    """A left-aligned bar in eighths of a cell, padded with blanks."""
    eighths = max(0, min(cells * 8, round(share * cells * 8)))
    if share > 0 and not eighths:
        eighths = 1
    full, part = divmod(eighths, 8)
    text = "█" * full + (_EIGHTHS[part] if part else "")
    return text.ljust(cells)


def meter(share: float, cells: int) -> tuple[str, str]:
    """A meter as (filled, empty) boxes; anything above nothing shows at least one box."""
    filled = max(0, min(cells, round(share * cells)))
    if share > 0 and not filled:
        filled = 1
    return "▮" * filled, "▯" * (cells - filled)


def scrolled(rows: list[Row], at: int, cells: int, height: int) -> list[Row]:
    """So many rows from `at` on; where more follow, the last one says how many."""
    top = min(at, max(0, len(rows) - height))
    shown = rows[top : top + height]
    left = len(rows) - top - height + 1
    if left < 2 or height < 2:
        return shown
    return [*shown[:-1], ends((), [(f"▼ {left} rows more · PgDn ", "hot")], cells)]


def rule(title: str, cells: int, right: Iterable[Span] = (), role: str = "title") -> Row:
    """A panel's head: its name, a line, what stands at its end (the age of its data)."""
    tail = clip(right, max(0, cells - 4))
    name = cut(title, max(0, cells - width(tail) - 2))
    line = cells - len(name) - width(tail) - 1 - (1 if tail else 0)
    spans: list[Span] = [(name, role), (" ", "rule"), ("─" * max(0, line), "rule")]
    if tail:
        spans += [(" ", "rule"), *tail]
    return clip(spans, cells)
