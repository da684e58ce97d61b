"""The key bar in groups, what became of the last command above the key that gave it, and the page of help.

Rules of this file: rows only; which keys there are comes from the actions table (tui/actions.py) as `Key`s.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from mmtui.view import formats as fmt
from mmtui.view.inventory import lean_word
from mmtui.view.model import Echo, Model
from mmtui.view.rows import Row, Span, clean, clip, cut, flow, pad, rule, scrolled, width

ECHO_S = 6.0
GROUPS = ("quote", "risk", "view", "replay", "desk")


#: What stays longest in a narrow key bar, first.
_WEIGHT = (
    "kill",
    "help",
    "start",
    "pause",
    "flatten",
    "replay_play",
    "wider",
    "skew_up",
    "stop",
    "palette",
    "replay_step",
    "replay_faster",
    "next_fill",
    "next_alert",
    "whatif",
    "bookmark",
    "replay_seek",
    "next_key",
    "cancel",
    "next_screen",
    "undo",
    "reduce",
    "wide",
    "size_up",
    "quit",
)


#: What the ladder's signs mean.
SIGNS = (
    ("B S", "own buy, own sell: size left, share of queue ahead"),
    ("next", "nobody is ahead of this order in the queue"),
    ("▴ ▾", "newest public trade (2 s): bought, sold"),
    ("·", "beyond the levels sent: not known, not empty"),
    ("Σ", "sum over markets of one kind and quote"),
    ("Σ adj", "over all markets, moved by their basis"),
    ("net", "the axis holds each venue's taker fee"),
    ("┄", "breakeven: entry and both maker fees; liquidation"),
    ("f k ◆", "replay's tape: a fill, a key pressed, a bookmark"),
    ("! ≠", "an alert, the first difference of the what-if"),
)


class Key(NamedTuple):
    id: str
    keys: str  # as shown: "[ ]", "^\\"
    label: str  # "" where it stands in the help alone
    group: str
    help: str
    actions: tuple[str, ...]  # ids that this entry stands for
    trades: bool = False


def key_bar(model: Model, keys: Sequence[Key], cells: int, lines: int = 1) -> list[Row]:
    """Echo row, then key rows; an observer sees the keys that an observer may press.

    Kill is never dropped; others go by their weight where they do not fit.
    """
    shown = [k for k in keys if k.label and not (model.observe and k.trades and k.id != "kill")]
    places: dict[str, int] = {}
    if lines == 1:
        bars = [_bar(model, _fitting(model, shown, cells), cells, places)]
    else:
        first = ("view",) if model.observe and not model.replaying else ("quote", "replay")
        upper, lower = ([k for k in shown if (k.group in first) is above] for above in (True, False))
        bars = [_bar(model, _fitting(model, part, cells), cells, places) for part in (upper, lower)]
    return [echo_row(model, places, cells), *bars]


def _bar(model: Model, kept: list[Key], cells: int, places: dict[str, int]) -> Row:
    spans: list[Span] = [(" ", "text")]
    group = ""
    for entry in kept:
        if group and entry.group != group:
            spans.append(("│ ", "rule"))
        group = entry.group
        for action in entry.actions:
            places[action] = width(tuple(spans))
        hot = model.flash in entry.actions and model.now < model.flash_until
        danger = entry.id == "kill"
        spans.append((entry.keys, "flash" if hot else "danger" if danger else "key"))
        spans.append((f" {_label(model, entry, cells)}  ", "danger" if danger else "dim"))
    spans[-1] = (spans[-1][0].rstrip(), spans[-1][1])
    return clip(spans, cells)


def _fitting(model: Model, shown: list[Key], cells: int) -> list[Key]:
    kept = list(shown)
    room = cells - 1
    needs = {k.id: len(k.keys) + len(_label(model, k, cells)) + 3 for k in kept}

    def total() -> int:
        return sum(needs[k.id] for k in kept) + 2 * (len({k.group for k in kept}) - 1)

    while total() > room + 2 and len(kept) > 1:
        kept.remove(max(kept, key=lambda k: _WEIGHT.index(k.id) if k.id in _WEIGHT else len(_WEIGHT)))
    return kept


def _label(model: Model, entry: Key, cells: int) -> str:
    """The value in force stands beside the keys that move it."""
    view = model.view()
    if entry.id == "wider":
        return (
            f"{'spread ' if cells >= 100 else ''}{view.spread_bps:5.2f} bps" if view and view.spread_bps else "spread"
        )
    if entry.id == "skew_up":
        return (
            f"{'skew ' if cells >= 100 else ''}{fmt.bps(view.skew_bps, 2):>5} {lean_word(view.skew_bps):<9}"
            if view
            else "skew"
        )
    if entry.id == "size_up":
        return f"size {fmt.signed(view.operator_size_pct, 0)}%" if view and view.operator_size_pct else "size"
    return entry.label


def echo_row(model: Model, places: dict[str, int], cells: int) -> Row:
    """What became of the newest command, beginning above its key; else a notice; else a quiet line."""
    if model.notice is not None and model.now < model.notice.until:
        return clip([(" " + model.notice.text, model.notice.role)], cells)
    newest = model.echoes[-1] if model.echoes else None
    if newest is None or model.now - newest.sent > ECHO_S:
        return (("─" * cells, "rule"),)
    text, role = echo_text(newest)
    text = cut(clean(text), cells - 2)
    at = min(places.get(newest.action, 1), max(1, cells - len(text) - 1))
    return flow([("─" * (at - 1) + " ", "rule"), (text, role), (" " + "─" * cells, "rule")], cells)


def echo_text(echo: Echo) -> tuple[str, str]:
    if echo.state == "requested":
        return f"{echo.label} … requested", "dim"
    if echo.state == "done":
        return f"{echo.text or echo.label} ✓ {echo.ms:.0f} ms", "ok"
    if echo.state == "proven":
        return f"{echo.text or echo.label} ✓ {echo.ms:.0f} ms · proven zero", "ok"
    if echo.state == "lost":
        return f"{echo.label}: no answer; the host was lost after it was sent", "danger"
    return f"{echo.label} refused: {echo.text}", "danger"


def help_page(keys: Sequence[Key], cells: int, height: int, start: int = 0) -> list[Row]:
    """All keys, by group, and what the signs mean; in two columns where there is room."""
    wide = cells >= 110
    column = (cells - 2) // 2 if wide else cells
    rows: list[Row] = []
    for group in GROUPS:
        members = [k for k in keys if k.group == group]
        if members:
            rows += [rule(group, column), *(_help_row(entry, column) for entry in members), ()]
    rows += [rule("signs", column), *(clip([(f" {sign:<7}", "key"), (text, "text")], column) for sign, text in SIGNS)]
    if wide:
        half = (len(rows) + 1) // 2
        right = [*rows[half:], ()]
        rows = [(*pad(left, column), ("  ", "text"), *other) for left, other in zip(rows[:half], right, strict=False)]
    return scrolled(rows, start, cells, height)


def _help_row(entry: Key, cells: int) -> Row:
    return clip([(f" {entry.keys:<7} ", "key"), (entry.help, "text")], cells)
